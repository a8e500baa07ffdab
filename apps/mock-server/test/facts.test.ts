import { createMock } from "@nexhina/mock"
import { expect, test } from "vitest"
import { type ExchangeFacts, factsOf } from "../src/facts.ts"

async function factsOn(path: string, request: object): Promise<ExchangeFacts> {
  const asked = {
    method: "POST",
    target: `/v1/${path}`,
    headers: [["authorization", "Bearer sk-test"]] as const,
    body: Buffer.from(JSON.stringify(request)),
  }
  return factsOf(asked, await createMock().handle(asked))
}

const messages = [{ role: "user", content: 'Say "status": "odd" and "model": "none"' }]

test.each<[string, string, object, ExchangeFacts]>([
  [
    "a completion",
    "chat/completions",
    { model: "gpt-4o", messages, max_tokens: 3 },
    { model: "gpt-4o", tokens: 3, finish: "length" },
  ],
  [
    "a stream",
    "chat/completions",
    { model: "gpt-4o", messages, stream: true },
    { model: "gpt-4o", stream: true, finish: "stop" },
  ],
  [
    "a stream with usage",
    "chat/completions",
    { model: "gpt-4o", messages, max_tokens: 3, stream: true, stream_options: { include_usage: true } },
    { model: "gpt-4o", stream: true, tokens: 3, finish: "length" },
  ],
  [
    "the events of a response",
    "responses",
    { model: "gpt-4o", input: "Hello", max_output_tokens: 16, stream: true },
    { model: "gpt-4o", stream: true, tokens: 16, finish: "incomplete" },
  ],
  [
    "embeddings, too long to be parsed for their model",
    "embeddings",
    { model: "text-embedding-3-small", input: "Hello" },
    { model: "text-embedding-3-small" },
  ],
  [
    "an error",
    "embeddings",
    { model: "text-embedding-3-small", input: [] },
    { model: "text-embedding-3-small", error: expect.stringMatching(/^Invalid 'input'/) },
  ],
])("the facts of %s", async (_, path, request, facts) => {
  expect(await factsOn(path, request)).toEqual(facts)
})
