import { type assembleChat, canonicalChat } from "@nexhina/stream"
import type { Exchange } from "@nexhina/wire"
import * as fc from "fast-check"
import { expect, test } from "vitest"
import { recordedExchange, recordedFrom } from "../../test/recordings.ts"
import { createMock, type Mock } from "../mock.ts"
import type { Scenario } from "../scenarios/scenario.ts"
import { recordedTurn } from "./recorded-turn.ts"
import { scenariosFrom } from "./to-scenarios.ts"

type Chat = NonNullable<ReturnType<typeof assembleChat>>

const record = (mock: Mock, path: string, body: object): Promise<Exchange> =>
  recordedFrom(mock, "https://api.example/v1", path, { body })

const derived = (exchanges: readonly Exchange[]) =>
  scenariosFrom(exchanges.map((exchange) => ({ name: "test", exchange })))
const scenariosOf = (exchanges: readonly Exchange[]): Scenario[] =>
  derived(exchanges).scenarios.map(({ scenario }) => scenario)

/** Returns what a recorded reply says, without ids and times. */
function contentOf(exchange: Exchange): unknown {
  const turn = recordedTurn(exchange)
  const reply = Object(turn?.reply)
  if (turn?.operationId === "createChatCompletion") {
    const { choices, usage } = canonicalChat(reply as Chat)
    return { status: turn.status, choices, usage }
  }
  if (turn?.operationId !== "createResponse") return { status: turn?.status, reply }
  const output = reply.output.map(({ id: _, ...item }: Record<string, unknown>) => item)
  return { status: turn.status, output, usage: reply.usage }
}

const weather = { name: "weather", parameters: { type: "object", properties: { city: { type: "string" } } } }
/** Texts that YAML or templates could change. */
const say = fc.oneof(
  fc.string({ minLength: 1, maxLength: 30 }),
  fc.constantFrom("Hello {{user}}", "\\{{ {{{{ }}", "two\nlines: # and 'quotes'", "/a+/i", "/^[a]$/"),
)
const options = fc.record(
  { stream: fc.boolean(), tools: fc.boolean(), effort: fc.boolean() },
  { requiredKeys: ["stream"] },
)

test("generated answers that are recorded and made into scenarios are the same content, streamed or whole", async () => {
  const chat = fc
    .record({ content: say, options })
    .map(({ content, options: { stream, tools, effort } }) => ({
      path: "/chat/completions",
      body: {
        model: effort ? "o3" : "gpt-4o",
        messages: [{ role: "user", content }],
        ...(tools && { tools: [{ type: "function", function: weather }], tool_choice: "required" }),
        ...(effort && { reasoning_effort: "low" }),
        ...(stream && { stream, stream_options: { include_usage: true } }),
      },
    }))
  const response = fc
    .record({ input: say, options })
    .map(({ input, options: { stream, tools, effort } }) => ({
      path: "/responses",
      body: {
        model: effort ? "o3" : "gpt-4o",
        input,
        ...(tools && { tools: [{ type: "function", ...weather }], tool_choice: "required" }),
        ...(effort && { reasoning: { effort: "low" } }),
        ...(stream && { stream }),
      },
    }))
  const embedding = fc.record({
    path: fc.constant("/embeddings"),
    body: fc.record({
      model: fc.constant("text-embedding-3-small"),
      input: say,
      dimensions: fc.constant(8),
      encoding_format: fc.constantFrom("float", "base64"),
    }),
  })
  await fc.assert(
    fc.asyncProperty(fc.oneof(chat, response, embedding), async ({ path, body }) => {
      const original = await record(createMock(), path, body)
      // Another seed: what the scenario does not say would differ.
      const scenarios = scenariosOf([original])
      const replayed = await record(createMock({ seed: 7, scenarios, strictScenarios: true }), path, body)
      expect(contentOf(replayed)).toEqual(contentOf(original))
      expect(scenarios).toHaveLength(1)
    }),
    { numRuns: 40 },
  )
})

const reply = (body: object, value: object, status = 200, replyHeaders: [string, string][] = []) =>
  recordedExchange({
    body,
    status,
    replyHeaders: [["content-type", "application/json"], ...replyHeaders],
    chunks: [[1, JSON.stringify(value)]],
  })
const says = (content: string) => ({ choices: [{ index: 0, message: { role: "assistant", content } }] })
const user = (content: string) => ({ role: "user", content })
const asks = (...messages: object[]) => ({ model: "m", messages })

test("an error keeps its status, its words and when to retry", () => {
  const error = { message: "Slow {{down}}", type: "rate", code: "rate_limit", param: null }
  expect(scenariosOf([reply(asks(user("Hi")), { error }, 429, [["retry-after", "2"]])])).toEqual([
    {
      match: { operation: "createChatCompletion", model: "m", user: "Hi", step: 0 },
      answer: {
        error: {
          status: 429,
          message: "Slow \\{{down}}",
          code: "rate_limit",
          headers: { "retry-after": "2" },
        },
      },
    },
  ])
})

