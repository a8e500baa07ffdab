import { ChatCompletionRequest, type ChatMessage } from "@nexhina/schemas"
import type { Alteration, Reply } from "@nexhina/wire"
import { misreading } from "./chat-completions.ts"
import { type Defect, onWire, type Variant } from "./defect.ts"

type Wire = Extract<Alteration, { stage: "wire" }>

/** Returns what makes a reply a refusal: its status, its media type and its body. */
export function errorReply(
  { headers }: Pick<Reply, "headers">,
  body: object,
  status: number,
): Pick<Reply, "status" | "headers" | "body"> {
  return {
    status,
    headers: [
      ...headers.filter(([name]) => name.toLowerCase() !== "content-type"),
      ["content-type", "application/json"],
    ],
    body: JSON.stringify(body),
  }
}

/** Refuses some chats that the contract allows. */
export function refusing(
  body: object,
  isRefused: (request: ChatCompletionRequest) => boolean,
  status = 400,
): Wire {
  return onWire(
    ({ status }, { operationId, request }) =>
      // What was answered with a success is a valid request.
      operationId === "createChatCompletion" && status === 200 && isRefused(request as ChatCompletionRequest),
    (reply) => errorReply(reply, body, status),
  )
}

export const error = (message: string, param: string | null = null) => ({
  error: { message, type: "invalid_request_error", param, code: null },
})

/** Refuses chats with some message. */
export const refusingMessages = (
  message: string,
  isRefused: (message: ChatMessage, at: number, all: readonly ChatMessage[]) => boolean,
) => refusing(error(message, "messages"), ({ messages }) => messages.some(isRefused))

/** Refuses chats with a member, and names it. */
const refusingMember = (...names: (keyof ChatCompletionRequest)[]) =>
  refusing(error(`Unsupported parameter: ${names[0]}`, names[0]), (request) =>
    names.some((name) => request[name] != null),
  )

const hasCalls = ({ tool_calls }: ChatMessage) => Boolean(tool_calls?.length)
const isAssistant = ({ role }: ChatMessage) => role === "assistant"

const messagesOf = "OpenAI API reference, create chat completion, messages"
const documented = new Set(Object.keys(ChatCompletionRequest.shape))
const hasUnknown = (request: object) => Object.keys(request).some((name) => !documented.has(name))

