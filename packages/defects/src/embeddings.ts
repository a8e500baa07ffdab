import type { EmbeddingData, EmbeddingResponse } from "@nexhina/schemas"
import { asked, type Defect, onReply, onRequest, onWire, stateful, type Variant, without } from "./defect.ts"

/** Changes a list of embeddings. */
const onList = (change: (list: EmbeddingResponse) => object) => onReply("createEmbedding", change)

/** Changes the items of a list. */
const onItems = (change: (items: readonly EmbeddingData[]) => readonly object[]) =>
  onList((list) => ({ ...list, data: change(list.data) }))

type ChangeVector = (vector: readonly number[], at: number, all: number) => readonly number[]

/** Changes each vector that is written as numbers, given its place in the list. */
const onNumbers = (change: ChangeVector) =>
  onItems((items) =>
    items.map((item, at) => ({
      ...item,
      embedding:
        typeof item.embedding === "string" ? item.embedding : change(item.embedding, at, items.length),
    })),
  )

/** Changes each vector that is written in base64. */
const onBase64 = (change: (text: string) => unknown) =>
  onItems((items) =>
    items.map((item) => ({
      ...item,
      embedding: typeof item.embedding === "string" ? change(item.embedding) : item.embedding,
    })),
  )

/** Changes the four bytes of each float in a base64 text. */
function eachFloat(text: string, change: (bytes: DataView, offset: number) => void): string {
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
  const view = new DataView(bytes.buffer)
  for (let offset = 0; offset < bytes.length; offset += 4) change(view, offset)
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""))
}

/** Changes each vector, in numbers or in base64, given its place in the list. */
const onVectors = (change: ChangeVector) =>
  onItems((items) =>
    items.map((item, at) => {
      const { embedding } = item
      if (typeof embedding !== "string") return { ...item, embedding: change(embedding, at, items.length) }
      const values: number[] = []
      eachFloat(embedding, (bytes, offset) => values.push(bytes.getFloat32(offset, true)))
      const changed = change(values, at, items.length)
      const written = eachFloat(embedding, (bytes, offset) =>
        bytes.setFloat32(offset, changed[offset / 4] ?? 0, true),
      )
      return { ...item, embedding: written }
    }),
  )

