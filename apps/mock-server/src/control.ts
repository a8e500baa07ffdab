import type { IncomingMessage, ServerResponse } from "node:http"

/** Path prefix of the control API, which the command serves itself. */
export const controlPath = "/__mock/"

/**
 * Replies to a control request: `GET /__mock/api/ready` returns 200 when the server accepts requests. Only programs on
 * this machine are allowed, and no web page of another origin, even if its host name resolves to loopback (DNS rebinding).
 */
export function control(request: IncomingMessage, response: ServerResponse): void {
  const [status, value] = reply(request)
  const body = JSON.stringify(value)
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
  })
  response.end(body)
}

function reply(request: IncomingMessage): readonly [status: number, value: object] {
  if (!isLocal(request)) return [403, refusal("The control API answers this machine only.")]
  if (request.url !== `${controlPath}api/ready`) return [404, refusal("There is no such control path.")]
  if (request.method !== "GET") return [405, refusal("This control path takes GET.")]
  return [200, { ready: true }]
}

function refusal(message: string): object {
  return { error: { message, type: "invalid_request_error", param: null, code: null } }
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
