import type { IncomingMessage, ServerResponse } from "node:http"
import type { Mock } from "@nexhina/mock"
import { type ControlReply, refused } from "./reply.ts"

/** Path prefix of the control API, which the command serves itself. */
export const controlPath = "/__mock/"

/** What the control API steers. */
export interface Controlled {
  readonly mock: Mock
  /** What answers instead of the mock, if anything does. */
  readonly replay?: Pick<Mock, "reset" | "resetScope" | "exchanges"> | undefined
  /** Whether requests are passed on and recorded. */
  readonly isRecording?: boolean
}

/**
 * Replies to a control request. Only programs on this machine are allowed, and no web page of another origin, even if
 * its host name resolves to loopback (DNS rebinding).
 */
export async function control(
  request: IncomingMessage,
  response: ServerResponse,
  controlled: Controlled,
): Promise<void> {
  const [status, value, headers] = await reply(request, controlled)
  const body = JSON.stringify(value)
  response.writeHead(status, {
    ...headers,
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
  })
  response.end(body)
}

async function reply(request: IncomingMessage, controlled: Controlled): Promise<ControlReply> {
  if (!isLocal(request)) return refused(403, "The control API answers this machine only.")
  const { url = "", method = "" } = request
  const [path = "", query = ""] = url.split("?")
  const prefix = `${controlPath}api/`
  const name = path.startsWith(prefix) ? path.slice(prefix.length) : ""
  if (name === "ready" && method === "GET") return [200, { ready: true }]
  // Loaded when it is needed: most servers are not steered.
  const { operate } = await import("./operations.ts")
  return operate({ name, method, query: new URLSearchParams(query), request }, controlled)
}

function isLocal({ socket, headers: { host, origin } }: IncomingMessage): boolean {
  const peer = socket.remoteAddress?.replace(/^::ffff:/, "") ?? ""
  if (!(peer === "::1" || peer.startsWith("127."))) return false
  return isLoopback(`http://${host}`) && (origin === undefined || origin === `http://${host}`)
}

function isLoopback(url: string): boolean {
  if (!URL.canParse(url)) return false
  const { hostname } = new URL(url)
  return hostname === "localhost" || hostname === "[::1]" || /^127(\.\d+){3}$/.test(hostname)
}
