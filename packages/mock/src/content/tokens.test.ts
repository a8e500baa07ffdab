import fc from "fast-check"
import { expect, test } from "vitest"
import { cheapTokenizer, countTokens, firstTokens, tokenizerOf, tokens } from "./tokens.ts"

const text = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({ unit: "grapheme" }),
  fc
    .array(
      fc.constantFrom("word", " ", "  ", "\n", "né", "漢字", "👩‍🚀", "x.y", "antidisestablishmentarianism"),
    )
    .map((words) => words.join("")),
)

test("tokens concatenate to the text and are never empty", () => {
  fc.assert(
    fc.property(text, (text) => {
      expect(tokens(text).join("")).toBe(text)
      expect(tokens(text)).not.toContain("")
      expect(countTokens(text)).toBe(tokens(text).length)
    }),
  )
})

test("no token splits a code point", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      for (const token of tokens(text)) expect(token).not.toMatch(/\p{Surrogate}/u)
    }),
  )
})

test("adding text never lowers the count", () => {
  fc.assert(
    fc.property(text, text, (text, more) => {
      expect(countTokens(text + more)).toBeGreaterThanOrEqual(countTokens(text))
    }),
  )
})

test("the first tokens are those that the whole text begins with", () => {
  fc.assert(
    fc.property(text, fc.nat(20), (text, limit) => {
      const first = tokens(text).slice(0, limit)
      expect(firstTokens(text, limit)).toEqual({ text: first.join(""), count: first.length })
    }),
  )
})

test("words carry the space before them, long words are several tokens", () => {
  expect(tokens('The "Nordwestlandschaft", 漢字!')).toEqual([
    "The",
    ' "',
    "Nordwest",
    "landscha",
    "ft",
    '",',
    " 漢",
    "字",
    "!",
  ])
})

test("a tokenizer made of the cut alone measures as the cheap one does", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.nat(20), (text, limit) => {
      const made = tokenizerOf(tokens)
      expect(made.tokens(text)).toEqual(cheapTokenizer.tokens(text))
      expect(made.count(text)).toBe(cheapTokenizer.count(text))
      expect(made.first(text, limit)).toEqual(cheapTokenizer.first(text, limit))
    }),
  )
})
