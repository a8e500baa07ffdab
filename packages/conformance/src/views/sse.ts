import { endpoints, isStreamed, type OperationId } from "@nexhina/schemas"
import {
  type DecodedEvent,
  type DecodedStream,
  decode,
  isComplete,
  type Payload as ReadPayload,
  readPayload,
} from "@nexhina/stream"
import { plainChat } from "../probes/chat-completions.ts"
import { streamedChat } from "../probes/chat-streams.ts"
import { plainResponse, streamedResponse } from "../probes/responses.ts"
import { isObject, type ParsedReply } from "../reading/answered.ts"
import type { Where } from "../rule.ts"
import { view } from "../view.ts"
import { everyResponse, isSuccess } from "./http.ts"

/**
 * What the data of an event is. `error`: an object with an `error`, any data under `event: error`, or on Responses an
 * object of the type `error`.
 */
type Payload =
  | { readonly kind: "object"; readonly value: Readonly<Record<string, unknown>> }
  | { readonly kind: "error" }
  | { readonly kind: "done" }
  | { readonly kind: "blank" }
  /** What the data is instead of a JSON object. */
  | { readonly kind: "comment-as-data" | "not-json" | "not-an-object" }

/** A body parsed as server-sent events. */
export interface EventStream {
  readonly answered: ParsedReply
  readonly decoded: DecodedStream
  /** All events, including a last `[DONE]` without its blank line, which only strict clients discard. */
  readonly events: readonly DecodedEvent[]
  /** The payload of each of `events`. */
  readonly payloads: readonly Payload[]
  /** Numbers of the events that are `[DONE]`. */
  readonly done: readonly number[]
  /** Numbers of the events that report a failure: errors, and on Responses a failed response. */
  readonly errors: readonly number[]
  /** Whether it ended cleanly and without an error. Only then may a rule require something at its end. */
  readonly complete: boolean
}

/** Returns the location of an event, given by its number, or of a member of its data. */
export function eventAt(stream: EventStream, event: number, pointer?: string): Where {
  const offset = stream.events[event]?.offset ?? 0
  return { part: "event", event, offset, ...(pointer !== undefined && { pointer }) }
}

const isTyped = (payload: Payload, type: string) =>
  payload.kind === "object" && payload.value["type"] === type

/** Returns the payload of a Responses event, which can also indicate an error by its type. */
function responsePayloadOf(read: ReadPayload, data: string): Payload {
  const payload = payloadOf(read, data)
  return isTyped(payload, "error") ? { kind: "error" } : payload
}

/** Returns the payload of an event. Whether its data fit a schema is for the rules to judge. */
function payloadOf(read: ReadPayload, data: string): Payload {
  switch (read.kind) {
    case "done":
    case "error":
      return { kind: read.kind }
    case "json":
      return isObject(read.json) ? { kind: "object", value: read.json } : { kind: "not-an-object" }
    case "not-json":
      if (data === "") return { kind: "blank" }
      return { kind: data.startsWith(":") ? "comment-as-data" : "not-json" }
  }
}

function numbersOf(payloads: readonly Payload[], kind: Payload["kind"]): number[] {
  return payloads.flatMap((payload, number) => (payload.kind === kind ? [number] : []))
}

/** Returns whether an operation can reply with a stream. */
const isAskedOf = (operation: OperationId | undefined) =>
  operation !== undefined && isStreamed(endpoints[operation])

/** Successful replies to requests for a stream, whatever they contain. */
export const streamAnswers = view<ParsedReply>({
  id: "sse.answers",
  says: "successes that answer a request for a stream",
  surface: "streams",
  probes: [streamedChat, streamedResponse],
  of(exchange) {
    const answered = everyResponse.of(exchange)
    if (!answered?.streaming || !isAskedOf(answered.operation)) return undefined
    return isSuccess(answered) ? answered : undefined
  },
})

/** Successful replies to requests that could ask for a stream and do not. */
export const unstreamedAnswers = view<ParsedReply>({
  ...streamAnswers,
  id: "sse.unasked",
  says: "successes that answer a request for no stream",
  probes: [plainChat, plainResponse],
  of(exchange) {
    const answered = everyResponse.of(exchange)
    if (!answered || !isAskedOf(answered.operation) || exchange.fault.value) return undefined
    return !answered.streaming && isSuccess(answered) ? answered : undefined
  },
})

/** Event streams, if only by their content type. A JSON body with the content type of JSON is not one. */
export const eventStreams = view<EventStream>({
  ...streamAnswers,
  id: "sse.streams",
  says: "event streams",
  of(exchange) {
    const answered = streamAnswers.of(exchange)
    if (!answered || (answered.mediaType !== "text/event-stream" && answered.json.ok)) return undefined
    const decoded = decode(answered.body)
    const { pending } = decoded
    const read = decoded.events.map((event) => readPayload(event))
    const unclosed = pending && readPayload(pending)
    const isResponse = answered.operation === "createResponse"
    const typed = isResponse ? responsePayloadOf : payloadOf
    const events = [...decoded.events]
    const payloads = read.map((payload, at) => typed(payload, events[at]?.data ?? ""))
    if (pending && unclosed?.kind === "done") {
      events.push(pending)
      payloads.push({ kind: "done" })
    }
    const errors = payloads.flatMap((payload, number) =>
      payload.kind === "error" || (isResponse && isTyped(payload, "response.failed")) ? [number] : [],
    )
    return {
      answered,
      decoded,
      events,
      payloads,
      done: numbersOf(payloads, "done"),
      errors,
      complete:
        errors.length === 0 &&
        isComplete(
          { counts: decoded.counts, payloads: read, ...(unclosed && { unclosed }) },
          exchange.end.kind === "complete",
        ),
    }
  },
})

/** Event streams that ended cleanly and without an error. */
export const completeStreams = view<EventStream>({
  ...eventStreams,
  id: "sse.complete",
  says: "event streams that ended cleanly",
  of(exchange) {
    const stream = eventStreams.of(exchange)
    return stream?.complete ? stream : undefined
  },
})

/** Event streams whose exact bytes are known, for rules about their spelling. */
export const spelledStreams = view<EventStream>({
  ...eventStreams,
  id: "sse.bytes",
  says: "event streams, byte by byte",
  needs: ["bytes"],
})
