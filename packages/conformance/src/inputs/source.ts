/** Bytes to check, such as those of a file. */
export interface Source {
  /** Name for messages, such as the path of the file. */
  readonly name: string
  /** Returns the bytes from the beginning. Is called once. */
  bytes(): AsyncIterable<Uint8Array>
}

/** A format of recorded traffic. */
type SourceKind = "transcript" | "har" | "event-stream" | "report" | "zip" | "gzip" | "utf-16"

/** The first characters of a ZIP file. */
export const zipHead = "PK\x03\x04"

/** Number of bytes from which the format of a source is recognised. */
export const maxHead = 4096

const lenientUtf8 = new TextDecoder()

/** Returns whether bytes begin with the byte order mark of UTF-16, or with an ASCII character in it. */
function isUtf16([first = 1, second = 1]: Uint8Array): boolean {
  const hasMark = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)
  return hasMark || (first === 0) !== (second === 0)
}

/** Returns the format of a file from its name and its first bytes; `undefined` when it is another. */
export function kindOf(name: string, head: Uint8Array): SourceKind | undefined {
  if (head[0] === 0x1f && head[1] === 0x8b) return "gzip"
  if (isUtf16(head)) return "utf-16"
  const text = lenientUtf8.decode(head.subarray(0, maxHead)).trimStart()
  if (text.startsWith(zipHead)) return "zip"
  if (/^\{\s*"log"\s*:/.test(text)) return "har"
  if (/^\{\s*(?:"\$schema"\s*:\s*"[^"]*",\s*)?"schemaVersion"\s*:/.test(text)) return "report"
  if (text.startsWith("{")) return /\.har$/i.test(name) ? "har" : "transcript"
  if (/^(?:data|event|id|retry)?:/.test(text)) return "event-stream"
  // What is damaged at its beginning.
  if (/\.ndjson$/i.test(name) && text !== "") return "transcript"
  return /\.sse$/i.test(name) && text !== "" ? "event-stream" : undefined
}

/** A source of which the format is known. */
export interface OpenSource {
  readonly kind: SourceKind | undefined
  readonly isEmpty: boolean
  readonly bytes: AsyncIterable<Uint8Array>
}

/** Reads the beginning of a source and recognises its format. */
export async function openSource({ name, bytes }: Source): Promise<OpenSource> {
  const reading = bytes()[Symbol.asyncIterator]()
  const first: Uint8Array[] = []
  let length = 0
  while (length < maxHead) {
    const { done, value } = await reading.next()
    if (done) break
    first.push(value)
    length += value.length
  }
  async function* all(): AsyncGenerator<Uint8Array> {
    yield* first
    for (let next = await reading.next(); !next.done; next = await reading.next()) yield next.value
  }
  return { kind: kindOf(name, Buffer.concat(first)), isEmpty: length === 0, bytes: all() }
}
