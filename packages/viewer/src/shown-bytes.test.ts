import fc from "fast-check"
import { expect, test } from "vitest"
import { hexLines, piecesOf } from "./shown-bytes.ts"

const utf8 = new TextEncoder()

/** Returns the bytes that a piece stands for. */
function bytesOfPiece({ text, isEscape }: ReturnType<typeof piecesOf>[number]): number[] {
  if (!isEscape) return [...utf8.encode(text)]
  return text
    .split("\\x")
    .slice(1)
    .map((digits) => Number.parseInt(digits, 16))
}

const bytes = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 4 }),
      fc.string({ unit: "grapheme" }).map((text) => utf8.encode(text)),
    ),
  )
  .map((parts) => Uint8Array.from(parts.flatMap((part) => [...part])))

test("the pieces of bytes are all bytes, and escapes are exactly what is not UTF-8", () => {
  fc.assert(
    fc.property(bytes, (given) => {
      const pieces = piecesOf(given)
      expect(pieces.flatMap(bytesOfPiece)).toEqual([...given])
      const lenient = new TextDecoder("utf-8", { ignoreBOM: true }).decode(given)
      const replaced = pieces.map(({ text, isEscape }) => (isEscape ? "\ufffd" : text)).join("")
      const withoutRuns = (text: string) => text.replace(/\ufffd+/g, "\ufffd")
      expect(withoutRuns(replaced)).toBe(withoutRuns(lenient))
    }),
  )
})

test("lines of numbers have offsets, sixteen bytes and their letters", () => {
  expect(hexLines(utf8.encode("RIFF\0wave sixteen+"), 32)).toBe(
    [
      "000020  52 49 46 46 00 77 61 76 65 20 73 69 78 74 65 65  RIFF.wave sixtee",
      "000030  6e 2b                                            n+",
    ].join("\n"),
  )
})
