import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib"
import * as fc from "fast-check"
import { expect, test } from "vitest"
import { decodedBody } from "./decoded-body.ts"
import type { Exchange } from "./exchange.ts"
import type { Header } from "./reply.ts"

const compressors = { gzip: gzipSync, "x-gzip": gzipSync, deflate: deflateSync, br: brotliCompressSync }

const bytes = (value: string | Uint8Array) =>
  typeof value === "string" ? new TextEncoder().encode(value) : Uint8Array.from(value)

const answered = (body: string | Uint8Array, headers: readonly Header[]): Exchange => ({
  v: 1,
  id: "1",
  request: { method: "GET", target: "http://127.0.0.1/", headers: [], body: new Uint8Array(), sentAtMs: 0 },
  response: { status: 200, headers, trailers: [], chunks: [{ atMs: 1, bytes: bytes(body) }] },
  end: { kind: "complete", atMs: 1 },
  fidelity: { bytes: true, timing: true },
})

const encoded = (coding: string): Header[] => [["Content-Encoding", coding]]

test("every pile of up to three codings is undone", () => {
  const coding = fc.constantFrom("gzip", "x-gzip", "deflate", "br")
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 1 }),
      fc.array(coding, { maxLength: 3 }),
      fc.boolean(),
      (body, pile, apart) => {
        const wire = pile.reduce<Uint8Array>((layer, name) => compressors[name](layer), body)
        const headers = apart
          ? pile.map((name): Header => ["content-encoding", name])
          : encoded(pile.join(" , ").toUpperCase())
        expect(decodedBody(answered(wire, headers), { maxBytes: 10_000 })).toStrictEqual({ bytes: body })
      },
    ),
  )
})

test("a compressed body that was cut gives its beginning", () => {
  const whole = bytes(Array.from({ length: 500 }, (_, index) => `${index * 7919} `).join(""))
  fc.assert(
    fc.property(fc.constantFrom("gzip", "deflate", "br"), fc.nat(), (coding, at) => {
      const wire = compressors[coding](whole)
      const cut = wire.subarray(0, 1 + (at % (wire.length - 1)))
      const decoded = decodedBody(answered(cut, encoded(coding)), { maxBytes: 10_000 })
      expect(decoded).toStrictEqual({ bytes: whole.slice(0, decoded.bytes.length), fault: "truncated" })
    }),
  )
})

const bomb = gzipSync(new Uint8Array(50_000_000))
const none = new Uint8Array()

test.each([
  ["identity", "plain", "identity", { bytes: bytes("plain") }],
  ["no body", "", "gzip", { bytes: none }],
  ["plain text said to be gzip", "plain", "gzip", { bytes: none, fault: "corrupt" }],
  ["a coding that is unknown", "plain", "zstd", { bytes: none, fault: "unsupported" }],
  ["a pile of codings", "plain", "gzip,".repeat(2000), { bytes: none, fault: "unsupported" }],
  ["a bomb", bomb, "gzip", { bytes: none, fault: "oversized" }],
  ["a bomb that was cut", bomb.subarray(0, 40_000), "gzip", { bytes: none, fault: "oversized" }],
  ["a bomb in a bomb", gzipSync(bomb), "gzip, gzip", { bytes: none, fault: "oversized" }],
])("%s", (_, body, coding, expected) => {
  expect(decodedBody(answered(body, encoded(coding)), { maxBytes: 1_000_000 })).toStrictEqual(expected)
})

test("exactly as many bytes as are allowed", () => {
  const exchange = answered(gzipSync("12345"), encoded("gzip"))
  expect(decodedBody(exchange, { maxBytes: 5 })).toStrictEqual({ bytes: bytes("12345") })
  expect(decodedBody(exchange, { maxBytes: 4 })).toStrictEqual({ bytes: none, fault: "oversized" })
})
