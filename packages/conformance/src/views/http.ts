import { hash } from "node:crypto"
import { type Endpoint, endpoints, type OperationId } from "@nexhina/schemas"
import { headerOf } from "@nexhina/wire"
import { type Evidence, isProper } from "../evidence.ts"
import { bodyFaults, type RequestFault } from "../inputs/intent.ts"
import { silentTranscription } from "../probes/audio.ts"
import { pictureChat, plainChat } from "../probes/chat-completions.ts"
import { unknownPath, wrongMethod } from "../probes/http.ts"
import { listModels } from "../probes/models.ts"
import { answeredOf, isObject, type ParsedReply, type Reading, readingOf } from "../reading/answered.ts"
import { briefText } from "../reading/brief.ts"
import type { Crossing } from "../reading/crossing.ts"
import { refusesKey } from "../reading/refused-key.ts"
import { isTransient } from "../target/to-wire.ts"
import { view } from "../view.ts"

/** Every exchange, answered or not. */
const everyExchange = view<Evidence>({
  id: "exchanges",
  says: "all exchanges",
  surface: "http",
  probes: [plainChat, listModels],
  of: (exchange) => exchange,
})

/**
 * Requests on an established connection that the kit did not close. A server may close the connection on a body that
 * is too large without a reply (RFC 9110, section 15.5.14).
 */
export const takenRequests = view<Evidence>({
  ...everyExchange,
  id: "http.taken",
  says: "requests over an established connection",
  needs: ["fault"],
  of(exchange) {
    const { response, end, fault } = exchange
    if (fault.value?.kind === "too-large") return undefined
    const taken = response !== undefined || end.stage === "head"
    return taken && end.kind !== "aborted" ? exchange : undefined
  },
})

/** Exchanges with a status line, except those that the kit aborted, which prove nothing about the server. */
export const everyResponse = view<ParsedReply>({
  ...everyExchange,
  id: "responses",
  says: "all responses",
  of: (exchange) => (exchange.end.kind === "aborted" ? undefined : answeredOf(exchange)),
})

/** The request id of a response, to compare with those of the whole run. Does not hold the response. */
export interface IdentifiedResponse {
  readonly requestId: string
  /** The hash of the request. */
  readonly request: string
}

/** Responses with a request id in a header. */
export const identifiedResponses = view<IdentifiedResponse>({
  ...everyExchange,
  id: "http.request-ids",
  says: "responses with a request id",
  of(exchange) {
    const answered = everyResponse.of(exchange)
    const requestId = answered && headerOf(exchange.response?.headers ?? [], "x-request-id")
    if (!requestId) return undefined
    const { method, target, body } = exchange.request
    const request = `${method} ${target} ${hash("sha256", body, "base64")}`
    return { requestId: briefText(requestId), request: hash("sha256", request, "base64") }
  },
})

/** A header that states a rate limit, as OpenAI names it. */
const rateLimitHeader = /^x-ratelimit-(?:limit|remaining|reset)-(?:requests|tokens)$/i

/** Responses with a header that states a rate limit. */
export const limitedResponses = view<ParsedReply>({
  ...everyResponse,
  id: "http.limited",
  says: "responses with rate limits in headers",
  occasional: true,
  of(exchange) {
    const answered = everyResponse.of(exchange)
    const headers = exchange.response?.headers ?? []
    return headers.some(([name, value]) => rateLimitHeader.test(name) && value.trim()) ? answered : undefined
  },
})

/** A response, and the limit of the kit that its body crosses, if it does. */
export interface MeasuredResponse {
  readonly exchange: Evidence
  readonly crossing: Crossing | undefined
}

/** All responses that the kit did not abort, also those whose bodies cross a limit. */
export const measuredResponses = view<MeasuredResponse>({
  ...everyExchange,
  id: "http.measured",
  says: "all responses",
  of(exchange) {
    const reading = exchange.end.kind === "aborted" ? undefined : readingOf(exchange)
    return reading && { exchange, crossing: reading.crossing }
  },
})

/** A response, and whether its body is in the coding that is named. */
export interface CodedResponse {
  readonly exchange: Evidence
  readonly coding: NonNullable<Reading["coding"]>
}

