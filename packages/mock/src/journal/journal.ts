import type { Frame } from "@nexhina/stream"
import {
  type Exchange,
  type ExchangeEnd,
  headerOf,
  type MockRequest,
  type ReceivedChunk,
  type Reply,
  type StoredFrames,
} from "@nexhina/wire"
import { realTime } from "../real-time.ts"
import { type Head, readHead, writeHead } from "./head.ts"
import { createPages, isShort, type Place } from "./pages.ts"

/** Limits of the journal. When one is exceeded, the oldest exchanges are dropped. */
export interface JournalOptions {
  /** Maximum number of exchanges; 0 disables the journal. Default: 1,000. */
  readonly maxExchanges?: number
  /** Maximum size of all bodies together, in bytes. A larger exchange is not recorded. Default: 8 MiB. */
  readonly maxBytes?: number
}

/** The most recent exchanges of a mock. */
export interface Journal {
  /** Records an exchange and returns the reply to send in its place. */
  record(request: MockRequest, reply: Reply): Reply
  /** Records a request whose client left before it was answered. */
  recordAborted(request: MockRequest): void
  /** Returns the recorded exchanges, oldest first. */
  read(): readonly Exchange[]
  /** Drops the exchanges of a scope (`x-mock-scope`, "" for those without one). Default: all. */
  clear(scope?: string): void
}

interface Entry {
  readonly number: number
  readonly sentAtMs: number
  /** The head, and the bodies that are not below. */
  readonly stored: Place
  readonly request?: Uint8Array | undefined
  /** The body of the reply, as sent so far. */
  readonly reply?: SentBody | undefined
  bytes: number
}

type SentBody = string | Uint8Array | readonly Frame[] | StoredFrames

const defaultMaxExchanges = 1000
const defaultMaxBytes = 8 * 2 ** 20
/** Memory of a frame in addition to its bytes, which may be few (estimated). */
const frameBytes = 200
const utf8 = new TextEncoder()
const fromUtf8 = new TextDecoder("utf-8", { ignoreBOM: true })

/** Creates an empty journal. Exchanges are built when they are read: recording costs little. */
export function createJournal(options: JournalOptions = {}): Journal {
  const { maxExchanges = defaultMaxExchanges, maxBytes = defaultMaxBytes } = options
  const startedAt = realTime.now()
  const entries = new Map<number, Entry>()
  const pages = createPages()
  let total = 0
  let count = 0
  /** No entry has a smaller number. */
  let oldest = 1

  function drop(entry: Entry): void {
    if (!entries.delete(entry.number)) return
    total -= entry.bytes
    pages.free(entry.stored)
  }
  function grow(entry: Entry, bytes: number): void {
    if (!entries.has(entry.number)) return
    entry.bytes += bytes
    total += bytes
    if (entry.bytes > maxBytes) drop(entry)
    while (entries.size > maxExchanges || total > maxBytes) {
      const first = entries.get(oldest++)
      if (first) drop(first)
    }
  }
  function add(request: MockRequest, reply: Reply | undefined, body: SentBody): Entry {
    const { method, target, headers } = request
    const head = writeHead({ method, target, headers, reply })
    const sent = inOnePiece(body)
    const isShortRequest = isShort(request.body)
    const isShortReply = sent !== undefined && isShort(sent)
    const entry: Entry = {
      number: ++count,
      sentAtMs: realTime.now() - startedAt,
      stored: pages.put([head, isShortRequest ? request.body : "", isShortReply ? sent : ""]),
      // A copy: the bodies of node's requests are slices of 64 KiB, which would be kept alive.
      request: isShortRequest ? undefined : new Uint8Array(request.body),
      reply: isShortReply ? undefined : body,
      bytes: 0,
    }
    entries.set(entry.number, entry)
    grow(entry, request.body.length + sizeOf(body))
    return entry
  }
  const isDropped = (request: MockRequest) => maxExchanges === 0 || request.body.length > maxBytes
  return {
    recordAborted(request) {
      if (!isDropped(request)) add(request, undefined, "")
    },
    record(request, reply) {
      if (isDropped(request)) return reply
      const { body } = reply
      const sent: Frame[] = []
      const isWhole = typeof body === "string" || "byteLength" in body || Array.isArray(body)
      const entry = add(request, reply, isWhole ? body : sent)
      if (isWhole) return reply
      const keep = (frame: Frame) => {
        if (entries.has(entry.number)) sent.push(frame)
        grow(entry, frame.bytes.length + frameBytes)
      }
      return { ...reply, body: Symbol.asyncIterator in body ? watchedAsync(body, keep) : watched(body, keep) }
    },
    read: () => [...entries.values()].map((entry) => toExchange(entry, pages.read(entry.stored))),
    clear(scope) {
      for (const entry of [...entries.values()]) {
        const isMeant = scope === undefined || scopeOf(pages.read(entry.stored)) === scope
        if (isMeant) drop(entry)
      }
    },
  }
}

