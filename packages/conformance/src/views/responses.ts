import { endpoints, ResponseRequest } from "@nexhina/schemas"
import { isProper } from "../evidence.ts"
import { cutResponse, plainResponse, streamedResponse } from "../probes/responses.ts"
import { isObject, type ParsedReply } from "../reading/answered.ts"
import { fitted } from "../reading/fitted.ts"
import type { Where } from "../rule.ts"
import { view } from "../view.ts"
import { everyResponse, isSuccess } from "./http.ts"
import { type NamedAnswer, namedAnswer } from "./named-answer.ts"
import {
  completeResponseStreams,
  isLifecycle,
  responseIn,
  responseStreams,
  whereIn,
} from "./response-streams.ts"

type Members = Readonly<Record<string, unknown>>

/** A request for a response that keeps the contract and was meant to, and what came back, whatever that is. */
export interface ResponseRequested {
  readonly answered: ParsedReply
  readonly request: ResponseRequest
}

/** An item of the output as received, without type checks; `{}` if it is not an object. */
export interface OutputItem {
  /** JSON pointer to it in the response. */
  readonly pointer: string
  readonly value: Members
}

/** A response as it came, no type checked: rules that trust one say `after: ["resp.schema"]`. */
export interface ResponseReply extends ResponseRequested {
  readonly response: Members
  readonly items: readonly OutputItem[]
  /** Whether it came in the event that ended a stream. */
  readonly streamed: boolean
  /** Where a member, given by its JSON pointer into the response, came. */
  where(pointer: string): Where
}

const membersOf = (value: unknown): Members => (isObject(value) ? value : {})

/** Returns the items of a response's output. */
export const itemsOf = ({ output }: Members): OutputItem[] =>
  (Array.isArray(output) ? output : []).map((item: unknown, at) => ({
    pointer: `/output/${at}`,
    value: membersOf(item),
  }))

/** The text of a message; "" of any other item. */
export function textOf({ value: { type, content } }: OutputItem): string {
  if (type !== "message" || !Array.isArray(content)) return ""
  return content
    .map((part: unknown) => {
      const { type, text } = membersOf(part)
      return type === "output_text" && typeof text === "string" ? text : ""
    })
    .join("")
}

/** Whether the model says that it will not do what it was asked. */
export const isRefusal = ({ items }: Pick<ResponseReply, "items">): boolean =>
  items.some(
    ({ value: { content } }) =>
      Array.isArray(content) && content.some((part: unknown) => membersOf(part)["type"] === "refusal"),
  )

/** Whether the response came to its own end: what it carries may otherwise stop anywhere. */
export const isWhole = ({ response: { status } }: Pick<ResponseReply, "response">): boolean =>
  status === undefined || status === "completed"

function requestOf(body: unknown): ResponseRequest | undefined {
  const request = fitted(ResponseRequest, body)
  return request && endpoints.createResponse.checks.every((check) => check.holds(request))
    ? request
    : undefined
}

/** Valid requests for responses with any key or none: what a success contains does not depend on the key. */
const requestedResponses = view<ResponseRequested>({
  id: "responses.requested",
  says: "requests for responses that keep the contract, with any key or none",
  needs: ["fault"],
  surface: "responses",
  probes: [plainResponse],
  of(exchange) {
    const answered = everyResponse.of(exchange)
    if (answered?.operation !== "createResponse" || exchange.fault.value) return undefined
    const request = requestOf(answered.request)
    return request && { answered, request }
  },
})

/** Requests for responses that keep the contract, whatever came back. */
export const responseRequests = view<ResponseRequested>({
  ...requestedResponses,
  id: "responses.requests",
  says: "requests for responses that keep the contract",
  of: (exchange) => (isProper(exchange) ? requestedResponses.of(exchange) : undefined),
})

/** An error sent as a success is for the rules on errors to judge. */
const isError = ({ error, object, output }: Members) =>
  error != null && object !== "response" && output === undefined

