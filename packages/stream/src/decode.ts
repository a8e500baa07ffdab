/**
 * What a decoder reports besides events: each thing that a lenient client repairs, drops or need not expect. Most
 * are legal; which of them matter is for a judge to say.
 */
export const departureKinds = {
  bom: "a byte order mark at the start",
  crlf: "a line that ends with CR LF",
  cr: "a line that ends with CR alone",
  "mixed-line-ends": "a line that ends otherwise than the first one",
  "no-space": "no space after the colon",
  "no-colon": "a field name without a colon",
  "unknown-field": "a line whose field name is none of data, event, id, retry; clients drop it",
  "bare-json": "a line of JSON outside any field; clients drop it",
  comment: "a comment line",
  "event-field": "an event line",
  "id-field": "an id line",
  "retry-field": "a retry line",
  "bad-retry": "a retry that is not made of digits; clients ignore it",
  "id-with-nul": "an id that contains U+0000; clients ignore it",
  "multi-line-data": "one more data line in the same event",
  "blank-data": "an event whose data is empty; it is dispatched, and no JSON parser takes it",
  "event-without-data":
    "an event line in an event without data; it is not dispatched, though some clients do",
  "fields-without-data": "only id or retry lines in an event; it is not dispatched, though some clients do",
  "extra-blank-line": "a blank line that closes nothing",
  "invalid-utf8": "a byte that is not part of UTF-8 text, the first of its line; clients put U+FFFD instead",
  "unclosed-event":
    "the stream stops before the blank line that closes its last event; clients drop that event",
  limit: "an event over the decoder's limit; nothing from there on was decoded",
} as const
/** The name of a departure. */
export type DepartureKind = keyof typeof departureKinds

/** A place in the stream: bytes before it, and its line, counted from 1. */
export interface Position {
  readonly offset: number
  readonly line: number
}

/** One thing that a lenient client would not notice, and where. */
export interface Departure extends Position {
  readonly kind: DepartureKind
  /** The line concerned, cut after 120 characters. */
  readonly text: string
}

/** A line of an event with a name that the grammar knows. */
export interface DecodedField extends Position {
  readonly name: "data" | "event" | "id" | "retry"
  readonly value: string
}

/** An event as a client gets it, and where it stands: at its first line, comments included. */
export interface DecodedEvent extends Position {
  /** Default: `message`. */
  readonly type: string
  readonly data: string
  /** The last id so far in the stream, "" before there is one. */
  readonly lastEventId: string
  readonly fields: readonly DecodedField[]
}

/** What is known of a stream besides its events. */
export interface Ending {
  /** In the order of discovery, no more than the first 100 of each kind. */
  readonly departures: readonly Departure[]
  /** How many there are of each kind. */
  readonly counts: Readonly<Partial<Record<DepartureKind, number>>>
  /** The last event as far as it came, when no blank line closes it. It counts as never sent. */
  readonly pending?: DecodedEvent
}

/** A whole stream. */
export interface Decoded extends Ending {
  readonly events: readonly DecodedEvent[]
}

/** Limits of a decoder. */
export interface DecoderOptions {
  /**
   * Largest event in bytes, from its first line on; a decoder holds no more than that. At a larger one it reports
   * `limit` and ignores the rest. Default: 16 MiB.
   */
  readonly maxEventBytes?: number
}

/** Turns bytes into events as they come. */
export interface Decoder {
  /** Takes the next bytes, cut anywhere, and gives the events that they close. The bytes are not kept. */
  push(bytes: Uint8Array): DecodedEvent[]
  /** Says that no more bytes come. To be called once. */
  end(): Ending
}

/** Decodes a whole stream. */
export function decode(bytes: Uint8Array, options?: DecoderOptions): Decoded {
  const decoder = createDecoder(options)
  const events = decoder.push(bytes)
  return { events, ...decoder.end() }
}

const LF = 0x0a
const CR = 0x0d

// A byte order mark is none but at the start of the stream, so the text decoder must not look for one.
const utf8 = new TextDecoder("utf-8", { ignoreBOM: true })

type LineEnd = "lf" | "crlf" | "cr"

/** An event whose blank line has not come yet. */
interface OpenEvent extends Position {
  readonly fields: DecodedField[]
  readonly data: string[]
  type: string
}

/**
 * An incremental decoder of event streams. What it reports does not depend on how the bytes are cut, and each
 * byte is scanned once and copied a bounded number of times.
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
 */
