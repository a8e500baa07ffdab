import { DONE, encode } from "@nexhina/stream"
import * as fc from "fast-check"
import { expect, test } from "vitest"
import {
  chunkOf,
  deltaOf,
  guideSample,
  guideUsageSample,
  streamOf,
  streamOfData,
} from "../../test/chat-stream.ts"
import { exchangeOf, knownOf } from "../../test/exchange.ts"
import { found, judgedBy } from "../../test/found.ts"
import { chatStreamRules } from "./chat-streams.ts"
import { sseRules } from "./sse.ts"
import { usageRules } from "./usage.ts"

const allRules = [...sseRules, ...chatStreamRules, ...usageRules]
const MUST = sseRules.filter(({ severity }) => severity === "MUST")

const data = [deltaOf({ role: "assistant", content: "" }), deltaOf({ content: "Hi" }), deltaOf({}, "stop")]
const text = encode([...data, DONE].map((data) => ({ data })))
const offsetOf = (part: string, within = text) => Buffer.byteLength(within.slice(0, within.indexOf(part)))

test("the guide's own streams draw nothing from any rule on streams or usage", () => {
  expect(found(allRules, [streamOf(guideSample)])).toEqual([])
  expect(found(allRules, [streamOf(guideUsageSample, { stream_options: { include_usage: true } })])).toEqual(
    [],
  )
})

test("an OpenAI stream draws nothing under either profile", () => {
  const usage = { prompt_tokens: 3, completion_tokens: 1, total_tokens: 4 }
  const stream = streamOfData(
    [...data.map((chunk) => ({ ...chunk, usage: null })), chunkOf([], { usage })],
    { stream_options: { include_usage: true } },
    { type: "text/event-stream; charset=utf-8" },
  )
  expect(found(allRules, [stream])).toEqual([])
  expect(found(allRules, [stream], knownOf({ profileName: "openai" }))).toEqual([])
})

test.each([
  ["CR LF", text.replaceAll("\n", "\r\n"), ["line-ends"]],
  ["CR", text.replaceAll("\n", "\r"), ["line-ends"]],
  ["mixed line ends", text.replace("\n\n", "\r\n\n"), ["line-ends"]],
  ["no space after the colon", text.replaceAll("data: ", "data:"), ["no-space"]],
  ["a byte order mark", `\ufeff${text}`, ["bom"]],
  ["a keep-alive comment", `: PING\n\n${text}`, []],
  ["comments between the lines of an event", text.replace("data", ":\ndata"), []],
  ["event lines", text.replaceAll("data", "event: message\ndata"), []],
  ["ids", text.replaceAll("data", "id: 7\ndata"), []],
  ["ids and comments", `: PING\n\n${text.replaceAll("data", "id: 7\ndata")}`, ["id-and-comments"]],
  ["a retry within an event", `retry: 500\n${text}`, []],
  ["a retry alone", `retry: 500\n\n${text}`, ["fields-without-data"]],
  ["data on several lines", text.replace('{"id"', '{\ndata: "id"'), ["multi-line-data"]],
])("%s is legal, at most worth a note", (_, body, notes) => {
  const findings = found(allRules, [streamOf(body)])
  expect(findings.map(([rule, fault]) => [rule, fault])).toEqual(
    notes.map((note) => ["sse.interop-spelling", note]),
  )
})

test("sse.content-type: missing, another, or JSON instead of a stream", () => {
  const at = { part: "header", name: "content-type" }
  const labelled = (type: string) => found(sseRules, [streamOf(text, {}, { type })])
  expect(found(sseRules, [streamOf(text, {}, { headers: [] })])).toEqual([
    ["sse.content-type", "missing", at],
  ])
  expect(labelled("application/json")).toEqual([["sse.content-type", "other", at]])
  expect(labelled("TEXT/Event-Stream; Charset=UTF-8")).toEqual([])
  const json = streamOf(JSON.stringify({ object: "chat.completion" }), {}, { type: "application/json" })
  expect(found(sseRules, [json])).toEqual([["sse.content-type", "not-a-stream", at]])
})

test.each([
  [{ created: 0 }, ["not-positive", "/created"]],
  [{ created: 1713833628123 }, ["milliseconds", "/created"]],
  [{ created: 1713833628 }, undefined],
  [{ response: { created_at: 1713833628123 } }, ["milliseconds", "/response/created_at"]],
  [{ response: { created_at: 0 } }, ["not-positive", "/response/created_at"]],
])("sse.created-plausible: %j (B8)", (event, expected) => {
  const [finding] = found(
    sseRules.filter(({ id }) => id === "sse.created-plausible"),
    [streamOf(`data: ${JSON.stringify(event)}\n\n`)],
  )
  expect(finding && [finding[1], "pointer" in finding[2] ? finding[2].pointer : ""]).toEqual(expected)
})

