import { endpoints } from "@nexhina/schemas"
import * as fc from "fast-check"
import { expect, test } from "vitest"
import { exchangeOf } from "../../test/exchange.ts"
import { found, judgedBy } from "../../test/found.ts"
import { moderationRules } from "./moderations.ts"

const at = (pointer: string) => ({ part: "body", pointer }) as const
const sample = endpoints.createModeration.examples.flagged.value
const [result] = sample.results

const answer = (input: unknown, body: unknown) =>
  exchangeOf({ operation: "createModeration", request: { input }, body })

const oneResult = (members: object) => ({ ...sample, results: [{ ...result, ...members }] })

test.each([
  ["the documented sample", "I want to hurt someone.", sample],
  ["two texts", ["a", "b"], { ...sample, results: [result, result] }],
  [
    "the parts of one input",
    [
      { type: "text", text: "a" },
      { type: "text", text: "b" },
    ],
    sample,
  ],
  [
    "categories besides, null ones too",
    "a",
    oneResult({
      categories: { violence: true, illicit: null, "self-harm/x": false },
      category_scores: { violence: 0.5, illicit: 0, "self-harm/x": 1 },
    }),
  ],
])("%s is legal", (_, input, body) => {
  expect(found(moderationRules, [answer(input, body)])).toEqual([])
  expect(judgedBy(moderationRules, [answer(input, body)])).toEqual(moderationRules.map(({ id }) => id))
})

test.each([
  ["missing", { ...sample, id: undefined }, "/id"],
  ["missing", oneResult({ category_scores: undefined }), "/results/0/category_scores"],
  ["wrong-value", oneResult({ flagged: "yes" }), "/results/0/flagged"],
  ["wrong-value", oneResult({ category_scores: { violence: 1.5 } }), "/results/0/category_scores/violence"],
  ["wrong-value", "flagged", ""],
])("moderation.schema: %s in %j", (name, body, pointer) => {
  const text = typeof body === "string" ? JSON.stringify(body) : body
  expect(found(moderationRules, [answer("a", text)])).toEqual([["moderation.schema", name, at(pointer)]])
})

test("moderation.count: as many results as texts", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 0, max: 5 }), (texts, results) => {
      const body = { ...sample, results: Array.from({ length: results }, () => result) }
      const fault = results < texts ? "too-few" : "too-many"
      expect(
        found(moderationRules, [
          answer(
            Array.from({ length: texts }, () => "a"),
            body,
          ),
        ]),
      ).toEqual(results === texts ? [] : [["moderation.count", fault, at("/results")]])
    }),
  )
})

test("moderation.keys-agree, with names that a pointer escapes", () => {
  const scores = { violence: 0.98, hate: 0.01, sexual: 0.001 }
  expect(
    found(moderationRules, [answer("a", oneResult({ category_scores: { violence: 1, hate: 0 } }))]),
  ).toEqual([["moderation.keys-agree", "no-score", at("/results/0/category_scores/sexual")]])
  expect(
    found(moderationRules, [answer("a", oneResult({ category_scores: { ...scores, "a/b": 0 } }))]),
  ).toEqual([["moderation.keys-agree", "no-category", at("/results/0/categories/a~1b")]])
})

test("moderation.flag-consistent", () => {
  expect(found(moderationRules, [answer("a", oneResult({ flagged: false }))])).toEqual([
    ["moderation.flag-consistent", "unflagged", at("/results/0/flagged")],
  ])
  const categories = { violence: false, hate: null, sexual: false }
  expect(found(moderationRules, [answer("a", oneResult({ categories }))])).toEqual([
    ["moderation.flag-consistent", "unfounded", at("/results/0/flagged")],
  ])
})

test("no answer whatsoever makes a rule fail", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (input, body) => {
      found(moderationRules, [answer(input, JSON.stringify(body))])
    }),
  )
})
