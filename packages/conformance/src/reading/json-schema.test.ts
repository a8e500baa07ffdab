import * as fc from "fast-check"
import { expect, test } from "vitest"
import { schemaBreach } from "./json-schema.ts"

const city = {
  type: "object",
  properties: { city: { type: "string", format: "date" } },
  required: ["city"],
  additionalProperties: false,
}

test("a value that keeps the schema has no breach", () => {
  expect(schemaBreach(city, { city: "2024-02-29" })).toBeUndefined()
})

test("the first breach and its place", () => {
  expect(schemaBreach(city, { city: 3 })).toEqual({ pointer: "/city", says: "must be string" })
  expect(schemaBreach(city, { city: "2023-02-29" })).toEqual({
    pointer: "/city",
    says: 'must match format "date"',
  })
})

test("schemas with one $id do not meet", () => {
  expect(schemaBreach({ $id: "s", type: "string" }, "")).toBeUndefined()
  expect(schemaBreach({ $id: "s", type: "number" }, 1)).toBeUndefined()
})

test("a schema that names draft 7 is read all the same", () => {
  expect(schemaBreach({ $schema: "http://json-schema.org/draft-07/schema#", type: "null" }, 1)).toEqual({
    pointer: "",
    says: "must be null",
  })
})

test.each([
  ["of no known type", { type: "text" }],
  ["with a reference to nowhere", { $ref: "#/$defs/none" }],
  ["with a remote reference", { $ref: "https://example.com/schema.json" }],
  ["with a pattern that is none", { type: "string", pattern: "(" }],
  ["that is asynchronous", { $async: true, type: "object" }],
  ["that refers to itself for ever", { $ref: "#" }],
])("a schema %s is undecided", (_, schema) => {
  expect(schemaBreach(schema, "x")).toEqual({ undecided: expect.stringContaining("schema") })
})

test("no schema and no value makes it throw", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.jsonValue(), (schema, value) => {
      schemaBreach(schema, value)
    }),
  )
})
