import { type Spend, unlimited } from "./budget.ts"
import { parsePattern } from "./parse-pattern.ts"
import { matches } from "./pattern.ts"

/** A JSON Schema: `true`, `false`, or an object of keywords, which need not be well-formed. */
export type Schema = unknown
export type Keywords = Readonly<Record<string, unknown>>

/** Why nothing can be said about a schema; the message completes "the schema …". */
export class SchemaError extends Error {}

/** The keywords of a schema, none for `true`; undefined for `false`, which nothing satisfies. */
export function keywordsOf(schema: Schema): Keywords | undefined {
  if (schema === false) return undefined
  return isRecord(schema) ? schema : {}
}

export function isRecord(value: unknown): value is Keywords {
  return typeof value === "object" && value !== null && !Array.isArray(value)
}

/** A keyword's list, empty when it is absent or none. */
export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

/** A keyword's object, empty when it is absent or none. */
export function record(value: unknown): Keywords {
  return isRecord(value) ? value : {}
}

/** A JSON value as text that is the same for equal values: members are sorted. */
export function canonical(value: unknown, spend: Spend): string {
  const text = JSON.stringify(value, (_, inner) =>
    isRecord(inner) ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1))) : inner,
  )
  spend(1 + text.length / 10)
  return text
}

function isEqual(a: unknown, b: unknown, spend: Spend): boolean {
  const areObjects = typeof a === "object" && typeof b === "object"
  return a === b || (areObjects && canonical(a, spend) === canonical(b, spend))
}

/** The schema that a `$ref` names: a JSON pointer within the root. */
export function resolve(ref: unknown, root: Schema): Schema {
  const pointer = typeof ref === "string" ? /^#((?:\/.*)?)$/s.exec(ref)?.[1] : undefined
  if (pointer === undefined) throw new SchemaError(`refers to '${ref}', which is outside of it`)
  let schema = root
  for (const part of pointer.split("/").slice(1)) {
    const key = part.replace(/%([0-9a-f]{2})/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))
    const name = key.replaceAll("~1", "/").replaceAll("~0", "~")
    if (typeof schema !== "object" || schema === null || !Object.hasOwn(schema, name)) {
      throw new SchemaError(`refers to '${ref}', which is not there`)
    }
    schema = (schema as Keywords)[name]
  }
  return schema
}

/** Judges one keyword, given its argument, the value, the keywords beside it, how to judge inner values, and a budget. */
type Judge = (
  argument: unknown,
  value: unknown,
  keywords: Keywords,
  judge: (schema: Schema, value: unknown) => boolean,
  spend: Spend,
) => boolean

/** A pattern, ready to be matched. */
function patternOf(source: string, spend: Spend): (text: string) => boolean {
  const pattern = parsePattern(source, spend)
  return (text) => matches(pattern, text, spend)
}

const number = (holds: (value: number, limit: number) => boolean): Judge => {
  return (limit, value) => typeof value !== "number" || typeof limit !== "number" || holds(value, limit)
}
const text = (holds: (length: number, limit: number) => boolean): Judge => {
  return (limit, value, _keywords, _judge, spend) => {
    if (typeof value !== "string" || typeof limit !== "number") return true
    spend(value.length / 20)
    return holds([...value].length, limit)
  }
}
const array = (holds: (value: readonly unknown[], ...rest: Parameters<Judge>) => boolean): Judge => {
  return (...all) => {
    const [, value, , , spend] = all
    if (!Array.isArray(value)) return true
    spend(value.length / 20)
    return holds(value, ...all)
  }
}
const object = (holds: (value: Keywords, ...rest: Parameters<Judge>) => boolean): Judge => {
  return (...all) => {
    const [, value, , , spend] = all
    if (!isRecord(value)) return true
    spend(Object.keys(value).length / 10)
    return holds(value, ...all)
  }
}

const types: Readonly<Record<string, (value: unknown) => boolean>> = {
  null: (value) => value === null,
  boolean: (value) => typeof value === "boolean",
  integer: Number.isInteger,
  number: (value) => typeof value === "number",
  string: (value) => typeof value === "string",
  array: Array.isArray,
  object: isRecord,
}

