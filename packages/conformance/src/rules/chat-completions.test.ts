import type { ChatCompletionRequest } from "@nexhina/schemas"
import * as fc from "fast-check"
import { expect, test } from "vitest"
import { chunkOf, deltaOf, guideSample, streamOf, streamOfData } from "../../test/chat-stream.ts"
import { exchangeOf, knownOf } from "../../test/exchange.ts"
import { found, judgedBy } from "../../test/found.ts"
import type { Evidence } from "../evidence.ts"
import { endlessTask } from "../probes/chat-completions.ts"
import { chatCompletionRules } from "./chat-completions.ts"

const openai = knownOf({ profileName: "openai" })
const deterministic = knownOf({ deterministic: true })

const hello = [{ role: "user" as const, content: "Hello" }]
const choice = { index: 0, message: { role: "assistant", content: "Hi." }, finish_reason: "stop" }
const completion = {
  id: "chatcmpl-abc123",
  object: "chat.completion",
  created: 1713833628,
  model: "deepseek-v3",
  choices: [choice],
  usage: { prompt_tokens: 15, completion_tokens: 2, total_tokens: 17 },
}

type Request = Partial<ChatCompletionRequest>

/** A whole reply to a request with these members. */
const replyOf = (body: unknown, request: Request = {}) =>
  exchangeOf({
    operation: "createChatCompletion",
    request: { model: "deepseek-v3", messages: hello, ...request },
    body,
  })

/** A reply with this message, or other members of its choice. */
const saying = (message: object, members: object = {}, request: Request = {}) =>
  replyOf(
    { ...completion, choices: [{ ...choice, message: { ...choice.message, ...message }, ...members }] },
    request,
  )

const without = (name: keyof typeof completion) =>
  replyOf(Object.fromEntries(Object.entries(completion).filter(([member]) => member !== name)))

const rules = chatCompletionRules
const faultsOf = (exchanges: readonly Evidence[], known = knownOf()) =>
  found(rules, exchanges, known).map(([rule, fault, at]) => [
    `${rule} ${fault}`,
    "pointer" in at ? at.pointer : at.part,
  ])

// Legal forms

const call = { id: "call_1", type: "function", function: { name: "f", arguments: "{}" } }

test.each([
  ["the Chat Completion page's sample", replyOf(completion)],
  ["members that nobody knows", saying({ reasoning_content: "Hm.", token_ids: [1] }, { cost: 1 })],
  [
    "a dated snapshot of the model that was asked for",
    replyOf({ ...completion, model: "deepseek-v3-2024-08-06" }),
  ],
  ["null with calls", saying({ content: null, tool_calls: [call] }, { finish_reason: "tool_calls" })],
  ["calls without the member content", saying({ content: undefined, tool_calls: [call] })],
  ["a refusal instead of content", saying({ content: null, refusal: "I will not." })],
  ["audio instead of content", saying({ content: null, audio: { id: "a" } })],
  ["no content where the limit came first", saying({ content: null }, { finish_reason: "length" })],
  ["no content where a filter came first", saying({ content: "" }, { finish_reason: "content_filter" })],
  [
    "a legacy function call",
    saying({ content: null, function_call: call.function }, { finish_reason: "function_call" }),
  ],
  ["the guide's sample stream", streamOf(guideSample)],
  ["choices in any order", replyOf({ ...completion, choices: [{ ...choice, index: 1 }, choice] }, { n: 2 })],
])("%s is legal", (_, exchange) => {
  expect(found(rules, [exchange])).toEqual([])
})

test("under the profile openai, the full reply is legal", () => {
  expect(found(rules, [saying({ refusal: null }, { logprobs: null })], openai)).toEqual([])
})

// Shape

test.each([
  ["id", "missing", without("id"), "/id"],
  ["created", "missing", without("created"), "/created"],
  ["a fraction of a second", "wrong-value", replyOf({ ...completion, created: 1713833628.5 }), "/created"],
  ["no list of choices", "choices", replyOf({ ...completion, choices: {} }), "/choices"],
  ["a text as index", "choices", saying({}, { index: "0" }), "/choices/0/index"],
  ["no message", "choices", saying({}, { message: undefined }), "/choices/0/message"],
  ["a finish_reason", "missing", saying({}, { finish_reason: undefined }), "/choices/0/finish_reason"],
  ["an array", "choices", replyOf([]), ""],
])("chat.schema: %s, %s", (_, fault, exchange, pointer) => {
  expect(faultsOf([exchange])).toEqual([[`chat.schema ${fault}`, pointer]])
})

