import type { ChatCompletionRequest, FunctionDefinition } from "@nexhina/schemas"
import * as fc from "fast-check"
import type { Evidence } from "../evidence.ts"
import type { Probe } from "../probe.ts"
import { userSays } from "../probes/chat-completions.ts"
import {
  bareTool,
  forbiddenTool,
  namedTool,
  parallelTools,
  requiredTool,
  requiredToolStream,
  serialTools,
  weatherStep,
} from "../probes/tools.ts"
import { isObject, parseJson } from "../reading/answered.ts"
import { jsonFlaw } from "../reading/json-flaw.ts"
import { schemaBreach } from "../reading/json-schema.ts"
import { shown } from "../reading/shown.ts"
import { askFor } from "../requests/ask.ts"
import { chatRequests as anyOf, namedTools, toolDefinitions } from "../requests/chat-completions.ts"
import type { Members } from "../requests/members.ts"
import { type Fault, rule, type Undecided } from "../rule.ts"
import type { TargetFacts } from "../target/facts.ts"
import type { Ask, Step } from "../target/step.ts"
import {
  type Call,
  type ChatAnswer,
  type ChatReply,
  type Choice,
  chatAnswers,
  chatReplies,
  chatRequests,
  isCut,
  isRefusal,
  narrowed,
} from "../views/chat-completions.ts"
import {
  type CallStream,
  callAnswers,
  callReplies,
  callStreams,
  completeCallStreams,
  type StreamedCall,
} from "../views/tools.ts"
import { eachOf, limitOf, Usage } from "./chat-completions.ts"
import { refusedMessages, resultOf } from "./chat-requests.ts"
import { firstOfEach } from "./sse.ts"

const since = "0.1.0"
const toolCall = "OpenAI API reference, chat completion message tool call"
const toolDelta = "OpenAI API reference, the chat completion chunk object, delta.tool_calls"
const createChat = "OpenAI API reference, create chat completion"

const isString = (value: unknown): value is string => typeof value === "string"
const isText = (value: unknown): value is string => isString(value) && value !== ""

// What was offered

const functionNamed = ({ tools }: ChatCompletionRequest, name: unknown): FunctionDefinition | undefined => {
  const found = tools?.find((tool) => tool.type === "function" && tool.function.name === name)
  return found?.type === "function" ? found.function : undefined
}

const offeredNames = ({ tools }: ChatCompletionRequest): string[] =>
  (tools ?? []).flatMap((tool) => {
    if (tool.type === "function") return [tool.function.name]
    return tool.type === "custom" ? [tool.custom.name] : []
  })

function takesNothing({ parameters }: FunctionDefinition): boolean {
  const { properties, required } = parameters ?? {}
  return (
    Object.keys(isObject(properties) ? properties : {}).length === 0 && [required ?? []].flat().length === 0
  )
}

/** Whether the call is of a tool without parameters and has "" where `{}` would be clear. */
const isEmptyForNothing = (
  request: ChatCompletionRequest,
  { name, arguments: text }: Pick<Call, "name" | "arguments">,
) => {
  const tool = functionNamed(request, name)
  return text === "" && tool !== undefined && takesNothing(tool)
}

/** The name that `tool_choice` asks for, of a function or another kind of tool. */
function chosenName({ tool_choice: choice }: ChatCompletionRequest): string | undefined {
  if (choice == null || typeof choice !== "object") return undefined
  if (choice.type === "function") return choice.function.name
  return choice.type === "custom" ? choice.custom.name : undefined
}

function isCallRequired({ tool_choice: choice }: ChatCompletionRequest): boolean {
  if (typeof choice !== "object") return choice === "required"
  return choice?.type === "allowed_tools" && choice.allowed_tools.mode === "required"
}

const isCallForbidden = ({ tools, tool_choice }: ChatCompletionRequest) =>
  tool_choice === "none" || (tools ?? []).length === 0

// What was called

const cut: Undecided = { undecided: "the reply was cut before its end" }
const ofOtherKind: Undecided = { undecided: "the tool is of a different kind" }

/** Judges each call of a reply; where it is not known that the choice came to its end, its calls may be cut. */
function eachCall<Name extends string>(
  { choices }: ChatReply,
  judge: (call: Call, choice: Choice) => readonly Fault<Name>[] | Undecided,
): readonly Fault<Name>[] | Undecided {
  const calls = choices.flatMap((choice) => choice.calls.map((call) => ({ choice, call })))
  return eachOf(calls, ({ choice, call }) =>
    isCut(choice) || !isText(choice.finish) ? cut : judge(call, choice),
  )
}

/**
 * Whether the request made it a guarantee what the arguments of a call are: of a strict tool they follow the schema,
 * except in parallel calls, where OpenAI turns that off. All else is up to the model. `calls`: how many there are.
 */