test.each([
  [[{ model: "" }], "/model"],
  [[{ model: "gpt-4o" }, { model: "" }], "/model"],
  [[{ response: { model: " " } }], "/response/model"],
  [[{ model: "gpt-4o" }, { response: { model: "gpt-4o" } }, { response: {} }, { model: null }], undefined],
  // Azure's report of its filters.
  [[{ id: "", model: "", choices: [], prompt_filter_results: [] }], undefined],
])("sse.model-named: %j", (events, expected) => {
  const findings = found(
    sseRules.filter(({ id }) => id === "sse.model-named"),
    [streamOf(events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join(""))],
  )
  expect(findings.map(([, fault, at]) => [fault, "pointer" in at && at.pointer])).toEqual(
    expected === undefined ? [] : [["empty", expected]],
  )
})

test("an error sent as JSON with a success status is left to the rules on errors", () => {
  const error = streamOf('{"error":{"message":"No."}}', {}, { type: "application/json" })
  expect(found(sseRules, [error])).toEqual([])
})

test("sse.only-when-asked: the label, the framing", () => {
  const unasked = (body: string, type?: string) => streamOf(body, { stream: false }, type ? { type } : {})
  const reply = JSON.stringify({ object: "chat.completion", note: "\ndata: {}" })
  const label = ["sse.only-when-asked", "label", { part: "header", name: "content-type" }]
  expect(found(sseRules, [unasked(reply, "application/json")])).toEqual([])
  expect(found(sseRules, [unasked(reply)])).toEqual([label])
  const at = { part: "body", offset: Buffer.byteLength(reply) + 2 }
  expect(found(sseRules, [unasked(`${reply}\n\ndata: [DONE]\n\n`)])).toEqual([
    label,
    ["sse.only-when-asked", "framing", at],
  ])
})

test.each([
  [
    "sse.grammar",
    "invalid-utf8",
    3,
    Buffer.concat([Buffer.from(": a"), Buffer.from([0xff, 0x0a, 0x0a]), Buffer.from(text)]),
  ],
  ["sse.grammar", "empty-event", 0, `data:\n\n${text}`],
  ["sse.grammar", "event-without-data", 0, `event: error\n\n${text}`],
  ["sse.grammar", "bare-json", 0, `{"id":"x"}\n\n${text}`],
  ["sse.ignored-lines", "unknown-field", 0, `meta: x\n${text}`],
  ["sse.ignored-lines", "bad-retry", 0, `retry: soon\n${text}`],
  ["sse.ignored-lines", "id-with-nul", 0, `id: \0\n${text}`],
  ["sse.ignored-lines", "extra-blank-line", 0, `\n${text}`],
  ["sse.ignored-lines", "unclosed-done", text.indexOf("data: [DONE]"), text.slice(0, -1)],
] as const)("%s: %s", (rule, fault, offset, body) => {
  expect(found(allRules, [streamOf(body)])).toEqual([[rule, fault, { part: "body", offset }]])
})

test("sse.grammar: an event that no blank line closes, on a body that ended as HTTP says", () => {
  const body = text.slice(0, text.indexOf(',"finish_reason":"stop"'))
  const at = { part: "body", offset: body.lastIndexOf("data:") }
  expect(found(allRules, [streamOf(body)])).toEqual([
    ["sse.grammar", "unclosed-event", at],
    ["sse.done-present", "missing", { part: "end" }],
  ])
  const cut = streamOf(body, {}, { end: { kind: "truncated", stage: "body" } })
  expect(found(allRules, [cut])).toEqual([["sse.terminates", "truncated", { part: "end" }]])
})

test.each([
  ["comment-as-data", "data: : PING\n\n"],
  ["not-json", "data: {\n\n"],
  ["not-json", "data: [DONE] \n\n"],
  ["not-an-object", "data: []\n\n"],
])("sse.data-json: %s in %j", (fault, event) => {
  expect(found(allRules, [streamOf(event + text)])).toEqual([
    ["sse.data-json", fault, { part: "event", event: 0, offset: 0 }],
  ])
})

test("sse.done-present, sse.done-once, sse.done-last", () => {
  const done = `data: ${DONE}\n\n`
  const end = { part: "end" }
  const fourth = (offset: number) => ({ part: "event", event: 4, offset })
  expect(found(allRules, [streamOf(text.replace(done, ""))])).toEqual([["sse.done-present", "missing", end]])
  expect(found(allRules, [streamOf(text + done)])).toEqual([
    ["sse.done-once", "repeated", fourth(text.length)],
  ])
  expect(found(allRules, [streamOf(text + text.slice(0, offsetOf("\n\n") + 2))])).toEqual([
    ["sse.done-last", "event-after", fourth(text.length)],
  ])
  expect(found(allRules, [streamOf(`${text}: bye\n\n`)])).toEqual([])
})

test("sse.nonempty: nothing, or [DONE] alone", () => {
  const end = { part: "end" }
  expect(found(allRules, [streamOf(`data: ${DONE}\n\n`)])).toEqual([["sse.nonempty", "no-chunk", end]])
  expect(found(allRules, [streamOf("")])).toEqual([
    ["sse.done-present", "missing", end],
    ["sse.nonempty", "no-chunk", end],
  ])
})

