import { createRedactor } from "@nexhina/wire"
import * as fc from "fast-check"
import { expect, test } from "vitest"
import { exchangeOf, knownOf } from "../../test/exchange.ts"
import { found, judgedBy } from "../../test/found.ts"
import type { Evidence } from "../evidence.ts"
import { severityOf } from "../rule.ts"
import type { TargetFacts } from "../target/facts.ts"
import { authRules } from "./auth.ts"

const error = { error: { message: "No.", type: "invalid_request_error", code: "invalid_api_key" } }
const apiKey = "sk-0123456789abcdef"
const atStatus = { part: "status" } as const

const answer = (key: "wrong" | "none", status: number) =>
  exchangeOf({
    operation: "createChatCompletion",
    key,
    requestHeaders: key === "none" ? [] : [["authorization", "Bearer sk-some-wrong-key"]],
    status,
    body: status < 400 ? {} : error,
  })

test.each([
  ["wrong", "auth.bad-key"],
  ["none", "auth.missing-key"],
] as const)("a %s key: 401 is right, 403 worse, the rest wrong", (key, rule) => {
  expect(found(authRules, [answer(key, 401)])).toEqual([])
  expect(found(authRules, [answer(key, 403)])).toEqual([[`${rule}-401`, "forbidden", atStatus]])
  expect(found(authRules, [answer(key, 200)])).toEqual([[rule, "accepted", atStatus]])
  for (const status of [400, 404, 500])
    expect(found(authRules, [answer(key, status)])).toEqual([[rule, "other-status", atStatus]])
})

test("a list of models that needs no key: forbidden by the gateway's guide, else a SHOULD that a trait silences", () => {
  const list = exchangeOf({ operation: "listModels", key: "none", requestHeaders: [], body: {} })
  const severityIn = (known: TargetFacts) =>
    authRules.filter(({ id }) => id === "auth.missing-key-models").map((rule) => severityOf(rule, known))
  expect(found(authRules, [list])).toEqual([["auth.missing-key-models", "accepted", atStatus]])
  expect(severityIn(knownOf())).toEqual(["MUST"])
  expect(severityIn(knownOf({ profileName: "openai" }))).toEqual(["SHOULD"])
  expect(severityIn(knownOf({ traits: new Set(["public-models"]) }))).toEqual(["not-applicable"])
})

test("a server that is busy is not judged", () => {
  expect(found(authRules, [answer("wrong", 429), answer("none", 503)])).toEqual([])
})

test("a redirect refuses nothing and grants nothing: it is not judged", () => {
  for (const status of [301, 302, 303, 307, 308])
    expect(found(authRules, [answer("wrong", status), answer("none", status)])).toEqual([])
})

test.each([
  ["answers without a key and is said to", knownOf({ auth: "open", traits: new Set(["no-auth"]) })],
  ["was given no key", knownOf({ auth: "untested" })],
  ["is said to ask for none", knownOf({ traits: new Set(["no-auth"]) })],
])("a server that %s may take any", (_, known) => {
  expect(found(authRules, [answer("wrong", 200), answer("none", 200)], known)).toEqual([])
})

test("auth.key-not-echoed: wherever in the body it stands, and in any header", () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (before, after) => {
      const exchange = exchangeOf({ body: before + apiKey + after })
      const offset = Buffer.byteLength(before)
      expect(found(authRules, [exchange])).toEqual([
        ["auth.key-not-echoed", "body", { part: "body", offset }],
      ])
    }),
  )
  expect(found(authRules, [exchangeOf({ headers: [["X-Debug", `key=${apiKey}`]] })])).toEqual([
    ["auth.key-not-echoed", "header", { part: "header", name: "X-Debug" }],
  ])
})

test("auth.key-not-echoed: a masked key is legal, and so is a word that happens to be a short key", () => {
  expect(found(authRules, [exchangeOf({ body: "Incorrect API key provided: sk-01***cdef" })])).toEqual([])
  const local = exchangeOf({
    requestHeaders: [["Authorization", "Bearer ollama"]],
    body: '{"owned_by":"ollama"}',
  })
  expect(found(authRules, [local])).toEqual([])
})

test("auth.key-not-echoed: found again in what a redactor wrote, and no credential of the server's own", () => {
  const redactor = createRedactor([apiKey])
  const redacted = (evidence: Evidence): Evidence => ({ ...evidence, ...redactor.exchange(evidence) })
  const echoed = redacted(exchangeOf({ headers: [["x-debug", apiKey]], body: `{"key":"${apiKey}"}` }))
  expect(found(authRules, [echoed])).toEqual([
    ["auth.key-not-echoed", "header", { part: "header", name: "x-debug" }],
    ["auth.key-not-echoed", "body", { part: "body", offset: 8 }],
  ])
  const cookie = redacted(exchangeOf({ headers: [["set-cookie", "session=1"]] }))
  expect(found(authRules, [cookie])).toEqual([])
})

test("no finding prints the key", () => {
  for (const rule of authRules) {
    if (rule.id !== "auth.key-not-echoed") continue
    const view = rule.on.of(exchangeOf({ headers: [["x", apiKey]], body: apiKey }))
    expect(view && JSON.stringify(rule.holds(view, knownOf()))).not.toContain(apiKey)
  }
})

test("the key is looked for in every answer", () => {
  expect(judgedBy(authRules, [exchangeOf({ status: 400, body: error })])).toEqual(["auth.key-not-echoed"])
})
