import type { Frame } from "@nexhina/stream"
import { z } from "zod"

/** A header line as sent, name and value: the name in its original case, duplicates kept, in order. */
export const Header = z.tuple([z.string(), z.string()]).readonly()
export type Header = z.infer<typeof Header>

/** A request as a server receives it, with its whole body. */
export interface MockRequest {
  readonly method: string
  /** Path and query, as on the request line. */
  readonly target: string
  readonly headers: readonly Header[]
  readonly body: Uint8Array
  /** Limit in bytes that the body exceeded. The host stopped reading, and `body` is empty. */
  readonly exceededBytes?: number
  /** Why the host refuses the request. The other members are what could be read. */
  readonly fault?: HttpFault
  /**
   * Aborts when the client no longer waits for the reply: work on it ends. Hosts may create it when it is first read.
   * Default: the client waits.
   */
  readonly signal?: AbortSignal | undefined
}

/** A fault of HTTP itself, which hosts detect, or that a host has no room for the request (503). */
export interface HttpFault {
  readonly status: 400 | 408 | 417 | 431 | 503
  readonly message: string
  /** Seconds after which the client may try again. Default: not stated. */
  readonly retryAfterSeconds?: number
}

/** How a reply ends: normally, by a reset, by a close before the announced end, or never. */
export type ReplyEnd = "complete" | "reset" | "early-close" | "hang"

/** Frames that can be read more than once, and whose size in bytes is known. */
export interface StoredFrames extends Iterable<Frame> {
  readonly byteLength: number
}

/**
 * The reply of a server. Unlike a web `Response` it can express what real servers do: bytes before a reset,
 * duplicate headers, a wrong length. Hosts add `content-length` to a string or bytes when `headers` lacks it.
 */
export interface Reply {
  readonly status: number
  readonly headers: readonly Header[]
  /**
   * The time to send status and headers, in milliseconds since the request arrived. Default: at once. When they are
   * withheld, the reply ends at that time without a byte.
   */
  readonly head?: { readonly atMs: number; readonly withheld?: true }
  readonly body: string | Uint8Array | StoredFrames | Iterable<Frame> | AsyncIterable<Frame>
  readonly end: ReplyEnd
}

/** Turns one request into one reply. Contract violations resolve with an error reply; only bugs reject. */
export type Handle = (request: MockRequest) => Promise<Reply>

/** Returns the first value of a header, whose name is compared without regard to case. */
export function headerOf(headers: readonly Header[], name: string): string | undefined {
  const isNamed = isNamedAs(name)
  return headers.find(isNamed)?.[1]
}

/** Returns the values of all headers of a name, which is compared without regard to case. */
export const headersOf = (headers: readonly Header[], name: string): string[] =>
  headers.filter(isNamedAs(name)).map(([, value]) => value)

function isNamedAs(name: string): (header: Header) => boolean {
  const lower = name.toLowerCase()
  // Most names differ in length: they need not be converted.
  return ([given]) => given.length === lower.length && given.toLowerCase() === lower
}
