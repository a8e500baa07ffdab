import fc from "fast-check"
import { expect, test } from "vitest"
import { jsonPieces } from "./json-pieces.ts"

const text = fc.oneof(
  fc.string({ unit: "grapheme" }),
  // Halves of pairs of surrogates, alone and together.
  fc.string({ unit: fc.constantFrom("a", '"', "\n", "\u{1f600}", "\ud83d", "\ude00"), maxLength: 30 }),
)
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    text,
    fc.double({ noNaN: true }),
    fc.boolean(),
    fc.constant(null),
    tie("array"),
    tie("object"),
  ),
  array: fc.array(tie("value"), { maxLength: 4 }),
  object: fc.dictionary(text, fc.oneof(tie("value"), fc.constant(undefined)), { maxKeys: 4 }),
}))

test("the pieces are the text of JSON.stringify, wherever strings are cut", () => {
  fc.assert(
    fc.property(value, fc.integer({ min: 1, max: 8 }), (value, long) => {
      expect([...jsonPieces(value, long)].join("")).toBe(JSON.stringify(value))
    }),
  )
})

test("no piece is much longer than the length at which strings are cut", () => {
  const pieces = [...jsonPieces({ messages: [{ content: "\u0001".repeat(1000) }] }, 10)]
  expect(Math.max(...pieces.map(({ length }) => length))).toBe(60)
})
