import type { ChatCompletionRequest, ChatCompletionResponse, CompletionUsage } from "@nexhina/schemas"
import type { Alteration, Situation } from "@nexhina/wire"
import { onChunks, onEachChunk } from "./chat-streams.ts"
import { type Defect, onReply, type Variant } from "./defect.ts"

/** Changes the usage of chats, streamed or not; `undefined` leaves it out. */
function onUsage(
  change: (usage: CompletionUsage, request: Partial<ChatCompletionRequest>, situation: Situation) => unknown,
): Extract<Alteration, { stage: "value" }> {
  return {
    stage: "value",
    apply(value, situation) {
      if (situation.operationId !== "createChatCompletion") return value
      // The value of a chat is a completion or an error's envelope, its request an object.
      const { usage, ...completion } = value as Partial<ChatCompletionResponse>
      if (!usage) return value
      return {
        ...completion,
        usage: change(usage, situation.request as Partial<ChatCompletionRequest>, situation),
      }
    },
  }
}

/** A usage that counts this much, its sum right. */
const counted = (
  usage: CompletionUsage,
  prompt_tokens: number,
  completion_tokens: number,
): CompletionUsage => ({
  ...usage,
  prompt_tokens,
  completion_tokens,
  total_tokens: prompt_tokens + completion_tokens,
})

const asksForUsage = ({ request }: Situation) =>
  (request as Partial<ChatCompletionRequest>).stream_options?.include_usage === true

const someUsage = { prompt_tokens: 9, completion_tokens: 1, total_tokens: 10 }

/** Where the gateway's documentation says it. */
const guide = "Streaming Output Guide, Usage Information in Streaming Output"
const openai = "OpenAI API reference, the chat completion object: usage"

/** Unrequested usage, on a separate chunk. */
const withUnaskedUsage = onChunks((chunks, situation) =>
  asksForUsage(situation)
    ? chunks
    : [...chunks, ...chunks.slice(-1).map((chunk) => ({ ...chunk, choices: [], usage: someUsage }))],
)

