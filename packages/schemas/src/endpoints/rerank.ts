import { z } from "zod"
import { modelIds } from "../catalogue.ts"
import { endpoint } from "../endpoint.ts"
import { bodyErrors } from "../error.ts"
import { openEnum, openObject } from "../open.ts"
import { chosen } from "../provenance.ts"

const Count = z.int().min(0)
const Text = openObject({ text: z.string() })

export const RerankRequest = openObject({
  model: openEnum(modelIds("rerank")),
  query: z.string().min(1),
  documents: z.array(z.union([z.string(), Text])).min(1),
  top_n: z.int().min(1).optional().meta({ description: "How many results. Default: all." }),
  return_documents: z.boolean().optional().meta({ default: false }),
  max_chunk_per_doc: z.int().min(1).optional(),
  overlap_tokens: Count.optional(),
}).meta({ id: "RerankRequest", ...chosen })
export type RerankRequest = z.infer<typeof RerankRequest>

export const RerankResult = openObject({
  index: Count.meta({ description: "Place of the document in `documents`." }),
  relevance_score: z.number(),
  document: Text.nullish().meta({ description: "With `return_documents: true`." }),
}).meta({ id: "RerankResult", ...chosen })
export type RerankResult = z.infer<typeof RerankResult>

export const RerankResponse = openObject({
  results: z.array(RerankResult).meta({ description: "The most relevant first." }),
  id: z.string().nullish(),
  model: z.string().nullish(),
  usage: openObject({
    prompt_tokens: Count.nullish(),
    completion_tokens: Count.nullish(),
    total_tokens: Count,
  }).nullish(),
  meta: z.record(z.string(), z.unknown()).nullish(),
}).meta({ id: "RerankResponse", ...chosen })
export type RerankResponse = z.infer<typeof RerankResponse>

export const createRerank = endpoint({
  operationId: "createRerank",
  surface: "rerank",
  method: "POST",
  path: "/rerank",
  summary: "Rerank documents",
  description: "Sorts documents by their relevance to a query.",
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
