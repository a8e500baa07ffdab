import { type Keywords, keywordsOf, list, resolve, type Schema, SchemaError, sizeOf } from "./accepts.ts"
import { type Generation, simpleDepth } from "./generation.ts"
import { merge } from "./merge.ts"

/** Maximum nesting of schemas in one another, or references to one another, for one value (chosen). */
const maxNesting = 200

/** Yields the ways to satisfy a schema's references, branches and conditions, each as keywords without them. */
export function* flattened(
  keywords: Keywords,
  generation: Generation,
  depth: number,
  nesting = 0,
): Generator<Keywords> {
  generation.spend(2 * sizeOf(keywords))
  const { $ref, allOf, anyOf, oneOf, if: condition, then = true, else: otherwise = true, ...own } = keywords
  const groups: (readonly Schema[])[] = list(allOf).map((schema) => [schema])
  if ($ref !== undefined) groups.push([resolve($ref, generation.root)])
  if (anyOf !== undefined) groups.push(inOrder(list(anyOf), generation, depth))
  if (oneOf !== undefined) groups.push(inOrder(list(oneOf), generation, depth))
  if (condition !== undefined) {
    groups.push([{ allOf: [condition, then] }, { allOf: [{ not: condition }, otherwise] }])
  }
  yield* combined(own, groups, generation, depth, nesting)
}

/** Yields each combination of one schema per group, merged with the base. */
function* combined(
  base: Keywords,
  [group, ...rest]: readonly (readonly Schema[])[],
  generation: Generation,
  depth: number,
  nesting: number,
): Generator<Keywords> {
  generation.spend(20)
  if (nesting > maxNesting)
    throw new SchemaError("has references or combinations that are nested too deep, or that have no end")
  if (group === undefined) {
    yield base
    return
  }
  for (const schema of group) {
    const keywords = keywordsOf(schema)
    if (keywords === undefined) continue
    for (const flat of flattened(keywords, generation, depth, nesting + 1)) {
      yield* combined(merge(base, flat, generation.spend), rest, generation, depth, nesting + 1)
    }
  }
}

/** Shuffles branches. From `simpleDepth` on, those without references come first, so that recursion ends. */
function inOrder(
  branches: readonly Schema[],
  { random, spend }: Generation,
  depth: number,
): readonly Schema[] {
  spend(branches.length / 2)
  const shuffled = random.shuffle(branches)
  if (depth < simpleDepth) return shuffled
  const ranked = shuffled.map((schema) => {
    const text = JSON.stringify(schema)
    spend(text.length / 100)
    return { schema, refers: Number(text.includes('"$ref"')) }
  })
  return ranked.sort((a, b) => a.refers - b.refers).map(({ schema }) => schema)
}
