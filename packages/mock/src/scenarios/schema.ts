import { z } from "zod"
import { scenarioFileSchema } from "./scenario.ts"

/** Returns the JSON Schema of a file of scenarios, for editors. */
export function publishedSchema(): string {
  return `${JSON.stringify(z.toJSONSchema(scenarioFileSchema(), { io: "input" }), null, 2)}\n`
}
