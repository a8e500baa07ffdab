import type { DecodedEvent, Ending } from "./decode.ts"
import { DONE } from "./event.ts"

/** What the data of an event is, before any schema. */
export type Payload =
  | { readonly kind: "done" }
  /** An error in-band: an `error` member that says something, or an event named `error`. */
  | { readonly kind: "error"; readonly error: unknown }
  | { readonly kind: "json"; readonly json: unknown }
  | { readonly kind: "not-json"; readonly reason: string }

/** Reads the data of an event. An `error` member is what an error says, else all of it. */
export function readPayload({ type, data }: DecodedEvent): Payload {
  if (data === DONE) return { kind: "done" }
  let json: unknown
  try {
    json = JSON.parse(data)
  } catch (error) {
    return type === "error" ? { kind: "error", error: data } : { kind: "not-json", reason: String(error) }
  }
  const error = typeof json === "object" && json !== null && "error" in json ? json.error : undefined
  return error || type === "error" ? { kind: "error", error: error || json } : { kind: "json", json }
}

/** A stream of which the data of each event was read. */
interface ReadStream extends Pick<Ending, "counts"> {
  readonly payloads: readonly { readonly kind: string }[]
  readonly unclosed?: { readonly kind: string }
}

/**
 * Whether a stream is fit for judging how it ends, be it with `[DONE]` or not: it ended cleanly, which only the
 * connection can say, it was decoded to its end, and it carried no in-band error.
 */
export function isComplete(stream: ReadStream, endedCleanly: boolean): boolean {
  const failed = [...stream.payloads, stream.unclosed].some((payload) => payload?.kind === "error")
  return endedCleanly && !stream.counts.limit && !failed
}
