import { ResponseRequest } from "@nexhina/schemas"
import { cutResponse, reasonedResponse, requiredFunction, streamedResponse } from "../probes/responses.ts"
import { isObject } from "../reading/answered.ts"
import { fitted } from "../reading/fitted.ts"
import type { Where } from "../rule.ts"
import { view } from "../view.ts"
import { readItems, type StreamedItem, type StreamProblem } from "./response-items.ts"
import { type EventStream, eventAt, eventStreams } from "./sse.ts"

type Members = Readonly<Record<string, unknown>>

/** An event as received; the types of its members are not checked. */
export interface ResponseEvent {
  readonly value: Members
  /** Its `type`, if that is a string. */
  readonly type: string | undefined
  /** Its number among all events of the stream. */
  readonly event: number
}

/** The stream of a response up to its first `[DONE]` or error. */
export interface ResponseStream {
  readonly stream: EventStream
  readonly request: ResponseRequest
  readonly events: readonly ResponseEvent[]
  /** The first event that ends the response. */
  readonly terminal: ResponseEvent | undefined
  /** In the order of their first events. */
  readonly items: readonly StreamedItem[]
  /** Contradictions in the order or the contents of the events. */
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

/** Returns whether an event ends the response. */
export const isTerminal = ({ type }: ResponseEvent): boolean => endings.has(type)

/** Returns whether an event contains the response itself. */
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

/** Returns the location of an event or of a member of its data. */
export function whereIn({ stream }: ResponseStream, { event }: { event: number }, pointer?: string): Where {
  return eventAt(stream, event, pointer)
}

/** Returns the response in an event's data, if it contains one. */
export function responseIn({ value: { response } }: ResponseEvent): Members | undefined {
  return isObject(response) ? response : undefined
}

/** Streams in reply to valid requests for a response. */
export const responseStreams = view<ResponseStream>({
  id: "responses.streams",
  says: "Responses streams",
  surface: "responses",
  probes: [streamedResponse, requiredFunction, cutResponse, reasonedResponse],
  of(exchange) {
    const stream = eventStreams.of(exchange)
    if (stream?.answered.operation !== "createResponse") return undefined
    if (exchange.fault.value) return undefined
    const request = fitted(ResponseRequest, stream.answered.request)
    if (!request) return undefined
    const events = eventsOf(stream)
    const terminal = events.find(isTerminal)
    const isWhole = stream.complete && terminal?.type === "response.completed"
    return { stream, request, events, terminal, ...readItems(events, isWhole) }
  },
})

/** Streams of responses that ended cleanly and did not report a failure. */
export const completeResponseStreams = view<ResponseStream>({
  ...responseStreams,
  id: "responses.complete-streams",
  says: "complete Responses streams",
  of(exchange) {
    const stream = responseStreams.of(exchange)
    return stream?.stream.complete ? stream : undefined
  },
})
