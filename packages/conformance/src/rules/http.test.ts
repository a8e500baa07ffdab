import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib"
import { endpoints, type OperationId } from "@nexhina/schemas"
import type { ExchangeEnd } from "@nexhina/wire"
import * as fc from "fast-check"
import { expect, test } from "vitest"
import { exchangeOf, knownOf } from "../../test/exchange.ts"
import { found, judgedBy } from "../../test/found.ts"
import type { RequestFault } from "../inputs/intent.ts"
import { httpRules } from "./http.ts"

const request = { model: "m", input: "hello" }
const reply = endpoints.createEmbedding.examples.vector.value
const answer = { operation: "createEmbedding", request, body: reply } as const
const error = { error: { message: "No.", type: "invalid_request_error", param: null, code: null } }
const fault: RequestFault = { kind: "missing", param: "input", says: "input is missing" }
const gzipped = [
  ["content-type", "application/json"],
  ["content-encoding", "gzip"],
] as const
const atEnd = { part: "end" } as const
const atStatus = { part: "status" } as const

test.each([
  ["a JSON answer", answer],
  ["parameters of the media type", { ...answer, type: "Application/JSON; charset=utf-8" }],
  ["white space around the value", { ...answer, body: `\r\n ${JSON.stringify(reply)}\n\n` }],
  ["a null error", { ...answer, body: { ...reply, error: null } }],
  [
    "a failed response, which is a resource",
    { body: { object: "response", status: "failed", error: { code: "x" } } },
  ],
  ["a stream", { operation: "createChatCompletion", request: { stream: true }, type: "text/event-stream" }],
  [
    "a stream that was cut, which is judged as one",
    { type: "text/event-stream", end: { kind: "truncated" } },
  ],
  ["a request that the kit hung up on", { ...answer, end: { kind: "aborted", stage: "body" } }],
  [
    "a server that could not be reached",
    { end: { kind: "network", code: "ECONNREFUSED", stage: "connect" } },
  ],
  ["an error with its status", { ...answer, fault, status: 400, body: error }],
  ["an endpoint that is not offered", { ...answer, status: 501, body: error }],
  ["a server that has too much to do", { ...answer, status: 503, body: "" }],
  ["a path that does not exist", { fault: { kind: "unknown-path", says: "" }, status: 404, body: error }],
] as const)("%s is legal", (_, facts) => {
  expect(found(httpRules, [exchangeOf(facts)])).toEqual([])
})

test.each([
  ["silent", { kind: "timeout", stage: "head" }],
  ["silent", { kind: "limit", stage: "head", code: "maxDurationMs" }],
  ["hung-up", { kind: "network", stage: "head", code: "ECONNRESET" }],
  ["hung-up", { kind: "truncated", stage: "head" }],
  ["not-http", { kind: "network", stage: "head", code: "HPE_INVALID_CONSTANT" }],
] as const)("http.answers: %s, when %j", (name, end) => {
  expect(found(httpRules, [exchangeOf({ ...answer, end })])).toEqual([["http.answers", name, atEnd]])
})

test.each([
  ["cut-short", { kind: "truncated", stage: "body" }],
  ["cut-short", { kind: "network", stage: "body", code: "ECONNRESET" }],
  ["stalled", { kind: "timeout", stage: "body" }],
  ["endless", { kind: "limit", stage: "body", code: "bytes" }],
  ["overrun", { kind: "complete", code: "HPE_INVALID_CONSTANT" }],
] as const)("http.body-complete: %s, when %j; the JSON in it is not judged", (name, end) => {
  const cut = exchangeOf({ ...answer, body: '{"object":', end: end as Partial<ExchangeEnd> })
  expect(found(httpRules, [cut])).toEqual([["http.body-complete", name, atEnd]])
})

const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth)
const events = (count: number) => "data: 1\n\n".repeat(count)
const stream = {
  operation: "createChatCompletion",
  request: { stream: true },
  type: "text/event-stream",
} as const

