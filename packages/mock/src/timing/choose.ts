import type { Digest } from "../content/random.ts"
import { Refusal } from "../refusal.ts"
import type { KnownHeaders } from "../request/headers.ts"
import { createPace, type Latency, latencyModel, type Pace, readLatency } from "./latency.ts"

/** Options of the mock about time and trouble. */
export interface TimingOptions {
  readonly latency?: Latency
}

/** The time and trouble of one request. */
export interface RequestTiming {
  /** The schedule of a successful reply. */
  readonly pace?: Pace
}

/** Returns the timing of one request: by its headers, else by the options of the mock. */
export type ChooseTiming = (headers: KnownHeaders, identity: Digest) => RequestTiming

export const noTiming: RequestTiming = {}

/** The value of a header that switches the option off for a request. */
const none = "none"

/**
 * Creates the choice of timing for one mock. Throws a `TypeError` that names the wrong option. A wrong header is refused
 * with 400.
 */
export function timingChooser({ latency }: TimingOptions): ChooseTiming {
  const standing = latency && latencyModel(latency)
  return (headers, identity) => {
    const asked = headers["x-mock-latency"]
    if (standing === undefined && asked === undefined) return noTiming
    const model = asked === undefined ? standing : readHeader("x-mock-latency", asked, readLatency)
    return model === undefined ? noTiming : { pace: createPace(model, identity) }
  }
}

function readHeader<Value>(
  name: keyof KnownHeaders,
  text: string,
  read: (text: string) => Value,
): Value | undefined {
  if (text.trim() === none) return undefined
  try {
    return read(text)
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw new Refusal(400, { message: error.message, param: name })
  }
}
