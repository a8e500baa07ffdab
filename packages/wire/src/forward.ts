import type { IncomingMessage, ServerResponse } from "node:http"
import type { Exchange } from "./exchange.ts"
import { type Header, headerOf } from "./reply.ts"
import { createSend, type ResponseHead } from "./send.ts"

/** How long an upstream may take, in ms: as long as the SDKs of OpenAI wait, and an hour for a whole stream. */
const timeoutMs = 600_000
const maxDurationMs = 3_600_000
/** The maximum size of a reply that is kept, in bytes and in chunks. A larger one is passed on only (chosen). */
const maxKeptBytes = 64 * 2 ** 20
const maxChunks = 1_000_000

/** Headers of one connection (RFC 9110, section 7.6.1), and those that the client of the upstream sets. */
const ownHeaders =
  /^(?:connection|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|host|content-length|expect)$/i
const connectionHeaders = /^(?:connection|keep-alive|proxy-connection|transfer-encoding|upgrade)$/i

/** A request of a client, as it was received. */
export interface ReceivedRequest {
  readonly method: string
  /** Path and query. */
  readonly target: string
  readonly headers: readonly Header[]
  readonly body: Uint8Array
}

/** How requests are passed on. */
export interface ForwarderOptions {
  /** Base URL of the upstream, such as `https://api.openai.com/v1`. It replaces the `/v1` of this server. */
  readonly upstream: string
  /** Maximum size of a request body in bytes; a larger one is answered with 413. */
  readonly maxRequestBytes: number
  /** `error.code` of the errors of the forwarder itself. */
  readonly code: string
  /** Headers that are not passed on, besides those of the connection. Default: none. */
  readonly droppedHeaders?: RegExp
  /** Returns why a request is answered with 400 and not passed on. Default: every request is passed on. */
  readonly refusal?: (headers: readonly Header[]) => string | undefined
  /** Called with each exchange before its reply ends. */
  readonly onExchange?: (exchange: Exchange, request: ReceivedRequest) => void
  /** Called with each exchange after its reply has ended. */
  readonly onEnd?: (exchange: Exchange) => void
  /** Called when a request cannot be passed on. */
  readonly onError: (message: string) => void
}

/** A reverse proxy as a function for a server of Node. */
export interface Forwarder {
  /**
   * Passes a request on. Calls `onExchange`, like that of the options, for this request alone, and `onRefusal` with the
   * status and the message of an error of the forwarder itself.
   */
  handle(
    request: IncomingMessage,
    response: ServerResponse,
    onExchange?: ForwarderOptions["onExchange"],
    onRefusal?: (status: number, message: string) => void,
  ): void
  close(): void
}

/**
 * Creates a reverse proxy that passes bytes on as they arrive, and ends a reply as the upstream ended it: complete, cut
 * off or reset.
 */
export function createForwarder(options: ForwarderOptions): Forwarder {
  const { upstream, maxRequestBytes, code, droppedHeaders, refusal, onExchange, onEnd, onError } = options
  const beganAt = performance.now()
  const clock = () => performance.now() - beganAt
  const sender = createSend({
    timeoutMs,
    maxDurationMs,
    maxBodyBytes: Number.POSITIVE_INFINITY,
    maxKeptBytes,
    maxChunks,
    clock,
    loopClock: clock,
  })
  const pass = async (
    ...[request, response, note, onRefusal]: Parameters<Forwarder["handle"]>
  ): Promise<void> => {
    const refuse = (status: number, message: string) => {
      onRefusal?.(status, message)
      sendError(response, status, message, code)
    }
    const headers = headersOf(request)
    const why = refusal?.(headers)
    if (why !== undefined) return refuse(400, why)
    const body = await bodyOf(request, maxRequestBytes)
    if (body === "left") return
    if (body === "too-large") return refuse(413, `The request body exceeds ${maxRequestBytes} bytes.`)
    const left = new AbortController()
    const passage = createPassage(response, refuse)
    // SDKs do not read the errors after which they retry, and a recording needs them.
    response.once("close", () => response.statusCode < 400 && left.abort())
    const { method = "GET", url: target = "/" } = request
    const exchange = await sender.send(
      {
        method,
        url: upstreamUrl(upstream, target),
        headers: headers.filter(([name]) => !ownHeaders.test(name) && !droppedHeaders?.test(name)),
        body,
      },
      {
        signal: left.signal,
        onHead: (head) => passage.head(head),
        onChunk: (bytes) => passage.chunk(bytes),
      },
    )
    for (const each of [onExchange, note]) each?.(exchange, { method, target, headers, body })
    passage.finish(exchange)
    onEnd?.(exchange)
  }
  return {
    handle(...given) {
      const [, response] = given
      pass(...given).catch((error: Error) => {
        // A request that node receives and does not send, which must not end the server.
        onError(`a request cannot be passed on: ${error.message}`)
        response.destroy()
      })
    },
    close: () => sender.close(),
  }
}

