import type { Server, ServerResponse } from "node:http"
import type { Socket } from "node:net"
import { limits } from "../limits.ts"
import { markCut } from "./cut.ts"

/** Limits for clients that read slowly or not at all. */
export interface SlowClientLimits {
  /** Milliseconds without progress after which a reply is cut. */
  readonly writeTimeoutMs: number
  /** Unsent bytes of all replies together, beyond which those that have waited longest are cut. */
  readonly maxUnsentBytes: number
}

/** Milliseconds between two looks at the unsent bytes, and how long a reply must have waited to be cut (chosen). */
const lookMs = 250
const minWaitMs = 1_000

/** Cuts the replies of a server that its clients do not read: they would fill the memory. */
export function cutSlowClients(server: Server, { writeTimeoutMs, maxUnsentBytes }: SlowClientLimits): void {
  const waitingSince = new Map<Socket, number>()
  server.on("timeout", (socket: Socket) => {
    // Node calls this for idle connections too; a reply that only waits for its next frame has nothing unsent.
    if (socket.writableLength > 0 || !isReplying(socket)) {
      markCut(socket, "client too slow")
      socket.destroy()
    } else socket.setTimeout(0)
  })
  server.on("connection", (socket: Socket) => {
    waitingSince.set(socket, Number.POSITIVE_INFINITY)
    // Until its first request. From then on only replies that wait get a timeout, which costs time at each write.
    socket.setTimeout(writeTimeoutMs)
    socket.once("close", () => waitingSince.delete(socket))
  })
  const timer = setInterval(() => {
    const now = performance.now()
    let unsent = 0
    for (const [socket, since] of waitingSince) {
      unsent += socket.writableLength
      if (socket.writableLength === 0) waitingSince.set(socket, Number.POSITIVE_INFINITY)
      else if (since > now) {
        waitingSince.set(socket, now)
        socket.setTimeout(writeTimeoutMs)
      }
    }
    if (unsent <= maxUnsentBytes) return
    const longestFirst = [...waitingSince].sort(([, a], [, b]) => a - b)
    for (const [socket, since] of longestFirst) {
      if (unsent <= maxUnsentBytes || now - since < minWaitMs) return
      unsent -= socket.writableLength
      markCut(socket, "client too slow")
      socket.destroy()
    }
  }, lookMs).unref()
  server.once("close", () => clearInterval(timer))
}

/** The limits of a server that sets none. */
export const defaultSlowClientLimits: SlowClientLimits = {
  writeTimeoutMs: limits.writeTimeout.max,
  maxUnsentBytes: limits.unsentBytes.max,
}

/** Returns the reply under way on a connection. */
export function replyOn(socket: Socket): ServerResponse | undefined {
  // Node keeps it here, and looks at it in its own handler of malformed requests.
  return (socket as { readonly _httpMessage?: ServerResponse | null })._httpMessage ?? undefined
}

function isReplying(socket: Socket): boolean {
  return replyOn(socket) !== undefined
}
