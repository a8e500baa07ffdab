import type { ChatCompletionRequest } from "@nexhina/schemas"
import * as fc from "fast-check"
import { expect, test } from "vitest"
import { chunkOf, deltaOf, streamOfData } from "../../test/chat-stream.ts"
import { knownOf } from "../../test/exchange.ts"
import { found } from "../../test/found.ts"
import type { Where } from "../rule.ts"
import type { TargetFacts } from "../target/facts.ts"
import { chatStreamRules } from "./chat-streams.ts"
import { sseRules } from "./sse.ts"
import { usageRules } from "./usage.ts"

const rules = [...sseRules, ...chatStreamRules, ...usageRules]

const first = deltaOf({ role: "assistant", content: "" })
const hi = deltaOf({ content: "Hi" })
const stop = deltaOf({}, "stop")

const findings = (
  data: readonly object[],
  request: Partial<ChatCompletionRequest> = {},
  known?: TargetFacts,
) => found(rules, [streamOfData(data, request)], known)

/** The place of a member of one of these data, sent as the kit's own encoder does. */
function eventIn(data: readonly object[], event: number, pointer: string): Where {
  const before = data.slice(0, event).map((one) => `data: ${JSON.stringify(one)}\n\n`)
  return { part: "event", event, offset: Buffer.byteLength(before.join("")), pointer }
}

const openai = knownOf({ profileName: "openai" })
const azure = knownOf({ profileName: "openai", traits: new Set(["azure"]) })

const filterReports = [
  { id: "", object: "", created: 0, model: "", choices: [], prompt_filter_results: [{ prompt_index: 0 }] },
  {
    id: "",
    object: "",
    created: 0,
    model: "",
    choices: [{ index: 0, finish_reason: null, content_filter_results: {}, content_filter_offsets: {} }],
  },
]

test.each([
  ["role and text in one delta", [deltaOf({ role: "assistant", content: "Hi" }), stop]],
  ["the last text with the finish_reason", [first, deltaOf({ content: "Hi" }, "stop")]],
  ["all in one chunk", [deltaOf({ role: "assistant", content: "Hi" }, "stop")]],
  ["nothing but an end", [deltaOf({ role: "assistant" }, "stop")]],
  [
    "empty deltas as keep-alives, before the role too",
    [deltaOf({}), deltaOf({ content: "" }), first, deltaOf({}), stop],
  ],
  [
    "null for role, content and calls",
    [first, deltaOf({ role: null, content: null, tool_calls: null }), stop],
  ],
  ["a finish_reason of its own", [first, deltaOf({}, "eos")]],
  [
    "members that nobody knows",
    [deltaOf({ role: "assistant", reasoning_content: "Hm" }), { ...stop, x_cost: 1 }],
  ],
  [
    "an empty delta after the end",
    [first, stop, deltaOf({ role: "assistant", content: "" })].with(2, deltaOf({})),
  ],
])("%s is legal", (_, data) => {
  expect(findings(data)).toEqual([])
  expect(findings(data, {}, openai)).toEqual([])
})

test("the chunks of several choices may come in any order, several in one chunk too", () => {
  const choice = (index: number, delta: object, finish_reason: string | null = null) => ({
    index,
    delta,
    finish_reason,
  })
  const ofChoice = (index: number) => [
    choice(index, { role: "assistant", content: "" }),
    choice(index, { content: "Hi" }),
    choice(index, {}, "stop"),
  ]
  const turns = fc.shuffledSubarray([0, 0, 0, 1, 1, 1], { minLength: 6, maxLength: 6 })
  fc.assert(
    fc.property(turns, fc.boolean(), (turns, isTogether) => {
      const queues = [ofChoice(0), ofChoice(1)]
      const parts = turns.flatMap((index) => queues[index]?.shift() ?? [])
      const data = isTogether ? [chunkOf(parts)] : parts.map((part) => chunkOf([part]))
      expect(findings(data, { n: 2 })).toEqual([])
    }),
  )
})

test("a stream without any role is legal under nexhina, not for OpenAI", () => {
  expect(findings([hi, stop])).toEqual([])
  expect(findings([hi, stop], {}, openai)).toEqual([
    ["stream.role-first", "late", eventIn([hi], 0, "/choices/0/delta")],
  ])
})

