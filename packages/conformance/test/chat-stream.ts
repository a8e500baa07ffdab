import type { ChatCompletionRequest } from "@nexhina/schemas"
import { DONE, encode, type StreamEvent } from "@nexhina/stream"
import type { Evidence } from "../src/evidence.ts"
import { exchangeOf } from "./exchange.ts"

type Request = Partial<ChatCompletionRequest>
type Facts = Omit<Parameters<typeof exchangeOf>[0], "operation" | "request" | "body">

/** A chat stream with this body, in answer to a request with these members. */
export function streamOf(body: string | Uint8Array, request: Request = {}, facts: Facts = {}): Evidence {
  return exchangeOf({
    operation: "createChatCompletion",
    request: { model: "gpt-4o", messages: [{ role: "user", content: "Hello" }], stream: true, ...request },
    type: "text/event-stream",
    body,
    ...facts,
  })
}

/** A chat stream of these data and [DONE]. */
export function streamOfData(data: readonly object[], request: Request = {}, facts: Facts = {}): Evidence {
  const events: StreamEvent[] = [...data, DONE].map((data) => ({ data }))
  return streamOf(encode(events), request, facts)
}

const head = { id: "chatcmpl-1", object: "chat.completion.chunk", created: 1713833628, model: "gpt-4o" }

/** A chunk with these choices. */
export const chunkOf = (choices: readonly object[], members: object = {}) => ({
  ...head,
  choices,
  ...members,
})

/** A chunk with one choice. */
export const deltaOf = (delta: object, finish_reason: string | null = null, index = 0) =>
  chunkOf([{ index, delta, finish_reason }])

/** The first sample of the Streaming Output Guide, byte by byte. */
export const guideSample = `data: {"id":"chatcmpl-abc123","object":"chat.completion.chunk","created":1713833628,"model":"gpt-4o","choices":[{"index":0,"delta":{"content":"You"},"finish_reason":null}]}

data: {"id":"chatcmpl-abc123","object":"chat.completion.chunk","created":1713833628,"model":"gpt-4o","choices":[{"index":0,"delta":{"content":" are"},"finish_reason":null}]}

data: {"id":"chatcmpl-abc123","object":"chat.completion.chunk","created":1713833628,"model":"gpt-4o","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}

data: [DONE]

`

/** The guide's sample of a last chunk with usage, instead of the first sample's last one. */
export const guideUsageSample = guideSample.replace(
  /data: [^\n]*"stop"[^\n]*/,
  'data: {"id":"chatcmpl-abc123","object":"chat.completion.chunk","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":10,"completion_tokens":20,"total_tokens":30}}',
)
