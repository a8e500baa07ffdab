import { EmbeddingRequest, EmbeddingResponse } from "@nexhina/schemas"
import { embeddingBase64, embeddingFloats, embeddingText } from "../probes/embeddings.ts"
import type { ParsedReply } from "../reading/answered.ts"
import { fitted } from "../reading/fitted.ts"
import { type View, view } from "../view.ts"
import { jsonAnswerOf } from "./http.ts"

const base = {
  surface: "embeddings",
  probes: [embeddingText, embeddingFloats, embeddingBase64],
} as const satisfies Partial<View<unknown>>

/** Replies to requests for embeddings, as any JSON value. */
export const embeddingReplies = view<ParsedReply>({
  ...base,
  id: "embeddings.replies",
  says: "embedding responses",
  of: jsonAnswerOf("createEmbedding"),
})

/** A vector of a reply. */
export interface Vector {
  /** JSON pointer to it. */
  readonly pointer: string
  readonly index: number
  readonly encoding: "float" | "base64"
  /** Absent when it is text that does not encode 32-bit floats. */
  readonly values?: readonly number[]
  /** Returns the same text, decoded with the opposite byte order. Absent when there are no values. */
  swapped?(): readonly number[]
}

/** A reply with the documented form, and its request. */
export interface EmbeddingList {
  readonly answered: ParsedReply
  readonly request: EmbeddingRequest
  /** One input for each expected vector: a text, or the ids of its tokens. */
  readonly inputs: readonly (string | readonly number[])[]
  readonly list: EmbeddingResponse
  /** In the order of the reply. */
  readonly vectors: readonly Vector[]
}

function inputsOf({ input }: EmbeddingRequest): EmbeddingList["inputs"] {
  if (typeof input === "string") return [input]
  const isTokens = (ids: Exclude<typeof input, string>): ids is number[] => typeof ids[0] === "number"
  return isTokens(input) ? [input] : input
}

const base64 = /^[A-Za-z0-9+/]*={0,2}$/

/** Returns the bytes of 32-bit floats in base64; `undefined` for a text that does not encode any. */
function floatBytesIn(text: string): DataView | undefined {
  if (text.length % 4 !== 0 || !base64.test(text)) return undefined
  const { buffer, byteOffset, length } = Buffer.from(text, "base64")
  return length > 0 && length % 4 === 0 ? new DataView(buffer, byteOffset, length) : undefined
}

function floatsIn(bytes: DataView, littleEndian: boolean): number[] {
  const floats: number[] = []
  for (let at = 0; at < bytes.byteLength; at += 4) floats.push(bytes.getFloat32(at, littleEndian))
  return floats
}

function vectorOf({ index, embedding }: EmbeddingResponse["data"][number], at: number): Vector {
  const pointer = `/data/${at}/embedding`
  if (typeof embedding !== "string") return { pointer, index, encoding: "float", values: embedding }
  const bytes = floatBytesIn(embedding)
  if (!bytes) return { pointer, index, encoding: "base64" }
  const swapped = () => floatsIn(bytes, false)
  return { pointer, index, encoding: "base64", values: floatsIn(bytes, true), swapped }
}

/** The length of the vectors of a reply, to compare within the run. Does not hold the reply. */
export interface EmbeddingLength {
  readonly model: string
  /** Whether the request chose the length. */
  readonly isChosen: boolean
  /** JSON pointer to the first vector. */
  readonly pointer: string
  /** Numbers in the first vector; `undefined` when it cannot be decoded. */
  readonly length: number | undefined
}

/** Replies with embeddings in the documented form. */
export const embeddingLists = view<EmbeddingList>({
  ...base,
  id: "embeddings.lists",
  says: "lists of embeddings",
  of(exchange) {
    const answered = embeddingReplies.of(exchange)
    if (!answered?.json.ok) return undefined
    const request = fitted(EmbeddingRequest, answered.request)
    const list = fitted(EmbeddingResponse, answered.json.value)
    if (!request || !list) return undefined
    return { answered, request, inputs: inputsOf(request), list, vectors: list.data.map(vectorOf) }
  },
})

/** The lengths of embeddings. */
export const embeddingLengths = view<EmbeddingLength>({
  ...embeddingLists,
  id: "embeddings.lengths",
  of(exchange) {
    const lists = embeddingLists.of(exchange)
    if (!lists) return undefined
    const { request, vectors } = lists
    const [vector] = vectors
    return {
      model: request.model,
      isChosen: request.dimensions !== undefined,
      pointer: vector?.pointer ?? "",
      length: vector?.values?.length,
    }
  },
})
