import * as fc from "fast-check"
import type { Exchange, Header } from "../src/index.ts"

/** Objects as `JSON.parse` makes them. */
const plain = { noNullPrototype: true } as const

const text = fc.string({ unit: "binary" })
const ms = fc.double({ min: 0, max: 1e9, noNaN: true })

/** Bytes of text, of text that was cut inside of a character, and of anything. */
const bytes: fc.Arbitrary<Uint8Array> = fc.oneof(
  fc.string({ unit: "grapheme" }).map((value) => new TextEncoder().encode(value)),
  fc.constantFrom("\ufeffdata: {}\r\n\r\n", "a\u2028b\u2029c", "é".repeat(3)).chain((value) => {
    const whole = new TextEncoder().encode(value)
    return fc.nat(whole.length).map((cut) => whole.slice(cut))
  }),
  fc.uint8Array({ size: "small" }),
)

const name = fc.constantFrom("Content-Type", "x-request-id", "Retry-After", "x")
const headers: fc.Arbitrary<Header[]> = fc.array(fc.tuple(name, fc.string({ unit: "binary" })))

/** Exchanges of every form, without credentials; their ids are `id`. */
export const exchanges = (id: fc.Arbitrary<string> = text): fc.Arbitrary<Exchange> =>
  fc
    .record(
      {
        v: fc.constant(1),
        id,
        request: fc.record(
          {
            method: fc.constantFrom("GET", "POST"),
            target: text,
            headers,
            body: bytes,
            sentAtMs: ms,
          },
          plain,
        ),
        response: fc.record(
          {
            status: fc.integer({ min: 100, max: 999 }),
            headers,
            trailers: headers,
            chunks: fc.array(fc.record({ atMs: ms, bytes }, plain)),
          },
          plain,
        ),
        end: fc.record(
          {
            kind: fc.constantFrom("complete", "truncated", "timeout", "limit", "aborted", "network"),
            code: text,
            stage: fc.constantFrom("connect", "head", "body"),
            atMs: ms,
          },
          { ...plain, requiredKeys: ["kind", "atMs"] },
        ),
        fidelity: fc.record({ bytes: fc.boolean(), timing: fc.boolean() }, plain),
        redacted: fc.array(
          fc.record(
            {
              part: fc.constantFrom("request-header", "response-body"),
              header: name,
              at: fc.nat(),
              length: fc.nat(),
              credential: fc.constant(true),
            },
            { ...plain, requiredKeys: ["part", "at", "length"] },
          ),
          { minLength: 1 },
        ),
      },
      { ...plain, requiredKeys: ["v", "id", "request", "end", "fidelity"] },
    )
    .map((exchange) => exchange as Exchange)
