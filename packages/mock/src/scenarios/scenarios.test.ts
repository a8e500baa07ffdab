import { ChatCompletionResponse, ResponseObject } from "@nexhina/schemas"
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { parse } from "yaml"
import { toFetch } from "../hosts/fetch.ts"
import { createMock, type Mock, type MockOptions } from "../mock.ts"
import { explainRequest } from "./explain-request.ts"
import type { Scenario } from "./scenario.ts"

type Headers = Readonly<Record<string, string>>

function post(mock: Mock, path: string, body: object, headers: Headers = {}): Promise<Response> {
  return toFetch(mock)(
    new Request(`http://localhost/v1${path}`, {
      method: "POST",
      headers: { authorization: "Bearer sk-test", "content-type": "application/json", ...headers },
      body: JSON.stringify({ model: "gpt-4o", ...body }),
    }),
  )
}
const chatBody = (user: string) => ({ messages: [{ role: "user", content: user }] })
const ask = (mock: Mock, user: string, more: object = {}, headers: Headers = {}) =>
  post(mock, "/chat/completions", { ...chatBody(user), ...more }, headers)
const chat = async (mock: Mock, user: string, more: object = {}, headers: Headers = {}) =>
  ChatCompletionResponse.parse(await (await ask(mock, user, more, headers)).json())
const respond = async (mock: Mock, input: unknown, more: object = {}) =>
  ResponseObject.parse(await (await post(mock, "/responses", { input, ...more })).json())
const errorOf = async (response: Response) => ({
  status: response.status,
  ...((await response.json()) as { error: { message: string; code: string | null } }).error,
})
const mockOf = (scenarios: readonly Scenario[], options: MockOptions = {}) =>
  createMock({ scenarios, ...options })

const weather: Scenario[] = [
  {
    id: "ask the tool",
    match: { user: { contains: "weather" } },
    answer: { toolCalls: [{ name: "get_weather", arguments: { city: "{{user}}" } }] },
  },
  {
    id: "tell the result",
    match: { user: { contains: "weather" }, toolResult: true },
    answer: { text: "It is {{toolResult}}." },
  },
]
const tools = [{ type: "function", function: { name: "get_weather", parameters: { type: "object" } } }]

