import type { ResponseRequest } from "@nexhina/schemas"
import {
  type Callable,
  customCallable,
  functionCallable,
  noOffer,
  type Offer,
} from "../utterance/callable.ts"

/**
 * What the request lets its reply call: the client's own tools, functions and custom ones. Where tools that the
 * server would run are alone on offer, text is the answer to any choice. Throws a `Refusal` for a tool whose schema
 * is none.
 */
export function offeredTools({ tools = [], tool_choice: choice = "auto" }: ResponseRequest): Offer {
  const all = tools.flatMap(toCallable)
  if (choice === "none") return noOffer
  if (choice === "auto" || choice === "required") return { callables: all, must: choice === "required" }
  if (choice.type === "allowed_tools") {
    const named = new Set(choice.tools.map(nameOf))
    return { callables: all.filter(({ name }) => named.has(name)), must: choice.mode === "required" }
  }
  return { callables: all.filter(({ name }) => name === nameOf(choice)), must: true }
}

/** The name of the tool that a choice names. Choices of the server's tools have none. */
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
