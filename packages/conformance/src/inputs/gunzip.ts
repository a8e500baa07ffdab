import { createGunzip, type Gunzip, gunzipSync, constants as zlib } from "node:zlib"
import { limits } from "../limits.ts"

/** Why decompressed bytes are not all that was compressed. */
export type GzipFault = "truncated" | "corrupt" | "oversized"

/**
 * Maximum number of compressed bytes that are decompressed at once (chosen): what they become is held in memory, at most
 * a thousand times as many.
 */
const pieceBytes = 2 ** 12

/** Writes bytes, or the end, and waits until they are decompressed. Returns why they cannot be. */
const written = (inflater: Gunzip, bytes: Uint8Array | undefined): Promise<GzipFault | undefined> =>
  new Promise((resolve) => {
    // The callback of a write is not always called with an error.
    const fail = ({ code }: NodeJS.ErrnoException) =>
      resolve(code === "Z_BUF_ERROR" ? "truncated" : "corrupt")
    const done = () => {
      inflater.off("error", fail)
      resolve(undefined)
    }
    inflater.once("error", fail)
    if (bytes) inflater.write(bytes, (error) => (error ? undefined : done()))
    // The callback of `end` is called before the end is checked.
    else inflater.once("end", done).end()
  })

async function* piecesOf(compressed: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array | undefined> {
  for await (const chunk of compressed)
    for (let at = 0; at < chunk.length; at += pieceBytes) yield chunk.subarray(at, at + pieceBytes)
  // The end.
  yield undefined
}

/**
 * Decompresses gzip, also several members one after the other. Yields the decompressed bytes. Returns a fault if it
 * stopped before the end: at damaged data, at the end of a file that was cut, or after `maxBytes`.
 */
export async function* gunzip(
  compressed: AsyncIterable<Uint8Array>,
  maxBytes: number = limits.unpackedBytes.max,
): AsyncGenerator<Uint8Array, GzipFault | undefined> {
  const inflater = createGunzip()
  let unpacked: Uint8Array[] = []
  inflater.on("data", (bytes: Uint8Array) => unpacked.push(bytes))
  // Between two writes, nobody else listens.
  inflater.on("error", () => {})
  let room = maxBytes
  try {
    for await (const piece of piecesOf(compressed)) {
      const fault = await written(inflater, piece)
      for (const bytes of unpacked) {
        if (room > 0) yield bytes.subarray(0, room)
        room -= bytes.length
        if (room < 0) return "oversized"
      }
      unpacked = []
      if (fault) return fault
    }
    return undefined
  } finally {
    inflater.destroy()
  }
}

/** Returns the beginning of what the first bytes of gzip contain; nothing if they are damaged. */
export function gunzippedHead(head: Uint8Array): Uint8Array {
  try {
    return gunzipSync(head, { finishFlush: zlib.Z_SYNC_FLUSH })
  } catch {
    return new Uint8Array()
  }
}
