import * as fc from "fast-check"
import type { Known } from "../known.ts"
import type { Step } from "../step.ts"
import { askFor } from "./ask.ts"
import { anyChatRequests } from "./chat-completions.ts"
import { anyEmbeddingRequests } from "./embeddings.ts"
import { type BodyFault, faultySteps } from "./faults.ts"
import { anyModerationRequests } from "./moderations.ts"

type Samples = fc.Arbitrary<readonly Step[]>

/** The endpoints whose requests are made here; chat, which has most members, more often than the others. */
const endpointRequests = [
  { operation: "createChatCompletion", weight: 3, requests: anyChatRequests },
  { operation: "createEmbedding", weight: 1, requests: anyEmbeddingRequests },
  { operation: "createModeration", weight: 1, requests: anyModerationRequests },
] as const

/** Requests that keep the contract, to any of these endpoints, as samples of one step. */
export function validSamples(known: Known): Samples {
  return fc.oneof(
    { withCrossShrink: true },
    ...endpointRequests.map(({ operation, weight, requests }) => ({
      weight,
      arbitrary: requests(known).map((body: object): readonly Step[] => [askFor(operation, body)]),
    })),
  )
}

/** Requests with one fault of one of these kinds, to any of these endpoints, as samples of one step. */
export function faultySamples(known: Known, kinds: readonly BodyFault[]): Samples {
  return fc.oneof(
    ...endpointRequests.flatMap(({ operation, weight, requests }) =>
      kinds.map((kind) => ({ weight, arbitrary: faultySteps(kind, operation, requests(known)) })),
    ),
  )
}