test("Azure's reports of its filters are let pass where Azure is known", () => {
  const data = [...filterReports.slice(0, 1), first, hi, stop, ...filterReports.slice(1)]
  expect(findings(data, {}, azure)).toEqual([])
  expect(findings(data, {}, openai).map(([rule, fault]) => [rule, fault])).toEqual([
    ["stream.chunk-schema", "id"],
    ["stream.chunk-schema", "delta"],
  ])
})

test("Azure's text with the results of filters is judged like any other", () => {
  const filtered = chunkOf([
    { index: 0, delta: { content: "Hi" }, finish_reason: "", content_filter_results: {} },
  ])
  expect(findings([first, filtered, stop], {}, azure).map(([rule]) => rule)).toEqual([
    "stream.finish-null-before",
  ])
})

const { id: _, ...noId } = hi
const { created: __, ...noCreated } = hi
const choiceOf = (members: object) => chunkOf([{ index: 0, delta: {}, finish_reason: null, ...members }])

test.each([
  ["id", "/id", noId],
  ["id", "/id", { ...hi, id: "" }],
  ["object", "/object", { ...hi, object: null }],
  ["created", "/created", noCreated],
  ["created", "/created", { ...hi, created: "1713833628" }],
  ["model", "/model", { ...hi, model: null }],
  ["choices", "/choices", { ...hi, choices: {} }],
  ["choices", "/choices", { ...hi, choices: [null] }],
  ["index", "/choices/0/index", choiceOf({ index: "0" })],
  ["delta", "/choices/0/delta", choiceOf({ delta: null })],
  ["content", "/choices/0/delta/content", choiceOf({ delta: { content: ["Hi"] } })],
  ["tool-calls", "/choices/0/delta/tool_calls", choiceOf({ delta: { tool_calls: {} } })],
])("stream.chunk-schema: %s", (fault, pointer, chunk) => {
  const data = [first, chunk, stop]
  const [found] = findings(data)
  expect(found).toEqual(["stream.chunk-schema", fault, eventIn(data, 1, pointer)])
})

test("only a chunk with usage may leave out created and model, and only under nexhina", () => {
  const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 }
  const { created: _, model: __, ...short } = { ...stop, usage }
  const asked = { stream_options: { include_usage: true } }
  expect(findings([first, hi, short], asked)).toEqual([])
  expect(findings([first, hi, short], asked, openai).map(([rule, fault]) => [rule, fault])).toEqual([
    ["stream.chunk-schema", "created"],
    ["stream.chunk-schema", "model"],
    ["usage.stream-own-chunk", "with-choices"],
  ])
})

const choice = (index: number, delta: object, finish_reason: string | null = null) =>
  deltaOf(delta, finish_reason, index)
const two = [
  choice(0, { role: "assistant" }),
  choice(1, { role: "assistant" }),
  choice(0, {}, "stop"),
  choice(1, {}, "stop"),
]

