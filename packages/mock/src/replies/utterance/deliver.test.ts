import fc from "fast-check"
import { expect, test } from "vitest"
import { cheapTokenizer as tokenizer } from "../../content/tokens.ts"
import { deliver } from "./deliver.ts"
import type { Segment, Utterance } from "./utterance.ts"

const anyText = fc.string({ unit: "binary", maxLength: 40 })
const anySegment: fc.Arbitrary<Segment> = fc.oneof(
  fc.record({ kind: fc.constantFrom("reasoning", "text", "refusal"), text: anyText }),
  fc.record({
    kind: fc.constant("call"),
    form: fc.constantFrom("function", "custom", "legacy"),
    callId: fc.constant("call_1"),
    name: fc.constant("weather"),
    text: anyText,
  }),
  fc.constant({ kind: "hosted" as const, item: { type: "web_search_call" as const } }),
)
const textOf = (segment: Segment | undefined) =>
  segment === undefined || segment.kind === "hosted" ? "" : segment.text

const anyUtterance: fc.Arbitrary<Utterance> = fc.record({
  segments: fc.array(anySegment, { maxLength: 4 }),
  isFiltered: fc.boolean(),
})
const anyLimits = fc.record({
  limit: fc.nat(60),
  stop: fc.array(fc.string({ unit: "grapheme", maxLength: 2 }), { maxLength: 2 }),
})

test("a delivery is a prefix of its utterance within the limits", () => {
  fc.assert(
    fc.property(anyUtterance, anyLimits, (utterance, limits) => {
      const { segments, end, tokens, reasoningTokens } = deliver(utterance, limits, tokenizer)
      expect(tokens).toBeLessThanOrEqual(limits.limit)
      expect(tokens).toBe(segments.reduce((sum, { count }) => sum + count, 0))
      const reasoning = segments.filter(({ kind }) => kind === "reasoning")
      expect(reasoningTokens).toBe(reasoning.reduce((sum, { count }) => sum + count, 0))
      segments.forEach((segment, index) => {
        const whole = utterance.segments[index]
        expect(textOf(whole).startsWith(segment.text)).toBe(true)
        expect(segment.tokens().join("")).toBe(segment.text)
        expect(segment.tokens()).toHaveLength(segment.count)
        if (segment.isCut || segment.text !== textOf(whole)) expect(index).toBe(segments.length - 1)
      })
      expect(segments.at(-1)?.isCut ?? false).toBe(end !== "stop")
    }),
  )
})

test("text and refusals contain no stop sequence, and other segments ignore them", () => {
  fc.assert(
    fc.property(anyUtterance, fc.string({ minLength: 1, maxLength: 2 }), (utterance, stop) => {
      const limited = deliver(utterance, { limit: Infinity, stop: [stop] }, tokenizer)
      for (const { kind, text } of limited.segments) {
        if (kind === "text" || kind === "refusal") expect(text).not.toContain(stop)
      }
      const others = utterance.segments.filter(({ kind }) => kind !== "text" && kind !== "refusal")
      const unlimited = deliver({ segments: others }, { limit: Infinity, stop: [stop] }, tokenizer)
      expect(unlimited.segments.map(({ text }) => text)).toEqual(others.map(textOf))
    }),
  )
})

test("a filter that cuts where the limit does is the reason", () => {
  const utterance: Utterance = { segments: [{ kind: "text", text: "one two three four" }], isFiltered: true }
  expect(deliver(utterance, { limit: 2 }, tokenizer)).toMatchObject({ end: "content_filter", tokens: 2 })
  expect(deliver(utterance, { limit: 1 }, tokenizer)).toMatchObject({ end: "length", tokens: 1 })
})
