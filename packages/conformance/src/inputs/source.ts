import { type GzipFault, gunzip } from "./gunzip.ts"

/** Bytes to check, such as those of a file. */
export interface Source {
  /** Name for messages, such as the path of the file. */
  readonly name: string
  /** Returns the bytes from the beginning. Is called once. */
  bytes(): AsyncIterable<Uint8Array>
  /** Why it is not read, as the end of a sentence that begins with its name. */
  readonly isNotRead?: string
}

/** A format of recorded traffic. */
type SourceKind = "transcript" | "har" | "event-stream" | "report" | "zip" | CompressedKind | "utf-16"
type CompressedKind = "gzip" | "zstd" | "xz" | "bzip2"

/** The first characters of a ZIP file. */
export const zipHead = "PK\x03\x04"

/** Number of bytes from which the format of a source is recognised. */
export const maxHead = 4096

/** How compressed files begin. */
const compressedHeads: readonly (readonly [CompressedKind, readonly number[]])[] = [
  ["gzip", [0x1f, 0x8b]],
  ["zstd", [0x28, 0xb5, 0x2f, 0xfd]],
  ["xz", [0xfd, 0x37, 0x7a, 0x58, 0x5a]],
  ["bzip2", [0x42, 0x5a, 0x68]],
]

const lenientUtf8 = new TextDecoder()

/** Returns whether bytes begin with the byte order mark of UTF-16, or with an ASCII character in it. */
function isUtf16([first = 1, second = 1]: Uint8Array): boolean {
  const hasMark = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)
  return hasMark || (first === 0) !== (second === 0)
}

/** Returns the format of a file from its name and its first bytes; `undefined` when it is another. */
export function kindOf(name: string, head: Uint8Array): SourceKind | undefined {
  const compressed = compressedHeads.find(([, bytes]) => bytes.every((byte, at) => head[at] === byte))
  if (compressed) return compressed[0]
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
  /** Returns why `bytes` were not all, once they were read: of a source that was compressed. */
  readonly fault?: () => GzipFault | undefined
}

/** Reads the beginning of a source and recognises its format. What is compressed with gzip is decompressed. */
export async function openSource(source: Source): Promise<OpenSource> {
  const opened = await openAsIs(source)
  if (opened.kind !== "gzip") return opened
  let fault: GzipFault | undefined
  async function* bytes() {
    fault = yield* gunzip(opened.bytes)
  }
  return { ...(await openAsIs({ name: unpackedName(source.name), bytes })), fault: () => fault }
}

/** Returns the name of what a compressed file contains. */
export const unpackedName = (name: string): string => name.replace(/\.gz$/i, "")

/** The first pieces of some bytes, and all of the bytes. */
interface Beginning {
  readonly first: readonly Uint8Array[]
  /** Whether there are no others. */
  readonly isAll: boolean
  readonly bytes: AsyncIterable<Uint8Array>
}

/** Reads bytes until the pieces so far, and their length, are enough. */
export async function readBeginning(
  given: AsyncIterable<Uint8Array>,
  isEnough: (first: readonly Uint8Array[], length: number) => boolean,
): Promise<Beginning> {
  const reading = given[Symbol.asyncIterator]()
  const first: Uint8Array[] = []
  let length = 0
  let isAll = false
  while (!isAll && !isEnough(first, length)) {
    const { done, value } = await reading.next()
    if (done) isAll = true
    else {
      first.push(value)
      length += value.length
    }
  }
  async function* bytes(): AsyncGenerator<Uint8Array> {
    try {
      yield* first
      for (let next = await reading.next(); !next.done; next = await reading.next()) yield next.value
    } finally {
      // A reader that stops early closes the file.
      await reading.return?.()
    }
  }
  return { first, isAll, bytes: bytes() }
}

async function openAsIs({ name, bytes: given }: Source): Promise<OpenSource> {
  const { first, bytes } = await readBeginning(given(), (_, length) => length >= maxHead)
  const head = Buffer.concat(first)
  return { kind: kindOf(name, head), isEmpty: head.length === 0, bytes }
}
