import { profiles } from "@nexhina/schemas"
import type { Frame } from "@nexhina/stream"
import { bodyOf, type Exchange, type Header, headerOf, type MockRequest, type Reply } from "@nexhina/wire"
import { digest } from "../content/random.ts"
import { createJournal, type JournalOptions } from "../journal/journal.ts"
import type { Mock } from "../mock.ts"
import { Refusal } from "../refusal.ts"
import { begin } from "../request/begin.ts"
import { refusedByHost } from "../request/refused-by-host.ts"
import { corsHeaders } from "../response/cors.ts"
import { type Outcome, shape } from "../response/shape.ts"
import { createLibrary, type Recording } from "./library.ts"
import { missOf } from "./miss.ts"
import { steeringHeaderIn } from "./steering-header.ts"

/** Options of `createReplay`. */
export interface ReplayOptions {
  /** The recordings to answer from; those of the same request in the order in which they are given. */
  readonly recordings: readonly Recording[]
  /** Factor for the recorded times: 1 as recorded, 0.5 in half of the time, 0 at once. Default: 1. */
  readonly speed?: number
  /** Limits of `exchanges`. Default: 1,000 exchanges and 8 MiB. */
  readonly journal?: JournalOptions
  /** Called with unexpected exceptions (bugs). The client receives a 500 without details. Default: ignored. */
  readonly onCrash?: (error: unknown) => void
}

/** A server of recordings, without a transport, as a mock is. */
export type Replay = Pick<Mock, "handle" | "exchanges" | "reset" | "resetScope" | "close">

/**
 * Creates a server that answers from recordings, byte for byte, in the rhythm in which the replies arrived, and cut where
 * they were cut. A request that no recording matches gets a 400 with the code `recording_miss` that says what differs
 * from the nearest recording. Any API key is accepted.
 */
export function createReplay({
  recordings,
  speed = 1,
  journal: limits,
  onCrash = () => {},
}: ReplayOptions): Replay {
  const library = createLibrary(recordings)
  const journal = createJournal(limits)

  function answer(request: MockRequest): Reply {
    const unread = refusedByHost(request)
    if (unread !== undefined) return refused(request, unread)
    const param = steeringHeaderIn(request.headers)
    if (param !== undefined) {
      const message = `Recordings answer, and '${param}' would have no effect.`
      return refused(request, new Refusal(400, { message, param }))
    }
    const lookup = library.find(request)
    if (lookup.kind === "found") return replyOf(lookup.recording.exchange, speed)
    const methods = request.method === "OPTIONS" ? library.methodsOf(request) : []
    return refused(request, methods.length > 0 ? { allow: methods } : missOf(lookup))
  }

  return {
    async handle(request) {
      try {
        return journal.record(request, answer(request))
      } catch (error) {
        onCrash(error)
        return journal.record(request, refused(request, new Refusal(500)))
      }
    },
    get exchanges() {
      return journal.read()
    },
    async reset() {
      journal.clear()
      library.reset()
    },
    resetScope(scope) {
      journal.clear(scope)
      library.reset(scope)
    },
    async close() {},
  }
}

const refused = (request: MockRequest, outcome: Outcome) =>
  shape(outcome, begin(request, digest("")), profiles.openai)

/** Headers of one connection, which each server sets itself. */
const connectionHeaders = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "trailer",
  "transfer-encoding",
  "upgrade",
])
/** Headers about the bytes of the wire, which a recording may not have. */
const wireHeaders = new Set(["content-encoding", "content-length"])

/** Returns a recorded reply, its times multiplied by `speed`. */
export function replyOf({ request, response, end, fidelity }: Exchange, speed: number): Reply {
  if (!response) throw new TypeError("An exchange without a response cannot be replayed.")
  const isWhole = end.kind === "complete"
  const hasLength = isWhole && request.method !== "HEAD" && response.status !== 304
  const length = String(bodyOf({ response }).length)
  const kept = response.headers.filter(([name, value]) => {
    const lower = name.toLowerCase()
    if (connectionHeaders.has(lower)) return false
    if (lower === "content-length" && hasLength && value !== length) return false
    return fidelity.bytes || !wireHeaders.has(lower)
  })
  const lastAtMs = response.chunks.at(-1)?.atMs ?? 0
  const frames: Frame[] = response.chunks.map(({ atMs, bytes }) => ({ bytes, atMs: atMs * speed }))
  // The end comes when it came, too.
  if (end.atMs > lastAtMs) frames.push({ bytes: new Uint8Array(), atMs: end.atMs * speed })
  return {
    status: response.status,
    headers: [...kept, ...missingCors(kept)],
    ...(speed > 0 && { head: { atMs: (response.chunks[0]?.atMs ?? end.atMs) * speed } }),
    body: speed > 0 ? frames : response.chunks.map(({ bytes }) => ({ bytes })),
    end: isWhole ? "complete" : end.code === "ECONNRESET" ? "reset" : "early-close",
  }
}

/** Web pages can call the replay even if they could not call the recorded server. */
const missingCors = (headers: readonly Header[]): readonly Header[] =>
  headerOf(headers, "access-control-allow-origin") === undefined ? corsHeaders : []