describe("answers", () => {
  test("limits, stop sequences, log probabilities, usage and both wire formats apply", async () => {
    const mock = mockOf([{ match: { user: "Hi" }, answer: { text: "one two three four END five" } }])
    const stopped = await chat(mock, "Hi", { stop: " END", logprobs: true })
    expect(stopped.choices[0]).toMatchObject({
      message: { content: "one two three four" },
      finish_reason: "stop",
    })
    const tokens = stopped.choices[0]?.logprobs?.content?.map(({ token }) => token)
    expect(tokens?.join("")).toBe("one two three four")
    expect(stopped.usage?.completion_tokens).toBe(tokens?.length)
    expect((await chat(mock, "Hi", { max_tokens: 2 })).choices[0]?.finish_reason).toBe("length")
    expect((await chat(mock, "Hi", { n: 2 })).choices.map(({ message }) => message.content)).toEqual([
      "one two three four END five",
      "one two three four END five",
    ])
    expect(await respond(mock, "Hi")).toMatchObject({
      status: "completed",
      output: [{ type: "message", content: [{ text: "one two three four END five" }] }],
    })
    const streamed = await (await ask(mock, "Hi", { stream: true })).text()
    const pieces = [...streamed.matchAll(/"content":"([^"]*)"/g)].map(([, piece]) => piece)
    expect(pieces.join("")).toBe("one two three four END five")
  })

  test("a tool call and its follow-up: the loop ends", async () => {
    const mock = mockOf(weather)
    const called = await chat(mock, "weather in Oslo", { tools })
    const [call] = called.choices[0]?.message.tool_calls ?? []
    expect(call).toMatchObject({
      type: "function",
      function: { name: "get_weather", arguments: '{"city":"weather in Oslo"}' },
    })
    expect(called.choices[0]?.finish_reason).toBe("tool_calls")
    const answered = await post(mock, "/chat/completions", {
      tools,
      messages: [
        { role: "user", content: "weather in Oslo" },
        { role: "assistant", content: null, tool_calls: [call] },
        { role: "tool", tool_call_id: call && "id" in call && call.id, content: "sunny" },
      ],
    })
    expect(await answered.json()).toMatchObject({
      choices: [{ message: { content: "It is sunny." }, finish_reason: "stop" }],
    })
  })

  test("a follow-up in Responses, by `previous_response_id`", async () => {
    const mock = mockOf(weather)
    const first = await respond(mock, "weather in Oslo")
    const [call] = first.output
    expect(call).toMatchObject({ type: "function_call", name: "get_weather" })
    const second = await respond(
      mock,
      [{ type: "function_call_output", call_id: call && "call_id" in call && call.call_id, output: "rainy" }],
      { previous_response_id: first.id },
    )
    expect(second.output).toMatchObject([{ type: "message", content: [{ text: "It is rainy." }] }])
  })

  test("text before calls, custom tools, reasoning, refusals, objects and usage", async () => {
    const mock = mockOf([
      {
        match: { user: "both" },
        answer: {
          text: "Let me see.",
          toolCalls: [{ name: "shell", arguments: "ls {{model}}", id: "call_1" }],
        },
      },
      {
        match: { user: "think" },
        answer: { reasoning: "Hm.", text: "Yes.", usage: { input: 7, output: 9, cached: 5 } },
      },
      { match: { user: "no" }, answer: { refusal: "Not that." } },
      { match: { user: "object" }, answer: { json: { said: "{{user}}", list: [1, "{{model}}"] } } },
      { match: { user: "filter" }, answer: { text: "one two three four", filtered: true } },
    ])
    const custom = [{ type: "custom", custom: { name: "shell" } }]
    expect((await chat(mock, "both", { tools: custom })).choices[0]?.message).toMatchObject({
      content: "Let me see.",
      tool_calls: [{ id: "call_1", type: "custom", custom: { name: "shell", input: "ls gpt-4o" } }],
    })
    expect(await chat(mock, "think")).toMatchObject({
      choices: [{ message: { content: "Yes.", reasoning_content: "Hm." } }],
      usage: {
        prompt_tokens: 7,
        completion_tokens: 9,
        total_tokens: 16,
        prompt_tokens_details: { cached_tokens: 5 },
      },
    })
    expect(await respond(mock, "think")).toMatchObject({
      usage: {
        input_tokens: 7,
        output_tokens: 9,
        total_tokens: 16,
        input_tokens_details: { cached_tokens: 5 },
      },
    })
    const openai = mockOf(mock.scenarios.list, { profile: "openai" })
    expect((await chat(openai, "no")).choices[0]?.message).toMatchObject({
      content: null,
      refusal: "Not that.",
    })
    expect((await chat(mock, "object")).choices[0]?.message.content).toBe(
      '{"said":"object","list":[1,"gpt-4o"]}',
    )
    expect((await chat(mock, "filter")).choices[0]).toMatchObject({
      message: { content: "one two" },
      finish_reason: "content_filter",
    })
  })

  test("usage alone leaves the text to the generator", async () => {
    const mock = mockOf([{ match: {}, answer: { usage: { output: 1000 } } }])
    const [scripted, plain] = [await chat(mock, "Hello"), await chat(createMock(), "Hello")]
    expect(scripted.choices).toEqual(plain.choices)
    expect(scripted.usage?.completion_tokens).toBe(1000)
  })

  test("the same request gets the same reply, and call ids do not depend on streaming", async () => {
    const mock = mockOf(weather)
    const whole = await (await ask(mock, "weather")).text()
    expect(await (await ask(mock, "weather")).text()).toBe(whole)
    const id = /call_\w+/.exec(whole)?.[0]
    expect(await (await ask(mock, "weather", { stream: true })).text()).toContain(`"${id}"`)
  })
})

