import { Refusal } from "../refusal.ts"
import { concatBytes } from "./concat-bytes.ts"

/** Maximum size of a body after decompression, in bytes: that of a body before it (chosen). */
const maxBytes = 32 * 2 ** 20

/** What a server of `fetch` and node decompress alike. */
const formats = { gzip: "gzip", "x-gzip": "gzip", deflate: "deflate" } as const

/**
 * Returns a request body without its content encoding. Refuses encodings other than gzip and deflate with 415, and
 * bodies that are damaged or too large.
 */
export async function decompressed(body: Uint8Array, encoding: string): Promise<Uint8Array> {
  const name = encoding.trim().toLowerCase()
  if (name === "identity") return body
  const format = Object.hasOwn(formats, name) ? formats[name as keyof typeof formats] : undefined
  if (format === undefined) {
    throw new Refusal(415, {
      message: `Unsupported content encoding '${encoding}'. Send the request body as it is, or with 'gzip' or 'deflate'.`,
      headers: [["accept-encoding", "gzip, deflate"]],
    })
  }
  // A copy: the type of a stream's bytes excludes shared memory.
  const stream = new Blob([new Uint8Array(body)]).stream().pipeThrough(new DecompressionStream(format))
  const chunks: Uint8Array[] = []
  let length = 0
  try {
    for await (const chunk of stream as AsyncIterable<Uint8Array>) {
      length += chunk.length
      if (length > maxBytes) break
      chunks.push(chunk)
    }
  } catch {
    throw new Refusal(400, {
      message: `We could not decompress the body of your request: it is not valid ${name}.`,
    })
  }
  if (length > maxBytes) {
    throw new Refusal(413, {
      message: `The decompressed request body is larger than the limit of ${maxBytes / 2 ** 20} MiB.`,
    })
  }
  return concatBytes(chunks, length)
}
