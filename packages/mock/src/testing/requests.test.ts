import { expect, test } from "vitest"
import { toFetch } from "../hosts/fetch.ts"
import { createMock, type Mock } from "../mock.ts"
import { expectRequest, expectRequests, requestsOf } from "./requests.ts"

async function post(mock: Mock, path: string, body: object | FormData, headers = {}): Promise<void> {
  const isForm = body instanceof FormData
  const request = new Request(`http://localhost/v1${path}`, {
    method: "POST",
    headers: {
      authorization: "Bearer sk-test",
      ...(!isForm && { "content-type": "application/json" }),
      ...headers,
    },
    body: isForm ? body : JSON.stringify(body),
  })
  await (await toFetch(mock)(request)).text()
}

const weather = { role: "user", content: "How is the weather?" }
const call = { id: "call_1", type: "function", function: { name: "get_weather", arguments: "{}" } }

async function conversation(): Promise<Mock> {
  const mock = createMock()
  await post(mock, "/chat/completions", { model: "gpt-4o", messages: [weather] }, { "x-mock-scope": "a" })
  await post(mock, "/chat/completions", {
    model: "gpt-4o",
    messages: [
      weather,
      { role: "assistant", content: null, tool_calls: [call] },
      { role: "tool", tool_call_id: "call_1", content: "sunny" },
    ],
    stream: true,
    stream_options: { include_usage: true },
  })
  await post(mock, "/responses", {
    model: "gpt-4o",
    input: [weather, { type: "item_reference", id: "msg_1" }],
  })
  await post(mock, "/embeddings", { model: "text-embedding-3-small", input: "a cat" })
  const form = new FormData()
  form.append("model", "whisper-1")
  form.append("file", new File(["no sound"], "speech.wav"))
  await post(mock, "/audio/transcriptions", form)
  await post(mock, "/nowhere", { model: "gpt-4o" })
  return mock
}

const messageOf = (run: () => unknown): string => {
  try {
    run()
  } catch (error) {
    return (error as Error).message
  }
  throw new Error("Nothing was thrown")
}

test("requests by the conditions of scenarios, by members of their bodies and by status", async () => {
  const mock = await conversation()
  const places = (query: Parameters<typeof requestsOf>[1]) =>
    requestsOf(mock, query).map(({ exchange }) => Number(exchange.id))
  expect(places({})).toEqual([1, 2, 3, 4, 5, 6])
  expect(places({ user: { contains: "weather" } })).toEqual([1, 2, 3])
  expect(places({ toolResult: "sunny" })).toEqual([2])
  expect(places({ scope: "a" })).toEqual([1])
  expect(places({ operation: "createEmbedding", user: { matches: "cat$" } })).toEqual([4])
  expect(places({ body: { stream_options: { include_usage: true } } })).toEqual([2])
  expect(places({ body: { messages: [{ role: "user" }] } })).toEqual([1])
  expect(places({ body: { model: "whisper-1" } })).toEqual([5])
  expect(places({ status: 404 })).toEqual([3, 6])
  expect(requestsOf(mock).at(-1)).toMatchObject({
    operation: undefined,
    method: "POST",
    path: "/nowhere",
    body: { model: "gpt-4o" },
    status: 404,
  })
})

test("the only request is returned; the message describes what is different in the others", async () => {
  const mock = await conversation()
  expect(expectRequest(mock, { toolResult: "sunny" }).body).toMatchObject({ stream: true })
  expect(messageOf(() => expectRequest(mock, { toolResult: "rainy" }))).toBe(
    [
      'Expected 1 request with {"toolResult":"rainy"}, but got 0 of 6.',
      '1. POST /chat/completions (200): toolResult: expected "rainy", but got nothing',
      '2. POST /chat/completions (200): toolResult: expected "rainy", but got "sunny"',
      '3. POST /responses (404): toolResult: expected "rainy", but got nothing',
      '4. POST /embeddings (200): toolResult: expected "rainy", but got nothing',
      '5. POST /audio/transcriptions (400): toolResult: expected "rainy", but got nothing',
      '6. POST /nowhere (404): toolResult: expected "rainy", but got nothing',
    ].join("\n"),
  )
})

test("more requests than expected are listed", async () => {
  const mock = await conversation()
  const query = { operation: "createChatCompletion" } as const
  expect(expectRequests(mock, 2, query)).toHaveLength(2)
  expect(messageOf(() => expectRequest(mock, query))).toBe(
    [
      'Expected 1 request with {"operation":"createChatCompletion"}, but got 2 of 6.',
      "1. POST /chat/completions (200): matches",
      "2. POST /chat/completions (200): matches",
    ].join("\n"),
  )
  expect(messageOf(() => expectRequests(createMock(), 2))).toBe(
    "Expected 2 requests, but got no request at all.",
  )
})

