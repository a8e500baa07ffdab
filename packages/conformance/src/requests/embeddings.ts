import { type CatalogueModel, catalogue, type EmbeddingRequest } from "@nexhina/schemas"
import * as fc from "fast-check"
import type { TargetFacts } from "../target/facts.ts"
import { type Members, requestOf, sometimes } from "./members.ts"
import { oneOrMoreTexts } from "./texts.ts"

type EmbeddingMembers = Members<EmbeddingRequest>

const tokens = fc.array(fc.nat({ max: 5000 }), { minLength: 1, maxLength: 6 })

/** Token ids of one text, or of one to four. */
const tokenInputs: fc.Arbitrary<number[] | number[][]> = fc.oneof(
  { withCrossShrink: true },
  tokens,
  fc.array(tokens, { minLength: 1, maxLength: 4 }),
)

/** Generates the optional members and the other forms of `input` that the target's embedding model may support. */
export function embeddingMembers(
  known: TargetFacts,
): Readonly<Record<string, fc.Arbitrary<EmbeddingMembers>>> {
  const model: CatalogueModel | undefined = catalogue.find(({ id }) => id === known.models.embedding)
  return {
    tokens: fc.record({ input: tokenInputs }),
    encoding_format: fc.record({ encoding_format: fc.constantFrom("float", "base64") }),
    user: fc.record({ user: fc.constantFrom("ada", "user-2") }),
    ...(model?.reducible !== false && {
      dimensions: fc.record({
        dimensions: fc.integer({ min: 1, max: Math.min(model?.dimensions ?? 256, 256) }),
      }),
    }),
  }
}

/** Generates requests for embeddings of one to four short texts, with additional `parts`. */
export function embeddingRequests(
  known: TargetFacts,
  ...parts: readonly fc.Arbitrary<EmbeddingMembers>[]
): fc.Arbitrary<EmbeddingRequest> {
  return requestOf(fc.record({ model: fc.constant(known.models.embedding), input: oneOrMoreTexts }), parts)
}

/** Generates requests for embeddings with any of the optional members. */
export function anyEmbeddingRequests(known: TargetFacts): fc.Arbitrary<EmbeddingRequest> {
  return embeddingRequests(known, ...Object.values(embeddingMembers(known)).map(sometimes))
}
