import http from "node:http"
import https from "node:https"
import { checkServerIdentity } from "node:tls"
import { HttpsProxyAgent } from "https-proxy-agent"
import type { Exchange, ExchangeEnd, ReceivedChunk } from "./exchange.ts"
import type { Header } from "./reply.ts"

/** A request to send. */
export interface WireRequest {
  readonly method: string
  /** Absolute, `http:` or `https:`. */
  readonly url: string
  /**
   * Sent unchanged, followed by the headers that HTTP needs where they are missing: `host`, `connection`,
   * `content-length`, and `accept-encoding: identity`.
   */
  readonly headers: readonly Header[]
  readonly body: Uint8Array
  /** Close the connection after this many bytes of the response body. Default: never. */
  readonly hangUpAfterBytes?: number
  /** Maximum number of bytes of the response body that are kept. Default: `maxKeptBytes` of the sender. */
  readonly maxKeptBytes?: number
}

/**
 * Sends a request and resolves with the recorded exchange, whatever the server does and even when there is no server.
 * Rejects only for a request that cannot be sent. Closes the connection when `signal` aborts.
 */
export type Send = (request: WireRequest, options?: SendOptions) => Promise<Exchange>

/** Options of one request. */
export interface SendOptions {
  /** Aborts the exchange. */
  readonly signal?: AbortSignal
  /** Called when the head of the response has arrived. */
  readonly onHead?: (head: ResponseHead) => void
  /** Called with each piece of the body as it arrives, also with those that are not kept. */
  readonly onChunk?: (bytes: Uint8Array) => void
}

/** Status line and headers of a response, as received. */
export interface ResponseHead {
  readonly status: number
  readonly statusText: string
  readonly headers: readonly Header[]
}

export interface SendConfig {
  /** Ms for each step: to connect, until the head arrives, and between two pieces of the body. */
  readonly timeoutMs: number
  /** Ms for the whole exchange, so that an endless stream ends. */
  readonly maxDurationMs: number
  /** Maximum number of bytes of a response body that are read, before decompression. */
  readonly maxBodyBytes: number
  /**
   * Maximum number of bytes of a response body that are kept. The rest of a longer body is read, without being kept: if
   * it ends, the exchange ends with `limit` and the code `maxKeptBytes`. Default: `maxBodyBytes`.
   */
  readonly maxKeptBytes?: number
  /**
   * Maximum number of chunks of a response body that are read: a body in chunks of one byte would need some hundred times
   * its size. Default: 100,000.
   */
  readonly maxChunks?: number
  /** Monotonic ms since the run began. */
  readonly clock: () => number
  /**
   * Monotonic ms of real time, by which the sender notices that its own process was too busy to receive: the times of such
   * an exchange are not measurements, and a timeout is extended once. Default: not noticed.
   */
  readonly loopClock?: () => number
  /** The only trusted certificate authorities, as PEM. Default: those of Node. */
  readonly ca?: string
  /**
   * URL of a proxy for all requests, with its credentials, if it needs any. Requests to `https:` URLs pass through a
   * tunnel. Default: none.
   */
  readonly proxy?: string
}

/** An HTTP client that keeps connections until it is closed. */
export interface Sender {
  readonly send: Send
  close(): void
}

/**
 * Ms to connect to each address of a name except the last. Node's default of 250 is too short for distant servers
 * (nodejs/node#54359).
 */
const addressTimeoutMs = 2_000

