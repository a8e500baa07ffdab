import type { ChatMessage, ResponseFunctionTool, ResponseInputItem, ToolDefinition } from "@nexhina/schemas"
import { type Header, headerOf } from "@nexhina/wire"
import { chatStep, userSays } from "../probes/chat-completions.ts"
import { functionStep, responseStep, weatherFunction, weatherQuestion } from "../probes/responses.ts"
import type { ParsedReply } from "../reading/answered.ts"
import { type Fault, rule, type Undecided } from "../rule.ts"
import type { TargetFacts } from "../target/facts.ts"
import type { Step } from "../target/step.ts"
import { type ChatRequested, chatRequests } from "../views/chat-completions.ts"
import { isSuccess } from "../views/http.ts"
import { responseRequests } from "../views/responses.ts"
import { refusalOf } from "./refusals.ts"

/*
 * Requests in forms that clients really send. Each is sent beside a plain request that differs in this form only, and a
 * refusal counts only where the plain request was accepted. A 5xx is for `http.no-5xx-valid` to find.
 */

const since = "0.1.0"
const messagesOf = "OpenAI API reference, create chat completion, messages"

interface Requested {
  readonly answered: ParsedReply
}

/** A form of a request, and how it is recognized in an exchange. */
interface Form<View, Name extends string> {
  readonly name: Name
  is(view: View): boolean
  /** Whether this refusal is legal. Default: never. */
  mayRefuse?(status: number): boolean
}

/** Judges the forms of a group by comparison with a request that has none of them. */
function besidePlain<View extends Requested, Name extends string>(
  views: readonly View[],
  forms: readonly Form<View, Name>[],
): readonly (Fault<Name> & { readonly of: number })[] | Undecided {
  const plain = views.find((view) => !forms.some((form) => form.is(view)))
  if (!plain || !isSuccess(plain.answered)) return { undecided: "the plain request was not accepted" }
  return views.flatMap((view, of) => {
    const form = forms.find((form) => form.is(view))
    const { status } = view.answered
    if (!form || !isRefusal(status) || form.mayRefuse?.(status)) return []
    const expected = `${form.name}: taken, as the plain request was`
    const actual = refusalOf(view)?.says ?? `${status}`
    return [{ fault: form.name, at: { part: "status" } as const, expected, actual, of }]
  })
}

/** 408 and 429 say nothing about the form of a request. */
const isRefusal = (status: number) => status >= 400 && status < 500 && status !== 408 && status !== 429

const plainMessages = userSays("Say hello.")
const plain = (known: TargetFacts): Step => chatStep(known, { messages: plainMessages })

// Headers

const nodeHeaders: readonly Header[] = [
  ["accept", "application/json"],
  ["accept-encoding", "gzip, deflate"],
  ["accept-language", "*"],
  ["sec-fetch-mode", "cors"],
  ["user-agent", "OpenAI/JS 6.49.0"],
  ["x-stainless-arch", "x64"],
  ["x-stainless-lang", "js"],
  ["x-stainless-os", "Linux"],
  ["x-stainless-package-version", "6.49.0"],
  ["x-stainless-retry-count", "0"],
  ["x-stainless-runtime", "node"],
  ["x-stainless-runtime-version", "v22.12.0"],
  ["x-stainless-timeout", "600"],
]
const pythonHeaders: readonly Header[] = [
  ["accept", "application/json"],
  ["accept-encoding", "gzip, deflate, br, zstd"],
  ["user-agent", "OpenAI/Python 2.8.0"],
  ["x-stainless-arch", "x64"],
  ["x-stainless-async", "false"],
  ["x-stainless-lang", "python"],
  ["x-stainless-os", "Linux"],
  ["x-stainless-package-version", "2.8.0"],
  ["x-stainless-raw-response", "true"],
  ["x-stainless-read-timeout", "600"],
  ["x-stainless-retry-count", "0"],
  ["x-stainless-runtime", "CPython"],
  ["x-stainless-runtime-version", "3.13.0"],
]

