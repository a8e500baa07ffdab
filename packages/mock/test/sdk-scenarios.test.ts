import { describe, expect, test } from "vitest"
import { apiKey, type Release, releases, served } from "./official-client.ts"

const baseURL = served({
  strictScenarios: true,
  scenarios: [
    {
      match: { user: { contains: "weather" } },
      fail: { times: 2, status: 429, headers: { "retry-after-ms": "1" } },
      answer: { text: "I will look.", toolCalls: [{ name: "get_weather", arguments: { city: "Oslo" } }] },
    },
    {
      match: { user: { contains: "weather" }, toolResult: { matches: "^(sun|rain)" } },
      answer: { text: "Outside: {{toolResult}}." },
    },
  ],
})

const question = "How is the weather?"
const get_weather = {
  name: "get_weather",
  parameters: { type: "object", properties: { city: { type: "string" } } },
}

describe.each(Object.keys(releases) as Release[])("%s", (release) => {
  // Each release has a scope of its own, in which it meets the two failures.
  const client = () =>
    new releases[release]({
      apiKey,
      baseURL: baseURL(),
      maxRetries: 2,
      defaultHeaders: { "x-mock-scope": release },
    })

  test("two failures that the client retries, a streamed tool call and its follow-up", async () => {
    const { chat } = client()
    const tools = [{ type: "function" as const, function: get_weather }]
    const stream = await chat.completions.create({
      model: "gpt-4o",
      stream: true,
      tools,
      messages: [{ role: "user", content: question }],
    })
    let text = ""
    let id = ""
    let args = ""
    for await (const { choices } of stream) {
      const { content, tool_calls } = choices[0]?.delta ?? {}
      text += content ?? ""
      id ||= tool_calls?.[0]?.id ?? ""
      args += tool_calls?.[0]?.function?.arguments ?? ""
    }
    expect([text, JSON.parse(args)]).toEqual(["I will look.", { city: "Oslo" }])
    const { choices } = await chat.completions.create({
      model: "gpt-4o",
      messages: [
        { role: "user", content: question },
        {
          role: "assistant",
          content: text,
          tool_calls: [{ id, type: "function", function: { name: "get_weather", arguments: args } }],
        },
        { role: "tool", tool_call_id: id, content: "sunny" },
      ],
    })
    expect(choices[0]?.message.content).toBe("Outside: sunny.")
  })

  test("the same loop in Responses", async () => {
    const { responses } = client()
    const first = await responses.create({
      model: "gpt-4o",
      input: question,
      tools: [{ type: "function", strict: false, ...get_weather }],
    })
    const call = first.output.find((item) => item.type === "function_call")
    const stream = responses.stream({
      model: "gpt-4o",
      previous_response_id: first.id,
      input: [{ type: "function_call_output", call_id: call?.call_id ?? "", output: "rainy" }],
    })
    expect((await stream.finalResponse()).output_text).toBe("Outside: rainy.")
  })

  test("a miss is an error that is not retried", async () => {
    const asked = client().chat.completions.create({
      model: "gpt-4o",
      messages: [{ role: "user", content: "Anything else?" }],
    })
    await expect(asked).rejects.toMatchObject({ status: 400, code: "scenario_miss" })
  })
})
