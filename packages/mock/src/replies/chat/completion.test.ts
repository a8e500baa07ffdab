import {
  type ChatCompletionRequest,
  ChatCompletionResponse,
  ErrorResponse,
  type ProfileName,
} from "@nexhina/schemas"
import { assembleChat, canonicalChat, decode, readChatStream } from "@nexhina/stream"
import type { Reply } from "@nexhina/wire"
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { againstDocument } from "../../../test/against-document.ts"
import { createMock, type MockOptions } from "../../mock.ts"

type Request = Partial<ChatCompletionRequest>

const utf8 = new TextEncoder()
const says = (content: string): Request => ({ messages: [{ role: "user", content }] })

function ask(request: Request, options: MockOptions): Promise<Reply> {
  const answer = createMock({
    onCrash(error) {
      throw error
    },
    ...options,
  })
  return againstDocument(answer).handle({
    method: "POST",
    target: "/v1/chat/completions",
    headers: [["authorization", "Bearer sk-test"]],
    body: utf8.encode(JSON.stringify({ model: "gpt-4o", ...says("Hello"), ...request })),
  })
}

function bytesOf({ body }: Reply): Uint8Array {
  if (typeof body === "string") return utf8.encode(body)
  if (body instanceof Uint8Array) return body
  if (Symbol.asyncIterator in body) throw new Error("The mock makes no asynchronous bodies")
  return Buffer.concat([...body].map(({ bytes }) => bytes))
}

const jsonOf = (reply: Reply): unknown => JSON.parse(new TextDecoder().decode(bytesOf(reply)))

async function whole(request: Request, options: MockOptions = {}): Promise<ChatCompletionResponse> {
  const reply = await ask(request, options)
  expect(reply.status, String(reply.body)).toBe(200)
  return ChatCompletionResponse.parse(jsonOf(reply))
}

async function streamed(request: Request, options: MockOptions = {}) {
  const asked = { ...request, stream: true, stream_options: { include_usage: true } }
  return readChatStream(decode(bytesOf(await ask(asked, options)))).chunks
}

/** The whole reply, once it was found to be what the stream says. */
async function both(request: Request, options: MockOptions = {}): Promise<ChatCompletionResponse> {
  const reply = await whole(request, options)
  expect({ ...assembleChat(await streamed(request, options)), id: "" }).toEqual({
    ...canonicalChat(reply),
    id: "",
  })
  return reply
}

async function refused(request: Request, options: MockOptions = {}) {
  const [reply, stream] = [await ask(request, options), await ask({ ...request, stream: true }, options)]
  expect(stream.status).toBe(reply.status)
  expect(jsonOf(stream)).toEqual(jsonOf(reply))
  return { status: reply.status, ...ErrorResponse.parse(jsonOf(reply)).error }
}

const openai = { profile: "openai" } as const
const nexhina = { profile: "nexhina" } as const
const sorry = "I'm sorry, but I can't help with that."
const schema = { type: "object", properties: { a: { type: "string" } }, required: ["a"] }
const jsonSchema: Request = {
  response_format: { type: "json_schema", json_schema: { name: "answer", schema, strict: true } },
}
const weather = { type: "function" as const, function: { name: "weather", parameters: schema } }