test.each([
  ["stream.id-constant", "changes", 2, "/id", [first, hi, { ...stop, id: "chatcmpl-2" }], {}],
  ["stream.created-constant", "changes", 1, "/created", [first, { ...hi, created: 1 }, stop], {}],
  [
    "stream.fingerprint-constant",
    "changes",
    1,
    "/system_fingerprint",
    [{ ...first, system_fingerprint: "fp_1" }, { ...hi, system_fingerprint: "fp_2" }, stop],
    {},
  ],
  ["stream.model-constant", "changes", 1, "/model", [first, { ...hi, model: "o3" }, stop], {}],
  [
    "stream.index-in-range",
    "out-of-range",
    2,
    "/choices/0/index",
    [first, hi, choice(197, {}), choice(197, {}, "stop"), stop],
    {},
  ],
  ["stream.role-first", "late", 0, "/choices/0/delta", [hi, first, stop], {}],
  [
    "stream.role-first",
    "late",
    2,
    "/choices/0/delta",
    two
      .with(1, choice(1, {}))
      .with(2, choice(1, {}, "stop"))
      .with(3, choice(0, {}, "stop")),
    { n: 2 },
  ],
  [
    "stream.role-valid",
    "empty",
    1,
    "/choices/0/delta/role",
    [first, deltaOf({ role: "", content: "Hi" }), stop],
    {},
  ],
  ["stream.role-valid", "other", 0, "/choices/0/delta/role", [deltaOf({ role: "model" }), hi, stop], {}],
  ["stream.role-once", "repeated", 1, "/choices/0/delta/role", [first, first, first, stop], {}],
  [
    "stream.finish-once",
    "repeated",
    2,
    "/choices/0/finish_reason",
    [first, deltaOf({}, "tool_calls"), stop],
    {},
  ],
  ["stream.finish-last", "text-after", 2, "/choices/0/delta", [first, stop, hi], {}],
  [
    "stream.finish-last",
    "call-after",
    2,
    "/choices/0/delta",
    [first, stop, deltaOf({ tool_calls: [{ index: 0 }] })],
    {},
  ],
  [
    "stream.finish-null-before",
    "empty-string",
    1,
    "/choices/0/finish_reason",
    [first, deltaOf({ content: "Hi" }, ""), stop],
    {},
  ],
  [
    "stream.finish-null-before",
    "string-null",
    1,
    "/choices/0/finish_reason",
    [first, deltaOf({ content: "Hi" }, "null"), stop],
    {},
  ],
  [
    "stream.finish-null-before",
    "wrong-type",
    1,
    "/choices/0/finish_reason",
    [first, choiceOf({ finish_reason: false }), stop],
    {},
  ],
  [
    "stream.finish-key-present",
    "absent",
    1,
    "/choices/0",
    [first, choiceOf({ finish_reason: undefined }), stop],
    {},
  ],
  [
    "stream.no-message-member",
    "message",
    1,
    "/choices/0/message",
    [first, choiceOf({ message: { content: "Hi" } }), stop],
    {},
  ],
  ["stream.empty-choices-only-usage", "empty", 0, "/choices", [chunkOf([]), first, stop], {}],
] as const)("%s: %s", (rule, fault, event, pointer, data, request) => {
  expect(findings(data, request)).toEqual([[rule, fault, eventIn(data, event, pointer)]])
})

test("what is missing is missed at the end", () => {
  const at = { part: "end" }
  expect(findings([first, hi])).toEqual([["stream.finish-once", "missing", at]])
  expect(findings([first, hi, stop], { n: 2 })).toEqual([["stream.index-in-range", "missing", at]])
})

test("choices that share an index cannot be told apart: no more is said of them", () => {
  const data = two.map((chunk) => ({ ...chunk, choices: chunk.choices.map((one) => ({ ...one, index: 0 })) }))
  expect(findings(data, { n: 2 })).toEqual([["stream.index-in-range", "missing", { part: "end" }]])
})

test("what follows [DONE] or an error is no part of the chat", () => {
  const error = { error: { message: "The model fell asleep." } }
  expect(findings([first, hi, error, { ...stop, id: "other" }])).toEqual([])
})

test("no rule throws, whatever the chunks", () => {
  const json = fc.jsonValue({ maxDepth: 2 })
  const choices = fc.record(
    { index: json, delta: json, finish_reason: json, message: json },
    { requiredKeys: [] },
  )
  const deltas = fc.record({ role: json, content: json, tool_calls: json }, { requiredKeys: [] })
  const parts = fc.oneof(
    json,
    choices,
    deltas.map((delta) => ({ index: 0, delta })),
  )
  const chunks = fc.record(
    {
      id: json,
      object: json,
      created: json,
      model: json,
      usage: json,
      choices: fc.oneof(json, fc.array(parts, { maxLength: 3 })),
    },
    { requiredKeys: [] },
  )
  const request = fc.record(
    { n: fc.integer({ min: 1, max: 3 }), stream_options: fc.constant({ include_usage: true }) },
    { requiredKeys: [] },
  )
  fc.assert(
    fc.property(
      fc.array(chunks, { maxLength: 5 }),
      request,
      fc.constantFrom(knownOf(), azure),
      (data, request, known) => {
        findings(data, request, known)
      },
    ),
  )
})
