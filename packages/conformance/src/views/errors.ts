import type { Evidence } from "../evidence.ts"
import type { RequestFault } from "../intent.ts"
import type { Probe } from "../probe.ts"
import { wrongKey } from "../probes/auth.ts"
import { malformedJson, missingMessages, unknownModel } from "../probes/errors.ts"
import { isObject, type ParsedReply } from "../reading/answered.ts"
import { type View, view } from "../view.ts"
import {
  answersToInvalid,
  decidedResponses,
  everyResponse,
  type FaultAnswer,
  isFromEdge,
  saysNoSuchRoute,
} from "./http.ts"

/** The `error` object of a JSON body, no member checked; `undefined` when there is none. */
export function errorOf({ json }: ParsedReply): Readonly<Record<string, unknown>> | undefined {
  const error = json.ok && isObject(json.value) ? json.value["error"] : undefined
  return isObject(error) ? error : undefined
}

const base = {
  surface: "http",
  probes: [malformedJson, missingMessages, unknownModel, wrongKey],
} as const satisfies Partial<View<unknown>>

/** What the API itself answers with a status of 400 or above, where it has the path and the method. */
export const apiErrors = view<ParsedReply>({
  ...base,
  id: "errors.api",
  says: "answers with a status of 400 or above",
  of(exchange) {
    const answered = everyResponse.of(exchange)
    if (!answered || answered.status < 400) return undefined
    return saysNoSuchRoute(answered) || isFromEdge(answered) ? undefined : answered
  },
})

/** What a proxy before the API answers when the request did not get there. */
export const edgeErrors = view<ParsedReply>({
  ...base,
  id: "errors.edge",
  says: "answers 413, 502, 503 and 504 of a proxy before the API",
  occasional: true,
  of(exchange) {
    const answered = everyResponse.of(exchange)
    return answered && isFromEdge(answered) ? answered : undefined
  },
})

/** An error object, no member checked, and the answer that carries it. */
export interface ErrorAnswer {
  readonly answered: ParsedReply
  readonly error: Readonly<Record<string, unknown>>
}

/** Answers with a status of 400 or above that carry an error object. */
export const errorObjects = view<ErrorAnswer>({
  ...base,
  id: "errors.objects",
  says: "error objects",
  of(exchange) {
    const answered = everyResponse.of(exchange)
    const error = answered && answered.status >= 400 ? errorOf(answered) : undefined
    return answered && error ? { answered, error } : undefined
  },
})

/** Answers that ask to come again later. */
export const laterAnswers = view<ParsedReply>({
  ...base,
  id: "errors.later",
  says: "answers 429 and 503",
  occasional: true,
  of(exchange) {
    const answered = everyResponse.of(exchange)
    return answered?.status === 429 || answered?.status === 503 ? answered : undefined
  },
})

/** A body that the target has to refuse, and the answer, if one came. */
export interface OversizedAttempt {
  readonly exchange: Evidence
  readonly answered: ParsedReply | undefined
}

/** Attempts to send a body that is too large, answered or not. */
export const oversizedAttempts = view<OversizedAttempt>({
  ...base,
  id: "errors.oversized",
  says: "bodies of the size that --oversized-body names",
  probes: [],
  occasional: true,
  of(exchange) {
    if (exchange.fault.value?.kind !== "too-large") return undefined
    return { exchange, answered: everyResponse.of(exchange) }
  },
})

/** Answers to requests that break the contract in one of some ways. */
function answersTo(
  id: string,
  says: string,
  kinds: readonly RequestFault["kind"][],
  probes: readonly Probe[],
): View<FaultAnswer> {
  return view({
    ...base,
    id,
    says: `answers to ${says}`,
    probes,
    of(exchange) {
      const reading = answersToInvalid.of(exchange)
      return reading && kinds.includes(reading.fault.kind) ? reading : undefined
    },
  })
}

export const malformedAnswers = answersTo(
  "errors.malformed",
  "bodies that are no JSON object",
  ["malformed-json", "not-an-object"],
  [malformedJson],
)
export const missingAnswers = answersTo(
  "errors.missing",
  "requests without a required member",
  ["missing"],
  [missingMessages],
)
export const wrongTypeAnswers = answersTo(
  "errors.wrong-type",
  "requests with a member of a wrong type",
  ["wrong-type"],
  [],
)
export const outOfRangeAnswers = answersTo(
  "errors.out-of-range",
  "requests with a number out of its range",
  ["out-of-range"],
  [],
)

/** An error object that answers a fault of one member. */
export interface MemberError extends ErrorAnswer {
  readonly param: string
}

/** Error objects, with 400 or 422, that answer requests in which one member is wrong. */
export const memberErrors = view<MemberError>({
  ...base,
  id: "errors.members",
  says: "errors about one member",
  probes: [missingMessages],
  of(exchange) {
    const fault = answersToInvalid.of(exchange)?.fault
    const reading = errorObjects.of(exchange)
    // A check speaks of several members, any of which may be blamed.
    if (fault?.param === undefined || fault.kind === "check" || !reading) return undefined
    const { param } = fault
    return [400, 422].includes(reading.answered.status) ? { ...reading, param } : undefined
  },
})

/** Answers to requests for a model that does not exist. */
export const unknownModelAnswers = view<ParsedReply>({
  ...base,
  id: "errors.unknown-model",
  says: "answers to requests with a model that does not exist",
  probes: [unknownModel],
  of(exchange) {
    const answered = decidedResponses.of(exchange)
    const isAsked = exchange.fault.value?.kind === "unknown-model" && answered?.operation !== "retrieveModel"
    return isAsked ? answered : undefined
  },
})