test("the first place at which a body is different is named", async () => {
  const mock = await conversation()
  const body = { stream_options: { include_usage: false }, messages: [] }
  expect(messageOf(() => expectRequest(mock, { toolResult: true, body }))).toContain(
    "2. POST /chat/completions (200): body.stream_options.include_usage: expected false, but got true",
  )
  expect(messageOf(() => expectRequest(mock, { toolResult: true, body: { messages: [{}] } }))).toMatch(
    /^2\. .*body\.messages: expected \[\{\}\], but got \[\{"role":"user"/m,
  )
})

test("an unknown condition is an error, and the error of a test begins at its line", async () => {
  const mock = await conversation()
  const typo = { usr: "a" } as object
  expect(() => requestsOf(mock, typo)).toThrow("Unknown condition 'usr'. Did you mean 'user'?")
  try {
    expectRequest(mock, { user: "nobody" })
  } catch (error) {
    const [place = ""] =
      (error as Error).stack?.split("\n").filter((line) => line.startsWith("    at ")) ?? []
    expect(place).toContain("requests.test.ts")
  }
})

test.each<[object, string]>([
  [
    { user: /weather/ },
    "'user': expected a text, but got a regular expression. Write { matches: \"weather\" }.",
  ],
  [{ user: { contain: "weather" } }, "'user.contain': unknown key 'contain'. Did you mean 'contains'?"],
  [{ user: 5 }, "'user': expected a string or an object, but got a number. Put a text in quotes."],
  [{ turns: "1" }, "'turns': expected a number, but got a string."],
  [{ operation: "createChatCompletions" }, "'operation': invalid value \"createChatCompletions\"."],
  [{ headers: { authorization: /Bearer/ } }, "'headers.authorization': expected a text, but got a regular"],
  [{ toolResult: { matches: "(" } }, "'toolResult.matches': the pattern '(' has a group without its ')'."],
  [
    { user: expect.stringContaining("a") },
    "'user': matchers such as StringContaining are for 'body'. Write a text, { contains: text } or { matches",
  ],
])(
  "a condition of a wrong type is an error, instead of one that always holds: %j",
  async (query, message) => {
    const mock = await conversation()
    expect(() => requestsOf(mock, query)).toThrow(`Invalid condition ${message}`)
    expect(() => requestsOf({ exchanges: [] }, query)).toThrow(TypeError)
  },
)

test("a body is compared with matchers of the test runner", async () => {
  const mock = await conversation()
  const query = (model: unknown) => ({ turns: 1, body: { stream: true, messages: expect.any(Array), model } })
  expect(requestsOf(mock, query(expect.stringMatching(/^gpt/)))).toHaveLength(1)
  const messages = expect.arrayContaining([expect.objectContaining({ role: "tool", content: "sunny" })])
  expect(requestsOf(mock, { body: { messages } })).toHaveLength(1)
  expect(messageOf(() => expectRequest(mock, { scope: "a", ...query(expect.any(Number)) }))).toContain(
    'with {"scope":"a","turns":1,"body":{"stream":true,"messages":"Any<Array>","model":"Any<Number>"}}',
  )
  expect(messageOf(() => expectRequest(mock, { scope: "a", body: { model: expect.any(Number) } }))).toContain(
    'body.model: expected Any<Number>, but got "gpt-4o"',
  )
  expect(messageOf(() => expectRequest(mock, { scope: "a", body: { model: /gpt/ } }))).toContain(
    'body.model: expected /gpt/, but got "gpt-4o"',
  )
})

test("preflights, which browsers and happy-dom send by themselves, are not requests of the application", async () => {
  const mock = createMock()
  const origin = "http://localhost:3000"
  const preflight = new Request("http://localhost/v1/embeddings", {
    method: "OPTIONS",
    headers: { origin, "access-control-request-method": "POST" },
  })
  expect((await toFetch(mock)(preflight)).status).toBe(204)
  await post(mock, "/embeddings", { model: "text-embedding-3-small", input: "a cat" }, { origin })
  expect(expectRequest(mock).status).toBe(200)
  expect(messageOf(() => expectRequest(mock, { status: 204 }))).toBe(
    [
      'Expected 1 request with {"status":204}, but got 0 of 1.',
      "1. POST /embeddings (200): status: expected 204, but got 200",
    ].join("\n"),
  )
  expect(mock.exchanges).toHaveLength(2)
})
