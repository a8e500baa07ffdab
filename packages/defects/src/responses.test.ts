import {
  endpoints,
  type OperationId,
  type ProfileName,
  profiles,
  ResponseItemList,
  ResponseObject,
  type ResponseOutputItem,
  ResponseRequest,
  ResponseStreamEvent,
} from "@nexhina/schemas"
import {
  assembleResponse,
  canonicalResponse,
  DONE,
  encodeEvent,
  type StreamEvent,
  splitResponse,
} from "@nexhina/stream"
import type { NamedAlteration, Reply, Situation } from "@nexhina/wire"
import * as fc from "fast-check"
import { expect, test } from "vitest"
import { responseStreamDefects, responseStreamVariants } from "./response-streams.ts"
import { responseDefects, responseVariants } from "./responses.ts"

const alterations: readonly NamedAlteration[] = [
  ...responseDefects,
  ...responseVariants,
  ...responseStreamDefects,
  ...responseStreamVariants,
]
const utf8 = new TextEncoder()

const paths = {
  createResponse: "/v1/responses",
  retrieveResponse: "/v1/responses/resp_1",
  deleteResponse: "/v1/responses/resp_1",
  listResponseInputItems: "/v1/responses/resp_1/input_items",
} as const

interface Case {
  readonly operation: keyof typeof paths
  readonly request: ResponseRequest
  readonly response: ResponseObject
  readonly isRefused: boolean
  readonly profile: ProfileName
}

const functionOf = (name: string) => ({ type: "function" as const, name })
const items: fc.Arbitrary<ResponseOutputItem> = fc.oneof(
  fc.constantFrom<ResponseOutputItem[]>(
    {
      type: "reasoning" as const,
      id: "rs_1",
      summary: [{ type: "summary_text" as const, text: "Well." }],
    },
    {
      type: "reasoning" as const,
      id: "rs_1",
      summary: [],
      encrypted_content: "e30=",
      content: [{ type: "reasoning_text" as const, text: "Well." }],
    },
  ),
  fc.tuple(fc.constantFrom("Hello", "Grüße, 世界 😀", "{}"), fc.boolean()).map(([text, isScored]) => ({
    type: "message" as const,
    id: "msg_1",
    role: "assistant" as const,
    status: "completed" as const,
    content: [
      {
        type: "output_text" as const,
        text,
        annotations: [],
        logprobs: (isScored ? [text.slice(0, 1), text.slice(1)] : []).map((token) => ({
          token,
          logprob: -0.1,
          bytes: null,
          top_logprobs: [{ token, logprob: -0.1, bytes: null }],
        })),
      },
    ],
  })),
  fc.constant({
    type: "function_call" as const,
    id: "fc_1",
    call_id: "call_1",
    name: "get_weather",
    arguments: '{"city":"Paris"}',
    status: "completed" as const,
  }),
)

const requests: fc.Arbitrary<Omit<ResponseRequest, "model">> = fc.record(
  {
    input: fc.constantFrom<ResponseRequest["input"]>(
      "Hello",
      [{ role: "user", content: "Hello" }],
      [{ type: "message", role: "system", content: [{ type: "input_text", text: "Hello" }] }],
      [{ role: "developer", content: "Be brief." }],
      [{ type: "function_call_output", call_id: "call_1", output: "18" }],
      [{ type: "message", id: "msg_1", role: "assistant", status: "completed", content: [] }],
    ),
    instructions: fc.constant("Be brief."),
    metadata: fc.constant({ run: "1" }),
    max_output_tokens: fc.constant(16),
    parallel_tool_calls: fc.boolean(),
    previous_response_id: fc.constant("resp_0"),
    stream: fc.boolean(),
    text: fc.constantFrom<ResponseRequest["text"]>(
      { format: { type: "json_object" } },
      { format: { type: "json_schema", name: "reply", schema: {} } },
    ),
    tools: fc.constant(["get_weather", "get_time"].map(functionOf)),
    tool_choice: fc.constantFrom<ResponseRequest["tool_choice"]>(
      "none",
      "required",
      functionOf("get_weather"),
    ),
  },
  { requiredKeys: ["input"] },
)

const cases: fc.Arbitrary<Case> = fc
  .record({
    operation: fc.constantFrom(
      "createResponse",
      "createResponse",
      "createResponse",
      "retrieveResponse",
      "deleteResponse",
      "listResponseInputItems",
    ),
    request: requests.map((members) => ({ model: "gpt-4o", ...members })),
    output: fc.array(items, { maxLength: 3 }),
    isCut: fc.boolean(),
    isRefused: fc.boolean(),
    profile: fc.constantFrom("nexhina", "openai"),
  })
  .map(({ output, isCut, ...drawn }) => {
    const { instructions = null, parallel_tool_calls, tools = [] } = drawn.request
    const response: ResponseObject = {
      ...endpoints.createResponse.examples.text.value,
      instructions,
      parallel_tool_calls: parallel_tool_calls ?? true,
      tools,
      tool_choice: drawn.request.tool_choice ?? "auto",
      output: isCut ? output.map((item) => ({ ...item, status: "incomplete" })) : output,
      ...(isCut && { status: "incomplete", incomplete_details: { reason: "max_output_tokens" } }),
    }
    return { ...drawn, response }
  })

const eventsOf = ({ response, profile }: Pick<Case, "response" | "profile">): StreamEvent[] => [
  ...splitResponse(response).map((data) => ({ event: data.type, data })),
  ...(profiles[profile].responsesDone ? [{ data: DONE }] : []),
]

const situationOf = (operation: OperationId, target: string, request?: ResponseRequest): Situation => ({
  operationId: operation,
  ask: { method: "POST", target, headers: [], body: utf8.encode(JSON.stringify(request)) },
  request,
  streaming: request?.stream === true,
})

