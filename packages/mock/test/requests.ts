import type { ChatCompletionRequest } from "@nexhina/schemas"
import fc from "fast-check"

/** Any text: ASCII, other scripts, emoji, control characters, quotes. */
const texts = fc.oneof(
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.string({ unit: "grapheme", maxLength: 40 }),
  fc.constantFrom(
    "",
    " ",
    "Hello",
    'A "quote" and a \\ backslash\n',
    "data: [DONE]\n\n",
    "漢字かな交じり文",
    "👩‍🚀🏳️‍🌈",
    "What the model [mock:refuse]s",
    "What a filter stops [mock:filter]",
  ),
)

const parts = fc.oneof(
  fc.record({ type: fc.constant("text" as const), text: texts }),
  fc.constantFrom(
    { type: "image_url" as const, image_url: { url: "https://example.com/cat.png" } },
    { type: "image_url" as const, image_url: { url: "data:image/png;base64,iVBORw0KGgo=", detail: "low" } },
    { type: "input_audio" as const, input_audio: { data: "UklGRg==", format: "wav" } },
    { type: "file" as const, file: { file_data: "JVBERi0=", filename: "a.pdf" } },
    { type: "file" as const, file: { file_id: "file-1" } },
  ),
)
const contents = fc.oneof(texts, fc.array(parts, { minLength: 1, maxLength: 3 }))

const messages = fc
  .tuple(
    fc.array(
      fc.oneof(
        fc.record({
          role: fc.constantFrom("system" as const, "developer" as const, "user" as const),
          content: contents,
          name: fc.constantFrom(undefined, null, "ada"),
        }),
        fc.record({
          role: fc.constant("assistant" as const),
          content: fc.oneof(
            texts,
            fc.constant([{ type: "refusal" as const, refusal: "No." }]),
            fc.constant([{ type: "text" as const, text: "Yes." }]),
          ),
        }),
        fc.constantFrom(
          { role: "assistant" as const, content: null, refusal: "No." },
          { role: "assistant" as const, audio: { id: "audio_1" } },
          { role: "assistant" as const, function_call: { name: "weather", arguments: "{" } },
          { role: "function" as const, name: "weather", content: "7 degrees" },
          {
            role: "assistant" as const,
            tool_calls: [
              { id: "call_1", type: "function" as const, function: { name: "weather", arguments: "{}" } },
              { id: "call_2", type: "custom" as const, custom: { name: "code", input: "1 + 1" } },
            ],
          },
        ),
        fc.record({
          role: fc.constant("tool" as const),
          content: texts,
          tool_call_id: fc.constant("call_1"),
        }),
      ),
      { maxLength: 3 },
    ),
    fc.record({ role: fc.constantFrom("user" as const, "system" as const), content: contents }),
    fc.boolean(),
  )
  .map(([before, last, answered]) => [
    ...before,
    last,
    ...(answered ? [{ role: "tool" as const, content: "42", tool_call_id: "call_1" }] : []),
  ])

const tool = (name: string) => ({
  type: "function" as const,
  function: {
    name,
    parameters: {
      type: "object",
      properties: {
        city: { type: "string", minLength: 1 },
        days: { type: "integer", minimum: 1, maximum: 7 },
      },
      required: ["city"],
      additionalProperties: false,
    },
  },
})

const toolLists: NonNullable<ChatCompletionRequest["tools"]>[] = [
  [tool("weather")],
  [tool("weather"), tool("traffic"), tool("news")],
  [tool("weather"), { type: "custom", custom: { name: "code" } }],
]

const toolChoices: NonNullable<ChatCompletionRequest["tool_choice"]>[] = [
  "auto",
  "none",
  "required",
  { type: "function", function: { name: "weather" } },
  {
    type: "allowed_tools",
    allowed_tools: { mode: "required", tools: [{ type: "function", function: { name: "weather" } }] },
  },
]
const functionChoices: NonNullable<ChatCompletionRequest["function_call"]>[] = ["auto", { name: "weather" }]

type Members = Partial<ChatCompletionRequest>

const toolOffers: fc.Arbitrary<Members> = fc.record(
  {
    tools: fc.constantFrom(...toolLists),
    tool_choice: fc.constantFrom(...toolChoices),
    parallel_tool_calls: fc.boolean(),
  },
  { requiredKeys: ["tools"] },
)
const functionOffers: fc.Arbitrary<Members> = fc.record({
  functions: fc.constant([{ name: "weather" }]),
  function_call: fc.constantFrom(...functionChoices),
})
const offers = fc.oneof(fc.constant<Members>({}), fc.constant<Members>({}), toolOffers, functionOffers)

const formats: fc.Arbitrary<Members> = fc.constantFrom(
  {},
  {},
  { response_format: { type: "text" } },
  { response_format: { type: "json_object" } },
  {
    response_format: {
      type: "json_schema",
      json_schema: { name: "answer", schema: tool("x").function.parameters },
    },
  },
)

const limits = fc.record(
  {
    n: fc.integer({ min: 1, max: 3 }),
    max_tokens: fc.integer({ min: 1, max: 30 }),
    max_completion_tokens: fc.integer({ min: 1, max: 60 }),
    stop: fc.oneof(
      fc.constantFrom(" ", ".", "the", "e", "\n", ""),
      fc.array(texts, { minLength: 1, maxLength: 4 }),
    ),
    temperature: fc.double({ min: 0, max: 2, noNaN: true }),
    user: fc.string(),
    reasoning_effort: fc.constantFrom("none", "minimal", "low", "high", "some", null),
  },
  { requiredKeys: [] },
)

const likelihoods: fc.Arbitrary<Members> = fc.oneof(
  { arbitrary: fc.constant({}), weight: 3 },
  fc.record({ logprobs: fc.constant(true), top_logprobs: fc.nat(20) }, { requiredKeys: ["logprobs"] }),
)

/** Valid chat requests without `stream`, of every kind that changes the reply. */
export const chatRequests: fc.Arbitrary<ChatCompletionRequest> = fc
  .tuple(fc.constantFrom("gpt-4o", "deepseek-v3"), messages, offers, formats, limits, likelihoods)
  .map(([model, messages, ...members]) => Object.assign({ model, messages }, ...members))
