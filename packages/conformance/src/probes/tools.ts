import type { ChatCompletionRequest, ToolDefinition } from "@nexhina/schemas"
import type { Probe } from "../probe.ts"
import { cityParameters } from "../requests/json-schemas.ts"
import type { TargetFacts } from "../target/facts.ts"
import type { Step } from "../target/step.ts"
import { chatStep, userSays } from "./chat-completions.ts"

/** A tool with one parameter, and a strict schema. */
export const weatherTool: ToolDefinition = {
  type: "function",
  function: {
    name: "get_weather",
    description: "The weather in a city.",
    strict: true,
    parameters: cityParameters,
  },
}

const clockTool: ToolDefinition = {
  type: "function",
  function: { name: "get_time", description: "The time now. It takes no parameters." },
}

const question = userSays("What is the weather in Paris? Use the tool.")

/** Members that a server without tool calling rejects. */
const toolMembers = ["tools", "tool_choice", "parallel_tool_calls"]

/** Returns a chat step that offers the weather tool and asks about the weather. */
export const weatherStep = (known: TargetFacts, members: Partial<ChatCompletionRequest>): Step =>
  chatStep(known, { messages: question, tools: [weatherTool], ...members }, toolMembers)

/** Any tool must be called. */
export const requiredTool: Probe = {
  id: "tool.required",
  says: "a chat that must call a tool",
  quick: true,
  asks: (known) => [weatherStep(known, { tool_choice: "required" })],
}

/** Any tool must be called, in a stream. */
export const requiredToolStream: Probe = {
  id: "tool.required-stream",
  says: "a chat stream that must call a tool",
  quick: true,
  asks: (known) => [weatherStep(known, { tool_choice: "required", stream: true })],
}

/** Two choices in one stream, each of which must call a tool. */
export const requiredToolStreamOfTwo: Probe = {
  id: "tool.required-stream-n",
  says: "a chat stream of two choices that must call a tool",
  asks: (known) => [
    chatStep(
      known,
      { messages: question, tools: [weatherTool], tool_choice: "required", stream: true, n: 2 },
      [...toolMembers, "n"],
    ),
  ],
}

const named = { type: "function", function: { name: "get_weather" } } as const

/** The named tool must be called, in both modes. */
export const namedTool: Probe = {
  id: "tool.named",
  says: "a chat that must call the named tool, whole and streamed",
  asks: (known) => [
    weatherStep(known, { tool_choice: named }),
    weatherStep(known, { tool_choice: named, stream: true }),
  ],
}

/** The model may call a tool. */
export const offeredTool: Probe = {
  id: "tool.auto",
  says: "a chat that may call a tool, whole and streamed",
  asks: (known) => [weatherStep(known, {}), weatherStep(known, { stream: true })],
}

/** Calls are forbidden. */
export const forbiddenTool: Probe = {
  id: "tool.none",
  says: "a chat that offers a tool and forbids its use",
  asks: (known) => [weatherStep(known, { tool_choice: "none" })],
}

/** A tool without parameters. */
export const bareTool: Probe = {
  id: "tool.no-parameters",
  says: "a chat that must call a tool without parameters, whole and streamed",
  asks: (known) => {
    const members = {
      messages: userSays("What time is it? Use the tool."),
      tools: [clockTool],
      tool_choice: "required" as const,
    }
    return [chatStep(known, members, toolMembers), chatStep(known, { ...members, stream: true }, toolMembers)]
  },
}

const twoTasks = {
  messages: userSays("What is the weather in Paris, and what time is it? Use both tools."),
  tools: [weatherTool, clockTool],
}

/** A task that needs two calls. */
export const parallelTools: Probe = {
  id: "tool.parallel",
  says: "a chat for which two calls are needed, whole and streamed",
  asks: (known) => [
    weatherStep(known, { ...twoTasks, tool_choice: "required" }),
    weatherStep(known, { ...twoTasks, tool_choice: "required", stream: true }),
  ],
}

/** The same task, with parallel calls disabled. */
export const serialTools: Probe = {
  id: "tool.serial",
  says: "a chat for which two calls are needed and one is allowed, whole and streamed",
  asks: (known) => {
    const members = { ...twoTasks, tool_choice: "required" as const, parallel_tool_calls: false }
    return [weatherStep(known, members), weatherStep(known, { ...members, stream: true })]
  },
}

/** A call that is cut at the token limit. */
export const cutTool: Probe = {
  id: "tool.cut",
  says: "a chat that must call a tool with fewer tokens than the call needs, whole and streamed",
  asks: (known) => [
    weatherStep(known, { tool_choice: "required", max_tokens: 3 }),
    weatherStep(known, { tool_choice: "required", max_tokens: 3, stream: true }),
  ],
}

/** The turn after a call. */
export const toolResult: Probe = {
  id: "tool.result",
  says: "a chat that ends with the result of a tool",
  quick: true,
  asks: (known) => [
    weatherStep(known, {
      messages: [
        ...question,
        {
          role: "assistant",
          content: null,
          tool_calls: [
            {
              id: "call_1",
              type: "function",
              function: { name: "get_weather", arguments: '{"city":"Paris"}' },
            },
          ],
        },
        { role: "tool", tool_call_id: "call_1", content: "18 degrees, cloudy" },
      ],
    }),
  ],
}
