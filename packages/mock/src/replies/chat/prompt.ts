import type { ChatCompletionRequest, ChatMessage, ContentPart } from "@nexhina/schemas"
import type { Tokenizer } from "../../content/tokens.ts"
import { requireBase64, requireDataUrl } from "../../request/check-base64.ts"
import type { Heard } from "../utterance/compose.ts"

/** What the reply to a conversation answers. */
export function heardIn(messages: readonly ChatMessage[]): Heard {
  const asked = messages.findLastIndex(({ role }) => role === "user")
  const answers = messages.slice(asked + 1).filter(({ role }) => role === "tool" || role === "function")
  return { said: textOf(messages[asked]), answered: answers.map(textOf) }
}

/** The text of a message, its parts on lines of their own. */
function textOf(message: ChatMessage | undefined): string {
  const content = message?.content
  if (content == null || typeof content === "string") return content ?? ""
  return content.flatMap((part) => (part.type === "text" ? part.text : [])).join("\n")
}

/** Throws a `Refusal` when an image, a sound or a file of the conversation says that it is base64, and is none. */
export function requireData(messages: readonly ChatMessage[]): void {
  messages.forEach(({ content }, index) => {
    if (content == null || typeof content === "string") return
    content.forEach((part, place) => {
      requirePart(part, `messages[${index}].content[${place}]`)
    })
  })
}

function requirePart(part: ContentPart, param: string): void {
  if (part.type === "image_url") requireDataUrl(part.image_url.url, `${param}.image_url.url`)
  if (part.type === "input_audio") requireBase64(part.input_audio.data, `${param}.input_audio.data`)
  if (part.type !== "file" || part.file.file_data === undefined) return
  const check = /^data:/i.test(part.file.file_data) ? requireDataUrl : requireBase64
  check(part.file.file_data, `${param}.file.file_data`)
}

/** Tokens of the prompt: of every text and offer in it, and some for each message, image, sound and file. */
export function countPrompt(
  { messages, tools, functions }: Pick<ChatCompletionRequest, "messages" | "tools" | "functions">,
  tokenizer: Tokenizer,
): number {
  const offers = [...(tools ?? []), ...(functions ?? [])]
  return (
    3 +
    messages.reduce((sum, message) => sum + countMessage(message, tokenizer), 0) +
    offers.reduce<number>((sum, offer) => sum + tokenizer.count(JSON.stringify(offer)), 0)
  )
}

function countMessage(message: ChatMessage, tokenizer: Tokenizer): number {
  const { content, name, refusal, tool_calls, function_call } = message
  let count = 3
  if (typeof content === "string") count += tokenizer.count(content)
  else for (const part of content ?? []) count += countPart(part, tokenizer)
  if (name) count += tokenizer.count(name)
  if (refusal) count += tokenizer.count(refusal)
  if (tool_calls || function_call) count += tokenizer.count(JSON.stringify([tool_calls, function_call]))
  return count
}

function countPart(part: ContentPart, tokenizer: Tokenizer): number {
  if (part.type === "text") return tokenizer.count(part.text)
  return part.type === "refusal" ? tokenizer.count(part.refusal) : 85
}
