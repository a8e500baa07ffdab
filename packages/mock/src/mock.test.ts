import {
  type ChatCompletionRequest,
  ChatCompletionResponse,
  catalogue,
  EmbeddingResponse,
  ErrorResponse,
  endpoints,
  ModelList,
  ModerationResponse,
  type ProfileName,
  profiles,
} from "@nexhina/schemas"
import { assembleChat, canonicalChat, decode, isComplete, readChatStream } from "@nexhina/stream"
import { type Alteration, type Handle, headerOf, type NamedAlteration, type Reply } from "@nexhina/wire"
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { againstDocument } from "../test/against-document.ts"
import { chatRequests } from "../test/requests.ts"
import { createMock, type MockOptions } from "./mock.ts"

const utf8 = new TextEncoder()
const profileNames = Object.keys(profiles) as ProfileName[]

function mock(options: MockOptions = {}): Handle {
  const answer = createMock({
    callTools: true,
    onCrash(error) {
      throw error
    },
    ...options,
  })
  return (options.always ? answer : againstDocument(answer)).handle
}

interface Call {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
}

function call(answer: Handle, path: string, { method, headers, body }: Call = {}): Promise<Reply> {
  return answer({
    method: method ?? (body === undefined ? "GET" : "POST"),
    target: `/v1${path}`,
    headers: Object.entries({ authorization: "Bearer sk-test", ...headers }),
    body: utf8.encode(body === undefined ? "" : JSON.stringify(body)),
  })
}

function bytesOf({ body }: Reply): Uint8Array {
  if (typeof body === "string") return utf8.encode(body)
  if (body instanceof Uint8Array) return body
  if (Symbol.asyncIterator in body) throw new Error("The mock makes no asynchronous bodies")
  return Buffer.concat([...body].map(({ bytes }) => bytes))
}

const textOf = (reply: Reply): string => new TextDecoder().decode(bytesOf(reply))
const jsonOf = (reply: Reply): unknown => JSON.parse(textOf(reply))

async function chat(
  answer: Handle,
  request: ChatCompletionRequest,
  headers = {},
): Promise<ChatCompletionResponse> {
  const reply = await call(answer, "/chat/completions", { body: request, headers })
  expect(reply.status, textOf(reply)).toBe(200)
  return ChatCompletionResponse.parse(jsonOf(reply))
}

async function errorOf(
  reply: Promise<Reply>,
): Promise<{ readonly status: number; readonly message: string }> {
  const settled = await reply
  return { status: settled.status, ...ErrorResponse.parse(jsonOf(settled)).error }
}

const hello: ChatCompletionRequest = { model: "gpt-4o", messages: [{ role: "user", content: "Hello" }] }

describe.each(profileNames)("chat under the profile %s", (profile) => {
  const answer = mock({ profile })

  test("every valid request is answered, by its contract", async () => {
    await fc.assert(
      fc.asyncProperty(chatRequests, async (request) => {
        const { choices, usage, created } = await chat(answer, request)
        expect(choices.map(({ index }) => index)).toEqual([...Array(request.n ?? 1).keys()])
        expect(created).toBe(1713833628)
        expect(usage?.total_tokens).toBe((usage?.prompt_tokens ?? 0) + (usage?.completion_tokens ?? 0))
        for (const { message, finish_reason } of choices) {
          expect(finish_reason).toMatch(/^(stop|length|tool_calls|function_call|content_filter)$/)
          expect(message.role).toBe("assistant")
          const { content, refusal, tool_calls, function_call } = message
          expect([content, refusal, tool_calls, function_call].filter((said) => said != null)).toHaveLength(1)
        }
      }),
    )
  })

  test("the same request gets the same bytes, from any mock", async () => {
    await fc.assert(
      fc.asyncProperty(chatRequests, fc.boolean(), async (request, stream) => {
        const call1 = await call(answer, "/chat/completions", { body: { ...request, stream } })
        const call2 = await call(mock({ profile }), "/chat/completions", { body: { ...request, stream } })
        expect(call1).toEqual(call2)
      }),
    )
  })

  test("a stream says what the whole reply says", async () => {
    await fc.assert(
      fc.asyncProperty(chatRequests, async (request) => {
        const body = { ...request, stream: true, stream_options: { include_usage: true } }
        const reply = await call(answer, "/chat/completions", { body })
        expect(headerOf(reply.headers, "content-type")).toBe("text/event-stream; charset=utf-8")
        const decoded = decode(bytesOf(reply))
        expect(decoded.departures).toEqual([])
        const stream = readChatStream(decoded)
        expect(isComplete(stream, true)).toBe(true)
        for (const chunk of stream.chunks) {
          endpoints.createChatCompletion.success.content["text/event-stream"].item.parse(chunk)
        }
        const { id: _, ...whole } = canonicalChat(await chat(answer, request))
        expect(assembleChat(stream.chunks)).toEqual({ ...whole, id: stream.chunks[0]?.id })
      }),
    )
  })

  test("a stream has no usage unless it is asked for", async () => {
    const reply = await call(answer, "/chat/completions", { body: { ...hello, stream: true } })
    expect(textOf(reply)).not.toMatch(/usage/)
  })
})

