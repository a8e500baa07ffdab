import type { ChatCompletionChunk, ChatCompletionChunkChoice } from "@nexhina/schemas"
import type { StreamEvent } from "@nexhina/stream"
import type { Alteration, Situation } from "@nexhina/wire"
import { type Defect, onWire, type Variant } from "./defect.ts"

type Events = Extract<Alteration, { stage: "events" }>

/** Changes all chunks of a chat stream together; [DONE] stays behind them. */
export function onChunks(
  apply: (chunks: readonly ChatCompletionChunk[], situation: Situation) => readonly object[],
): Events {
  return {
    stage: "events",
    apply(events, situation) {
      if (situation.operationId !== "createChatCompletion") return events
      // All that a chat stream carries as objects are chunks.
      const chunks = events.flatMap(({ data }) =>
        typeof data === "object" ? [data as ChatCompletionChunk] : [],
      )
      return [
        ...apply(chunks, situation).map((data): StreamEvent => ({ data })),
        ...events.filter(({ data }) => typeof data !== "object"),
      ]
    },
  }
}

/** Changes each chunk of a chat stream, given its number from 0. */
export const onEachChunk = (
  change: (chunk: ChatCompletionChunk, at: number, last: number) => object,
): Events => onChunks((chunks) => chunks.map((chunk, at) => change(chunk, at, chunks.length - 1)))

/** Changes each choice of each chunk. */
export const onEachChoice = (change: (choice: ChatCompletionChunkChoice) => object): Events =>
  onEachChunk((chunk) => ({ ...chunk, choices: chunk.choices.map(change) }))

const without = (object: object, ...members: string[]): object =>
  Object.fromEntries(Object.entries(object).filter(([member]) => !members.includes(member)))

const isEnd = ({ finish_reason }: ChatCompletionChunkChoice) => finish_reason != null

const ends = ({ choices }: ChatCompletionChunk) => choices.some(isEnd)

/** Says at the beginning of each choice how it ends, and not at its end. */
const finishFirst = (chunks: readonly ChatCompletionChunk[]): object[] => {
  const reasons = new Map(
    chunks.flatMap(({ choices }) =>
      choices.filter(isEnd).map((choice) => [choice.index, choice.finish_reason]),
    ),
  )
  const begun = new Set<number>()
  return chunks.map((chunk) => ({
    ...chunk,
    choices: chunk.choices.map((choice) => {
      const isFirst = !begun.has(choice.index)
      begun.add(choice.index)
      return { ...choice, finish_reason: isFirst ? reasons.get(choice.index) : null }
    }),
  }))
}

const hasCalls = (chunks: readonly ChatCompletionChunk[]) =>
  chunks.some(({ choices }) => choices.some(({ delta }) => delta.tool_calls?.length))

/** Joins each chunk that `joins` says to the chunk of the same choice before it. */
function merged(
  chunks: readonly ChatCompletionChunk[],
  joins: (choice: ChatCompletionChunkChoice, before: ChatCompletionChunkChoice) => boolean,
): ChatCompletionChunk[] {
  const result: ChatCompletionChunk[] = []
  for (const chunk of chunks) {
    const [choice] = chunk.choices
    const at = result.findLastIndex(({ choices }) => choices[0] && choices[0].index === choice?.index)
    const before = result[at]
    const [earlier] = before?.choices ?? []
    if (!choice || !before || !earlier || !joins(choice, earlier)) {
      result.push(chunk)
      continue
    }
    const content = `${earlier.delta.content ?? ""}${choice.delta.content ?? ""}`
    const delta = { ...earlier.delta, ...choice.delta, ...(content !== "" && { content }) }
    // What ends or carries usage has to stay where it is; the earlier part moves to it.
    result.splice(at, 1)
    result.push({ ...before, ...chunk, choices: [{ ...earlier, ...choice, delta }] })
  }
  return result
}

const carriesText = ({ delta }: ChatCompletionChunkChoice) => Boolean(delta.content)

