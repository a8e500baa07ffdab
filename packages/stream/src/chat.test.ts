import {
  ChatCompletionChunk,
  ChatCompletionResponse,
  type ChoiceLogprobs,
  type CompletionUsage,
  profiles,
} from "@nexhina/schemas"
import fc from "fast-check"
import { expect, test } from "vitest"
import { isWhole, nullish, object, said, text, tokensOf } from "../test/values.ts"
import { assembleChat, canonicalChat, readChatStream, splitChat } from "./chat.ts"
import { decode } from "./decode.ts"
import { encode } from "./encode.ts"
import { DONE } from "./event.ts"
import { isComplete } from "./payload.ts"

// Any completion that the schema allows, with members that it does not know.

const call = fc.oneof(
  object({
    id: fc.string(),
    type: fc.constant("function"),
    function: object({ name: fc.string(), arguments: text }),
    index: fc.constantFrom(undefined, 0, 7),
  }),
  object({
    id: fc.string(),
    type: fc.constant("custom"),
    custom: object({ name: fc.string(), input: text }),
  }),
  object({ type: fc.constant("x_mcp") }),
)

const message = object({
  role: fc.constant("assistant"),
  content: nullish(text),
  refusal: nullish(text),
  reasoning_content: nullish(text),
  tool_calls: nullish(fc.array(call, { maxLength: 3 })),
  function_call: nullish(object({ name: fc.string(), arguments: text })),
  annotations: nullish(fc.array(object({ type: fc.constant("x_citation") }), { maxLength: 2 })),
  audio: nullish(
    object({ id: fc.string(), data: fc.string(), expires_at: fc.nat(), transcript: fc.string() }),
  ),
})

const choice = message.chain((message) =>
  object({
    index: fc.constant(0),
    message: fc.constant(message),
    finish_reason: fc.constantFrom("stop", "length", "tool_calls", "content_filter", "eos"),
    logprobs: nullish(
      object<ChoiceLogprobs>({
        content: nullish(tokensOf(message.content)),
        refusal: nullish(tokensOf(message.refusal)),
      }),
    ),
  }),
)

const usage = object<CompletionUsage>({
  prompt_tokens: fc.nat(),
  completion_tokens: fc.nat(),
  total_tokens: fc.nat(),
  prompt_tokens_details: nullish(object({ cached_tokens: nullish(fc.nat()) })),
})

const completions = object({
  id: fc.string(),
  object: fc.constant("chat.completion"),
  created: fc.nat(),
  model: fc.string(),
  choices: fc
    .tuple(fc.array(choice, { maxLength: 3 }), fc.shuffledSubarray([0, 1, 2], { minLength: 3 }))
    .map(([choices, order]) => choices.map((choice, i) => ({ ...choice, index: order[i] ?? i }))),
  usage: nullish(usage),
  service_tier: nullish(fc.string()),
  system_fingerprint: nullish(fc.string()),
}).map((completion) => ChatCompletionResponse.parse(completion))

const ways = fc.record({
  profile: fc.constantFrom(profiles.nexhina, profiles.openai),
  includeUsage: fc.boolean(),
})

test("chunks say together what the completion says", () => {
  fc.assert(
    fc.property(completions, ways, (completion, way) => {
      const asked = way.includeUsage ? completion : { ...completion, usage: null }
      expect(assembleChat(splitChat(completion, way))).toEqual(canonicalChat(asked))
    }),
  )
})

test("the canonical form says what the completion says, and is its own canonical form", () => {
  fc.assert(
    fc.property(completions, (completion) => {
      const canonical = canonicalChat(completion)
      const choices = completion.choices.toSorted((a, b) => a.index - b.index)
      const placed = said({ ...completion, choices }).filter(
        ([path]) => !/"tool_calls","\d+","index"\]$/.test(path),
      )
      expect(new Map(said(canonical))).toEqual(new Map(placed))
      expect(canonicalChat(canonical)).toEqual(canonical)
    }),
  )
})