describe("steps of a loop of tool calls", () => {
  const loop: Scenario = {
    id: "fix",
    match: { user: { contains: "bug" } },
    steps: [
      { toolCalls: [{ name: "read" }, { name: "list" }] },
      { toolCalls: [{ name: "write", arguments: { text: "{{toolResult}}" } }] },
      { text: "Done: {{toolResult}}." },
    ],
  }

  test("in chat, with the results of parallel calls counted once, and from the start again for the next text", async () => {
    const mock = mockOf([loop], { strictScenarios: true })
    const messages: object[] = []
    const next = async (...more: object[]) => {
      messages.push(...more)
      const completion = ChatCompletionResponse.parse(
        await (await post(mock, "/chat/completions", { messages })).json(),
      )
      const message = completion.choices[0]?.message
      if (message) messages.push(message)
      return message
    }
    const result = (content: string) => ({ role: "tool", tool_call_id: "c", content })
    for (let round = 0; round < 2; round++) {
      expect((await next({ role: "user", content: "Fix the bug." }))?.tool_calls).toHaveLength(2)
      expect((await next(result("a"), result("b")))?.tool_calls).toMatchObject([
        { function: { name: "write", arguments: JSON.stringify({ text: "a\nb" }) } },
      ])
      expect((await next(result("ok")))?.content).toBe("Done: ok.")
    }
    expect(
      await errorOf(await post(mock, "/chat/completions", { messages: [...messages, result("x")] })),
    ).toMatchObject({
      code: "scenario_miss",
      message: expect.stringContaining("step: expected 2, but got 3"),
    })
  })

  test("in Responses, with stored and with replayed conversations", async () => {
    const mock = mockOf([loop], { strictScenarios: true })
    const outputs = (items: readonly object[], output: string) =>
      items.map((item) => ({ type: "function_call_output", call_id: Reflect.get(item, "call_id"), output }))
    const user = { role: "user", content: "Fix the bug." }
    const first = await respond(mock, [user])
    const second = await respond(mock, outputs(first.output, "a"), { previous_response_id: first.id })
    const replayed = await respond(mock, [user, ...first.output, ...outputs(first.output, "a")])
    expect(second.output).toMatchObject([{ type: "function_call", name: "write" }])
    expect(replayed.output).toMatchObject([{ type: "function_call", name: "write" }])
    const third = await respond(mock, outputs(second.output, "ok"), { previous_response_id: second.id })
    expect(third.output).toMatchObject([{ type: "message", content: [{ text: "Done: ok." }] }])
  })

  test("failures come before the first answer", async () => {
    const mock = mockOf([{ ...loop, fail: { times: 1, status: 503 } }])
    expect([(await ask(mock, "bug")).status, (await ask(mock, "bug")).status]).toEqual([503, 200])
  })
})

