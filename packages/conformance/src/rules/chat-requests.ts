import { ChatCompletionRequest, ChatMessage, ErrorResponse } from "@nexhina/schemas"
import * as fc from "fast-check"
import { z } from "zod"
import { draw } from "../drawing/draw.ts"
import type { Evidence } from "../evidence.ts"
import type { Probe } from "../probe.ts"
import { chatStep, userSays } from "../probes/chat-completions.ts"
import { toolResult, weatherStep } from "../probes/tools.ts"
import { shown } from "../reading/shown.ts"
import { askFor } from "../requests/ask.ts"
import { chatRequests as anyOf, chatMembers } from "../requests/chat-completions.ts"
import { type Fault, rule, type Undecided } from "../rule.ts"
import type { TargetFacts } from "../target/facts.ts"
import type { Ask, Step } from "../target/step.ts"
import { contractBreach } from "../target/to-wire.ts"
import { type ChatRequested, chatReplies, chatRequests, isCut, narrowed } from "../views/chat-completions.ts"
import { type Refusal, refusalOf, takenOrRefused, unnamedIn } from "./refusals.ts"

const since = "0.1.0"
const messagesOf = "OpenAI API reference, create chat completion, messages"

const isString = (value: unknown): value is string => typeof value === "string"

/** What chat requests have always had: where there is nothing else, a server refuses the messages. */
const bareMembers = ["model", "messages", "max_tokens", "stream", "tools"]

/** The member of a message that a refusal names, as in `messages[1].reasoning`. */
const messageMember = ({ param }: Refusal): string | undefined =>
  /^messages(?:\[\d+\]|\.\d+)\.(\w+)/.exec(param)?.[1]

/** Judges whether the messages of a bare request were taken; `judged`: the member of a message that is in question. */
export function refusedMessages<Name extends string>(
  view: ChatRequested,
  fault: Name,
  what: string,
  judged?: keyof ChatMessage,
): readonly Fault<Name>[] | Undecided {
  const refusal = refusalOf(view)
  const member = refusal && messageMember(refusal)
  if (judged !== undefined && member !== undefined && member !== judged)
    return { undecided: `the target refuses ${member} in a message` }
  const others = ["max_tokens", "max_completion_tokens", "stream", "tools"].filter(
    (name) => name in view.request,
  )
  return takenOrRefused(view, fault, what, others)
}

/** Requests that have nothing special but their messages. */
const bareRequests = (
  to: { readonly id: string; readonly says: string; readonly probes?: readonly Probe[] },
  has: (messages: readonly ChatMessage[]) => boolean,
) =>
  narrowed(
    chatRequests,
    { probes: [], ...to },
    ({ request }) =>
      Object.keys(request).every((name) => bareMembers.includes(name) || name === "max_completion_tokens") &&
      has(request.messages),
  )

// Messages

const hasText = ({ content }: ChatMessage) => isString(content) && content !== ""
const hasTextParts = ({ content }: ChatMessage) =>
  Array.isArray(content) && content.length > 0 && content.every(({ type }) => type === "text")
const isDeveloper = ({ role }: ChatMessage) => role === "developer"
const plainRoles = ["system", "user", "assistant", "tool"]
const isPlain = (message: ChatMessage) => hasText(message) && plainRoles.includes(message.role)

/** Longer conversations may be refused for their length. */
const fewMessages = 20

/** What is special about the roles of a conversation, the rarest first. */
function useOfRoles(messages: readonly ChatMessage[]) {
  const roles = messages.map(({ role }) => role)
  if (roles.includes("tool")) return "tool"
  if (roles.some((role, at) => role === roles[at - 1])) return "repeated"
  if (roles.includes("assistant")) return "assistant"
  return roles.includes("system") ? "system" : undefined
}

/** In which form an assistant's message in the history has no text; `undefined` if all have text. */
function silenceIn(messages: readonly ChatMessage[]) {
  const contents = messages.filter(({ role }) => role === "assistant").map(({ content }) => content)
  if (contents.includes(null)) return "null"
  if (contents.includes(undefined)) return "absent"
  return contents.includes("") ? "empty" : undefined
}

