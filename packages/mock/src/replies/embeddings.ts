import type { EmbeddingRequest, EmbeddingResponse } from "@nexhina/schemas"
import { features } from "../content/features.ts"
import { type Digest, digest, random } from "../content/random.ts"
import type { Pause } from "../lane.ts"
import { limits } from "../limits.ts"
import { Refusal, requireWithin } from "../refusal.ts"
import type { GeneratedReply, ReplyMaker } from "../reply-maker.ts"

/** The length of a vector if the catalogue does not state it (chosen). */
const usualDimensions = 1536
/** The longest vector that is made for a model whose own length is not known (chosen). */
const mostDimensions = 4096

/** One vector for each input, which depends on the seed, the model and that input alone. */
export const createEmbedding: ReplyMaker<"createEmbedding"> = (question) => {
  const { request, models, tokenizer, seed, lane } = question
  const { model, encoding_format, dimensions } = request
  const native = models.require(model, "embedding").dimensions ?? usualDimensions
  if (dimensions !== undefined && dimensions > Math.max(native, mostDimensions)) {
    throw new Refusal(400, {
      message: `Invalid 'dimensions': the mock supports at most ${mostDimensions}.`,
      param: "dimensions",
      code: "integer_above_max_value",
    })
  }
  const modelSeed = digest(model, seed)
  const texts = inputs(request.input)
  const size = scriptedSize(question.members) ?? dimensions ?? native
  const numbers = texts.length * size
  requireFewTexts(texts, numbers)
  const count = texts.reduce<number>(
    (sum, text) => sum + (typeof text === "string" ? tokenizer.count(text) : text.length),
    0,
  )
  const make = (text: Text, index: number): Embedding => {
    const vector = unitVector(embed(text, native, modelSeed, size))
    return {
      object: "embedding",
      index,
      embedding: encoding_format === "base64" ? base64(vector) : Array.from(vector),
    }
  }
  const list = (data: Embedding[]): EmbeddingResponse => ({
    object: "list",
    data,
    model,
    usage: { prompt_tokens: count, total_tokens: count },
  })
  if (numbers + count < longWork) return { value: list(texts.map(make)), lists }
  return lane.run((pause) => makeInSteps(texts, make, list, pause))
}

type Embedding = EmbeddingResponse["data"][number]

const lists = { data: { by: "input" } }

/** Returns the length of the vectors that a scenario sets: those that it leaves out get the same. */
function scriptedSize(members: object | undefined): number | undefined {
  const data: unknown = members && "data" in members ? members.data : undefined
  const vectors = Array.isArray(data) ? data.map((item: unknown) => vectorOf(item)) : []
  return vectors.find((vector) => vector !== undefined)?.length
}

function vectorOf(item: unknown): readonly unknown[] | undefined {
  const vector: unknown =
    typeof item === "object" && item !== null && "embedding" in item ? item.embedding : undefined
  return Array.isArray(vector) ? vector : undefined
}

/** Numbers and tokens from which on a reply is made in steps (chosen). */
const longWork = 2 ** 16

/** Makes and encodes a reply in steps, one for each text. */
async function makeInSteps(
  texts: readonly Text[],
  make: (text: Text, index: number) => Embedding,
  list: (data: Embedding[]) => EmbeddingResponse,
  pause: Pause,
): Promise<GeneratedReply> {
  // As bytes, which take less memory than objects and texts.
  const utf8 = new TextEncoder()
  const empty = JSON.stringify(list([]))
  const at = empty.indexOf("[]") + 1
  const pieces = [utf8.encode(empty.slice(0, at))]
  for (const [index, text] of texts.entries()) {
    pieces.push(utf8.encode(`${index === 0 ? "" : ","}${JSON.stringify(make(text, index))}`))
    await pause()
  }
  pieces.push(utf8.encode(empty.slice(at)))
  const json = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0))
  let written = 0
  for (const piece of pieces.splice(0)) {
    json.set(piece, written)
    written += piece.length
    await pause()
  }
  return {
    json,
    lists,
    // Only alterations read it.
    get value(): unknown {
      return JSON.parse(new TextDecoder().decode(json))
    },
  }
}

function requireFewTexts(texts: readonly Text[], numbers: number): void {
  requireWithin(limits.embeddingNumbers, numbers, "input")
  const sizes = texts.map((text) => (typeof text === "string" ? text.length : 4 * text.length))
  requireWithin(limits.embeddingText, Math.max(...sizes), "input")
  requireWithin(
    limits.embeddingTexts,
    sizes.reduce((sum, size) => sum + size),
    "input",
  )
}

/** A text, or the ids of its tokens. */
type Text = string | readonly number[]

function inputs(input: EmbeddingRequest["input"]): readonly Text[] {
  if (typeof input === "string") return [input]
  return isTokens(input) ? [input] : input
}

function isTokens(input: Exclude<EmbeddingRequest["input"], string>): input is number[] {
  return typeof input[0] === "number"
}

/**
 * Adds up the features of a text, each with a sign in a place of its own by hash, so that texts that share words,
 * or parts of words, point in like directions; then a little noise, so that no two texts and no prefix of a vector
 * are alike or zero. A shorter vector is a prefix of a longer one.
 */
function embed(text: Text, native: number, seed: Digest, length: number): Float64Array {
  const sums = new Float64Array(Math.max(native, length))
  for (const [feature, weight] of typeof text === "string" ? features(text) : tokenFeatures(text)) {
    for (const half of digest(feature, seed)) {
      const at = half % native
      sums[at] = (sums[at] ?? 0) + (half >= 2 ** 31 ? weight : -weight)
    }
  }
  const noise = random(digest(typeof text === "string" ? `text ${text}` : `tokens ${text.join()}`, seed))
  // Weights are multiples of a half, which noise of less than that can never bring to zero.
  return sums
    .map((sum) => sum + (noise.fraction() < 0.5 ? -1 : 1) * (0.004 + 0.004 * noise.fraction()))
    .slice(0, length)
}

function* tokenFeatures(ids: readonly number[]): Generator<readonly [feature: string, weight: number]> {
  for (const [index, id] of ids.entries()) {
    yield [`token ${id}`, 1]
    yield [`tokens ${ids[index - 1]} ${id}`, 0.5]
  }
}

function unitVector(vector: Float64Array): Float32Array {
  const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0))
  return Float32Array.from(vector, (value) => value / length)
}

/** Encodes a vector as embeddings are encoded: 32-bit floats, little-endian, as base64. */
export function base64(vector: Float32Array): string {
  const bytes = new DataView(new ArrayBuffer(4 * vector.length))
  vector.forEach((value, index) => {
    bytes.setFloat32(4 * index, value, true)
  })
  return btoa(String.fromCharCode(...new Uint8Array(bytes.buffer)))
}
