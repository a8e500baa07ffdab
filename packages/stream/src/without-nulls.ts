/** Returns the members that are neither null nor undefined. Only for objects whose nullable members are optional. */
export function withoutNulls<T extends object>(members: T): T {
  const entries = Object.entries(members)
  // Most have none.
  if (!entries.some(isNull)) return members
  // Where a schema has a nullable member that is required, the caller adds it again.
  return Object.fromEntries(entries.filter((entry) => !isNull(entry))) as T
}

const isNull = ([, value]: readonly [string, unknown]): boolean => value === null || value === undefined
