import { afterValue, memberIndex } from "../reading/member-index.ts"
import type { Where } from "../rule.ts"

/** Maximum number of bytes in which a member is looked for. */
const maxSearchedBytes = 2 ** 21

/** Returns some bytes as text with one character for each byte, so that indexes are offsets. */
function latin1From(body: Uint8Array, from: number): string {
  const searched = body.subarray(from, from + maxSearchedBytes)
  return Buffer.from(searched.buffer, searched.byteOffset, searched.length).toString("latin1")
}

/** Returns a JSON pointer as text with one character for each byte of its UTF-8. */
const latin1Pointer = (pointer: string) => Buffer.from(pointer).toString("latin1")

/** Returns where in the body a fault lies, in bytes: at the member that its pointer names, if there is one. */
export function faultOffset(body: Uint8Array, at: Where): number {
  if (at.part === "end") return body.length
  if (at.part !== "body" && at.part !== "event") return 0
  const from = at.offset ?? 0
  // An event has its fields before the JSON of its data; the offset of a body is already exact.
  if (!at.pointer || (at.part === "body" && at.offset !== undefined)) return from
  const text = latin1From(body, from)
  const json = Math.max(0, text.search(/[{[]/))
  return from + memberIndex(text, json, latin1Pointer(at.pointer))
}

/** Bytes of a body from `from` up to, not including, `to`. */
export interface ByteRange {
  readonly from: number
  readonly to: number
}

/** Returns the index behind the blank line that ends an event. */
function afterEvent(text: string): number {
  const blank = /\r\n\r\n|\n\n|\r\r|\n\r\n/.exec(text)
  return blank ? blank.index + blank[0].length : text.length
}

/** Returns the index behind the JSON value, or the UTF-8 character, that a text begins with. */
function afterToken(text: string): number {
  if (/^["{[]/.test(text)) return afterValue(text, 0)
  const word = /^[\w+.-]+/.exec(text)
  return word ? word[0].length : (/^[\xc2-\xf4][\x80-\xbf]+/.exec(text)?.[0].length ?? 1)
}

/**
 * Returns the bytes of the body that show a fault: the value of its pointer (or the nearest value around a member that
 * is missing), the event, or the value at its offset; the whole body where it has neither. `undefined` when the fault
 * is not in the body.
 */
export function faultRange(body: Uint8Array, at: Where): ByteRange | undefined {
  if (at.part !== "body" && at.part !== "event") return undefined
  if (at.part === "body" && at.offset === undefined && !at.pointer) return { from: 0, to: body.length }
  const from = Math.min(faultOffset(body, at), body.length)
  const text = latin1From(body, from)
  const length = at.part === "event" && !at.pointer ? afterEvent(text) : afterToken(text)
  return { from, to: Math.min(body.length, from + length) }
}

/** Returns the bytes of the request's JSON at a parameter such as `messages[0].role`, or of what should contain it. */
export function parameterRange(body: Uint8Array, parameter: string): ByteRange | undefined {
  const pointer = parameter
    .split(/[.[\]]+/)
    .filter((segment) => segment !== "")
    .map((segment) => `/${segment.replaceAll("~", "~0").replaceAll("/", "~1")}`)
    .join("")
  const text = latin1From(body, 0)
  if (!/^\s*[{[]/.test(text)) return undefined
  const from = memberIndex(text, 0, latin1Pointer(pointer))
  return { from, to: Math.min(body.length, afterValue(text, from)) }
}