/** Responses in codings that the kit knows, most of them in none. */
export const codedResponses = view<CodedResponse>({
  ...everyExchange,
  id: "http.coded",
  says: "responses without a content-encoding, or with gzip, deflate or br",
  needs: ["bytes"],
  of(exchange) {
    const coding = exchange.end.kind === "aborted" ? undefined : readingOf(exchange)?.coding
    return coding && { exchange, coding }
  },
})

/** All responses except event streams, whose ends have rules of their own. */
export const plainResponses = view<ParsedReply>({
  ...everyResponse,
  id: "http.plain",
  says: "responses that are not event streams",
  of(exchange) {
    const answered = everyResponse.of(exchange)
    return answered?.mediaType === "text/event-stream" ? undefined : answered
  },
})

/** Proxies that can reply instead of an API, by their `server` header. */
const edges =
  /^(?:akamai|apache|awselb|caddy|cloudflare|cloudfront|envoy|fastly|google frontend|gws|haproxy|istio-envoy|kong|microsoft-azure-application-gateway|nginx|openresty|tengine|varnish|vercel)/i
const edgeStatuses: ReadonlySet<number> = new Set([413, 502, 503, 504])

/**
 * Returns whether a proxy reports that the API did not receive the request or did not reply. Where no header names the
 * server, a page about a server that cannot be reached is that of a proxy (RFC 9110, sections 15.6.3 to 15.6.5).
 */
export function isFromEdge({ exchange: { response }, status, mediaType }: ParsedReply): boolean {
  if (!edgeStatuses.has(status)) return false
  const server = headerOf(response?.headers ?? [], "server")
  return server === undefined ? status !== 413 && mediaType === "text/html" : edges.test(server)
}

/** Responses except those of an overloaded server, and those about the key to a request with another fault. */
export const decidedResponses = view<ParsedReply>({
  ...everyResponse,
  id: "http.decided",
  says: "responses other than 429, 503 and 529",
  of(exchange) {
    const isAboutKey = exchange.fault.value !== undefined && refusesKey(exchange)
    return isTransient(exchange) || isAboutKey ? undefined : everyResponse.of(exchange)
  },
})

export const isSuccess = ({ status }: ParsedReply): boolean => status >= 200 && status < 300

/** Every success. */
export const successes = view<ParsedReply>({
  ...everyResponse,
  id: "http.successes",
  says: "successful responses",
  of(exchange) {
    const answered = everyResponse.of(exchange)
    return answered && isSuccess(answered) ? answered : undefined
  },
})