const sent = ({ answered }: Requested, name: string) =>
  headerOf(answered.exchange.request.headers, name) ?? ""
const isFrom = (language: string) => (view: ChatRequested) => sent(view, "x-stainless-lang") === language

const clientForms: readonly Form<ChatRequested, "openai-node" | "openai-python" | "accept-json-on-stream">[] =
  [
    { name: "openai-node", is: isFrom("js") },
    { name: "openai-python", is: isFrom("python") },
    {
      name: "accept-json-on-stream",
      is: (view) => view.request.stream === true && sent(view, "accept") === "application/json",
    },
  ]

// Bodies

/** More than 100 kB, the default limit of several web frameworks, and less than any picture. */
const paddingBytes = 150_000

const isChunked = (view: Requested) => sent(view, "transfer-encoding") === "chunked"
const isLong = ({ answered }: Requested) => answered.exchange.request.body.length > paddingBytes

// Texts

const texts = {
  emoji: "Say hello 👩‍👩‍👧‍👦 🏳️‍🌈.",
  combining: "Say he\u0301llo\u0323\u0308.",
  "right-to-left": "Say \u05e9\u05dc\u05d5\u05dd and \u0645\u0631\u062d\u0628\u0627.",
  "special-token": "Say <|endoftext|> <|im_start|> [INST] </s>.",
} as const
type TextName = keyof typeof texts
const nulText = "Say hel\u0000lo."

const says = (text: string) => (view: ChatRequested) =>
  view.request.messages.some(({ content }) => content === text)
const textNames = Object.keys(texts) as TextName[]
const textForms = textNames.map((name): Form<ChatRequested, TextName> => ({ name, is: says(texts[name]) }))

// Conversations

const system: ChatMessage = { role: "system", content: "Say hello." }
const turns = 30
const longConversation: readonly ChatMessage[] = [
  ...Array.from({ length: turns }, (): ChatMessage[] => [
    { role: "user", content: "Hi." },
    { role: "assistant", content: "Hello." },
  ]).flat(),
  ...plainMessages,
]

const timeTool: ToolDefinition = {
  type: "function",
  function: { name: "get_time", description: "Returns the time. It takes no parameters." },
}
const called = (text: string): ChatMessage[] => [
  ...userSays("What time is it?"),
  {
    role: "assistant",
    content: null,
    tool_calls: [{ id: "call_1", type: "function", function: { name: "get_time", arguments: text } }],
  },
  { role: "tool", tool_call_id: "call_1", content: "12:00" },
]
const argumentsIn = ({ request }: ChatRequested) =>
  request.messages.flatMap(({ tool_calls }) =>
    (tool_calls ?? []).map((call) => (call.type === "function" ? call.function.arguments : undefined)),
  )

const inParts = (text: string) => [{ type: "text" as const, text }]
type PartsRole = "system" | "assistant" | "tool"
/** The conversation in which a message of one role has its text in parts; of none when it is undefined. */
function conversation(role?: PartsRole): ChatMessage[] {
  const content = (of: PartsRole, text: string) => (role === of ? inParts(text) : text)
  const [question, call, result] = called("{}") as [ChatMessage, ChatMessage, ChatMessage]
  return [
    { role: "system", content: content("system", "Be brief.") },
    ...userSays("Hi."),
    { role: "assistant", content: content("assistant", "Hello.") },
    question,
    call,
    { ...result, content: content("tool", "12:00") },
  ]
}
const partsRoles: readonly PartsRole[] = ["system", "assistant", "tool"]
const partsForms = partsRoles.map(
  (name): Form<ChatRequested, PartsRole> => ({
    name,
    is: ({ request }) =>
      request.messages.some(({ role, content }) => role === name && Array.isArray(content)),
  }),
)

