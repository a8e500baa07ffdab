import type { ChatMessage, ResponseInputItem, ResponseRequest } from "@nexhina/schemas"
import { type Alteration, headerOf, type Situation } from "@nexhina/wire"
import { error, errorReply, refusing, refusingMessages } from "./chat-requests.ts"
import { type Defect, onWire, type Variant } from "./defect.ts"
import { isAnswer } from "./http.ts"

type Wire = Extract<Alteration, { stage: "wire" }>

const isChat = ({ operationId }: Situation) => operationId === "createChatCompletion"

type IsRefused = (situation: Situation) => boolean

/** Refuses successful requests. */
const refusingWhere = (
  message: string,
  isRefused: IsRefused,
  status = 400,
  param: string | null = null,
): Wire =>
  onWire(
    (reply, situation) => reply.status === 200 && isRefused(situation),
    (reply) => errorReply(reply, error(message, param), status),
  )

/** Refuses successful chats; for a request that selects it, the requests of every operation. */
const refusingChatsWhere = (message: string, isRefused: IsRefused, status = 400) =>
  onWire(
    (reply, situation) => reply.status === 200 && isChat(situation) && isRefused(situation),
    (reply) => errorReply(reply, error(message, null), status),
    (reply, situation) => reply.status === 200 && isAnswer(reply, situation) && isRefused(situation),
  )

const hasHeader = (name: string, value: string) => (situation: Situation) =>
  headerOf(situation.ask.headers, name) === value

const hasText =
  (pattern: RegExp) =>
  ({ content }: ChatMessage) =>
    typeof content === "string" && pattern.test(content)

const isPartsOf =
  (of: ChatMessage["role"]) =>
  ({ role, content }: ChatMessage) =>
    role === of && Array.isArray(content)

const hasItem = (isRefused: (item: ResponseInputItem) => boolean) => (situation: Situation) => {
  if (situation.operationId !== "createResponse") return false
  // What was answered with a success is a valid request.
  const { input } = situation.request as ResponseRequest
  return typeof input !== "string" && input.some(isRefused)
}

const lacksAnnotations = (item: ResponseInputItem) =>
  "content" in item &&
  Array.isArray(item.content) &&
  item.content.some((part) => part.type === "output_text" && part.annotations === undefined)

const messagesOf = "OpenAI API reference, create chat completion, messages"

