import { limits } from "../limits.ts"

/** The first place at which a body crosses a limit of the kit. */
export interface Crossing {
  readonly fault: "too-large" | "too-deep" | "too-many"
  /** Offset in bytes in the decoded body. */
  readonly offset: number
  /** The limit in words, such as "at most 100 levels of nested arrays and objects in JSON". */
  readonly expected: string
}

type ReadingLimit = "decodedBytes" | "jsonDepth" | "jsonMarks" | "events" | "lines" | "lineBytes"

const faults = {
  decodedBytes: "too-large",
  lineBytes: "too-large",
  jsonDepth: "too-deep",
  jsonMarks: "too-many",
  events: "too-many",
  lines: "too-many",
} as const satisfies Record<ReadingLimit, Crossing["fault"]>

export const crossingAt = (limit: ReadingLimit, offset: number): Crossing => ({
  fault: faults[limit],
  offset,
  expected: `at most ${limits[limit].max} ${limits[limit].unit}`,
})

const [LF, CR, quote, backslash, comma] = [0x0a, 0x0d, 0x22, 0x5c, 0x2c]
const [openArray, closeArray, openObject, closeObject] = [0x5b, 0x5d, 0x7b, 0x7d]

/** Counts the structure of JSON as its bytes pass by. */
class JsonMeter {
  private depth = 0
  private marks = 0
  private inString = false
  private isEscaped = false

  /** Returns the limit that this byte crosses. */
  add(byte: number): "jsonDepth" | "jsonMarks" | undefined {
    if (this.inString) {
      if (this.isEscaped) this.isEscaped = false
      else if (byte === backslash) this.isEscaped = true
      else if (byte === quote) this.inString = false
    } else if (byte === quote) this.inString = true
    else if (byte === comma) this.marks++
    else if (byte === openArray || byte === openObject) {
      this.marks++
      this.depth++
    } else if (byte === closeArray || byte === closeObject) this.depth--
    if (this.depth > limits.jsonDepth.max) return "jsonDepth"
    return this.marks > limits.jsonMarks.max ? "jsonMarks" : undefined
  }

  /** A JSON string has no line break of its own, so that a broken one cannot hide what follows it. */
  endLine(): void {
    this.inString = false
    this.isEscaped = false
  }

  endValue(): void {
    this.depth = 0
  }
}

/** Returns where the JSON in a body crosses a limit. The body need not be valid. */
export function jsonCrossing(body: Uint8Array): Crossing | undefined {
  const meter = new JsonMeter()
  for (let at = 0; at < body.length; at++) {
    const limit = meter.add(body[at] as number)
    if (limit) return crossingAt(limit, at)
  }
  return undefined
}

/** Returns where an event stream crosses a limit, in its lines, in its events or in the JSON of their data. */
export function streamCrossing(body: Uint8Array): Crossing | undefined {
  const meter = new JsonMeter()
  let [events, lines, lineStart] = [0, 0, 0]
  for (let at = 0; at < body.length; at++) {
    const byte = body[at] as number
    if (byte !== LF && byte !== CR) {
      const limit = at - lineStart >= limits.lineBytes.max ? "lineBytes" : meter.add(byte)
      if (limit) return crossingAt(limit, limit === "lineBytes" ? lineStart : at)
      continue
    }
    const isHalf = byte === LF && at > 0 && body[at - 1] === CR
    if (!isHalf) {
      lines++
      if (at === lineStart) {
        events++
        meter.endValue()
      }
      meter.endLine()
    }
    lineStart = at + 1
    if (events > limits.events.max) return crossingAt("events", at)
    if (lines > limits.lines.max) return crossingAt("lines", at)
  }
  return undefined
}

/** Returns whether the JSON of a text nests deeper than the kit can read. */
export function isTooDeep(text: string): boolean {
  // Most texts are too short to nest that deep.
  if (text.length <= limits.jsonDepth.max) return false
  return jsonCrossing(Buffer.from(text))?.fault === "too-deep"
}