export const embeddingDefects: readonly Defect[] = [
  {
    id: "emb-first-for-all",
    says: "every text of a batch has the vector of the first one",
    breaks: "emb.distinct",
    fault: "same",
    also: ["emb.batch-invariant"],
    seen: ["OpenAI API reference: create embeddings"],
    ...onItems((items) => items.map((item) => ({ ...item, embedding: items[0]?.embedding }))),
  },
  {
    id: "emb-usage-missing",
    says: "the response has no usage",
    breaks: "emb.schema",
    fault: "missing",
    also: [],
    seen: ["Schema EmbeddingResponse: usage"],
    ...onList((list) => without(list, "usage")),
  },
  {
    id: "emb-embedding-null",
    says: "embeddings are null",
    breaks: "emb.schema",
    fault: "wrong-value",
    also: [],
    seen: ["Schema EmbeddingData: embedding"],
    ...onItems((items) => items.map((item) => ({ ...item, embedding: null }))),
  },
  {
    id: "emb-first-only",
    says: "only the first of several inputs gets an embedding",
    breaks: "emb.count",
    fault: "too-few",
    also: [],
    seen: ["OpenAI API reference: create embeddings, input"],
    ...onItems((items) => items.slice(0, 1)),
  },
  {
    id: "emb-one-more",
    says: "there is one more embedding than there are inputs",
    breaks: "emb.count",
    fault: "too-many",
    also: [],
    seen: ["OpenAI API reference: create embeddings, input"],
    ...onItems((items) => [...items, ...items.slice(-1)]),
  },
  {
    id: "emb-index-from-1",
    says: "the index of embeddings starts at 1",
    breaks: "emb.index",
    fault: "out-of-range",
    also: [],
    seen: ["Schema EmbeddingData: index"],
    ...onItems((items) => items.map((item) => ({ ...item, index: item.index + 1 }))),
  },
  {
    id: "emb-index-always-0",
    says: "every embedding has index 0",
    breaks: "emb.index",
    fault: "repeated",
    also: [],
    seen: ["Schema EmbeddingData: index", "https://github.com/chroma-core/chroma/pull/344"],
    ...onItems((items) => items.map((item) => ({ ...item, index: 0 }))),
  },
  {
    id: "emb-order-by-completion",
    says: "the embeddings are in a different order than the inputs",
    breaks: "emb.order",
    fault: "other-order",
    also: [],
    seen: ["https://github.com/chroma-core/chroma/pull/344"],
    ...onItems((items) => items.toReversed()),
  },
  {
    id: "emb-empty",
    says: "embeddings are empty lists",
    breaks: "emb.dimension",
    fault: "empty",
    also: [],
    seen: ["Schema EmbeddingData: embedding"],
    ...onNumbers(() => []),
  },
  {
    id: "emb-uneven",
    says: "later embeddings of a batch are shorter",
    breaks: "emb.dimension",
    fault: "uneven",
    also: [],
    seen: ["Quick to use: a model's vectors have one length"],
    ...onNumbers((vector, at) => vector.slice(at)),
  },
  {
    id: "emb-dimensions-ignored",
    says: "dimensions is accepted but ignored",
    breaks: "emb.dimension",
    fault: "other-than-asked",
    also: [],
    seen: ["Quick to use: vectors of the third generation can be reduced"],
    ...onRequest("createEmbedding", (request) => without(request, "dimensions")),
  },
  {
    id: "emb-zero-vector-proxy",
    says: "embeddings have a different length with encoding_format base64",
    breaks: "emb.dimension-constant",
    fault: "changes",
    also: ["emb.encodings-agree"],
    seen: ["https://github.com/mem0ai/mem0/pull/5170"],
    // 192 characters are 144 bytes, 36 floats.
    ...onBase64((text) => text.slice(0, 192)),
  },
  {
    id: "emb-always-base64",
    says: "embeddings are always base64",
    breaks: "emb.encoding",
    fault: "not-numbers",
    also: [],
    seen: ["OpenAI API reference: create embeddings, encoding_format"],
    ...onRequest("createEmbedding", (request) => ({ ...request, encoding_format: "base64" })),
  },
  {
    id: "emb-base64-ignored",
    says: "embeddings are always lists of numbers",
    breaks: "emb.encoding",
    fault: "not-base64",
    also: [],
    seen: [
      "https://github.com/openai/openai-node/pull/2150",
      "https://github.com/runpod-workers/worker-infinity-embedding/issues/30",
    ],
    ...onRequest("createEmbedding", (request) => without(request, "encoding_format")),
  },
  {
    id: "emb-base64-url",
    says: "embeddings are encoded as base64url instead of base64",
    breaks: "emb.encoding",
    fault: "undecodable",
    also: [],
    seen: ["RFC 4648, sections 4 and 5"],
    ...onBase64((text) => text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")),
  },
  {
    id: "emb-base64-big-endian",
    says: "the floats in base64 embeddings are big-endian",
    breaks: "emb.encoding",
    fault: "byte-order",
    also: [],
    seen: ["OpenAI API reference: create embeddings, encoding_format"],
    ...onBase64((text) =>
      eachFloat(text, (bytes, offset) => bytes.setFloat32(offset, bytes.getFloat32(offset, true))),
    ),
  },
  {
    id: "emb-base64-nan",
    says: "the last number of a base64 embedding is NaN",
    breaks: "emb.finite",
    fault: "not-finite",
    also: [],
    seen: ["Schema EmbeddingData: embedding"],
    ...onBase64((text) =>
      eachFloat(text, (bytes, offset) => {
        if (offset + 4 === bytes.byteLength) bytes.setFloat32(offset, Number.NaN, true)
      }),
    ),
  },
  {
    id: "emb-zero-vector",
    says: "embeddings contain only zeros",
    breaks: "emb.finite",
    fault: "all-zero",
    also: [],
    seen: ["https://github.com/mem0ai/mem0/pull/5170"],
    ...onNumbers((vector) => vector.map(() => 0)),
  },
  {
    id: "emb-padding-leaks",
    says: "the embedding of an input is different when it is part of a batch",
    breaks: "emb.batch-invariant",
    fault: "differs",
    also: ["emb.encodings-agree"],
    seen: ["OpenAI API reference: create embeddings, input"],
    ...onNumbers((vector, _, all) => (all === 1 ? vector : vector.map((value, at) => (at % 2 ? value : 0)))),
  },
  {
    id: "emb-base64-half-precision",
    says: "the floats in base64 embeddings have only 16-bit precision",
    breaks: "emb.encodings-agree",
    fault: "differs",
    also: [],
    seen: ["https://github.com/mem0ai/mem0/pull/5170"],
    // The upper half of a float is a bfloat16.
    ...onBase64((text) => eachFloat(text, (bytes, offset) => bytes.setUint16(offset, 0, true))),
  },
  {
    id: "emb-usage-zero",
    says: "the token counts in usage are 0",
    breaks: "emb.usage",
    fault: "zero",
    also: [],
    seen: ["Schema EmbeddingResponse: usage"],
    ...onList((list) => ({ ...list, usage: { prompt_tokens: 0, total_tokens: 0 } })),
  },
  {
    id: "emb-usage-total-of-chat",
    says: "total_tokens is one more than prompt_tokens",
    breaks: "emb.usage",
    fault: "unequal",
    also: [],
    seen: ["Schema EmbeddingResponse: usage has no completion_tokens"],
    ...onList((list) => ({ ...list, usage: { ...list.usage, total_tokens: list.usage.total_tokens + 1 } })),
  },
  {
    id: "emb-usage-one",
    says: "the token counts in usage are 1 for any input",
    breaks: "emb.usage-counted",
    fault: "same",
    also: [],
    seen: ["OpenAI API reference: create embeddings, usage.prompt_tokens"],
    ...onList((list) => ({ ...list, usage: { prompt_tokens: 1, total_tokens: 1 } })),
  },
  {
    id: "emb-usage-of-one-input",
    says: "the token counts in usage are those of an average input instead of all inputs",
    breaks: "emb.usage-counted",
    fault: "left-out",
    also: [],
    seen: ["OpenAI API reference: create embeddings, usage.prompt_tokens"],
    ...onList((list) => {
      const tokens = Math.max(1, Math.floor(list.usage.prompt_tokens / Math.max(1, list.data.length)))
      return { ...list, usage: { prompt_tokens: tokens, total_tokens: tokens } }
    }),
  },
  {
    id: "emb-model-of-another-family",
    says: "embeddings of another model than the requested one, which they name",
    breaks: "emb.model-family",
    fault: "other",
    also: [],
    seen: ["https://github.com/anthony-chaudhary/fak/issues/360"],
    ...onList((list) => ({ ...list, model: "BAAI/bge-m3" })),
  },
]

export const embeddingVariants: readonly Variant[] = [
  {
    id: "emb-any-order",
    says: "the embeddings are in a different order than the inputs, each with the correct index",
    notes: ["emb.order"],
    seen: ["https://github.com/getzep/graphiti/pull/1732"],
    ...onItems((items) => items.toReversed()),
  },
  {
    id: "emb-batch-noise",
    says: "embeddings differ slightly with the size of the batch",
    notes: [],
    seen: ["https://github.com/getzep/graphiti/pull/1732"],
    ...onVectors((vector, _, all) => vector.map((value, at) => value * (1 + (at % 2 ? all : -all) * 1e-5))),
  },
  {
    id: "emb-nine-decimals",
    says: "numbers are written with nine decimal places",
    notes: [],
    seen: ["https://github.com/getzep/graphiti/pull/1732"],
    ...onNumbers((vector) => vector.map((value) => Number(value.toFixed(9)))),
  },
  {
    id: "emb-base64-unsupported",
    says: "encoding_format is rejected with an error that names it",
    notes: [],
    seen: ["https://github.com/huggingface/text-embeddings-inference/issues/288"],
    ...onWire(
      ({ status }, situation) =>
        situation.operationId === "createEmbedding" &&
        status === 200 &&
        asked(situation, "encoding_format") === "base64",
      () => ({
        status: 400,
        body: JSON.stringify({
          error: {
            message: "encoding_format is not supported",
            type: "invalid_request_error",
            param: "encoding_format",
            code: null,
          },
        }),
      }),
    ),
  },
  {
    id: "emb-not-normalized",
    says: "embeddings are not normalized to length 1",
    notes: [],
    seen: ["OpenAI API reference: the embedding object"],
    ...onVectors((vector) => vector.map((value) => 20 * value)),
  },
  {
    id: "emb-dated-model",
    says: "the model of the response is a dated version of the requested model",
    notes: [],
    seen: ["OpenAI API reference: create embeddings"],
    ...onList((list) => ({ ...list, model: `${list.model}-2024-05-13` })),
  },
  {
    id: "emb-model-short",
    says: "the model of the response is only a part of the requested model's name, as Azure wrote it",
    notes: [],
    seen: ["Azure OpenAI: embeddings of text-embedding-ada-002 named ada"],
    ...onList((list) => ({ ...list, model: "ada" })),
  },
  {
    id: "emb-chat-usage",
    says: "usage has completion_tokens too, always 0",
    notes: [],
    seen: ["OpenAI's OpenAPI document closes no object of a reply"],
    ...onList((list) => ({ ...list, usage: { ...list.usage, completion_tokens: 0 } })),
  },
  {
    id: "emb-integers",
    says: "whole numbers are written without a decimal point",
    notes: [],
    seen: ["RFC 8259, section 6"],
    ...onVectors((vector) => vector.map((value) => Math.sign(value))),
  },
  {
    id: "emb-explicit-dimensions",
    says: "the response repeats the request",
    notes: [],
    seen: ["OpenAI's OpenAPI document closes no object of a reply"],
    ...onReply("createEmbedding", (list, situation) => ({
      ...list,
      dimensions: asked(situation, "dimensions"),
    })),
  },
  {
    id: "emb-never-the-same",
    says: "embeddings of the same text differ from request to request",
    notes: [],
    seen: [
      "https://github.com/openai/openai-python/issues/868",
      "https://github.com/cohere-ai/cohere-python/issues/720",
    ],
    ...stateful(() => {
      let requests = 0
      const noisy = onVectors((vector) =>
        vector.map((value, at) => value * (1 + (at % 2 ? 0.1 : -0.1) * (requests % 5))),
      )
      return {
        stage: "value",
        apply(value, situation) {
          requests++
          return noisy.apply(value, situation)
        },
      }
    }),
  },
]
