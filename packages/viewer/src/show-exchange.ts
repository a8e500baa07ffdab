import { bodyOf, decodedBody, type Exchange, type Redactor } from "@nexhina/wire"
import type { BodyPart, Mark, ShownBody, ShownExchange } from "./shown-exchange.ts"

export interface ShowOptions {
  readonly redactor: Redactor
  /** Places to mark. Default: none. */
  readonly marks?: readonly Mark[]
  /** Maximum number of bytes of a body that are shown. Default: 32 KiB. */
  readonly maxBodyBytes?: number
  /** The response body without its content codings, where the caller has it. Default: it is decoded. */
  readonly body?: Uint8Array
}

/** Bytes from `from` up to, not including, `to`. */
interface Span {
  readonly from: number
  readonly to: number
}

/** Number of bytes around a part that are searched for secrets: more than any spelling of a secret takes. */
const redactionMargin = 2 ** 16

/** Maximum number of chunks that are listed. */
const maxChunks = 1000

/** Maximum number of characters of all headers of a message. */
const maxHeaderLength = 16 * 1024

const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

function partOf(at: number, bytes: Uint8Array): BodyPart {
  try {
    return { at, text: strictUtf8.decode(bytes) }
  } catch {
    return { at, text: Buffer.from(bytes).toString("base64"), base64: true }
  }
}

/** Moves an offset back to the beginning of its UTF-8 character. */
function characterStart(body: Uint8Array, offset: number): number {
  let start = offset
  while (start > 0 && offset - start < 3 && ((body[start] ?? 0) & 0xc0) === 0x80) start--
  return start
}

/** Returns the spans of a body that are shown: all, or its beginning, the bytes around a mark, and its end. */
function spansOf(body: Uint8Array, mark: Span | undefined, max: number): Span[] {
  if (body.length <= max) return body.length === 0 ? [] : [{ from: 0, to: body.length }]
  const quarter = Math.floor(max / 4)
  const ends = [
    { from: 0, to: mark ? quarter : max - quarter },
    { from: body.length - quarter, to: body.length },
  ]
  const around = mark && {
    from: mark.from - Math.floor(quarter / 2),
    to: mark.from + Math.ceil(1.5 * quarter),
  }
  const merged: { from: number; to: number }[] = []
  for (const { from, to } of [...ends, ...(around ? [around] : [])].toSorted((a, b) => a.from - b.from)) {
    const span = {
      from: characterStart(body, Math.max(0, from)),
      to: to >= body.length ? body.length : characterStart(body, Math.max(0, to)),
    }
    const last = merged.at(-1)
    if (last && span.from <= last.to) last.to = Math.max(last.to, span.to)
    else if (span.from < span.to) merged.push(span)
  }
  return merged
}

/** Shows a body; `redacted` returns bytes without the secrets, of the same length. */
function shownBody(
  body: Uint8Array,
  mark: Span | undefined,
  max: number,
  redacted: (bytes: Uint8Array) => Uint8Array,
): ShownBody {
  const parts = spansOf(body, mark, max).map(({ from, to }) => {
    const start = Math.max(0, from - redactionMargin)
    const window = redacted(body.subarray(start, to + redactionMargin))
    return partOf(from, window.subarray(from - start, to - start))
  })
  return { length: body.length, parts }
}

const isCoding = ([name, value]: readonly [string, string]) =>
  name.toLowerCase() === "content-encoding" && value.trim().toLowerCase() !== "identity"

/** Returns the headers that come first, up to the number of characters that are shown. */
function firstHeaders(headers: readonly (readonly [string, string])[]): [string, string][] {
  let left = maxHeaderLength
  return headers.flatMap(([name, value]): [string, string][] => {
    left -= name.length + value.length
    return left < 0 ? [] : [[name, value]]
  })
}

/**
 * Returns an exchange for a page: its secrets are redacted, and a long body is shown in part, around the first mark in
 * it. Costs time only for what is shown.
 */
export function showExchange(exchange: Exchange, options: ShowOptions): ShownExchange {
  const { redactor, marks = [], maxBodyBytes = 32 * 1024 } = options
  const { request, response, end, fidelity } = exchange
  const nothing = new Uint8Array()
  const bare = { ...exchange, request: { ...request, body: nothing } }
  const emptied = response ? { ...bare, response: { ...response, chunks: [] } } : bare
  const heads = redactor.exchange(emptied)
  const spanIn = (part: Mark["part"]) =>
    marks.flatMap((mark) => ("from" in mark && mark.part === part ? [mark] : []))[0]
  const body = options.body ?? (response ? decodedBody(exchange, { maxBytes: 2 ** 24 }).bytes : nothing)
  return {
    request: {
      method: request.method,
      url: heads.request.target,
      headers: firstHeaders(heads.request.headers),
      body: shownBody(
        request.body,
        spanIn("request-body"),
        maxBodyBytes,
        (bytes) => redactor.exchange({ ...emptied, request: { ...request, body: bytes } }).request.body,
      ),
    },
    ...(response &&
      heads.response && {
        response: {
          status: response.status,
          headers: firstHeaders(heads.response.headers),
          trailers: firstHeaders(heads.response.trailers),
          body: shownBody(body, spanIn("response-body"), maxBodyBytes, (bytes) =>
            bodyOf(redactor.exchange({ ...bare, response: { ...response, chunks: [{ atMs: 0, bytes }] } })),
          ),
          ...(response.headers.some(isCoding) && { isCoded: true as const }),
          chunks: response.chunks
            .slice(0, maxChunks)
            .map(({ atMs, bytes }): [number, number] => [Math.round(atMs * 100) / 100, bytes.length]),
          chunkCount: response.chunks.length,
        },
      }),
    end,
    isTimed: fidelity.timing,
    marks: [...marks],
  }
}
