import type { ResponseInputItem, ResponseItem, ResponseRequest } from "@nexhina/schemas"
import { type Digest, digest, digestText } from "../../content/random.ts"
import type { Tokenizer } from "../../content/tokens.ts"
import { limits } from "../../limits.ts"
import { Refusal, requireWithin } from "../../refusal.ts"
import { requireDataUrl, requireFileData } from "../../request/check-base64.ts"
import type { Store } from "../../store.ts"
import { countContent, joinTexts, textLength } from "../utterance/content.ts"
import type { LastTurn, SpokenMessage } from "../utterance/decide.ts"
import { findOwner } from "./stored.ts"

/** The prefix of an item's id, by its type. */
const prefixes = new Map([
  ["message", "msg"],
  ["reasoning", "rs"],
  ["function_call", "fc"],
  ["function_call_output", "fco"],
  ["custom_tool_call", "ctc"],
  ["custom_tool_call_output", "ctco"],
  ["web_search_call", "ws"],
  ["file_search_call", "fs"],
  ["code_interpreter_call", "ci"],
  ["image_generation_call", "ig"],
  ["mcp_list_tools", "mcpl"],
  ["mcp_call", "mcp"],
])

/** Returns the id of an item; `place` identifies it among the items of the response with this identity. */
export function itemId(type: string, place: string, identity: Digest): string {
  return `${prefixes.get(type) ?? "item"}_${digestText(digest(place, identity))}`
}

/**
 * Returns the items of a request in stored form: each with an id, messages with type, status and parts. References are
 * replaced by the earlier or stored items that they name. Throws a `Refusal` for an unknown reference, and when an
 * image or a file has invalid base64 data.
 */
export async function readInput(
  input: ResponseRequest["input"],
  earlier: readonly ResponseItem[],
  store: Store,
  identity: Digest,
): Promise<readonly ResponseItem[]> {
  const given = typeof input === "string" ? [{ role: "user" as const, content: input }] : input
  requireWithin(limits.conversationItems, earlier.length + given.length, "input")
  const items: ResponseItem[] = []
  const known = new Map(earlier.map((item) => [idOf(item), item]))
  // The store reads a response as a whole, so that all of its items are remembered at once.
  const findOutput = async (id: string) => {
    const owner = await findOwner(store, id)
    for (const item of owner?.response.output ?? []) known.set(idOf(item), item)
    return known.get(id)
  }
  for (const [index, item] of given.entries()) {
    if (item.type !== "item_reference") {
      requireData(item, `input[${index}]`)
      items.push(stored(item, `input ${index}`, identity))
      continue
    }
    const found = known.get(item.id) ?? (await findOutput(item.id))
    if (!found) {
      const message = `Item with id '${item.id}' not found.`
      throw new Refusal(404, { message, param: `input[${index}].id` })
    }
    items.push(found)
  }
  return items
}

function requireData(item: ResponseInputItem, param: string): void {
  if (item.type === undefined || item.type === "message") requireContent(item.content, `${param}.content`)
  else if (isToolOutput(item)) requireContent(item.output, `${param}.output`)
}

function requireContent(content: Content, param: string): void {
  if (typeof content === "string") return
  content.forEach((part, place) => {
    requirePart(part, `${param}[${place}]`)
  })
}

function requirePart(part: Part, param: string): void {
  if (part.type === "input_image" && part.image_url != null)
    requireDataUrl(part.image_url, `${param}.image_url`)
  if (part.type === "input_file") requireFileData(part.file_data, `${param}.file_data`)
}

function idOf(item: ResponseInputItem | ResponseItem): string | undefined {
  return "id" in item && typeof item.id === "string" ? item.id : undefined
}

function stored(item: ResponseInputItem, place: string, identity: Digest): ResponseItem {
  const id = idOf(item) ?? itemId(item.type ?? "message", place, identity)
  if (item.type !== undefined && item.type !== "message") return completed(item, id, identity)
  const { role, content } = item
  // A message without `type` may have any other member.
  const status = "status" in item && typeof item.status === "string" ? item.status : "completed"
  return { ...item, type: "message", id, status, role, content: partsOf(role, content) }
}

type NoMessage = Exclude<ResponseInputItem, { type?: "message" | undefined }>

/** Returns an item with the members that a server makes and a request may leave out. */
function completed(item: NoMessage, id: string, identity: Digest): ResponseItem {
  switch (item.type) {
    case "function_call_output":
      return { ...item, id, call_id: item.call_id ?? `call_${digestText(digest(id, identity))}` }
    case "file_search_call":
    case "web_search_call":
    case "computer_call":
    case "code_interpreter_call":
    case "image_generation_call":
    case "apply_patch_call":
      return { ...withId(item, id), status: item.status ?? "completed" }
    case "local_shell_call": {
      const { status, action } = item
      const whole = { ...action, env: action.env ?? {} }
      return { ...withId(item, id), status: status ?? "completed", action: whole }
    }
    default:
      return withId(item, id)
  }
}

