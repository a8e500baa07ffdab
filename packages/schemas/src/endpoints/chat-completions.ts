import { z } from "zod"
import { modelIds } from "../catalogue.ts"
import { endpoint } from "../endpoint.ts"
import { bodyErrors } from "../error.ts"
import { openEnum, openObject, openUnion } from "../open.ts"
import { chosen, deduced, documented } from "../provenance.ts"
import { text } from "../text.ts"

const Count = z.int().min(0)
const JsonSchema = z.record(z.string(), z.unknown())

export const TextPart = openObject({ type: z.literal("text"), text: z.string() }).meta({
  id: "TextPart",
  ...deduced,
})
export type TextPart = z.infer<typeof TextPart>

export const ImagePart = openObject({
  type: z.literal("image_url"),
  image_url: openObject({
    url: z.string().meta({ description: "A URL, or a data URL that holds the image." }),
    detail: openEnum(["auto", "low", "high"]).optional().meta({ default: "auto" }),
  }),
}).meta({ id: "ImagePart", ...deduced })
export type ImagePart = z.infer<typeof ImagePart>

export const AudioPart = openObject({
  type: z.literal("input_audio"),
  input_audio: openObject({
    data: z.string().meta({ description: "Base64." }),
    format: openEnum(["wav", "mp3"]),
  }),
}).meta({ id: "AudioPart", ...deduced })
export type AudioPart = z.infer<typeof AudioPart>

export const FilePart = openObject({
  type: z.literal("file"),
  file: openObject({
    file_data: z.string().optional().meta({ description: "Base64, or a data URL." }),
    file_id: z.string().optional(),
    filename: z.string().optional(),
  }),
}).meta({ id: "FilePart", ...deduced })
export type FilePart = z.infer<typeof FilePart>

export const RefusalPart = openObject({ type: z.literal("refusal"), refusal: z.string() }).meta({
  id: "RefusalPart",
  ...deduced,
})
export type RefusalPart = z.infer<typeof RefusalPart>

export const ContentPart = openUnion("type", [TextPart, ImagePart, AudioPart, FilePart, RefusalPart]).meta({
  id: "ContentPart",
  ...deduced,
})
export type ContentPart = z.infer<typeof ContentPart>

export const FunctionCall = openObject({
  name: z.string(),
  arguments: z.string().meta({ description: "JSON text as the model wrote it: it need not be valid." }),
}).meta({ id: "FunctionCall", ...documented })
export type FunctionCall = z.infer<typeof FunctionCall>

export const ToolCall = openObject({
  id: z.string(),
  type: z.literal("function"),
  function: FunctionCall,
}).meta({ id: "ToolCall", ...documented })
export type ToolCall = z.infer<typeof ToolCall>

export const CustomToolCall = openObject({
  id: z.string(),
  type: z.literal("custom"),
  custom: openObject({ name: z.string(), input: z.string() }),
}).meta({ id: "CustomToolCall", ...deduced })
export type CustomToolCall = z.infer<typeof CustomToolCall>

const ToolCalls = z.array(openUnion("type", [ToolCall, CustomToolCall]))

/** A message of a request. What a reply carries, `ChatCompletionMessage`, can be sent back as one. */
export const ChatMessage = openObject({
  role: z.enum(["system", "user", "assistant", "tool", "developer", "function"]).meta(documented),
  content: z
    .union([z.string().meta(documented), z.array(ContentPart), z.null()])
    .optional()
    .meta({ description: "Null or absent only on an assistant's message that carries something else." }),
  name: z
    .string()
    .nullish()
    .meta({ ...documented, description: "Tells participants of one role apart." }),
  tool_call_id: z
    .string()
    .nullish()
    .meta({ ...documented, description: "The call that this message of role `tool` answers." }),
  tool_calls: ToolCalls.nullish().meta({ ...documented, description: "Calls that the assistant made." }),
  function_call: FunctionCall.nullish().meta({ deprecated: true }),
  refusal: z.string().nullish(),
  audio: openObject({ id: z.string() })
    .nullish()
    .meta({ description: "An earlier audio reply of the assistant." }),
}).meta({ id: "ChatMessage", ...deduced })
export type ChatMessage = z.infer<typeof ChatMessage>

