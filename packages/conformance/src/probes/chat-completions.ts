import type { Known } from "../known.ts"
import type { Probe } from "../probe.ts"

const userSays = (content: string) => [{ role: "user", content }]

const base = (known: Known) => ({ model: known.models.chat, max_tokens: known.maxOutputTokens })

/** The smallest chat request. */
export const plainChat: Probe = {
  id: "chat.plain",
  says: "a short chat, not streamed",
  quick: true,
  asks: (known) => [
    { operation: "createChatCompletion", body: { ...base(known), messages: userSays("Say hello.") } },
  ],
}
