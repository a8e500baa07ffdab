import { endpoints, type OperationId } from "@nexhina/schemas"
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { toFetch } from "../hosts/fetch.ts"
import { createMock, type Mock } from "../mock.ts"
import { checkScenarios } from "./check.ts"
import { explainRequest } from "./explain-request.ts"
import type { Scenario } from "./scenario.ts"

async function post(mock: Mock, path: string, body: object) {
  const response = await toFetch(mock)(
    new Request(`http://localhost/v1${path}`, {
      method: "POST",
      headers: { authorization: "Bearer sk-test", "content-type": "application/json" },
      body: JSON.stringify(body),
    }),
  )
  // biome-ignore lint/suspicious/noExplicitAny: tests read members of many kinds of replies.
  return { status: response.status, json: (await response.json()) as any }
}
const scripted = (operation: OperationId, reply: object): Mock =>
  createMock({ scenarios: [{ id: "it", match: { operation }, answer: { reply: { ...reply } } }] })
const embed = (mock: Mock, input: unknown, more: object = {}) =>
  post(mock, "/embeddings", { model: "text-embedding-3-small", input, ...more })
const rerank = (mock: Mock, documents: readonly string[], more: object = {}) =>
  post(mock, "/rerank", { model: "cohere-rerank-v3.5", query: "a", documents, ...more })

function problems(operation: OperationId, reply: object): string[] {
  const checked = checkScenarios([{ match: { operation }, answer: { reply } }], (index) => `#${index}`)
  return "problems" in checked
    ? checked.problems.map(({ path, message }) => `${path.slice(3).join(".")} ${message}`)
    : []
}

describe("a reply that cannot be meant is a problem of the scenario", () => {
  test.each<[OperationId, object, string]>([
    ["createEmbedding", { dta: [] }, "dta unknown key 'dta'. Did you mean 'data'?"],
    [
      "createEmbedding",
      { data: [{ embeding: [1] }] },
      "data.0.embeding unknown key 'embeding'. Did you mean 'embedding'?",
    ],
    ["createEmbedding", { usage: { prompt_token: 1 } }, "usage.prompt_token unknown key 'prompt_token'. Did"],
    [
      "createModeration",
      { results: [{ categories: { harrassment: true } }] },
      "results.0.categories.harrassment unknown key 'harrassment'. Did you mean 'harassment'?",
    ],
    ["createRerank", { results: [{ relevance_scor: 1 }] }, "results.0.relevance_scor unknown key"],
    [
      "createTranscription",
      { segments: [{ txt: "a" }] },
      "segments.0.txt unknown key 'txt'. Did you mean 'text'?",
    ],
    ["createVideo", { statuss: "failed" }, "statuss unknown key 'statuss'. Did you mean 'status'?"],
    [
      "createModeration",
      { results: [{ flagged: "yes" }] },
      "results.0.flagged expected a boolean, but got a string",
    ],
    ["createEmbedding", { data: { embedding: [1] } }, "data expected an array, but got an object"],
    [
      "createEmbedding",
      { data: [{ embedding: 3 }] },
      "data.0.embedding expected an array or a string, but got a number",
    ],
    [
      "createEmbedding",
      { data: [{ embedding: [1, 2] }, { embedding: [1] }] },
      "data.1.embedding expected 2 numbers, as in 'data[0].embedding', but got 1",
    ],
    [
      "createRerank",
      { results: [{ index: 1 }, { index: 1 }] },
      "results.1.index 'results[0]' has the index 1 as well. Remove one of them",
    ],
  ])("%s %j", (operation, reply, message) => {
    const [first = "", ...others] = problems(operation, reply)
    expect(first.slice(0, message.length)).toBe(message)
    expect(others).toEqual([])
  })

  test("any part of an example of the contract is a reply", () => {
    const parts = (value: unknown): fc.Arbitrary<unknown> => {
      if (Array.isArray(value)) return fc.tuple(...value.map(parts))
      if (typeof value !== "object" || value === null) return fc.constant(value)
      const members = Object.entries(value).map(([name, member]) => [name, parts(member)] as const)
      return fc.record(Object.fromEntries(members), { requiredKeys: [] })
    }
    for (const { operationId, examples } of Object.values(endpoints)) {
      if (operationId === "createChatCompletion" || operationId === "createResponse") continue
      for (const { value } of Object.values<{ readonly value: unknown }>(examples)) {
        fc.assert(
          fc.property(parts(value), (part) => {
            expect(problems(operationId, Object(part))).toEqual([])
          }),
          { numRuns: 30 },
        )
      }
    }
  })

  test("members that the contract does not know are not slips", () => {
    expect(problems("createRerank", { warnings: [], results: [{ chunk: 3 }] })).toEqual([])
  })

  test.each([
    [
      { input: 5, cached: 9 },
      "cached 'cached' is part of 'input' and must not be greater, but 9 is greater than 5",
    ],
    [
      { output: 5, reasoning: 9 },
      "reasoning 'reasoning' is part of 'output' and must not be greater, but 9 is greater than 5",
    ],
  ])("usage %j", (usage, message) => {
    for (const answer of [{ answer: { text: "a", usage } }, { steps: [{ text: "a", usage }] }]) {
      const checked = checkScenarios([{ match: {}, ...answer }], String)
      const found = "problems" in checked ? checked.problems : []
      expect(found.map(({ path, message: text }) => `${path.at(-1)} ${text}`)).toEqual([message])
    }
  })
})

