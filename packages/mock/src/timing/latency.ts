import { DONE, type StreamEvent } from "@nexhina/stream"
import { type Digest, digest, random } from "../content/random.ts"
import { limits } from "../limits.ts"
import type { Delay, LatencyModel } from "./latency-model.ts"

/** The schedule of one reply, in milliseconds since the request arrived. */
export interface Pace {
  /** Returns the time of each event of a stream of `value`. */
  times(events: readonly StreamEvent[], value: unknown): number[]
  /** Returns the time of a reply that is sent whole: that of its last token. */
  whole(value: unknown): number
}

/**
 * Creates the schedule of a request: the same for the same latency and identity. Opening events go with the first token,
 * closing ones with the last. Tokens that are counted in `usage` and not shown take their time before the first one.
 */
export function createPace({ ttft, itl, prefill }: LatencyModel, identity: Digest): Pace {
  const start = digest("latency", identity)
  const within = ({ ms, jitter }: Delay, fraction: number) => ms + jitter * (2 * fraction - 1)
  function tokenTimes(value: unknown) {
    const { fraction } = random(start)
    let at = within(ttft, fraction()) + prefill * promptTokens(value)
    return {
      first: at,
      next(): number {
        at += within(itl, fraction())
        return at
      },
    }
  }
  return {
    times(events, value) {
      const tokens = tokenTimes(value)
      const hidden = outputTokens(value) - Math.max(1, events.filter(isToken).length)
      let at = tokens.first
      for (let token = 0; token < hidden; token++) at = tokens.next()
      let isFirst = true
      return events.map((event) => {
        if (isToken(event)) {
          if (!isFirst) at = tokens.next()
          isFirst = false
        }
        return at
      })
    },
    whole(value) {
      const tokens = tokenTimes(value)
      let at = tokens.first
      for (let token = 1; token < outputTokens(value); token++) at = tokens.next()
      return at
    },
  }
}

/** Returns whether an event carries a token: a delta of a response, or a chunk of a choice with text or arguments. */
function isToken({ data }: StreamEvent): boolean {
  if (data === undefined || data === DONE || typeof data === "string") return false
  const { type, choices } = data as { readonly type?: unknown; readonly choices?: unknown }
  if (typeof type === "string") return type.endsWith(".delta")
  return Array.isArray(choices) && choices.some((choice) => hasText(choice?.delta))
}

/** Returns whether a delta contains a text that is not empty, except for the names of its parts. */
function hasText(delta: unknown): boolean {
  if (typeof delta !== "object" || delta === null) return false
  const { content, refusal, reasoning_content, audio, tool_calls } = delta as Record<string, unknown>
  if ([content, refusal, reasoning_content].some((text) => typeof text === "string" && text !== "")) {
    return true
  }
  if (typeof audio === "object" && audio !== null) return true
  return Array.isArray(tool_calls) && tool_calls.some((call) => Boolean(call?.function?.arguments))
}

const promptTokens = (value: unknown) => tokensIn(value, "prompt_tokens", "input_tokens")
const outputTokens = (value: unknown) => tokensIn(value, "completion_tokens", "output_tokens")

/** Returns the tokens of prompt and output together; 0 for a reply that counts none. */
export const totalTokens = (value: unknown): number => promptTokens(value) + outputTokens(value)

/** Returns a count of `usage`, by its name in chat or in responses; 0 if it is missing. */
function tokensIn(value: unknown, chatName: string, responsesName: string): number {
  const { usage } = (value ?? {}) as { readonly usage?: Readonly<Record<string, unknown>> | null }
  const count = usage?.[chatName] ?? usage?.[responsesName]
  // A script may claim any number of tokens.
  return typeof count === "number" && count > 0 ? Math.min(Math.ceil(count), limits.replyEntries.max) : 0
}
