import type { ChatCompletionChoice, ChatCompletionRequest, ChatCompletionResponse } from "@nexhina/schemas"
import type { Alteration } from "@nexhina/wire"
import { onEachChoice, onEachChunk } from "./chat-streams.ts"
import { type Defect, onReply, onRequest, stateful, type Variant, without } from "./defect.ts"

type Stage<Name extends Alteration["stage"]> = Extract<Alteration, { stage: Name }>

/** Changes chat completions, which streams tell too. */
const onChats = (
  change: (completion: ChatCompletionResponse, request: ChatCompletionRequest) => object,
): Stage<"value"> =>
  onReply("createChatCompletion", (completion, { request }) =>
    // Only a valid request is answered with a completion.
    change(completion, request as ChatCompletionRequest),
  )

/** Changes chat completions that are sent whole. */
const onWholeChats = (
  change: (completion: ChatCompletionResponse, request: ChatCompletionRequest) => object,
): Stage<"value"> =>
  onChats((completion, request) => (request.stream ? completion : change(completion, request)))

type ChangeChoice = (choice: ChatCompletionChoice, request: ChatCompletionRequest) => object

/** Changes each choice of chat completions. */
export const onChoices = (change: ChangeChoice): Stage<"value"> =>
  onChats((completion, request) => ({
    ...completion,
    choices: completion.choices.map((choice) => change(choice, request)),
  }))

/** Changes each choice of chat completions that are sent whole. */
export const onWholeChoices = (change: ChangeChoice): Stage<"value"> =>
  onChoices((choice, request) => (request.stream ? choice : change(choice, request)))

/** Changes the text of choices that have one; `undefined` leaves the choice as it is. */
const onTexts = (
  change: (text: string, request: ChatCompletionRequest, choice: ChatCompletionChoice) => string | undefined,
): Stage<"value"> =>
  onChoices((choice, request) => {
    const { content } = choice.message
    const text = content ? change(content, request, choice) : undefined
    return text === undefined ? choice : { ...choice, message: { ...choice.message, content: text } }
  })

/** Makes the server understand another chat than it was asked for. */
export const misreading = (change: (request: ChatCompletionRequest) => object): Stage<"request"> =>
  // What an operation understood is a valid request.
  onRequest("createChatCompletion", (request) => change(request as ChatCompletionRequest))

const wantsJson = ({ response_format: format }: ChatCompletionRequest) =>
  format != null && format.type !== "text"

const hasCalls = ({ message }: ChatCompletionChoice) => Boolean(message.tool_calls?.length)

/** The first stop string that has a part which is not itself a stop string. */
const partOfStop = ({ stop }: ChatCompletionRequest): string => {
  const [first = ""] = [stop ?? []].flat()
  const characters = [...first]
  return characters.slice(0, characters.length - 1).join("")
}

type Logprobs = NonNullable<ChatCompletionChoice["logprobs"]>
type Entry = NonNullable<Logprobs["content"]>[number]

/** Changes each entry of log probabilities, in replies that are sent whole and in streams. */
const onEntries = (change: (entry: Entry, request: ChatCompletionRequest) => object): Stage<"value"> =>
  onChoices((choice, request) => {
    const { logprobs } = choice
    if (!logprobs?.content) return choice
    return {
      ...choice,
      logprobs: { ...logprobs, content: logprobs.content.map((entry) => change(entry, request)) },
    }
  })

const completionObject = "OpenAI API reference, the chat completion object"
const createChat = "OpenAI API reference, create chat completion"