export const FunctionDefinition = openObject({
  name: z.string().regex(/^[a-zA-Z0-9_-]{1,64}$/),
  description: z.string().optional(),
  parameters: JsonSchema.optional().meta({
    description: "JSON Schema of the arguments. Default: the function has no parameters.",
  }),
  strict: z.boolean().nullish().meta({ default: false }),
}).meta({ id: "FunctionDefinition", ...deduced })
export type FunctionDefinition = z.infer<typeof FunctionDefinition>

export const ToolDefinition = openObject({
  type: z.literal("function"),
  function: FunctionDefinition,
}).meta({ id: "ToolDefinition", ...deduced })
export type ToolDefinition = z.infer<typeof ToolDefinition>

export const CustomToolDefinition = openObject({
  type: z.literal("custom"),
  custom: openObject({
    name: z.string(),
    description: z.string().optional(),
    format: openUnion("type", [
      openObject({ type: z.literal("text") }),
      openObject({
        type: z.literal("grammar"),
        grammar: openObject({ definition: z.string(), syntax: z.enum(["lark", "regex"]) }),
      }),
    ]).optional(),
  }),
}).meta({ id: "CustomToolDefinition", ...deduced })
export type CustomToolDefinition = z.infer<typeof CustomToolDefinition>

const Named = openObject({ name: z.string() })
const FunctionChoice = openObject({ type: z.literal("function"), function: Named })
const CustomToolChoice = openObject({ type: z.literal("custom"), custom: Named })

export const ToolChoice = z
  .union([
    z.enum(["none", "auto", "required"]),
    openUnion("type", [
      FunctionChoice,
      CustomToolChoice,
      openObject({
        type: z.literal("allowed_tools"),
        allowed_tools: openObject({
          mode: z.enum(["auto", "required"]),
          tools: z.array(openUnion("type", [FunctionChoice, CustomToolChoice])),
        }),
      }),
    ]),
  ])
  .meta({ id: "ToolChoice", ...deduced })
export type ToolChoice = z.infer<typeof ToolChoice>

export const ChatResponseFormat = openUnion("type", [
  openObject({ type: z.literal("text") }),
  openObject({ type: z.literal("json_object") }),
  openObject({
    type: z.literal("json_schema"),
    json_schema: openObject({
      name: z.string().regex(/^[a-zA-Z0-9_-]{1,64}$/),
      description: z.string().optional(),
      schema: JsonSchema.optional(),
      strict: z.boolean().nullish().meta({ default: false }),
    }),
  }),
]).meta({ id: "ChatResponseFormat", ...deduced })
export type ChatResponseFormat = z.infer<typeof ChatResponseFormat>

export const StreamOptions = openObject({
  include_usage: z
    .boolean()
    .optional()
    .meta({
      ...documented,
      default: false,
      description: "Whether the last chunk of the stream carries `usage`.",
    }),
  include_obfuscation: z.boolean().optional(),
}).meta({
  id: "StreamOptions",
  ...deduced,
  description: "Means something on a stream only; elsewhere it is ignored.",
})
export type StreamOptions = z.infer<typeof StreamOptions>

/** The short form of a chat request. With these members alone, it is a `ChatCompletionRequest` too. */
export const ChatRequest = openObject({
  model: openEnum(modelIds("chat")).describe("ID of the model that generates the reply."),
  messages: z.array(ChatMessage).min(1).describe("Messages of the conversation so far; at least one."),
  temperature: z
    .number()
    .min(0)
    .max(2)
    .nullish()
    .meta({ default: 1 })
    .describe("Sampling temperature from 0 to 2. Default: 1."),
  max_tokens: Count.nullish().describe(
    "Maximum number of tokens to generate. 0 means that the request sets no limit.",
  ),
  stream: z
    .boolean()
    .nullish()
    .meta({ default: false })
    .describe("Whether to return server-sent events. Default: false."),
}).meta({ id: "ChatRequest", ...documented })
export type ChatRequest = z.infer<typeof ChatRequest>

const Penalty = z.number().min(-2).max(2).nullish().meta({ default: 0 })

