import * as fc from "fast-check"
import { expect, test } from "vitest"
import { toFetch } from "../hosts/fetch.ts"
import { createMock } from "../mock.ts"
import { compose } from "./composition.ts"
import { digest, random } from "./random.ts"

const composed = (text: string, seed = "") => compose(text, random(digest(seed)))
const contentOf = (reply: { choices: { message: { content: string } }[] }) =>
  reply.choices[0]?.message.content ?? ""
const outputOf = (reply: { output: { content: { text: string }[] }[] }) =>
  reply.output[0]?.content[0]?.text ?? ""
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

test.each(["Explain recursion in detail", "Describe the sea in great detail", "Discuss the tides at length"])(
  "%s: several paragraphs (E21)",
  (text) => {
    expect(composed(text)?.split("\n\n").length).toBeGreaterThan(3)
  },
)

test("what a long text asks for is looked for at its end only, and the answer is bounded", () => {
  expect(composed(`Write a list. ${"x".repeat(3000)}`)).toBeUndefined()
  expect(composed(`${"as write ".repeat(100_000)}Write 99999 words`)?.length).toBeLessThan(40_000)
  expect(lines(composed("List 99999 items"), /^- /)).toBe(50)
})

test.each([
  ["/chat/completions", "nexhina"],
  ["/chat/completions", "openai"],
  ["/responses", "nexhina"],
  ["/responses", "openai"],
] as const)("%s under %s writes what was asked for, whole and streamed (E21)", async (path, profile) => {
  const ask = toFetch(createMock({ profile }))
  const answer = async (content: string, stream: boolean) => {
    const limit = path === "/responses" ? "max_output_tokens" : "max_tokens"
    const body = {
      model: "gpt-4o",
      messages: [{ role: "user", content }],
      input: content,
      [limit]: 400,
      stream,
    }
    const response = await ask(
      new Request(`http://localhost/v1${path}`, {
        method: "POST",
        headers: { authorization: "Bearer sk-test", "content-type": "application/json" },
        body: JSON.stringify(body),
      }),
    )
    const text = await response.text()
    if (!stream) return path === "/responses" ? outputOf(JSON.parse(text)) : contentOf(JSON.parse(text))
    const events = text
      .split("\n")
      .flatMap((line) => (line.startsWith("data: {") ? [JSON.parse(line.slice(6))] : []))
    return events
      .map(
        (event) =>
          event.choices?.[0]?.delta?.content ?? (/output_text.delta$/.test(event.type) ? event.delta : ""),
      )
      .join("")
  }
  for (const stream of [false, true]) {
    expect(await answer("Write an article about bees", stream)).toMatch(/^# .+\n\n.{200}/ms)
    expect(lines(await answer("Write a list of five fruits in Markdown", stream), /^- /)).toBe(5)
    expect(lines(await answer("Write a Python function that sorts", stream), /^```(python)?$/)).toBe(2)
  }
})
