import { z } from "zod"
import { type CatalogueModel, catalogue, modelIds } from "../catalogue.ts"
import { endpoint } from "../endpoint.ts"
import { bodyErrors } from "../error.ts"
import { openEnum, openObject } from "../open.ts"
import { deduced, documented } from "../provenance.ts"
import { tag } from "../tag.ts"

const TokenIds = z.array(z.int().min(0)).min(1).max(2048)

export const EmbeddingRequest = openObject({
  model: openEnum(modelIds("embedding")).meta(documented).describe("ID of the embedding model."),
  input: z
    .union([
      z.string().min(1).meta(documented),
      z.array(z.string().min(1)).min(1).max(2048),
      TokenIds,
      z.array(TokenIds).min(1).max(2048),
    ])
    .meta({
      description:
        "Text to embed: a string, an array of token IDs, or up to 2048 of either. Must not be empty.",
    }),
  encoding_format: z.enum(["float", "base64"]).optional().meta({
    default: "float",
    description:
      "Encoding of the vectors: `float` for an array of numbers, `base64` for little-endian 32-bit floats in base64. Default: `float`.",
  }),
  dimensions: z
    .int()
    .min(1)
    .optional()
    .meta({
      description:
        "Number of dimensions of the vectors; at least 1. Only for models with reducible dimensions, such as " +
        "`text-embedding-3-large`. Default: the model's own.",
    }),
  user: z.string().optional().describe("Identifier of the end user. Default: none."),
}).meta({ id: "EmbeddingRequest", ...deduced, description: "Request for embeddings." })
export type EmbeddingRequest = z.infer<typeof EmbeddingRequest>

export const EmbeddingData = openObject({
  object: tag("embedding"),
  index: z.int().min(0).meta({ description: "Position of the text in `input`, counted from 0." }),
  embedding: z.union([z.array(z.number()).meta(documented), z.string().meta(deduced)]).meta({
    description:
      "The embedding vector: an array of numbers, or a base64 string if the request sets `encoding_format: base64`.",
  }),
}).meta({ id: "EmbeddingData", ...documented, description: "Embedding of one text." })
export type EmbeddingData = z.infer<typeof EmbeddingData>

export const EmbeddingUsage = openObject({
  prompt_tokens: z.int().min(0).describe("Number of tokens in the input."),
  total_tokens: z.int().min(0).describe("Number of tokens in total, the same as `prompt_tokens`."),
}).meta({ id: "EmbeddingUsage", ...documented, description: "Token usage of an embedding request." })
export type EmbeddingUsage = z.infer<typeof EmbeddingUsage>

export const EmbeddingResponse = openObject({
  object: tag("list"),
  data: z.array(EmbeddingData).describe("Embeddings, in the order of the inputs."),
  model: z.string().describe("Model that generated the embeddings."),
  usage: EmbeddingUsage.describe("Token usage of the request."),
}).meta({ id: "EmbeddingResponse", ...documented, description: "List of embeddings." })
export type EmbeddingResponse = z.infer<typeof EmbeddingResponse>

const knownModel = (id: string): CatalogueModel | undefined => catalogue.find((model) => model.id === id)

export const createEmbedding = endpoint({
  operationId: "createEmbedding",
  surface: "embeddings",
  method: "POST",
  path: "/embeddings",
  summary: "Create embeddings",
  description: "Creates one embedding vector for each input, in the order of the inputs.",
  provenance: "documented",
  request: {
    mediaType: "application/json",
    schema: EmbeddingRequest,
    examples: {
      text: {
        summary: "One text",
        provenance: "documented",
        value: {
          model: "text-embedding-v3",
          input: "The food was delicious and the waiter was friendly.",
        } satisfies EmbeddingRequest,
      },
    },
  },
  success: {
    status: 200,
    description: "The embedding vectors.",
    content: { "application/json": { kind: "json", schema: EmbeddingResponse } },
    provenance: "documented",
  },
  examples: {
    vector: {
      summary: "One vector",
      provenance: "documented",
      value: {
        object: "list",
        data: [{ object: "embedding", index: 0, embedding: [0.0023, -0.0094, 0.0157] }],
        model: "text-embedding-v3",
        usage: { prompt_tokens: 4, total_tokens: 4 },
      } satisfies EmbeddingResponse,
    },
  },
  errors: bodyErrors,
  checks: [
    {
      param: "dimensions",
      says: "`dimensions` must not exceed the dimensions of the model, and is not supported by models with fixed dimensions.",
      provenance: "documented",
      holds({ model, dimensions }) {
        const known = knownModel(model)
        if (dimensions === undefined || known?.dimensions === undefined) return true
        return known.reducible === true && dimensions <= known.dimensions
      },
    },
  ],
})
