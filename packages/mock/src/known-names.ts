import leven, { closestMatch } from "leven"

/**
 * Throws a `TypeError` when an object has a member that is not known. It suggests a known name that differs in at most a
 * third of its letters. `what` names such a member.
 */
export function requireKnownNames(given: object, known: readonly string[], what: string): void {
  for (const name of Object.keys(given)) {
    if (known.includes(name)) continue
    const close = closestMatch(name.slice(0, 64), known)
    const isClose = close !== undefined && leven(name.slice(0, 64), close) <= Math.ceil(close.length / 3)
    throw new TypeError(`Unknown ${what} '${name}'.${isClose ? ` Did you mean '${close}'?` : ""}`)
  }
}
