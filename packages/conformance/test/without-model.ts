import type { NamedAlteration } from "@nexhina/wire"

/** Leaves the model out of replies with embeddings. */
export const withoutModel: NamedAlteration = {
  id: "without-model",
  stage: "value",
  apply: (value, { operationId }) => {
    if (operationId !== "createEmbedding") return value
    const { model: _, ...others } = value as { model?: string }
    return others
  },
}
