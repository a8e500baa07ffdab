import type { ChatCompletionRequest } from "@nexhina/schemas"
import { expect, test } from "vitest"
import { chunkOf, deltaOf, streamOfData } from "../../test/chat-stream.ts"
import { exchangeOf, knownOf } from "../../test/exchange.ts"
import { found, judgedBy } from "../../test/found.ts"
import { usageRules } from "./usage.ts"

const openai = knownOf({ profileName: "openai" })
const messages = [{ role: "user" as const, content: "Hello" }]
const asked = { stream_options: { include_usage: true } }
const usage = { prompt_tokens: 9, completion_tokens: 5, total_tokens: 14 }

function reply(
  usage: unknown,
  request: Partial<ChatCompletionRequest> = {},
  choices = 1,
  finish_reason = "stop",
) {
  const choice = (index: number) => ({ index, message: { role: "assistant", content: "Hi" }, finish_reason })
  return exchangeOf({
    operation: "createChatCompletion",
    request: { model: "gpt-4o", messages, ...request },
    body: {
      ...chunkOf(
        Array.from({ length: choices }, (_, index) => choice(index)),
        { usage },
      ),
      object: "chat.completion",
    },
  })
}

const hi = deltaOf({ role: "assistant", content: "Hi" })
const stop = deltaOf({}, "stop")
const stream = (last: object, request = asked) => streamOfData([hi, { ...stop, ...last }], request)

const names = (...judged: Parameters<typeof found>) => found(...judged).map(([rule, fault]) => [rule, fault])
const body = (pointer: string) => ({ part: "body", pointer })

test.each([
  ["a sum", usage],
  [
    "details",
    {
      ...usage,
      prompt_tokens_details: { cached_tokens: 9 },
      completion_tokens_details: { reasoning_tokens: 5 },
    },
  ],
  [
    "details that are null or unknown",
    { ...usage, prompt_tokens_details: null, completion_tokens_details: { audio_tokens: null, share: 0.5 } },
  ],
  ["members that nobody knows", { ...usage, cost: 0.01 }],
])("%s is legal", (_, usage) => {
  expect(found(usageRules, [reply(usage), stream({ usage })])).toEqual([])
})

test("usage.output-counted: a token for every eight words at least, whole and streamed", () => {
  const saying = (words: number, completion_tokens: number) => {
    const content = "word ".repeat(words)
    const counts = { prompt_tokens: 9, completion_tokens, total_tokens: 9 + completion_tokens }
    const whole = exchangeOf({
      operation: "createChatCompletion",
      request: { model: "gpt-4o", messages },
      body: {
        ...chunkOf([{ index: 0, message: { role: "assistant", content }, finish_reason: "stop" }], {
          usage: counts,
        }),
        object: "chat.completion",
      },
    })
    const pieces = [...content].map((piece) => deltaOf({ content: piece }))
    return [whole, streamOfData([...pieces, { ...stop, usage: counts }], asked)].map((each) =>
      names(usageRules, [each]),
    )
  }
  const finding = [["usage.output-counted", "too-few"]]
  expect(saying(16, 2)).toEqual([[], []])
  expect(saying(16, 1)).toEqual([finding, finding])
  expect(saying(15, 1)).toEqual([[], []])
})

test("usage.stream-counted: the counts of whole replies and of a stream that are cut alike", () => {
  const counts = (completion_tokens: number) => ({
    prompt_tokens: 9,
    completion_tokens,
    total_tokens: 9 + completion_tokens,
  })
  const whole = (tokens: number, finish = "length") => reply(counts(tokens), {}, 1, finish)
  const streamed = (tokens: number) =>
    streamOfData([hi, { ...deltaOf({}, "length"), usage: counts(tokens) }], asked)
  const differs = [["usage.stream-counted", "differs"]]
  expect(names(usageRules, [whole(16), whole(16), streamed(16)])).toEqual([])
  expect(names(usageRules, [whole(16), whole(16), streamed(14)])).toEqual([])
  expect(names(usageRules, [whole(16), whole(16), streamed(8)])).toEqual(differs)
  const undecided = [
    [whole(16), streamed(8)],
    [whole(16), whole(8), streamed(8)],
    [whole(16), whole(9, "stop"), streamed(8)],
  ]
  for (const views of undecided) expect(judgedBy(usageRules, views)).not.toContain("usage.stream-counted")
})

