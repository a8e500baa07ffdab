import { headersOf } from "@nexhina/wire"
import { type Evidence, isProper } from "../evidence.ts"
import { plainChat } from "../probes/chat-completions.ts"
import { streamedChat } from "../probes/chat-streams.ts"
import { isObject, type ParsedReply, parseJson } from "../reading/answered.ts"
import { view } from "../view.ts"
import { type ChatReply, chatReplies } from "./chat-completions.ts"
import { successes } from "./http.ts"

const lenientUtf8 = new TextDecoder()

/** Returns the options in the `connection` headers of a message, in lower case. */
export const connectionOptions = (headers: Evidence["request"]["headers"]): string[] =>
  headersOf(headers, "connection")
    .flatMap((value) => value.toLowerCase().split(","))
    .map((option) => option.trim())

/** Complete successes after which the connection can be kept: the client did not ask to close it. */
export const endedSuccesses = view<ParsedReply>({
  id: "connection.ended",
  says: "successful responses that were received completely",
  surface: "http",
  probes: [plainChat, streamedChat],
  of(exchange) {
    const answered = successes.of(exchange)
    if (!answered || exchange.end.kind !== "complete") return undefined
    return connectionOptions(exchange.request.headers).includes("close") ? undefined : answered
  },
})

/** A valid chat request and its outcome. */
export interface ChatAttempt {
  readonly exchange: Evidence
  /** Whether the request asks for a stream. */
  readonly isStream: boolean
  /** Whether the kit closed the connection. */
  readonly isLeft: boolean
  /** The reply, if it is complete and not a stream. */
  readonly reply: ChatReply | undefined
}

/** Valid chat requests, with or without a reply. */
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
