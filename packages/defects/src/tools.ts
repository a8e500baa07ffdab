import type {
  ChatCompletionChoice,
  ChatCompletionChunk,
  ChatCompletionMessage,
  ChatCompletionRequest,
  FunctionDefinition,
  ToolCallDelta,
} from "@nexhina/schemas"
import type { Alteration } from "@nexhina/wire"
import { misreading, onChoices, onWholeChoices } from "./chat-completions.ts"
import { refusingMessages } from "./chat-requests.ts"
import { onChunks } from "./chat-streams.ts"
import { type Defect, type Variant, without } from "./defect.ts"

type Stage<Name extends Alteration["stage"]> = Extract<Alteration, { stage: Name }>

type AnyCall = NonNullable<ChatCompletionMessage["tool_calls"]>[number]
type Call = Extract<AnyCall, { type: "function" }>
type Change = (call: Call, request: ChatCompletionRequest) => object

const changingCalls =
  (change: Change) =>
  (choice: ChatCompletionChoice, request: ChatCompletionRequest): object => {
    const calls = choice.message.tool_calls
    if (!calls?.length) return choice
    const tool_calls = calls.map((call) => (call.type === "function" ? change(call, request) : call))
    return { ...choice, message: { ...choice.message, tool_calls } }
  }

/** Changes each function call, in either mode. */
const onCalls = (change: Change): Stage<"value"> => onChoices(changingCalls(change))

/** Changes each function call of replies that are sent whole. */
const onWholeCalls = (change: Change): Stage<"value"> => onWholeChoices(changingCalls(change))

const withArguments = (call: Call, text: unknown) => ({
  ...call,
  function: { ...call.function, arguments: text },
})

/** Changes each function call of replies that are streamed, before they are split. */
const onStreamedCalls = (change: Change): Stage<"value"> =>
  onChoices((choice, request) => (request.stream ? changingCalls(change)(choice, request) : choice))

/** What parts of a streamed call become, given whether the part is the call's first. */
type ChangePart = (part: ToolCallDelta, first: boolean, choice: number) => readonly object[]

const onParts = (changing: (chunks: readonly ChatCompletionChunk[]) => ChangePart): Stage<"events"> =>
  onChunks((chunks) => {
    const change = changing(chunks)
    const begun = new Set<string>()
    return chunks.flatMap((chunk): readonly object[] => {
      const [choice] = chunk.choices
      const parts = choice?.delta.tool_calls
      if (!choice || !parts?.length) return [chunk]
      const changed = parts.flatMap((part) => {
        const call = `${choice.index} ${part.index}`
        const first = !begun.has(call)
        begun.add(call)
        return change(part, first, choice.index)
      })
      return changed.map((part) => ({
        ...chunk,
        choices: [{ ...choice, delta: { ...choice.delta, tool_calls: [part] } }],
      }))
    })
  })

/** Returns the number of calls of each choice of a stream. */
function callsByChoice(chunks: readonly ChatCompletionChunk[]): ReadonlyMap<number, number> {
  const counts = new Map<number, number>()
  for (const { index, delta } of chunks.flatMap(({ choices }) => choices)) {
    for (const call of delta.tool_calls ?? [])
      counts.set(index, Math.max(counts.get(index) ?? 0, call.index + 1))
  }
  return counts
}

const onEachPart = (change: (part: ToolCallDelta, first: boolean) => object): Stage<"events"> =>
  onParts(() => (part, first) => [change(part, first)])

/** Makes the parts of each streamed function call anew, from its first part and its whole arguments. */
const onJoinedParts = (change: (first: ToolCallDelta, args: string) => readonly object[]): Stage<"events"> =>
  onParts((chunks) => (part, first, choice) => {
    if (!part.function) return [part]
    if (!first) return []
    const parts = chunks
      .flatMap(({ choices }) => choices.filter(({ index }) => index === choice))
      .flatMap(({ delta }) => (delta.tool_calls ?? []).filter(({ index }) => index === part.index))
    return change(part, parts.map(({ function: named }) => named?.arguments ?? "").join(""))
  })

const isNamed = ({ tool_choice }: ChatCompletionRequest) =>
  typeof tool_choice === "object" && tool_choice?.type === "function"

const hasCalls = ({ message }: ChatCompletionChoice) => Boolean(message.tool_calls?.length)