test("errors of a request that then succeeds are failures before the answer", async () => {
  const busy = (after: string) =>
    reply(asks(user("Hi")), { error: { message: "Busy" } }, 429, [["retry-after", after]])
  const down = reply(asks(user("Hi")), { error: { message: "Down" } }, 503)
  const one = reply(asks(user("Hi")), says("one"))
  const match = { operation: "createChatCompletion", model: "m", user: "Hi", step: 0 }
  const fail = { times: 2, status: 429, message: "Busy", headers: { "retry-after": "2" } }
  const kept = derived([busy("2"), busy("2"), one, one])
  expect(kept).toEqual({
    scenarios: [{ scenario: { match, fail, answer: { text: "one" } }, notes: [] }],
    warnings: [],
  })
  const mock = createMock({ scenarios: kept.scenarios.map(({ scenario }) => scenario) })
  const statuses = []
  for (let attempt = 0; attempt < 4; attempt++) {
    statuses.push((await record(mock, "/chat/completions", asks(user("Hi")))).response?.status)
  }
  expect(statuses).toEqual([429, 429, 200, 200])

  const { scenarios, warnings } = derived([busy("2"), down, one, busy("2")])
  expect(scenarios.map(({ scenario }) => scenario)).toEqual([{ match, fail, answer: { text: "one" } }])
  const same = 'exchange "1" of "test": the same request as exchange "1" of "test", whose reply is kept'
  expect(warnings).toEqual([same, same])
  expect(scenariosOf([busy("2"), busy("2")])).toEqual([
    { match, answer: { error: { status: 429, message: "Busy", headers: { "retry-after": "2" } } } },
  ])
  expect(scenariosOf([one, busy("2")])).toEqual([{ match, answer: { text: "one" } }])
})

test("recordings with the same last text are told apart by the conversation; a repeated request keeps its first reply", () => {
  const long = asks(user("A"), { role: "assistant", content: "B" }, user("Hi"))
  const { scenarios, warnings } = derived([
    reply(asks(user("Hi")), says("one")),
    reply(long, says("two")),
    reply(long, says("two")),
    reply(long, says("three")),
  ])
  const match = { operation: "createChatCompletion", model: "m", user: "Hi", step: 0, system: "" }
  expect(scenarios.map(({ scenario }) => scenario)).toEqual([
    { match: { ...match, turns: 1, toolResult: false }, answer: { text: "one" } },
    { match: { ...match, turns: 2, toolResult: false }, answer: { text: "two" } },
  ])
  expect(warnings).toEqual([
    'exchange "1" of "test": the same request as exchange "1" of "test", whose reply is kept',
  ])
  createMock({ scenarios: scenarios.map(({ scenario }) => scenario) })
})

test("a text whose key is hidden is said to match nothing else", () => {
  const { scenarios, warnings } = derived([reply(asks(user(`My key: ${"*".repeat(21)}`)), says("one"))])
  expect(scenarios).toHaveLength(1)
  expect(warnings).toEqual([
    'exchange "1" of "test": its text has asterisks instead of a key, and matches nothing else: edit the match',
  ])
})

test("what a scenario cannot express is named", () => {
  const audio = recordedExchange({
    target: "https://api.example/v1/audio/speech",
    body: { model: "tts-1", input: "Hi", voice: "alloy" },
    replyHeaders: [["content-type", "audio/mpeg"]],
  })
  const two = { choices: [...says("one").choices, { index: 1, message: { content: "two" } }] }
  const { scenarios, warnings } = derived([audio, reply(asks(user("Hi")), two)])
  expect(scenarios.map(({ notes }) => notes)).toEqual([
    ["1 more choice; every choice has the first one's content"],
  ])
  expect(warnings).toEqual([
    'exchange "1" of "test": its operation is unknown, or its reply is a file or cannot be read',
  ])
})

test.each(["/a+/i", "/^[a]$/", "/home/"])(
  "a user text that looks like a regular expression, %s, is matched as it is",
  async (content) => {
    const body = { model: "gpt-4o", messages: [{ role: "user", content }] }
    const scenarios = scenariosOf([await record(createMock(), "/chat/completions", body)])
    const mock = createMock({ scenarios, strictScenarios: true })
    const again = await record(mock, "/chat/completions", body)
    expect(again.response?.status).toBe(200)
    const other = { ...body, messages: [{ role: "user", content: "aa" }] }
    expect((await record(mock, "/chat/completions", other)).response?.status).toBe(400)
  },
)

test("what no scenario may set is left out, and named", () => {
  const counts = { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 }
  const cached = { ...counts, prompt_tokens_details: { cached_tokens: 9 } }
  const wrong = recordedExchange({
    target: "https://api.example/v1/moderations",
    body: { input: "a" },
    replyHeaders: [["content-type", "application/json"]],
    chunks: [[1, JSON.stringify({ id: "m", model: "m", results: "none" })]],
  })
  const { scenarios, warnings } = derived([reply(asks(user("Hi")), { ...says("one"), usage: cached }), wrong])
  expect(scenarios.map(({ scenario, notes }) => [scenario.answer?.usage, notes])).toEqual([
    [
      { input: 5, output: 2 },
      ["usage.cached: 'cached' is part of 'input' and must not be greater, but 9 is greater than 5"],
    ],
  ])
  expect(warnings).toEqual([
    'exchange "1" of "test": its reply has a fault: results: expected an array, but got a string (status 200)',
  ])
  expect(() => createMock({ scenarios: scenarios.map(({ scenario }) => scenario) })).not.toThrow()
})
