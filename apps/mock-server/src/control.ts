import type { IncomingMessage, ServerResponse } from "node:http"
import type { Mock } from "@nexhina/mock"
import type { ControlReply } from "./control-scenarios.ts"

/** Path prefix of the control API, which the command serves itself. */
export const controlPath = "/__mock/"

/**
 * Replies to a control request. Only programs on this machine are allowed, and no web page of another origin, even if
 * its host name resolves to loopback (DNS rebinding).
 */
export async function control(request: IncomingMessage, response: ServerResponse, mock: Mock): Promise<void> {
  const [status, value] = await reply(request, mock)
  const body = JSON.stringify(value)
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
  })
  response.end(body)
}

type Control = (mock: Mock, request: IncomingMessage) => ControlReply | Promise<ControlReply>

/** The control API, by path and method. `ready` returns 200 when the server accepts requests. */
const controls: Readonly<Record<string, Readonly<Record<string, Control>>>> = {
  ready: { GET: () => [200, { ready: true }] },
  scenarios: {
    GET: async (mock) => (await scenarioControl()).readControl(mock),
    PUT: async (mock, request) => (await scenarioControl()).replaceControl(mock, request),
  },
  reset: {
    async POST(mock) {
      await mock.reset()
      return [200, { reset: true }]
    },
  },
}

/** Loaded when it is needed: most servers have no scenarios. */
const scenarioControl = () => import("./control-scenarios.ts")

async function reply(request: IncomingMessage, mock: Mock): Promise<ControlReply> {
  if (!isLocal(request)) return [403, refusal("The control API answers this machine only.")]
  const { url = "", method = "" } = request
  const prefix = `${controlPath}api/`
  const name = url.startsWith(prefix) ? url.slice(prefix.length) : ""
  if (!Object.hasOwn(controls, name)) return [404, refusal("There is no such control path.")]
  const methods = controls[name] ?? {}
  const found = Object.hasOwn(methods, method) ? methods[method] : undefined
  if (found === undefined)
    return [405, refusal(`This control path takes ${Object.keys(methods).join(" and ")}.`)]
  return found(mock, request)
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
