/**
 * The kinds of departure that a decoder reports, each with its description. A departure is a deviation from the
 * plainest form of an event stream: something that a lenient client repairs, drops or does not expect. Most are legal;
 * the caller decides which of them matter.
 */
export const departureKinds = {
  bom: "a byte order mark at the start of the stream",
  crlf: "a line that ends with CR LF",
  cr: "a line that ends with CR alone",
  "mixed-line-ends": "a line that ends differently from the first line",
  "no-space": "no space after the colon",
  "no-colon": "a field name without a colon",
  "unknown-field": "a line whose field name is not data, event, id or retry; clients ignore it",
  "bare-json": "a line of JSON without a field name; clients ignore it",
  comment: "a comment line",
  "event-field": "an event line",
  "id-field": "an id line",
  "retry-field": "a retry line",
  "bad-retry": "a retry value with characters other than digits; clients ignore it",
  "id-with-nul": "an id that contains U+0000; clients ignore it",
  "multi-line-data": "a second or later data line in the same event",
  "blank-data": "an event with empty data; clients dispatch it and then fail to parse it as JSON",
  "event-without-data":
    "an event that has an event line but no data; only non-conforming clients dispatch it",
  "fields-without-data": "an event that has only id or retry lines; only non-conforming clients dispatch it",
  "extra-blank-line": "a blank line that does not end an event",
  "invalid-utf8": "the first byte in its line that is not valid UTF-8; clients replace it with U+FFFD",
  "unclosed-event": "an event without its closing blank line at the end of the stream; clients drop it",
  limit: "an event larger than the decoder's limit; decoding stopped there",
} as const
/** The name of a kind of departure. */
export type DepartureKind = keyof typeof departureKinds

/** A position in the stream: a byte offset, counted from 0, and a line number, counted from 1. */
export interface Position {
  readonly offset: number
  readonly line: number
}

/** A departure and its position. */
export interface Departure extends Position {
  readonly kind: DepartureKind
  /** The line concerned, truncated to 120 characters. */
  readonly text: string
}

/** The departures of one stream, as they are recorded. */
export interface DepartureLog {
  /** In the order of discovery, at most the first 100 of each kind. */
  readonly departures: readonly Departure[]
  /** The number of departures of each kind, including those that `departures` leaves out. */
  readonly counts: Readonly<Partial<Record<DepartureKind, number>>>
  add(kind: DepartureKind, at: Position, text: string): void
}

/** Creates an empty log. */
export function createDepartureLog(): DepartureLog {
  const departures: Departure[] = []
  const counts: Partial<Record<DepartureKind, number>> = {}
  function add(kind: DepartureKind, { offset, line }: Position, text: string) {
    const count = (counts[kind] ?? 0) + 1
    counts[kind] = count
    // A body that consists of line ends must not turn into as many objects.
    if (count <= 100) departures.push({ kind, offset, line, text: truncate(text) })
  }
  return { departures, counts, add }
}

function truncate(text: string): string {
  return text.length > 120 ? `${text.slice(0, 120)}…` : text
}
