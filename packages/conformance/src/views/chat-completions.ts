import {
  ChatCompletionChunk,
  ChatCompletionChunkChoice,
  ChatCompletionRequest,
  endpoints,
} from "@nexhina/schemas"
import { assembleChat } from "@nexhina/stream"
import { z } from "zod"
import { isProper } from "../evidence.ts"
import { plainChat } from "../probes/chat-completions.ts"
import { streamedChat } from "../probes/chat-streams.ts"
import { isObject, type ParsedReply } from "../reading/answered.ts"
import { fitted } from "../reading/fitted.ts"
import type { Where } from "../rule.ts"
import { type View, view } from "../view.ts"
import {
  type ChatStream,
  type ChunkChoice,
  carries,
  chatStreams,
  completeChatStreams,
  isFilterReport,
  type StreamChunk,
  whereEvent,
} from "./chat-streams.ts"
import { everyResponse } from "./http.ts"
import { type NamedAnswer, namedAnswer } from "./named-answer.ts"

type Members = Readonly<Record<string, unknown>>

/** A valid chat request and its reply, whatever that contains. */
export interface ChatRequested {
  readonly answered: ParsedReply
  readonly request: ChatCompletionRequest
}

/** A tool call as received; types are not checked. */
export interface Call {
  /** JSON pointer to it in the completion. */
  readonly pointer: string
  readonly id: unknown
  readonly type: unknown
  readonly name: unknown
  readonly arguments: unknown
}

/** A choice as received. A message or calls of another type are replaced by `{}` or `[]`. */
export interface Choice {
  /** JSON pointer to it in the completion. */
  readonly pointer: string
  readonly index: unknown
  readonly message: Members
  readonly finish: unknown
  readonly logprobs: unknown
  readonly calls: readonly Call[]
}

/** A chat's completion, no type checked: rules that trust one say `after: ["chat.schema"]`. */
export interface ChatReply extends ChatRequested {
  /** `{}` when the JSON is not an object. */
  readonly completion: Members
  readonly choices: readonly Choice[]
  /**
   * Where in the exchange a member of the completion, given by its JSON pointer, came; of a text or list, the
   * character or item number `at`. Default: its end.
   */
  where(pointer: string, at?: number): Where
}

/** The same in either mode: a completion that came whole, or what the chunks of a complete stream say together. */
export interface ChatAnswer extends ChatReply {
  readonly streamed: boolean
}

const membersOf = (value: unknown): Members => (isObject(value) ? value : {})
const itemsOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

function callOf(value: unknown, pointer: string): Call {
  const { id, type, function: definition, custom } = membersOf(value)
  const { name, arguments: args } = membersOf(definition ?? custom)
  return { pointer, id, type, name, arguments: args }
}

/** Returns the choices of a completion. An item that is not an object counts as an empty choice. */
function choicesOf(completion: Members): Choice[] {
  return itemsOf(completion["choices"]).map((value, at) => {
    const { index, message: sent, finish_reason: finish, logprobs } = membersOf(value)
    const pointer = `/choices/${at}`
    const message = membersOf(sent)
    const calls = itemsOf(message["tool_calls"]).map((call, number) =>
      callOf(call, `${pointer}/message/tool_calls/${number}`),
    )
    return { pointer, index, message, finish, logprobs, calls }
  })
}

/** Returns whether the reply was cut before the model was done, so that its content can end anywhere. */
export const isCut = ({ finish }: Pick<Choice, "finish">): boolean =>
  finish === "length" || finish === "content_filter"

/** Returns whether the model refused the request. */
export const isRefusal = ({ message: { refusal } }: Choice): boolean =>
  typeof refusal === "string" && refusal !== ""

function requestOf(body: unknown): ChatCompletionRequest | undefined {
  const request = fitted(ChatCompletionRequest, body)
  return request && endpoints.createChatCompletion.checks.every((check) => check.holds(request))
    ? request
    : undefined
}

