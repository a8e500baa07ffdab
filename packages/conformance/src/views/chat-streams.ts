import { ChatCompletionRequest } from "@nexhina/schemas"
import { streamedChat, streamedChatOfTwo, streamedChatWithUsage } from "../probes/chat-streams.ts"
import { isObject } from "../reading/answered.ts"
import { fitted } from "../reading/fitted.ts"
import type { Where } from "../rule.ts"
import type { TargetFacts } from "../target/facts.ts"
import { view } from "../view.ts"
import { type EventStream, eventAt, eventStreams } from "./sse.ts"

type Members = Readonly<Record<string, unknown>>

/** A choice of a chunk as received. A delta of another type is replaced by `{}`. */
export interface ChunkChoice {
  /** JSON pointer to it in the chunk. */
  readonly pointer: string
  readonly value: Members
  readonly index: unknown
  readonly delta: Members
  readonly finish: unknown
  /** The number of its chunk among the chunks of its stream. */
  readonly chunk: number
}

/** A chunk as it came, no type checked: rules that trust one say `after: ["stream.chunk-schema"]`. */
export interface StreamChunk {
  readonly value: Members
  /** An item that is not an object counts as an empty choice. */
  readonly choices: readonly ChunkChoice[]
  /** The number of its event. */
  readonly event: number
  /** Its number among the chunks of its stream. */
  readonly at: number
}

/** The stream of a chat up to its first `[DONE]` or error. */
export interface ChatStream {
  readonly stream: EventStream
  readonly request: ChatCompletionRequest
  readonly chunks: readonly StreamChunk[]
  /** The choices of all chunks. Kept, because many rules look at them. */
  readonly parts: readonly ChunkChoice[]
}

const membersOf = (value: unknown): Members => (isObject(value) ? value : {})

function choicesOf({ choices }: Members, chunk: number): ChunkChoice[] {
  if (!Array.isArray(choices)) return []
  return choices.map((item: unknown, at) => {
    const value = membersOf(item)
    const { index, delta, finish_reason: finish } = value
    return { pointer: `/choices/${at}`, value, index, delta: membersOf(delta), finish, chunk }
  })
}

function chunksOf({ payloads, done, errors }: EventStream): StreamChunk[] {
  const end = Math.min(done[0] ?? payloads.length, errors[0] ?? payloads.length)
  const chunks: StreamChunk[] = []
  for (let event = 0; event < end; event++) {
    const payload = payloads[event]
    if (payload?.kind !== "object") continue
    const { value } = payload
    const at = chunks.length
    chunks.push({ value, choices: choicesOf(value, at), event, at })
  }
  return chunks
}

/** Returns the location of a chunk, given by its number among the chunks, or of one of its members. */
export function whereEvent({ stream, chunks }: ChatStream, chunk: number, pointer?: string): Where {
  return eventAt(stream, chunks[chunk]?.event ?? 0, pointer)
}

/** Returns whether a delta or message contains text: null, "" and [] do not. */
export const carries = (value: unknown): boolean =>
  value !== undefined && value !== null && value !== "" && !(Array.isArray(value) && value.length === 0)

/** Azure's results of content filters, on chunks of their own that have no choices, or choices without delta. */
export function isFilterReport({ value, choices }: StreamChunk): boolean {
  if (choices.length === 0) return "prompt_filter_results" in value
  return choices.every(({ value }) => "content_filter_results" in value && !("delta" in value))
}

/** Returns the chunks to judge: all except those that a trait of the target permits. */
export const judgedChunks = ({ chunks }: ChatStream, known: TargetFacts): readonly StreamChunk[] =>
  known.traits.has("azure") ? chunks.filter((chunk) => !isFilterReport(chunk)) : chunks

/** Streams in reply to valid chat requests. */
export const chatStreams = view<ChatStream>({
  id: "chat.streams",
  says: "chat streams",
  surface: "chat",
  probes: [streamedChat, streamedChatWithUsage, streamedChatOfTwo],
  of(exchange) {
    const stream = eventStreams.of(exchange)
    if (stream?.answered.operation !== "createChatCompletion") return undefined
    if (exchange.fault.value) return undefined
    const request = fitted(ChatCompletionRequest, stream.answered.request)
    if (!request) return undefined
    const chunks = chunksOf(stream)
    return { stream, request, chunks, parts: chunks.flatMap(({ choices }) => choices) }
  },
})

/** Chat streams that ended cleanly and without an error. */
export const completeChatStreams = view<ChatStream>({
  ...chatStreams,
  id: "chat.complete-streams",
  says: "complete chat streams",
  of(exchange) {
    const stream = chatStreams.of(exchange)
    return stream?.stream.complete ? stream : undefined
  },
})

/** Complete chat streams whose request asked for the usage. */
export const streamsWithUsage = view<ChatStream>({
  ...completeChatStreams,
  id: "chat.usage-streams",
  says: "complete chat streams with requested usage",
  probes: [streamedChatWithUsage],
  of(exchange) {
    const stream = completeChatStreams.of(exchange)
    return stream?.request.stream_options?.include_usage ? stream : undefined
  },
})

/** Chat streams whose request did not ask for the usage, complete or not. */
export const streamsWithoutUsage = view<ChatStream>({
  ...chatStreams,
  id: "chat.no-usage-streams",
  says: "chat streams without requested usage",
  probes: [streamedChat],
  of(exchange) {
    const stream = chatStreams.of(exchange)
    return stream?.request.stream_options?.include_usage ? undefined : stream
  },
})
