import type { Header } from "./reply.ts"

/** Bytes as they arrived together, and when, in ms after the request was sent. */
export interface ReceivedChunk {
  readonly atMs: number
  readonly bytes: Uint8Array
}

export const endKinds = ["complete", "truncated", "timeout", "limit", "aborted", "network"] as const
export const endStages = ["connect", "head", "body"] as const

/** How an exchange ended, as its sender saw it. */
export interface ExchangeEnd {
  /**
   * `complete`: the body ended as HTTP says. `truncated`: the connection closed before that. `timeout`: nothing
   * came for longer than the limit. `limit`: the sender stopped reading at its own limit. `aborted`: the sender
   * hung up on purpose. `network`: no response at all.
   */
  readonly kind: (typeof endKinds)[number]
  /**
   * The system's or HTTP parser's error code (`ECONNREFUSED`, `HPE_INVALID_CONSTANT`), or the limit's name. Absent
   * when the peer closed without an error. With `complete`: what followed the body was no HTTP.
   */
  readonly code?: string
  /** How far it had come; absent with `complete`. */
  readonly stage?: (typeof endStages)[number]
  /** Ms after the request was sent. */
  readonly atMs: number
}

/** What a recording knows: a HAR file has neither framing nor timing. A rule says what it needs. */
export interface Fidelity {
  /** Whether the bytes are those of the wire, not re-encoded text. */
  readonly bytes: boolean
  /** Whether chunk times were measured. */
  readonly timing: boolean
}

/** Why a request was sent, as the conformance kit tells it. */
export interface Intent {
  /** The contract's `operationId`; absent for a path that no endpoint has. */
  readonly operation?: string
  /** The probe or rule that asked. */
  readonly by: string
  /** What is wrong with the request on purpose; absent when it keeps the contract. */
  readonly fault?: RequestFault
  /** Which key was sent. Default: the configured one. */
  readonly key?: "none" | "wrong"
  /** Requests of one sample share a group. */
  readonly group: string
  /** What drew the sample: enough to draw it again. Absent for fixed requests. */
  readonly draw?: { readonly seed: number; readonly index: number }
}

export const requestFaultKinds = [
  "malformed-json",
  "not-an-object",
  "malformed-form",
  "missing",
  "wrong-type",
  "out-of-range",
  "check",
  "unknown-model",
  "unknown-path",
  "wrong-method",
  "too-large",
] as const

/** The one way in which a generated request breaks the contract. */
export interface RequestFault {
  readonly kind: (typeof requestFaultKinds)[number]
  /** Path of the member concerned, as in `error.param`; absent when the fault is no member's. */
  readonly param?: string
  /** In words, for the report. */
  readonly says: string
}

/** One request and what came back: the common tongue of mock, kit, inspector and files. */
export interface Exchange {
  readonly v: 1
  readonly id: string
  readonly intent?: Intent
  readonly request: {
    readonly method: string
    /** The absolute URL. */
    readonly target: string
    readonly headers: readonly Header[]
    readonly body: Uint8Array
    /** Ms since the run began. */
    readonly sentAtMs: number
  }
  /** Absent when no status line came. */
  readonly response?: {
    readonly status: number
    readonly headers: readonly Header[]
    readonly trailers: readonly Header[]
    readonly chunks: readonly ReceivedChunk[]
  }
  readonly end: ExchangeEnd
  readonly fidelity: Fidelity
  /** Where secrets were blotted out; present only in what a redactor has changed. */
  readonly redacted?: readonly Redaction[]
}

export const redactionParts = [
  "request-target",
  "request-header",
  "request-body",
  "response-header",
  "response-trailer",
  "response-body",
] as const

/** A stretch of a part that was replaced by as many asterisks. */
export interface Redaction {
  readonly part: (typeof redactionParts)[number]
  /** Header name, for the header and trailer parts. */
  readonly header?: string
  /** Offset in bytes in the joined body, or in characters in the target or the header's value. */
  readonly at: number
  readonly length: number
  /** The header's name was the reason, not a secret that was found in it. */
  readonly credential?: true
}

/** The response body in one piece, as it came over the wire. */
export function bodyOf(exchange: Exchange): Uint8Array {
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
