/*
 * Keeps short bytes and texts one after another in pages that are used again. A mock that answers thousands of requests a
 * second keeps each of them for a moment; as objects, which every collection of garbage copies, they took a tenth of its
 * throughput.
 */

/** A part of what is stored: a text is stored as UTF-8. */
export type Part = string | Uint8Array

/** The place of parts that were stored together. */
export interface Place {
  readonly page: Page
  readonly start: number
  /** The end of each part. */
  readonly ends: readonly number[]
}

interface Page {
  readonly bytes: Uint8Array
  /** How many places in it are in use. */
  places: number
}

/** Stores parts, and gives their space to others when they are freed. */
export interface Pages {
  put(parts: readonly Part[]): Place
  /** Returns copies of the parts. */
  read(place: Place): Uint8Array[]
  free(place: Place): void
}

const pageBytes = 2 ** 16

const utf8 = new TextEncoder()

/** Returns the most bytes that a part can take: no UTF-16 unit takes more than three. */
const mostBytes = (part: Part) => (typeof part === "string" ? 3 * part.length : part.length)

/** Returns whether parts are short enough to be stored in pages: longer ones would leave much of a page unused. */
export const isShort = (part: Part): boolean => mostBytes(part) <= pageBytes / 8

/** Creates pages. The first one is made when something is stored. */
export function createPages(): Pages {
  const unused: Page[] = []
  let current: Page | undefined
  let at = 0

  function pageFor(bytes: number): Page {
    if (current !== undefined && at + bytes <= current.bytes.length) return current
    const last = current
    current = undefined
    at = 0
    if (last) retire(last)
    const used = bytes <= pageBytes ? unused.pop() : undefined
    current = used ?? { bytes: new Uint8Array(Math.max(bytes, pageBytes)), places: 0 }
    return current
  }
  /** Keeps a page for later if nothing is in it any more. */
  function retire(page: Page): void {
    if (page.places === 0 && page !== current && page.bytes.length === pageBytes) unused.push(page)
  }
  function write(part: Part, page: Page): number {
    if (typeof part === "string") at += utf8.encodeInto(part, page.bytes.subarray(at)).written
    else {
      page.bytes.set(part, at)
      at += part.length
    }
    return at
  }
  return {
    put(parts) {
      let most = 0
      for (const part of parts) most += mostBytes(part)
      const page = pageFor(most)
      page.places++
      const start = at
      const ends: number[] = []
      for (const part of parts) ends.push(write(part, page))
      return { page, start, ends }
    },
    read({ page, start, ends }) {
      return ends.map((end, index) => page.bytes.slice(index === 0 ? start : ends[index - 1], end))
    },
    free({ page }) {
      page.places--
      retire(page)
    },
  }
}
