import { bodyOf, type Redaction } from "@nexhina/wire"
import type { Evidence } from "../evidence.ts"
import type { Where } from "../rule.ts"
import { answeredOf, isObject } from "./answered.ts"

/** Returns whether the bytes in which a fault lies were redacted before they were recorded, so that it proves nothing. */
export function isRedactedAt(exchange: Evidence, at: Where): boolean {
  const redactions = (exchange.redacted ?? []).filter(({ credential }) => !credential)
  if (redactions.length === 0 || at.part === "status" || at.part === "end") return false
  if (at.part === "header") {
    const name = at.name.toLowerCase()
    return redactions.some(({ header }) => header?.toLowerCase() === name)
  }
  // A rule may compare the reply with the request.
  if (redactions.some(({ part }) => part === "request-body" || part === "request-target")) return true
  const spans = redactions.filter(({ part }) => part === "response-body")
  if (spans.length === 0) return false
  const body = bodyOf(exchange)
  // A compressed body is redacted as a whole.
  if (spans.some(({ length }) => length === body.length)) return true
  if (at.part === "event") return overlaps(spans, at.offset, eventEnd(body, at.offset))
  if (at.offset !== undefined) return overlaps(spans, at.offset - 1, at.offset + 1)
  return at.pointer !== undefined && holdsRedaction(exchange, at.pointer, spans)
}

const overlaps = (spans: readonly Redaction[], from: number, to: number): boolean =>
  spans.some(({ at, length }) => at < to && at + length > from)

/** Returns the offset at which an event ends: at an empty line, or with the body. */
function eventEnd(body: Uint8Array, from: number): number {
  const text = Buffer.from(body.buffer, body.byteOffset, body.length)
  const ends = ["\n\n", "\r\n\r\n", "\r\r"].map((end) => text.indexOf(end, from)).filter((end) => end !== -1)
  return ends.length > 0 ? Math.min(...ends) : body.length
}

/** Returns whether the member of a JSON body that a pointer names contains what a redactor leaves. */
function holdsRedaction(exchange: Evidence, pointer: string, spans: readonly Redaction[]): boolean {
  const json = answeredOf(exchange)?.json
  if (!json?.ok) return true
  let value: unknown = json.value
  for (const segment of pointer.split("/").slice(1)) {
    const name = segment.replaceAll("~1", "/").replaceAll("~0", "~")
    if (Array.isArray(value)) value = value[Number(name)]
    else if (isObject(value)) value = value[name]
  }
  const shortest = Math.min(...spans.map(({ length }) => length))
  return JSON.stringify(value ?? null).includes("*".repeat(shortest))
}
