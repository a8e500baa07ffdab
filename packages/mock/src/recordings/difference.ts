/** A place at which two JSON values differ. */
export interface Difference {
  /** JSON Pointer (RFC 6901). */
  readonly pointer: string
  /** The value that was expected there; absent when none was. */
  readonly expected?: unknown
  /** The value of the request. Absent if the request has none. */
  readonly actual?: unknown
}

/**
 * Returns the places at which two JSON values differ, in the order of the expected value, at most `limit`. Objects and
 * arrays are compared member by member; the order of an object's members does not count.
 */
export function differences(expected: unknown, actual: unknown, limit: number): Difference[] {
  const found: Difference[] = []
  compare(expected, actual, "", (difference) => found.push(difference) < limit)
  return found
}

/** Calls `report` with each difference until it returns false. Returns whether to go on. */
function compare(
  expected: unknown,
  actual: unknown,
  pointer: string,
  report: (difference: Difference) => boolean,
): boolean {
  if (Object.is(expected, actual) || (expected === 0 && actual === 0)) return true
  if (!isNested(expected) || !isNested(actual) || Array.isArray(expected) !== Array.isArray(actual)) {
    return report({ pointer, expected, actual })
  }
  const members = membersOf(expected)
  const others = membersOf(actual)
  for (const name of new Set([...members.keys(), ...others.keys()])) {
    const below = `${pointer}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`
    const goOn = !members.has(name)
      ? report({ pointer: below, actual: others.get(name) })
      : !others.has(name)
        ? report({ pointer: below, expected: members.get(name) })
        : compare(members.get(name), others.get(name), below, report)
    if (!goOn) return false
  }
  return true
}

const isNested = (value: unknown): value is object => typeof value === "object" && value !== null

const membersOf = (value: object): ReadonlyMap<string, unknown> => new Map(Object.entries(value))

/** Returns the JSON text of a value with the members of every object in order: equal texts for equal values. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) =>
    isNested(member) && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  )
}
