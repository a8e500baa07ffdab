import type {
  ChatMessage,
  ResponseFunctionTool,
  ResponseInputItem,
  ResponseRequest,
  ToolDefinition,
} from "@nexhina/schemas"
import * as fc from "fast-check"
import type { TargetFacts } from "../target/facts.ts"
import { conversations, toolDefinitions } from "./chat-completions.ts"
import { cityParameters, strictSchemas } from "./json-schemas.ts"
import { type Members, requestOf, sometimes } from "./members.ts"
import { texts } from "./texts.ts"

type ResponseMembers = Members<ResponseRequest>
type Groups = Record<string, fc.Arbitrary<ResponseMembers>>

/** Minimum of `max_output_tokens`. */
export const leastOutputTokens = 16

/** Returns the run's token cap, but not less than the minimum of the endpoint. */
export const outputLimit = ({ maxOutputTokens }: TargetFacts): number =>
  Math.max(leastOutputTokens, maxOutputTokens)

/** A message of a chat as an item; `type` is optional. */
function itemOf({ role, content }: ChatMessage, typed: boolean): ResponseInputItem {
  const text = typeof content === "string" ? content : undefined
  const parts = Array.isArray(content)
    ? content.flatMap((part) => ("text" in part ? [{ type: "input_text" as const, text: part.text }] : []))
    : []
  return {
    ...(typed && { type: "message" as const }),
    // A conversation without tools has no other roles.
    role: role as "user" | "assistant" | "system" | "developer",
    content: text ?? parts,
  }
}

/** One to four messages in a legal order, the last one a user's, each with its `type` or all without. */
const messageItems: fc.Arbitrary<ResponseInputItem[]> = fc
  .tuple(conversations, fc.boolean())
  .map(([messages, typed]) => messages.map((message) => itemOf(message, typed)))

/** A text, or messages. */
const inputs: fc.Arbitrary<ResponseRequest["input"]> = fc.oneof(
  { withCrossShrink: true },
  { arbitrary: texts, weight: 2 },
  { arbitrary: messageItems, weight: 3 },
)

/** A function in the form of this endpoint: flat, and strict by default. */
function flat(tool: ToolDefinition): ResponseFunctionTool[] {
  if (tool.type !== "function") return []
  return [{ type: "function", ...tool.function, strict: tool.function.strict ?? false }]
}

/** One to three functions of different names, with generated parameters or none. */
export const functionTools: fc.Arbitrary<ResponseFunctionTool[]> = toolDefinitions.map((tools) =>
  tools.flatMap(flat),
)

/** Functions, and a `tool_choice` that names one of them. */
export const namedFunctions = fc.tuple(functionTools, fc.nat()).map(([tools, at]) => ({
  tools,
  // There is at least one.
  tool_choice: { type: "function" as const, name: (tools[at % tools.length] as ResponseFunctionTool).name },
}))

const weather: ResponseFunctionTool = {
  type: "function",
  name: "get_weather",
  parameters: cityParameters,
}

/** A question, one or two calls, and their results in any order. */
export const functionTurns: fc.Arbitrary<{ input: ResponseInputItem[]; tools: ResponseFunctionTool[] }> = fc
  .record({
    question: texts,
    cities: fc.array(fc.constantFrom("Paris", "北京", 'Foo "Bar"'), { minLength: 1, maxLength: 2 }),
    result: texts,
    reversed: fc.boolean(),
  })
  .map(({ question, cities, result, reversed }) => {
    const calls = cities.map((city, index) => ({
      type: "function_call" as const,
      call_id: `call_${index}`,
      name: weather.name,
      arguments: JSON.stringify({ city }),
    }))
    const results = calls.map(({ call_id }) => ({
      type: "function_call_output" as const,
      call_id,
      output: result,
    }))
    const user: ResponseInputItem = { role: "user", content: question }
    return { input: [user, ...calls, ...(reversed ? results.reverse() : results)], tools: [weather] }
  })

/** A reply that has to follow a generated schema strictly. */
export const jsonSchemaTexts = strictSchemas.map((schema) => ({
  format: { type: "json_schema" as const, name: "reply", strict: true, schema },
}))

const tenths = (max: number) => fc.integer({ min: 0, max: max * 10 }).map((count) => count / 10)

/**
 * Generates the optional members that models commonly support, in groups that belong together. Members about stored
 * state (`conversation`, `previous_response_id`, `prompt`) are left out.
 */
