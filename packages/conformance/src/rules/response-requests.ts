import { isDeepStrictEqual } from "node:util"
import { ResponseDeleted, type ResponseInputItem, ResponseItemList, ResponseRequest } from "@nexhina/schemas"
import * as fc from "fast-check"
import { draw } from "../drawing/draw.ts"
import type { Evidence } from "../evidence.ts"
import {
  aboutCreated,
  createdId,
  functionStep,
  responseStep,
  weatherFunction,
  weatherQuestion,
} from "../probes/responses.ts"
import { isObject, type ParsedReply } from "../reading/answered.ts"
import { refusesKey } from "../reading/refused-key.ts"
import { schemaFaults } from "../reading/schema-faults.ts"
import { shown } from "../reading/shown.ts"
import { askFor } from "../requests/ask.ts"
import { responseRequests as anyOf, responseMembers } from "../requests/responses.ts"
import { type Fault, rule, type Undecided } from "../rule.ts"
import type { TargetFacts } from "../target/facts.ts"
import type { Ask, Step } from "../target/step.ts"
import { isTransient } from "../target/to-wire.ts"
import { narrowed } from "../views/chat-completions.ts"
import { isSuccess } from "../views/http.ts"
import { gistOf } from "../views/response-items.ts"
import {
  keptResponses,
  type ResponseReply,
  type ResponseRequested,
  responseAnswers,
  responseReplies,
  responseRequests,
} from "../views/responses.ts"
import { takenOrRefused, unnamedIn } from "./refusals.ts"

const since = "0.1.0"
const createResponse = "OpenAI API reference, create a model response"
const keeping = "OpenAI API reference, Responses: get, delete and list input items"

const isText = (value: unknown): value is string => typeof value === "string" && value !== ""

// Input

/** What a request has where there is nothing special but its input. */
const bareMembers = ["model", "input", "max_output_tokens", "store", "stream", "tools"]

const isCallPart = (item: ResponseInputItem) =>
  item.type === "function_call" || item.type === "function_call_output"

/** Whether an input has the output of a call that is not among its items. */
function isUnmatched(input: ResponseRequest["input"]): boolean {
  if (typeof input === "string") return false
  const called = new Set(input.flatMap((item) => (item.type === "function_call" ? [item.call_id] : [])))
  return input.some((item) => item.type === "function_call_output" && !called.has(item.call_id ?? ""))
}

const contentOf = (item: ResponseInputItem): unknown => ("content" in item ? item.content : undefined)
const roleOf = (item: ResponseInputItem): unknown => ("role" in item ? item.role : undefined)

/** What is special about an input, the rarest first; `undefined` for parts other than text. */
function shapeOf(input: ResponseRequest["input"]) {
  if (typeof input === "string") return "text"
  // OpenAI refuses the output of a call that it does not know.
  if (isUnmatched(input)) return undefined
  if (input.some(isCallPart)) return "calls"
  const hasParts = (content: unknown) => Array.isArray(content)
  const isInputText = (part: unknown) => isObject(part) && part["type"] === "input_text"
  const contents = input.map(contentOf)
  if (
    contents.some(
      (content) => typeof content !== "string" && !(Array.isArray(content) && content.every(isInputText)),
    )
  )
    return undefined
  if (input.some((item) => roleOf(item) === "developer")) return "developer"
  if (contents.some(hasParts)) return "parts"
  if (input.some((item) => roleOf(item) !== "user")) return "roles"
  return input.some(({ type }) => type === "message") ? "typed-messages" : "messages"
}

const isBare = (request: ResponseRequest) => Object.keys(request).every((name) => bareMembers.includes(name))

const bareRequests = narrowed(
  responseRequests,
  { id: "responses.bare", says: "requests for responses with nothing special but their input", probes: [] },
  ({ request }) => isBare(request) && ![undefined, "developer"].includes(shapeOf(request.input)),
)

const developerRequests = narrowed(
  responseRequests,
  { id: "responses.developer", says: "requests for responses with a developer's message", probes: [] },
  ({ request }) => isBare(request) && shapeOf(request.input) === "developer",
)

