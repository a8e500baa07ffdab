import type { IncomingMessage } from "node:http"
import { limits } from "../limits.ts"

/** Why a body was not read as a whole: it is too large, or clients that do not go on have taken the room for it. */
export type UnreadBody = "too large" | "no room"

/** Reads the bodies of the requests of a server, and limits the memory that all of them take. */
export interface RequestBodies {
  /**
   * Calls back with the whole body, or as soon as it is refused, or never when the client disconnects first. The rest of
   * a body that is too large is discarded up to the same size again, so that the client can read the reply and reuse the
   * connection. A client that sends more is disconnected, and so is one without room that goes on for a second.
   *
   * The body counts as held until `release` is called.
   */
  read(request: IncomingMessage, done: (body: Uint8Array | UnreadBody, release: () => void) => void): void
}

/** Options of `createRequestBodies`. Its limits are in bytes. */
export interface RequestBodyOptions {
  /** Size of a body beyond which it is refused. */
  readonly maxBodyBytes: number
  /** Size of all bodies beyond which others wait. */
  readonly maxHeldBytes?: number
  /** Called with the bytes of each body that was released. Default: ignored. */
  readonly onReleased?: (bytes: number) => void
}

/** Bytes from which on a body is long: it is read into memory of its announced size (chosen). */
export const longBody = 2 ** 18
/** Bytes up to which a body is read whatever others take: it is small (chosen). */
const smallBody = 2 ** 16
/** Milliseconds between two looks at the bodies that wait (chosen). */
const lookMs = 250
/** Bytes that a client sends at least in each `maxStallMs` while others wait for its room (chosen). */
const progressBytes = 2 ** 16
const maxStallMs = 1_000
/** Milliseconds that a body waits for clients that send nothing (chosen). */
const maxWaitMs = 2_000
/** Milliseconds that a client without room has to read the reply (chosen). */
const lingerMs = 1_000

const noBody = new Uint8Array()

/** A body in memory, or on its way there. */
interface HeldBody {
  readonly request: IncomingMessage
  /** Bytes that it takes as a whole, as far as known. */
  readonly size: number
  /** Ends its reading. */
  readonly refuse: () => void
  /** Bytes of it that count as held: those that have arrived while it is small, its whole size once it is admitted. */
  held: number
  /** Bytes of it that have arrived. */
  length: number
  /** When `progressBytes` had arrived last, and how many bytes there were then. */
  progress: { at: number; length: number }
  /** Milliseconds of its wait in which nothing moved. */
  waitedMs: number
}

/** The bytes in memory, and the large bodies that share the room for them. */
interface Room {
  /** Counts bytes of a body. Once it is large, it is paused until there is room for all of it. */
  grow(body: HeldBody, bytes: number): void
  /** Ends the reading of a whole body, whose bytes are held until it leaves. */
  complete(body: HeldBody): void
  leave(body: HeldBody): void
}

function createRoom(maxHeldBytes: number): Room {
  /** Large bodies that are paused, those that are being read, and those that are being handled. */
  const waiting = new Set<HeldBody>()
  const reading = new Set<HeldBody>()
  const handled = new Set<HeldBody>()
  let held = 0
  let hasMoved = false
  let timer: NodeJS.Timeout | undefined

  function hold(body: HeldBody, bytes: number): void {
    held += bytes - body.held
    body.held = bytes
  }
  function hasRoomFor({ size, held: own }: HeldBody): boolean {
    // A body that is larger than the room is read alone.
    return held - own + size <= maxHeldBytes || reading.size + handled.size === 0
  }
  function markProgress(body: HeldBody): void {
    body.progress = { at: performance.now(), length: body.length }
    hasMoved = true
  }
  function admit(body: HeldBody): void {
    reading.add(body)
    hold(body, Math.max(body.size, body.length))
    markProgress(body)
    if (waiting.delete(body)) body.request.resume()
  }
  function wait(body: HeldBody): void {
    waiting.add(body)
    body.request.pause()
    timer ??= setInterval(look, lookMs).unref()
  }
  function admitWhereRoom(): void {
    for (const body of waiting) if (hasRoomFor(body)) admit(body)
  }
  function look(): void {
    const since = performance.now() - maxStallMs
    for (const { request, progress } of reading) if (progress.at < since) request.destroy()
    const isStuck = !hasMoved && handled.size === 0
    hasMoved = false
    for (const body of waiting) {
      if (isStuck) body.waitedMs += lookMs
      if (body.waitedMs >= maxWaitMs) body.refuse()
    }
    if (waiting.size > 0) return
    clearInterval(timer)
    timer = undefined
  }
  return {
    grow(body, bytes) {
      body.length += bytes
      if (body.length > body.held) hold(body, body.length)
      if (reading.has(body)) {
        if (body.length - body.progress.length >= progressBytes) markProgress(body)
      } else if (body.length > smallBody) {
        if (hasRoomFor(body)) admit(body)
        else wait(body)
      }
    },
    complete(body) {
      if (!reading.delete(body) && !waiting.delete(body)) return
      handled.add(body)
      hasMoved = true
      hold(body, body.length)
      admitWhereRoom()
    },
    leave(body) {
      waiting.delete(body)
      reading.delete(body)
      handled.delete(body)
      hold(body, 0)
      admitWhereRoom()
    },
  }
}