function withId<Item extends object>(item: Item, id: string): Item & { readonly id: string } {
  return { ...item, id }
}

type Message = Extract<ResponseItem, { type: "message" }>
type GivenMessage = Extract<ResponseInputItem, { type: "message" }>

function partsOf(
  role: Message["role"],
  content: GivenMessage["content"],
): Exclude<Message["content"], string> {
  if (typeof content !== "string") {
    return content.map((part) =>
      part.type === "output_text" ? { ...part, annotations: part.annotations ?? [] } : part,
    )
  }
  return role === "assistant"
    ? [{ type: "output_text", text: content, annotations: [] }]
    : [{ type: "input_text", text: content }]
}

/** Throws a `Refusal` when a conversation has too many items, or too much text in its messages and tool outputs. */
export function requireShort(items: readonly ResponseItem[]): void {
  requireWithin(limits.conversationItems, items.length, "input")
  const length = items.reduce((sum, item) => {
    if (item.type === "message") return sum + textLength<Part>(item.content, countedText)
    return sum + (isToolOutput(item) ? textLength<Part>(item.output, countedText) : 0)
  }, 0)
  requireWithin(limits.conversationText, length, "input")
}

/** Returns the end of a conversation. */
export function lastTurnOf(items: readonly ResponseItem[]): LastTurn {
  const asked = items.findLastIndex((item) => item.type === "message" && item.role === "user")
  const message = items[asked]
  return {
    userText: message?.type === "message" ? joinTexts(message.content, textOf) : "",
    toolOutputs: items
      .slice(asked + 1)
      .flatMap((item) => (isToolOutput(item) ? [joinTexts(item.output, textOf)] : [])),
  }
}

/** Returns the texts of a conversation. All items that are neither messages nor tool results are the assistant's. */
export function spokenMessages(
  instructions: string | null | undefined,
  items: readonly ResponseItem[],
): SpokenMessage[] {
  const spoken = items.map((item): SpokenMessage => {
    if (isToolOutput(item)) return { role: "tool", text: joinTexts(item.output, textOf) }
    if (item.type !== "message") return { role: "assistant", text: "" }
    const role = item.role === "developer" ? "system" : item.role
    return { role, text: joinTexts(item.content, textOf) }
  })
  return instructions ? [{ role: "system", text: instructions }, ...spoken] : spoken
}

/** Returns the texts of a request without what it refers to. */
export function spokenInput(
  instructions: string | null | undefined,
  input: ResponseRequest["input"],
): SpokenMessage[] {
  const given = typeof input === "string" ? [{ role: "user" as const, content: input }] : input
  const items = given.flatMap((item, index) =>
    item.type === "item_reference" ? [] : [stored(item, `input ${index}`, digest(""))],
  )
  return spokenMessages(instructions, items)
}

function isToolOutput<Item extends ResponseInputItem | ResponseItem>(
  item: Item,
): item is Extract<Item, ToolOutput> {
  return item.type === "function_call_output" || item.type === "custom_tool_call_output"
}

type ToolOutput = Extract<ResponseInputItem, { type: "function_call_output" | "custom_tool_call_output" }>

type Content = GivenMessage["content"] | ToolOutput["output"]
type Part = Exclude<Content, string>[number]

function textOf(part: Part): string | undefined {
  return part.type === "input_text" || part.type === "output_text" ? part.text : undefined
}

/** Counts the tokens of a conversation: every text in it, and an estimate for each item, image and file. */
export function countItems(items: readonly ResponseItem[], tokenizer: Tokenizer): number {
  return items.reduce((sum, item) => sum + 3 + countItem(item, tokenizer), 0)
}

function countItem(item: ResponseItem, tokenizer: Tokenizer): number {
  switch (item.type) {
    case "message":
      return countContent<Part>(item.content, countedText, tokenizer)
    case "function_call_output":
    case "custom_tool_call_output":
      return countContent<Part>(item.output, countedText, tokenizer)
    case "function_call":
      return tokenizer.count(item.name) + tokenizer.count(item.arguments)
    case "custom_tool_call":
      return tokenizer.count(item.name) + tokenizer.count(item.input)
    default:
      return tokenizer.count(JSON.stringify(item))
  }
}

function countedText(part: Part): string | undefined {
  return part.type === "refusal" ? part.refusal : textOf(part)
}
