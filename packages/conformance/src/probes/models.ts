import type { Probe } from "../probe.ts"
import type { Step } from "../target/step.ts"

const list: Step = { operation: "listModels" }

/** Asks for the models. */
export const listModels: Probe = {
  id: "models.list",
  says: "the list of models",
  quick: true,
  asks: () => [list],
}

/** Asks for the first of the models that the list showed; nothing when it showed none. */
export const retrieveModel: Probe = {
  id: "models.retrieve",
  says: "the first model of the list",
  quick: true,
  asks: ({ listed: [first] }) =>
    first === undefined ? [] : [{ operation: "retrieveModel", params: { model: first } }],
}
