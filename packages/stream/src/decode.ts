import { createDepartureLog, type DepartureLog, type Position } from "./departures.ts"
import { createEventReader, type DecodedEvent, type EventReader, reportAt } from "./fields.ts"
import { createLineBuffer, createLineEndChecker, decodeLine, decodeTornLine, withoutBom } from "./lines.ts"

/** What a decoder reports at the end of a stream, in addition to its events. */
export interface DecoderReport extends Pick<DepartureLog, "departures" | "counts"> {
  /** The fields received of a last event without its closing blank line. Clients never dispatch such an event. */
  readonly pending?: DecodedEvent
}

/** A fully decoded stream. */
export interface DecodedStream extends DecoderReport {
  readonly events: readonly DecodedEvent[]
}

/** Options of a decoder. */
export interface DecoderOptions {
  /**
   * Maximum size of an event in bytes, counted from its first line; also the most that a decoder buffers. When an event
   * is larger, the decoder reports `limit` and ignores the rest of the stream. Default: 16777216 (16 MiB).
   */
  readonly maxEventBytes?: number
}

/** An incremental decoder of an event stream. */
export interface Decoder {
  /** Decodes the next bytes, which may be cut anywhere, and returns the events that they complete. Does not keep the bytes. */
  push(bytes: Uint8Array): DecodedEvent[]
  /** Ends the stream and returns the report. Must be called at most once. */
  end(): DecoderReport
}

/** Decodes a whole stream. */
export function decode(bytes: Uint8Array, options?: DecoderOptions): DecodedStream {
  const decoder = createDecoder(options)
  const events = decoder.push(bytes)
  return { events, ...decoder.end() }
}

const LF = 0x0a
const CR = 0x0d

/**
 * Creates an incremental decoder of event streams. Its output does not depend on how the bytes are cut. Each byte is
 * scanned once and copied a bounded number of times.
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
 */
export function createDecoder({ maxEventBytes = 16 * 2 ** 20 }: DecoderOptions = {}): Decoder {
  const log = createDepartureLog()
  const lineEnds = createLineEndChecker(log)
  const reader = createEventReader(log)
  const buffer = createLineBuffer()
  // The start of the line in progress.
  let offset = 0
  let line = 1
  let stopped = false

  function push(bytes: Uint8Array): DecodedEvent[] {
    const events: DecodedEvent[] = []
    let start = 0
    for (let at = 0; at < bytes.length && !stopped; at++) {
      const byte = bytes[at]
      if (byte !== LF && byte !== CR) continue
      if (byte === LF && at === start && buffer.length() === 0 && lineEnds.joinLf()) {
        offset += 1
      } else {
        lineEnds.flush()
        endLine(buffer.take(bytes.subarray(start, at)), byte === CR ? "cr" : "lf", events)
      }
      start = at + 1
    }
    if (!stopped && start < bytes.length) {
      lineEnds.flush()
      buffer.append(bytes.subarray(start))
      stopIfTooLarge(buffer.length())
    }
    return events
  }

  function endLine(bytes: Uint8Array, lineEnd: "lf" | "cr", events: DecodedEvent[]) {
    if (bytes.length > 0) stopIfTooLarge(bytes.length)
    if (stopped) return
    const { text, event } = readLine(bytes, { offset, line }, reader, log)
    if (event) events.push(event)
    offset += bytes.length
    lineEnds.add(lineEnd, { offset, line }, text)
    offset += 1
    line += 1
  }

  function stopIfTooLarge(lineLength: number) {
    if (offset + lineLength - (reader.openOffset() ?? offset) <= maxEventBytes) return
    log.add("limit", reader.drop() ?? { offset, line }, "")
    buffer.clear()
    stopped = true
  }

  function end(): DecoderReport {
    lineEnds.flush()
    return endStream(buffer.take(new Uint8Array()), { offset, line }, reader, log)
  }

  return { push, end }
}

/** Reads a complete line. A blank line ends the open event. */
function readLine(
  bytes: Uint8Array,
  start: Position,
  reader: EventReader,
  log: DepartureLog,
): { readonly text: string; readonly event?: DecodedEvent | undefined } {
  const line = withoutBom(bytes, start, log)
  if (line.content.length === 0) return { text: "", event: reader.closeEvent(line.at) }
  const text = decodeLine(line, log)
  if (!reader.readField(text, line.at)) log.add(isJson(text) ? "bare-json" : "unknown-field", line.at, text)
  return { text }
}

/** Reads the last line, which has no end, and reports an event that is still open. */
function endStream(
  lastLine: Uint8Array,
  start: Position,
  reader: EventReader,
  log: DepartureLog,
): DecoderReport {
  const torn = readTornLine(lastLine, start, reader, log)
  const pending = reader.pending()
  if (pending) reportAt("unclosed-event", pending.fields[0], log)
  else if (torn) log.add("unclosed-event", torn, torn.text)
  const { departures, counts } = log
  return pending ? { departures, counts, pending } : { departures, counts }
}

/** Reads a last line without an end. Returns it when its name is unknown: it may be the start of a known name. */
function readTornLine(
  bytes: Uint8Array,
  start: Position,
  reader: EventReader,
  log: DepartureLog,
): (Position & { readonly text: string }) | undefined {
  const line = withoutBom(bytes, start, log)
  if (line.content.length === 0) return undefined
  const text = decodeTornLine(line, log)
  if (reader.readField(text, line.at)) return undefined
  if (!isJson(text)) return { ...line.at, text }
  log.add("bare-json", line.at, text)
  return undefined
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