describe("what does not change what is said", () => {
  const answer = mock()
  const said = async (request: ChatCompletionRequest) => (await chat(answer, request)).choices

  test("members that say how to deliver, count or file it", async () => {
    const neutral: Partial<ChatCompletionRequest> = {
      stream_options: { include_usage: true },
      user: "someone",
      metadata: { a: "b" },
      store: true,
      safety_identifier: "x",
      prompt_cache_key: "y",
      service_tier: "flex",
    }
    await fc.assert(
      fc.asyncProperty(chatRequests, async (request) => {
        expect(await said({ ...request, ...neutral })).toEqual(await said(request))
      }),
    )
  })

  test("n adds choices after those that there are", async () => {
    await fc.assert(
      fc.asyncProperty(chatRequests, fc.integer({ min: 1, max: 5 }), async (request, n) => {
        const more = await said({ ...request, n: n + 1 })
        expect(more.slice(0, n)).toEqual(await said({ ...request, n }))
      }),
    )
  })

  test("a limit cuts off the end, says so, and is kept", async () => {
    await fc.assert(
      fc.asyncProperty(chatRequests, fc.integer({ min: 1, max: 20 }), async (request, limit) => {
        const { max_tokens: _, max_completion_tokens: __, stop: ___, ...unlimited } = { ...request, n: 1 }
        const whole = await chat(answer, unlimited)
        for (const member of ["max_tokens", "max_completion_tokens"]) {
          const cut = await chat(answer, { ...unlimited, [member]: limit })
          const tokens = cut.usage?.completion_tokens ?? 0
          expect(tokens).toBe(Math.min(limit, whole.usage?.completion_tokens ?? 0))
          const wasCut = tokens < (whole.usage?.completion_tokens ?? 0)
          expect(cut.choices[0]?.finish_reason).toBe(wasCut ? "length" : whole.choices[0]?.finish_reason)
          const texts = [cut, whole].map(({ choices: [choice] }) =>
            [
              choice?.message.reasoning_content,
              choice?.message.content,
              choice?.message.function_call?.arguments,
              ...(choice?.message.tool_calls ?? []).map((made) =>
                "function" in made ? made.function.arguments : "",
              ),
            ].join(""),
          )
          expect(texts[1]).toMatch(new RegExp(`^${escaped(texts[0] ?? "")}`, "s"))
        }
      }),
    )
  })

  test("the text ends before the first stop that comes within the limit, and holds none", async () => {
    await fc.assert(
      fc.asyncProperty(chatRequests, async (request) => {
        const { stop, ...unstopped } = request
        const stops = [stop ?? []].flat().filter((text) => text !== "")
        const [whole, cut] = [await said(unstopped), await said(request)]
        for (const [index, { message, finish_reason }] of cut.entries()) {
          const all = whole[index]?.message.content ?? ""
          const ends = stops.map((text) => all.indexOf(text)).filter((at) => at !== -1)
          expect(message.content ?? "").toBe(all.slice(0, Math.min(all.length, ...ends)))
          expect(finish_reason).toBe(ends.length > 0 ? "stop" : whole[index]?.finish_reason)
        }
      }),
    )
  })
})

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")

describe("what is said", () => {
  const answer = mock()

  test("the last text of the user is quoted, in every choice", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "grapheme" }), async (text) => {
        const messages = [
          { role: "user" as const, content: "Earlier" },
          { role: "user" as const, content: text },
        ]
        const { choices } = await chat(answer, { ...hello, messages, n: 2 })
        for (const { message } of choices) expect(message.content).toContain(text)
      }),
    )
  })

  test("another seed, model, temperature or text says something else", async () => {
    const text = async (request: Partial<ChatCompletionRequest>, headers = {}) =>
      (await chat(answer, { ...hello, ...request }, headers)).choices[0]?.message.content
    const texts = [
      await text({}),
      await text({}, { "x-mock-seed": "1" }),
      await text({ model: "o3" }),
      await text({ temperature: 0.5 }),
      await text({ messages: [{ role: "user", content: "Hello!" }] }),
    ]
    expect(new Set(texts).size).toBe(texts.length)
    expect(await text({}, { "x-mock-seed": "0" })).toBe(texts[0])
  })

  test("prompt tokens rise with the prompt", async () => {
    const count = async (content: string) =>
      (await chat(answer, { ...hello, messages: [{ role: "user", content }] })).usage?.prompt_tokens ?? 0
    await fc.assert(
      fc.asyncProperty(fc.string(), fc.string(), async (text, more) => {
        expect(await count(text + more)).toBeGreaterThanOrEqual(await count(text))
      }),
    )
  })

  test("log probabilities describe the text token by token", async () => {
    await fc.assert(
      fc.asyncProperty(chatRequests, fc.integer({ min: 0, max: 20 }), async (request, top_logprobs) => {
        const { tools: _, functions: __, ...spoken } = { ...request, logprobs: true, top_logprobs }
        const { tool_choice: ___, function_call: ____, ...plain } = spoken
        const { choices, usage } = await chat(answer, plain)
        const tokens = choices.flatMap(({ logprobs }) => logprobs?.content ?? [])
        const reasoned = usage?.completion_tokens_details?.reasoning_tokens ?? 0
        expect(tokens.length).toBe((usage?.completion_tokens ?? 0) - reasoned)
        for (const { message, logprobs } of choices) {
          expect(logprobs?.content?.map(({ token }) => token).join("")).toBe(message.content)
        }
        for (const { token, logprob, bytes, top_logprobs: top } of tokens) {
          expect(bytes).toEqual([...utf8.encode(token)])
          expect(top.length).toBe(top_logprobs)
          expect(new Set(top.map(({ token }) => token)).size).toBe(top.length)
          const all = top.length > 0 ? top.map(({ logprob }) => logprob) : [logprob]
          expect(all[0]).toBe(logprob)
          expect(all).toEqual(all.toSorted((a, b) => b - a))
          expect(all.every((value) => Number.isFinite(value) && value <= 0)).toBe(true)
          expect(all.reduce((sum, value) => sum + Math.exp(value), 0)).toBeLessThanOrEqual(1 + 1e-9)
        }
      }),
    )
  })
})

