import * as fc from "fast-check"
import { expect, test } from "vitest"
import { jsonFlaw } from "./json-flaw.ts"

const objectText = fc.dictionary(fc.string(), fc.jsonValue()).map((value) => JSON.stringify(value))

test("whatever follows an object is told, with its place", () => {
  fc.assert(
    fc.property(
      objectText,
      fc.constantFrom("data: [DONE]", "}", "{}", "\n\nnull", "\ufeff"),
      (text, more) => {
        expect(jsonFlaw(text + more)).toEqual({ kind: "more-after-value", at: text.length })
      },
    ),
  )
})

test("a number that JSON lacks is told wherever it stands, and not inside strings", () => {
  fc.assert(
    fc.property(fc.constantFrom("NaN", "Infinity", "-Infinity"), fc.string(), (number, text) => {
      const before = `{"NaN":${JSON.stringify(text)},"a":[`
      expect(jsonFlaw(`${before}${number}]}`)).toEqual({
        kind: "not-finite",
        at: before.length + (number === "-Infinity" ? 1 : 0),
      })
    }),
  )
})

test("every beginning of an object is unfinished, and nothing else that it could be", () => {
  fc.assert(
    fc.property(objectText, fc.nat(), (text, length) => {
      const beginning = text.slice(0, 1 + (length % (text.length - 1)))
      expect(jsonFlaw(beginning)).toEqual({ kind: "unfinished", at: beginning.length })
    }),
  )
})

test("a byte order mark, no text, and what never was JSON", () => {
  expect(jsonFlaw('\ufeff{"a":1}')).toEqual({ kind: "byte-order-mark", at: 0 })
  expect(jsonFlaw(" \r\n")).toEqual({ kind: "empty", at: 0 })
  expect(jsonFlaw('"abc').kind).toBe("unfinished")
  expect(jsonFlaw("{'a':1}").kind).toBe("malformed")
  expect(jsonFlaw("<html></html>").kind).toBe("malformed")
})

test("every text has an answer, inside the text", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const { at } = jsonFlaw(text)
      expect(at).toBeLessThanOrEqual(text.length)
    }),
  )
})

test("long texts take time in proportion to their length", () => {
  expect(jsonFlaw(`${"[".repeat(300_000)}`).kind).toBe("unfinished")
  expect(jsonFlaw(`["${"\\\\".repeat(300_000)}"]x`).kind).toBe("more-after-value")
})