test.each([
  ["too-deep", { ...answer, body: nested(101) }, 100],
  ["too-deep", { ...answer, body: nested(1_000_000) }, 100],
  ["too-deep", { ...stream, body: `data: "\n\ndata: ${nested(101)}\n\n` }, 115],
  ["too-many", { ...answer, body: `[${"1,".repeat(250_000)}1]` }, 500_000],
  ["too-many", { ...stream, body: events(10_001) }, 90_008],
  ["too-many", { ...stream, body: "\r:\r:".repeat(60_000) }, 200_000],
  ["too-large", { ...stream, body: `data: 1\n\ndata: "${"x".repeat(2 ** 22)}"\n\n` }, 9],
  ["too-large", { ...answer, headers: gzipped, body: gzipSync(Buffer.alloc(2 ** 24 + 1, "[")) }, 0],
] as const)("http.within-limits: %s, and nothing else is judged (%#)", (name, facts, offset) => {
  expect(found(httpRules, [exchangeOf(facts)])).toEqual([
    ["http.within-limits", name, { part: "body", offset }],
  ])
})

const encoders = { gzip: gzipSync, deflate: deflateSync, br: brotliCompressSync }
const codings = fc.constantFrom("gzip", "deflate", "br")
const encodedAs = (coding: string, body: string | Uint8Array, end?: Partial<ExchangeEnd>) =>
  exchangeOf({
    ...answer,
    headers: [
      ["content-type", "application/json"],
      ["content-encoding", coding],
    ],
    body,
    ...(end && { end }),
  })
const atCoding = { part: "header", name: "content-encoding" } as const
const whole = JSON.stringify(reply)

test("http.content-encoding: a body in the named coding is judged as what it contains", () => {
  fc.assert(
    fc.property(codings, (coding) => {
      const exchange = encodedAs(coding, encoders[coding](whole))
      expect(found(httpRules, [exchange])).toEqual([])
      expect(judgedBy(httpRules, [exchange])).toEqual(
        expect.arrayContaining(["http.content-encoding", "http.body-valid-json"]),
      )
    }),
  )
})

test("http.content-encoding: a body that is not encoded is found, and nothing else is judged of it", () => {
  fc.assert(
    fc.property(codings, (coding) => {
      const exchange = encodedAs(coding, whole)
      expect(found(httpRules, [exchange])).toEqual([["http.content-encoding", "not-encoded", atCoding]])
      expect(judgedBy(httpRules, [exchange])).not.toContain("http.body-valid-json")
    }),
  )
})

test("http.content-encoding: encoded data without its end is found; that of a closed connection is for others", () => {
  fc.assert(
    fc.property(codings, fc.integer({ min: 1, max: 8 }), (coding, missing) => {
      const cut = encoders[coding](whole).subarray(0, -missing)
      expect(found(httpRules, [encodedAs(coding, cut)])).toEqual([
        ["http.content-encoding", "unfinished", atCoding],
      ])
      const closed = encodedAs(coding, cut, { kind: "truncated", stage: "body" })
      expect(found(httpRules, [closed]).map(([rule]) => rule)).not.toContain("http.content-encoding")
    }),
  )
})

test.each(["identity", ""])("http.content-encoding: a plain body in %j is legal", (coding) => {
  expect(found(httpRules, [encodedAs(coding, whole)])).toEqual([])
})

test("http.content-encoding: a body in a coding that the kit does not know is not judged", () => {
  expect(judgedBy(httpRules, [encodedAs("zstd", whole)])).not.toContain("http.content-encoding")
})

test.each([
  { ...answer, body: `{"data":${nested(99)},"x":"${"[".repeat(200)}"}` },
  { ...stream, body: events(10_000) },
  { ...stream, body: events(2).replaceAll("\n", "\r\n") },
])("http.within-limits: a body at the limit is judged (%#)", (facts) => {
  expect(found(httpRules, [exchangeOf(facts)])).toEqual([])
  expect(judgedBy(httpRules, [exchangeOf(facts)])).toContain("http.content-type-once")
})

