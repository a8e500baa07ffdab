import type { RerankResponse, RerankResult } from "@nexhina/schemas"
import type { Situation } from "@nexhina/wire"
import { asked, type Defect, onReply, onRequest, type Variant, without } from "./defect.ts"

/** Changes an order of documents. */
const onOrder = (change: (reply: RerankResponse, situation: Situation) => object) =>
  onReply("createRerank", change)

/** Changes the results of an order. */
const onResults = (change: (results: readonly RerankResult[], situation: Situation) => readonly object[]) =>
  onOrder((reply, situation) => ({ ...reply, results: change(reply.results, situation) }))

/** How many documents the request has. */
function count(situation: Situation): number {
  const documents = asked(situation, "documents")
  return Array.isArray(documents) ? documents.length : 0
}

export const rerankDefects: readonly Defect[] = [
  {
    id: "rerank-custom-shape",
    says: "results have a raw score instead of a relevance_score",
    breaks: "rerank.schema",
    fault: "missing",
    also: [],
    seen: ["https://github.com/CrispStrobe/CrispEmbed/issues/51"],
    ...onResults((results) =>
      results.map(({ relevance_score: score, ...others }) => ({ ...others, score: 10 * score - 5 })),
    ),
  },
  {
    id: "rerank-document-string",
    says: "documents come back as bare strings",
    breaks: "rerank.schema",
    fault: "wrong-value",
    also: [],
    seen: ["https://github.com/CrispStrobe/CrispEmbed/issues/51"],
    ...onResults((results) =>
      results.map(({ document, ...others }) => (document ? { ...others, document: document.text } : others)),
    ),
  },
  {
    id: "rerank-index-from-1",
    says: "documents are counted from 1",
    breaks: "rerank.index",
    fault: "out-of-range",
    also: ["rerank.documents"],
    seen: ["Schema RerankResult: index"],
    ...onResults((results) => results.map((result) => ({ ...result, index: result.index + 1 }))),
  },
  {
    id: "rerank-index-always-0",
    says: "every result has the index 0",
    breaks: "rerank.index",
    fault: "repeated",
    also: [],
    seen: ["Schema RerankResult: index"],
    ...onResults((results) => results.map((result) => ({ ...result, index: 0 }))),
  },
  {
    id: "rerank-positive-only",
    says: "documents that share nothing with the query are left out",
    breaks: "rerank.top-n",
    fault: "too-few",
    also: [],
    seen: ["Schema RerankRequest: top_n"],
    ...onResults((results) => results.filter(({ relevance_score: score }) => score > 0)),
  },
  {
    id: "rerank-top-n-ignored-unsorted",
    says: "top_n has no effect, and the results come in the order of the documents",
    breaks: "rerank.top-n",
    fault: "too-many",
    also: ["rerank.sorted"],
    seen: ["https://github.com/mudler/LocalAI/issues/7189"],
    ...onRequest("createRerank", (request) => without(request, "top_n")),
  },
  {
    id: "rerank-input-order",
    says: "the results come in the order of the documents",
    breaks: "rerank.sorted",
    fault: "rises",
    also: [],
    seen: ["https://github.com/mudler/LocalAI/issues/7189"],
    ...onResults((results) => results.toSorted((a, b) => a.index - b.index)),
  },
  {
    id: "rerank-document-null",
    says: "return_documents is accepted, and every document is null",
    breaks: "rerank.documents",
    fault: "absent",
    also: [],
    seen: ["https://github.com/cohere-ai/notebooks/issues/202"],
    ...onResults((results) => results.map((result) => ({ ...result, document: null }))),
  },
  {
    id: "rerank-document-lowercase",
    says: "documents come back as the model has read them, in lower case",
    breaks: "rerank.documents",
    fault: "other",
    also: [],
    seen: ["Schema RerankResult: document"],
    ...onResults((results) =>
      results.map(({ document, ...others }) =>
        document ? { ...others, document: { text: document.text.toLowerCase() } } : others,
      ),
    ),
  },
  {
    id: "rerank-documents-always",
    says: "documents come back whether asked for or not",
    breaks: "rerank.documents-unasked",
    fault: "there",
    also: [],
    seen: ["Schema RerankRequest: return_documents"],
    ...onRequest("createRerank", (request) => ({ ...request, return_documents: true })),
  },
  {
    id: "rerank-position-bias",
    says: "a document scores higher the earlier it stands in the request",
    breaks: "rerank.permutation-invariant",
    fault: "differs",
    also: [],
    seen: ["Schema RerankResult: relevance_score says how relevant a document is to the query"],
    ...onResults((results, situation) =>
      results
        .map((result) => ({ ...result, relevance_score: 1 - result.index / (1 + count(situation)) }))
        .toSorted((a, b) => b.relevance_score - a.relevance_score),
    ),
  },
]

export const rerankVariants: readonly Variant[] = [
  {
    id: "rerank-logits",
    says: "scores are no shares: they may be above 1 and below 0",
    notes: [],
    seen: [
      "https://github.com/cohere-ai/notebooks/issues/202",
      "https://github.com/vllm-project/vllm/pull/12376",
    ],
    ...onResults((results) =>
      results.map((result) => ({ ...result, relevance_score: 20 * result.relevance_score - 10 })),
    ),
  },
  {
    id: "rerank-all-alike",
    says: "all scores are the same, and the documents in any order",
    notes: [],
    seen: ["Schema RerankResult: relevance_score"],
    ...onResults((results) => results.toReversed().map((result) => ({ ...result, relevance_score: 0.5 }))),
  },
  {
    id: "rerank-documents-by-default",
    says: "documents come back unless return_documents is false, as with Jina",
    notes: [],
    seen: ["https://github.com/vllm-project/vllm/pull/12376"],
    ...onRequest("createRerank", (request) => ({ return_documents: true, ...request })),
  },
  {
    id: "rerank-cohere-meta",
    says: "the units that are billed stand in meta, as with Cohere, and there is no usage",
    notes: [],
    seen: ["https://github.com/cohere-ai/notebooks/issues/202"],
    ...onOrder((reply) => ({
      ...without(reply, "usage", "model"),
      meta: { api_version: { version: "1" }, billed_units: { search_units: 1 } },
    })),
  },
  {
    id: "rerank-noise",
    says: "scores differ a little from one document to the next, as with models of lower precision",
    notes: [],
    seen: ["Schema RerankResult: relevance_score"],
    ...onResults((results) =>
      results.map((result) => ({ ...result, relevance_score: result.relevance_score - result.index * 1e-7 })),
    ),
  },
]
