import type { ChatCompletionRequest, FunctionDefinition } from "@nexhina/schemas"
import { generate } from "../generate.ts"
import { sentence } from "../prose.ts"
import type { Random } from "../random.ts"
import { Refusal } from "../refusal.ts"

/** Something that the reply may call, and how its input is made. */
export interface Callable {
  /** `legacy` is a member of `functions`, the form before `tools`. */
  readonly kind: "function" | "custom" | "legacy"
  readonly name: string
  /** Arguments as JSON text, or a custom tool's free text. Throws a `Refusal` when its schema cannot be met. */
  input(random: Random): string
}

/**
 * What a reply to the request calls. Under `auto`: nothing once a tool has answered the last user message, else one
 * of the tools on offer, or two where there are several and parallel calls are allowed. Under `required` it calls
 * in any case, and a named tool is the one that is called.
 */
export function dueCalls(request: ChatCompletionRequest, random: Random): readonly Callable[] {
  const { callables, must } = offered(request)
  if (callables.length === 0 || (!must && isAnswered(request))) return []
  const parallel = request.parallel_tool_calls !== false && callables[0]?.kind !== "legacy"
  return random.shuffle(callables).slice(0, parallel ? 2 : 1)
}

interface Offer {
  readonly callables: readonly Callable[]
  /** Whether text instead of a call is no answer. */
  readonly must: boolean
}

const nothing: Offer = { callables: [], must: false }

function offered(request: ChatCompletionRequest): Offer {
  const { tools = [], tool_choice: choice = "auto" } = request
  if (tools.length === 0) return offeredFunctions(request)
  const all = tools.flatMap(toCallable)
  if (choice === "none") return nothing
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
  if (choice === "none") return nothing
  const all = functions.map((definition, index) =>
    functionCallable("legacy", definition, `functions[${index}]`),
  )
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
  return [
    { kind: "custom", name, input: (random) => customInput(format, random, `tools[${index}].custom.format`) },
  ]
}

function functionCallable(
  kind: "function" | "legacy",
  { name, parameters = {} }: FunctionDefinition,
  param: string,
): Callable {
  return {
    kind,
    name,
    input: (random) =>
      JSON.stringify(generate({ type: "object", ...parameters }, random, `${param}.parameters`)),
  }
}

type CustomFormat = Extract<Tool, { type: "custom" }>["custom"]["format"]

function customInput(format: CustomFormat, random: Random, param: string): string {
  if (format?.type !== "grammar") return sentence(random)
  const { syntax, definition } = format.grammar
  if (syntax !== "regex")
    throw new Refusal(400, { message: `The mock writes no text by '${syntax}' grammars.`, param })
  // As a schema's pattern, it is refused in the same words when no text can be written for it.
  return String(generate({ type: "string", pattern: `^(?:${definition})$` }, random, param))
}

function isAnswered({ messages }: ChatCompletionRequest): boolean {
  const asked = messages.findLastIndex(({ role }) => role === "user")
  return messages.slice(asked + 1).some(({ role }) => role === "tool" || role === "function")
}