/** A turn of the assistant that is at most unusual in having no text. */
const isUsualTurn = ({ content, tool_calls }: ChatMessage) =>
  !Array.isArray(content) &&
  (tool_calls ?? []).every((call) => call.type !== "function" || call.function.arguments !== "")

const rolesRequests = bareRequests(
  { id: "chat.roles", says: "chat requests with texts of several roles" },
  (messages) =>
    messages.every(isPlain) &&
    messages.some(({ role }) => role === "user") &&
    messages.length <= fewMessages &&
    useOfRoles(messages) !== undefined,
)

const developerRequests = bareRequests(
  { id: "chat.developer", says: "chat requests with a developer's message" },
  (messages) => messages.every(hasText) && messages.some(isDeveloper),
)

const partsRequests = bareRequests(
  { id: "chat.parts", says: "chat requests with text in parts" },
  (messages) =>
    messages.some(hasTextParts) &&
    messages.every(
      (message) => plainRoles.includes(message.role) && (hasText(message) || hasTextParts(message)),
    ),
)

const silentRequests = bareRequests(
  {
    id: "chat.silent-assistant",
    says: "chat requests with an assistant's message without text",
    probes: [toolResult],
  },
  (messages) =>
    silenceIn(messages) !== undefined &&
    messages.every((message) => (message.role === "assistant" ? isUsualTurn(message) : isPlain(message))),
)

// Members

const documentedMembers = Object.keys(ChatCompletionRequest.shape)
const messageMembers = Object.keys(ChatMessage.shape)

const optionalMembers = (request: ChatCompletionRequest) =>
  documentedMembers.filter((name) => Object.hasOwn(request, name) && !bareMembers.includes(name))

const optionalRequests = narrowed(
  chatRequests,
  { id: "chat.optional", says: "chat requests with documented optional members", probes: [] },
  ({ request }) => request.messages.every(isPlain) && optionalMembers(request).length > 0,
)

const unlisted = (listed: readonly string[], value: object) =>
  Object.keys(value).some((name) => !listed.includes(name))

const unknownMemberRequests = narrowed(
  chatRequests,
  { id: "chat.unknown-members", says: "chat requests with undocumented members", probes: [] },
  ({ request }) =>
    unlisted(documentedMembers, request) ||
    request.messages.some((message) => unlisted(messageMembers, message)),
)

// What is asked

/** The result of the call with this id. */
export const resultOf = (id: string): ChatMessage => ({
  role: "tool",
  tool_call_id: id,
  content: "18 degrees, cloudy",
})

const callTurn = (content: { readonly content?: string | null }): ChatMessage[] => [
  {
    role: "assistant",
    ...content,
    tool_calls: [
      { id: "call_1", type: "function", function: { name: "get_weather", arguments: '{"city":"Paris"}' } },
    ],
  },
  resultOf("call_1"),
]

const greeting = userSays("Hi.")
const next = userSays("Go on.")
const system: ChatMessage = { role: "system", content: "Be brief." }
const reply: ChatMessage = { role: "assistant", content: "Hello." }
const textAndCall = callTurn({ content: "Let me look." })

const unlikeScripts = ["Name a colour.", "用一个字回答。", "🙂"]

/** One request for each group of documented members that has optional ones, the same in every run. */
function withEachMember(known: TargetFacts): Step[] {
  const base = fc.constant({ messages: greeting })
  return Object.values(chatMembers(known)).flatMap((members) => {
    const bodies = draw(anyOf(known, base, members), 0, 5).map(({ value }) => value)
    const body = bodies.find((each) => optionalMembers(each).length > 0)
    return body ? [askFor("createChatCompletion", body)] : []
  })
}

/** The message of the last reply, word for word, and after it the results of its calls or the user's next words. */
function replay(known: TargetFacts, earlier: readonly Evidence[]): Step | undefined {
  const last = earlier.at(-1)
  const answer = last && chatReplies.of(last)
  const [choice] = answer?.choices ?? []
  const message = ChatMessage.safeParse(choice?.message)
  if (!answer || !choice || isCut(choice) || !message.success) return undefined
  const ids = choice.calls.map(({ id }) => id).filter(isString)
  const results = ids.map(resultOf)
  const step = weatherStep(known, {
    messages: [...answer.request.messages, message.data, ...(results.length > 0 ? results : next)],
  })
  // A reply that no request may repeat is for other rules to find.
  return contractBreach(step) ? undefined : step
}

