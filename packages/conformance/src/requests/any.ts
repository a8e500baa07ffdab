import { endpoints, type OperationId, operationsOf } from "@nexhina/schemas"
import * as fc from "fast-check"
import type { TargetFacts } from "../target/facts.ts"
import type { Step } from "../target/step.ts"
import { askFor } from "./ask.ts"
import { anySpeechRequests, anyTranscriptionRequests, anyTranslationRequests } from "./audio.ts"
import { anyChatRequests } from "./chat-completions.ts"
import { anyEmbeddingRequests } from "./embeddings.ts"
import { type BodyFault, canHave, faultySteps } from "./faults.ts"
import { anyImageRequests } from "./images.ts"
import { anyModerationRequests } from "./moderations.ts"
import { anyRerankRequests } from "./rerank.ts"
import { anyResponseRequests } from "./responses.ts"
import { anyVideoRequests, onVideoPath } from "./video.ts"

type Samples = fc.Arbitrary<readonly Step[]>

/** The operations with a request body. */
export type BodyOperation = {
  [Id in OperationId]: (typeof endpoints)[Id]["method"] extends "POST" ? Id : never
}[OperationId]

interface RequestSource {
  /** Higher with more members, lower with higher costs. */
  readonly weight: number
  requests(known: TargetFacts): fc.Arbitrary<object>
}

/** The generated requests of each operation. An operation that is missing here does not compile. */
export const requestSources: Readonly<Record<BodyOperation, RequestSource>> = {
  createChatCompletion: { weight: 6, requests: anyChatRequests },
  createResponse: { weight: 4, requests: anyResponseRequests },
  createEmbedding: { weight: 2, requests: anyEmbeddingRequests },
  createModeration: { weight: 2, requests: anyModerationRequests },
  createImage: { weight: 1, requests: anyImageRequests },
  createSpeech: { weight: 1, requests: anySpeechRequests },
  createTranscription: { weight: 1, requests: anyTranscriptionRequests },
  createTranslation: { weight: 1, requests: anyTranslationRequests },
  createVideo: { weight: 1, requests: anyVideoRequests },
  createRerank: { weight: 1, requests: anyRerankRequests },
}

/** Returns the included endpoints that the profile has. */
function asked(known: TargetFacts) {
  const operations = operationsOf(known.profile)
  // The record's keys are operation ids; `Object.entries` widens them to string.
  const sources = Object.entries(requestSources) as [BodyOperation, RequestSource][]
  return sources
    .map(([operation, source]) => ({ operation, ...source }))
    .filter(
      ({ operation }) => known.included.has(endpoints[operation].surface) && operations.includes(operation),
    )
}

/** Returns an empty sample when no endpoint is included. */
const oneOf = (arbitraries: readonly fc.WeightedArbitrary<readonly Step[]>[]): Samples =>
  arbitraries.length === 0 ? fc.constant([]) : fc.oneof({ withCrossShrink: true }, ...arbitraries)

const inPlace = (steps: readonly Step[], known: TargetFacts) => steps.map((step) => onVideoPath(step, known))

/** Generates valid requests to any of these endpoints, as samples of one step. */
export function validSamples(known: TargetFacts): Samples {
  return oneOf(
    asked(known).map(({ operation, weight, requests }) => ({
      weight,
      arbitrary: requests(known).map((body) => inPlace([askFor(operation, body)], known)),
    })),
  )
}

/** Generates requests with one fault of these kinds to any of these endpoints, as samples of one step. */
export function faultySamples(known: TargetFacts, kinds: readonly BodyFault[]): Samples {
  return oneOf(
    asked(known).flatMap(({ operation, weight, requests }) =>
      kinds
        .filter((kind) => canHave(kind, operation))
        .map((kind) => ({
          weight,
          arbitrary: faultySteps(kind, operation, requests(known)).map((steps) => inPlace(steps, known)),
        })),
    ),
  )
}
