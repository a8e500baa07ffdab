import type { ChatCompletionRequest, ChatMessage, ToolDefinition } from "@nexhina/schemas"
import * as fc from "fast-check"
import type { TargetFacts } from "../target/facts.ts"
import { cityParameters, parameterSchemas, strictSchemas } from "./json-schemas.ts"
import { type Members, requestOf, sometimes } from "./members.ts"
import { texts } from "./texts.ts"

type ChatMembers = Members<ChatCompletionRequest>
type Groups = Record<string, fc.Arbitrary<ChatMembers>>

/** A text as a string, or as one to three text parts. */
const contents = fc.oneof(
  { withCrossShrink: true },
  { arbitrary: texts, weight: 3 },
  {
    arbitrary: fc
      .array(texts, { minLength: 1, maxLength: 3 })
      .map((parts) => parts.map((text) => ({ type: "text" as const, text }))),
    weight: 1,
  },
)

const instructions = fc.record({
  role: fc.constantFrom("system" as const, "developer" as const),
  content: contents,
})

const userMessages = fc.record(
  { role: fc.constant("user" as const), content: contents, name: fc.constantFrom("ada", "user_2", "b-3") },
  { requiredKeys: ["role", "content"] },
)

const replies = fc.record({ role: fc.constant("assistant" as const), content: texts })

const upToOne = <T>(values: fc.Arbitrary<T>) => fc.array(values, { maxLength: 1 })

/** One to four messages in a legal order, the last one a user's; no tools. */
export const conversations: fc.Arbitrary<ChatMessage[]> = fc
  .tuple(upToOne(instructions), upToOne(userMessages), upToOne(replies), userMessages)
  .map(([first, earlier, reply, last]) => [...first, ...earlier, ...(earlier.length > 0 ? reply : []), last])

const parameters = fc.oneof(
  { withCrossShrink: true },
  fc.constant({}),
  fc.record(
    { parameters: parameterSchemas, strict: fc.constantFrom(false, null) },
    { requiredKeys: ["parameters"] },
  ),
  fc.record({ parameters: strictSchemas, strict: fc.constant(true) }),
)

/** One to three functions of different names, with generated parameters or none. */
export const toolDefinitions: fc.Arbitrary<ToolDefinition[]> = fc.uniqueArray(
  fc
    .tuple(
      fc.constantFrom("get_weather", "lookup", "f", "add-2", "A_b"),
      fc.constantFrom({}, { description: "Looks something up. 查询" }),
      parameters,
    )
    .map(([name, description, rest]) => ({
      type: "function" as const,
      function: { name, ...description, ...rest },
    })),
  { minLength: 1, maxLength: 3, selector: (tool) => tool.function.name },
)

/** Tools, and a `tool_choice` that names one of them. */
export const namedTools = fc.tuple(toolDefinitions, fc.nat()).map(([tools, at]) => ({
  tools,
  tool_choice: {
    type: "function" as const,
    // There is at least one tool.
    function: { name: (tools[at % tools.length] as ToolDefinition).function.name },
  },
}))

const weather: ToolDefinition = {
  type: "function",
  function: {
    name: "get_weather",
    parameters: cityParameters,
  },
}

/** A question, one or two calls by the assistant, and their results in any order: up to four messages. */
export const toolTurns: fc.Arbitrary<{ messages: ChatMessage[]; tools: ToolDefinition[] }> = fc
  .record({
    question: userMessages,
    // What servers send with calls: null, nothing at all, an empty text or a text.
    content: fc.constantFrom({ content: null }, {}, { content: "" }, { content: "Let me see." }),
    cities: fc.array(fc.constantFrom("Paris", "北京", 'Foo "Bar"'), { minLength: 1, maxLength: 2 }),
    result: contents,
    reversed: fc.boolean(),
  })
  .map(({ question, content, cities, result, reversed }) => {
    const calls = cities.map((city, index) => ({
      id: `call_${index}`,
      type: "function" as const,
      function: { name: weather.function.name, arguments: JSON.stringify({ city }) },
    }))
    const results = calls.map(({ id }) => ({ role: "tool" as const, tool_call_id: id, content: result }))
    return {
      messages: [
        question,
        { role: "assistant" as const, ...content, tool_calls: calls },
        ...(reversed ? results.reverse() : results),
      ],
      tools: [weather],
    }
  })

/** A reply that has to follow a generated schema strictly. */
export const jsonSchemaFormats = strictSchemas.map((schema) => ({
  type: "json_schema" as const,
  json_schema: { name: "reply", strict: true, schema },
}))

const stopString = fc.constantFrom("END", "\n\n", "###", "。", "🛑", " three")

/** A stop string, or one to four different ones in a list. */
const stops: fc.Arbitrary<string | string[]> = fc.oneof(
  { withCrossShrink: true },
  stopString,
  fc.uniqueArray(stopString, { minLength: 1, maxLength: 4 }),
)

/** A decimal with one digit after the point, as people send it. */
const tenths = (min: number, max: number) =>
  fc.integer({ min: min * 10, max: max * 10 }).map((count) => count / 10)

/** A stream with its usage, without it, or with the default. */
const streaming = fc.record(
  {
    stream: fc.constant(true),
    stream_options: fc.record({ include_usage: fc.boolean() }, { requiredKeys: [] }),
  },
  { requiredKeys: ["stream"] },
)

