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
import { cut, cutAtTokens } from "./fragments.ts"
import { type Payload, readPayload } from "./payload.ts"
import { withoutNulls } from "./without-nulls.ts"

/** What the stream depends on besides the completion. */
export interface SplitOptions {
  readonly profile: Profile
  /** The request's `stream_options.include_usage`. */
  readonly includeUsage: boolean
}

/**
 * The chunks of the stream that says what a completion says; where its usage rides is the profile's. Each choice
 * begins with the role, ends with an empty delta and the finish reason, and takes turns with the others. Texts are
 * cut at words, or at tokens where there are log probabilities. Members that the contract does not know are
 * carried too: those of the completion by every chunk, of a choice by its last one, of a message by one delta.
 */
export function splitChat(completion: ChatCompletionResponse, options: SplitOptions): ChatCompletionChunk[] {
  const { id, object: _, created, model, choices, usage, ...others } = completion
  const { profile, includeUsage } = options
  const parts = inTurn(choices.map(splitChoice)).map((part) => [part])
  const ownChunk = includeUsage && usage && profile.streamedUsage === "own-chunk"
  if (ownChunk || parts.length === 0) parts.push([])

  const object = "chat.completion.chunk" as const
  return parts.map((choices, i) => {
    // One literal for each chunk: spreading a common head into it takes V8 forty times as long.
    if (!includeUsage) return { id, object, created, model, ...others, choices }
    const isLast = i === parts.length - 1
    return { id, object, created, model, ...others, choices, usage: isLast ? (usage ?? null) : null }
  })
}

