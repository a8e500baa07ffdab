import type { Amount } from "./fault.ts"

const lf = 0x0a
const cr = 0x0d

/** Returns the offset up to which an amount is delivered from `at`; undefined when the body lacks it. */
export function positionOf(
  amount: Amount,
  body: Uint8Array,
  at: number,
  mediaType: string,
): number | undefined {
  const isStream = mediaType.startsWith("text/event-stream")
  switch (amount.unit) {
    case "bytes":
      return at + amount.count <= body.length ? at + amount.count : undefined
    case "events":
      return isStream ? afterEvents(amount.count, body, at) : undefined
    case "character":
      return inCharacter(body, at)
    case "json":
      return isStream || mediaType.startsWith("application/json") ? inJson(body, at, isStream) : undefined
    case "crlf":
      return inCrlf(body, at)
  }
}

/** Returns the end of the n-th event: after the blank line that dispatches it. Blank lines alone are not an event. */
function afterEvents(count: number, body: Uint8Array, from: number): number | undefined {
  let at = from
  for (let event = 0; event < count; event++) {
    while (lineEnd(body, at) > at) at = lineEnd(body, at)
    for (let isBlank = false; !isBlank; ) {
      const line = at
      while (at < body.length && lineEnd(body, at) === at) at++
      if (at === body.length) return undefined
      isBlank = at === line
      at = lineEnd(body, at)
    }
  }
  return at
}

/** Returns the offset after the line end (LF, CR LF or CR) at an offset; the offset itself if no line ends there. */
function lineEnd(body: Uint8Array, at: number): number {
  if (body[at] === cr) return body[at + 1] === lf ? at + 2 : at + 1
  return body[at] === lf ? at + 1 : at
}

/** Returns the middle of the next UTF-8 sequence of two bytes or more. */
function inCharacter(body: Uint8Array, from: number): number | undefined {
  for (let at = from; at < body.length; at++) {
    const length = sequenceLength(body[at] ?? 0)
    if (length > 1 && isSequence(body, at, length)) return at + Math.floor(length / 2)
  }
  return undefined
}

function sequenceLength(lead: number): number {
  if (lead >= 0xc2 && lead <= 0xdf) return 2
  if (lead >= 0xe0 && lead <= 0xef) return 3
  return lead >= 0xf0 && lead <= 0xf4 ? 4 : 1
}

const isSequence = (body: Uint8Array, at: number, length: number) =>
  body.length >= at + length &&
  body.subarray(at + 1, at + length).every((byte) => byte >= 0x80 && byte <= 0xbf)

/** Returns the middle of the next JSON object: of an event's line, or of the rest of a JSON body. */
function inJson(body: Uint8Array, from: number, isStream: boolean): number | undefined {
  const start = body.indexOf(0x7b, from)
  if (start === -1) return undefined
  const lineFeed = isStream ? body.indexOf(lf, start) : -1
  const end = lineFeed === -1 ? body.length : lineFeed
  return Math.max(start + 1, Math.floor((start + end) / 2))
}

/** Returns the offset between the next CR and its LF. */
function inCrlf(body: Uint8Array, from: number): number | undefined {
  for (let at = body.indexOf(cr, from); at !== -1; at = body.indexOf(cr, at + 1)) {
    if (body[at + 1] === lf) return at + 1
  }
  return undefined
}
