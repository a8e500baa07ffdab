import type { IncomingMessage, ServerResponse } from "node:http"
import { limits } from "@nexhina/mock"
import {
  createSend,
  createWriter,
  credentialsIn,
  type Exchange,
  type Header,
  headerOf,
  type Reply,
  type ResponseHead,
} from "@nexhina/wire"
import type { NoteReply } from "./log.ts"
import { createAppender, fileNameOf } from "./recordings-folder.ts"

/** What to record, and where. */
export interface RecordSettings {
  /** Base URL of the upstream, such as `https://api.openai.com/v1`. It replaces the `/v1` of this server. */
  readonly upstream: string
  readonly folder: string
}

/** Replies to a request. Calls `note` for the log when the exchange has ended. */
export type Recorder = (request: IncomingMessage, response: ServerResponse, note: NoteReply) => void

/** How long an upstream may take, in ms: as long as the SDKs of OpenAI wait, and an hour for a whole stream. */
const timeoutMs = 600_000
const maxDurationMs = 3_600_000
/** The maximum size of a reply that is recorded, in bytes and in chunks. A larger one is passed on only (chosen). */
const maxKeptBytes = 64 * 2 ** 20
const maxChunks = 1_000_000
/** Credentials that are remembered, so that later replies that contain them do not reach the files (chosen). */
const maxSecrets = 1_000

/** Headers of one connection (RFC 9110, section 7.6.1), those that the client of the upstream sets, and our own. */
const ownHeaders =
  /^(?:connection|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|host|content-length|expect|x-mock-.*)$/i
const connectionHeaders = /^(?:connection|keep-alive|proxy-connection|transfer-encoding|upgrade)$/i

/**
 * Creates a proxy that records. Bytes are passed on as they arrive, and an exchange is appended to its file, without
 * credentials, before its reply ends. Errors of writing a file are given to `onError`, and the proxy goes on.
 */
export function createRecorder(
  { upstream, folder }: RecordSettings,
  onError: (message: string) => void,
): Recorder {
  const startedAt = new Date()
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
  const append = createAppender(folder, startedAt)
  const secrets = new Set<string>()

  function write(file: string, exchange: Exchange): void {
    for (const secret of credentialsIn(exchange)) secrets.add(secret)
    for (const oldest of secrets) if (secrets.size > maxSecrets) secrets.delete(oldest)
    const lines: string[] = []
    createWriter({ write: (line) => lines.push(line), secrets: [...secrets] }).exchange(exchange)
    try {
      append(file, lines)
    } catch (error) {
      onError(`an exchange is not recorded: ${(error as Error).message}`)
    }
    if (exchange.end.kind === "limit") {
      onError(`an exchange cannot be replayed: its reply exceeds a limit (${exchange.end.code})`)
    }
  }

  return async (request, response, note) => {
    const headers = headersOf(request)
    const file = fileNameOf(headerOf(headers, "x-mock-recording") || headerOf(headers, "x-mock-scope"))
    if (file === undefined) return refuse(response, 400, "The name in 'x-mock-recording' is too long.")
    const body = await bodyOf(request)
    if (body === "left") return
    if (body === "too-large")
      return refuse(response, 413, `The request body exceeds ${maxRequestBytes} bytes.`)
    const left = new AbortController()
    const passage = createPassage(response)
    // SDKs do not read the errors after which they retry, and a replay needs them.
    response.once("close", () => response.statusCode < 400 && left.abort())
    const exchange = await sender.send(
      {
        method: request.method ?? "GET",
        url: upstreamUrl(upstream, request.url ?? "/"),
        headers: headers.filter(([name]) => !ownHeaders.test(name)),
        body,
      },
      {
        signal: left.signal,
        onHead: (head) => passage.head(head),
        onChunk: (bytes) => passage.chunk(bytes),
      },
    )
    write(file, exchange)
    note({ method: exchange.request.method, target: request.url ?? "/", headers, body }, toReply(exchange))
    passage.finish(exchange)
  }
}

function headersOf({ rawHeaders }: IncomingMessage): Header[] {
  return rawHeaders.flatMap((name, at): Header[] => (at % 2 === 0 ? [[name, rawHeaders[at + 1] ?? ""]] : []))
}

const maxRequestBytes = limits.bodyBytes.max

async function bodyOf(request: IncomingMessage): Promise<Uint8Array | "too-large" | "left"> {
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

function createPassage(response: ServerResponse): Passage {
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
        refuse(response, 502, `The upstream ${host} did not reply (${end.code ?? end.kind}).`)
      } else if (end.kind === "complete" || end.code === "maxKeptBytes") {
        response.addTrailers(received?.trailers.map(([...line]) => line) ?? [])
        response.end(last)
      } else if (end.code === "ECONNRESET") response.socket?.resetAndDestroy()
      else response.socket?.end()
    },
  }
}

function refuse(response: ServerResponse, status: number, message: string): void {
  const type = status < 500 ? "invalid_request_error" : "server_error"
  const body = JSON.stringify({ error: { message, type, param: null, code: "recorder" } })
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
  })
  response.end(body)
}

/** Returns a recorded reply in the form in which the log reads it. */
function toReply({ response }: Exchange): Reply {
  return {
    status: response?.status ?? 502,
    headers: response?.headers ?? [],
    body: response?.chunks ?? [],
    end: "complete",
  }
}