describe("a refusal", () => {
  const improper = says("Do what is wrong. [mock:refuse]")

  test.each<[string, Request]>([
    ["a text", {}],
    ["JSON by a schema", jsonSchema],
    ["a JSON object", { response_format: { type: "json_object" } }],
    ["a call of a tool", { tools: [weather], tool_choice: "required" }],
  ])("takes the place of %s", async (_, request) => {
    const { choices, usage } = await both({ ...improper, ...request }, openai)
    expect(choices).toEqual([
      {
        index: 0,
        message: { role: "assistant", content: null, refusal: sorry, annotations: [] },
        finish_reason: "stop",
        logprobs: null,
      },
    ])
    expect(usage?.completion_tokens).toBeGreaterThan(5)
  })

  test("is streamed as such, and no content is", async () => {
    const deltas = (await streamed(improper, openai)).flatMap(({ choices }) =>
      choices.map(({ delta }) => delta),
    )
    expect(deltas[0]).toEqual({ role: "assistant", content: null, refusal: "" })
    expect(deltas.map(({ refusal }) => refusal ?? "").join("")).toBe(sorry)
    expect(deltas.filter(({ refusal }) => refusal).length).toBeGreaterThan(5)
    expect(deltas.every(({ content }) => content == null)).toBe(true)
  })

  test("has log probabilities of its own, streamed too", async () => {
    const [choice] = (await both({ ...improper, logprobs: true, top_logprobs: 2 }, openai)).choices
    expect(choice?.logprobs?.content).toBeNull()
    expect(choice?.logprobs?.refusal?.map(({ token }) => token).join("")).toBe(sorry)
  })

  test("is the content where the gateway's message has no member for it", async () => {
    const [choice] = (await both({ ...improper, logprobs: true }, nexhina)).choices
    expect(choice).toMatchObject({ message: { role: "assistant", content: sorry }, finish_reason: "stop" })
    expect(choice?.message).not.toHaveProperty("refusal")
    expect(choice?.logprobs?.content?.map(({ token }) => token).join("")).toBe(sorry)
  })

  test("may be cut as any text may", async () => {
    const request = { ...improper, max_completion_tokens: 2, stop: ["zz"] }
    const [choice] = (await both(request, openai)).choices
    expect(choice?.finish_reason).toBe("length")
    expect(sorry.startsWith(choice?.message.refusal ?? "-")).toBe(true)
  })

  test("is for the last message of the user only", async () => {
    const messages = [
      ...(improper.messages ?? []),
      { role: "assistant" as const, content: [{ type: "refusal" as const, refusal: sorry }] },
      { role: "user" as const, content: "Then say hello." },
    ]
    const [choice] = (await both({ messages }, openai)).choices
    expect(choice?.message).toMatchObject({
      refusal: null,
      content: expect.stringContaining("Then say hello."),
    })
  })
})

test("a content filter ends the text halfway, and says so", async () => {
  const filtered = await both(says("Go on. [mock:filter]"))
  const [choice] = filtered.choices
  expect(choice?.finish_reason).toBe("content_filter")
  expect(choice?.message.content).toContain('You said: "Go on. [mock:fi')
  const [shorter] = (await both({ ...says("Go on. [mock:filter]"), max_tokens: 3 })).choices
  expect(shorter?.finish_reason).toBe("length")
  expect(choice?.message.content?.startsWith(shorter?.message.content ?? "-")).toBe(true)
})

describe("reasoning", () => {
  const effort = fc.constantFrom(
    "none",
    "minimal",
    "low",
    "medium",
    "high",
    "xhigh",
    "max",
    "of another kind",
  )

  test("comes before what is said, which it does not change, and is counted", async () => {
    await fc.assert(
      fc.asyncProperty(
        effort,
        fc.constantFrom<Request>({}, jsonSchema, { tools: [weather] }, { n: 3 }),
        fc.constantFrom<ProfileName>("nexhina", "openai"),
        async (reasoning_effort, request, profile) => {
          const plain = await both(request, { profile })
          const reasoned = await both({ ...request, reasoning_effort }, { profile })
          const isShown = profile === "nexhina" && reasoning_effort !== "none"
          for (const { message } of reasoned.choices) {
            expect(Boolean(message.reasoning_content)).toBe(isShown)
            delete message.reasoning_content
          }
          expect(reasoned.choices).toEqual(plain.choices)
          const { completion_tokens = 0, completion_tokens_details } = reasoned.usage ?? {}
          const count = completion_tokens_details?.reasoning_tokens ?? 0
          expect(count > 0).toBe(reasoning_effort !== "none")
          expect(completion_tokens - count).toBe(plain.usage?.completion_tokens)
        },
      ),
      { numRuns: 40 },
    )
  })

  test("takes more tokens for a higher effort", async () => {
    const counts = []
    for (const reasoning_effort of ["none", "minimal", "low", "medium", "high", "xhigh", "max"]) {
      counts.push((await whole({ reasoning_effort })).usage?.completion_tokens ?? 0)
    }
    expect(new Set(counts).size).toBe(counts.length)
    expect(counts).toEqual(counts.toSorted((a, b) => a - b))
  })

  test("uses up a limit first, and nothing may be left to say", async () => {
    for (const request of [{}, { tools: [weather], tool_choice: "required" as const }]) {
      const { choices, usage } = await both({
        ...request,
        reasoning_effort: "high",
        max_completion_tokens: 5,
      })
      expect(choices).toMatchObject([{ message: { content: "" }, finish_reason: "length" }])
      expect(choices[0]?.message.tool_calls).toBeUndefined()
      expect(usage).toMatchObject({
        completion_tokens: 5,
        completion_tokens_details: { reasoning_tokens: 5 },
      })
    }
  })

  test("is not streamed without being asked for", async () => {
    expect(JSON.stringify(await streamed({}))).not.toContain("reasoning")
  })
})

