import { endpoints, type OperationId, type Surface } from "@nexhina/schemas"
import { type DecodedBody, decodedBody, type Header, headerOf } from "@nexhina/wire"
import type { Evidence } from "../evidence.ts"
import { limits } from "../limits.ts"
import { type Crossing, crossingAt, isTooDeep, jsonCrossing, streamCrossing } from "./crossing.ts"
import { keptOnExchange } from "./kept-on-exchange.ts"

/** A text read as JSON, or why it is none. */
export type Parsed =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly error: string }

/** An exchange that has a response, read as far as HTTP and JSON go. */
export interface ParsedReply {
  readonly exchange: Evidence
  readonly operation: OperationId | undefined
  readonly status: number
  /** Lower case, without parameters; empty when there is no content-type. */
  readonly mediaType: string
  /** Without its content codings. */
  readonly body: Uint8Array
  /** The body as UTF-8; `undefined` if it is not valid UTF-8. A byte order mark is kept. */
  readonly text: string | undefined
  readonly json: Parsed
  /** The request's body as JSON; `undefined` when it is none. */
  readonly request: unknown
  /** Whether the request asked for a stream. */
  readonly streaming: boolean
}

const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

function textOf(bytes: Uint8Array): string | undefined {
  try {
    return strictUtf8.decode(bytes)
  } catch {
    return undefined
  }
}

export function parseJson(text: string | undefined): Parsed {
  if (text === undefined) return { ok: false, error: "not valid UTF-8" }
  // A value that nests deeper overflows the stack of whatever walks through it.
  return isTooDeep(text)
    ? { ok: false, error: `nested deeper than ${limits.jsonDepth.max} levels` }
    : parseShallow(text)
}