test("every chunk satisfies the schema and carries what stands for the whole", () => {
  fc.assert(
    fc.property(completions, ways, (completion, way) => {
      const { choices: _, usage: __, ...whole } = completion
      for (const chunk of splitChat(completion, way)) {
        expect(ChatCompletionChunk.parse(chunk)).toEqual(chunk)
        expect(chunk).toMatchObject({ ...whole, object: "chat.completion.chunk" })
      }
    }),
  )
})

test("each choice begins with its role and ends with an empty delta and the only finish reason", () => {
  fc.assert(
    fc.property(completions, ways, (completion, way) => {
      const parts = splitChat(completion, way).flatMap(({ choices }) => choices)
      for (const { index, message, finish_reason } of completion.choices) {
        const own = parts.filter((part) => part.index === index)
        expect(own[0]?.delta).toMatchObject({
          role: "assistant",
          content: message.content == null ? null : "",
        })
        expect(own.filter(({ delta }) => "role" in delta).length).toBe(1)
        expect(own.map((part) => part.finish_reason)).toEqual([
          ...own.slice(1).map(() => null),
          finish_reason,
        ])
        expect(own.at(-1)?.delta).toEqual({})
      }
    }),
  )
})

test("each chunk has one choice, and the choices take turns", () => {
  fc.assert(
    fc.property(completions, ways, (completion, way) => {
      const rows = splitChat(completion, way).map(({ choices }) => choices)
      const last = rows.at(-1)?.length === 0 ? rows.slice(0, -1) : rows
      expect(last.every((choices) => choices.length === 1)).toBe(true)
      const indexes = last.map(([choice]) => choice?.index)
      const seen = completion.choices.map(({ index }) => index)
      expect(indexes.slice(0, seen.length)).toEqual(seen)
      expect(indexes.slice(seen.length, 2 * seen.length)).toEqual(seen)
    }),
  )
})

test("usage rides once, on the last chunk, where the profile says, and only when asked", () => {
  fc.assert(
    fc.property(completions, usage, ways, (completion, usage, { profile, includeUsage }) => {
      const chunks = splitChat({ ...completion, usage }, { profile, includeUsage })
      expect(chunks.map((chunk) => chunk.usage)).toEqual(
        includeUsage ? [...chunks.slice(1).map(() => null), usage] : chunks.map(() => undefined),
      )
      const own = includeUsage && profile.streamedUsage === "own-chunk"
      expect(chunks.at(-1)?.choices.length).toBe(own || completion.choices.length === 0 ? 0 : 1)
    }),
  )
})

test("no chunk holds half of a character that the completion has whole", () => {
  fc.assert(
    fc.property(completions, ways, (completion, way) => {
      const parts = splitChat(completion, way).flatMap(({ choices }) => choices)
      for (const { index, message } of completion.choices) {
        const deltas = parts.filter((part) => part.index === index).map(({ delta }) => delta)
        for (const member of ["content", "refusal", "reasoning_content"] as const) {
          if (isWhole(message[member])) expect(deltas.every((delta) => isWhole(delta[member]))).toBe(true)
        }
      }
    }),
  )
})

test("a call of the form before tools begins with its name, and its arguments come in fragments", () => {
  const function_call = { name: "weather", arguments: '{"city":"Oslo", "days":3}' }
  const message = { role: "assistant", content: null, function_call } as const
  const completion: ChatCompletionResponse = {
    id: "chatcmpl-1",
    object: "chat.completion",
    created: 1,
    model: "m",
    choices: [{ index: 0, message, finish_reason: "function_call" }],
  }
  const chunks = splitChat(completion, { profile: profiles.nexhina, includeUsage: false })
  expect(chunks.map(({ choices }) => choices[0]?.delta)).toEqual([
    { role: "assistant", content: null },
    { function_call: { name: "weather", arguments: "" } },
    { function_call: { arguments: '{"city":"Oslo",' } },
    { function_call: { arguments: ' "days":3}' } },
    {},
  ])
})

