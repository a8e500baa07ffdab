import { nearestName } from "./nearest-name.ts"

/**
 * Throws a `TypeError` when an object has a member that is not known, with the known name that is likely meant. `what`
 * names such a member.
 */
export function requireKnownNames(given: object, known: readonly string[], what: string): void {
  const unknown = Object.keys(given).find((name) => !known.includes(name))
  if (unknown === undefined) return
  const nearest = nearestName(unknown, known)
  throw new TypeError(`Unknown ${what} '${unknown}'.${nearest ? ` Did you mean '${nearest}'?` : ""}`)
}