/** The same for a developer's message, which not every server knows: it is compared with one whose text is a string. */
const developerChat = (content: ChatMessage["content"]): ChatMessage[] => [
  { role: "developer", content },
  ...userSays("Hi."),
]

// Tools

const toolWith = (parameters: object): ToolDefinition => ({
  type: "function",
  function: { name: "set_colour", description: "Sets a colour.", parameters: { ...parameters } },
})
const schemas = {
  plain: { type: "object", properties: { colour: { type: "string" } } },
  ref: {
    type: "object",
    properties: { colour: { $ref: "#/$defs/colour" } },
    $defs: { colour: { type: "string", enum: ["red", "blue"] } },
  },
  "any-of": {
    type: "object",
    properties: { colour: { anyOf: [{ type: "string" }, { type: "null" }] } },
  },
} as const
interface WithTools extends Requested {
  readonly request: { readonly tools?: unknown }
}
const hasSchema = (marker: string) => (view: WithTools) =>
  JSON.stringify(view.request.tools ?? []).includes(`"${marker}"`)
const schemaForms: readonly Form<WithTools, "ref" | "any-of">[] = [
  { name: "ref", is: hasSchema("$ref") },
  { name: "any-of", is: hasSchema("anyOf") },
]
const schemaFaults = { ref: "$ref is refused", "any-of": "anyOf is refused" } as const
const functionWith = (parameters: object): ResponseFunctionTool => ({
  type: "function",
  name: "set_colour",
  description: "Sets a colour.",
  strict: false,
  parameters: { ...parameters },
})

// Responses

const question: ResponseInputItem = { role: "user", content: "Say hello." }
/** What clients repeat of an earlier response without members that its schema requires, by what is missing. */
const histories = {
  annotations: [{ type: "message", role: "assistant", content: [{ type: "output_text", text: "Hello." }] }],
  "reasoning-id": [{ type: "reasoning", summary: [] }],
} as const satisfies Record<string, readonly object[]>
type HistoryName = keyof typeof histories
const historyNames = Object.keys(histories) as HistoryName[]
/** A call and its output; some clients leave the id of the call out. */
const callAndOutput = (hasId: boolean): ResponseInputItem[] => [
  { type: "function_call", call_id: "call_1", name: weatherFunction.name, arguments: '{"city":"Paris"}' },
  { type: "function_call_output", ...(hasId && { call_id: "call_1" }), output: "18 degrees, cloudy" },
]

const repeats = (name: HistoryName): ResponseInputItem[] => [
  question,
  // The type requires what these items leave out.
  ...(histories[name] as unknown as ResponseInputItem[]),
  question,
]

