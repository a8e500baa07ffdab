import type { ResponseRequest } from "@nexhina/schemas"
import {
  type Callable,
  customCallable,
  functionCallable,
  type Offer,
  offer,
  type ToolChoice,
} from "../utterance/callable.ts"

/**
 * Returns what the request lets its reply call: functions and custom tools, which the client runs. When the request
 * offers only tools that a server would run, the reply is text, whatever the tool choice. Throws a `Refusal` for a tool
 * with an invalid schema.
 */
export function offeredTools({ tools, tool_choice }: ResponseRequest): Offer {
  return offer((tools ?? []).flatMap(toCallable), toolChoice(tool_choice ?? "auto"))
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
