import type { Header } from "@nexhina/wire"
import fc from "fast-check"
import { expect, test } from "vitest"
import { type Head, readHead, writeHead } from "./head.ts"

const text = fc.string({ unit: "grapheme" }).filter((each) => !each.includes("\0"))
const headers = fc.array(fc.tuple(text, text)) as fc.Arbitrary<Header[]>
const ms = fc.double({ min: 0, noNaN: true })
const reply = fc.record(
  {
    status: fc.nat(999),
    headers,
    end: fc.constantFrom("complete", "reset", "early-close", "hang"),
    head: fc.record({ atMs: ms, withheld: fc.constant(true) }, { requiredKeys: ["atMs"] }),
  },
  { requiredKeys: ["status", "headers", "end"] },
)
const head = fc.record(
  { method: text, target: fc.string(), headers, reply },
  { requiredKeys: ["method", "target", "headers"] },
) as fc.Arbitrary<Head>

test("a head is read as it was written", () => {
  fc.assert(
    fc.property(head, (each) => {
      expect(readHead(writeHead(each))).toEqual(each)
    }),
  )
})
