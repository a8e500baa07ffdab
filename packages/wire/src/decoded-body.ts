import { brotliDecompressSync, gunzipSync, inflateSync, constants as zlib } from "node:zlib"
import { bodyOf, type Exchange } from "./exchange.ts"
import { type Header, headersOf } from "./reply.ts"

/** A response body after its content codings were removed. */
export interface DecodedBody {
  /** The whole body. With a fault: what precedes the cut (`truncated`), or nothing. */
  readonly bytes: Uint8Array
  /** Why `bytes` is not the whole body. `unsupported`: an unknown coding, or more than three codings. */
  readonly fault?: "truncated" | "corrupt" | "oversized" | "unsupported"
}

type Decoder = (bytes: Uint8Array, options: { maxOutputLength: number; finishFlush?: number }) => Uint8Array

interface Coding {
  readonly decode: Decoder
  /** The flush mode that returns the available part of an unfinished stream. */
  readonly partial: number
}

const gzip: Coding = { decode: gunzipSync, partial: zlib.Z_SYNC_FLUSH }

const codings: ReadonlyMap<string, Coding> = new Map([
  ["gzip", gzip],
  ["x-gzip", gzip],
  ["deflate", { decode: inflateSync, partial: zlib.Z_SYNC_FLUSH }],
  ["br", { decode: brotliDecompressSync, partial: zlib.BROTLI_OPERATION_FLUSH }],
])

/** Each layer can be a decompression bomb, and a header has room for thousands of layers. */
const maxLayers = 3

const nothing = new Uint8Array()

/** Returns the codings that `content-encoding` names, in lower case and in the order in which they were applied. */
export function contentCodings(headers: readonly Header[]): string[] {
  return headersOf(headers, "content-encoding")
    .flatMap((value) => value.toLowerCase().split(","))
    .map((name) => name.trim())
    .filter((name) => name !== "" && name !== "identity")
}

/**
 * Removes the codings of `content-encoding` from a response body (gzip, deflate, br; RFC 9110 §8.4). No layer may be
 * longer than `maxBytes`. Faults are returned, not thrown. A body without codings is returned unchanged.
 */
export function decodedBody(exchange: Exchange, { maxBytes }: { readonly maxBytes: number }): DecodedBody {
  return decode(bodyOf(exchange), exchange.response?.headers ?? [], maxBytes)
}

/** Does the same for a body and the headers of its message; returns the same array when there are no codings. */
export function decode(body: Uint8Array, headers: readonly Header[], maxBytes: number): DecodedBody {
  const layers = contentCodings(headers)
  // A response to HEAD, a 204 or a 304 can name a coding without having a body.
  if (body.length === 0) return { bytes: body }
  if (layers.length > maxLayers) return { bytes: nothing, fault: "unsupported" }
  let bytes = body
  let truncated = false
  for (const name of layers.reverse()) {
    const coding = codings.get(name)
    if (!coding) return { bytes: nothing, fault: "unsupported" }
    const layer = undo(coding, bytes, maxBytes)
    if (layer.fault && layer.fault !== "truncated") return layer
    truncated ||= layer.fault === "truncated"
    bytes = layer.bytes
  }
  return truncated ? { bytes, fault: "truncated" } : { bytes }
}

function undo({ decode, partial }: Coding, bytes: Uint8Array, maxBytes: number): DecodedBody {
  try {
    return { bytes: plain(decode(bytes, { maxOutputLength: maxBytes })) }
  } catch (error) {
    if (codeOf(error) !== "Z_BUF_ERROR") return { bytes: nothing, fault: faultOf(error) }
  }
  try {
    return {
      bytes: plain(decode(bytes, { maxOutputLength: maxBytes, finishFlush: partial })),
      fault: "truncated",
    }
  } catch (error) {
    return { bytes: nothing, fault: faultOf(error) }
  }
}

const faultOf = (error: unknown) => (codeOf(error) === "ERR_BUFFER_TOO_LARGE" ? "oversized" : "corrupt")

const codeOf = (error: unknown) => (error as NodeJS.ErrnoException).code

/** Converts the Buffer that Node returns: deep equality distinguishes it from an array of the same bytes. */
const plain = ({ buffer, byteOffset, length }: Uint8Array) => new Uint8Array(buffer, byteOffset, length)
