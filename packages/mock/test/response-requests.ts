import type { ResponseRequest } from "@nexhina/schemas"
import fc from "fast-check"

const texts = fc.oneof(
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.constantFrom(
    "",
    " ",
    "Hello",
    "[mock:refuse]",
    "[mock:filter]",
    'A "quote" and a \\ backslash\n',
    "data: [DONE]\n\n",
    "👩‍🚀🏳️‍🌈",
  ),
)

const contents = fc.oneof(
  texts,
  fc.array(
    fc.oneof(
      fc.record({ type: fc.constant("input_text" as const), text: texts }),
      fc.constant({ type: "input_image" as const, image_url: "https://example.com/cat.png" }),
    ),
    { minLength: 1, maxLength: 3 },
  ),
)

/** What the contract says of a message without `type` does not mention these. */
const stray = fc.oneof(fc.constant(null), fc.nat(), fc.string(), fc.constant({}))

const items = fc.oneof(
  fc.record({ role: fc.constant("user" as const), content: contents, id: stray, status: stray }),
  fc.record({
    role: fc.constantFrom("user" as const, "system" as const, "developer" as const),
    content: contents,
  }),
  fc.record({
    type: fc.constant("message" as const),
    role: fc.constant("assistant" as const),
    content: texts,
  }),
  fc.record({
    type: fc.constant("function_call" as const),
    call_id: fc.constant("call_1"),
    name: fc.constant("weather"),
    arguments: texts,
  }),
  fc.record({
    type: fc.constantFrom("function_call_output" as const, "custom_tool_call_output" as const),
    call_id: fc.constant("call_1"),
    output: contents,
  }),
  fc.record({ type: fc.constant("reasoning" as const), id: fc.string(), summary: fc.constant([]) }),
)

const parameters = {
  type: "object",
  properties: { city: { type: "string", minLength: 1 }, days: { type: "integer", minimum: 1, maximum: 7 } },
  required: ["city"],
  additionalProperties: false,
}
const tool = (name: string) => ({ type: "function" as const, name, parameters })

type Members = Partial<ResponseRequest>

const offers: fc.Arbitrary<Members> = fc.record(
  {
    tools: fc.constantFrom<NonNullable<ResponseRequest["tools"]>>(
      [tool("weather")],
      [tool("weather"), tool("traffic"), { type: "custom", name: "say" }],
      [tool("weather"), { type: "web_search" }],
    ),
    tool_choice: fc.constantFrom<NonNullable<ResponseRequest["tool_choice"]>>("auto", "none", "required", {
      type: "function",
      name: "weather",
    }),
    parallel_tool_calls: fc.boolean(),
  },
  { requiredKeys: ["tools"] },
)

const formats = fc.constantFrom<Members>(
  {},
  { text: { verbosity: "low" } },
  { text: { format: { type: "json_object" } } },
  { text: { format: { type: "json_schema", name: "answer", schema: parameters } } },
)

const others: fc.Arbitrary<Members> = fc.record(
  {
    instructions: texts,
    reasoning: fc.record({
      effort: fc.constantFrom("none", "minimal", "medium", "max", null),
      summary: fc.constantFrom("auto", null),
    }),
    max_output_tokens: fc.integer({ min: 16, max: 60 }),
    include: fc.subarray(["message.output_text.logprobs", "reasoning.encrypted_content"]),
    top_logprobs: fc.nat({ max: 3 }),
    temperature: fc.double({ min: 0, max: 2, noNaN: true }),
    // Zod drops a member that is named `__proto__`.
    metadata: fc.dictionary(
      fc.string().filter((key) => key !== "__proto__"),
      fc.string(),
      { maxKeys: 2, noNullPrototype: true },
    ),
    store: fc.boolean(),
    background: fc.boolean(),
    conversation: fc.constantFrom("conv_1", { id: "conv_1" }),
    service_tier: fc.constantFrom("auto", "flex"),
    user: fc.string(),
  },
  { requiredKeys: [] },
)

/** Valid Responses requests without `stream`, of every kind that changes the reply. */
export const responseRequests: fc.Arbitrary<ResponseRequest> = fc
  .tuple(
    fc.constantFrom("gpt-4o", "deepseek-v3"),
    fc.oneof(texts, fc.array(items, { maxLength: 4 })),
    fc.oneof(fc.constant<Members>({}), offers),
    formats,
    others,
  )
  .map(([model, input, ...members]) => Object.assign({ model, input }, ...members))