describe("tools", () => {
  const answer = mock()
  const offer = (name: string, parameters: Record<string, unknown> = {}) => ({
    type: "function" as const,
    function: { name, parameters },
  })
  const weather = offer("weather", {
    type: "object",
    properties: { city: { enum: ["Oslo"] } },
    required: ["city"],
  })
  const news = offer("news")
  const called = async (request: Partial<ChatCompletionRequest>) => {
    const [choice] = (await chat(answer, { ...hello, ...request })).choices
    const calls = (choice?.message.tool_calls ?? []).map((made) =>
      "function" in made ? made.function : made,
    )
    return { calls, finish: choice?.finish_reason, content: choice?.message.content }
  }
  const answered = [
    ...hello.messages,
    {
      role: "assistant" as const,
      content: null,
      tool_calls: [
        { id: "call_1", type: "function" as const, function: { name: "weather", arguments: "{}" } },
      ],
    },
    { role: "tool" as const, content: "7 degrees", tool_call_id: "call_1" },
  ]

  test("a tool on offer is called, with arguments that keep its schema", async () => {
    expect(await called({ tools: [weather] })).toEqual({
      calls: [{ name: "weather", arguments: '{"city":"Oslo"}' }],
      finish: "tool_calls",
      content: null,
    })
  })

  test("of several tools two are called, or one where calls may not be parallel", async () => {
    const tools = [weather, news]
    const names = (await called({ tools })).calls.map((made) => ("name" in made ? made.name : ""))
    expect(names.sort()).toEqual(["news", "weather"])
    expect((await called({ tools, parallel_tool_calls: false })).calls).toHaveLength(1)
  })

  test("after a tool's answer comes text that quotes it", async () => {
    const { calls, content, finish } = await called({ tools: [weather], messages: answered })
    expect({ calls, finish }).toEqual({ calls: [], finish: "stop" })
    expect(content).toContain("7 degrees")
  })

  test("a new question after a tool's answer is called for again", async () => {
    const messages = [...answered, { role: "user" as const, content: "And tomorrow?" }]
    expect((await called({ tools: [weather], messages })).calls).toHaveLength(1)
  })

  test("none forbids, required and a name demand", async () => {
    const tools = [weather, news]
    expect((await called({ tools, tool_choice: "none" })).calls).toEqual([])
    expect((await called({ tools, tool_choice: "required", messages: answered })).calls).toHaveLength(2)
    const named = await called({ tools, tool_choice: { type: "function", function: { name: "news" } } })
    expect(named).toMatchObject({ calls: [{ name: "news", arguments: "{}" }], finish: "tool_calls" })
    const allowed = {
      type: "allowed_tools" as const,
      allowed_tools: {
        mode: "auto" as const,
        tools: [{ type: "function" as const, function: { name: "news" } }],
      },
    }
    expect((await called({ tools, tool_choice: allowed })).calls).toEqual([{ name: "news", arguments: "{}" }])
  })

  test("a custom tool gets free text, or text by its regular expression", async () => {
    const grammar = { syntax: "regex", definition: "[A-Z]{3}" } as const
    const custom = { type: "custom", custom: { name: "code", format: { type: "grammar", grammar } } } as const
    expect((await called({ tools: [custom] })).calls).toMatchObject([
      { custom: { name: "code", input: expect.stringMatching(/^[A-Z]{3}$/) } },
    ])
  })

  test("the form before tools", async () => {
    const [choice] = (await chat(answer, { ...hello, functions: [{ name: "weather" }] })).choices
    expect(choice).toMatchObject({
      finish_reason: "function_call",
      message: { content: null, function_call: { name: "weather", arguments: "{}" } },
    })
  })

  test("a schema that cannot be met is refused by name, streamed or not", async () => {
    const tools = [
      offer("odd", {
        type: "object",
        properties: { a: { type: "string", pattern: "(x)\\1" } },
        required: ["a"],
      }),
    ]
    for (const stream of [false, true]) {
      expect(
        await errorOf(call(answer, "/chat/completions", { body: { ...hello, tools, stream } })),
      ).toMatchObject({
        status: 400,
        param: "tools[0].function.parameters",
        message: expect.stringContaining("(x)\\1"),
      })
    }
  })
})