/** Creates the reader of one server. */
export function createRequestBodies(options: RequestBodyOptions): RequestBodies {
  const { maxBodyBytes, maxHeldBytes = limits.heldBodyBytes.max, onReleased = () => {} } = options
  const room = createRoom(maxHeldBytes)
  return {
    read(request, done) {
      const announced = request.headers["content-length"]
      if (announced === undefined && request.headers["transfer-encoding"] === undefined)
        done(noBody, () => {})
      else readBody(request, { maxBodyBytes, maxHeldBytes, room, onReleased }, done)
    },
  }
}

/** What all bodies of a server have in common. */
interface Reading extends Required<RequestBodyOptions> {
  readonly room: Room
}

function readBody(
  request: IncomingMessage,
  { maxBodyBytes, maxHeldBytes, room, onReleased }: Reading,
  done: (body: Uint8Array | UnreadBody, release: () => void) => void,
): void {
  const announced = Number(request.headers["content-length"])
  let received = 0
  let state: "reading" | "refused" | "ended" = "reading"
  let chunks: Buffer[] = []
  let filled: Buffer | undefined
  const refuse = (reason: UnreadBody) => {
    state = "refused"
    chunks = []
    filled = undefined
    room.leave(body)
    // What still arrives is discarded.
    request.resume()
    done(reason, () => {})
  }
  const refuseForRoom = () => {
    refuse("no room")
    const timer = setTimeout(() => request.destroy(), lingerMs).unref()
    request.once("end", () => clearTimeout(timer))
  }
  const body: HeldBody = {
    request,
    size: Math.min(Number.isNaN(announced) ? maxBodyBytes : announced, maxHeldBytes),
    refuse: refuseForRoom,
    held: 0,
    length: 0,
    progress: { at: 0, length: 0 },
    waitedMs: 0,
  }
  const keep = (chunk: Buffer) => {
    if (filled === undefined && announced <= maxBodyBytes && body.length >= longBody) {
      // Filled as the chunks arrive: joining them at the end would take the memory of a long body twice. Not before
      // there is much of it: a client may announce what it never sends.
      filled = Buffer.allocUnsafeSlow(announced)
      filled.set(Buffer.concat(chunks.splice(0)))
    }
    if (filled) filled.set(chunk, body.length)
    else chunks.push(chunk)
    room.grow(body, chunk.length)
  }
  request.on("data", (chunk: Buffer) => {
    received += chunk.length
    if (state === "reading" && received > maxBodyBytes) refuse("too large")
    else if (received > 2 * maxBodyBytes) request.destroy()
    else if (state === "reading") keep(chunk)
  })
  request.on("end", () => {
    if (state !== "reading") return
    state = "ended"
    room.complete(body)
    const whole = filled ?? (chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks))
    // The listeners live as long as the reply takes, and would keep a second copy of the body.
    chunks = []
    filled = undefined
    done(whole, () => {
      room.leave(body)
      onReleased(body.length)
    })
  })
  request.on("close", () => {
    if (state !== "reading") return
    state = "refused"
    room.leave(body)
  })
  // A client that resets the connection causes an error, and needs no reply.
  request.on("error", () => {})
  if (announced > maxBodyBytes) refuse("too large")
}
