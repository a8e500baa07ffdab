import { ResponseRequest } from "@nexhina/schemas"
import { cutResponse, reasonedResponse, requiredFunction, streamedResponse } from "../probes/responses.ts"
import { isObject } from "../reading/answered.ts"
import type { Where } from "../rule.ts"
import { view } from "../view.ts"
import { readItems, type StreamedItem, type StreamProblem } from "./response-items.ts"
import { type EventStream, eventAt, eventStreams } from "./sse.ts"

type Members = Readonly<Record<string, unknown>>

/** An event as it came, no member's type checked. */
export interface ResponseEvent {
  readonly value: Members
  /** Its `type`, where that is a text. */
  readonly type: string | undefined
  /** Its number among all events of the stream. */
  readonly event: number
}

/** A response's stream up to its first `[DONE]` or error. */
export interface ResponseStream {
  readonly stream: EventStream
  readonly request: ResponseRequest
  readonly events: readonly ResponseEvent[]
  /** The first event that ends the response. */
  readonly terminal: ResponseEvent | undefined
  /** By the index of each, in the order in which they came. */
  readonly items: readonly StreamedItem[]
  /** Where the order or the contents of the events contradict one another. */
  readonly problems: readonly StreamProblem[]
}

const terminalTypes = ["response.completed", "response.incomplete", "response.failed"]
const endings: ReadonlySet<string | undefined> = new Set(terminalTypes)
const lifecycle: ReadonlySet<string | undefined> = new Set([
  "response.created",
  "response.queued",
  "response.in_progress",
  ...terminalTypes,
])

/** Whether an event ends the response. */
export const isTerminal = ({ type }: ResponseEvent): boolean => endings.has(type)

/** Whether an event shows the response itself. */
export const isLifecycle = ({ type }: ResponseEvent): boolean => lifecycle.has(type)

function eventsOf({ payloads, done, errors }: EventStream): ResponseEvent[] {
  const firstError = errors.find((number) => payloads[number]?.kind === "error")
  const end = Math.min(done[0] ?? payloads.length, firstError ?? payloads.length)
  return payloads.slice(0, end).flatMap((payload, event) => {
    if (payload.kind !== "object") return []
    const { type } = payload.value
    return [{ value: payload.value, type: typeof type === "string" ? type : undefined, event }]
  })
}

/** Where an event, or a member of its data, stands. */
export function whereIn({ stream }: ResponseStream, { event }: { event: number }, pointer?: string): Where {
  return eventAt(stream, event, pointer)
}

/** The response in an event's data; `undefined` when there is none. */
export function responseIn({ value: { response } }: ResponseEvent): Members | undefined {
  return isObject(response) ? response : undefined
}

/** Streams that answer a request for a response which keeps the contract. */
export const responseStreams = view<ResponseStream>({
  id: "responses.streams",
  says: "streams of responses",
  surface: "responses",
  probes: [streamedResponse, requiredFunction, cutResponse, reasonedResponse],
  of(exchange) {
    const stream = eventStreams.of(exchange)
    if (stream?.answered.operation !== "createResponse") return undefined
    if (exchange.fault.value) return undefined
    const request = ResponseRequest.safeParse(stream.answered.request)
    if (!request.success) return undefined
    const events = eventsOf(stream)
    const terminal = events.find(isTerminal)
    const isWhole = stream.complete && terminal?.type === "response.completed"
    return { stream, request: request.data, events, terminal, ...readItems(events, isWhole) }
  },
})

/** Those that ended cleanly and told of no failure. */
export const completeResponseStreams = view<ResponseStream>({
  ...responseStreams,
  id: "responses.complete-streams",
  says: "streams of responses that ended cleanly",
  of(exchange) {
    const stream = responseStreams.of(exchange)
    return stream?.stream.complete ? stream : undefined
  },
})
