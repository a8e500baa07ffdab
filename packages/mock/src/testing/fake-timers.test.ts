import { afterEach, test as base, beforeAll, describe, expect, vi } from "vitest"
import type { Scenario } from "../scenarios/scenario.ts"
import { mockFixture } from "./fixture.ts"
import { requestsOf } from "./requests.ts"
import type { TestMock } from "./test-mock.ts"

const scenarios: Scenario[] = [
  { match: { user: "whole" }, answer: { text: "A whole reply." } },
  { match: { user: "late" }, answer: { text: "A late reply.", latency: 20 } },
  {
    match: { user: "cut" },
    answer: { text: "one two three", fault: "after 2 events: stall 20ms; then reset" },
  },
]

function ask({ baseURL, apiKey }: TestMock, content: string, more: object = {}): Promise<string> {
  const headers = { authorization: `Bearer ${apiKey}`, "content-type": "application/json" }
  const body = JSON.stringify({ model: "gpt-4o", messages: [{ role: "user", content }], ...more })
  return fetch(`${baseURL}/chat/completions`, { method: "POST", headers, body }).then((reply) => reply.text())
}

describe.each([
  ["on a port", {}],
  ["through MSW", { baseURL: "https://gateway.example/v1" }],
])("under fake timers, which a test does not move, the mock answers %s", (_, options) => {
  const test = base.extend(mockFixture({ ...options, scenarios }))
  beforeAll(() => vi.useRealTimers())
  afterEach(() => {
    vi.useRealTimers()
  })

  test("whole and streamed replies", async ({ mock }) => {
    vi.useFakeTimers()
    expect(await ask(mock, "whole")).toContain("A whole reply.")
    expect(await ask(mock, "whole", { stream: true })).toContain("data: [DONE]")
    expect(await ask(mock, "late")).toContain("A late reply.")
    for (const { exchange } of requestsOf(mock)) expect(exchange.request.sentAtMs).toBeGreaterThanOrEqual(0)
  })

  test("a long request", async ({ mock }) => {
    vi.useFakeTimers()
    expect(await ask(mock, "long ".repeat(100_000))).toContain('"content":"You said')
  })

  test("a stream that stalls and is cut", async ({ mock }) => {
    vi.useFakeTimers()
    await expect(ask(mock, "cut", { stream: true })).rejects.toThrow("terminated")
  })
})