/** The keywords of JSON Schema 2020-12 that assert something, and the array form of `items` before it. */
const judges: Readonly<Record<string, Judge>> = {
  type: (names, value) => [names].flat().some((name) => types[String(name)]?.(value)),
  enum: (values, value, _keywords, _judge, spend) =>
    list(values).some((known) => isEqual(known, value, spend)),
  const: (known, value, _keywords, _judge, spend) => isEqual(known, value, spend),
  minimum: number((value, limit) => value >= limit),
  maximum: number((value, limit) => value <= limit),
  exclusiveMinimum: number((value, limit) => value > limit),
  exclusiveMaximum: number((value, limit) => value < limit),
  multipleOf: number((value, step) => Number.isInteger(value / step)),
  minLength: text((length, limit) => length >= limit),
  maxLength: text((length, limit) => length <= limit),
  pattern: (source, value, _keywords, _judge, spend) =>
    typeof value !== "string" || typeof source !== "string" || patternOf(source, spend)(value),
  minItems: array((items, limit) => typeof limit !== "number" || items.length >= limit),
  maxItems: array((items, limit) => typeof limit !== "number" || items.length <= limit),
  uniqueItems: array(
    (items, unique, _value, _keywords, _judge, spend) =>
      unique !== true || new Set(items.map((item) => canonical(item, spend))).size === items.length,
  ),
  prefixItems: array((items, schemas, _value, _keywords, judge) =>
    list(schemas).every((schema, index) => index >= items.length || judge(schema, items[index])),
  ),
  items: array((items, schema, _value, keywords, judge) =>
    Array.isArray(schema)
      ? schema.every((inner, index) => index >= items.length || judge(inner, items[index]))
      : items.slice(list(keywords["prefixItems"]).length).every((item) => judge(schema, item)),
  ),
  additionalItems: array((items, schema, _value, keywords, judge) =>
    items
      .slice(Array.isArray(keywords["items"]) ? keywords["items"].length : items.length)
      .every((item) => judge(schema, item)),
  ),
  contains: array((items, schema, _value, { minContains = 1, maxContains = Infinity }, judge) => {
    const count = items.filter((item) => judge(schema, item)).length
    return count >= Number(minContains) && count <= Number(maxContains)
  }),
  required: object((members, names) => list(names).every((name) => Object.hasOwn(members, String(name)))),
  minProperties: object((members, limit) => Object.keys(members).length >= Number(limit)),
  maxProperties: object((members, limit) => Object.keys(members).length <= Number(limit)),
  properties: object((members, schemas, _value, _keywords, judge) =>
    Object.entries(record(schemas)).every(
      ([name, schema]) => !Object.hasOwn(members, name) || judge(schema, members[name]),
    ),
  ),
  patternProperties: object((members, schemas, _value, _keywords, judge, spend) =>
    Object.entries(record(schemas)).every(([source, schema]) => {
      const isMatch = patternOf(source, spend)
      return Object.entries(members).every(([name, member]) => !isMatch(name) || judge(schema, member))
    }),
  ),
  additionalProperties: object((members, schema, _value, keywords, judge, spend) => {
    const patterns = Object.keys(record(keywords["patternProperties"])).map((source) =>
      patternOf(source, spend),
    )
    return Object.entries(members)
      .filter(([name]) => !Object.hasOwn(record(keywords["properties"]), name))
      .filter(([name]) => !patterns.some((isMatch) => isMatch(name)))
      .every(([, member]) => judge(schema, member))
  }),
  propertyNames: object((members, schema, _value, _keywords, judge) =>
    Object.keys(members).every((name) => judge(schema, name)),
  ),
  dependentRequired: object((members, needs) =>
    Object.entries(record(needs)).every(
      ([name, others]) =>
        !Object.hasOwn(members, name) || list(others).every((other) => Object.hasOwn(members, String(other))),
    ),
  ),
  dependentSchemas: object((members, schemas, _value, _keywords, judge) =>
    Object.entries(record(schemas)).every(
      ([name, schema]) => !Object.hasOwn(members, name) || judge(schema, members),
    ),
  ),
  allOf: (schemas, value, _, judge) => list(schemas).every((schema) => judge(schema, value)),
  anyOf: (schemas, value, _, judge) => list(schemas).some((schema) => judge(schema, value)),
  oneOf: (schemas, value, _, judge) => list(schemas).filter((schema) => judge(schema, value)).length === 1,
  not: (schema, value, _, judge) => !judge(schema, value),
  if: (condition, value, keywords, judge) =>
    judge(keywords[judge(condition, value) ? "then" : "else"] ?? true, value),
}

/** About how long it takes to look at an argument of a keyword, in microseconds. */
export function sizeOf(argument: unknown): number {
  if (typeof argument !== "object" || argument === null) return 0.2
  return 0.3 + (Array.isArray(argument) ? argument.length : Object.keys(argument).length) / 10
}

/** No value is judged by more keywords than this (chosen): then the schema refers to itself without end. */
const mostSteps = 100_000

/** Whether a JSON value satisfies a schema whose references point into `root`. */
export function accepts(schema: Schema, value: unknown, root: Schema, spend: Spend = unlimited): boolean {
  let steps = 0
  function judge(schema: Schema, value: unknown): boolean {
    const keywords = keywordsOf(schema)
    spend(0.1)
    if (keywords === undefined) return false
    return Object.entries(keywords).every(([name, argument]) => {
      if (++steps > mostSteps) throw new SchemaError("refers to itself without end")
      spend(sizeOf(argument))
      if (name === "$ref") return judge(resolve(argument, root), value)
      const holds = Object.hasOwn(judges, name) ? judges[name] : undefined
      return holds?.(argument, value, keywords, judge, spend) ?? true
    })
  }
  return judge(schema, value)
}
