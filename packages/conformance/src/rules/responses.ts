import {
  type ResponseFunctionTool,
  ResponseObject,
  ResponseRequest,
  responseStatuses,
} from "@nexhina/schemas"
import * as fc from "fast-check"
import { z } from "zod"
import { endlessTask } from "../probes/chat-completions.ts"
import { longText, shortText } from "../probes/counted-texts.ts"
import {
  cutResponse,
  echoedResponse,
  forbiddenFunction,
  jsonObjectResponse,
  jsonSchemaResponse,
  namedFunction,
  parallelFunctions,
  plainResponse,
  requiredFunction,
  responseStep,
  scoredResponse,
  serialFunctions,
  streamedResponse,
} from "../probes/responses.ts"
import { isObject, parseJson } from "../reading/answered.ts"
import { schemaBreach } from "../reading/json-schema.ts"
import { pointerTo, schemaFaults } from "../reading/schema-faults.ts"
import { shown } from "../reading/shown.ts"
import { askFor } from "../requests/ask.ts"
import type { Members } from "../requests/members.ts"
import {
  responseRequests as anyOf,
  functionTools,
  jsonSchemaTexts,
  leastOutputTokens,
  namedFunctions,
} from "../requests/responses.ts"
import { type Fault, rule, type Undecided } from "../rule.ts"
import type { TargetFacts } from "../target/facts.ts"
import type { Ask } from "../target/step.ts"
import { narrowed } from "../views/chat-completions.ts"
import {
  isRefusal,
  isWhole,
  itemsOf,
  type OutputItem,
  type ResponseReply,
  responseAnswers,
  responseIds,
  responseReplies,
  type ShownResponse,
  shownResponses,
  textOf,
} from "../views/responses.ts"
import { eachOf, formatFault } from "./chat-completions.ts"
import { controlMarkerIn } from "./control-markers.ts"
import { LogprobEntry, lackingAlternatives, misspelling } from "./logprobs.ts"
import { familyFault, familyFaults, familySeverity, familySightings, familySource } from "./model-family.ts"
import { idPairs, repeatedIds } from "./repeated-ids.ts"
import { firstOfEach } from "./sse.ts"
import { maxWordsPerToken } from "./usage.ts"

const since = "0.1.0"
const responseObject = "OpenAI API reference, the response object"
const createResponse = "OpenAI API reference, create a model response"

/** Without these there is no output to read; what a stream's last event says counts only if it is what was streamed. */
const readable = ["resp.schema:output", "resp.schema:item", "resp.final-equals-stream"]

const modes = fc.constantFrom({}, { stream: true })

const isText = (value: unknown): value is string => typeof value === "string" && value !== ""

// Shape

/** What every client reads of a response; the other members have a rule of their own. */
const Response = z.looseObject({
  id: z.string().min(1),
  object: z.literal("response"),
  created_at: z.number(),
  model: z.string(),
  output: z.array(z.looseObject({ type: z.string() })),
})

/** What every client reads of the items that it knows. */
const items = new Map<unknown, z.ZodType>([
  [
    "message",
    z.looseObject({
      content: z.array(
        z.looseObject({
          // New types may come; these two are of chats and of inputs, and clients find no text in them.
          type: z
            .string()
            .refine((type) => type !== "text" && type !== "input_text", { error: '"output_text"' }),
          text: z.string().optional(),
          refusal: z.string().optional(),
        }),
      ),
    }),
  ],
  ["function_call", z.looseObject({ call_id: z.string(), name: z.string(), arguments: z.string() })],
])

type ShapeFault = Omit<Fault<"missing" | "wrong-value" | "output" | "item">, "at"> & { pointer: string }

function shapeFaults(response: Readonly<Record<string, unknown>>): ShapeFault[] {
  const faults = schemaFaults(Response, response).map(({ fault, path, expected, actual }): ShapeFault => {
    const [member] = path
    const inOutput = member !== "output" ? fault : path.length === 1 ? "output" : "item"
    return { fault: inOutput, pointer: pointerTo(path), expected, actual }
  })
  const { output } = response
  const inItems = (Array.isArray(output) ? output : []).flatMap((item: unknown, at) => {
    const schema = isObject(item) ? items.get(item["type"]) : undefined
    return (schema ? schemaFaults(schema, item) : []).map(
      ({ path, expected, actual }): ShapeFault => ({
        fault: "item",
        pointer: `/output/${at}${pointerTo(path)}`,
        expected,
        actual,
      }),
    )
  })
  return [...faults, ...inItems]
}

/** The statuses that an event leaves to the response that it shows. */
const statusesOf = new Map<string | undefined, readonly string[]>([
  ["response.created", ["in_progress", "queued"]],
  ["response.queued", ["queued"]],
  ["response.in_progress", ["in_progress"]],
  ["response.completed", ["completed"]],
  ["response.incomplete", ["incomplete"]],
  ["response.failed", ["failed"]],
])

const statuses: readonly string[] = responseStatuses

type StatusFault = Fault<
  | "error-without-failure"
  | "no-error"
  | "details-without-incomplete"
  | "no-reason"
  | "not-ended"
  | "open-item"
  | "other-than-event"
  | "unknown"
>

/** Returns how the status of a response contradicts the rest of the response, or that the contract has no such status. */
function statusFaults({ response, event, mayBeOpen, where }: ShownResponse): StatusFault[] {
  const { status, error, incomplete_details: details, output } = response
  if (typeof status !== "string") return []
  const faults: StatusFault[] = []
  const add = (fault: StatusFault["fault"], pointer: string, expected: string, actual: unknown) =>
    faults.push({ fault, at: where(pointer), expected, actual: shown(actual) })

  const legal = statusesOf.get(event)
  if (!statuses.includes(status)) {
    // What else a response with this status may say is not known.
    add(legal ? "other-than-event" : "unknown", "/status", (legal ?? statuses).join(" or "), status)
    return faults
  }
  const hasError = error !== undefined && error !== null
  if (hasError && status !== "failed" && status !== "cancelled")
    add("error-without-failure", "/error", `null, as the status is ${status}`, error)
  if (status === "failed" && !isObject(error)) add("no-error", "/error", "what failed", error)
  if (details !== undefined && details !== null && status !== "incomplete" && status !== "failed")
    add("details-without-incomplete", "/incomplete_details", `null: the status is ${status}`, details)
  if (status === "incomplete" && !(isObject(details) && isText(details["reason"])))
    add("no-reason", "/incomplete_details", "a reason", details)
  if ((status === "in_progress" || status === "queued") && !mayBeOpen)
    add("not-ended", "/status", "a status of the end", status)
  if (legal && !legal.includes(status)) add("other-than-event", "/status", legal.join(" or "), status)
  const open = (Array.isArray(output) ? output : []).findIndex(
    (item: unknown) => isObject(item) && item["status"] === "in_progress",
  )
  if (status === "completed" && open !== -1)
    add("open-item", `/output/${open}/status`, "completed", "in_progress")
  return faults
}

