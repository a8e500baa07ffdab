import { z } from "zod"
import { decode } from "./decoded-body.ts"
import { bodyOf, Exchange, ExchangeEnd, type ReceivedChunk, type RecordedRequest } from "./exchange.ts"
import { expectationOf } from "./expectation.ts"
import { type Header, headerOf } from "./reply.ts"
import { encoded } from "./write.ts"

const { id, fidelity, redacted } = Exchange.shape

/** What HAR has no member for; tools ignore members that begin with an underscore. */
const Extension = z.object({
  id,
  end: ExchangeEnd,
  fidelity,
  redacted,
  /** Time of arrival and length of each chunk of the body; absent without a response. */
  chunks: z.array(z.tuple([z.number(), z.number()])).exactOptional(),
  trailers: z.array(z.tuple([z.string(), z.string()])).exactOptional(),
  /** The body as received, in base64, when `content` is its decompressed form. */
  body: z.string().exactOptional(),
})

/** Some tools write `null` for a member that they have no value for. */
const HarHeaders = z.array(z.looseObject({ name: z.string(), value: z.string().nullish() }))

const Content = z.looseObject({
  size: z.number().nullish(),
  mimeType: z.string().nullish(),
  text: z.string().nullish(),
  encoding: z.string().nullish(),
  /** The file beside the archive that has the body, in archives of Playwright. */
  _file: z.string().nullish(),
})
type Content = z.infer<typeof Content>

const PostData = z.looseObject({
  mimeType: z.string().nullish(),
  text: z.string().nullish(),
  /** HAR 1.2 does not define it for requests, but some tools write it. */
  encoding: z.string().nullish(),
  _encoding: z.string().nullish(),
  params: z.array(z.looseObject({ name: z.string(), value: z.string().nullish() })).nullish(),
})
type PostData = z.infer<typeof PostData>

export const Entry = z.looseObject({
  startedDateTime: z.string(),
  time: z.number().nullish(),
  request: z.looseObject({
    method: z.string(),
    url: z.string(),
    headers: HarHeaders,
    postData: PostData.nullish(),
  }),
  response: z.looseObject({
    status: z.number(),
    headers: HarHeaders,
    content: Content,
    /** Why the reply did not end, in archives of Chromium. */
    _error: z.string().nullish(),
    /** The same in archives of Playwright. */
    _failureText: z.string().nullish(),
  }),
  _nexhina: Extension.optional(),
})
export type Entry = z.infer<typeof Entry>

/** An HTTP Archive 1.2, as far as exchanges are read from it. Members of other tools are kept. */
export const Har = z.looseObject({ log: z.looseObject({ entries: z.array(Entry) }) })
export type Har = z.infer<typeof Har>

/** An exchange and the time from which its `sentAtMs` counts. */
export interface DatedExchange {
  readonly exchange: Exchange
  readonly startedAt: Date
}

/**
 * Returns exchanges as an HTTP Archive 1.2. Bodies are decompressed, as the format asks; `_nexhina` of each entry
 * contains what the format has no member for, so that `fromHar` returns the same exchanges.
 */
export function toHar(exchanges: readonly DatedExchange[], creator: { name: string; version: string }): Har {
  return { log: { version: "1.2", creator, entries: exchanges.map(entryOf) } }
}

function entryOf({ exchange, startedAt }: DatedExchange): Entry {
  const { request, response, end } = exchange
  const wait = Math.min(end.atMs, response?.chunks[0]?.atMs ?? end.atMs)
  const { content, body } = contentOf(exchange)
  return {
    startedDateTime: new Date(startedAt.getTime() + request.sentAtMs).toISOString(),
    time: end.atMs,
    request: {
      method: request.method,
      url: request.target,
      httpVersion: "HTTP/1.1",
      cookies: [],
      headers: toHarHeaders(request.headers),
      queryString: queryOf(request.target),
      ...(request.body.length > 0 && { postData: postDataOf(request) }),
      headersSize: -1,
      bodySize: request.body.length,
    },
    response: {
      status: response?.status ?? 0,
      statusText: "",
      httpVersion: "HTTP/1.1",
      cookies: [],
      headers: toHarHeaders(response?.headers ?? []),
      content,
      redirectURL: headerOf(response?.headers ?? [], "location") ?? "",
      headersSize: -1,
      bodySize: bodyOf(exchange).length,
    },
    cache: {},
    timings: { send: 0, wait, receive: end.atMs - wait },
    _nexhina: {
      id: exchange.id,
      end,
      fidelity: exchange.fidelity,
      ...(exchange.redacted && { redacted: exchange.redacted }),
      ...(response && {
        chunks: response.chunks.map(({ atMs, bytes }): [number, number] => [atMs, bytes.length]),
        trailers: response.trailers.map(([name, value]): [string, string] => [name, value]),
      }),
      ...(body !== undefined && { body }),
    },
  }
}

