import type { ResponseRequest } from "@nexhina/schemas"
import type { Random } from "../random.ts"
import {
  type Callable,
  chooseCalls,
  customCallable,
  functionCallable,
  noOffer,
  type Offer,
} from "./callable.ts"

/**
 * What a reply to the request calls, as in chat. Only the client's own tools are called, functions and custom ones:
 * where the server's tools alone are on offer, text is the answer to any choice.
 */
export function dueResponseCalls(
  request: ResponseRequest,
  isAnswered: boolean,
  random: Random,
): readonly Callable[] {
  return chooseCalls(
    offered(request),
    { isAnswered, parallel: request.parallel_tool_calls !== false },
    random,
  )
}

function offered({ tools = [], tool_choice: choice = "auto" }: ResponseRequest): Offer {
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