test("chat.schema-full: what OpenAI requires, under its profile alone", () => {
  expect(faultsOf([saying({ content: undefined, tool_calls: [call] }, {})], openai)).toEqual([
    ["chat.schema-full no-refusal", "/choices/0/message/refusal"],
    ["chat.schema-full no-content", "/choices/0/message/content"],
    ["chat.schema-full no-logprobs", "/choices/0/logprobs"],
  ])
})

test("chat.object: another name, whole and streamed", () => {
  const chunk = { ...deltaOf({ content: "Hi" }), object: "chat.completions.chunk" }
  expect(faultsOf([replyOf({ ...completion, object: "chat.completion.chunk" })])).toEqual([
    ["chat.object other-name", "/object"],
  ])
  expect(faultsOf([streamOfData([deltaOf({ role: "assistant" }), chunk, chunk])])).toEqual([
    ["chat.object other-name", "/object"],
  ])
})

test("chat.id-unique: one id for two requests", () => {
  const other = saying({}, {}, { temperature: 1 })
  expect(faultsOf([replyOf(completion), other])).toEqual([["chat.id-unique repeated", "/id"]])
  expect(faultsOf([replyOf(completion), replyOf(completion)])).toEqual([])
})

test.each([
  ["one choice for two", { n: 2 }, [choice], "count", "/choices"],
  ["two for one", {}, [choice, { ...choice, index: 1 }], "count", "/choices"],
  ["an index twice", { n: 2 }, [choice, choice], "index", "/choices"],
  ["indices from 1", {}, [{ ...choice, index: 1 }], "index", "/choices"],
])("chat.choices-match-n: %s", (_, request, choices, fault, pointer) => {
  expect(faultsOf([replyOf({ ...completion, choices }, request)])).toEqual([
    [`chat.choices-match-n ${fault}`, pointer],
  ])
})

test.each([
  ["chat.message-role not-assistant", saying({ role: "model" }), "/choices/0/message/role"],
  ["chat.message-role not-assistant", saying({ role: undefined }), "/choices/0/message/role"],
  ["chat.content-or-call not-a-string", saying({ content: ["Hi"] }), "/choices/0/message/content"],
  ["chat.content-or-call nothing", saying({ content: null }), "/choices/0/message/content"],
  ["chat.content-or-call nothing", saying({ content: null, tool_calls: [] }), "/choices/0/message/content"],
  ["chat.finish-enum null", saying({}, { finish_reason: null }), "/choices/0/finish_reason"],
  ["chat.finish-enum unlisted", saying({}, { finish_reason: "eos" }), "/choices/0/finish_reason"],
  ["chat.no-control-markers marker", saying({ content: "Hi.<|im_end|>" }), "/choices/0/message/content"],
])("%s", (fault, exchange, pointer) => {
  expect(faultsOf([exchange])).toEqual([[fault, pointer]])
})

test("chat.finish-enum: in a stream, at the chunk that finishes", () => {
  const exchange = streamOfData([deltaOf({ role: "assistant", content: "Hi" }), deltaOf({}, "end_turn")])
  expect(found(rules, [exchange])).toEqual([
    ["chat.finish-enum", "unlisted", { part: "event", event: 1, offset: 187, pointer: "/choices/0" }],
  ])
  expect(found(rules, [streamOfData([deltaOf({ content: "Hi" })])])).toEqual([])
})

test("chat.no-control-markers: a marker that the request speaks of may be repeated", () => {
  const messages = [{ role: "user" as const, content: "What is <|im_end|>?" }]
  expect(found(rules, [saying({ content: "<|im_end|> ends a turn." }, {}, { messages })])).toEqual([])
})

// Limits

const used = (completion_tokens: number, finish_reason: string, details: object = {}) => ({
  ...completion,
  choices: [{ ...choice, finish_reason }],
  usage: { prompt_tokens: 9, completion_tokens, total_tokens: 9 + completion_tokens, ...details },
})
const endless = [{ role: "user" as const, content: endlessTask }]

