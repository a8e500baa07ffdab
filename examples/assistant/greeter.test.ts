import { expectRequest, mockFixture } from "@nexhina/mock/testing"
import { test as base, expect, vi } from "vitest"

vi.stubEnv("OPENAI_API_KEY", "sk-test")

const test = base.extend(
  mockFixture({
    baseURL: "https://api.openai.com/v1",
    scenarios: [{ match: { user: { contains: "Ann" } }, answer: { text: "Hello, Ann!" } }],
  }),
)

test("greets by name", async ({ mock }) => {
  const { greet } = await import("./greeter.ts")
  expect(await greet("Ann")).toBe("Hello, Ann!")
  expectRequest(mock, { user: "I am Ann" })
})

test("greets again", async ({ mock }) => {
  const { greet } = await import("./greeter.ts")
  expect(await greet("Ann Lee")).toBe("Hello, Ann!")
  expectRequest(mock, { user: "I am Ann Lee" })
})
