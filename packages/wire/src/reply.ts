import type { Frame } from "@nexhina/stream"

/** A header line as it stands on the wire: the name in its original case, duplicates kept, in order. */
export type Header = readonly [name: string, value: string]

/** A request as a server sees it: plain values, the body whole. */
export interface Ask {
  readonly method: string
  /** Path and query, as on the request line. */
  readonly target: string
  readonly headers: readonly Header[]
  readonly body: Uint8Array
}

/** How a reply ends: as HTTP asks for, by a reset, by a close before the announced end, or never. */
export type ReplyEnd = "complete" | "reset" | "early-close" | "hang"

/**
 * What a server answers. Unlike a web `Response` it can say what real servers do: bytes before a reset,
 * duplicate headers, a wrong length. A host adds `content-length` for a string or bytes, unless it is there.
 */
export interface Reply {
  readonly status: number
  readonly headers: readonly Header[]
  readonly body: string | Uint8Array | Iterable<Frame> | AsyncIterable<Frame>
  readonly end: ReplyEnd
}

/** The answering seam: one request in, one reply out. A violation is a reply; only a bug rejects. */
export type Answer = (ask: Ask) => Promise<Reply>

/** The first value of a header, by its name in any case. */
export function headerOf(headers: readonly Header[], name: string): string | undefined {
  const lower = name.toLowerCase()
  return headers.find((header) => header[0].toLowerCase() === lower)?.[1]
}
