import { expect, test } from "vitest"
import { random } from "../content/random.ts"
import { Refusal } from "../refusal.ts"
import { generate } from "./generate.ts"

const named = (count: number, schema: unknown = true) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`p${index}`, schema]))
const objects = (from: number) => Array.from({ length: 5000 }, (_, index) => ({ a: from + index }))
const required = (schema: object) => ({ required: ["a"], properties: { a: schema } })
const manyRanges = Array.from({ length: 1000 }, (_, index) => {
  const from = 0x1000 + 3 * index
  return String.fromCodePoint(from, 0x2d, from + 1)
}).join("")

const schemas: Readonly<Record<string, object>> = {
  "branches of a wide object": {
    allOf: [{ properties: named(9000) }, { anyOf: Array(2000).fill({ properties: { x: true }, enum: [] }) }],
  },
  "an enum of objects that `not` excludes": required({ enum: objects(0), not: { enum: objects(0) } }),
  "a constant that is not in a long enum": { const: { a: -1 }, enum: Array(20).fill(objects(0)).flat() },
  "long texts that no branch allows": required({
    anyOf: Array(5000).fill({ type: "string", minLength: 9000, maxLength: 4 }),
  }),
  "unique items": required({
    type: "array",
    minItems: 3000,
    uniqueItems: true,
    items: { const: Array(10_000).fill("abcdefgh") },
  }),
  "a large constant many times": required({
    type: "array",
    minItems: 9000,
    items: { const: Array(10_000).fill("abcdefgh") },
  }),
  "nested repetitions": required({ pattern: "^((((((((a*)*)*)*)*)*)*)*)*b$", minLength: 2000 }),
  "a class of many ranges": required({ pattern: `^[${manyRanges}]+$`, minLength: 5000 }),
  "many patterns": required({
    type: "object",
    minProperties: 2000,
    patternProperties: Object.fromEntries(Array.from({ length: 2000 }, (_, index) => [`^a${index}`, true])),
    additionalProperties: false,
  }),
  "patterns of names": { minProperties: 9000, propertyNames: { pattern: "^(a|b)+$" } },
  "an endless reference": {
    $defs: { a: { properties: named(3000, { $ref: "#/$defs/a" }), required: Object.keys(named(3000)) } },
    $ref: "#/$defs/a",
  },
}

test.each(Object.keys(schemas))("%s: the schema is given up within the budget (F2, F3)", (name) => {
  const before = process.cpuUsage()
  expect(() => generate(schemas[name], random([1, 2]), "schema")).toThrow(Refusal)
  // The budget is an estimate, and this machine may be slower than the one that it was estimated on.
  expect(process.cpuUsage(before).user / 1000).toBeLessThan(1500)
})
