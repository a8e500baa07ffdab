import { endpoints, profiles } from "@nexhina/schemas"
import { describe, expect, test } from "vitest"
import { basePath, createRouter } from "./route.ts"

const route = createRouter(profiles.nexhina)

describe("every path of the contract", () => {
  const ways = Object.entries(endpoints).flatMap(([operationId, { path, ...endpoint }]) => {
    const aliases: readonly string[] = "aliases" in endpoint ? endpoint.aliases : []
    return [path, ...aliases].map((way) => [endpoint.method, basePath + way, operationId] as const)
  })
  test.each(ways)("%s %s is %s", (method, path, operationId) => {
    expect(route(method, path.replaceAll(/\{\w+\}/g, "x"))).toMatchObject({ kind: "operation", operationId })
  })
})

test.each([
  ["gpt-4o", "gpt-4o"],
  ["org%2Fmodel%20name", "org/model name"],
  ["org/model:7b", "org/model:7b"],
  ["%E6%BC%A2", "漢"],
  ["100%", "100%"],
])("the parameter of /models/%s is %s", (written, model) => {
  expect(route("GET", `/v1/models/${written}`)).toEqual({
    kind: "operation",
    operationId: "retrieveModel",
    params: { model },
  })
})

test("a parameter before the end of a path takes one segment", () => {
  expect(route("GET", "/v1/responses/resp_1/input_items")).toMatchObject({
    operationId: "listResponseInputItems",
  })
})

test("HEAD goes where GET goes", () => {
  expect(route("HEAD", "/v1/models")).toEqual(route("GET", "/v1/models"))
})

test.each(["/", "/v1", "/v1/", "/v1/models/", "/models", "/v1/chat", "/v2/models", "*", "/v1/modelsx"])(
  "%s leads nowhere",
  (path) => {
    expect(route("GET", path)).toEqual({ kind: "unknown-path" })
  },
)

test("another method is told which ones the path takes", () => {
  expect(route("GET", "/v1/chat/completions")).toEqual({ kind: "wrong-method", allow: ["POST"] })
  expect(route("POST", "/v1/models")).toEqual({ kind: "wrong-method", allow: ["GET", "HEAD"] })
  expect(route("PATCH", "/v1/responses/resp_1")).toEqual({
    kind: "wrong-method",
    allow: ["GET", "HEAD", "DELETE"],
  })
})

test.each([
  ["POST", "/v1/responses/compact"],
  ["GET", "/v1/responses/compact"],
  ["POST", "/v1/responses/input_tokens"],
  ["POST", "/v1/responses/resp_1/cancel"],
  ["GET", "/v1/responses/resp_1/cancel"],
  ["GET", "/v1/videos/characters"],
  ["GET", "/v1/videos/characters/x"],
  ["POST", "/v1/videos/edits"],
  ["POST", "/v1/videos/extensions"],
  ["POST", "/v1/videos/video_1/remix"],
])("%s %s is no operation of the contract, and no id", (method, path) => {
  for (const profile of Object.values(profiles)) {
    expect(createRouter(profile)(method, path)).toEqual({ kind: "unknown-path" })
  }
})

test("an operation that the profile lacks is an unknown path", () => {
  expect(createRouter(profiles.openai)("POST", "/v1/rerank")).toEqual({ kind: "unknown-path" })
  expect(route("POST", "/v1/rerank")).toMatchObject({ operationId: "createRerank" })
})
