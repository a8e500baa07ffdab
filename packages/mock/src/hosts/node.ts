import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from "node:http"
import type { AddressInfo, Socket } from "node:net"
import { setImmediate as turn } from "node:timers/promises"
import type { Frame } from "@nexhina/stream"
import { createCollector, type Header, type MockRequest, type Reply } from "@nexhina/wire"
import { requireKnownNames } from "../known-names.ts"
import { limits } from "../limits.ts"
import { createKnownMock, type Mock, type MockOptions, mockOptionNames } from "../mock.ts"
import { realTime } from "../real-time.ts"
import { acceptedKey } from "../request/authenticate.ts"
import { basePath } from "../request/route.ts"
import { type CutReason, markCut } from "./cut.ts"
import { createMalformedRefusal, faultOf, noRoom } from "./refused.ts"
import { createRequestBodies, longBody, type UnreadBody } from "./request-bodies.ts"
import { send } from "./send.ts"
import { cutSlowClients, defaultSlowClientLimits } from "./slow-clients.ts"
import { defaultMaxBodyBytes } from "./too-large.ts"

export { type CutReason, cutReason } from "./cut.ts"

/** Options of `toNode`. */
export interface NodeOptions {
  /** Maximum size of a request body, in bytes; a larger one gets a 413. Default: 32 MiB. */
  readonly maxBodyBytes?: number
  /** Waits for a number of milliseconds, or rejects when the signal aborts. Default: a timer. */
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<unknown>
  /** Reads the clock that replies are scheduled by, in milliseconds. Default: `performance.now`. */
  readonly now?: () => number
  /** Called with each reply before it is sent, such as by a log. Default: ignored. */
  readonly onReply?: (asked: MockRequest, reply: Reply, response: ServerResponse) => void
  /** Called when the mock rejects or a reply's body throws. The connection is destroyed. Default: ignored. */
  readonly onCrash?: (error: unknown) => void
}

/**
 * Creates a listener for `node:http` that passes requests to a mock. It sends replies with full fidelity: schedules,
 * truncated bodies, resets, replies that never end, duplicate headers, wrong lengths.
 */
export function toNode(mock: Pick<Mock, "handle">, options: NodeOptions = {}): RequestListener {
  const { maxBodyBytes = defaultMaxBodyBytes, onReply = () => {}, onCrash = () => {}, sleep } = options
  const collect = createCollector(collectedBytes)
  const handled = (length: number) => {
    // After the reply.
    if (length > longBody) realTime.nextTurn(() => collect(length))
  }
  const bodies = createRequestBodies({ maxBodyBytes, onReleased: handled })
  const now = options.now ?? realTime.now
  const unread: Readonly<Record<UnreadBody, Partial<MockRequest>>> = {
    "too large": { exceededBytes: maxBodyBytes },
    "no room": { fault: noRoom },
  }
  return (request, response) => {
    const crash = (error: unknown) => {
      markCut(request.socket, "cut by an error")
      response.destroy()
      onCrash(error)
    }
    const reply = (received: MockRequest, release: () => void) => {
      const arrivedAt = now()
      const elapsed = () => now() - arrivedAt
      // Replies of one turn of the event loop are written together: waking an idle client costs as much as a reply,
      // and so it is woken once for many.
      mock.handle(received).then(
        (reply) => {
          release()
          onReply(received, reply, response)
          handled(lengthOf(reply.body))
          realTime.nextTurn(() => send(reply, response, { elapsed, sleep }).catch(crash))
        },
        (error) => {
          release()
          crash(error)
        },
      )
    }
    const fault = faultOf(request)
    if (fault !== undefined) {
      // Its body, if any, is not read.
      response.shouldKeepAlive = false
      reply({ ...new NodeRequest(request, response, noBody), fault }, () => {})
      return
    }
    bodies.read(request, (body, release) => {
      if (typeof body !== "string") reply(new NodeRequest(request, response, body), release)
      else reply({ ...new NodeRequest(request, response, noBody), ...unread[body] }, release)
    })
  }
}

/** Bytes of long bodies, of requests and replies, after which what was made of them is collected (chosen). */
const collectedBytes = 2 ** 24

/** Returns the bytes of a body that is there as a whole; of a text, its characters. */
function lengthOf(body: Reply["body"]): number {
  if (typeof body === "string" || body instanceof Uint8Array) return body.length
  return Array.isArray(body) ? body.reduce((sum: number, { bytes }: Frame) => sum + bytes.length, 0) : 0
}

const noBody = new Uint8Array()

/** A request of `node:http`. A class, because a getter of an object literal takes five times as long to create. */
class NodeRequest implements MockRequest {
  readonly method: string
  readonly target: string
  readonly headers: readonly Header[]
  readonly body: Uint8Array
  readonly #socket: Socket
  readonly #response: ServerResponse
  #signal: AbortSignal | undefined

  constructor(
    { method = "GET", url = "/", rawHeaders, socket }: IncomingMessage,
    response: ServerResponse,
    body: Uint8Array,
  ) {
    const headers: Header[] = []
    for (let i = 0; i < rawHeaders.length; i += 2)
      headers.push([rawHeaders[i] ?? "", rawHeaders[i + 1] ?? ""])
    this.method = method
    this.target = url
    this.headers = headers
    this.body = body
    this.#socket = socket
    this.#response = response
  }

  /** Created when it is first read: most requests are answered at once. */
  get signal(): AbortSignal {
    this.#signal ??= hangUpSignal(this.#socket, this.#response)
    return this.#signal
  }
}