describe("the format of the reply", () => {
  const answer = mock()
  const content = async (response_format: ChatCompletionRequest["response_format"]) =>
    JSON.parse((await chat(answer, { ...hello, response_format })).choices[0]?.message.content ?? "")

  test("a JSON object quotes the user", async () => {
    expect(await content({ type: "json_object" })).toEqual({ said: "Hello", remarks: expect.any(String) })
  })

  test("a JSON schema is obeyed", async () => {
    const schema = {
      properties: { answer: { const: 42 } },
      required: ["answer"],
      additionalProperties: false,
    }
    expect(await content({ type: "json_schema", json_schema: { name: "answer", schema } })).toEqual({
      answer: 42,
    })
  })
})

test("a token limit of zero is none, or refused, as the profile says", async () => {
  const body = { ...hello, max_tokens: 0 }
  expect((await call(mock(), "/chat/completions", { body })).status).toBe(200)
  expect(await errorOf(call(mock({ profile: "openai" }), "/chat/completions", { body }))).toEqual({
    status: 400,
    message: "Invalid 'max_tokens': integer below minimum value. Expected a value >= 1, but got 0 instead.",
    type: "invalid_request_error",
    param: "max_tokens",
    code: "integer_below_min_value",
  })
})

test("a long text is cut as by a model's own limit, and what would be too much is refused", async () => {
  const messages = [{ role: "user" as const, content: "word ".repeat(100_000) }]
  const { choices, usage } = await chat(mock(), { ...hello, messages })
  expect([choices[0]?.finish_reason, usage?.completion_tokens]).toEqual(["length", 16_384])
  const some = [{ role: "user" as const, content: "word ".repeat(3_000) }]
  const alternatives = { logprobs: true, top_logprobs: 20 }
  const refused = (body: object) =>
    errorOf(call(mock(), "/chat/completions", { body: { ...hello, ...body } }))
  expect(await chat(mock(), { ...hello, messages: some, ...alternatives })).toMatchObject({
    usage: { completion_tokens: 3_026 },
  })
  expect(await refused({ messages: some, n: 2, ...alternatives })).toMatchObject({ status: 400, param: "n" })
  expect(await refused({ messages, ...alternatives })).toMatchObject({ status: 400, param: "top_logprobs" })
})

describe("embeddings", () => {
  const answer = mock()
  const embed = async (input: unknown, members = {}) => {
    const body = { model: "text-embedding-3-small", input, ...members }
    const reply = await call(answer, "/embeddings", { body })
    expect(reply.status, textOf(reply)).toBe(200)
    return EmbeddingResponse.parse(jsonOf(reply))
  }
  const vectors = async (input: unknown, members = {}): Promise<number[][]> =>
    (await embed(input, members)).data.map(({ embedding }) => {
      if (typeof embedding === "string") throw new Error("Expected numbers")
      return embedding
    })
  const dot = (a: readonly number[], b: readonly number[]) =>
    a.reduce((sum, x, i) => sum + x * (b[i] ?? 0), 0)
  const text = fc.string({ minLength: 1, unit: "grapheme" })

  test("a vector depends on its own text alone, and has the length 1", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(text, { minLength: 1, maxLength: 4 }), async (texts) => {
        const together = await vectors(texts)
        for (const [index, text] of texts.entries()) {
          const [alone = []] = await vectors(text)
          expect(together[index]).toEqual(alone)
          expect(alone).toHaveLength(1536)
          expect(dot(alone, alone)).toBeCloseTo(1, 5)
        }
      }),
      { numRuns: 30 },
    )
  })

  test("base64 holds the same floats", async () => {
    await fc.assert(
      fc.asyncProperty(text, async (text) => {
        const [floats = []] = await vectors(text)
        const [packed] = (await embed(text, { encoding_format: "base64" })).data
        const bytes = Buffer.from(String(packed?.embedding), "base64")
        expect(Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readFloatLE(4 * i))).toEqual(floats)
      }),
      { numRuns: 20 },
    )
  })

  test("fewer dimensions are the same direction, cut", async () => {
    await fc.assert(
      fc.asyncProperty(text, fc.integer({ min: 1, max: 1536 }), async (text, dimensions) => {
        const [[whole = []], [cut = []]] = [await vectors(text), await vectors(text, { dimensions })]
        expect(cut).toHaveLength(dimensions)
        const prefix = whole.slice(0, dimensions)
        const length = Math.sqrt(dot(prefix, prefix))
        for (const [i, value] of cut.entries()) expect(value).toBeCloseTo((prefix[i] ?? 0) / length, 5)
      }),
      { numRuns: 20 },
    )
  })

  test("related texts are closer than others", async () => {
    const [cat = [], cats = [], train = []] = await vectors([
      "The cat sleeps on the sofa",
      "Two cats are sleeping on a sofa",
      "Departure from platform nine is delayed",
    ])
    expect(dot(cat, cats)).toBeGreaterThan(dot(cat, train) + 0.2)
  })

  test("token ids are a text too", async () => {
    const { data, usage } = await embed([[1, 2, 3], [4]])
    expect(data.map(({ index }) => index)).toEqual([0, 1])
    expect(usage).toEqual({ prompt_tokens: 4, total_tokens: 4 })
    expect((await embed([1, 2, 3])).data[0]?.embedding).toEqual(data[0]?.embedding)
  })

  test("dimensions that a model does not have are refused by name", async () => {
    for (const [model, dimensions] of [
      ["text-embedding-ada-002", 8],
      ["text-embedding-3-small", 1537],
      ["text-embedding-v3", 5000],
    ]) {
      const body = { model, input: "a", dimensions }
      expect(await errorOf(call(answer, "/embeddings", { body }))).toMatchObject({
        status: 400,
        param: "dimensions",
      })
    }
  })
})

