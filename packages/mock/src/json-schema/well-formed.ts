import { Refusal } from "../refusal.ts"
import { isRecord, resolve, type Schema, SchemaError } from "./accepts.ts"

/** Throws a `Refusal` that names `param` if a value is not a valid JSON Schema or has a dangling reference. */
export function requireSchema(schema: Schema, param: string): void {
  try {
    check(schema, schema, "#")
  } catch (error) {
    if (!(error instanceof SchemaError)) throw error
    throw new Refusal(400, {
      message: `The value of '${param}' is not a valid JSON Schema: it ${error.message}.`,
      param,
      code: "invalid_schema",
    })
  }
}

/** Whether a keyword's argument is of its form; schemas within it are checked besides. */
interface Form {
  readonly is: string
  holds(argument: unknown): boolean
  /** The schemas within an argument of the form, each with its place. */
  within?(argument: never): readonly (readonly [place: string, schema: Schema])[]
}

function check(schema: Schema, root: Schema, place: string): void {
  if (typeof schema === "boolean") return
  if (!isRecord(schema)) throw new SchemaError(`has at '${place}' no schema, which is an object or a boolean`)
  for (const [keyword, argument] of Object.entries(schema)) {
    const form = Object.hasOwn(forms, keyword) ? forms[keyword] : undefined
    if (form === undefined) continue
    const here = `${place}/${keyword}`
    if (!form.holds(argument)) {
      throw new SchemaError(`has at '${here}' ${shown(argument)}, which is not ${form.is}`)
    }
    if (keyword === "$ref") resolve(argument, root)
    // Each form is asked for the schemas within what it has just said to be an argument of its own.
    for (const [name, inner] of form.within?.(argument as never) ?? []) check(inner, root, here + name)
  }
}

function shown(value: unknown): string {
  const text = JSON.stringify(value)
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}

const isSchema = (value: unknown): boolean => typeof value === "boolean" || isRecord(value)
const isString = (value: unknown): value is string => typeof value === "string"
const areStrings = (value: unknown): boolean => Array.isArray(value) && value.every(isString)

function isPattern(source: unknown): boolean {
  // By the specification a pattern is read with the flag `u`; many that are in use compile without it only.
  return (
    isString(source) &&
    ["u", ""].some((flags) => {
      try {
        return Boolean(new RegExp(source, flags))
      } catch {
        return false
      }
    })
  )
}

const typeNames: readonly unknown[] = ["null", "boolean", "integer", "number", "string", "array", "object"]
const isTypeName = (name: unknown): boolean => typeNames.includes(name)

const anyNumber: Form = { is: "a number", holds: (value) => typeof value === "number" }
const count: Form = {
  is: "an integer from 0 on",
  holds: (value) => Number.isInteger(value) && Number(value) >= 0,
}
const oneSchema: Form = {
  is: "a schema, which is an object or a boolean",
  holds: isSchema,
  within: (schema: Schema) => [["", schema]],
}
const schemaList: Form = {
  is: "a list of schemas with at least one",
  holds: (value) => Array.isArray(value) && value.length > 0,
  within: (schemas: readonly Schema[]) => schemas.map((schema, index) => [`/${index}`, schema]),
}
const schemaMap: Form = {
  is: "an object of schemas",
  holds: isRecord,
  within: (schemas: Readonly<Record<string, Schema>>) =>
    Object.entries(schemas).map(([name, schema]) => [`/${name}`, schema]),
}

/** The keywords of JSON Schema 2020-12, and those of draft 7 that are still in use, by the form of their arguments. */
const forms: Readonly<Record<string, Form>> = {
  type: {
    is: "a type, or a list of types",
    holds: (value) =>
      isTypeName(value) || (Array.isArray(value) && value.length > 0 && value.every(isTypeName)),
  },
  enum: { is: "a list of values", holds: Array.isArray },
  minimum: anyNumber,
  maximum: anyNumber,
  exclusiveMinimum: anyNumber,
  exclusiveMaximum: anyNumber,
  multipleOf: { is: "a number above 0", holds: (value) => typeof value === "number" && value > 0 },
  minLength: count,
  maxLength: count,
  pattern: { is: "a regular expression", holds: isPattern },
  format: { is: "a string", holds: isString },
  minItems: count,
  maxItems: count,
  uniqueItems: { is: "a boolean", holds: (value) => typeof value === "boolean" },
  minContains: count,
  maxContains: count,
  minProperties: count,
  maxProperties: count,
  required: { is: "a list of names", holds: areStrings },
  dependentRequired: {
    is: "an object of lists of names",
    holds: (value) => isRecord(value) && Object.values(value).every(areStrings),
  },
  prefixItems: schemaList,
  items: {
    is: "a schema, or a list of schemas",
    holds: (value) => isSchema(value) || Array.isArray(value),
    within: (items: Schema) =>
      Array.isArray(items) ? items.map((schema, index) => [`/${index}`, schema]) : [["", items]],
  },
  additionalItems: oneSchema,
  unevaluatedItems: oneSchema,
  contains: oneSchema,
  properties: schemaMap,
  patternProperties: {
    ...schemaMap,
    is: "an object of schemas by regular expressions",
    holds: (value) => isRecord(value) && Object.keys(value).every(isPattern),
  },
  additionalProperties: oneSchema,
  unevaluatedProperties: oneSchema,
  propertyNames: oneSchema,
  dependentSchemas: schemaMap,
  $defs: schemaMap,
  definitions: schemaMap,
  allOf: schemaList,
  anyOf: schemaList,
  oneOf: schemaList,
  not: oneSchema,
  if: oneSchema,
  // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema.
  then: oneSchema,
  else: oneSchema,
  $ref: { is: "a string", holds: isString },
}