// Usage

const counts = ["input_tokens", "output_tokens", "total_tokens"] as const

const isCount = (value: unknown): value is number => Number.isInteger(value) && Number(value) >= 0

const usageOf = ({
  response: { usage },
}: Pick<ResponseReply, "response">): Readonly<Record<string, unknown>> => (isObject(usage) ? usage : {})

const hasUsage = ({ response: { usage } }: ShownResponse) => usage !== undefined && usage !== null

const usages = narrowed(
  shownResponses,
  {
    id: "responses.usages",
    says: "usages of responses: replies, in the events of streams, and retrieved ones",
    probes: [plainResponse, streamedResponse],
  },
  (all) => all.some(hasUsage),
)

const limited = narrowed(
  responseAnswers,
  {
    id: "responses.limited",
    says: "responses with usage, under a token limit",
    probes: [plainResponse, cutResponse],
  },
  (answer) => answer.request.max_output_tokens != null && isCount(usageOf(answer)["output_tokens"]),
)

const cutAnswers = narrowed(
  responseAnswers,
  { id: "responses.incomplete", says: "responses that their token limit cut", probes: [cutResponse] },
  ({ response: { status, incomplete_details: details } }) =>
    status === "incomplete" && isObject(details) && details["reason"] === "max_output_tokens",
)

type UsageFault = Fault<
  "not-an-object" | "no-count" | "sum" | "cached" | "reasoning" | "no-input" | "no-output"
>

const detailOf = (details: unknown, member: string): number => {
  const value = isObject(details) ? details[member] : undefined
  return typeof value === "number" ? value : 0
}

/** How the usage of a response is wrong. `isUnfolded`: the target counts reasoning tokens apart from the output. */
function usageFaults(answer: ShownResponse, isUnfolded: boolean): UsageFault[] {
  const { request, response, where } = answer
  const fault = (
    name: UsageFault["fault"],
    pointer: string,
    expected: string,
    actual: unknown,
  ): UsageFault => ({
    fault: name,
    at: where(`/usage${pointer}`),
    expected,
    actual: shown(actual),
  })
  if (!isObject(response["usage"])) return [fault("not-an-object", "", "an object", response["usage"])]
  const usage = usageOf(answer)
  const missing = counts.find((name) => !isCount(usage[name]))
  if (missing) return [fault("no-count", `/${missing}`, `${missing}: an integer from 0`, usage[missing])]

  const [input, output, total] = counts.map((name) => Number(usage[name])) as [number, number, number]
  const cached = detailOf(usage["input_tokens_details"], "cached_tokens")
  const reasoning = detailOf(usage["output_tokens_details"], "reasoning_tokens")
  const faults: UsageFault[] = []
  const sums = [input + output, ...(isUnfolded ? [input + output + reasoning] : [])]
  if (!sums.includes(total))
    faults.push(fault("sum", "/total_tokens", `${input} + ${output} = ${input + output}`, total))
  if (cached > input)
    faults.push(fault("cached", "/input_tokens_details/cached_tokens", `at most ${input}`, cached))
  if (reasoning > output && !isUnfolded)
    faults.push(fault("reasoning", "/output_tokens_details/reasoning_tokens", `at most ${output}`, reasoning))
  if (input === 0 && request && request.input.length > 0)
    faults.push(fault("no-input", "/input_tokens", "above 0", 0))
  const items = itemsOf(response)
  const hasOutput = items.some((item) => textOf(item) !== "") || callsOf({ items }).length > 0
  if (output === 0 && reasoning === 0 && hasOutput)
    faults.push(fault("no-output", "/output_tokens", "above 0", 0))
  return faults
}

// Repeated members

const same = (value: unknown) => value
/** Some servers reckon in numbers of 32 bits. */
const rounded = (value: unknown) => (typeof value === "number" ? Math.fround(value) : value)

const byName = ([a]: [string, unknown], [b]: [string, unknown]) => (a < b ? -1 : 1)

/** How a member is repeated, so that what a server adds to it makes no difference. */
const repeated = new Map<string, (value: unknown) => unknown>([
  ["instructions", same],
  ["metadata", (value) => (isObject(value) ? Object.entries(value).sort(byName) : value)],
  ["temperature", rounded],
  ["top_p", rounded],
  ["max_output_tokens", same],
  ["previous_response_id", same],
  ["parallel_tool_calls", same],
  [
    "tools",
    (value) => (Array.isArray(value) ? value.map((tool: unknown) => isObject(tool) && tool["name"]) : value),
  ],
])

/** In the order of the contract, so that the id of a finding does not depend on the order of the client. */
const repeatedNames = Object.keys(ResponseRequest.shape).filter((name) => repeated.has(name))

/** Members of the request that the reply has to repeat, with what it should say. */
const toRepeat = (request: Readonly<Record<string, unknown>>): [name: string, value: unknown][] =>
  repeatedNames.flatMap((name): [string, unknown][] => {
    const value = request[name]
    return value !== null && value !== undefined ? [[name, value]] : []
  })

const repeating = narrowed(
  responseAnswers,
  {
    id: "responses.repeating",
    says: "responses that repeat members of their request",
    probes: [plainResponse, echoedResponse],
  },
  ({ request }) => toRepeat(request).length > 0,
)

/** The model decides how many items it generates, so a target may never return several. */
const severalItems = narrowed(
  responseReplies,
  {
    id: "responses.several-items",
    says: "responses that were not streamed, with several items",
    probes: [parallelFunctions],
    occasional: true,
  },
  ({ items }) => items.length > 1,
)

