import { gzipSync } from "node:zlib"
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { gunzip } from "./gunzip.ts"

/** Returns what is decompressed from bytes that arrive in chunks, and the fault. */
async function gunzipped(compressed: Uint8Array, chunk: number, maxBytes?: number) {
  async function* chunks() {
    for (let at = 0; at < compressed.length; at += chunk) yield compressed.subarray(at, at + chunk)
  }
  const reading = gunzip(chunks(), maxBytes)
  const pieces: Uint8Array[] = []
  let next = await reading.next()
  for (; !next.done; next = await reading.next()) pieces.push(next.value)
  return { bytes: Buffer.concat(pieces), fault: next.value }
}

const text = fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 3 }).chain((parts) =>
  fc.integer({ min: 1, max: 200 }).map((times) =>
    // Long enough for several pieces, and different enough not to vanish when compressed.
    parts.map((part) =>
      Buffer.concat(Array.from({ length: times }, (_, nth) => [...part, nth]).map(Buffer.from)),
    ),
  ),
)
const chunkSize = fc.integer({ min: 1, max: 10_000 })

describe("gunzip", () => {
  test("returns what was compressed, in one member or several, wherever the chunks are cut", async () => {
    await fc.assert(
      fc.asyncProperty(text, chunkSize, async (parts, chunk) => {
        const compressed = Buffer.concat(parts.map((part) => gzipSync(part)))
        expect(await gunzipped(compressed, chunk)).toEqual({ bytes: Buffer.concat(parts), fault: undefined })
      }),
      { numRuns: 30 },
    )
  })

  test("returns the beginning of what is cut off or damaged, and says which", async () => {
    await fc.assert(
      fc.asyncProperty(
        text,
        chunkSize,
        fc.double({ min: 0, max: 1, noNaN: true }),
        async (parts, chunk, where) => {
          const whole = Buffer.concat(parts)
          const compressed = gzipSync(whole)
          const at = 10 + Math.floor(where * (compressed.length - 11))
          const cut = await gunzipped(compressed.subarray(0, at), chunk)
          expect([cut.fault, whole.subarray(0, cut.bytes.length).equals(cut.bytes)]).toEqual([
            "truncated",
            true,
          ])
          const damaged = Buffer.from(compressed)
          // The checksum of the content.
          damaged.writeUInt32LE(
            (damaged.readUInt32LE(compressed.length - 8) ^ 1) >>> 0,
            compressed.length - 8,
          )
          expect((await gunzipped(damaged, chunk)).fault).toBe("corrupt")
        },
      ),
      { numRuns: 30 },
    )
  })

  test("decompresses no more than its limit, of a bomb too", async () => {
    const bomb = gzipSync(Buffer.alloc(50_000_000))
    for (const chunk of [100, 1 << 18]) {
      const { bytes, fault } = await gunzipped(bomb, chunk, 1_000_000)
      expect([bytes.length, fault]).toEqual([1_000_000, "oversized"])
    }
    const exact = await gunzipped(gzipSync(Buffer.alloc(1000)), 7, 1000)
    expect([exact.bytes.length, exact.fault]).toEqual([1000, undefined])
  })
})