test.each([
  ["one token too many", used(4, "length"), { max_tokens: 3 }, "over-limit", "/usage/completion_tokens"],
  [
    "the newer member ignored",
    used(9, "stop"),
    { max_completion_tokens: 3 },
    "over-limit",
    "/usage/completion_tokens",
  ],
  [
    "cut, and called whole",
    used(3, "stop"),
    { max_tokens: 3, messages: endless },
    "not-length",
    "/choices/0/finish_reason",
  ],
  [
    "cut before it began",
    used(0, "length"),
    { max_tokens: 3 },
    "nothing-generated",
    "/choices/0/finish_reason",
  ],
])("chat.max-tokens-honoured: %s", (_, body, request, fault, pointer) => {
  expect(faultsOf([replyOf(body, request)])).toEqual([[`chat.max-tokens-honoured ${fault}`, pointer]])
})

test.each([
  ["as many tokens as allowed", used(3, "length"), { max_tokens: 3 }],
  ["a reply that ends by itself where the limit is", used(3, "stop"), { max_tokens: 3 }],
  ["fewer tokens, cut by the model's own limit", used(2, "length"), { max_tokens: 3 }],
  ["0, which is no limit", used(30, "stop"), { max_tokens: 0 }],
  ["the larger of two limits", used(5, "length"), { max_tokens: 3, max_completion_tokens: 5 }],
  [
    "nothing but reasoning that is counted apart",
    used(0, "length", { completion_tokens_details: { reasoning_tokens: 3 } }),
    { max_tokens: 3 },
  ],
  ["no usage", { ...used(9, "stop"), usage: undefined }, { max_tokens: 3 }],
])("chat.max-tokens-honoured: %s is legal", (_, body, request) => {
  expect(found(rules, [replyOf(body, request)])).toEqual([])
})

// Stop strings

test("chat.stop-excluded: a stop string in the text, in either mode and at the chunk that brings it", () => {
  const request = { stop: ["END", "###"] }
  expect(faultsOf([saying({ content: "one END two" }, {}, request)])).toEqual([
    ["chat.stop-excluded contained", "/choices/0/message/content"],
  ])
  const parts = ["one ", "##", "# two", " three"]
  const chunks = [...parts.map((content) => deltaOf({ content })), deltaOf({}, "stop")]
  expect(found(rules, [streamOfData(chunks, request)])).toEqual([
    ["chat.stop-excluded", "contained", expect.objectContaining({ part: "event", event: 1 })],
  ])
})

test("chat.stop-excluded: reasoning and arguments may contain it", () => {
  const message = { content: "one", reasoning_content: "END", tool_calls: [{ ...call, id: "END" }] }
  expect(found(rules, [saying(message, {}, { stop: "END" })])).toEqual([])
})

function stopped(content: string, mode: Request) {
  const request = { stop: " two", ...mode }
  const id = `${content}, ${JSON.stringify(mode)}`
  if (!mode.stream)
    return replyOf(
      { ...completion, id, choices: [{ ...choice, message: { role: "assistant", content } }] },
      request,
    )
  return streamOfData(
    [deltaOf({ content }), deltaOf({}, "stop")].map((chunk) => ({ ...chunk, id })),
    request,
  )
}
const free = saying({ content: "one two three" })

test.each([
  ["too-long", "one two"],
  ["too-long", "one t"],
  ["too-short", "on"],
  ["different", "One"],
])("chat.stop-exact %s: %s, whole and streamed", (fault, content) => {
  const exchanges = [free, stopped(content, {}), stopped(content, { stream: true }), free]
  const faults = found(rules, exchanges, deterministic).filter(([rule]) => rule === "chat.stop-exact")
  expect(faults.map(([, fault]) => fault)).toEqual([fault, fault])
})

test("chat.stop-exact: for deterministic targets alone, and where there is something to compare", () => {
  const exchanges = [free, stopped("one", {}), stopped("one", { stream: true }), free]
  expect(found(rules, exchanges, deterministic)).toEqual([])
  expect(judgedBy(rules, exchanges, deterministic)).toContain("chat.stop-exact")
  expect(judgedBy(rules, exchanges)).not.toContain("chat.stop-exact")
  expect(judgedBy(rules, [free, free], deterministic)).not.toContain("chat.stop-exact")
  expect(judgedBy(rules, exchanges.slice(0, -1), deterministic)).not.toContain("chat.stop-exact")
})

test("chat.stop-exact: a target that says something else each time is not judged", () => {
  const exchanges = [free, stopped("One", {}), saying({ content: "One two three" })]
  expect(judgedBy(rules, exchanges, deterministic)).not.toContain("chat.stop-exact")
})

