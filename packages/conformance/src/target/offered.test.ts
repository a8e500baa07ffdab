import type { OperationId } from "@nexhina/schemas"
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { exchangeOf } from "../../test/exchange.ts"
import type { ExecutedSample } from "./execute.ts"
import { obstacles, saysNotOffered, spoiltOperations } from "./offered.ts"
import type { Step } from "./step.ts"

type Asked = ExecutedSample["asked"][number]

const missing: Step["fault"] = { kind: "missing", says: "a member is missing" }
const unknownPath: Step["fault"] = { kind: "unknown-path", says: "the path is unknown" }
const wrongMethod: Step["fault"] = { kind: "wrong-method", says: "the method is wrong" }

/** Returns a request that was answered with a status; without one, no answer came. */
const asked = (status: number | undefined, step: Partial<Step> = {}): Asked => ({
  step: { operation: "createEmbedding", ...step },
  exchange:
    status === undefined
      ? exchangeOf({ end: { kind: "timeout", stage: "head" } })
      : exchangeOf({ status, operation: "createEmbedding" }),
})

const group = (...requests: Asked[]): ExecutedSample => ({
  sample: { by: "probe", index: 0, asks: [] },
  asked: requests,
})

const obstacleOf = (...groups: ExecutedSample[]) => obstacles(groups).get("createEmbedding")

describe("a reply says that there is no such endpoint", () => {
  const error = (code: unknown) => ({ error: { message: "Not here.", code } })
  test.each([
    ["404 without a body", { status: 404 }, true],
    ["404 that is not JSON", { status: 404, body: "<h1>No such page</h1>", type: "text/html" }, true],
    ["404 that is JSON null", { status: 404, body: "null" }, true],
    ["404 whose error is a text", { status: 404, body: { error: "model_not_found" } }, true],
    ["404 whose error is null", { status: 404, body: { error: null } }, true],
    ["404 with another code", { status: 404, body: error("unknown_url") }, true],
    ["404 for an unknown model", { status: 404, body: error("model_not_found") }, false],
    [
      "404 whose message names the model",
      {
        status: 404,
        request: { model: "m-1" },
        body: { error: { message: "No endpoints for m-1.", code: 404 } },
      },
      false,
    ],
    ["404 about the model", { status: 404, body: { error: { message: "Gone.", param: "model" } } }, false],
    [
      "404 whose message does not",
      { status: 404, request: { model: "m-1" }, body: { error: { message: "No such page.", code: 404 } } },
      true,
    ],
    [
      "404 to a request whose model has no name",
      { status: 404, request: { model: "" }, body: { error: { message: "No such page." } } },
      true,
    ],
    [
      "404 whose message is not a text",
      { status: 404, request: { model: "m-1" }, body: { error: { message: ["m-1"] } } },
      true,
    ],
    ["405 for whatever reason", { status: 405, body: error("model_not_found") }, true],
    ["501", { status: 501 }, true],
    ["200", { status: 200 }, false],
    ["400", { status: 400, body: error("unknown_url") }, false],
    ["500", { status: 500 }, false],
    ["no reply", { end: { kind: "timeout", stage: "head" } }, false],
    ["404 to a spoilt request", { status: 404, fault: missing }, false],
    ["404 to a request without the key", { status: 404, key: "none" }, false],
  ] as const)("%s", (_, facts, expected) => {
    expect(saysNotOffered(exchangeOf(facts))).toBe(expected)
  })
})

test("a recording that does not say what it asked for counts as a right request", () => {
  const recorded = { fault: { basis: "unknown" }, key: { basis: "inferred", value: "present" } } as const
  expect(saysNotOffered({ ...exchangeOf({ status: 404 }), ...recorded })).toBe(true)
})

