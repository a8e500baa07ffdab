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
  /** By the hash of a piece. Two pieces with the same hash only make more candidates. */
  readonly grams: Map<number, Entry[]>
  /** Whether a piece may be in `grams`, by the lower bits of its hash: most pieces of a text are not. */
  readonly mayHaveGram: Uint8Array
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
  const posting = postings.get(path) ?? {
    texts,
    exact: new Map(),
    grams: new Map(),
    mayHaveGram: new Uint8Array(filterSize),
  }
  postings.set(path, posting)
  if (key.form === "exact") add(posting.exact, key.text, entry)
  else {
    const gram = gramOf(key.text.charCodeAt(0), key.text.charCodeAt(1), key.text.charCodeAt(2))
    add(posting.grams, gram, entry)
    posting.mayHaveGram[gram % filterSize] = 1
  }
}

function add<Key, Entry>(lists: Map<Key, Entry[]>, key: Key, entry: Entry): void {
  const list = lists.get(key)
  if (list) list.push(entry)
  else lists.set(key, [entry])
}

const filterSize = 2 ** 14

/** Returns the hash of a piece of a text: a small integer, which is faster as a key than the piece. */
function gramOf(first: number, second: number, third: number): number {
  return (Math.imul(first, 0x9e3779b1) ^ Math.imul(second, 0x85ebca6b) ^ Math.imul(third, 0xc2b2ae35)) >>> 2
}

function collect<Entry>(
  { texts, exact, grams, mayHaveGram }: Posting<Entry>,
  subject: Subject,
  found: Set<Entry>,
): void {
  for (const text of texts(subject)) {
    for (const entry of exact.get(text) ?? []) found.add(entry)
    if (grams.size === 0) continue
    let first = 0
    let second = text.charCodeAt(0)
    let third = text.charCodeAt(1)
    for (let at = gramLength - 1; at < text.length; at++) {
      first = second
      second = third
      third = text.charCodeAt(at)
      const gram = gramOf(first, second, third)
      if (mayHaveGram[gram % filterSize] === 0) continue
      for (const entry of grams.get(gram) ?? []) found.add(entry)
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
