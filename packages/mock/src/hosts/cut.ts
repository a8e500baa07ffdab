import type { Socket } from "node:net"

/** Why a reply ended before it was complete. */
export type CutReason =
  | "client hung up"
  | "cut by a fault"
  | "cut by the drain deadline"
  | "cut by close"
  | "client too slow"
  | "cut by an error"

/** The connections that the server itself has closed, and why. No server shares one with another. */
const reasons = new WeakMap<Socket, CutReason>()

/** Notes why the server is about to close a connection. The first reason counts. */
export function markCut(socket: Socket | null, reason: CutReason): void {
  if (socket && !reasons.has(socket)) reasons.set(socket, reason)
}

/** Returns why the reply on a closed connection was cut; undefined when it is not known. */
export function cutReason(socket: Socket): CutReason | undefined {
  const isLeft = socket.readableEnded || socket.errored !== null
  return reasons.get(socket) ?? (isLeft ? "client hung up" : undefined)
}