/** Returns a signal that aborts when the connection closes before the response has been sent. */
function hangUpSignal(socket: Socket, response: ServerResponse): AbortSignal {
  const hangUp = new AbortController()
  const abort = () => hangUp.abort()
  if (socket.destroyed) abort()
  // Not the response: that of a pipelined request has no connection yet. Each of those listens.
  socket.setMaxListeners(0).once("close", abort)
  response.once("finish", () => socket.off("close", abort))
  return hangUp.signal
}

/** Options of `startMock`. */
export interface StartOptions extends MockOptions, NodeOptions {
  /** Called with unexpected exceptions, of the mock or of sending a reply. Default: ignored. */
  readonly onCrash?: (error: unknown) => void
  /** Address to listen on. Default: `127.0.0.1`. */
  readonly host?: string
  /** Port to listen on; 0 selects a free one. Default: 0. */
  readonly port?: number
  /** A mock to serve instead of a new one; the options of `createMock` are then ignored. It is closed with the server. */
  readonly mock?: Mock
  /** Milliseconds after which `drain` cuts the replies that are left. Default: 5,000. */
  readonly drainMs?: number
  /** Milliseconds without progress after which a reply is cut that its client does not read. Default: 30,000. */
  readonly writeTimeoutMs?: number
  /** Called with every request before the mock. Returns whether it has taken over the response. Default: never. */
  readonly intercept?: (request: IncomingMessage, response: ServerResponse) => boolean
}

/** A mock that listens for HTTP requests. */
export interface MockServer extends AsyncDisposable {
  /** Scheme, host and port, such as `http://127.0.0.1:4010`. */
  readonly url: string
  /** Base URL for clients, such as `http://127.0.0.1:4010/v1`. */
  readonly baseURL: string
  /** A key that the mock accepts. */
  readonly apiKey: string
  readonly mock: Mock
  /** Stops accepting connections, and resolves when all replies have been sent, after `drainMs` at the latest. */
  drain(): Promise<void>
  /** Destroys all connections, and resolves when the port is free. */
  close(): Promise<void>
}

/** Milliseconds that an idle connection stays open. Longer than clients wait between requests of a run (chosen). */
const keepAliveTimeout = 60_000

const startOptionNames = [
  ...mockOptionNames,
  ...Object.keys({
    maxBodyBytes: true,
    sleep: true,
    now: true,
    onReply: true,
    onCrash: true,
    host: true,
    port: true,
    mock: true,
    drainMs: true,
    writeTimeoutMs: true,
    intercept: true,
  } satisfies Record<Exclude<keyof StartOptions, keyof MockOptions> | "onCrash", true>),
]

/**
 * Starts a mock on a port of this machine. Rejects with node's error when it cannot listen there, and with a `TypeError`
 * that names an unknown or wrong option.
 */
export async function startMock(options: StartOptions = {}): Promise<MockServer> {
  requireKnownNames(options, startOptionNames, "option")
  const { host = "127.0.0.1", port = 0, intercept } = options
  const { drainMs = limits.drain.max, writeTimeoutMs = defaultSlowClientLimits.writeTimeoutMs } = options
  const mock = options.mock ?? createKnownMock(options)
  const api = toNode(mock, options)
  const listener: RequestListener = (request, response) => {
    if (!intercept?.(request, response)) api(request, response)
  }
  // The mock refuses requests without a host and with unknown expectations itself: node's replies have no body.
  const server = createServer({ keepAliveTimeout, requireHostHeader: false }, listener)
  server.on("checkExpectation", listener)
  // Node would leave out the headers beyond its limit; their size is limited anyway.
  server.maxHeadersCount = 0
  const refuseMalformed = createMalformedRefusal(mock)
  server.on("clientError", (error, socket) => refuseMalformed(error, socket as Socket))
  const sockets = new Set<Socket>()
  server.on("connection", (socket) => {
    sockets.add(socket)
    socket.once("close", () => sockets.delete(socket))
  })
  const cutAll = (reason: CutReason) => {
    for (const socket of sockets) markCut(socket, reason)
    server.closeAllConnections()
  }
  cutSlowClients(server, { ...defaultSlowClientLimits, writeTimeoutMs })
  await listen(server, port, host)
  const closed = new Promise<void>((resolve) => server.once("close", () => resolve()))
  const url = urlOf(server.address() as AddressInfo)
  async function drain(): Promise<void> {
    server.close()
    const cut = setTimeout(() => cutAll("cut by the drain deadline"), drainMs)
    await closed
    clearTimeout(cut)
    // The last connections report their end after the server, and callers may exit the process.
    while (sockets.size > 0) await turn()
    await mock.close()
  }
  async function close(): Promise<void> {
    server.close()
    cutAll("cut by close")
    await closed
    await mock.close()
  }
  return {
    url,
    baseURL: `${url}${basePath}`,
    apiKey: acceptedKey(options.keys),
    mock,
    drain,
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** Returns a URL at which this machine reaches the server. */
function urlOf({ address, family, port }: AddressInfo): string {
  const isAnyAddress = address === "0.0.0.0" || address === "::"
  const host = isAnyAddress ? "127.0.0.1" : family === "IPv6" ? `[${address}]` : address
  return `http://${host}:${port}`
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject)
    server.listen(port, host, () => {
      server.off("error", reject)
      resolve()
    })
  })
}
