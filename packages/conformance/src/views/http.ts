import { type Endpoint, endpoints, type OperationId } from "@nexhina/schemas"
import { headerOf } from "@nexhina/wire"
import { type Evidence, isProper } from "../evidence.ts"
import type { RequestFault } from "../intent.ts"
import { plainChat } from "../probes/chat-completions.ts"
import { unknownPath, wrongMethod } from "../probes/http.ts"
import { listModels } from "../probes/models.ts"
import { answeredOf, type ParsedReply } from "../reading/answered.ts"
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
 * Every request that the server took: a connection was made, and the kit did not hang up. A body that is too large
 * may be cut off without a word (RFC 9110, section 15.5.14).
 */
export const takenRequests = view<Evidence>({
  ...everyExchange,
  id: "http.taken",
  says: "requests on a connection that was made",
  needs: ["fault"],
  of(exchange) {
    const { response, end, fault } = exchange
    if (fault.value?.kind === "too-large") return undefined
    const taken = response !== undefined || end.stage === "head"
    return taken && end.kind !== "aborted" ? exchange : undefined
  },
})

/** Every exchange in which a status line came; what the client hung up on says nothing of the server. */
export const everyResponse = view<ParsedReply>({
  ...everyExchange,
  id: "responses",
  says: "all responses",
  of: (exchange) => (exchange.end.kind === "aborted" ? undefined : answeredOf(exchange)),
})

/** Every response but event streams, whose ends are judged by their own rules. */
export const plainResponses = view<ParsedReply>({
  ...everyResponse,
  id: "http.plain",
  says: "responses that are no event streams",
  of(exchange) {
    const answered = everyResponse.of(exchange)
    return answered?.mediaType === "text/event-stream" ? undefined : answered
  },
})

/** Servers that stand before an API and answer in its place, by the name that they give in `server`. */
const edges =
  /^(?:akamai|awselb|cloudflare|cloudfront|envoy|fastly|gws|haproxy|istio-envoy|nginx|openresty|tengine|varnish|vercel)/i
const edgeStatuses: ReadonlySet<number> = new Set([413, 502, 503, 504])

/** Whether a proxy before the API says that a request did not get there, or nothing came back. */
export function isFromEdge({ exchange: { response }, status }: ParsedReply): boolean {
  return edgeStatuses.has(status) && edges.test(headerOf(response?.headers ?? [], "server") ?? "")
}

/** Responses that mean something: not those of a server that has too much to do at the moment. */
export const decidedResponses = view<ParsedReply>({
  ...everyResponse,
  id: "http.decided",
  says: "responses other than 429, 503 and 529",
  of(exchange) {
    return isTransient(exchange) ? undefined : everyResponse.of(exchange)
  },
})

export const isSuccess = ({ status }: ParsedReply): boolean => status >= 200 && status < 300

/** Every success. */
export const successes = view<ParsedReply>({
  ...everyResponse,
  id: "http.successes",
  says: "successes",
  of(exchange) {
    const answered = everyResponse.of(exchange)
    return answered && isSuccess(answered) ? answered : undefined
  },
})

/** Whether the contract leaves no choice but JSON for the answer to a request. */
function hasToBeJson({ operation, streaming }: ParsedReply): boolean {
  if (operation === undefined) return false
  const { success }: Endpoint = endpoints[operation]
  const kinds = Object.values(success.content).map(({ kind }) => kind)
  return (
    !(streaming && kinds.includes("stream")) && kinds.every((kind) => kind === "json" || kind === "stream")
  )
}

/** Successes of requests that keep the contract, where only JSON can be the answer. */
export const jsonSuccesses = view<ParsedReply>({
  ...successes,
  id: "http.json",
  says: "successes that have to be JSON",
  of(exchange) {
    const answered = successes.of(exchange)
    return answered && hasToBeJson(answered) && !exchange.fault.value ? answered : undefined
  },
})

/** Reads the JSON, of whatever kind, that answers one of some operations. */
export const jsonAnswerOf =
  (...operations: readonly OperationId[]) =>
  (exchange: Evidence): ParsedReply | undefined => {
    const answered = jsonSuccesses.of(exchange)
    const isOne = answered?.operation !== undefined && operations.includes(answered.operation)
    return answered?.json.ok && isOne ? answered : undefined
  }

/** Answers to requests that keep the contract. */
export const answersToValid = view<ParsedReply>({
  ...decidedResponses,
  id: "http.valid",
  says: "answers to requests that keep the contract",
  needs: ["fault"],
  of(exchange) {
    const answered = decidedResponses.of(exchange)
    return isProper(exchange) && answered?.operation !== undefined ? answered : undefined
  },
})

/** Faults of the body itself, as against those of the path or of what the server happens to offer. */
const bodyFaults: ReadonlySet<RequestFault["kind"]> = new Set([
  "malformed-json",
  "not-an-object",
  "malformed-form",
  "missing",
  "wrong-type",
  "out-of-range",
  "check",
])

/** An answer to a request that breaks the contract on purpose, and in which way. */
export interface FaultAnswer {
  readonly answered: ParsedReply
  readonly fault: RequestFault
}

/** Answers to requests whose body breaks the contract. */
export const answersToInvalid = view<FaultAnswer>({
  ...decidedResponses,
  id: "http.invalid",
  says: "answers to requests whose body breaks the contract",
  of(exchange) {
    const fault = exchange.fault.value
    const answered = decidedResponses.of(exchange)
    if (!answered || !fault || !bodyFaults.has(fault.kind)) return undefined
    // A proxy that finds a body too large has not looked into it.
    return answered.status === 413 && isFromEdge(answered) ? undefined : { answered, fault }
  },
})

/**
 * Whether a server says that it has no such path or method: to a request that asks for none, or with 404 or 405 to
 * one that keeps the contract. Whether a model exists is what 404 on a model's own path speaks of.
 */
export function saysNoSuchRoute({ exchange, operation, status }: ParsedReply): boolean {
  const fault = exchange.fault.value?.kind
  if (fault === "unknown-path" || fault === "wrong-method") return true
  return (status === 404 || status === 405) && (fault === undefined || operation === "retrieveModel")
}

/** Answers to requests for what the server does not have. */
export const unknownRoutes = view<ParsedReply>({
  ...decidedResponses,
  id: "http.unknown-routes",
  says: "answers on paths and methods that the server does not have",
  needs: ["fault"],
  probes: [unknownPath, wrongMethod],
  of(exchange) {
    const answered = decidedResponses.of(exchange)
    return answered && saysNoSuchRoute(answered) ? answered : undefined
  },
})
