/** JSON Schema as far as the emitted documents use it. */
export interface JsonSchema {
  $ref?: string
  type?: string | string[]
  enum?: unknown[]
  const?: unknown
  allOf?: JsonSchema[]
  anyOf?: JsonSchema[]
  oneOf?: JsonSchema[]
  not?: JsonSchema
  properties?: Record<string, JsonSchema>
  required?: string[]
  additionalProperties?: JsonSchema | boolean
  /** Names the tag of a union by which clients narrow. */
  discriminator?: unknown
  "x-known-values"?: unknown[]
  items?: JsonSchema
  minItems?: number
  maxItems?: number
  minLength?: number
  maxLength?: number
  pattern?: string
  minimum?: number
  maximum?: number
  exclusiveMinimum?: number
}

const assertions = new Set<string>([
  "$ref",
  "type",
  "enum",
  "const",
  "allOf",
  "anyOf",
  "oneOf",
  "not",
  "properties",
  "required",
  "additionalProperties",
  "items",
  "minItems",
  "maxItems",
  "minLength",
  "maxLength",
  "pattern",
  "minimum",
  "maximum",
  "exclusiveMinimum",
] satisfies (keyof JsonSchema)[])
const annotations =
  /^(discriminator|title|description|default|deprecated|examples|format|contentEncoding|x-.+)$/

/** Fails on a keyword that this file does not know: nothing may go unjudged. */
function refuseUnknown(schema: JsonSchema, place: string): void {
  const unknown = Object.keys(schema).filter(
    (keyword) => !assertions.has(keyword) && !annotations.test(keyword),
  )
  if (unknown.length > 0) throw new Error(`Unknown keyword ${unknown.join(", ")} at ${place}: teach it here`)
}

/** How often values met a keyword at one place, and how often they failed it and nothing else there. */
interface Hits {
  readonly place: string
  met: number
  failedAlone: number
}

/** The counters of each schema inside a schema, by keyword (a required member is one of its own). */
export type Counters = Map<JsonSchema, Map<string, Hits>>

/** Counters at zero. A reference is one keyword: what it leads to has counters of its own. */
export function counters(schema: JsonSchema, place = "", found: Counters = new Map()): Counters {
  refuseUnknown(schema, place)
  const { properties = {}, required = [], additionalProperties, items, not } = schema
  const { allOf = [], anyOf = [], oneOf = [] } = schema
  const within = (at: string, inner: JsonSchema | undefined) =>
    inner && counters(inner, `${place}/${at}`, found)
  for (const [name, inner] of Object.entries(properties)) within(`properties/${name}`, inner)
  if (typeof additionalProperties === "object") within("additionalProperties", additionalProperties)
  within("items", items)
  within("not", not)
  for (const [nth, inner] of allOf.entries()) within(`allOf/${nth}`, inner)
  for (const [nth, inner] of anyOf.entries()) within(`anyOf/${nth}`, inner)
  for (const [nth, inner] of oneOf.entries()) within(`oneOf/${nth}`, inner)
  const containers = new Set(["allOf", "properties", "required", "additionalProperties", "items"])
  const here = Object.keys(schema).filter((keyword) => assertions.has(keyword) && !containers.has(keyword))
  const counted = [...here, ...required.map((name) => `required/${name}`)]
  // Nothing can meet `not: {}`: it is there to be failed.
  const hopeless = not !== undefined && Object.keys(not).length === 0
  const zero = (keyword: string) => ({
    place: `${place}/${keyword}`,
    met: keyword === "not" && hopeless ? 1 : 0,
    failedAlone: 0,
  })
  return found.set(schema, new Map(counted.map((keyword) => [keyword, zero(keyword)])))
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

function isOfType(value: unknown, type: string): boolean {
  if (type === "integer") return Number.isInteger(value)
  if (type === "null") return value === null
  if (type === "array") return Array.isArray(value)
  return type === "object" ? isObject(value) : typeof value === type
}

/** Whether a value is valid; counts on the way what it meets and fails. `refers` judges by a reference. */
export function judge(
  schema: JsonSchema,
  value: unknown,
  refers: (reference: string, value: unknown) => boolean,
  counted: Counters,
): boolean {
  const tag = schema.properties?.["type"]
  if (tag?.const !== undefined && isObject(value) && ![undefined, tag.const].includes(value["type"])) {
    // Of another kind, which its tag tells: the rest of it says nothing about this kind.
    return judge(tag, value["type"], refers, counted)
  }
  const outcomes: [keyword: string, met: boolean][] = []
  const inside: boolean[] = []
  const within = (inner: JsonSchema, what: unknown) => judge(inner, what, refers, counted)
  const matches = (branches: JsonSchema[]) => branches.filter((branch) => within(branch, value)).length

  if (schema.$ref !== undefined) outcomes.push(["$ref", refers(schema.$ref, value)])
  if (schema.type !== undefined) {
    outcomes.push(["type", [schema.type].flat().some((type) => isOfType(value, type))])
  }
  if (schema.enum !== undefined) outcomes.push(["enum", schema.enum.includes(value)])
  if (schema.const !== undefined) outcomes.push(["const", value === schema.const])
  if (schema.allOf !== undefined) inside.push(...schema.allOf.map((part) => within(part, value)))
  if (schema.anyOf !== undefined) outcomes.push(["anyOf", matches(schema.anyOf) > 0])
  if (schema.oneOf !== undefined) outcomes.push(["oneOf", matches(schema.oneOf) === 1])
  if (schema.not !== undefined) outcomes.push(["not", !within(schema.not, value)])
  if (isObject(value)) {
    const { properties = {}, required = [], additionalProperties } = schema
    for (const [name, member] of Object.entries(value)) {
      const inner = Object.hasOwn(properties, name) ? properties[name] : additionalProperties
      if (typeof inner === "object") inside.push(within(inner, member))
    }
    for (const name of required) outcomes.push([`required/${name}`, Object.hasOwn(value, name)])
  }
  if (Array.isArray(value)) {
    const { items, minItems, maxItems } = schema
    if (items !== undefined) inside.push(...value.map((item) => within(items, item)))
    if (minItems !== undefined) outcomes.push(["minItems", value.length >= minItems])
    if (maxItems !== undefined) outcomes.push(["maxItems", value.length <= maxItems])
  }
  if (typeof value === "string") {
    const { minLength, maxLength, pattern } = schema
    if (minLength !== undefined) outcomes.push(["minLength", [...value].length >= minLength])
    if (maxLength !== undefined) outcomes.push(["maxLength", [...value].length <= maxLength])
    if (pattern !== undefined) outcomes.push(["pattern", new RegExp(pattern, "u").test(value)])
  }
  if (typeof value === "number") {
    const { minimum, maximum, exclusiveMinimum } = schema
    if (minimum !== undefined) outcomes.push(["minimum", value >= minimum])
    if (maximum !== undefined) outcomes.push(["maximum", value <= maximum])
    if (exclusiveMinimum !== undefined) outcomes.push(["exclusiveMinimum", value > exclusiveMinimum])
  }

  const failed = outcomes.filter(([, met]) => !met)
  // A value of another type is none of the listed values either: beside a list, the type cannot fail alone.
  const causes =
    schema.type === undefined ? failed : failed.filter(([keyword]) => !/const|enum/.test(keyword))
  const alone = failed.length === 1 || causes.length === 1
  const hits = counted.get(schema)
  for (const [keyword, met] of outcomes) {
    const hit = hits?.get(keyword)
    if (hit && met) hit.met++
    if (hit && !met && alone) hit.failedAlone++
  }
  return failed.length === 0 && inside.every(Boolean)
}