export const chatRequestDefects: readonly Defect[] = [
  {
    id: "req-system-role-rejected",
    says: "system messages are rejected",
    breaks: "chat.accepts-roles",
    fault: "system",
    also: [],
    seen: ["Schema ChatMessage: role"],
    ...refusingMessages("System role not supported", ({ role }) => role === "system"),
  },
  {
    id: "req-assistant-history-rejected",
    says: "earlier assistant messages are rejected",
    breaks: "chat.accepts-roles",
    fault: "assistant",
    also: ["chat.accepts-null-assistant"],
    seen: ["Schema ChatMessage: role"],
    ...refusingMessages(
      "Only one turn is supported",
      (message) => isAssistant(message) && !hasCalls(message),
    ),
  },
  {
    id: "req-roles-must-alternate",
    says: "two consecutive user messages are rejected",
    breaks: "chat.accepts-roles",
    fault: "repeated",
    also: [],
    seen: [`${messagesOf}: no order is prescribed`],
    ...refusingMessages(
      "Conversation roles must alternate user/assistant",
      ({ role }, at, all) => role === "user" && all[at - 1]?.role === "user",
    ),
  },
  {
    id: "req-tool-role-rejected",
    says: "tool messages are rejected",
    breaks: "chat.accepts-roles",
    fault: "tool",
    also: ["chat.accepts-null-assistant", "chat.replay-own-message", "tool.round-trip"],
    seen: ["Schema ChatMessage: role"],
    ...refusingMessages("Unexpected role tool", ({ role }) => role === "tool"),
  },
  {
    id: "req-developer-role-rejected",
    says: "developer messages are rejected",
    breaks: "chat.accepts-developer-role",
    fault: "refused",
    also: [],
    seen: [
      "https://github.com/peonist-ai/halogen-server/issues/3",
      "https://github.com/8monkey-ai/hebo-gateway/issues/251",
      "https://github.com/sgl-project/sglang/pull/14304",
    ],
    ...refusingMessages("Unexpected role developer", ({ role }) => role === "developer"),
  },
  {
    id: "req-content-parts-rejected",
    says: "content as a list of parts is rejected",
    breaks: "chat.accepts-content-parts",
    fault: "refused",
    also: [],
    seen: [`${messagesOf}: content is a string or an array of parts`],
    ...refusingMessages("content must be a string", ({ content }) => Array.isArray(content)),
  },
  {
    id: "req-content-parts-dropped",
    says: "content as a list of parts is accepted but left out of the prompt",
    breaks: "chat.content-parts-counted",
    fault: "other-count",
    also: [],
    seen: [`${messagesOf}: content is a string or an array of parts`],
    ...misreading((request) => ({
      ...request,
      messages: request.messages.map((message) =>
        Array.isArray(message.content) ? { ...message, content: "" } : message,
      ),
    })),
  },
  {
    id: "req-null-content-rejected-mistral",
    says: "assistant messages with tool calls and null content are rejected",
    breaks: "chat.accepts-null-assistant",
    fault: "null",
    also: ["chat.replay-own-message", "tool.round-trip"],
    seen: ["https://github.com/mistralai/mistral-common/issues/324"],
    ...refusingMessages(
      "content: none is not an allowed value",
      (message) => isAssistant(message) && message.content === null,
    ),
  },
  {
    id: "req-absent-content-rejected",
    says: "assistant messages with tool calls and no content member are rejected",
    breaks: "chat.accepts-null-assistant",
    fault: "absent",
    also: [],
    seen: [`${messagesOf}: content is required unless tool_calls is there`],
    ...refusingMessages(
      "content: field required",
      (message) => isAssistant(message) && !("content" in message),
    ),
  },
  {
    id: "req-empty-assistant-rejected",
    says: "assistant messages with empty content are rejected",
    breaks: "chat.accepts-null-assistant",
    fault: "empty",
    also: [],
    seen: ["https://github.com/tashfeenahmed/freellmapi/issues/165"],
    ...refusingMessages(
      "Messages must have non-empty content",
      (message) => isAssistant(message) && message.content === "",
    ),
  },
  {
    id: "req-own-calls-rejected",
    says: "tool calls that the server itself generated are rejected when they are sent back",
    breaks: "chat.replay-own-message",
    fault: "refused",
    also: ["chat.accepts-null-assistant", "tool.round-trip"],
    seen: ["https://github.com/lmstudio-ai/lmstudio-bug-tracker/issues/261"],
    // The ids that the mock gives are longer than those of the kit's own conversations.
    ...refusingMessages("Unknown tool call", ({ tool_calls }) =>
      Boolean(tool_calls?.some((call) => call.type === "function" && call.id.length > 10)),
    ),
  },
  {
    id: "req-documented-params-rejected",
    says: "presence_penalty and frequency_penalty are rejected as unknown, and the error does not name them",
    breaks: "chat.accepts-documented-params",
    fault: "unnamed",
    also: [],
    seen: ["https://github.com/NVIDIA/garak/issues/748"],
    ...refusing(
      error("Extra inputs are not permitted"),
      ({ frequency_penalty, presence_penalty }) => (frequency_penalty ?? presence_penalty) != null,
      422,
    ),
  },
  {
    id: "req-max-completion-tokens-rejected",
    says: "max_completion_tokens is rejected as unknown, and the error does not name it",
    breaks: "chat.accepts-documented-params",
    fault: "unnamed",
    also: [],
    seen: ["https://github.com/1Panel-dev/MaxKB/issues/2912"],
    ...refusing(error("extra_forbidden"), ({ max_completion_tokens }) => max_completion_tokens != null),
  },
  {
    id: "req-stream-options-rejected",
    says: "stream_options is rejected as unknown, and the error does not name it",
    breaks: "chat.accepts-documented-params",
    fault: "unnamed",
    also: [],
    seen: ["https://github.com/FlowiseAI/Flowise/issues/2866"],
    ...refusing(error("Extra inputs are not permitted"), ({ stream_options }) => stream_options != null),
  },
  {
    id: "req-extra-fields-crash",
    says: "an undocumented request member causes a server error",
    breaks: "chat.unknown-field-tolerated",
    fault: "server-error",
    also: ["http.no-5xx-valid"],
    seen: ["OpenAI API reference, errors: 500 is the server's own fault"],
    ...refusing(
      { error: { message: "Internal error", type: "server_error", param: null, code: null } },
      hasUnknown,
      500,
    ),
  },
  {
    id: "req-extra-fields-rejected",
    says: "an undocumented request member is rejected with the web framework's own error body",
    breaks: "chat.unknown-field-tolerated",
    fault: "unclean",
    also: ["err.envelope"],
    seen: ["https://github.com/vllm-project/vllm/pull/10463"],
    ...refusing(
      { detail: [{ type: "extra_forbidden", loc: ["body"], msg: "Extra inputs" }] },
      hasUnknown,
      422,
    ),
  },
]

/** OpenAI's words where a reasoning model has used up its limit before it writes. */
export const outOfTokens = error(
  "Could not finish the message because max_tokens or model output limit was reached. Please try again with higher max_tokens.",
)

export const chatRequestVariants: readonly Variant[] = [
  {
    id: "chat-limit-used-up",
    says: "a reasoning model that used up its token limit before its reply is answered with 400",
    notes: [],
    seen: ["https://github.com/weave-os/router/issues/589"],
    ...refusing(outOfTokens, ({ max_tokens, max_completion_tokens }) => {
      const limit = max_completion_tokens ?? max_tokens
      return limit != null && limit <= 64
    }),
  },
  {
    id: "refuses-n",
    says: "n is rejected with an error that names it",
    notes: [],
    seen: ["https://github.com/ai-dynamo/dynamo/pull/3914"],
    ...refusingMember("n"),
  },
  {
    id: "refuses-temperature",
    says: "sampling parameters are rejected with an error that names them, as for reasoning models",
    notes: [],
    seen: ["https://github.com/cline/cline/issues/550"],
    ...refusing(error("Unsupported value: temperature, top_p and penalties", "temperature"), (request) =>
      [request.temperature, request.top_p].some((value) => value != null),
    ),
  },
  {
    id: "refuses-logprobs",
    says: "logprobs is rejected with an error that names it",
    notes: [],
    seen: ["https://github.com/cline/cline/issues/550"],
    ...refusingMember("logprobs"),
  },
  {
    id: "refuses-response-format",
    says: "response_format is rejected with an error that names it",
    notes: [],
    seen: ["https://github.com/ai-dynamo/dynamo/pull/3914"],
    ...refusingMember("response_format"),
  },
  {
    id: "refuses-tools",
    says: "tools is rejected with an error that names it",
    notes: [],
    seen: ["OpenAI API reference: not every model calls functions"],
    ...refusingMember("tools"),
  },
  {
    id: "refuses-unknown-members",
    says: "undocumented request members are rejected, as OpenAI does",
    notes: [],
    seen: ["https://github.com/vllm-project/vllm/pull/10463"],
    ...refusing(error("Unrecognized request argument supplied"), hasUnknown),
  },
]
