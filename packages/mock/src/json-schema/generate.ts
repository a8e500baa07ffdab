// Why neither json-schema-faker nor Ajv: a schema that a client sends decides how much work it makes, so generator and
// checker work within a budget (`budget.ts`) and match patterns without backtracking. The same request gets the same
// reply for ever, so every choice comes from the seeded `Random` and none from a library that may change its mind.
// And Ajv compiles a schema to code with `new Function`, which costs milliseconds for a schema that is used once and
// is not allowed in every runtime. Ajv is the checker's oracle in the tests.
import type { Random } from "../content/random.ts"
import { Refusal } from "../refusal.ts"
import { accepts, type Keywords, keywordsOf, list, type Schema, SchemaError } from "./accepts.ts"
import { generateArray } from "./arrays.ts"
import { flattened } from "./branches.ts"
import { budget, type Spend, SpentError } from "./budget.ts"
import { type Generation, maxDepth, type Plan, simpleDepth, type TypeGenerator } from "./generation.ts"
import { generateInteger, generateNumber } from "./numbers.ts"
import { generateObject } from "./objects.ts"
import { PatternError } from "./parse-pattern.ts"
import { generateString } from "./strings.ts"

/**
 * Generates a random value that satisfies a JSON Schema (2020-12, and what is common in draft 7); references must
 * point into the schema itself. Every value is checked before it is returned. Throws a `Refusal` that names `param`
 * and the reason when the schema asks for something that this generator cannot find within the budget. Default: a
 * budget of its own.
 */
export function generate(schema: Schema, random: Random, param: string, spend: Spend = budget()): unknown {
  const generation: Generation = {
    root: schema,
    random,
    spend,
    make: (inner, depth) => make(inner, generation, depth),
    accepts: (inner, value) => accepts(inner, value, schema, spend),
  }
  try {
    const value = generation.make(schema, 0)
    if (value === undefined) throw new SchemaError("allows no value that could be found")
    return value
  } catch (error) {
    if (error instanceof PatternError) throw cannot(param, error.message)
    if (error instanceof SpentError) throw cannot(param, "it is too large, or has no end")
    if (error instanceof SchemaError) throw cannot(param, `it ${error.message}`)
    throw error
  }
}

function cannot(param: string, why: string): Refusal {
  return new Refusal(400, {
    message: `The mock cannot make a value for the schema at '${param}': ${why}.`,
    param,
  })
}

const plans: readonly Plan[] = ["some", "none", "all"]
const simplePlans: readonly Plan[] = ["none"]

function make(schema: Schema, generation: Generation, depth: number): unknown {
  const keywords = keywordsOf(schema)
  if (keywords === undefined || depth > maxDepth) return undefined
  const { root, spend } = generation
  for (const flat of flattened(keywords, generation, depth)) {
    for (const plan of depth < simpleDepth ? plans : simplePlans) {
      spend(20)
      const value = build(flat, generation, depth, plan)
      if (value !== undefined && accepts(schema, value, root, spend)) return value
    }
  }
  return undefined
}

const build: TypeGenerator = (keywords, generation, depth, plan) => {
  if (Object.hasOwn(keywords, "const")) return repeatable(keywords["const"], generation)
  if (Object.hasOwn(keywords, "enum")) {
    const { enum: values, ...others } = keywords
    generation.spend(list(values).length / 2)
    const shuffled = generation.random.shuffle(list(values))
    return repeatable(
      shuffled.find((value) => generation.accepts(others, value)),
      generation,
    )
  }
  for (const type of typesOf(keywords, generation, depth)) {
    const value = byType[type]?.(keywords, generation, depth, plan)
    if (value !== undefined) return value
  }
  return undefined
}

/** Charges a value of the schema for its size: the result may contain it many times, and is then larger than the request. */
function repeatable(value: unknown, { spend }: Generation): unknown {
  if (typeof value === "string") spend(value.length / 20)
  if (typeof value === "object" && value !== null) spend(JSON.stringify(value).length / 20)
  return value
}

/** From the simplest on: the order in which types are tried in deep values. */
const byType: Readonly<Record<string, TypeGenerator>> = {
  null: () => null,
  boolean: (keywords, { random, accepts }) =>
    random.shuffle([true, false]).find((value) => accepts(keywords, value)),
  integer: generateInteger,
  number: generateNumber,
  string: generateString,
  array: generateArray,
  object: generateObject,
}
const simplicity = Object.keys(byType)

/** Returns the types to try, in order. */
function typesOf(keywords: Keywords, { random, spend }: Generation, depth: number): readonly string[] {
  // Without a type, null satisfies what keywords of any other type say.
  if (keywords["type"] === undefined) return [impliedType(keywords), "null"]
  const named = [keywords["type"]].flat().map(String)
  spend(named.length / 2)
  const types = random.shuffle(named)
  // Null says least, so it comes last, except in deep values, where the simplest comes first.
  const rank = (type: string) => (depth < simpleDepth ? Number(type === "null") : simplicity.indexOf(type))
  return types.sort((a, b) => rank(a) - rank(b))
}

/** Returns the type that the keywords of a schema without `type` are about. */
function impliedType(keywords: Keywords): string {
  const hasAny = (names: readonly string[]) => names.some((name) => Object.hasOwn(keywords, name))
  if (hasAny(["properties", "required", "additionalProperties", "patternProperties", "minProperties"]))
    return "object"
  if (hasAny(["items", "prefixItems", "minItems", "maxItems", "uniqueItems", "contains"])) return "array"
  if (hasAny(["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"])) return "number"
  return "string"
}
