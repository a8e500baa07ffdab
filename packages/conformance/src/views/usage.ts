import { plainChat } from "../probes/chat-completions.ts"
import { streamedChatWithUsage } from "../probes/chat-streams.ts"
import { isObject } from "../reading/answered.ts"
import type { Where } from "../rule.ts"
import { view } from "../view.ts"
import { type ChatRequested, chatReplies } from "./chat-completions.ts"
import { carries, completeChatStreams, type StreamChunk, whereEvent } from "./chat-streams.ts"

/** A chat's usage as it came, no type checked: rules that trust it say `after: ["usage.shape"]`. */
export interface ChatUsage extends ChatRequested {
  readonly usage: Readonly<Record<string, unknown>>
  /** What came instead of an object, if so; `usage` is then empty. */
  readonly instead?: unknown
  /** Whether any text or tool call came. */
  readonly hasOutput: boolean
  /** The number of words in the text of all choices, as white space divides them. */
  readonly words: number
  /** Where a member of the usage, given by its JSON pointer, stands. */
  where(pointer: string): Where
}

const usageOf = (value: unknown): Pick<ChatUsage, "usage" | "instead"> =>
  isObject(value) ? { usage: value } : { usage: {}, instead: value }

/** Whether a message or delta brings something that a user sees. */
const hasOutput = ({ content, tool_calls }: Readonly<Record<string, unknown>>): boolean =>
  carries(content) || carries(tool_calls)

const wordsIn = (texts: Iterable<unknown>): number =>
  [...texts].reduce<number>((sum, text) => sum + (typeof text === "string" ? countWords(text) : 0), 0)

const countWords = (text: string): number => text.match(/\S+/g)?.length ?? 0

/** The text of each choice that a stream tells. */
function textsOf(chunks: readonly StreamChunk[]): Iterable<string> {
  const texts = new Map<unknown, string[]>()
  for (const { choices } of chunks)
    for (const { index, delta } of choices) {
      const pieces = texts.get(index) ?? []
      texts.set(index, pieces)
      if (typeof delta["content"] === "string") pieces.push(delta["content"])
    }
  return [...texts.values()].map((pieces) => pieces.join(""))
}

/** Replies, and complete streams, that have a usage; of a stream, the last one counts. */
export const chatUsages = view<ChatUsage>({
  id: "chat.usages",
  says: "usages of chats, streamed or not",
  surface: "chat",
  probes: [plainChat, streamedChatWithUsage],
  of(exchange) {
    const reply = chatReplies.of(exchange)
    if (reply) {
      const { answered, request, completion, choices } = reply
      if (!carries(completion["usage"])) return undefined
      return {
        answered,
        request,
        ...usageOf(completion["usage"]),
        hasOutput: choices.some(({ message }) => hasOutput(message)),
        words: wordsIn(choices.map(({ message }) => message["content"])),
        where: (pointer) => reply.where(`/usage${pointer}`),
      }
    }
    const stream = completeChatStreams.of(exchange)
    const last = stream?.chunks.findLastIndex(({ value }) => carries(value["usage"])) ?? -1
    const chunk = stream?.chunks[last]
    if (!stream || !chunk) return undefined
    return {
      answered: stream.stream.answered,
      request: stream.request,
      ...usageOf(chunk.value["usage"]),
      words: wordsIn(textsOf(stream.chunks)),
      hasOutput: stream.chunks.some(({ choices }) => choices.some(({ delta }) => hasOutput(delta))),
      where: (pointer) => whereEvent(stream, last, `/usage${pointer}`),
    }
  },
})
