import { readFileSync } from "node:fs"
import { describe, expect, test } from "vitest"
import { emitted } from "./emitted.ts"
import { endpoints, schemasWithoutEndpoint } from "./endpoints.ts"
import { openapi } from "./openapi.ts"

const contracts = Object.values(endpoints)
const document = openapi("3.1.1", contracts, schemasWithoutEndpoint)
const document32 = openapi("3.2.0", contracts, schemasWithoutEndpoint)

/** Every object inside a JSON value, itself included. */
function* objects(value: unknown): Generator<object> {
  if (typeof value !== "object" || value === null) return
  yield value
  for (const inner of Object.values(value)) yield* objects(inner)
}

test.each(Object.entries(emitted()))(
  "openapi/%s is what the contracts emit (else run: pnpm emit)",
  (name, text) => {
    expect(readFileSync(new URL(`../../../openapi/${name}`, import.meta.url), "utf8")).toBe(text)
  },
)

test("it is a pure function of its arguments", () => {
  expect(openapi("3.1.1", contracts, schemasWithoutEndpoint)).toEqual(document)
})

describe("every operation", () => {
  const operations = Object.values(document.paths ?? {}).flatMap(({ get, post, delete: remove }) =>
    [get, post, remove].filter((operation) => operation !== undefined),
  )

  test("is there once, with its provenance", () => {
    expect(operations.map(({ operationId }) => operationId).sort()).toEqual(Object.keys(endpoints).sort())
    expect(operations.filter((operation) => operation["x-provenance"] === undefined)).toEqual([])
  })

  test("takes the optional headers that the documentation shows", () => {
    const shown = ["X-Request-Id", "X-Tenant-Id", "X-Channel"].map((name) => ({
      $ref: `#/components/parameters/${name}`,
    }))
    for (const { parameters } of operations) expect(parameters).toEqual(expect.arrayContaining(shown))
  })

  test("answers 401 with the documented body", () => {
    expect(document.components?.responses?.["Error401"]).toEqual({
      description: "Incorrect API key provided.",
      "x-provenance": "documented",
      content: {
        "application/json": {
          schema: { $ref: "#/components/schemas/ErrorResponse" },
          examples: {
            default: {
              summary: "Incorrect API key provided",
              value: {
                error: {
                  message: "Incorrect API key provided",
                  type: "invalid_request_error",
                  code: "invalid_api_key",
                },
              },
            },
          },
        },
      },
    })
    for (const { responses } of operations) {
      expect(responses["401"]).toEqual({ $ref: "#/components/responses/Error401" })
    }
  })
})

test("a nullable component is a reference or null", () => {
  expect(document.components?.schemas?.["ChatCompletionResponse"]).toMatchObject({
    properties: { usage: { anyOf: [{ $ref: "#/components/schemas/CompletionUsage" }, { type: "null" }] } },
  })
})

test("every reference leads somewhere", () => {
  for (const each of [document, document32]) {
    const references = [...objects(each)].flatMap((object) => ("$ref" in object ? [String(object.$ref)] : []))
    const targets = new Set(
      Object.entries(each.components ?? {}).flatMap(([kind, named]) =>
        Object.keys(named).map((name) => `#/components/${kind}/${name}`),
      ),
    )
    expect(references.filter((reference) => !targets.has(reference))).toEqual([])
  }
})

test("nothing is said that says nothing", () => {
  const noise = [...objects(document)].filter(
    (object) =>
      ("additionalProperties" in object && JSON.stringify(object.additionalProperties) === "{}") ||
      ("propertyNames" in object && JSON.stringify(object.propertyNames) === '{"type":"string"}') ||
      ("maximum" in object && object.maximum === Number.MAX_SAFE_INTEGER),
  )
  expect(noise).toEqual([])
})

test("3.2 types the events of a stream", () => {
  expect(document32.paths).toMatchObject({
    "/chat/completions": {
      post: {
        responses: {
          200: {
            content: {
              "text/event-stream": {
                itemSchema: {
                  properties: {
                    data: { contentSchema: { $ref: "#/components/schemas/ChatCompletionChunk" } },
                  },
                },
              },
            },
          },
        },
      },
    },
  })
})

test("no host is named but the loopback address", () => {
  const urls = JSON.stringify(document).match(/https?:\/\/[^/"\\ ]+/g)
  expect([...new Set(urls)].sort()).toEqual(["http://127.0.0.1:4010", "https://example.com"])
})
