import * as fc from "fast-check"
import { expect, test } from "vitest"
import { draw, seedOf } from "./draw.ts"

const arbitrary = fc.record({ n: fc.integer({ min: 1, max: 128 }), text: fc.string() })

test("the same seed draws the same values, however many are drawn behind them", () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 1, max: 20 }), (seed, count) => {
      const few = draw(arbitrary, seed, count).map(({ value }) => value)
      const many = draw(arbitrary, seed, count + 5).map(({ value }) => value)
      expect(many.slice(0, count)).toEqual(few)
    }),
  )
})

test("shrinking a drawn value ends at the smallest one that keeps a property", () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const keeps = ({ n }: { n: number }) => n >= 7
      let [smallest] = draw(arbitrary, seed, 50).filter(({ value }) => keeps(value))
      for (;;) {
        const smaller = [...(smallest?.shrink() ?? [])].find(({ value }) => keeps(value))
        if (!smaller) break
        smallest = smaller
      }
      expect(smallest?.value).toEqual({ n: 7, text: "" })
    }),
    { numRuns: 20 },
  )
})

test("rules draw from seeds of their own", () => {
  expect(seedOf(1, "chat.stop-excluded")).not.toBe(seedOf(1, "chat.schema"))
  expect(seedOf(1, "chat.schema")).not.toBe(seedOf(2, "chat.schema"))
})
