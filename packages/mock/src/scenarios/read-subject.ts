import { endpoints, type OperationId } from "@nexhina/schemas"
import type { Header } from "@nexhina/wire"
import { spokenMessages as chatMessages } from "../replies/chat/prompt.ts"
import { spokenInput } from "../replies/responses/input.ts"
import type { SpokenMessage } from "../replies/utterance/decide.ts"
import { createSubject, type Subject } from "./subject.ts"

/** Returns the subject of a valid request on its own: a `previous_response_id` and references are not followed. */
export function readSubject(operation: OperationId, request: unknown, headers: readonly Header[]): Subject {
  const messages = messagesOf(operation, request)
  return createSubject({ operation, request, headers, ...(messages && { messages: () => messages }) })
}

function messagesOf(operation: OperationId, request: unknown): readonly SpokenMessage[] | undefined {
  if (operation === "createChatCompletion") {
    return chatMessages(endpoints.createChatCompletion.request.schema.parse(request).messages)
  }
  if (operation !== "createResponse") return undefined
  const { input, instructions } = endpoints.createResponse.request.schema.parse(request)
  return spokenInput(instructions, input)
}
