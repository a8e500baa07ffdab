import type { Endpoint } from "@nexhina/schemas"

type Schema = NonNullable<Endpoint["request"]>["schema"]

/** What validates a request body. */
export type Parser = Pick<Schema, "safeParse">

/** Requests of one operation after which its schema is compiled: compiling takes as long as some thousand validations. */
const compileAfter = 2_000

/**
 * Returns the parser of a schema: the schema itself, and once it has been asked for `limit` times, the schema compiled,
 * which gives the same values and the same errors in a quarter of the time (https://zod.dev/compile).
 */
export function createParsers(limit: number = compileAfter): (schema: Schema) => Parser {
  const uses = new Map<Schema, number>()
  const compiled = new Map<Schema, Parser>()
  return (schema) => {
    const fast = compiled.get(schema)
    if (fast) return fast
    const count = (uses.get(schema) ?? 0) + 1
    uses.set(schema, count)
    // Validation does not wait for it. A schema that cannot be compiled is returned as it is.
    if (count === limit) {
      import("./compile.ts").then(({ compile }) => compiled.set(schema, compile(schema)))
    }
    return schema
  }
}
