import { expect, test } from "vitest"
import { ErrorResponse, errorStatuses } from "./error.ts"

test.each(Object.entries(errorStatuses))(
  "the default body of %s is an ErrorResponse",
  (_, { says, type, code }) => {
    const body = { error: { message: says, type, code } }
    expect(ErrorResponse.parse(body)).toEqual(body)
  },
)

test("the documented 401 body, without `param`", () => {
  const { says: message, type, code } = errorStatuses[401]
  expect({ error: { message, type, code } }).toEqual({
    error: { message: "Incorrect API key provided", type: "invalid_request_error", code: "invalid_api_key" },
  })
})

test("the shapes of other gateways pass: no code, an integer code, a null param", () => {
  for (const members of [
    {},
    { code: 404 },
    { code: null, param: null },
    { param: "model", code: "x", more: 1 },
  ]) {
    expect(
      ErrorResponse.safeParse({ error: { message: "No.", type: "t", ...members } }).error,
    ).toBeUndefined()
  }
})

test.each([
  {},
  { error: "No." },
  { error: { message: "", type: "t" } },
  { error: { message: "No." } },
  { detail: "No." },
])("%j is none", (body) => {
  expect(ErrorResponse.safeParse(body).success).toBe(false)
})
