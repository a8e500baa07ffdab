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
/** Bytes up to which a body is read as long as all take less than twice the room: it is small (chosen). */
const smallBody = 2 ** 16
/** Milliseconds between two looks at the bodies that wait (chosen). */
const lookMs = 250
/** Bytes that a client sends at least in each `maxStallMs` while others wait for its room (chosen). */
const progressBytes = 2 ** 16
const maxStallMs = 1_000
/** Milliseconds, in all, that a body waits while clients that have room send nothing (chosen). */
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

/** The bytes in memory, and the bodies that share the room for them. */
class Room {
  private readonly maxHeldBytes: number
  /** Small bodies that arrive, and large ones that are paused, that are being read, and that are being handled. */
  private readonly small = new Set<HeldBody>()
  private readonly waiting = new Set<HeldBody>()
  private readonly reading = new Set<HeldBody>()
  private readonly handled = new Set<HeldBody>()
  private held = 0
  /** Whether, since the last look, bytes came for a body that has room, or one was complete. */
  private hasMoved = false
  /** Whether nothing moved before the last look, nor since. */
  private isStuck = false
  private timer: NodeJS.Timeout | undefined

  constructor(maxHeldBytes: number) {
    this.maxHeldBytes = maxHeldBytes
  }

  /** Counts bytes of a body. Once it is large, it is paused until there is room for all of it. */
  grow(body: HeldBody, bytes: number): void {
    body.length += bytes
    if (body.length > body.held) this.hold(body, body.length)
    if (this.reading.has(body)) {
      this.move()
      if (body.length - body.progress.length >= progressBytes) markProgress(body)
    } else if (body.length <= smallBody) {
      markProgress(body)
      this.small.add(body)
      if (this.held > 2 * this.maxHeldBytes) body.refuse()
    } else if (!this.waiting.has(body)) {
      this.small.delete(body)
      this.waiting.add(body)
      this.admitWhereRoom()
      if (this.waiting.has(body)) body.request.pause()
      this.watch()
    }
  }

  /** Ends the reading of a whole body, whose bytes are held until it leaves. */
  complete(body: HeldBody): void {
    this.small.delete(body)
    if (!this.reading.delete(body) && !this.waiting.delete(body)) return
    this.handled.add(body)
    this.move()
    this.hold(body, body.length)
    this.admitWhereRoom()
  }

  leave(body: HeldBody): void {
    for (const bodies of [this.small, this.waiting, this.reading, this.handled]) bodies.delete(body)
    this.hold(body, 0)
    this.admitWhereRoom()
  }

  private hold(body: HeldBody, bytes: number): void {
    this.held += bytes - body.held
    body.held = bytes
    this.watch()
  }

  private move(): void {
    this.hasMoved = true
    this.isStuck = false
  }

  /** First come, first served; but those who fit need not wait for clients that send nothing. */
  private admitWhereRoom(): void {
    for (const body of this.waiting) {
      if (this.hasRoomFor(body)) this.admit(body)
      else if (!this.isStuck) break
    }
  }

  private hasRoomFor({ size, held }: HeldBody): boolean {
    // A body that is larger than the room is read alone.
    return this.held - held + size <= this.maxHeldBytes || this.reading.size + this.handled.size === 0
  }

  private admit(body: HeldBody): void {
    this.waiting.delete(body)
    this.reading.add(body)
    this.hold(body, Math.max(body.size, body.length))
    markProgress(body)
    if (body.request.isPaused()) body.request.resume()
  }

  private get isCrowded(): boolean {
    return this.waiting.size > 0 || this.held > this.maxHeldBytes
  }

  private watch(): void {
    if (this.isCrowded) this.timer ??= setInterval(() => this.look(), lookMs).unref()
  }

  private look(): void {
    this.isStuck = !this.hasMoved && this.handled.size === 0
    this.hasMoved = false
    this.disconnectStalled()
    for (const body of this.waiting) {
      if (this.isStuck) body.waitedMs += lookMs
      if (body.waitedMs >= maxWaitMs) body.refuse()
    }
    this.admitWhereRoom()
    if (this.isCrowded) return
    clearInterval(this.timer)
    this.timer = undefined
  }

  /** Disconnects who could send and does not, while others wait for the room. */
  private disconnectStalled(): void {
    const since = performance.now() - maxStallMs
    const awaited = [
      ...(this.waiting.size > 0 ? this.reading : []),
      ...(this.held > this.maxHeldBytes ? this.small : []),
    ]
    for (const { request, progress } of awaited) if (progress.at < since) request.destroy()
  }
}

function markProgress(body: HeldBody): void {
  body.progress = { at: performance.now(), length: body.length }
}

/** Creates the reader of one server. */
export function createRequestBodies(options: RequestBodyOptions): RequestBodies {
  const { maxBodyBytes, maxHeldBytes = limits.heldBodyBytes.max, onReleased = () => {} } = options
  const room = new Room(maxHeldBytes)
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
