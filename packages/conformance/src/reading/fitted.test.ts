import { ChatCompletionChunk, EmbeddingResponse } from "@nexhina/schemas"
import * as fc from "fast-check"
import { expect, test } from "vitest"
import { fits, fitted } from "./fitted.ts"

const embedding = fc.record({
  object: fc.constantFrom("embedding", "list"),
  index: fc.oneof(fc.nat(), fc.string()),
  embedding: fc.oneof(fc.array(fc.double()), fc.string()),
})
const list = fc.record(
  { object: fc.constant("list"), model: fc.string(), data: fc.array(embedding), usage: fc.jsonValue() },
  { requiredKeys: ["object"] },
)
const values = fc.oneof(list, fc.jsonValue())

test.each([
  ["EmbeddingResponse", EmbeddingResponse],
  ["ChatCompletionChunk", ChatCompletionChunk],
])("a value fits %s when the schema takes it, and is returned as it came", (_, schema) => {
  fc.assert(
    fc.property(values, (value) => {
      const { success } = schema.safeParse(value)
      expect(fits(schema, value)).toBe(success)
      expect(fitted(schema, value)).toBe(success ? value : undefined)
    }),
    { numRuns: 500 },
  )
})
