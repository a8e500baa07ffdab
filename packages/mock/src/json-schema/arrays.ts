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
    const item = freshItem(
      isContained ? { allOf: [own, contains] } : own,
      generation,
      depth,
      seen && { seen, made },
    )
    if (item === undefined) return made.length >= min ? made : undefined
    made.push(item)
  }
  return made
}

/** Generates an item; one that has not been seen before, if the items seen are given. */
function freshItem(
  schema: Schema,
  generation: Generation,
  depth: number,
  earlier: EarlierItems | undefined,
): unknown {
  const { make, spend } = generation
  if (!earlier) return make(schema, depth + 1)
  const { seen } = earlier
  const isFresh = (item: unknown): boolean => {
    const text = canonical(item, spend)
    if (seen.has(text)) return false
    seen.add(text)
    return true
  }
  for (let tries = 0; tries < maxItemTries; tries++) {
    const item = make(schema, depth + 1)
    if (item === undefined || isFresh(item)) return item
  }
  return lastItems(schema, generation, depth, earlier).find(isFresh)
}

/** The items of an array before the next one, and their canonical texts. */
interface EarlierItems {
  readonly seen: Set<string>
  readonly made: readonly unknown[]
}

/** Returns items to try where nearly all that a schema allows are taken, and a draw hits those that are. */
function lastItems(
  schema: Schema,
  { make, accepts }: Generation,
  depth: number,
  { made }: EarlierItems,
): unknown[] {
  // Of a range of integers, one that is left lies next to one that is taken.
  const integers = made.filter((item): item is number => Number.isSafeInteger(item))
  const small = [true, false, null, ...integers.flatMap((item) => [item - 1, item + 1])]
  const other = make({ allOf: [schema, { not: { enum: [...made] } }] }, depth + 1)
  return [
    ...(other === undefined ? [] : [other]),
    ...small.filter((item) => accepts({ allOf: [schema] }, item)),
  ]
}