describe("moderations", () => {
  const moderate = async (input: unknown, profile: ProfileName = "nexhina") => {
    const reply = await call(mock({ profile }), "/moderations", { body: { input } })
    expect(reply.status, textOf(reply)).toBe(200)
    return ModerationResponse.parse(jsonOf(reply))
  }

  test.each(profileNames)("flags say what categories say, under %s", async (profile) => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.string(), { minLength: 1, maxLength: 3 }), async (texts) => {
        const { results } = await moderate(texts, profile)
        expect(results).toHaveLength(texts.length)
        for (const { flagged, categories, category_scores } of results) {
          expect(Object.keys(categories)).toEqual(Object.keys(category_scores))
          expect(flagged).toBe(Object.values(categories).includes(true))
        }
      }),
      { numRuns: 30 },
    )
  })

  test("the documentation's sample", async () => {
    expect(await moderate("I want to hurt someone.")).toMatchObject({
      id: expect.stringMatching(/^modr-/),
      model: "content-moderation-latest",
      results: [{ flagged: true, categories: { violence: true, hate: false, sexual: false } }],
    })
    expect((await moderate("I want to hug someone.")).results[0]?.flagged).toBe(false)
  })

  test("the parts of one input are one result", async () => {
    const parts = [
      { type: "text", text: "Attack!" },
      { type: "image_url", image_url: { url: "https://example.com/a.png" } },
    ]
    expect((await moderate(parts)).results).toMatchObject([{ flagged: true }])
  })
})

describe("models", () => {
  test("the catalogue is listed, and each can be retrieved", async () => {
    const answer = mock({ models: ["org/own model"] })
    const { data } = ModelList.parse(jsonOf(await call(answer, "/models")))
    expect(data.map(({ id }) => id)).toEqual([...catalogue.map(({ id }) => id), "org/own model"])
    for (const model of data) {
      expect(jsonOf(await call(answer, `/models/${encodeURIComponent(model.id)}`))).toEqual(model)
    }
    expect(jsonOf(await call(answer, "/models/org/own%20model"))).toMatchObject({ id: "org/own model" })
  })

  test("an unknown model is a 404 that tells how to add it", async () => {
    const expected = {
      status: 404,
      message:
        "Unknown model 'nope'. Start the mock with --model ID to list it; without --strict-models every model is " +
        "served, listed or not.",
      type: "invalid_request_error",
      param: "model",
      code: "model_not_found",
    }
    expect(await errorOf(call(mock(), "/models/nope"))).toEqual(expected)
    for (const stream of [false, true]) {
      const body = { ...hello, model: "nope", stream }
      expect(await errorOf(call(mock({ strictModels: true }), "/chat/completions", { body }))).toEqual(
        expected,
      )
    }
  })

  test("every model answers every endpoint by default, and an added one under strictModels", async () => {
    for (const [answer, retrieved] of [
      [mock({ models: ["own"], strictModels: true }), 200],
      [mock(), 404],
    ] as const) {
      expect((await chat(answer, { ...hello, model: "own" })).model).toBe("own")
      expect((await call(answer, "/embeddings", { body: { model: "own", input: "a" } })).status).toBe(200)
      expect((await call(answer, "/models/own")).status).toBe(retrieved)
    }
  })

  test.each(["openai/text-embedding-3-small", "text-embedding-3-small-2024-08-06"])(
    "%s has the facts of the catalogue's model",
    async (model) => {
      const body = { model, input: "a" }
      const { data } = EmbeddingResponse.parse(jsonOf(await call(mock(), "/embeddings", { body })))
      expect(data[0]?.embedding).toHaveLength(1536)
      expect(await errorOf(call(mock(), "/chat/completions", { body: { ...hello, model } }))).toMatchObject({
        status: 400,
        code: "unsupported_model",
      })
    },
  )

  test("a model of another kind is refused", async () => {
    const body = { ...hello, model: "text-embedding-3-small" }
    expect(await errorOf(call(mock(), "/chat/completions", { body }))).toMatchObject({
      status: 400,
      param: "model",
    })
  })
})