test("speech comes in pieces, each of which can be decoded alone", () => {
  const bytes = Uint8Array.from({ length: 40_000 }, (_, at) => at % 251)
  const audio = {
    id: "audio_1",
    data: Buffer.from(bytes).toString("base64"),
    expires_at: 9,
    transcript: "Good day",
  }
  const completion: ChatCompletionResponse = {
    id: "chatcmpl-1",
    object: "chat.completion",
    created: 1,
    model: "m",
    choices: [{ index: 0, message: { role: "assistant", content: null, audio }, finish_reason: "stop" }],
  }
  const chunks = splitChat(completion, { profile: profiles.openai, includeUsage: false })
  const deltas = chunks.map(({ choices }) => choices[0]?.delta.audio).filter((delta) => delta != null)
  expect(deltas[0]).toEqual({ id: "audio_1", data: "", transcript: "" })
  expect(deltas.map(({ transcript }) => transcript ?? "").join("")).toBe("Good day")
  const pieces = deltas.map(({ data }) => Buffer.from(data ?? "", "base64"))
  expect(pieces.length).toBeGreaterThan(4)
  expect(Buffer.concat(pieces).equals(bytes)).toBe(true)
  expect(deltas.at(-1)).toEqual({ expires_at: 9 })
})

test("a completion comes back from the bytes of its stream", () => {
  fc.assert(
    fc.property(completions, (completion) => {
      const chunks = splitChat(completion, { profile: profiles.nexhina, includeUsage: true })
      const text = encode([...chunks.map((data) => ({ data })), { data: DONE }])
      const stream = readChatStream(decode(new TextEncoder().encode(text)))
      expect(stream.departures).toEqual([])
      expect(stream.payloads.map(({ kind }) => kind)).toEqual([...chunks.map(() => "chunk"), "done"])
      expect(isComplete(stream, true)).toBe(true)
      expect(assembleChat(stream.chunks)).toEqual(canonicalChat(completion))
    }),
  )
})

const read = (text: string) => readChatStream(decode(new TextEncoder().encode(text)))

test("the stream of the Streaming Output Guide says what the guide says", () => {
  const stream =
    read(`data: {"id":"chatcmpl-abc123","object":"chat.completion.chunk","created":1713833628,"model":"gpt-4o","choices":[{"index":0,"delta":{"content":"You"},"finish_reason":null}]}

data: {"id":"chatcmpl-abc123","object":"chat.completion.chunk","created":1713833628,"model":"gpt-4o","choices":[{"index":0,"delta":{"content":" are"},"finish_reason":null}]}

data: {"id":"chatcmpl-abc123","object":"chat.completion.chunk","created":1713833628,"model":"gpt-4o","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}

data: [DONE]

`)
  expect(stream.departures).toEqual([])
  expect(stream.payloads.map(({ kind }) => kind)).toEqual(["chunk", "chunk", "chunk", "done"])
  expect(isComplete(stream, true)).toBe(true)
  expect(assembleChat(stream.chunks)).toEqual({
    id: "chatcmpl-abc123",
    object: "chat.completion",
    created: 1713833628,
    model: "gpt-4o",
    choices: [{ index: 0, message: { role: "assistant", content: "You are" }, finish_reason: "stop" }],
  })
})

const toolCall = ChatCompletionResponse.parse({
  id: "chatcmpl-1",
  object: "chat.completion",
  created: 1,
  model: "gpt-4o",
  system_fingerprint: "fp",
  choices: [
    {
      index: 0,
      message: {
        role: "assistant",
        content: null,
        refusal: null,
        tool_calls: [{ id: "call_1", type: "function", function: { name: "now", arguments: '{"tz": 1}' } }],
      },
      logprobs: null,
      finish_reason: "tool_calls",
    },
  ],
  usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 },
})

