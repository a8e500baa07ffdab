import type { ChatCompletionRequest, ChatCompletionResponse } from "@nexhina/schemas"
import { profiles } from "@nexhina/schemas"
import { splitChat } from "@nexhina/stream"
import * as fc from "fast-check"
import { expect, test } from "vitest"
import { streamOfData } from "../../test/chat-stream.ts"
import { exchangeOf, knownOf } from "../../test/exchange.ts"
import { found, judgedBy } from "../../test/found.ts"
import type { Evidence } from "../evidence.ts"
import { equalityRules } from "./equality.ts"

type Choice = ChatCompletionResponse["choices"][number]

const deterministic = knownOf({ deterministic: true })
const usage = { prompt_tokens: 9, completion_tokens: 2, total_tokens: 11 }
const messages = [{ role: "user" as const, content: "Hello" }]

const completionOf = (choices: Choice[], members: object = {}): ChatCompletionResponse => ({
  id: "chatcmpl-1",
  object: "chat.completion",
  created: 1713833628,
  model: "gpt-4o",
  choices,
  usage,
  ...members,
})

const whole = (completion: ChatCompletionResponse, request: Partial<ChatCompletionRequest> = {}) =>
  exchangeOf({
    operation: "createChatCompletion",
    request: { model: "gpt-4o", messages, ...request },
    body: completion,
  })

const streamed = (completion: ChatCompletionResponse, request: Partial<ChatCompletionRequest> = {}) =>
  streamOfData(splitChat(completion, { profile: profiles.nexhina, includeUsage: true }), {
    stream_options: { include_usage: true },
    ...request,
  })

const said = (content: string | null, finish_reason = "stop", members: object = {}, index = 0): Choice => ({
  index,
  message: { role: "assistant", content, ...members },
  finish_reason,
})
const calling = (args: string, id = "call_1", name = "f", finish_reason = "tool_calls") =>
  said(null, finish_reason, {
    tool_calls: [{ id, type: "function", function: { name, arguments: args } }],
  })

const faultsOf = (exchanges: readonly Evidence[], known = deterministic) =>
  found(equalityRules, exchanges, known).map(([rule, fault]) => `${rule}:${fault}`)

/** What is found where the stream says one thing and both whole replies another. */
const compared = (stream: Choice[], reply: Choice[], members: object = {}) =>
  faultsOf([whole(completionOf(reply)), streamed(completionOf(stream, members)), whole(completionOf(reply))])

test("a stream of any text, cut anyhow by the encoder, equals the whole reply", () => {
  const contents = fc.array(fc.string({ unit: "grapheme" }), { minLength: 1, maxLength: 3 })
  fc.assert(
    fc.property(contents, (texts) => {
      const choices = texts.map((text, index) => said(text, "stop", {}, index))
      expect(compared(choices, choices.toReversed())).toEqual([])
    }),
  )
})

test.each([
  ["new ids of calls", [calling("{}", "call_2")], [calling("{}")]],
  ["arguments written in another way", [calling('{"a": 1}')], [calling('{"a":1}')]],
  ["arguments that a limit cut", [calling('{"a', "c", "f", "length")], [calling('{"a', "c", "f", "length")]],
  ["no content at all", [said(null, "length")], [said("", "length")]],
  ["half a character that the limit cut", [said("Hi", "length")], [said("Hi\ufffd\ufffd", "length")]],
])("%s makes no difference", (_, stream, reply) => {
  expect(compared(stream, reply)).toEqual([])
})

const equal = "stream.equals-nonstream"
const shape = "stream.equals-nonstream-shape"

test.each([
  ["a text", [said("Hallo")], [said("Hello")], [`${equal}:text`]],
  [
    "a refusal",
    [said(null, "stop", { refusal: "N" })],
    [said(null, "stop", { refusal: "No" })],
    [`${equal}:refusal`],
  ],
  ["a name", [calling("{}", "c", "g")], [calling("{}")], [`${equal}:calls`]],
  ["arguments", [calling('{"a":1}')], [calling('{"a":2}')], [`${equal}:calls`]],
  ["an end", [said("Hi", "length")], [said("Hi")], [`${equal}:finish-reason`, `${shape}:finish-reason`]],
  [
    "a call that came as text",
    [said("{}")],
    [calling("{}")],
    [`${equal}:text`, `${equal}:calls`, `${equal}:finish-reason`, `${shape}:kind`, `${shape}:finish-reason`],
  ],
])("%s that differs is found by its name", (_, stream, reply, faults) => {
  expect(compared(stream, reply)).toEqual(faults)
})

test("tokens of the prompt are compared where both count them", () => {
  const members = { usage: { ...usage, prompt_tokens: 8, total_tokens: 10 } }
  expect(compared([said("Hi")], [said("Hi")], members)).toEqual([
    `${equal}:prompt-tokens`,
    `${shape}:prompt-tokens`,
  ])
  expect(compared([said("Hi")], [said("Hi")], { usage: undefined })).toEqual([])
})

test("log probabilities are compared where both have them", () => {
  const withLogprob = (logprob: number) => {
    const content = [{ token: "Hi", logprob, bytes: [72, 105], top_logprobs: [] }]
    return [{ ...said("Hi"), logprobs: { content, refusal: null } }]
  }
  expect(compared(withLogprob(-0.5), withLogprob(-0.25))).toEqual([`${equal}:logprobs`])
  expect(compared(withLogprob(-0.500001), withLogprob(-0.5))).toEqual([])
  expect(compared([said("Hi")], withLogprob(-0.5))).toEqual([])
})

test("the place is the event with the first character that differs", () => {
  const reply = whole(completionOf([said("one two three")]))
  const [[, , at] = []] = found(
    equalityRules,
    [reply, streamed(completionOf([said("one two four")])), reply],
    deterministic,
  )
  expect(at).toMatchObject({ part: "event", event: 3, pointer: "/choices/0" })
})

test("two whole replies that differ by themselves decide nothing", () => {
  const replies = ["Hello", "Hi"].map((text) => whole(completionOf([said(text)])))
  const trio = [...replies, streamed(completionOf([said("Hallo")]))]
  expect(judgedBy(equalityRules, trio, deterministic)).toEqual([shape])
  const cut = whole(completionOf([said("Hel", "length")]))
  const other = [whole(completionOf([said("Hello")])), streamed(completionOf([said("Hi")])), cut]
  expect(judgedBy(equalityRules, other, deterministic)).toEqual([])
})

test("of a target that is not deterministic only the shape is judged", () => {
  const reply = whole(completionOf([said("Hello")]))
  const other = streamed(completionOf([said("Bye")]))
  expect(judgedBy(equalityRules, [reply, other, reply], knownOf())).toEqual([shape])
  expect(faultsOf([reply, other, reply], knownOf())).toEqual([])
})