export const usageDefects: readonly Defect[] = [
  {
    id: "usage-number",
    says: "usage is only the total number of tokens",
    breaks: "usage.shape",
    fault: "not-an-object",
    also: [],
    seen: [guide],
    ...onUsage(({ total_tokens }) => total_tokens),
  },
  {
    id: "usage-partial-object",
    says: "usage has only completion_tokens",
    breaks: "usage.shape",
    fault: "missing",
    also: [],
    seen: ["https://github.com/Portkey-AI/gateway/issues/858"],
    ...onUsage(({ completion_tokens }) => ({ completion_tokens })),
  },
  {
    id: "usage-strings",
    says: "token counts are strings",
    breaks: "usage.shape",
    fault: "no-count",
    also: [],
    seen: [guide],
    ...onUsage(({ prompt_tokens, completion_tokens, total_tokens }) => ({
      prompt_tokens: String(prompt_tokens),
      completion_tokens: String(completion_tokens),
      total_tokens: String(total_tokens),
    })),
  },
  {
    id: "usage-absent",
    says: "non-streamed responses have no usage",
    breaks: "usage.present",
    fault: "missing",
    also: [],
    seen: ["Streaming Output Guide, Streaming vs. Non-Streaming Comparison"],
    ...onUsage((usage, _, { streaming }) => (streaming ? usage : undefined)),
  },
  {
    id: "usage-total-less-than-parts",
    says: "total_tokens is less than prompt_tokens",
    breaks: "usage.sum",
    fault: "sum",
    also: [],
    seen: ["https://github.com/langgenius/dify/issues/19175"],
    ...onUsage((usage) => ({ ...usage, total_tokens: usage.prompt_tokens - 1 })),
  },
  {
    id: "usage-reasoning-unfolded",
    says: "total_tokens counts reasoning tokens twice",
    breaks: "usage.sum",
    fault: "unfolded",
    also: [],
    seen: [
      "https://github.com/vectorize-io/hindsight/issues/3851",
      "https://github.com/QuantumNous/new-api/pull/1254",
    ],
    ...onUsage((usage) => ({
      ...usage,
      total_tokens: usage.total_tokens + usage.completion_tokens,
      completion_tokens_details: { reasoning_tokens: usage.completion_tokens },
    })),
  },
  {
    id: "usage-cached-over-prompt",
    says: "there are more cached tokens than prompt tokens",
    breaks: "usage.details-bounded",
    fault: "cached",
    also: [],
    seen: [openai],
    ...onUsage((usage) => ({
      ...usage,
      prompt_tokens_details: { cached_tokens: usage.prompt_tokens + 1 },
    })),
  },
  {
    id: "usage-reasoning-not-in-completion",
    says: "completion_tokens is 0 although there are reasoning tokens, which total_tokens includes",
    breaks: "usage.details-bounded",
    fault: "reasoning",
    also: ["usage.sum", "usage.nonzero"],
    seen: ["https://github.com/router-for-me/CLIProxyAPI/issues/5733"],
    ...onUsage((usage) => ({
      ...usage,
      completion_tokens: 0,
      completion_tokens_details: { reasoning_tokens: usage.completion_tokens },
    })),
  },
  {
    id: "usage-negative-detail",
    says: "a detail of usage is -1 to indicate an unknown value",
    breaks: "usage.details-bounded",
    fault: "no-count",
    also: [],
    seen: [openai],
    ...onUsage((usage) => ({ ...usage, prompt_tokens_details: { cached_tokens: -1 } })),
  },
  {
    id: "usage-prompt-zero",
    says: "prompt_tokens is always 0",
    breaks: "usage.nonzero",
    fault: "prompt",
    also: [],
    seen: [openai],
    ...onUsage((usage) => counted(usage, 0, usage.completion_tokens)),
  },
  {
    id: "usage-completion-zero",
    says: "completion_tokens is always 0",
    breaks: "usage.nonzero",
    fault: "completion",
    also: ["chat.max-tokens-honoured", "usage.details-bounded"],
    seen: ["https://github.com/router-for-me/CLIProxyAPI/issues/5733"],
    ...onUsage((usage) => counted(usage, usage.prompt_tokens, 0)),
  },
  {
    id: "usage-prompt-with-limit",
    says: "prompt_tokens includes the tokens reserved by max_tokens",
    breaks: "usage.prompt-monotone",
    fault: "unequal",
    also: [],
    seen: [openai],
    ...onUsage((usage, { max_tokens }) =>
      counted(usage, usage.prompt_tokens + (max_tokens ?? 0), usage.completion_tokens),
    ),
  },
  {
    id: "usage-prompt-left",
    says: "prompt_tokens is the number of tokens left in the context window",
    breaks: "usage.prompt-monotone",
    fault: "fell",
    also: [],
    seen: [openai],
    ...onUsage((usage) => counted(usage, Math.max(1, 8192 - usage.prompt_tokens), usage.completion_tokens)),
  },
  {
    id: "usage-prompt-constant",
    says: "prompt_tokens is 7 for any prompt",
    breaks: "usage.prompt-monotone",
    fault: "same",
    also: [],
    seen: [openai],
    ...onUsage((usage) => counted(usage, 7, usage.completion_tokens)),
  },
  {
    id: "usage-prompt-times-n",
    says: "prompt_tokens counts the prompt once per choice",
    breaks: "usage.n-counted",
    fault: "prompt-repeated",
    also: [],
    seen: [openai],
    ...onUsage((usage, { n }) => counted(usage, usage.prompt_tokens * (n ?? 1), usage.completion_tokens)),
  },
  {
    id: "usage-first-choice-only",
    says: "completion_tokens counts only one of several choices",
    breaks: "usage.n-counted",
    fault: "choices-left-out",
    also: [],
    seen: [openai],
    ...onUsage((usage, { n }) =>
      counted(usage, usage.prompt_tokens, Math.ceil(usage.completion_tokens / (n ?? 1))),
    ),
  },
  {
    id: "usage-chunk-unrequested",
    says: "a usage chunk without choices is sent although usage was not requested",
    breaks: "usage.stream-opt-in",
    fault: "own-chunk",
    also: ["usage.output-counted"],
    seen: [
      "https://github.com/Arthur-Ficial/apfel/issues/100",
      "https://github.com/NVIDIA-NeMo/Switchyard/pull/797",
    ],
    ...withUnaskedUsage,
  },
  {
    id: "usage-on-finish-chunk-unrequested",
    says: "the last chunk has usage although usage was not requested",
    breaks: "usage.stream-opt-in",
    fault: "with-choices",
    also: ["usage.output-counted"],
    seen: ["https://github.com/raullenchai/Rapid-MLX/pull/792"],
    ...onChunks((chunks, situation) =>
      asksForUsage(situation)
        ? chunks
        : [...chunks.slice(0, -1), ...chunks.slice(-1).map((chunk) => ({ ...chunk, usage: someUsage }))],
    ),
  },
  {
    id: "usage-final-chunk-lost",
    says: "no chunk has usage although usage was requested",
    breaks: "usage.stream-final",
    fault: "missing",
    also: [],
    seen: ["https://github.com/mistralai/client-ts/issues/75"],
    ...onEachChunk(({ usage: _, ...chunk }) => chunk),
  },
  {
    id: "usage-on-first-chunk",
    says: "the requested usage is on the first chunk",
    breaks: "usage.stream-final",
    fault: "not-last",
    also: [],
    seen: [guide],
    ...onChunks((chunks) => {
      const usage = chunks.at(-1)?.usage
      return usage ? chunks.map((chunk, at) => ({ ...chunk, usage: at === 0 ? usage : null })) : chunks
    }),
  },
  {
    id: "usage-on-finishing-chunk",
    says: "the requested usage is on the chunk that ends the last choice",
    breaks: "usage.stream-own-chunk",
    fault: "with-choices",
    also: [],
    seen: ["OpenAI API reference, stream_options: include_usage"],
    ...onChunks((chunks) => {
      const last = chunks.at(-1)
      if (!last || last.choices.length > 0) return chunks
      return [
        ...chunks.slice(0, -2),
        ...chunks.slice(-2, -1).map((chunk) => ({ ...chunk, usage: last.usage })),
      ]
    }),
  },
  {
    id: "usage-on-every-chunk",
    says: "every chunk has the usage so far",
    breaks: "usage.stream-null-elsewhere",
    fault: "repeated",
    also: [],
    seen: [
      "https://github.com/vllm-project/vllm/issues/7262",
      "https://github.com/open-webui/open-webui/issues/29064",
    ],
    ...onChunks((chunks) => {
      const usage = chunks.at(-1)?.usage
      if (!usage) return chunks
      return chunks.map((chunk, at) => ({
        ...chunk,
        usage: counted(usage, usage.prompt_tokens, Math.min(at, usage.completion_tokens)),
      }))
    }),
  },
  {
    id: "usage-completion-always-1",
    says: "completion_tokens is always 1",
    breaks: "usage.output-counted",
    fault: "too-few",
    also: ["usage.n-counted"],
    seen: ["https://github.com/abetlen/llama-cpp-python/issues/1344"],
    ...onUsage((usage) => counted(usage, usage.prompt_tokens, Math.min(1, usage.completion_tokens))),
  },
  {
    id: "usage-stream-half",
    says: "a stream counts half of its completion tokens, because two tokens share a chunk",
    breaks: "usage.stream-counted",
    fault: "differs",
    also: [],
    seen: [guide],
    ...onUsage((usage, { stream }) =>
      stream ? counted(usage, usage.prompt_tokens, Math.ceil(usage.completion_tokens / 2)) : usage,
    ),
  },
]

