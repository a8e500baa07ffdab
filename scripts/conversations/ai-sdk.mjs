// The AI SDK: its default model speaks the Responses API; `openai.chat` speaks chat completions.
import assert from "node:assert/strict"
import { createOpenAI } from "@ai-sdk/openai"
import { generateText, isStepCount, stepCountIs, streamText, tool } from "ai"
import { z } from "zod"

const openai = createOpenAI({ baseURL: process.env.OPENAI_BASE_URL })
const turns = [
  "What is the weather in Oslo? [mock:call]",
  "And in Bergen? [mock:call]",
  "Thank you. What did I ask?",
]

for (const model of [openai("gpt-4o"), openai.chat("gpt-4o"), openai("gpt-5")]) {
  for (const stream of [false, true]) {
    let calls = 0
    const weather = tool({
      description: "The weather of a city",
      inputSchema: z.object({ city: z.string() }),
      execute: async () => {
        calls++
        return { degrees: 7 }
      },
    })
    const messages = []
    let text = ""
    for (const content of turns) {
      messages.push({ role: "user", content })
      const request = { model, messages, tools: { weather }, stopWhen: (isStepCount ?? stepCountIs)(5) }
      const result = stream ? streamText(request) : await generateText(request)
      text = await result.text
      messages.push(...(await result.response).messages)
    }
    assert.equal(calls, 2)
    assert.match(text, /What did I ask/)
  }
}