/**
 * Generates the optional members that chat models commonly support, in groups that belong together, within the
 * combinations that OpenAI-compatible servers are known to accept. `audio` and `web_search_options` need special
 * models and are left out.
 */
export function chatMembers(known: TargetFacts) {
  const cap = fc.integer({ min: 1, max: known.maxOutputTokens })
  return {
    nulls: fc
      .subarray(["temperature", "top_p", "n", "stop", "presence_penalty", "logit_bias", "logprobs", "seed"], {
        minLength: 1,
      })
      .map((names) => Object.fromEntries(names.map((name) => [name, null]))),
    stream: fc.oneof(fc.record({ stream: fc.constantFrom(false, null) }), streaming),
    max_tokens: fc.record({ max_tokens: cap }),
    max_completion_tokens: fc.record({ max_completion_tokens: cap, max_tokens: fc.constant(undefined) }),
    temperature: fc.record({ temperature: tenths(0, 2) }),
    top_p: fc.record({ top_p: tenths(0, 1) }),
    penalties: fc.record(
      { presence_penalty: tenths(-2, 2), frequency_penalty: tenths(-2, 2) },
      { requiredKeys: [] },
    ),
    seed: fc.record({ seed: fc.nat() }),
    stop: fc.record({ stop: stops }),
    logit_bias: fc.record({
      logit_bias: fc.dictionary(fc.constantFrom("1", "42", "5000"), fc.integer({ min: -100, max: 100 })),
    }),
    logprobs: fc.record(
      { logprobs: fc.constant(true), top_logprobs: fc.integer({ min: 0, max: 20 }) },
      { requiredKeys: ["logprobs"] },
    ),
    user: fc.record(
      {
        user: fc.constantFrom("ada", "user-2"),
        safety_identifier: fc.constantFrom("a".repeat(64), "b"),
        prompt_cache_key: fc.constant("conformance"),
      },
      { requiredKeys: [] },
    ),
    metadata: fc.record({
      metadata: fc.dictionary(fc.constantFrom("run", "größe"), fc.constantFrom("1", "ja ✓")),
    }),
    // What is asked for must leave nothing behind at the provider.
    store: fc.record({ store: fc.constant(false) }),
    service_tier: fc.record({ service_tier: fc.constantFrom("auto", "default") }),
    reasoning_effort: fc.record({ reasoning_effort: fc.constantFrom("low", "medium", "high") }),
    verbosity: fc.record({ verbosity: fc.constantFrom("low", "medium", "high") }),
    modalities: fc.record({ modalities: fc.constant(["text" as const]) }),
    // Greedy decoding has one choice: servers refuse several at temperature 0.
    n: fc.record({ n: fc.integer({ min: 1, max: 3 }), temperature: fc.constant(1) }),
  } satisfies Groups
}

/** Ways of asking for something other than prose; a request has at most one. */
export const chatTasks = {
  tools: fc.record(
    {
      tools: toolDefinitions,
      tool_choice: fc.constantFrom("auto" as const, "none" as const, "required" as const),
      parallel_tool_calls: fc.boolean(),
    },
    { requiredKeys: ["tools"] },
  ),
  namedTool: namedTools,
  allowedTools: namedTools.map(({ tools, tool_choice }) => ({
    tools,
    tool_choice: {
      type: "allowed_tools" as const,
      allowed_tools: { mode: "required" as const, tools: [tool_choice] },
    },
  })),
  toolTurn: toolTurns,
  text: fc.record({ response_format: fc.constant({ type: "text" as const }) }),
  // OpenAI refuses the format when no message speaks of JSON.
  jsonObject: texts.map((text) => ({
    messages: [{ role: "user" as const, content: `${text} Answer with a JSON object.` }],
    response_format: { type: "json_object" as const },
  })),
  jsonSchema: fc.record({ response_format: jsonSchemaFormats }),
  prediction: texts.map((content) => ({ prediction: { type: "content" as const, content } })),
  functions: toolDefinitions.map((tools) => ({
    functions: tools.map(({ function: { name, description, parameters } }) => ({
      name,
      ...(description !== undefined && { description }),
      ...(parameters && { parameters }),
    })),
    function_call: "auto" as const,
  })),
} satisfies Groups

/**
 * Generates small chat requests for the target's chat model, under its token cap, with additional `parts`. Without
 * parts only the messages vary.
 */
export function chatRequests(
  known: TargetFacts,
  ...parts: readonly fc.Arbitrary<ChatMembers>[]
): fc.Arbitrary<ChatCompletionRequest> {
  const base = fc.record({
    model: fc.constant(known.models.chat),
    messages: conversations,
    max_tokens: fc.constant(known.maxOutputTokens),
  })
  return requestOf(base, parts)
}

/** Chat requests with any of the optional members, streamed or not. */
export function anyChatRequests(known: TargetFacts): fc.Arbitrary<ChatCompletionRequest> {
  return chatRequests(
    known,
    ...Object.values<fc.Arbitrary<ChatMembers>>(chatMembers(known)).map(sometimes),
    sometimes(fc.oneof(...Object.values<fc.Arbitrary<ChatMembers>>(chatTasks))),
  )
}
