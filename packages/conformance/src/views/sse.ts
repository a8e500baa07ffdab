import { endpoints, isStreamed, type OperationId } from "@nexhina/schemas"
import {
  type ChatPayload,
  type DecodedEvent,
  type DecodedStream,
  decode,
  isComplete,
  readChatStream,
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
  /** What it is in place of a JSON object. */
  | { readonly kind: "comment-as-data" | "not-json" | "not-an-object" }

/** A body read as server-sent events. */
export interface EventStream {
  readonly answered: ParsedReply
  readonly decoded: DecodedStream
  /** Every event that a client gets, and a last `[DONE]` without its blank line, which only strict ones drop. */
  readonly events: readonly DecodedEvent[]
  /** What each of `events` carries. */
  readonly payloads: readonly Payload[]
  /** The numbers of the events that are `[DONE]`. */
  readonly done: readonly number[]
  /** The numbers of the events that tell of a failure: errors, and on Responses a response that failed. */
  readonly errors: readonly number[]
  /** It ended cleanly and carried no error: only then may a rule miss something at its end. */
  readonly complete: boolean
}

/** Where an event, given by its number, or a member of its data stands. */
export function eventAt(stream: EventStream, event: number, pointer?: string): Where {
  const offset = stream.events[event]?.offset ?? 0
  return { part: "event", event, offset, ...(pointer !== undefined && { pointer }) }
}

const isTyped = (payload: Payload, type: string) =>
  payload.kind === "object" && payload.value["type"] === type

/** The events of a Responses stream tell errors by their type too. */
function responsePayloadOf(read: ChatPayload): Payload {
  const payload = payloadOf(read)
  return isTyped(payload, "error") ? { kind: "error" } : payload
}

function payloadOf(payload: ChatPayload): Payload {
  switch (payload.kind) {
    case "chunk":
      return { kind: "object", value: payload.chunk }
    case "done":
    case "error":
      return { kind: payload.kind }
    case "other":
      return isObject(payload.json) ? { kind: "object", value: payload.json } : { kind: "not-an-object" }
    case "not-json":
      if (payload.event.data === "") return { kind: "blank" }
      return { kind: payload.event.data.startsWith(":") ? "comment-as-data" : "not-json" }
  }
}

function numbersOf(payloads: readonly Payload[], kind: Payload["kind"]): number[] {
  return payloads.flatMap((payload, number) => (payload.kind === kind ? [number] : []))
}

/** Whether an operation answers with a stream where one is asked for. */
const isAskedOf = (operation: OperationId | undefined) =>
  operation !== undefined && isStreamed(endpoints[operation])

/** Every success that answers a request for a stream, whatever it is. */
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

/** Successes of requests that could ask for a stream and do not. */
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

/** Those that are event streams, if only by their label: a body labelled and written as JSON is none. */
export const eventStreams = view<EventStream>({
  ...streamAnswers,
  id: "sse.streams",
  says: "event streams",
  of(exchange) {
    const answered = streamAnswers.of(exchange)
    if (!answered || (answered.mediaType !== "text/event-stream" && answered.json.ok)) return undefined
    const read = readChatStream(decode(answered.body))
    const { unclosed } = read
    const sent = unclosed?.kind === "done" ? [...read.payloads, unclosed] : read.payloads
    const isResponse = answered.operation === "createResponse"
    const payloads = sent.map(isResponse ? responsePayloadOf : payloadOf)
    const errors = payloads.flatMap((payload, number) =>
      payload.kind === "error" || (isResponse && isTyped(payload, "response.failed")) ? [number] : [],
    )
    return {
      answered,
      decoded: read,
      events: sent.map(({ event }) => event),
      payloads,
      done: numbersOf(payloads, "done"),
      errors,
      complete: errors.length === 0 && isComplete(read, exchange.end.kind === "complete"),
    }
  },
})

/** Those that ended cleanly and carried no error. */
export const completeStreams = view<EventStream>({
  ...eventStreams,
  id: "sse.complete",
  says: "event streams that ended cleanly",
  of(exchange) {
    const stream = eventStreams.of(exchange)
    return stream?.complete ? stream : undefined
  },
})

/** Those of which the very bytes are known, for rules on spelling. */
export const spelledStreams = view<EventStream>({
  ...eventStreams,
  id: "sse.bytes",
  says: "event streams, byte by byte",
  needs: ["bytes"],
})