describe("keys", () => {
  const status = async (authorization: string, options: MockOptions = {}) =>
    (await call(mock(options), "/models", { headers: { authorization } })).status

  test.each([
    ["Bearer sk-x", 200],
    ["bearer sk-x", 200],
    ["", 401],
    ["Bearer", 401],
    ["Bearer ollama", 200],
    ["Bearer  sk-x", 200],
    ["Bearer My API Key", 200],
    ["Bearer sk-invalid", 401],
    ["Bearer sk-invalid-key", 401],
    ["Bearer  ", 401],
    [" Bearer sk-x", 401],
    ["Basic sk-x", 401],
    ["sk-x", 401],
  ])("%j is a %i", async (authorization, expected) => {
    expect(await status(authorization)).toBe(expected)
  })

  test("a wrong key of a list names the list", async () => {
    const reply = call(mock({ keys: ["sk-good"] }), "/models", {
      headers: { authorization: "Bearer sk-secret" },
    })
    expect(await errorOf(reply)).toMatchObject({
      status: 401,
      message: "Incorrect API key provided. This mock was started with --api-key; send one of those keys.",
      code: "invalid_api_key",
    })
  })

  test("only those listed, or none", async () => {
    expect(await status("Bearer sk-b", { keys: ["sk-a", "sk-b"] })).toBe(200)
    expect(await status("Bearer sk-c", { keys: ["sk-a", "sk-b"] })).toBe(401)
    expect(await status("", { keys: "none-needed" })).toBe(200)
  })

  test("the body is the documented one; OpenAI's has a param", async () => {
    const body = (profile: ProfileName) =>
      call(mock({ profile }), "/models", { headers: { authorization: "Bearer sk-invalid" } }).then(jsonOf)
    const error = {
      message: "Incorrect API key provided",
      type: "invalid_request_error",
      code: "invalid_api_key",
    }
    expect(await body("nexhina")).toStrictEqual({ error })
    expect(await body("openai")).toStrictEqual({ error: { ...error, param: null } })
  })
})

describe("the rest of HTTP", () => {
  const answer = mock()

  test("unknown paths and methods", async () => {
    expect(await errorOf(call(answer, "/chat?x=1", { body: {} }))).toMatchObject({
      status: 404,
      message: "Invalid URL (POST /v1/chat)",
      code: "unknown_url",
    })
    const reply = await call(answer, "/chat/completions")
    expect(headerOf(reply.headers, "allow")).toBe("POST")
    expect(await errorOf(Promise.resolve(reply))).toMatchObject({ status: 405, code: "method_not_allowed" })
  })

  test("the target may be a whole URL", async () => {
    const ask = {
      method: "GET",
      target: "http://127.0.0.1:4010/v1/models?limit=2",
      headers: [["Authorization", "Bearer sk-x"]] as const,
      body: new Uint8Array(),
    }
    expect((await answer(ask)).status).toBe(200)
  })

  test("HEAD has the headers of GET and no body", async () => {
    const [get, head] = [await call(answer, "/models"), await call(answer, "/models", { method: "HEAD" })]
    expect(head).toMatchObject({ status: 200, body: "" })
    expect(headerOf(head.headers, "content-length")).toBe(String(bytesOf(get).length))
  })

  test("a browser's preflight is answered without a key", async () => {
    const headers = { authorization: "", "access-control-request-headers": "authorization,x-stainless-lang" }
    const reply = await call(answer, "/chat/completions", { method: "OPTIONS", headers })
    expect(reply).toMatchObject({ status: 204, body: "" })
    expect(headerOf(reply.headers, "access-control-allow-origin")).toBe("*")
    expect(headerOf(reply.headers, "access-control-allow-methods")).toBe("POST")
    expect(headerOf(reply.headers, "access-control-allow-headers")).toBe("authorization,x-stainless-lang")
  })

  test("a request id is echoed, or made", async () => {
    const id = async (headers = {}) =>
      headerOf((await call(answer, "/models", { headers })).headers, "x-request-id")
    expect(await id({ "X-Request-Id": "mine" })).toBe("mine")
    for (const unusable of ["", "\u0001", "x".repeat(300)]) {
      expect(await id({ "X-Request-Id": unusable })).toMatch(/^req_[a-z2-7]{14}$/)
    }
  })

  test("whatever is asked, the answer is no 5xx, and its errors have the envelope", async () => {
    const paths = fc.oneof(
      fc.constantFrom("/chat/completions", "/embeddings", "/moderations", "/models", "/models/%"),
      fc.webPath(),
      fc.string(),
    )
    const bodies = fc.oneof(
      fc.uint8Array(),
      fc.json().map((text) => utf8.encode(text)),
      chatRequests.map((request) => utf8.encode(JSON.stringify(request))),
    )
    const headers = fc.array(
      fc.tuple(fc.constantFrom("x-mock-defect", "x-mock-seed", "content-type", "x-request-id"), fc.string()),
    )
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom("GET", "POST", "HEAD", "OPTIONS", "DELETE", "FROB"),
        paths,
        headers,
        bodies,
        async (method, path, headers, body) => {
          const reply = await answer({
            method,
            target: `/v1${path}`,
            headers: [["authorization", "Bearer sk-x"], ...headers],
            body,
          })
          expect(reply.status).toBeLessThan(500)
          if (reply.status >= 400 && method !== "HEAD") ErrorResponse.parse(jsonOf(reply))
        },
      ),
      { numRuns: 500 },
    )
  })
})

