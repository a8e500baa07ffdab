import { createServer, type Server } from "node:http"
import type { AddressInfo, Socket } from "node:net"
import { toNode } from "@nexhina/mock/node"
import type { Answer } from "@nexhina/wire"
import { control, controlPath } from "./control.ts"
import { createLog } from "./log.ts"
import type { Settings } from "./options.ts"

/** A server that takes requests. */
export interface Serving {
  /** What a client takes for its base URL. */
  readonly baseUrl: string
  /** Takes no more connections, and resolves when the last reply is out. */
  drain(): Promise<void>
}

/** Listens, and resolves once it does. Rejects with node's error when the address cannot be had. */
export async function serve(
  answer: Answer,
  { host, port, log: form }: Pick<Settings, "host" | "port" | "log">,
  onCrash: (error: unknown) => void,
): Promise<Serving> {
  const api = toNode(answer, { onCrash })
  const log = createLog(form)
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    log(request, response)
    if (request.url?.startsWith(controlPath)) control(request, response)
    else api(request, response)
  })
  server.on("clientError", refuseMalformed)
  await listening(server, port, host)
  const { address, family, port: actual } = server.address() as AddressInfo
  const anywhere = address === "0.0.0.0" || address === "::"
  const reachable = anywhere ? "127.0.0.1" : family === "IPv6" ? `[${address}]` : address
  return {
    baseUrl: `http://${reachable}:${actual}/v1`,
    drain: () => new Promise((drained) => server.close(() => drained())),
  }
}

function listening(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject)
    server.listen(port, host, () => {
      server.off("error", reject)
      resolve()
    })
  })
}

const malformed: Readonly<Record<string, readonly [status: string, message: string]>> = {
  HPE_HEADER_OVERFLOW: ["431 Request Header Fields Too Large", "The request headers are larger than 16 KiB."],
  ERR_HTTP_REQUEST_TIMEOUT: ["408 Request Timeout", "The request took too long to arrive."],
}

/** What is no HTTP gets the documented error body too, and its connection is closed. */
function refuseMalformed(error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable) return
  const [status, message] = malformed[error.code ?? ""] ?? ["400 Bad Request", "Malformed HTTP request."]
  const body = JSON.stringify({ error: { message, type: "invalid_request_error", param: null, code: null } })
  socket.end(
    `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n` +
      `connection: close\r\n\r\n${body}`,
  )
}