describe("errors", () => {
  const flaky: Scenario = {
    id: "flaky",
    match: { user: "Hi" },
    fail: { times: 2, status: 429, headers: { "retry-after": 1 } },
    answer: { text: "Hello." },
  }

  test("an error with headers, code and param, templates in its message", async () => {
    const error = {
      status: 503,
      message: "{{model}} rests",
      code: "resting",
      param: "model",
      headers: { "retry-after": "2" },
    }
    const mock = mockOf([{ match: { user: "Hi" }, answer: { error } }])
    const response = await ask(mock, "Hi")
    expect(response.headers.get("retry-after")).toBe("2")
    expect(await errorOf(response)).toMatchObject({
      status: 503,
      message: "gpt-4o rests",
      code: "resting",
      param: "model",
    })
    const unlisted = mockOf([{ match: {}, answer: { error: { status: 504 } } }])
    expect(await errorOf(await ask(unlisted, "Hi"))).toMatchObject({
      status: 504,
      type: "server_error",
      code: null,
    })
  })

  test("`fail` counts requests by scope, is visible, and is reset", async () => {
    const mock = mockOf([flaky])
    const status = async (scope: string) =>
      (await ask(mock, "Hi", { n: 2 }, { "x-mock-scope": scope })).status
    expect([await status("a"), await status("a"), await status("b"), await status("a")]).toEqual([
      429, 429, 429, 200,
    ])
    expect(mock.scenarios.faults).toEqual([
      { scope: "a", scenario: "flaky", count: 2, times: 2 },
      { scope: "b", scenario: "flaky", count: 1, times: 2 },
    ])
    await mock.reset()
    expect(mock.scenarios.faults).toEqual([])
    expect(await status("a")).toBe(429)
  })

  test("a defect for the first request, then the answer", async () => {
    const alterations = [
      {
        id: "cut",
        stage: "bytes" as const,
        apply: (frames: readonly { readonly bytes: Uint8Array }[]) => frames.slice(0, 2),
      },
    ]
    const scenario: Scenario = {
      match: {},
      fail: { times: 1, defect: "cut" },
      answer: { text: "Hello there." },
    }
    const mock = mockOf([scenario], { alterations })
    const read = async () => (await ask(mock, "Hi", { stream: true })).text()
    expect(await read()).not.toContain("[DONE]")
    expect(await read()).toContain("[DONE]")
  })

  test("a fault: what comes before the cut is delivered; a header replaces it", async () => {
    const mock = mockOf([
      { match: {}, answer: { text: "One two three four five.", fault: "after 3 events: reset" } },
    ])
    const read = async (headers?: Headers) => {
      const reader = (await ask(mock, "Hi", { stream: true }, headers)).body?.getReader()
      let events = 0
      for (;;) {
        const part = await reader?.read().catch(() => undefined)
        if (part === undefined) return { events, isCut: true }
        if (part.done) return { events, isCut: false }
        events += new TextDecoder().decode(part.value).split("\n\n").length - 1
      }
    }
    expect(await read()).toEqual({ events: 3, isCut: true })
    expect(await read({ "x-mock-fault": "after 1 event: reset" })).toEqual({ events: 1, isCut: true })
    expect((await read({ "x-mock-fault": "none" })).isCut).toBe(false)
  })

  test("a fault for the first request, then the answer", async () => {
    const mock = mockOf([
      { match: {}, fail: { times: 1, fault: "after 9 bytes: close" }, answer: { text: "Hello." } },
    ])
    await expect(chat(mock, "Hi")).rejects.toThrow("terminated")
    expect((await chat(mock, "Hi")).choices[0]?.message.content).toBe("Hello.")
  })

  test("a fault with a mistake is named when scenarios are loaded", () => {
    expect(() => mockOf([{ match: {}, answer: { fault: "after 2 evnts: reset" } }])).toThrow(
      /^scenarios\[0\]\.answer\.fault: Invalid fault, step 1 \(.after 2 evnts.\): /,
    )
  })

  test("errors and latency of operations that have no conversation", async () => {
    const match = { operation: "createEmbedding", user: { contains: "bad" } } as const
    const mock = mockOf([{ match, answer: { error: { status: 429 } } }])
    const embed = (input: string) => post(mock, "/embeddings", { model: "text-embedding-3-small", input })
    expect([(await embed("a bad text")).status, (await embed("a good text")).status]).toEqual([429, 200])
  })

  test("members of the replies of other operations: embeddings as the client encodes them, moderations, images", async () => {
    const mock = mockOf([
      { match: { operation: "createEmbedding" }, answer: { reply: { data: [{ embedding: [0.5, -1, 2] }] } } },
      {
        match: { operation: "createModeration" },
        answer: { reply: { results: [{ flagged: true, categories: { hate: true } }] } },
      },
      {
        match: { operation: "createImage" },
        answer: { reply: { data: [{ url: "https://example.com/{{user}}.png" }] } },
      },
    ])
    const json = async (path: string, body: object) => (await post(mock, path, body)).json()
    const model = "text-embedding-3-small"
    expect(await json("/embeddings", { model, input: ["a", "b"] })).toMatchObject({
      data: [
        { index: 0, embedding: [0.5, -1, 2] },
        { index: 1, embedding: { length: 3 } },
      ],
    })
    const encoded = (await json("/embeddings", { model, input: "a", encoding_format: "base64" })) as {
      data: { embedding: string }[]
    }
    const bytes = Buffer.from(encoded.data[0]?.embedding ?? "", "base64")
    expect([0, 4, 8].map((at) => bytes.readFloatLE(at))).toEqual([0.5, -1, 2])
    const plain = await (
      await post(createMock(), "/moderations", { model: "omni-moderation-latest", input: "Hi" })
    ).json()
    const [result] = (plain as { results: { categories: object }[] }).results
    expect(await json("/moderations", { model: "omni-moderation-latest", input: "Hi" })).toEqual({
      ...(plain as object),
      results: [{ ...result, flagged: true, categories: { ...result?.categories, hate: true } }],
    })
    expect(await json("/images/generations", { model: "dall-e-3", prompt: "cat" })).toMatchObject({
      data: [{ url: "https://example.com/cat.png" }],
    })
  })

  test("members of a reply that is a file are a problem of the scenario", () => {
    for (const operation of ["createSpeech", "retrieveVideoContent"] as const) {
      expect(() => mockOf([{ match: { operation }, answer: { reply: { a: 1 } } }])).toThrow(
        `scenarios[0].answer.reply: 'reply' is not available for ${operation}, whose reply is a file. ` +
          "Use 'error', 'latency', 'fault', 'defect' or 'variant'.",
      )
    }
  })

  test("latency delays the head of the reply", async () => {
    const mock = mockOf([{ match: {}, answer: { latency: 40 } }])
    const reply = await mock.handle({
      method: "POST",
      target: "/v1/chat/completions",
      headers: [["authorization", "Bearer sk-x"]],
      body: new TextEncoder().encode(JSON.stringify({ model: "gpt-4o", ...chatBody("Hi") })),
    })
    expect(reply.head).toEqual({ atMs: 40 })
  })
})

