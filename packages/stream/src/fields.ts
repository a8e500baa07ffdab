import type { DepartureKind, DepartureLog, Position } from "./departures.ts"

/** A `data`, `event`, `id` or `retry` line of an event. */
export interface DecodedField extends Position {
  readonly name: "data" | "event" | "id" | "retry"
  readonly value: string
}

/** An event as a client receives it. Its position is that of its first line, comments included. */
export interface DecodedEvent extends Position {
  /** Default: `message`. */
  readonly type: string
  /** The values of the `data` lines, joined with LF. */
  readonly data: string
  /** The last valid id in the stream up to this event; "" when there was none. */
  readonly lastEventId: string
  readonly fields: readonly DecodedField[]
}

/** An event whose closing blank line has not arrived. */
interface OpenEvent extends Position {
  readonly fields: DecodedField[]
  readonly data: string[]
  type: string
}

/** Builds events from decoded lines. */
export interface EventReader {
  /** The byte offset at which the open event starts; undefined between events. */
  openOffset(): number | undefined
  /** Reads a line that is not blank. Returns false when it is neither a comment nor a known field. */
  readField(text: string, at: Position): boolean
  /** Reads a blank line, which ends the open event. Returns the event unless it has no data. */
  closeEvent(blank: Position): DecodedEvent | undefined
  /** Returns the open event so far; undefined when it has no field. */
  pending(): DecodedEvent | undefined
  /** Drops the open event and returns its position. */
  drop(): Position | undefined
}

/** Creates a reader that reports to `log`. */
export function createEventReader(log: DepartureLog): EventReader {
  let open: OpenEvent | undefined
  let lastEventId = ""

  function readField(text: string, at: Position): boolean {
    const { offset, line } = at
    open ??= { type: "", data: [], fields: [], offset, line }
    if (text.startsWith(":")) {
      log.add("comment", at, text)
      return true
    }
    const field = parseField(text, at, log)
    if (!field) return false
    open.fields.push(field)
    reportField(field, at, text, log)
    if (field.name === "data") {
      open.data.push(field.value)
      if (open.data.length > 1) log.add("multi-line-data", at, text)
    } else if (field.name === "event") open.type = field.value
    else if (field.name === "id" && !field.value.includes("\0")) lastEventId = field.value
    return true
  }

  function closeEvent(blank: Position): DecodedEvent | undefined {
    const closed = open
    open = undefined
    if (!closed) log.add("extra-blank-line", blank, "")
    else if (closed.data.length > 0) {
      const event = eventOf(closed)
      if (event.data === "") reportAt("blank-data", firstOf(closed, "data"), log)
      return event
    } else {
      const named = firstOf(closed, "event")
      if (named) reportAt("event-without-data", named, log)
      else reportAt("fields-without-data", closed.fields[0], log)
    }
    return undefined
  }

  function eventOf({ offset, line, fields, data, type }: OpenEvent): DecodedEvent {
    return { type: type || "message", data: data.join("\n"), lastEventId, offset, line, fields }
  }

  return {
    openOffset: () => open?.offset,
    readField,
    closeEvent,
    pending: () => (open && open.fields.length > 0 ? eventOf(open) : undefined),
    drop() {
      const dropped = open
      open = undefined
      return dropped
    },
  }
}

/** Reports a departure at a field; does nothing without one. */
export function reportAt(kind: DepartureKind, field: DecodedField | undefined, log: DepartureLog) {
  if (field) log.add(kind, field, `${field.name}: ${field.value}`)
}

function firstOf({ fields }: OpenEvent, name: DecodedField["name"]): DecodedField | undefined {
  return fields.find((field) => field.name === name)
}

/** Splits a line at its colon. Returns undefined when the field name is unknown. */
function parseField(text: string, at: Position, log: DepartureLog): DecodedField | undefined {
  const { offset, line } = at
  const colon = text.indexOf(":")
  const name = colon === -1 ? text : text.slice(0, colon)
  if (name !== "data" && name !== "event" && name !== "id" && name !== "retry") return undefined
  if (colon === -1) {
    log.add("no-colon", at, text)
    return { name, value: "", offset, line }
  }
  const hasSpace = text[colon + 1] === " "
  const value = text.slice(colon + (hasSpace ? 2 : 1))
  if (!hasSpace && value !== "") log.add("no-space", at, text)
  return { name, value, offset, line }
}

/** Reports the fields that chat streams rarely use, and values that clients ignore. */
function reportField({ name, value }: DecodedField, at: Position, text: string, log: DepartureLog) {
  if (name === "data") return
  log.add(`${name}-field`, at, text)
  if (name === "id" && value.includes("\0")) log.add("id-with-nul", at, text)
  if (name === "retry" && !/^[0-9]+$/.test(value)) log.add("bad-retry", at, text)
}