export const clientRequestRules = [
  rule({
    id: "client.headers",
    since,
    says: "MUST accept the headers that the official clients send, `accept: application/json` on a stream among them",
    severity: "MUST",
    source: "RFC 9110, sections 5.1 and 12.5.1; openai-node and openai-python: the headers of every request",
    scope: "group",
    on: chatRequests,
    faults: {
      "openai-node": "the headers of openai-node are refused",
      "openai-python": "the headers of openai-python are refused",
      "accept-json-on-stream": "a stream with `accept: application/json` is refused",
    },
    asks: (known) => [
      plain(known),
      { ...plain(known), headers: nodeHeaders },
      { ...plain(known), headers: pythonHeaders },
      {
        ...chatStep(known, { messages: plainMessages, stream: true }),
        headers: [["accept", "application/json"]],
      },
    ],
    holds: (views) => besidePlain(views, clientForms),
  }),
  rule({
    id: "client.chunked-body",
    since,
    says: "MUST accept a request body in chunks, or answer 411",
    severity: "MUST",
    source: "RFC 9112, section 7.1; RFC 9110, section 15.5.12",
    scope: "group",
    on: chatRequests,
    faults: { refused: "a body in chunks is refused" },
    asks: (known) => [plain(known), { ...plain(known), headers: [["transfer-encoding", "chunked"]] }],
    holds: (views) =>
      besidePlain(views, [{ name: "refused", is: isChunked, mayRefuse: (status) => status === 411 }]),
  }),
  rule({
    id: "client.long-body",
    since,
    says: "SHOULD accept a request body of 150 kB, which is less than most pictures",
    severity: "SHOULD",
    source: "OpenAI API reference, create chat completion: image_url takes data URLs",
    scope: "group",
    on: chatRequests,
    faults: { refused: "a body of 150 kB is refused" },
    asks: (known) => [plain(known), { ...plain(known), paddingBytes }],
    holds: (views) => besidePlain(views, [{ name: "refused", is: isLong }]),
  }),
  rule({
    id: "client.any-text",
    since,
    says: "MUST accept any text: emoji, combining characters, right-to-left scripts, and text that looks like special tokens",
    severity: "MUST",
    source: `RFC 8259, section 8.2; ${messagesOf}, content`,
    scope: "group",
    on: chatRequests,
    faults: {
      emoji: "emoji are refused",
      combining: "combining characters are refused",
      "right-to-left": "right-to-left scripts are refused",
      "special-token": "text that looks like a special token is refused",
    },
    asks: (known) => [
      plain(known),
      ...textNames.map((name) => chatStep(known, { messages: userSays(texts[name]) })),
    ],
    holds: (views) => besidePlain(views, textForms),
  }),
  rule({
    id: "client.nul-character",
    since,
    says: "SHOULD accept the character U+0000 in a text",
    severity: "SHOULD",
    source: "RFC 8259, section 7",
    scope: "group",
    on: chatRequests,
    faults: { refused: "U+0000 is refused" },
    asks: (known) => [plain(known), chatStep(known, { messages: userSays(nulText) })],
    holds: (views) => besidePlain(views, [{ name: "refused", is: says(nulText) }]),
  }),
  rule({
    id: "client.system-only",
    since,
    says: "SHOULD accept a conversation that is only a system message",
    severity: "SHOULD",
    source: `${messagesOf}: no role is required`,
    scope: "group",
    on: chatRequests,
    faults: { refused: "a system message alone is refused" },
    asks: (known) => [plain(known), chatStep(known, { messages: [system] })],
    holds: (views) =>
      besidePlain(views, [
        { name: "refused", is: ({ request }) => request.messages.every(({ role }) => role === "system") },
      ]),
  }),
  rule({
    id: "client.long-conversation",
    since,
    says: "MUST accept a conversation of 30 short turns",
    severity: "MUST",
    source: `${messagesOf}: the number of messages has no limit`,
    scope: "group",
    on: chatRequests,
    faults: { refused: "30 turns are refused" },
    asks: (known) => [plain(known), chatStep(known, { messages: longConversation.slice() })],
    holds: (views) =>
      besidePlain(views, [{ name: "refused", is: ({ request }) => request.messages.length > turns }]),
  }),
  rule({
    id: "client.empty-arguments",
    since,
    says: 'SHOULD accept `arguments: ""` in an earlier call of a tool without parameters, as streams leave it',
    severity: "SHOULD",
    source: `${messagesOf}, assistant message, tool_calls`,
    scope: "group",
    on: chatRequests,
    faults: { refused: "a call with empty arguments is refused" },
    asks: (known) => [
      chatStep(known, { messages: called("{}"), tools: [timeTool] }),
      chatStep(known, { messages: called(""), tools: [timeTool] }),
    ],
    holds: (views) => besidePlain(views, [{ name: "refused", is: (view) => argumentsIn(view).includes("") }]),
  }),
  rule({
    id: "client.parts-in-role",
    since,
    says: "MUST accept text in parts in messages of the roles `system`, `assistant` and `tool`",
    severity: "MUST",
    source: `${messagesOf}: content of each role`,
    scope: "group",
    on: chatRequests,
    faults: {
      system: "a system message in parts is refused",
      assistant: "an assistant's message in parts is refused",
      tool: "a tool's result in parts is refused",
    },
    asks: (known) =>
      [undefined, ...partsRoles].map((role) =>
        chatStep(known, { messages: conversation(role), tools: [timeTool] }),
      ),
    holds: (views) => besidePlain(views, partsForms),
  }),
  rule({
    id: "client.developer-parts",
    since,
    says: "SHOULD accept text in parts in a developer message wherever it accepts a string there",
    severity: "SHOULD",
    source: `${messagesOf}, developer message, content`,
    scope: "group",
    on: chatRequests,
    faults: { refused: "a developer message in parts is refused" },
    asks: (known) =>
      ["Be brief.", inParts("Be brief.")].map((content) =>
        chatStep(known, { messages: developerChat(content) }),
      ),
    holds: (views) =>
      besidePlain(views, [
        {
          name: "refused",
          is: ({ request }) => request.messages.some(({ content }) => Array.isArray(content)),
        },
      ]),
  }),
  rule({
    id: "client.tool-schemas",
    since,
    says: "MUST accept `$ref` and `anyOf` in the parameters of a tool that is not strict",
    severity: "MUST",
    source: "OpenAI API reference, create chat completion, tools: parameters is a JSON Schema object",
    scope: "group",
    on: chatRequests,
    faults: schemaFaults,
    asks: (known) =>
      Object.values(schemas).map((schema) =>
        chatStep(known, { messages: plainMessages, tools: [toolWith(schema)] }),
      ),
    holds: (views) => besidePlain(views, schemaForms),
  }),
  rule({
    id: "client.response-tool-schemas",
    since,
    says: "MUST accept `$ref` and `anyOf` in the parameters of a function that is not strict, on the Responses API",
    severity: "MUST",
    source: "OpenAI API reference, create response, tools: parameters is a JSON Schema object",
    scope: "group",
    on: responseRequests,
    faults: schemaFaults,
    asks: (known) =>
      Object.values(schemas).map((schema) =>
        responseStep(known, { input: [question], tools: [functionWith(schema)] }),
      ),
    holds: (views) => besidePlain(views, schemaForms),
  }),
  rule({
    id: "client.response-history",
    since,
    says: "SHOULD accept items of an earlier response without the members that clients leave out: annotations, the id of reasoning",
    severity: "SHOULD",
    source: "openai-node, AI SDK and Codex: what they send as input; OpenAI accepts it",
    see: ["https://github.com/BerriAI/litellm/issues/13420"],
    scope: "group",
    on: responseRequests,
    faults: {
      annotations: "an output_text without annotations is refused",
      "reasoning-id": "reasoning without id is refused",
    },
    asks: (known) => [
      responseStep(known, { input: [question] }),
      ...historyNames.map((name) => responseStep(known, { input: repeats(name) })),
    ],
    holds: (views) =>
      besidePlain(
        views,
        historyNames.map((name) => ({
          name,
          is: ({ request: { input } }) =>
            typeof input !== "string" && input.some(({ type }) => type === histories[name][0].type),
        })),
      ),
  }),
  rule({
    id: "client.output-without-call-id",
    since,
    says: "SHOULD accept the output of a function call without its `call_id`",
    severity: "SHOULD",
    source: "Codex and openai-node 7.7: what they send as input; OpenAI accepts it",
    scope: "group",
    on: responseRequests,
    faults: { refused: "an output without call_id is refused" },
    asks: (known) =>
      [true, false].map((hasId) =>
        functionStep(known, { input: [weatherQuestion, ...callAndOutput(hasId)] }),
      ),
    holds: (views) =>
      besidePlain(views, [
        {
          name: "refused",
          is: ({ request: { input } }) =>
            typeof input !== "string" &&
            input.some((item) => item.type === "function_call_output" && item.call_id == null),
        },
      ]),
  }),
] as const