test("a tool call comes as its name, then its arguments", () => {
  const head = {
    id: "chatcmpl-1",
    object: "chat.completion.chunk",
    created: 1,
    model: "gpt-4o",
    system_fingerprint: "fp",
  }
  const part = (delta: object, finish_reason: string | null = null) => [
    { index: 0, delta, logprobs: null, finish_reason },
  ]
  const said = [
    part({ role: "assistant", content: null, refusal: null }),
    part({
      tool_calls: [{ index: 0, id: "call_1", type: "function", function: { name: "now", arguments: "" } }],
    }),
    part({ tool_calls: [{ index: 0, function: { arguments: '{"tz":' } }] }),
    part({ tool_calls: [{ index: 0, function: { arguments: " 1}" } }] }),
    part({}, "tool_calls"),
  ]
  expect(splitChat(toolCall, { profile: profiles.nexhina, includeUsage: false })).toEqual(
    said.map((choices) => ({ ...head, choices })),
  )
  expect(splitChat(toolCall, { profile: profiles.openai, includeUsage: true })).toEqual([
    ...said.map((choices) => ({ ...head, choices, usage: null })),
    { ...head, choices: [], usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 } },
  ])
})

test("texts are cut at words, long ones within, and at tokens where they are known", () => {
  const contents = (content: string, tokens?: string[]) => {
    const logprobs = tokens && { content: tokens.map((token) => ({ token, logprob: 0, top_logprobs: [] })) }
    const [choice] = toolCall.choices
    if (!choice) throw new Error("The example has one choice")
    const message = { role: "assistant" as const, content }
    const completion = { ...toolCall, choices: [{ ...choice, message, logprobs: logprobs ?? null }] }
    return splitChat(completion, { profile: profiles.nexhina, includeUsage: false })
      .flatMap(({ choices }) => choices)
      .map(({ delta, logprobs }) => [delta.content, logprobs?.content?.map(({ token }) => token)])
  }
  expect(contents("Two  words.\n")).toEqual([
    ["", undefined],
    ["Two", undefined],
    ["  words.", undefined],
    ["\n", undefined],
    [undefined, undefined],
  ])
  expect(contents("01234567890123456789").map(([text]) => text)).toEqual([
    "",
    "0123456789012345",
    "6789",
    undefined,
  ])
  expect(contents("ab 😀", ["a", "b ", "\ud83d", "", "\ude00", ""])).toEqual([
    ["", []],
    ["a", ["a"]],
    ["b ", ["b "]],
    ["😀", ["\ud83d", "", "\ude00"]],
    [undefined, [""]],
    [undefined, undefined],
  ])
  expect(contents("ab", ["other"])).toEqual([
    ["", []],
    [undefined, ["other"]],
    ["ab", undefined],
    [undefined, undefined],
  ])
})

const chunk = (members: object, ...choices: object[]) =>
  ChatCompletionChunk.parse({
    id: "a",
    object: "chat.completion.chunk",
    created: 1,
    model: "m",
    choices,
    ...members,
  })

