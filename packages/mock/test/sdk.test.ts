import { type ProfileName, profiles } from "@nexhina/schemas"
import { describe, expect, test } from "vitest"
import { apiKey, type Release, releases, served } from "./official-client.ts"

const profileNames = Object.keys(profiles) as ProfileName[]
const baseUrls = new Map(profileNames.map((profile) => [profile, served({ profile })]))
const cases = (Object.keys(releases) as Release[]).flatMap((release) =>
  profileNames.map((profile) => [release, profile] as const),
)

const hello = { model: "gpt-4o", messages: [{ role: "user" as const, content: "Hello" }] }
const weather = {
  name: "get_weather",
  description: "Tells the weather in a city.",
  parameters: {
    type: "object",
    properties: { city: { type: "string", enum: ["Oslo", "Bergen"] } },
    required: ["city"],
  },
}
const tools = [{ type: "function" as const, function: weather }]

describe.each(cases)("%s under the profile %s", (release, profile) => {
  const OpenAI = releases[release]
  const client = (options = {}) =>
    new OpenAI({ apiKey, baseURL: baseUrls.get(profile)?.() ?? "", maxRetries: 0, ...options })

  test("models", async () => {
    const listed = []
    for await (const model of client().models.list()) listed.push(model)
    expect(listed.length).toBeGreaterThan(20)
    expect(await client().models.retrieve("gpt-4o")).toEqual(listed.find(({ id }) => id === "gpt-4o"))
  })

  test("chat", async () => {
    const { choices, usage } = await client().chat.completions.create(hello)
    expect(choices[0]?.message).toMatchObject({
      role: "assistant",
      content: expect.stringContaining("Hello"),
    })
    expect(usage?.total_tokens).toBeGreaterThan(0)
  })

  test("streamed log probabilities have the members of whole ones", async () => {
    const request = { ...hello, logprobs: true }
    const { choices } = await client().chat.completions.create(request)
    const members = Object.keys(choices[0]?.logprobs ?? {})
    for await (const chunk of await client().chat.completions.create({ ...request, stream: true })) {
      for (const { logprobs } of chunk.choices) if (logprobs) expect(Object.keys(logprobs)).toEqual(members)
    }
    expect(members.toSorted()).toEqual(["content", "refusal"])
  })

  test("a chat stream, chunk by chunk, equals the whole", async () => {
    const stream = await client().chat.completions.create({ ...hello, stream: true })
    let text = ""
    for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? ""
    const { choices } = await client().chat.completions.create(hello)
    expect(text).toBe(choices[0]?.message.content)
  })

  test("the stream helper: content, tools and the final usage", async () => {
    const request = { ...hello, stream_options: { include_usage: true } }
    const contents: string[] = []
    const stream = client()
      .chat.completions.stream(request)
      .on("content", (delta) => contents.push(delta))
    const final = await stream.finalChatCompletion()
    const whole = await client().chat.completions.create(hello)
    expect(contents.join("")).toBe(whole.choices[0]?.message.content)
    expect(final.usage).toEqual(whole.usage)

    const called = await client()
      .chat.completions.stream({ ...request, tools })
      .finalMessage()
    const expected = await client().chat.completions.create({ ...hello, tools })
    expect(called.tool_calls).toMatchObject(expected.choices[0]?.message.tool_calls ?? [])
    expect(called.tool_calls).toHaveLength(1)
  })

  test.each([false, true])("runTools ends, streamed: %s", async (stream) => {
    const asked: unknown[] = []
    const runnable = {
      type: "function" as const,
      function: {
        ...weather,
        function(input: string) {
          asked.push(JSON.parse(input))
          return "7 degrees"
        },
      },
    }
    const runner = stream
      ? client().chat.completions.runTools({ ...hello, stream: true, tools: [runnable] })
      : client().chat.completions.runTools({ ...hello, tools: [runnable] })
    expect(await runner.finalContent()).toContain("7 degrees")
    expect(asked).toEqual([{ city: expect.stringMatching(/^(Oslo|Bergen)$/) }])
  })

  test("embeddings, which the client asks for in base64, equal the floats", async () => {
    const request = { model: "text-embedding-3-small", input: ["Hello", "World"], dimensions: 64 }
    const packed = await client().embeddings.create(request)
    const floats = await client().embeddings.create({ ...request, encoding_format: "float" })
    expect(packed.data.map(({ embedding }) => [...embedding])).toEqual(
      floats.data.map(({ embedding }) => embedding),
    )
    expect(packed.data[0]?.embedding).toHaveLength(64)
  })

  test("moderation", async () => {
    const { results } = await client().moderations.create({ input: ["I want to hurt someone.", "Good day"] })
    expect(results.map(({ flagged }) => flagged)).toEqual([true, false])
  })

  test("errors become the classes that belong to their status", async () => {
    const { chat } = client()
    await expect(chat.completions.create({ ...hello, temperature: 9 })).rejects.toThrow(
      OpenAI.BadRequestError,
    )
    await expect(chat.completions.create({ ...hello, n: 0, stream: true })).rejects.toThrow(
      OpenAI.BadRequestError,
    )
    await expect(chat.completions.create({ ...hello, model: "nope" })).rejects.toThrow(OpenAI.NotFoundError)
    await expect(client({ apiKey: "sk-other" }).models.list()).rejects.toThrow(OpenAI.AuthenticationError)
    await expect(client().get("/nowhere")).rejects.toThrow(OpenAI.NotFoundError)
    await expect(chat.completions.create({ ...hello, temperature: 9 })).rejects.toMatchObject({
      status: 400,
      param: "temperature",
      code: "integer_above_max_value",
      type: "invalid_request_error",
      requestID: expect.stringMatching(/^req_/),
    })
  })

  test("a client that stops reading a stream", async () => {
    const stream = await client().chat.completions.create({ ...hello, stream: true })
    for await (const _ of stream) break
    expect((await client().chat.completions.create(hello)).choices).toHaveLength(1)
  })
})
