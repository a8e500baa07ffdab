import OpenAI from "openai"

const model = "gpt-4o"
const tools: OpenAI.ChatCompletionTool[] = [
  {
    type: "function",
    function: {
      name: "get_weather",
      parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
    },
  },
]

/** Looks up the weather; a real application would ask a weather service. */
function getWeather({ city }: { city: string }): string {
  return `sunny in ${city}`
}

export function createAssistant({ baseURL, apiKey }: { baseURL: string; apiKey: string }) {
  const client = new OpenAI({ baseURL, apiKey, dangerouslyAllowBrowser: true })

  /** Answers a question, with the help of the tool if the model asks for it. */
  async function ask(question: string): Promise<string> {
    const messages: OpenAI.ChatCompletionMessageParam[] = [{ role: "user", content: question }]
    for (;;) {
      const { choices } = await client.chat.completions.create({ model, messages, tools })
      const message = choices[0]?.message
      if (!message?.tool_calls) return message?.content ?? ""
      messages.push(message)
      for (const call of message.tool_calls) {
        if (call.type !== "function") continue
        const content = getWeather(JSON.parse(call.function.arguments))
        messages.push({ role: "tool", tool_call_id: call.id, content })
      }
    }
  }

  /** Tells a story. If the connection breaks, it says so instead of failing. */
  async function tell(topic: string): Promise<string> {
    let text = ""
    try {
      const stream = await client.chat.completions.create({
        model,
        messages: [{ role: "user", content: `Tell a story about ${topic}` }],
        stream: true,
        stream_options: { include_usage: true },
      })
      for await (const { choices } of stream) text += choices[0]?.delta.content ?? ""
      return text
    } catch {
      return `${text} [interrupted]`
    }
  }

  return { ask, tell }
}