export const ChatCompletionRequest = openObject({
  model: ChatRequest.shape.model.meta(documented).describe("ID of the model that generates the reply."),
  messages: ChatRequest.shape.messages
    .meta(documented)
    .describe("Messages of the conversation so far; at least one."),
  stream: ChatRequest.shape.stream.meta({
    ...documented,
    default: false,
    description: "Whether the reply comes as server-sent events, chunk by chunk.",
  }),
  stream_options: StreamOptions.nullish()
    .meta(documented)
    .describe("Options of the stream. Only used when `stream` is true; ignored otherwise."),
  temperature: ChatRequest.shape.temperature
    .meta({ ...documented, default: 1 })
    .describe("Sampling temperature from 0 to 2. Default: 1. Higher values make the output more random."),
  max_tokens: ChatRequest.shape.max_tokens.meta({
    ...documented,
    deprecated: true,
    description: "Use `max_completion_tokens`.",
  }),
  max_completion_tokens: Count.nullish().describe(
    "Maximum number of tokens to generate, including reasoning tokens.",
  ),
  top_p: z
    .number()
    .min(0)
    .max(1)
    .nullish()
    .meta({ default: 1 })
    .describe(
      "Nucleus sampling: only the most likely tokens with this total probability are considered, from 0 to 1. Default: 1.",
    ),
  n: z
    .int()
    .min(1)
    .max(128)
    .nullish()
    .meta({ default: 1, description: "How many choices to return." })
    .describe("Number of choices to generate, from 1 to 128. Default: 1."),
  stop: z
    .union([z.string(), z.array(z.string()).min(1).max(4), z.null()])
    .optional()
    .meta({ description: "Texts before which the reply ends." }),
  presence_penalty: Penalty.describe(
    "Penalty for tokens that already appear in the text, from -2 to 2. Default: 0.",
  ),
  frequency_penalty: Penalty.describe(
    "Penalty for tokens in proportion to their frequency in the text, from -2 to 2. Default: 0.",
  ),
  logit_bias: z
    .record(z.string(), z.int().min(-100).max(100))
    .nullish()
    .meta({ description: "By token id." }),
  logprobs: z
    .boolean()
    .nullish()
    .meta({ default: false })
    .describe("Whether to return the log probabilities of the output tokens. Default: false."),
  top_logprobs: z
    .int()
    .min(0)
    .max(20)
    .nullish()
    .describe(
      "Number of most likely tokens to return at each position, from 0 to 20. Requires `logprobs: true`.",
    ),
  tools: z
    .array(openUnion("type", [ToolDefinition, CustomToolDefinition]))
    .optional()
    .describe("Tools that the model may call."),
  tool_choice: ToolChoice.optional().describe(
    "Controls which tool the model calls, if any. `required` and named tools require `tools`.",
  ),
  parallel_tool_calls: z
    .boolean()
    .optional()
    .meta({ default: true })
    .describe("Whether the model may call several tools in one reply. Default: true."),
  response_format: ChatResponseFormat.optional().describe(
    "Format of the model's output: text, any JSON object, or JSON that matches a schema.",
  ),
  seed: z
    .int()
    .nullish()
    .meta({ deprecated: true })
    .describe("Seed for sampling. Requests with the same seed and parameters should return the same result."),
  reasoning_effort: openEnum(["none", "minimal", "low", "medium", "high", "xhigh", "max"])
    .nullish()
    .describe("How much a reasoning model reasons before it replies."),
  verbosity: openEnum(["low", "medium", "high"]).nullish().describe("How detailed the reply is."),
  modalities: z
    .array(openEnum(["text", "audio"]))
    .nullish()
    .describe("Types of output to generate. `audio` requires `audio`."),
  audio: openObject({
    voice: z.union([
      openEnum(["alloy", "ash", "ballad", "coral", "echo", "sage", "shimmer", "verse"]),
      openObject({ id: z.string() }),
    ]),
    format: openEnum(["wav", "aac", "mp3", "flac", "opus", "pcm16"]),
  })
    .nullish()
    .meta({ description: "How to speak when `modalities` asks for audio." }),
  prediction: openObject({
    type: z.literal("content"),
    content: z.union([z.string(), z.array(TextPart)]),
  })
    .nullish()
    .meta({ description: "Text that the reply is likely to repeat." }),
  web_search_options: openObject({
    search_context_size: openEnum(["low", "medium", "high"]).optional(),
    user_location: openObject({
      type: z.literal("approximate"),
      approximate: openObject({
        city: z.string().optional(),
        country: z.string().optional(),
        region: z.string().optional(),
        timezone: z.string().optional(),
      }),
    }).nullish(),
  }).optional(),
  store: z.boolean().nullish().describe("Whether the server stores the completion for later use."),
  metadata: z
    .record(z.string(), z.string())
    .nullish()
    .describe("Key-value pairs to attach to the completion."),
  service_tier: openEnum(["auto", "default", "flex", "scale", "priority"])
    .nullish()
    .describe("Processing tier for the request."),
  safety_identifier: text(64)
    .nullish()
    .describe("Stable identifier of the end user for abuse detection, at most 64 characters."),
  prompt_cache_key: z
    .string()
    .nullish()
    .describe("Key that groups requests with similar prompts for prompt caching."),
  user: z
    .string()
    .optional()
    .meta({ deprecated: true })
    .describe("Identifier of the end user. Use `safety_identifier` and `prompt_cache_key` instead."),
  functions: z
    .array(FunctionDefinition)
    .min(1)
    .max(128)
    .optional()
    .meta({ deprecated: true, description: "Use `tools`." }),
  function_call: z
    .union([z.enum(["none", "auto"]), Named])
    .optional()
    .meta({ deprecated: true, description: "Use `tool_choice`." }),
}).meta({ id: "ChatCompletionRequest", ...deduced })
export type ChatCompletionRequest = z.infer<typeof ChatCompletionRequest>