describe("lists that the request decides the length of", () => {
  const vectors = (count: number) =>
    Array.from({ length: count }, (_, index) => ({ embedding: [index, 0.5, 1] }))

  test("embeddings: one vector for each input, all of the same length, in the order of the inputs", async () => {
    const counts = fc.record({ inputs: fc.integer({ min: 1, max: 5 }), set: fc.integer({ min: 0, max: 5 }) })
    await fc.assert(
      fc.asyncProperty(counts, fc.boolean(), async ({ inputs, set }, isNumbered) => {
        const data = vectors(set)
          .map((vector, index) => (isNumbered ? { ...vector, index } : vector))
          .toReversed()
        const { status, json } = await embed(
          scripted("createEmbedding", set === 0 ? {} : { data }),
          Array(inputs).fill("a"),
        )
        if (set > inputs) {
          expect({ status, code: json.error.code, param: json.error.param }).toEqual({
            status: 400,
            code: "scenario_reply",
            param: "input",
          })
          return
        }
        expect(status).toBe(200)
        expect(json.data.map(({ index }: { index: number }) => index)).toEqual([...Array(inputs).keys()])
        const lengths = new Set(json.data.map(({ embedding }: { embedding: number[] }) => embedding.length))
        expect([...lengths]).toEqual([set === 0 ? 1536 : 3])
        for (const [index, vector] of vectors(set).entries()) {
          const place = isNumbered ? index : set - 1 - index
          expect(json.data[place].embedding).toEqual(vector.embedding)
        }
      }),
      { numRuns: 60 },
    )
  })

  test("more vectors than inputs, and an index that no input has: the message says what to do", async () => {
    const { json } = await embed(scripted("createEmbedding", { data: vectors(3) }), ["a", "b"])
    expect(json.error.message).toBe(
      "Scenario 'it' sets 3 elements of 'data', but this request gets 2 (see its 'input'). " +
        "Narrow the match of the scenario, or change its 'reply'.",
    )
    const outside = await embed(scripted("createEmbedding", { data: [{ index: 2, embedding: [1] }] }), [
      "a",
      "b",
    ])
    expect(outside.json.error.message).toContain(
      "Scenario 'it' sets 'data[0].index' to 2, but the indexes of this request are 0 to 1 (see its 'input').",
    )
  })

  test("moderations and images", async () => {
    const two = [{ flagged: true }, { flagged: true }]
    const moderate = (input: unknown) =>
      post(scripted("createModeration", { results: two }), "/moderations", { input })
    expect([(await moderate("a")).status, (await moderate(["a", "b", "c"])).json.results.length]).toEqual([
      400, 3,
    ])
    const urls = [{ url: "https://example.com/1" }, { url: "https://example.com/2" }]
    const draw = (n: number) =>
      post(scripted("createImage", { data: urls }), "/images/generations", { prompt: "a", n })
    expect([(await draw(1)).status, (await draw(2)).json.data]).toMatchObject([400, urls])
  })

  test("reranking: each document once, in the order of the scenario, the scores falling", async () => {
    const documents = ["a b c", "a", "b", "c d"]
    const order = fc.shuffledSubarray([0, 1, 2, 3], { minLength: 1 })
    await fc.assert(
      fc.asyncProperty(
        order,
        fc.integer({ min: 1, max: 4 }),
        fc.boolean(),
        async (indexes, top_n, isScored) => {
          const results = indexes.map((index, at) => ({
            index,
            ...(isScored && { relevance_score: 0.9 - at / 10 }),
          }))
          const mock = scripted("createRerank", { results })
          const { status, json } = await rerank(mock, documents, { top_n, return_documents: true })
          if (indexes.length > top_n) {
            expect([status, json.error.code]).toEqual([400, "scenario_reply"])
            return
          }
          const found: { index: number; relevance_score: number; document: { text: string } }[] = json.results
          expect(found).toHaveLength(top_n)
          expect(found.slice(0, indexes.length).map(({ index }) => index)).toEqual(indexes)
          expect(new Set(found.map(({ index }) => index)).size).toBe(top_n)
          const scores = found.map(({ relevance_score }) => relevance_score)
          expect(scores).toEqual(scores.toSorted((a, b) => b - a))
          for (const { index, document } of found) expect(document.text).toBe(documents[index])
        },
      ),
    )
  })

  test("a scripted usage keeps `top_n`, and its total is the sum", async () => {
    const { json } = await rerank(scripted("createRerank", { usage: { prompt_tokens: 50 } }), ["a", "b"], {
      top_n: 1,
    })
    expect([json.results.length, json.usage]).toEqual([1, { prompt_tokens: 50, total_tokens: 50 }])
  })

  test("an element that the scenario adds to another list must be complete", async () => {
    const listed = (createMock() as Mock).handle({
      method: "GET",
      target: "/v1/models",
      headers: [["authorization", "Bearer sk-x"]],
      body: new Uint8Array(),
    })
    const count = JSON.parse(String((await listed).body)).data.length
    const list = async (last: object) => {
      const data = [...Array(count).fill({ owned_by: "me" }), last]
      const reply = await scripted("listModels", { data }).handle({
        method: "GET",
        target: "/v1/models",
        headers: [["authorization", "Bearer sk-x"]],
        body: new Uint8Array(),
      })
      return { status: reply.status, body: String(reply.body) }
    }
    expect((await list({ id: "m", object: "model", created: 1, owned_by: "me" })).status).toBe(200)
    expect(await list({ id: "m" })).toMatchObject({
      status: 400,
      body: expect.stringContaining(`'data[${count}].`),
    })
  })
})

