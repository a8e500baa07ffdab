import * as fc from "fast-check"
import { expect, test } from "vitest"
import { nestsDeeper, stringEnd } from "./json-text.ts"

function depthOf(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0
  return 1 + Math.max(0, ...Object.values(value).map(depthOf))
}

test("a JSON text nests as deep as its value", () => {
  const strings = fc.string({ unit: fc.constantFrom(...'a[]{}"\\\n') })
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: "small" },
      strings,
      fc.integer(),
      fc.array(tie("value"), { maxLength: 3 }),
      fc.dictionary(strings, tie("value"), { maxKeys: 3 }),
    ),
  }))
  fc.assert(
    fc.property(value, fc.nat(8), (value, max) => {
      expect(nestsDeeper(JSON.stringify(value), max)).toBe(depthOf(value) > max)
    }),
  )
})

test("a string ends where its JSON text ends, and one that is not closed at the end of the text", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'a"\\\n') }), fc.string(), (content, after) => {
      const quoted = JSON.stringify(content)
      expect(stringEnd(`${quoted}${after}`, 1)).toBe(quoted.length - 1)
      expect(stringEnd(quoted.slice(0, -1), 1)).toBe(quoted.length - 1)
    }),
  )
})
