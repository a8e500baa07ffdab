import * as fc from "fast-check"
import { expect, test } from "vitest"
import { limits } from "../limits.ts"
import { streamCrossing } from "./crossing.ts"

const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth)

/** Values of which each nests as deep as it says; brackets in strings do not nest. */
const value = fc
  .record({
    depth: fc.integer({ min: limits.jsonDepth.max - 2, max: limits.jsonDepth.max + 1 }),
    text: fc.stringMatching(/^[[\]{}"\\]{0,120}$/),
  })
  .map(({ depth, text }) => ({ depth, json: `[${JSON.stringify(text)},${nested(depth - 1)}]` }))

const event = fc.oneof(
  { weight: 3, arbitrary: value.map(({ depth, json }) => ({ depth, lines: [`data: ${json}`] })) },
  // The value goes on over a line end.
  value.map(({ depth, json }) => ({
    depth,
    lines: [`data: ${json.slice(0, -60)}`, `data: ${json.slice(-60)}`],
  })),
)

test("an event stream crosses the limit where one of its events nests too deep", () => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 5 }), fc.constantFrom("\n", "\r\n", "\r"), (events, lineEnd) => {
      const body = events.map(({ lines }) => [...lines, "", ""].join(lineEnd)).join("")
      const isTooDeep = events.some(({ depth }) => depth > limits.jsonDepth.max)
      expect(streamCrossing(new TextEncoder().encode(body))?.fault).toBe(isTooDeep ? "too-deep" : undefined)
    }),
  )
})
