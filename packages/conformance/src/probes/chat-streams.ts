import type { Probe } from "../probe.ts"
import { chatStep, userSays } from "./chat-completions.ts"

const include_usage = { stream_options: { include_usage: true } }

/** The smallest chat request for a stream. */
export const streamedChat: Probe = {
  id: "chat.stream",
  says: "a short chat, streamed",
  quick: true,
  asks: (known) => [chatStep(known, { messages: userSays("Say hello."), stream: true })],
}

/** The smallest chat request for a stream with its usage. */
export const streamedChatWithUsage: Probe = {
  id: "chat.stream-usage",
  says: "a short chat, streamed, with its usage",
  quick: true,
  asks: (known) => [
    chatStep(known, { messages: userSays("Say hello."), stream: true, ...include_usage }, ["stream_options"]),
  ],
}

/** Two choices, whose chunks may alternate. */
export const streamedChatOfTwo: Probe = {
  id: "chat.stream-n",
  says: "a chat with two choices, streamed",
  quick: true,
  asks: (known) => [chatStep(known, { messages: userSays("Name a colour."), stream: true, n: 2 }, ["n"])],
}
