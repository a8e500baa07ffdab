import { expect, test, vi } from "vitest"
import { createMock } from "../mock.ts"

const utf8 = new TextEncoder()

async function ask(path: string, body: object) {
  const crashes: unknown[] = []
  const { handle } = createMock({ onCrash: (error) => crashes.push(error) })
  const headers = [["authorization", "Bearer sk-x"]] as const
  const bytes = utf8.encode(JSON.stringify(body))
  const reply = await handle({ method: "POST", target: `/v1/${path}`, headers, body: bytes })
  expect(crashes).toEqual([])
  return {
    status: reply.status,
    body: JSON.parse(
      reply.body instanceof Uint8Array ? new TextDecoder().decode(reply.body) : String(reply.body),
    ) as unknown,
  }
}

const many = <Item>(count: number, item: Item) => Array<Item>(count).fill(item)
const message = { role: "user", content: "a" }
const mega = "a b ".repeat(2 ** 18)

test.each([
  ["chat/completions", "messages", { model: "gpt-4o", messages: many(4_097, message) }],
  [
    "chat/completions",
    "messages",
    { model: "gpt-4o", messages: [{ role: "user", content: mega.repeat(11) }] },
  ],
  ["responses", "input", { model: "gpt-4o", input: many(4_097, message) }],
  ["responses", "input", { model: "gpt-4o", input: mega.repeat(11) }],
  ["responses", "instructions", { model: "gpt-4o", input: "a", instructions: mega.repeat(11) }],
  ["embeddings", "input", { model: "text-embedding-3-large", input: many(2048, "a") }],
  ["embeddings", "input", { model: "text-embedding-3-small", input: mega }],
  ["embeddings", "input", { model: "text-embedding-3-small", input: many(17, "a".repeat(2 ** 18)) }],
  ["rerank", "documents", { model: "rerank-v3.5", query: "a", documents: many(10_001, "a") }],
  ["rerank", "documents[0]", { model: "rerank-v3.5", query: "a", documents: [mega] }],
  ["rerank", "query", { model: "rerank-v3.5", query: mega, documents: ["a"] }],
  ["moderations", "input", { input: [mega, "a"] }],
  ["moderations", "input", { input: many(2049, "a") }],
] as const)("%s names '%s' when it would take too long (F4)", async (path, param, request) => {
  const { status, body } = await ask(path, request)
  expect(body).toMatchObject({ error: { param, code: "above_limit_of_mock" } })
  expect(status).toBe(400)
})

/** Counts the turns of the event loop that others get while a promise is pending. */
async function turnsDuring(promise: Promise<unknown>): Promise<number> {
  let turns = 0
  let isPending = true
  const count = () => {
    turns++
    if (isPending) setImmediate(count)
  }
  setImmediate(count)
  await promise
  isPending = false
  return turns
}

test.each([
  ["embeddings", 100, { model: "text-embedding-3-small", input: many(100, "some words") }],
  ["embeddings", 100, { model: "text-embedding-3-small", input: many(100, "a"), encoding_format: "base64" }],
  ["rerank", 200, { model: "rerank-v3.5", query: "a b", documents: many(200, "a b c ".repeat(200)) }],
])(
  "%s lets other requests in between after each of %i steps that are long (F4)",
  async (path, steps, request) => {
    let now = 0
    const clock = vi.spyOn(performance, "now").mockImplementation(() => {
      now += 1_000
      return now
    })
    const reply = ask(path, request)
    expect(await turnsDuring(reply)).toBeGreaterThanOrEqual(steps)
    clock.mockRestore()
    expect((await reply).status).toBe(200)
  },
)

test("a reply that is made in steps is the same as one that is made at once", async () => {
  const inputs = Array.from({ length: 60 }, (_, index) => `text ${index}`)
  const model = "text-embedding-3-small"
  const { body } = await ask("embeddings", { model, input: inputs })
  const { body: alone } = await ask("embeddings", { model, input: [inputs[7], inputs[8]] })
  const data = (reply: unknown) => (reply as { data: { embedding: number[] }[] }).data
  expect(data(body)).toHaveLength(60)
  expect(data(body)[7]?.embedding).toEqual(data(alone)[0]?.embedding)
  expect(body).toMatchObject({ object: "list", model, usage: { prompt_tokens: expect.any(Number) } })
})