describe("a miss", () => {
  const scenarios: Scenario[] = [
    {
      id: "oslo",
      match: { user: { contains: "weather in Oslo" }, model: "gpt-4o" },
      answer: { text: "Rain." },
    },
    {
      id: "bergen",
      match: { user: { contains: "weather in Bergen" }, model: "gpt-5" },
      answer: { text: "Rain." },
    },
  ]

  test("is answered by the generator, and its header names the nearest scenario", async () => {
    const mock = mockOf(scenarios)
    const response = await ask(mock, "whether in Oslo")
    expect(response.headers.get("x-mock-miss")).toMatch(/near/)
    expect(await response.json()).toEqual(await (await ask(createMock(), "whether in Oslo")).json())
    expect(mock.exchanges[0]?.response?.headers.some(([name]) => name === "x-mock-miss")).toBe(true)
    expect((await ask(mock, "weather in Oslo")).headers.get("x-mock-miss")).toBeNull()
    expect(
      (await post(mock, "/embeddings", { model: "text-embedding-3-small", input: "a" })).headers.get(
        "x-mock-miss",
      ),
    ).toBeNull()
  })

  test("names the scenario whose text differs least, however many others fail as well", async () => {
    const word = fc.stringMatching(/^[a-z]{1,12}( [a-z]{1,12})?$/)
    const list = fc.uniqueArray(word, { minLength: 1, maxLength: 30 })
    await fc.assert(
      fc.asyncProperty(list, fc.nat(), fc.boolean(), async (words, pick, strict) => {
        const meant = words[pick % words.length] ?? ""
        const mock = mockOf(
          words.map((user) => ({ id: `the ${user}`, match: { user }, answer: { text: "x" } })),
          { strictScenarios: strict },
        )
        const response = await ask(mock, meant.toUpperCase())
        const found = strict
          ? (await errorOf(response)).message.split("\n")[2]
          : response.headers.get("x-mock-miss")?.split(" (")[0]
        expect(found).toBe(strict ? `- 'the ${meant}'` : `nearest: the ${meant}`)
      }),
    )
  })

  test("names the scenario whose text differs least among thousands of scenarios", async () => {
    const texts = fc.sample(fc.uuid(), { seed: 1, numRuns: 5_000 })
    const mock = mockOf(
      texts.map((user) => ({ id: `the ${user}`, match: { user }, answer: { text: "x" } })),
      { strictScenarios: true },
    )
    const place = { pick: fc.nat(texts.length - 1), at: fc.nat(35), mark: fc.constantFrom("", "-", "x") }
    await fc.assert(
      fc.asyncProperty(fc.record(place), async ({ pick, at, mark }) => {
        const meant = texts[pick] ?? ""
        fc.pre(mark !== meant[at])
        const { message } = await errorOf(await ask(mock, meant.slice(0, at) + mark + meant.slice(at + 1)))
        expect(message.split("\n")[2]).toBe(`- 'the ${meant}'`)
      }),
      { numRuns: 60 },
    )
  })

  test("of texts that are as similar, names the one whose length differs less", async () => {
    const answer = { text: "x" }
    const mock = mockOf([
      { id: "short", match: { user: "case 199" }, answer },
      { id: "long", match: { user: "case 1999" }, answer },
    ])
    expect((await ask(mock, "case 1999x")).headers.get("x-mock-miss")).toContain("nearest: long ")
  })

  test("a condition that nearly every request meets does not make a scenario nearer", async () => {
    const mock = mockOf([
      { id: "loop", match: { user: "find the bug" }, steps: [{ text: "a" }, { text: "b" }] },
      { id: "hello", match: { user: "Hello there" }, answer: { text: "x" } },
    ])
    const response = await ask(mock, "Hello their")
    expect(response.headers.get("x-mock-miss")).toBe(
      'nearest: hello (user: expected "Hello there", but got "Hello their")',
    )
  })

  test("a scenario of another kind of operation is not near, unless there is no other", async () => {
    const cats: Scenario = {
      id: "cats",
      match: { operation: "createEmbedding", user: { contains: "a" } },
      answer: { reply: {} },
    }
    const hello: Scenario = { id: "hello", match: { user: "Hello", model: "gpt-5" }, answer: { text: "x" } }
    const nearest = async (...list: Scenario[]) =>
      (await ask(mockOf(list), "Hallo")).headers.get("x-mock-miss")?.split(" (")[0]
    expect(await nearest(cats, hello)).toBe("nearest: hello")
    expect(await nearest(cats, { ...hello, match: { ...hello.match, operation: "createResponse" } })).toBe(
      "nearest: hello",
    )
    expect(await nearest(cats)).toBe("nearest: cats")
  })

  test("is a 400 with an explanation when scenarios are strict", async () => {
    const mock = mockOf(scenarios, { strictScenarios: true })
    expect(await errorOf(await ask(mock, "whether in Oslo"))).toMatchObject({
      status: 400,
      code: "scenario_miss",
      message: `No scenario matches this request.
The nearest scenarios:
- 'oslo'
  user: expected a text that contains "weather in Oslo", but got "whether in Oslo"
- 'bergen'
  model: expected "gpt-5", but got "gpt-4o"
  user: expected a text that contains "weather in Bergen", but got "whether in Oslo"
A scenario that matches it:
- match:
    user: "whether in Oslo"
  answer:
    text: "…"`,
    })
  })

  test("its scenario, pasted, answers the request", async () => {
    const conversation = fc.array(
      fc.record({
        role: fc.constantFrom("user", "assistant", "system"),
        content: fc.string({ unit: "binary", maxLength: 700 }),
      }),
      { minLength: 1, maxLength: 3 },
    )
    await fc.assert(
      fc.asyncProperty(conversation, fc.option(fc.string({ minLength: 1 })), async (said, result) => {
        const messages = [
          ...said,
          ...(result === null
            ? []
            : [
                {
                  role: "assistant",
                  content: null,
                  tool_calls: [{ id: "c", type: "function", function: { name: "f", arguments: "{}" } }],
                },
                { role: "tool", tool_call_id: "c", content: result },
              ]),
        ]
        const strict = mockOf([], { strictScenarios: true })
        const { message } = await errorOf(await post(strict, "/chat/completions", { messages }))
        const [pasted] = parse(message.slice(message.indexOf("- match:"))) as Scenario[]
        const mock = mockOf([pasted as Scenario], { strictScenarios: true })
        expect(await (await post(mock, "/chat/completions", { messages })).json()).toMatchObject({
          choices: [{ message: { content: "…" } }],
        })
      }),
      { numRuns: 60 },
    )
  })

  test("two equal matches are a 400 that names both", async () => {
    const mock = mockOf([
      { id: "a", match: { user: { contains: "pie" } }, answer: { text: "1" } },
      { id: "b", match: { user: { contains: "chart" } }, answer: { text: "2" } },
    ])
    expect(await errorOf(await ask(mock, "pie chart"))).toMatchObject({
      status: 400,
      code: "scenario_tie",
      message:
        "'a' and 'b' match this request, and none is more specific. Give one of them a 'priority' or a narrower match.",
    })
  })

  test("a pattern that takes too long is a 400, not a hang", async () => {
    const mock = mockOf([{ match: { user: { matches: "(a|a)*(a|aa)*b$" } }, answer: { text: "1" } }])
    expect(await errorOf(await ask(mock, `b${"a".repeat(300_000)}`))).toMatchObject({
      status: 400,
      code: "above_limit_of_mock",
    })
  })
})