export const usageVariants: readonly Variant[] = [
  {
    id: "usage-forced",
    says: "every stream has usage, requested or not, because the operator enabled it",
    notes: ["usage.output-counted"],
    seen: [
      "https://github.com/sgl-project/sglang/pull/12241",
      "https://github.com/vllm-project/vllm/pull/6652",
    ],
    trait: "forced-usage",
    ...withUnaskedUsage,
  },
  {
    id: "usage-reasoning-besides",
    says: "reasoning tokens are not included in completion_tokens",
    notes: [],
    seen: ["https://github.com/vectorize-io/hindsight/issues/3851"],
    trait: "unfolded-reasoning",
    ...onReply("createChatCompletion", ({ usage, ...completion }) => ({
      ...completion,
      usage: usage && {
        ...usage,
        completion_tokens_details: { reasoning_tokens: 7 },
        total_tokens: usage.prompt_tokens + usage.completion_tokens + 7,
      },
    })),
  },
  {
    id: "usage-on-own-chunk",
    says: "usage is sent in a chunk without choices",
    notes: [],
    seen: ["OpenAI API reference, stream_options: include_usage"],
    ...onChunks((chunks) => {
      const last = chunks.at(-1)
      if (!last?.usage || last.choices.length === 0) return chunks
      return [...chunks.slice(0, -1), { ...last, usage: null }, { ...last, choices: [] }]
    }),
  },
  {
    id: "usage-absent-elsewhere",
    says: "chunks before the usage chunk have no usage member",
    notes: [],
    seen: [guide],
    ...onEachChunk(({ usage, ...chunk }) => (usage ? { ...chunk, usage } : chunk)),
  },
  {
    id: "usage-null-unrequested",
    says: "chunks have usage: null although usage was not requested",
    notes: [],
    seen: ["Schema ChatCompletionChunk: usage"],
    ...onEachChunk((chunk) => ({ usage: null, ...chunk })),
  },
  {
    id: "usage-details",
    says: "usage has details, some of them null, and unknown members",
    notes: [],
    seen: [openai],
    ...onUsage((usage) => ({
      ...usage,
      cost: 0.0001,
      prompt_tokens_details: { cached_tokens: 0, audio_tokens: null },
      completion_tokens_details: { reasoning_tokens: 0, accepted_prediction_tokens: null },
    })),
  },
  {
    id: "usage-details-null",
    says: "the details of usage are null",
    notes: [],
    seen: [openai],
    ...onUsage((usage) => ({ ...usage, prompt_tokens_details: null, completion_tokens_details: null })),
  },
]
