import type { RerankRequest, RerankResponse, RerankResult } from "@nexhina/schemas"
import { features } from "../content/features.ts"
import { limits } from "../limits.ts"
import { requireWithin } from "../refusal.ts"
import type { GeneratedReply, ReplyMaker } from "../reply-maker.ts"

/** Scores each document against the query by the words that they share, whatever the other documents are. */
export const createRerank: ReplyMaker<"createRerank"> = ({ request, models, ...question }) => {
  models.require(request.model, "rerank")
  const length = requireFewDocuments(request)
  const asked = weights(request.query)
  const score = (given: RerankRequest["documents"][number], index: number): Scored => {
    const document = typeof given === "string" ? { text: given } : given
    return { index, relevance_score: likeness(asked, weights(document.text)), document }
  }
  const { count } = question.tokenizer
  const isScripted = question.members !== undefined
  if (length < longWork) {
    const tokens = request.documents.reduce((sum, given) => sum + count(textOf(given)), count(request.query))
    return toReply(request.documents.map(score), tokens, request, { id: question.id, isScripted })
  }
  return question.lane.run(async (pause) => {
    const scored: Scored[] = []
    let tokens = count(request.query)
    for (const [index, document] of request.documents.entries()) {
      scored.push(score(document, index))
      await pause()
      tokens += count(textOf(document))
      await pause()
    }
    return toReply(scored, tokens, request, { id: question.id, isScripted })
  })
}

type Scored = RerankResult & { readonly document: { text: string } }

/** Characters from which on documents are scored in steps (chosen). */
const longWork = 2 ** 16

/** Returns the number of characters. Throws a `Refusal` when there are too many, or too many documents. */
function requireFewDocuments({ query, documents }: RerankRequest): number {
  requireWithin(limits.rerankDocuments, documents.length, "documents")
  requireWithin(limits.rerankText, query.length, "query")
  const sizes = documents.map((given) => textOf(given).length)
  sizes.forEach((size, index) => {
    requireWithin(limits.rerankText, size, `documents[${index}]`)
  })
  const length = sizes.reduce((sum, size) => sum + size, 0)
  requireWithin(limits.rerankTexts, length, "documents")
  return length
}

function textOf(given: RerankRequest["documents"][number]): string {
  return typeof given === "string" ? given : given.text
}

interface ReplyFrame {
  readonly id: string
  /** Whether a scenario sets members: it may rank any document among the first. */
  readonly isScripted: boolean
}

function toReply(
  scored: Scored[],
  tokens: number,
  { model, top_n, return_documents }: RerankRequest,
  { id, isScripted }: ReplyFrame,
): GeneratedReply<RerankResponse> {
  const ranked = scored.sort((a, b) => b.relevance_score - a.relevance_score)
  const value: RerankResponse = {
    id: `rerank-${id}`,
    model,
    results: (isScripted ? ranked : ranked.slice(0, top_n)).map(({ document, ...result }) =>
      return_documents ? { ...result, document } : result,
    ),
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  }
  const max = top_n ?? scored.length
  return { value, lists: { results: { by: "documents", max, ranking: "relevance_score" } } }
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
