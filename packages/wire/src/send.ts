import http from "node:http"
import https from "node:https"
import type { Exchange, ExchangeEnd, Intent, ReceivedChunk } from "./exchange.ts"
import type { Header } from "./reply.ts"

/** A request as it is to stand on the wire. */
export interface WireRequest {
  readonly method: string
  /** Absolute, `http:` or `https:`. */
  readonly url: string
  /**
   * Sent as they are, before those that HTTP needs besides and that are not among them: `host`, `connection`,
   * `content-length`, and `accept-encoding: identity`.
   */
  readonly headers: readonly Header[]
  readonly body: Uint8Array
  readonly intent?: Intent
  /** Hang up once so many bytes of the response's body have come. Default: never. */
  readonly hangUpAfterBytes?: number
}

/**
 * The asking seam: one request out, one exchange back. Whatever a server does, or is not there to do, is an
 * exchange; it rejects only for a request that cannot be put on the wire. When `signal` fires it hangs up.
 */
export type Send = (request: WireRequest, options?: { readonly signal?: AbortSignal }) => Promise<Exchange>

export interface SendConfig {
  /** Ms for each step forward: to connect, until the head is there, and from one piece of body to the next. */
  readonly timeoutMs: number
  /** Ms for the whole exchange, so that a stream that never ends does. */
  readonly maxDurationMs: number
  /** How much of a response body is read, as it comes over the wire. */
  readonly maxBodyBytes: number
  /** Monotonic ms since the run began. */
  readonly clock: () => number
  /** The only certificate authorities to trust, PEM. Default: those of Node. */
  readonly ca?: string
}

/** A sender, and how to close the connections that it keeps. */
export interface Sender {
  readonly send: Send
  close(): void
}

/** A body in pieces of one byte would cost some hundred times its size. */
const maxChunks = 100_000

/**
 * Node gives up on each address of a name but the last after 250 ms, which a far server does not always keep
 * (nodejs/node#54359).
 */
const addressTimeoutMs = 2_000

/** A sender over kept connections: it follows no redirects, decodes nothing and logs nothing. */
export function createSend(config: SendConfig): Sender {
  const connection = {
    autoSelectFamilyAttemptTimeout: addressTimeoutMs,
    ...(config.ca !== undefined && { ca: config.ca }),
  }
  const kept = { ...connection, keepAlive: true }
  const schemes = {
    "http:": { start: http.request, kept: new http.Agent(kept), fresh: new http.Agent(connection) },
    "https:": { start: https.request, kept: new https.Agent(kept), fresh: new https.Agent(connection) },
  }
  let sent = 0

  return {
    async send(request, { signal } = {}) {
      const url = new URL(request.url)
      if (url.protocol !== "http:" && url.protocol !== "https:") {
        throw new TypeError(`Cannot send to ${url.protocol} URLs: give one of http: or https:.`)
      }
      const scheme = schemes[url.protocol]
      const whole = { ...request, headers: [...request.headers, ...missingHeaders(request, url)] }
      const id = String(++sent)
      const attempt = (agent: http.Agent): Promise<Exchange> => {
        const start = () =>
          scheme.start({
            agent,
            method: request.method,
            hostname: url.hostname.replace(/^\[|\]$/g, ""),
            port: url.port,
            path: url.pathname + url.search,
            // Node passes an array on as it is, in its order and with its duplicates.
            headers: whole.headers.flat(),
          })
        return converse({ id, request: whole, start, again: () => attempt(scheme.fresh), signal }, config)
      }
      return attempt(scheme.kept)
    },
    close() {
      for (const scheme of Object.values(schemes)) {
        scheme.kept.destroy()
        scheme.fresh.destroy()
      }
    },
  }
}

function missingHeaders({ method, headers, body }: WireRequest, url: URL): Header[] {
  const given = new Set(headers.map(([name]) => name.toLowerCase()))
  const needed: Header[] = [
    ["host", url.host],
    ["connection", "keep-alive"],
    ["accept-encoding", "identity"],
  ]
  const hasBody = body.length > 0 || ["POST", "PUT", "PATCH"].includes(method)
  if (hasBody && !given.has("transfer-encoding")) needed.push(["content-length", String(body.length)])
  return needed.filter(([name]) => !given.has(name))
}

interface Conversation {
  readonly id: string
  readonly request: WireRequest
  readonly start: () => http.ClientRequest
  /** The same on a connection that was not used before. */
  readonly again: () => Promise<Exchange>
  readonly signal: AbortSignal | undefined
}

