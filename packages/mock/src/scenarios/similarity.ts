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
    return size === 0 ? 0 : shared / (size + 1)
  }
}

/** Returns the pairs of neighbouring characters of a text, with those at its ends. */
function pairsOf(text: string): string[] {
  const padded = ` ${text.slice(0, maxLength).toLowerCase()} `
  return Array.from({ length: padded.length - 1 }, (_, at) => padded.slice(at, at + 2))
}
