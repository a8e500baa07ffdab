import * as fc from "fast-check"
import { expect, test } from "vitest"
import { exchangeOf, knownOf } from "../../test/exchange.ts"
import { found, judgedBy } from "../../test/found.ts"
import { rerankRules } from "./rerank.ts"

const at = (pointer: string) => ({ part: "body", pointer }) as const

/** Rules that judge one answer by itself. */
const single = rerankRules.filter(({ id }) => id !== "rerank.permutation-invariant")

type Result = readonly [index: number, score: number, document?: unknown]

const answer = (documents: readonly unknown[], results: readonly Result[], members: object = {}) =>
  exchangeOf({
    operation: "createRerank",
    request: { model: "m", query: "q", documents, ...members },
    body: {
      results: results.map(([index, score, document]) => ({ index, relevance_score: score, document })),
    },
  })

const two = ["a", "b"]
const whole: readonly Result[] = [
  [1, 0.9],
  [0, 0.2],
]

test.each([
  ["two results", answer(two, whole)],
  [
    "results of one score",
    answer(two, [
      [1, 0],
      [0, 0],
    ]),
  ],
  [
    "scores of any size",
    answer(two, [
      [0, 7.5],
      [1, -3],
    ]),
  ],
  ["the best one", answer(two, [[1, 0.9]], { top_n: 1 })],
  ["more asked for than there are", answer(two, whole, { top_n: 9 })],
  ["documents back", answer([{ text: "a" }], [[0, 1, { text: "a" }]], { return_documents: true })],
  ["documents back that nobody spoke of", answer(["a"], [[0, 1, { text: "a" }]])],
  ["no documents, as null", answer(["a"], [[0, 1, null]], { return_documents: false })],
])("%s are legal", (_, exchange) => {
  expect(found(rerankRules, [exchange])).toEqual([])
})

test.each([
  ["all-equal", [0.3, 0.3]],
  ["below", [0.2, 0.3]],
  [undefined, [0.4, 0.3]],
] as const)("rerank.relevant-first: %s with scores %j", (name, [answering, other]) => {
  const documents = ["I like trains.", "Paris is the capital of France."]
  const scores: Result[] = [
    [0, other],
    [1, answering],
  ]
  const results = scores.sort(([, a], [, b]) => b - a)
  const exchange = answer(documents, results, { query: "What is the capital of France?" })
  const place = results.findIndex(([index]) => index === 1)
  expect(judgedBy(rerankRules, [exchange])).toContain("rerank.relevant-first")
  expect(found(rerankRules, [exchange])).toEqual(
    name ? [["rerank.relevant-first", name, at(`/results/${place}/relevance_score`)]] : [],
  )
})

test("OpenAI has no such endpoint: nothing is judged there", () => {
  const known = knownOf({ profileName: "openai" })
  expect(judgedBy(rerankRules, [answer(two, whole)], known)).toEqual([])
})

test.each([
  ["missing", { results: [{ index: 0, score: 3.5 }] }, "/results/0/relevance_score"],
  ["missing", { data: [] }, "/results"],
  ["wrong-value", { results: [{ index: 0, relevance_score: "0.9" }] }, "/results/0/relevance_score"],
  ["wrong-value", { results: [{ index: 0, relevance_score: 1, document: 1 }] }, "/results/0/document"],
])("rerank.schema: %s in %j", (name, body, pointer) => {
  const request = { model: "m", query: "q", documents: ["a"] }
  expect(found(rerankRules, [exchangeOf({ operation: "createRerank", request, body })])).toEqual([
    ["rerank.schema", name, at(pointer)],
  ])
})

test("rerank.schema: a score that is read as infinite", () => {
  const request = { model: "m", query: "q", documents: ["a"] }
  const body = '{"results":[{"index":0,"relevance_score":1e999}]}'
  expect(found(rerankRules, [exchangeOf({ operation: "createRerank", request, body })])).toEqual([
    ["rerank.schema", "wrong-value", at("/results/0/relevance_score")],
  ])
})