/** What a `tool_choice` says, without what a server adds to it. */
function choiceOf(choice: unknown): string {
  if (!isObject(choice)) return String(choice)
  const { type, name, mode } = choice
  return JSON.stringify([type, name, mode])
}

const choosing = narrowed(
  responseAnswers,
  {
    id: "responses.choosing",
    says: "responses to requests with `tool_choice`",
    probes: [requiredFunction, namedFunction, forbiddenFunction],
  },
  ({ request: { tool_choice: choice } }) => choice != null,
)

// Formats

const formatted = narrowed(
  responseAnswers,
  {
    id: "responses.formatted",
    says: "responses that must be JSON",
    probes: [jsonSchemaResponse, jsonObjectResponse],
  },
  ({ request: { text } }) => text?.format?.type === "json_object" || text?.format?.type === "json_schema",
)

/** A format as chat spells it. */
function chatFormat({ text }: ResponseRequest): Parameters<typeof formatFault>[1] {
  const format = text?.format
  if (format?.type !== "json_schema") return { type: "json_object" }
  const { name, schema, strict } = format
  return { type: "json_schema", json_schema: { name, schema, ...(strict != null && { strict }) } }
}

// Log probabilities

const asksForLogprobs = ({ request: { include } }: ResponseReply) =>
  include?.includes("message.output_text.logprobs") ?? false

const scored = narrowed(
  responseAnswers,
  {
    id: "responses.scored",
    says: "responses with log probabilities",
    probes: [scoredResponse],
  },
  asksForLogprobs,
)

const unscored = narrowed(
  responseAnswers,
  {
    id: "responses.no-logprobs",
    says: "responses without requested log probabilities",
    probes: [plainResponse, streamedResponse],
  },
  (answer) => !asksForLogprobs(answer) && answer.request.top_logprobs == null,
)

// Reasoning

const reasoningIn = ({ items }: ResponseReply) => items.filter(({ value }) => value["type"] === "reasoning")

const encrypting = narrowed(
  responseAnswers,
  {
    id: "responses.encrypting",
    says: "responses with reasoning to requests that include its encrypted content",
    probes: [],
  },
  (answer) =>
    (answer.request.include?.includes("reasoning.encrypted_content") ?? false) &&
    reasoningIn(answer).length > 0,
)

/** Each text of a response, with its place. */
const textParts = ({ items }: ResponseReply) =>
  items.flatMap(({ pointer, value: { type, content } }) =>
    (type === "message" && Array.isArray(content) ? content : []).flatMap((part: unknown, at) =>
      isObject(part) && isText(part["text"]) ? [{ part, pointer: `${pointer}/content/${at}/logprobs` }] : [],
    ),
  )

// Calls

const cut: Undecided = { undecided: "the response was cut before its end" }
const refused: Undecided = { undecided: "the model refused to answer" }
const ofOtherKind: Undecided = { undecided: "the function is of a different kind" }

const callTypes: ReadonlySet<unknown> = new Set(["function_call", "custom_tool_call"])

const callsOf = ({ items }: Pick<ResponseReply, "items">): OutputItem[] =>
  items.filter(({ value: { type } }) => callTypes.has(type))

const functionCallsOf = (answer: ResponseReply): OutputItem[] =>
  callsOf(answer).filter(({ value: { type } }) => type === "function_call")

const functionNamed = ({ tools }: ResponseRequest, name: unknown): ResponseFunctionTool | undefined =>
  tools?.find((tool) => tool.type === "function" && tool.name === name) as ResponseFunctionTool | undefined

/** The names of the offered tools that a call can name. */
const offeredNames = ({ tools }: ResponseRequest): string[] =>
  (tools ?? []).flatMap((tool) => (tool.type === "function" || tool.type === "custom" ? [tool.name] : []))

const chosenName = ({ tool_choice: choice }: ResponseRequest): string | undefined =>
  typeof choice === "object" && (choice?.type === "function" || choice?.type === "custom")
    ? choice.name
    : undefined

/** Choices that leave open which tool is called, or whose calls are those of functions. */
const ofNoBuiltIn: ReadonlySet<unknown> = new Set([
  "function",
  "custom",
  "allowed_tools",
  "programmatic_tool_calling",
])

/** Returns the type of the built-in tool that `tool_choice` names, if it names one. */
const chosenBuiltIn = ({ tool_choice: choice }: ResponseRequest): string | undefined =>
  isObject(choice) && !ofNoBuiltIn.has(choice["type"]) ? String(choice["type"]) : undefined

function isCallRequired({ tool_choice: choice }: ResponseRequest): boolean {
  if (typeof choice !== "object") return choice === "required"
  return choice?.type === "allowed_tools" && choice.mode === "required"
}

/** A prompt that is stored on the server may contain its own tools. */
const isCallForbidden = ({ tools, tool_choice, prompt }: ResponseRequest) =>
  tool_choice === "none" || ((tools ?? []).length === 0 && prompt == null)

/** Of other tools, one may be called that has no name, or find more of them. */
const areFunctions = ({ tools }: ResponseRequest) =>
  (tools ?? []).every(({ type }) => type === "function" || type === "custom")

/** Items that a response may have without calling a tool. */
const callFree: ReadonlySet<unknown> = new Set(["message", "reasoning", "mcp_list_tools"])

/** Returns the calls of built-in tools. New tools have calls of new types. */
const builtInCallsOf = ({ items }: Pick<ResponseReply, "items">): OutputItem[] =>
  items.filter(({ value: { type } }) => !callFree.has(type) && !callTypes.has(type))

const hasCall = ({ request, items }: ResponseReply): boolean =>
  callsOf({ items }).length > 0 || (!areFunctions(request) && builtInCallsOf({ items }).length > 0)

/**
 * Whether the request made it a guarantee what the arguments of a call are: of a strict function they follow the
 * schema, except in parallel calls, where OpenAI turns that off. All else is up to the model.
 */
const isGuaranteed = (answer: ResponseReply, { value: { name } }: OutputItem): boolean =>
  functionNamed(answer.request, name)?.strict === true &&
  (functionCallsOf(answer).length === 1 || answer.request.parallel_tool_calls === false)

const calling = narrowed(
  responseAnswers,
  {
    id: "responses.calls",
    says: "responses with function calls",
    probes: [requiredFunction, parallelFunctions],
  },
  (answer) => functionCallsOf(answer).length > 0,
)

