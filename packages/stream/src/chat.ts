import {
  type ChatCompletionChoice,
  ChatCompletionChunk,
  type ChatCompletionChunkChoice,
  type ChatCompletionMessage,
  type ChatCompletionResponse,
  type ChatDelta,
  type ChoiceLogprobs,
  type Profile,
  type ToolCallDelta,
} from "@nexhina/schemas"
import type { DecodedStream } from "./decode.ts"
import type { DecodedEvent } from "./fields.ts"
import { type Cutter, cut, cutAtTokens, words } from "./fragments.ts"
import { type Payload, readPayload } from "./payload.ts"
import { withoutNulls } from "./without-nulls.ts"

/** Options of `splitChat`. */
export interface SplitChatOptions {
  /** Determines which chunk carries the usage. */
  readonly profile: Profile
  /** The request's `stream_options.include_usage`. */
  readonly includeUsage: boolean
  /** Splits texts into the pieces that are streamed, which concatenate to the text; "" is skipped. Default: words. */
  readonly tokens?: (text: string) => readonly string[]
}

/**
 * Splits a completion into the chunks of a stream. Each choice starts with the role and ends with an empty delta and the
 * finish reason; the chunks of several choices alternate. Text is split by `tokens`, or at the tokens of its log
 * probabilities. Unknown members are kept: those of the completion in every chunk, those of a choice in its last chunk,
 * those of a message in one delta.
 */
export function splitChat(
  completion: ChatCompletionResponse,
  options: SplitChatOptions,
): ChatCompletionChunk[] {
  const { id, object: _, created, model, choices, usage, ...others } = completion
  const { profile, includeUsage, tokens = words } = options
  const parts: ChatCompletionChunkChoice[][] = interleave(
    choices.map((choice) => splitChoice(choice, tokens)),
  ).map((part) => [part])
  const ownChunk = includeUsage && usage && profile.streamedUsage === "own-chunk"
  if (ownChunk || parts.length === 0) parts.push([])

  const object = "chat.completion.chunk" as const
  return parts.map((choices, i) => {
    // One literal per chunk: spreading the shared members into it is forty times slower in V8.
    if (!includeUsage) return { id, object, created, model, ...others, choices }
    const isLast = i === parts.length - 1
    return { id, object, created, model, ...others, choices, usage: isLast ? (usage ?? null) : null }
  })
}

/** Merges rows into one list: the first item of each row, then the second of each, and so on. */
function interleave<Item extends object>(rows: readonly (readonly Item[])[]): readonly Item[] {
  if (rows.length === 1 && rows[0]) return rows[0]
  const items: Item[] = []
  const turns = Math.max(0, ...rows.map((row) => row.length))
  for (let turn = 0; turn < turns; turn++) {
    for (const row of rows) {
      const item = row[turn]
      if (item) items.push(item)
    }
  }
  return items
}

function splitChoice(choice: ChatCompletionChoice, cutter: Cutter): ChatCompletionChunkChoice[] {
  const { index, message, finish_reason, logprobs, ...others } = choice
  const {
    role,
    content,
    reasoning_content,
    refusal,
    tool_calls,
    function_call,
    audio,
    annotations,
    ...extras
  } = message
  const part = (delta: ChatDelta, partLogprobs: ChoiceLogprobs | null = null): ChatCompletionChunkChoice =>
    logprobs === undefined
      ? { index, delta, finish_reason: null }
      : { index, delta, logprobs: partLogprobs, finish_reason: null }

  const opening: ChatDelta = { role, content: content == null ? null : "" }
  if (refusal !== undefined) opening.refusal = refusal === null ? null : ""
  if (reasoning_content != null) opening.reasoning_content = ""
  const parts = [part(opening, logprobs && withoutTokens(logprobs))]
  // OpenAI's chunks have both members, and so does a whole reply with both.
  const emptied = {
    ...(logprobs?.content !== undefined && { content: null }),
    ...(logprobs?.refusal !== undefined && { refusal: null }),
  }

  for (const text of cut(reasoning_content, cutter)) parts.push(part({ reasoning_content: text }))
  for (const { text, tokens } of cutAtTokens(content, logprobs?.content, cutter)) {
    parts.push(part(text === "" ? {} : { content: text }, tokens && { ...emptied, content: tokens }))
  }
  for (const { text, tokens } of cutAtTokens(refusal, logprobs?.refusal, cutter)) {
    parts.push(part(text === "" ? {} : { refusal: text }, tokens && { ...emptied, refusal: tokens }))
  }
  for (const call of (tool_calls ?? []).flatMap((call, index) => splitCall(call, index, cutter)))
    parts.push(part({ tool_calls: [call] }))
  if (function_call)
    parts.push(...splitFunctionCall(function_call, cutter).map((call) => part({ function_call: call })))
  if (audio) parts.push(...splitAudio(audio, cutter).map((piece) => part({ audio: piece })))

  const rest = withoutNulls(annotations?.length ? { annotations, ...extras } : extras)
  if (Object.keys(rest).length > 0) parts.push(part(rest))
  parts.push({ ...part({}), finish_reason, ...others })
  return parts
}

