import { decode } from "./decoded-body.ts"
import {
  bodyOf,
  type Exchange,
  type RecordedReply,
  type RecordedRequest,
  type Redaction,
} from "./exchange.ts"
import type { Header } from "./reply.ts"

/** Removes secrets from what is about to be shown or stored. */
export interface Redactor {
  /**
   * Returns the exchange without the secrets, every part as long as before, and lists in `redacted` what was
   * replaced (header names excepted). Values of headers that carry credentials are always replaced. Names that the
   * sender chose (id, method, end) are not searched.
   */
  exchange(exchange: Exchange): Exchange
  /** Returns the text without the secrets, and without pieces of them that a cut has left. */
  text(text: string): string
}

interface Span {
  readonly at: number
  readonly length: number
}

/** Headers whose value is a credential, whoever chose it. */
const credentials = new Set([
  "authorization",
  "proxy-authorization",
  "api-key",
  "x-api-key",
  "cookie",
  "set-cookie",
])
/** The part of a credential that stays: it distinguishes a wrong scheme from a missing one. */
const scheme = /^(?:bearer|basic|digest|token|apikey|negotiate) +/i

/** A shorter secret stands in other words by chance; it is searched only as a word of its own in header values. */
export const minSearchedLength = 8

/** The shortest piece of a secret, in characters, that is replaced where a cut has left only a piece. */
const minPieceLength = 12

/**
 * The longest secret, in characters, that is searched as a whole and at each of its characters (chosen). A pattern of a
 * longer one would take seconds for each text, and engines refuse the largest.
 */
const maxWholeLength = 256

/** Maximum size in bytes of a decompressed body that is searched; a larger one is replaced as a whole. */
const maxSearchedBytes = 4 * 1024 * 1024

/**
 * Creates a redactor of `secrets`, wherever they occur and however they are written: literally, percent-encoded,
 * JSON-escaped (both also in part), in base64 at any alignment, and inside a compressed body. A secret shorter than 8
 * characters is replaced only in the values of headers, as a word of its own.
 */
export function createRedactor(secrets: readonly string[]): Redactor {
  const long = secrets.filter((secret) => secret.length >= minSearchedLength)
  const short = secrets.filter((secret) => secret !== "" && secret.length < minSearchedLength)
  const patterns = long.flatMap(patternsOf)
  const inText = [...patterns, ...long.flatMap(piecePatterns)]
  const inHeaders = [...patterns, ...short.map(wordPattern)]
  return {
    text: (text) => blotText(text, spansIn(text, inText)),
    exchange: (exchange) => new ExchangeRedaction(exchange, patterns, inHeaders).result(),
  }
}

/** Returns the spans of a text in which a pattern matches. */
function spansIn(text: string, patterns: readonly RegExp[]): Span[] {
  return merge(
    patterns.flatMap((pattern) => {
      const spans: Span[] = []
      pattern.lastIndex = 0
      for (let match = pattern.exec(text); match; match = pattern.exec(text)) {
        spans.push({ at: match.index, length: match[0].length })
        // The next one may begin inside this one.
        pattern.lastIndex = match.index + 1
      }
      return spans
    }),
  )
}

/** The redaction of one exchange, which lists what it replaces. */
class ExchangeRedaction {
  private readonly exchange: Exchange
  private readonly patterns: readonly RegExp[]
  private readonly headerPatterns: readonly RegExp[]
  private readonly redacted: Redaction[]

  constructor(exchange: Exchange, patterns: readonly RegExp[], headerPatterns: readonly RegExp[]) {
    this.exchange = exchange
    this.patterns = patterns
    this.headerPatterns = headerPatterns
    this.redacted = [...(exchange.redacted ?? [])]
  }

  result(): Exchange {
    const { request, response } = this.exchange
    return {
      ...this.exchange,
      request: this.request(request),
      ...(response && { response: this.response(response) }),
      // Last, because the members above fill it.
      ...(this.redacted.length > 0 && { redacted: this.redacted }),
    }
  }

