import { ChatCompletionRequest } from "@nexhina/schemas"
import { encode, type StreamEvent } from "@nexhina/stream"
import type { Header } from "@nexhina/wire"
import * as fc from "fast-check"
import { expect, test } from "vitest"
import { exchangeOf, knownOf } from "../../test/exchange.ts"
import { found, judgedBy } from "../../test/found.ts"
import type { RequestFault } from "../inputs/intent.ts"
import { severityOf } from "../rule.ts"
import type { TargetFacts } from "../target/facts.ts"
import type { Step } from "../target/step.ts"
import { errorRules } from "./errors.ts"
import { httpRules } from "./http.ts"

const error = {
  message: "Nothing to say to: temperature.",
  type: "invalid_request_error",
  param: null,
  code: null,
}
const documented401 = {
  message: "Incorrect API key provided",
  type: "invalid_request_error",
  code: "invalid_api_key",
}
const openai = knownOf({ profileName: "openai" })
const atStatus = { part: "status" } as const
const at = (pointer: string) => ({ part: "body", pointer }) as const

function faultOf(kind: RequestFault["kind"], param?: string): RequestFault {
  return { kind, says: `${param} is wrong`, ...(param !== undefined && { param }) }
}

const chat = { operation: "createChatCompletion", request: { model: "m" } } as const
const refused = (body: unknown) => ({
  ...chat,
  fault: faultOf("wrong-type", "temperature"),
  status: 400,
  body,
})

test.each([
  ["the documented 401", { ...chat, key: "wrong", status: 401, body: { error: documented401 } }],
  ["members besides", refused({ error: { ...error, innererror: {} }, request_id: "1" })],
  ["a whole endpoint that is not there", { ...chat, status: 404, body: "404 page not found" }],
  ["a path that does not exist", { fault: faultOf("unknown-path"), status: 404, body: "" }],
  [
    "a quota that is used up",
    { ...chat, status: 429, body: { error: { ...error, code: "insufficient_quota" } } },
  ],
] as const)("%s is legal under nexhina", (_, facts) => {
  expect(found(errorRules, [exchangeOf(facts)])).toEqual([])
})

test.each([
  ["not-json", "<html><h1>Bad Request</h1></html>", ""],
  ["not-json", "", ""],
  ["no-error-object", error, "/error"],
  ["no-error-object", { detail: "Not Detection" }, "/error"],
  ["no-error-object", { error: "No." }, "/error"],
  ["no-error-object", [], "/error"],
  ["no-message", { error: { ...error, message: "" } }, "/error/message"],
  ["no-message", { error: { ...error, message: { text: "No." } } }, "/error/message"],
] as const)("err.envelope: %s in %j", (name, body, pointer) => {
  expect(found(errorRules, [exchangeOf(refused(body))])).toEqual([["err.envelope", name, at(pointer)]])
})

test("err.envelope-type: a SHOULD where the target is known to be Azure's", () => {
  const untyped = exchangeOf(refused({ error: { message: "Wrong temperature.", code: null } }))
  expect(found(errorRules, [untyped])).toEqual([["err.envelope-type", "no-type", at("/error/type")]])
  const severityIn = (known: TargetFacts) =>
    errorRules.filter(({ id }) => id === "err.envelope-type").map((rule) => severityOf(rule, known))
  expect(severityIn(knownOf())).toEqual(["MUST"])
  expect(severityIn(knownOf({ traits: new Set(["azure"]) }))).toEqual(["SHOULD"])
})

test("err.envelope-edge: a page of a known proxy is its own, and only for what proxies say", () => {
  const page = { ...chat, body: "<html></html>", headers: [["Server", "cloudflare"]] } as const
  for (const status of [413, 502, 504])
    expect(found(errorRules, [exchangeOf({ ...page, status })])).toEqual([
      ["err.envelope-edge", "no-envelope", at("")],
    ])
  expect(found(errorRules, [exchangeOf({ ...page, status: 500 })])).toEqual([
    ["err.envelope", "not-json", at("")],
  ])
  expect(found(errorRules, [exchangeOf({ ...page, status: 502, headers: [["Server", "uvicorn"]] })])).toEqual(
    [["err.envelope", "not-json", at("")]],
  )
})

