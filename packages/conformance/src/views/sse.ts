import { type Decoded, type DecodedEvent, DONE, decode } from "@nexhina/stream"
import { type Answered, isObject, parseJson } from "../answered.ts"
import { streamedChat } from "../probes/chat-streams.ts"
import type { Where } from "../rule.ts"
import { view } from "../view.ts"
import { everyResponse } from "./http.ts"

/** What the data of an event is. `error`: an object with an `error`, or any data under `event: error`. */
export type Payload =
  | { readonly kind: "object"; readonly value: Readonly<Record<string, unknown>> }
  | { readonly kind: "error" }
  | { readonly kind: "done" }
  | { readonly kind: "blank" }
  /** `why` says what it is in place of a JSON object. */
  | { readonly kind: "other"; readonly why: string }

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

function payloadOf({ data, type }: DecodedEvent): Payload {
  if (data === "") return { kind: "blank" }
  if (type === "error") return { kind: "error" }
  if (data === DONE) return { kind: "done" }
  const json = parseJson(data)
  if (!json.ok) return { kind: "other", why: data.startsWith(":") ? "a comment" : "no JSON" }
  if (!isObject(json.value)) return { kind: "other", why: "JSON, but no object" }
  return json.value["error"] ? { kind: "error" } : { kind: "object", value: json.value }
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
    return answered.status >= 200 && answered.status < 300 ? answered : undefined
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
    const decoded = decode(answered.body)
    const { pending } = decoded
    const events = pending?.data === DONE ? [...decoded.events, pending] : decoded.events
    const payloads = events.map(payloadOf)
    const errors = numbersOf(payloads, "error")
    return {
      answered,
      decoded,
      events,
      payloads,
      done: numbersOf(payloads, "done"),
      errors,
      complete: exchange.end.kind === "complete" && !decoded.counts.limit && errors.length === 0,
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
