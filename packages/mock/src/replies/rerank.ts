import type { RerankResponse, RerankResult } from "@nexhina/schemas"
import { features } from "../content/features.ts"
import type { ReplyMaker } from "../reply-maker.ts"

/** Scores each document against the query by the words that they share, whatever the other documents are. */
export const createRerank: ReplyMaker<"createRerank"> = ({ request, models, tokenizer, id }) => {
  const { model, query, documents, top_n, return_documents } = request
  models.require(model, "rerank")
  const asked = weights(query)
  const scored = documents.map((given, index): RerankResult & { readonly document: { text: string } } => {
    const document = typeof given === "string" ? { text: given } : given
    return { index, relevance_score: likeness(asked, weights(document.text)), document }
  })
  const count = scored.reduce(
    (sum, { document }) => sum + tokenizer.count(document.text),
    tokenizer.count(query),
  )
  const value: RerankResponse = {
    id: `rerank-${id}`,
    model,
    results: scored
      .sort((a, b) => b.relevance_score - a.relevance_score)
      .slice(0, top_n)
      .map(({ document, ...result }) => (return_documents ? { ...result, document } : result)),
    usage: { prompt_tokens: count, total_tokens: count },
  }
  return { value }
}

function weights(text: string): ReadonlyMap<string, number> {
  const sums = new Map<string, number>()
  for (const [feature, weight] of features(text)) sums.set(feature, (sums.get(feature) ?? 0) + weight)
  return sums
}

/** The cosine of the angle between two texts, to six digits: 1 for the same words, 0 where nothing is shared. */
function likeness(a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): number {
  let shared = 0
  for (const [feature, weight] of a) shared += weight * (b.get(feature) ?? 0)
  return shared === 0 ? 0 : Number((shared / Math.sqrt(square(a) * square(b))).toFixed(6))
}

function square(text: ReadonlyMap<string, number>): number {
  let sum = 0
  for (const weight of text.values()) sum += weight * weight
  return sum
}
