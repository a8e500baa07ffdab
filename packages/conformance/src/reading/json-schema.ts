import { Ajv2020, type ErrorObject, type ValidateFunction } from "ajv/dist/2020.js"
import ajvFormats from "ajv-formats"
import type { Undecided } from "../rule.ts"

/** The first place at which a value breaks a schema. */
export interface SchemaBreach {
  /** JSON pointer into the value. */
  readonly pointer: string
  readonly says: string
}

type Compiled = ValidateFunction | Undecided

const maxCompiled = 500
const compiled = new Map<string, Compiled>()

// The package is CommonJS: under Node's rules its default export is the module object.
const addFormats = ajvFormats.default

/**
 * One validator for all schemas, which compiles the meta-schema once. Schemas are not added to it: two with one `$id`
 * must not meet. Most judge a few values: to optimise them takes longer than that.
 */
const ajv = new Ajv2020({ strict: false, logger: false, addUsedSchema: false, code: { optimize: false } })
addFormats(ajv)

/**
 * Compiles a schema. The dialect is 2020-12, whatever `$schema` says; what differs from draft 7 does not compile, and is
 * undecided.
 */
function compile({ $schema: _, ...schema }: Readonly<Record<string, unknown>>): Compiled {
  if ("$async" in schema) return { undecided: "the schema is asynchronous" }
  try {
    return ajv.compile(schema)
  } catch (error) {
    return { undecided: `the schema cannot be used: ${(error as Error).message}` }
  } finally {
    // Its cache would keep every schema of every reply.
    ajv.removeSchema(schema)
  }
}

function compiledOf(schema: Readonly<Record<string, unknown>>): Compiled {
  const text = JSON.stringify(schema)
  const known = compiled.get(text)
  if (known) return known
  if (compiled.size === maxCompiled) compiled.clear()
  const fresh = compile(schema)
  compiled.set(text, fresh)
  return fresh
}

const breachOf = ({ instancePath, message }: ErrorObject): SchemaBreach => ({
  pointer: instancePath,
  says: message ?? "breaks the schema",
})

/** Where a value breaks a JSON Schema; `undefined` when it keeps it, undecided when the schema cannot be used. */
export function schemaBreach(
  schema: Readonly<Record<string, unknown>>,
  value: unknown,
): SchemaBreach | Undecided | undefined {
  const validate = compiledOf(schema)
  if ("undecided" in validate) return validate
  try {
    if (validate(value)) return undefined
  } catch (error) {
    return { undecided: `the schema cannot be used: ${(error as Error).message}` }
  }
  const [first] = validate.errors ?? []
  return first && breachOf(first)
}
