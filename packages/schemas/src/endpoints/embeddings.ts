import { z } from "zod"
import { type CatalogueModel, catalogue, modelIds } from "../catalogue.ts"
import { endpoint } from "../endpoint.ts"
import { bodyErrors } from "../error.ts"
import { openEnum, openObject } from "../open.ts"
import { deduced, documented } from "../provenance.ts"

const TokenIds = z.array(z.int().min(0)).min(1).max(2048)

export const EmbeddingRequest = openObject({
  model: openEnum(modelIds("embedding")).meta(documented),
  input: z
    .union([
      z.string().min(1).meta(documented),
      z.array(z.string().min(1)).min(1).max(2048),
      TokenIds,
      z.array(TokenIds).min(1).max(2048),
    ])
    .meta({ description: "One text or several, as strings or as token ids." }),
  encoding_format: z.enum(["float", "base64"]).optional().meta({
    default: "float",
    description:
      "Encoding of the vectors: `float` for an array of numbers, `base64` for little-endian 32-bit floats in base64. Default: `float`.",
  }),
  dimensions: z.int().min(1).optional().meta({ description: "For models whose vectors can be reduced." }),
  user: z.string().optional(),
}).meta({ id: "EmbeddingRequest", ...deduced })
export type EmbeddingRequest = z.infer<typeof EmbeddingRequest>

export const EmbeddingData = openObject({
  object: z.literal("embedding"),
  index: z.int().min(0).meta({ description: "Place of the text in `input`." }),
  embedding: z.union([z.array(z.number()).meta(documented), z.string().meta(deduced)]).meta({
    description:
      "The embedding vector: an array of numbers, or a base64 string if the request sets `encoding_format: base64`.",
  }),
}).meta({ id: "EmbeddingData", ...documented })
export type EmbeddingData = z.infer<typeof EmbeddingData>

export const EmbeddingUsage = openObject({
  prompt_tokens: z.int().min(0),
  total_tokens: z.int().min(0),
}).meta({ id: "EmbeddingUsage", ...documented })
export type EmbeddingUsage = z.infer<typeof EmbeddingUsage>

export const EmbeddingResponse = openObject({
  object: z.literal("list"),
  data: z.array(EmbeddingData),
  model: z.string(),
  usage: EmbeddingUsage,
}).meta({ id: "EmbeddingResponse", ...documented })
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
        summary: "The page's sample (its words are ours)",
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
      summary: "The page's sample (its numbers are ours)",
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
      says: "A model with fixed dimensions takes no `dimensions`, and no model more than its own.",
      provenance: "documented",
      holds({ model, dimensions }) {
        const known = knownModel(model)
        if (dimensions === undefined || known?.dimensions === undefined) return true
        return known.reducible === true && dimensions <= known.dimensions
      },
    },
  ],
})
