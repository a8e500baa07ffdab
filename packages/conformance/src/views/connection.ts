import { type Evidence, isProper } from "../evidence.ts"
import { plainChat } from "../probes/chat-completions.ts"
import { streamedChat } from "../probes/chat-streams.ts"
import { isObject, type ParsedReply, parseJson } from "../reading/answered.ts"
import { view } from "../view.ts"
import { type ChatReply, chatReplies } from "./chat-completions.ts"
import { successes } from "./http.ts"

const lenientUtf8 = new TextDecoder()

/** The options that the `connection` headers of a message list, in lower case. */
export const connectionOptions = (headers: Evidence["request"]["headers"]): string[] =>
  headers
    .filter(([name]) => name.toLowerCase() === "connection")
    .flatMap(([, value]) => value.toLowerCase().split(","))
    .map((option) => option.trim())

/** Successes after which the connection could go on: they came to their end, and the client did not ask to close. */
export const endedSuccesses = view<ParsedReply>({
  id: "connection.ended",
  says: "successes that came to their end",
  surface: "http",
  probes: [plainChat, streamedChat],
  of(exchange) {
    const answered = successes.of(exchange)
    if (!answered || exchange.end.kind !== "complete") return undefined
    return connectionOptions(exchange.request.headers).includes("close") ? undefined : answered
  },
})

/** A chat that keeps the contract, and how it went. */
export interface ChatAttempt {
  readonly exchange: Evidence
  /** A stream was asked for. */
  readonly isStream: boolean
  /** The kit hung up on it. */
  readonly isLeft: boolean
  /** The whole reply; `undefined` for streams, and for whatever is none. */
  readonly reply: ChatReply | undefined
}

/** Chats that keep the contract, answered or not. */
export const chatAttempts = view<ChatAttempt>({
  id: "connection.chats",
  says: "chats, answered or not",
  needs: ["fault"],
  surface: "chat",
  probes: [],
  of(exchange) {
    const { operation, request, end } = exchange
    if (operation.value !== "createChatCompletion" || !isProper(exchange)) return undefined
    const reply = end.kind === "complete" ? chatReplies.of(exchange) : undefined
    const asked = parseJson(lenientUtf8.decode(request.body))
    return {
      exchange,
      isStream: asked.ok && isObject(asked.value) && asked.value["stream"] === true,
      isLeft: end.kind === "aborted",
      reply,
    }
  },
})
