import { DONE, type StreamEvent } from "@nexhina/stream"
import { type Digest, digest, random } from "../content/random.ts"
import { limits } from "../limits.ts"

/** The latency of replies. Members that are left out are 0. */
export interface Latency {
  /** Time to the first token, in milliseconds, or with jitter: `"200±50"`. */
  readonly ttft?: number | string
  /** Time between tokens, in milliseconds, or with jitter: `"20±5"`. */
  readonly itl?: number | string
  /** Tokens per second: another way to give `itl`. */
  readonly tokensPerSecond?: number
  /** Milliseconds for each token of the prompt, which come before the first token. */
  readonly prefill?: number
}

interface Parameter {
  /** Flag of the command line, as commander takes it. */
  readonly flag: string
  /** Name in the header `x-mock-latency`. */
  readonly header: string
  readonly says: string
}

/** The parameters of latency: flags, header names and documentation are derived from this object. */
export const latencyParameters = {
  ttft: {
    flag: "--ttft <ms>",
    header: "ttft",
    says: "milliseconds to the first token, such as 200 or 200±50",
  },
  itl: { flag: "--itl <ms>", header: "itl", says: "milliseconds between tokens, such as 20 or 20±5" },
  tokensPerSecond: {
    flag: "--tokens-per-second <number>",
    header: "tps",
    says: "tokens per second, instead of the milliseconds between tokens",
  },
  prefill: {
    flag: "--prefill <ms>",
    header: "prefill",
    says: "milliseconds for each token of the prompt, before the first token",
  },
} as const satisfies Readonly<Record<keyof Latency, Parameter>>

/** A delay in milliseconds: uniform between `ms - jitter` and `ms + jitter`. */
interface Delay {
  readonly ms: number
  readonly jitter: number
}

/** A latency whose members have been checked. */
export interface LatencyModel {
  readonly ttft: Delay
  readonly itl: Delay
  readonly prefill: number
}

/** Longest delay, in milliseconds: a day (chosen). */
const maxDelay = 86_400_000

/** Checks a latency. Throws a `TypeError` that names the member, what is wrong and what is expected. */
export function latencyModel({ ttft = 0, itl = 0, tokensPerSecond, prefill = 0 }: Latency): LatencyModel {
  if (tokensPerSecond !== undefined) {
    if (itl !== 0) throw new TypeError("Invalid latency: give 'itl' or 'tokensPerSecond' (tps), not both.")
    if (!(tokensPerSecond > 0 && tokensPerSecond < Number.POSITIVE_INFINITY)) {
      throw new TypeError("Invalid latency 'tokensPerSecond' (tps): expected a number greater than 0.")
    }
  }
  if (!(prefill >= 0 && prefill <= maxDelay)) {
    throw new TypeError("Invalid latency 'prefill': expected milliseconds for each token, such as 0.5.")
  }
  return {
    ttft: delayOf("ttft", ttft),
    itl: tokensPerSecond === undefined ? delayOf("itl", itl) : delayOf("tps", 1000 / tokensPerSecond),
    prefill,
  }
}

/** Number with an optional range: `±`, also as UTF-8 that was read as Latin-1, as HTTP headers are; or `+-`. */
const delayPattern = /^(\d+(?:\.\d+)?)(?:(?:Â?±|\+-)(\d+(?:\.\d+)?))?$/

function delayOf(name: string, given: number | string): Delay {
  const [, ms, jitter = "0"] = delayPattern.exec(String(given).trim()) ?? []
  const delay = { ms: Number(ms), jitter: Number(jitter) }
  if (!(delay.ms <= maxDelay)) {
    throw new TypeError(
      `Invalid latency '${name}': expected milliseconds up to a day, such as 200, or with jitter, such as 200±50 (or 200+-50).`,
    )
  }
  if (delay.jitter > delay.ms) {
    throw new TypeError(`Invalid latency '${name}': the jitter must not be larger than the delay.`)
  }
  return delay
}

/** Reads the value of `x-mock-latency`, such as `ttft=200±50,tps=40`. Throws a `TypeError` like `latencyModel`. */
export function readLatency(text: string): LatencyModel {
  const names = new Map<string, string>(
    Object.entries(latencyParameters).map(([name, { header }]) => [header, name]),
  )
  const entries = text.split(",").map((part) => {
    const [header = "", value = ""] = part.split("=").map((side) => side.trim())
    const name = names.get(header)
    if (name === undefined || value === "") {
      throw new TypeError(
        `Invalid latency '${part.trim().slice(0, 64)}': expected NAME=VALUE with one of ${[...names.keys()].join(", ")}, or none.`,
      )
    }
    return [name, name === "ttft" || name === "itl" ? value : Number(value)] as const
  })
  return latencyModel(Object.fromEntries(entries))
}

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

/** Returns a count of `usage`, as chat or as responses name it; 0 when there is none. */
function tokensIn(value: unknown, chatName: string, responsesName: string): number {
  const { usage } = (value ?? {}) as { readonly usage?: Readonly<Record<string, unknown>> | null }
  const count = usage?.[chatName] ?? usage?.[responsesName]
  // A script may claim any number of tokens.
  return typeof count === "number" && count > 0 ? Math.min(Math.ceil(count), limits.replyEntries.max) : 0
}