/** How a JSON text begins. Source: RFC 8259, sections 2 and 3. */
const beginning = /^[ \t\n\r]*["[{\d\-tfn]/

function parseShallow(text: string): Parsed {
  // An event stream, for example: to throw takes longer than to read it.
  if (!beginning.test(text)) return { ok: false, error: "it does not begin as JSON" }
  try {
    return { ok: true, value: JSON.parse(text) }
  } catch (error) {
    return { ok: false, error: (error as SyntaxError).message }
  }
}

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** Whether a request asks for a stream. */
const isStreaming = (request: unknown): boolean => isObject(request) && request["stream"] === true

/** What can be read of an exchange that has a response. */
export interface Reading {
  /** The decoded body: some servers compress it even if the request does not accept that. */
  readonly body: Uint8Array
  /** Whether the body is in the coding that `content-encoding` names, or plain without one. */
  readonly coding?: "kept" | "not-encoded" | "unfinished"
  /** `undefined` when the body is in a coding unknown here, or not in the one that is named, or crosses a limit. */
  readonly reply?: ParsedReply
  /** Set when the body crosses a limit. */
  readonly crossing?: Crossing
}

/** Reads an exchange as far as HTTP and JSON go, once for all views; `undefined` when no status line came. */
export const readingOf = keptOnExchange(
  (exchange): Reading | undefined => exchange.response && read(exchange, exchange.response.headers),
)

/** Returns the reply of an exchange; `undefined` if it has no reply or an unreadable one (see `Reading`). */
export function answeredOf(exchange: Evidence): ParsedReply | undefined {
  return readingOf(exchange)?.reply
}

const mediaSurfaces: ReadonlySet<Surface> = new Set(["images", "audio", "video"])

/** Returns the name of the limit on the size of a reply. */
export const sizeLimitOf = (operation: OperationId | undefined): "textBytes" | "mediaBytes" =>
  operation !== undefined && mediaSurfaces.has(endpoints[operation].surface) ? "mediaBytes" : "textBytes"

function codingOf({ end }: Evidence, { fault }: DecodedBody): Reading["coding"] {
  if (fault === undefined) return "kept"
  if (fault === "corrupt") return "not-encoded"
  // Of a connection that was cut, what came before is judged.
  return fault === "truncated" && end.kind === "complete" ? "unfinished" : undefined
}

function read(exchange: Evidence, headers: readonly Header[]): Reading {
  const limit = sizeLimitOf(exchange.operation.value)
  const decoded = decodedBody(exchange, { maxBytes: limits[limit].max })
  const { bytes: body, fault } = decoded
  if (exchange.end.code === "maxKeptBytes") return { body, crossing: crossingAt(limit, body.length) }
  if (fault === "unsupported") return { body }
  if (fault === "oversized") return { body, crossing: crossingAt(limit, 0) }
  const coding = codingOf(exchange, decoded)
  if (coding === "not-encoded" || coding === "unfinished") return { body, coding }
  const mediaType = (headerOf(headers, "content-type") ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? ""
  const request = once(() => {
    if (exchange.isRequestKnown === false) return unknownRequest(mediaType === "text/event-stream")
    const sent = parseJson(textOf(exchange.request.body))
    return sent.ok ? sent.value : undefined
  })
  const crossing = crossingIn(body, mediaType === "text/event-stream" || isStreaming(request()))
  const known = { body, ...(coding && { coding }) }
  if (!crossing) return { reply: new ReadReply(exchange, mediaType, body, request), ...known }
  // Of a body that did not end, what came before the limit is judged.
  return exchange.end.kind === "limit"
    ? { reply: new ReadReply(exchange, mediaType, body.subarray(0, crossing.offset), request), ...known }
    : { crossing, ...known }
}

/** Thrown when a rule depends on a request that is not known. */
export class RequestUnknown extends Error {
  override name = "RequestUnknown"
}

/** Returns a request of which nothing is known, but that it asked for the form of its reply. */
const unknownRequest = (stream: boolean): unknown =>
  new Proxy(
    { stream },
    {
      get(known, name) {
        if (name === "stream") return known.stream
        throw new RequestUnknown(`the request is not known: ${String(name)}`)
      },
      has() {
        throw new RequestUnknown("the request is not known")
      },
      ownKeys() {
        throw new RequestUnknown("the request is not known")
      },
    },
  )

function crossingIn(body: Uint8Array, isStream: boolean): Crossing | undefined {
  const first = body.find((byte) => byte > 0x20)
  if (first === 0x7b || first === 0x5b) return jsonCrossing(body)
  return isStream ? streamCrossing(body) : undefined
}

/** Returns a function that computes its value at its first call. */
function once<T>(compute: () => T): () => T {
  let held: { readonly value: T } | undefined
  return () => {
    held ??= { value: compute() }
    return held.value
  }
}

/**
 * A reply of which the texts and their JSON are read when they are asked for. A class, because objects with accessors of
 * their own share no fast hidden class: what reads them is slow, and they outlive the exchange.
 */
class ReadReply implements ParsedReply {
  readonly exchange: Evidence
  readonly operation: OperationId | undefined
  readonly status: number
  readonly mediaType: string
  readonly body: Uint8Array
  private readonly textRead: () => string | undefined
  private readonly jsonRead: () => Parsed
  private readonly requestRead: () => unknown

  constructor(exchange: Evidence, mediaType: string, body: Uint8Array, requestOf: () => unknown) {
    this.exchange = exchange
    this.operation = exchange.operation.value
    this.status = exchange.response?.status ?? 0
    this.mediaType = mediaType
    this.body = body
    this.textRead = once(() => textOf(body))
    this.jsonRead = once(() => {
      const whole = this.text
      return whole === undefined ? parseJson(whole) : parseShallow(whole)
    })
    this.requestRead = requestOf
  }

  get text(): string | undefined {
    return this.textRead()
  }

  get json(): Parsed {
    return this.jsonRead()
  }

  get request(): unknown {
    return this.requestRead()
  }

  get streaming(): boolean {
    return isStreaming(this.request)
  }
}
