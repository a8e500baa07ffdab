import * as fc from "fast-check"
import { z } from "zod"

type Schema = z.core.$ZodType
type Checks = readonly z.core.$ZodCheck<never>[] | undefined

// Zod's own types of its definitions; each kind is told by `type`, which the common base does not say.
export const definitionOf = (schema: Schema) => (schema as z.core.$ZodTypes)._zod.def
export const checksOf = (checks: Checks) =>
  (checks ?? []).map((check) => (check as z.core.$ZodChecks)._zod.def)

/** How many times a schema may stand inside itself. */
const maxNesting = 2

/** JSON without `-0`, which does not survive being written. */
const anyJson = fc.json({ maxDepth: 2 }).map((text): unknown => JSON.parse(text))

const accepts = (schema: Schema) => (value: unknown) => z.safeParse(schema, value).success

function unknownTo(what: string, path: string): Error {
  return new Error(`arbitraryOf cannot make ${what} (at ${path || "the root"}): teach it this kind of schema`)
}

function lengthsOf(checks: Checks, path: string): { minLength: number; maxLength?: number } {
  let minLength = 0
  let maxLength = Number.POSITIVE_INFINITY
  for (const def of checksOf(checks)) {
    if (def.check === "min_length") minLength = Math.max(minLength, def.minimum)
    else if (def.check === "max_length") maxLength = Math.min(maxLength, def.maximum)
    else if (def.check === "length_equals") minLength = maxLength = def.length
    else throw unknownTo(`a value with the check ${def.check}`, path)
  }
  return Number.isFinite(maxLength) ? { minLength, maxLength } : { minLength }
}

function strings(schema: Schema, { pattern, format, checks }: StringDef, path: string): fc.Arbitrary<string> {
  const patterns = checksOf(checks).map((def) => (def.check === "string_format" ? def.pattern : undefined))
  const [matched] = [pattern, ...patterns].filter((found) => found !== undefined)
  if (matched) return fc.stringMatching(matched).filter(accepts(schema))
  if (format !== undefined) throw unknownTo(`a string of format ${format}`, path)

  // A refinement is understood where the schema says the same in JSON Schema: a tag that is none of the listed.
  const refined = z.globalRegistry.get(schema)?.["not"] !== undefined
  const bounds = refined ? checks?.filter(({ _zod }) => _zod.def.check !== "custom") : checks
  const lengths = lengthsOf(bounds, path)
  // A limit may be counted in code units or in code points: they are the same for ASCII.
  const text =
    lengths.maxLength === undefined
      ? fc.oneof(fc.string(lengths), fc.string({ ...lengths, unit: "grapheme" }))
      : fc.string(lengths)
  return refined ? text.filter(accepts(schema)) : text
}
type StringDef = Pick<z.core.$ZodStringFormatDef, "checks"> & {
  format?: string
  pattern?: RegExp | undefined
}

function numbers(
  { format, checks }: z.core.$ZodNumberDef & { format?: string },
  path: string,
): fc.Arbitrary<number> {
  let min = -Number.MAX_VALUE
  let max = Number.MAX_VALUE
  let minExcluded = false
  let maxExcluded = false
  let step: number | undefined
  const setFormat = (name: string) => {
    if (name !== "safeint") throw unknownTo(`a number of format ${name}`, path)
    step ??= 1
  }
  if (format !== undefined) setFormat(format)
  for (const def of checksOf(checks)) {
    if (def.check === "greater_than") {
      min = Number(def.value)
      minExcluded = !def.inclusive
    } else if (def.check === "less_than") {
      max = Number(def.value)
      maxExcluded = !def.inclusive
    } else if (def.check === "number_format") setFormat(def.format)
    else if (def.check === "multiple_of") step = Number(def.value)
    else throw unknownTo(`a number with the check ${def.check}`, path)
  }
  if (step === undefined) {
    const bounds = { min, minExcluded, max, maxExcluded, noNaN: true, noDefaultInfinity: true }
    return fc.double(bounds).map((value) => value + 0) // `-0 + 0` is 0
  }
  const unit = step
  // 0.3 / 0.1 is a little less than 3.
  const exact = (value: number) => (unit === 1 ? value : Number(value.toPrecision(15)))
  const lowest = Math.max(Math.ceil(exact(min / unit)), Number.MIN_SAFE_INTEGER)
  const highest = Math.min(Math.floor(exact(max / unit)), Number.MAX_SAFE_INTEGER)
  return fc
    .integer({
      min: minExcluded && exact(lowest * unit) === min ? lowest + 1 : lowest,
      max: maxExcluded && exact(highest * unit) === max ? highest - 1 : highest,
    })
    .map((count) => exact(count * unit))
}

/** Zod drops a member that is named `__proto__`. */
function dictionary(keys: fc.Arbitrary<string>, values: fc.Arbitrary<unknown>): fc.Arbitrary<object> {
  const safe = keys.filter((key) => key !== "__proto__")
  return fc.dictionary(safe, values, { noNullPrototype: true })
}