test("rerank.index", () => {
  expect(
    found(single, [
      answer(two, [
        [2, 1],
        [0, 0],
      ]),
    ]),
  ).toEqual([["rerank.index", "out-of-range", at("/results/0/index")]])
  expect(
    found(single, [
      answer(two, [
        [1, 1],
        [1, 0],
      ]),
    ]),
  ).toEqual([["rerank.index", "repeated", at("/results/1/index")]])
})

test("rerank.top-n: as many results as asked for, or as there are documents", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5 }),
      fc.option(fc.integer({ min: 1, max: 7 }), { nil: undefined }),
      fc.integer({ min: 0, max: 5 }),
      (documents, top_n, results) => {
        const wanted = Math.min(top_n ?? documents, documents)
        const exchange = answer(
          Array.from({ length: documents }, (_, index) => `${index}`),
          Array.from({ length: results }, (): Result => [0, 1]),
          { top_n },
        )
        const fault = results < wanted ? "too-few" : "too-many"
        expect(found(single, [exchange]).filter(([id]) => id === "rerank.top-n")).toEqual(
          results === wanted ? [] : [["rerank.top-n", fault, at("/results")]],
        )
      },
    ),
  )
})

test("rerank.sorted: at the first score that is higher than the one before", () => {
  const results: Result[] = [
    [0, 0.5],
    [1, 0.5],
    [2, 0.6],
    [3, 0.7],
  ]
  expect(found(single, [answer(["a", "b", "c", "d"], results)])).toEqual([
    ["rerank.sorted", "rises", at("/results/2/relevance_score")],
  ])
})

test("rerank.documents", () => {
  const back = (document: unknown) => answer(["a"], [[0, 1, document]], { return_documents: true })
  for (const nothing of [undefined, null])
    expect(found(single, [back(nothing)])).toEqual([
      ["rerank.documents", "absent", at("/results/0/document")],
    ])
  expect(found(single, [back({ text: "A" })])).toEqual([
    ["rerank.documents", "other", at("/results/0/document")],
  ])
})

test("a document may be its text alone", () => {
  expect(found(single, [answer(["a"], [[0, 1, "a"]], { return_documents: true })])).toEqual([])
  expect(found(single, [answer(["a"], [[0, 1, "b"]], { return_documents: true })])).toEqual([
    ["rerank.documents", "other", at("/results/0/document")],
  ])
})

test("rerank.documents-unasked", () => {
  const unasked = answer(["a"], [[0, 1, { text: "a" }]], { return_documents: false })
  expect(found(single, [unasked])).toEqual([["rerank.documents-unasked", "there", at("/results/0/document")]])
})

test("rerank.permutation-invariant: judged where the same request twice gives the same scores", () => {
  const trio = (a: number, b: number, c: number) => [
    answer(two, [
      [0, a],
      [1, 0],
    ]),
    answer(two, [
      [0, b],
      [1, 0],
    ]),
    answer(
      ["b", "a"],
      [
        [1, c],
        [0, 0],
      ],
    ),
  ]
  expect(found(rerankRules, trio(0.9, 0.9, 0.9))).toEqual([])
  expect(found(rerankRules, trio(0.9, 0.901, 0.895))).toEqual([])
  expect(found(rerankRules, trio(0.9, 0.9, 0.7))).toEqual([
    ["rerank.permutation-invariant", "differs", at("/results/0/relevance_score")],
  ])
  expect(judgedBy(rerankRules, trio(0.9, 0.8, 0.9))).not.toContain("rerank.permutation-invariant")
  expect(judgedBy(rerankRules, trio(0.9, 0.9, 0.9).slice(1))).not.toContain("rerank.permutation-invariant")
})

test("no answer whatsoever makes a rule fail", () => {
  const bodies = fc.oneof(
    fc.jsonValue(),
    fc.record({
      results: fc.array(
        fc.record({ index: fc.nat(3), relevance_score: fc.double(), document: fc.constant({ text: "a" }) }),
      ),
    }),
  )
  fc.assert(
    fc.property(fc.array(bodies, { maxLength: 3 }), fc.boolean(), (all, return_documents) => {
      const request = { model: "m", query: "q", documents: two, return_documents }
      found(
        rerankRules,
        all.map((body) => exchangeOf({ operation: "createRerank", request, body: JSON.stringify(body) })),
      )
    }),
  )
})
