import { bodyOf, type Reply } from "@nexhina/wire"
import fc from "fast-check"
import { expect, test } from "vitest"
import { createJournal } from "./journal.ts"

const utf8 = new TextEncoder()
const requestOf = (target: string, body = "") => ({
  method: "POST",
  target,
  headers: [["host", "mock.example"]] as const,
  body: utf8.encode(body),
})
const replyOf = (body: Reply["body"]): Reply => ({ status: 200, headers: [], body, end: "complete" })

test("keeps the newest exchanges within both limits", () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ maxLength: 20 })),
      fc.nat(5),
      fc.nat(40),
      (bodies, maxExchanges, maxBytes) => {
        const journal = createJournal({ maxExchanges, maxBytes })
        for (const [index, body] of bodies.entries()) journal.record(requestOf(`/${index}`), replyOf(body))
        const kept = journal.read().map(({ request }) => Number(request.target.split("/").at(-1)))
        expect(kept.length).toBeLessThanOrEqual(maxExchanges)
        const lengths = kept.map((index) => bodies[index]?.length ?? 0)
        expect(lengths.reduce((sum, length) => sum + length, 0)).toBeLessThanOrEqual(maxBytes)
        // In order, and the newest that fits is there.
        expect(kept).toEqual([...kept].sort((a, b) => a - b))
        const fitting = bodies.findLastIndex(({ length }) => length <= maxBytes)
        if (maxExchanges > 0 && fitting !== -1) expect(kept.at(-1)).toBe(fitting)
      },
    ),
  )
})

test("an exchange holds the whole request and the reply", () => {
  const journal = createJournal()
  journal.record(requestOf("/v1/models?a=1", "sent"), replyOf("received"))
  expect(journal.read()).toEqual([
    {
      v: 1,
      id: "1",
      request: {
        method: "POST",
        target: "http://mock.example/v1/models?a=1",
        headers: [["host", "mock.example"]],
        body: utf8.encode("sent"),
        sentAtMs: expect.any(Number),
      },
      response: {
        status: 200,
        headers: [],
        trailers: [],
        chunks: [{ atMs: 0, bytes: utf8.encode("received") }],
      },
      end: { kind: "complete", atMs: 0 },
      fidelity: { bytes: true, timing: false },
    },
  ])
})

test("of a generated body it holds what was sent", () => {
  function* frames() {
    yield { bytes: utf8.encode("one") }
    yield { bytes: utf8.encode("two") }
  }
  const journal = createJournal()
  const { body } = journal.record(requestOf("/"), replyOf(frames()))
  for (const _ of body as Iterable<unknown>) break
  expect(journal.read().map((exchange) => new TextDecoder().decode(bodyOf(exchange)))).toEqual(["one"])
})
