import { expect, test } from "vitest"
import {
  chunkOf,
  deltaOf,
  guideSample,
  guideUsageSample,
  streamOf,
  streamOfData,
} from "../../test/chat-stream.ts"
import { exchangeOf } from "../../test/exchange.ts"
import { chatAnswers, chatReplies, chatRequests } from "./chat-completions.ts"

const request = { model: "gpt-4o", messages: [{ role: "user", content: "Hello" }] }
const asked = { operation: "createChatCompletion", request } as const

test("a request that breaks the contract, or was meant to, is none of these", () => {
  const broken = { ...request, top_logprobs: 2 }
  const fault = { kind: "unknown-model", says: "a model that does not exist" } as const
  expect(chatRequests.of(exchangeOf({ ...asked, status: 400, body: {} }))).toBeDefined()
  expect(chatRequests.of(exchangeOf({ ...asked, request: broken }))).toBeUndefined()
  expect(chatRequests.of(exchangeOf({ ...asked, fault }))).toBeUndefined()
  expect(chatRequests.of(exchangeOf({ ...asked, key: "wrong" }))).toBeUndefined()
  expect(chatRequests.of(exchangeOf({ ...asked, operation: "createEmbedding" }))).toBeUndefined()
})

test("an error that is sent as a success is no reply", () => {
  expect(chatReplies.of(exchangeOf({ ...asked, body: { error: { message: "No." } } }))).toBeUndefined()
  expect(chatReplies.of(exchangeOf({ ...asked, body: { error: null } }))).toBeDefined()
  expect(chatReplies.of(exchangeOf({ ...asked, body: "no JSON" }))).toBeUndefined()
})

test("choices and calls of other types are empty ones", () => {
  const body = { choices: [7, { message: { tool_calls: [null] } }] }
  expect(chatReplies.of(exchangeOf({ ...asked, body }))?.choices).toEqual([
    { pointer: "/choices/0", message: {}, calls: [] },
    {
      pointer: "/choices/1",
      message: { tool_calls: [null] },
      calls: [{ pointer: "/choices/1/message/tool_calls/0" }],
    },
  ])
})

test("the guide's samples are answers, the abbreviated chunk included", () => {
  for (const sample of [guideSample, guideUsageSample]) {
    expect(chatAnswers.of(streamOf(sample))?.choices).toEqual([
      expect.objectContaining({ finish: "stop", message: { role: "assistant", content: "You are" } }),
    ])
  }
})

test("each of thousands of choices is found in the stream", () => {
  const count = 5000
  const chunks = Array.from({ length: count }, (_, index) => deltaOf({ content: "Hi" }, "stop", index))
  const { choices = [], where } = chatAnswers.of(streamOfData(chunks)) ?? {}
  const events = choices.map(({ pointer }) => where?.(`${pointer}/message/content`))
  expect(events.map((at) => at?.part === "event" && at.event)).toEqual(chunks.map((_, event) => event))
})

test("what Azure's filters found is no part of the reply", () => {
  const report = { index: 0, finish_reason: null, content_filter_results: {}, content_filter_offsets: {} }
  const answer = chatAnswers.of(
    streamOfData([
      chunkOf([], { id: "", model: "", object: "", created: 0, prompt_filter_results: [] }),
      deltaOf({ role: "assistant", content: "Hi" }),
      chunkOf([report], { id: "" }),
      deltaOf({}, "stop"),
      // The asynchronous filter reports when the reply has ended.
      chunkOf([report], { id: "" }),
    ]),
  )
  expect(answer?.choices.map(({ message }) => message)).toEqual([{ role: "assistant", content: "Hi" }])
  // A blank id would be that of every completion.
  expect(answer?.completion["id"]).toBe(deltaOf({}, "stop").id)
})

test("a stream that broke off, or a chunk that says nothing, is no answer", () => {
  const chunks = [deltaOf({ content: "Hi" }), deltaOf({}, "stop")]
  expect(chatAnswers.of(streamOfData(chunks, {}, { end: { kind: "truncated" } }))).toBeUndefined()
  expect(chatAnswers.of(streamOfData([...chunks, chunkOf([{ index: 0 }])]))).toBeUndefined()
})

test("a place in what a stream says is that of the chunk which brought it", () => {
  const scored = (content: string) => ({
    index: 0,
    delta: { content },
    logprobs: { content: [{ token: content, logprob: 0, bytes: null, top_logprobs: [] }] },
    finish_reason: null,
  })
  const call = (index: number, args: string) => ({ tool_calls: [{ index, function: { arguments: args } }] })
  const answer = chatAnswers.of(
    streamOfData([
      deltaOf({ role: "assistant", content: "" }),
      chunkOf([scored("One")]),
      chunkOf([scored(" two")]),
      deltaOf({ content: "Other" }, null, 1),
      deltaOf(call(0, "{}")),
      deltaOf(call(1, "{}")),
      deltaOf({}, "stop"),
    ]),
  )
  const event = (...place: [pointer: string, at?: number]) => {
    const where = answer?.where(...place)
    return where?.part === "event" ? where.event : where?.part
  }
  expect(event("/choices/0/message/content", 2)).toBe(1)
  expect(event("/choices/0/message/content", 3)).toBe(2)
  expect(event("/choices/0/message/content")).toBe(2)
  expect(event("/choices/1/message/content")).toBe(3)
  expect(event("/choices/0/logprobs/content/0/logprob", 0)).toBe(1)
  expect(event("/choices/0/logprobs/content/1", 1)).toBe(2)
  expect(event("/choices/0/message/tool_calls/0/function/name")).toBe(4)
  expect(event("/choices/0/message/tool_calls/1")).toBe(5)
  expect(event("/choices/0/finish_reason")).toBe(6)
  expect(event("/model")).toBe(6)
  expect(event("/choices/0/message/refusal")).toBe(6)
  expect(event("/usage")).toBe("end")
})
