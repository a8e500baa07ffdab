import { once } from "node:events"
import type { ServerResponse } from "node:http"
import { setImmediate as turn } from "node:timers/promises"
import type { Frame } from "@nexhina/stream"
import type { Reply } from "@nexhina/wire"
import { markCut } from "./cut.ts"
import { createWait, type Sleep } from "./timer.ts"

/** The time of one reply. */
interface Timing {
  /** Returns the milliseconds since the request arrived. */
  elapsed(): number
  readonly sleep: Sleep | undefined
}

/** Sends a reply with full fidelity, and resolves when it has ended or the client has left. Rejects when its body throws. */
export async function send(reply: Reply, response: ServerResponse, timing: Timing): Promise<void> {
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
      if (bytes.length > 0 && !response.write(bytes)) {
        await once(response, "drain", { signal: left.signal })
        // As long as the client reads, node writes on in the same turn, in which nobody else is served.
        await turn()
      }
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