const isGuaranteed = (request: ChatCompletionRequest, name: unknown, calls: number): boolean =>
  functionNamed(request, name)?.strict === true && (calls === 1 || request.parallel_tool_calls === false)

/** Judges each choice on whether the model obeyed; one that was cut or refused to answer may not have come to it. */
function eachAnswer<Name extends string>(
  { choices }: ChatReply,
  judge: (choice: Choice) => readonly Fault<Name>[],
): readonly Fault<Name>[] | Undecided {
  return eachOf(choices, (choice) => {
    if (isCut(choice)) return cut
    return isRefusal(choice) ? { undecided: "the model refused to answer" } : judge(choice)
  })
}

type SchemaFault = Fault<"breaks-schema">

/** How arguments, guaranteed or not, break the tools' schemas. */
function brokenSchemas(answer: ChatAnswer, guaranteed: boolean): readonly SchemaFault[] | Undecided {
  return eachCall(answer, (call, { calls }): SchemaFault[] | Undecided => {
    const tool = functionNamed(answer.request, call.name)
    if (!tool?.parameters || isGuaranteed(answer.request, call.name, calls.length) !== guaranteed)
      return ofOtherKind
    const json = isString(call.arguments) ? parseJson(call.arguments) : undefined
    if (!json?.ok) return { undecided: "the arguments are not JSON" }
    const breach = schemaBreach(tool.parameters, json.value)
    if (!breach) return []
    if ("undecided" in breach) return breach
    const at = answer.where(`${call.pointer}/function/arguments`)
    const expected = `${breach.pointer || "the value"} ${breach.says}`
    return [{ fault: "breaks-schema", at, expected, actual: shown(call.arguments) }]
  })
}

type JsonFault = Fault<"not-json" | "not-an-object">

/** How arguments, guaranteed or not, are no JSON object. */
function brokenJson(reply: ChatReply, guaranteed: boolean): readonly JsonFault[] | Undecided {
  return eachCall(reply, (call, { calls }): JsonFault[] | Undecided => {
    if (isGuaranteed(reply.request, call.name, calls.length) !== guaranteed) return ofOtherKind
    if (!isString(call.arguments) || isEmptyForNothing(reply.request, call)) return []
    const json = parseJson(call.arguments)
    if (json.ok && isObject(json.value)) return []
    const at = reply.where(`${call.pointer}/function/arguments`)
    const fault = json.ok ? "not-an-object" : "not-json"
    return [{ fault, at, expected: "a JSON object", actual: shown(call.arguments) }]
  })
}

const callsTo = (id: string, says: string, guaranteed: boolean, probes: readonly Probe[]) =>
  narrowed(callAnswers, { id, says, probes }, ({ request, choices }) =>
    choices.some(({ calls }) =>
      calls.some(
        ({ name }) =>
          functionNamed(request, name)?.parameters !== undefined &&
          isGuaranteed(request, name, calls.length) === guaranteed,
      ),
    ),
  )

const isStrict = ({ strict }: FunctionDefinition) => strict === true
const isLax = (tool: FunctionDefinition) => !isStrict(tool)

const strictCalls = callsTo("tool.strict-calls", "calls of tools with a strict schema", true, [
  requiredTool,
  requiredToolStream,
])
const laxCalls = callsTo("tool.lax-calls", "calls of tools whose schema nothing guarantees", false, [
  parallelTools,
])

const laxReplies = narrowed(
  callReplies,
  {
    id: "tool.lax-replies",
    says: "whole replies with calls whose arguments nothing guarantees",
    probes: [bareTool, parallelTools],
  },
  ({ request, choices }) =>
    choices.some(({ calls }) => calls.some(({ name }) => !isGuaranteed(request, name, calls.length))),
)

const bareCalls = narrowed(
  callAnswers,
  { id: "tool.bare-calls", says: "calls of tools without parameters", probes: [bareTool] },
  ({ request, choices }) =>
    choices.some(({ calls }) =>
      calls.some(({ name }) => {
        const tool = functionNamed(request, name)
        return tool !== undefined && takesNothing(tool)
      }),
    ),
)

const forbiddenAnswers = narrowed(
  chatAnswers,
  { id: "tool.forbidden", says: "chat completions where no tool may be called", probes: [forbiddenTool] },
  ({ request }) => isCallForbidden(request),
)

const requiredAnswers = narrowed(
  chatAnswers,
  {
    id: "tool.demanded",
    says: "chat completions where some tool has to be called",
    probes: [requiredTool, requiredToolStream],
  },
  ({ request }) => isCallRequired(request),
)

