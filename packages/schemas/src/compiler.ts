import type { z } from "zod"

type Compile = (schema: z.ZodType) => z.ZodType

/** Returns the schema it is given, and some time after it was given one `uses` times, that schema compiled. */
function createQuick(uses: number, load: () => Promise<Compile>): <S extends z.ZodType>(schema: S) => S {
  const counts = new Map<z.ZodType, number>()
  const compiled = new Map<z.ZodType, z.ZodType>()
  return (schema) => {
    const fast = compiled.get(schema)
    // Only the schema itself, compiled, is stored for it.
    if (fast) return fast as typeof schema
    const count = (counts.get(schema) ?? 0) + 1
    counts.set(schema, count)
    // Nobody waits for it. A schema that cannot be compiled is returned as it is.
    if (count === uses) load().then((compile) => compiled.set(schema, compile(schema)))
    return schema
  }
}

/**
 * Creates a function that returns the schema it is given, and once it was given one `uses` times, that schema compiled:
 * it gives the same values and the same errors in a quarter of the time (https://zod.dev/compile). Compiling takes as long
 * as reading some hundred to thousand values.
 */
export const createCompiler = (uses: number): (<S extends z.ZodType>(schema: S) => S) =>
  createQuick(uses, () => import("./zod-compile.ts").then(({ compile }) => compile))

/** Creates a function that returns whether a value fits a schema; one that was used `uses` times is compiled. */
export function createValidator(uses: number): (schema: z.ZodType, value: unknown) => boolean {
  let compiler: Promise<Compile> | undefined
  const quick = createQuick(uses, () => {
    // One for all schemas, which have parts in common.
    compiler ??= import("./zod-compile.ts").then(({ createValidationCompiler }) => createValidationCompiler())
    return compiler
  })
  return (schema, value) => quick(schema).validate(value)
}
