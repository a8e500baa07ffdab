import { ErrorResponse, type RerankRequest, RerankResponse } from "@nexhina/schemas"
import fc from "fast-check"
import { expect, test } from "vitest"
import { againstDocument } from "../../test/against-document.ts"
import { toFetch } from "../hosts/fetch.ts"
import { createMock, type MockOptions } from "../mock.ts"

function post(body: unknown, options: MockOptions = {}): Promise<Response> {
  return toFetch(againstDocument(createMock(options)))(
    new Request("http://localhost/v1/rerank", {
      method: "POST",
      headers: { authorization: "Bearer sk-test", "content-type": "application/json" },
      body: JSON.stringify(body),
    }),
  )
}

const model = "cohere-rerank-v3.5"
async function rerank(request: Omit<RerankRequest, "model">): Promise<RerankResponse> {
  return RerankResponse.parse(await (await post({ model, ...request })).json())
}

const texts = fc.oneof(
  fc.lorem({ maxCount: 5 }),
  fc.string({ unit: "grapheme" }),
  fc.constantFrom("", "…", "Straße", "漢字かな交じり文"),
)
const documents = fc.array(
  fc.oneof(
    texts,
    texts.map((text) => ({ text })),
  ),
  { minLength: 1, maxLength: 8 },
)
const queries = texts.filter((text) => text !== "")
const textOf = (document: string | { text: string } | undefined) =>
  typeof document === "object" ? document.text : document

test("scores fall from 1 to 0, and documents that score alike keep their order", async () => {
  await fc.assert(
    fc.asyncProperty(queries, documents, async (query, documents) => {
      const { results } = await rerank({ query, documents })
      expect(results.map(({ index }) => index).sort((a, b) => a - b)).toEqual([...documents.keys()])
      let before = { index: -1, relevance_score: 1 }
      for (const result of results) {
        expect(result.relevance_score).toBeGreaterThanOrEqual(0)
        expect(result.relevance_score).toBeLessThanOrEqual(before.relevance_score)
        if (result.relevance_score === before.relevance_score) {
          expect(result.index).toBeGreaterThan(before.index)
        }
        before = result
      }
    }),
  )
})

test("a document's score depends on the query and its text alone", async () => {
  await fc.assert(
    fc.asyncProperty(queries, documents, async (query, documents) => {
      const { results } = await rerank({ query, documents })
      for (const { index, relevance_score } of results) {
        const alone = await rerank({ query, documents: [textOf(documents[index]) ?? ""] })
        expect(alone.results[0]?.relevance_score).toBe(relevance_score)
      }
    }),
    { numRuns: 30 },
  )
})

test("top_n cuts the list, and return_documents adds the texts", async () => {
  await fc.assert(
    fc.asyncProperty(queries, documents, fc.integer({ min: 1, max: 12 }), async (query, documents, top_n) => {
      const all = await rerank({ query, documents })
      const cut = await rerank({ query, documents, top_n, return_documents: true })
      expect(cut.results).toEqual(
        all.results
          .slice(0, top_n)
          .map((result) => ({ ...result, document: { text: textOf(documents[result.index]) } })),
      )
      expect(cut.usage).toEqual(all.usage)
    }),
  )
})

test("what answers the query comes first", async () => {
  const query = "How do I reset the password of my account?"
  const documents = [
    "Our office is closed on public holidays.",
    "Reset a password: open the settings of your account and choose Reset password.",
    "Passwords are stored as salted hashes.",
    "Bananas are berries, strawberries are not.",
  ]
  const { results } = await rerank({ query, documents })
  expect(results.slice(0, 2).map(({ index }) => index)).toEqual([1, 2])
})

test("the whole reply", async () => {
  const documents = ["Oslo lies on a fjord.", { text: "Paris is the capital of France." }]
  expect(await rerank({ query: "Paris", documents, return_documents: true })).toEqual({
    id: expect.stringMatching(/^rerank-[a-z2-7]{14}$/),
    model,
    results: [
      { index: 1, relevance_score: expect.any(Number), document: documents[1] },
      { index: 0, relevance_score: 0, document: { text: documents[0] } },
    ],
    usage: { prompt_tokens: 14, total_tokens: 14 },
  })
})

test.each([
  ["a negative top_n", { top_n: -1 }, "top_n"],
  ["top_n 0", { top_n: 0 }, "top_n"],
  ["half a top_n", { top_n: 1.5 }, "top_n"],
  ["no documents", { documents: [] }, "documents"],
  ["a document that is a number", { documents: ["a", 7] }, "documents[1]"],
  ["a document without text", { documents: [{}] }, "documents[0].text"],
  ["an empty query", { query: "" }, "query"],
  ["a model that chats", { model: "gpt-4o" }, "model"],
])("%s is refused", async (_case, members, param) => {
  const reply = await post({ model, query: "a", documents: ["a"], ...members })
  expect([reply.status, ErrorResponse.parse(await reply.json()).error.param]).toEqual([400, param])
})

test("under the profile openai, which has no rerank, the path is unknown", async () => {
  const reply = await post({ model, query: "a", documents: ["a"] }, { profile: "openai" })
  expect([reply.status, ErrorResponse.parse(await reply.json()).error.code]).toEqual([404, "unknown_url"])
})
