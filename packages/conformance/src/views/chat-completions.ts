import { ChatCompletionRequest, endpoints } from "@nexhina/schemas"
import { type Answered, isObject } from "../answered.ts"
import type { Probe } from "../probe.ts"
import { plainChat } from "../probes/chat-completions.ts"
import type { Where } from "../rule.ts"
import { type View, view } from "../view.ts"
import { everyResponse } from "./http.ts"

type Members = Readonly<Record<string, unknown>>

/** A chat request that keeps the contract and was meant to, and what came back, whatever that is. */
export interface ChatRequested {
  readonly answered: Answered
  readonly request: ChatCompletionRequest
}

/** A tool call as it came, no type checked. */
export interface Call {
  /** JSON pointer to it in the completion. */
  readonly pointer: string
  readonly id: unknown
  readonly type: unknown
  readonly name: unknown
  readonly arguments: unknown
}

/** A choice as it came; `{}` and `[]` stand for a message and calls that are of another type. */
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
  /** `{}` for JSON that is no object. */
  readonly completion: Members
  readonly choices: readonly Choice[]
  /** Where in the exchange a member of the completion, given by its JSON pointer, came. */
  where(pointer: string): Where
}

const membersOf = (value: unknown): Members => (isObject(value) ? value : {})
const itemsOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

function callOf(value: unknown, pointer: string): Call {
  const { id, type, function: definition, custom } = membersOf(value)
  const { name, arguments: args } = membersOf(definition ?? custom)
  return { pointer, id, type, name, arguments: args }
}

/** The choices of a completion; an item that is no object counts as an empty one. */
export function choicesOf(completion: Members): Choice[] {
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

function requestOf(body: unknown): ChatCompletionRequest | undefined {
  const parsed = ChatCompletionRequest.safeParse(body)
  if (!parsed.success) return undefined
  return endpoints.createChatCompletion.checks.every((check) => check.holds(parsed.data))
    ? parsed.data
    : undefined
}

/** Chat requests that keep the contract, whatever came back. */
export const chatRequests = view<ChatRequested>({
  id: "chat.requests",
  says: "chat requests that keep the contract",
  surface: "chat",
  probes: [plainChat],
  of(exchange) {
    const answered = everyResponse.of(exchange)
    if (answered?.operation !== "createChatCompletion") return undefined
    if (exchange.intent?.fault || exchange.intent?.key) return undefined
    const request = requestOf(answered.request)
    return request && { answered, request }
  },
})

/** An error sent as a success is for the rules on errors to judge, not for those on completions. */
const isError = ({ error, choices }: Members) => error != null && !Array.isArray(choices)

/** Completions that came whole, as JSON. */
export const chatReplies = view<ChatReply>({
  id: "chat.replies",
  says: "chat completions that were not streamed",
  surface: "chat",
  probes: [plainChat],
  of(exchange) {
    const requested = chatRequests.of(exchange)
    if (!requested) return undefined
    const { status, json, streaming } = requested.answered
    if (streaming || status < 200 || status >= 300 || !json.ok) return undefined
    const completion = membersOf(json.value)
    if (isError(completion)) return undefined
    return {
      ...requested,
      completion,
      choices: choicesOf(completion),
      where: (pointer) => ({ part: "body", pointer }),
    }
  },
})

/** The part of a view that has something to judge, and the stock probes that make sure of it. */
export function narrowed<V>(
  from: View<V>,
  to: { readonly id: string; readonly says: string; readonly probes: readonly Probe[] },
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