describe("alterations", () => {
  const nothing: NamedAlteration[] = [
    { id: "request", stage: "request", apply: (request) => request },
    { id: "value", stage: "value", apply: (value) => value },
    { id: "events", stage: "events", apply: (events) => events },
    { id: "bytes", stage: "bytes", apply: (frames) => frames },
    { id: "wire", stage: "wire", apply: (reply) => reply },
  ]

  test("what changes nothing changes no byte", async () => {
    const [plain, altered] = [mock(), mock({ alterations: nothing })]
    await fc.assert(
      fc.asyncProperty(chatRequests, fc.boolean(), fc.subarray(nothing), async (request, stream, chosen) => {
        const body = { ...request, stream }
        const headers = { "x-mock-defect": chosen.map(({ id }) => id).join(", ") }
        const reply = await call(altered, "/chat/completions", { body, headers })
        expect(textOf(reply)).toBe(textOf(await call(plain, "/chat/completions", { body })))
      }),
    )
  })

  test("each acts at its stage, in order, and knows the situation", async () => {
    const alterations: NamedAlteration[] = [
      {
        id: "ask",
        stage: "request",
        apply: (request) => ({ ...(request as object), messages: [{ role: "user", content: "Bye" }] }),
      },
      { id: "a", stage: "value", apply: (value) => ({ ...(value as object), note: "a" }) },
      {
        id: "b",
        stage: "value",
        apply: (value, { operationId, streaming, request }) => ({
          ...(value as object),
          note: [(value as { note: string }).note, operationId, streaming, request],
        }),
      },
      { id: "status", stage: "wire", apply: (reply) => ({ ...reply, status: 299 }) },
    ]
    const reply = await call(mock({ alterations }), "/chat/completions", {
      body: hello,
      headers: { "x-mock-defect": "ask,a", "x-mock-variant": "b, status" },
    })
    expect(reply.status).toBe(299)
    expect(jsonOf(reply)).toMatchObject({
      note: ["a", "createChatCompletion", false, hello],
      choices: [{ message: { content: expect.stringContaining("Bye") } }],
    })
  })

  test("events and frames of a stream", async () => {
    const alterations: NamedAlteration[] = [
      { id: "no-done", stage: "events", apply: (events) => events.slice(0, -1) },
      { id: "slow", stage: "bytes", apply: (frames) => frames.map((frame) => ({ ...frame, atMs: 5 })) },
      { id: "cut", stage: "wire", apply: (reply) => ({ ...reply, end: "reset" }) },
    ]
    const reply = await call(mock({ alterations }), "/chat/completions", {
      body: { ...hello, stream: true },
      headers: { "x-mock-defect": "no-done, slow, cut" },
    })
    expect(reply.end).toBe("reset")
    expect(textOf(reply)).not.toContain("[DONE]")
    expect(Array.isArray(reply.body) && reply.body.every(({ atMs }) => atMs === 5)).toBe(true)
  })

  test("errors are altered too", async () => {
    const alterations: NamedAlteration[] = [{ id: "terse", stage: "value", apply: () => ({ error: "no" }) }]
    const answer = mock({ alterations, always: [{ id: "terse", rate: 1 }] })
    expect(jsonOf(await call(answer, "/nowhere"))).toEqual({ error: "no" })
  })

  test("a misspelt header is refused with the nearest one, and a header of the client's own passes", async () => {
    const names = ["defect", "variant", "seed", "scope", "latency", "fault", "recording"]
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...names), fc.nat(20), fc.boolean(), async (name, at, isLonger) => {
        const place = at % name.length
        const rest = name.slice(isLonger ? place : place + 1)
        const slip = `X-Mock-${name.slice(0, place)}${isLonger ? "q" : ""}${rest}`
        const { status, message } = await errorOf(
          call(mock(), "/embeddings", { headers: { [slip]: "a" }, body: {} }),
        )
        expect({ status, message }).toEqual({
          status: 400,
          message: `Unknown header '${slip.toLowerCase()}'. Did you mean 'x-mock-${name}'?`,
        })
      }),
    )
    for (const name of ["x-mock-user", "x-mock-miss", "x-mock-recording", "x-mock-", "x-mocking"]) {
      expect((await call(mock(), "/models", { headers: { [name]: "a" } })).status).toBe(200)
    }
  })

  test("an unknown id is refused with the nearest one", async () => {
    expect(
      await errorOf(
        call(mock({ alterations: nothing }), "/models", { headers: { "x-mock-defect": "byte" } }),
      ),
    ).toEqual({
      status: 400,
      message: "No defect or variant has the id 'byte'. Did you mean 'bytes'?",
      type: "invalid_request_error",
      param: "x-mock-defect",
      code: null,
    })
    expect(() => mock({ alterations: nothing, always: [{ id: "wired", rate: 1 }] })).toThrow(
      new TypeError("No defect or variant has the id 'wired'. Did you mean 'wire'?"),
    )
  })

  test("a rate is kept over many requests, and the same request is altered every time or never", async () => {
    const alterations: NamedAlteration[] = [
      { id: "odd", stage: "wire", apply: (reply) => ({ ...reply, status: 299 }) },
    ]
    const answer = mock({ alterations, always: [{ id: "odd", rate: 0.25 }] })
    const statuses = async () =>
      Promise.all(Array.from({ length: 400 }, async (_, i) => (await call(answer, `/models/x${i}`)).status))
    const first = await statuses()
    expect(await statuses()).toEqual(first)
    const share = first.filter((status) => status === 299).length / first.length
    expect(share).toBeGreaterThan(0.15)
    expect(share).toBeLessThan(0.35)
  })

  test("one that throws is a crash: a 500 without details, and somebody hears of it", async () => {
    const crashes: unknown[] = []
    const failure = new Error("secret detail")
    const alterations: NamedAlteration[] = [
      {
        id: "broken",
        stage: "value",
        apply() {
          throw failure
        },
      },
    ]
    const { handle: answer } = createMock({ alterations, onCrash: (error) => crashes.push(error) })
    const reply = await call(answer, "/models", { headers: { "x-mock-defect": "broken" } })
    expect(jsonOf(reply)).toEqual({
      error: {
        message: "The server encountered an error.",
        type: "server_error",
        param: null,
        code: "internal_error",
      },
    })
    expect(crashes).toEqual([failure])
  })
})