describe("obstacles", () => {
  test.each([
    [[404, 404], "the target does not offer"],
    [[401], "the key gives no access to"],
    [[403], "the key gives no access to"],
    [[404, 401], "the target does not offer"],
    [[401, 404], "the key gives no access to"],
    [[undefined, 404], "the target does not offer"],
    [[404, undefined], "the target does not offer"],
    [[undefined], undefined],
    [[200], undefined],
    [[400], undefined],
  ] as const)("%j is an obstacle: %s", (statuses, expected) => {
    expect(obstacleOf(group(...statuses.map((status) => asked(status))))).toBe(expected)
    expect(obstacleOf(...statuses.map((status) => group(asked(status))))).toBe(expected)
  })

  test("one other answer, wherever it comes, shows that there is no obstacle", () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom<number>(404, 405, 501, 401, 403), { minLength: 1, maxLength: 5 }),
        fc.constantFrom<number>(200, 400, 429, 500),
        fc.nat(),
        (statuses, other, at) => {
          expect(obstacleOf(group(...statuses.map((status) => asked(status))))).toBeDefined()
          const withOther = statuses.toSpliced(at % (statuses.length + 1), 0, other)
          expect(obstacleOf(group(...withOther.map((status) => asked(status))))).toBeUndefined()
        },
      ),
    )
  })

  test.each([
    ["without the key", { key: "none" }],
    ["with a wrong key", { key: "wrong" }],
    ["for an unknown path", { fault: unknownPath }],
    ["with a wrong method", { fault: wrongMethod }],
  ] as const)("a request %s says nothing of them", (_, step) => {
    expect(obstacleOf(group(asked(404, step)))).toBeUndefined()
    expect(obstacleOf(group(asked(404), asked(200, step)))).toBe("the target does not offer")
  })

  test("what is wrong with a request matters only where no request was right", () => {
    const wrong = { fault: missing }
    expect(obstacleOf(group(asked(404, wrong)))).toBe("the target does not offer")
    expect(obstacleOf(group(asked(404, wrong), asked(400, wrong)))).toBeUndefined()
    expect(obstacleOf(group(asked(404, wrong), asked(200)))).toBeUndefined()
    expect(obstacleOf(group(asked(200), asked(404, wrong)))).toBeUndefined()
    expect(obstacleOf(group(asked(400, wrong), asked(401)))).toBe("the key gives no access to")
    expect(obstacleOf(group(asked(401), asked(400, wrong)))).toBe("the key gives no access to")
  })

  test("are met by the operations that ask for a model of which nothing is known, whatever they answered", () => {
    const unknown = "no model is known for"
    const unproven = new Set(["embedding", "transcription"] as const)
    expect(obstacles([group(asked(404))], unproven)).toEqual(
      new Map([
        ["createEmbedding", unknown],
        ["createTranscription", unknown],
        ["createTranslation", unknown],
      ]),
    )
    expect(obstacles([group(asked(200))], unproven).get("createEmbedding")).toBe(unknown)
  })

  test("each operation has its own", () => {
    const rerank: OperationId = "createRerank"
    expect(
      obstacles([
        group(asked(404), asked(403, { operation: rerank }), asked(200, { operation: "listModels" })),
      ]),
    ).toEqual(
      new Map([
        ["createEmbedding", "the target does not offer"],
        [rerank, "the key gives no access to"],
      ]),
    )
  })
})

test("the operations of spoilt requests are named once, and only where their endpoints are needed", () => {
  const wrong = { fault: missing }
  const of = (...requests: Asked[]) => spoiltOperations(group(...requests))
  expect(of(asked(200), asked(404, wrong), asked(400, wrong))).toEqual(["createEmbedding"])
  expect(of(asked(400, { ...wrong, operation: "createRerank" }), asked(400, wrong))).toEqual([
    "createRerank",
    "createEmbedding",
  ])
  expect(of(asked(200), asked(401, { key: "none" }), asked(404, { fault: unknownPath }))).toEqual([])
})

test("of operations with an obstacle, only what needs no endpoint is judged, and what was right", () => {
  const met = new Set<Step["operation"]>(["createEmbedding"])
  const right = group(asked(404))
  const spoilt = group(asked(404, { fault: missing }))
  const mixed = group(asked(404), asked(404, { fault: missing }))
  const elsewhere = group(asked(404, { fault: missing, operation: "createRerank" }))
  const keyless = group(asked(404, { key: "none" }))
  const keylessAndSpoilt = group(asked(404, { key: "none", fault: missing }))
  const offPath = group(asked(404, { fault: unknownPath }))
  const offMethod = group(asked(404, { fault: wrongMethod }))
  const empty = group()
  const all = [right, spoilt, mixed, elsewhere, keyless, keylessAndSpoilt, offPath, offMethod, empty]
  expect(all.filter((each) => !spoiltOperations(each).some((operation) => met.has(operation)))).toEqual([
    right,
    elsewhere,
    keyless,
    keylessAndSpoilt,
    offPath,
    offMethod,
    empty,
  ])
})
