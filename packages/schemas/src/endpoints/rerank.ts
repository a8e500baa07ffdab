import { z } from "zod"
import { modelIds } from "../catalogue.ts"
import { endpoint } from "../endpoint.ts"
import { bodyErrors } from "../error.ts"
import { openEnum, openObject } from "../open.ts"
import { chosen } from "../provenance.ts"

const Count = z.int().min(0)
const RerankDocument = openObject({ text: z.string().describe("Text of the document.") }).meta({
  id: "RerankDocument",
  ...chosen,
  description: "Document as an object.",
})

export const RerankRequest = openObject({
  model: openEnum(modelIds("rerank")).describe("ID of the rerank model."),
  query: z.string().min(1).describe("Query to compare the documents with. Must not be empty."),
  documents: z
    .array(z.union([z.string(), RerankDocument]))
    .min(1)
    .describe("Documents to sort, as strings or as objects; at least one."),
  top_n: z
    .int()
    .min(1)
    .optional()
    .meta({ description: "Maximum number of results to return; at least 1. Default: all." }),
  return_documents: z.boolean().optional().meta({
    default: false,
    description: "Whether to return the documents with the results. Default: false.",
  }),
  max_chunk_per_doc: z
    .int()
    .min(1)
    .optional()
    .describe(
      "Maximum number of chunks to split a long document into; at least 1. Default: chosen by the gateway.",
    ),
  overlap_tokens: Count.optional().describe(
    "Number of tokens by which the chunks of a document overlap. Default: chosen by the gateway.",
  ),
}).meta({ id: "RerankRequest", ...chosen, description: "Request to sort documents by relevance." })
export type RerankRequest = z.infer<typeof RerankRequest>

export const RerankResult = openObject({
  index: Count.meta({ description: "Position of the document in `documents`, counted from 0." }),
  relevance_score: z
    .number()
    .describe("Relevance of the document to the query, usually from 0 to 1. Higher is more relevant."),
  document: RerankDocument.nullish().meta({
    description: "The document. Requires `return_documents: true`.",
  }),
}).meta({ id: "RerankResult", ...chosen, description: "Relevance of one document." })
export type RerankResult = z.infer<typeof RerankResult>

const RerankUsage = openObject({
  prompt_tokens: Count.nullish().describe("Number of tokens in the query and the documents."),
  completion_tokens: Count.nullish().describe("Number of generated tokens."),
  total_tokens: Count.describe("Number of tokens in total."),
}).meta({ id: "RerankUsage", ...chosen, description: "Token usage of a rerank request." })

export const RerankResponse = openObject({
  results: z.array(RerankResult).meta({ description: "Results, the most relevant first." }),
  id: z.string().nullish().describe("Unique ID of the reply."),
  model: z.string().nullish().describe("Model that sorted the documents."),
  usage: RerankUsage.nullish().describe("Token usage of the request."),
  meta: z.record(z.string(), z.unknown()).nullish().describe("Additional information of the server."),
}).meta({ id: "RerankResponse", ...chosen, description: "Documents sorted by relevance." })
export type RerankResponse = z.infer<typeof RerankResponse>

export const createRerank = endpoint({
  operationId: "createRerank",
  surface: "rerank",
  method: "POST",
  path: "/rerank",
  onlyWith: "rerank",
  summary: "Sort documents by relevance",
  description:
    "Scores each document against the query, and returns the results with the most relevant first.",
  provenance: "chosen",
  request: {
    mediaType: "application/json",
    schema: RerankRequest,
    examples: {
      texts: {
        summary: "Two texts",
        provenance: "chosen",
        value: {
          model: "cohere-rerank-v3.5",
          query: "What is the capital of France?",
          documents: ["Berlin is the capital of Germany.", "Paris is the capital of France."],
          top_n: 1,
        } satisfies RerankRequest,
      },
    },
  },
  success: {
    status: 200,
    description: "The results, most relevant first.",
    content: { "application/json": { kind: "json", schema: RerankResponse } },
    provenance: "chosen",
  },
  examples: {
    one: {
      summary: "One result",
      provenance: "chosen",
      value: {
        id: "rerank-abc123",
        model: "cohere-rerank-v3.5",
        results: [{ index: 1, relevance_score: 0.98 }],
        usage: { total_tokens: 21 },
      } satisfies RerankResponse,
    },
  },
  errors: bodyErrors,
  checks: [],
})