describe("speech", () => {
  const aloud = (format: string): Request => ({
    modalities: ["text", "audio"],
    audio: { voice: "alloy", format },
    max_completion_tokens: 12,
  })

  test.each([
    ["wav", /^RIFF/],
    ["mp3", /^(ID3|\xff)/],
    ["flac", /^fLaC/],
    ["opus", /^OggS/],
    ["aac", /^(ID3|\xff)/],
    ["pcm16", /^/],
  ])("in the format %s takes the place of the text, which is its transcript", async (format, start) => {
    const [choice] = (await both(aloud(format))).choices
    const { content, audio } = choice?.message ?? {}
    expect(content).toBeNull()
    expect(audio?.transcript).toBe(
      (await whole({ ...aloud(format), modalities: ["text"] })).choices[0]?.message.content,
    )
    expect(Buffer.from(audio?.data ?? "", "base64").toString("latin1")).toMatch(start)
    expect(audio?.data.length).toBeGreaterThan(1000)
    expect(audio?.expires_at).toBeGreaterThan(1713833628)
  })

  test("is not for calls and refusals", async () => {
    const { max_completion_tokens: _, ...request } = aloud("wav")
    const [calling] = (await both({ ...request, tools: [weather] }, openai)).choices
    expect(calling?.message).toMatchObject({ content: null, tool_calls: [{ type: "function" }] })
    const [refusing] = (await both({ ...request, ...says("[mock:refuse]") }, openai)).choices
    expect(refusing?.message).toMatchObject({ content: null, refusal: sorry })
  })

  test("is refused by name in a format that the mock does not know, and at a length that it does not speak", async () => {
    expect(await refused(aloud("gsm"))).toMatchObject({ status: 400, param: "audio.format" })
    const long = { ...aloud("wav"), max_completion_tokens: null, ...says("word ".repeat(2000)) }
    expect(await refused(long)).toMatchObject({ status: 400, param: "modalities" })
  })
})

describe("tools", () => {
  const news = { type: "function" as const, function: { name: "news" } }
  const code = { type: "custom" as const, custom: { name: "code" } }

  test("each call of a stream begins with its id and name, and its input comes in fragments", async () => {
    const request = { tools: [weather, code], tool_choice: "required" as const }
    const made = (await both(request)).choices[0]?.message.tool_calls ?? []
    expect(made.map(({ type }) => type).sort()).toEqual(["custom", "function"])
    expect(new Set(made.map((one) => "id" in one && one.id)).size).toBe(2)
    const deltas = (await streamed(request)).flatMap(({ choices }) => choices[0]?.delta.tool_calls ?? [])
    for (const [index, one] of made.entries()) {
      const own = deltas.filter((delta) => delta.index === index)
      const isCustom = one.type === "custom"
      expect(own[0]).toEqual({
        ...one,
        index,
        ...(isCustom
          ? { custom: { name: "code", input: "" } }
          : { function: { name: "weather", arguments: "" } }),
      })
      expect(own.length).toBeGreaterThan(1)
      for (const delta of own.slice(1)) {
        expect(Object.keys(delta)).toEqual(["index", isCustom ? "custom" : "function"])
      }
    }
  })

  test("the form before tools streams its name first", async () => {
    const request = { functions: [weather.function] }
    await both(request)
    const calls = (await streamed(request)).flatMap(({ choices }) => choices[0]?.delta.function_call ?? [])
    expect(calls[0]).toEqual({ name: "weather", arguments: "" })
    expect(calls.slice(1).every((call) => Object.keys(call).join() === "arguments")).toBe(true)
  })

  test("of tools offered in both forms the newer are called, several at once", async () => {
    const [choice] = (await both({ tools: [weather, news], functions: [{ name: "old" }] })).choices
    expect(choice?.message.tool_calls).toHaveLength(2)
  })

  test("a limit of one token cuts the first call", async () => {
    const [choice] = (await both({ tools: [weather, news], max_tokens: 1 })).choices
    expect(choice?.finish_reason).toBe("length")
    expect(choice?.message.tool_calls).toHaveLength(1)
  })
})