test("err.envelope-edge: an unsigned page that says that the server cannot be reached is that of a proxy", () => {
  const page = { ...chat, body: "<html></html>", headers: [["Content-Type", "text/html"]] } as const
  for (const status of [502, 503, 504]) {
    const rules = found(errorRules, [exchangeOf({ ...page, status })]).map(([rule]) => rule)
    expect(rules).toContain("err.envelope-edge")
    expect(rules).not.toContain("err.envelope")
  }
  for (const other of [
    { status: 413 },
    { status: 500 },
    { status: 502, headers: [...page.headers, ["Server", "uvicorn"]] },
    { status: 502, headers: [["Content-Type", "text/plain"]] },
  ] as const)
    expect(found(errorRules, [exchangeOf({ ...page, ...other })])).toContainEqual([
      "err.envelope",
      "not-json",
      at(""),
    ])
})

test("err.envelope-param: where OpenAI's documentation holds", () => {
  const { param: _, ...rest } = error
  expect(found(errorRules, [exchangeOf(refused({ error: rest }))])).toEqual([])
  expect(found(errorRules, [exchangeOf(refused({ error: rest }))], openai)).toEqual([
    ["err.envelope-param", "absent", at("/error/param")],
  ])
  expect(found(errorRules, [exchangeOf(refused({ error: { ...error, param: 5 } }))], openai)).toEqual([
    ["err.envelope-param", "other-type", at("/error/param")],
  ])
})

test("err.envelope-full: code", () => {
  const { code: _, ...rest } = error
  expect(found(errorRules, [exchangeOf(refused({ error: rest }))])).toEqual([
    ["err.envelope-full", "absent", at("/error/code")],
  ])
  expect(found(errorRules, [exchangeOf(refused({ error: { ...error, code: 400 } }))])).toEqual([
    ["err.envelope-full", "other-type", at("/error/code")],
  ])
})

test.each([
  [401, { code: "rate_limit_exceeded" }, ["code", "/error/code"]],
  [400, { code: "insufficient_quota" }, ["code", "/error/code"]],
  [429, { code: "invalid_api_key" }, ["code", "/error/code"]],
  [500, { code: "invalid_api_key" }, ["code", "/error/code"]],
  [429, { code: "model_not_found" }, ["code", "/error/code"]],
  [401, { type: "rate_limit_error" }, ["type", "/error/type"]],
  [404, { type: "insufficient_quota" }, ["type", "/error/type"]],
  [400, { type: "rate_limit_error", code: "rate_limit_exceeded" }, ["code", "/error/code"]],
  [429, { code: "rate_limit_exceeded", type: "tokens" }, undefined],
  // Groq answers so where one request has more tokens than the limit of a minute.
  [413, { code: "rate_limit_exceeded", type: "tokens" }, undefined],
  [503, { type: "rate_limit_error" }, undefined],
  [429, { type: "insufficient_quota", code: "insufficient_quota" }, undefined],
  // new-api, and others that count money.
  [403, { code: "insufficient_quota" }, undefined],
  [402, { code: "insufficient_quota" }, undefined],
  [401, { code: "invalid_api_key" }, undefined],
  [403, { code: "invalid_api_key" }, undefined],
  [404, { code: "model_not_found" }, undefined],
  [403, { code: "model_not_found" }, undefined],
  [503, { code: "model_not_found" }, undefined],
  [500, {}, undefined],
  [429, { code: 429 }, undefined],
  [401, { code: "toString" }, undefined],
] as const)("err.code-fits-status: %d with %j", (status, members, expected) => {
  const rules = errorRules.filter(({ id }) => id === "err.code-fits-status")
  for (const operation of [
    "createChatCompletion",
    "createResponse",
    "createEmbedding",
    "listModels",
  ] as const) {
    const facts = { ...refused({ error: { ...error, ...members } }), operation, status }
    expect(
      found(rules, [exchangeOf(facts)]).map(([, fault, at]) => [fault, "pointer" in at && at.pointer]),
    ).toEqual(expected === undefined ? [] : [expected])
  }
})