const toolOf = (
  { tools }: ChatCompletionRequest,
  { function: { name } }: Call,
): FunctionDefinition | undefined =>
  tools
    ?.flatMap((tool) => (tool.type === "function" ? [tool.function] : []))
    .find((tool) => tool.name === name)

/** Gives each argument a value of a type that no small schema means. */
const mistyped = (call: Call): object => {
  try {
    const args: object = JSON.parse(call.function.arguments)
    const wrong = Object.keys(args).map((name) => [name, [[]]])
    return withArguments(call, JSON.stringify(Object.fromEntries(wrong)))
  } catch {
    // The limit cut them.
    return call
  }
}

const toolCall = "OpenAI API reference, chat completion message tool call"
const toolDelta = "OpenAI API reference, the chat completion chunk object: delta.tool_calls"
const createChat = "OpenAI API reference, create chat completion"

export const toolDefects: readonly Defect[] = [
  {
    id: "tool-calls-object",
    says: "tool_calls in non-streamed responses is an object instead of an array",
    breaks: "chat.schema",
    fault: "choices",
    also: [],
    seen: ["Schema ChatCompletionMessage: tool_calls"],
    ...onWholeChoices(({ message, ...choice }) => {
      const [call] = message.tool_calls ?? []
      return { ...choice, message: call ? { ...message, tool_calls: call } : message }
    }),
  },
  {
    id: "tool-id-empty",
    says: "tool calls in non-streamed responses have an empty id",
    breaks: "tool.call-schema",
    fault: "no-id",
    also: [],
    seen: ["https://github.com/BerriAI/litellm/pull/11528"],
    ...onWholeCalls((call) => ({ ...call, id: "" })),
  },
  {
    id: "tool-type-tool",
    says: "tool calls in non-streamed responses have the type tool",
    breaks: "tool.call-schema",
    fault: "other-type",
    also: [],
    seen: ["Schema ToolCall: type"],
    ...onWholeCalls((call) => ({ ...call, type: "tool" })),
  },
  {
    id: "tool-name-missing",
    says: "tool calls in non-streamed responses have no function name",
    breaks: "tool.call-schema",
    fault: "no-name",
    also: ["tool.choice-named"],
    seen: ["Schema ToolCall: function.name"],
    ...onWholeCalls((call) => ({ ...call, function: without(call.function, "name") })),
  },
  {
    id: "tool-name-invented",
    says: "the model calls a tool that is not in tools",
    breaks: "tool.name-offered",
    fault: "not-offered",
    also: ["tool.choice-named"],
    seen: [`${createChat}: tools`],
    ...onCalls((call) => ({ ...call, function: { ...call.function, name: "search_web" } })),
  },
  {
    id: "tool-args-object",
    says: "the arguments in non-streamed responses are an object instead of a string",
    breaks: "tool.call-schema",
    fault: "not-a-string",
    also: [],
    seen: [
      "https://github.com/ggml-org/llama.cpp/issues/20198",
      "https://github.com/mrdushidush/claudette/pull/238",
    ],
    ...onWholeCalls((call) => withArguments(call, { of: call.function.arguments })),
  },
  {
    id: "tool-args-single-quotes",
    says: "the arguments in non-streamed responses are a Python literal instead of JSON",
    breaks: "tool.args-json",
    fault: "not-json",
    also: ["tool.args-json-lax"],
    seen: [`${toolCall}: arguments in JSON format`],
    ...onWholeCalls((call) => withArguments(call, call.function.arguments.replaceAll('"', "'"))),
  },
  {
    id: "tool-args-encoded-twice",
    says: "the arguments in non-streamed responses are JSON-encoded twice",
    breaks: "tool.args-json",
    fault: "not-an-object",
    also: ["tool.args-json-lax"],
    seen: [`${toolCall}: arguments in JSON format`],
    ...onWholeCalls((call) => withArguments(call, JSON.stringify(call.function.arguments))),
  },
  {
    id: "tool-args-single-quotes-lax",
    says: "the arguments of non-strict tools in non-streamed responses are a Python literal instead of JSON",
    breaks: "tool.args-json-lax",
    fault: "not-json",
    also: [],
    seen: [`${toolCall}: the model does not always generate valid JSON`],
    ...onWholeCalls((call, request) =>
      toolOf(request, call)?.strict ? call : withArguments(call, "dict()"),
    ),
  },
  {
    id: "tool-args-encoded-twice-lax",
    says: "the arguments of non-strict tools in non-streamed responses are JSON-encoded twice",
    breaks: "tool.args-json-lax",
    fault: "not-an-object",
    also: [],
    seen: [`${toolCall}: arguments in JSON format`],
    ...onWholeCalls((call, request) =>
      toolOf(request, call)?.strict ? call : withArguments(call, JSON.stringify(call.function.arguments)),
    ),
  },
  {
    id: "tool-args-empty-string",
    says: "the arguments of a call without arguments are an empty string instead of {}",
    breaks: "tool.args-no-parameter-empty",
    fault: "empty",
    also: [],
    seen: ["https://github.com/sigoden/aichat/pull/1217"],
    ...onCalls((call, request) =>
      toolOf(request, call)?.parameters || call.function.arguments !== "{}" ? call : withArguments(call, ""),
    ),
  },
  {
    id: "tool-strict-ignored",
    says: "the arguments of a strict tool have other types than its schema allows",
    breaks: "tool.args-schema",
    fault: "breaks-schema",
    also: [],
    seen: ["OpenAI API reference, function definition: strict"],
    ...onCalls((call, request) => (toolOf(request, call)?.strict ? mistyped(call) : call)),
  },
  {
    id: "tool-schema-ignored",
    says: "the arguments of a non-strict tool have other types than its schema allows",
    breaks: "tool.args-schema-lax",
    fault: "breaks-schema",
    also: [],
    seen: ["OpenAI API reference, function definition: parameters"],
    ...onCalls((call, request) => (toolOf(request, call)?.strict ? call : mistyped(call))),
  },
  {
    id: "tool-ids-same",
    says: "all tool calls of a message have the same id",
    breaks: "tool.id-unique",
    fault: "repeated",
    also: [],
    seen: [`${toolCall}: the id of the tool call`],
    ...onCalls((call) => ({ ...call, id: "call_0" })),
  },
  {
    id: "tool-choice-none-ignored",
    says: "a tool is called although tool_choice is none",
    breaks: "tool.choice-none",
    fault: "called-despite-none",
    also: [],
    seen: ["https://github.com/ROCm/FastFlowLM/pull/728"],
    ...misreading((request) =>
      request.tool_choice === "none" ? { ...request, tool_choice: "auto" } : request,
    ),
  },
  {
    id: "tool-parser-without-tools",
    says: "text is parsed as a tool call although the request has no tools",
    breaks: "tool.choice-none",
    fault: "called-without-tools",
    also: [],
    seen: ["https://github.com/vllm-project/vllm/pull/46183"],
    ...onChoices((choice, { tools }) => {
      if (tools?.length || choice.finish_reason !== "stop") return choice
      const tool_calls = [{ id: "call_0", type: "function", function: { name: "You", arguments: "{}" } }]
      return { ...choice, message: { ...choice.message, tool_calls }, finish_reason: "tool_calls" }
    }),
  },
  {
    id: "tool-choice-required-ignored",
    says: "no tool is called although tool_choice is required",
    breaks: "tool.choice-required",
    fault: "no-call",
    also: [],
    seen: [`${createChat}: tool_choice required`],
    ...misreading((request) =>
      request.tool_choice === "required" ? { ...request, tool_choice: "none" } : request,
    ),
  },
  {
    id: "tool-choice-named-ignored",
    says: "no tool is called although tool_choice names one",
    breaks: "tool.choice-named",
    fault: "no-call",
    also: [],
    seen: [`${createChat}: tool_choice names a function`],
    ...misreading((request) => (isNamed(request) ? { ...request, tool_choice: "none" } : request)),
  },
  {
    id: "tool-choice-named-as-required",
    says: "a tool_choice that names a tool is treated as required",
    breaks: "tool.choice-named",
    fault: "other-tool",
    also: [],
    seen: [`${createChat}: tool_choice names a function`],
    ...misreading((request) => {
      const { tools, tool_choice: choice } = request
      if (typeof choice !== "object" || choice?.type !== "function") return request
      const others = tools?.filter(
        (tool) => tool.type !== "function" || tool.function.name !== choice.function.name,
      )
      return others?.length ? { ...request, tools: others, tool_choice: "required" } : request
    }),
  },
  {
    id: "parallel-tool-calls-ignored",
    says: "two tools are called in one message although parallel_tool_calls is false",
    breaks: "tool.parallel-false",
    fault: "several",
    also: [],
    seen: [`${createChat}: parallel_tool_calls`],
    ...misreading((request) => without(request, "parallel_tool_calls")),
  },
  {
    id: "tool-finish-stop",
    says: "the finish_reason is stop although the model called a tool",
    breaks: "tool.finish-not-stop",
    fault: "stop",
    also: [],
    seen: ["https://github.com/BerriAI/litellm/issues/12862"],
    ...onChoices((choice, request) =>
      choice.finish_reason === "tool_calls" && !isNamed(request)
        ? { ...choice, finish_reason: "stop" }
        : choice,
    ),
  },
  {
    id: "tool-finish-foreign",
    says: "the finish_reason of a choice with tool calls is tool_use, the word of another API",
    breaks: "tool.finish-tool-calls",
    fault: "other-reason",
    also: ["chat.finish-enum"],
    seen: ["OpenAI API reference, the chat completion object: finish_reason"],
    ...onChoices((choice) =>
      choice.finish_reason === "tool_calls" ? { ...choice, finish_reason: "tool_use" } : choice,
    ),
  },
  {
    id: "tool-finish-length-masked",
    says: "the finish_reason is tool_calls although the token limit cut the call",
    breaks: "tool.finish-tool-calls",
    fault: "length-masked",
    also: ["tool.args-json", "tool.stream-args-concat"],
    seen: ["https://github.com/ROCm/FastFlowLM/pull/728"],
    ...onChoices((choice) => (hasCalls(choice) ? { ...choice, finish_reason: "tool_calls" } : choice)),
  },
  {
    id: "tool-finish-without-calls",
    says: "the finish_reason is tool_calls although no tool is called",
    breaks: "tool.finish-implies-calls",
    fault: "no-calls",
    also: ["tool.choice-required"],
    seen: ["https://github.com/vllm-project/vllm/issues/53255"],
    ...onChoices((choice, { tool_choice }) =>
      hasCalls(choice) && tool_choice === "required"
        ? { ...choice, message: { ...choice.message, content: "", tool_calls: [] } }
        : choice,
    ),
  },
  {
    id: "tool-delta-index-missing",
    says: "streamed tool calls have no index",
    breaks: "tool.stream-index",
    fault: "missing",
    also: [],
    seen: [
      "https://github.com/ollama/ollama/issues/7881",
      "https://github.com/EricLBuehler/mistral.rs/pull/1507",
      "https://github.com/openai/openai-python/pull/3246",
      "https://github.com/SamSaffron/term-llm/pull/314",
      "https://github.com/QuantumNous/new-api/pull/672",
    ],
    ...onEachPart((part) => without(part, "index")),
  },
  {
    id: "tool-delta-index-null-proxy",
    says: "the index of streamed tool calls is null",
    breaks: "tool.stream-index",
    fault: "missing",
    also: [],
    seen: ["https://github.com/chatanywhere/GPT_API_free/issues/254"],
    ...onEachPart((part) => ({ ...part, index: null })),
  },
  {
    id: "tool-delta-index-string",
    says: "the index of streamed tool calls is a string",
    breaks: "tool.stream-index",
    fault: "not-an-integer",
    also: [],
    seen: [`${toolDelta}: index`],
    ...onEachPart((part) => ({ ...part, index: String(part.index) })),
  },
  {
    id: "tool-delta-index-across-choices",
    says: "the index of streamed tool calls is counted across choices instead of per choice",
    breaks: "tool.stream-index",
    fault: "out-of-order",
    also: [],
    seen: [`${toolDelta}: index`],
    ...onParts((chunks) => {
      const counts = callsByChoice(chunks)
      return (part, _, choice) => {
        const earlier = [...counts].filter(([index]) => index < choice)
        return [{ ...part, index: earlier.reduce((sum, [, calls]) => sum + calls, part.index) }]
      }
    }),
  },
  {
    id: "tool-delta-index-from-one",
    says: "the index of streamed tool calls starts at 1",
    breaks: "tool.stream-index",
    fault: "out-of-order",
    also: [],
    seen: ["https://github.com/vllm-project/vllm/pull/23522"],
    ...onEachPart((part) => ({ ...part, index: part.index + 1 })),
  },
  {
    id: "tool-id-missing-streaming",
    says: "streamed tool calls have no id",
    breaks: "tool.stream-first-delta",
    fault: "no-id",
    also: [],
    seen: [
      "https://github.com/vllm-project/vllm/issues/18412",
      "https://github.com/BerriAI/litellm/pull/11528",
    ],
    ...onEachPart((part) => without(part, "id")),
  },
  {
    id: "tool-name-missing-streaming",
    says: "streamed tool calls have no function name",
    breaks: "tool.stream-first-delta",
    fault: "no-name",
    also: ["tool.choice-named"],
    seen: [toolDelta],
    ...onEachPart((part) => ({ ...part, function: without(part.function ?? {}, "name") })),
  },
  {
    id: "tool-type-tool-streaming",
    says: "streamed tool calls have the type tool",
    breaks: "tool.stream-first-delta",
    fault: "other-type",
    also: [],
    seen: [`${toolDelta}: type`],
    ...onEachPart((part) => (part.type === undefined ? part : { ...part, type: "tool" })),
  },
  {
    id: "tool-id-late",
    says: "the id of a streamed tool call is sent with its arguments",
    breaks: "tool.stream-first-delta-whole",
    fault: "id-later",
    also: [],
    seen: ["https://github.com/pipecat-ai/pipecat/pull/5023"],
    ...onJoinedParts(({ id, ...part }, args) => [
      part,
      { index: part.index, id, function: { arguments: args } },
    ]),
  },
  {
    id: "tool-name-late",
    says: "the name of a streamed tool call is sent with its arguments",
    breaks: "tool.stream-first-delta-whole",
    fault: "name-later",
    also: [],
    seen: ["https://github.com/pipecat-ai/pipecat/pull/5023"],
    ...onJoinedParts((part, args) => [
      { ...part, function: { arguments: "" } },
      { index: part.index, function: { ...part.function, arguments: args } },
    ]),
  },
  {
    id: "tool-type-missing-streaming",
    says: "streamed tool calls have no type",
    breaks: "tool.stream-first-delta-whole",
    fault: "no-type",
    also: [],
    seen: [toolDelta],
    ...onEachPart((part) => without(part, "type")),
  },
  {
    id: "tool-id-regenerated",
    says: "each delta of a streamed tool call has a different id",
    breaks: "tool.stream-id-stable",
    fault: "changes",
    also: [],
    seen: ["https://github.com/vllm-project/vllm/pull/23522"],
    ...onJoinedParts((part, args) => [
      part,
      { index: part.index, id: `${part.id}-2`, function: { arguments: args } },
    ]),
  },
  {
    id: "tool-id-repeated-concatenated",
    says: "each delta of a streamed tool call repeats its id",
    breaks: "tool.stream-name-once",
    fault: "id-repeated",
    also: [],
    seen: ["https://github.com/run-llama/llama_index/pull/21693"],
    ...onJoinedParts((part, args) => [
      part,
      { index: part.index, id: part.id, function: { arguments: args } },
    ]),
  },
  {
    id: "tool-name-repeated",
    says: "each delta of a streamed tool call repeats its name",
    breaks: "tool.stream-name-once",
    fault: "name-repeated",
    also: [],
    seen: ["https://github.com/run-llama/llama_index/pull/21693"],
    ...onJoinedParts((part, args) => [
      part,
      { index: part.index, function: { ...part.function, arguments: args } },
    ]),
  },
  {
    id: "tool-args-object-in-stream",
    says: "the fragments of streamed arguments are objects instead of strings",
    breaks: "tool.stream-args-concat",
    fault: "not-a-string",
    also: [],
    seen: ["https://github.com/ggml-org/llama.cpp/issues/20198"],
    ...onEachPart((part, first) =>
      first ? part : { ...part, function: { arguments: { text: part.function?.arguments } } },
    ),
  },
  {
    id: "tool-args-duplicated",
    says: "streamed arguments are sent twice",
    breaks: "tool.stream-args-concat",
    fault: "twice",
    also: ["stream.equals-nonstream", "tool.stream-args-concat-lax"],
    seen: ["https://github.com/vllm-project/vllm/issues/51697"],
    ...onStreamedCalls((call) => withArguments(call, call.function.arguments.repeat(2))),
  },
  {
    id: "tool-args-truncated-parsers",
    says: "the end of streamed arguments is missing",
    breaks: "tool.stream-args-concat",
    fault: "not-json",
    also: ["stream.equals-nonstream", "tool.stream-args-concat-lax"],
    seen: ["https://github.com/vllm-project/vllm/pull/50461"],
    ...onStreamedCalls((call) => withArguments(call, call.function.arguments.slice(0, -1))),
  },
  {
    id: "tool-args-encoded-twice-in-stream",
    says: "streamed arguments are JSON-encoded twice",
    breaks: "tool.stream-args-concat",
    fault: "not-an-object",
    also: ["stream.equals-nonstream", "tool.stream-args-concat-lax"],
    seen: [`${toolDelta}: function.arguments in JSON format`],
    ...onStreamedCalls((call) => withArguments(call, JSON.stringify(call.function.arguments))),
  },
  {
    id: "tool-args-duplicated-lax",
    says: "streamed arguments of non-strict tools are sent twice",
    breaks: "tool.stream-args-concat-lax",
    fault: "twice",
    also: ["stream.equals-nonstream"],
    seen: ["https://github.com/vllm-project/vllm/issues/51697"],
    ...onStreamedCalls((call, request) =>
      toolOf(request, call)?.strict ? call : withArguments(call, call.function.arguments.repeat(2)),
    ),
  },
  {
    id: "tool-args-truncated-lax",
    says: "the end of streamed arguments of non-strict tools is missing",
    breaks: "tool.stream-args-concat-lax",
    fault: "not-json",
    also: ["stream.equals-nonstream"],
    seen: ["https://github.com/vllm-project/vllm/pull/50461"],
    ...onStreamedCalls((call, request) =>
      toolOf(request, call)?.strict ? call : withArguments(call, call.function.arguments.slice(0, -1)),
    ),
  },
  {
    id: "tool-args-encoded-twice-in-stream-lax",
    says: "streamed arguments of non-strict tools are JSON-encoded twice",
    breaks: "tool.stream-args-concat-lax",
    fault: "not-an-object",
    also: ["stream.equals-nonstream"],
    seen: [`${toolDelta}: function.arguments in JSON format`],
    ...onStreamedCalls((call, request) =>
      toolOf(request, call)?.strict ? call : withArguments(call, JSON.stringify(call.function.arguments)),
    ),
  },
  {
    id: "req-tool-result-last-rejected",
    says: "a tool message is rejected when no user message follows it",
    breaks: "tool.round-trip",
    fault: "refused",
    also: ["chat.accepts-null-assistant", "chat.replay-own-message"],
    seen: ["OpenAI API reference, create chat completion, messages: tool message"],
    ...refusingMessages(
      "The last message must have role user",
      ({ role }, at, all) => role === "tool" && at === all.length - 1,
    ),
  },
  {
    id: "tool-result-unanswered",
    says: "the response to a tool message is empty",
    breaks: "tool.round-trip",
    fault: "not-answered",
    also: [],
    seen: ["OpenAI API reference, create chat completion, messages: tool message"],
    ...onChoices((choice, { messages }) =>
      messages.at(-1)?.role === "tool"
        ? { ...choice, message: { ...choice.message, content: "" }, finish_reason: "stop" }
        : choice,
    ),
  },
]

