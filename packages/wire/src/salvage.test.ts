import * as fc from "fast-check"
import { expect, test } from "vitest"
import { exchanges } from "../test/exchanges.ts"
import { type FileLine, type SalvagedItem, salvageTranscript } from "./salvage.ts"
import { createWriter } from "./write.ts"

async function salvaged(lines: readonly FileLine[]): Promise<SalvagedItem[]> {
  const items: SalvagedItem[] = []
  for await (const item of salvageTranscript(lines)) items.push(item)
  return items
}

/** Exchanges with the ids 1, 2, 3 …, each as its lines. */
const transcripts = fc
  .array(exchanges(), { minLength: 1, maxLength: 4 })
  .map((list) => list.map((exchange, at) => ({ ...exchange, id: String(at + 1) })))
  .map((list) =>
    list.map((exchange) => {
      const lines: FileLine[] = []
      createWriter({ write: (text) => lines.push({ text }), secrets: [] }).exchange(exchange)
      return lines
    }),
  )

test("an exchange that lost its end is named with its line, and is the last only if no other began after it", async () => {
  await fc.assert(
    fc.asyncProperty(transcripts, fc.nat(), async (written, seed) => {
      const cut = seed % written.length
      const left = written.map((lines, at) => (at === cut ? lines.slice(0, -1) : lines))
      const items = await salvaged(left.flat())
      expect(items.filter(({ kind }) => kind !== "exchange")).toEqual([
        {
          kind: "end",
          unfinished: [
            {
              id: String(cut + 1),
              line: left.slice(0, cut).flat().length + 1,
              isLast: cut === written.length - 1,
            },
          ],
        },
      ])
      expect(items.length).toBe(written.length)
    }),
  )
})

test("an exchange whose id a writer that was started again uses is not the last, although its id is", async () => {
  await fc.assert(
    fc.asyncProperty(exchanges(), async (exchange) => {
      const lines: FileLine[] = []
      createWriter({ write: (text) => lines.push({ text }), secrets: [] }).exchange(exchange)
      const items = await salvaged([...lines.slice(0, -1), ...lines])
      expect(items.at(-1)).toEqual({
        kind: "end",
        unfinished: [{ id: exchange.id, line: 1, isLast: false }],
      })
    }),
  )
})

test("an exchange that lost any of its lines is lost, and never read as one with less", async () => {
  await fc.assert(
    fc.asyncProperty(transcripts, fc.nat(), fc.nat(), async (written, which, what) => {
      const cut = which % written.length
      const lines = written[cut] ?? []
      const left = written.with(cut, lines.toSpliced(what % lines.length, 1))
      const items = await salvaged(left.flat())
      const read = items.flatMap((item) => (item.kind === "exchange" ? [item.exchange.id] : []))
      const others = written.map((_, at) => String(at + 1)).filter((_, at) => at !== cut)
      expect(read).toEqual(others)
    }),
  )
})