/** Maximum size of a decompressed body, in bytes; a larger one is written as received. */
const maxBytes = 64 * 2 ** 20

function contentOf(exchange: Exchange): { readonly content: Content; readonly body?: string } {
  const received = bodyOf(exchange)
  const headers = exchange.response?.headers ?? []
  const decoded = decode(received, headers, maxBytes)
  const isDecoded = decoded.bytes !== received && !decoded.fault
  const bytes = isDecoded ? decoded.bytes : received
  const { body, encoding } = encoded(bytes)
  const mimeType = headerOf(headers, "content-type") ?? ""
  return {
    content: { size: bytes.length, mimeType, text: body, ...(encoding && { encoding }) },
    ...(isDecoded && { body: Buffer.from(received).toString("base64") }),
  }
}

function postDataOf({ headers, body }: RecordedRequest): PostData {
  const { body: text, encoding } = encoded(body)
  const mimeType = headerOf(headers, "content-type") ?? ""
  return { mimeType, text, ...(encoding && { _encoding: encoding }) }
}

const toHarHeaders = (headers: readonly Header[]) => headers.map(([name, value]) => ({ name, value }))

function queryOf(target: string): { name: string; value: string }[] {
  if (!URL.canParse(target)) return []
  return [...new URL(target).searchParams].map(([name, value]) => ({ name, value }))
}

/** Thrown when a text is not an HTTP Archive: where it is not, and why. */
export class HarError extends Error {
  override name = "HarError"
}

/**
 * Returns the exchanges of an HTTP Archive of any tool, and the time from which their `sentAtMs` counts. Archives of
 * other tools have whole bodies without their compression and timing (see `fidelity`). An entry whose body the tool
 * has left out or cut ends with `limit`, and one that its client gave up with `aborted`.
 * @throws {HarError}
 */
export function fromHar(value: unknown): {
  readonly startedAt: Date
  readonly exchanges: readonly Exchange[]
} {
  const parsed = Har.safeParse(value)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw new HarError(
      `not an HTTP Archive: /${issue?.path.join("/") ?? ""} is not valid (${issue && expectationOf(issue)}).`,
    )
  }
  const { entries } = parsed.data.log
  const times = entries.map(({ startedDateTime }, nth) => {
    const time = Date.parse(startedDateTime)
    if (Number.isNaN(time)) throw new HarError(`/log/entries/${nth}/startedDateTime is not a date.`)
    return time
  })
  const startedAt = times.reduce((first, time) => Math.min(first, time), times[0] ?? 0)
  return {
    startedAt: new Date(startedAt),
    exchanges: entries.map((entry, nth) => exchangeOf(entry, nth, (times[nth] ?? startedAt) - startedAt)),
  }
}

/** Returns the exchange of an entry. */
export function exchangeOf(entry: Entry, nth: number, sentAtMs: number): Exchange {
  const { request, response, _nexhina: own } = entry
  const time = entry.time ?? 0
  const recorded: RecordedRequest = {
    method: request.method,
    target: request.url,
    headers: fromHarHeaders(request.headers),
    body: own ? postedBytes(request.postData) : foreignPostedBytes(request.postData),
    sentAtMs,
  }
  const body = own?.body === undefined ? contentBytes(response.content) : fromBase64(own.body)
  const head = { status: response.status, headers: fromHarHeaders(response.headers) }
  if (own) {
    const { chunks, trailers = [], ...rest } = own
    const { body: _, ...facts } = rest
    return {
      v: 1,
      request: recorded,
      ...(chunks && { response: { ...head, trailers, chunks: cut(body, chunks, nth) } }),
      ...facts,
    }
  }
  return {
    v: 1,
    id: String(nth + 1),
    request: recorded,
    ...(response.status > 0 && {
      response: {
        status: head.status,
        headers: uncodedHeaders(head.headers, body, response.content),
        trailers: [],
        chunks: body.length > 0 ? [{ atMs: time, bytes: body }] : [],
      },
    }),
    end: foreignEnd(response, body.length, time),
    fidelity: { bytes: false, timing: false },
  }
}