export const clientRequestDefects: readonly Defect[] = [
  {
    id: "client-node-headers-refused",
    says: "requests of openai-node are rejected by their headers",
    breaks: "client.headers",
    fault: "openai-node",
    also: [],
    seen: ["openai-node: the headers of every request"],
    ...refusingChatsWhere("Unknown header x-stainless-lang", hasHeader("x-stainless-lang", "js")),
  },
  {
    id: "client-python-headers-refused",
    says: "requests of openai-python are rejected by their headers",
    breaks: "client.headers",
    fault: "openai-python",
    also: [],
    seen: ["openai-python: the headers of every request"],
    ...refusingChatsWhere("Forbidden", hasHeader("x-stainless-lang", "python"), 403),
  },
  {
    id: "client-accept-json-stream-refused",
    says: "a stream is rejected when the client accepts application/json, as the official clients do",
    breaks: "client.headers",
    fault: "accept-json-on-stream",
    also: [],
    seen: ["openai-node: it sends accept: application/json with every request"],
    ...refusingChatsWhere(
      "Client must accept text/event-stream",
      (situation) => situation.streaming && hasHeader("accept", "application/json")(situation),
      406,
    ),
  },
  {
    id: "client-chunked-body-refused",
    says: "bodies in chunks are rejected",
    breaks: "client.chunked-body",
    fault: "refused",
    also: [],
    seen: ["RFC 9112, section 7.1"],
    ...refusingChatsWhere("The request body is empty", hasHeader("transfer-encoding", "chunked")),
  },
  {
    id: "client-long-body-refused",
    says: "bodies over 100 kB are rejected, the default of a web framework",
    breaks: "client.long-body",
    fault: "refused",
    also: [],
    seen: ["https://expressjs.com/en/api.html#express.json (limit: 100kb)"],
    ...refusingWhere(
      "request entity too large",
      (situation) => isChat(situation) && situation.ask.body.length > 102_400,
      413,
    ),
  },
  {
    id: "client-emoji-refused",
    says: "emoji are rejected",
    breaks: "client.any-text",
    fault: "emoji",
    also: [],
    seen: ["RFC 8259, section 8.2"],
    ...refusingMessages("Invalid character in content", hasText(/\p{Extended_Pictographic}\u200d/u)),
  },
  {
    id: "client-combining-refused",
    says: "combining characters are rejected",
    breaks: "client.any-text",
    fault: "combining",
    also: [],
    seen: ["RFC 8259, section 8.2"],
    ...refusingMessages("content is not in normalization form C", hasText(/e\u0301/)),
  },
  {
    id: "client-right-to-left-refused",
    says: "right-to-left scripts are rejected",
    breaks: "client.any-text",
    fault: "right-to-left",
    also: [],
    seen: ["RFC 8259, section 8.2"],
    ...refusingMessages("Unsupported language", hasText(/[\u05d0-\u05ea]/)),
  },
  {
    id: "client-special-token-refused",
    says: "text that looks like a special token of the tokenizer is rejected",
    breaks: "client.any-text",
    fault: "special-token",
    also: [],
    seen: ["https://github.com/openai/tiktoken/blob/main/tiktoken/core.py (disallowed_special)"],
    ...refusingMessages(
      "Encountered text corresponding to disallowed special token",
      hasText(/<\|endoftext\|> <\|im_start\|>/),
    ),
  },
  {
    id: "client-nul-refused",
    says: "the character U+0000 is rejected, which PostgreSQL cannot store",
    breaks: "client.nul-character",
    fault: "refused",
    also: [],
    seen: ["https://www.postgresql.org/docs/current/datatype-character.html"],
    ...refusingMessages("unsupported Unicode escape sequence", hasText(/hel\0lo/)),
  },
  {
    id: "client-system-only-refused",
    says: "a conversation without a user message is rejected",
    breaks: "client.system-only",
    fault: "refused",
    also: [],
    seen: [`${messagesOf}: no role is required`],
    ...refusing(error("No user query found in messages", "messages"), ({ messages }) =>
      messages.every(({ role }) => role === "system"),
    ),
  },
  {
    id: "client-long-conversation-refused",
    says: "conversations of more than 50 messages are rejected",
    breaks: "client.long-conversation",
    fault: "refused",
    also: [],
    seen: [`${messagesOf}: the number of messages has no limit`],
    ...refusing(error("Too many messages", "messages"), ({ messages }) => messages.length > 50),
  },
  {
    id: "client-empty-arguments-refused",
    says: "an earlier call with empty arguments is rejected",
    breaks: "client.empty-arguments",
    fault: "refused",
    also: [],
    seen: [`${messagesOf}, assistant message, tool_calls`],
    ...refusingMessages("Invalid JSON in function arguments", ({ tool_calls }) =>
      (tool_calls ?? []).some((call) => call.type === "function" && call.function.arguments === ""),
    ),
  },
  ...(["system", "assistant", "tool"] as const).map(
    (role): Defect => ({
      id: `client-${role}-parts-refused`,
      says: `content in parts is rejected in messages of the role ${role}`,
      breaks: "client.parts-in-role",
      fault: role,
      also: [],
      seen: [`${messagesOf}: content of each role`],
      ...refusingMessages("content must be a string", isPartsOf(role)),
    }),
  ),
  {
    id: "client-developer-parts-refused",
    says: "content in parts is rejected in messages of the role developer",
    breaks: "client.developer-parts",
    fault: "refused",
    also: [],
    seen: [`${messagesOf}: content of each role`],
    ...refusingMessages("content must be a string", isPartsOf("developer")),
  },
  {
    id: "client-schema-ref-refused",
    says: "$ref in the parameters of a tool is rejected",
    breaks: "client.tool-schemas",
    fault: "ref",
    also: [],
    seen: ["OpenAI API reference, create chat completion, tools: parameters is a JSON Schema object"],
    ...refusing(error('Unknown name "$ref"', "tools"), ({ tools }) =>
      JSON.stringify(tools ?? []).includes('"$ref"'),
    ),
  },
  {
    id: "client-schema-any-of-refused",
    says: "anyOf in the parameters of a tool is rejected",
    breaks: "client.tool-schemas",
    fault: "any-of",
    also: [],
    seen: ["OpenAI API reference, create chat completion, tools: parameters is a JSON Schema object"],
    ...refusing(error("anyOf is not supported", "tools"), ({ tools }) =>
      JSON.stringify(tools ?? []).includes('"anyOf"'),
    ),
  },
  ...(
    [
      ["ref", "$ref"],
      ["any-of", "anyOf"],
    ] as const
  ).map(
    ([fault, keyword]): Defect => ({
      id: `client-response-schema-${fault}-refused`,
      says: `${keyword} in the parameters of a function is rejected on the Responses API`,
      breaks: "client.response-tool-schemas",
      fault,
      also: [],
      seen: ["OpenAI API reference, create response, tools: parameters is a JSON Schema object"],
      ...refusingWhere(
        `Invalid schema for function: ${keyword} is not supported`,
        ({ operationId, request }) =>
          operationId === "createResponse" &&
          JSON.stringify((request as ResponseRequest).tools ?? []).includes(`"${keyword}"`),
        400,
        "tools[0].parameters",
      ),
    }),
  ),
  {
    id: "client-history-annotations-required",
    says: "output_text without annotations is rejected in the input",
    breaks: "client.response-history",
    fault: "annotations",
    also: [],
    seen: ["https://github.com/vercel/ai (the Responses provider replays output_text without annotations)"],
    ...refusingWhere("Missing required parameter: annotations", hasItem(lacksAnnotations)),
  },
  {
    id: "client-history-reasoning-id-required",
    says: "reasoning without id is rejected in the input",
    breaks: "client.response-history",
    fault: "reasoning-id",
    also: [],
    seen: ["https://github.com/BerriAI/litellm/issues/13420"],
    ...refusingWhere(
      "Missing required parameter: id",
      hasItem((item) => item.type === "reasoning" && item.id === undefined),
    ),
  },
  {
    id: "client-output-call-id-required",
    says: "the output of a function call is rejected without call_id",
    breaks: "client.output-without-call-id",
    fault: "refused",
    also: [],
    seen: ["https://github.com/openai/codex (replays outputs without call_id)"],
    ...refusingWhere(
      "Missing required parameter: call_id",
      hasItem((item) => item.type === "function_call_output" && item.call_id == null),
    ),
  },
]

export const clientRequestVariants: readonly Variant[] = [
  {
    id: "client-length-required",
    says: "a body in chunks is answered with 411",
    notes: [],
    seen: ["RFC 9110, section 15.5.12"],
    ...refusingChatsWhere("Length Required", hasHeader("transfer-encoding", "chunked"), 411),
  },
]