test.each([
  ["a filter", saying({ content: "on" }, { finish_reason: "content_filter" }, { stop: " two" })],
  ["a refusal", saying({ content: null, refusal: "No." }, {}, { stop: " two" })],
])("chat.stop-exact: a reply that %s ended is not compared", (_, cut) => {
  const exchanges = [free, cut, free]
  expect(judgedBy(rules, exchanges, deterministic)).toContain("chat.stop-exact")
  expect(found(rules, exchanges, deterministic).filter(([rule]) => rule === "chat.stop-exact")).toEqual([])
})

// Formats

const schema = { type: "object", properties: { a: { type: "integer" } }, required: ["a"] }
const strict: Request = {
  response_format: { type: "json_schema", json_schema: { name: "s", strict: true, schema } },
}
const lax: Request = { response_format: { type: "json_schema", json_schema: { name: "s", schema } } }
const anyObject: Request = { response_format: { type: "json_object" } }

test.each([
  ["not-json", "Sure: a is 1.", anyObject],
  ["fenced", '```json\n{"a":1}\n```', strict],
  ["not-an-object", "[1]", anyObject],
  ["breaks-schema", '{"a":"1"}', strict],
  ["not-json", '{"a":1', lax],
])("chat.response-format-honoured %s: %s", (fault, content, request) => {
  expect(faultsOf([saying({ content }, {}, request)])).toEqual([
    [`chat.response-format-honoured ${fault}`, "/choices/0/message/content"],
  ])
})

test.each([
  ['{"a":1}', {}, strict],
  [' {"a":1, "b":2}\n', {}, strict],
  ['{"a":"1"}', {}, lax],
  ["Sure.", {}, { response_format: { type: "text" } }],
] satisfies [string, object, Request][])(
  "chat.response-format-honoured: %s is legal",
  (content, members, request) => {
    expect(found(rules, [saying({ content }, members, request)])).toEqual([])
  },
)

test.each([
  ["cut at a stop string", { content: '{"a":' }, {}, { ...anyObject, stop: "1" }],
  ["cut by the limit", { content: '{"a' }, { finish_reason: "length" }, strict],
  ["cut by a filter", { content: "" }, { finish_reason: "content_filter" }, strict],
  ["a refusal", { content: null, refusal: "No." }, {}, strict],
  ["calls", { content: null, tool_calls: [call] }, {}, strict],
  [
    "of an odd schema",
    { content: "{}" },
    {},
    {
      response_format: { type: "json_schema", json_schema: { name: "s", strict: true, schema: { type: 1 } } },
    },
  ],
] satisfies [string, object, object, Request][])(
  "chat.response-format-honoured: a reply %s is not judged",
  (_, message, members, request) => {
    const exchange = saying(message, members, request)
    expect(found(rules, [exchange])).toEqual([])
    expect(judgedBy(rules, [exchange])).not.toContain("chat.response-format-honoured")
  },
)

// Log probabilities

const entry = { token: "Hi", logprob: -0.5, bytes: [72, 105], top_logprobs: [] as object[] }
const scored = (content: unknown, request: Request = {}) =>
  saying(
    { content: "Hi" },
    { logprobs: content === null ? null : { content } },
    { logprobs: true, ...request },
  )

test.each([
  ["missing", scored(null), ""],
  ["missing", scored([]), ""],
  ["entry", scored([{ ...entry, token: undefined }]), "/content/0/token"],
  ["entry", scored(["Hi"]), "/content/0"],
  ["logprob", scored([{ ...entry, logprob: null }]), "/content/0/logprob"],
  ["logprob", scored([entry, { ...entry, logprob: 0.1 }]), "/content/1/logprob"],
  ["bytes", scored([{ ...entry, bytes: [256] }]), "/content/0/bytes/0"],
  ["alternatives", scored([{ ...entry, top_logprobs: [entry] }]), "/content/0/top_logprobs"],
  [
    "other-endpoint",
    saying({}, { logprobs: { tokens: ["Hi"], token_logprobs: [-0.5] } }, { logprobs: true }),
    "",
  ],
])("chat.logprobs-shape %s", (fault, exchange, path) => {
  expect(faultsOf([exchange])).toEqual([[`chat.logprobs-shape ${fault}`, `/choices/0/logprobs${path}`]])
})

test.each([
  ["bytes null", scored([{ ...entry, bytes: null }])],
  ["bytes absent", scored([{ ...entry, bytes: undefined }])],
  ["certain", scored([{ ...entry, logprob: 0 }])],
  ["no text", saying({ content: null, tool_calls: [call] }, { logprobs: null }, { logprobs: true })],
])("chat.logprobs-shape: %s is legal", (_, exchange) => {
  expect(found(rules, [exchange])).toEqual([])
})

