import { type Digest, digest, digestFraction } from "../content/random.ts"
import { Refusal } from "../refusal.ts"
import type { KnownHeaders } from "../request/headers.ts"
import { type Fault, parseFault } from "./fault.ts"
import { createPace, type Pace } from "./latency.ts"
import { type Latency, latencyModel, readLatency } from "./latency-model.ts"

/** Options of the mock about time and trouble. */
export interface TimingOptions {
  readonly latency?: Latency
  readonly fault?: string
}

/** The time and trouble of one request. */
export interface RequestTiming {
  /** The schedule of a successful reply. */
  readonly pace?: Pace
  /** The fault that the reply is under. */
  readonly fault?: Fault | undefined
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
export function timingChooser({ latency, fault }: TimingOptions): ChooseTiming {
  const standingModel = latency && latencyModel(latency)
  const standingFault = fault === undefined ? undefined : parseFault(fault)
  const isStanding = standingModel !== undefined || standingFault !== undefined
  return (headers, identity) => {
    const { "x-mock-latency": askedLatency, "x-mock-fault": askedFault } = headers
    if (!isStanding && askedLatency === undefined && askedFault === undefined) return noTiming
    const model =
      askedLatency === undefined ? standingModel : readHeader("x-mock-latency", askedLatency, readLatency)
    const fault =
      askedFault === undefined ? standingFault : readHeader("x-mock-fault", askedFault, parseFault)
    const isStruck = fault !== undefined && digestFraction(digest("fault", identity)) < fault.rate
    return { ...(model && { pace: createPace(model, identity) }), ...(isStruck && { fault }) }
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
