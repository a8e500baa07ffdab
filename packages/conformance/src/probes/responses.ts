import type { ResponseFunctionTool, ResponseInputItem, ResponseRequest } from "@nexhina/schemas"
import type { Evidence } from "../evidence.ts"
import type { Probe } from "../probe.ts"
import { answeredOf, isObject } from "../reading/answered.ts"
import { cityParameters, verdictSchema } from "../requests/json-schemas.ts"
import { leastOutputTokens, outputLimit } from "../requests/responses.ts"
import type { TargetFacts } from "../target/facts.ts"
import type { Ask, Step } from "../target/step.ts"
import { endlessTask } from "./chat-completions.ts"

/**
 * Returns a step with a small request for a response that is not stored, with additional `members`; `exercises` as in
 * a step.
 */
export function responseStep(
  known: TargetFacts,
  members: Partial<ResponseRequest> & Pick<ResponseRequest, "input">,
  exercises: readonly string[] = [],
): Step {
  return {
    operation: "createResponse",
    body: { model: known.models.chat, max_output_tokens: outputLimit(known), store: false, ...members },
    exercises: ["store", ...exercises],
  }
}

/** The smallest request for a response. */
export const plainResponse: Probe = {
  id: "responses.plain",
  says: "a short response, not streamed",
  quick: true,
  asks: (known) => [responseStep(known, { input: "Say hello." })],
}

/** The smallest request for a streamed response. */
export const streamedResponse: Probe = {
  id: "responses.stream",
  says: "a short response, streamed",
  quick: true,
  asks: (known) => [responseStep(known, { input: "Say hello.", stream: true })],
}

/** A function with one parameter, and a strict schema. */
export const weatherFunction: ResponseFunctionTool = {
  type: "function",
  name: "get_weather",
  description: "The weather in a city.",
  strict: true,
  parameters: cityParameters,
}

const timeFunction: ResponseFunctionTool = {
  type: "function",
  name: "get_time",
  description: "The time in a city.",
  strict: true,
  parameters: weatherFunction.parameters ?? {},
}

export const weatherQuestion: ResponseInputItem = {
  role: "user",
  content: "What is the weather in Paris? Use the tool.",
}

/** Members that a server without function calling rejects. */
const toolMembers = ["tools", "tool_choice", "parallel_tool_calls"]

/** Returns a step that offers the weather function and asks about the weather. */
export const functionStep = (known: TargetFacts, members: Partial<ResponseRequest>): Step =>
  responseStep(known, { input: [weatherQuestion], tools: [weatherFunction], ...members }, toolMembers)

const inBothModes = (known: TargetFacts, members: Partial<ResponseRequest>): Step[] =>
  [{}, { stream: true }].map((mode) => functionStep(known, { ...members, ...mode }))

/** Any function must be called, in both modes. */
export const requiredFunction: Probe = {
  id: "responses.function",
  says: "a response that must call a function, whole and streamed",
  asks: (known) => inBothModes(known, { tool_choice: "required" }),
}

/** The named function must be called. */
export const namedFunction: Probe = {
  id: "responses.function-named",
  says: "a response that must call the named function",
  asks: (known) => [functionStep(known, { tool_choice: { type: "function", name: weatherFunction.name } })],
}

/** Calls are forbidden. */
export const forbiddenFunction: Probe = {
  id: "responses.function-none",
  says: "a response that offers a function and forbids its use",
  asks: (known) => [functionStep(known, { tool_choice: "none" })],
}

const twoTasks = {
  input: "What is the weather in Paris, and what time is it there? Use both tools.",
  tools: [weatherFunction, timeFunction],
  tool_choice: "required" as const,
}

/** A task that needs two calls. */
export const parallelFunctions: Probe = {
  id: "responses.function-parallel",
  says: "a response for which two calls are needed, whole and streamed",
  asks: (known) => inBothModes(known, twoTasks),
}

/** The same task, with parallel calls disabled. */
export const serialFunctions: Probe = {
  id: "responses.function-serial",
  says: "a response for which two calls are needed and one is allowed",
  asks: (known) => [functionStep(known, { ...twoTasks, parallel_tool_calls: false })],
}

/** Asks for an object with a small strict schema. */
export const jsonSchemaResponse: Probe = {
  id: "responses.json-schema",
  says: "a response that has to follow a JSON schema",
  asks: (known) => [
    responseStep(
      known,
      {
        input: "Is water wet? Answer as JSON.",
        text: {
          format: {
            type: "json_schema",
            name: "verdict",
            strict: true,
            schema: verdictSchema,
          },
        },
      },
      ["text"],
    ),
  ],
}

/** Asks for any JSON object. */
export const jsonObjectResponse: Probe = {
  id: "responses.json-object",
  says: "a response that has to be a JSON object",
  asks: (known) => [
    responseStep(
      known,
      {
        input: [
          { role: "user", content: 'Is water wet? Answer with a JSON object such as {"answer":"yes"}.' },
        ],
        text: { format: { type: "json_object" } },
      },
      ["text"],
    ),
  ],
}

/** Log probabilities, in both modes. */
export const scoredResponse: Probe = {
  id: "responses.logprobs",
  says: "a response with log probabilities, whole and streamed",
  asks: (known) =>
    [{}, { stream: true }].map((mode) =>
      responseStep(
        known,
        { input: "Say hello.", include: ["message.output_text.logprobs"], top_logprobs: 2, ...mode },
        ["include", "top_logprobs"],
      ),
    ),
}

/** A response that is cut at the token limit, in both modes. */
export const cutResponse: Probe = {
  id: "responses.cut",
  says: "a response that is longer than its token limit, whole and streamed",
  asks: (known) =>
    [{}, { stream: true }].map((mode) =>
      responseStep(known, { input: endlessTask, max_output_tokens: leastOutputTokens, ...mode }),
    ),
}

/** A response with a summary of the reasoning. */
export const reasonedResponse: Probe = {
  id: "responses.reasoning",
  says: "a streamed response with a summary of the reasoning",
  asks: (known) => [
    responseStep(
      known,
      {
        input: "Is 91 a prime number? Answer yes or no.",
        reasoning: { effort: "low", summary: "auto" },
        stream: true,
      },
      ["reasoning"],
    ),
  ],
}

/** A request with members that the response must repeat. */
export const echoedResponse: Probe = {
  id: "responses.echo",
  says: "a response to a request with instructions, metadata and other members that the reply repeats",
  asks: (known) => [
    functionStep(known, {
      instructions: "Be brief.",
      metadata: { run: "conformance" },
      tool_choice: "auto",
      parallel_tool_calls: false,
    }),
  ],
}

/** Returns the id of the response that the first request of a sample created, unless it was streamed. */
export function createdId([first]: readonly Evidence[]): string | undefined {
  const answered = first && answeredOf(first)
  const value = answered?.json.ok ? answered.json.value : undefined
  const id = isObject(value) ? value["id"] : undefined
  return typeof id === "string" && id !== "" ? id : undefined
}

/** Returns a later step about the response that the first step of the sample created. */
export const aboutCreated =
  (step: (id: string) => Step): Ask =>
  (earlier) => {
    const id = createdId(earlier)
    return id === undefined ? undefined : step(id)
  }
