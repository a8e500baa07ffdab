import type { EmbeddingRequest } from "@nexhina/schemas"
import type { Probe } from "../probe.ts"
import type { TargetFacts } from "../target/facts.ts"
import type { Step } from "../target/step.ts"

/** Returns a step that requests embeddings, with additional `members`. */
function embeddingStep(
  known: TargetFacts,
  members: Omit<EmbeddingRequest, "model">,
  exercises?: readonly string[],
): Step {
  return {
    operation: "createEmbedding",
    body: { model: known.models.embedding, ...members },
    ...(exercises && { exercises }),
  }
}

const three = ["The food was delicious.", "Water is wet.", "好"]

/** One text and nothing else. */
export const embeddingText: Probe = {
  id: "embeddings.text",
  says: "the embedding of one text",
  asks: (known) => [embeddingStep(known, { input: "The food was delicious." })],
}

/** Several texts, with vectors as numbers. */
export const embeddingFloats: Probe = {
  id: "embeddings.floats",
  says: "the embeddings of three texts, as numbers",
  quick: true,
  asks: (known) => [embeddingStep(known, { input: three, encoding_format: "float" })],
}

/** Several texts in base64, the default of the official clients. */
export const embeddingBase64: Probe = {
  id: "embeddings.base64",
  says: "the embeddings of three texts, in base64",
  quick: true,
  asks: (known) => [embeddingStep(known, { input: three, encoding_format: "base64" }, ["encoding_format"])],
}