const Usage = z.looseObject({ prompt_tokens: z.int() })

/** Prompt tokens may differ by this many for what the template puts around parts. */
const templateTokens = 4

const longText =
  "The quick brown fox jumps over the lazy dog, and then it sleeps until the sun is up again. What does it do?"

export const chatRequestRules = [
  rule({
    id: "chat.accepts-roles",
    since,
    says: "MUST accept conversations of several turns with the roles `system`, `user`, `assistant` and `tool`, including the same role twice in a row",
    severity: "MUST",
    source: `Schema ChatMessage, role; ${messagesOf}`,
    on: rolesRequests,
    faults: {
      system: "a system message is refused",
      assistant: "an earlier reply of the assistant is refused",
      repeated: "two messages of one role in a row are refused",
      tool: "a tool's result is refused",
    },
    asks: (known) => [
      chatStep(known, { messages: [system, ...greeting] }),
      chatStep(known, { messages: [...greeting, reply, ...next] }),
      chatStep(known, { messages: [...greeting, ...next] }),
      weatherStep(known, { messages: [...greeting, ...textAndCall, ...next] }),
      weatherStep(known, {
        messages: [
          system,
          ...greeting,
          reply,
          ...next,
          ...textAndCall,
          reply,
          ...next,
          system,
          ...next,
          ...next,
        ],
      }),
    ],
    holds(view) {
      const use = useOfRoles(view.request.messages)
      return use ? refusedMessages(view, use, `messages (${use})`) : []
    },
  }),
  rule({
    id: "chat.accepts-developer-role",
    since,
    says: "SHOULD accept messages with the role `developer` wherever it accepts `system`",
    severity: "SHOULD",
    source: `${messagesOf}, developer message`,
    see: [
      "https://github.com/peonist-ai/halogen-server/issues/3",
      "https://github.com/8monkey-ai/hebo-gateway/issues/251",
      "https://github.com/sgl-project/sglang/pull/14304",
    ],
    on: developerRequests,
    faults: { refused: "a developer message is refused" },
    asks: (known) => [chatStep(known, { messages: [{ ...system, role: "developer" }, ...greeting] })],
    holds: (view) => refusedMessages(view, "refused", "a developer message"),
  }),
  rule({
    id: "chat.accepts-content-parts",
    since,
    says: "MUST accept message content both as a string and as an array of text parts",
    severity: "MUST",
    source: `${messagesOf}, content`,
    on: partsRequests,
    faults: { refused: "text parts are refused" },
    asks: (known) =>
      [unlikeScripts.slice(0, 1), unlikeScripts].map((texts) =>
        chatStep(known, {
          messages: [{ role: "user", content: texts.map((text) => ({ type: "text", text })) }],
        }),
      ),
    holds: (view) => refusedMessages(view, "refused", "content in text parts", "content"),
  }),
  rule({
    id: "chat.content-parts-counted",
    since,
    says: "SHOULD count a text part like the same text as a string: `prompt_tokens` differs at most by the template",
    severity: "SHOULD",
    source: `${messagesOf}, content`,
    on: chatReplies,
    scope: "group",
    after: ["chat.schema:choices"],
    faults: { "other-count": "prompt_tokens differs by more than a template can" },
    asks: (known) => [
      chatStep(known, { messages: userSays(longText) }),
      chatStep(known, { messages: [{ role: "user", content: [{ type: "text", text: longText }] }] }),
    ],
    holds(replies) {
      const [whole, inParts] = replies.map(
        ({ completion }) => Usage.safeParse(completion["usage"]).data?.prompt_tokens,
      )
      if (whole === undefined || inParts === undefined) return { undecided: "two replies with prompt_tokens" }
      if (Math.abs(whole - inParts) <= templateTokens) return []
      const at = replies[1]?.where("/usage/prompt_tokens") ?? { part: "body" }
      return [{ fault: "other-count", at, expected: `about ${whole}`, actual: `${inParts}`, of: 1 }]
    },
  }),
  rule({
    id: "chat.accepts-null-assistant",
    since,
    says: "MUST accept an assistant message without text: `content` that is empty, or null or absent next to tool calls",
    severity: "MUST",
    source: `${messagesOf}, assistant message`,
    see: [
      "https://github.com/lmstudio-ai/lmstudio-bug-tracker/issues/261",
      "https://github.com/mistralai/mistral-common/issues/324",
      "https://github.com/tashfeenahmed/freellmapi/issues/165",
    ],
    on: silentRequests,
    faults: {
      null: "content null beside calls is refused",
      absent: "calls without the member content are refused",
      empty: "an empty content is refused",
    },
    asks: (known) => [
      ...[{ content: null }, {}, { content: "" }].map((content) =>
        weatherStep(known, { messages: [...greeting, ...callTurn(content)] }),
      ),
      chatStep(known, { messages: [...greeting, { role: "assistant", content: "" }, ...next] }),
    ],
    holds(view) {
      const silence = silenceIn(view.request.messages)
      return silence
        ? refusedMessages(view, silence, `an assistant's message with ${silence} content`, "content")
        : []
    },
  }),
  rule({
    id: "chat.replay-own-message",
    since,
    says: "MUST accept its own message in a follow-up request, including tool calls and their results",
    severity: "MUST",
    source: `${messagesOf}, assistant message`,
    see: ["https://github.com/lmstudio-ai/lmstudio-bug-tracker/issues/261"],
    on: chatRequests,
    scope: "group",
    faults: { refused: "the server's own message is refused" },
    asks: (known) => [weatherStep(known, { tool_choice: "required" }), (earlier) => replay(known, earlier)],
    holds(views) {
      const of = views.findIndex(({ request }) => request.messages.some(({ role }) => role === "assistant"))
      const view = views[of]
      if (!view) return { undecided: "no reply that could be sent back" }
      const refused = refusedMessages(view, "refused", "its own message")
      return "undecided" in refused ? refused : refused.map((fault) => ({ ...fault, of }))
    },
  }),
  rule({
    id: "chat.accepts-documented-params",
    since,
    says: "SHOULD accept the documented optional parameters, or name the one that it rejects",
    severity: "SHOULD",
    source: "Schema ChatCompletionRequest; OpenAI API reference, create chat completion",
    see: [
      "https://github.com/NVIDIA/garak/issues/748",
      "https://github.com/FlowiseAI/Flowise/issues/2866",
      "https://github.com/1Panel-dev/MaxKB/issues/2912",
      "https://github.com/BerriAI/litellm/issues/40378",
    ],
    on: optionalRequests,
    faults: { unnamed: "a request is refused, and no member is named" },
    asks: withEachMember,
    holds: (view) => unnamedIn(view, optionalMembers(view.request), bareMembers),
  }),
  rule({
    id: "chat.unknown-field-tolerated",
    since,
    says: "MAY reject undocumented parameters, with a well-formed error",
    severity: "MAY",
    source: "OpenAI API reference, errors; no page forbids further members",
    see: ["https://github.com/vllm-project/vllm/pull/10463"],
    on: unknownMemberRequests,
    faults: {
      "server-error": "an unknown member causes a server error (5xx)",
      unclean: "an unknown member is rejected without an error object",
    },
    asks: (known) =>
      fc
        .tuple(fc.constantFrom("x_trace", "unknown_member"), fc.jsonValue({ maxDepth: 2 }), fc.boolean())
        .map(([name, value, inside]): Ask[] => {
          const unknown = { [name]: value }
          const step = chatStep(known, { messages: greeting })
          const messages = greeting.map((message) => ({ ...message, ...unknown }))
          return [{ ...step, body: { ...Object(step.body), ...(inside ? { messages } : unknown) } }]
        }),
    holds({ answered }) {
      const { status, json } = answered
      const at = { part: "status" } as const
      const expected = "an answer, or 400 with an error object"
      if (status >= 500 && status !== 503 && status !== 529) {
        return [{ fault: "server-error", at, expected, actual: `${status}` }]
      }
      if (status !== 400 && status !== 422) return []
      if (json.ok && ErrorResponse.safeParse(json.value).success) return []
      return [{ fault: "unclean", at, expected, actual: `${status} ${shown(answered.text)}` }]
    },
  }),
] as const
