import type { Frame } from "@nexhina/stream"
import type { Header, Reply } from "@nexhina/wire"
import type { Mock } from "../mock.ts"
import { realTime } from "../real-time.ts"
import { concatBytes } from "../request/concat-bytes.ts"
import { createWait } from "./timer.ts"
import { defaultMaxBodyBytes } from "./too-large.ts"

/** Options of `toFetch` and `toMsw`. */
export interface FetchOptions {
  /** Maximum size of a request body, in bytes; a larger one gets a 413. Default: 32 MiB. */
  readonly maxBodyBytes?: number
  /** Waits for a number of milliseconds, or rejects when the signal aborts. Default: a timer. */
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<unknown>
  /** Reads the clock that replies are scheduled by, in milliseconds. Default: `performance.now`. */
  readonly now?: () => number
}

/**
 * Creates a function like `fetch` that passes web requests to a mock in the same process. What a `Response` cannot
 * express is converted as `fetch` does: a truncated reply has a body that errors, and duplicate headers are joined.
 */
export function toFetch(
  mock: Pick<Mock, "handle">,
  options: FetchOptions = {},
): (request: Request) => Promise<Response> {
  const { maxBodyBytes = defaultMaxBodyBytes } = options
  const now = options.now ?? realTime.now
  return async (request) => {
    const body = await readBody(request, maxBodyBytes)
    const arrivedAt = now()
    const left = new AbortController()
    request.signal.addEventListener("abort", () => left.abort(request.signal.reason))
    const wait = createWait(left.signal, options.sleep)
    const until: Until = async (atMs) => {
      const ms = atMs - (now() - arrivedAt)
      if (ms > 0) await wait(ms)
    }
    const headers: Header[] = [...request.headers]
    const head = { method: request.method, target: request.url, headers, signal: request.signal }
    const reply = await mock.handle(
      body === undefined
        ? { ...head, body: new Uint8Array(), exceededBytes: maxBodyBytes }
        : { ...head, body },
    )
    if (reply.head) await until(reply.head.atMs)
    request.signal.throwIfAborted()
    // An interim response is not one that `fetch` returns.
    if (reply.head?.withheld || reply.status < 200) return withheld(reply.end, request.signal)
    return toResponse(reply, request, until, () => left.abort())
  }
}

/** Rejects as `fetch` does when the connection ends without a reply, or when the caller stops waiting for one. */
function withheld(end: Reply["end"], signal: AbortSignal): Promise<never> {
  if (end !== "hang") throw new TypeError("fetch failed")
  return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)))
}

/** Waits until a time, in milliseconds since the request arrived; not at all when it has passed. */
type Until = (atMs: number) => Promise<void>

/** Returns the whole body; undefined as soon as it is too large. */
async function readBody(request: Request, limit: number): Promise<Uint8Array | undefined> {
  const reader: ReadableStreamDefaultReader<Uint8Array> | undefined = request.body?.getReader()
  const chunks: Uint8Array[] = []
  let length = 0
  for (let read = await reader?.read(); read && !read.done; read = await reader?.read()) {
    length += read.value.length
    if (length > limit) {
      // Not awaited: if the request was cloned, it would wait for a reader of the clone.
      reader?.cancel().catch(() => {})
      return undefined
    }
    chunks.push(read.value)
  }
  return concatBytes(chunks, length)
}

function toResponse(reply: Reply, request: Request, until: Until, onLeft: () => void): Response {
  const { status, body, end } = reply
  const headers = new Headers()
  for (const [name, value] of reply.headers) headers.append(name, value)
  const whole = typeof body === "string" || body instanceof Uint8Array
  const bodiless = request.method === "HEAD" || status === 204 || status === 304
  if (bodiless) return new Response(null, { status, headers })
  if (whole && end === "complete") return new Response(body, { status, headers })
  return new Response(
    toStream(
      whole ? [{ bytes: typeof body === "string" ? new TextEncoder().encode(body) : body }] : body,
      end,
      request.signal,
      until,
      onLeft,
    ),
    {
      status,
      headers,
    },
  )
}

/** Converts frames to a stream that produces a frame per read and stops when the reader cancels. */
function toStream(
  frames: Iterable<Frame> | AsyncIterable<Frame>,
  end: Reply["end"],
  signal: AbortSignal,
  until: Until,
  onLeft: () => void,
): ReadableStream<Uint8Array> {
  const iterator = Symbol.asyncIterator in frames ? frames[Symbol.asyncIterator]() : frames[Symbol.iterator]()
  return new ReadableStream(
    {
      start(controller) {
        signal.addEventListener("abort", () => controller.error(signal.reason))
      },
      async pull(controller) {
        const { value: frame, done } = await iterator.next()
        if (!done) {
          if (frame.atMs !== undefined) await until(frame.atMs)
          if (!signal.aborted) controller.enqueue(frame.bytes)
        } else if (end === "complete") controller.close()
        else if (end === "hang") await new Promise(() => {})
        else controller.error(new TypeError("terminated"))
      },
      async cancel() {
        onLeft()
        await iterator.return?.()
      },
    },
    // No read-ahead: an error would discard chunks that have not been read.
    { highWaterMark: 0 },
  )
}