test.each([
  ["usage.shape", "not-an-object", "", 14],
  ["usage.shape", "missing", "", { completion_tokens: 5 }],
  ["usage.shape", "no-count", "/total_tokens", { ...usage, total_tokens: "14" }],
  ["usage.shape", "no-count", "/prompt_tokens", { ...usage, prompt_tokens: -1 }],
  ["usage.sum", "sum", "/total_tokens", { ...usage, total_tokens: 5 }],
  [
    "usage.sum",
    "unfolded",
    "/total_tokens",
    { ...usage, total_tokens: 17, completion_tokens_details: { reasoning_tokens: 3 } },
  ],
  [
    "usage.details-bounded",
    "cached",
    "/prompt_tokens_details/cached_tokens",
    { ...usage, prompt_tokens_details: { cached_tokens: 10 } },
  ],
  [
    "usage.details-bounded",
    "reasoning",
    "/completion_tokens_details/reasoning_tokens",
    { ...usage, completion_tokens_details: { reasoning_tokens: 6 } },
  ],
  [
    "usage.details-bounded",
    "no-count",
    "/completion_tokens_details/audio_tokens",
    { ...usage, completion_tokens_details: { audio_tokens: -1 } },
  ],
  ["usage.nonzero", "prompt", "/prompt_tokens", { prompt_tokens: 0, completion_tokens: 5, total_tokens: 5 }],
  [
    "usage.nonzero",
    "completion",
    "/completion_tokens",
    { prompt_tokens: 9, completion_tokens: 0, total_tokens: 9 },
  ],
])("%s: %s, in either mode", (rule, fault, pointer, usage) => {
  expect(found(usageRules, [reply(usage)])).toEqual([[rule, fault, body(`/usage${pointer}`)]])
  const [streamed, ...others] = found(usageRules, [stream({ usage })])
  expect(others).toEqual([])
  expect(streamed).toMatchObject([rule, fault, { part: "event", event: 1, pointer: `/usage${pointer}` }])
})

test("no tokens for no text is right", () => {
  const empty = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 }
  const data = [deltaOf({ role: "assistant" }), { ...stop, usage: empty }]
  expect(
    found(usageRules, [streamOfData(data, { ...asked, messages: [{ role: "user", content: "" }] })]),
  ).toEqual([])
})

test("reasoning that is counted besides the completion is let pass where that is known", () => {
  const known = knownOf({ traits: new Set(["unfolded-reasoning"]) })
  const unfolded = (total_tokens: number) =>
    reply({ ...usage, total_tokens, completion_tokens_details: { reasoning_tokens: 60 } })
  expect(found(usageRules, [unfolded(74)], known)).toEqual([])
  expect(found(usageRules, [unfolded(14)], known)).toEqual([])
  expect(names(usageRules, [unfolded(75)], known)).toEqual([["usage.sum", "sum"]])
  expect(names(usageRules, [unfolded(74)])).toEqual([
    ["usage.sum", "unfolded"],
    ["usage.details-bounded", "reasoning"],
  ])
})

test("usage.present: on replies that are not streamed", () => {
  expect(found(usageRules, [reply(undefined)])).toEqual([["usage.present", "missing", body("/usage")]])
  expect(names(usageRules, [reply(null)])).toEqual([["usage.present", "missing"]])
})

test("usage on a stream that asked for none, unless the target is known to send it", () => {
  const none = { stream_options: { include_usage: false } }
  const own = streamOfData([hi, stop, chunkOf([], { usage })])
  expect(found(usageRules, [stream({ usage: null }, none)])).toEqual([])
  expect(names(usageRules, [stream({ usage }, none)])).toEqual([["usage.stream-opt-in", "with-choices"]])
  expect(names(usageRules, [own])).toEqual([["usage.stream-opt-in", "own-chunk"]])
  expect(found(usageRules, [own], knownOf({ traits: new Set(["forced-usage"]) }))).toEqual([])
})