test.each([
  "malformed-json",
  "not-an-object",
  "missing",
  "wrong-type",
  "out-of-range",
  "unknown-path",
] as const)(
  "a request with a fault (%s) that is refused because of the key, as after a key is revoked, accuses nobody",
  (kind) => {
    const rules = [...errorRules, ...httpRules]
    const names = (body: object) => {
      const facts = { ...chat, fault: faultOf(kind, "temperature"), status: 401, body: { error: body } }
      return found(rules, [exchangeOf(facts)]).map(([id, fault]) => `${id}:${fault}`)
    }
    expect(names(documented401)).toEqual([])
    // Any 4xx refuses a member of a wrong type.
    const isJudged = kind !== "wrong-type"
    expect(names(error).some((name) => name.endsWith(":other-status"))).toBe(isJudged)
  },
)

test("err.status-independent-of-stream: a key that is revoked between two requests decides nothing", () => {
  const rules = errorRules.filter(({ id }) => id === "err.status-independent-of-stream")
  const of = (status: number, body: object) =>
    exchangeOf({ ...chat, fault: faultOf("wrong-type", "temperature"), status, body: { error: body } })
  const refusal = of(400, error)
  expect(found(rules, [refusal, refusal, of(401, documented401), of(401, documented401)])).toEqual([])
  expect(found(rules, [refusal, refusal, of(401, error), of(401, error)])).toHaveLength(1)
})

test.each([
  ["json", '{"temperature":"must be a number"}'],
  ["html", "temperature: <html><body>Bad Request</body></html>"],
  ["stack-trace", 'temperature\nTraceback (most recent call last):\n  File "x", line 1'],
  ["stack-trace", "TypeError: temperature\n    at parse (node:internal:1:2)"],
  ["file-path", "temperature: assertion failed in /usr/lib/python3/site-packages/api/chat.py"],
] as const)("err.message-prose: %s in %j", (name, message) => {
  expect(found(errorRules, [exchangeOf(refused({ error: { ...error, message } }))])).toEqual([
    ["err.message-prose", name, at("/error/message")],
  ])
})

test.each([
  "Invalid URL (POST /v1/temperature)",
  "temperature must be < 2 and > 0; see https://example.com/docs/errors.js",
  "[temperature] must be a number at most 2",
  "Wrong temperature:\n  at most 2\n  at least 0",
  "'temperature' at {messages} (in the body)",
])("err.message-prose: %j is prose", (message) => {
  expect(found(errorRules, [exchangeOf(refused({ error: { ...error, message } }))])).toEqual([])
})

test("err.content-type: what is JSON says so", () => {
  const refused = (headers: readonly Header[], sent: unknown) =>
    found(
      errorRules.filter(({ id }) => id === "err.content-type"),
      [exchangeOf({ ...chat, status: 400, headers, body: sent })],
    )
  const body = { error }
  const at = { part: "header", name: "content-type" } as const
  expect(refused([["content-type", "application/json; charset=utf-8"]], body)).toEqual([])
  expect(refused([["content-type", "application/problem+json"]], body)).toEqual([])
  expect(refused([["content-type", "text/html"]], "<html></html>")).toEqual([])
  for (const type of ["text/plain", "text/html; charset=utf-8", "application/octet-stream"])
    expect(refused([["content-type", type]], body)).toEqual([["err.content-type", "other", at]])
  expect(refused([], body)).toEqual([["err.content-type", "absent", at]])
})

test("err.malformed-json", () => {
  const answer = (kind: RequestFault["kind"], status: number, request = '{"model":') =>
    found(errorRules, [exchangeOf({ ...chat, request, fault: faultOf(kind), status, body: { error } })])
  expect(answer("malformed-json", 400)).toEqual([])
  expect(answer("not-an-object", 422)).toEqual([])
  expect(answer("malformed-json", 200)).toEqual([["err.malformed-json", "accepted", atStatus]])
  expect(answer("malformed-json", 200, '{"temperature":NaN}')).toEqual([])
  expect(answer("malformed-json", 422)).toEqual([["err.malformed-json-400", "unprocessable", atStatus]])
  expect(answer("malformed-json", 415)).toEqual([["err.malformed-json", "other-status", atStatus]])
  expect(answer("not-an-object", 404)).toEqual([["err.malformed-json", "other-status", atStatus]])
})

