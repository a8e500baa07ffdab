import { readFileSync } from "node:fs"
import { expect, test } from "vitest"
import * as documents from "./documents.ts"

test("exported names of the entry `openapi`", () => {
  expect(Object.keys(documents).sort()).toEqual(["openapi", "openapiDocument"])
})

test.each([
  ["3.1.1", "openapi.json"],
  ["3.2.0", "openapi-3.2.json"],
] as const)("the document of OpenAPI %s is the committed one", (version, file) => {
  const committed = readFileSync(new URL(`../../../openapi/${file}`, import.meta.url), "utf8")
  expect(JSON.parse(JSON.stringify(documents.openapiDocument(version)))).toEqual(JSON.parse(committed))
})
