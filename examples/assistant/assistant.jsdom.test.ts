// @vitest-environment jsdom
import { expectRequest, expectRequests, mockFixture } from "@nexhina/mock/testing"
import { test as base, expect } from "vitest"
import { createAssistant } from "./assistant.ts"

const test = base.extend(
  mockFixture({
    strictScenarios: true,
    scenarios: [
      { match: { user: "Hello" }, answer: { text: "Good morning!" } },
      {
        match: { user: { contains: "weather" } },
        answer: { toolCalls: [{ name: "get_weather", arguments: { city: "Oslo" } }] },
      },
      {
        match: { user: { contains: "weather" }, toolResult: true },
        answer: { text: "It is {{toolResult}}." },
      },
      {
        match: { user: "Busy?" },
        fail: { times: 1, status: 429, headers: { "retry-after-ms": 1 } },
        answer: { text: "Not any more." },
      },
      {
        match: { user: { contains: "story" } },
        answer: { text: "Once upon a time there was a mock.", fault: "after 4 events: reset" },
      },
    ],
  }),
)

test("a scripted answer", async ({ mock }) => {
  const assistant = createAssistant(mock)
  expect(await assistant.ask("Hello")).toBe("Good morning!")
})

test("a tool call and its follow-up", async ({ mock }) => {
  const assistant = createAssistant(mock)
  expect(await assistant.ask("How is the weather?")).toBe("It is sunny in Oslo.")
  expectRequest(mock, { toolResult: "sunny in Oslo" })
})

test("429, then success", async ({ mock }) => {
  const assistant = createAssistant(mock)
  expect(await assistant.ask("Busy?")).toBe("Not any more.")
  expectRequest(mock, { status: 429 })
  expectRequest(mock, { status: 200 })
})

test("a stream that is cut in the middle", async ({ mock }) => {
  const assistant = createAssistant(mock)
  expect(await assistant.tell("mocks")).toBe("Once upon a [interrupted]")
})

test("what was sent", async ({ mock }) => {
  const assistant = createAssistant(mock)
  await assistant.tell("cats")
  expectRequest(mock, {
    user: "Tell a story about cats",
    body: { stream: true, stream_options: { include_usage: true } },
  })
  expectRequests(mock, 0, { operation: "createEmbedding" })
})