test("usage.stream-final: both forms under nexhina, one of them for OpenAI", () => {
  const own = streamOfData([hi, stop, chunkOf([], { usage })], asked)
  expect(found(usageRules, [own, stream({ usage })])).toEqual([])
  expect(found(usageRules, [own], openai)).toEqual([])
  expect(names(usageRules, [stream({ usage })], openai)).toEqual([["usage.stream-own-chunk", "with-choices"]])
})

test("usage.stream-final: missing, or not last", () => {
  const early = streamOfData(
    [
      { ...hi, usage },
      { ...stop, usage: null },
    ],
    asked,
  )
  expect(names(usageRules, [stream({})])).toEqual([["usage.stream-final", "missing"]])
  expect(names(usageRules, [early])).toEqual([["usage.stream-final", "not-last"]])
})

test("a stream that was cut, or ended with an error, owes no usage", () => {
  const cut = streamOfData([hi], asked, { end: { kind: "truncated", stage: "body" } })
  const failed = streamOfData([hi, { error: { message: "The model fell asleep." } }], asked)
  expect(found(usageRules, [cut, failed])).toEqual([])
})

test("usage.stream-null-elsewhere: on every chunk", () => {
  const every = streamOfData(
    [
      { ...hi, usage },
      { ...stop, usage },
    ],
    asked,
  )
  expect(found(usageRules, [every])).toMatchObject([
    ["usage.stream-null-elsewhere", "repeated", { part: "event", event: 0, pointer: "/usage" }],
  ])
})

const only = (id: string) => usageRules.filter((rule) => rule.id === id)
const counting = (prompt_tokens: number, completion_tokens = 5) => ({
  prompt_tokens,
  completion_tokens,
  total_tokens: prompt_tokens + completion_tokens,
})

test("usage.prompt-monotone: the same prompt, a longer one", () => {
  const rules = only("usage.prompt-monotone")
  const longer = { messages: [{ role: "user" as const, content: "Hello, hello, hello" }] }
  const counts = (first: number, same: number, more: number) =>
    names(rules, [reply(counting(first)), reply(counting(same)), reply(counting(more), longer)])
  expect(counts(9, 9, 9)).toEqual([])
  expect(counts(9, 9, 12)).toEqual([])
  expect(counts(9, 8, 12)).toEqual([["usage.prompt-monotone", "unequal"]])
  expect(counts(9, 9, 8)).toEqual([["usage.prompt-monotone", "fell"]])
  const muchLonger = { messages: [{ role: "user" as const, content: `Hello${" hello".repeat(6)}` }] }
  const muchMore = (more: number) =>
    names(rules, [reply(counting(9)), reply(counting(9)), reply(counting(more), muchLonger)])
  expect(muchMore(9)).toEqual([["usage.prompt-monotone", "same"]])
  expect(muchMore(10)).toEqual([])
  expect(judgedBy(rules, [reply(counting(9))])).toEqual([])
})

test("usage.n-counted: the prompt once, all choices", () => {
  const rules = only("usage.n-counted")
  const judged = (one: object, many: object, finish = "length") =>
    names(rules, [reply(one, { n: 1 }, 1, finish), reply(many, { n: 3 }, 3, finish)])
  expect(judged(counting(9, 8), counting(9, 24))).toEqual([])
  expect(judged(counting(9, 8), counting(9, 25))).toEqual([])
  expect(judged(counting(9, 8), counting(27, 24))).toEqual([["usage.n-counted", "prompt-repeated"]])
  expect(judged(counting(9, 8), counting(9, 8))).toEqual([["usage.n-counted", "choices-left-out"]])
  expect(judged(counting(9, 8), counting(9, 8), "stop")).toEqual([])
  expect(judgedBy(rules, [reply(counting(9), { n: 3 }, 3)])).toEqual([])
})

test("a usage is judged whatever key the request had (B10)", () => {
  const keyless = {
    ...reply({ ...usage, total_tokens: 15 }),
    key: { basis: "stated", value: "none" },
  } as const
  expect(names(usageRules, [keyless])).toEqual([["usage.sum", "sum"]])
})
