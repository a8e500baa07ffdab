import type { Predicate } from "./predicates.ts"
import type { Subject } from "./subject.ts"

/** Length of the pieces of texts that substrings and patterns are found by. */
const gramLength = 3
/** Pieces of one long substring that are considered: each is enough to find it. */
const maxGrams = 64

/** Finds the scenarios that a request may match, in time that does not depend on their number. */
export interface CandidateIndex<Entry> {
  /** Returns every entry whose predicates may all hold, and few others. */
  find(subject: Subject): Entry[]
}

interface Posting<Entry> {
  /** Reads the texts of a request that the keys are compared with. */
  readonly texts: Predicate["texts"]
  readonly exact: Map<string, Entry[]>
  readonly grams: Map<string, Entry[]>
}

/** A necessary condition of a predicate: the whole text, or a piece that a text must contain. */
interface Key {
  readonly predicate: Predicate
  readonly form: "exact" | "grams"
  readonly text: string
}

/**
 * Creates an index. Each entry is filed under the rarest key of its predicates: a whole text, or three characters that
 * a substring or a pattern requires. Entries without a key are candidates of every request.
 */
export function createCandidateIndex<Entry extends { readonly predicates: readonly Predicate[] }>(
  entries: readonly Entry[],
): CandidateIndex<Entry> {
  const keys = entries.map(({ predicates }) => predicates.flatMap(keysOf))
  const frequencies = new Map<string, number>()
  for (const key of keys.flat()) frequencies.set(nameOf(key), (frequencies.get(nameOf(key)) ?? 0) + 1)
  const postings = new Map<string, Posting<Entry>>()
  const always: Entry[] = []
  entries.forEach((entry, index) => {
    const rarest = (keys[index] ?? []).reduce<Key | undefined>((best, key) => {
      if (best === undefined) return key
      return (frequencies.get(nameOf(key)) ?? 0) < (frequencies.get(nameOf(best)) ?? 0) ? key : best
    }, undefined)
    if (rarest === undefined) always.push(entry)
    else file(rarest, entry, postings)
  })
  return {
    find(subject) {
      if (postings.size === 0) return always
      const found = new Set(always)
      for (const posting of postings.values()) collect(posting, subject, found)
      return [...found]
    },
  }
}

function nameOf({ predicate, form, text }: Key): string {
  return `${predicate.path}\n${form}\n${text}`
}

function file<Entry>(key: Key, entry: Entry, postings: Map<string, Posting<Entry>>): void {
  const { path, texts } = key.predicate
  const posting = postings.get(path) ?? { texts, exact: new Map(), grams: new Map() }
  postings.set(path, posting)
  const filed = posting[key.form].get(key.text)
  if (filed) filed.push(entry)
  else posting[key.form].set(key.text, [entry])
}

function collect<Entry>({ texts, exact, grams }: Posting<Entry>, subject: Subject, found: Set<Entry>): void {
  for (const text of texts(subject)) {
    for (const entry of exact.get(text) ?? []) found.add(entry)
    if (grams.size === 0) continue
    if (text.length > grams.size * gramLength) {
      for (const [gram, entries] of grams) {
        if (text.includes(gram)) for (const entry of entries) found.add(entry)
      }
    } else {
      for (let at = 0; at + gramLength <= text.length; at++) {
        for (const entry of grams.get(text.slice(at, at + gramLength)) ?? []) found.add(entry)
      }
    }
  }
}

function keysOf(predicate: Predicate): Key[] {
  const { kind, value, required = [] } = predicate
  if (kind === "exact") return [{ predicate, form: "exact", text: value }]
  return required
    .flatMap(gramsOf)
    .slice(0, maxGrams)
    .map((text) => ({ predicate, form: "grams", text }))
}

function gramsOf(text: string): string[] {
  return Array.from({ length: Math.max(0, text.length - gramLength + 1) }, (_, at) =>
    text.slice(at, at + gramLength),
  )
}