test("scenarios are replaced while the mock runs, and stay when the new ones are wrong", async () => {
  const mock = mockOf([{ match: { user: "Hi" }, answer: { text: "old" } }])
  const said = async () => (await chat(mock, "Hi")).choices[0]?.message.content
  mock.scenarios.replace([{ match: { user: "Hi" }, answer: { text: "new" } }])
  expect(await said()).toBe("new")
  expect(() => mock.scenarios.replace([{ match: { usr: "Hi" } } as never])).toThrow(
    "scenarios[0].match.usr: unknown key 'usr'. Did you mean 'user'?",
  )
  expect(await said()).toBe("new")
})

describe("explainRequest", () => {
  test.each([
    [{ messages: [{ role: "user", content: "weather in Oslo" }] }, "ask the tool"],
    [{ input: "weather in Oslo" }, "ask the tool"],
    [
      {
        input: [
          { role: "user", content: "weather" },
          { type: "function_call_output", call_id: "c", output: "sun" },
        ],
      },
      "tell the result",
    ],
    [{ input: "Hello" }, undefined],
  ])("%j", async (body, scenario) => {
    const asked = { model: "gpt-4o", ...body }
    const explained = await explainRequest(weather, { body: asked })
    expect(explained.scenario).toBe(scenario)
    expect(explained.text).toContain(scenario === undefined ? "No scenario matches" : `'${scenario}' answers`)
    // It decides as the mock does.
    const mock = mockOf(weather, { strictScenarios: true })
    const response = await post(mock, "messages" in body ? "/chat/completions" : "/responses", asked)
    expect(response.status).toBe(scenario === undefined ? 400 : 200)
  })
})