test("err.missing-required", () => {
  const answer = (status: number, param: string, known = knownOf()) =>
    found(
      errorRules,
      [
        exchangeOf({
          ...chat,
          fault: faultOf("missing", param),
          status,
          body: { error: { ...error, param } },
        }),
      ],
      known,
    )
  expect(answer(400, "model")).toEqual([])
  expect(answer(422, "messages")).toEqual([])
  expect(answer(200, "model")).toEqual([["err.missing-required", "accepted", atStatus]])
  expect(answer(404, "messages")).toEqual([["err.missing-required", "not-found", atStatus]])
  expect(answer(200, "tools[0].function.name")).toEqual([])
  expect(answer(403, "messages")).toEqual([["err.missing-required", "other-status", atStatus]])
  const single = knownOf({ traits: new Set(["single-model"]) })
  expect(answer(200, "model", single)).toEqual([])
  expect(answer(200, "messages", single)).toEqual([["err.missing-required", "accepted", atStatus]])
})

test("err.wrong-type: what a JSON library reads as another type is accepted by many", () => {
  const answer = (temperature: unknown) =>
    found(errorRules, [
      exchangeOf({
        ...chat,
        request: { temperature },
        fault: faultOf("wrong-type", "temperature"),
        body: {},
      }),
    ])
  for (const lenient of ["0.5", "-1", "true", null, 1]) expect(answer(lenient)).toEqual([])
  for (const wrong of ["warm", {}, ["0.5"], 5])
    expect(answer(wrong)).toEqual([["err.wrong-type", "accepted", atStatus]])
})

test("err.wrong-type: an optional member, which the target may not read, is not judged", () => {
  const fault = { ...faultOf("wrong-type", "prompt_cache_key"), isOptional: true } as const
  const ignored = exchangeOf({ ...chat, request: { prompt_cache_key: {} }, fault, body: {} })
  const refused = exchangeOf({
    ...chat,
    request: { prompt_cache_key: {} },
    fault,
    status: 400,
    body: { error },
  })
  const ofWrongType = errorRules.filter(({ id }) => id === "err.wrong-type")
  expect(found(ofWrongType, [ignored])).toEqual([])
  expect(judgedBy(ofWrongType, [ignored])).toEqual([])
  expect(judgedBy(ofWrongType, [refused])).toEqual(["err.wrong-type"])
})

test("err.wrong-type: a member deep in the request", () => {
  const request = { messages: [{ role: "user", content: "5" }, { role: 7 }] }
  const answer = (param: string) =>
    found(errorRules, [exchangeOf({ ...chat, request, fault: faultOf("wrong-type", param), body: {} })])
  expect(answer("messages[1].role")).toEqual([["err.wrong-type", "accepted", atStatus]])
  expect(answer("messages[0].content")).toEqual([])
})

test("err.out-of-range: refused or clamped, and blamed on nothing else", () => {
  const answer = (status: number) =>
    found(errorRules, [
      exchangeOf({ ...chat, fault: faultOf("out-of-range", "temperature"), status, body: { error } }),
    ])
  for (const status of [200, 400, 422]) expect(answer(status)).toEqual([])
  for (const status of [302, 403, 404])
    expect(answer(status)).toEqual([["err.out-of-range", "other-status", atStatus]])
})

test.each([
  ["messages[0].role", { ...error, param: "messages[0].role" }],
  ["messages[0].role", { ...error, message: "The role is not known." }],
  ["max_tokens", { ...error, message: "Max Tokens must be positive." }],
])("err.param-named: %s is named by %j", (param, named) => {
  const exchange = exchangeOf({
    ...chat,
    fault: faultOf("out-of-range", param),
    status: 400,
    body: { error: named },
  })
  expect(found(errorRules, [exchange])).toEqual([])
})

test("err.param-named: where two members do not go together, either may be named", () => {
  const fault = faultOf("check", "top_logprobs")
  const named = { ...error, message: "logprobs must be true." }
  expect(found(errorRules, [exchangeOf({ ...chat, fault, status: 400, body: { error: named } })])).toEqual([])
})

test("err.param-named: a limit that was used up is no refusal of the member", () => {
  const fault = faultOf("out-of-range", "top_p")
  const spent = {
    ...error,
    message: "Could not finish the message because max_tokens or model output limit was reached.",
  }
  const exchange = exchangeOf({ ...chat, fault, status: 400, body: { error: spent } })
  expect(found(errorRules, [exchange])).toEqual([])
  expect(judgedBy(errorRules, [exchange])).not.toContain("err.param-named")
})

test("err.param-named: unnamed", () => {
  const fault = faultOf("out-of-range", "top_p")
  expect(found(errorRules, [exchangeOf({ ...chat, fault, status: 400, body: { error } })])).toEqual([
    ["err.param-named", "unnamed", at("/error/param")],
  ])
})

