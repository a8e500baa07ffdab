import { z } from "zod"
import { scenarioFileSchema } from "./scenario.ts"

interface EmittedSchema {
  readonly jsonSchema: z.core.JSONSchema.BaseSchema
}

/** Leaves out our own keywords. Files of scenarios may name a file instead of its bytes. */
function forEditors({ jsonSchema }: EmittedSchema): void {
  if (jsonSchema["x-file"] === true) {
    delete jsonSchema.type
    const file = { type: "string", description: "Path, relative to the file of scenarios." } as const
    jsonSchema.anyOf = [
      { type: "string" },
      { type: "object", properties: { file }, required: ["file"], additionalProperties: false },
    ]
  }
  for (const name of Object.keys(jsonSchema)) if (name.startsWith("x-")) delete jsonSchema[name]
}

/** Returns the JSON Schema of a file of scenarios, for editors. */
export function publishedSchema(): string {
  return `${JSON.stringify(z.toJSONSchema(scenarioFileSchema(), { io: "input", override: forEditors }), null, 2)}\n`
}
