/** Returns a copy without members that are null or undefined. Only for objects whose nullable members are optional. */
export function withoutNulls<T extends object>(members: T): T {
  // Where a schema has a nullable member that is required, the caller adds it again.
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value != null)) as T
}
