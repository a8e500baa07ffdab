import { type ProfileName, profiles } from "@nexhina/schemas"
import { chatChunks, responseEvents } from "@nexhina/stream"
import { describe, expect, test } from "vitest"
import { apiKey, type Release, releases, served } from "./official-client.ts"

const profileNames = Object.keys(profiles) as ProfileName[]
const baseUrls = new Map(profileNames.map((profile) => [profile, served({ profile })]))
const cases = (Object.keys(releases) as Release[]).flatMap((release) =>
  profileNames.map((profile) => [release, profile] as const),
)

const hello = { model: "gpt-4o", input: "Hello" }
const weather = {
  type: "function" as const,
  name: "get_weather",
  strict: true,
  parameters: {
    type: "object",
    properties: { city: { type: "string", enum: ["Oslo", "Bergen"] } },
    required: ["city"],
    additionalProperties: false,
  },
}
const thinking = {
  ...hello,
  reasoning: { effort: "low" as const, summary: "auto" as const },
  include: ["message.output_text.logprobs" as const, "reasoning.encrypted_content" as const],
  top_logprobs: 2,
}

describe.each(cases)("%s under the profile %s", (release, profile) => {
  const OpenAI = releases[release]
  const client = () => new OpenAI({ apiKey, baseURL: baseUrls.get(profile)?.() ?? "", maxRetries: 0 })

  test("a text", async () => {
    const response = await client().responses.create(hello)
    expect(response).toMatchObject({ status: "completed", output_text: expect.stringContaining("Hello") })
    expect(response.usage?.total_tokens).toBeGreaterThan(0)
  })

  test("a stream, event by event, ends with what it told", async () => {
    const stream = await client().responses.create({ ...hello, stream: true })
    let text = ""
    let last: string | undefined
    for await (const event of stream) {
      last = event.type
      if (event.type === "response.output_text.delta") text += event.delta
    }
    expect(last).toBe("response.completed")
    expect(text).toBe((await client().responses.create(hello)).output_text)
  })

  test.each([
    ["a text", hello],
    ["reasoning and log probabilities", thinking],
    [
      "calls",
      {
        ...hello,
        tools: [weather, { ...weather, name: "get_news" }, { type: "custom" as const, name: "say" }],
      },
    ],
    ["a limit", { ...hello, max_output_tokens: 16 }],
    [
      "a limit within a call",
      {
        ...hello,
        tools: [
          {
            ...weather,
            name: "say",
            parameters: {
              type: "object",
              properties: { text: { type: "string", minLength: 200 } },
              required: ["text"],
            },
          },
        ],
        max_output_tokens: 16,
      },
    ],
  ])("the stream helper puts %s together", async (_, request) => {
    const stream = client().responses.stream(request)
    const snapshots: string[] = []
    stream.on("response.output_text.delta", ({ snapshot }) => void snapshots.push(snapshot))
    const { id, output, ...final } = await stream.finalResponse()
    const whole = await client().responses.create(request)
    const said = (items: readonly object[]) =>
      items.map((item) => ({ ...item, id: "", parsed: null, parsed_arguments: null }))
    expect(snapshots.at(-1) ?? "").toBe(whole.output_text)
    expect(final).toMatchObject({
      status: whole.status,
      usage: whole.usage,
      incomplete_details: whole.incomplete_details,
    })
    expect(said(output)).toMatchObject(said(whole.output))
    expect((await client().responses.retrieve(id)).output).toMatchObject(
      whole.output.map(({ type }) => ({ type })),
    )
  })

  test("parse reads the arguments and the text by their schemas", async () => {
    const called = await client().responses.parse({ ...hello, tools: [weather] })
    expect(called.output).toMatchObject([
      { type: "function_call", parsed_arguments: { city: expect.stringMatching(/^(Oslo|Bergen)$/) } },
    ])
    const format = { type: "json_schema" as const, name: "place", strict: true, schema: weather.parameters }
    const said = await client().responses.parse({ ...hello, text: { format } })
    expect(JSON.parse(said.output_text)).toEqual({ city: expect.stringMatching(/^(Oslo|Bergen)$/) })
  })

  test("a call is answered, and the conversation goes on", async () => {
    const { responses } = client()
    const asked = await responses.create({ ...hello, tools: [weather] })
    const [call] = asked.output
    if (call?.type !== "function_call") throw new Error("The tool is called")
    const output = { type: "function_call_output" as const, call_id: call.call_id, output: "7 degrees" }
    const answered = await responses.create({ ...hello, input: [output], previous_response_id: asked.id })
    expect(answered.output_text).toMatch(/Hello.*7 degrees/)
    const resent = await responses.create({
      ...hello,
      input: [{ role: "user", content: "Hello" }, call, output],
    })
    expect(resent.output_text).toMatch(/Hello.*7 degrees/)
  })

  test("a history without ids, annotations and call ids goes on", async () => {
    // The client's types ask for more than the server does; agents send it as JSON.
    const input = [
      { role: "user", content: "Hello" },
      { role: "assistant", content: [{ type: "output_text", text: "Hi" }] },
      { type: "reasoning", summary: [], encrypted_content: "abc" },
      { type: "local_shell_call", call_id: "call_1", action: { type: "exec", command: ["ls"] } },
      { role: "user", content: "And now?" },
      { type: "function_call_output", name: "get_weather", output: "7 degrees" },
    ] as Parameters<InstanceType<typeof OpenAI>["responses"]["create"]>[0]["input"] & object
    const { responses } = client()
    const first = await responses.create({ ...hello, input })
    expect(first.output_text).toMatch(/And now\?.*7 degrees/)
    const next = { ...hello, input: "So?", previous_response_id: first.id }
    const stream = responses.stream(next)
    const second = await stream.finalResponse()
    expect(second.output_text).toContain("So?")
    const kept = []
    for await (const { type, id } of responses.inputItems.list(first.id)) kept.push([type, typeof id])
    expect(kept).toHaveLength(input.length)
    expect(kept.every(([, id]) => id === "string")).toBe(true)
  })

  test("a tool choice of null is none", async () => {
    // As frameworks send it that fill in every member.
    const nothing = { tool_choice: null } as unknown as object
    expect((await client().responses.create({ ...hello, ...nothing })).output_text).toContain("Hello")
    const { choices } = await client().chat.completions.create({
      model: "gpt-4o",
      messages: [{ role: "user", content: "Hello" }],
      ...nothing,
    })
    expect(choices[0]?.message.content).toContain("Hello")
  })

  test("retrieve, list the input, delete", async () => {
    const { responses } = client()
    const input = ["a", "b", "c"].map((content) => ({ role: "user" as const, content }))
    const made = await responses.create({ ...hello, input, metadata: { release } })
    expect(await responses.retrieve(made.id)).toEqual(made)
    const contents: unknown[] = []
    for await (const item of responses.inputItems.list(made.id, { limit: 2, order: "asc" })) {
      if (item.type === "message") contents.push(...item.content)
    }
    expect(contents).toEqual(["a", "b", "c"].map((text) => ({ type: "input_text", text })))
    await responses.delete(made.id)
    await expect(responses.retrieve(made.id)).rejects.toThrow(OpenAI.NotFoundError)
    await expect(responses.inputItems.list(made.id)).rejects.toThrow(OpenAI.NotFoundError)
  })

  test("errors become the classes that belong to their status", async () => {
    const { responses } = client()
    await expect(responses.create({ ...hello, previous_response_id: "resp_x" })).rejects.toMatchObject({
      status: 400,
      param: "previous_response_id",
      code: "previous_response_not_found",
    })
    await expect(responses.create({ ...hello, temperature: 9, stream: true })).rejects.toThrow(
      OpenAI.BadRequestError,
    )
    await expect(responses.stream({ ...hello, model: "nope" }).finalResponse()).rejects.toThrow(
      OpenAI.NotFoundError,
    )
  })
})

test.each(profileNames)("the typed iterators read what the mock streams, under %s", async (profile) => {
  const ask = (path: string, body: object) =>
    fetch(`${baseUrls.get(profile)?.()}${path}`, {
      method: "POST",
      headers: { authorization: `Bearer ${apiKey}`, "content-type": "application/json" },
      body: JSON.stringify({ ...body, stream: true }),
    })
  const chat = { model: "gpt-4o", messages: [{ role: "user", content: "Hello" }] }
  const finishes: unknown[] = []
  for await (const chunk of chatChunks(await ask("/chat/completions", chat))) {
    finishes.push(...chunk.choices.map(({ finish_reason }) => finish_reason))
  }
  expect(finishes.at(-1)).toBe("stop")
  const types: string[] = []
  for await (const { type } of responseEvents(await ask("/responses", hello))) types.push(type)
  expect([types[0], types.at(-1)]).toEqual(["response.created", "response.completed"])
  await expect(
    responseEvents(await ask("/responses", { ...hello, model: "nope" })).next(),
  ).rejects.toMatchObject({
    kind: "refused",
    status: 404,
    error: { param: "model" },
  })
})