export function responseMembers(known: TargetFacts) {
  return {
    nulls: fc
      .subarray(["instructions", "temperature", "top_p", "max_tool_calls", "metadata", "truncation"], {
        minLength: 1,
      })
      .map((names) => Object.fromEntries(names.map((name) => [name, null]))),
    stream: fc.record({ stream: fc.constantFrom(false, null, true) }),
    obfuscation: fc.record({
      stream: fc.constant(true),
      stream_options: fc.record({ include_obfuscation: fc.boolean() }, { requiredKeys: [] }),
    }),
    max_output_tokens: fc.record({
      max_output_tokens: fc.integer({ min: leastOutputTokens, max: outputLimit(known) }),
    }),
    instructions: fc.record({ instructions: fc.constantFrom("Be brief.", "Antworte kurz. 好") }),
    temperature: fc.record({ temperature: tenths(2) }),
    top_p: fc.record({ top_p: tenths(1) }),
    logprobs: fc.record({
      top_logprobs: fc.integer({ min: 0, max: 20 }),
      include: fc.constant(["message.output_text.logprobs"]),
    }),
    metadata: fc.record({
      metadata: fc.dictionary(fc.constantFrom("run", "größe"), fc.constantFrom("1", "ja ✓")),
    }),
    user: fc.record(
      {
        user: fc.constantFrom("ada", "user-2"),
        safety_identifier: fc.constantFrom("a".repeat(64), "b"),
        prompt_cache_key: fc.constant("conformance"),
      },
      { requiredKeys: [] },
    ),
    // What is asked for must leave nothing behind at the provider.
    store: fc.record({ store: fc.constant(false) }),
    background: fc.record({ background: fc.constant(false) }),
    service_tier: fc.record({ service_tier: fc.constantFrom("auto", "default") }),
    reasoning: fc.record({
      reasoning: fc.record(
        { effort: fc.constantFrom("low", "medium", "high"), summary: fc.constantFrom("auto", "concise") },
        { requiredKeys: ["effort"] },
      ),
    }),
    truncation: fc.record({ truncation: fc.constantFrom("auto" as const, "disabled" as const) }),
  } satisfies Groups
}

/** Ways of asking for something other than prose; a request has at most one. */
export const responseTasks = {
  tools: fc.record(
    {
      tools: functionTools,
      tool_choice: fc.constantFrom("auto" as const, "none" as const, "required" as const),
      parallel_tool_calls: fc.boolean(),
      max_tool_calls: fc.integer({ min: 1, max: 3 }),
    },
    { requiredKeys: ["tools"] },
  ),
  namedTool: namedFunctions,
  allowedTools: namedFunctions.map(({ tools, tool_choice }) => ({
    tools,
    tool_choice: { type: "allowed_tools" as const, mode: "required" as const, tools: [tool_choice] },
  })),
  functionTurn: functionTurns,
  text: fc.record({
    text: fc.record(
      { format: fc.constant({ type: "text" as const }), verbosity: fc.constantFrom("low", "medium", "high") },
      { requiredKeys: [] },
    ),
  }),
  // OpenAI refuses the format when no message speaks of JSON.
  jsonObject: texts.map((text) => ({
    input: [{ role: "user" as const, content: `${text} Answer with a JSON object.` }],
    text: { format: { type: "json_object" as const } },
  })),
  jsonSchema: fc.record({ text: jsonSchemaTexts }),
} satisfies Groups

/**
 * Generates small requests for a response of the target's chat model, under its token cap, with additional `parts`.
 * Without parts only the input varies.
 */
export function responseRequests(
  known: TargetFacts,
  ...parts: readonly fc.Arbitrary<ResponseMembers>[]
): fc.Arbitrary<ResponseRequest> {
  const base = fc.record({
    model: fc.constant(known.models.chat),
    input: inputs,
    max_output_tokens: fc.constant(outputLimit(known)),
  })
  return requestOf(base, parts)
}

/** Requests with any of the optional members, streamed or not. */
export function anyResponseRequests(known: TargetFacts): fc.Arbitrary<ResponseRequest> {
  return responseRequests(
    known,
    ...Object.values<fc.Arbitrary<ResponseMembers>>(responseMembers(known)).map(sometimes),
    sometimes(fc.oneof(...Object.values<fc.Arbitrary<ResponseMembers>>(responseTasks))),
  )
}
