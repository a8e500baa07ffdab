import {
  type ChatPayload,
  type Decoded,
  type DecodedEvent,
  decode,
  isComplete,
  readChatStream,
} from "@nexhina/stream"
import { type Answered, isObject } from "../answered.ts"
import { plainChat } from "../probes/chat-completions.ts"
import { streamedChat } from "../probes/chat-streams.ts"
import type { Where } from "../rule.ts"
import { view } from "../view.ts"
import { everyResponse, isSuccess } from "./http.ts"

/** What the data of an event is. `error`: an object with an `error`, or any data under `event: error`. */
type Payload =
  | { readonly kind: "object"; readonly value: Readonly<Record<string, unknown>> }
  | { readonly kind: "error" }
  | { readonly kind: "done" }
  | { readonly kind: "blank" }
  /** What it is in place of a JSON object. */
  | { readonly kind: "comment-as-data" | "not-json" | "not-an-object" }

/** A body read as server-sent events. */
export interface EventStream {
  readonly answered: Answered
  readonly decoded: Decoded
  /** Every event that a client gets, and a last `[DONE]` without its blank line, which only strict ones drop. */
  readonly events: readonly DecodedEvent[]
  /** What each of `events` carries. */
  readonly payloads: readonly Payload[]
  /** The numbers of the events that are `[DONE]`. */
  readonly done: readonly number[]
  /** The numbers of the events that carry an error. */
  readonly errors: readonly number[]
  /** It ended cleanly and carried no error: only then may a rule miss something at its end. */
  readonly complete: boolean
}

/** Where an event, given by its number, or a member of its data stands. */
export function eventAt(stream: EventStream, event: number, pointer?: string): Where {
  const offset = stream.events[event]?.offset ?? 0
  return { part: "event", event, offset, ...(pointer !== undefined && { pointer }) }
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

/** Every success that answers a request for a stream, whatever it is. */
export const streamAnswers = view<Answered>({
  id: "sse.answers",
  says: "successes that answer a request for a stream",
  surface: "chat",
  probes: [streamedChat],
  of(exchange) {
    const answered = everyResponse.of(exchange)
    if (!answered?.streaming || answered.operation !== "createChatCompletion") return undefined
    return isSuccess(answered) ? answered : undefined
  },
})

/** Successes of chat requests that do not ask for a stream. */
export const unstreamedAnswers = view<Answered>({
  ...streamAnswers,
  id: "sse.unasked",
  says: "successes that answer a request for no stream",
  probes: [plainChat],
  of(exchange) {
    const answered = everyResponse.of(exchange)
    if (answered?.operation !== "createChatCompletion" || exchange.intent?.fault) return undefined
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
    const payloads = sent.map(payloadOf)
    return {
      answered,
      decoded: read,
      events: sent.map(({ event }) => event),
      payloads,
      done: numbersOf(payloads, "done"),
      errors: numbersOf(payloads, "error"),
      complete: isComplete(read, exchange.end.kind === "complete"),
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