/** Creates a client that keeps connections alive. It does not follow redirects, decode bodies or log. */
export function createSend(config: SendConfig): Sender {
  const connection = {
    autoSelectFamilyAttemptTimeout: addressTimeoutMs,
    ...(config.ca !== undefined && { ca: config.ca }),
  }
  const schemes = schemesOf(connection, config.proxy)
  const watch = config.loopClock && new LoopWatch(config.loopClock)
  let sent = 0

  return {
    async send(request, options = {}) {
      const url = new URL(request.url)
      if (url.protocol !== "http:" && url.protocol !== "https:") {
        throw new TypeError(`Cannot send to ${url.protocol} URLs: give one of http: or https:.`)
      }
      const scheme = schemes[url.protocol]
      const whole = { ...request, headers: [...request.headers, ...missingHeaders(request, url)] }
      const id = String(++sent)
      const attempt = (agent: http.Agent): Promise<Exchange> => {
        const start = () => {
          const started = scheme.start({
            ...connection,
            ...(config.proxy !== undefined && url.protocol === "https:" && identifiedAs(url)),
            agent,
            method: request.method,
            ...(scheme.proxy ? viaProxy(url, scheme.proxy) : direct(url)),
            // Node sends an array unchanged: in order and with duplicates. Those for the proxy are not recorded.
            headers: [...whole.headers, ...(scheme.proxy ? proxyHeaders(scheme.proxy) : [])].flat(),
          })
          return started.once("proxyConnect", refuseWithoutTunnel)
        }
        return converse(
          { id, request: whole, start, again: () => attempt(scheme.fresh), options, watch },
          config,
        )
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

/** How requests to the URLs of a scheme are sent. */
interface Scheme {
  readonly start: typeof http.request
  readonly kept: http.Agent
  readonly fresh: http.Agent
  /** The proxy that requests are sent to instead of their hosts. Agents of tunnels reach theirs by themselves. */
  readonly proxy?: URL
}

function schemesOf(
  connection: https.AgentOptions,
  proxy?: string,
): Readonly<Record<"http:" | "https:", Scheme>> {
  const kept = { ...connection, keepAlive: true }
  const plain = { start: http.request, kept: new http.Agent(kept), fresh: new http.Agent(connection) }
  const secure = { start: https.request, kept: new https.Agent(kept), fresh: new https.Agent(connection) }
  if (proxy === undefined) return { "http:": plain, "https:": secure }
  const url = new URL(proxy)
  const tunnel = (options: https.AgentOptions) => new HttpsProxyAgent(url, options)
  return {
    "http:": { ...(url.protocol === "https:" ? secure : plain), proxy: url },
    "https:": { start: https.request, kept: tunnel(kept), fresh: tunnel(connection) },
  }
}

const hostOf = (url: URL) => ({ hostname: url.hostname.replace(/^\[|\]$/g, ""), port: url.port })

/** Ends a request whose proxy opens no tunnel: the agent would take the answer of the proxy for that of the host. */
function refuseWithoutTunnel(
  this: http.ClientRequest,
  { statusCode }: { readonly statusCode: number },
): void {
  if (statusCode === 200) return
  this.destroy(Object.assign(new Error(`the proxy answered ${statusCode}`), { code: `PROXY_${statusCode}` }))
}

/** A tunnel forgets the host when it is an IP address, and would compare its certificate with "localhost". */
const identifiedAs = (url: URL): Pick<https.RequestOptions, "checkServerIdentity"> => ({
  checkServerIdentity: (_, certificate) => checkServerIdentity(hostOf(url).hostname, certificate),
})

const direct = (url: URL) => ({ ...hostOf(url), path: url.pathname + url.search })

/** A proxy is asked for the absolute URL (RFC 9112, section 3.2.2). */
const viaProxy = (url: URL, proxy: URL) => ({ ...hostOf(proxy), path: url.href })

function proxyHeaders({ username, password }: URL): Header[] {
  if (username === "" && password === "") return []
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  return [["proxy-authorization", `Basic ${Buffer.from(credentials).toString("base64")}`]]
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
  /** Sends the same request on a new connection. */
  readonly again: () => Promise<Exchange>
  readonly options: SendOptions
  readonly watch: LoopWatch | undefined
}

/** Starts a request and follows it to its end, whatever that is. */
const converse = (conversation: Conversation, config: SendConfig): Promise<Exchange> =>
  new Promise((resolve) => new Recording(conversation, config, resolve).begin())

/** Ms between two looks at the event loop. */
const watchMs = 50
/** Ms by which the event loop is late when it distorts measured times: more than a busy machine takes now and then. */
const lateMs = 250

/** Notices when this process was too busy to receive, which the times of what it received do not show. */
class LoopWatch {
  private readonly recordings = new Set<{ noteLateness(): void }>()
  private timer: NodeJS.Timeout | undefined
  private expectedMs = 0
  private readonly clock: () => number

  constructor(clock: () => number) {
    this.clock = clock
  }

  add(recording: { noteLateness(): void }): void {
    this.recordings.add(recording)
    if (this.timer) return
    this.expectedMs = this.clock() + watchMs
    this.timer = setInterval(() => this.look(), watchMs)
  }

  delete(recording: { noteLateness(): void }): void {
    this.look()
    this.recordings.delete(recording)
    if (this.recordings.size > 0) return
    clearInterval(this.timer)
    this.timer = undefined
  }

  private look(): void {
    const now = this.clock()
    if (now - this.expectedMs > lateMs) for (const recording of this.recordings) recording.noteLateness()
    if (now >= this.expectedMs) this.expectedMs = now + watchMs
  }
}

/** The recording of one exchange. It settles once, on whichever end comes first. */
class Recording {
  private readonly conversation: Conversation
  private readonly config: SendConfig
  private readonly resolve: (exchange: Exchange | Promise<Exchange>) => void
  private readonly sentAtMs: number
  private readonly outgoing: http.ClientRequest
  private readonly idle: NodeJS.Timeout
  private readonly total: NodeJS.Timeout
  private readonly abort = () => this.finish("aborted")
  private readonly chunks: ReceivedChunk[] = []
  private received = 0
  private stage: NonNullable<ExchangeEnd["stage"]> = "connect"
  private incoming: http.IncomingMessage | undefined
  private errorCode: string | undefined
  private bytesReadBefore = 0
  private settled = false
  /** Whether this process was too busy to receive for a while. */
  private wasLate = false
  private hasExtended = false

  constructor(
    conversation: Conversation,
    config: SendConfig,
    resolve: (exchange: Exchange | Promise<Exchange>) => void,
  ) {
    this.conversation = conversation
    this.config = config
    this.resolve = resolve
    this.sentAtMs = config.clock()
    this.outgoing = conversation.start()
    this.idle = setTimeout(() => this.expire(), config.timeoutMs)
    conversation.watch?.add(this)
    this.total = setTimeout(() => this.finish("limit", "maxDurationMs"), config.maxDurationMs)
  }

  noteLateness(): void {
    this.wasLate = true
  }

  /** Ends the wait for the peer, once more later when this process was too busy to receive. */
  private expire(): void {
    if (!this.wasLate || this.hasExtended) this.finish("timeout", "timeoutMs")
    else {
      this.hasExtended = true
      this.idle.refresh()
    }
  }

  begin(): void {
    const {
      options: { signal },
      request,
    } = this.conversation
    signal?.addEventListener("abort", this.abort)
    this.listen()
    if (signal?.aborted) this.abort()
    else this.outgoing.end(request.body)
  }

  private listen(): void {
    const { outgoing } = this
    outgoing.maxHeadersCount = 0
    outgoing.on("socket", (socket) => {
      this.bytesReadBefore = socket.bytesRead
      if (outgoing.reusedSocket) this.reach("head")
      else socket.once("encrypted" in socket ? "secureConnect" : "connect", () => this.reach("head"))
    })
    outgoing.on("information", () => this.idle.refresh())
    outgoing.on("response", (response) => {
      this.incoming = response
      this.reach("body")
      this.conversation.options.onHead?.(headOf(response))
      response.on("data", (bytes: Buffer) => this.receive(bytes))
      response.on("end", () => {
        if (this.received > this.maxKeptBytes()) this.finish("limit", "maxKeptBytes")
        else this.finish("complete")
      })
      // `close` follows, with the error of the request if there was one; this one adds nothing to it.
      response.on("error", () => {})
      response.on("close", () => this.finish("truncated"))
    })
    outgoing.on("upgrade", (response, socket) => {
      this.incoming = response
      this.finish("complete")
      socket.destroy()
    })
    outgoing.on("error", (error: NodeJS.ErrnoException) => this.fail(error))
  }

  private reach(stage: NonNullable<ExchangeEnd["stage"]>): void {
    this.stage = stage
    this.idle.refresh()
  }

  private receive(bytes: Buffer): void {
    this.idle.refresh()
    const { maxBodyBytes } = this.config
    const taken = bytes.subarray(0, maxBodyBytes - this.received)
    const kept = taken.subarray(0, Math.max(0, this.maxKeptBytes() - this.received))
    this.received += taken.length
    if (taken.length > 0) this.conversation.options.onChunk?.(taken)
    if (kept.length > 0) {
      this.chunks.push({
        atMs: this.sinceSent(),
        bytes: new Uint8Array(kept.buffer, kept.byteOffset, kept.length),
      })
    }
    const { hangUpAfterBytes = Number.POSITIVE_INFINITY } = this.conversation.request
    if (this.received >= hangUpAfterBytes) this.finish("aborted")
    else if (taken.length < bytes.length) this.finish("limit", "maxBodyBytes")
    else if (this.chunks.length === (this.config.maxChunks ?? 100_000)) this.finish("limit", "maxChunks")
  }

  private maxKeptBytes(): number {
    return this.conversation.request.maxKeptBytes ?? this.config.maxKeptBytes ?? this.config.maxBodyBytes
  }

  private fail(error: NodeJS.ErrnoException): void {
    this.errorCode ??= closedByPeer(error) ? undefined : error.code
    if (this.incoming) return
    // The server closed a kept connection as the request was sent: every client sends it once more.
    const { reusedSocket, socket } = this.outgoing
    const stale = reusedSocket && socket?.bytesRead === this.bytesReadBefore
    if (stale && (error.code === "ECONNRESET" || error.code === "EPIPE")) {
      this.settle(() => this.conversation.again())
    } else this.finish("network")
  }

  private finish(kind: ExchangeEnd["kind"], code = this.errorCode): void {
    this.settle(() => {
      if (kind !== "complete" && code !== "maxKeptBytes") this.outgoing.destroy()
      return this.exchange({
        kind,
        ...(code !== undefined && { code }),
        ...(kind !== "complete" && { stage: this.stage }),
        atMs: this.sinceSent(),
      })
    })
  }

  private settle(outcome: () => Exchange | Promise<Exchange>): void {
    if (this.settled) return
    this.settled = true
    clearTimeout(this.idle)
    clearTimeout(this.total)
    this.conversation.watch?.delete(this)
    this.conversation.options.signal?.removeEventListener("abort", this.abort)
    this.resolve(outcome())
  }

  private sinceSent(): number {
    return this.config.clock() - this.sentAtMs
  }

  private exchange(end: ExchangeEnd): Exchange {
    const { id, request } = this.conversation
    const { incoming } = this
    return {
      v: 1,
      id,
      request: {
        method: request.method,
        target: request.url,
        headers: request.headers,
        body: request.body,
        sentAtMs: this.sentAtMs,
      },
      ...(incoming && {
        response: {
          status: headOf(incoming).status,
          headers: headOf(incoming).headers,
          trailers: pairs(incoming.rawTrailers),
          chunks: this.chunks,
        },
      }),
      end,
      fidelity: { bytes: true, timing: !this.wasLate },
    }
  }
}

/** Returns whether the peer closed the connection regularly, but too early: no system call failed. */
const closedByPeer = (error: NodeJS.ErrnoException) =>
  error.code === "ECONNRESET" && error.syscall === undefined

function headOf({ statusCode, statusMessage = "", rawHeaders }: http.IncomingMessage): ResponseHead {
  // The parser gives every response that it accepts a status.
  return { status: statusCode as number, statusText: statusMessage, headers: pairs(rawHeaders) }
}

const pairs = (raw: readonly string[]): Header[] =>
  raw.flatMap((name, index) => (index % 2 === 0 ? [[name, raw[index + 1] ?? ""]] : []))
