import { expect, test } from "vitest"
import * as conformance from "../src/index.ts"

test("exports exactly these names at run time", () => {
  expect(Object.keys(conformance).sort()).toMatchInlineSnapshot(`
    [
      "Finding",
      "KeyRefused",
      "Report",
      "RuleResult",
      "Unreachable",
      "UsageError",
      "checkTarget",
      "createSend",
      "exitCodeOf",
      "exitCodes",
      "factsBefore",
      "reports",
      "rules",
      "run",
      "runOptions",
      "selectRules",
      "sentences",
      "settingsOf",
      "severityOf",
      "verdicts",
    ]
  `)
})
