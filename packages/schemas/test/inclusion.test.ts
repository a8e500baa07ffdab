import { expect, test } from "vitest"
import {
  ChatCompletionMessage,
  ChatCompletionRequest,
  ChatMessage,
  ChatRequest,
  ResponseInputItem,
  ResponseInputMessage,
  ResponseOutputItem,
  ResponseOutputMessage,
} from "../src/index.ts"
import { components, covering, mutants, telling } from "./documents.ts"

const laws = {
  "a ChatRequest is a ChatCompletionRequest": [ChatRequest, ChatCompletionRequest],
  "the message of a chat reply can be sent back": [ChatCompletionMessage, ChatMessage],
  "the message of a response can be sent back": [ResponseOutputMessage, ResponseInputMessage],
  "each item of a response can be sent back": [ResponseOutputItem, ResponseInputItem],
} as const

// Members that only the wider schema lists do not occur: an open object lets them pass unread.
test.each(Object.entries(laws))("%s", (_, [narrow, wide]) => {
  const schema = components[narrow.meta()?.id ?? ""] ?? {}
  const documents = covering(schema)
  const values = telling(schema)
  const valid = [...documents, ...documents.flatMap((document) => [...mutants(document, values)])].filter(
    (document) => narrow.safeParse(document).success,
  )
  expect(valid.length).toBeGreaterThan(documents.length)
  expect(valid.filter((document) => !wide.safeParse(document).success)).toEqual([])
})
