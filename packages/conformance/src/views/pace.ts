import { decodedBody, headerOf } from "@nexhina/wire"
import { isObject } from "../reading/answered.ts"
import { view } from "../view.ts"
import { carries } from "./chat-streams.ts"
import { completeStreams, type EventStream } from "./sse.ts"

/** Arrival times of the pieces of a reply, in ms after the request was sent. */
export interface Pace {
  readonly stream: EventStream
  readonly pieces: number
  /** The number of the event that is the first piece. */
  readonly first: number
  readonly firstMs: number
  readonly lastMs: number
  /** Whether the client accepts compressed replies. */
  readonly takesGzip: boolean
}

/** Returns whether an event contains a piece of the model's output. */
function isPiece(payload: EventStream["payloads"][number]): boolean {
  if (payload.kind !== "object") return false
  const { type, choices } = payload.value
  if (typeof type === "string") return type.endsWith(".delta")
  if (!Array.isArray(choices)) return false
  return choices.some(
    (choice: unknown) =>
      isObject(choice) &&
      isObject(choice["delta"]) &&
      Object.entries(choice["delta"]).some(([member, value]) => member !== "role" && carries(value)),
  )
}

/** Returns when this many bytes of a stream, after decompression, had arrived. */
function arrivalMs({ answered: { exchange, body } }: EventStream, bytes: number): number {
  const { response } = exchange
  const chunks = response?.chunks ?? []
  let [missing, there] = [0, chunks.length]
  while (there - missing > 1) {
    const middle = (missing + there) >> 1
    const part = {
      ...exchange,
      ...(response && { response: { ...response, chunks: chunks.slice(0, middle) } }),
    }
    if (decodedBody(part, { maxBytes: body.length }).bytes.length < bytes) missing = middle
    else there = middle
  }
  return chunks[there - 1]?.atMs ?? 0
}

/** Complete streams with output, and its arrival times. */
export const timedStreams = view<Pace>({
  ...completeStreams,
  id: "sse.timed",
  says: "event streams that take their time",
  probes: [],
  occasional: true,
  needs: ["timing"],
  of(exchange) {
    const stream = completeStreams.of(exchange)
    const pieces = stream?.payloads.flatMap((payload, event) => (isPiece(payload) ? [event] : [])) ?? []
    const [first] = pieces
    if (!stream || first === undefined) return undefined
    const whenCame = (event: number) =>
      arrivalMs(stream, stream.events[event + 1]?.offset ?? stream.answered.body.length)
    return {
      stream,
      pieces: pieces.length,
      first,
      firstMs: whenCame(first),
      lastMs: whenCame(pieces.at(-1) ?? first),
      takesGzip: headerOf(exchange.request.headers, "accept-encoding")?.includes("gzip") ?? false,
    }
  },
})