function inTurn<Item extends object>(rows: readonly (readonly Item[])[]): Item[] {
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

function splitChoice(choice: ChatCompletionChoice): ChatCompletionChunkChoice[] {
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
  const part = (delta: ChatDelta, found: ChoiceLogprobs | null = null): ChatCompletionChunkChoice => ({
    index,
    delta,
    ...(logprobs !== undefined && { logprobs: found }),
    finish_reason: null,
  })

  const opening: ChatDelta = { role, content: content == null ? null : "" }
  if (refusal !== undefined) opening.refusal = refusal === null ? null : ""
  if (reasoning_content != null) opening.reasoning_content = ""
  const parts = [part(opening, logprobs && withoutTokens(logprobs))]

  for (const text of cut(reasoning_content)) parts.push(part({ reasoning_content: text }))
  for (const { text, tokens } of cutAtTokens(content, logprobs?.content)) {
    parts.push(part(text === "" ? {} : { content: text }, tokens && { content: tokens }))
  }
  for (const { text, tokens } of cutAtTokens(refusal, logprobs?.refusal)) {
    parts.push(part(text === "" ? {} : { refusal: text }, tokens && { refusal: tokens }))
  }
  for (const call of (tool_calls ?? []).flatMap(splitCall)) parts.push(part({ tool_calls: [call] }))
  if (function_call)
    parts.push(...splitFunctionCall(function_call).map((call) => part({ function_call: call })))
  if (audio) parts.push(...splitAudio(audio).map((sound) => part({ audio: sound })))

  const rest = withoutNulls(annotations?.length ? { annotations, ...extras } : extras)
  if (Object.keys(rest).length > 0) parts.push(part(rest))
  parts.push({ ...part({}), finish_reason, ...others })
  return parts
}

type ReplyToolCall = NonNullable<ChatCompletionMessage["tool_calls"]>[number]

function splitCall(call: ReplyToolCall, index: number): ToolCallDelta[] {
  const named = { index, ...withoutIndex(call) }
  switch (named.type) {
    case "function":
      return [
        { ...named, function: { ...named.function, arguments: "" } },
        ...cut(named.function.arguments).map((text) => ({ index, function: { arguments: text } })),
      ]
    case "custom":
      return [
        { ...named, custom: { ...named.custom, input: "" } },
        ...cut(named.custom.input).map((text) => ({ index, custom: { input: text } })),
      ]
    default:
      return [named]
  }
}

function splitFunctionCall(
  call: NonNullable<ChatCompletionMessage["function_call"]>,
): NonNullable<ChatDelta["function_call"]>[] {
  return [{ ...call, arguments: "" }, ...cut(call.arguments).map((text) => ({ arguments: text }))]
}

/** As much base64 as carries a quarter of a second of 16-bit samples. Each piece can be decoded alone. */
const soundPiece = 16_384

function splitAudio(audio: NonNullable<ChatCompletionMessage["audio"]>): NonNullable<ChatDelta["audio"]>[] {
  const { data, transcript, expires_at, ...others } = audio
  const pieces: NonNullable<ChatDelta["audio"]>[] = [{ ...others, data: "", transcript: "" }]
  for (const text of cut(transcript)) pieces.push({ transcript: text })
  for (let at = 0; at < data.length; at += soundPiece) pieces.push({ data: data.slice(at, at + soundPiece) })
  pieces.push({ expires_at })
  return pieces
}

function withoutTokens(logprobs: ChoiceLogprobs): ChoiceLogprobs {
  const { content, refusal } = logprobs
  return { ...logprobs, ...(content && { content: [] }), ...(refusal && { refusal: [] }) }
}

/** A completion as chunks tell it: a choice whose last chunk never came has no finish reason. */
export interface AssembledChat extends Omit<ChatCompletionResponse, "choices"> {
  choices: AssembledChoice[]
}

/** A choice as chunks tell it. */
export interface AssembledChoice extends Omit<ChatCompletionChoice, "finish_reason"> {
  finish_reason: ChatCompletionChoice["finish_reason"] | null
}

/**
 * What the chunks of a stream say together, in canonical form; undefined when there are none. It takes what clients
 * take: a missing role, calls without id or name (they become ""), usage anywhere (the last one counts).
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
  // The schema of the chunks says of each member what the completion's schema says, but that it may be absent.
  return canonicalChat(assembled as unknown as AssembledChat)
}

type Members = Record<string, unknown>

/** Servers name the members: without a prototype, `__proto__` is a name like any other. */
const noMembers = (): Members => Object.create(null)

function replace(members: Members, latest: object) {
  for (const [member, value] of Object.entries(latest)) {
    if (value != null) members[member] = value
  }
}

const atOnce = new Set(["id", "name", "type"])

/** Texts and lists grow by the fragment's, the named objects member by member; what else it has, replaces. */
function extend(members: Members, fragment: object, objects: readonly string[]) {
  for (const [member, value] of Object.entries(fragment)) {
    const before = members[member]
    if (value == null) continue
    if (typeof value === "string" && typeof before === "string" && !atOnce.has(member)) {
      members[member] = before + value
    } else if (Array.isArray(value)) {
      const list = Array.isArray(before) ? before : []
      for (const item of value) list.push(item)
      members[member] = list
    } else if (objects.includes(member)) {
      // Nothing but this line puts a value there.
      const object = (before as Members | undefined) ?? noMembers()
      members[member] = object
      extend(object, value, [])
    } else {
      members[member] = value
    }
  }
}

/** What a call of each type has at least, under the name of the type. */
const emptyCalls = new Map<string, object>([
  ["function", { name: "", arguments: "" }],
  ["custom", { name: "", input: "" }],
])

function wholeCall(call: Members): Members {
  const type = String(call["type"] ?? ("custom" in call ? "custom" : "function"))
  const empty = emptyCalls.get(type)
  // Only an object gets there: the chunk's schema says so.
  return empty ? { id: "", ...call, type, [type]: { ...empty, ...(call[type] as object | undefined) } } : call
}

/**
 * The form in which completions can be compared, whether they came whole or in chunks: choices by index, members
 * that are null left out (but `content` and `finish_reason`), and lists of a message that are empty.
 */
export function canonicalChat({ choices, ...completion }: AssembledChat): AssembledChat {
  return {
    ...withoutNulls(completion),
    choices: choices.map(canonicalChoice).sort((a, b) => a.index - b.index),
  }
}

function canonicalChoice({ message, finish_reason, logprobs, ...choice }: AssembledChoice): AssembledChoice {
  return {
    ...withoutNulls(choice),
    message: canonicalMessage(message),
    finish_reason,
    ...(logprobs ? { logprobs: withoutNulls(logprobs) } : {}),
  }
}

function canonicalMessage(message: ChatCompletionMessage): ChatCompletionMessage {
  const { content, tool_calls, annotations, function_call, audio, ...rest } = message
  return {
    ...withoutNulls(rest),
    content: content ?? null,
    ...(tool_calls?.length ? { tool_calls: tool_calls.map(canonicalCall) } : {}),
    ...(annotations?.length ? { annotations } : {}),
    ...(function_call ? { function_call: withoutNulls(function_call) } : {}),
    ...(audio ? { audio: withoutNulls(audio) } : {}),
  }
}

function canonicalCall(call: ReplyToolCall): ReplyToolCall {
  const members = withoutNulls(withoutIndex(call))
  if (members.type === "function") return { ...members, function: withoutNulls(members.function) }
  if (members.type === "custom") return { ...members, custom: withoutNulls(members.custom) }
  return members
}

/** Some servers number the calls of a whole message too; their place says it already. */
function withoutIndex<T extends object>(call: T): T {
  return Object.fromEntries(Object.entries(call).filter(([member]) => member !== "index")) as T
}

/** An event of a chat stream, and what its data is: a chunk, JSON that is none (`other`), or no item at all. */
export type ChatPayload = { readonly event: DecodedEvent } & (
  | { readonly kind: "chunk"; readonly chunk: ChatCompletionChunk }
  | { readonly kind: "other"; readonly json: unknown }
  | Exclude<Payload, { readonly kind: "json" }>
)

/** A decoded stream, read as a chat stream. */
export interface ChatStream extends DecodedStream {
  readonly payloads: readonly ChatPayload[]
  readonly chunks: readonly ChatCompletionChunk[]
  /** What the `pending` event would be: clients that are no strict parsers see it. */
  readonly unclosed?: ChatPayload
}

/** Reads the data of each event. Parses all of them, so call it once for a stream. */
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
