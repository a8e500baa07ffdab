import type { ShownBody } from "./shown-exchange.ts"

const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
const utf8 = new TextEncoder()

/** Consecutive bytes of a body. */
export interface Bytes {
  readonly at: number
  readonly bytes: Uint8Array
}

/** Returns the bytes of a body that are shown. */
export function bytesOf({ parts }: ShownBody): Bytes[] {
  return parts.map(({ at, text, base64 }) => ({
    at,
    bytes: base64 ? Uint8Array.from(atob(text), (unit) => unit.charCodeAt(0)) : utf8.encode(text),
  }))
}

/** A piece of bytes as text: as it is, or as escapes of bytes that are not UTF-8. */
interface Piece {
  readonly text: string
  readonly isEscape: boolean
}

function decoded(bytes: Uint8Array): string | undefined {
  try {
    return strictUtf8.decode(bytes)
  } catch {
    return undefined
  }
}

/** Returns the length of the UTF-8 character at an index; 0 if no valid character begins there. */
function characterLength(bytes: Uint8Array, at: number): number {
  const first = bytes[at] ?? 0
  const length = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4
  if (length < 2) return length
  return decoded(bytes.subarray(at, at + length)) === undefined ? 0 : length
}

const hex = (byte: number) => `\\x${byte.toString(16).padStart(2, "0")}`

/** Splits bytes into text and the bytes that are not UTF-8. */
export function piecesOf(bytes: Uint8Array): Piece[] {
  const whole = decoded(bytes)
  if (whole !== undefined) return whole === "" ? [] : [{ text: whole, isEscape: false }]
  const pieces: Piece[] = []
  let from = 0
  let at = 0
  const takeText = () => {
    const text = decoded(bytes.subarray(from, at))
    if (text) pieces.push({ text, isEscape: false })
  }
  while (at < bytes.length) {
    const length = characterLength(bytes, at)
    if (length > 0) {
      at += length
      continue
    }
    takeText()
    let escapes = ""
    for (; at < bytes.length && characterLength(bytes, at) === 0; at++) escapes += hex(bytes[at] ?? 0)
    pieces.push({ text: escapes, isEscape: true })
    from = at
  }
  takeText()
  return pieces
}

/** Returns whether bytes are better read as numbers: audio, images and the like. */
export function isBinary(bytes: Uint8Array): boolean {
  const sample = bytes.subarray(0, 512)
  const odd = sample.reduce(
    (sum, byte) => sum + Number(byte < 9 || (byte > 13 && byte < 32) || byte > 0x7e),
    0,
  )
  return decoded(bytes) === undefined && odd > sample.length / 4
}

const rowBytes = 16

/** Returns lines of offsets, numbers and letters. */
export function hexLines(bytes: Uint8Array, offset: number): string {
  const rows = Array.from({ length: Math.ceil(bytes.length / rowBytes) }, (_, row) => {
    const part = bytes.subarray(row * rowBytes, (row + 1) * rowBytes)
    const numbers = Array.from(part, (byte) => byte.toString(16).padStart(2, "0")).join(" ")
    const letters = Array.from(part, (byte) =>
      byte > 31 && byte < 127 ? String.fromCharCode(byte) : ".",
    ).join("")
    const at = (offset + row * rowBytes).toString(16).padStart(6, "0")
    return `${at}  ${numbers.padEnd(3 * rowBytes - 1)}  ${letters}`
  })
  return rows.join("\n")
}
