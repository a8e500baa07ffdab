import { endpoints, schemasWithoutEndpoint } from "../src/endpoints.ts"
import { openUnions } from "../src/open-unions.ts"
import { openapi } from "../src/openapi.ts"
import type { JsonSchema } from "./json-schema.ts"

// Zod accepts unlisted kinds, so the documents that it is compared with do too.
export const openapiDocument = openUnions(openapi("3.1.1", Object.values(endpoints), schemasWithoutEndpoint))
// Which keywords there are is checked where they are counted.
export const components = openapiDocument.components?.schemas as Readonly<Record<string, JsonSchema>>

function resolve(reference: string): JsonSchema {
  const schema = components[reference.replace("#/components/schemas/", "")]
  if (schema === undefined) throw new Error(`${reference} leads nowhere`)
  return schema
}

/**
 * Documents that meet a schema, the smallest first: each member, each kind and each type of it stands in one of
 * them.
 */
export function covering(schema: JsonSchema): unknown[] {
  const options = schema.anyOf ?? schema.oneOf
  if (options) return options.flatMap((option) => covering(option))
  // The parts of an object: its listed members, and the schema of all members.
  if (schema.allOf) return covering(Object.assign({}, ...schema.allOf))
  if (schema.$ref !== undefined) return covering(resolve(schema.$ref)).slice(0, 1)
  if (schema["x-known-values"] !== undefined) return schema["x-known-values"]
  if (schema.enum !== undefined) return schema.enum
  if (schema.const !== undefined) return [schema.const]
  if (schema.type === undefined) return schema.not === undefined ? ["anything"] : []
  return [schema.type].flat().flatMap((type) => ofType(type, schema))
}

function ofType(type: string, schema: JsonSchema): unknown[] {
  switch (type) {
    case "null":
      return [null]
    case "boolean":
      return [true]
    case "string":
      return ["a".repeat(Math.max(1, schema.minLength ?? 1))]
    case "integer":
    case "number":
      return [schema.minimum ?? (schema.exclusiveMinimum ?? 0) + 1]
    case "array":
      return covering(schema.items ?? {}).map((item) => Array(Math.max(1, schema.minItems ?? 1)).fill(item))
    case "object": {
      const members = Object.entries(schema.properties ?? {})
        .map(([name, member]) => [name, covering(member)] as const)
        .filter(([, values]) => values.length > 0)
      const whole = Object.fromEntries(members.map(([name, [first]]) => [name, first]))
      const least = Object.fromEntries(
        Object.entries(whole).filter(([name]) => schema.required?.includes(name)),
      )
      const others =
        typeof schema.additionalProperties === "object" ? covering(schema.additionalProperties) : []
      return [
        least,
        whole,
        ...members.flatMap(([name, [, ...values]]) => values.map((value) => ({ ...least, [name]: value }))),
        ...others.map((value) => ({ ...least, unheardOf: value })),
      ]
    }
    default:
      throw new Error(`Unknown type ${type}: teach it here`)
  }
}

/** Returns the members that no document may have. */
export const forbidden = ({ not }: JsonSchema): readonly string[] => not?.required ?? []

/**
 * Every document that differs from the given one in one place: another value there, or none, or one more member with
 * one of the names in `additional`.
 */
export function* mutants(
  document: unknown,
  values: readonly unknown[],
  additional: readonly string[] = ["unheardOf"],
): Generator<unknown> {
  yield* values
  if (Array.isArray(document)) {
    yield []
    for (const [place, item] of document.entries()) {
      for (const mutant of mutants(item, values)) yield document.with(place, mutant)
    }
  } else if (typeof document === "object" && document !== null) {
    for (const [name, member] of Object.entries(document)) {
      const { [name]: _, ...rest } = document as Record<string, unknown>
      yield rest
      for (const mutant of mutants(member, values)) yield { ...document, [name]: mutant }
    }
    for (const name of additional) {
      for (const value of values) yield { ...document, [name]: value }
    }
  }
}

/** Values on both sides of what a schema demands anywhere inside it. */
export function telling(schema: JsonSchema): unknown[] {
  const found: unknown[] = [null, true, 0, -1, 0.5, "", "unheard of!", [], {}]
  const visit = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return
    const { minimum, maximum, exclusiveMinimum, minLength, maxLength, minItems, maxItems, items, not } =
      value as JsonSchema
    for (const bound of [minimum, maximum, exclusiveMinimum]) {
      if (typeof bound === "number") found.push(bound - 1, bound, bound + 1)
    }
    for (const bound of [minLength, maxLength]) {
      if (typeof bound === "number") found.push("a".repeat(bound), "a".repeat(bound + 1))
    }
    for (const bound of [minItems, maxItems]) {
      if (typeof bound !== "number" || items === undefined) continue
      const [item] = covering(items)
      found.push(Array(bound).fill(item), Array(bound + 1).fill(item))
    }
    if (not?.enum) found.push(...not.enum.slice(0, 2))
    for (const inner of Object.values(value)) visit(inner)
  }
  visit(schema)
  return [...new Map(found.map((value) => [JSON.stringify(value), value])).values()]
}
