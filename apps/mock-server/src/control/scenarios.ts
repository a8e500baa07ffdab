import { readScenarios } from "@nexhina/mock/yaml"
import { catalogue } from "../catalogue.ts"
import type { Controlled } from "./control.ts"
import { type ControlReply, refused } from "./reply.ts"

/** Returns the scenarios in use and the counters of their faults. */
export function readControl({ mock }: Controlled): ControlReply {
  const { list, faults } = mock.scenarios
  return [200, { scenarios: JSON.parse(JSON.stringify(list, withoutKeys)), faults }]
}

/** Leaves out the keys that scenarios match. */
function withoutKeys(name: string, value: unknown): unknown {
  return /^(?:proxy-)?authorization$|^(?:x-)?api-key$|^cookie$/i.test(name) ? "***" : value
}

/** Replaces all scenarios by those of a file in YAML or JSON. */
export function replaceControl({ mock }: Controlled, text: string): ControlReply {
  const { scenarios, places, problems } = readScenarios([{ name: "body", text }], catalogue)
  if (problems.length > 0) return refused(400, problems.join("\n"), null, { problems })
  mock.scenarios.replace(scenarios, places)
  return [200, { loaded: scenarios.length }]
}
