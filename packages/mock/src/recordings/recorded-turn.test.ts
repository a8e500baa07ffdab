import { type assembleChat, canonicalChat, canonicalResponse } from "@nexhina/stream"
import type { Exchange } from "@nexhina/wire"
import * as fc from "fast-check"
import { expect, test } from "vitest"
import { type RecordedParts, recordedExchange, recordedFrom } from "../../test/recordings.ts"
import { createMock } from "../mock.ts"
import { recordedTurn } from "./recorded-turn.ts"

const mock = createMock()
const base = "https://gateway.example/llm"

/** Asks the mock, and returns the turn of the recorded exchange. */
const turnOf = async (path: string, body: object, end: Exchange["end"] = { kind: "complete", atMs: 1 }) =>
  recordedTurn(await recordedFrom(mock, base, path, { body, end }))

type Chat = NonNullable<ReturnType<typeof assembleChat>>
const choicesOf = (reply: unknown) => canonicalChat(reply as Chat).choices
type Response = Parameters<typeof canonicalResponse>[0]

test("a streamed chat completion has the value of a whole one", async () => {
  const question = fc.record({
    content: fc.string({ minLength: 1, maxLength: 30 }),
    n: fc.integer({ min: 1, max: 3 }),
    logprobs: fc.boolean(),
  })
  await fc.assert(
    fc.asyncProperty(question, async ({ content, ...options }) => {
      const body = { model: "gpt-4o", messages: [{ role: "user", content }], ...options }
      const whole = await turnOf("/chat/completions", body)
      const streamed = await turnOf("/chat/completions", { ...body, stream: true })
      expect(streamed).toMatchObject({ operationId: whole?.operationId, status: 200, complete: true })
      expect(streamed?.request).toEqual({ ...body, stream: true })
      expect(choicesOf(streamed?.reply)).toEqual(choicesOf(whole?.reply))
    }),
    { numRuns: 30 },
  )
})

test("so has a streamed response", async () => {
  const body = { model: "gpt-4o", input: "Hello", reasoning: { effort: "low", summary: "auto" } }
  const texts = (reply: unknown) =>
    canonicalResponse(reply as Response).output.map((item) => ({ ...item, id: undefined }))
  const whole = await turnOf("/responses", body)
  const streamed = await turnOf("/responses", { ...body, stream: true })
  expect(streamed?.complete).toBe(true)
  expect(texts(streamed?.reply)).toEqual(texts(whole?.reply))
})

test("a cut stream is what has arrived, and not complete", async () => {
  const body = { model: "gpt-4o", messages: [{ role: "user", content: "Hi" }], stream: true }
  const turn = await turnOf("/chat/completions", body, { kind: "truncated", stage: "body", atMs: 1 })
  expect(turn).toMatchObject({ complete: false, reply: { object: "chat.completion" } })
})

test("an error is its JSON, and volatile members of the request are left out", async () => {
  const turn = await turnOf("/embeddings", { input: 5, user: "me" })
  expect(turn).toMatchObject({ status: 400, reply: { error: {} }, complete: true })
  expect(turn?.request).toEqual({ input: 5 })
})

test.each<[string, RecordedParts]>([
  ["another path", { target: "https://a.example/v1/files" }],
  ["a file", { target: "https://a.example/v1/audio/speech", replyHeaders: [["content-type", "audio/mpeg"]] }],
])("nothing for %s", (_, parts) => {
  expect(recordedTurn(recordedExchange(parts))).toBeUndefined()
})