test("chunks are taken as clients take them", () => {
  expect(assembleChat([])).toBeUndefined()
  expect(
    assembleChat([
      chunk({ id: "", created: 0, model: "", choices: [], x_filter: [1] }),
      chunk({ obfuscation: "xx", usage: null }, { index: 1, delta: { content: "b" } }),
      chunk(
        { usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 } },
        { index: 0, delta: { role: "assistant", tool_calls: [{ index: 1, function: { name: "late" } }] } },
      ),
      chunk({}, { index: 0, delta: { role: "assistant", tool_calls: [{ index: 1, id: "call_1" }] } }),
      chunk({}, { index: 0, delta: { tool_calls: [{ index: 0, custom: { input: "x" } }] } }),
      chunk({}, { index: 0, delta: { content: null, reasoning: "so " }, x_seen: null }),
      chunk({}, { index: 0, delta: { reasoning: "be it" }, finish_reason: "stop", x_seen: 1 }),
      chunk(
        { usage: { prompt_tokens: 1, completion_tokens: 5, total_tokens: 6 } },
        { index: 1, delta: { audio: { id: "au", data: "AA", transcript: "o" } } },
      ),
      chunk(
        { usage: null },
        { index: 1, delta: { audio: { id: "au", data: "BB", expires_at: 9, transcript: "h" } } },
      ),
    ]),
  ).toEqual({
    id: "a",
    object: "chat.completion",
    created: 1,
    model: "m",
    x_filter: [1],
    choices: [
      {
        index: 0,
        message: {
          role: "assistant",
          content: null,
          reasoning: "so be it",
          tool_calls: [
            { id: "", type: "custom", custom: { name: "", input: "x" } },
            { id: "call_1", type: "function", function: { name: "late", arguments: "" } },
          ],
        },
        finish_reason: "stop",
        x_seen: 1,
      },
      {
        index: 1,
        message: {
          role: "assistant",
          content: "b",
          audio: { id: "au", data: "AABB", expires_at: 9, transcript: "oh" },
        },
        finish_reason: null,
      },
    ],
    usage: { prompt_tokens: 1, completion_tokens: 5, total_tokens: 6 },
  })
})

test("a member named __proto__ is one like any other", () => {
  const evil = JSON.parse(
    '{"index":0,"delta":{"__proto__":{"polluted":1},"audio":{"__proto__":{"polluted":1}},"tool_calls":[{"index":0,"function":{"__proto__":{"polluted":1}}}]},"__proto__":{"polluted":1}}',
  )
  assembleChat([chunk({}, evil), chunk({}, evil)])
  expect("polluted" in {}).toBe(false)
})

const chunkText = '{"id":"a","object":"chat.completion.chunk","created":1,"model":"m","choices":[]}'

test.each<[data: string, payload: object, complete: boolean]>([
  [`data: ${chunkText}`, { kind: "chunk", chunk: JSON.parse(chunkText) }, true],
  ["data: [DONE]", { kind: "done" }, true],
  ['data: {"id":1}', { kind: "other", json: { id: 1 } }, true],
  ["data: null", { kind: "other", json: null }, true],
  [
    "data: : ping",
    { kind: "not-json", reason: "SyntaxError: Unexpected token ':', \": ping\" is not valid JSON" },
    true,
  ],
  ['data: {"error":{"message":"x"}}', { kind: "error", error: { message: "x" } }, false],
  [`data: ${chunkText.slice(0, -1)},"error":"x"}`, { kind: "error", error: "x" }, false],
  ['event: error\ndata: {"message":"x"}', { kind: "error", error: { message: "x" } }, false],
  ["event: error\ndata: gone", { kind: "error", error: "gone" }, false],
  [
    `data: ${chunkText.slice(0, -1)},"error":null}`,
    { kind: "chunk", chunk: { ...JSON.parse(chunkText), error: null } },
    true,
  ],
])("payload of %s", (data, payload, complete) => {
  const stream = read(`${data}\n\n`)
  expect(stream.payloads).toEqual([{ ...payload, event: stream.events[0] }])
  expect(isComplete(stream, true)).toBe(complete)
  expect(isComplete(stream, false)).toBe(false)

  const unclosed = read(data)
  expect(unclosed.payloads).toEqual([])
  expect(unclosed.unclosed).toEqual({ ...payload, event: unclosed.pending })
  expect(isComplete(unclosed, true)).toBe(complete)
})

test("a stream over the decoder's limit is not complete", () => {
  const decoded = decode(new TextEncoder().encode("data: [DONE]\n\n: 34567890123456\n"), {
    maxEventBytes: 12,
  })
  expect(isComplete(readChatStream(decoded), true)).toBe(false)
})
