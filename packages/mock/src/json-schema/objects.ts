import { isRecord, type Keywords, list, record } from "./accepts.ts"
import { type Generation, numberOf, type Plan, type TypeGenerator } from "./generation.ts"
import { generateMatch } from "./pattern.ts"

type Member = readonly [name: string, value: unknown]

/** Generates an object: the members that it names, then others until there are enough. */
export const generateObject: TypeGenerator = (keywords, generation, depth, plan) => {
  const chosen = chosenNames(keywords, generation, plan)
  const named = namedMembers(keywords, chosen, generation, depth)
  if (named === undefined) return undefined
  const min = numberOf(keywords["minProperties"], 0)
  const asMap = isRecord(keywords["additionalProperties"]) && plan === "some" ? 1 : 0
  const made = [...named]
  const wanted = Math.max(min, chosen.size + asMap)
  for (let tries = 0; made.length < wanted && tries < 4 * (min + 1); tries++) {
    made.push(...otherMember(keywords, made, generation, depth))
  }
  return Object.fromEntries(made)
}

/** Returns the names that are required, those that the plan adds, and those on which they depend. */
function chosenNames(keywords: Keywords, { random, spend }: Generation, plan: Plan): Set<string> {
  const names = Object.keys(record(keywords["properties"]))
  const chosen = new Set(list(keywords["required"]).map(String))
  spend((names.length + chosen.size) / 5)
  for (const name of names) {
    if (plan === "all" || (plan === "some" && random.below(2) === 1)) chosen.add(name)
  }
  for (const name of chosen) {
    const others = list(record(keywords["dependentRequired"])[name])
    spend(others.length / 5)
    for (const other of others) chosen.add(String(other))
  }
  return chosen
}

/** Generates the chosen members; undefined when a required one has no value. */
function namedMembers(
  keywords: Keywords,
  chosen: ReadonlySet<string>,
  { make }: Generation,
  depth: number,
): Member[] | undefined {
  const properties = record(keywords["properties"])
  const { additionalProperties = true } = keywords
  const required = new Set(list(keywords["required"]).map(String))
  const made: Member[] = []
  for (const name of chosen) {
    const value = make(Object.hasOwn(properties, name) ? properties[name] : additionalProperties, depth + 1)
    if (value !== undefined) made.push([name, value])
    else if (required.has(name)) return undefined
  }
  return made
}

/** Tries once to generate a member that the schema does not name. */
function otherMember(
  keywords: Keywords,
  made: readonly Member[],
  { random, spend, make }: Generation,
  depth: number,
): Member[] {
  const { additionalProperties = true, propertyNames = true } = keywords
  const [firstPattern] = Object.entries(record(keywords["patternProperties"]))
  const patterned = additionalProperties === false ? firstPattern : undefined
  const name = patterned
    ? generateMatch(patterned[0], random, { min: made.length + 3 }, spend)
    : make({ allOf: [{ type: "string", maxLength: 12 }, propertyNames] }, depth + 1)
  if (typeof name !== "string" || made.some(([known]) => known === name)) return []
  const value = make(patterned ? patterned[1] : additionalProperties, depth + 1)
  return value === undefined ? [] : [[name, value]]
}