export const CompletionUsage = openObject({
  prompt_tokens: Count.describe("Number of tokens in the prompt."),
  completion_tokens: Count.describe("Number of tokens in the completion."),
  total_tokens: Count.describe("Sum of `prompt_tokens` and `completion_tokens`."),
  prompt_tokens_details: openObject({
    cached_tokens: Count.nullish(),
    cache_write_tokens: Count.nullish(),
    audio_tokens: Count.nullish(),
    text_tokens: Count.nullish(),
    image_tokens: Count.nullish(),
  })
    .nullish()
    .meta(deduced),
  completion_tokens_details: openObject({
    reasoning_tokens: Count.nullish(),
    audio_tokens: Count.nullish(),
    text_tokens: Count.nullish(),
    accepted_prediction_tokens: Count.nullish(),
    rejected_prediction_tokens: Count.nullish(),
  })
    .nullish()
    .meta(deduced),
}).meta({ id: "CompletionUsage", ...documented })
export type CompletionUsage = z.infer<typeof CompletionUsage>

const logprob = {
  token: z.string(),
  logprob: z.number(),
  bytes: z.array(z.int().min(0).max(255)).nullish().meta({ description: "The token's UTF-8." }),
}

export const TokenLogprob = openObject({
  ...logprob,
  top_logprobs: z.array(openObject(logprob)).meta({ description: "Most likely first." }),
}).meta({ id: "TokenLogprob", ...deduced })
export type TokenLogprob = z.infer<typeof TokenLogprob>

export const ChoiceLogprobs = openObject({
  content: z.array(TokenLogprob).nullish(),
  refusal: z.array(TokenLogprob).nullish(),
}).meta({ id: "ChoiceLogprobs", ...deduced })
export type ChoiceLogprobs = z.infer<typeof ChoiceLogprobs>

export const Annotation = openUnion("type", [
  openObject({
    type: z.literal("url_citation"),
    url_citation: openObject({ start_index: Count, end_index: Count, title: z.string(), url: z.string() }),
  }),
]).meta({ id: "Annotation", ...deduced })
export type Annotation = z.infer<typeof Annotation>

