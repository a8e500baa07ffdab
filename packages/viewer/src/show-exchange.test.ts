import { createRedactor, type Exchange } from "@nexhina/wire"
import fc from "fast-check"
import { expect, test } from "vitest"
import { showExchange } from "./show-exchange.ts"
import { bytesOf } from "./shown-bytes.ts"
import { ShownExchange } from "./shown-exchange.ts"

const utf8 = new TextEncoder()
const noSecrets = createRedactor([])

function exchangeOf(chunks: readonly Uint8Array[], requestBody: Uint8Array = new Uint8Array()): Exchange {
  return {
    v: 1,
    id: "1",
    request: {
      method: "POST",
      target: "http://127.0.0.1/v1/chat/completions",
      headers: [["authorization", "Bearer sk-0123456789abcdef"]],
      body: requestBody,
      sentAtMs: 0,
    },
    response: {
      status: 200,
      headers: [["content-type", "text/event-stream"]],
      trailers: [],
      chunks: chunks.map((bytes, index) => ({ atMs: index, bytes })),
    },
    end: { kind: "complete", atMs: chunks.length },
    fidelity: { bytes: true, timing: true },
  }
}

test("an exchange is shown whole, as JSON, with its key redacted", () => {
  const shown = showExchange(
    exchangeOf([utf8.encode("data: é\n\n"), utf8.encode("data: [DO")], utf8.encode("{}")),
    {
      redactor: noSecrets,
      marks: [{ part: "response-body", from: 6, to: 8 }],
    },
  )
  expect(ShownExchange.parse(JSON.parse(JSON.stringify(shown)))).toEqual({
    request: {
      method: "POST",
      url: "http://127.0.0.1/v1/chat/completions",
      headers: [["authorization", `Bearer ${"*".repeat(19)}`]],
      body: { length: 2, parts: [{ at: 0, text: "{}" }] },
    },
    response: {
      status: 200,
      headers: [["content-type", "text/event-stream"]],
      trailers: [],
      body: { length: 19, parts: [{ at: 0, text: "data: é\n\ndata: [DO" }] },
      chunks: [
        [0, 10],
        [1, 9],
      ],
      chunkCount: 2,
    },
    end: { kind: "complete", atMs: 2 },
    isTimed: true,
    marks: [{ part: "response-body", from: 6, to: 8 }],
  })
})

const bodies = fc.oneof(
  fc.uint8Array({ maxLength: 400 }),
  fc.string({ unit: "grapheme", maxLength: 200 }).map((text) => utf8.encode(text)),
)

test("the bytes that are shown are those of the body, in order, few, and the marked ones are among them", () => {
  fc.assert(
    fc.property(bodies, fc.nat(), fc.integer({ min: 16, max: 500 }), (body, place, maxBodyBytes) => {
      const from = body.length === 0 ? 0 : place % body.length
      const { response } = showExchange(exchangeOf([body]), {
        redactor: noSecrets,
        maxBodyBytes,
        marks: [{ part: "response-body", from, to: from + 1 }],
      })
      const parts = bytesOf(response?.body ?? { length: 0, parts: [] })
      let end = 0
      for (const { at, bytes } of parts) {
        expect(at).toBeGreaterThanOrEqual(end)
        end = at + bytes.length
        expect(bytes).toEqual(body.slice(at, end))
      }
      const shown = parts.reduce((sum, { bytes }) => sum + bytes.length, 0)
      // A part begins and ends with a whole character.
      expect(shown).toBeLessThanOrEqual(maxBodyBytes + 9)
      if (body.length <= maxBodyBytes) expect(shown).toBe(body.length)
      if (body.length > 0)
        expect(parts.some(({ at, bytes }) => at <= from && from < at + bytes.length)).toBe(true)
    }),
  )
})

test("a secret is not shown, wherever the body is cut", () => {
  const secret = "sk-abcdefghijklmnop"
  const redactor = createRedactor([secret])
  fc.assert(
    fc.property(fc.nat({ max: 200 }), fc.nat({ max: 200 }), (before, after) => {
      const body = utf8.encode(`${"x".repeat(before)}${secret}${"y".repeat(after)}`)
      const shown = JSON.stringify(showExchange(exchangeOf([body], body), { redactor, maxBodyBytes: 64 }))
      for (let at = 0; at + 6 <= secret.length; at++) expect(shown).not.toContain(secret.slice(at, at + 6))
    }),
  )
})

test("of very many chunks the first are listed", () => {
  const { response } = showExchange(exchangeOf(Array.from({ length: 1500 }, () => utf8.encode("x"))), {
    redactor: noSecrets,
  })
  expect([response?.chunks.length, response?.chunkCount, response?.body.length]).toEqual([1000, 1500, 1500])
})
