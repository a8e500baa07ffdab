import type { ResponseRequest } from "@nexhina/schemas"
import { Refusal } from "../../refusal.ts"
import {
  type Callable,
  customCallable,
  functionCallable,
  type Offer,
  offer,
  type ToolChoice,
} from "../utterance/callable.ts"

/**
 * Returns what the request lets its reply call: functions and custom tools, which the client runs. Throws a `Refusal`
 * for a tool with an invalid schema, and when the request requires a call and allows only built-in tools.
 */
export function offeredTools({ tools = [], tool_choice }: ResponseRequest): Offer {
  const offered = offer(tools.flatMap(toCallable), toolChoice(tool_choice ?? "auto"))
  if (!offered.must || offered.callables.length > 0) return offered
  const allowed = typeof tool_choice === "object" && tool_choice !== null ? named(tool_choice) : tools
  const types = [...new Set(allowed.map(({ type }) => `'${type}'`))].join(", ")
  throw new Refusal(400, {
    message: `The mock does not call the built-in tool ${types}. Allow a function or a custom tool, or set 'tool_choice' to 'auto'.`,
    param: "tool_choice",
    code: "unsupported_tool",
  })
}

type NamedChoice = Exclude<NonNullable<ResponseRequest["tool_choice"]>, string>

function named(choice: NamedChoice): readonly { readonly type: string }[] {
  return choice.type === "allowed_tools" ? choice.tools : [choice]
}

function toolChoice(choice: NonNullable<ResponseRequest["tool_choice"]>): ToolChoice {
  if (typeof choice === "string") return choice
  if (choice.type !== "allowed_tools") return { names: [nameOf(choice)], must: true }
  return { names: choice.tools.map(nameOf), must: choice.mode === "required" }
}

/** Returns the name of the chosen tool; undefined for a tool that the server runs. */
function nameOf(choice: object): unknown {
  return "name" in choice ? choice.name : undefined
}

type Tool = NonNullable<ResponseRequest["tools"]>[number]

function toCallable(tool: Tool, index: number): Callable[] {
  if (tool.type === "function") return [functionCallable("function", tool, `tools[${index}]`)]
  if (tool.type !== "custom") return []
  const grammar = tool.format?.type === "grammar" ? tool.format : undefined
  return [customCallable(tool.name, grammar, `tools[${index}].format`)]
}