const unmatchedOutputs = narrowed(
  responseRequests,
  {
    id: "responses.unmatched-outputs",
    says: "requests for responses with the output of a call that no item has",
    probes: [],
  },
  ({ request: { input, previous_response_id: previous, conversation } }) =>
    isUnmatched(input) && previous == null && conversation == null,
)

/** Judges whether the input was taken. */
function refusedInput<Name extends string>(
  view: ResponseRequested,
  fault: Name,
  what: string,
): readonly Fault<Name>[] | Undecided {
  const others = ["max_output_tokens", "store", "stream", "tools", "tool_choice"]
  return takenOrRefused(
    view,
    fault,
    what,
    others.filter((name) => name in view.request),
  )
}

const user = (content: string): ResponseInputItem => ({ role: "user", content })
const inParts = (...texts: string[]): ResponseInputItem => ({
  role: "user",
  content: texts.map((text) => ({ type: "input_text", text })),
})

const callAndResult: ResponseInputItem[] = [
  { type: "function_call", call_id: "call_1", name: weatherFunction.name, arguments: '{"city":"Paris"}' },
  { type: "function_call_output", call_id: "call_1", output: "18 degrees, cloudy" },
]

// Members

const documentedMembers = Object.keys(ResponseRequest.shape)

const optionalMembers = (request: ResponseRequest) =>
  documentedMembers.filter((name) => Object.hasOwn(request, name) && !bareMembers.includes(name))

const optionalRequests = narrowed(
  responseRequests,
  {
    id: "responses.optional",
    says: "requests for responses with documented optional members",
    probes: [],
  },
  ({ request }) =>
    typeof request.input === "string" &&
    optionalMembers(request).length > 0 &&
    // Whether there is what they name is the server's to know.
    [request.previous_response_id, request.conversation, request.prompt].every((named) => named == null),
)

/** One request for each group of documented members that has optional ones, the same in every run. */
function withEachMember(known: TargetFacts): Step[] {
  const base = fc.constant({ input: "Hi." })
  return Object.values(responseMembers(known)).flatMap((members) => {
    const bodies = draw(anyOf(known, base, members), 0, 5).map(({ value }) => value)
    const body = bodies.find((each) => optionalMembers(each).length > 0)
    return body ? [askFor("createResponse", body)] : []
  })
}

// Calls and results

/** The calls of the first response, without ids that only the server could know, and a result for each. */
function withResults(known: TargetFacts, [first]: readonly Evidence[]): Step | undefined {
  const answer = first && responseAnswers.of(first)
  const calls = (answer?.items ?? []).flatMap(({ value: { type, call_id, name, arguments: text } }) =>
    type === "function_call" && isText(call_id) && isText(name) && typeof text === "string"
      ? [{ type, call_id, name, arguments: text } as const]
      : [],
  )
  if (calls.length === 0) return undefined
  const results = calls.map(({ call_id }) => ({
    type: "function_call_output" as const,
    call_id,
    output: "18 degrees, cloudy",
  }))
  return functionStep(known, { input: [weatherQuestion, ...calls, ...results] })
}

/** The first response's output as it came, between its question and another one. */
function replay(known: TargetFacts, [first]: readonly Evidence[]): Step | undefined {
  const answer = first && responseAnswers.of(first)
  if (!answer || answer.items.length === 0 || typeof answer.request.input !== "string") return undefined
  const items = answer.items.map(({ value }) => value)
  const input = ResponseRequest.shape.input.safeParse([
    user(answer.request.input),
    ...items,
    user("Name another one."),
  ])
  // An output that no request may contain is for resp.schema-full to find.
  return input.success ? kept(known, input.data) : undefined
}

/** Where two responses to one request differ. */
function differences(one: ResponseReply, other: ResponseReply) {
  // Ids of calls may be made anew for each reply.
  const output = ({ items }: ResponseReply) => items.map(({ value }) => gistOf({ ...value, call_id: null }))
  const compared = [
    ["other-status", "/status", one.response["status"], other.response["status"]],
    ["other-output", "/output", output(one), output(other)],
    ["other-usage", "/usage", one.response["usage"], other.response["usage"]],
  ] as const
  return compared
    .filter(([, , expected, actual]) => !isDeepStrictEqual(expected, actual))
    .map(([fault, pointer, expected, actual]) => ({ fault, pointer, expected, actual }))
}