type ReplyToolCall = NonNullable<ChatCompletionMessage["tool_calls"]>[number]

function splitCall(call: ReplyToolCall, index: number, cutter: Cutter): ToolCallDelta[] {
  const named = { index, ...withoutIndex(call) }
  switch (named.type) {
    case "function":
      return [
        { ...named, function: { ...named.function, arguments: "" } },
        ...cut(named.function.arguments, cutter).map((text) => ({ index, function: { arguments: text } })),
      ]
    case "custom":
      return [
        { ...named, custom: { ...named.custom, input: "" } },
        ...cut(named.custom.input, cutter).map((text) => ({ index, custom: { input: text } })),
      ]
    default:
      return [named]
  }
}

function splitFunctionCall(
  call: NonNullable<ChatCompletionMessage["function_call"]>,
  cutter: Cutter,
): NonNullable<ChatDelta["function_call"]>[] {
  return [{ ...call, arguments: "" }, ...cut(call.arguments, cutter).map((text) => ({ arguments: text }))]
}

/**
 * The length of a piece of audio in base64 characters: about a quarter of a second of 16-bit samples at 24 kHz. A
 * multiple of four, so that each piece can be decoded alone.
 */
const audioPieceLength = 16_384

function splitAudio(
  audio: NonNullable<ChatCompletionMessage["audio"]>,
  cutter: Cutter,
): NonNullable<ChatDelta["audio"]>[] {
  const { data, transcript, expires_at, ...others } = audio
  const pieces: NonNullable<ChatDelta["audio"]>[] = [{ ...others, data: "", transcript: "" }]
  for (const text of cut(transcript, cutter)) pieces.push({ transcript: text })
  for (let at = 0; at < data.length; at += audioPieceLength)
    pieces.push({ data: data.slice(at, at + audioPieceLength) })
  pieces.push({ expires_at })
  return pieces
}

function withoutTokens(logprobs: ChoiceLogprobs): ChoiceLogprobs {
  const { content, refusal } = logprobs
  return { ...logprobs, ...(content && { content: [] }), ...(refusal && { refusal: [] }) }
}

/** A completion assembled from chunks. The finish reason of a choice is null when its last chunk is missing. */
export interface AssembledChat extends Omit<ChatCompletionResponse, "choices"> {
  choices: AssembledChoice[]
}

/** A choice assembled from chunks. */
export interface AssembledChoice extends Omit<ChatCompletionChoice, "finish_reason"> {
  finish_reason: ChatCompletionChoice["finish_reason"] | null
}

/**
 * Assembles chunks into a completion in canonical form. Returns undefined when there are no chunks. Accepts what clients
 * accept: a missing role, tool calls without id or name (set to ""), and usage in any chunk (the last one wins).
 */
export function assembleChat(chunks: Iterable<ChatCompletionChunk>): AssembledChat | undefined {
  const completion = noMembers()
  const choices = new Map<number, { whole: Members; message: Members; calls: Map<number, Members> }>()
  for (const { object: _, obfuscation: __, choices: parts, ...members } of chunks) {
    replace(completion, members)
    for (const { index, delta, logprobs, ...members } of parts) {
      const choice = choices.get(index) ?? { whole: noMembers(), message: noMembers(), calls: new Map() }
      choices.set(index, choice)
      replace(choice.whole, members)
      extend(choice.whole, { logprobs }, ["logprobs"])
      const { role: _, tool_calls, ...fragment } = delta
      extend(choice.message, fragment, ["function_call", "audio"])
      for (const { index, ...fragment } of tool_calls ?? []) {
        const call = choice.calls.get(index) ?? noMembers()
        choice.calls.set(index, call)
        extend(call, fragment, ["function", "custom"])
      }
    }
  }
  if (!("id" in completion)) return undefined
  const assembled = {
    ...completion,
    object: "chat.completion",
    choices: [...choices].map(([index, { whole, message, calls }]) => ({
      finish_reason: null,
      ...whole,
      index,
      message: {
        ...message,
        role: "assistant",
        tool_calls: [...calls].sort(([a], [b]) => a - b).map(([, call]) => wholeCall(call)),
      },
    })),
  }
  // The members of chunks have the same types as those of a completion, except that they are optional.
  return canonicalChat(assembled as unknown as AssembledChat)
}

type Members = Record<string, unknown>

/** Creates an empty object. The server chooses the member names: without a prototype, `__proto__` is an ordinary one. */
const noMembers = (): Members => Object.create(null)

function replace(members: Members, latest: object) {
  for (const [member, value] of Object.entries(latest)) {
    if (value != null) members[member] = value
  }
}

/** Strings that are never sent in pieces: a later value replaces the earlier one. */
const unsplitMembers = new Set(["id", "name", "type"])

