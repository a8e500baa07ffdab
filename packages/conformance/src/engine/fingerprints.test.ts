import * as fc from "fast-check"
import { expect, test } from "vitest"
import { Fingerprints } from "./fingerprints.ts"

const pairs = fc.array(fc.tuple(fc.nat(3000).map(String), fc.nat(3).map(String)), {
  maxLength: 5000,
  size: "max",
})

test("fingerprints tell what a map of first values tells, up to the number of keys that they remember", () => {
  fc.assert(
    fc.property(pairs, fc.integer({ min: 1, max: 3000 }), (added, max) => {
      const fingerprints = new Fingerprints(max)
      const first = new Map<string, string>()
      for (const [key, value] of added) {
        const earlier = first.get(key)
        const isNew = earlier === undefined && first.size < max
        if (isNew) first.set(key, value)
        const known = earlier === value ? "same" : "other"
        const expected = earlier === undefined ? (isNew ? "new" : "full") : known
        expect(fingerprints.add(key, value)).toBe(expected)
      }
    }),
    { numRuns: 20 },
  )
})
