import { closestMatch } from "leven"

/** Returns the known name that an unknown one is probably meant to be; undefined when nothing is known. */
export function nearestTo(name: string, known: readonly string[]): string | undefined {
  return known.find((each) => each.startsWith(name)) ?? closestMatch(name.slice(0, 64), [...known])
}
