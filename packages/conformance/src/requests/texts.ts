import * as fc from "fast-check"

/** Beginnings, cheapest first; shrinking ends here. */
const openings = [
  "Hi",
  "Say hello.",
  "What is 2 + 2?",
  "Schreib ein Wort.",
  "用一个字回答。",
  "Напиши слово.",
]

/** Characters that tokenizers, JSON encoders and stream encoders are known to damage. */
const turns = [
  " ",
  "\n",
  "\r\n",
  "\n\n",
  "\t",
  '"',
  "\\",
  "'",
  "é",
  "e\u0301",
  "好",
  "שלום",
  "مرحبا",
  "🙂",
  "👩‍👩‍👧",
  "🇺🇦",
  "\u2028",
  "\u00a0",
  "data: [DONE]",
  "{}",
  "<b>",
  "%s",
]

/** Short texts that a model can answer cheaply, in several scripts, with characters that are easily damaged. */
export const texts: fc.Arbitrary<string> = fc
  .tuple(fc.constantFrom(...openings), fc.array(fc.constantFrom(...turns), { maxLength: 4 }))
  .map(([opening, rest]) => `${opening}${rest.join("")}`)

/** One text, or a list of one to four. */
export const oneOrMoreTexts: fc.Arbitrary<string | string[]> = fc.oneof(
  { withCrossShrink: true },
  texts,
  fc.array(texts, { minLength: 1, maxLength: 4 }),
)
