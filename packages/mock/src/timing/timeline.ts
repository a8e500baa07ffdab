import { type Frame, type Header, headerOf, type Reply } from "@nexhina/wire"
import type { Fault, FaultStep } from "./fault.ts"
import { positionOf } from "./position.ts"

const utf8 = new TextEncoder()

/** A body with the time of each of its parts. */
interface Source {
  readonly bytes: Uint8Array
  readonly parts: readonly { readonly start: number; readonly end: number; readonly atMs: number }[]
  readonly mediaType: string
  readonly headMs: number
}

/** Bytes to deliver later than without the fault, in pieces if dripped. */
interface Span {
  readonly from: number
  readonly to: number
  readonly lateMs: number
  readonly drip?: Extract<FaultStep, { does: "drip" }>
}

interface Plan {
  readonly spans: readonly Span[]
  /** Delay of status and headers; undefined when they are never sent. */
  readonly headLateMs: number | undefined
  /** Delay of the end. */
  readonly lateMs: number
  /** Undefined when the reply ends as without the fault. */
  readonly end: Exclude<Reply["end"], "complete"> | undefined
}

/**
 * Returns a reply under a fault: everything before the fault's end, each byte at its time. Returns undefined when the
 * fault cannot act: the reply lacks what a step delivers, or its body is made while it is sent.
 */
export function underFault(reply: Reply, { steps }: Fault): Reply | undefined {
  const source = sourceOf(reply)
  const plan = source && planOf(steps, source)
  if (source === undefined || plan === undefined) return undefined
  const { spans, headLateMs, lateMs, end = reply.end } = plan
  if (headLateMs === undefined) return { ...reply, head: { atMs: lateMs, withheld: true }, body: [], end }
  const last = spans.at(-1)
  const waitMs = lateMs - (last?.lateMs ?? headLateMs)
  const endMs =
    (source.parts.findLast(({ start }) => start < (last?.to ?? 0))?.atMs ?? source.headMs) + lateMs
  // An empty frame is not sent: the end waits for its time.
  const wait: Frame[] = waitMs > 0 ? [{ bytes: new Uint8Array(), atMs: endMs }] : []
  return {
    ...reply,
    headers: withLength(reply),
    head: { atMs: source.headMs + headLateMs },
    body: last?.drip ? deliverLater(source, spans) : [...deliver(source, spans), ...wait],
    end,
  }
}

function planOf(steps: readonly FaultStep[], { bytes, mediaType }: Source): Plan | undefined {
  const spans: Span[] = []
  let at = 0
  let lateMs = 0
  let headLateMs: number | undefined
  let drip: Span["drip"]
  for (const step of steps) {
    if (step.does === "end") return { spans, headLateMs, lateMs, end: step.end }
    if (step.does === "stall") {
      lateMs += step.ms
      continue
    }
    headLateMs ??= lateMs
    if (step.does === "drip") drip = step
    const to =
      step.does === "deliver"
        ? positionOf(step.amount, bytes, at, mediaType)
        : step.does === "drip"
          ? bytes.length
          : at
    if (to === undefined) return undefined
    if (to > at) spans.push({ from: at, to, lateMs, ...(drip && { drip }) })
    at = to
  }
  if (at < bytes.length) spans.push({ from: at, to: bytes.length, lateMs })
  return { spans, headLateMs: headLateMs ?? lateMs, lateMs, end: undefined }
}

/** Returns the body in one piece; undefined for one that is made while it is sent. */
function sourceOf({ body, head, headers }: Reply): Source | undefined {
  const isWhole = typeof body === "string" || body instanceof Uint8Array
  if (!isWhole && !Array.isArray(body)) return undefined
  const frames: readonly Frame[] = isWhole
    ? [{ bytes: typeof body === "string" ? utf8.encode(body) : body }]
    : body
  const headMs = head?.atMs ?? 0
  let atMs = headMs
  let end = 0
  const parts = frames.map((frame) => {
    const start = end
    end += frame.bytes.length
    atMs = Math.max(atMs, frame.atMs ?? atMs)
    return { start, end, atMs }
  })
  const bytes = new Uint8Array(end)
  frames.forEach((frame, index) => {
    bytes.set(frame.bytes, parts[index]?.start)
  })
  return { bytes, parts, headMs, mediaType: headerOf(headers, "content-type") ?? "" }
}

/** Announces the length of a whole body, which the frames under a fault no longer show. */
function withLength({ headers, body, status }: Reply): readonly Header[] {
  const isWhole = typeof body === "string" || body instanceof Uint8Array
  if (!isWhole || status === 204 || headerOf(headers, "content-length") !== undefined) return headers
  const length = typeof body === "string" ? utf8.encode(body).length : body.length
  return [...headers, ["content-length", String(length)]]
}

/** A drip may have as many pieces as the body has bytes: they are made as they are sent. */
const deliverLater = (source: Source, spans: readonly Span[]): Iterable<Frame> => ({
  [Symbol.iterator]: () => deliver(source, spans),
})

function* deliver({ bytes, parts }: Source, spans: readonly Span[]): Generator<Frame, void> {
  for (const { from, to, lateMs, drip } of spans) {
    let nextMs = 0
    for (const part of parts) {
      if (part.end <= from || part.start >= to) continue
      const end = Math.min(part.end, to)
      const step = drip?.bytes ?? end
      for (let start = Math.max(part.start, from); start < end; start += step) {
        const atMs = Math.max(part.atMs + lateMs, nextMs)
        yield { bytes: bytes.subarray(start, Math.min(start + step, end)), atMs }
        if (drip) nextMs = atMs + drip.everyMs
      }
    }
  }
}
