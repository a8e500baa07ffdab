import type { DecoderReport } from "./decode.ts"
import { DONE } from "./event.ts"
import type { DecodedEvent } from "./fields.ts"

/** The data of an event, parsed but not yet checked against a schema. */
export type Payload =
  | { readonly kind: "done" }
  /** An error in the stream: the value of a truthy `error` member, or the data of an event of type `error`. */
  | { readonly kind: "error"; readonly error: unknown }
  | { readonly kind: "json"; readonly json: unknown }
  | { readonly kind: "not-json"; readonly reason: string }

/** Parses the data of an event. */
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

/** The members common to `ChatStream` and `ResponseStream` that `isComplete` reads. */
export interface PayloadStream extends Pick<DecoderReport, "counts"> {
  readonly payloads: readonly { readonly kind: string }[]
  readonly unclosed?: { readonly kind: string }
}

/**
 * Returns whether a stream was received completely, so that a missing `[DONE]` is the server's fault: the connection
 * ended cleanly, the decoder reached the end of the stream, and the stream contains no error.
 * @param endedCleanly Whether the connection ended without an error, which the stream itself cannot show.
 */
export function isComplete(stream: PayloadStream, endedCleanly: boolean): boolean {
  const failed = [...stream.payloads, stream.unclosed].some((payload) => payload?.kind === "error")
  return endedCleanly && !stream.counts.limit && !failed
}