/** Responses that came whole, as JSON. */
export const responseReplies = view<ResponseReply>({
  id: "responses.replies",
  says: "responses that were not streamed",
  surface: "responses",
  probes: [plainResponse],
  of(exchange) {
    const requested = requestedResponses.of(exchange)
    if (!requested) return undefined
    const { json, streaming } = requested.answered
    if (streaming || !isSuccess(requested.answered) || !json.ok) return undefined
    const response = membersOf(json.value)
    if (isError(response)) return undefined
    return {
      response,
      items: itemsOf(response),
      streamed: false,
      where: (pointer) => ({ part: "body", pointer }),
      ...requested,
    }
  },
})

/** The same in either mode: whole, or in the event that ended a stream without a failure. */
export const responseAnswers = view<ResponseReply>({
  id: "responses.answers",
  says: "responses, whole or streamed",
  surface: "responses",
  probes: [plainResponse, streamedResponse],
  of(exchange) {
    const reply = responseReplies.of(exchange)
    if (reply) return reply
    const stream = completeResponseStreams.of(exchange)
    const requested = requestedResponses.of(exchange)
    const response = stream?.terminal && responseIn(stream.terminal)
    if (!stream?.terminal || !requested || !response) return undefined
    const { terminal } = stream
    return {
      response,
      items: itemsOf(response),
      streamed: true,
      where: (pointer) => whereIn(stream, terminal, `/response${pointer}`),
      ...requested,
    }
  },
})

/** The ids of responses, to compare within the run. */
export const responseIds = view<NamedAnswer>({
  ...responseAnswers,
  id: "responses.ids",
  of(exchange) {
    const answer = responseAnswers.of(exchange)
    return answer && namedAnswer(answer.response.id, answer)
  },
})

/** A response wherever it is shown: as a reply, in an event of a stream, or retrieved later. */
export interface ShownResponse {
  readonly response: Members
  /** The request that created it; `undefined` where it is retrieved. */
  readonly request?: ResponseRequest
  /** The type of the event that shows it. */
  readonly event?: string
  /** Whether the request let the server answer before the response has ended. */
  readonly mayBeOpen: boolean
  where(pointer: string): Where
}

/** Every exchange that shows a response, with all that it shows. */
export const shownResponses = view<readonly ShownResponse[]>({
  id: "responses.shown",
  says: "responses: replies, in the events of streams, and retrieved ones",
  surface: "responses",
  probes: [plainResponse, streamedResponse, cutResponse],
  of(exchange) {
    const reply = responseReplies.of(exchange)
    if (reply) {
      const { response, request, where } = reply
      return [{ response, request, mayBeOpen: request.background === true, where }]
    }
    const stream = responseStreams.of(exchange)
    if (stream) {
      const shown = stream.events.flatMap((event): ShownResponse[] => {
        const response = responseIn(event)
        if (!response || event.type === undefined || !isLifecycle(event)) return []
        const where = (pointer: string) => whereIn(stream, event, `/response${pointer}`)
        return [{ response, request: stream.request, event: event.type, mayBeOpen: true, where }]
      })
      return shown.length > 0 ? shown : undefined
    }
    const answered = everyResponse.of(exchange)
    if (answered?.operation !== "retrieveResponse" || !isSuccess(answered) || exchange.fault.value)
      return undefined
    const where = (pointer: string): Where => ({ part: "body", pointer })
    return answered.json.ok
      ? [{ response: membersOf(answered.json.value), mayBeOpen: true, where }]
      : undefined
  },
})

/** What the server says of a response that it keeps, on any of the paths of one. */
export const keptResponses = view<ParsedReply>({
  id: "responses.kept",
  says: "answers about responses that were created before",
  needs: ["fault"],
  surface: "responses",
  probes: [],
  of(exchange) {
    const answered = everyResponse.of(exchange)
    const { operation } = answered ?? {}
    const isAbout =
      operation === "createResponse" ||
      operation === "retrieveResponse" ||
      operation === "deleteResponse" ||
      operation === "listResponseInputItems"
    return isAbout && isProper(exchange) ? answered : undefined
  },
})
