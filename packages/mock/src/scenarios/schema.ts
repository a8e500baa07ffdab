import { z } from "zod"
import { ScenarioFile } from "./scenario.ts"

/** Returns the JSON Schema of a file of scenarios, for editors. */
export function scenarioSchema(): string {
  return `${JSON.stringify(z.toJSONSchema(ScenarioFile, { io: "input" }), null, 2)}\n`
}
