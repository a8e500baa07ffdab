import type { OperationId } from "@nexhina/schemas"
import * as fc from "fast-check"
import { expect, test } from "vitest"
import { exchangeOf, knownOf } from "../../test/exchange.ts"
import { found, judgedBy } from "../../test/found.ts"
import type { Evidence } from "../evidence.ts"
import type { RequestFault } from "../inputs/intent.ts"
import { fixedSteps } from "../target/step.ts"
import { modelRules } from "./models.ts"

const at = (pointer: string) => ({ part: "body", pointer }) as const
const atStatus = { part: "status" } as const
const model = (id: string) => ({ id, object: "model", created: 1713833628, owned_by: "openai" })
const error = { error: { message: "No.", type: "invalid_request_error", param: null, code: null } }
const fault: RequestFault = { kind: "unknown-model", param: "model", says: "the model does not exist" }

const listOf = (data: readonly unknown[]) =>
  exchangeOf({ operation: "listModels", body: { object: "list", data } })

function shownAs(id: string, status: number, body: unknown, wrong?: RequestFault): Evidence {
  const exchange = exchangeOf({ operation: "retrieveModel", status, body, ...(wrong && { fault: wrong }) })
  const target = `http://127.0.0.1:1/v1/models/${encodeURIComponent(id)}`
  return { ...exchange, request: { ...exchange.request, method: "GET", target } }
}

const rulesBut = (...ids: readonly string[]) => modelRules.filter(({ id }) => !ids.includes(id))

test.each([
  ["a documented list", [model("a"), model("b/c")]],
  ["an empty list", []],
  ["members besides", [{ ...model("a"), root: "a", permission: [] }]],
])("%s is legal", (_, data) => {
  expect(found(modelRules, [listOf(data)])).toEqual([])
  expect(judgedBy(modelRules, [listOf(data)])).toEqual([
    "models.schema",
    "models.schema-full",
    "models.id-unique",
  ])
})

test.each([
  ["missing", {}, "/object"],
  ["wrong-value", [model("a")], ""],
  ["wrong-value", { object: "models", data: [] }, "/object"],
  ["wrong-value", { object: "list", data: { a: model("a") } }, "/data"],
  ["missing", { object: "list", data: [{ object: "model" }] }, "/data/0/id"],
  ["wrong-value", { object: "list", data: [model("a"), model("")] }, "/data/1/id"],
  ["wrong-value", { object: "list", data: [{ ...model("a"), object: "llm" }] }, "/data/0/object"],
] as const)("models.schema: %s in %j", (name, body, pointer) => {
  expect(found(modelRules, [exchangeOf({ operation: "listModels", body })])).toEqual([
    ["models.schema", name, at(pointer)],
  ])
})

test("models.schema: a single model has the same form", () => {
  expect(found(modelRules, [shownAs("a", 200, { ...model("a"), object: "llm" })])).toEqual([
    ["models.schema", "wrong-value", at("/object")],
  ])
})

test.each([
  ["no-created", { created: undefined }, "/created"],
  ["no-created", { created: 1.5 }, "/created"],
  ["no-created", { created: "2024-04-23" }, "/created"],
  ["milliseconds", { created: 1713833628000 }, "/created"],
  ["no-owner", { owned_by: undefined }, "/owned_by"],
  ["no-owner", { owned_by: null }, "/owned_by"],
] as const)("models.schema-full: %s for %j", (name, members, member) => {
  const models = [model("a"), { ...model("b"), ...members }]
  expect(found(modelRules, [listOf(models)])).toEqual([["models.schema-full", name, at(`/data/1${member}`)]])
  expect(found(modelRules, [shownAs("b", 200, models[1])])).toEqual([
    ["models.schema-full", name, at(member)],
  ])
})

test("models.id-unique: the second of two is told", () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 1 }), fc.nat(), (ids, which) => {
      const again = [...ids, ids[which % ids.length] ?? ""]
      expect(found(modelRules, [listOf(ids.map(model))])).toEqual([])
      expect(found(modelRules, [listOf(again.map(model))])).toEqual([
        ["models.id-unique", "repeated", at(`/data/${ids.length}/id`)],
      ])
    }),
  )
})

const retrieval = rulesBut("models.unknown-404", "models.retrieve-equal")

test("models.retrieve-listed: one is shown and one refused", () => {
  const a = shownAs("a", 200, model("a"))
  expect(found(retrieval, [a, shownAs("b/c", 200, model("b/c"))])).toEqual([])
  expect(found(retrieval, [a, shownAs("b/c", 404, { detail: "Not Detection" })])).toEqual([
    ["models.retrieve-listed", "refused", atStatus],
  ])
})

test("models.retrieve-listed: nothing is said of a target that shows none", () => {
  const none = ["a", "b"].map((id) => shownAs(id, 404, error))
  expect(found(modelRules, none)).toEqual([])
  expect(judgedBy(modelRules, none)).toEqual([])
})

test("models.retrieve-listed: another model is shown", () => {
  expect(found(retrieval, [shownAs("a", 200, model("b"))])).toEqual([
    ["models.retrieve-listed", "other-id", at("/id")],
  ])
})

test("models.retrieve-equal: documented members only", () => {
  const rules = rulesBut("models.unknown-404", "models.retrieve-listed")
  const listing = listOf([{ ...model("a"), permission: [{ id: "1" }] }])
  const answer = (shown: object) => found(rules, [listing, shownAs("a", 200, shown), listing])
  expect(answer({ ...model("a"), permission: [{ id: "2" }] })).toEqual([])
  expect(answer({ ...model("a"), owned_by: "me" })).toEqual([
    ["models.retrieve-equal", "differs", at("/owned_by")],
  ])
})