test("of a body that does not end, what came before a limit is judged", () => {
  const end = { kind: "limit", stage: "body", code: "maxBodyBytes" } as const
  expect(found(httpRules, [exchangeOf({ ...answer, body: nested(1000), end })])).toEqual([
    ["http.body-complete", "endless", atEnd],
  ])
})

test("http.json-content-type: absent, or another one", () => {
  const at = { part: "header", name: "content-type" } as const
  expect(found(httpRules, [exchangeOf({ ...answer, headers: [] })])).toEqual([
    ["http.json-content-type", "absent", at],
  ])
  expect(found(httpRules, [exchangeOf({ ...answer, type: "text/html" })])).toEqual([
    ["http.json-content-type", "other", at],
  ])
})

test.each([
  ["a deletion with 204", { operation: "deleteResponse", status: 204, headers: [] }, ""],
  [
    "images in a stream that was asked for",
    { operation: "createImage", request: { stream: true }, type: "text/event-stream" },
    "data: {}\n\n",
  ],
  [
    "a stored response in a stream that was asked for",
    { operation: "retrieveResponse", query: "?starting_after=1&stream=true", type: "text/event-stream" },
    "data: {}\n\n",
  ],
] as const)("%s does not have to be JSON", (_, facts, body) => {
  const exchange = exchangeOf({ ...facts, body })
  const query = "query" in facts ? facts.query : ""
  const target = `${exchange.request.target}${query}`
  const judged = judgedBy(httpRules, [{ ...exchange, request: { ...exchange.request, target } }])
  expect(judged).not.toContain("http.json-content-type")
  expect(judged).not.toContain("http.body-valid-json")
})

test("http.content-type-once: two that contradict each other, and not the same one twice", () => {
  const twice = (first: string, second: string) =>
    found(httpRules, [
      exchangeOf({
        ...answer,
        headers: [
          ["content-type", first],
          ["Content-Type", second],
        ],
      }),
    ])
  expect(twice("application/json", "text/html")).toEqual([
    ["http.content-type-once", "contradicting", { part: "header", name: "content-type" }],
  ])
  expect(twice("application/json; charset=utf-8", "application/json;charset=UTF-8")).toEqual([])
})

test("http.success-status: 201 is not what clients test for", () => {
  expect(found(httpRules, [exchangeOf({ ...answer, status: 201 })])).toEqual([
    ["http.success-status", "other-success", { part: "status" }],
  ])
})

/** An answer in every form that headers and a status are judged on. */
const formsOf = (status: number) =>
  (Object.keys(endpoints) as OperationId[]).flatMap((operation) => [
    { operation, request, status, body: reply },
    { operation, request: { stream: true }, type: "text/event-stream", status, body: "data: {}\n\n" },
  ])

test("http.success-status: on every operation, whole and streamed (B1)", () => {
  const rule = httpRules.filter(({ id }) => id === "http.success-status")
  for (const form of formsOf(201))
    expect(found(rule, [exchangeOf(form)]).map(([, fault]) => fault)).toEqual(["other-success"])
  for (const form of formsOf(200)) expect(found(rule, [exchangeOf(form)])).toEqual([])
})

test("http.content-type-once: on every operation, whole, streamed and refused (B6)", () => {
  const rule = httpRules.filter(({ id }) => id === "http.content-type-once")
  for (const { type = "application/json", ...form } of [...formsOf(200), ...formsOf(400)]) {
    const headers = [
      ["content-type", type],
      ["content-type", "text/html"],
    ] as const
    expect(found(rule, [exchangeOf({ ...form, headers })]).map(([, fault]) => fault)).toEqual([
      "contradicting",
    ])
  }
})

const text = JSON.stringify(reply)