export const ChatCompletionMessage = openObject({
  role: z.literal("assistant").meta(documented),
  content: z.string().nullish().meta(documented),
  tool_calls: ToolCalls.nullish().meta(documented),
  function_call: FunctionCall.nullish().meta({ deprecated: true }),
  refusal: z.string().nullish(),
  reasoning_content: z
    .string()
    .nullish()
    .meta({ ...chosen, description: "The model's reasoning, where a server shows it." }),
  annotations: z.array(Annotation).nullish(),
  audio: openObject({ id: z.string(), data: z.string(), expires_at: Count, transcript: z.string() })
    .nullish()
    .meta({ description: "`data` is base64." }),
}).meta({ id: "ChatCompletionMessage", ...deduced })
export type ChatCompletionMessage = z.infer<typeof ChatCompletionMessage>

const FinishReason = openEnum(["stop", "length", "tool_calls", "content_filter", "function_call"])

export const ChatCompletionChoice = openObject({
  index: Count.describe("Position of the choice, counted from 0."),
  message: ChatCompletionMessage.describe("Message that the model generated."),
  finish_reason: FinishReason.meta({ description: "`stop` is a normal end." }),
  logprobs: ChoiceLogprobs.nullish().describe(
    "Log probabilities of the output tokens. Requires `logprobs: true`.",
  ),
}).meta({ id: "ChatCompletionChoice", ...documented })
export type ChatCompletionChoice = z.infer<typeof ChatCompletionChoice>

const ServiceTier = z.string().nullish().meta(deduced)
const SystemFingerprint = z.string().nullish().meta(deduced)

export const ChatCompletionResponse = openObject({
  id: z.string().describe("Unique ID of the completion."),
  object: z.literal("chat.completion").describe("Type of the object, always `chat.completion`."),
  created: Count.describe("Creation time in Unix seconds."),
  model: z.string().describe("Model that generated the completion."),
  choices: z.array(ChatCompletionChoice).describe("Generated choices, one for each of the `n` requested."),
  usage: CompletionUsage.nullish().describe("Token usage of the request."),
  service_tier: ServiceTier.describe("Processing tier that served the request."),
  system_fingerprint: SystemFingerprint.describe("Identifier of the backend configuration."),
}).meta({ id: "ChatCompletionResponse", ...documented })
export type ChatCompletionResponse = z.infer<typeof ChatCompletionResponse>

export const ToolCallDelta = openObject({
  index: Count.describe("Position of the tool call in the message, counted from 0."),
  id: z.string().nullish().describe("ID of the tool call."),
  type: z.string().nullish().describe("Type of the tool call."),
  function: openObject({ name: z.string().nullish(), arguments: z.string().nullish() }).nullish(),
  custom: openObject({ name: z.string().nullish(), input: z.string().nullish() }).nullish(),
}).meta({ id: "ToolCallDelta", ...deduced })
export type ToolCallDelta = z.infer<typeof ToolCallDelta>

export const ChatDelta = openObject({
  role: z.string().nullish().describe("Role of the message's author."),
  content: z.string().nullish().describe("Next fragment of the text."),
  tool_calls: z.array(ToolCallDelta).nullish().describe("Next fragments of the tool calls."),
  refusal: z.string().nullish().meta(deduced).describe("Next fragment of the refusal."),
  reasoning_content: z.string().nullish().meta(chosen).describe("Next fragment of the model's reasoning."),
  function_call: openObject({ name: z.string().nullish(), arguments: z.string().nullish() })
    .nullish()
    .meta({ ...deduced, deprecated: true }),
  audio: openObject({
    id: z.string().nullish(),
    data: z.string().nullish(),
    expires_at: Count.nullish(),
    transcript: z.string().nullish(),
  })
    .nullish()
    .meta(deduced),
}).meta({ id: "ChatDelta", ...documented })
export type ChatDelta = z.infer<typeof ChatDelta>

export const ChatCompletionChunkChoice = openObject({
  index: Count.describe("Position of the choice, counted from 0."),
  delta: ChatDelta.describe("Fragment that this chunk adds to the choice's message."),
  finish_reason: FinishReason.nullish().describe(
    "Reason why generation stopped. Null until the last chunk of the choice.",
  ),
  logprobs: ChoiceLogprobs.nullish()
    .meta(deduced)
    .describe("Log probabilities of the output tokens. Requires `logprobs: true`."),
}).meta({ id: "ChatCompletionChunkChoice", ...documented })
export type ChatCompletionChunkChoice = z.infer<typeof ChatCompletionChunkChoice>