  private request(request: RecordedRequest): RecordedRequest {
    return {
      ...request,
      target: blotText(request.target, this.search(request.target, { part: "request-target" })),
      headers: this.headers(request.headers, "request-header"),
      body: this.codedBody(request.body, request.headers, "request-body"),
    }
  }

  private response(response: RecordedReply): RecordedReply {
    return {
      ...response,
      headers: this.headers(response.headers, "response-header"),
      trailers: this.headers(response.trailers, "response-trailer"),
      chunks: cutLike(
        response.chunks,
        this.codedBody(bodyOf(this.exchange), response.headers, "response-body"),
      ),
    }
  }

  /** Finds secrets and lists them. */
  private search(value: string, where: Pick<Redaction, "part" | "header">): Span[] {
    const spans = spansIn(value, where.header === undefined ? this.patterns : this.headerPatterns)
    for (const span of spans) this.redacted.push({ ...where, ...span })
    return spans
  }

  private headers(headers: readonly Header[], part: Redaction["part"]): Header[] {
    return headers.map(([name, value]): Header => {
      const header = blotText(name, spansIn(name, this.patterns))
      const blotted = blotText(value, this.search(value, { part, header }))
      if (!credentials.has(name.toLowerCase())) return [header, blotted]
      const at = scheme.exec(blotted)?.[0].length ?? 0
      const length = blotted.length - at
      if (/[^*]/.test(blotted.slice(at))) this.redacted.push({ part, header, at, length, credential: true })
      return [header, blotText(blotted, [{ at, length }])]
    })
  }

  private body(bytes: Uint8Array, part: Redaction["part"]): Uint8Array {
    return blotBytes(bytes, this.search(latin1(bytes), { part }))
  }

  private codedBody(body: Uint8Array, headers: readonly Header[], part: Redaction["part"]): Uint8Array {
    if (!this.hidesSecrets(body, headers)) return this.body(body, part)
    const all = { at: 0, length: body.length }
    this.redacted.push({ part, ...all })
    return blotBytes(body, [all])
  }

  /** Returns whether a compressed body contains secrets, which cannot be replaced one by one. */
  private hidesSecrets(body: Uint8Array, headers: readonly Header[]): boolean {
    if (this.patterns.length === 0) return false
    const decoded = decode(body, headers, maxSearchedBytes)
    if (decoded.fault === "oversized") return true
    return decoded.bytes !== body && spansIn(latin1(decoded.bytes), this.patterns).length > 0
  }
}

const latin1 = (bytes: Uint8Array) =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1")

/** Returns the spans in order, with those that touch or overlap joined. */
function merge(spans: readonly Span[]): Span[] {
  const merged: Span[] = []
  for (const span of spans.toSorted((a, b) => a.at - b.at)) {
    const last = merged.at(-1)
    if (last && span.at <= last.at + last.length) {
      merged[merged.length - 1] = {
        at: last.at,
        length: Math.max(last.length, span.at + span.length - last.at),
      }
    } else merged.push(span)
  }
  return merged
}

function blotText(text: string, spans: readonly Span[]): string {
  let blotted = ""
  let from = 0
  for (const { at, length } of spans) {
    blotted += text.slice(from, at) + "*".repeat(length)
    from = at + length
  }
  return blotted + text.slice(from)
}

function blotBytes(bytes: Uint8Array, spans: readonly Span[]): Uint8Array {
  if (spans.length === 0) return bytes
  const blotted = Uint8Array.from(bytes)
  for (const { at, length } of spans) blotted.fill(0x2a, at, at + length)
  return blotted
}

function cutLike<T extends { readonly bytes: Uint8Array }>(chunks: readonly T[], body: Uint8Array): T[] {
  let at = 0
  return chunks.map((chunk) => {
    const from = at
    at += chunk.bytes.length
    return { ...chunk, bytes: body.subarray(from, at) }
  })
}