test.each([
  ["empty", "", 0],
  ["byte-order-mark", `\ufeff${text}`, 0],
  ["not-finite", '{"é":[NaN]}', 7],
  ["more-after-value", `${text}data: [DONE]`, text.length],
  ["unfinished", text.slice(0, -1), text.length - 1],
  ["malformed", '{"a":1,}', 7],
] as const)("http.body-valid-json: %s in %j", (name, body, offset) => {
  expect(found(httpRules, [exchangeOf({ ...answer, body })])).toEqual([
    ["http.body-valid-json", name, { part: "body", offset }],
  ])
})

test.each([
  ["a model id", '{"data":[{"id":"\\ud800"}]}', "/data/0/id"],
  ["a model id, in the other half", '{"data":[{"id":"x\\uDC00y"}]}', "/data/0/id"],
  ["the name of a member", '{"data":{"\\ud800":1}}', "/data"],
])("http.no-lone-surrogates: %s", (_, body, pointer) => {
  expect(found(httpRules, [exchangeOf({ ...answer, body })])).toEqual([
    ["http.no-lone-surrogates", "unpaired", { part: "body", pointer }],
  ])
})

test("http.no-lone-surrogates: pairs and escaped backslashes are legal", () => {
  const body = '{"a":"\\ud83d\\ude00","b":"\\\\ud800"}'
  expect(found(httpRules, [exchangeOf({ ...answer, body })])).toEqual([])
})

test("http.body-valid-json: not-utf8", () => {
  const body = new Uint8Array([0x22, 0xff, 0x22])
  expect(found(httpRules, [exchangeOf({ ...answer, body })])).toEqual([
    ["http.body-valid-json", "not-utf8", { part: "body" }],
  ])
})

test("http.no-error-in-2xx: a member, or the whole body, whatever was asked", () => {
  expect(found(httpRules, [exchangeOf({ ...answer, fault, body: error })])).toEqual([
    ["http.no-error-in-2xx", "error-member", atStatus],
  ])
  expect(found(httpRules, [exchangeOf({ ...answer, body: { object: "error", message: "No." } })])).toEqual([
    ["http.no-error-in-2xx", "error-object", atStatus],
  ])
})

test("http.no-error-in-2xx: that something failed excuses only resources that can", () => {
  expect(found(httpRules, [exchangeOf({ ...answer, body: { ...error, status: "failed" } })])).toEqual([
    ["http.no-error-in-2xx", "error-member", atStatus],
  ])
})

test("a 5xx is a failure, by whether the request keeps the contract", () => {
  fc.assert(
    fc.property(fc.integer({ min: 500, max: 599 }), fc.boolean(), (status, valid) => {
      const exchange = exchangeOf({ ...answer, status, body: error, ...(!valid && { fault }) })
      const name = valid ? "http.no-5xx-valid" : "http.no-5xx-invalid"
      const excused = [501, 503, 529].includes(status)
      expect(found(httpRules, [exchange])).toEqual(excused ? [] : [[name, "server-error", atStatus]])
    }),
  )
})

const unknown = { operation: "listModels", fault: { kind: "unknown-path", says: "" } } as const

test.each([
  ["accepted", 200],
  ["server-error", 500],
  ["other-status", 400],
  ["other-status", 301],
] as const)("http.unknown-route-envelope: %s for %i", (name, status) => {
  expect(found(httpRules, [exchangeOf({ ...unknown, status, body: status < 400 ? {} : error })])).toEqual([
    ["http.unknown-route-envelope", name, atStatus],
  ])
})

test("http.unknown-route-envelope: no-envelope, also where a whole endpoint is not there", () => {
  const at = { part: "body", pointer: "/error" } as const
  const body = { detail: "Not Detection" }
  for (const facts of [unknown, answer]) {
    expect(found(httpRules, [exchangeOf({ ...facts, status: 404, body })])).toEqual([
      ["http.unknown-route-envelope", "no-envelope", at],
    ])
  }
})

