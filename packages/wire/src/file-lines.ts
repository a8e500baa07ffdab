import type { FileLine } from "./salvage.ts"

/** Maximum length of a line in bytes (chosen): a chunk or a request body of 48 MiB in base64. */
const maxLineBytes = 64 * 2 ** 20

const strictUtf8 = new TextDecoder("utf-8", { fatal: true })

function lineOf(pieces: readonly Uint8Array[], length: number): FileLine {
  if (length > maxLineBytes) return { fault: `longer than ${maxLineBytes / 2 ** 20} MiB.` }
  try {
    return { text: strictUtf8.decode(pieces.length === 1 ? pieces[0] : Buffer.concat(pieces, length)) }
  } catch {
    return { fault: "not UTF-8." }
  }
}

/** Splits bytes into lines that end with a line feed. Of a line that is too long, nothing is held in memory. */
export async function* fileLines(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<FileLine> {
  let pieces: Uint8Array[] = []
  let length = 0
  const add = (piece: Uint8Array) => {
    length += piece.length
    if (length <= maxLineBytes) pieces.push(piece)
    else pieces = []
  }
  for await (const chunk of bytes) {
    let from = 0
    for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, from)) {
      add(chunk.subarray(from, at))
      yield lineOf(pieces, length)
      pieces = []
      length = 0
      from = at + 1
    }
    if (from < chunk.length) add(chunk.subarray(from))
  }
  if (length > 0) yield lineOf(pieces, length)
}
