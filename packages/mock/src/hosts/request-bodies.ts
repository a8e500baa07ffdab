import type { IncomingMessage } from "node:http"
import { limits } from "../limits.ts"

/** Reads the bodies of the requests of a server, and limits the memory that all of them take. */
export interface RequestBodies {
  /**
   * Calls back with the whole body, or with undefined as soon as it is too large, or never when the client disconnects
   * first. The rest of a body that is too large is discarded up to the same size again, so that the client can read the
   * reply and reuse the connection. A client that sends more is disconnected.
   *
   * The body counts as held until `release` is called.
   */
  read(request: IncomingMessage, done: (body: Uint8Array | undefined, release: () => void) => void): void
}

/** Options of `createRequestBodies`. Its limits are in bytes. */
export interface RequestBodyOptions {
  /** Size of a body beyond which it is refused. */
  readonly maxBodyBytes: number
  /** Size of all bodies beyond which reading pauses. */
  readonly maxHeldBytes?: number
  /** Called with the bytes of each body that was released. Default: ignored. */
  readonly onReleased?: (bytes: number) => void
}

/** Bytes from which on a body is long: it is read into memory of its announced size (chosen). */
export const longBody = 2 ** 18
/** Bytes up to which a body is read whatever others take: it is small (chosen). */
const smallBody = 2 ** 16
/** Bytes that a connection may deliver before it can be paused again: what node reads at once. */
const readSize = 2 ** 16
/** Milliseconds between two looks at the bodies that wait, and without progress of the one that is read (chosen). */
const lookMs = 250
const maxStallMs = 1_000

const noBody = new Uint8Array()

/** A body that is being read. */
interface OpenBody {
  readonly request: IncomingMessage
  /** When bytes arrived last. */
  progressAt: number
  isPaused: boolean
}

/** The bytes in memory, and the large bodies that are being read. */
interface Account {
  /** Counts bytes of a body. Once it is large, it is paused while there is no room for more. */
  grow(body: OpenBody, bytes: number, length: number): void
  /** Ends the reading of a whole body, whose bytes are held until they are released. */
  complete(body: OpenBody, length: number): void
  release(length: number): void
  /** Ends the reading of a body that nobody needs. */
  drop(body: OpenBody, length: number): void
}

function createAccount(maxHeldBytes: number, onReleased: (bytes: number) => void): Account {
  /** Large bodies, in the order of their first bytes. */
  const open = new Set<OpenBody>()
  let held = 0
  /** Bytes of large bodies that are being handled: these end without more bytes. */
  let handled = 0
  let timer: NodeJS.Timeout | undefined

  function pause(body: OpenBody): void {
    body.isPaused = true
    body.request.pause()
    timer ??= setInterval(look, lookMs).unref()
  }
  function resume(body: OpenBody): void {
    body.isPaused = false
    body.progressAt = performance.now()
    body.request.resume()
  }
  /** Returns the body that is read when there is no room and nothing will make room: its end does. */
  function exception(): OpenBody | undefined {
    const [first] = open
    return handled === 0 ? first : undefined
  }
  function resumeWhereRoom(): void {
    let reads = Math.ceil((maxHeldBytes - held) / readSize)
    const only = reads > 0 ? undefined : exception()
    for (const body of open) {
      if (body.isPaused && (body === only || reads-- > 0)) resume(body)
      if (reads <= 0) break
    }
  }
  /** Disconnects who could send and does not, while others wait for the room. */
  function disconnectStalled(): void {
    const since = performance.now() - maxStallMs
    for (const { request, isPaused, progressAt } of open)
      if (held > maxHeldBytes && !isPaused && progressAt < since) request.destroy()
  }
  function look(): void {
    disconnectStalled()
    resumeWhereRoom()
    if ([...open].some(({ isPaused }) => isPaused)) return
    clearInterval(timer)
    timer = undefined
  }
  return {
    grow(body, bytes, length) {
      held += bytes
      if (length <= smallBody) return
      open.add(body)
      body.progressAt = performance.now()
      if (held > maxHeldBytes && body !== exception()) pause(body)
    },
    complete(body, length) {
      if (open.delete(body)) handled += length
    },
    release(length) {
      held -= length
      if (length > smallBody) handled -= length
      onReleased(length)
      resumeWhereRoom()
    },
    drop(body, length) {
      open.delete(body)
      held -= length
      resumeWhereRoom()
    },
  }
}

/** Creates the reader of one server. */
export function createRequestBodies(options: RequestBodyOptions): RequestBodies {
  const { maxBodyBytes, maxHeldBytes = limits.heldBodyBytes.max, onReleased = () => {} } = options
  const account = createAccount(maxHeldBytes, onReleased)
  return {
    read(request, done) {
      const announced = request.headers["content-length"]
      if (announced === undefined && request.headers["transfer-encoding"] === undefined)
        done(noBody, () => {})
      else readBody(request, maxBodyBytes, account, done)
    },
  }
}

function readBody(
  request: IncomingMessage,
  limit: number,
  account: Account,
  done: (body: Uint8Array | undefined, release: () => void) => void,
): void {
  const size = Number(request.headers["content-length"])
  const open: OpenBody = { request, progressAt: 0, isPaused: false }
  let length = 0
  let state: "reading" | "refused" | "ended" = "reading"
  let chunks: Buffer[] = []
  let filled: Buffer | undefined
  const refuse = () => {
    state = "refused"
    chunks = []
    filled = undefined
    done(undefined, () => {})
  }
  const keep = (chunk: Buffer) => {
    if (filled === undefined && size <= limit && length >= longBody) {
      // Filled as the chunks arrive: joining them at the end would take the memory of a long body twice. Not before
      // there is much of it: a client may announce what it never sends.
      filled = Buffer.allocUnsafeSlow(size)
      filled.set(Buffer.concat(chunks.splice(0)))
    }
    if (filled) filled.set(chunk, length - chunk.length)
    else chunks.push(chunk)
    account.grow(open, chunk.length, length)
  }
  request.on("data", (chunk: Buffer) => {
    length += chunk.length
    if (state === "reading" && length > limit) {
      account.drop(open, length - chunk.length)
      refuse()
    } else if (length > 2 * limit) request.destroy()
    else if (state === "reading") keep(chunk)
  })
  request.on("end", () => {
    if (state !== "reading") return
    state = "ended"
    account.complete(open, length)
    const whole = filled ?? (chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks))
    // The listeners live as long as the reply takes, and would keep a second copy of the body.
    chunks = []
    filled = undefined
    done(whole, () => account.release(length))
  })
  request.on("close", () => {
    if (state !== "reading") return
    state = "refused"
    account.drop(open, length)
  })
  // A client that resets the connection causes an error, and needs no reply.
  request.on("error", () => {})
  if (size > limit) refuse()
}
