import { encode, encodeEvent, type Frame, type StreamEvent } from "@nexhina/stream"
import type { Header, NamedAlteration, Reply, Situation } from "@nexhina/transcript"
import type { Made } from "./reply.ts"

/** What an alteration gets and gives back, by its stage. */
interface Subjects {
  request: unknown
  value: unknown
  events: readonly StreamEvent[]
  bytes: readonly Frame[]
  wire: Reply
}

/** What the alterations of one stage make of their subject, in order. */
export function altered<Stage extends keyof Subjects>(
  stage: Stage,
  subject: Subjects[Stage],
  alterations: readonly NamedAlteration[],
  situation: Situation,
): Subjects[Stage] {
  return alterations.reduce(
    (changed, alteration) =>
      // The stage says which subject an alteration takes and gives, which a generic comparison cannot tell.
      alteration.stage === stage
        ? (alteration.apply(changed as never, situation) as Subjects[Stage])
        : changed,
    subject,
  )
}

/** What every reply of the API carries, so that any web page may call it and read the request's id. */
export const corsHeaders: readonly Header[] = [
  ["access-control-allow-origin", "*"],
  ["access-control-expose-headers", "x-request-id, retry-after"],
]

const jsonType: Header = ["content-type", "application/json"]
const streamTypes: readonly Header[] = [
  ["content-type", "text/event-stream; charset=utf-8"],
  ["cache-control", "no-cache"],
  ["x-accel-buffering", "no"],
]

const utf8 = new TextEncoder()

/** Encodes a reply's value, as JSON or as the stream that tells it, through the stages `value` to `bytes`. */
export function respond(
  status: number,
  { value, stream }: Made,
  headers: readonly Header[],
  alterations: readonly NamedAlteration[],
  situation: Situation,
): Reply {
  const whole = altered("value", value, alterations, situation)
  const framed = alterations.some(({ stage }) => stage === "bytes")
  const inFrames = (texts: readonly string[]) =>
    altered(
      "bytes",
      texts.map((text) => ({ bytes: utf8.encode(text) })),
      alterations,
      situation,
    )
  if (stream === undefined) {
    const text = JSON.stringify(whole)
    const body = framed ? inFrames([text]) : text
    return { status, headers: [jsonType, ...headers], body, end: "complete" }
  }
  const events = altered("events", stream(whole), alterations, situation)
  // A stream that nobody delays or cuts leaves in one piece: some 20 writes would take twice as long.
  const body = framed ? inFrames(events.map(encodeEvent)) : [{ bytes: utf8.encode(encode(events)) }]
  return { status, headers: [...streamTypes, ...headers], body, end: "complete" }
}