export const chatCompletionDefects: readonly Defect[] = [
  {
    id: "reply-finish-missing",
    says: "choices in non-streamed responses have no finish_reason",
    breaks: "chat.schema",
    fault: "missing",
    also: [],
    seen: ["https://github.com/PowerShell/AIShell/issues/350"],
    ...onWholeChoices((choice) => without(choice, "finish_reason")),
  },
  {
    id: "reply-created-fraction",
    says: "created is a number with a fraction",
    breaks: "chat.schema",
    fault: "wrong-value",
    also: [],
    seen: ["Schema ChatCompletionResponse: created"],
    ...onWholeChats((completion) => ({ ...completion, created: completion.created + 0.25 })),
  },
  {
    id: "reply-choice-index-missing",
    says: "choices have no index",
    breaks: "chat.schema",
    fault: "choices",
    also: [],
    seen: ["Schema ChatCompletionChoice: index"],
    ...onWholeChoices((choice) => without(choice, "index")),
  },
  {
    id: "reply-refusal-missing",
    says: "messages have no refusal member",
    breaks: "chat.schema-full",
    fault: "no-refusal",
    also: [],
    seen: [`${completionObject}: message.refusal is required`],
    ...onWholeChoices((choice) => ({ ...choice, message: without(choice.message, "refusal") })),
  },
  {
    id: "reply-content-missing",
    says: "messages with tool calls have no content member",
    breaks: "chat.schema-full",
    fault: "no-content",
    also: [],
    seen: [`${completionObject}: message.content is required`],
    ...onWholeChoices((choice) =>
      hasCalls(choice) ? { ...choice, message: without(choice.message, "content") } : choice,
    ),
  },
  {
    id: "reply-logprobs-missing",
    says: "choices have no logprobs member",
    breaks: "chat.schema-full",
    fault: "no-logprobs",
    also: [],
    seen: [`${completionObject}: logprobs is required`],
    ...onWholeChoices((choice) => (choice.logprobs ? choice : without(choice, "logprobs"))),
  },
  {
    id: "chunk-object-misspelt",
    says: "the object of chunks is chat.completions.chunk",
    breaks: "chat.object",
    fault: "other-name",
    also: [],
    seen: ["https://github.com/ml-explore/mlx-examples/pull/913"],
    ...onEachChunk((chunk) => ({ ...chunk, object: "chat.completions.chunk" })),
  },
  {
    id: "reply-object-legacy",
    says: "the object of non-streamed responses is text_completion",
    breaks: "chat.object",
    fault: "other-name",
    also: [],
    seen: ["Chat Completion page, sample reply: object"],
    ...onWholeChats((completion) => ({ ...completion, object: "text_completion" })),
  },
  {
    id: "reply-id-constant",
    says: "all completions have the same id",
    breaks: "chat.id-unique",
    fault: "repeated",
    also: [],
    seen: [`${completionObject}: id is a unique identifier`],
    ...onChats((completion) => ({ ...completion, id: "chatcmpl-0" })),
  },
  {
    id: "req-n-ignored",
    says: "n is accepted but ignored",
    breaks: "chat.choices-match-n",
    fault: "count",
    also: ["stream.index-in-range"],
    seen: [
      "https://github.com/vllm-project/vllm-omni/issues/4269",
      "https://github.com/InternLM/lmdeploy/issues/1787",
      "https://github.com/OpenRouterArchived/openrouter-runner/issues/99",
      "https://github.com/ROCm/ATOM/pull/647",
    ],
    ...misreading((request) => without(request, "n")),
  },
  {
    id: "reply-index-always-zero",
    says: "all choices of a non-streamed response have index 0",
    breaks: "chat.choices-match-n",
    fault: "index",
    also: [],
    seen: [`${completionObject}: the index of the choice in the list of choices`],
    ...onWholeChoices((choice) => ({ ...choice, index: 0 })),
  },
  {
    id: "reply-role-model",
    says: "the role of messages in non-streamed responses is model",
    breaks: "chat.message-role",
    fault: "not-assistant",
    also: [],
    seen: ["Chat Completion page, sample reply: message.role"],
    ...onWholeChoices((choice) => ({ ...choice, message: { ...choice.message, role: "model" } })),
  },
  {
    id: "reply-content-parts",
    says: "the content of messages in non-streamed responses is a list of parts",
    breaks: "chat.content-or-call",
    fault: "not-a-string",
    also: ["stream.equals-nonstream", "stream.equals-nonstream-shape", "tool.round-trip"],
    seen: ["Schema ChatMessage: content"],
    ...onWholeChoices((choice) => {
      const { content: text } = choice.message
      if (!text) return choice
      return { ...choice, message: { ...choice.message, content: [{ type: "text", text }] } }
    }),
  },
  {
    id: "reply-content-null",
    says: "the content of messages in non-streamed responses is null, with no refusal or tool call instead",
    breaks: "chat.content-or-call",
    fault: "nothing",
    also: ["stream.equals-nonstream", "stream.equals-nonstream-shape", "tool.round-trip"],
    seen: ["Schema ChatMessage: content"],
    ...onWholeChoices((choice) => ({ ...choice, message: { ...choice.message, content: null } })),
  },
  {
    id: "reply-finish-null",
    says: "the finish_reason of non-streamed responses is null",
    breaks: "chat.finish-enum",
    fault: "null",
    also: ["stream.equals-nonstream", "stream.equals-nonstream-shape"],
    seen: ["https://github.com/ModelTC/LightLLM/issues/130", "Schema ChatCompletionChoice: finish_reason"],
    ...onWholeChoices((choice) => ({ ...choice, finish_reason: null })),
  },
  {
    id: "finish-eos",
    says: "the finish_reason is eos_token instead of stop",
    breaks: "chat.finish-enum",
    fault: "unlisted",
    also: [],
    seen: ["Schema ChatCompletionChoice: finish_reason; Streaming Output Guide: stop is a normal end"],
    ...onChoices((choice) =>
      choice.finish_reason === "stop" ? { ...choice, finish_reason: "eos_token" } : choice,
    ),
  },
  {
    id: "req-max-completion-tokens-ignored-pycpp",
    says: "max_completion_tokens is accepted but ignored",
    breaks: "chat.max-tokens-honoured",
    fault: "over-limit",
    also: [],
    seen: ["https://github.com/abetlen/llama-cpp-python/issues/1907"],
    ...misreading((request) => without(request, "max_completion_tokens")),
  },
  {
    id: "limit-called-stop",
    says: "the finish_reason is stop although the token limit was reached",
    breaks: "chat.max-tokens-honoured",
    fault: "not-length",
    also: [],
    seen: [`${completionObject}: finish_reason is length if the maximum number of tokens was reached`],
    ...onChoices((choice, request) =>
      choice.finish_reason === "length" && !hasCalls(choice) && !wantsJson(request)
        ? { ...choice, finish_reason: "stop" }
        : choice,
    ),
  },
  {
    id: "req-max-tokens-empty-output",
    says: "the content is empty when the token limit is reached",
    breaks: "chat.max-tokens-honoured",
    fault: "nothing-generated",
    also: [],
    seen: ["https://github.com/InternLM/lmdeploy/issues/1589"],
    ...onChats((completion) => {
      const isCutText = (choice: ChatCompletionChoice) =>
        choice.finish_reason === "length" && !hasCalls(choice)
      const { usage, choices } = completion
      if (!usage || !choices.every(isCutText)) return completion
      return {
        ...completion,
        choices: choices.map((choice) => ({
          ...without(choice, "logprobs"),
          message: { ...choice.message, content: "" },
        })),
        usage: { ...usage, completion_tokens: 0, total_tokens: usage.prompt_tokens },
      }
    }),
  },
  {
    id: "stop-ignored",
    says: "stop is accepted but ignored",
    breaks: "chat.stop-excluded",
    fault: "contained",
    also: ["chat.stop-exact"],
    seen: ["https://github.com/ModelTC/LightLLM/issues/130"],
    ...misreading((request) => without(request, "stop")),
  },
  {
    id: "stop-prefix-leak",
    says: "a stream contains the first characters of a stop string before generation stops",
    breaks: "chat.stop-exact",
    fault: "too-long",
    also: ["stream.equals-nonstream"],
    seen: [
      "https://github.com/vllm-project/vllm/issues/3574",
      "https://github.com/sgl-project/sglang/pull/11462",
    ],
    ...onTexts((text, request, { finish_reason }) =>
      request.stream && finish_reason === "stop" ? text + partOfStop(request) : undefined,
    ),
  },
  {
    id: "stop-drops-text",
    says: "the text directly before a stop string is lost",
    breaks: "chat.stop-exact",
    fault: "too-short",
    also: [],
    seen: [`${createChat}: stop`],
    ...onTexts((text, { stop }, { finish_reason }) =>
      stop != null && finish_reason === "stop" ? [...text].slice(0, -2).join("") : undefined,
    ),
  },
  {
    id: "stop-changes-text",
    says: "a request with a stop string generates different text",
    breaks: "chat.stop-exact",
    fault: "different",
    also: [],
    seen: [`${createChat}: stop`],
    ...onTexts((text, { stop }) => (stop != null ? `* ${text}` : undefined)),
  },
  {
    id: "req-response-format-ignored",
    says: "response_format is accepted but ignored",
    breaks: "chat.response-format-honoured",
    fault: "not-json",
    also: [],
    seen: [
      "https://github.com/ROCm/FastFlowLM/issues/554",
      "https://github.com/peonist-ai/halogen-flash-server/issues/14",
    ],
    ...misreading((request) => without(request, "response_format")),
  },
  {
    id: "req-json-schema-fenced",
    says: "JSON output is wrapped in a Markdown code fence",
    breaks: "chat.response-format-honoured",
    fault: "fenced",
    also: [],
    seen: ["https://github.com/vectorize-io/hindsight/issues/2674"],
    ...onTexts((text, request) => (!wantsJson(request) ? undefined : `\`\`\`json\n${text}\n\`\`\``)),
  },
  {
    id: "json-object-in-array",
    says: "the output is an array although a JSON object is required",
    breaks: "chat.response-format-honoured",
    fault: "not-an-object",
    also: [],
    seen: [`${createChat}: response_format json_object`],
    ...onTexts((text, { response_format }) =>
      response_format?.type === "json_object" ? `[${text}]` : undefined,
    ),
  },
  {
    id: "json-schema-as-object",
    says: "a strict JSON schema is accepted, but the output does not follow it",
    breaks: "chat.response-format-honoured",
    fault: "breaks-schema",
    also: [],
    seen: ["https://github.com/peonist-ai/halogen-flash-server/issues/14"],
    ...misreading((request) =>
      request.response_format?.type === "json_schema"
        ? { ...request, response_format: { type: "json_object" } }
        : request,
    ),
  },
  {
    id: "logprobs-null-in-stream",
    says: "streams have no log probabilities although they were requested",
    breaks: "chat.logprobs-shape",
    fault: "missing",
    also: [],
    seen: ["https://github.com/modular/modular/issues/5085"],
    ...onEachChoice((choice) => ({ ...choice, logprobs: null })),
  },
  {
    id: "logprobs-of-legacy-endpoint",
    says: "log probabilities have the format of the legacy completions endpoint",
    breaks: "chat.logprobs-shape",
    fault: "other-endpoint",
    also: [],
    seen: [`${completionObject}: logprobs`],
    ...onWholeChoices((choice) => {
      const entries = choice.logprobs?.content
      if (!entries) return choice
      const tokens = entries.map(({ token }) => token)
      const token_logprobs = entries.map(({ logprob }) => logprob)
      return { ...choice, logprobs: { tokens, token_logprobs, top_logprobs: null, text_offset: [] } }
    }),
  },
  {
    id: "logprobs-token-id",
    says: "tokens in log probabilities are token ids instead of strings",
    breaks: "chat.logprobs-shape",
    fault: "entry",
    also: [],
    seen: [`${completionObject}: logprobs.content[].token`],
    ...onEntries((entry) => ({ ...entry, token: 1734 })),
  },
  {
    id: "logprobs-null-entry",
    says: "a log probability is null",
    breaks: "chat.logprobs-shape",
    fault: "logprob",
    also: [],
    seen: ["https://github.com/xorbitsai/inference/pull/5252"],
    ...onEntries((entry) => ({ ...entry, logprob: null })),
  },
  {
    id: "logprobs-as-probabilities",
    says: "log probabilities are plain probabilities instead of their logarithms",
    breaks: "chat.logprobs-shape",
    fault: "logprob",
    also: [],
    seen: [`${completionObject}: logprobs.content[].logprob`],
    ...onEntries((entry) => ({ ...entry, logprob: Math.exp(entry.logprob) })),
  },
  {
    id: "logprobs-bytes-as-text",
    says: "the bytes of tokens are a string instead of a list of numbers",
    breaks: "chat.logprobs-shape",
    fault: "bytes",
    also: [],
    seen: [`${completionObject}: logprobs.content[].bytes`],
    ...onEntries((entry) => ({ ...entry, bytes: entry.token })),
  },
  {
    id: "logprobs-one-too-many",
    says: "there is one more top log probability than requested",
    breaks: "chat.logprobs-shape",
    fault: "alternatives",
    also: [],
    seen: [`${createChat}: top_logprobs`],
    ...onEntries((entry) => ({
      ...entry,
      top_logprobs: [...entry.top_logprobs, { token: " zebra", logprob: -9, bytes: null }],
    })),
  },
  {
    id: "logprobs-entry-dropped",
    says: "the log probabilities lack the entry of the first token",
    breaks: "chat.logprobs-text",
    fault: "text",
    also: ["stream.equals-nonstream"],
    seen: [`${completionObject}: logprobs.content, a list of message content tokens`],
    ...onWholeChoices((choice) =>
      choice.logprobs?.content
        ? { ...choice, logprobs: { ...choice.logprobs, content: choice.logprobs.content.slice(1) } }
        : choice,
    ),
  },
  {
    id: "logprobs-bytes-of-another",
    says: "the bytes of every token are those of a question mark",
    breaks: "chat.logprobs-text",
    fault: "bytes",
    also: [],
    seen: [`${completionObject}: logprobs.content[].bytes`],
    ...onEntries((entry) => ({ ...entry, bytes: [63] })),
  },
  {
    id: "logprobs-no-alternatives",
    says: "there are no top log probabilities, whatever number was requested",
    breaks: "chat.logprobs-alternatives",
    fault: "fewer",
    also: [],
    seen: [`${createChat}: top_logprobs`],
    ...onEntries((entry) => ({ ...entry, top_logprobs: [] })),
  },
  {
    id: "logprobs-unasked",
    says: "log probabilities are returned without being requested",
    breaks: "chat.logprobs-unasked",
    fault: "sent",
    also: [],
    seen: [`${createChat}: logprobs, false by default`],
    ...onChoices((choice, request) => {
      const { content } = choice.message
      if (request.logprobs || !content) return choice
      const entry = { token: content, logprob: -0.5, bytes: [...Buffer.from(content)], top_logprobs: [] }
      return { ...choice, logprobs: { content: [entry], refusal: null } }
    }),
  },
  {
    id: "thoughts-in-content",
    says: "the model's thoughts are in front of the content, in their tags",
    breaks: "chat.no-control-markers",
    fault: "marker",
    also: [],
    seen: ["https://github.com/vllm-project/vllm/issues/51697"],
    ...onTexts((text, request, { logprobs }) =>
      !wantsJson(request) && request.stop == null && !logprobs ? `<think>Hm.</think>${text}` : undefined,
    ),
  },
  {
    id: "stop-flush-skips-parser",
    says: "the content ends with a control token of the chat template",
    breaks: "chat.no-control-markers",
    fault: "marker",
    also: ["chat.stop-exact", "chat.logprobs-text"],
    seen: [
      "https://github.com/smg-project/smg/pull/2203",
      "https://github.com/vllm-project/vllm/issues/51697",
    ],
    ...onTexts((text, request, { finish_reason }) =>
      !wantsJson(request) && request.stop == null && finish_reason === "stop"
        ? `${text}<|im_end|>`
        : undefined,
    ),
  },
  {
    id: "reply-model-of-another-family",
    says: "a completion of another model than the requested one, which it names",
    breaks: "chat.model-family",
    fault: "other",
    also: [],
    seen: ["https://github.com/icebear0828/codex-proxy/issues/660"],
    ...onChats((completion) => ({ ...completion, model: "llama-3-8b" })),
  },
]

