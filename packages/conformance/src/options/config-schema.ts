import { z } from "zod"
import { checkOptions } from "./check-options.ts"
import { type Option, runOptions } from "./options.ts"
import { proxyOptions } from "./proxy-options.ts"

type JsonSchema = Readonly<Record<string, unknown>>

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&")

/** Returns the texts that stand for several names, such as `chat, models`. */
function commaSeparated(names: readonly string[]): JsonSchema {
  const name = `\\s*(?:${names.map(escaped).join("|")})\\s*`
  return { type: "string", pattern: `^${name}(?:,${name})*$` }
}

/** Returns what stands for one or more items of a list: one, with names several in a text, or a list of those. */
function listForm(item: z.core.$ZodType): JsonSchema {
  const one = fileForm(item)
  const names = one["enum"]
  const each = Array.isArray(names) ? { anyOf: [one, commaSeparated(names.map(String))] } : one
  return { anyOf: [each, { type: "array", items: each }] }
}

/** Returns what a configuration file may contain for an option. */
function fileForm(schema: z.core.$ZodType): JsonSchema {
  if (schema instanceof z.ZodDefault) return fileForm(schema.def.innerType)
  if (schema instanceof z.ZodPipe) {
    const { in: first, out } = schema.def
    // Lists and numbers are made of what was given, before they are checked.
    if (!(first instanceof z.ZodTransform)) return fileForm(first)
    if (out instanceof z.ZodArray) return listForm(out.def.element)
    return { anyOf: [fileForm(out), { type: "string", pattern: "\\S" }] }
  }
  const { $schema: _, ...form } = z.toJSONSchema(schema, { io: "input" })
  return form
}

/** Returns the JSON Schema of a configuration file of any command, as published in `config.schema.json`. */
export function configSchema(): string {
  const options: Readonly<Record<string, Option>> = { ...proxyOptions, ...checkOptions, ...runOptions }
  const members = Object.entries(options).map(([name, { says, schema }]) => [
    name,
    { description: says, ...fileForm(schema) },
  ])
  const schema = {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "Configuration of nexhina-conformance",
    description: "Options of `nexhina-conformance`, for `--config`. The command line takes precedence.",
    type: "object",
    properties: {
      $schema: { description: "Address of this JSON Schema, for editors.", type: "string" },
      ...Object.fromEntries(members),
    },
    additionalProperties: false,
  }
  return `${JSON.stringify(schema, null, 2)}\n`
}