function headersOf({ rawHeaders }: IncomingMessage): Header[] {
  return rawHeaders.flatMap((name, at): Header[] => (at % 2 === 0 ? [[name, rawHeaders[at + 1] ?? ""]] : []))
}

async function bodyOf(
  request: IncomingMessage,
  maxRequestBytes: number,
): Promise<Uint8Array | "too-large" | "left"> {
  const chunks: Buffer[] = []
  let length = 0
  try {
    for await (const chunk of request) {
      length += chunk.length
      // The rest is read and dropped, so that the client can read the reply.
      if (length <= maxRequestBytes) chunks.push(chunk)
      else if (length > 2 * maxRequestBytes) return "too-large"
    }
  } catch {
    return "left"
  }
  return length > maxRequestBytes ? "too-large" : Buffer.concat(chunks)
}

/** Returns the URL of the upstream for a request target: the base path is replaced, other paths are kept. */
export function upstreamUrl(upstream: string, target: string): string {
  const base = new URL(upstream)
  // A path that does not begin with a slash would change the host.
  const path = target.replace(/^https?:\/\/[^/?]*/i, "").replace(/^(?!\/)/, "/")
  const hasBasePath = base.pathname !== "/"
  const below = hasBasePath ? path.replace(/^\/v1(?=[/?]|$)/, "") : path
  const isBelow = !hasBasePath || below !== path
  return base.origin + (isBelow ? base.pathname.replace(/\/$/, "") : "") + below
}

/** Passes a reply on as it arrives, except for its end: a client that has seen it finds the exchange in the file. */
interface Passage {
  head(head: ResponseHead): void
  chunk(bytes: Uint8Array): void
  /** Ends the reply as that of the upstream ended. */
  finish(exchange: Exchange): void
}

function createPassage(response: ServerResponse, refuse: (status: number, message: string) => void): Passage {
  let bytesLeft = Number.POSITIVE_INFINITY
  let last: Uint8Array | undefined
  return {
    head({ status, statusText, headers }) {
      const length = headerOf(headers, "content-length")
      const hasBody = response.req.method !== "HEAD" && status !== 204 && status !== 304 && length !== "0"
      if (length !== undefined) bytesLeft = Number(length)
      try {
        response.writeHead(
          status,
          statusText,
          headers.filter(([name]) => !connectionHeaders.test(name)).flat(),
        )
        // Without a body, the head is the end.
        if (hasBody) response.flushHeaders()
      } catch {
        // Node does not send every header that it reads.
        response.destroy()
      }
    },
    chunk(bytes) {
      bytesLeft -= bytes.length
      // The last byte of an announced length is the end of the reply.
      if (bytesLeft <= 0) last = bytes
      else if (!response.destroyed) response.write(bytes)
    },
    finish({ request, response: received, end }) {
      if (response.destroyed) return
      if (!response.headersSent && !received) {
        const { host } = new URL(request.target)
        refuse(502, `The upstream ${host} did not reply (${end.code ?? end.kind}).`)
      } else if (end.kind === "complete" || end.code === "maxKeptBytes") {
        response.addTrailers(received?.trailers.map(([...line]) => line) ?? [])
        response.end(last)
      } else if (end.code === "ECONNRESET") response.socket?.resetAndDestroy()
      else response.socket?.end()
    },
  }
}

function sendError(response: ServerResponse, status: number, message: string, code: string): void {
  const type = status < 500 ? "invalid_request_error" : "server_error"
  const body = JSON.stringify({ error: { message, type, param: null, code } })
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
  })
  response.end(body)
}