test("err.unknown-model, and whether it is refused", () => {
  const answer = (status: number, known = knownOf(), body: unknown = { error }) =>
    found(
      errorRules,
      [exchangeOf({ ...chat, fault: faultOf("unknown-model", "model"), status, body })],
      known,
    )
  expect(answer(404)).toEqual([])
  expect(answer(400)).toEqual([])
  expect(answer(500)).toEqual([["err.unknown-model", "server-error", atStatus]])
  expect(answer(401)).toEqual([])
  expect(answer(403)).toEqual([])
  expect(answer(403, knownOf(), "Forbidden")).toContainEqual(["err.unknown-model", "other-status", atStatus])
  expect(answer(405)).toEqual([["err.unknown-model", "other-status", atStatus]])
  expect(answer(200)).toEqual([["err.unknown-model-refused", "answered", atStatus]])
  expect(answer(200, knownOf({ traits: new Set(["single-model"]) }))).toEqual([])
})

test("err.status-independent-of-stream", () => {
  const answer = (...statuses: number[]) =>
    found(
      errorRules,
      statuses.map((status) =>
        exchangeOf({
          ...chat,
          fault: faultOf("missing", "messages"),
          status,
          body: { error: { ...error, param: "messages" } },
        }),
      ),
    ).filter(([rule]) => rule === "err.status-independent-of-stream")
  expect(answer(400, 400, 400, 400)).toEqual([])
  expect(answer(400, 400, 200, 200)).toEqual([
    ["err.status-independent-of-stream", "stream-accepted", atStatus],
  ])
  expect(answer(400, 400, 422, 422)).toEqual([["err.status-independent-of-stream", "differs", atStatus]])
  for (const unlike of [[400], [400, 400, 422], [400, 422, 400, 422], [400, 400, 422, 400]])
    expect(answer(...unlike)).toEqual([])
})

test("err.retry-after: seconds, fractions of them, milliseconds, or a date", () => {
  const answer = (status: number, headers: readonly (readonly [string, string])[]) =>
    found(errorRules, [
      exchangeOf({
        ...chat,
        status,
        headers: [["content-type", "application/json"], ...headers],
        body: { error },
      }),
    ])
  const absent = [["err.retry-after", "absent", { part: "header", name: "retry-after" }]]
  expect(answer(429, [])).toEqual(absent)
  expect(answer(503, [])).toEqual(absent)
  expect(answer(500, [])).toEqual([])
  const dates = [
    "Wed, 21 Oct 2026 07:28:00 GMT",
    "Sunday, 06-Nov-94 08:49:37 GMT",
    "Sun Nov  6 08:49:37 1994",
  ]
  for (const time of ["2", "0.5", "2026-01-15T10:30:00Z", ...dates])
    expect(answer(429, [["Retry-After", time]])).toEqual([])
  expect(answer(429, [["retry-after-ms", "250"]])).toEqual([])
  expect(answer(429, [["x-should-retry", "false"]])).toEqual([])
  for (const time of ["soon", "-5", "wait 5"])
    expect(answer(429, [["retry-after", time]])).toEqual([
      ["err.retry-after", "malformed", { part: "header", name: "retry-after" }],
    ])
})

const chunk = { id: "c", object: "chat.completion.chunk", created: 1, model: "m", choices: [] }

test("err.status-before-stream: an error before anything else, on which no keep-alive has decided", () => {
  const first = (...events: StreamEvent[]) =>
    found(
      errorRules.filter(({ id }) => id === "err.status-before-stream"),
      [exchangeOf({ ...chat, request: { stream: true }, type: "text/event-stream", body: encode(events) })],
    )
  const inBand = [["err.status-before-stream", "in-band", { part: "event", event: 0, offset: 0 }]]
  expect(first({ data: { error } }, { data: "[DONE]" })).toEqual(inBand)
  expect(first({ data: chunk }, { data: { error } })).toEqual([])
  expect(first({ comment: "PING" }, { data: { error } })).toEqual([])
})

const oversized = errorRules.filter(({ id }) => id === "err.oversized")
const attempt = (status: number, body: unknown, type?: string) =>
  exchangeOf({ ...chat, fault: faultOf("too-large"), status, body, ...(type !== undefined && { type }) })