// What the server keeps

/** Creates a response that the server is to keep: each rule another, as a server may know it by what was asked. */
const kept = (
  known: TargetFacts,
  input: ResponseRequest["input"],
  members: Partial<ResponseRequest> = {},
): Step => responseStep(known, { input, ...members, store: true }, ["store"])

const listedInput = "Say hello to the harbour."

/** An id that no server gave. */
const noSuchResponse = "resp_00000000000000000000000000000000"

const retrieved = (response_id: string): Step => ({ operation: "retrieveResponse", params: { response_id } })

/** A step about the response that the last request created. */
function aboutLast(earlier: readonly Evidence[], step: (id: string) => Step): Step | undefined {
  const id = createdId(earlier.slice(-1))
  return id === undefined ? undefined : step(id)
}

const notKept: Undecided = { undecided: "the target keeps no responses" }

const bodyOf = (answered: ParsedReply | undefined): Readonly<Record<string, unknown>> =>
  answered?.json.ok && isObject(answered.json.value) ? answered.json.value : {}

const isSucceeded = (answered: ParsedReply | undefined) => answered !== undefined && isSuccess(answered)

const of = (views: readonly ParsedReply[], operation: ParsedReply["operation"]): number[] =>
  views.flatMap((view, at) => (view.operation === operation ? [at] : []))

const bodyAt = (pointer: string) => ({ part: "body", pointer }) as const
const atStatus = { part: "status" } as const

/** Members that a response has from its beginning to its end, and after it. */
const lasting = ["id", "object", "created_at", "model", "status", "output", "usage", "error"] as const

/** How a server refuses what it does not know. That it does so with an error object is a rule of its own. */
function unknownFaults(answered: ParsedReply, legal: readonly number[]) {
  const { status } = answered
  if (legal.includes(status)) return []
  const fault = isSuccess(answered) ? ("unknown-accepted" as const) : ("unknown-status" as const)
  return [{ fault, at: atStatus, expected: legal.join(" or "), actual: `${status}` }]
}

const unknownFaultNames = {
  "unknown-accepted": "an id that no response has is taken",
  "unknown-status": "an id that no response has gives a status that does not say so",
} as const

