import { decode } from "./decoded-body.ts"
import { bodyOf, type Exchange, type Redaction } from "./exchange.ts"
import type { Header } from "./reply.ts"

/** Blots secrets out of what is about to be shown or stored. */
export interface Redactor {
  /**
   * The exchange without the secrets, everything as long as before, and what was blotted out added to `redacted`
   * (but for header names and the fault's words). Values of headers that carry credentials are blotted out whether
   * they are known or not. Names that were given by us (id, method, intent, end) are taken to hold none.
   */
  exchange(exchange: Exchange): Exchange
  /** The text without the secrets. */
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
/** What may stay of a credential: it tells a wrong scheme from a missing one. */
const scheme = /^(?:bearer|basic|digest|token|apikey|negotiate) +/i

/** The most that a compressed body may hold to be searched; a longer one is blotted out as a whole. */
const maxSearchedBytes = 64 * 1024 * 1024

/**
 * Redacts `secrets` wherever they stand and however they are written: as they are, percent-encoded, JSON-escaped
 * (both also in part), in base64 at any alignment, and inside a compressed body.
 */
export function createRedactor(secrets: readonly string[]): Redactor {
  const patterns = secrets.filter((secret) => secret !== "").flatMap(patternsOf)

  const spansIn = (text: string): Span[] =>
    merge(
      patterns.flatMap((pattern) => {
        const spans: Span[] = []
        pattern.lastIndex = 0
        for (let match = pattern.exec(text); match; match = pattern.exec(text)) {
          spans.push({ at: match.index, length: match[0].length })
          // The next one may begin inside of this one.
          pattern.lastIndex = match.index + 1
        }
        return spans
      }),
    )

  const text = (value: string) => blotText(value, spansIn(value))

  /** Whether secrets stand in it that cannot be blotted out one by one, because it is compressed. */
  const hidesSecrets = (body: Uint8Array, headers: readonly Header[]): boolean => {
    if (patterns.length === 0) return false
    const decoded = decode(body, headers, maxSearchedBytes)
    if (decoded.fault === "oversized") return true
    return decoded.bytes !== body && spansIn(latin1(decoded.bytes)).length > 0
  }

  return {
    text,
    exchange(exchange) {
      const redacted: Redaction[] = [...(exchange.redacted ?? [])]

      /** Finds secrets and takes them down. */
      const search = (value: string, where: Pick<Redaction, "part" | "header">): Span[] => {
        const spans = spansIn(value)
        for (const span of spans) redacted.push({ ...where, ...span })
        return spans
      }

      const redactHeaders = (headers: readonly Header[], part: Redaction["part"]) =>
        headers.map(([name, value]): Header => {
          const header = text(name)
          const blotted = blotText(value, search(value, { part, header }))
          if (!credentials.has(name.toLowerCase())) return [header, blotted]
          const at = scheme.exec(blotted)?.[0].length ?? 0
          const length = blotted.length - at
          if (/[^*]/.test(blotted.slice(at))) redacted.push({ part, header, at, length, credential: true })
          return [header, blotText(blotted, [{ at, length }])]
        })

      const redactBody = (bytes: Uint8Array, part: Redaction["part"]) =>
        blotBytes(bytes, search(latin1(bytes), { part }))

      const redactResponseBody = (headers: readonly Header[]) => {
        const body = bodyOf(exchange)
        if (!hidesSecrets(body, headers)) return redactBody(body, "response-body")
        const all = { at: 0, length: body.length }
        redacted.push({ part: "response-body", ...all })
        return blotBytes(body, [all])
      }

      const { request, response, intent } = exchange
      return {
        ...exchange,
        ...(intent?.fault && {
          intent: { ...intent, fault: { ...intent.fault, says: text(intent.fault.says) } },
        }),
        request: {
          ...request,
          target: blotText(request.target, search(request.target, { part: "request-target" })),
          headers: redactHeaders(request.headers, "request-header"),
          body: redactBody(request.body, "request-body"),
        },
        ...(response && {
          response: {
            ...response,
            headers: redactHeaders(response.headers, "response-header"),
            trailers: redactHeaders(response.trailers, "response-trailer"),
            chunks: cutLike(response.chunks, redactResponseBody(response.headers)),
          },
        }),
        // Last, because the members above fill it.
        ...(redacted.length > 0 && { redacted }),
      }
    },
  }
}

const latin1 = (bytes: Uint8Array) =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1")

/** Spans in order, those that touch or overlap as one. */
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
  const characters = Array.from(secret, writingsOf).join("")
  return [characters, ...base64Patterns(Buffer.from(secret))].map((pattern) => new RegExp(pattern, "g"))
}

/**
 * A pattern for one character in every writing: escaped, or raw. A raw one beyond ASCII may also stand as its
 * UTF-8 bytes, because bodies are searched as Latin-1. Escapes come first, so that the longer writing is blotted
 * out. A JSON text inside of JSON texts has its backslashes doubled.
 */
function writingsOf(character: string): string {
  const utf8 = Buffer.from(character)
  const units = Array.from({ length: character.length }, (_, at) => character.charCodeAt(at))
  const short = JSON.stringify(character).slice(1, -1)
  const writings = [
    Array.from(utf8, (byte) => `%${hex(byte, 2)}`).join(""),
    units.map((unit) => `\\\\{1,4}u${hex(unit, 4)}`).join(""),
    ...(short !== character && short.length === 2 ? [`\\\\{0,3}${literal(short)}`] : []),
    ...(character === "/" ? ["\\\\{1,4}/"] : []),
    ...(character === " " ? ["\\+"] : []),
    literal(utf8.toString("latin1")),
    literal(character),
  ]
  return `(?:${[...new Set(writings)].join("|")})`
}

/**
 * What base64 makes of the bytes at each of the three places where they may begin in a group of three: the digits
 * that they determine alone, and the one at their end that they share. Of a short secret, whose few digits may
 * stand anywhere by chance, only its own encoding.
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

/** The digits of base64 or base64url, the two odd ones escaped or not. */
const eitherAlphabet = (digits: string) =>
  digits.replace(/[+/]/g, (digit) => (digit === "+" ? "(?:[+-]|%2[bB])" : "(?:\\\\{0,4}/|_|%2[fF])"))

const literal = (text: string) =>
  text.replace(/[^\w-]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)

/** Hexadecimal digits in either case. */
const hex = (value: number, width: number) =>
  value
    .toString(16)
    .padStart(width, "0")
    .replace(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`)