/** Returns a body that is one text or one run of bytes: those of several frames remain apart. */
function inOnePiece(body: SentBody): string | Uint8Array | undefined {
  if (typeof body === "string" || body instanceof Uint8Array) return body
  return Array.isArray(body) && body.length === 1 ? body[0]?.bytes : undefined
}

const headIn = ([head]: readonly Uint8Array[]): Head => readHead(fromUtf8.decode(head))

const scopeOf = (stored: readonly Uint8Array[]) => headerOf(headIn(stored).headers, "x-mock-scope") ?? ""

function sizeOf(body: SentBody): number {
  if (typeof body === "string") return body.length
  if ("byteLength" in body) return body.byteLength
  return body.reduce((sum, { bytes }) => sum + bytes.length, 0)
}

function* watched(frames: Iterable<Frame>, keep: (frame: Frame) => void): Iterable<Frame> {
  for (const frame of frames) {
    keep(frame)
    yield frame
  }
}

async function* watchedAsync(
  frames: AsyncIterable<Frame>,
  keep: (frame: Frame) => void,
): AsyncIterable<Frame> {
  for await (const frame of frames) {
    keep(frame)
    yield frame
  }
}

const endKinds: Readonly<Record<Reply["end"], ExchangeEnd["kind"]>> = {
  complete: "complete",
  reset: "truncated",
  "early-close": "truncated",
  hang: "timeout",
}

function endOf(reply: Head["reply"]): ExchangeEnd {
  if (reply === undefined) return { kind: "aborted", stage: "connect", atMs: 0 }
  const { end, head } = reply
  if (head?.withheld) return { kind: end === "hang" ? "timeout" : "network", stage: "connect", atMs: 0 }
  return { kind: endKinds[end], ...(end !== "complete" && { stage: "body" }), atMs: 0 }
}

function toExchange(entry: Entry, stored: readonly Uint8Array[]): Exchange {
  const [, storedRequest, storedReply] = stored
  const { method, target, headers, reply } = headIn(stored)
  return {
    v: 1,
    id: String(entry.number),
    request: {
      method,
      target: target.startsWith("/") ? `http://${headerOf(headers, "host") ?? "localhost"}${target}` : target,
      headers,
      body: new Uint8Array(entry.request ?? storedRequest ?? []),
      sentAtMs: entry.sentAtMs,
    },
    ...(reply !== undefined &&
      !reply.head?.withheld && {
        response: {
          status: reply.status,
          headers: reply.headers,
          trailers: [],
          chunks: chunksOf(entry.reply ?? storedReply ?? ""),
        },
      }),
    end: endOf(reply),
    // What was handed to the host; the mock does not measure when it arrived.
    fidelity: { bytes: true, timing: false },
  }
}

function chunksOf(body: SentBody): ReceivedChunk[] {
  const bytes = typeof body === "string" ? utf8.encode(body) : body
  const frames = bytes instanceof Uint8Array ? [{ bytes }] : bytes
  return Array.from(frames, ({ bytes }) => ({ atMs: 0, bytes }))
}