export const ChatCompletionChunk = openObject({
  id: z.string().describe("ID of the completion, the same in every chunk of a stream."),
  object: z.literal("chat.completion.chunk").describe("Type of the object, always `chat.completion.chunk`."),
  created: Count.describe("Creation time in Unix seconds, the same in every chunk of a stream."),
  model: z.string().describe("Model that generates the completion."),
  choices: z
    .array(ChatCompletionChunkChoice)
    .describe("Choices that this chunk extends. May be empty in the chunk that contains `usage`."),
  usage: CompletionUsage.nullish().meta({
    description: "Carried once, at the end, when `stream_options.include_usage` is true.",
  }),
  service_tier: ServiceTier.describe("Processing tier that serves the request."),
  system_fingerprint: SystemFingerprint.describe("Identifier of the backend configuration."),
  obfuscation: z
    .string()
    .nullish()
    .meta({ ...deduced, description: "Noise that evens out lengths." }),
}).meta({ id: "ChatCompletionChunk", ...documented })
export type ChatCompletionChunk = z.infer<typeof ChatCompletionChunk>

const offeredTools = ({ tools }: ChatCompletionRequest): string[] =>
  (tools ?? []).flatMap((tool) => {
    if (tool.type === "function") return [tool.function.name]
    return tool.type === "custom" ? [tool.custom.name] : []
  })

const chosenTools = ({ tool_choice }: ChatCompletionRequest): string[] => {
  if (typeof tool_choice !== "object") return []
  const choices = tool_choice.type === "allowed_tools" ? tool_choice.allowed_tools.tools : [tool_choice]
  return choices.flatMap((choice) => {
    if (choice.type === "function") return [choice.function.name]
    return choice.type === "custom" ? [choice.custom.name] : []
  })
}

const hello = [
  { role: "system", content: "You are a helpful assistant." },
  { role: "user", content: "Hello" },
] as const satisfies readonly ChatMessage[]

const chunk = {
  id: "chatcmpl-abc123",
  object: "chat.completion.chunk",
  created: 1713833628,
  model: "gpt-4o",
} as const