const error = 'data: {"error":{"message":"The model fell asleep.","type":"server_error"}}\n\n'

test.each([
  ["truncated", "truncated", text.slice(0, 100)],
  ["truncated", "network", text],
  ["stalls", "timeout", ""],
  ["stalls", "timeout", text.slice(0, offsetOf("data: [DONE]"))],
  ["endless", "limit", text.slice(0, offsetOf("data: [DONE]"))],
  ["open-after-done", "timeout", text],
  ["open-after-done", "limit", `${text}: PING\n\n`],
  ["open-after-error", "timeout", error],
] as const)("sse.terminates: %s, when the end is %s; nothing is missed at the end", (fault, kind, body) => {
  const stream = streamOf(body, {}, { end: { kind, stage: "body" } })
  expect(found(allRules, [stream])).toEqual([["sse.terminates", fault, { part: "end" }]])
})

test("a stream that ends with an error, or that the kit hung up on, has no end to judge", () => {
  expect(found(allRules, [streamOf(error)])).toEqual([])
  expect(
    found(allRules, [streamOf(text.slice(0, 100), {}, { end: { kind: "aborted", stage: "body" } })]),
  ).toEqual([])
})

test("rules on spelling are not judged on re-encoded text", () => {
  const stream = { ...streamOf(`\ufeff${text}`), fidelity: { bytes: false, timing: false } }
  expect(found(sseRules, [stream])).toEqual([])
  expect(judgedBy(sseRules, [stream])).not.toContain("sse.grammar")
})

const echo = (content: string, request: object, finish_reason = "stop") => [
  streamOfData([deltaOf({ role: "assistant", content }), deltaOf({}, finish_reason)], request),
]
const whole = (content: string, request: object, finish_reason = "stop") =>
  exchangeOf({
    operation: "createChatCompletion",
    request: { model: "gpt-4o", ...request },
    body: {
      ...chunkOf([{ index: 0, message: { role: "assistant", content }, finish_reason }]),
      object: "chat.completion",
    },
  })
const asks = (content: string) => ({
  messages: [{ role: "user" as const, content: `Repeat this and say nothing else: ${content}` }],
})

test("sse.utf8-intact: a replacement character that the whole reply lacks", () => {
  const utf8 = sseRules.filter(({ id }) => id === "sse.utf8-intact")
  const pair = (streamed: string, expected: string, finish?: string) => [
    ...echo(streamed, asks("😀"), finish),
    whole(expected, asks("😀"), finish),
  ]
  const damaged = found(utf8, pair("Hi \ufffd\ufffd", "Hi 😀"))
  expect(damaged).toEqual([
    [
      "sse.utf8-intact",
      "replacement-character",
      { part: "event", event: 0, offset: 0, pointer: "/choices/0" },
    ],
  ])
  expect(found(utf8, pair("Hi 😀", "Hi 😀"))).toEqual([])
  expect(found(utf8, pair("Hi \ufffd", "Hi \ufffd"))).toEqual([])
  expect(found(utf8, pair("Hi \ufffd", "Hi 😀", "length"))).toEqual([])
})

test("sse.utf8-intact: characters that are lost, on a target that says the same again", () => {
  const pair = [...echo("Hi ", asks("😀")), whole("Hi 😀", asks("😀"))]
  expect(found(sseRules, pair)).toEqual([])
  expect(found(sseRules, pair, knownOf({ deterministic: true })).map(([, fault]) => fault)).toEqual(["lost"])
})

test("no rule throws, whatever the bytes", () => {
  const bodies = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.string({ unit: "binary", maxLength: 200 }),
    fc
      .array(fc.json({ maxDepth: 3 }), { maxLength: 6 })
      .map((all) => all.map((one) => `data: ${one}\n\n`).join("")),
  )
  const ends = fc.constantFrom("complete", "truncated", "timeout", "limit", "aborted", "network")
  const known = knownOf({ deterministic: true })
  fc.assert(
    fc.property(
      bodies,
      ends,
      fc.constantFrom(knownOf(), known, knownOf({ profileName: "openai", traits: new Set(["azure"]) })),
      (body, kind, known) => {
        found(allRules, [streamOf(body, {}, { end: { kind, stage: "body" } })], known)
      },
    ),
  )
})

test("where bytes are cut changes nothing", () => {
  const bytes = Buffer.from(`\ufeff: é\r\n\r\ndata: x\r\r${text}data: é\n`)
  const cutAt = (...cuts: number[]) => {
    const exchange = streamOf(bytes)
    const chunks = [0, ...cuts].map((from, i) => ({ atMs: i, bytes: bytes.subarray(from, cuts[i]) }))
    const { response } = exchange
    return found(MUST, [response ? { ...exchange, response: { ...response, chunks } } : exchange])
  }
  for (let at = 1; at < bytes.length; at++) expect(cutAt(at)).toEqual(cutAt())
})