test("explainRequest reads the fields of a form from JSON, without the file or with a text for it", async () => {
  const scenarios: Scenario[] = [
    {
      id: "speech",
      match: { operation: "createTranscription", user: "names" },
      answer: { reply: { text: "x" } },
    },
  ]
  for (const file of [{}, { file: "speech.mp3" }]) {
    const body = { model: "whisper-1", prompt: "names", ...file }
    const asked = { operation: "createTranscription", body } as const
    expect((await explainRequest(scenarios, asked)).scenario).toBe("speech")
    expect((await explainRequest(scenarios, { ...asked, body: { ...body, prompt: "" } })).kind).toBe("miss")
  }
  await expect(
    explainRequest(scenarios, { operation: "createTranscription", body: { file: "a" } }),
  ).rejects.toThrow("Missing required parameter: 'model'.")
})

test("the calls of a scenario are made even when the request wants none", async () => {
  const mock = mockOf([{ match: {}, answer: { toolCalls: [{ name: "get_weather" }] } }])
  const reply = await chat(mock, "Hi", { tools, tool_choice: "none" })
  expect(reply.choices[0]).toMatchObject({
    finish_reason: "tool_calls",
    message: { tool_calls: [{ function: { name: "get_weather", arguments: "{}" } }] },
  })
})

test("a problem of scenarios in a test names the scenario by index and id", () => {
  const wrong = { id: "greeting", match: {}, answer: { txt: "x" } } as Scenario
  expect(() => createMock({ scenarios: [wrong] })).toThrow(
    "scenarios[0].answer.txt (scenario 'greeting'): unknown key 'txt'. Did you mean 'text'?",
  )
})