test("models.retrieve-listed: a key that is revoked between two requests decides nothing", () => {
  const rules = modelRules.filter(({ id }) => id === "models.retrieve-listed")
  const refused = (code: string | null) =>
    shownAs("b", 401, { error: { message: "No.", type: "invalid_request_error", code } })
  const shown = shownAs("a", 200, model("a"))
  expect(found(rules, [shown, refused("invalid_api_key")])).toEqual([])
  expect(judgedBy(rules, [shown, refused("invalid_api_key")])).toEqual([])
  expect(found(rules, [shown, refused(null)]).map(([, fault]) => fault)).toEqual(["refused"])
})

test("models.retrieve-equal: a member that is stamped for each request is not compared", () => {
  const stamped = (created: number) => ({ ...model("a"), created })
  const exchanges = [1, 1, 3].map((created) => listOf([stamped(created)]))
  exchanges.splice(2, 0, shownAs("a", 200, stamped(2)))
  expect(found(modelRules, exchanges)).toEqual([])
  expect(judgedBy(modelRules, exchanges)).toContain("models.retrieve-equal")
  expect(judgedBy(modelRules, exchanges.slice(1, 3))).not.toContain("models.retrieve-equal")
})

test("models.unknown-404", () => {
  const rules = rulesBut("models.retrieve-equal", "models.retrieve-listed")
  const known = shownAs("a", 200, model("a"))
  const answer = (status: number, body: unknown) =>
    found(rules, [known, shownAs("no-such-model", status, body, fault)])
  expect(answer(404, error)).toEqual([])
  expect(answer(404, "404 page not found")).toEqual([["models.unknown-404", "no-envelope", at("")]])
  expect(answer(200, model("no-such-model"))).toEqual([["models.unknown-404", "accepted", atStatus]])
  expect(answer(400, error)).toEqual([["models.unknown-404", "other-status", atStatus]])
})

test("models.listed-usable: a listed model is not refused as unknown", () => {
  const known = knownOf({ listed: ["openai/m"] })
  const answer = (operation: OperationId, status: number, message: string, code: string | null = null) =>
    found(
      modelRules,
      [
        exchangeOf({
          operation,
          request: { model: "openai/m" },
          status,
          body: { error: { message, type: "e", code } },
        }),
      ],
      known,
    )
  const refused = [["models.listed-usable", "refused", atStatus]]
  expect(answer("createChatCompletion", 404, "No.", "model_not_found")).toEqual(refused)
  expect(answer("createEmbedding", 400, "The model 'openai/m' does not exist")).toEqual(refused)
  expect(answer("createChatCompletion", 404, "This is not a chat model")).toEqual([])
  expect(answer("createChatCompletion", 400, "temperature is too high")).toEqual([])
})

test("models.listed-usable: nothing is said of a model that is not listed", () => {
  const exchange = exchangeOf({
    operation: "createChatCompletion",
    request: { model: "m" },
    status: 404,
    body: error,
  })
  expect(judgedBy(modelRules, [exchange])).toEqual([])
})

test("what is asked: ids of the list, each once; nothing without a list", () => {
  const asks = (id: string, listed: readonly string[]) => {
    const asked = modelRules.find((rule) => rule.id === id)?.asks?.(knownOf({ listed }))
    return asked instanceof fc.Arbitrary ? fc.sample(asked, 20) : [asked ?? []]
  }
  for (const steps of asks("models.retrieve-listed", ["a", "a", "b/c"])) {
    const ids = fixedSteps(steps).map((step) => step.params?.["model"])
    expect(new Set(ids).size).toBe(ids.length)
    expect(["a", "b/c"]).toEqual(expect.arrayContaining(ids))
  }
  expect(asks("models.retrieve-listed", [])[0]).toEqual([])
  expect(asks("models.unknown-404", [])).toEqual([[]])
})

const slashed = modelRules.filter(({ id }) => id === "models.retrieve-raw-slash")
function shownRaw(id: string, status: number, body: unknown): Evidence {
  const exchange = shownAs(id, status, body)
  const target = `http://127.0.0.1:1/v1/models/${id}`
  return { ...exchange, request: { ...exchange.request, target } }
}

test("models.retrieve-raw-slash: as it stands like percent-encoded", () => {
  const encoded = shownAs("a/b", 200, model("a/b"))
  const refused = shownRaw("a/b", 404, { detail: "Not Detection" })
  const of = (...exchanges: Evidence[]) => found(slashed, exchanges)
  expect(of(encoded, shownRaw("a/b", 200, model("a/b")))).toEqual([])
  expect(of(encoded, refused)).toEqual([["models.retrieve-raw-slash", "refused", atStatus]])
  expect(of(encoded, shownRaw("a/b", 200, model("b")))).toEqual([
    ["models.retrieve-raw-slash", "other-id", at("/id")],
  ])
  expect(judgedBy(slashed, [shownAs("a/b", 404, error), refused])).toEqual([])
  expect(judgedBy(slashed, [shownAs("a", 200, model("a"))])).toEqual([])
})

test("models.retrieve-raw-slash asks for ids with a slash, in both ways, and for no others", () => {
  const asks = (...listed: string[]) => slashed[0]?.asks?.(knownOf({ listed }))
  expect(asks("a", "b")).toEqual([])
  const retrieve = { operation: "retrieveModel", params: { model: "org/a b" } }
  expect(asks("a", "org/a b", "org/a b")).toEqual([retrieve, { ...retrieve, path: "/models/org/a%20b" }])
})