/** Appends a fragment: strings and lists are concatenated, the named objects are extended, other values are replaced. */
function extend(members: Members, fragment: object, objects: readonly string[]) {
  for (const [member, value] of Object.entries(fragment)) {
    const before = members[member]
    if (value == null) continue
    if (typeof value === "string" && typeof before === "string" && !unsplitMembers.has(member)) {
      members[member] = before + value
    } else if (Array.isArray(value)) {
      const list = Array.isArray(before) ? before : []
      for (const item of value) list.push(item)
      members[member] = list
    } else if (objects.includes(member)) {
      // Only the line below sets this member, so it is an object.
      const object = (before as Members | undefined) ?? noMembers()
      members[member] = object
      extend(object, value, [])
    } else {
      members[member] = value
    }
  }
}

/** The required members of a call by its type, which is also the name of the member that contains them. */
const emptyCalls = new Map<string, object>([
  ["function", { name: "", arguments: "" }],
  ["custom", { name: "", input: "" }],
])

function wholeCall(call: Members): Members {
  const type = String(call["type"] ?? ("custom" in call ? "custom" : "function"))
  const empty = emptyCalls.get(type)
  // The schema of the chunks guarantees an object.
  return empty ? { id: "", ...call, type, [type]: { ...empty, ...(call[type] as object | undefined) } } : call
}

/**
 * Returns the canonical form of a completion, in which streamed and unstreamed completions can be compared. Choices are
 * sorted by index. Members that are null, except `content` and `finish_reason`, and empty lists of a message are removed.
 */
export function canonicalChat({ choices, ...completion }: AssembledChat): AssembledChat {
  // Not by a spread, here and below: in Node 20, an object with members after one gets a hidden class of its own.
  return Object.assign({}, withoutNulls(completion), {
    choices: choices.map(canonicalChoice).sort((a, b) => a.index - b.index),
  })
}

function canonicalChoice({ message, finish_reason, logprobs, ...choice }: AssembledChoice): AssembledChoice {
  return Object.assign({}, withoutNulls(choice), {
    message: canonicalMessage(message),
    finish_reason,
    ...(logprobs ? { logprobs: withoutNulls(logprobs) } : {}),
  })
}

function canonicalMessage(message: ChatCompletionMessage): ChatCompletionMessage {
  const { content, tool_calls, annotations, function_call, audio, ...rest } = message
  return Object.assign({}, withoutNulls(rest), {
    content: content ?? null,
    ...(tool_calls?.length ? { tool_calls: tool_calls.map(canonicalCall) } : {}),
    ...(annotations?.length ? { annotations } : {}),
    ...(function_call ? { function_call: withoutNulls(function_call) } : {}),
    ...(audio ? { audio: withoutNulls(audio) } : {}),
  })
}

function canonicalCall(call: ReplyToolCall): ReplyToolCall {
  const members = withoutNulls(withoutIndex(call))
  if (members.type === "function") return { ...members, function: withoutNulls(members.function) }
  if (members.type === "custom") return { ...members, custom: withoutNulls(members.custom) }
  return members
}

/** Removes the index that some servers add to the calls of an unstreamed message; it only repeats their order. */
function withoutIndex<T extends object>(call: T): T {
  return Object.fromEntries(Object.entries(call).filter(([member]) => member !== "index")) as T
}

/**
 * An event of a chat stream and its parsed data: a valid chunk (`chunk`), other JSON (`other`), `[DONE]`, an error, or
 * data that is not JSON.
 */
export type ChatPayload = { readonly event: DecodedEvent } & (
  | { readonly kind: "chunk"; readonly chunk: ChatCompletionChunk }
  | { readonly kind: "other"; readonly json: unknown }
  | Exclude<Payload, { readonly kind: "json" }>
)

/** A decoded stream with its data parsed as chat completion chunks. */
export interface ChatStream extends DecodedStream {
  readonly payloads: readonly ChatPayload[]
  readonly chunks: readonly ChatCompletionChunk[]
  /** The payload of the `pending` event, which only lenient clients see. */
  readonly unclosed?: ChatPayload
}

/** Parses the data of each event. Nothing is cached: call it once per stream. */
export function readChatStream(decoded: DecodedStream): ChatStream {
  const payloads = decoded.events.map(readChatPayload)
  const chunks = payloads.flatMap((payload) => (payload.kind === "chunk" ? [payload.chunk] : []))
  const { pending } = decoded
  return { ...decoded, payloads, chunks, ...(pending && { unclosed: readChatPayload(pending) }) }
}

function readChatPayload(event: DecodedEvent): ChatPayload {
  const payload = readPayload(event)
  if (payload.kind !== "json") return { event, ...payload }
  const { json } = payload
  const { success, data: chunk } = ChatCompletionChunk.safeParse(json)
  return success ? { event, kind: "chunk", chunk } : { event, kind: "other", json }
}
