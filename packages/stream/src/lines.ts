import type { DepartureLog, Position } from "./departures.ts"

/** Collects the bytes of a line that arrives in several pieces. */
export interface LineBuffer {
  /** Returns how many bytes it holds. */
  length(): number
  append(bytes: Uint8Array): void
  /** Returns the whole line, given its last piece, and empties the buffer. Valid until the next `append`. */
  take(lastPiece: Uint8Array): Uint8Array
  clear(): void
}

/** Creates an empty buffer. It doubles when it is full, so that each byte is copied a bounded number of times. */
export function createLineBuffer(): LineBuffer {
  let held = new Uint8Array(256)
  let length = 0

  function append(bytes: Uint8Array) {
    const newLength = length + bytes.length
    if (newLength > held.length) {
      const larger = new Uint8Array(Math.max(newLength, 2 * held.length))
      larger.set(held.subarray(0, length))
      held = larger
    }
    held.set(bytes, length)
    length = newLength
  }

  function take(lastPiece: Uint8Array): Uint8Array {
    if (length === 0) return lastPiece
    append(lastPiece)
    const whole = held.subarray(0, length)
    length = 0
    return whole
  }

  return {
    length: () => length,
    append,
    take,
    clear() {
      length = 0
    },
  }
}

/** Reports line ends other than LF, and those that differ from the first one. */
export interface LineEndChecker {
  /** Adds the end of a line. A CR is not reported before the next byte shows whether it is half of a CR LF. */
  add(lineEnd: "lf" | "cr", at: Position, text: string): void
  /** Joins an LF to the CR directly before it. Returns false when there is no such CR. */
  joinLf(): boolean
  /** Reports a CR that is not followed by an LF. Called when any other byte, or the end of the stream, follows. */
  flush(): void
}

/** Creates a checker that reports to `log`. */
export function createLineEndChecker(log: DepartureLog): LineEndChecker {
  let firstLineEnd: "lf" | "crlf" | "cr" | undefined
  let openCr: { readonly at: Position; readonly text: string } | undefined

  function report(lineEnd: "lf" | "crlf" | "cr", at: Position, text: string) {
    firstLineEnd ??= lineEnd
    if (lineEnd !== "lf") log.add(lineEnd, at, text)
    if (lineEnd !== firstLineEnd) log.add("mixed-line-ends", at, text)
  }

  return {
    add(lineEnd, at, text) {
      if (lineEnd === "cr") openCr = { at, text }
      else report("lf", at, text)
    },
    joinLf() {
      if (!openCr) return false
      report("crlf", openCr.at, openCr.text)
      openCr = undefined
      return true
    },
    flush() {
      if (openCr) report("cr", openCr.at, openCr.text)
      openCr = undefined
    },
  }
}

/** The bytes of a line without its end, and the position of the first of them. */
export interface LineBytes {
  readonly content: Uint8Array
  readonly at: Position
}

/** Removes and reports a byte order mark, which is one only at the start of the stream. */
export function withoutBom(content: Uint8Array, at: Position, log: DepartureLog): LineBytes {
  if (at.offset > 0 || content[0] !== 0xef || content[1] !== 0xbb || content[2] !== 0xbf) {
    return { content, at }
  }
  log.add("bom", at, "")
  return { content: content.subarray(3), at: { offset: 3, line: at.line } }
}

// `ignoreBOM: true` keeps U+FEFF in the text. Only `withoutBom` removes a byte order mark.
const utf8 = new TextDecoder("utf-8", { ignoreBOM: true })

/** Decodes a line and reports its first invalid byte. */
export function decodeLine(line: LineBytes, log: DepartureLog): string {
  return checked(utf8.decode(line.content), line, log)
}

/**
 * Decodes a line that the end of the stream cut off. A character cut in half is left out and not reported as invalid:
 * the stream is incomplete there, not malformed.
 */
export function decodeTornLine(line: LineBytes, log: DepartureLog): string {
  // With `stream: true` a decoder keeps the bytes of an incomplete character, so this one cannot be shared.
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true })
  return checked(decoder.decode(line.content, { stream: true }), line, log)
}

function checked(text: string, { content, at }: LineBytes, log: DepartureLog): string {
  const invalid = firstInvalidByte(content, text)
  if (invalid !== undefined) {
    log.add("invalid-utf8", { offset: at.offset + invalid, line: at.line }, text)
  }
  return text
}

/** Returns the index of the first byte that the decoder replaced, given the decoded text. */
function firstInvalidByte(bytes: Uint8Array, text: string): number | undefined {
  let at = 0
  let rest = 0
  for (let found = text.indexOf("\ufffd"); found !== -1; found = text.indexOf("\ufffd", rest)) {
    at += new TextEncoder().encode(text.slice(rest, found)).length
    // The server may also have sent U+FFFD itself, which is valid.
    if (bytes[at] !== 0xef || bytes[at + 1] !== 0xbf || bytes[at + 2] !== 0xbd) return at
    at += 3
    rest = found + 1
  }
  return undefined
}