describe("what is no schema is refused by name, whether it is used or not", () => {
  const bad = { type: "object", properties: { a: { type: "strng" } } }
  const badTool = { type: "function" as const, function: { name: "bad", parameters: bad } }
  const answered: ChatCompletionRequest["messages"] = [
    { role: "user", content: "Hello" },
    {
      role: "assistant",
      tool_calls: [{ id: "c", type: "function", function: { name: "bad", arguments: "{}" } }],
    },
    { role: "tool", tool_call_id: "c", content: "7" },
  ]
  test.each<[string, Request, string]>([
    ["a tool", { tools: [badTool] }, "tools[0].function.parameters"],
    ["the second tool", { tools: [weather, badTool] }, "tools[1].function.parameters"],
    [
      "a tool that is not to be called",
      { tools: [badTool], tool_choice: "none" },
      "tools[0].function.parameters",
    ],
    ["a tool that has answered", { tools: [badTool], messages: answered }, "tools[0].function.parameters"],
    ["a function", { functions: [badTool.function], function_call: "none" }, "functions[0].parameters"],
    [
      "a format, with a tool to be called",
      { tools: [weather], response_format: { type: "json_schema", json_schema: { name: "x", schema: bad } } },
      "response_format.json_schema.schema",
    ],
    [
      "a format with a pattern that is none",
      { response_format: { type: "json_schema", json_schema: { name: "x", schema: { pattern: "(" } } } },
      "response_format.json_schema.schema",
    ],
    [
      "a format that nothing satisfies",
      { response_format: { type: "json_schema", json_schema: { name: "x", schema: { not: {} } } } },
      "response_format.json_schema.schema",
    ],
    [
      "a reference to nothing",
      { tools: [{ type: "function", function: { name: "f", parameters: { $ref: "#/$defs/a" } } }] },
      "tools[0].function.parameters",
    ],
    [
      "a grammar that is none alone",
      {
        tools: [
          {
            type: "custom",
            custom: {
              name: "c",
              format: { type: "grammar", grammar: { syntax: "regex", definition: "a)(b" } },
            },
          },
        ],
      },
      "tools[0].custom.format",
    ],
  ])("%s", async (_, request, param) => {
    expect(await refused(request)).toMatchObject({ status: 400, type: "invalid_request_error", param })
  })
})

describe("what would take for ever is refused at once, by name", () => {
  const param = "response_format.json_schema.schema"
  const format = (schema: Record<string, unknown>, n = 1): Request => ({
    n,
    response_format: { type: "json_schema", json_schema: { name: "x", schema } },
  })
  const names = Array.from({ length: 300 }, (_, index) => `member_${index}`)
  test.each<[string, Request, string]>([
    ["a wide schema, for each of many choices", format({ required: names }, 128), param],
    [
      "patterns that are all tried on all names",
      format({
        required: names,
        patternProperties: Object.fromEntries(names.map((name) => [`^(a|${name})*$`, { type: "string" }])),
      }),
      param,
    ],
    [
      "a long text of a pattern that has none so long",
      format(
        { properties: { a: { type: "string", pattern: "^(a|b)*(c)?$", minLength: 9999 } }, required: ["a"] },
        128,
      ),
      param,
    ],
    ["a long text, said by each of many choices", { ...says("word ".repeat(100_000)), n: 128 }, "n"],
  ])("%s", async (_, request, param) => {
    expect(await refused(request)).toMatchObject({ status: 400, param })
  })
})

describe("content that is no text", () => {
  const part = (part: object): Request => ({
    messages: [
      { role: "system", content: "Be kind." },
      // Also what the contract does not allow must be sent.
      { role: "user", content: [{ type: "text", text: "Look" }, part as { type: "text"; text: string }] },
    ],
  })
  test.each([
    ["an image", { type: "image_url", image_url: { url: "data:image/png;base64,!!" } }, "image_url.url"],
    ["a data URL without data", { type: "image_url", image_url: { url: "data:image/png" } }, "image_url.url"],
    ["a sound", { type: "input_audio", input_audio: { data: "%%%", format: "wav" } }, "input_audio.data"],
    ["a file", { type: "file", file: { file_data: "a" } }, "file.file_data"],
    [
      "a file in a URL",
      { type: "file", file: { file_data: "data:application/pdf;base64,?" } },
      "file.file_data",
    ],
  ])("%s that is no base64 is refused by name", async (_, content, member) => {
    expect(await refused(part(content))).toMatchObject({
      status: 400,
      param: `messages[1].content[1].${member}`,
    })
  })

  test.each([
    [{ type: "image_url", image_url: { url: "https://example.com/a.png", detail: "high" } }],
    [{ type: "image_url", image_url: { url: "data:image/svg+xml,%3Csvg/%3E" } }],
    [{ type: "input_audio", input_audio: { data: "", format: "ogg" } }],
    [{ type: "file", file: { file_id: "file-1" } }],
    [{ type: "of another kind", data: "!!" }],
  ])("%j is taken, and the text beside it is quoted", async (content) => {
    const { choices, usage } = await both(part(content))
    expect(choices[0]?.message.content).toContain('You said: "Look".')
    expect(usage?.prompt_tokens).toBeGreaterThan(85)
  })
})

