// Chat completions and responses with releases 6 and 7 of the official client, whole and streamed.
import assert from "node:assert/strict"
import OpenAI6 from "openai"
import OpenAI7 from "openai-7"

const turns = [
  "What is the weather in Oslo? [mock:call]",
  "And in Bergen? [mock:call]",
  "Thank you. What did I ask?",
]
const parameters = { type: "object", properties: { city: { type: "string" } }, required: ["city"] }

for (const OpenAI of [OpenAI6, OpenAI7]) {
  const client = new OpenAI()

  for (const stream of [false, true]) {
    const messages = [{ role: "system", content: "Be brief." }]
    const tools = [{ type: "function", function: { name: "weather", parameters } }]
    let calls = 0
    for (const content of turns) {
      messages.push({ role: "user", content })
      for (;;) {
        const request = { model: "gpt-4o", messages, tools }
        const completion = stream
          ? await client.chat.completions.stream(request).finalChatCompletion()
          : await client.chat.completions.create(request)
        const { message } = completion.choices[0]
        messages.push(message)
        if (!message.tool_calls?.length) break
        for (const { id } of message.tool_calls) {
          calls++
          messages.push({ role: "tool", tool_call_id: id, content: "7 degrees" })
        }
      }
    }
    assert.equal(calls, 2)
    assert.match(messages.at(-1).content, /What did I ask/)
  }

  for (const stream of [false, true]) {
    const input = [{ role: "user", content: "Hello" }]
    const tools = [{ type: "function", name: "weather", parameters, strict: false }]
    let calls = 0
    for (const content of turns) {
      input.push({ role: "user", content })
      for (;;) {
        const request = {
          model: "gpt-4o",
          input,
          tools,
          store: false,
          include: ["reasoning.encrypted_content"],
        }
        const response = stream
          ? await client.responses.stream(request).finalResponse()
          : await client.responses.create(request)
        input.push(...response.output)
        const called = response.output.filter(({ type }) => type === "function_call")
        if (called.length === 0) break
        for (const { call_id } of called) {
          calls++
          input.push({ type: "function_call_output", call_id, output: "7 degrees" })
        }
      }
    }
    assert.equal(calls, 2)
  }
}
