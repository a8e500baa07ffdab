import { z } from "zod"
import { Header } from "./reply.ts"

const Headers = z.array(Header).readonly()
const Bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array)

/** Bytes that arrived together, and when, in ms after the request was sent. */
export const ReceivedChunk = z.object({ atMs: z.number(), bytes: Bytes })
export type ReceivedChunk = Readonly<z.infer<typeof ReceivedChunk>>

/** How an exchange ended, as its sender saw it. */
export const ExchangeEnd = z.object({
  /**
   * `complete`: the body ended as HTTP defines. `truncated`: the connection closed before that. `timeout`: nothing
   * arrived within the limit. `limit`: the sender stopped reading at its own limit. `aborted`: the sender closed the
   * connection on purpose. `network`: no response.
   */
  kind: z.enum(["complete", "truncated", "timeout", "limit", "aborted", "network"]),
  /**
   * Error code of the system or the HTTP parser (`ECONNREFUSED`, `HPE_INVALID_CONSTANT`), or the name of the limit.
   * Absent when the peer closed without an error. With `complete`: the bytes after the body are not HTTP.
   */
  code: z.string().exactOptional(),
  /** The last stage that was reached; absent with `complete`. */
  stage: z.enum(["connect", "head", "body"]).exactOptional(),
  /** Ms after the request was sent. */
  atMs: z.number(),
})
export type ExchangeEnd = Readonly<z.infer<typeof ExchangeEnd>>

/** What a recording contains: a HAR file has neither framing nor timing. A rule states what it needs. */
export const Fidelity = z.object({
  /** Whether the bytes are those of the wire, not re-encoded text. */
  bytes: z.boolean(),
  /** Whether chunk times were measured, by a process that was not too busy to receive. */
  timing: z.boolean(),
})
export type Fidelity = Readonly<z.infer<typeof Fidelity>>

/** A span that was replaced by as many asterisks. */
export const Redaction = z.object({
  part: z.enum([
    "request-target",
    "request-header",
    "request-body",
    "response-header",
    "response-trailer",
    "response-body",
  ]),
  /** Header name, for the header and trailer parts. */
  header: z.string().exactOptional(),
  /** Offset in bytes in the joined body, or in characters in the target or the header's value. */
  at: z.number(),
  length: z.number(),
  /** Set when the header was redacted because of its name, not because a secret was found in it. */
  credential: z.literal(true).exactOptional(),
})
export type Redaction = Readonly<z.infer<typeof Redaction>>

/** A request as it was sent. */
export const RecordedRequest = z.object({
  method: z.string(),
  /** The absolute URL. */
  target: z.string(),
  headers: Headers,
  body: Bytes,
  /** Ms since the recording began. */
  sentAtMs: z.number(),
})
export type RecordedRequest = Readonly<z.infer<typeof RecordedRequest>>

/** A reply as it was received. */
export const RecordedReply = z.object({
  status: z.number(),
  headers: Headers,
  trailers: Headers,
  chunks: z.array(ReceivedChunk).readonly(),
})
export type RecordedReply = Readonly<z.infer<typeof RecordedReply>>

/** One request and its reply, as recorded. The mock, the kit and transcript files share this form. */
export const Exchange = z.object({
  v: z.literal(1),
  id: z.string(),
  request: RecordedRequest,
  /** Absent when no status line was received. */
  response: RecordedReply.exactOptional(),
  end: ExchangeEnd,
  fidelity: Fidelity,
  /** Where secrets were redacted; present only in what a redactor has changed. */
  redacted: z.array(Redaction).readonly().exactOptional(),
})
export type Exchange = Readonly<z.infer<typeof Exchange>>

/** Returns the response body in one piece, as received. */
export function bodyOf(exchange: Pick<Exchange, "response">): Uint8Array {
  const chunks = exchange.response?.chunks ?? []
  const [only] = chunks
  if (chunks.length === 1 && only) return only.bytes
  const joined = new Uint8Array(chunks.reduce((length, chunk) => length + chunk.bytes.length, 0))
  let at = 0
  for (const chunk of chunks) {
    joined.set(chunk.bytes, at)
    at += chunk.bytes.length
  }
  return joined
}