/** Valid chat requests with any key or none, whatever the reply: what a success contains does not depend on the key. */
const requestedChats = view<ChatRequested>({
  id: "chat.requested",
  says: "chat requests that keep the contract, with any key or none",
  needs: ["fault"],
  surface: "chat",
  probes: [plainChat],
  of(exchange) {
    const answered = everyResponse.of(exchange)
    if (answered?.operation !== "createChatCompletion" || exchange.fault.value) return undefined
    const request = requestOf(answered.request)
    return request && { answered, request }
  },
})

/** Valid chat requests, whatever the reply. */
export const chatRequests = view<ChatRequested>({
  ...requestedChats,
  id: "chat.requests",
  says: "chat requests that keep the contract",
  of: (exchange) => (isProper(exchange) ? requestedChats.of(exchange) : undefined),
})

/** Returns whether a success contains an error, which is judged by the rules about errors. */
const isError = ({ error, choices }: Members) => error != null && !Array.isArray(choices)

/** Completions that were not streamed. */
export const chatReplies = view<ChatReply>({
  id: "chat.replies",
  says: "chat completions that were not streamed",
  surface: "chat",
  probes: [plainChat],
  of(exchange) {
    const requested = requestedChats.of(exchange)
    if (!requested) return undefined
    const { status, json, streaming } = requested.answered
    if (streaming || status < 200 || status >= 300 || !json.ok) return undefined
    const completion = membersOf(json.value)
    if (isError(completion)) return undefined
    return {
      completion,
      choices: choicesOf(completion),
      where: (pointer) => ({ part: "body", pointer }),
      ...requested,
    }
  },
})

/** The parts of one choice in a stream, in order. */
interface ChoiceParts {
  readonly all: ChunkChoice[]
  /** The last part of each tool call, by the call's index. */
  readonly calls: Map<string, ChunkChoice>
}

/** The parts of each choice of a stream, by the choice's index. */
function partsByChoice({ parts }: ChatStream): ReadonlyMap<unknown, ChoiceParts> {
  const choices = new Map<unknown, ChoiceParts>()
  for (const part of parts) {
    const known: ChoiceParts = choices.get(part.index) ?? { all: [], calls: new Map() }
    choices.set(part.index, known)
    known.all.push(part)
    for (const call of itemsOf(part.delta["tool_calls"])) {
      known.calls.set(String(membersOf(call)["index"]), part)
    }
  }
  return choices
}

/** What a part of a choice adds to the member of the choice that `path` leads to. */
function addedTo({ delta, finish, value }: ChunkChoice, [member, inner]: readonly string[]): unknown {
  if (member === "finish_reason") return finish
  if (member === "logprobs" && inner !== undefined) return membersOf(value[member])[inner]
  if (member === "message") return inner === undefined ? delta : delta[inner]
  return member === undefined ? delta : value[member]
}

/** Which part brings item or character `at` of the member that `path` leads to; default: the last one that adds to it. */
function bringing({ all, calls }: ChoiceParts, path: readonly string[], at: number): ChunkChoice | undefined {
  const [member, inner, call] = path
  if (member === "message" && inner === "tool_calls" && call !== undefined)
    return calls.get(call) ?? all.at(-1)
  let found = all.at(-1)
  let length = 0
  for (const part of all) {
    const added = addedTo(part, path)
    if (!carries(added)) continue
    found = part
    if (typeof added === "string" || Array.isArray(added)) length += added.length
    if (length > at) break
  }
  return found
}

/** What has to be right for a stream to say something; the other members have rules of their own. */
const ReadableChunk = ChatCompletionChunk.extend({
  object: z.unknown().optional(),
  created: z.unknown().optional(),
  model: z.unknown().optional(),
  usage: z.unknown().optional(),
  choices: z.array(ChatCompletionChunkChoice.extend({ logprobs: z.unknown().optional() })),
})

/** Azure sends what its filters found as choices without a delta, which say nothing of the reply. */
const isFilteredChoice = (choice: unknown) =>
  isObject(choice) && "content_filter_results" in choice && !("delta" in choice)