const hasLogprobs = ({ logprobs }: ChatCompletionChunkChoice) => logprobs != null

/** What OpenAI answers for models that cannot stream. */
const streamRefused = JSON.stringify({
  error: {
    message:
      "Unsupported value: 'stream' does not support true with this model. Only the default (false) value is supported.",
    type: "invalid_request_error",
    param: "stream",
    code: "unsupported_value",
  },
})

export const chatStreamDefects: readonly Defect[] = [
  {
    id: "stream-refused",
    says: "chats are refused when a stream is asked for",
    breaks: "stream.is-accepted",
    fault: "refused",
    also: [],
    seen: [
      "https://github.com/langgenius/dify/issues/8615",
      "https://github.com/RooCodeInc/Roo-Code/issues/274",
      "https://github.com/stulzq/azure-openai-proxy/issues/63",
    ],
    ...onWire(
      ({ status }, { operationId, streaming }) =>
        operationId === "createChatCompletion" && streaming && status === 200,
      ({ headers }) => ({
        status: 400,
        headers: [
          ...headers.filter(([name]) => name.toLowerCase() !== "content-type"),
          ["content-type", "application/json"],
        ],
        body: streamRefused,
      }),
    ),
  },
  {
    id: "stream-fails",
    says: "streams contain only an error, with status 200",
    breaks: "stream.is-accepted",
    fault: "failed",
    also: ["err.status-before-stream"],
    seen: [
      "https://github.com/llm-d/llm-d-inference-sim/pull/598",
      "https://github.com/majiayu000/litellm-rs/issues/170",
    ],
    ...onChunks(() => [
      { error: { message: "The engine failed.", type: "server_error", param: null, code: null } },
    ]),
  },
  {
    id: "chunk-id-missing",
    says: "chunks have no id",
    breaks: "stream.chunk-schema",
    fault: "id",
    also: [],
    seen: ["Schema ChatCompletionChunk: id"],
    ...onEachChunk((chunk) => without(chunk, "id")),
  },
  {
    id: "chunk-object-null",
    says: "chunks have no object member",
    breaks: "stream.chunk-schema",
    fault: "object",
    also: ["chat.object"],
    seen: ["Schema ChatCompletionChunk: object"],
    ...onEachChunk((chunk) => ({ ...chunk, object: null })),
  },
  {
    id: "chunk-created-missing",
    says: "chunks have no created",
    breaks: "stream.chunk-schema",
    fault: "created",
    also: [],
    seen: ["Schema ChatCompletionChunk: created"],
    ...onEachChunk((chunk) => without(chunk, "created")),
  },
  {
    id: "chunk-model-null",
    says: "the model of chunks is null",
    breaks: "stream.chunk-schema",
    fault: "model",
    also: [],
    seen: ["https://github.com/microsoft/foundry-local/issues/144"],
    ...onEachChunk((chunk) => ({ ...chunk, model: null })),
  },
  {
    id: "chunk-choices-missing",
    says: "a keep-alive chunk has no choices member",
    breaks: "stream.chunk-schema",
    fault: "choices",
    also: [],
    seen: ["Schema ChatCompletionChunk: choices"],
    ...onChunks((chunks) => [...chunks.slice(0, 1).map((chunk) => without(chunk, "choices")), ...chunks]),
  },
  {
    id: "choice-index-string",
    says: "the index of choices is a string",
    breaks: "stream.chunk-schema",
    fault: "index",
    also: [],
    seen: ["Schema ChatCompletionChunk: choices[].index"],
    ...onEachChoice((choice) => ({ ...choice, index: String(choice.index) })),
  },
  {
    id: "chunk-message-for-delta",
    says: "a chunk has a message instead of a delta",
    breaks: "stream.chunk-schema",
    fault: "delta",
    also: ["stream.no-message-member"],
    seen: ["https://github.com/Portkey-AI/gateway/issues/858"],
    ...onEachChoice(({ delta, ...choice }) => ({ ...choice, message: { role: "assistant", ...delta } })),
  },
  {
    id: "delta-content-parts",
    says: "the content of deltas is a list of parts instead of a string",
    breaks: "stream.chunk-schema",
    fault: "content",
    also: [],
    seen: ["Schema ChatCompletionChunk: choices[].delta.content"],
    ...onEachChoice(({ delta, ...choice }) => ({
      ...choice,
      delta: { ...delta, content: [{ type: "text", text: delta.content ?? "" }] },
    })),
  },
  {
    id: "delta-tool-calls-object",
    says: "tool_calls is an object instead of an array",
    breaks: "stream.chunk-schema",
    fault: "tool-calls",
    also: [],
    seen: ["Schema ChatCompletionChunk: choices[].delta.tool_calls"],
    ...onEachChoice(({ delta, ...choice }) => ({ ...choice, delta: { ...delta, tool_calls: {} } })),
  },
  {
    id: "chunk-id-changes",
    says: "every chunk has a different id",
    breaks: "stream.id-constant",
    fault: "changes",
    also: [],
    seen: [
      "https://github.com/ggml-org/llama.cpp/issues/5876",
      "https://github.com/microsoft/foundry-local/issues/144",
      "https://github.com/BerriAI/litellm/issues/1571",
      "https://github.com/modelscope/ms-swift/pull/9926",
    ],
    ...onEachChunk((chunk, at) => ({ ...chunk, id: `${chunk.id}-${at}` })),
  },
  {
    id: "chunk-keepalive-id-differs",
    says: "a keep-alive chunk has a different id than the other chunks",
    breaks: "stream.id-constant",
    fault: "changes",
    also: [],
    seen: ["https://github.com/jundot/omlx/pull/2462"],
    ...onChunks((chunks) => [
      ...chunks.slice(0, 1).map((chunk) => ({
        ...chunk,
        id: "chatcmpl-keepalive",
        choices: [{ index: 0, delta: {}, finish_reason: null }],
      })),
      ...chunks,
    ]),
  },
  {
    id: "chunk-created-changes",
    says: "every chunk has a different created time",
    breaks: "stream.created-constant",
    fault: "changes",
    also: [],
    seen: ["https://github.com/raullenchai/Rapid-MLX/pull/752"],
    ...onEachChunk((chunk, at) => ({ ...chunk, created: chunk.created + at })),
  },
  {
    id: "chunk-model-changes",
    says: "the last chunk has a different model",
    breaks: "stream.model-constant",
    fault: "changes",
    also: [],
    seen: ["Streaming Output Guide: the chunks of its sample name one model"],
    ...onEachChunk((chunk, at, last) => (at === last ? { ...chunk, model: `${chunk.model}-latest` } : chunk)),
  },
  {
    id: "chunk-fingerprint-changes",
    says: "every chunk has a different system_fingerprint",
    breaks: "stream.fingerprint-constant",
    fault: "changes",
    also: [],
    seen: ["OpenAI API reference, the chat completion chunk object: system_fingerprint"],
    ...onEachChunk((chunk, at) => ({ ...chunk, system_fingerprint: `fp_${at}` })),
  },
  {
    id: "choice-index-counts-chunks",
    says: "the index of a choice with text is the number of its chunk",
    breaks: "stream.index-in-range",
    fault: "out-of-range",
    also: ["chat.stop-exact"],
    seen: [
      "https://github.com/microsoft/foundry-local/issues/144",
      "https://github.com/BerriAI/litellm/pull/9242",
    ],
    ...onChunks((chunks) =>
      hasCalls(chunks)
        ? chunks
        : chunks.map((chunk, index) => ({
            ...chunk,
            choices: chunk.choices.map((choice) => ({ ...choice, index })),
          })),
    ),
  },
  {
    id: "n-choices-index-always-zero",
    says: "all choices have index 0",
    breaks: "stream.index-in-range",
    fault: "missing",
    also: ["chat.max-tokens-honoured"],
    seen: ["https://github.com/BerriAI/litellm/issues/3276"],
    ...onEachChoice((choice) => ({ ...choice, index: 0 })),
  },
  {
    id: "chunk-role-late",
    says: "the role is in the last delta instead of the first",
    breaks: "stream.role-first",
    fault: "late",
    also: [],
    seen: [
      "https://github.com/ai-dynamo/dynamo/pull/12741",
      "https://github.com/agentgateway/agentgateway/pull/3005",
    ],
    ...onEachChoice((choice) => ({
      ...choice,
      delta: { ...without(choice.delta, "role"), ...(isEnd(choice) && { role: "assistant" }) },
    })),
  },
  {
    id: "chunk-role-empty-string",
    says: "the role in later deltas is an empty string",
    breaks: "stream.role-valid",
    fault: "empty",
    also: [],
    seen: ["https://github.com/MiniMax-AI/MiniMax-M2.5/issues/2"],
    ...onEachChoice((choice) => ({ ...choice, delta: { role: "", ...choice.delta } })),
  },
  {
    id: "chunk-role-model",
    says: "the role in deltas is model instead of assistant",
    breaks: "stream.role-valid",
    fault: "other",
    also: [],
    seen: ["Schema ChatCompletionChunk: choices[].delta.role"],
    ...onEachChoice((choice) => ({
      ...choice,
      delta: { ...choice.delta, ...(choice.delta.role != null && { role: "model" }) },
    })),
  },
  {
    id: "chunk-role-every-delta",
    says: "every delta contains the role",
    breaks: "stream.role-once",
    fault: "repeated",
    also: [],
    seen: ["https://github.com/BerriAI/litellm/pull/9986", "https://github.com/ollama/ollama/issues/4357"],
    ...onEachChoice((choice) => ({ ...choice, delta: { ...choice.delta, role: "assistant" } })),
  },
  {
    id: "chunk-finish-missing-final",
    says: "the last chunk has no finish_reason",
    breaks: "stream.finish-once",
    fault: "missing",
    also: [],
    seen: [
      "https://github.com/microsoft/foundry-local/issues/423",
      "https://github.com/ModelTC/LightLLM/issues/130",
    ],
    ...onEachChoice((choice) => ({ ...choice, finish_reason: null })),
  },
  {
    id: "n-choices-finish-index-zero",
    says: "the final chunks of all choices have index 0",
    breaks: "stream.finish-once",
    fault: "repeated",
    also: [],
    seen: ["https://github.com/ggml-org/llama.cpp/pull/20226"],
    ...onEachChoice((choice) => (isEnd(choice) ? { ...choice, index: 0 } : choice)),
  },
  {
    id: "chunk-finish-twice",
    says: "a choice has two chunks with a finish_reason, each with a different reason",
    breaks: "stream.finish-once",
    fault: "repeated",
    also: [],
    seen: ["https://github.com/RayBytes/ChatMock/pull/114"],
    ...onChunks((chunks) =>
      chunks.flatMap((chunk) => {
        if (!ends(chunk)) return [chunk]
        const early = chunk.choices.map((choice) => ({ ...choice, finish_reason: "length" }))
        return [{ ...without(chunk, "usage"), choices: early }, chunk]
      }),
    ),
  },
  {
    id: "chunk-text-after-finish",
    says: "the finish_reason of a choice is sent before its text",
    breaks: "stream.finish-last",
    fault: "text-after",
    also: [],
    seen: ["Streaming Output Guide, key point 4"],
    ...onChunks(finishFirst),
  },
  {
    id: "chunk-call-after-finish",
    says: "the finish_reason of a choice is sent before its tool calls",
    breaks: "stream.finish-last",
    fault: "call-after",
    also: [],
    seen: ["Streaming Output Guide, key point 4"],
    ...onChunks((chunks) => (hasCalls(chunks) ? finishFirst(chunks) : chunks)),
  },
  {
    id: "chunk-finish-empty-string",
    says: "the finish_reason is an empty string until the last chunk",
    breaks: "stream.finish-null-before",
    fault: "empty-string",
    also: [],
    seen: ["https://github.com/sgl-project/sglang/issues/3912"],
    ...onEachChoice((choice) => ({ ...choice, finish_reason: choice.finish_reason ?? "" })),
  },
  {
    id: "chunk-finish-string-null",
    says: 'the finish_reason is the string "null" until the last chunk',
    breaks: "stream.finish-null-before",
    fault: "string-null",
    also: [],
    seen: ["https://github.com/PowerShell/AIShell/issues/350"],
    ...onEachChoice((choice) => ({ ...choice, finish_reason: choice.finish_reason ?? "null" })),
  },
  {
    id: "chunk-finish-false",
    says: "the finish_reason is false until the last chunk",
    breaks: "stream.finish-null-before",
    fault: "wrong-type",
    also: [],
    seen: ["Schema ChatCompletionChunk: choices[].finish_reason"],
    ...onEachChoice((choice) => ({ ...choice, finish_reason: choice.finish_reason ?? false })),
  },
  {
    id: "chunk-finish-key-omitted",
    says: "choices have no finish_reason member until the last chunk",
    breaks: "stream.finish-key-present",
    fault: "absent",
    also: [],
    seen: [
      "https://github.com/BerriAI/liteLLM-proxy/issues/19",
      "https://github.com/Oaklight/llm-rosetta/pull/444",
      "https://github.com/danny-avila/LibreChat/pull/5563",
    ],
    ...onEachChoice((choice) => (isEnd(choice) ? choice : without(choice, "finish_reason"))),
  },
  {
    id: "chunk-message-besides-delta",
    says: "a chunk has a message in addition to its delta",
    breaks: "stream.no-message-member",
    fault: "message",
    also: [],
    seen: ["https://github.com/Portkey-AI/gateway/issues/858"],
    ...onEachChoice((choice) => ({ ...choice, message: { role: "assistant", ...choice.delta } })),
  },
  {
    id: "chunk-empty-choices-ping",
    says: "a keep-alive chunk has an empty choices list",
    breaks: "stream.empty-choices-only-usage",
    fault: "empty",
    also: [],
    seen: [
      "https://github.com/BerriAI/litellm/pull/27971",
      "https://github.com/AbanteAI/archive-old-cli-mentat/issues/429",
    ],
    ...onChunks((chunks) => [...chunks.slice(0, 1).map((chunk) => ({ ...chunk, choices: [] })), ...chunks]),
  },
]

