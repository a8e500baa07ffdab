import { type IncomingMessage, STATUS_CODES } from "node:http"
import type { Socket } from "node:net"
import type { MockRequest, Reply } from "@nexhina/wire"
import { limits } from "../limits.ts"
import type { Mock } from "../mock.ts"
import { replyOn } from "./slow-clients.ts"

type HttpFault = NonNullable<MockRequest["fault"]>

/** Returns why a request that node accepts is refused; undefined when it is fine. */
export function faultOf({ headers, rawHeaders, httpVersion }: IncomingMessage): HttpFault | undefined {
  if (rawHeaders.length / 2 > limits.headers.max) {
    return { status: 431, message: `The request has more than ${limits.headers.max} headers.` }
  }
  if (headers.host === undefined && httpVersion === "1.1") {
    return { status: 400, message: "Missing 'Host' header, which HTTP/1.1 requires." }
  }
  if (headers.expect !== undefined && !/^100-continue$/i.test(headers.expect)) {
    return { status: 417, message: "Unsupported expectation. Use 'Expect: 100-continue', or leave it out." }
  }
  return undefined
}

/** Why a large body is refused that other clients leave no room for. */
export const noRoom: HttpFault = {
  status: 503,
  message: `Other clients do not finish their request bodies, which take all of the ${limits.heldBodyBytes.max / 2 ** 20} MiB for them. Try again.`,
  retryAfterSeconds: 1,
}

const faults: Readonly<Record<string, HttpFault>> = {
  HPE_HEADER_OVERFLOW: { status: 431, message: "The request headers are larger than 16 KiB." },
  ERR_HTTP_REQUEST_TIMEOUT: { status: 408, message: "The request took too long to arrive." },
}
const malformed: HttpFault = { status: 400, message: "Malformed HTTP request." }

/** What node reports of a request that it cannot parse. */
type ParseError = NodeJS.ErrnoException & { readonly rawPacket?: Uint8Array }

/**
 * Creates the listener of malformed HTTP requests. It replies to the first of a connection as the mock replies to any
 * other, after the replies to the requests before it, and closes the connection.
 */
export function createMalformedRefusal(
  mock: Pick<Mock, "handle">,
): (error: ParseError, socket: Socket) => void {
  // Node reports each packet after the malformed one again. They are discarded.
  const refused = new WeakSet<Socket>()
  return (error, socket) => {
    if (refused.has(socket)) return
    refused.add(socket)
    refuse(error, socket, mock)
  }
}

function refuse(error: ParseError, socket: Socket, mock: Pick<Mock, "handle">): void {
  const reply = replyOn(socket)
  // Bytes of this reply inside another one would be read as a part of it.
  if (!socket.writable || (reply?.headersSent && !reply.writableFinished)) {
    socket.destroy()
    return
  }
  // Without its body, its request is the malformed one.
  if (reply?.req.complete) {
    reply.once("close", () => refuse(error, socket, mock))
    return
  }
  const body = error.rawPacket ?? new Uint8Array()
  const [, method = "GET", target = "/"] =
    /^([A-Z]+) (\S+)/.exec(Buffer.from(body.subarray(0, 1024)).toString("latin1")) ?? []
  const fault = faults[error.code ?? ""] ?? malformed
  mock.handle({ method, target, headers: [], body, fault }).then(
    (refusal) => {
      if (!socket.writable) return
      socket.end(encoded(refusal))
      // A client that never closes its side would keep the connection open forever.
      const timer = setTimeout(() => socket.destroy(), lingerMs)
      socket.once("close", () => clearTimeout(timer))
    },
    () => socket.destroy(),
  )
}

/** Milliseconds that a client has to close its side of a refused connection (chosen). */
const lingerMs = 1_000

function encoded({ status, headers, body }: Reply): Buffer {
  const bytes = typeof body === "string" || body instanceof Uint8Array ? Buffer.from(body) : Buffer.alloc(0)
  const lines = headers.filter(([name]) => !/^(?:content-length|connection)$/i.test(name))
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}`,
    ...lines.map(([name, value]) => `${name}: ${value}`),
    `content-length: ${bytes.length}`,
    "connection: close",
  ]
  return Buffer.concat([Buffer.from(`${head.join("\r\n")}\r\n\r\n`, "latin1"), bytes])
}
