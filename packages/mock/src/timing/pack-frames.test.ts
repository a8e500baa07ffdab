import fc from "fast-check"
import { expect, test } from "vitest"
import { createMock } from "../mock.ts"
import { packFrames } from "./pack-frames.ts"

// Times of a steady pace, any others, and lengths that take one byte and two.
const bytes = fc.oneof(
  { weight: 9, arbitrary: fc.uint8Array({ max: 3, maxLength: 12 }) },
  fc.uint8Array({ max: 1, minLength: 120, maxLength: 300 }),
)
const atMs = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.double({ min: 0, max: 1e6 }))
const frames = fc.array(fc.record({ bytes, atMs }, { requiredKeys: ["bytes"] }))

test("frames come out as they went in, as often as they are read", () => {
  fc.assert(
    fc.property(frames, (frames) => {
      const whole = frames.filter(({ atMs }) => atMs === undefined || !Number.isNaN(atMs))
      const packed = packFrames(whole)
      expect([...packed]).toEqual(whole)
      expect([...packed]).toEqual(whole)
      expect(packed.byteLength).toBe(whole.reduce((sum, { bytes }) => sum + bytes.length, 0))
    }),
  )
})

test("the journal holds a paced stream as sent", async () => {
  const mock = createMock({ latency: { itl: 10 } })
  const ask = { model: "gpt-4o", stream: true, messages: [{ role: "user", content: "Hi" }] }
  const reply = await mock.handle({
    method: "POST",
    target: "/v1/chat/completions",
    headers: [
      ["authorization", "Bearer sk-x"],
      ["content-type", "application/json"],
    ],
    body: new TextEncoder().encode(JSON.stringify(ask)),
  })
  const sent = [...(reply.body as Iterable<{ bytes: Uint8Array }>)].map(({ bytes }) => bytes)
  expect(mock.exchanges[0]?.response?.chunks.map(({ bytes }) => bytes)).toEqual(sent)
})
