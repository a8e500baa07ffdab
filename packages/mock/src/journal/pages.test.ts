import fc from "fast-check"
import { expect, test } from "vitest"
import { createPages, type Part, type Place } from "./pages.ts"

const utf8 = new TextEncoder()
const bytesOf = (part: Part) => Buffer.from(typeof part === "string" ? utf8.encode(part) : part)

const part = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 50 }),
  fc.uint8Array({ maxLength: 50 }),
  // Several of these fill a page; the longest is longer than one.
  fc.constantFrom(1000, 15_000, 30_000).map((length) => "€".repeat(length)),
)
const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ put: fc.array(part, { maxLength: 3 }) }) },
  { weight: 2, arbitrary: fc.record({ free: fc.nat() }) },
)

test("what is stored is read as it was, whatever was stored and freed before and after it", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const pages = createPages()
      const stored: [Place, Buffer[]][] = []
      for (const each of steps) {
        if ("put" in each) stored.push([pages.put(each.put), each.put.map(bytesOf)])
        else for (const [place] of stored.splice(each.free % (stored.length || 1), 1)) pages.free(place)
        const isIntact = stored.every(([place, parts]) => {
          const read = pages.read(place)
          return (
            read.length === parts.length &&
            parts.every((part, index) => part.equals(read[index] as Uint8Array))
          )
        })
        expect(isIntact).toBe(true)
      }
    }),
  )
})

test("the space of what is freed is used again: storing and freeing for ever takes a few pages", () => {
  const pages = createPages()
  const places: Place[] = []
  const buffers = new Set<Uint8Array>()
  for (let count = 0; count < 5000; count++) {
    const place = pages.put(["head", "a".repeat(1000)])
    buffers.add(place.page.bytes)
    places.push(place)
    if (places.length > 100) pages.free(places.shift() as Place)
  }
  // 100 places of up to 3,012 bytes are in use at a time, in pages of 65,536 bytes.
  expect(buffers.size).toBeLessThan(10)
})
