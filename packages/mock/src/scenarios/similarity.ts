import type { Predicate } from "./predicates.ts"
import type { Subject } from "./subject.ts"

/** Number of characters of a text that are compared: this bounds the work. */
const maxLength = 200

/** Returns how similar the text that a predicate expects is to those of the request, from 0 to 1. */
export type Similarity = (predicate: Predicate) => number

/** Creates a measure of similarity to one request. Letter case does not count: it is a common slip. */
export function createSimilarity(subject: Subject): Similarity {
  const pairs = new Map<string, ReadonlySet<string>>()
  const isOnlyInCase = ({ value, texts }: Predicate) =>
    // The length first: texts of a request may be long.
    texts(subject).some((text) => text.length === value.length && text.toLowerCase() === value.toLowerCase())
  const pairsAt = ({ path, texts }: Predicate) => {
    const known = pairs.get(path) ?? new Set(texts(subject).flatMap(pairsOf))
    pairs.set(path, known)
    return known
  }
  return (predicate) => {
    if (predicate.kind === "presence") return 0
    if (predicate.kind === "exact" && isOnlyInCase(predicate)) return 1
    const found = pairsAt(predicate)
    const expected = new Set((predicate.required ?? [predicate.value]).flatMap(pairsOf))
    const shared = [...expected].filter((pair) => found.has(pair)).length
    // A part only has to occur; a whole text has to be the text.
    const size = predicate.kind === "exact" ? Math.max(expected.size, found.size) : expected.size
    if (size === 0) return 0
    // Less than another pair would count.
    const slip = predicate.kind === "exact" ? lengthDifference(predicate, subject) / (2 * (size + 1)) : 0
    return Math.max(0, shared - slip) / (size + 1)
  }
}

/** Returns how much the length of a text differs from the nearest one of the request, from 0 to 1. */
function lengthDifference({ value, texts }: Predicate, subject: Subject): number {
  const differences = texts(subject).map(
    ({ length }) => Math.abs(length - value.length) / Math.max(1, length, value.length),
  )
  return Math.min(1, ...differences)
}

/** Number of texts of the request that a rough measure compares. */
const maxTexts = 8

/** Creates a fast measure of similarity to one request: how much of a text's beginning and end is the same. */
export function createRoughSimilarity(subject: Subject): Similarity {
  const lower = (text: string) => text.slice(0, maxLength).toLowerCase()
  const known = new Map<string, readonly string[]>()
  const textsAt = ({ path, texts }: Predicate) => {
    const found = known.get(path) ?? texts(subject).slice(0, maxTexts).map(lower)
    known.set(path, found)
    return found
  }
  return (predicate) => {
    const { kind, value, required = [value] } = predicate
    if (kind === "presence") return 0
    const expected = required.map(lower)
    const rough = kind === "exact" ? sameEnds : sharedHalf
    const found = textsAt(predicate)
    return Math.max(0, ...found.flatMap((text) => expected.map((part) => rough(text, part))))
  }
}

function sameEnds(one: string, other: string): number {
  const shorter = Math.min(one.length, other.length)
  let start = 0
  while (start < shorter && one[start] === other[start]) start++
  let end = 0
  while (end < shorter - start && one.at(-1 - end) === other.at(-1 - end)) end++
  return (start + end) / Math.max(1, one.length, other.length)
}

/** Returns whether a text has the first or the second half of a part, as a number. */
function sharedHalf(text: string, part: string): number {
  const middle = Math.ceil(part.length / 2)
  return [part.slice(0, middle), part.slice(middle)].some((half) => half !== "" && text.includes(half))
    ? 0.5
    : 0
}

/** Returns the pairs of neighbouring characters of a text, with those at its ends. */
function pairsOf(text: string): string[] {
  const padded = ` ${text.slice(0, maxLength).toLowerCase()} `
  return Array.from({ length: padded.length - 1 }, (_, at) => padded.slice(at, at + 2))
}
