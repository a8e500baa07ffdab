import type { ChatCompletionRequest } from "@nexhina/schemas"
import {
  type Callable,
  customCallable,
  functionCallable,
  type Offer,
  offer,
  type ToolChoice,
} from "../utterance/callable.ts"

/** Returns what the request lets its reply call. Throws a `Refusal` for a tool with an invalid schema. */
export function offeredBy(request: ChatCompletionRequest): Offer {
  const { tools = [], tool_choice, functions = [], function_call = "auto" } = request
  if (tools.length > 0) return offer(tools.flatMap(toCallable), toolChoice(tool_choice ?? "auto"))
  const legacy = functions.map((definition, index) =>
    functionCallable("legacy", definition, `functions[${index}]`),
  )
  return offer(
    legacy,
    typeof function_call === "string" ? function_call : { names: [function_call.name], must: true },
  )
}

type Tool = NonNullable<ChatCompletionRequest["tools"]>[number]
type Choice = NonNullable<ChatCompletionRequest["tool_choice"]>

function toolChoice(choice: Choice): ToolChoice {
  if (typeof choice === "string") return choice
  if (choice.type !== "allowed_tools") return { names: [nameOf(choice)], must: true }
  const { mode, tools } = choice.allowed_tools
  return { names: tools.map(nameOf), must: mode === "required" }
}

function nameOf(choice: Exclude<Choice, string>): string | undefined {
  if (choice.type === "function") return choice.function.name
  return choice.type === "custom" ? choice.custom.name : undefined
}

function toCallable(tool: Tool, index: number): Callable[] {
  if (tool.type === "function") {
    return [functionCallable("function", tool.function, `tools[${index}].function`)]
  }
  if (tool.type !== "custom") return []
  const { name, format } = tool.custom
  const grammar = format?.type === "grammar" ? format.grammar : undefined
  return [customCallable(name, grammar, `tools[${index}].custom.format`)]
}
