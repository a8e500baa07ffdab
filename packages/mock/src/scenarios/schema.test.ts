import Ajv from "ajv/dist/2020.js"
import { expect, test } from "vitest"
import { publishedSchema } from "./schema.ts"

test("the published schema of a file of scenarios is what the code says", async () => {
  await expect(publishedSchema(), "stale: run 'npx -y pnpm@10.34.8 emit'").toMatchFileSnapshot(
    "../../scenario.schema.json",
  )
})

test("editors accept what the mock accepts, and mark unknown keys and wrong types", () => {
  const validate = new Ajv.default({ strict: false }).compile(JSON.parse(publishedSchema()))
  const answer = { text: "x" }
  const isValid = (...scenarios: readonly object[]) => validate({ scenarios })
  expect(isValid({ match: { user: { contains: "a" }, headers: { "x-a": "b" } }, answer })).toBe(true)
  expect(isValid({ match: {}, answer: { toolCalls: [{ name: "a", arguments: { b: [1] } }] } })).toBe(true)
  expect(isValid({ match: { usr: "a" }, answer })).toBe(false)
  expect(isValid({ match: { user: 3 }, answer })).toBe(false)
  expect(isValid({ match: {}, answer: { latency: -1 } })).toBe(false)
})