export const toolVariants: readonly Variant[] = [
  {
    id: "named-call-ends-with-stop",
    says: "the finish_reason is stop when tool_choice names the tool that is called",
    notes: [],
    seen: ["https://github.com/vllm-project/vllm/pull/9209", "https://github.com/ollama/ollama/pull/7963"],
    ...onChoices((choice, request) =>
      choice.finish_reason === "tool_calls" && isNamed(request)
        ? { ...choice, finish_reason: "stop" }
        : choice,
    ),
  },
  {
    id: "required-call-ends-with-stop",
    says: "the finish_reason is stop when tool_choice requires a call",
    notes: ["tool.finish-not-stop"],
    seen: [
      "https://github.com/openai/openai-dotnet/issues/64",
      "https://github.com/vllm-project/vllm/pull/25054",
    ],
    ...onChoices((choice, { tool_choice }) =>
      choice.finish_reason === "tool_calls" && tool_choice === "required"
        ? { ...choice, finish_reason: "stop" }
        : choice,
    ),
  },
  {
    id: "lax-arguments-malformed",
    says: "the model writes arguments that are not JSON for a tool that is not strict",
    notes: ["tool.args-json-lax", "tool.stream-args-concat-lax"],
    seen: [`${toolCall}: the model does not always generate valid JSON`],
    ...onCalls((call, request) =>
      toolOf(request, call)?.strict || call.function.arguments === ""
        ? call
        : withArguments(call, call.function.arguments.slice(0, -1)),
    ),
  },
  {
    id: "strict-parallel-calls-off-schema",
    says: "the arguments of several calls in one message do not follow the schemas of their strict tools",
    notes: ["tool.args-schema-lax"],
    seen: ["OpenAI guide to structured outputs: not with parallel function calls"],
    ...onChoices((choice, request) =>
      (choice.message.tool_calls?.length ?? 0) > 1 ? changingCalls(mistyped)(choice, request) : choice,
    ),
  },
  {
    id: "hallucinated-tool",
    says: "the model calls multi_tool_use.parallel, which was not offered, when tool_choice is auto",
    notes: ["tool.name-offered"],
    seen: ["https://github.com/vercel/ai/issues/2786"],
    ...onCalls((call, { tool_choice }) =>
      (tool_choice ?? "auto") === "auto"
        ? { ...call, function: { ...call.function, name: "multi_tool_use.parallel" } }
        : call,
    ),
  },
  {
    id: "declines-the-tool",
    says: "the model answers with text when tool_choice is auto",
    notes: [],
    seen: [`${createChat}: tool_choice auto`],
    ...misreading((request) =>
      (request.tool_choice ?? "auto") === "auto" ? without(request, "tools", "tool_choice") : request,
    ),
  },
  {
    id: "calls-and-text",
    says: "the message has both content and tool calls",
    notes: [],
    seen: ["https://github.com/vllm-project/vllm/issues/16774"],
    ...onChoices((choice, { logprobs }) =>
      // A text whose tokens were asked for would not come without them.
      hasCalls(choice) && !logprobs
        ? { ...choice, message: { ...choice.message, content: "Let me see." } }
        : choice,
    ),
  },
  {
    id: "call-cut-by-limit",
    says: "the finish_reason is length when the token limit cuts a tool call",
    notes: [],
    seen: ["OpenAI API reference, the chat completion object: finish_reason length"],
    ...onChoices((choice, request) => ({
      ...changingCalls((call) => withArguments(call, call.function.arguments.slice(0, 3)))(choice, request),
      ...(hasCalls(choice) && { finish_reason: "length" }),
    })),
  },
  {
    id: "call-in-one-part",
    says: "a streamed tool call is sent in one delta",
    notes: [],
    seen: ["https://github.com/vllm-project/vllm/pull/50627"],
    ...onJoinedParts((part, args) => [{ ...part, function: { ...part.function, arguments: args } }]),
  },
  {
    id: "call-arguments-in-one-part",
    says: "the arguments of a streamed tool call are sent in one delta after its name",
    notes: [],
    seen: ["https://github.com/vllm-project/vllm/pull/50627"],
    ...onJoinedParts((part, args) => [part, { index: part.index, function: { arguments: args } }]),
  },
  {
    id: "tool-id-and-name-split",
    says: "the id and the name of a streamed tool call are sent in different deltas",
    notes: ["tool.stream-first-delta-whole"],
    seen: ["https://github.com/pipecat-ai/pipecat/pull/5023"],
    ...onJoinedParts(({ function: named, ...part }, args) => [
      part,
      { index: part.index, function: { ...named, arguments: args } },
    ]),
  },
  {
    id: "call-parts-with-nulls",
    says: "later deltas of a streamed tool call have null for members of the first one",
    notes: [],
    seen: ["https://github.com/sgl-project/sglang/issues/3912"],
    ...onEachPart((part, first) =>
      first ? part : { ...part, id: null, type: null, function: { name: null, ...part.function } },
    ),
  },
]
