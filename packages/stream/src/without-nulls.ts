/** The members that say something. For objects whose members may all be absent as well as null. */
export function withoutNulls<T extends object>(members: T): T {
  // The schemas let each member that may be null be absent too, but those that the callers put back.
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value != null)) as T
}
