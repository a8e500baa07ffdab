import fc from "fast-check"
import { expect, test } from "vitest"
import { digest, digestFraction, digestOf, digestText, random } from "./random.ts"

const data = fc.oneof(fc.string({ unit: "binary" }), fc.uint8Array())

test("a digest depends on the data, and on the digest that it goes on from", () => {
  fc.assert(
    fc.property(data, data, (a, b) => {
      expect(digest(a)).toEqual(digest(a))
      expect(digest(a, digest("x"))).not.toEqual(digest(a, digest("y")))
      if (String(a) !== String(b)) expect(digest(a)).not.toEqual(digest(b))
    }),
  )
})

test("texts have the digest of the text that they make together, whatever their length and characters", () => {
  const stretches = fc.tuple(fc.string({ unit: "binary" }), fc.integer({ min: 1, max: 3 }), fc.nat(20_000))
  const long = stretches.map(([text, times, ascii]) => text.repeat(times) + "a".repeat(ascii) + text)
  fc.assert(
    fc.property(fc.array(long, { maxLength: 4 }), fc.string(), (texts, before) => {
      const from = digest(before)
      const whole = texts.join("")
      expect(digestOf(texts, from)).toEqual(digest(whole, from))
      // Characters one at a time are never copied.
      expect(digestOf(whole.split(""), from)).toEqual(digest(whole, from))
    }),
    { numRuns: 10 },
  )
})

test("digests of what differs in one byte spread over all values", () => {
  const fractions = Array.from({ length: 1000 }, (_, i) => digestFraction(digest(`request ${i}`)))
  for (let tenth = 0; tenth < 10; tenth++) {
    const share = fractions.filter((fraction) => Math.floor(fraction * 10) === tenth).length
    expect(share).toBeGreaterThan(60)
    expect(share).toBeLessThan(140)
  }
})

test("values never change: replies are the same in every release", () => {
  const draw = random(digest("nexhina"))
  expect({
    digest: digest("nexhina"),
    bytes: digest(new TextEncoder().encode("nexhina")),
    text: digestText(digest("nexhina")),
    fractions: [draw.fraction(), draw.fraction()],
    below: [draw.below(10), draw.below(10), draw.below(10)],
    pick: draw.pick(["a", "b", "c"]),
    shuffle: draw.shuffle([1, 2, 3, 4, 5]),
  }).toMatchInlineSnapshot(`
    {
      "below": [
        1,
        1,
        6,
      ],
      "bytes": [
        2417030702,
        3459107487,
      ],
      "digest": [
        2417030702,
        3459107487,
      ],
      "fractions": [
        0.08556097955442965,
        0.9748007152229548,
      ],
      "pick": "a",
      "shuffle": [
        4,
        1,
        5,
        2,
        3,
      ],
      "text": "or5bbic7us3chd",
    }
  `)
})

test("the text of a digest tells digests apart", () => {
  const texts = Array.from({ length: 10_000 }, (_, i) => digestText(digest(String(i))))
  expect(new Set(texts).size).toBe(10_000)
  for (const text of texts) expect(text).toMatch(/^[a-z2-7]{14}$/)
})

test("draws are in their range, and a shuffle keeps its items", () => {
  fc.assert(
    fc.property(
      fc.string(),
      fc.integer({ min: 1, max: 2 ** 32 }),
      fc.array(fc.integer()),
      (seed, limit, items) => {
        const draw = random(digest(seed))
        const fraction = draw.fraction()
        expect(fraction >= 0 && fraction < 1).toBe(true)
        const below = draw.below(limit)
        expect(Number.isInteger(below) && below >= 0 && below < limit).toBe(true)
        expect(draw.shuffle(items).sort()).toEqual([...items].sort())
      },
    ),
  )
})