const namedAnswers = narrowed(
  chatAnswers,
  { id: "tool.chosen", says: "chat completions where one tool has to be called", probes: [namedTool] },
  ({ request }) => chosenName(request) !== undefined,
)

const serialAnswers = narrowed(
  chatAnswers,
  { id: "tool.one-at-a-time", says: "chat completions with one call at most", probes: [serialTools] },
  ({ request }) => request.parallel_tool_calls === false && !isCallForbidden(request),
)

const finishedByCalls = narrowed(
  chatAnswers,
  {
    id: "tool.finished",
    says: "chat completions that end with tool_calls",
    probes: [requiredTool, requiredToolStream],
  },
  ({ choices }) => choices.some(({ finish }) => finish === "tool_calls"),
)

/** Whether the limit was used up and the last call's arguments stop in the middle. */
function isMasked({ request, completion }: ChatReply, { calls }: Choice): boolean {
  const limit = limitOf(request)
  const usage = Usage.safeParse(completion["usage"])
  if (limit === 0 || !usage.success || usage.data.completion_tokens < limit) return false
  const last = calls.at(-1)
  if (!last || !isString(last.arguments) || isEmptyForNothing(request, last)) return false
  return !parseJson(last.arguments).ok
}

// Streams

/** The first text that the parts of a call give for a member. */
const delivered = ({ deltas }: StreamedCall, member: "id" | "name") =>
  deltas.map((delta) => delta[member]).find(isText)

/** Whether a part says what type its call has: servers repeat the member without a value. */
const saysType = (type: unknown): boolean => type !== undefined && type !== null && type !== ""

/** Whether a call may have the type: that of a function, or of some other tool of the request. */
const isOffered = ({ tools }: ChatCompletionRequest, type: unknown): boolean =>
  type === "function" || (tools ?? []).some((tool) => tool.type === type)

/** How many calls the choice of a call has. */
const besides = ({ calls }: CallStream, { choice }: StreamedCall): number =>
  calls.filter((each) => each.choice === choice).length

const laxStreams = narrowed<CallStream>(
  completeCallStreams,
  {
    id: "tool.lax-streams",
    says: "streams with calls whose arguments nothing guarantees",
    probes: [bareTool, parallelTools],
  },
  (view) =>
    view.calls.some(
      (call) => !isGuaranteed(view.stream.request, delivered(call, "name"), besides(view, call)),
    ),
)

type JoinFault = Omit<Fault<"twice" | "not-json" | "not-an-object">, "at">

/** How the joined parts of calls whose arguments are guaranteed, or not, make up no JSON object. */
function brokenJoins(
  view: CallStream,
  guaranteed: boolean,
): readonly Fault<"twice" | "not-json" | "not-an-object">[] | Undecided {
  const { request } = view.stream
  return eachOf(view.calls, (call) => {
    const { deltas } = call
    const name = delivered(call, "name")
    if (isGuaranteed(request, name, besides(view, call)) !== guaranteed) return ofOtherKind
    if (deltas.some(({ type }) => type === "custom")) return []
    if (isCut(call) || call.finish === undefined) return cut
    const joined = deltas.map(({ arguments: part }) => part ?? "").join("")
    const isEmpty = isEmptyForNothing(request, { name, arguments: joined })
    const fault = isEmpty ? undefined : joinFault(joined)
    return fault ? [{ ...fault, at: (deltas.at(-1) ?? deltas[0]).at }] : []
  })
}

function joinFault(text: string): JoinFault | undefined {
  const json = parseJson(text)
  if (json.ok && isObject(json.value)) return undefined
  if (json.ok) return { fault: "not-an-object", expected: "a JSON object", actual: shown(json.value) }
  const fault = jsonFlaw(text).kind === "more-after-value" ? "twice" : "not-json"
  return { fault, expected: "one JSON object", actual: shown(text) }
}

// What is asked

const modes = fc.constantFrom({}, { stream: true })

const question = fc.constant({ messages: userSays("What is the weather in Paris? Use a tool.") })

/** Generated requests for calls, whole and streamed. */
const asking = (
  known: TargetFacts,
  members: fc.Arbitrary<Members<ChatCompletionRequest>>,
): fc.Arbitrary<readonly Ask[]> =>
  anyOf(known, question, members, modes).map((body) => [askFor("createChatCompletion", body)])

const required = { tool_choice: "required" as const }
const requiringCalls = toolDefinitions.map((tools) => ({ tools, ...required }))

/** Requests for a call of tools of one kind. */
const requiringOnly = (isOfKind: (tool: FunctionDefinition) => boolean) =>
  toolDefinitions
    .map((tools) => tools.filter((tool) => isOfKind(tool.function)))
    .filter((tools) => tools.length > 0)
    .map((tools) => ({ tools, ...required }))

