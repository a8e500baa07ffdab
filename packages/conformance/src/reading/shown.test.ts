import * as fc from "fast-check"
import { expect, test } from "vitest"
import { shownApart } from "./shown.ts"

const text = fc.oneof(fc.string({ unit: "grapheme" }), fc.string({ unit: "grapheme", minLength: 200 }))

test("two texts that differ are shown apart, wherever they differ", () => {
  fc.assert(
    fc.property(text, text, text, (beginning, one, other) => {
      fc.pre(one !== other)
      const { expected, actual } = shownApart(`${beginning}${one}`, `${beginning}${other}`)
      expect(expected).not.toBe(actual)
    }),
  )
})

test("texts that are short, or differ soon, are shown from their beginning", () => {
  const end = " and so on".repeat(20)
  expect(shownApart("one", "two")).toEqual({ expected: '"one"', actual: '"two"' })
  const shown = { expected: expect.stringMatching(/^"one and/), actual: expect.stringMatching(/^"two and/) }
  expect(shownApart(`one${end}`, `two${end}`)).toEqual(shown)
})

test("long texts are shown from a little before they differ", () => {
  const beginning = "A very long beginning that both of them have. ".repeat(3)
  expect(shownApart(`${beginning}one`, `${beginning}two`)).toEqual({
    expected: '… " both of them have. one"',
    actual: '… " both of them have. two"',
  })
})