const strictCalling = narrowed(
  calling,
  {
    id: "responses.strict-calls",
    says: "responses with calls of functions with a strict schema",
    probes: [requiredFunction],
  },
  (answer) => functionCallsOf(answer).some((call) => isGuaranteed(answer, call)),
)

const laxCalling = narrowed(
  calling,
  {
    id: "responses.lax-calls",
    says: "responses with calls whose arguments nothing guarantees",
    probes: [parallelFunctions],
  },
  (answer) => functionCallsOf(answer).some((call) => !isGuaranteed(answer, call)),
)

const forbidden = narrowed(
  responseAnswers,
  { id: "responses.forbidden", says: "responses that may call no function", probes: [forbiddenFunction] },
  ({ request }) => isCallForbidden(request),
)

const required = narrowed(
  responseAnswers,
  { id: "responses.demanded", says: "responses that have to call a tool", probes: [requiredFunction] },
  ({ request }) => isCallRequired(request),
)

const chosen = narrowed(
  responseAnswers,
  { id: "responses.chosen", says: "responses that have to call one tool", probes: [namedFunction] },
  ({ request }) => chosenName(request) !== undefined || chosenBuiltIn(request) !== undefined,
)

const serial = narrowed(
  responseAnswers,
  { id: "responses.one-at-a-time", says: "responses with one call at most", probes: [serialFunctions] },
  ({ request }) => request.parallel_tool_calls === false && !isCallForbidden(request),
)

/** The texts of a response, to be shown. */
const saidIn = ({ items }: ResponseReply): string => shown(items.map(textOf).join(""))

/** Judges the calls of a response that came to its end. */
function eachCall<Name extends string>(
  answer: ResponseReply,
  judge: (call: OutputItem) => readonly Fault<Name>[] | Undecided,
): readonly Fault<Name>[] | Undecided {
  return isWhole(answer) ? eachOf(functionCallsOf(answer), judge) : cut
}

type JsonFault = Fault<"not-json" | "not-an-object">

/** How arguments, guaranteed or not, are no JSON object. */
function brokenJson(answer: ResponseReply, guaranteed: boolean): readonly JsonFault[] | Undecided {
  return eachCall(answer, (call): JsonFault[] | Undecided => {
    if (isGuaranteed(answer, call) !== guaranteed) return ofOtherKind
    const { name, arguments: text } = call.value
    const parameters = functionNamed(answer.request, name)?.parameters
    // Of a function without parameters, nothing is what it takes.
    if (text === "" && !isObject(parameters?.["properties"])) return []
    const json = parseJson(String(text))
    if (json.ok && isObject(json.value)) return []
    const fault = json.ok ? "not-an-object" : "not-json"
    const at = answer.where(`${call.pointer}/arguments`)
    return [{ fault, at, expected: "a JSON object", actual: shown(text) }]
  })
}

type SchemaFault = Fault<"breaks-schema">

/** How arguments, guaranteed or not, break the schemas of the functions. */
function brokenSchemas(answer: ResponseReply, guaranteed: boolean): readonly SchemaFault[] | Undecided {
  return eachCall(answer, (call): SchemaFault[] | Undecided => {
    const { name, arguments: text } = call.value
    const tool = functionNamed(answer.request, name)
    if (!tool?.parameters || isGuaranteed(answer, call) !== guaranteed) return ofOtherKind
    const json = parseJson(String(text))
    if (!json.ok) return { undecided: "the arguments are not JSON" }
    const breach = schemaBreach(tool.parameters, json.value)
    if (!breach) return []
    if ("undecided" in breach) return breach
    const at = answer.where(`${call.pointer}/arguments`)
    const expected = `${breach.pointer || "the value"} ${breach.says}`
    return [{ fault: "breaks-schema", at, expected, actual: shown(text) }]
  })
}

const question = fc.constant({ input: "What is the weather in Paris? Use a tool." })

/** Generated requests for calls, whole and streamed. */
const asking = (
  known: TargetFacts,
  members: fc.Arbitrary<Members<ResponseRequest>>,
): fc.Arbitrary<readonly Ask[]> =>
  anyOf(known, question, members, modes).map((body) => [askFor("createResponse", body)])

const requiringCalls = functionTools.map((tools) => ({ tools, tool_choice: "required" as const }))