/** Starts a request and follows it to its end, whatever that is. */
function converse(
  { id, request, start, again, signal }: Conversation,
  { timeoutMs, maxDurationMs, maxBodyBytes, clock }: SendConfig,
): Promise<Exchange> {
  return new Promise((resolve) => {
    const sentAtMs = clock()
    const sinceSent = () => clock() - sentAtMs
    const chunks: ReceivedChunk[] = []
    let received = 0
    let stage: NonNullable<ExchangeEnd["stage"]> = "connect"
    let incoming: http.IncomingMessage | undefined
    let errorCode: string | undefined
    let bytesReadBefore = 0
    let settled = false

    const outgoing = start()
    const idle = setTimeout(() => finish("timeout", "timeoutMs"), timeoutMs)
    const total = setTimeout(() => finish("limit", "maxDurationMs"), maxDurationMs)
    const abort = () => finish("aborted")
    signal?.addEventListener("abort", abort)

    const settle = (outcome: () => Exchange | Promise<Exchange>) => {
      if (settled) return
      settled = true
      clearTimeout(idle)
      clearTimeout(total)
      signal?.removeEventListener("abort", abort)
      resolve(outcome())
    }

    const finish = (kind: ExchangeEnd["kind"], code = errorCode) =>
      settle(() => {
        if (kind !== "complete") outgoing.destroy()
        return {
          v: 1,
          id,
          ...(request.intent && { intent: request.intent }),
          request: {
            method: request.method,
            target: request.url,
            headers: request.headers,
            body: request.body,
            sentAtMs,
          },
          ...(incoming && {
            response: {
              // The parser gives every response that it lets through a status.
              status: incoming.statusCode as number,
              headers: pairs(incoming.rawHeaders),
              trailers: pairs(incoming.rawTrailers),
              chunks,
            },
          }),
          end: {
            kind,
            ...(code !== undefined && { code }),
            ...(kind !== "complete" && { stage }),
            atMs: sinceSent(),
          },
          fidelity: { bytes: true, timing: true },
        }
      })

    const reach = (next: typeof stage) => {
      stage = next
      idle.refresh()
    }

    const receive = (bytes: Buffer) => {
      idle.refresh()
      const taken = bytes.subarray(0, maxBodyBytes - received)
      received += taken.length
      if (taken.length > 0) {
        chunks.push({
          atMs: sinceSent(),
          bytes: new Uint8Array(taken.buffer, taken.byteOffset, taken.length),
        })
      }
      if (received >= (request.hangUpAfterBytes ?? Number.POSITIVE_INFINITY)) finish("aborted")
      else if (taken.length < bytes.length) finish("limit", "maxBodyBytes")
      else if (chunks.length === maxChunks) finish("limit", "maxChunks")
    }

    outgoing.maxHeadersCount = 0
    outgoing.on("socket", (socket) => {
      bytesReadBefore = socket.bytesRead
      if (outgoing.reusedSocket) reach("head")
      else socket.once("encrypted" in socket ? "secureConnect" : "connect", () => reach("head"))
    })
    outgoing.on("information", () => idle.refresh())
    outgoing.on("response", (response) => {
      incoming = response
      reach("body")
      response.on("data", receive)
      response.on("end", () => finish("complete"))
      // Told by `close`, with the error of the request when there was one; this one says no more than that.
      response.on("error", () => {})
      response.on("close", () => finish("truncated"))
    })
    outgoing.on("upgrade", (response, socket) => {
      incoming = response
      finish("complete")
      socket.destroy()
    })
    outgoing.on("error", (error: NodeJS.ErrnoException) => {
      errorCode ??= closedByPeer(error) ? undefined : error.code
      if (incoming) return
      // The server closed a kept connection as the request went out: every client sends it once more.
      const stale = outgoing.reusedSocket && outgoing.socket?.bytesRead === bytesReadBefore
      if (stale && (error.code === "ECONNRESET" || error.code === "EPIPE")) settle(again)
      else finish("network")
    })

    if (signal?.aborted) abort()
    else outgoing.end(request.body)
  })
}

/** Node's word for a connection that was closed in good order, but too early; no system call failed. */
const closedByPeer = (error: NodeJS.ErrnoException) =>
  error.code === "ECONNRESET" && error.syscall === undefined

const pairs = (raw: readonly string[]): Header[] =>
  raw.flatMap((name, index) => (index % 2 === 0 ? [[name, raw[index + 1] ?? ""]] : []))
