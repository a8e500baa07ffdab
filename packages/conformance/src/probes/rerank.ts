import type { RerankRequest } from "@nexhina/schemas"
import type { Probe } from "../probe.ts"
import { askFor } from "../requests/ask.ts"
import type { TargetFacts } from "../target/facts.ts"
import type { Step } from "../target/step.ts"

const rerankStep = (known: TargetFacts, members: Omit<RerankRequest, "model" | "query">): Step =>
  askFor("createRerank", { model: known.models.rerank, query: question, ...members })

/** A question, and the document among `three` that answers it. */
export const question = "What is the capital of France?"
export const questionAnswer = "Paris is the capital of France."

const three = ["Berlin is the capital of Germany.", questionAnswer, "I like trains."]

/** Three texts with the default options. */
export const rerankTexts: Probe = {
  id: "rerank.texts",
  says: "the order of three texts",
  quick: true,
  asks: (known) => [rerankStep(known, { documents: three })],
}

/** The best two of three documents, returned with their texts. */
export const rerankBest: Probe = {
  id: "rerank.best",
  says: "the best two of three documents, with their texts",
  asks: (known) => [
    rerankStep(known, {
      documents: three.map((text) => ({ text })),
      top_n: 2,
      return_documents: true,
    }),
  ],
}
