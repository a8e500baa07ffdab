import type { Exchange } from "./exchange.ts"
import { expectationOf } from "./expectation.ts"
import { Entry, exchangeOf, HarError } from "./har.ts"

/** An entry of an HTTP Archive, or why it cannot be read. */
export type HarItem =
  | { readonly kind: "exchange"; readonly exchange: Exchange; readonly line: number }
  | { readonly kind: "damage"; readonly error: HarError; readonly line: number }
  /** The archive is cut off; `inEntry`: within an entry, which is lost. */
  | { readonly kind: "torn"; readonly inEntry: boolean; readonly line: number }

/** Maximum length of an entry in bytes (chosen). */
const maxEntryBytes = 128 * 2 ** 20

const [quote, backslash, colon, lineFeed] = [0x22, 0x5c, 0x3a, 0x0a]
const isOpening = (byte: number) => byte === 0x7b || byte === 0x5b
const isClosing = (byte: number) => byte === 0x7d || byte === 0x5d

/** Bytes of an entry, and the line where it begins. */
interface RawEntry {
  readonly bytes: Uint8Array | undefined
  readonly line: number
}

/** Finds the entries of an archive in its bytes, without reading them. */
class EntryScanner {
  /** Number of arrays and objects that are open. */
  depth = 0
  line = 1
  /** Whether the array `log.entries` was found, and is open. */
  hasEntries = false
  private isInEntries = false
  private isInString = false
  private isEscaped = false
  /** The name of the last member, of the root and of `log`. */
  private readonly names: [string, string] = ["", ""]
  private text: number[] | undefined
  private lastText = ""
  private pieces: Uint8Array[] | undefined
  private length = 0
  private startLine = 1

  get isInEntry(): boolean {
    return this.pieces !== undefined
  }

  scan(chunk: Uint8Array): RawEntry[] {
    const entries: RawEntry[] = []
    let from = 0
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at] as number
      if (byte === lineFeed) this.line++
      if (this.isInString) {
        this.inString(byte)
        continue
      }
      if (byte === quote) {
        this.isInString = true
        this.text = this.depth <= 2 ? [] : undefined
      } else if (byte === colon && (this.depth === 1 || this.depth === 2)) {
        this.names[this.depth - 1] = this.lastText
      } else if (isOpening(byte)) {
        if (this.open(byte)) from = at
      } else if (isClosing(byte) && this.close()) {
        this.keep(chunk.subarray(from, at + 1))
        entries.push({ bytes: this.taken(), line: this.startLine })
      }
    }
    if (this.isInEntry) this.keep(chunk.subarray(from))
    return entries
  }

  private inString(byte: number): void {
    if (this.isEscaped) this.isEscaped = false
    else if (byte === backslash) this.isEscaped = true
    else if (byte === quote) {
      this.isInString = false
      if (this.text) this.lastText = String.fromCharCode(...this.text)
    } else if (this.text && this.text.length < 16) this.text.push(byte)
  }

  /** Returns whether an entry begins. */
  private open(byte: number): boolean {
    const [inRoot, inLog] = this.names
    if (this.depth === 2 && byte === 0x5b && inRoot === "log" && inLog === "entries") {
      this.isInEntries = true
      this.hasEntries = true
    }
    const begins = this.isInEntries && this.depth === 3
    if (begins) {
      this.pieces = []
      this.length = 0
      this.startLine = this.line
    }
    this.depth++
    return begins
  }

  /** Returns whether an entry ends. */
  private close(): boolean {
    this.depth--
    if (this.depth === 2) this.isInEntries = false
    return this.isInEntries && this.depth === 3
  }

  private keep(piece: Uint8Array): void {
    this.length += piece.length
    if (this.length <= maxEntryBytes) this.pieces?.push(piece)
    else this.pieces = []
  }

  private taken(): Uint8Array | undefined {
    const pieces = this.pieces ?? []
    this.pieces = undefined
    return this.length <= maxEntryBytes ? Buffer.concat(pieces) : undefined
  }
}

/**
 * Reads the entries of an HTTP Archive one by one, so that its size does not matter. Damaged entries are reported and
 * skipped. `sentAtMs` of an exchange is the time of the entry.
 * @throws {HarError} when the bytes are not an HTTP Archive.
 */
export async function* readHar(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<HarItem> {
  const scanner = new EntryScanner()
  let nth = 0
  for await (const chunk of bytes) {
    for (const { bytes: entry, line } of scanner.scan(chunk)) yield itemOf(entry, nth++, line)
  }
  if (!scanner.hasEntries) throw new HarError("not an HTTP Archive: it has no log.entries.")
  if (scanner.depth > 0) yield { kind: "torn", inEntry: scanner.isInEntry, line: scanner.line }
}

function itemOf(bytes: Uint8Array | undefined, nth: number, line: number): HarItem {
  const damage = (says: string): HarItem => ({
    kind: "damage",
    error: new HarError(`/log/entries/${nth} ${says}`),
    line,
  })
  if (!bytes) return damage(`is longer than ${maxEntryBytes / 2 ** 20} MiB.`)
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes))
  } catch {
    return damage("is not valid JSON.")
  }
  const { data, error } = Entry.safeParse(value)
  if (!data) {
    const [issue] = error.issues
    return damage(
      `is not an entry: ${issue?.path.join("/") || "it"} is not valid (${issue && expectationOf(issue)}).`,
    )
  }
  const time = Date.parse(data.startedDateTime)
  if (Number.isNaN(time)) return damage("has a startedDateTime that is not a date.")
  try {
    return { kind: "exchange", exchange: exchangeOf(data, nth, time), line }
  } catch (error) {
    if (error instanceof HarError) return { kind: "damage", error, line }
    throw error
  }
}
