// LangChain's ChatOpenAI, on chat completions and on the Responses API.
import assert from "node:assert/strict"
import { HumanMessage, ToolMessage } from "@langchain/core/messages"
import { tool } from "@langchain/core/tools"
import { ChatOpenAI } from "@langchain/openai"
import { z } from "zod"

const turns = [
  "What is the weather in Oslo? [mock:call]",
  "And in Bergen? [mock:call]",
  "Thank you. What did I ask?",
]

for (const useResponsesApi of [false, true]) {
  const weather = tool(async () => "7 degrees", {
    name: "weather",
    description: "The weather of a city",
    schema: z.object({ city: z.string() }),
  })
  const model = new ChatOpenAI({
    model: "gpt-4o",
    useResponsesApi,
    configuration: { baseURL: process.env.OPENAI_BASE_URL },
  }).bindTools([weather])
  const messages = []
  let calls = 0
  for (const content of turns) {
    messages.push(new HumanMessage(content))
    for (;;) {
      const reply = await model.invoke(messages)
      messages.push(reply)
      if (!reply.tool_calls?.length) break
      for (const call of reply.tool_calls) {
        calls++
        messages.push(new ToolMessage({ tool_call_id: call.id, content: await weather.invoke(call.args) }))
      }
    }
  }
  assert.equal(calls, 2)
  assert.match(messages.at(-1).text, /What did I ask/)
}
