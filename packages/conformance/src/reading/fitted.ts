import { z } from "zod"

/** A schema, and how often values were held against it. */
interface Use {
  times: number
  /** The same schema, which reads several times faster once it is compiled. */
  schema: z.ZodType
}

/** Number of values after which a schema is compiled (chosen): compiling takes as long as reading hundreds. */
const often = 300

const uses = new WeakMap<z.ZodType, Use>()

/** Returns a schema that takes the same values; the schemas that are used often are compiled. */
function quick<S extends z.ZodType>(schema: S): S {
  const use = uses.get(schema) ?? { times: 0, schema }
  uses.set(schema, use)
  if (++use.times === often) use.schema = z.compile(schema)
  return use.schema as S
}

/** Returns whether a value fits a schema. */
export const fits = (schema: z.ZodType, value: unknown): boolean => quick(schema).validate(value)

const outputs = new WeakMap<object, Map<z.ZodType, unknown>>()

/**
 * Returns a value as its schema reads it; `undefined` when it does not fit. An object is read once for each schema, so
 * it must not change.
 */
export function fitted<S extends z.ZodType>(schema: S, value: unknown): z.output<S> | undefined {
  if (typeof value !== "object" || value === null) return schema.safeParse(value).data
  const known = outputs.get(value) ?? new Map<z.ZodType, unknown>()
  if (!known.has(schema)) known.set(schema, quick(schema).safeParse(value).data)
  outputs.set(value, known)
  return known.get(schema) as z.output<S> | undefined
}