/** Returns whether a request asks for a stream: in its body, or in its query, as for a stored response. */
const asksForStream = ({ streaming, exchange: { request } }: ParsedReply): boolean =>
  streaming || /\?(?:[^#]*&)?stream=true(?:[&#]|$)/.test(request.target)

/** Returns whether the contract allows only JSON as the reply to a request. */
function hasToBeJson(answered: ParsedReply): boolean {
  const { operation, streaming, status, mediaType } = answered
  if (operation === undefined) return false
  const { method, success }: Endpoint = endpoints[operation]
  // A deletion may be confirmed by a status that has no content (RFC 9110, section 9.3.5).
  if (method === "DELETE" && status === 204) return false
  // OpenAI also streams images and stored responses.
  if (mediaType === "text/event-stream" && asksForStream(answered)) return false
  const kinds = Object.values(success.content).map(({ kind }) => kind)
  return (
    !(streaming && kinds.includes("stream")) && kinds.every((kind) => kind === "json" || kind === "stream")
  )
}

/** Successful replies to valid requests that must be JSON. */
export const jsonSuccesses = view<ParsedReply>({
  ...successes,
  id: "http.json",
  says: "successful responses that must be JSON",
  of(exchange) {
    const answered = successes.of(exchange)
    return answered && hasToBeJson(answered) && !exchange.fault.value ? answered : undefined
  },
})

/** A body that is JSON: its text, and what that says. */
export interface JsonReply {
  readonly text: string
  readonly value: unknown
}

/** All that came as JSON, errors too. */
export const jsonReplies = view<JsonReply>({
  ...everyResponse,
  id: "http.json-replies",
  says: "responses that are JSON",
  of(exchange) {
    const answered = everyResponse.of(exchange)
    const { text, json } = answered ?? {}
    return text !== undefined && json?.ok ? { text, value: json.value } : undefined
  },
})

/** A point in time as it came, and its place. */
export interface Stamp {
  readonly pointer: string
  readonly value: number
}

/** Returns the times at which an object says that it was created. */
export function stampsOf(value: unknown, pointer = ""): Stamp[] {
  const stamps: Stamp[] = []
  if (!isObject(value)) return stamps
  for (const name of ["created", "created_at"] as const) {
    const stamp = value[name]
    if (typeof stamp === "number") stamps.push({ pointer: `${pointer}/${name}`, value: stamp })
  }
  return stamps
}

/** Returns the members of a success that is a JSON object; none of any other reply. */
function membersOf(exchange: Evidence): Readonly<Record<string, unknown>> {
  const answered = successes.of(exchange)
  return answered?.json.ok && isObject(answered.json.value) ? answered.json.value : {}
}

/** Successes that say when they, or the items of their list, were created. */
export const stampedReplies = view<{ readonly stamps: readonly Stamp[] }>({
  ...successes,
  id: "http.stamped",
  says: "successful responses with a time of creation",
  of(exchange) {
    const value = membersOf(exchange)
    const data: readonly unknown[] = Array.isArray(value["data"]) ? value["data"] : []
    const stamps = [...stampsOf(value), ...data.flatMap((item, at) => stampsOf(item, `/data/${at}`))]
    return stamps.length > 0 ? { stamps } : undefined
  },
})

/** Successes that name a model. */
export const modelledReplies = view<{ readonly model: string }>({
  ...successes,
  id: "http.modelled",
  says: "successful responses that name a model",
  of(exchange) {
    const { model } = membersOf(exchange)
    return typeof model === "string" ? { model } : undefined
  },
})

/** Returns a function that reads the JSON reply, of any kind, to one of some operations. */
export const jsonAnswerOf =
  (...operations: readonly OperationId[]) =>
  (exchange: Evidence): ParsedReply | undefined => {
    const answered = jsonSuccesses.of(exchange)
    const isOne = answered?.operation !== undefined && operations.includes(answered.operation)
    return answered?.json.ok && isOne ? answered : undefined
  }

/** Replies to valid requests. */
export const answersToValid = view<ParsedReply>({
  ...decidedResponses,
  id: "http.valid",
  says: "responses to valid requests",
  probes: [...decidedResponses.probes, pictureChat, silentTranscription],
  needs: ["fault"],
  of(exchange) {
    const answered = decidedResponses.of(exchange)
    return isProper(exchange) && answered?.operation !== undefined ? answered : undefined
  },
})

const ofBody: ReadonlySet<RequestFault["kind"]> = new Set(bodyFaults)

/** A reply to a request that is invalid on purpose, and its fault. */
export interface FaultAnswer {
  readonly answered: ParsedReply
  readonly fault: RequestFault
}

/** Replies to requests with an invalid body. */
export const answersToInvalid = view<FaultAnswer>({
  ...decidedResponses,
  id: "http.invalid",
  says: "responses to requests with an invalid body",
  of(exchange) {
    const fault = exchange.fault.value
    const answered = decidedResponses.of(exchange)
    if (!answered || !fault || !ofBody.has(fault.kind)) return undefined
    // A proxy that rejects the size of a body has not read it.
    return answered.status === 413 && isFromEdge(answered) ? undefined : { answered, fault }
  },
})

/**
 * Returns whether a reply means that the server does not have the path or method: any reply to an unknown one, or 404
 * or 405 to a valid request. On the path of a model, 404 means that the model does not exist.
 */
export function saysNoSuchRoute({ exchange, operation, status }: ParsedReply): boolean {
  const fault = exchange.fault.value?.kind
  if (fault === "unknown-path" || fault === "wrong-method") return true
  return (status === 404 || status === 405) && (fault === undefined || operation === "retrieveModel")
}

/** Replies on paths and methods that the server does not have. */
export const unknownRoutes = view<ParsedReply>({
  ...decidedResponses,
  id: "http.unknown-routes",
  says: "responses to unknown paths and unsupported methods",
  needs: ["fault"],
  probes: [unknownPath, wrongMethod],
  of(exchange) {
    const answered = decidedResponses.of(exchange)
    return answered && saysNoSuchRoute(answered) ? answered : undefined
  },
})
