import { once } from "node:events"
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http"
import { setTimeout } from "node:timers/promises"
import type { Frame } from "@nexhina/stream"
import type { Answer, Ask, Header, Reply } from "@nexhina/wire"
import { defaultMaxBodyBytes, tooLarge } from "./too-large.ts"

export interface NodeOptions {
  /** Longer request bodies are answered with a 413. Default: 32 MiB. */
  readonly maxBodyBytes?: number
  /** Waits so many ms, or rejects when the signal aborts. Default: a timer. */
  readonly sleep?: Sleep
  /** Hears of an answer, or a body, that throws; its connection is cut. Default: nobody does. */
  readonly onCrash?: (error: unknown) => void
}

type Sleep = (ms: number, signal: AbortSignal) => Promise<unknown>

/** Answers over node's sockets with full fidelity: delays, cuts, resets, silence, duplicate headers, wrong lengths. */
export function toNode(answer: Answer, options: NodeOptions = {}): RequestListener {
  const { maxBodyBytes = defaultMaxBodyBytes, onCrash = () => {} } = options
  const sleep = options.sleep ?? ((ms, signal) => setTimeout(ms, undefined, { signal }))
  return (request, response) => {
    const crash = (error: unknown) => {
      response.destroy()
      onCrash(error)
    }
    readBody(request, maxBodyBytes, (body) => {
      const replied =
        body === undefined
          ? Promise.resolve(tooLarge(maxBodyBytes, toAsk(request, noBody)))
          : answer(toAsk(request, body))
      // What is answered in one turn of the event loop is written together: waking a client that has nothing to
      // do costs as much as an answer, and so it is woken once for many.
      replied.then((reply) => setImmediate(() => send(reply, response, sleep).catch(crash)), crash)
    })
  }
}

const noBody = new Uint8Array()

/**
 * Calls back with the body once it is whole, with undefined as soon as it is too long, and never when the client
 * leaves before either. What is left of a body that is too long is thrown away for as long again, so that the
 * client can read its answer and use the connection; who sends more than that is cut off.
 */
function readBody(
  request: IncomingMessage,
  limit: number,
  done: (body: Uint8Array | undefined) => void,
): void {
  const announced = request.headers["content-length"]
  if (announced === undefined && request.headers["transfer-encoding"] === undefined) {
    done(noBody)
    return
  }
  let length = 0
  let refused = false
  let chunks: Buffer[] = []
  const refuse = () => {
    refused = true
    chunks = []
    done(undefined)
  }
  request.on("data", (chunk: Buffer) => {
    length += chunk.length
    if (!refused && length > limit) refuse()
    else if (length > 2 * limit) request.destroy()
    else if (!refused) chunks.push(chunk)
  })
  request.on("end", () => {
    if (!refused) done(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks))
  })
  // A client that resets the connection is heard of as an error, and needs no answer.
  request.on("error", () => {})
  if (Number(announced) > limit) refuse()
}

function toAsk({ method = "GET", url = "/", rawHeaders }: IncomingMessage, body: Uint8Array): Ask {
  const headers: Header[] = []
  for (let i = 0; i < rawHeaders.length; i += 2) headers.push([rawHeaders[i] ?? "", rawHeaders[i + 1] ?? ""])
  return { method, target: url, headers, body }
}

async function send(reply: Reply, response: ServerResponse, sleep: Sleep): Promise<void> {
  const { status, headers, body, end } = reply
  const whole = typeof body === "string" || body instanceof Uint8Array
  const lines: string[] = []
  let hasLength = false
  for (const [name, value] of headers) {
    lines.push(name, value)
    if (name.length === 14 && name.toLowerCase() === "content-length") hasLength = true
  }
  if (end !== "complete") {
    response.writeHead(status, lines)
    return pace(whole ? [{ bytes: Buffer.from(body) }] : body, end, response, sleep)
  }
  if (whole) {
    if (!hasLength && status !== 204) {
      lines.push("content-length", String(Buffer.byteLength(body)))
    }
    response.writeHead(status, lines)
    response.end(body)
    return
  }
  response.writeHead(status, lines)
  if (!Array.isArray(body) || body.some(({ afterMs = 0 }: Frame) => afterMs > 0)) {
    return pace(body, end, response, sleep)
  }
  // Nobody waits in between, so one write will do; twenty would take twice as long.
  response.end(Buffer.concat(body.map(({ bytes }: Frame) => bytes)))
}

/** Writes frame by frame, at the pace of the frames and of the client, and stops when the client leaves. */
async function pace(
  frames: Iterable<Frame> | AsyncIterable<Frame>,
  end: Reply["end"],
  response: ServerResponse,
  sleep: Sleep,
): Promise<void> {
  const left = new AbortController()
  response.once("close", () => left.abort())
  try {
    response.flushHeaders()
    for await (const { bytes, afterMs = 0 } of frames) {
      if (afterMs > 0) await sleep(afterMs, left.signal)
      if (!response.write(bytes)) await once(response, "drain", { signal: left.signal })
      left.signal.throwIfAborted()
    }
    await finish(end, response, (ms) => sleep(ms, left.signal))
  } catch (error) {
    if (!left.signal.aborted) throw error
  }
}

/** Ms for a client to read what came before a reset: what it finds together with one, it loses or takes for an end. */
const beforeReset = 20

async function finish(
  end: Reply["end"],
  response: ServerResponse,
  pause: (ms: number) => Promise<unknown>,
): Promise<void> {
  const { socket } = response
  if (end === "complete") response.end()
  else if (end === "early-close") socket?.end()
  else if (end === "reset" && socket) {
    await new Promise((flushed) => socket.write("", flushed))
    await pause(beforeReset)
    socket.resetAndDestroy()
  }
}
