// A module of its own, loaded when it is needed: the compiler is large, and most programs read few values.
import { z } from "zod"

export { compile } from "zod"

/** A union of objects by a tag that falls back to the options without one (`openUnion`). */
const isOpenUnion = (schema: z.ZodType): schema is z.ZodDiscriminatedUnion =>
  schema instanceof z.ZodDiscriminatedUnion && schema.def.unionFallback === true

/**
 * Creates a function that compiles a schema of which only `validate` is called. An open union, which the compiler refuses,
 * becomes a check that calls the compiled option of the tag: as a part of the whole, the options would make a function
 * that is too long for V8 to optimise.
 */
export function createValidationCompiler(): (schema: z.ZodType) => z.ZodType {
  const closed = new Map<z.ZodType, z.ZodType>()

  function closedOf(schema: z.ZodType): z.ZodType {
    const earlier = closed.get(schema)
    if (earlier) return earlier
    // Stands for itself where it contains itself.
    closed.set(schema, schema)
    const made = isOpenUnion(schema) ? tagged(schema) : rebuilt(schema)
    closed.set(schema, made)
    return made
  }

  function rebuilt(schema: z.ZodType): z.ZodType {
    const { shape, ...others } = closedMembers(schema.def)
    const parts = { ...others, ...(shape !== undefined && { shape: closedMembers(shape as object) }) }
    return schema.clone(parts as unknown as typeof schema.def)
  }

  const closedMembers = (members: object): Readonly<Record<string, unknown>> =>
    Object.fromEntries(Object.entries(members).map(([name, part]) => [name, closedPart(part)]))

  function closedPart(part: unknown): unknown {
    if (part instanceof z.ZodType) return closedOf(part)
    return Array.isArray(part) ? part.map(closedPart) : part
  }

  function tagged({ def: { discriminator, options } }: z.ZodDiscriminatedUnion): z.ZodType {
    const tests = options.map((option) => lazyTest(option as z.ZodType))
    const tagsOf = (at: number) => [...(options[at]?._zod.propValues?.[discriminator] ?? [])]
    const byTag = new Map(tests.flatMap((fits, at) => tagsOf(at).map((tag) => [tag, fits] as const)))
    // The last option is that of the tags that are not listed.
    const fitsUnlisted = tests.at(-1)
    return z.custom((value: unknown) => {
      if (typeof value !== "object" || value === null) return false
      const tag = (value as Readonly<Record<string, z.core.util.Primitive>>)[discriminator]
      return (byTag.get(tag) ?? fitsUnlisted)?.(value)
    })
  }

  /** Returns a test that compiles an option at its first use: of most unions, few options ever come. */
  function lazyTest(option: z.ZodType): (value: unknown) => boolean {
    let compiled: z.ZodType | undefined
    return (value) => {
      compiled ??= z.compile(closedOf(option))
      return compiled.validate(value)
    }
  }

  return (schema) => z.compile(closedOf(schema))
}
