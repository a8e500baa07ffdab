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

/** A document of the request, as an object. */
function documentAt(situation: Situation, index: number): unknown {
  const documents = asked(situation, "documents")
  const document: unknown = Array.isArray(documents) ? documents[index] : undefined
  return typeof document === "string" ? { text: document } : document
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
    id: "rerank-document-list",
    says: "documents in results are lists of their parts",
    breaks: "rerank.schema",
    fault: "wrong-value",
    also: [],
    seen: ["https://github.com/CrispStrobe/CrispEmbed/issues/51"],
    ...onResults((results) =>
      results.map(({ document, ...others }) =>
        document ? { ...others, document: [document.text] } : others,
      ),
    ),
  },
  {
    id: "rerank-index-from-1",
    says: "the index of documents starts at 1",
    breaks: "rerank.index",
    fault: "out-of-range",
    also: ["rerank.documents", "rerank.relevant-first"],
    seen: ["Schema RerankResult: index"],
    ...onResults((results) => results.map((result) => ({ ...result, index: result.index + 1 }))),
  },
  {
    id: "rerank-index-always-0",
    says: "every result has index 0",
    breaks: "rerank.index",
    fault: "repeated",
    also: [],
    seen: ["Schema RerankResult: index"],
    ...onResults((results) => results.map((result) => ({ ...result, index: 0 }))),
  },
  {
    id: "rerank-positive-only",
    says: "documents that have nothing in common with the query are left out",
    breaks: "rerank.top-n",
    fault: "too-few",
    also: [],
    seen: ["Schema RerankRequest: top_n"],
    ...onResults((results) => results.filter(({ relevance_score: score }) => score > 0)),
  },
  {
    id: "rerank-top-n-ignored-unsorted",
    says: "top_n is ignored, and the results are in the order of the documents",
    breaks: "rerank.top-n",
    fault: "too-many",
    also: ["rerank.sorted"],
    seen: ["https://github.com/mudler/LocalAI/issues/7189"],
    ...onRequest("createRerank", (request) => without(request, "top_n")),
  },
  {
    id: "rerank-input-order",
    says: "the results are in the order of the documents",
    breaks: "rerank.sorted",
    fault: "rises",
    also: [],
    seen: ["https://github.com/mudler/LocalAI/issues/7189"],
    ...onResults((results) => results.toSorted((a, b) => a.index - b.index)),
  },
  {
    id: "rerank-document-null",
    says: "return_documents is accepted, but every document is null",
    breaks: "rerank.documents",
    fault: "absent",
    also: [],
    seen: ["https://github.com/cohere-ai/notebooks/issues/202"],
    ...onResults((results) => results.map((result) => ({ ...result, document: null }))),
  },
  {
    id: "rerank-document-lowercase",
    says: "documents in results are lowercased",
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
    says: "documents are returned even when they were not requested",
    breaks: "rerank.documents-unasked",
    fault: "there",
    also: [],
    seen: ["Schema RerankRequest: return_documents"],
    ...onRequest("createRerank", (request) => ({ ...request, return_documents: true })),
  },
  {
    id: "rerank-position-bias",
    says: "documents that come earlier in the request get higher scores",
    breaks: "rerank.permutation-invariant",
    fault: "differs",
    also: ["rerank.relevant-first"],
    seen: ["Schema RerankResult: relevance_score says how relevant a document is to the query"],
    ...onResults((results, situation) =>
      results
        .map((result) => ({ ...result, relevance_score: 1 - result.index / (1 + count(situation)) }))
        .toSorted((a, b) => b.relevance_score - a.relevance_score),
    ),
  },
  {
    id: "rerank-all-equal",
    says: "every document has the same score",
    breaks: "rerank.relevant-first",
    fault: "all-equal",
    also: [],
    seen: ["Schema RerankResult: relevance_score"],
    ...onResults((results) => results.map((result) => ({ ...result, relevance_score: 0.5 }))),
  },
  {
    id: "rerank-irrelevant-first",
    says: "documents have the higher scores, the less they answer the query",
    breaks: "rerank.relevant-first",
    fault: "below",
    also: [],
    seen: ["https://github.com/netease-youdao/BCEmbedding/issues/108"],
    ...onResults((results) =>
      results
        .map((result) => ({ ...result, relevance_score: 1 - result.relevance_score }))
        .sort((a, b) => b.relevance_score - a.relevance_score),
    ),
  },
]

export const rerankVariants: readonly Variant[] = [
  {
    id: "rerank-document-string",
    says: "documents in results are plain strings, as Infinity sends them",
    notes: [],
    seen: ["https://github.com/CrispStrobe/CrispEmbed/issues/51", "litellm: InfinityRerankResult"],
    ...onResults((results) =>
      results.map(({ document, ...others }) => (document ? { ...others, document: document.text } : others)),
    ),
  },
  {
    id: "rerank-documents-unrequested",
    says: "results have their documents also when they were not requested, as vLLM sends them",
    notes: ["rerank.documents-unasked"],
    seen: ["vLLM, entrypoints/pooling/score/protocol.py"],
    ...onResults((results, situation) =>
      results.map((result) => ({ ...result, document: documentAt(situation, result.index) })),
    ),
  },
  {
    id: "rerank-logits",
    says: "scores are not normalized: they can be above 1 or below 0",
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
    says: "all scores are equal, and the results are in arbitrary order",
    notes: ["rerank.relevant-first"],
    seen: ["Schema RerankResult: relevance_score"],
    ...onResults((results) => results.toReversed().map((result) => ({ ...result, relevance_score: 0.5 }))),
  },
  {
    id: "rerank-documents-by-default",
    says: "documents are returned unless return_documents is false, as Jina does",
    notes: [],
    seen: ["https://github.com/vllm-project/vllm/pull/12376"],
    ...onRequest("createRerank", (request) => ({ return_documents: true, ...request })),
  },
  {
    id: "rerank-cohere-meta",
    says: "billed units are in meta, as Cohere does, and there is no usage",
    notes: [],
    seen: ["https://github.com/cohere-ai/notebooks/issues/202"],
    ...onOrder((reply) => ({
      ...without(reply, "usage", "model"),
      meta: { api_version: { version: "1" }, billed_units: { search_units: 1 } },
    })),
  },
  {
    id: "rerank-noise",
    says: "scores differ slightly between documents, as with low-precision models",
    notes: [],
    seen: ["Schema RerankResult: relevance_score"],
    ...onResults((results) =>
      results.map((result) => ({ ...result, relevance_score: result.relevance_score - result.index * 1e-7 })),
    ),
  },
]
