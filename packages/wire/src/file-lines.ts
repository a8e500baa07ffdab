import type { FileLine } from "./salvage.ts"

/** Maximum length of a line in bytes (chosen): a chunk or a request body of 48 MiB in base64. */
const maxLineBytes = 64 * 2 ** 20

const [LF, CR] = [10, 13]

const strictUtf8 = new TextDecoder("utf-8", { fatal: true })

function lineOf(pieces: readonly Uint8Array[], length: number, blank: number): FileLine {
  if (length > maxLineBytes) return { fault: `longer than ${maxLineBytes / 2 ** 20} MiB.`, blank }
  try {
    return { text: strictUtf8.decode(pieces.length === 1 ? pieces[0] : Buffer.concat(pieces, length)), blank }
  } catch {
    return { fault: "not UTF-8.", blank }
  }
}

/** Skips the blank lines that begin at `from`. Returns the index behind them, and their number. */
function afterBlankLines(chunk: Uint8Array, from: number): { readonly at: number; readonly blank: number } {
  let at = from
  let blank = 0
  for (;;) {
    if (chunk[at] === LF) at++
    else if (chunk[at] === CR && chunk[at + 1] === LF) at += 2
    else return { at, blank }
    blank++
  }
}

/**
 * Splits bytes into lines that end with a line feed, without blank lines, of which a compressed file can contain a billion.
 * Of a line that is too long, nothing is held in memory.
 */
export async function* fileLines(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<FileLine> {
  let pieces: Uint8Array[] = []
  let length = 0
  let blank = 0
  const add = (piece: Uint8Array) => {
    length += piece.length
    if (length <= maxLineBytes) pieces.push(piece)
    else pieces = []
  }
  for await (const chunk of bytes) {
    for (let from = 0; from < chunk.length; ) {
      if (length === 0) {
        const after = afterBlankLines(chunk, from)
        from = after.at
        blank += after.blank
        if (from === chunk.length) break
      }
      const end = chunk.indexOf(LF, from)
      add(chunk.subarray(from, end === -1 ? chunk.length : end))
      if (end === -1) break
      yield lineOf(pieces, length, blank)
      pieces = []
      length = 0
      blank = 0
      from = end + 1
    }
  }
  if (length > 0) yield lineOf(pieces, length, blank)
}
