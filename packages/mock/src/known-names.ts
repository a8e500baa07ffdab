import { closestMatch } from "leven"

/** Throws a `TypeError` that suggests a known name when an object has another member. `what` names such a member. */
export function requireKnownNames(given: object, known: readonly string[], what: string): void {
  for (const name of Object.keys(given)) {
    if (known.includes(name)) continue
    throw new TypeError(
      `Unknown ${what} '${name}'. Did you mean '${closestMatch(name.slice(0, 64), known)}'?`,
    )
  }
}
