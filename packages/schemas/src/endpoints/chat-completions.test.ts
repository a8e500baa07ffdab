import { expect, expectTypeOf, test } from "vitest"
import { endpoints } from "../endpoints.ts"
import { type ChatCompletionChunk, ChatCompletionRequest, type ChatMessage } from "./chat-completions.ts"

const plain: ChatCompletionRequest = { model: "gpt-4o", messages: [{ role: "user", content: "Hello" }] }
const { checks } = endpoints.createChatCompletion

const accepted = (request: ChatCompletionRequest) =>
  ChatCompletionRequest.safeParse(request).success && checks.every((check) => check.holds(request))

test("stream_options without stream is no fault", () => {
  expect(accepted({ ...plain, stream_options: { include_usage: true } })).toBe(true)
})

test("max_tokens: 0 is left to the profile", () => {
  expect(accepted({ ...plain, max_tokens: 0 })).toBe(true)
})

test("a default is documented, not filled in", () => {
  expect(ChatCompletionRequest.parse(plain)).toEqual(plain)
  expect(ChatCompletionRequest.shape.stream.meta()).toMatchObject({ default: false })
})

test("members that are not listed pass", () => {
  const request = {
    ...plain,
    of_the_future: { a: 1 },
    messages: [{ role: "user", content: "Hello", mood: 1 }],
  }
  expect(ChatCompletionRequest.parse(request)).toEqual(request)
})

test("an error names the member inside the content part", () => {
  const result = ChatCompletionRequest.safeParse({
    ...plain,
    messages: [{ role: "user", content: [{ type: "image_url", image_url: {} }] }],
  })
  expect(result.error?.issues).toMatchObject([
    {
      path: ["messages", 0, "content"],
      errors: [expect.anything(), [{ path: [0, "image_url", "url"] }], expect.anything()],
    },
  ])
})

test("types list the known members, and leave model ids open", () => {
  expectTypeOf<ChatMessage["role"]>().toEqualTypeOf<
    "system" | "user" | "assistant" | "tool" | "developer" | "function"
  >()
  expectTypeOf<{ model: "of-tomorrow"; messages: [] }>().toExtend<ChatCompletionRequest>()
  expectTypeOf<ChatCompletionChunk["choices"][number]["delta"]["content"]>().toEqualTypeOf<
    string | null | undefined
  >()
  // @ts-expect-error: a misspelt member
  expect(accepted({ ...plain, temprature: 1 })).toBe(true)
  // @ts-expect-error: a misspelt kind of part
  expect(accepted({ ...plain, messages: [{ role: "user", content: [{ type: "txt", text: "" }] }] })).toBe(
    true,
  )
})
