import { once } from "node:events"
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
import type { Header, MockRequest, Reply } from "@nexhina/wire"
import { requireKnownNames } from "../known-names.ts"
import { limits } from "../limits.ts"
import { createKnownMock, type Mock, type MockOptions, mockOptionNames } from "../mock.ts"
import { acceptedKey } from "../request/authenticate.ts"
import { basePath } from "../request/route.ts"
import { type CutReason, markCut } from "./cut.ts"
import { faultOf, refuseMalformed } from "./refused.ts"
import { createRequestBodies } from "./request-bodies.ts"
import { cutSlowClients, defaultSlowClientLimits } from "./slow-clients.ts"
import { createWait, type Sleep } from "./timer.ts"
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
  const bodies = createRequestBodies({ maxBodyBytes })
  const now = options.now ?? (() => performance.now())
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
          setImmediate(() => send(reply, response, { elapsed, sleep }).catch(crash))
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
      const received = new NodeRequest(request, response, body ?? noBody)
      reply(body === undefined ? { ...received, exceededBytes: maxBodyBytes } : received, release)
    })
  }
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

/** The time of one reply. */
interface Timing {
  /** Returns the milliseconds since the request arrived. */
  elapsed(): number
  readonly sleep: Sleep | undefined
}

async function send(reply: Reply, response: ServerResponse, timing: Timing): Promise<void> {
  const { head, end } = reply
  const bytes = head === undefined && end === "complete" ? atOnce(reply.body) : undefined
  if (bytes === undefined) return pace(reply, response, timing)
  response.writeHead(reply.status, headerLines(reply))
  response.end(bytes)
}

/** Returns what one write sends, which takes half as long as twenty; undefined for what has times or is long. */
function atOnce(body: Reply["body"]): string | Uint8Array | undefined {
  if (typeof body === "string" || body instanceof Uint8Array)
    return body.length > pieceBytes ? undefined : body
  return isUntimed(body) ? joined(body) : undefined
}

/** Bytes of a whole body that are written at once: the kernel takes tens of milliseconds for as many megabytes. */
const pieceBytes = 2 ** 20

function* piecesOf(body: string | Uint8Array): Generator<Frame> {
  const bytes = typeof body === "string" ? Buffer.from(body) : body
  for (let at = 0; at < bytes.length; at += pieceBytes) yield { bytes: bytes.subarray(at, at + pieceBytes) }
}

/** Returns frames in one piece. A single one is not copied: it is a whole stream that was encoded at once. */
function joined(frames: readonly Frame[]): Uint8Array {
  return frames.length === 1 && frames[0] ? frames[0].bytes : Buffer.concat(frames.map(({ bytes }) => bytes))
}

const isUntimed = (body: Iterable<Frame> | AsyncIterable<Frame>): body is Frame[] =>
  Array.isArray(body) && body.every(({ atMs }: Frame) => atMs === undefined)

/** Returns names and values in turn, with the length of a whole body unless it is given. */
function headerLines({ status, headers, body, end }: Reply): string[] {
  const lines: string[] = []
  let hasLength = end !== "complete" || status === 204
  for (const [name, value] of headers) {
    lines.push(name, value)
    if (name.length === 14 && name.toLowerCase() === "content-length") hasLength = true
  }
  if (!hasLength && (typeof body === "string" || body instanceof Uint8Array)) {
    lines.push("content-length", String(Buffer.byteLength(body)))
  }
  return lines
}

/** Writes head and frames at their times, or later when the client is slow, and stops when the client disconnects. */
async function pace(reply: Reply, response: ServerResponse, { elapsed, sleep }: Timing): Promise<void> {
  const { status, head, body, end } = reply
  const left = new AbortController()
  if (response.destroyed) left.abort()
  response.once("close", () => left.abort())
  const wait = createWait(left.signal, sleep)
  const until = (atMs: number): Promise<unknown> => {
    const ms = atMs - elapsed()
    // A late frame is still written by itself, so that it is not joined to the previous one.
    return ms > 0 ? wait(ms) : turn()
  }
  const frames: Iterable<Frame> | AsyncIterable<Frame> =
    typeof body === "string" || body instanceof Uint8Array ? piecesOf(body) : body
  const iterator = Symbol.asyncIterator in frames ? frames[Symbol.asyncIterator]() : frames[Symbol.iterator]()
  try {
    if (head) await until(head.atMs)
    left.signal.throwIfAborted()
    if (!head?.withheld) {
      response.writeHead(status, headerLines(reply))
      response.flushHeaders()
    }
    // `for await` takes several turns for each frame that is there already.
    for (let step = await iterator.next(); !step.done; step = await iterator.next()) {
      const { bytes, atMs } = step.value
      if (atMs !== undefined) await until(atMs)
      if (bytes.length > 0 && !response.write(bytes)) await once(response, "drain", { signal: left.signal })
      left.signal.throwIfAborted()
    }
    await finish(end, response, wait)
  } catch (error) {
    if (!left.signal.aborted) throw error
  } finally {
    await iterator.return?.()
  }
}

/** Milliseconds between the last bytes and a reset: a client may lose bytes that arrive together with a reset. */
const beforeReset = 20

async function finish(
  end: Reply["end"],
  response: ServerResponse,
  pause: (ms: number) => Promise<unknown>,
): Promise<void> {
  const { socket } = response
  if (end !== "complete" && end !== "hang") markCut(socket, "cut by a fault")
  if (end === "complete") response.end()
  else if (end === "early-close") socket?.end()
  else if (end === "reset" && socket) {
    await new Promise((flushed) => socket.write("", flushed))
    await pause(beforeReset)
    // After a stall the timer comes before the reads of a client in this process, which would lose the reset: libuv
    // reports data that arrives together with it as an ordinary end. Two turns read all that has arrived.
    await turn()
    await turn()
    socket.resetAndDestroy()
  }
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
  server.on("clientError", (error, socket) => refuseMalformed(error, socket as Socket, mock))
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
