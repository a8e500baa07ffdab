import { hash } from "node:crypto"
import type { Header } from "@nexhina/wire"
import type { Evidence } from "../evidence.ts"
import { isObject, type ParsedReply, readingOf } from "./answered.ts"

/** Number of bytes of a body, and of characters of headers, that a run keeps of an exchange that it has judged. */
const keptBytes = 4096
/** Number of members of a long JSON body whose names are kept. */
const keptMembers = 20

/** Number of characters that a run keeps of a text that it compares. */
const keptLength = 1000

/** Returns a text that is as different from others as it was: of a long one, the beginning and the hash. */
export function briefText(text: string): string {
  if (text.length <= keptLength) return text
  // Copied, because a part of a text keeps all of it in memory.
  const beginning = Buffer.from(text.slice(0, keptLength), "utf16le").toString("utf16le")
  return `${beginning}… ${hash("sha256", text, "base64")}`
}

/** Returns the headers that come first, up to the number of characters that are kept. */
function firstHeaders(headers: readonly Header[]): readonly Header[] {
  let left = keptBytes
  return headers.filter(([name, value]) => {
    left -= name.length + value.length
    return left >= 0 && name.toLowerCase() !== "content-encoding"
  })
}

/**
 * Returns an exchange with only the beginning of its bodies and headers, for when the rest is no longer needed. The
 * response body is without its content codings.
 */
export function briefOf(exchange: Evidence): Evidence {
  const { request, response } = exchange
  const brief = { ...exchange, request: { ...request, body: request.body.slice(0, keptBytes) } }
  if (!response) return brief
  // A copy, because a part of the bytes would keep all of them in memory.
  const bytes = readingOf(exchange)?.body.slice(0, keptBytes)
  const chunks = bytes && bytes.length > 0 ? [{ atMs: response.chunks[0]?.atMs ?? 0, bytes }] : []
  return {
    ...brief,
    response: { ...response, headers: firstHeaders(response.headers), trailers: [], chunks },
  }
}

/**
 * Returns a reply without what is long in it, for the rules about the whole run: of a long body, only the beginning,
 * whether it is JSON, and the names of its members.
 */
export function briefReply(reply: ParsedReply): ParsedReply {
  const exchange = briefOf(reply.exchange)
  const { operation, status, mediaType, request, streaming, json } = reply
  const body = reply.body.slice(0, keptBytes)
  const known = { exchange, operation, status, mediaType, body, request, streaming }
  if (body.length === reply.body.length) return { text: reply.text, json, ...known }
  const members = json.ok && isObject(json.value) ? Object.keys(json.value).slice(0, keptMembers) : []
  return {
    text: undefined,
    json: json.ok ? { ok: true, value: Object.fromEntries(members.map((name) => [name, null])) } : json,
    ...known,
  }
}
