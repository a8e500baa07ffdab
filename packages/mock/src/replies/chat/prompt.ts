import type { ChatCompletionRequest, ChatMessage, ContentPart } from "@nexhina/schemas"
import type { Tokenizer } from "../../content/tokens.ts"
import { limits } from "../../limits.ts"
import { requireWithin } from "../../refusal.ts"
import { requireBase64, requireDataUrl, requireFileData } from "../../request/check-base64.ts"
import { countContent, joinTexts, textLength } from "../utterance/content.ts"
import type { LastTurn, SpokenMessage } from "../utterance/decide.ts"

/** Returns the end of a conversation. */
export function lastTurnOf(messages: readonly ChatMessage[]): LastTurn {
  const asked = messages.findLastIndex(({ role }) => role === "user")
  const outputs = messages.slice(asked + 1).filter(({ role }) => role === "tool" || role === "function")
  return { userText: textOf(messages[asked]), toolOutputs: outputs.map(textOf) }
}

/** Returns the texts of a conversation. */
export function spokenMessages(messages: readonly ChatMessage[]): SpokenMessage[] {
  return messages.map((message) => ({ role: spokenRoles[message.role], text: textOf(message) }))
}

const spokenRoles: Readonly<Record<ChatMessage["role"], SpokenMessage["role"]>> = {
  system: "system",
  developer: "system",
  user: "user",
  assistant: "assistant",
  tool: "tool",
  function: "tool",
}

function textOf(message: ChatMessage | undefined): string {
  return joinTexts(message?.content, (part) => (part.type === "text" ? part.text : undefined))
}

/** Throws a `Refusal` when there are too many messages, or too much text in them. */
export function requireFewMessages(messages: readonly ChatMessage[]): void {
  requireWithin(limits.conversationItems, messages.length, "messages")
  const length = messages.reduce((sum, { content }) => sum + textLength(content, countedText), 0)
  requireWithin(limits.conversationText, length, "messages")
}

/** Throws a `Refusal` when an image, a sound or a file in the conversation has invalid base64 data. */
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
  if (part.type === "file") requireFileData(part.file.file_data, `${param}.file.file_data`)
}

/** Counts the tokens of the prompt: every text and tool in it, and an estimate for each message, image and file. */
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
  let count = 3 + countContent(content, countedText, tokenizer)
  if (name) count += tokenizer.count(name)
  if (refusal) count += tokenizer.count(refusal)
  if (tool_calls || function_call) count += tokenizer.count(JSON.stringify([tool_calls, function_call]))
  return count
}

function countedText(part: ContentPart): string | undefined {
  if (part.type === "text") return part.text
  return part.type === "refusal" ? part.refusal : undefined
}
