import { endpoints } from "@nexhina/schemas"
import * as fc from "fast-check"
import type { Known } from "../known.ts"
import type { Step } from "../step.ts"
import { askFor } from "./ask.ts"
import { anyChatRequests } from "./chat-completions.ts"
import { anyEmbeddingRequests } from "./embeddings.ts"
import { type BodyFault, faultySteps } from "./faults.ts"
import { anyModerationRequests } from "./moderations.ts"
import { anyResponseRequests } from "./responses.ts"

type Samples = fc.Arbitrary<readonly Step[]>

/** The endpoints whose requests are made here; chat, which has most members, more often than the others. */
const endpointRequests = [
  { operation: "createChatCompletion", weight: 3, requests: anyChatRequests },
  { operation: "createResponse", weight: 2, requests: anyResponseRequests },
  { operation: "createEmbedding", weight: 1, requests: anyEmbeddingRequests },
  { operation: "createModeration", weight: 1, requests: anyModerationRequests },
] as const

const included = (known: Known) =>
  endpointRequests.filter(({ operation }) => known.included.has(endpoints[operation].surface))

/** No sample where nothing is included. */
const oneOf = (arbitraries: readonly fc.WeightedArbitrary<readonly Step[]>[]): Samples =>
  arbitraries.length === 0 ? fc.constant([]) : fc.oneof({ withCrossShrink: true }, ...arbitraries)

/** Requests that keep the contract, to any of these endpoints, as samples of one step. */
export function validSamples(known: Known): Samples {
  return oneOf(
    included(known).map(({ operation, weight, requests }) => ({
      weight,
      arbitrary: requests(known).map((body: object): readonly Step[] => [askFor(operation, body)]),
    })),
  )
}

/** Requests with one fault of one of these kinds, to any of these endpoints, as samples of one step. */
export function faultySamples(known: Known, kinds: readonly BodyFault[]): Samples {
  return oneOf(
    included(known).flatMap(({ operation, weight, requests }) =>
      kinds.map((kind) => ({ weight, arbitrary: faultySteps(kind, operation, requests(known)) })),
    ),
  )
}