test("http.request-id: asked for by OpenAI's documentation, in any of its spellings", () => {
  const known = knownOf({ profileName: "openai" })
  expect(found(httpRules, [exchangeOf(answer)], known)).toEqual([
    ["http.request-id", "absent", { part: "header", name: "x-request-id" }],
  ])
  const headers = [
    ["Content-Type", "application/json"],
    ["X-Oneapi-Request-Id", "1"],
  ] as const
  expect(found(httpRules, [exchangeOf({ ...answer, headers })], known)).toEqual([])
})

test("an answer is judged by every rule that speaks of it", () => {
  expect(judgedBy(httpRules, [exchangeOf(answer)])).toEqual([
    "http.answers",
    "http.body-complete",
    "http.content-encoding",
    "http.within-limits",
    "http.json-content-type",
    "http.content-type-once",
    "http.success-status",
    "http.body-valid-json",
    "http.no-lone-surrogates",
    "http.members-unique",
    "http.model-named",
    "http.no-error-in-2xx",
    "http.no-5xx-valid",
    "http.charset-utf8",
  ])
})

test.each([
  ["application/json; charset=utf-8", []],
  ['application/json; charset="UTF-8"', []],
  ["application/json; charset=us-ascii", []],
  ["application/json; charset=iso-8859-1", ["other"]],
])("http.charset-utf8: %s", (type, faults) => {
  const charset = httpRules.filter(({ id }) => id === "http.charset-utf8")
  expect(found(charset, [exchangeOf({ ...answer, type })]).map(([, fault]) => fault)).toEqual(faults)
})

test("http.request-id-unique: one id for all requests is found, and a repeated one is none", () => {
  const unique = httpRules.filter(({ id }) => id === "http.request-id-unique")
  const identified = (...ids: string[]) =>
    ids.map((id, a) => exchangeOf({ ...answer, request: { a }, headers: [["x-request-id", id]] }))
  expect(found(unique, identified("req_1", "req_1", "req_2"))).toEqual([])
  expect(judgedBy(unique, [...identified("req_1", "req_1"), exchangeOf(answer)])).toEqual([])
  expect(found(unique, identified("req_1", "req_1", "req_1"))).toEqual([
    ["http.request-id-unique", "repeated", { part: "header", name: "x-request-id" }],
  ])
})

const limited = (...headers: [fact: string, value: string][]) =>
  exchangeOf({ ...answer, headers: headers.map(([fact, value]) => [`x-ratelimit-${fact}`, value]) })

const rateLimits = httpRules.filter(({ id }) => id === "http.rate-limits")

test.each<[string, ...Parameters<typeof limited>]>([
  [
    "limits as OpenAI states them",
    ["limit-requests", "60"],
    ["remaining-requests", "59"],
    ["reset-requests", "1s"],
  ],
  ["all that remains", ["limit-tokens", "150000"], ["remaining-tokens", "150000"], ["reset-tokens", "0s"]],
  ["a remainder without a limit", ["remaining-requests", "61"]],
  ["limits of other things", ["limit-requests", "60"], ["remaining-tokens", "149984"]],
  ["no limit, as Azure writes it", ["limit-tokens", "-1"], ["remaining-tokens", "-1"], ["reset-tokens", "0"]],
  ["no limit, and something that remains", ["limit-tokens", "0"], ["remaining-tokens", "100"]],
  ["more than all is used", ["limit-tokens", "100"], ["remaining-tokens", "-20"]],
  ["fractions", ["limit-tokens", "1.5e3"], ["remaining-tokens", "999.5"]],
  ["empty headers", ["limit-tokens", ""], ["remaining-tokens", ""], ["reset-tokens", " "]],
  ["the same limit twice", ["limit-tokens", "60"], ["limit-tokens", "60"]],
  ["headers of another family", ["limit-requests-day", "many"], ["remaining", "61"], ["limit", "60"]],
  ...["6m0s", "20ms", "8.64s", "2m59.56s", "24h0m0s", "1d2h", "0", "33011.38", "1741305600000"].map(
    (time): [string, [string, string]] => [time, ["reset-requests", time]],
  ),
  ["a date", ["reset-requests", "Sun, 06 Nov 1994 08:49:37 GMT"]],
  ["an ISO date", ["reset-tokens", "2026-01-15T10:30:00Z"]],
])("http.rate-limits: %s", (_, ...headers) => {
  expect(found(rateLimits, [limited(...headers)])).toEqual([])
})

