import { isObject } from "./answered.ts"
import { pointerTo } from "./schema-faults.ts"

/** A string of a JSON value that has half a surrogate pair, which no UTF-8 can write. */
export interface LoneSurrogate {
  /** JSON pointer to the string; of the name of a member, to the object. */
  readonly pointer: string
  readonly text: string
}

/** Half a pair. A whole one is a single character for a regular expression with the flag `u`. */
const half = /\p{Surrogate}/u

/** Returns the first string of a JSON value, the names of members included, that has half a surrogate pair. */
export function loneSurrogateIn(
  value: unknown,
  path: readonly PropertyKey[] = [],
): LoneSurrogate | undefined {
  if (typeof value === "string")
    return half.test(value) ? { pointer: pointerTo(path), text: value } : undefined
  if (!Array.isArray(value) && !isObject(value)) return undefined
  for (const [key, member] of Object.entries(value)) {
    if (half.test(key)) return { pointer: pointerTo(path), text: key }
    const found = loneSurrogateIn(member, [...path, key])
    if (found) return found
  }
  return undefined
}
