import { encodeEvent, type Frame, type StreamEvent } from "@nexhina/stream"
import type { Header, NamedAlteration, Reply, Situation } from "@nexhina/wire"
import type { GeneratedFile, GeneratedReply } from "../reply-maker.ts"
import type { Pace } from "../timing/latency.ts"

/** The input and output type of an alteration, by stage. */
interface Subjects {
  request: unknown
  value: unknown
  events: readonly StreamEvent[]
  bytes: readonly Frame[]
  wire: Reply
}

/**
 * Applies the alterations of one stage, in order. One of several that throws cannot act on what the others have left,
 * and changes nothing; alone, it is a bug.
 */
export function altered<Stage extends keyof Subjects>(
  stage: Stage,
  subject: Subjects[Stage],
  alterations: readonly NamedAlteration[],
  situation: Situation,
): Subjects[Stage] {
  if (alterations.length === 0) return subject
  return alterations.reduce((changed, alteration) => {
    if (alteration.stage !== stage) return changed
    try {
      // The stage determines the subject's type, which TypeScript does not infer from the comparison.
      return alteration.apply(changed as never, situation) as Subjects[Stage]
    } catch (error) {
      if (alterations.length === 1) throw error
      return changed
    }
  }, subject)
}

const jsonType: Header = ["content-type", "application/json"]
const streamTypes: readonly Header[] = [
  ["content-type", "text/event-stream; charset=utf-8"],
  ["cache-control", "no-cache"],
  ["x-accel-buffering", "no"],
]

const utf8 = new TextEncoder()

/**
 * Encodes a result as JSON, as a stream or as a file, with the alterations of the stages `value`, `events` and `bytes`.
 * With a pace, the head and each event of a stream have a time; a whole reply waits for the time of its last token.
 */
export function respond(
  status: number,
  made: GeneratedReply | GeneratedFile,
  headers: readonly Header[],
  alterations: readonly NamedAlteration[],
  situation: Situation,
  pace?: Pace,
): Reply {
  const framed = (frames: readonly Frame[]) => altered("bytes", frames, alterations, situation)
  const whole = (type: Header, content: string | Uint8Array): Reply => {
    const isFramed = alterations.some(({ stage }) => stage === "bytes")
    const body = isFramed ? framed([{ bytes: bytesOf(content) }]) : content
    const head = pace && { atMs: pace.whole("value" in made ? made.value : undefined) }
    return { status, headers: [type, ...headers], ...(head && { head }), body, end: "complete" }
  }
  if ("body" in made) return whole(["content-type", made.mediaType], made.body)
  const { stream, encoded, json } = made
  if (json !== undefined && !alterations.some(({ stage }) => stage === "value")) return whole(jsonType, json)
  const value = altered("value", made.value, alterations, situation)
  if (stream === undefined) return whole(jsonType, JSON.stringify(value))
  const streamed: Pick<Reply, "status" | "headers" | "end"> = {
    status,
    headers: [...streamTypes, ...headers],
    end: "complete",
  }
  // An unaltered stream is sent in one piece: one write per event would take twice as long.
  if (encoded && alterations.length === 0 && pace === undefined) {
    return { ...streamed, body: [{ bytes: bytesOf(encoded(value)) }] }
  }
  const events = altered("events", stream(value), alterations, situation)
  const bytes = bytesOfAll(events.map(encodeEvent))
  if (pace === undefined) return { ...streamed, body: framed(bytes.map((bytes) => ({ bytes }))) }
  const times = pace.times(events, made.value)
  const timed = bytes.map((bytes, index) => ({ bytes, atMs: times[index] ?? 0 }))
  return { ...streamed, head: { atMs: times[0] ?? 0 }, body: framed(timed) }
}

const bytesOf = (content: string | Uint8Array) =>
  typeof content === "string" ? utf8.encode(content) : content

/** Encodes texts next to one another: a buffer for each would take longer, and more memory. */
function bytesOfAll(texts: readonly string[]): Uint8Array[] {
  // No UTF-16 unit takes more than three bytes.
  const space = new Uint8Array(3 * texts.reduce((length, text) => length + text.length, 0))
  let at = 0
  return texts.map((text) => {
    const start = at
    at += utf8.encodeInto(text, space.subarray(at)).written
    return space.subarray(start, at)
  })
}