export function createDecoder({ maxEventBytes = 16 * 2 ** 20 }: DecoderOptions = {}): Decoder {
  const departures: Departure[] = []
  const counts: Partial<Record<DepartureKind, number>> = {}

  // The line in progress: where it begins, and its bytes from earlier pushes.
  let offset = 0
  let line = 1
  let held = new Uint8Array(256)
  let heldLength = 0

  let open: OpenEvent | undefined
  let lastEventId = ""
  let stopped = false

  let usualLineEnd: LineEnd | undefined
  // A CR ends its line at once; whether it is half of a CR LF shows with the next byte.
  let openCr: { readonly at: Position; readonly text: string } | undefined

  function push(bytes: Uint8Array): DecodedEvent[] {
    const events: DecodedEvent[] = []
    let start = 0
    for (let at = 0; at < bytes.length && !stopped; at++) {
      const byte = bytes[at]
      if (byte !== LF && byte !== CR) continue
      if (byte === LF && openCr && heldLength === 0 && at === start) {
        closeCr("crlf")
        offset += 1
        start = at + 1
        continue
      }
      closeCr("cr")
      const content = take(bytes.subarray(start, at))
      if (content.length > 0 && isTooLarge(content.length)) {
        stop()
        break
      }
      const { text, event } = readLine(content)
      if (event) events.push(event)
      const lineEnd = { offset: offset + content.length, line }
      if (byte === CR) openCr = { at: lineEnd, text }
      else lineEnded("lf", lineEnd, text)
      offset = lineEnd.offset + 1
      line += 1
      start = at + 1
    }
    if (!stopped && start < bytes.length) {
      closeCr("cr")
      hold(bytes.subarray(start))
      if (isTooLarge(heldLength)) stop()
    }
    return events
  }

  function end(): Ending {
    closeCr("cr")
    const torn = heldLength > 0 ? readTornLine() : undefined
    const field = open?.fields[0]
    if (field) departAt("unclosed-event", field)
    else if (torn) depart("unclosed-event", torn, torn.text)
    return open && field ? { departures, counts, pending: eventOf(open) } : { departures, counts }
  }

  /** Appends to the line in progress. The buffer doubles, so that bytes are copied a bounded number of times. */
  function hold(bytes: Uint8Array) {
    const length = heldLength + bytes.length
    if (length > held.length) {
      const larger = new Uint8Array(Math.max(length, 2 * held.length))
      larger.set(held.subarray(0, heldLength))
      held = larger
    }
    held.set(bytes, heldLength)
    heldLength = length
  }

  /** The whole line in progress, given its last piece. Valid until the next `hold`. */
  function take(bytes: Uint8Array): Uint8Array {
    if (heldLength === 0) return bytes
    hold(bytes)
    const whole = held.subarray(0, heldLength)
    heldLength = 0
    return whole
  }

  function isTooLarge(lineLength: number): boolean {
    return offset + lineLength - (open?.offset ?? offset) > maxEventBytes
  }

  function stop() {
    depart("limit", open ?? { offset, line }, "")
    stopped = true
    open = undefined
    heldLength = 0
  }

  function closeCr(lineEnd: "crlf" | "cr") {
    if (openCr) lineEnded(lineEnd, openCr.at, openCr.text)
    openCr = undefined
  }

  function lineEnded(lineEnd: LineEnd, at: Position, text: string) {
    usualLineEnd ??= lineEnd
    if (lineEnd !== "lf") depart(lineEnd, at, text)
    if (lineEnd !== usualLineEnd) depart("mixed-line-ends", at, text)
  }

  function depart(kind: DepartureKind, { offset, line }: Position, text: string) {
    const count = (counts[kind] ?? 0) + 1
    counts[kind] = count
    // A body of nothing but line ends must not become as many objects.
    if (count <= 100) departures.push({ kind, offset, line, text: shortened(text) })
  }

  function departAt(kind: DepartureKind, field: DecodedField) {
    depart(kind, field, `${field.name}: ${field.value}`)
  }

  /** Reads the line in progress, whole but for its end. A blank one closes the open event. */
  function readLine(bytes: Uint8Array): { readonly text: string; readonly event?: DecodedEvent | undefined } {
    const { content, at } = withoutBom(bytes)
    if (content.length === 0) return { text: "", event: closeEvent(at) }
    const text = utf8.decode(content)
    checkUtf8(content, text, at)
    if (!readField(text, at)) depart(isJson(text) ? "bare-json" : "unknown-field", at, text)
    return { text }
  }

  /** Reads a last line without an end. Gives it back when its name is unknown: it may be half of a known one. */
  function readTornLine(): (Position & { readonly text: string }) | undefined {
    const { content, at } = withoutBom(held.subarray(0, heldLength))
    if (content.length === 0) return undefined
    // A stream that stops inside a character is torn, not malformed: in this mode those bytes are kept back.
    const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(content, { stream: true })
    checkUtf8(content, text, at)
    if (readField(text, at)) return undefined
    if (!isJson(text)) return { ...at, text }
    depart("bare-json", at, text)
    return undefined
  }

  function withoutBom(bytes: Uint8Array): { readonly content: Uint8Array; readonly at: Position } {
    const at = { offset, line }
    if (offset > 0 || bytes[0] !== 0xef || bytes[1] !== 0xbb || bytes[2] !== 0xbf) {
      return { content: bytes, at }
    }
    depart("bom", at, "")
    return { content: bytes.subarray(3), at: { offset: 3, line } }
  }

  function checkUtf8(content: Uint8Array, text: string, at: Position) {
    const bad = firstInvalidByte(content, text)
    if (bad !== undefined) depart("invalid-utf8", { offset: at.offset + bad, line }, text)
  }

  /** Whether the grammar knows the line, as a comment or a field. */
  function readField(text: string, at: Position): boolean {
    const { offset, line } = at
    open ??= { type: "", data: [], fields: [], offset, line }
    const colon = text.indexOf(":")
    if (colon === 0) {
      depart("comment", at, text)
      return true
    }
    const name = colon === -1 ? text : text.slice(0, colon)
    if (name !== "data" && name !== "event" && name !== "id" && name !== "retry") return false
    const spaced = text[colon + 1] === " "
    const value = colon === -1 ? "" : text.slice(colon + (spaced ? 2 : 1))
    if (colon === -1) depart("no-colon", at, text)
    else if (!spaced && value !== "") depart("no-space", at, text)
    open.fields.push({ name, value, offset, line })
    switch (name) {
      case "data":
        open.data.push(value)
        if (open.data.length > 1) depart("multi-line-data", at, text)
        break
      case "event":
        open.type = value
        depart("event-field", at, text)
        break
      case "id":
        depart("id-field", at, text)
        if (value.includes("\0")) depart("id-with-nul", at, text)
        else lastEventId = value
        break
      case "retry":
        depart("retry-field", at, text)
        if (!/^[0-9]+$/.test(value)) depart("bad-retry", at, text)
    }
    return true
  }

  function closeEvent(blank: Position): DecodedEvent | undefined {
    const closed = open
    open = undefined
    if (!closed) {
      depart("extra-blank-line", blank, "")
      return undefined
    }
    const first = (name: string) => closed.fields.find((field) => field.name === name)
    if (closed.data.length === 0) {
      const named = first("event")
      const [field] = closed.fields
      if (named) departAt("event-without-data", named)
      else if (field) departAt("fields-without-data", field)
      return undefined
    }
    const event = eventOf(closed)
    const blankLine = event.data === "" && first("data")
    if (blankLine) departAt("blank-data", blankLine)
    return event
  }

  function eventOf({ offset, line, fields, data, type }: OpenEvent): DecodedEvent {
    return { type: type || "message", data: data.join("\n"), lastEventId, offset, line, fields }
  }

  return { push, end }
}

function shortened(text: string): string {
  return text.length > 120 ? `${text.slice(0, 120)}…` : text
}

function isJson(text: string): boolean {
  if (!/^\s*[{[]/.test(text)) return false
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** Where the first byte stands that a decoder had to replace, given its result. */
function firstInvalidByte(bytes: Uint8Array, text: string): number | undefined {
  let at = 0
  let rest = 0
  for (let found = text.indexOf("\ufffd"); found !== -1; found = text.indexOf("\ufffd", rest)) {
    at += new TextEncoder().encode(text.slice(rest, found)).length
    // U+FFFD may also have been sent.
    if (bytes[at] !== 0xef || bytes[at + 1] !== 0xbf || bytes[at + 2] !== 0xbd) return at
    at += 3
    rest = found + 1
  }
  return undefined
}
