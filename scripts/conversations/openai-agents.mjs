// OpenAI's Agents SDK, on chat completions and on the Responses API, whole and streamed.
import assert from "node:assert/strict"
import { Agent, run, setOpenAIAPI, tool } from "@openai/agents"
import { z } from "zod"

const turns = [
  "What is the weather in Oslo? [mock:call]",
  "And in Bergen? [mock:call]",
  "Thank you. What did I ask?",
]

for (const api of ["chat_completions", "responses"]) {
  setOpenAIAPI(api)
  for (const stream of [false, true]) {
    let calls = 0
    const weather = tool({
      name: "weather",
      description: "The weather of a city",
      parameters: z.object({ city: z.string() }),
      execute: async () => {
        calls++
        return "7 degrees"
      },
    })
    const agent = new Agent({ name: "Weather", instructions: "Be brief.", model: "gpt-4o", tools: [weather] })
    let history = []
    let output = ""
    for (const content of turns) {
      const result = await run(agent, [...history, { role: "user", content }], stream ? { stream } : {})
      if (stream) {
        for await (const _ of result);
        await result.completed
      }
      history = result.history
      output = result.finalOutput
    }
    assert.equal(calls, 2)
    assert.match(output, /What did I ask/)
  }
}