test.each<[string, string, ...Parameters<typeof limited>]>([
  ["above-limit", "remaining-requests", ["limit-requests", "60"], ["remaining-requests", "61"]],
  ["above-limit", "remaining-tokens", ["limit-tokens", "60"], ["remaining-tokens", "149984"]],
  ["not-a-number", "remaining-tokens", ["limit-tokens", "60"], ["remaining-tokens", "None"]],
  ["not-a-number", "limit-requests", ["limit-requests", "60 per minute"], ["remaining-requests", "61"]],
  ["not-a-number", "limit-requests", ["limit-requests", "60"], ["limit-requests", "100"]],
  ["no-time", "reset-requests", ["reset-requests", "soon"]],
  ["no-time", "reset-requests", ["reset-requests", "in 5 s"]],
  ["no-time", "reset-requests", ["reset-requests", "wait 5"]],
  ["no-time", "reset-tokens", ["reset-tokens", "PT6M0S"]],
])("http.rate-limits: %s of %s in %j", (name, header, ...headers) => {
  const at = { part: "header", name: `x-ratelimit-${header}` } as const
  expect(found(rateLimits, [limited(...headers)])).toEqual([["http.rate-limits", name, at]])
})

test("http.rate-limits: whoever states none is not judged", () => {
  expect(judgedBy(rateLimits, [exchangeOf(answer), limited(["limit-tokens", ""])])).toEqual([])
})

const chat = {
  operation: "createChatCompletion" as const,
  request: { model: "m", messages: [{ role: "user", content: "Hi" }] },
}

test("http.members-unique: also in an error", () => {
  const twice = '{"error":{"message":null,"message":"No.","type":"invalid_request_error"}}'
  for (const status of [200, 400])
    expect(found(httpRules, [exchangeOf({ ...chat, status, body: twice })])).toContainEqual([
      "http.members-unique",
      "repeated",
      { part: "body", offset: 25 },
    ])
  expect(judgedBy(httpRules, [exchangeOf({ ...chat, body: "no JSON" })])).not.toContain("http.members-unique")
})

test.each([
  [{ created: 1713833628 }, undefined],
  [{ created: 1713833628123 }, ["milliseconds", "/created"]],
  [{ created: 0 }, ["not-positive", "/created"]],
  [{ created_at: -1 }, ["not-positive", "/created_at"]],
  [{ data: [{ created: 1713833628 }, { created: 1713833628123 }] }, ["milliseconds", "/data/1/created"]],
  [{ created: "now" }, undefined],
])("http.created-plausible: %j", (body, expected) => {
  const [finding] = found(
    httpRules.filter(({ id }) => id === "http.created-plausible"),
    [exchangeOf({ ...chat, body })],
  )
  expect(finding && [finding[1], "pointer" in finding[2] ? finding[2].pointer : ""]).toEqual(expected)
})

test.each([
  [{ model: "" }, "/model"],
  [{ model: " " }, "/model"],
  [{ model: "gpt-4o" }, undefined],
  [{ model: null }, undefined],
  [{}, undefined],
])("http.model-named: %j", (body, expected) => {
  const rules = httpRules.filter(({ id }) => id === "http.model-named")
  const operations = [
    "createChatCompletion",
    "createResponse",
    "createEmbedding",
    "createModeration",
  ] as const
  for (const operation of [...operations, "createRerank", "retrieveVideo"] as const) {
    const findings = found(rules, [exchangeOf({ ...chat, operation, body })])
    expect(findings.map(([, fault, at]) => [fault, "pointer" in at && at.pointer])).toEqual(
      expected === undefined ? [] : [["empty", expected]],
    )
  }
  expect(found(rules, [exchangeOf({ ...chat, status: 400, body })])).toEqual([])
})