export const responseRules = [
  rule({
    id: "resp.schema",
    since,
    says: "MUST return `id`, `object`, `created_at`, `model` and `output`, with well-formed output items",
    severity: "MUST",
    source: responseObject,
    see: ["https://github.com/ogx-ai/ogx/issues/4986"],
    on: shownResponses,
    faults: {
      missing: "a member that every client reads is missing",
      "wrong-value": "a member has a different JSON type or value",
      output: "there is no list of items",
      item: "an item, or a part of a message, cannot be read",
    },
    holds: (all) =>
      firstOfEach(
        all.flatMap(({ response, where }) =>
          shapeFaults(response).map(({ pointer, ...fault }) => ({ ...fault, at: where(pointer) })),
        ),
      ),
  }),
  rule({
    id: "resp.schema-full",
    since,
    says: "SHOULD return all members that OpenAI's schema of a response requires, null only where it allows null",
    severity: "SHOULD",
    source: `${responseObject}: required members`,
    see: ["https://github.com/ogx-ai/ogx/issues/4986"],
    on: shownResponses,
    after: ["resp.schema"],
    faults: {
      missing: "a member is missing",
      null: "a member is null that may not be",
      "wrong-value": "a member has a different JSON type",
    },
    holds: (all) =>
      firstOfEach(
        all.flatMap(({ response, where }) =>
          schemaFaults(ResponseObject, response).map(({ fault, path, expected, actual }) => ({
            fault: actual === "null" ? ("null" as const) : fault,
            at: where(pointerTo(path)),
            expected,
            actual,
          })),
        ),
      ),
  }),
  rule({
    id: "resp.status-consistent",
    since,
    says: "MUST set a `status` that agrees with `error`, `incomplete_details`, the items and the terminal event",
    severity: "MUST",
    source: `${responseObject}: status, error, incomplete_details`,
    on: shownResponses,
    after: ["resp.schema:output", "resp.schema:item"],
    faults: {
      "error-without-failure": "an error although the status is not failed",
      "no-error": "no error although the status is failed",
      "details-without-incomplete": "incomplete_details although the status is not incomplete",
      "no-reason": "no reason although the status is incomplete",
      "not-ended": "a reply that has not ended, although no background response was requested",
      "open-item": "an item that has not ended, in a response that is completed",
      "other-than-event": "a different status than the type of the event says",
      unknown: "a status that the contract does not have",
    },
    holds: (all) => firstOfEach(all.flatMap(statusFaults)),
  }),
  rule({
    id: "resp.id-unique",
    since,
    says: "SHOULD return a different response `id` for each request",
    severity: "SHOULD",
    source: `${responseObject}: id`,
    on: responseIds,
    scope: "run",
    faults: { repeated: "one id for two different requests" },
    holds: repeatedIds,
    pairs: idPairs,
  }),
  rule({
    id: "resp.item-id-unique",
    since,
    says: "MUST give each item of the output a unique id",
    severity: "MUST",
    source: `${responseObject}, output: the unique id of the item`,
    on: severalItems,
    after: ["resp.schema:output", "resp.schema:item"],
    faults: { repeated: "two items have the same id" },
    holds({ items, where }) {
      const ids = items.map(({ value: { id } }) => id)
      // Of some items, OpenAI's schema does not require an id.
      const at = ids.findIndex((id, place) => typeof id === "string" && ids.indexOf(id) < place)
      const again = items[at]
      if (!again) return []
      const actual = `${shown(ids[at])} again`
      return [{ fault: "repeated", at: where(`${again.pointer}/id`), expected: "a different id", actual }]
    },
  }),
  rule({
    id: "resp.echo",
    since,
    says: "SHOULD echo the parameters of the request: instructions, metadata, tools, limits and sampling",
    severity: "SHOULD",
    source: `${responseObject}: the members of the request`,
    on: repeating,
    after: ["resp.schema"],
    faults: {
      "not-repeated": "a member of the request is null",
      "other-value": "a member of the request has a different value",
    },
    holds: ({ request, response, where }) =>
      firstOfEach(
        toRepeat(request).flatMap(([name, value]): Fault<"not-repeated" | "other-value">[] => {
          const said = response[name]
          const read = repeated.get(name)
          if (said === undefined || !read) return []
          const expected = JSON.stringify(read(value))
          if (JSON.stringify(read(said)) === expected) return []
          const fault = said === null ? "not-repeated" : "other-value"
          return [{ fault, at: where(`/${name}`), expected: shown(value), actual: shown(said) }]
        }),
      ),
  }),
  rule({
    id: "resp.echo-tool-choice",
    since,
    says: "SHOULD echo `tool_choice`",
    severity: "SHOULD",
    source: `${responseObject}: tool_choice`,
    on: choosing,
    after: ["resp.schema"],
    faults: { "other-value": "tool_choice has a different value than in the request" },
    holds({ request: { tool_choice: asked }, response: { tool_choice: said }, where }) {
      if (said === undefined || choiceOf(asked) === choiceOf(said)) return []
      const at = where("/tool_choice")
      return [{ fault: "other-value", at, expected: shown(asked), actual: shown(said) }]
    },
  }),
  rule({
    id: "resp.usage",
    since,
    says: "MUST report `input_tokens`, `output_tokens` and their sum `total_tokens`, with details no larger than their totals",
    severity: "MUST",
    source: `${responseObject}: usage`,
    on: usages,
    faults: {
      "not-an-object": "usage is not an object",
      "no-count": "a count that is missing, or not an integer of 0 or more",
      sum: "total_tokens is a different number than the sum",
      cached: "more cached tokens than the input has",
      reasoning: "more reasoning tokens than the output has",
      "no-input": "no input tokens, although there was input",
      "no-output": "no output tokens, although there is output",
    },
    holds: (all, { traits }) =>
      firstOfEach(
        all.filter(hasUsage).flatMap((shown) => usageFaults(shown, traits.has("unfolded-reasoning"))),
      ),
  }),
  rule({
    id: "resp.input-counted",
    since,
    says: "SHOULD count the tokens of the whole input: more for a text of a hundred words than for one word",
    severity: "SHOULD",
    source: `${responseObject}: usage.input_tokens`,
    scope: "group",
    on: responseAnswers,
    after: ["resp.usage"],
    faults: { same: "no more input tokens for a text of a hundred words than for one word" },
    asks: (known) =>
      [{}, { stream: true }].flatMap((mode) =>
        [shortText, longText].map((input) => responseStep(known, { input, ...mode })),
      ),
    holds(answers) {
      const counted = answers.flatMap((answer, of) => {
        const { input_tokens: tokens } = usageOf(answer)
        return isCount(tokens) ? [{ answer, of, tokens }] : []
      })
      const isLong = ({ answer }: { answer: ResponseReply }) => answer.request.input === longText
      const pairs = counted.filter(isLong).flatMap((long) => {
        const isPartner = ({ answer }: typeof long) => answer.streamed === long.answer.streamed
        const short = counted.find((each) => !isLong(each) && isPartner(each))
        return short ? [{ short, long }] : []
      })
      if (pairs.length === 0) return { undecided: "takes the usages of a short input and of a long one" }
      return pairs.flatMap(({ short, long: { answer, of, tokens } }) =>
        tokens > short.tokens
          ? []
          : [
              {
                of,
                fault: "same" as const,
                at: answer.where("/usage/input_tokens"),
                expected: `more than ${short.tokens}, as for one word`,
                actual: String(tokens),
              },
            ],
      )
    },
  }),
  rule({
    id: "resp.output-counted",
    since,
    says: `SHOULD count the tokens of the whole output: at least one for every ${maxWordsPerToken} words`,
    severity: "SHOULD",
    source: `${responseObject}: usage.output_tokens`,
    on: responseAnswers,
    after: [...readable, "resp.usage"],
    faults: { "too-few": "fewer output tokens than a text of this length can have" },
    holds(answer) {
      const { output_tokens: tokens } = usageOf(answer)
      const words = answer.items.map(textOf).join(" ").match(/\S+/g)?.length ?? 0
      const least = Math.floor(words / maxWordsPerToken)
      if (!isCount(tokens) || tokens >= least) return []
      const at = answer.where("/usage/output_tokens")
      const expected = `at least ${least} for ${words} words`
      return [{ fault: "too-few", at, expected, actual: String(tokens) }]
    },
  }),
  rule({
    id: "resp.usage-present",
    since,
    says: "SHOULD include usage in every finished response",
    severity: "SHOULD",
    source: `${responseObject}: usage`,
    on: responseAnswers,
    after: ["resp.schema"],
    faults: { missing: "no usage" },
    holds({ response: { usage, status }, where }) {
      const hasEnded = status === "completed" || status === "incomplete"
      if (!hasEnded || (usage !== undefined && usage !== null)) return []
      return [{ fault: "missing", at: where("/usage"), expected: "a usage", actual: shown(usage) }]
    },
  }),
  rule({
    id: "resp.token-limit",
    since,
    says: "MUST stop at `max_output_tokens` and set `status` to `incomplete`",
    severity: "MUST",
    source: `${createResponse}: max_output_tokens`,
    on: limited,
    after: ["resp.schema"],
    modelDependent: true,
    faults: {
      "over-limit": "more output tokens than the limit allows",
      "not-incomplete": "a response that used up its limit before its end is not incomplete",
      "other-reason": "a response that used up its limit is incomplete for a different reason",
    },
    asks: (known) =>
      modes.map((mode): Ask[] => [
        responseStep(known, { input: endlessTask, max_output_tokens: leastOutputTokens, ...mode }),
      ]),
    holds(answer) {
      const { request, response, where } = answer
      const tokens = Number(usageOf(answer)["output_tokens"])
      const limit = request.max_output_tokens ?? 0
      if (tokens > limit) {
        const at = where("/usage/output_tokens")
        return [{ fault: "over-limit", at, expected: `${limit} tokens at most`, actual: `${tokens}` }]
      }
      if (tokens < limit || limit > leastOutputTokens || request.input !== endlessTask) return []
      const { status, incomplete_details: details } = response
      if (status === "completed") {
        const actual = `${status} after ${tokens} tokens`
        return [{ fault: "not-incomplete", at: where("/status"), expected: "incomplete", actual }]
      }
      const reason = isObject(details) ? details["reason"] : undefined
      if (status !== "incomplete" || reason === "max_output_tokens" || reason === "content_filter") return []
      const at = where("/incomplete_details/reason")
      return [{ fault: "other-reason", at, expected: "max_output_tokens", actual: shown(reason) }]
    },
  }),
  rule({
    id: "resp.incomplete-item",
    since,
    says: "SHOULD mark the item that was cut off as `incomplete`, as the last item",
    severity: "SHOULD",
    source: `${responseObject}: incomplete_details; Open Responses specification: item states`,
    on: cutAnswers,
    after: readable,
    faults: {
      "not-marked": "the last item has the status completed or in_progress",
      "not-last": "items follow the incomplete one",
    },
    holds({ items, where }) {
      const last = items.at(-1)
      const early = items.slice(0, -1).find(({ value: { status } }) => status === "incomplete")
      const faults: Fault<"not-marked" | "not-last">[] = []
      if (early) {
        const at = where(`${early.pointer}/status`)
        faults.push({ fault: "not-last", at, expected: "completed", actual: "incomplete" })
      }
      const isSpoken = last?.value["type"] === "message" || last?.value["type"] === "function_call"
      const status = last?.value["status"]
      if (last && isSpoken && (status === "completed" || status === "in_progress")) {
        const at = where(`${last.pointer}/status`)
        faults.push({ fault: "not-marked", at, expected: "incomplete", actual: status })
      }
      return faults
    },
  }),
  rule({
    id: "resp.text-format-honoured",
    since,
    says: "MUST honour an accepted `text.format`: valid JSON, and output that matches a strict schema",
    severity: "MUST",
    source: `${createResponse}: text.format`,
    see: ["https://github.com/jundot/omlx/issues/613"],
    on: formatted,
    after: readable,
    modelDependent: true,
    faults: {
      fenced: "the JSON is inside a Markdown fence",
      "not-json": "the text is not JSON",
      "not-an-object": "the JSON is not an object",
      "breaks-schema": "the JSON breaks the strict schema",
    },
    asks: (known) =>
      fc
        .tuple(fc.oneof(jsonSchemaTexts, fc.constant({ format: { type: "json_object" as const } })), modes)
        .map(([text, mode]): Ask[] => [
          responseStep(
            known,
            { input: [{ role: "user", content: "Answer with a short JSON object." }], text, ...mode },
            ["text"],
          ),
        ]),
    holds(answer) {
      const { request, items, where } = answer
      if (!isWhole(answer)) return cut
      if (isRefusal(answer)) return refused
      // What comes before the last message may be thinking aloud.
      const last = items.findLast(({ value: { type } }) => type === "message")
      if (!last || callsOf(answer).length > 0) return { undecided: "the response has no text" }
      const fault = formatFault(textOf(last), chatFormat(request))
      if (!fault || "undecided" in fault) return fault ?? []
      return [{ ...fault, at: where(`${last.pointer}/content`) }]
    },
  }),
  rule({
    id: "resp.logprobs-shape",
    since,
    says: "SHOULD return the requested log probabilities of each token: 0 or less, with at most `top_logprobs` alternatives",
    severity: "SHOULD",
    source: `${createResponse}: include, top_logprobs`,
    on: scored,
    after: readable,
    faults: {
      missing: "logprobs were requested, but are missing",
      entry: "an entry has no token, or no log probability of 0 or less",
      alternatives: "more alternatives than requested",
    },
    holds(answer) {
      const [first] = textParts(answer)
      const entries = textParts(answer).flatMap(({ part: { logprobs }, pointer }) =>
        (Array.isArray(logprobs) ? logprobs : []).map((entry: unknown, at) => ({
          entry,
          pointer: `${pointer}/${at}`,
        })),
      )
      if (first && entries.length === 0) {
        const actual = shown(first.part["logprobs"])
        return [
          { fault: "missing", at: answer.where(first.pointer), expected: "an entry for each token", actual },
        ]
      }
      const most = answer.request.top_logprobs ?? 0
      return firstOfEach(
        entries.flatMap(({ entry, pointer }): Fault<"entry" | "alternatives">[] => {
          const [flaw] = schemaFaults(LogprobEntry, entry)
          if (flaw) {
            const at = answer.where(`${pointer}${pointerTo(flaw.path)}`)
            return [{ fault: "entry", at, expected: flaw.expected, actual: flaw.actual }]
          }
          const top = isObject(entry) ? entry["top_logprobs"] : undefined
          if (!Array.isArray(top) || top.length <= most) return []
          const at = answer.where(`${pointer}/top_logprobs`)
          return [{ fault: "alternatives", at, expected: `${most} at most`, actual: `${top.length}` }]
        }),
      )
    },
  }),
  rule({
    id: "resp.logprobs-text",
    since,
    says: "MUST spell the text with the tokens of its log probabilities, and each token with its bytes",
    severity: "MUST",
    source: `${responseObject}: output_text, logprobs: tokens, with the UTF-8 bytes of each`,
    on: scored,
    after: [...readable, "resp.logprobs-shape"],
    faults: {
      text: "the tokens together do not contain the text",
      bytes: "the bytes are not the UTF-8 of the token",
    },
    holds: (answer) =>
      firstOfEach(
        textParts(answer).flatMap(({ part: { text, logprobs }, pointer }) => {
          const found = misspelling(String(text), logprobs)
          return found ? [{ ...found, at: answer.where(`${pointer}${found.path}`) }] : []
        }),
      ),
  }),
  rule({
    id: "resp.logprobs-alternatives",
    since,
    says: "SHOULD return as many alternatives for each token as `top_logprobs` asks for",
    severity: "SHOULD",
    source: `${createResponse}: top_logprobs`,
    on: scored,
    after: [...readable, "resp.logprobs-shape"],
    faults: { fewer: "fewer alternatives than requested" },
    holds: (answer) =>
      firstOfEach(
        textParts(answer).flatMap(({ part: { logprobs }, pointer }) => {
          const found = lackingAlternatives(logprobs, answer.request.top_logprobs ?? 0)
          return found ? [{ ...found, at: answer.where(`${pointer}${found.path}`) }] : []
        }),
      ),
  }),
  rule({
    id: "resp.logprobs-unasked",
    since,
    says: "SHOULD NOT return log probabilities that neither `include` nor `top_logprobs` asks for",
    severity: "SHOULD",
    source: `${createResponse}: include, message.output_text.logprobs`,
    on: unscored,
    after: readable,
    faults: { sent: "log probabilities that the request did not ask for" },
    holds: (answer) =>
      textParts(answer).flatMap(({ part: { logprobs }, pointer }): Fault<"sent">[] => {
        if (!Array.isArray(logprobs) || logprobs.length === 0) return []
        const actual = `${logprobs.length} entries`
        return [{ fault: "sent", at: answer.where(pointer), expected: "an empty list", actual }]
      }),
  }),
  rule({
    id: "resp.no-control-markers",
    since,
    says: "SHOULD NOT include control tokens of the chat template, or the model's thoughts in their tags, in the text",
    severity: "SHOULD",
    source: `${responseObject}: output_text, text: the text output from the model`,
    see: ["https://github.com/vllm-project/vllm/issues/51697"],
    on: responseAnswers,
    after: readable,
    faults: { marker: "the text contains a control token" },
    holds(answer) {
      const { input, instructions, tools } = answer.request
      return firstOfEach(
        textParts(answer).flatMap(({ part: { text }, pointer }): Fault<"marker">[] => {
          const marker = controlMarkerIn(String(text), [input, instructions, tools])
          if (!marker) return []
          const at = answer.where(pointer.replace(/logprobs$/, "text"))
          return [{ fault: "marker", at, expected: "text only", actual: shown(marker[0]) }]
        }),
      )
    },
  }),
  rule({
    id: "resp.encrypted-reasoning",
    since,
    says: "SHOULD return the encrypted content of each reasoning item that `include` asks for: clients that store nothing send it back",
    severity: "SHOULD",
    source: `${createResponse}: include, reasoning.encrypted_content`,
    see: ["https://github.com/ogx-ai/ogx/issues/4404", "https://github.com/vllm-project/vllm/pull/32247"],
    on: encrypting,
    after: readable,
    faults: { missing: "an item of reasoning has no encrypted_content" },
    asks: (known) =>
      [{}, { stream: true }].flatMap((mode) =>
        responseStep(
          known,
          {
            input: "Is 91 a prime number? Answer yes or no.",
            reasoning: { effort: "low" },
            include: ["reasoning.encrypted_content"],
            ...mode,
          },
          ["include", "reasoning"],
        ),
      ),
    holds: (answer) =>
      firstOfEach(
        reasoningIn(answer).flatMap(({ pointer, value }): Fault<"missing">[] => {
          const { encrypted_content: content } = value
          if (typeof content === "string" && content !== "") return []
          const at = answer.where(`${pointer}/encrypted_content`)
          return [{ fault: "missing", at, expected: "the encrypted reasoning", actual: shown(content) }]
        }),
      ),
  }),
  rule({
    id: "resp.call-schema",
    since,
    says: "MUST give each function call a unique `call_id`",
    severity: "MUST",
    source: `${responseObject}: function_call`,
    on: calling,
    after: readable,
    faults: {
      "no-call-id": "a call has an empty call_id",
      "repeated-call-id": "two calls have one call_id",
    },
    holds(answer) {
      const seen = new Set<unknown>()
      return functionCallsOf(answer).flatMap(({ pointer, value: { call_id: id } }) => {
        const faults: Fault<"no-call-id" | "repeated-call-id">[] = []
        const at = answer.where(`${pointer}/call_id`)
        if (!isText(id)) faults.push({ fault: "no-call-id", at, expected: "an id", actual: shown(id) })
        else if (seen.has(id)) {
          const expected = "an id that no other call of the response has"
          faults.push({ fault: "repeated-call-id", at, expected, actual: shown(id) })
        }
        seen.add(id)
        return faults
      })
    },
  }),
  rule({
    id: "resp.name-offered",
    since,
    says: "SHOULD call only functions that were offered",
    severity: "SHOULD",
    source: `${createResponse}: tools`,
    see: ["https://github.com/vercel/ai/issues/2786"],
    on: calling,
    after: readable,
    modelDependent: true,
    faults: { "not-offered": "a call names a function that was not offered" },
    holds(answer) {
      const offered = offeredNames(answer.request)
      if (offered.length === 0 || !areFunctions(answer.request)) return []
      return functionCallsOf(answer)
        .filter(({ value: { name } }) => !(isText(name) && offered.includes(name)))
        .map(({ pointer, value: { name } }) => ({
          fault: "not-offered",
          at: answer.where(`${pointer}/name`),
          expected: offered.join(", "),
          actual: shown(name),
        }))
    },
  }),
  rule({
    id: "resp.args-json",
    since,
    says: "MUST send the arguments of a call of a strict function as a JSON object in a string",
    severity: "MUST",
    source: `${responseObject}: function_call, arguments; ${createResponse}: tools, function, strict`,
    on: calling,
    after: readable,
    modelDependent: true,
    faults: {
      "not-json": "the arguments are not JSON",
      "not-an-object": "the arguments are JSON, but not an object",
    },
    holds: (answer) => brokenJson(answer, true),
  }),
  rule({
    id: "resp.args-json-lax",
    since,
    says: "SHOULD send the arguments of any call as a JSON object in a string: the model does not always generate valid JSON",
    severity: "SHOULD",
    source: `${responseObject}: function_call, arguments`,
    on: laxCalling,
    after: readable,
    modelDependent: true,
    faults: {
      "not-json": "the arguments are not JSON",
      "not-an-object": "the arguments are JSON, but not an object",
    },
    holds: (answer) => brokenJson(answer, false),
  }),
  rule({
    id: "resp.args-schema",
    since,
    says: "MUST send arguments that match the schema of a strict function, unless it is one of several parallel calls",
    severity: "MUST",
    source: `${createResponse}: tools, function, strict; OpenAI guide to structured outputs: not with parallel calls`,
    on: strictCalling,
    after: [...readable, "resp.args-json"],
    modelDependent: true,
    faults: { "breaks-schema": "the arguments break the schema of the function" },
    asks: (known) => asking(known, requiringCalls),
    holds: (answer) => brokenSchemas(answer, true),
  }),
  rule({
    id: "resp.args-schema-lax",
    since,
    says: "SHOULD send arguments that match the schema of a function that is not strict, or is one of several parallel calls",
    severity: "SHOULD",
    source: `${createResponse}: tools, function, parameters`,
    on: laxCalling,
    after: [...readable, "resp.args-json-lax"],
    modelDependent: true,
    faults: { "breaks-schema": "the arguments break the schema of the function" },
    holds: (answer) => brokenSchemas(answer, false),
  }),
  rule({
    id: "resp.choice-none",
    since,
    says: "MUST NOT call a function when none is offered or `tool_choice` is `none`",
    severity: "MUST",
    source: `${createResponse}: tool_choice`,
    on: forbidden,
    after: readable,
    modelDependent: true,
    faults: {
      "called-despite-none": "a function is called although tool_choice is none",
      "called-without-tools": "a function is called although none was offered",
    },
    asks: (known) =>
      asking(
        known,
        functionTools.map((tools) => ({ tools, tool_choice: "none" as const })),
      ),
    holds(answer) {
      const [call] = callsOf(answer)
      if (!call) return []
      const fault = answer.request.tools?.length ? "called-despite-none" : "called-without-tools"
      const actual = `a call of ${shown(call.value["name"])}`
      return [{ fault, at: answer.where(call.pointer), expected: "no calls", actual }]
    },
  }),
  rule({
    id: "resp.choice-required",
    since,
    says: "MUST call a function or a built-in tool when `tool_choice` is `required`",
    severity: "MUST",
    source: `${createResponse}: tool_choice`,
    on: required,
    after: readable,
    modelDependent: true,
    faults: { "no-call": "no tool is called" },
    asks: (known) => asking(known, requiringCalls),
    holds(answer) {
      if (!isWhole(answer)) return cut
      if (isRefusal(answer)) return refused
      if (hasCall(answer)) return []
      const actual = saidIn(answer)
      return [{ fault: "no-call", at: answer.where("/output"), expected: "a call", actual }]
    },
  }),
  rule({
    id: "resp.choice-named",
    since,
    says: "MUST call the function or the built-in tool that `tool_choice` names",
    severity: "MUST",
    source: `${createResponse}: tool_choice`,
    on: chosen,
    after: readable,
    modelDependent: true,
    faults: {
      "no-call": "no tool is called",
      "other-function": "only functions are called that it does not name",
    },
    asks: (known) => asking(known, namedFunctions),
    holds(answer) {
      if (!isWhole(answer)) return cut
      if (isRefusal(answer)) return refused
      const name = chosenName(answer.request)
      const calls = callsOf(answer)
      const named =
        name === undefined ? builtInCallsOf(answer) : calls.filter(({ value }) => value["name"] === name)
      if (named.length > 0) return []
      const tool = name ?? chosenBuiltIn(answer.request)
      const fault = calls.length > 0 ? "other-function" : "no-call"
      const actual = calls.length > 0 ? shown(calls[0]?.value["name"]) : saidIn(answer)
      return [{ fault, at: answer.where("/output"), expected: `a call of ${tool}`, actual }]
    },
  }),
  rule({
    id: "resp.parallel-false",
    since,
    says: "MUST NOT call more than one function when `parallel_tool_calls` is false",
    severity: "MUST",
    source: `${createResponse}: parallel_tool_calls`,
    on: serial,
    after: readable,
    modelDependent: true,
    faults: { several: "several functions are called at once" },
    asks: (known) =>
      asking(
        known,
        requiringCalls.map((members) => ({ ...members, parallel_tool_calls: false })),
      ),
    holds(answer) {
      const calls = callsOf(answer)
      if (calls.length < 2) return []
      const actual = `${calls.length} calls`
      return [{ fault: "several", at: answer.where("/output"), expected: "one call at most", actual }]
    },
  }),
  rule({
    id: "resp.model-family",
    since,
    says: "SHOULD NOT name a model of a different family than the requested one",
    severity: familySeverity,
    source: familySource,
    see: familySightings,
    on: responseAnswers,
    faults: familyFaults,
    holds: ({ answered, response: { model }, where }, known) =>
      familyFault({ answered, model, at: where("/model") }, known),
  }),
] as const
