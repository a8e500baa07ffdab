import type { RerankRequest } from "@nexhina/schemas"
import * as fc from "fast-check"
import type { TargetFacts } from "../target/facts.ts"
import { type Members, requestOf, sometimes } from "./members.ts"
import { texts } from "./texts.ts"

type RerankMembers = Members<RerankRequest>

/** Distinct texts. */
export const differentTexts: fc.Arbitrary<string[]> = fc.uniqueArray(texts, { minLength: 1, maxLength: 4 })

/** Generates the optional members and the other form of `documents`. */
export const rerankMembers: Readonly<Record<string, fc.Arbitrary<RerankMembers>>> = {
  objects: fc.record({ documents: differentTexts.map((all) => all.map((text) => ({ text }))) }),
  // More than there are documents is legal too.
  top_n: fc.record({ top_n: fc.integer({ min: 1, max: 5 }) }),
  return_documents: fc.record({ return_documents: fc.boolean() }),
  max_chunk_per_doc: fc.record({ max_chunk_per_doc: fc.constantFrom(1, 10) }),
  overlap_tokens: fc.record({ overlap_tokens: fc.constantFrom(0, 20) }),
}

/** Generates requests to order one to four distinct texts, with additional `parts`. */
export function rerankRequests(
  known: TargetFacts,
  ...parts: readonly fc.Arbitrary<RerankMembers>[]
): fc.Arbitrary<RerankRequest> {
  const base = fc.record({
    model: fc.constant(known.models.rerank),
    query: texts,
    documents: differentTexts,
  })
  return requestOf<RerankRequest>(base, parts)
}

/** Requests to order texts with any of the optional members. */
export function anyRerankRequests(known: TargetFacts): fc.Arbitrary<RerankRequest> {
  return rerankRequests(known, ...Object.values(rerankMembers).map(sometimes))
}
