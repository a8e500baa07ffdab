import { encodeEvent, type Frame, type StreamEvent } from "@nexhina/stream"
import type { Header, NamedAlteration, Reply, Situation } from "@nexhina/wire"
import type { GeneratedFile, GeneratedReply } from "../reply-maker.ts"

/** The input and output type of an alteration, by stage. */
interface Subjects {
  request: unknown
  value: unknown
  events: readonly StreamEvent[]
  bytes: readonly Frame[]
  wire: Reply
}

/** Applies the alterations of one stage, in order. */
export function altered<Stage extends keyof Subjects>(
  stage: Stage,
  subject: Subjects[Stage],
  alterations: readonly NamedAlteration[],
  situation: Situation,
): Subjects[Stage] {
  if (alterations.length === 0) return subject
  return alterations.reduce(
    (changed, alteration) =>
      // The stage determines the subject's type, which TypeScript does not infer from the comparison.
      alteration.stage === stage
        ? (alteration.apply(changed as never, situation) as Subjects[Stage])
        : changed,
    subject,
  )
}

const jsonType: Header = ["content-type", "application/json"]
const streamTypes: readonly Header[] = [
  ["content-type", "text/event-stream; charset=utf-8"],
  ["cache-control", "no-cache"],
  ["x-accel-buffering", "no"],
]

const utf8 = new TextEncoder()

/** Encodes a result as JSON, as a stream or as a file, with the alterations of the stages `value`, `events` and `bytes`. */
export function respond(
  status: number,
  made: GeneratedReply | GeneratedFile,
  headers: readonly Header[],
  alterations: readonly NamedAlteration[],
  situation: Situation,
): Reply {
  const framed = (texts: readonly (string | Uint8Array)[]) =>
    altered(
      "bytes",
      texts.map((text) => ({ bytes: typeof text === "string" ? utf8.encode(text) : text })),
      alterations,
      situation,
    )
  const whole = (type: Header, content: string | Uint8Array): Reply => {
    const body = alterations.some(({ stage }) => stage === "bytes") ? framed([content]) : content
    return { status, headers: [type, ...headers], body, end: "complete" }
  }
  if ("body" in made) return whole(["content-type", made.mediaType], made.body)
  const { stream, encoded, json } = made
  if (json !== undefined && !alterations.some(({ stage }) => stage === "value")) return whole(jsonType, json)
  const value = altered("value", made.value, alterations, situation)
  if (stream === undefined) return whole(jsonType, JSON.stringify(value))
  // An unaltered stream is sent in one piece: one write per event would take twice as long.
  const body =
    encoded && alterations.length === 0
      ? [{ bytes: utf8.encode(encoded(value)) }]
      : framed(altered("events", stream(value), alterations, situation).map(encodeEvent))
  return { status, headers: [...streamTypes, ...headers], body, end: "complete" }
}
