import { type Endpoint, endpoints, type OperationId } from "@nexhina/schemas"
import * as fc from "fast-check"
import { expect, test } from "vitest"
import { exchangeOf } from "../test/exchange.ts"
import { evidenceOf, isProper, keyOf, operationOf } from "./evidence.ts"
import type { RequestFault } from "./inputs/intent.ts"

const all = Object.entries(endpoints) as [OperationId, Endpoint][]

const bases = fc.constantFrom(
  "http://127.0.0.1:4010",
  "http://127.0.0.1:4010/v1",
  "https://gateway.example/api/v1",
  "https://gateway.example/openai/v1",
  "https://gateway.example/models/v1",
  "https://[::1]:8080/a/b/c",
  "/v1",
)
const parameter = fc.string({ minLength: 1, unit: "grapheme" }).map(encodeURIComponent)
const suffix = fc.constantFrom("", "?limit=2", "?after=/models", "/", "#x")

const paths = all.flatMap(([operation, { method, path, aliases = [] }]) =>
  [path, ...aliases].map((each) => [operation, method, each] as const),
)

test.each(paths)("%s is inferred from %s %s under any base path", (operation, method, template) => {
  fc.assert(
    fc.property(bases, fc.infiniteStream(parameter), suffix, (base, values, end) => {
      const path = template.replace(/\{\w+\}/g, () => values.next().value as string)
      expect(operationOf({ method, target: `${base}${path}${end}` })).toBe(operation)
    }),
  )
})

test("no operation has a method that no endpoint of the path has", () => {
  fc.assert(
    fc.property(
      bases,
      fc.constantFrom(...all),
      fc.constantFrom("PUT", "PATCH", "get"),
      (base, [, { path }], method) => {
        expect(operationOf({ method, target: `${base}${path}` })).toBeUndefined()
      },
    ),
  )
})

test.each([
  ["GET", "http://127.0.0.1/v1/models/openai/gpt-4o", "retrieveModel"],
  ["GET", "http://127.0.0.1/v1/models/openai%2Fgpt-4o", "retrieveModel"],
  ["POST", "http://127.0.0.1/v1/models/openai/gpt-4o", undefined],
  ["GET", "http://127.0.0.1/v1/models/", "listModels"],
  ["GET", "http://127.0.0.1/v1/no-such-path", undefined],
  ["POST", "http://127.0.0.1/v1/chat/no-such-path", undefined],
  ["POST", "http://127.0.0.1/v1/xchat/completions", undefined],
  ["GET", "http://127.0.0.1/v1/responses/", undefined],
  ["GET", "http://models/", undefined],
  ["GET", "", undefined],
])("%s %s is %s", (method, target, operation) => {
  expect(operationOf({ method, target })).toBe(operation)
})

test("a key is present or absent", () => {
  expect(keyOf({ headers: [["Authorization", "Bearer *****"]] })).toBe("present")
  expect(keyOf({ headers: [["Accept", "*/*"]] })).toBe("none")
})

const { operation: _, fault: __, key: ___, ...exchange } = exchangeOf({ status: 401 })

test("what is stated wins over what could be inferred", () => {
  const fault: RequestFault = { kind: "missing", param: "input", says: "input is missing" }
  const stated = { operation: "createEmbedding", by: "test", group: "test[0]", fault, key: "wrong" } as const
  expect(evidenceOf(exchange, stated)).toStrictEqual({
    ...exchange,
    operation: { basis: "stated", value: "createEmbedding" },
    fault: { basis: "stated", value: fault },
    key: { basis: "stated", value: "wrong" },
  })
})

test("without intent the fault is unknown and everything else is inferred", () => {
  const request = { ...exchange.request, target: "http://127.0.0.1/v1/chat/completions" }
  expect(evidenceOf({ ...exchange, request })).toStrictEqual({
    ...exchange,
    request,
    operation: { basis: "inferred", value: "createChatCompletion" },
    fault: { basis: "unknown" },
    key: { basis: "inferred", value: "present" },
  })
})

test("an inferred key is valid unless it is refused, a stated one is what it is", () => {
  const response = { status: 200, headers: [], trailers: [], chunks: [] }
  expect(isProper(evidenceOf(exchange))).toBe(false)
  expect(isProper(evidenceOf({ ...exchange, response }))).toBe(true)
  const stated = { operation: "listModels", by: "test", group: "test[0]" }
  expect(isProper(evidenceOf(exchange, stated))).toBe(true)
  expect(isProper(evidenceOf({ ...exchange, response }, { ...stated, key: "none" }))).toBe(false)
})
