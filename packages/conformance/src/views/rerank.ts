import { RerankRequest, RerankResponse } from "@nexhina/schemas"
import { rerankBest, rerankTexts } from "../probes/rerank.ts"
import { isObject, type ParsedReply } from "../reading/answered.ts"
import { fitted } from "../reading/fitted.ts"
import { type View, view } from "../view.ts"
import { jsonAnswerOf } from "./http.ts"

const base = {
  surface: "rerank",
  probes: [rerankTexts, rerankBest],
} as const satisfies Partial<View<unknown>>

/** A reply in which a document that is its text alone, as Infinity sends it, has the contract's form. */
export function withDocuments(value: unknown): unknown {
  if (!isObject(value) || !Array.isArray(value["results"])) return value
  const results = value["results"].map((result: unknown) =>
    isObject(result) && typeof result["document"] === "string"
      ? { ...result, document: { text: result["document"] } }
      : result,
  )
  return { ...value, results }
}

/** Answers with an order, as JSON of whatever kind. */
export const rerankReplies = view<ParsedReply>({
  ...base,
  id: "rerank.replies",
  says: "rerank responses",
  of: jsonAnswerOf("createRerank"),
})

/** An order of the contract's form, and what was to be ordered. */
export interface RerankList {
  readonly request: RerankRequest
  /** The text of each document that was sent. */
  readonly documents: readonly string[]
  /** In the order in which they came. */
  readonly results: RerankResponse["results"]
}

/** Answers with an order that has the contract's form. */
export const rerankLists = view<RerankList>({
  ...base,
  id: "rerank.lists",
  says: "rerank responses that match the schema",
  of(exchange) {
    const answered = rerankReplies.of(exchange)
    if (!answered?.json.ok) return undefined
    const request = fitted(RerankRequest, answered.request)
    const reply = fitted(RerankResponse, withDocuments(answered.json.value))
    if (!request || !reply) return undefined
    const documents = request.documents.map((given) => (typeof given === "string" ? given : given.text))
    return { request, documents, results: reply.results }
  },
})
