import { closestMatch } from "leven"

/** Maximum number of characters of an unknown name that are compared: the name may come from a client. */
const maxCompared = 64

/**
 * Returns the known name that an unknown one is likely to mean: one that begins with it, or one in which few letters
 * differ. Undefined when none is near.
 */
export function nearestName(unknown: string, known: readonly string[]): string | undefined {
  const name = unknown.slice(0, maxCompared)
  const longer = known.find((each) => unknown !== "" && each.startsWith(unknown))
  // A third of the letters wrong is a slip; more is another word.
  return longer ?? closestMatch(name, known, { maxDistance: Math.max(2, Math.floor(name.length / 3)) })
}
