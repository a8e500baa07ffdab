import { canonical, list, type Schema } from "./accepts.ts"
import { type Generation, numberOf, simpleDepth, type TypeGenerator } from "./generation.ts"

/** Maximum number of items that are drawn to find one that is different from the others (chosen). */
const maxItemTries = 24

/** Generates an array: its prefix, then the items that `contains` asks for, then others. */
export const generateArray: TypeGenerator = (keywords, generation, depth) => {
  const { prefixItems, items = true, additionalItems = true, uniqueItems, contains } = keywords
  const prefix = list(Array.isArray(items) ? items : prefixItems)
  const rest = Array.isArray(items) ? additionalItems : items
  const min = numberOf(keywords["minItems"], 0)
  const max = numberOf(keywords["maxItems"], Infinity)
  const needed = contains === undefined ? 0 : Number(keywords["minContains"] ?? 1)
  const wanted = depth < simpleDepth ? Math.max(min, prefix.length, 1 + generation.random.below(2)) : min
  const length = Math.min(max, Math.max(wanted, prefix.length * Number(needed > 0) + needed))

  const made: unknown[] = []
  const seen = uniqueItems === true ? new Set<string>() : undefined
  while (made.length < length) {
    const own = prefix[made.length] ?? rest
    const isContained = made.length >= prefix.length && made.length < prefix.length + needed
    const item = freshItem(isContained ? { allOf: [own, contains] } : own, generation, depth, seen)
    if (item === undefined) return made.length >= min ? made : undefined
    made.push(item)
  }
  return made
}

/** Generates an item; one that has not been seen before, if the items seen are given. */
function freshItem(
  schema: Schema,
  { make, spend }: Generation,
  depth: number,
  seen: Set<string> | undefined,
): unknown {
  for (let tries = 0; tries < (seen ? maxItemTries : 1); tries++) {
    const item = make(schema, depth + 1)
    if (item === undefined || seen === undefined) return item
    const text = canonical(item, spend)
    if (!seen.has(text)) {
      seen.add(text)
      return item
    }
  }
  return undefined
}