export const createChatCompletion = endpoint({
  operationId: "createChatCompletion",
  surface: "chat",
  method: "POST",
  path: "/chat/completions",
  summary: "Create a chat completion.",
  description:
    "Generates the next message of a conversation. Returns one JSON object by default. With `stream: true`, " +
    "returns server-sent events, each with one chunk, and ends the stream with `data: [DONE]`.",
  provenance: "documented",
  request: {
    mediaType: "application/json",
    schema: ChatCompletionRequest,
    examples: {
      plain: {
        summary: "The page's sample (its words are ours)",
        provenance: "documented",
        value: {
          model: "deepseek-v3",
          messages: [...hello],
          stream: false,
          temperature: 0.7,
        } satisfies ChatCompletionRequest,
      },
      stream: {
        summary: "A stream (Streaming Output Guide)",
        provenance: "documented",
        value: {
          model: "gpt-4o",
          messages: [{ role: "user", content: "Write a poem" }],
          stream: true,
        } satisfies ChatCompletionRequest,
      },
      streamWithUsage: {
        summary: "A stream that ends with its usage (Streaming Output Guide)",
        provenance: "documented",
        value: {
          model: "gpt-4o",
          messages: [{ role: "user", content: "Hello" }],
          stream: true,
          stream_options: { include_usage: true },
        } satisfies ChatCompletionRequest,
      },
      tools: {
        summary: "A tool on offer",
        provenance: "deduced",
        value: {
          model: "gpt-4o",
          messages: [{ role: "user", content: "What is the weather in Paris?" }],
          tools: [
            {
              type: "function",
              function: {
                name: "get_weather",
                parameters: {
                  type: "object",
                  properties: { city: { type: "string" } },
                  required: ["city"],
                },
              },
            },
          ],
          tool_choice: "auto",
        } satisfies ChatCompletionRequest,
      },
    },
  },
  success: {
    status: 200,
    description: "The reply.",
    content: {
      "application/json": { kind: "json", schema: ChatCompletionResponse },
      "text/event-stream": {
        kind: "stream",
        item: ChatCompletionChunk,
        examples: {
          plain: {
            summary: "A stream (Streaming Output Guide)",
            provenance: "documented",
            value: [
              { ...chunk, choices: [{ index: 0, delta: { content: "You" }, finish_reason: null }] },
              { ...chunk, choices: [{ index: 0, delta: { content: " are" }, finish_reason: null }] },
              { ...chunk, choices: [{ index: 0, delta: {}, finish_reason: "stop" }] },
            ] satisfies ChatCompletionChunk[],
          },
          usage: {
            summary:
              "The last chunk with `include_usage` (Streaming Output Guide, which leaves out `created` and `model`)",
            provenance: "documented",
            value: [
              {
                ...chunk,
                choices: [{ index: 0, delta: {}, finish_reason: "stop" }],
                usage: { prompt_tokens: 10, completion_tokens: 20, total_tokens: 30 },
              },
            ] satisfies ChatCompletionChunk[],
          },
        },
      },
    },
    provenance: "documented",
  },
  examples: {
    plain: {
      summary: "The page's sample (its words are ours)",
      provenance: "documented",
      value: {
        id: "chatcmpl-abc123",
        object: "chat.completion",
        created: 1713833628,
        model: "deepseek-v3",
        choices: [
          {
            index: 0,
            message: { role: "assistant", content: "Hello! How can I help you?" },
            finish_reason: "stop",
          },
        ],
        usage: { prompt_tokens: 15, completion_tokens: 8, total_tokens: 23 },
      } satisfies ChatCompletionResponse,
    },
    toolCall: {
      summary: "A tool call",
      provenance: "deduced",
      value: {
        id: "chatcmpl-abc124",
        object: "chat.completion",
        created: 1713833628,
        model: "gpt-4o",
        choices: [
          {
            index: 0,
            message: {
              role: "assistant",
              content: null,
              tool_calls: [
                {
                  id: "call_abc123",
                  type: "function",
                  function: { name: "get_weather", arguments: '{"city":"Paris"}' },
                },
              ],
            },
            finish_reason: "tool_calls",
          },
        ],
        usage: { prompt_tokens: 52, completion_tokens: 9, total_tokens: 61 },
      } satisfies ChatCompletionResponse,
    },
  },
  errors: bodyErrors,
  checks: [
    {
      param: "top_logprobs",
      says: "`top_logprobs` needs `logprobs: true`.",
      provenance: "deduced",
      holds: ({ top_logprobs, logprobs }) => top_logprobs == null || logprobs === true,
    },
    {
      param: "tool_choice",
      says: '`tool_choice: "required"` needs `tools`.',
      provenance: "deduced",
      holds: ({ tool_choice, tools }) => tool_choice !== "required" || (tools ?? []).length > 0,
    },
    {
      param: "tool_choice",
      says: "A tool that `tool_choice` names must be one of `tools`.",
      provenance: "deduced",
      holds(request) {
        const offered = new Set(offeredTools(request))
        return chosenTools(request).every((name) => offered.has(name))
      },
    },
    {
      param: "function_call",
      says: "A function that `function_call` names must be one of `functions`.",
      provenance: "deduced",
      holds: ({ function_call, functions }) =>
        typeof function_call !== "object" ||
        (functions ?? []).some((definition) => definition.name === function_call.name),
    },
    {
      param: "messages",
      says: "A message of role `tool` needs `tool_call_id`.",
      provenance: "deduced",
      holds: ({ messages }) =>
        messages.every(({ role, tool_call_id }) => role !== "tool" || typeof tool_call_id === "string"),
    },
    {
      param: "messages",
      says: "A message needs `content`, unless the assistant's carries calls, a refusal or audio.",
      provenance: "deduced",
      holds: ({ messages }) =>
        messages.every(
          ({ role, content, tool_calls, function_call, refusal, audio }) =>
            content != null ||
            role === "function" ||
            (role === "assistant" && (tool_calls ?? function_call ?? refusal ?? audio) != null),
        ),
    },
    {
      param: "audio",
      says: '`modalities` with "audio" needs `audio`.',
      provenance: "deduced",
      holds: ({ modalities, audio }) => !modalities?.includes("audio") || audio != null,
    },
  ],
})
