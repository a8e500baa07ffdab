import type { MockRequest, Reply } from "@nexhina/wire"
import { expect, test } from "vitest"
import { createMock } from "../src/mock.ts"
import { brokenBy } from "./against-document.ts"

const asking = (path: string, body?: object): MockRequest => ({
  method: body ? "POST" : "GET",
  target: `/v1${path}`,
  headers: [["authorization", "Bearer sk-x"]],
  body: Buffer.from(body ? JSON.stringify(body) : ""),
})
const chat = { model: "gpt-4o", messages: [{ role: "user", content: "Hello" }] }
const { handle: answer } = createMock()

/** What is wrong with the reply to an ask, once something in its text is replaced. */
async function brokenIn(ask: MockRequest, from: string, to: string): Promise<string | undefined> {
  const reply: Reply = await answer(ask)
  const { body } = reply
  const text = Buffer.concat(
    typeof body === "string" || body instanceof Uint8Array
      ? [Buffer.from(body)]
      : [...(body as Iterable<{ bytes: Uint8Array }>)].map(({ bytes }) => bytes),
  ).toString()
  expect(text).toContain(from)
  return brokenBy(ask, { ...reply, body: text.replace(from, to) })
}

test.each([
  ["a JSON body", asking("/chat/completions", chat), '"chat.completion"', '"completion"'],
  [
    "an event of a stream",
    asking("/chat/completions", { ...chat, stream: true }),
    '"index":0',
    '"index":"0"',
  ],
  ["an error", asking("/models/none"), '"message":', '"text":'],
  ["an error of no operation", asking("/none"), '"message":', '"text":'],
])("%s against the document is noticed, and the true one is not", async (_, ask, from, to) => {
  expect(await brokenIn(ask, from, from)).toBeUndefined()
  expect(await brokenIn(ask, from, to)).toMatch(/must/)
})

test("a status and a media type that the document does not list are noticed", async () => {
  const ask = asking("/models")
  const reply = await answer(ask)
  expect(brokenBy(ask, { ...reply, status: 206 })).toBe(
    "The document does not foresee 206 with application/json.",
  )
  expect(brokenBy(ask, { ...reply, headers: [["content-type", "text/html"]] })).toBe(
    "The document does not foresee 200 with text/html.",
  )
})