/** A choice that says something else, or nothing. */
const saying = (choice: ChatCompletionChoice, message: object): object => ({
  ...choice,
  message: { ...choice.message, content: null, ...message },
  ...(choice.logprobs !== undefined && { logprobs: null }),
})

export const chatCompletionVariants: readonly Variant[] = [
  {
    id: "openai-members-omitted",
    says: "completions contain only the members that the gateway's documentation shows",
    notes: ["chat.schema-full"],
    seen: ["https://github.com/JamePeng/llama-cpp-python/issues/113"],
    ...onChats((completion) => ({
      ...without(completion, "service_tier", "system_fingerprint"),
      choices: completion.choices.map(({ message, logprobs, ...choice }) => ({
        ...choice,
        ...(logprobs && { logprobs }),
        message: without(message, "refusal", "annotations"),
      })),
    })),
  },
  {
    id: "unknown-reply-members",
    says: "completions contain undocumented members",
    notes: [],
    seen: ["OpenAI API reference: no object of chat is closed"],
    ...onWholeChats((completion) => ({
      ...completion,
      cost: 0.0001,
      citations: [],
      choices: completion.choices.map((choice) => ({
        ...choice,
        token_ids: [1, 2],
        message: { ...choice.message, reasoning_content: "Hm.", x_note: null },
      })),
    })),
  },
  {
    id: "reply-model-snapshot",
    says: "the model of a completion is the dated snapshot of the requested model",
    notes: [],
    seen: [`${completionObject}: the model used for the chat completion`],
    ...onChats((completion) => ({ ...completion, model: `${completion.model}-2026-01-31` })),
  },
  {
    id: "reply-model-prefixed",
    says: "the model of a completion has the prefix of a provider, whole and streamed",
    notes: [],
    seen: ["OpenRouter: ids of models begin with their provider"],
    ...onChats((completion) => ({ ...completion, model: `openai/${completion.model}` })),
  },
  {
    id: "reply-model-deployment",
    says: "the model of a completion is the name of a deployment, whole and streamed",
    notes: [],
    seen: ["Azure OpenAI: deployments have names of their own"],
    ...onChats((completion) => ({ ...completion, model: "prod-chat-eu" })),
  },
  {
    id: "logprobs-without-bytes",
    says: "the bytes of tokens in log probabilities are missing",
    notes: [],
    seen: [`${completionObject}: bytes can be null`],
    ...onEntries((entry) => ({ ...entry, bytes: null })),
  },
  {
    id: "logprobs-of-partial-characters",
    says: "the text ends with an emoji that is of two tokens, the first with the space before it",
    notes: [],
    seen: [`${completionObject}: bytes, where a character is of several tokens`],
    ...onChoices((choice, { stop, response_format, tools }) => {
      const { message, logprobs, finish_reason } = choice
      const [first] = logprobs?.content ?? []
      if (!first || !message.content || finish_reason !== "stop" || stop || response_format || tools)
        return choice
      const pieces = [
        { ...first, token: String.raw` \xf0\x9f\x98`, bytes: [0x20, 0xf0, 0x9f, 0x98] },
        { ...first, token: String.raw`\x8a`, bytes: [0x8a] },
      ]
      return {
        ...choice,
        message: { ...message, content: `${message.content} 😊` },
        logprobs: { ...logprobs, content: [...(logprobs?.content ?? []), ...pieces] },
      }
    }),
  },
  {
    id: "reasoning-used-up-the-limit",
    says: "the token limit is reached during reasoning, before any visible output",
    notes: [],
    seen: ["OpenAI, Reasoning models guide: the limit may be reached before there is visible output"],
    ...onChats((completion) => {
      const { usage, choices } = completion
      if (!usage || !choices.every(({ finish_reason }) => finish_reason === "length")) return completion
      return {
        ...completion,
        choices: choices.map((choice) => saying(choice, { tool_calls: null })),
        usage: { ...usage, completion_tokens_details: { reasoning_tokens: usage.completion_tokens } },
      }
    }),
  },
  {
    id: "refuses-to-answer",
    says: "the model refuses every request for JSON output",
    notes: [],
    seen: ["OpenAI, Structured Outputs guide: refusals"],
    ...onChoices((choice, request) =>
      !wantsJson(request) ? choice : saying(choice, { refusal: "I will not answer that." }),
    ),
  },
  {
    id: "content-filtered",
    says: "a content filter stops the completion before the first word",
    notes: [],
    seen: [`${completionObject}: finish_reason content_filter`],
    ...onChoices((choice) =>
      hasCalls(choice) ? choice : { ...saying(choice, { content: "" }), finish_reason: "content_filter" },
    ),
  },
  {
    id: "json-cut-by-limit",
    says: "JSON output is cut by the token limit, and the finish_reason is length",
    notes: [],
    seen: [`${createChat}: response_format, the content may be partially cut off if finish_reason is length`],
    ...onChoices((choice, request) => {
      const { content } = choice.message
      if (!content || !wantsJson(request)) return choice
      return { ...saying(choice, { content: content.slice(0, 3) }), finish_reason: "length" }
    }),
  },
  {
    id: "stop-string-in-reasoning",
    says: "the reasoning of the model contains a stop string",
    notes: [],
    seen: [`${createChat}: stop speaks of the returned text`],
    ...onChoices((choice, { stop }) => {
      const [first] = [stop ?? []].flat()
      if (!first) return choice
      return { ...choice, message: { ...choice.message, reasoning_content: `I stop at ${first}.` } }
    }),
  },
  {
    id: "sampled-text",
    says: "the same request is answered with another text each time",
    notes: [],
    seen: [`${createChat}: seed, determinism is not guaranteed`],
    ...stateful(() => {
      let replies = 0
      return onTexts((text, { stop, logprobs, response_format, tools }, { finish_reason }) => {
        const isPlain = [stop, logprobs, response_format, tools].every((member) => member == null)
        if (!isPlain || finish_reason !== "stop") return undefined
        return `${["", "Well. ", "So. ", "Now. ", "Yes. "][replies++ % 5]}${text}`
      })
    }),
  },
]