function patternsOf(secret: string): RegExp[] {
  const spellings = Array.from(secret, spellingsOf)
  // One after the other, pieces cover a whole secret.
  const whole = spellings.length > maxWholeLength ? piecesOf(spellings, minPieceLength) : spellings.join("")
  return [whole, ...base64Patterns(Buffer.from(secret))].map((pattern) => new RegExp(pattern, "g"))
}

/** Matches pieces of a secret; those that overlap are joined to longer ones. */
function piecePatterns(secret: string): RegExp[] {
  const spellings = Array.from(secret, spellingsOf)
  // The pattern of a long secret has its pieces already.
  if (spellings.length <= minPieceLength || spellings.length > maxWholeLength) return []
  return [new RegExp(piecesOf(spellings, 1), "g")]
}

/** Returns a pattern of the pieces that begin `step` characters after one another, and of the last one. */
function piecesOf(spellings: readonly string[], step: number): string {
  const last = spellings.length - minPieceLength
  const pieces = new Set<string>()
  for (let from = 0; from < last + step; from += step) {
    const start = Math.min(from, last)
    pieces.add(spellings.slice(start, start + minPieceLength).join(""))
  }
  return [...pieces].join("|")
}

const wordPattern = (secret: string) => new RegExp(`(?<![\\w-])${literal(secret)}(?![\\w-])`, "g")

/**
 * Returns a pattern for one character in every spelling: escaped, or raw. A raw character beyond ASCII can also occur
 * as its UTF-8 bytes, because bodies are searched as Latin-1. Escapes come first, so that the longer spelling is
 * replaced. JSON text nested in JSON text has its backslashes doubled.
 */
function spellingsOf(character: string): string {
  const utf8 = Buffer.from(character)
  const units = Array.from({ length: character.length }, (_, at) => character.charCodeAt(at))
  const short = JSON.stringify(character).slice(1, -1)
  const spellings = [
    Array.from(utf8, (byte) => `%${hex(byte, 2)}`).join(""),
    units.map((unit) => `\\\\{1,4}u${hex(unit, 4)}`).join(""),
    ...(short !== character && short.length === 2 ? [`\\\\{0,3}${literal(short)}`] : []),
    ...(character === "/" ? ["\\\\{1,4}/"] : []),
    ...(character === " " ? ["\\+"] : []),
    literal(utf8.toString("latin1")),
    literal(character),
  ]
  return `(?:${[...new Set(spellings)].join("|")})`
}

/**
 * Returns the base64 digits of the bytes for each of the three offsets in a group of three at which they can begin:
 * the digits that they alone determine, and the last one, which they share. The few digits of a short secret occur
 * anywhere by chance, so only its own encoding is returned.
 */
function base64Patterns(secret: Uint8Array): string[] {
  return [0, 1, 2].flatMap((before) => {
    const digits = Buffer.concat([new Uint8Array(before), secret])
      .toString("base64")
      .replace(/=+$/, "")
    const bits = 8 * (before + secret.length)
    const own = digits.slice(Math.ceil((8 * before) / 6), Math.floor(bits / 6))
    if (own.length < 8) return before === 0 ? [eitherAlphabet(digits)] : []
    return [eitherAlphabet(own) + (bits % 6 === 0 ? "" : "[\\w+/-]")]
  })
}

/** Matches digits of base64 or base64url; the two that are not alphanumeric may be escaped. */
const eitherAlphabet = (digits: string) =>
  digits.replace(/[+/]/g, (digit) => (digit === "+" ? "(?:[+-]|%2[bB])" : "(?:\\\\{0,4}/|_|%2[fF])"))

const literal = (text: string) =>
  text.replace(/[^\w-]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)

/** Matches hexadecimal digits in either case. */
const hex = (value: number, width: number) =>
  value
    .toString(16)
    .padStart(width, "0")
    .replace(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`)
