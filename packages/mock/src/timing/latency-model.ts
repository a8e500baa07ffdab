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
    says: "milliseconds to the first token, such as 200 or 200±50 (default: no delay)",
  },
  itl: {
    flag: "--itl <ms>",
    header: "itl",
    says: "milliseconds between tokens, such as 20 or 20±5 (default: no delay)",
  },
  tokensPerSecond: {
    flag: "--tokens-per-second <number>",
    header: "tps",
    says: "tokens per second, instead of the milliseconds between tokens (default: no limit)",
  },
  prefill: {
    flag: "--prefill <ms>",
    header: "prefill",
    says: "milliseconds for each token of the prompt, before the first token (default: no delay)",
  },
} as const satisfies Readonly<Record<keyof Latency, Parameter>>

/** A delay in milliseconds: uniform between `ms - jitter` and `ms + jitter`. */
export interface Delay {
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