/** A clean form of the last reply's calls, and a result for each. */
function withResults(known: TargetFacts, earlier: readonly Evidence[]): Step | undefined {
  const last = earlier.at(-1)
  const answer = last && chatAnswers.of(last)
  const calls = (answer?.choices[0]?.calls ?? []).flatMap((call) =>
    isText(call.id) && isText(call.name) && isString(call.arguments)
      ? [
          {
            id: call.id,
            type: "function" as const,
            function: { name: call.name, arguments: call.arguments },
          },
        ]
      : [],
  )
  if (!answer || calls.length === 0) return undefined
  return weatherStep(known, {
    messages: [
      ...answer.request.messages,
      { role: "assistant", content: null, tool_calls: calls },
      ...calls.map(({ id }) => resultOf(id)),
    ],
  })
}

const isAnswered = (choice: Choice) =>
  isText(choice.message["content"]) || choice.calls.length > 0 || isCut(choice) || isRefusal(choice)

export const toolRules = [
  rule({
    id: "tool.call-schema",
    since,
    says: "MUST give each tool call an `id`, the type `function`, a name and arguments as a string",
    severity: "MUST",
    source: `Schema ToolCall; ${toolCall}`,
    see: [
      "https://github.com/ggml-org/llama.cpp/issues/20198",
      "https://github.com/mrdushidush/claudette/pull/238",
    ],
    on: callAnswers,
    after: ["chat.schema:choices"],
    faults: {
      "no-id": "a call has no id, or an empty one",
      "other-type": "a call is not of the type of the tool",
      "no-name": "a call has no tool name",
      "not-a-string": "the arguments are not a string",
    },
    holds({ request, choices, where, streamed }) {
      // Separate rules judge how a call is assembled from chunks.
      if (streamed) return []
      return choices.flatMap(({ calls }) =>
        calls.flatMap(({ pointer, id, type, name, arguments: args }) => {
          type Name = "no-id" | "other-type" | "no-name" | "not-a-string"
          const fault = (fault: Name, member: string, expected: string, value: unknown): Fault<Name> => ({
            fault,
            at: where(`${pointer}/${member}`),
            expected,
            actual: shown(value),
          })
          const faults: Fault<Name>[] = []
          if (!isText(id)) faults.push(fault("no-id", "id", "a string", id))
          if (!isText(name)) faults.push(fault("no-name", "function/name", "a string", name))
          const isCustom = type === "custom" && request.tools?.some((tool) => tool.type === "custom")
          if (isCustom) return faults
          if (type !== "function") faults.push(fault("other-type", "type", "function", type))
          if (!isString(args)) faults.push(fault("not-a-string", "function/arguments", "a string", args))
          return faults
        }),
      )
    },
  }),
  rule({
    id: "tool.name-offered",
    since,
    says: "SHOULD call only tools that were offered",
    severity: "SHOULD",
    source: `${createChat}, tools`,
    see: ["https://github.com/vercel/ai/issues/2786"],
    on: callAnswers,
    after: ["chat.schema:choices", "tool.call-schema"],
    modelDependent: true,
    faults: { "not-offered": "a call names a tool that was not offered" },
    holds({ request, choices, where }) {
      const offered = offeredNames(request)
      if (offered.length === 0) return []
      return choices
        .flatMap(({ calls }) => calls)
        .filter(({ name }) => isText(name) && !offered.includes(name))
        .map(({ pointer, name }) => ({
          fault: "not-offered",
          at: where(`${pointer}/function/name`),
          expected: offered.join(", "),
          actual: shown(name),
        }))
    },
  }),
  rule({
    id: "tool.args-json",
    since,
    says: "MUST send the arguments of a call of a strict tool as a JSON object in a string",
    severity: "MUST",
    source: `Schema ToolCall, function.arguments; OpenAI API reference, function definition, strict`,
    see: ["https://github.com/ROCm/FastFlowLM/pull/728"],
    on: callReplies,
    after: ["tool.call-schema"],
    modelDependent: true,
    faults: {
      "not-json": "the arguments are not JSON",
      "not-an-object": "the arguments are JSON, but not an object",
    },
    holds: (reply) => brokenJson(reply, true),
  }),
  rule({
    id: "tool.args-json-lax",
    since,
    says: "SHOULD send the arguments of any call as a JSON object in a string: the model does not always generate valid JSON",
    severity: "SHOULD",
    source: toolCall,
    on: laxReplies,
    after: ["tool.call-schema"],
    modelDependent: true,
    faults: {
      "not-json": "the arguments are not JSON",
      "not-an-object": "the arguments are JSON, but not an object",
    },
    holds: (reply) => brokenJson(reply, false),
  }),
  rule({
    id: "tool.args-no-parameter-empty",
    since,
    says: "SHOULD send `{}`, not an empty string, as the arguments of a tool without parameters",
    severity: "SHOULD",
    source: toolCall,
    see: ["https://github.com/sigoden/aichat/pull/1217"],
    on: bareCalls,
    after: ["tool.call-schema"],
    faults: { empty: "the arguments are an empty text" },
    holds: (answer) =>
      eachCall(answer, (call): Fault<"empty">[] => {
        if (!isEmptyForNothing(answer.request, call)) return []
        const at = answer.where(`${call.pointer}/function/arguments`)
        return [{ fault: "empty", at, expected: "{}", actual: shown(call.arguments) }]
      }),
  }),
  rule({
    id: "tool.args-schema",
    since,
    says: "MUST send arguments that match the schema of a strict tool, unless it is one of several parallel calls",
    severity: "MUST",
    source:
      "OpenAI API reference, function definition, strict; OpenAI guide to structured outputs: not with parallel calls",
    on: strictCalls,
    after: ["tool.args-json", "tool.stream-args-concat"],
    modelDependent: true,
    faults: { "breaks-schema": "the arguments break the tool's schema" },
    asks: (known) => asking(known, requiringOnly(isStrict)),
    holds: (answer) => brokenSchemas(answer, true),
  }),
  rule({
    id: "tool.args-schema-lax",
    since,
    says: "SHOULD send arguments that match the schema of a tool that is not strict, or is one of several parallel calls",
    severity: "SHOULD",
    source: "OpenAI API reference, function definition, parameters",
    on: laxCalls,
    after: ["tool.args-json-lax", "tool.stream-args-concat", "tool.stream-args-concat-lax"],
    modelDependent: true,
    faults: { "breaks-schema": "the arguments break the tool's schema" },
    asks: (known) => asking(known, requiringOnly(isLax)),
    holds: (answer) => brokenSchemas(answer, false),
  }),
  rule({
    id: "tool.id-unique",
    since,
    says: "MUST give each tool call of a message a unique `id`",
    severity: "MUST",
    source: toolCall,
    on: callAnswers,
    after: ["tool.call-schema"],
    faults: { repeated: "two calls have one id" },
    holds: ({ choices, where }) =>
      choices.flatMap(({ calls }) => {
        const seen = new Set<unknown>()
        return calls.flatMap(({ pointer, id }): Fault<"repeated">[] => {
          const isNew = !seen.has(id)
          seen.add(id)
          if (isNew || !isText(id)) return []
          const expected = "an id that no other call of the message has"
          return [{ fault: "repeated", at: where(`${pointer}/id`), expected, actual: shown(id) }]
        })
      }),
  }),
  rule({
    id: "tool.choice-none",
    since,
    says: "MUST NOT call a tool when none is offered or `tool_choice` is `none`",
    severity: "MUST",
    source: `${createChat}, tool_choice`,
    see: ["https://github.com/vllm-project/vllm/pull/46183", "https://github.com/ROCm/FastFlowLM/pull/728"],
    on: forbiddenAnswers,
    after: ["chat.schema:choices"],
    modelDependent: true,
    faults: {
      "called-despite-none": "a tool is called although tool_choice is none",
      "called-without-tools": "a tool is called although none was offered",
    },
    asks: (known) =>
      asking(
        known,
        toolDefinitions.map((tools) => ({ tools, tool_choice: "none" as const })),
      ),
    holds: ({ request, choices, where }) =>
      choices
        .filter(({ calls }) => calls.length > 0)
        .map(({ pointer, calls }) => ({
          fault: request.tools?.length ? "called-despite-none" : "called-without-tools",
          at: where(`${pointer}/message/tool_calls`),
          expected: "no calls",
          actual: `${calls.length}, of ${shown(calls[0]?.name)}`,
        })),
  }),
  rule({
    id: "tool.choice-required",
    since,
    says: "MUST call a tool when `tool_choice` is `required`",
    severity: "MUST",
    source: `${createChat}, tool_choice`,
    on: requiredAnswers,
    after: ["chat.schema:choices"],
    modelDependent: true,
    faults: { "no-call": "no tool is called" },
    asks: (known) => asking(known, requiringCalls),
    holds: (answer) =>
      eachAnswer(answer, ({ pointer, calls, message }): Fault<"no-call">[] => {
        if (calls.length > 0) return []
        const at = answer.where(`${pointer}/message`)
        return [{ fault: "no-call", at, expected: "a call", actual: shown(message["content"]) }]
      }),
  }),
  rule({
    id: "tool.choice-named",
    since,
    says: "MUST call the tool that `tool_choice` names",
    severity: "MUST",
    source: `${createChat}, tool_choice`,
    on: namedAnswers,
    after: ["chat.schema:choices"],
    modelDependent: true,
    faults: {
      "no-call": "no tool is called",
      "other-tool": "only other tools are called",
    },
    asks: (known) => asking(known, namedTools),
    holds: (answer) =>
      eachAnswer(answer, ({ pointer, calls, message }): Fault<"no-call" | "other-tool">[] => {
        const name = chosenName(answer.request)
        if (calls.some((call) => call.name === name)) return []
        const fault = calls.length > 0 ? "other-tool" : "no-call"
        const at = answer.where(`${pointer}/message${calls.length > 0 ? "/tool_calls" : ""}`)
        const actual = shown(calls[0]?.name ?? message["content"])
        return [{ fault, at, expected: `a call of ${name}`, actual }]
      }),
  }),
  rule({
    id: "tool.parallel-false",
    since,
    says: "MUST NOT call more than one tool when `parallel_tool_calls` is false",
    severity: "MUST",
    source: `${createChat}, parallel_tool_calls`,
    on: serialAnswers,
    after: ["chat.schema:choices"],
    modelDependent: true,
    faults: { several: "several tools are called at once" },
    asks: (known) =>
      asking(
        known,
        requiringCalls.map((members) => ({ ...members, parallel_tool_calls: false })),
      ),
    holds: ({ choices, where }) =>
      choices
        .filter(({ calls }) => calls.length > 1)
        .map(({ pointer, calls }) => ({
          fault: "several",
          at: where(`${pointer}/message/tool_calls`),
          expected: "one call at most",
          actual: `${calls.length} calls`,
        })),
  }),
  rule({
    id: "tool.finish-tool-calls",
    since,
    says: "MUST set `finish_reason` to `tool_calls` or `stop` when a choice calls tools, unless it was cut off",
    severity: "MUST",
    source: "OpenAI API reference, the chat completion object, finish_reason",
    see: ["https://github.com/BerriAI/litellm/issues/12862", "https://github.com/ROCm/FastFlowLM/pull/728"],
    on: callAnswers,
    after: ["chat.schema"],
    faults: {
      "other-reason": "a choice with calls ends with a different reason",
      "length-masked": "calls that the token limit cut do not end with length",
    },
    holds(answer) {
      // OpenAI's calls end with stop under `required`, under a named choice, and at times under `auto`.
      const legal = ["tool_calls", "stop", "length", "content_filter"]
      return answer.choices.flatMap((choice): Fault<"other-reason" | "length-masked">[] => {
        const { pointer, finish, calls } = choice
        if (calls.length === 0 || !isString(finish)) return []
        const at = answer.where(`${pointer}/finish_reason`)
        if (!isCut(choice) && isMasked(answer, choice)) {
          return [{ fault: "length-masked", at, expected: "length", actual: shown(finish) }]
        }
        if (legal.includes(finish)) return []
        return [{ fault: "other-reason", at, expected: legal.join(" or "), actual: shown(finish) }]
      })
    },
  }),
  rule({
    id: "tool.finish-not-stop",
    since,
    says: "SHOULD set `finish_reason` to `tool_calls` rather than `stop` when a choice calls tools, unless `tool_choice` named the tool",
    severity: "SHOULD",
    source: "OpenAI API reference, the chat completion object, finish_reason",
    see: [
      "https://github.com/BerriAI/litellm/issues/12862",
      "https://github.com/openai/openai-dotnet/issues/64",
    ],
    on: callAnswers,
    after: ["chat.schema", "tool.finish-tool-calls"],
    faults: { stop: "a choice with calls ends with stop" },
    holds: (answer) =>
      chosenName(answer.request) !== undefined
        ? []
        : answer.choices
            .filter(({ finish, calls }) => calls.length > 0 && finish === "stop")
            .map(({ pointer }) => ({
              fault: "stop",
              at: answer.where(`${pointer}/finish_reason`),
              expected: "tool_calls",
              actual: "stop",
            })),
  }),
  rule({
    id: "tool.finish-implies-calls",
    since,
    says: "MUST NOT set `finish_reason` to `tool_calls` without tool calls",
    severity: "MUST",
    source: "OpenAI API reference, the chat completion object, finish_reason",
    see: ["https://github.com/vllm-project/vllm/issues/53255"],
    on: finishedByCalls,
    after: ["chat.schema"],
    faults: { "no-calls": "there are no calls" },
    holds: ({ choices, where }) =>
      choices
        .filter(({ finish, calls }) => finish === "tool_calls" && calls.length === 0)
        .map(({ pointer }) => ({
          fault: "no-calls",
          at: where(`${pointer}/finish_reason`),
          expected: "calls, or a different reason",
          actual: "no calls",
        })),
  }),
  rule({
    id: "tool.stream-index",
    since,
    says: "MUST include `index` in each streamed part of a tool call, counted from 0 per choice",
    severity: "MUST",
    source: `${toolDelta}, index`,
    see: [
      "https://github.com/ollama/ollama/issues/7881",
      "https://github.com/EricLBuehler/mistral.rs/pull/1507",
      "https://github.com/chatanywhere/GPT_API_free/issues/254",
      "https://github.com/openai/openai-python/pull/3246",
      "https://github.com/SamSaffron/term-llm/pull/314",
      "https://github.com/QuantumNous/new-api/pull/672",
      "https://github.com/vllm-project/vllm/pull/23522",
    ],
    on: callStreams,
    faults: {
      missing: "a part of a call has no index",
      "not-an-integer": "an index is not an integer",
      "out-of-order": "the calls are not numbered from 0 in the order of their first parts",
    },
    holds({ calls }) {
      const counts = new Map<unknown, number>()
      return firstOfEach(
        calls.flatMap(
          ({ choice, deltas: [{ index, at }] }): Fault<"missing" | "not-an-integer" | "out-of-order">[] => {
            const next = counts.get(choice) ?? 0
            counts.set(choice, next + 1)
            if (index === next) return []
            const named = Number.isInteger(index) ? "out-of-order" : "not-an-integer"
            const fault = index === undefined || index === null ? "missing" : named
            return [{ fault, at, expected: `${next}`, actual: shown(index) }]
          },
        ),
      )
    },
  }),
  rule({
    id: "tool.stream-first-delta",
    since,
    says: "MUST send the `id` and the name of a streamed tool call before the stream ends, and no `type` of a tool that was not offered",
    severity: "MUST",
    source: toolDelta,
    see: [
      "https://github.com/vllm-project/vllm/issues/18412",
      "https://github.com/BerriAI/litellm/pull/11528",
    ],
    on: completeCallStreams,
    after: ["tool.stream-index"],
    faults: {
      "no-id": "a call never gets an id",
      "no-name": "a call never gets a name",
      "other-type": "a call has the type of a tool that was not offered",
    },
    holds: ({ stream, calls }) =>
      calls.flatMap((call): Fault<"no-id" | "no-name" | "other-type">[] => {
        const { at } = call.deltas[0]
        const missing = (["id", "name"] as const).filter((member) => delivered(call, member) === undefined)
        const faults: Fault<"no-id" | "no-name" | "other-type">[] = missing.map((member) => ({
          fault: `no-${member}`,
          at,
          expected: `an ${member} in some part`,
          actual: `none in ${call.deltas.length} parts`,
        }))
        const typed = call.deltas.find(({ type }) => saysType(type))
        if (!typed || isOffered(stream.request, typed.type)) return faults
        return [
          ...faults,
          { fault: "other-type", at: typed.at, expected: "function", actual: shown(typed.type) },
        ]
      }),
  }),
  rule({
    id: "tool.stream-first-delta-whole",
    since,
    says: "SHOULD send `id`, `type` and name in the first part of a streamed tool call",
    severity: "SHOULD",
    source: toolDelta,
    see: ["https://github.com/pipecat-ai/pipecat/pull/5023"],
    on: completeCallStreams,
    after: ["tool.stream-index", "tool.stream-first-delta:other-type"],
    faults: {
      "id-later": "the id comes in a later part",
      "name-later": "the name comes in a later part",
      "no-type": "the first part has no type",
    },
    holds: ({ calls }) =>
      firstOfEach(
        calls.flatMap((call): Fault<"id-later" | "name-later" | "no-type">[] => {
          const [first] = call.deltas
          const late = (["id", "name"] as const).filter(
            (member) => !isText(first[member]) && delivered(call, member) !== undefined,
          )
          const faults: Fault<"id-later" | "name-later" | "no-type">[] = late.map((member) => ({
            fault: `${member}-later`,
            at: first.at,
            expected: shown(delivered(call, member)),
            actual: shown(first[member]),
          }))
          if (isText(first.type)) return faults
          return [
            ...faults,
            { fault: "no-type", at: first.at, expected: "function", actual: shown(first.type) },
          ]
        }),
      ),
  }),
  rule({
    id: "tool.stream-id-stable",
    since,
    says: "MUST NOT change the `id` of a streamed tool call",
    severity: "MUST",
    source: `${toolDelta}, id`,
    see: ["https://github.com/vllm-project/vllm/pull/23522"],
    on: callStreams,
    after: ["tool.stream-index"],
    faults: { changes: "a later part has a different id" },
    holds: ({ calls }) =>
      calls.flatMap((call): Fault<"changes">[] => {
        const id = delivered(call, "id")
        const other = call.deltas.find((delta) => isText(delta.id) && delta.id !== id)
        return other ? [{ fault: "changes", at: other.at, expected: shown(id), actual: shown(other.id) }] : []
      }),
  }),
  rule({
    id: "tool.stream-name-once",
    since,
    says: "SHOULD send the `id` and the name of a streamed tool call once",
    severity: "SHOULD",
    source: toolDelta,
    see: ["https://github.com/run-llama/llama_index/pull/21693"],
    on: callStreams,
    after: ["tool.stream-index", "tool.stream-id-stable"],
    faults: {
      "id-repeated": "a later part has the id again: accumulators append it",
      "name-repeated": "a later part has a name again: accumulators append it",
    },
    holds: ({ calls }) =>
      firstOfEach(
        calls.flatMap(({ deltas }) =>
          (["id", "name"] as const).flatMap((member): Fault<"id-repeated" | "name-repeated">[] => {
            const again = deltas.filter((delta) => isText(delta[member]))[1]
            if (!again) return []
            const fault = `${member}-repeated` as const
            return [{ fault, at: again.at, expected: "nothing", actual: shown(again[member]) }]
          }),
        ),
      ),
  }),
  rule({
    id: "tool.stream-args-concat",
    since,
    says: "MUST stream the arguments of a tool call as strings, which concatenate to one JSON object for a strict tool",
    severity: "MUST",
    source: `${toolDelta}, function.arguments`,
    see: [
      "https://github.com/vllm-project/vllm/pull/50461",
      "https://github.com/vllm-project/vllm/issues/51697",
    ],
    on: completeCallStreams,
    after: ["tool.stream-index"],
    modelDependent: ["twice", "not-json", "not-an-object"],
    faults: {
      "not-a-string": "a fragment is not a string",
      twice: "the joined fragments are more than one JSON value",
      "not-json": "the joined fragments are not JSON",
      "not-an-object": "the joined fragments are JSON, but not an object",
    },
    holds(view): readonly Fault<"not-a-string" | JoinFault["fault"]>[] | Undecided {
      const wrong = view.calls.flatMap(({ deltas }): Fault<"not-a-string">[] => {
        const part = deltas.find(
          ({ arguments: text }) => (text ?? undefined) !== undefined && !isString(text),
        )
        if (!part || part.type === "custom") return []
        return [{ fault: "not-a-string", at: part.at, expected: "a string", actual: shown(part.arguments) }]
      })
      if (wrong.length > 0) return wrong
      const broken = brokenJoins(view, true)
      // That the fragments are strings is all that was promised.
      return broken === ofOtherKind ? [] : broken
    },
  }),
  rule({
    id: "tool.stream-args-concat-lax",
    since,
    says: "SHOULD stream the arguments of any tool call as fragments that concatenate to one JSON object",
    severity: "SHOULD",
    source: `${toolDelta}, function.arguments`,
    on: laxStreams,
    after: ["tool.stream-index", "tool.stream-args-concat:not-a-string"],
    modelDependent: true,
    faults: {
      twice: "the joined fragments are more than one JSON value",
      "not-json": "the joined fragments are not JSON",
      "not-an-object": "the joined fragments are JSON, but not an object",
    },
    holds: (view) => brokenJoins(view, false),
  }),
  rule({
    id: "tool.round-trip",
    since,
    says: "MUST accept the results of its own tool calls and answer them",
    severity: "MUST",
    source: "OpenAI API reference, create chat completion, messages, tool message",
    see: ["https://github.com/mistralai/mistral-common/issues/324"],
    on: chatRequests,
    scope: "group",
    faults: {
      refused: "the results are refused",
      "not-answered": "the reply to the results is empty",
    },
    asks: (known) =>
      modes.map((mode): readonly Ask[] => [
        weatherStep(known, { tool_choice: "required", ...mode }),
        (earlier) => withResults(known, earlier),
      ]),
    holds(views) {
      const of = views.findIndex(({ request }) => request.messages.some(({ role }) => role === "tool"))
      const view = views[of]
      if (!view) return { undecided: "no call that could be answered" }
      const refused = refusedMessages(view, "refused", "a tool's result")
      if ("undecided" in refused) return refused
      if (refused.length > 0) return refused.map((fault) => ({ ...fault, of }))
      const reply = chatReplies.of(view.answered.exchange)
      if (!reply) return { undecided: `the target answered ${view.answered.status}` }
      const silent = reply.choices.filter((choice) => !isAnswered(choice))
      return silent.map(({ pointer, message }) => ({
        fault: "not-answered",
        at: reply.where(`${pointer}/message/content`),
        expected: "a text or more calls",
        actual: shown(message["content"]),
        of,
      }))
    },
  }),
] as const
