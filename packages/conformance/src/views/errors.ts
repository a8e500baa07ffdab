import type { Evidence } from "../evidence.ts"
import type { RequestFault } from "../inputs/intent.ts"
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

/** Returns the `error` object of a JSON body, if there is one; its members are not checked. */
export function errorOf({ json }: ParsedReply): Readonly<Record<string, unknown>> | undefined {
  const error = json.ok && isObject(json.value) ? json.value["error"] : undefined
  return isObject(error) ? error : undefined
}

const base = {
  surface: "http",
  probes: [malformedJson, missingMessages, unknownModel, wrongKey],
} as const satisfies Partial<View<unknown>>

/** Replies of the API itself with a status of 400 or above, on paths and methods that it has. */
export const apiErrors = view<ParsedReply>({
  ...base,
  id: "errors.api",
  says: "responses with a status of 400 or above",
  of(exchange) {
    const answered = everyResponse.of(exchange)
    if (!answered || answered.status < 400) return undefined
    return saysNoSuchRoute(answered) || isFromEdge(answered) ? undefined : answered
  },
})

/** Replies of a proxy when the API did not receive the request or did not reply. */
export const edgeErrors = view<ParsedReply>({
  ...base,
  id: "errors.edge",
  says: "responses 413, 502, 503 and 504 of a proxy in front of the API",
  occasional: true,
  of(exchange) {
    const answered = everyResponse.of(exchange)
    return answered && isFromEdge(answered) ? answered : undefined
  },
})

/** An error object, whose members are not checked, and the reply that contains it. */
export interface ErrorAnswer {
  readonly answered: ParsedReply
  readonly error: Readonly<Record<string, unknown>>
}

/** Replies with a status of 400 or above and an error object. */
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

/** Replies that ask the client to retry later. */
export const laterAnswers = view<ParsedReply>({
  ...base,
  id: "errors.later",
  says: "responses 429 and 503",
  occasional: true,
  of(exchange) {
    const answered = everyResponse.of(exchange)
    return answered?.status === 429 || answered?.status === 503 ? answered : undefined
  },
})

/** A body that the target must reject, and the reply, if there is one. */
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

/** Creates the view of replies to requests with one of some faults. */
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
  "bodies that are not a JSON object",
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

/** An error object in reply to a fault of one member. */
export interface MemberError extends ErrorAnswer {
  readonly param: string
}

/** Error objects with 400 or 422 in reply to requests with one invalid member. */
export const memberErrors = view<MemberError>({
  ...base,
  id: "errors.members",
  says: "errors about one member",
  probes: [missingMessages],
  of(exchange) {
    const fault = answersToInvalid.of(exchange)?.fault
    const reading = errorObjects.of(exchange)
    // A check is about several members, and the error may name any of them.
    if (fault?.param === undefined || fault.kind === "check" || !reading) return undefined
    const { param } = fault
    return [400, 422].includes(reading.answered.status) ? { ...reading, param } : undefined
  },
})

/** Replies to requests for a model that does not exist. */
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