describe("every reply passes the last stages", () => {
  const marking: NamedAlteration = {
    id: "marking",
    stage: "wire",
    apply: (reply) => ({ ...reply, headers: [...reply.headers, ["x-marked", "yes"]] }),
  }
  const answer = mock({ alterations: [marking], always: [{ id: "marking", rate: 1 }] })
  const media = "/media/image.png?seed=a&width=4&height=3&background=opaque&quality=100"

  test.each([
    ["a success", "/models", "GET", 200],
    ["HEAD", "/models", "HEAD", 200],
    ["an error", "/none", "GET", 404],
    ["a preflight", "/models", "OPTIONS", 204],
    ["a media file", media, "GET", 200],
    ["a preflight of a media file", media, "OPTIONS", 204],
    ["a media file that does not exist", "/media/none", "GET", 404],
  ])("%s", async (_, path, method, status) => {
    const reply = await call(answer, path, { method })
    expect(reply.status).toBe(status)
    expect(headerOf(reply.headers, "x-marked")).toBe("yes")
    expect(headerOf(reply.headers, "x-request-id")).toMatch(/^req_/)
  })

  test("a body that the host did not read", async () => {
    const reply = await answer({
      method: "POST",
      target: "/v1/embeddings",
      headers: [],
      body: new Uint8Array(),
      exceededBytes: 2 ** 20,
    })
    expect(reply.status).toBe(413)
    expect(headerOf(reply.headers, "x-marked")).toBe("yes")
    expect(ErrorResponse.parse(jsonOf(reply)).error.message).toBe(
      "The request body is larger than the limit of 1 MiB.",
    )
  })
})

describe("a mock", () => {
  test("records its exchanges until it is reset, and then has an empty store too", async () => {
    const server = createMock()
    const created = await call(server.handle, "/responses", { body: { model: "gpt-4o", input: "Hello" } })
    const { id } = jsonOf(created) as { id: string }
    expect((await call(server.handle, `/responses/${id}`)).status).toBe(200)
    expect(server.exchanges.map(({ response }) => response?.status)).toEqual([200, 200])
    await server.reset()
    expect(server.exchanges).toEqual([])
    expect((await call(server.handle, `/responses/${id}`)).status).toBe(404)
  })

  test("shares the state of an alteration with no other mock", async () => {
    const start = (): Alteration => {
      let count = 0
      return { stage: "value", apply: () => ++count }
    }
    const counting: NamedAlteration = { id: "counting", start, ...start() }
    const options = { alterations: [counting], always: [{ id: "counting", rate: 1 }] }
    const [one, other] = [createMock(options), createMock(options)]
    const next = async ({ handle }: typeof one) => jsonOf(await call(handle, "/models"))
    expect([await next(one), await next(one), await next(other)]).toEqual([1, 2, 1])
  })
})

test("a path without the base path is pointed to the one with it", async () => {
  const lost = async (target: string, method = "POST") => {
    const { status, body } = await createMock().handle({
      method,
      target,
      headers: [],
      body: new Uint8Array(),
    })
    return [status, String(body)]
  }
  expect(await lost("/chat/completions?a=1")).toEqual([
    404,
    expect.stringContaining("Did you mean /v1/chat/completions?"),
  ])
  // A browser's address bar sends another method than the operation has.
  for (const path of ["/chat/completions", "/responses", "/embeddings", "/models/gpt-4o"]) {
    for (const method of ["GET", "POST"]) {
      expect(await lost(path, method)).toEqual([404, expect.stringContaining(`Did you mean /v1${path}?`)])
    }
  }
  expect(await lost("/nowhere")).toEqual([404, expect.not.stringContaining("Did you mean")])
})

test("a profile without reranking lists no model for it", async () => {
  const idsOf = async (profile: ProfileName) => {
    const headers: [string, string][] = [["authorization", "Bearer sk-test"]]
    const asked = { method: "GET", target: "/v1/models", headers, body: new Uint8Array() }
    return String((await createMock({ profile }).handle(asked)).body)
  }
  expect(await idsOf("nexhina")).toContain("rerank")
  expect(await idsOf("openai")).not.toContain("rerank")
})