function readableChunk({ value }: StreamChunk) {
  const choices = itemsOf(value["choices"])
  return fitted(
    ReadableChunk,
    choices.some(isFilteredChoice)
      ? { ...value, choices: choices.filter((choice) => !isFilteredChoice(choice)) }
      : value,
  )
}

function assembled(requested: ChatRequested, stream: ChatStream): ChatAnswer | undefined {
  const chunks = stream.chunks.filter((chunk) => !isFilterReport(chunk)).map(readableChunk)
  if (chunks.includes(undefined)) return undefined
  // Of the members that were not read, none is more to the assembler than a value that it carries along.
  const completion = assembleChat(chunks as ChatCompletionChunk[])
  if (!completion) return undefined
  let parts: ReturnType<typeof partsByChoice> | undefined
  return {
    completion: { ...completion },
    choices: choicesOf({ ...completion }),
    where(pointer, at = Number.POSITIVE_INFINITY) {
      const [top = "", choice, ...path] = pointer.split("/").slice(1)
      if (choice === undefined) {
        const found = stream.chunks.findLastIndex(({ value }) => carries(value[top]))
        return found < 0 ? { part: "end" } : whereEvent(stream, found, `/${top}`)
      }
      // Only a finding asks for places.
      parts ??= partsByChoice(stream)
      const ofChoice = parts.get(completion.choices[Number(choice)]?.index)
      const found = ofChoice && bringing(ofChoice, path, at)
      return found ? whereEvent(stream, found.chunk, found.pointer) : { part: "end" }
    },
    streamed: true,
    ...requested,
  }
}

/** Completions in either mode. A stream is included when it is complete and its chunks can be read. */
export const chatAnswers = view<ChatAnswer>({
  id: "chat.answers",
  says: "chat completions, whole or streamed",
  surface: "chat",
  probes: [plainChat, streamedChat],
  of(exchange) {
    const reply = chatReplies.of(exchange)
    if (reply) return { streamed: false, ...reply }
    const stream = completeChatStreams.of(exchange)
    const requested = requestedChats.of(exchange)
    return stream && requested && assembled(requested, stream)
  },
})

/** The ids of chat completions, to compare within the run. */
export const chatIds = view<NamedAnswer>({
  ...chatAnswers,
  id: "chat.ids",
  of(exchange) {
    const answer = chatAnswers.of(exchange)
    return answer && namedAnswer(answer.completion.id, answer)
  },
})

/** The `object` of replies and chunks. */
export interface ChatObjects {
  readonly expected: "chat.completion" | "chat.completion.chunk"
  readonly found: readonly {
    readonly object: unknown
    readonly at: Where
    readonly isFilterReport: boolean
  }[]
}

/** Whole replies and streams, by the names of what they carry. */
export const chatObjects = view<ChatObjects>({
  id: "chat.objects",
  says: "chat replies and streams",
  surface: "chat",
  probes: [plainChat, streamedChat],
  of(exchange) {
    const reply = chatReplies.of(exchange)
    if (reply) {
      const { object } = reply.completion
      return {
        expected: "chat.completion",
        found: [{ object, at: reply.where("/object"), isFilterReport: false }],
      }
    }
    const stream = chatStreams.of(exchange)
    if (!stream || stream.chunks.length === 0) return undefined
    const found = stream.chunks.map((chunk, at) => ({
      object: chunk.value["object"],
      at: whereEvent(stream, at, "/object"),
      isFilterReport: isFilterReport(chunk),
    }))
    return { expected: "chat.completion.chunk", found }
  },
})

/** The part of a view that has something to judge, and the stock probes that make sure of it. */
export function narrowed<V>(
  from: View<V>,
  to: Pick<View<V>, "id" | "says" | "probes" | "occasional">,
  has: (value: V) => boolean,
): View<V> {
  return view({
    ...from,
    ...to,
    of(exchange) {
      const value = from.of(exchange)
      return value !== undefined && has(value) ? value : undefined
    },
  })
}