const error = { error: { message: "Wrong.", type: "invalid_request_error", param: null, code: null } }

function shownBy({ operation, response }: Case): unknown {
  if (operation === "createResponse" || operation === "retrieveResponse") return response
  return Object.values(endpoints[operation].examples)[0]?.value
}

/** What an alteration gets at its stage, and what it makes of it. */
function applied(alteration: NamedAlteration, drawn: Case): { before: unknown; after: unknown } {
  const { operation, request, isRefused } = drawn
  const situation = situationOf(
    operation,
    paths[operation],
    operation === "createResponse" ? request : undefined,
  )
  switch (alteration.stage) {
    case "request":
      return { before: situation.request, after: alteration.apply(situation.request, situation) }
    case "value": {
      const value = isRefused ? error : shownBy(drawn)
      return { before: value, after: alteration.apply(value, situation) }
    }
    case "events": {
      const events = eventsOf(drawn)
      return { before: events, after: alteration.apply(events, situation) }
    }
    case "bytes": {
      const frames = eventsOf(drawn).map((event) => ({ bytes: utf8.encode(encodeEvent(event)) }))
      return { before: frames, after: alteration.apply(frames, situation) }
    }
    case "wire": {
      const status = isRefused ? (operation === "createResponse" ? 400 : 404) : 200
      const reply: Reply = {
        status,
        headers: [["Content-Type", "application/json"]],
        body: JSON.stringify(isRefused ? error : shownBy(drawn)),
        end: "complete",
      }
      return { before: reply, after: alteration.apply(reply, situation) }
    }
  }
}

test.each(alterations.map((alteration): [string, NamedAlteration] => [alteration.id, alteration]))(
  "%s changes some answer, and none that it got in place",
  (_, alteration) => {
    let changed = 0
    for (const drawn of fc.sample(cases, { seed: 1, numRuns: 300 })) {
      const copy = structuredClone(drawn)
      const { before, after } = applied(alteration, drawn)
      if (JSON.stringify(before) !== JSON.stringify(after)) changed++
      expect(drawn).toEqual(copy)
    }
    expect(changed).toBeGreaterThan(0)
  },
)

test("every other operation, and every error, is left as it is", () => {
  const operations = Object.keys(endpoints) as OperationId[]
  const others = operations.filter((operation) => endpoints[operation].surface !== "responses")
  const frames = [{ bytes: utf8.encode("data: 1\n\n") }]
  const reply: Reply = { status: 200, headers: [], body: "{}", end: "complete" }
  for (const alteration of alterations) {
    for (const operation of others) {
      const situation = situationOf(operation, "/v1/chat/completions")
      if (alteration.stage === "events") {
        const events = [{ data: {} }]
        expect(alteration.apply(events, situation)).toBe(events)
      } else if (alteration.stage === "bytes") expect(alteration.apply(frames, situation)).toBe(frames)
      else if (alteration.stage === "wire") expect(alteration.apply(reply, situation)).toBe(reply)
      else expect(alteration.apply(error, situation)).toBe(error)
    }
    for (const operation of operations) {
      if (alteration.stage === "value")
        expect(alteration.apply(error, situationOf(operation, "/v1/responses"))).toBe(error)
    }
  }
})

const variants: readonly NamedAlteration[] = [...responseVariants, ...responseStreamVariants]

test.each(variants.map((variant): [string, NamedAlteration] => [variant.id, variant]))(
  "%s keeps the schemas of responses, events and requests",
  (_, variant) => {
    for (const drawn of fc.sample(cases, { seed: 2, numRuns: 100 })) {
      const { after } = applied(variant, { ...drawn, isRefused: false })
      if (variant.stage === "value" && drawn.operation === "listResponseInputItems")
        expect(ResponseItemList.safeParse(after)).toMatchObject({ success: true })
      if (
        variant.stage === "value" &&
        (drawn.operation === "createResponse" || drawn.operation === "retrieveResponse")
      )
        expect(ResponseObject.safeParse(after)).toMatchObject({ success: true })
      if (variant.stage !== "events") continue
      // What an alteration of this stage makes are events.
      for (const { data } of after as readonly StreamEvent[])
        if (typeof data === "object")
          expect(ResponseStreamEvent.safeParse(data)).toMatchObject({ success: true })
    }
  },
)

/** Variants of streams that fail, or leave out of the events what the last one has, or have more. */
const otherwise = new Set([
  "resp-stream-fails",
  "resp-stream-errors",
  "resp-annotations",
  "resp-cut-left-open",
  "resp-event-logprobs-missing",
])

test.each(
  responseStreamVariants
    .filter(({ id }) => !otherwise.has(id))
    .map((variant): [string, NamedAlteration] => [variant.id, variant]),
)("%s: a stream says the same", (_, variant) => {
  fc.assert(
    fc.property(cases, (drawn) => {
      const { after } = applied(variant, { ...drawn, operation: "createResponse" })
      const sent = (after as readonly StreamEvent[]).flatMap(({ data }) =>
        typeof data === "object" ? [ResponseStreamEvent.parse(data)] : [],
      )
      expect(assembleResponse(sent)?.response).toEqual(canonicalResponse(drawn.response))
    }),
  )
})

test("a defect of what a server understands makes a valid request of a valid one", () => {
  for (const drawn of fc.sample(cases, { seed: 3, numRuns: 100 })) {
    for (const defect of responseDefects) {
      if (defect.stage !== "request") continue
      const { after } = applied(defect, { ...drawn, operation: "createResponse" })
      expect(ResponseRequest.safeParse(after)).toMatchObject({ success: true })
    }
  }
})