describe("usage of what the model says", () => {
  const ask = async (usage: object, more: object = {}) => {
    const scenarios: Scenario[] = [{ match: {}, answer: { text: "one two", usage, ...more } }]
    const mock = createMock({ scenarios })
    const chat = await post(mock, "/chat/completions", {
      model: "gpt-4o",
      messages: [{ role: "user", content: "Hi" }],
    })
    return [chat, await post(mock, "/responses", { model: "gpt-4o", input: "Hi" })] as const
  }

  test("more cached tokens than the prompt has are refused", async () => {
    for (const { status, json } of await ask({ cached: 999 })) {
      expect([status, json.error.code]).toEqual([400, "scenario_reply"])
      expect(json.error.message).toMatch(
        /^The 'usage' of the scenario sets 'cached' to 999 tokens, but the prompt has \d+\. Set 'input' as well\.$/,
      )
    }
  })

  test("parts are never greater than the whole", async () => {
    const count = fc.nat(40)
    const counts = fc.record(
      { input: count, output: count, reasoning: count, cached: count },
      { requiredKeys: [] },
    )
    const thought = fc.constantFrom({}, { reasoning: "I think about it for a while." })
    await fc.assert(
      fc.asyncProperty(counts, thought, async (usage, more) => {
        const { input, output, reasoning = 0, cached = 0 } = usage
        fc.pre(cached <= (input ?? cached) && reasoning <= (output ?? reasoning))
        for (const { status, json } of await ask(usage, more)) {
          if (status === 400) {
            expect([json.error.code, input]).toEqual(["scenario_reply", undefined])
            continue
          }
          const { usage: found } = json
          const prompt = found.prompt_tokens ?? found.input_tokens
          const completion = found.completion_tokens ?? found.output_tokens
          const promptParts = found.prompt_tokens_details ?? found.input_tokens_details
          const completionParts = found.completion_tokens_details ?? found.output_tokens_details
          expect(promptParts?.cached_tokens ?? 0).toBeLessThanOrEqual(prompt)
          expect(completionParts?.reasoning_tokens ?? 0).toBeLessThanOrEqual(completion)
          expect(found.total_tokens).toBe(prompt + completion)
        }
      }),
      { numRuns: 60 },
    )
  })
})

describe("explainRequest names the operation of a body", () => {
  const of = async (body: object) =>
    (await explainRequest([], { body })).text.match(/^Operation: (\w+)\n/)?.[1]

  test("that of the contract's own examples", async () => {
    for (const { operationId, ...contract } of Object.values(endpoints)) {
      if (!("request" in contract) || contract.request === undefined) continue
      // Both transcribe a file.
      if (contract.request.mediaType === "multipart/form-data") continue
      for (const { value } of Object.values<{ readonly value: unknown }>(contract.request.examples)) {
        expect([value, await of(Object(value))]).toEqual([value, operationId])
      }
    }
  })

  test.each([
    [{ model: "text-embedding-3-small", input: "a" }, "createEmbedding"],
    [{ model: "openai/text-embedding-3-small", input: ["a"] }, "createEmbedding"],
    [{ model: "mine", input: "a", encoding_format: "float" }, "createEmbedding"],
    [{ model: "mine", input: "a" }, "createResponse"],
    [{ model: "gpt-4o", input: "a" }, "createResponse"],
    [{ model: "content-moderation-latest", input: "a" }, "createModeration"],
    [{ model: "mine", input: "a", voice: "alloy" }, "createSpeech"],
    [{ model: "mine", messages: [{ role: "user", content: "a" }] }, "createChatCompletion"],
    [{ model: "dall-e-2", prompt: "a" }, "createImage"],
    [{ model: "mine", query: "a", documents: ["a"] }, "createRerank"],
  ])("%j", async (body, operation) => {
    expect(await of(body)).toBe(operation)
  })

  test("a body that several operations may get is refused", async () => {
    await expect(explainRequest([], { body: { model: "whisper-1" } })).rejects.toThrow(
      "it may be a request of createTranscription or createTranslation. " +
        "Name the operation, such as '--operation createTranscription'",
    )
  })
})