/** Returns the arbitrary of a schema inside the one that is being walked; `step` is appended to the path. */
type Inside = (inner: Schema, step: string) => fc.Arbitrary<unknown> | undefined

/**
 * Returns the arbitrary of one schema inside others. Returns `undefined` when no value exists within the nesting
 * limit; the schema that contains it then omits it.
 */
function walk(schema: Schema, path: string, holders: readonly Schema[]): fc.Arbitrary<unknown> | undefined {
  if (holders.filter((holder) => holder === schema).length > maxNesting) return undefined
  const inside: Inside = (inner, step) => walk(inner, `${path}${step}`, [...holders, schema])
  const def = definitionOf(schema)

  switch (def.type) {
    case "string":
      return strings(schema, def, path)
    case "number":
      return numbers(def, path)
    case "boolean":
      return fc.boolean()
    case "null":
      return fc.constant(null)
    case "unknown":
      return anyJson
    case "never":
      return undefined
    case "enum":
      return fc.constantFrom(...Object.values(def.entries))
    case "literal":
      return fc.constantFrom(...def.values)
    case "optional":
      // The object that contains an optional member omits it; here it is present.
      return inside(def.innerType, "")
    case "nullable": {
      const inner = inside(def.innerType, "")
      return inner ? fc.option(inner) : fc.constant(null)
    }
    case "lazy":
      return inside(def.getter(), "")
    case "array":
      return arrays(def, path, inside)
    case "tuple":
      return tuples(def, inside)
    case "union":
      return unions(def, path, inside)
    case "record":
      return records(def, path, inside)
    case "object":
      return objects(def, path, inside)
    default:
      throw unknownTo(`a value of Zod's kind "${def.type}"`, path)
  }
}

type Definitions = ReturnType<typeof definitionOf>
type Definition<Type extends Definitions["type"]> = Extract<Definitions, { readonly type: Type }>

const memberStep = (path: string, name: string) => (path === "" ? name : `.${name}`)

function arrays(def: Definition<"array">, path: string, inside: Inside) {
  const lengths = lengthsOf(def.checks, path)
  const element = inside(def.element, "[]")
  if (element) return fc.array(element, lengths)
  return lengths.minLength === 0 ? fc.constant([]) : undefined
}

function tuples(def: Definition<"tuple">, inside: Inside) {
  const items = def.items.map((item, index) => inside(item, `[${index}]`))
  if (!items.every((item) => item !== undefined)) return undefined
  const rest = def.rest && inside(def.rest, "[]")
  const tail = rest ? fc.array(rest) : fc.constant([])
  return fc.tuple(fc.tuple(...items), tail).map(([head, more]) => [...head, ...more])
}

function unions(def: Definition<"union">, path: string, inside: Inside) {
  // The options of a discriminated union exclude each other, those of an exclusive one need not.
  if (def.inclusive === false && !("discriminator" in def)) {
    throw unknownTo("a value of exactly one option", path)
  }
  const options = def.options.map((option) => inside(option, "")).filter((option) => option !== undefined)
  return options.length === 0 ? undefined : fc.oneof({ withCrossShrink: true }, ...options)
}

function records(def: Definition<"record">, path: string, inside: Inside) {
  const { keyType } = def
  const key = definitionOf(keyType)
  if (key.type !== "string") throw unknownTo(`a record with keys of Zod's kind "${key.type}"`, path)
  const value = inside(def.valueType, memberStep(path, "*"))
  return value ? dictionary(strings(keyType, key, path), value) : fc.constant({})
}

function objects(def: Definition<"object">, path: string, inside: Inside) {
  if (def.checks?.length) throw unknownTo("an object with checks", path)
  const members: Record<string, fc.Arbitrary<unknown>> = {}
  const requiredKeys: string[] = []
  for (const [name, memberSchema] of Object.entries(def.shape)) {
    const value = inside(memberSchema, memberStep(path, name))
    const optional = definitionOf(memberSchema).type === "optional"
    if (value) members[name] = value
    else if (!optional) return undefined
    if (!optional) requiredKeys.push(name)
  }
  const known = fc.record(members, { requiredKeys, noNullPrototype: true })
  // Additional members of an open object are omitted, unless they have a type.
  if (!def.catchall || ["unknown", "never"].includes(definitionOf(def.catchall).type)) return known
  const extra = inside(def.catchall, memberStep(path, "*"))
  if (!extra) return known
  const keys = fc.string().filter((key) => !Object.hasOwn(def.shape, key))
  return fc.tuple(dictionary(keys, extra), known).map(([extras, listed]) => ({ ...extras, ...listed }))
}

/**
 * JSON values that the schema accepts, written and read back unchanged. Optional members are sometimes absent,
 * members that no one listed are left out, recursive schemas nest at most three deep. Throws, naming kind and
 * place, on a schema that it cannot read.
 */
export function arbitraryOf<S extends Schema>(schema: S): fc.Arbitrary<z.output<S>> {
  const values = walk(schema, "", [])
  if (!values) throw new Error("arbitraryOf finds no value, or none that does not hold one of its own kind")
  return values as fc.Arbitrary<z.output<S>>
}