export const chatStreamVariants: readonly Variant[] = [
  {
    id: "chunk-created-ticks",
    says: "each chunk is stamped with its own second, as llama.cpp does",
    notes: ["stream.created-constant"],
    seen: ["llama.cpp, tools/server: created of each chunk is the time at which it is formatted"],
    ...onEachChunk((chunk, at) => ({ ...chunk, created: chunk.created + Math.floor(at / 2) })),
  },
  {
    id: "chunk-azure-filters",
    says: "the first chunk has only content filter results, without choices, id, model or created; a later one has a choice without delta",
    notes: [],
    seen: [
      "https://github.com/AbanteAI/archive-old-cli-mentat/issues/429",
      "https://github.com/uezo/aiavatarkit/pull/124",
    ],
    trait: "azure",
    ...onChunks((chunks) => {
      const blank = { id: "", object: "", created: 0, model: "" }
      const asked = { ...blank, choices: [], prompt_filter_results: [{ prompt_index: 0 }] }
      const answered = {
        index: 0,
        finish_reason: null,
        content_filter_results: {},
        content_filter_offsets: {},
      }
      return [asked, ...chunks.slice(0, 1), { ...blank, choices: [answered] }, ...chunks.slice(1)]
    }),
  },
  {
    id: "role-nowhere",
    says: "no delta contains the role",
    notes: ["stream.role-first"],
    seen: ["Streaming Output Guide: its sample stream"],
    ...onEachChoice(({ delta, ...choice }) => ({ ...choice, delta: without(delta, "role") })),
  },
  {
    id: "role-with-text",
    says: "the role is in the first delta with text",
    notes: [],
    seen: ["https://github.com/vllm-project/vllm/pull/36944"],
    ...onChunks((chunks) =>
      merged(chunks, (choice, { delta }) => delta.role != null && !delta.content && carriesText(choice)),
    ),
  },
  {
    id: "finish-with-text",
    says: "the last text is in the chunk with the finish_reason",
    notes: [],
    seen: ["https://github.com/vllm-project/vllm/pull/36944"],
    ...onChunks((chunks) =>
      merged(chunks, (choice, before) => isEnd(choice) && carriesText(before) && !hasLogprobs(before)),
    ),
  },
  {
    id: "one-chunk",
    says: "all text is sent in one chunk",
    notes: [],
    seen: ["Streaming Output Guide, key point 3: the sum of the fragments is the reply"],
    ...onChunks((chunks) =>
      hasCalls(chunks)
        ? chunks
        : merged(chunks, (choice, before) => !hasLogprobs(choice) && !hasLogprobs(before)),
    ),
  },
  {
    id: "code-point-chunks",
    says: "every character is sent in its own chunk",
    notes: [],
    seen: ["Streaming Output Guide, key point 3: the sum of the fragments is the reply"],
    ...onChunks((chunks) =>
      chunks.flatMap((chunk) => {
        const [choice] = chunk.choices
        const { content } = choice?.delta ?? {}
        if (!choice || !content || ends(chunk) || hasLogprobs(choice)) return [chunk]
        return [...content].map((content, at) => ({
          ...chunk,
          choices: [{ ...choice, delta: at === 0 ? { ...choice.delta, content } : { content } }],
        }))
      }),
    ),
  },
  {
    id: "keep-alive-chunks",
    says: "chunks with empty deltas and the id of the stream are sent before each of the others",
    notes: [],
    seen: ["https://github.com/jundot/omlx/pull/1011", "https://github.com/diegosouzapw/OmniRoute/pull/7136"],
    ...onChunks((chunks) =>
      chunks.flatMap((chunk) => {
        const [choice] = chunk.choices
        if (!choice) return [chunk]
        return [
          { ...without(chunk, "usage"), choices: [{ index: choice.index, delta: {}, finish_reason: null }] },
          chunk,
        ]
      }),
    ),
  },
  {
    id: "null-members",
    says: "unused members of deltas are null or empty lists",
    notes: [],
    seen: ["https://github.com/sgl-project/sglang/issues/3912"],
    ...onEachChoice((choice) => ({
      logprobs: null,
      ...choice,
      delta: {
        role: null,
        content: null,
        tool_calls: null,
        refusal: null,
        reasoning_content: null,
        ...choice.delta,
      },
    })),
  },
  {
    id: "empty-tool-calls",
    says: "deltas without tool calls have an empty tool_calls list",
    notes: [],
    seen: ["https://github.com/sgl-project/sglang/issues/3912"],
    ...onEachChoice((choice) => ({ ...choice, delta: { tool_calls: [], ...choice.delta } })),
  },
  {
    id: "unknown-chunk-members",
    says: "chunks, choices and deltas contain unknown members",
    notes: [],
    seen: ["OpenAI API reference: no object of chat completions is closed"],
    ...onEachChunk((chunk) => ({
      ...chunk,
      provider: "test",
      x_groq: { id: "req_1" },
      choices: chunk.choices.map((choice) => ({
        ...choice,
        token_ids: [1],
        delta: { ...choice.delta, reasoning: "" },
      })),
    })),
  },
  {
    id: "chunk-obfuscation",
    says: "chunks contain obfuscation, random padding that hides their length",
    notes: [],
    seen: ["OpenAI API reference, stream_options: include_obfuscation"],
    ...onEachChunk((chunk, at) => ({ ...chunk, obfuscation: "x".repeat((at * 7) % 16) })),
  },
  {
    id: "model-snapshot",
    says: "the model of chunks is the dated snapshot of the requested model",
    notes: [],
    seen: ["OpenAI API reference, the chat completion chunk object: model"],
    ...onEachChunk((chunk) => ({ ...chunk, model: `${chunk.model}-2024-08-06` })),
  },
  {
    id: "choice-after-choice",
    says: "all chunks of a choice are sent before those of the next choice",
    notes: [],
    seen: ["OpenAI API reference, the chat completion chunk object: choices"],
    ...onChunks((chunks) => {
      const last = chunks.at(-1)
      const indexOf = ({ choices }: ChatCompletionChunk) => choices[0]?.index ?? Number.POSITIVE_INFINITY
      // What carries the usage stays last.
      const others = chunks.slice(0, -1).sort((a, b) => indexOf(a) - indexOf(b))
      return last ? [...others, last] : others
    }),
  },
  {
    id: "choices-backwards",
    says: "chunks of choices with a higher index are sent first",
    notes: [],
    seen: ["OpenAI API reference, the chat completion chunk object: choices"],
    ...onChunks((chunks) => {
      const turns: ChatCompletionChunk[][] = []
      for (const chunk of chunks) {
        const [before] = turns.at(-1)?.[0]?.choices ?? []
        const [choice] = chunk.choices
        // Each turn begins with what was the choice of the lowest index, and is told from the highest down.
        if (before && choice && choice.index > before.index) turns.at(-1)?.unshift(chunk)
        else turns.push([chunk])
      }
      // Usage rides on whatever comes last.
      const usage = chunks.at(-1)?.usage
      return turns.flat().map((chunk, at) => {
        const { usage: _, ...rest } = chunk
        if (usage == null) return chunk
        return at === chunks.length - 1 ? { ...rest, usage } : { ...rest, usage: null }
      })
    }),
  },
  {
    id: "choices-together",
    says: "each chunk contains a delta for every choice",
    notes: [],
    seen: ["OpenAI API reference, the chat completion chunk object: choices is a list"],
    ...onChunks((chunks) => {
      const result: ChatCompletionChunk[] = []
      for (const chunk of chunks) {
        const before = result.at(-1)
        const isNew = chunk.choices.every(({ index }) =>
          before?.choices.every((other) => other.index !== index),
        )
        if (before && isNew && chunk.choices.length > 0) {
          result.splice(-1, 1, { ...before, ...chunk, choices: [...before.choices, ...chunk.choices] })
        } else result.push(chunk)
      }
      return result
    }),
  },
  {
    id: "finish-key-only-at-end",
    says: "choices have no finish_reason member until the last chunk",
    notes: ["stream.finish-key-present"],
    seen: ["https://github.com/danny-avila/LibreChat/pull/5563"],
    ...onEachChoice((choice) => (isEnd(choice) ? choice : without(choice, "finish_reason"))),
  },
  {
    id: "role-every-delta",
    says: "every delta contains the role",
    notes: ["stream.role-once"],
    seen: ["https://github.com/ollama/ollama/issues/4357"],
    ...onEachChoice((choice) => ({ ...choice, delta: { ...choice.delta, role: "assistant" } })),
  },
  {
    id: "empty-choices-ping",
    says: "the first chunk has an empty choices list",
    notes: ["stream.empty-choices-only-usage"],
    seen: ["https://github.com/BerriAI/litellm/pull/27971"],
    ...onChunks((chunks) => [...chunks.slice(0, 1).map((chunk) => ({ ...chunk, choices: [] })), ...chunks]),
  },
]
