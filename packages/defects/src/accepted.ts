import type { ChatCompletionChunk, ChatCompletionResponse } from "@nexhina/schemas"
import { encode } from "@nexhina/stream"
import type { Reply, Situation } from "@nexhina/wire"

const stamp = { id: "chatcmpl-accepted", created: 1713833628, model: "gpt-4o" } as const

const completion: ChatCompletionResponse = {
  ...stamp,
  object: "chat.completion",
  choices: [{ index: 0, message: { role: "assistant", content: "Hello!" }, finish_reason: "stop" }],
  usage: { prompt_tokens: 9, completion_tokens: 2, total_tokens: 11 },
}

const chunkOf = (choice: Omit<ChatCompletionChunk["choices"][number], "index">): ChatCompletionChunk => ({
  ...stamp,
  object: "chat.completion.chunk",
  choices: [{ index: 0, ...choice }],
})

const stream = encode([
  { data: chunkOf({ delta: { role: "assistant", content: "Hello!" }, finish_reason: null }) },
  { data: chunkOf({ delta: {}, finish_reason: "stop" }) },
  { data: "[DONE]" },
])

/** A chat's success, whole or streamed, instead of a refusal. */
export function acceptedChat({ headers }: Reply, { streaming }: Situation): Reply {
  const others = headers.filter(([name]) => name.toLowerCase() !== "content-type")
  return {
    status: 200,
    headers: [...others, ["content-type", streaming ? "text/event-stream" : "application/json"]],
    body: streaming ? stream : JSON.stringify(completion),
    end: "complete",
  }
}
