import { expect, test } from "vitest"
import * as fetchHost from "../src/hosts/fetch.ts"
import * as mswHost from "../src/hosts/msw.ts"
import * as nodeHost from "../src/hosts/node.ts"
import * as mock from "../src/index.ts"
import * as recordings from "../src/recordings/index.ts"
import * as yaml from "../src/scenarios/yaml.ts"
import * as testing from "../src/testing/index.ts"

test("exports exactly these names at run time", () => {
  const names = Object.entries({ mock, nodeHost, fetchHost, mswHost, recordings, testing, yaml }).map(
    ([entry, exported]) => [entry, Object.keys(exported).sort()],
  )
  expect(Object.fromEntries(names)).toMatchInlineSnapshot(`
    {
      "fetchHost": [
        "toFetch",
      ],
      "mock": [
        "ScenarioError",
        "createAudioReader",
        "createMock",
        "defineScenarios",
        "explainRequest",
        "faultSteps",
        "latencyModel",
        "latencyParameters",
        "limits",
        "parseFault",
        "quotaKinds",
        "quotaOf",
      ],
      "mswHost": [
        "toMsw",
      ],
      "nodeHost": [
        "cutReason",
        "startMock",
        "toNode",
      ],
      "recordings": [
        "createReplay",
        "recordedTurn",
        "scenariosFrom",
        "steeringHeaderIn",
        "volatileMembers",
      ],
      "testing": [
        "expectRequest",
        "expectRequests",
        "mockFixture",
        "requestsOf",
        "startTestMock",
      ],
      "yaml": [
        "readScenarios",
      ],
    }
  `)
})