export const responseRequestRules = [
  rule({
    id: "resp.accepts-input-shapes",
    since,
    says: "MUST accept `input` as a string and as items: messages of several roles, `input_text` parts, function calls and their outputs",
    severity: "MUST",
    source: `${createResponse}: input`,
    see: ["https://github.com/sgl-project/sglang/issues/17853"],
    on: bareRequests,
    faults: {
      text: "a text is refused",
      messages: "messages without their type are refused",
      "typed-messages": "messages with their type are refused",
      parts: "input_text parts are refused",
      roles: "messages of the system or the assistant are refused",
      calls: "a call and its result are refused",
    },
    asks: (known) => [
      responseStep(known, { input: "Hi." }),
      responseStep(known, { input: [user("Hi.")] }),
      responseStep(known, { input: [{ type: "message", role: "user", content: "Hi." }] }),
      responseStep(known, { input: [inParts("Name a colour.", "用一个字回答。")] }),
      responseStep(known, {
        input: [
          { role: "system", content: "Be brief." },
          user("Hi."),
          { role: "assistant", content: "Hello." },
          user("Go on."),
        ],
      }),
      functionStep(known, { input: [weatherQuestion, ...callAndResult] }),
    ],
    holds(view) {
      const shape = shapeOf(view.request.input)
      return shape && shape !== "developer" ? refusedInput(view, shape, `an input (${shape})`) : []
    },
  }),
  rule({
    id: "resp.accepts-developer-role",
    since,
    says: "SHOULD accept messages with the role `developer` wherever it accepts `system`",
    severity: "SHOULD",
    source: `${createResponse}: input, role`,
    on: developerRequests,
    faults: { refused: "a developer's message is refused" },
    asks: (known) => [
      responseStep(known, { input: [{ role: "developer", content: "Be brief." }, user("Hi.")] }),
    ],
    holds: (view) => refusedInput(view, "refused", "a developer's message"),
  }),
  rule({
    id: "resp.accepts-documented-params",
    since,
    says: "SHOULD accept the documented optional parameters, or name the one that it rejects",
    severity: "SHOULD",
    source: createResponse,
    on: optionalRequests,
    faults: { unnamed: "a request is refused, and no member is named" },
    asks: withEachMember,
    holds: (view) => unnamedIn(view, optionalMembers(view.request), bareMembers),
  }),
  rule({
    id: "resp.round-trip",
    since,
    says: "MUST accept the results of its own tool calls and answer them",
    severity: "MUST",
    source: `${createResponse}: input, function call output`,
    on: responseRequests,
    scope: "group",
    after: ["resp.schema:output"],
    faults: {
      refused: "the results are refused",
      "not-answered": "the response to the results has no output",
    },
    asks: (known) =>
      fc
        .constantFrom({}, { stream: true })
        .map((mode): Ask[] => [
          functionStep(known, { tool_choice: "required", ...mode }),
          (earlier) => withResults(known, earlier),
        ]),
    holds(views) {
      const of = views.findIndex(
        ({ request: { input } }) =>
          Array.isArray(input) && input.some(({ type }) => type === "function_call_output"),
      )
      const view = views[of]
      if (!view) return { undecided: "no call that could be answered" }
      const refused = refusedInput(view, "refused", "a function's result")
      if ("undecided" in refused) return refused
      if (refused.length > 0) return refused.map((fault) => ({ ...fault, of }))
      const reply = responseReplies.of(view.answered.exchange)
      if (!reply) return { undecided: `the target answered ${view.answered.status}` }
      if (reply.items.length > 0 || reply.response["status"] !== "completed") return []
      return [{ fault: "not-answered", at: reply.where("/output"), expected: "an item", actual: "[]", of }]
    },
  }),
  rule({
    id: "resp.replay-own-output",
    since,
    says: "MUST accept its own output items as input of a follow-up request",
    severity: "MUST",
    source:
      "OpenAI guide to conversation state: append the output to the input; create a model response: input",
    see: ["https://github.com/BerriAI/litellm/issues/13420"],
    on: responseRequests,
    scope: "group",
    after: ["resp.schema:output", "resp.schema:item"],
    faults: { refused: "the server's own output is refused" },
    asks: (known) => [
      // Items of reasoning are known by their ids only where the response is stored.
      kept(known, "Name a colour."),
      (earlier) => replay(known, earlier),
    ],
    holds(views) {
      const of = views.findIndex(({ request: { input } }, at) => at > 0 && typeof input !== "string")
      const view = views[of]
      if (!view) return { undecided: "no output that could be sent back" }
      const refused = refusedInput(view, "refused", "its own output")
      return "undecided" in refused ? refused : refused.map((fault) => ({ ...fault, of }))
    },
  }),
  rule({
    id: "resp.stream-equals-whole",
    since,
    says: "MUST end a stream with the same response that the request gets without streaming",
    severity: ({ deterministic }) => (deterministic ? "MUST" : "not-applicable"),
    source: "OpenAI API reference, Responses streaming events: response.completed",
    on: responseAnswers,
    scope: "group",
    after: ["resp.schema:output", "resp.schema:item", "resp.final-equals-stream"],
    faults: {
      "other-output": "the output is different",
      "other-status": "the status is different",
      "other-usage": "the usage is different",
    },
    asks: (known) =>
      anyOf(
        known,
        fc.constantFrom(
          {},
          {
            input: [weatherQuestion],
            tools: [weatherFunction],
            tool_choice: "required" as const,
          },
        ),
        fc.constant({ store: false }),
        // The whole response is requested twice: what differs between the two does not count against the stream.
      ).map((body) => [false, true, false].map((stream) => askFor("createResponse", { ...body, stream }))),
    holds(answers) {
      const [whole, again] = answers.filter(({ streamed }) => !streamed)
      const at = answers.findIndex(({ streamed }) => streamed)
      const told = answers[at]
      if (!whole || !again || !told)
        return { undecided: "takes a stream and two whole responses to one request" }
      const [noise] = differences(whole, again)
      if (noise) return { undecided: `two whole responses to one request differ too (${noise.fault})` }
      return differences(whole, told).map(({ fault, pointer, expected, actual }) => ({
        fault,
        at: told.where(pointer),
        expected: shown(expected),
        actual: shown(actual),
        of: at,
      }))
    },
  }),
  rule({
    id: "resp.get-after-create",
    since,
    says: "SHOULD return a stored response unchanged, not store one with `store: false`, and answer 404 for an unknown id",
    severity: "SHOULD",
    source: keeping,
    on: keptResponses,
    scope: "group",
    faults: {
      differs: "a member is not as it was created",
      "kept-unasked": "a response that was not to be stored is there",
      ...unknownFaultNames,
    },
    asks: (known) => [
      kept(known, "Say hello to the sea."),
      aboutCreated(retrieved),
      (earlier) => (createdId(earlier) === undefined ? undefined : retrieved(noSuchResponse)),
      responseStep(known, { input: "Say hello to nobody." }),
      (earlier) => aboutLast(earlier, retrieved),
    ],
    holds(views) {
      const [created, got, missing, , unstored] = views
      if (!created || !got || !isSuccess(created) || !isSuccess(got)) return notKept
      const [before, after] = [bodyOf(created), bodyOf(got)]
      const changed = lasting.filter((name) => !isDeepStrictEqual(before[name] ?? null, after[name] ?? null))
      const differing = changed.slice(0, 1).map((name) => ({
        fault: "differs" as const,
        at: bodyAt(`/${name}`),
        expected: shown(before[name]),
        actual: shown(after[name]),
        of: 1,
      }))
      const unknown = missing ? unknownFaults(missing, [404]) : []
      const kept = unstored && isSuccess(unstored) ? [{ expected: "404", actual: `${unstored.status}` }] : []
      return [
        ...differing,
        ...unknown.map((fault) => ({ ...fault, of: 2 })),
        ...kept.map((fault) => ({ fault: "kept-unasked" as const, at: atStatus, ...fault, of: 4 })),
      ]
    },
  }),
  rule({
    id: "resp.delete-after-create",
    since,
    says: "SHOULD confirm the deletion of a response and no longer return it",
    severity: "SHOULD",
    source: keeping,
    on: keptResponses,
    scope: "group",
    faults: {
      "not-confirmed": "the answer does not say that the response is deleted",
      "still-there": "the response can still be retrieved",
    },
    asks: (known) => {
      const deleted = aboutCreated((response_id) => ({
        operation: "deleteResponse",
        params: { response_id },
      }))
      // Once more, for a store that takes its time, or that someone else writes to.
      return [
        kept(known, "Say hello to the fog."),
        deleted,
        aboutCreated(retrieved),
        deleted,
        aboutCreated(retrieved),
      ]
    },
    holds(views) {
      const confirming = of(views, "deleteResponse").find((at) => isSucceeded(views[at]))
      if (confirming === undefined) return notKept
      const [unconfirmed] = schemaFaults(ResponseDeleted, bodyOf(views[confirming]))
      type Name = "not-confirmed" | "still-there"
      const faults: (Fault<Name> & { of: number })[] = []
      if (unconfirmed) {
        const { at, expected, actual } = unconfirmed
        faults.push({ fault: "not-confirmed", at, expected, actual, of: confirming })
      }
      const after = of(views, "retrieveResponse")
      const [first] = after
      if (first !== undefined && after.every((at) => isSucceeded(views[at])))
        faults.push({ fault: "still-there", at: atStatus, expected: "404", actual: "200", of: first })
      return faults
    },
  }),
  rule({
    id: "resp.input-items",
    since,
    says: "SHOULD list the input items of a stored response",
    severity: "SHOULD",
    source: keeping,
    on: keptResponses,
    scope: "group",
    faults: {
      shape: "the response is not a list of items",
      "not-listed": "the input is not among the items",
    },
    asks: (known) => [
      kept(known, listedInput),
      aboutCreated((response_id) => ({ operation: "listResponseInputItems", params: { response_id } })),
    ],
    holds(views) {
      const [at = -1] = of(views, "listResponseInputItems")
      const listed = views[at]
      if (!isSucceeded(listed)) return notKept
      const [flaw] = schemaFaults(ResponseItemList, bodyOf(listed))
      if (flaw) return [{ fault: "shape", at: flaw.at, expected: flaw.expected, actual: flaw.actual, of: at }]
      const data = bodyOf(listed)["data"]
      if (JSON.stringify(data).includes(listedInput)) return []
      const expected = `an item with ${shown(listedInput)}`
      return [{ fault: "not-listed", at: bodyAt("/data"), expected, actual: shown(data), of: at }]
    },
  }),
  rule({
    id: "resp.previous-response",
    since,
    says: "SHOULD continue a stored conversation by `previous_response_id` alone, and reject an unknown id",
    severity: "SHOULD",
    source: `${createResponse}: previous_response_id, instructions`,
    on: keptResponses,
    scope: "group",
    faults: {
      lost: "a response that was just created is not known",
      "inherits-instructions": "the instructions of the earlier response still apply",
      ...unknownFaultNames,
    },
    asks: (known) => {
      const goOn = (previous_response_id: string) =>
        responseStep(known, { input: "Go on.", previous_response_id }, ["previous_response_id"])
      return [
        kept(known, "Say hello to the gulls.", { instructions: "Be brief." }),
        aboutCreated(retrieved),
        aboutCreated(goOn),
        (earlier) => (createdId(earlier) === undefined ? undefined : goOn(noSuchResponse)),
      ]
    },
    holds(views) {
      const [created, next, unknown] = of(views, "createResponse").map((at) => views[at])
      if (!created || !next || !isSuccess(created)) return { undecided: "no response to go on from" }
      const at = (view: ParsedReply) => views.indexOf(view)
      if (!isSuccess(next)) {
        const { code } = isObject(bodyOf(next)["error"]) ? (bodyOf(next)["error"] as { code?: unknown }) : {}
        // A server that keeps nothing refuses the member, not the id.
        if (next.status !== 404 && code !== "previous_response_not_found")
          return { undecided: `the target answered ${next.status} to a previous_response_id` }
        // vLLM keeps nothing unless it is told to, and knows then no id.
        if (!of(views, "retrieveResponse").some((at) => isSucceeded(views[at]))) return notKept
        return [
          {
            fault: "lost",
            at: atStatus,
            expected: "a response",
            actual: `${next.status} ${shown(code)}`,
            of: at(next),
          },
        ]
      }
      const { instructions } = bodyOf(next)
      const inherited = isText(instructions)
        ? [
            {
              fault: "inherits-instructions" as const,
              at: bodyAt("/instructions"),
              expected: "null",
              actual: shown(instructions),
              of: at(next),
            },
          ]
        : []
      const refusal = unknown ? unknownFaults(unknown, [400, 404, 422]) : []
      return [...inherited, ...refusal.map((fault) => ({ ...fault, of: unknown ? at(unknown) : 0 }))]
    },
  }),
  rule({
    id: "resp.unmatched-output",
    since,
    says: "SHOULD answer the output of a call that no item has with a response, or with 400, 404 or 422",
    severity: "SHOULD",
    source: `${createResponse}: input, function call output, call_id; OpenAI answers 400`,
    on: unmatchedOutputs,
    after: ["http.no-5xx-valid"],
    faults: { "other-status": "the status does not say that the input is wrong" },
    asks: (known) => [
      functionStep(known, {
        input: [
          weatherQuestion,
          { type: "function_call_output", call_id: "call_none", output: "18 degrees" },
        ],
      }),
    ],
    holds({ answered }) {
      const { status } = answered
      if (isSuccess(answered) || [400, 404, 422].includes(status)) return []
      if (isTransient(answered.exchange) || refusesKey(answered.exchange))
        return { undecided: `the target answered ${status}` }
      const expected = "a response, or 400, 404 or 422"
      return [{ fault: "other-status", at: atStatus, expected, actual: `${status}` }]
    },
  }),
] as const