test("err.oversized: 413 or 400 with an error object, and nothing else", () => {
  const of = (...facts: Parameters<typeof attempt>) => found(errorRules, [attempt(...facts)])
  expect(of(413, { error })).toEqual([])
  expect(of(400, { error })).toEqual([])
  expect(of(200, { object: "chat.completion" })).toEqual([["err.oversized", "accepted", atStatus]])
  expect(of(404, { error })).toEqual([["err.oversized", "other-status", atStatus]])
  expect(of(413, "<html>413</html>", "text/html")).toEqual([
    ["err.envelope", "not-json", at("")],
    ["err.oversized", "no-envelope", at("")],
  ])
})

test("err.oversized is not decided where the connection was closed, as HTTP allows, or the target is busy", () => {
  const end = { kind: "network", code: "EPIPE", stage: "head" } as const
  const closed = exchangeOf({ ...chat, fault: faultOf("too-large"), end })
  expect(judgedBy(oversized, [closed, attempt(503, { error })])).toEqual([])
  expect(judgedBy(oversized, [attempt(401, { error: documented401 })])).toEqual([])
  expect(found([...errorRules, ...httpRules], [closed])).toEqual([])
})

test("err.oversized sends one body of more than so many bytes, and none where nobody said how many", () => {
  const asks = (known: Partial<TargetFacts>) => oversized[0]?.asks?.(knownOf(known))
  expect(asks({})).toEqual([])
  // They are fixed.
  const [step, ...others] = [asks({ oversizedBytes: 1000 })].flat() as Step[]
  expect(others).toEqual([])
  const rawBody = String(step?.rawBody)
  expect(rawBody.length).toBeGreaterThan(1000)
  expect(ChatCompletionRequest.safeParse(JSON.parse(rawBody)).success).toBe(true)
})

function streamed(events: readonly StreamEvent[], body = encode(events)) {
  const others = errorRules.filter(({ id }) => id !== "err.status-before-stream")
  return found(others, [exchangeOf({ ...chat, request: { stream: true }, type: "text/event-stream", body })])
}

test.each([
  ["no error", [{ data: chunk }, { data: "[DONE]" }]],
  ["an error at the end", [{ data: chunk }, { data: { error } }]],
  ["an error before [DONE]", [{ data: chunk }, { data: { error } }, { data: "[DONE]" }]],
  ["a named event", [{ event: "error", data: { error } }]],
  ["a named event with the bare object", [{ event: "error", data: error }]],
] satisfies [string, StreamEvent[]][])("err.midstream-signalled: %s is legal", (_, events) => {
  expect(streamed(events)).toEqual([])
})

test("err.midstream-signalled: shape, no-data, goes-on", () => {
  const first = encode([{ data: chunk }]).length
  const atEvent = (event: number, pointer?: string) => ({
    part: "event",
    event,
    offset: expect.any(Number),
    ...(pointer && { pointer }),
  })
  for (const data of [{ error: "No." }, { error: {} }, { error: { message: "" } }])
    expect(streamed([{ data: chunk }, { data }])).toEqual([
      ["err.midstream-signalled", "shape", atEvent(1, "/error/message")],
    ])
  expect(streamed([], `data: ${JSON.stringify(chunk)}\n\n: failed\nevent: error\n\n`)).toEqual([
    ["err.midstream-signalled", "no-data", { part: "body", offset: first + ": failed\n".length }],
  ])
  expect(streamed([{ data: { error } }, { data: chunk }])).toEqual([
    ["err.midstream-signalled", "goes-on", atEvent(1)],
  ])
})

test("no answer whatsoever makes a rule fail", () => {
  const kinds = fc.constantFrom("malformed-json", "missing", "wrong-type", "unknown-model", "out-of-range")
  const bodies = fc.oneof(
    fc.jsonValue(),
    fc.uint8Array(),
    fc.dictionary(
      fc.constant("error"),
      fc.dictionary(fc.constantFrom("message", "type", "param", "code"), fc.jsonValue()),
    ),
  )
  fc.assert(
    fc.property(
      fc.integer({ min: 200, max: 599 }),
      kinds,
      fc.string(),
      bodies,
      (status, kind, param, body) => {
        found(errorRules, [exchangeOf({ ...chat, fault: { kind, param, says: "" }, status, body })])
      },
    ),
  )
})