/** Whether no character of a text is a half. */
const isWhole = (text: string) => !/\p{Surrogate}/u.test(text)

describe("stops", () => {
  test("end a text wherever a stream would cut it, and within no character", async () => {
    const said = "one 👩‍🚀 two, three four\u{1f600}five"
    const text = (await whole(says(said))).choices[0]?.message.content ?? ""
    const cuts = fc
      .tuple(fc.nat(text.length - 1), fc.integer({ min: 1, max: 12 }))
      .map(([at, length]) => text.slice(at, at + length))
    await fc.assert(
      fc.asyncProperty(
        fc.array(cuts, { minLength: 1, maxLength: 4 }),
        fc.boolean(),
        async (stop, logprobs) => {
          const [choice] = (await both({ ...says(said), stop, logprobs })).choices
          const content = choice?.message.content ?? ""
          expect(isWhole(content)).toBe(true)
          expect(text.startsWith(content)).toBe(true)
          for (const one of stop.filter((one) => isWhole(one))) expect(content).not.toContain(one)
          if (stop.every((one) => isWhole(one))) expect(choice?.finish_reason).toBe("stop")
        },
      ),
    )
  })

  test("that are half of a character stop nothing", async () => {
    const { choices } = await both({ ...says("\u{1f600}"), stop: ["\ud83d", "\ude00"] })
    expect(choices[0]?.message.content).toContain("\u{1f600}")
  })
})

test("another seed says something else, the same seed the same", async () => {
  const text = async (seed: number | null) => (await whole({ seed })).choices[0]?.message.content
  const texts = [await text(0), await text(1), await text(2), await text(null)]
  expect(new Set(texts).size).toBe(texts.length)
  expect(await text(1)).toBe(texts[1])
})

test("the choices of a stream take turns, and each ends once", async () => {
  const chunks = await streamed({ n: 3, max_tokens: 9 })
  const parts = chunks.flatMap(({ choices }) => choices)
  expect(parts.slice(0, 6).map(({ index }) => index)).toEqual([0, 1, 2, 0, 1, 2])
  const ends = parts.filter(({ finish_reason }) => finish_reason != null)
  expect(ends.map(({ index, finish_reason }) => [index, finish_reason])).toEqual([
    [0, "length"],
    [1, "length"],
    [2, "length"],
  ])
  expect(chunks.map(({ usage }) => usage?.completion_tokens)).toEqual([
    ...chunks.slice(1).map(() => undefined),
    27,
  ])
})

test.each([
  ["text", {}],
  ["a cut text", { max_tokens: 5 }],
  ["Chinese text", { messages: [{ role: "user", content: "你好，世界 🌍" }] }],
  ["the arguments of a call", { tools: [weather], tool_choice: "required", parallel_tool_calls: false }],
] satisfies [string, Request][])("the chunks of %s carry one token each", async (_, request) => {
  const { usage } = await whole(request)
  const pieces = (await streamed(request)).flatMap(({ choices }) => {
    const delta = choices[0]?.delta
    return delta?.content || delta?.tool_calls?.[0]?.function?.arguments || []
  })
  expect(pieces).toHaveLength(usage?.completion_tokens ?? -1)
})

test("the chunks follow the tokens of a given tokenizer; tokens inside a character share one", async () => {
  const tokenizer = (text: string) => [...text].flatMap((character) => ["", character])
  const reply = await whole({ max_tokens: 9 }, { tokenizer })
  const pieces = (await streamed({ max_tokens: 9 }, { tokenizer })).flatMap(
    ({ choices }) => choices[0]?.delta.content || [],
  )
  expect(pieces).toEqual([...(reply.choices[0]?.message.content ?? "")])
  expect(pieces.length).toBeLessThan(reply.usage?.completion_tokens ?? 0)
})
