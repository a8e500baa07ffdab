import type { ChatCompletionRequest } from "@nexhina/schemas"
import {
  type Callable,
  customCallable,
  functionCallable,
  noOffer,
  type Offer,
} from "../utterance/callable.ts"

/** What the request lets its reply call. Throws a `Refusal` for a tool whose schema is none. */
export function offeredBy(request: ChatCompletionRequest): Offer {
  const { tools = [], tool_choice: choice = "auto" } = request
  if (tools.length === 0) return offeredFunctions(request)
  const all = tools.flatMap(toCallable)
  if (choice === "none") return noOffer
  if (choice === "auto" || choice === "required") return { callables: all, must: choice === "required" }
  if (choice.type === "allowed_tools") {
    const { mode, tools: allowed } = choice.allowed_tools
    const named = new Set(allowed.map(nameOf))
    return { callables: all.filter(({ name }) => named.has(name)), must: mode === "required" }
  }
  const name = nameOf(choice)
  return { callables: all.filter((callable) => callable.name === name), must: true }
}

function offeredFunctions({ functions = [], function_call: choice = "auto" }: ChatCompletionRequest): Offer {
  const all = functions.map((definition, index) =>
    functionCallable("legacy", definition, `functions[${index}]`),
  )
  if (choice === "none") return noOffer
  if (choice === "auto") return { callables: all, must: false }
  return { callables: all.filter(({ name }) => name === choice.name), must: true }
}

type Tool = NonNullable<ChatCompletionRequest["tools"]>[number]
type Choice = Exclude<ChatCompletionRequest["tool_choice"], string | undefined>

function nameOf(choice: Choice): string | undefined {
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
