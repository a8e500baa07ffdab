import { EmbeddingResponse, ModelList } from "@nexhina/schemas"
import * as fc from "fast-check"
import { expect, test } from "vitest"
import { pointerTo, schemaFaults } from "./schema-faults.ts"

test("a body that fits has no faults", () => {
  expect(schemaFaults(ModelList, { object: "list", data: [{ id: "a", object: "model" }] })).toEqual([])
})

test("a fault names the place and both sides", () => {
  expect(schemaFaults(ModelList, { object: "lists", data: [{ id: 5, object: "model" }] })).toEqual([
    {
      fault: "wrong-value",
      at: { part: "body", pointer: "/object" },
      expected: '"list"',
      actual: '"lists"',
      path: ["object"],
    },
    {
      fault: "wrong-value",
      at: { part: "body", pointer: "/data/0/id" },
      expected: "string",
      actual: "5",
      path: ["data", 0, "id"],
    },
  ])
})

test("a member that is not there is missing", () => {
  expect(schemaFaults(ModelList, { object: "list" })).toEqual([
    {
      fault: "missing",
      at: { part: "body", pointer: "/data" },
      expected: "array",
      actual: "nothing",
      path: ["data"],
    },
  ])
})

const embedding = (vector: unknown) => ({
  object: "list",
  data: [{ object: "embedding", index: 0, embedding: vector }],
  model: "m",
  usage: { prompt_tokens: 1, total_tokens: 1 },
})

test("of a union the branch that fits furthest says where", () => {
  expect(schemaFaults(EmbeddingResponse, embedding([0.5, null]))).toMatchObject([
    { path: ["data", 0, "embedding", 1], expected: "number", actual: "null" },
  ])
})

test("of a union with no branch that fits further all are expected", () => {
  expect(schemaFaults(EmbeddingResponse, embedding({}))).toMatchObject([
    { path: ["data", 0, "embedding"], expected: "array or string", actual: "{}" },
  ])
})

test("every value of JSON has a verdict, the same as the schema's", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(schemaFaults(EmbeddingResponse, value).length > 0).toBe(
        !EmbeddingResponse.safeParse(value).success,
      )
    }),
  )
})

test("a pointer escapes what RFC 6901 says", () => {
  expect(pointerTo(["a/b", "c~d", 0])).toBe("/a~1b/c~0d/0")
  expect(pointerTo([])).toBe("")
})
