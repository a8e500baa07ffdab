import { nestsDeeper } from "@nexhina/wire"
import { limits } from "../limits.ts"

/** The first place at which a body crosses a limit of the kit. */
export interface Crossing {
  readonly fault: "too-large" | "too-deep" | "too-many"
  /** Offset in bytes in the decoded body. */
  readonly offset: number
  /** The limit in words, such as "at most 100 levels of nested arrays and objects in JSON". */
  readonly expected: string
}

type ReadingLimit = "textBytes" | "mediaBytes" | "jsonDepth" | "jsonMarks" | "events" | "lines" | "lineBytes"

const faults = {
  textBytes: "too-large",
  mediaBytes: "too-large",
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

/** How far the JSON before a place in a body has nested, and the marks that it has. */
interface JsonState {
  depth: number
  marks: number
}

/** Returns the index behind the string whose content begins at `from`, or `to` where it does not end. */
function afterString(body: Uint8Array, from: number, to: number): number {
  for (let at = from; at < to; ) {
    const end = body.indexOf(quote, at)
    if (end === -1 || end >= to) return to
    let backslashes = 0
    while (end - backslashes > from && body[end - backslashes - 1] === backslash) backslashes++
    if (backslashes % 2 === 0) return end + 1
    at = end + 1
  }
  return to
}

/** Reads the JSON in a part of a body, which need not be valid; returns where it crosses a limit. */
function readJson(body: Uint8Array, from: number, to: number, state: JsonState): Crossing | undefined {
  let { depth, marks } = state
  for (let at = from; at < to; at++) {
    const byte = body[at]
    if (byte === quote) at = afterString(body, at + 1, to) - 1
    else if (byte === comma) marks++
    else if (byte === openArray || byte === openObject) {
      marks++
      depth++
      if (depth > limits.jsonDepth.max) return crossingAt("jsonDepth", at)
    } else if (byte === closeArray || byte === closeObject) depth--
    if (marks > limits.jsonMarks.max) return crossingAt("jsonMarks", at)
  }
  state.depth = depth
  state.marks = marks
  return undefined
}

/** Whether a body has at most so many of a byte. */
function hasAtMost(max: number, body: Uint8Array, byte: number): boolean {
  let count = 0
  for (let at = body.indexOf(byte); at !== -1; at = body.indexOf(byte, at + 1))
    if (++count > max) return false
  return true
}

/** Whether the JSON in a body has too few marks to cross a limit: most bodies are short and flat. */
function isPlain(body: Uint8Array): boolean {
  const half = limits.jsonDepth.max / 2
  return (
    body.length <= limits.jsonMarks.max &&
    hasAtMost(half, body, openObject) &&
    hasAtMost(half, body, openArray)
  )
}

/** Returns where the JSON in a body crosses a limit. The body need not be valid. */
export const jsonCrossing = (body: Uint8Array): Crossing | undefined =>
  isPlain(body) ? undefined : readJson(body, 0, body.length, { depth: 0, marks: 0 })

/**
 * Returns whether an event stream is too small to cross a limit, as most are. Counts bytes, which is quicker than to skip
 * strings. Returns false for a stream with CR: the LF in CR LF must not count as the end of an event.
 */
function isPlainStream(body: Uint8Array): boolean {
  if (body.length > Math.min(limits.jsonMarks.max, limits.lineBytes.max)) return false
  const maxLines = Math.min(limits.lines.max, limits.events.max)
  /** Number of arrays and objects that the current event opens, at most. */
  let opened = 0
  let [lines, start] = [0, 0]
  for (let at = 0; at < body.length; at++) {
    const byte = body[at]
    if (byte === LF) {
      if (++lines > maxLines) return false
      if (start === at) opened = 0
      start = at + 1
    } else if (byte === openObject || byte === openArray) {
      if (++opened > limits.jsonDepth.max) return false
    } else if (byte === CR) return false
  }
  return true
}

/** Returns the index of the next line end, CR or LF, or the length of the body. */
function lineEnd(body: Uint8Array, from: number): number {
  let at = from
  while (at < body.length && body[at] !== LF && body[at] !== CR) at++
  return at
}

/** Returns where an event stream crosses a limit, in its lines, in its events or in the JSON of their data. */
export function streamCrossing(body: Uint8Array): Crossing | undefined {
  if (isPlainStream(body)) return undefined
  const state: JsonState = { depth: 0, marks: 0 }
  let [events, lines] = [0, 0]
  for (let start = 0; start < body.length; ) {
    const end = lineEnd(body, start)
    if (end - start > limits.lineBytes.max) return crossingAt("lineBytes", start)
    // A JSON string has no line break of its own, so that a broken one cannot hide what follows it.
    const crossing = readJson(body, start, end, state)
    if (crossing) return crossing
    lines++
    if (end === start) {
      events++
      state.depth = 0
    }
    if (events > limits.events.max) return crossingAt("events", end)
    if (lines > limits.lines.max) return crossingAt("lines", end)
    start = body[end] === CR && body[end + 1] === LF ? end + 2 : end + 1
  }
  return undefined
}

/** Returns whether the JSON of a text, which need not be valid, nests deeper than the kit can read. */
export const isTooDeep = (text: string): boolean => nestsDeeper(text, limits.jsonDepth.max)
