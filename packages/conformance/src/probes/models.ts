import type { Probe } from "../probe.ts"
import type { Step } from "../target/step.ts"

const list: Step = { operation: "listModels" }

/** Lists the models. */
export const listModels: Probe = {
  id: "models.list",
  says: "the list of models",
  quick: true,
  asks: () => [list],
}

/** Retrieves the first listed model; sends nothing when the list is empty. */
export const retrieveModel: Probe = {
  id: "models.retrieve",
  says: "the first model of the list",
  quick: true,
  asks: ({ listed: [first] }) =>
    first === undefined ? [] : [{ operation: "retrieveModel", params: { model: first } }],
}
