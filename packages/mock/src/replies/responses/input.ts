import type { ResponseInputItem, ResponseItem, ResponseRequest } from "@nexhina/schemas"
import { type Digest, digest, digestText } from "../../content/random.ts"
import type { Tokenizer } from "../../content/tokens.ts"
import { Refusal } from "../../refusal.ts"
import { requireBase64, requireDataUrl } from "../../request/check-base64.ts"
import type { Store } from "../../store.ts"
import type { Heard } from "../utterance/compose.ts"
import { findOwner } from "./stored.ts"

/** The prefix of an item's id, by its type. */
const prefixes = new Map([
  ["message", "msg"],
  ["reasoning", "rs"],
  ["function_call", "fc"],
  ["function_call_output", "fco"],
  ["custom_tool_call", "ctc"],
  ["custom_tool_call_output", "ctco"],
])

/** The id of an item in a response that is known by a digest; `place` tells it from the response's other items. */
export function itemId(type: string, place: string, identity: Digest): string {
  return `${prefixes.get(type) ?? "item"}_${digestText(digest(place, identity))}`
}

/**
 * The items of a request as they are kept: each with an id, a message with its type, status and parts. References
 * stand for what they refer to, among the earlier items or what was answered before. Throws a `Refusal` for others,
 * and where an image or a file says that it is base64, and is none.
 */
export async function readInput(
  input: ResponseRequest["input"],
  earlier: readonly ResponseItem[],
  store: Store,
  identity: Digest,
): Promise<readonly ResponseItem[]> {
  const given = typeof input === "string" ? [{ role: "user" as const, content: input }] : input
  const items: ResponseItem[] = []
  const known = new Map(earlier.map((item) => [idOf(item), item]))
  // All the items of its response are learned at once, because those are read as a whole.
  const findOutput = async (id: string) => {
    const owner = await findOwner(store, id)
    for (const item of owner?.response.output ?? []) known.set(idOf(item), item)
    return known.get(id)
  }
  for (const [index, item] of given.entries()) {
    if (item.type !== "item_reference") {
      requireData(item, `input[${index}]`)
      items.push(kept(item, `input ${index}`, identity))
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
  if (part.type !== "input_file" || part.file_data == null) return
  const check = /^data:/i.test(part.file_data) ? requireDataUrl : requireBase64
  check(part.file_data, `${param}.file_data`)
}

function idOf(item: ResponseInputItem): string | undefined {
  return "id" in item && typeof item.id === "string" ? item.id : undefined
}

function kept(item: ResponseInputItem, place: string, identity: Digest): ResponseItem {
  const id = idOf(item) ?? itemId(item.type ?? "message", place, identity)
  if (item.type !== undefined && item.type !== "message") return withId(item, id)
  const { role, content } = item
  // A message without `type` may have any other member.
  const status = "status" in item && typeof item.status === "string" ? item.status : "completed"
  return { ...item, type: "message", id, status, role, content: partsOf(role, content) }
}

function withId<Item extends object>(item: Item, id: string): Item {
  return { ...item, id }
}

type Message = Extract<ResponseItem, { type: "message" }>

function partsOf(role: Message["role"], content: Message["content"]): Exclude<Message["content"], string> {
  if (typeof content !== "string") return content
  return role === "assistant"
    ? [{ type: "output_text", text: content, annotations: [] }]
    : [{ type: "input_text", text: content }]
}

/** What the reply to a conversation answers. */
export function heardIn(items: readonly ResponseItem[]): Heard {
  const asked = items.findLastIndex((item) => item.type === "message" && item.role === "user")
  const message = items[asked]
  return {
    said: message?.type === "message" ? textOf(message.content) : "",
    answered: items.slice(asked + 1).flatMap((item) => (isToolOutput(item) ? [textOf(item.output)] : [])),
  }
}

function isToolOutput(item: ResponseInputItem): item is ToolOutput {
  return item.type === "function_call_output" || item.type === "custom_tool_call_output"
}

type ToolOutput = Extract<ResponseItem, { type: "function_call_output" | "custom_tool_call_output" }>

type Content = Message["content"] | ToolOutput["output"]

/** The text of a content, its parts on lines of their own. */
function textOf(content: Content): string {
  if (typeof content === "string") return content
  return content.flatMap((part) => (isText(part) ? part.text : [])).join("\n")
}

type Part = Exclude<Content, string>[number]

function isText(part: Part): part is Extract<Part, { type: "input_text" | "output_text" }> {
  return part.type === "input_text" || part.type === "output_text"
}

/** Tokens of a conversation: of every text in it, and some for each item, image and file. */
export function countItems(items: readonly ResponseItem[], tokenizer: Tokenizer): number {
  return items.reduce((sum, item) => sum + 3 + countItem(item, tokenizer), 0)
}

function countItem(item: ResponseItem, tokenizer: Tokenizer): number {
  switch (item.type) {
    case "message":
      return countContent(item.content, tokenizer)
    case "function_call_output":
    case "custom_tool_call_output":
      return countContent(item.output, tokenizer)
    case "function_call":
      return tokenizer.count(item.name) + tokenizer.count(item.arguments)
    case "custom_tool_call":
      return tokenizer.count(item.name) + tokenizer.count(item.input)
    default:
      return tokenizer.count(JSON.stringify(item))
  }
}

function countContent(content: Content, tokenizer: Tokenizer): number {
  if (typeof content === "string") return tokenizer.count(content)
  return content.reduce((sum, part) => sum + countPart(part, tokenizer), 0)
}

function countPart(part: Part, tokenizer: Tokenizer): number {
  if (isText(part)) return tokenizer.count(part.text)
  return part.type === "refusal" ? tokenizer.count(part.refusal) : 85
}
