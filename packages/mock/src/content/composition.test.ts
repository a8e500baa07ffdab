import * as fc from "fast-check"
import { expect, test } from "vitest"
import { compose } from "./composition.ts"
import { digest, random } from "./random.ts"

const composed = (text: string, seed = "") => compose(text, random(digest(seed)))
const lines = (text: string | undefined, pattern: RegExp) =>
  (text ?? "").split("\n").filter((line) => pattern.test(line)).length

test("a text that orders nothing has no form, and any text is answered the same twice", () => {
  for (const text of ["", "Hello", "Describe the sea.", "What is the zip code of Paris?"]) {
    expect(composed(text)).toBeUndefined()
  }
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.string(), (text, seed) => {
      expect(composed(text, seed)).toBe(composed(text, seed))
    }),
  )
})

test("lists, tables and paragraphs have the length that was asked for", () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 20 }), fc.string(), (count, seed) => {
      expect(lines(composed(`Give me ${count} ideas for a garden`, seed), /^- \*\*/)).toBe(count)
      expect(lines(composed(`List ${count} steps to bake bread`, seed), /^\d+\. \*\*/)).toBe(count)
      expect(lines(composed(`Make a table with ${count} rows`, seed), /^\|/)).toBe(count + 2)
      const paragraphs = composed(`Write ${count} paragraphs about the sea`, seed)?.split("\n\n") ?? []
      expect(paragraphs.filter((text) => !text.startsWith("#"))).toHaveLength(count)
    }),
  )
  expect(lines(composed("Name three reasons"), /^- /)).toBe(3)
  expect(lines(composed("Write a list of colours"), /^- /)).toBe(5)
})

test("a text of N words has N words, to within a sentence", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1000 }), fc.string(), (count, seed) => {
      const text = composed(`Write ${count} words about the sea`, seed) ?? ""
      const words = text.split("\n\n").slice(1).join(" ").split(" ").length
      expect(words).toBeGreaterThanOrEqual(count)
      expect(words).toBeLessThan(count + 12)
    }),
  )
})

test.each([
  ["Write a Python function that adds numbers", "python"],
  ["write me a TypeScript class", "typescript"],
  ["Show a React component in JavaScript", "javascript"],
  ["Write a SQL query", "sql"],
  ["Generate a program in Go", "go"],
  ["Implement the algorithm in Rust", "rust"],
  ["Create a bash script", "bash"],
  ["Write a Java program", "java"],
  ["Write code", "python"],
])("%s: a fenced block of %s", (text, language) => {
  expect(composed(text)?.match(/^```.*$/gm)).toEqual([`\`\`\`${language}`, "```"])
})

test("what a long text asks for is looked for at its end only, and the answer is bounded", () => {
  expect(composed(`Write a list. ${"x".repeat(3000)}`)).toBeUndefined()
  expect(composed(`${"as write ".repeat(100_000)}Write 99999 words`)?.length).toBeLessThan(40_000)
  expect(lines(composed("List 99999 items"), /^- /)).toBe(50)
})