/**
 * Bytes by which `size` may exceed the body: some tools count the compressed bytes, which are a few more for a short
 * body, and some leave out a byte order mark (chosen).
 */
const sizeTolerance = 64

/** Returns how a reply in an archive of another tool ended. */
function foreignEnd(response: Entry["response"], length: number, atMs: number): ExchangeEnd {
  const { status, content, _error, _failureText } = response
  if (status <= 0) return { kind: "network", stage: "head", atMs }
  const failure = _error || _failureText
  if (failure && /abort|cancel/i.test(failure)) return { kind: "aborted", stage: "body", atMs }
  const size = content.size ?? 0
  const isCut = typeof content.text === "string" ? size > length + sizeTolerance : size > 0
  return failure || isCut || isReplaced(response)
    ? { kind: "limit", code: content._file ? "har-file" : "har", stage: "body", atMs }
    : { kind: "complete", atMs }
}

/**
 * Returns headers without those that describe the compressed body, which an archive has decompressed. A few tools keep
 * the compressed bytes, in base64: they can be decompressed. So can some short texts, by chance.
 */
function uncodedHeaders(
  headers: readonly Header[],
  body: Uint8Array,
  { encoding }: Content,
): readonly Header[] {
  if (headerOf(headers, "content-encoding") === undefined) return headers
  if (encoding === "base64" && body.length > 0 && !decode(body, headers, maxBytes).fault) return headers
  return headers.filter(([name]) => !/^content-(?:encoding|length)$/i.test(name))
}

function cut(body: Uint8Array, chunks: readonly [number, number][], nth: number): ReceivedChunk[] {
  let at = 0
  const pieces = chunks.map(([atMs, length]) => {
    at += length
    return { atMs, bytes: body.slice(at - length, at) }
  })
  if (at !== body.length) {
    throw new HarError(
      `/log/entries/${nth}/_nexhina/chunks has ${at} bytes, and the body ${body.length}. Remove _nexhina from an edited entry.`,
    )
  }
  return pieces
}

/** Pseudo headers of HTTP/2, such as `:path`, stand for the request line. */
const fromHarHeaders = (headers: z.infer<typeof HarHeaders>): Header[] =>
  headers.filter(({ name }) => !name.startsWith(":")).map(({ name, value }): Header => [name, value ?? ""])

const utf8 = new TextEncoder()
const fromBase64 = (text: string) => new Uint8Array(Buffer.from(text, "base64"))

const contentBytes = ({ text, encoding }: Content) =>
  encoding === "base64" ? fromBase64(text ?? "") : utf8.encode(text ?? "")

/** Media types of which a body is text. */
const textual = /^\s*text\/|[/+](?:json|xml|javascript|x-ndjson|x-www-form-urlencoded)\b/i

/** Returns whether a tool has written binary bytes as text, with U+FFFD for what it could not decode. */
function isReplaced({ content, headers }: Entry["response"]): boolean {
  const { text, encoding, mimeType } = content
  const type = mimeType || headerOf(fromHarHeaders(headers), "content-type") || ""
  return encoding !== "base64" && text?.includes("\ufffd") === true && !textual.test(type)
}

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** Does what `postedBytes` does. Schemathesis writes bodies in base64 without a word about it, if it preserves bytes. */
function foreignPostedBytes(data: PostData | null | undefined): Uint8Array {
  const bytes = postedBytes(data)
  const text = data?.text ?? ""
  const mimeType = data?.mimeType ?? ""
  if (!/\bjson\b/i.test(mimeType) || !/^[A-Za-z0-9+/]+={0,2}$/.test(text) || isJson(text)) return bytes
  const decoded = fromBase64(text)
  return isJson(Buffer.from(decoded).toString()) ? decoded : bytes
}

function postedBytes(data: PostData | null | undefined): Uint8Array {
  if (typeof data?.text === "string") {
    return (data.encoding ?? data._encoding) === "base64" ? fromBase64(data.text) : utf8.encode(data.text)
  }
  const params = data?.params?.map(({ name, value }): [string, string] => [name, value ?? ""]) ?? []
  return utf8.encode(new URLSearchParams(params).toString())
}