test.each([
  [
    "chat.logprobs-alternatives fewer",
    "Hi",
    [{ ...entry, top_logprobs: [entry] }],
    "/content/0/top_logprobs",
    2,
  ],
  ["chat.logprobs-text text", "Hi you", [entry], "/content", 0],
  ["chat.logprobs-text bytes", "Hi", [{ ...entry, bytes: [63] }], "/content/0/bytes", 0],
] as const)("%s", (fault, content, logprobs, path, top_logprobs) => {
  const exchange = saying({ content }, { logprobs: { content: logprobs } }, { logprobs: true, top_logprobs })
  expect(faultsOf([exchange])).toEqual([[fault, `/choices/0/logprobs${path}`]])
})

test.each([
  [
    "thoughts and a last token besides",
    "Hi",
    [{ ...entry, token: "Hm.", bytes: null }, entry, { ...entry, token: "", bytes: [] }],
  ],
  [
    "a character whose bytes are of two tokens",
    "é",
    [
      { ...entry, token: "\\xc3", bytes: [0xc3] },
      { ...entry, token: "\ufffd", bytes: [0xa9] },
    ],
  ],
  [
    "a token of a space and a part of a character",
    "Hi 😊",
    [
      entry,
      { ...entry, token: " \\xf0\\x9f\\x98", bytes: [0x20, 0xf0, 0x9f, 0x98] },
      { ...entry, token: "\\x8a", bytes: [0x8a] },
    ],
  ],
  [
    "a token of one byte, as SentencePiece and llama.cpp write it",
    "é",
    [
      { ...entry, token: "<0xC3>", bytes: null },
      { ...entry, token: "byte: \\xa9", bytes: null },
    ],
  ],
  [
    "a character that the limit cut, as one sign for each byte",
    "Hi\ufffd\ufffd\ufffd",
    [entry, ...[0xf0, 0x9f, 0x98].map((byte) => ({ ...entry, token: "\ufffd", bytes: [byte] }))],
  ],
])("chat.logprobs-text: %s is legal", (_, content, logprobs) => {
  expect(
    found(rules, [saying({ content }, { logprobs: { content: logprobs } }, { logprobs: true })]),
  ).toEqual([])
})

test("chat.logprobs-unasked: log probabilities only where they were requested", () => {
  const logprobs = { content: [entry] }
  expect(faultsOf([saying({ content: "Hi" }, { logprobs })])).toEqual([
    ["chat.logprobs-unasked sent", "/choices/0/logprobs"],
  ])
  expect(faultsOf([saying({ content: "Hi" }, { logprobs: { content: [] } })])).toEqual([])
})

test("chat.no-control-markers: thoughts in front of the text", () => {
  expect(faultsOf([saying({ content: "<think>Hm.</think>Hi" })])).toEqual([
    ["chat.no-control-markers marker", "/choices/0/message/content"],
  ])
})

test("chat.logprobs-shape: lost in a stream", () => {
  expect(
    faultsOf([streamOfData([deltaOf({ content: "Hi" }), deltaOf({}, "stop")], { logprobs: true })]),
  ).toEqual([["chat.logprobs-shape missing", "/choices/0"]])
})

// Laws

test("no body and no request makes a rule throw", () => {
  const member = fc.constantFrom(
    ...Object.keys(completion),
    ...Object.keys(choice),
    "content",
    "tool_calls",
    "logprobs",
  )
  const body = fc.oneof(
    fc.jsonValue(),
    fc.dictionary(member, fc.jsonValue()),
    fc.record({
      choices: fc.array(
        fc.dictionary(member, fc.oneof(fc.jsonValue(), fc.dictionary(member, fc.jsonValue()))),
      ),
    }),
  )
  const requests = [{}, strict, anyObject, { logprobs: true }, { stop: "a" }, { max_tokens: 1 }, { n: 2 }]
  fc.assert(
    fc.property(body, fc.constantFrom(...requests), fc.boolean(), (body, request, streamed) => {
      const data = Object(body) as object
      const exchange = streamed ? streamOfData([data, chunkOf([data])], request) : replyOf(body, request)
      found(rules, [exchange], openai)
      found(rules, [exchange], deterministic)
    }),
    { numRuns: 500 },
  )
})
