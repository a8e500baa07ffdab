import { createMock } from "@nexhina/mock"
import type { Reply } from "@nexhina/wire"
import fc from "fast-check"
import { encode } from "gpt-tokenizer/encoding/o200k_base"
import { expect, test } from "vitest"
import { o200kBase } from "../src/o200k-base.ts"

const text = fc.oneof(
  fc.string({ unit: "grapheme" }),
  fc.string({ unit: "binary" }),
  fc.string({ unit: fc.nat({ max: 0xffff }).map((unit) => String.fromCharCode(unit)) }),
  fc.string({ unit: fc.constantFrom("👩‍🚀", "漢", "\ufffd", "\ud83d", " ", "a", "<|endoftext|>", "\n") }),
)

/** Whether no character of a text is a half. */
const isWhole = (text: string) => !/\p{Surrogate}/u.test(text)

test("the tokens concatenate to the text, cut no character, and are as many as the encoder counts", () => {
  fc.assert(
    fc.property(text, (text) => {
      const tokens = o200kBase(text)
      expect(tokens.join("")).toBe(text)
      expect(tokens.length).toBe(encode(text, { disallowedSpecial: new Set() }).length)
      if (isWhole(text)) expect(tokens.every(isWhole)).toBe(true)
    }),
    { numRuns: 1000 },
  )
})

test("a long text has the tokens that it has at once", () => {
  const prose = "The harbour follows the quiet river, 漢字 and all; it isn't far.\n\n".repeat(100)
  expect(o200kBase(prose).length).toBe(encode(prose).length)
})

test.each([
  ["Hello, world", ["Hello", ",", " world"]],
  ["tokenization", ["token", "ization"]],
  ["🚀", ["", "🚀"]],
  ["", []],
])("%j is %j", (text, tokens) => {
  expect(o200kBase(text)).toEqual(tokens)
})

test("words without end are cut in time linear in them", () => {
  for (const unit of ["a", " ", "\u{1f600}", "-", "\n"]) {
    const text = unit.repeat(200_000)
    expect(o200kBase(text).join("") === text).toBe(true)
  }
})

test("a mock that measures in them counts, limits and describes what it says by them", async () => {
  const { handle: answer } = createMock({ tokenizer: o200kBase })
  const ask = (content: string, max_tokens: number | null) =>
    answer({
      method: "POST",
      target: "/v1/chat/completions",
      headers: [["authorization", "Bearer sk-test"]],
      body: new TextEncoder().encode(
        JSON.stringify({
          model: "gpt-4o",
          messages: [{ role: "user", content }],
          max_tokens,
          logprobs: true,
        }),
      ),
    })
  const read = ({ body }: Reply) => {
    const { choices, usage } = JSON.parse(String(body))
    const tokens = choices[0].logprobs.content.map(({ token }: { token: string }) => token)
    return { content: choices[0].message.content, finish: choices[0].finish_reason, usage, tokens }
  }
  await fc.assert(
    fc.asyncProperty(text, fc.integer({ min: 1, max: 40 }), async (said, limit) => {
      const whole = read(await ask(said, null))
      expect(whole.tokens).toEqual(o200kBase(whole.content))
      expect(whole.usage.completion_tokens).toBe(whole.tokens.length)
      expect(whole.usage.prompt_tokens).toBeGreaterThanOrEqual(o200kBase(said).length)
      const cut = read(await ask(said, limit))
      expect(cut.tokens).toEqual(whole.tokens.slice(0, limit))
      expect(cut.content).toBe(cut.tokens.join(""))
      expect(cut.usage.completion_tokens).toBe(cut.tokens.length)
      expect(cut.finish).toBe(cut.tokens.length < whole.tokens.length ? "length" : "stop")
    }),
  )
})
