import {
  endpoints,
  ResponseObject,
  type ResponseOutputItem,
  ResponseStreamEvent,
  type ResponseUsage,
} from "@nexhina/schemas"
import fc from "fast-check"
import { expect, test } from "vitest"
import { isWhole, nullish, object, said, text, tokensOf } from "../test/values.ts"
import { decode } from "./decode.ts"
import { encode } from "./encode.ts"
import { DONE } from "./event.ts"
import { isComplete } from "./payload.ts"
import { assembleResponse, canonicalResponse, readResponseStream, splitResponse } from "./responses.ts"

// Any response that the schema allows, with members that it does not know.

const status = fc.constantFrom("in_progress", "completed", "incomplete", "x_other")

const annotation = fc.oneof(
  object({
    type: fc.constant("url_citation"),
    url: fc.string(),
    title: fc.string(),
    start_index: fc.nat(),
    end_index: fc.nat(),
  }),
  object({ type: fc.constant("x_citation") }),
)

const outputText = text.chain((text) =>
  object({
    type: fc.constant("output_text"),
    text: fc.constant(text),
    annotations: fc.array(annotation, { maxLength: 2 }),
    logprobs: nullish(tokensOf(text)),
  }),
)

const item = fc.oneof(
  object({
    type: fc.constant("message"),
    id: fc.string(),
    role: fc.constant("assistant"),
    status,
    content: fc.array(
      fc.oneof(
        { weight: 3, arbitrary: outputText },
        object({ type: fc.constant("refusal"), refusal: text }),
        object({ type: fc.constant("x_sound") }),
      ),
      { maxLength: 2 },
    ),
    phase: nullish(fc.string()),
  }),
  object({
    type: fc.constant("reasoning"),
    id: fc.string(),
    summary: fc.array(object({ type: fc.constant("summary_text"), text }), { maxLength: 2 }),
    content: nullish(fc.array(object({ type: fc.constant("reasoning_text"), text }), { maxLength: 2 })),
    encrypted_content: nullish(fc.string()),
    status: nullish(status),
  }),
  object({
    type: fc.constant("function_call"),
    call_id: fc.string(),
    name: fc.string(),
    arguments: text,
    id: nullish(fc.string()),
    status: nullish(status),
  }),
  object({
    type: fc.constant("custom_tool_call"),
    call_id: fc.string(),
    name: fc.string(),
    input: text,
    id: nullish(fc.string()),
  }),
  object({ type: fc.constant("web_search_call"), id: fc.string(), status }),
  object({
    type: fc.constant("image_generation_call"),
    id: fc.string(),
    status,
    result: fc.option(fc.string()),
  }),
  object({
    type: fc.constant("code_interpreter_call"),
    id: fc.string(),
    status,
    container_id: fc.string(),
    code: fc.option(text),
    outputs: fc.option(fc.constant([])),
  }),
  object({
    type: fc.constant("mcp_call"),
    id: fc.string(),
    server_label: fc.string(),
    name: fc.string(),
    arguments: text,
    output: nullish(fc.string()),
    error: nullish(fc.string()),
  }),
  object({ type: fc.constant("x_item") }),
)

const responses = object({
  id: fc.string(),
  object: fc.constant("response"),
  created_at: fc.nat(),
  completed_at: nullish(fc.nat()),
  status: fc.constantFrom(undefined, "completed", "incomplete", "failed", "cancelled"),
  error: fc.option(object({ code: fc.string(), message: fc.string() })),
  incomplete_details: fc.option(object({ reason: fc.constantFrom("max_output_tokens", "x_other") })),
  instructions: fc.option(fc.string()),
  metadata: fc.option(fc.dictionary(fc.string(), fc.string(), { maxKeys: 2 })),
  model: fc.string(),
  output: fc.array(item, { maxLength: 3 }),
  parallel_tool_calls: fc.boolean(),
  temperature: fc.option(fc.constant(1)),
  top_p: fc.option(fc.constant(1)),
  tool_choice: fc.constantFrom("none", "auto"),
  tools: fc.constant([]),
  usage: nullish(
    object<ResponseUsage>({ input_tokens: fc.nat(), output_tokens: fc.nat(), total_tokens: fc.nat() }),
  ),
  max_output_tokens: nullish(fc.nat()),
}).map((response) => ResponseObject.parse(response))

const typesOf = (events: readonly ResponseStreamEvent[]) => events.map(({ type }) => type)
const isEnd = (type: string) => /^response\.(completed|incomplete|failed)$/.test(type)

test("events say together, and in the end, what the response says", () => {
  fc.assert(
    fc.property(responses, (response) => {
      const canonical = canonicalResponse(response)
      const events = splitResponse(response)
      expect(assembleResponse(events)).toEqual({
        response: canonical,
        final: canonical,
        end: events.at(-1)?.type,
      })
    }),
  )
})

test("deltas make up each text, whatever the events that repeat it say", () => {
  fc.assert(
    fc.property(responses, (response) => {
      const events = splitResponse(response).map((event): ResponseStreamEvent => {
        switch (event.type) {
          case "response.output_text.done":
          case "response.reasoning_text.done":
          case "response.reasoning_summary_text.done":
            return { ...event, text: "" }
          case "response.refusal.done":
            return { ...event, refusal: "" }
          case "response.function_call_arguments.done":
            return { ...event, arguments: "" }
          case "response.mcp_call_arguments.done":
            return { ...event, arguments: "" }
          case "response.custom_tool_call_input.done":
            return { ...event, input: "" }
          case "response.code_interpreter_call_code.done":
            return { ...event, code: "" }
          default:
            return event
        }
      })
      expect(assembleResponse(events)?.response).toEqual(canonicalResponse(response))
    }),
  )
})

test("each text is told in deltas, then whole, and stands in the part, the item and the response", () => {
  fc.assert(
    fc.property(responses, (response) => {
      const told = new Map<string, string>()
      const whole = new Map<string, string>()
      for (const event of splitResponse(response)) {
        const { type, ...members } = event
        const family = type.replace(/\.(delta|done)$/, "")
        const at = (place: object) =>
          JSON.stringify([
            family,
            ...["item_id", "output_index", "content_index", "summary_index"].map(
              (name) => Object.getOwnPropertyDescriptor(place, name)?.value,
            ),
          ])
        if ("delta" in members && typeof members.delta === "string") {
          expect(whole.has(at(members))).toBe(false)
          told.set(at(members), (told.get(at(members)) ?? "") + members.delta)
        } else if (type.endsWith("_text.done") && "text" in members) {
          whole.set(at(members), members.text)
        } else if ("refusal" in members) whole.set(at(members), members.refusal)
        else if ("arguments" in members) whole.set(at(members), members.arguments)
        else if ("input" in members) whole.set(at(members), members.input)
        else if (type === "response.code_interpreter_call_code.done" && "code" in members)
          whole.set(at(members), String(members.code))
      }
      for (const [place, text] of whole) expect(told.get(place) ?? "").toBe(text)
      expect([...told.keys()].every((place) => whole.has(place))).toBe(true)
    }),
  )
})

test("every event satisfies the schema and is numbered from 0", () => {
  fc.assert(
    fc.property(responses, (response) => {
      const events = splitResponse(response)
      for (const event of events) expect(ResponseStreamEvent.parse(event)).toEqual(event)
      expect(events).toEqual(events.map((event, sequence_number) => ({ ...event, sequence_number })))
    }),
  )
})

test("a stream opens the response, then tells each item from added to done, and ends once", () => {
  fc.assert(
    fc.property(responses, (response) => {
      const events = splitResponse(response)
      const opened = {
        ...response,
        status: "in_progress",
        ...("completed_at" in response && { completed_at: null }),
        error: null,
        incomplete_details: null,
        output: [],
        usage: null,
      }
      expect(events.slice(0, 2)).toEqual([
        { type: "response.created", sequence_number: 0, response: opened },
        { type: "response.in_progress", sequence_number: 1, response: opened },
      ])
      const last = events.at(-1)
      expect(last).toMatchObject({ response })
      expect(typesOf(events).filter(isEnd)).toEqual([last?.type])

      const items = events.slice(2, -1)
      for (const [output_index, item] of response.output.entries()) {
        const own = items.filter((event) => "output_index" in event && event.output_index === output_index)
        expect(own).toEqual(items.splice(0, own.length))
        expect(own[0]).toMatchObject({ type: "response.output_item.added", item: { type: item.type } })
        expect(own.at(-1)).toMatchObject({ type: "response.output_item.done", item })
        expect(typesOf(own).filter((type) => type.startsWith("response.output_item"))).toHaveLength(2)
      }
      expect(items).toEqual([])
    }),
  )
})

test("the event at the end follows from the status", () => {
  const ends = (members: Partial<ResponseObject>) => splitResponse({ ...sample, ...members }).at(-1)?.type
  expect(ends({ status: "completed" })).toBe("response.completed")
  expect(ends({ status: "incomplete" })).toBe("response.incomplete")
  expect(ends({ status: "failed" })).toBe("response.failed")
  const { status: _, ...silent } = sample
  const endsSilent = (members: Partial<ResponseObject>) =>
    splitResponse({ ...silent, ...members }).at(-1)?.type
  expect(endsSilent({})).toBe("response.completed")
  expect(endsSilent({ incomplete_details: {} })).toBe("response.incomplete")
  expect(endsSilent({ error: { code: "server_error", message: "" } })).toBe("response.failed")
})

test("no delta holds half of a character that the response has whole", () => {
  fc.assert(
    fc.property(responses, (response) => {
      const texts = said(response.output).map(([, leaf]) => String(leaf))
      fc.pre(texts.every(isWhole))
      const deltas = splitResponse(response).flatMap((event) => ("delta" in event ? [event.delta] : []))
      expect(deltas.every((delta) => typeof delta === "string" && isWhole(delta))).toBe(true)
    }),
  )
})

test("the canonical form says what the response says, and is its own canonical form", () => {
  fc.assert(
    fc.property(responses, (response) => {
      const canonical = canonicalResponse(response)
      expect(said(canonical)).toEqual(expect.arrayContaining(said(response)))
      expect(said(response)).toEqual(expect.arrayContaining(said(canonical)))
      expect(canonicalResponse(canonical)).toEqual(canonical)
      expect(ResponseObject.parse(canonical)).toEqual(canonical)
    }),
  )
})

test("a response comes back from the bytes of its stream", () => {
  fc.assert(
    fc.property(responses, (response) => {
      const events = splitResponse(response)
      const written = encode([...events.map((data) => ({ event: data.type, data })), { data: DONE }])
      const stream = readResponseStream(decode(new TextEncoder().encode(written)))
      expect(stream.payloads.map(({ kind }) => kind)).toEqual([...events.map(() => "item"), "done"])
      expect(stream.events.map(({ type }) => type)).toEqual([...typesOf(events), "message"])
      expect(isComplete(stream, true)).toBe(true)
      expect(assembleResponse(stream.items)?.response).toEqual(canonicalResponse(response))
    }),
  )
})

test("any events in any order are taken, and unknown ones say nothing", () => {
  const events = responses.map(splitResponse)
  fc.assert(
    fc.property(
      fc.tuple(events, events).chain(([a, b]) => fc.shuffledSubarray([...a, ...b])),
      (events) => {
        const before = structuredClone(events)
        const assembled = assembleResponse(events)
        expect(events).toEqual(before)
        const more = events.flatMap((event) => [
          event,
          ResponseStreamEvent.parse({ type: "response.x_other.delta", sequence_number: 7, delta: {} }),
        ])
        expect(assembleResponse(more)).toEqual(assembled)
      },
    ),
  )
})

const sample = ResponseObject.parse(endpoints.createResponse.examples.text.value)

test("the contract's example of a stream says what its example of a response says", () => {
  const events = endpoints.createResponse.success.content["text/event-stream"].examples.text.value
  const canonical = canonicalResponse(sample)
  expect(assembleResponse(events)).toEqual({
    response: canonical,
    final: canonical,
    end: "response.completed",
  })
})

const withOutput = (...output: ResponseOutputItem[]): ResponseObject => ({ ...sample, output })

test("a text with tokens and citations", () => {
  const tokens = [
    { token: "Hi", logprob: -0.5, top_logprobs: [] },
    { token: " you", logprob: -1, top_logprobs: [] },
  ]
  const cited = { type: "file_path" as const, file_id: "file_1", index: 0 }
  const part = { type: "output_text" as const, text: "Hi you", annotations: [cited], logprobs: tokens }
  const item = {
    type: "message" as const,
    id: "msg_1",
    role: "assistant" as const,
    status: "completed",
    content: [part],
  }
  const place = { item_id: "msg_1", output_index: 0, content_index: 0 }
  expect(splitResponse(withOutput(item)).slice(2, -1)).toEqual([
    {
      type: "response.output_item.added",
      sequence_number: 2,
      output_index: 0,
      item: { ...item, status: "in_progress", content: [] },
    },
    {
      type: "response.content_part.added",
      sequence_number: 3,
      ...place,
      part: { type: "output_text", text: "", annotations: [], logprobs: [] },
    },
    {
      type: "response.output_text.delta",
      sequence_number: 4,
      ...place,
      delta: "Hi",
      logprobs: [tokens[0]],
    },
    {
      type: "response.output_text.delta",
      sequence_number: 5,
      ...place,
      delta: " you",
      logprobs: [tokens[1]],
    },
    {
      type: "response.output_text.annotation.added",
      sequence_number: 6,
      ...place,
      annotation_index: 0,
      annotation: cited,
    },
    { type: "response.output_text.done", sequence_number: 7, ...place, text: "Hi you", logprobs: tokens },
    { type: "response.content_part.done", sequence_number: 8, ...place, part },
    { type: "response.output_item.done", sequence_number: 9, output_index: 0, item },
  ])
})

const unnumbered = (members: object) =>
  Object.fromEntries(Object.entries(members).filter(([name]) => name !== "sequence_number"))

// Long because it lists one whole stream: the order of the events across items is part of the expectation.
test("reasoning, a refusal, calls, and an item that is not made of text", () => {
  const output = ResponseObject.shape.output.parse([
    {
      type: "reasoning",
      id: "rs_1",
      summary: [{ type: "summary_text", text: "So be it." }],
      content: [{ type: "reasoning_text", text: "Hm" }],
      encrypted_content: "xx",
    },
    {
      type: "message",
      id: "msg_1",
      role: "assistant",
      status: "completed",
      content: [{ type: "refusal", refusal: "No" }],
    },
    {
      type: "function_call",
      id: "fc_1",
      call_id: "call_1",
      name: "now",
      arguments: "{}",
      status: "completed",
    },
    { type: "function_call", call_id: "call_2", name: "now", arguments: "{}" },
    { type: "custom_tool_call", id: "ctc_1", call_id: "call_3", name: "say", input: "Hi you" },
    { type: "web_search_call", id: "ws_1", status: "completed" },
  ])
  const events = splitResponse(withOutput(...output)).slice(2, -1)
  expect(events.map(({ type, ...members }) => [type.slice(9), unnumbered(members)])).toEqual([
    [
      "output_item.added",
      {
        output_index: 0,
        item: { type: "reasoning", id: "rs_1", summary: [], content: [], encrypted_content: "xx" },
      },
    ],
    ...[
      ["reasoning_summary_part.added", { part: { type: "summary_text", text: "" } }],
      ["reasoning_summary_text.delta", { delta: "So" }],
      ["reasoning_summary_text.delta", { delta: " be" }],
      ["reasoning_summary_text.delta", { delta: " it." }],
      ["reasoning_summary_text.done", { text: "So be it." }],
      ["reasoning_summary_part.done", { part: { type: "summary_text", text: "So be it." } }],
    ].map(([type, members]) => [
      type,
      { item_id: "rs_1", output_index: 0, summary_index: 0, ...Object(members) },
    ]),
    ...[
      ["content_part.added", { part: { type: "reasoning_text", text: "" } }],
      ["reasoning_text.delta", { delta: "Hm" }],
      ["reasoning_text.done", { text: "Hm" }],
      ["content_part.done", { part: { type: "reasoning_text", text: "Hm" } }],
    ].map(([type, members]) => [
      type,
      { item_id: "rs_1", output_index: 0, content_index: 0, ...Object(members) },
    ]),
    ["output_item.done", { output_index: 0, item: output[0] }],
    [
      "output_item.added",
      {
        output_index: 1,
        item: { type: "message", id: "msg_1", role: "assistant", status: "in_progress", content: [] },
      },
    ],
    ...[
      ["content_part.added", { part: { type: "refusal", refusal: "" } }],
      ["refusal.delta", { delta: "No" }],
      ["refusal.done", { refusal: "No" }],
      ["content_part.done", { part: { type: "refusal", refusal: "No" } }],
    ].map(([type, members]) => [
      type,
      { item_id: "msg_1", output_index: 1, content_index: 0, ...Object(members) },
    ]),
    ["output_item.done", { output_index: 1, item: output[1] }],
    [
      "output_item.added",
      {
        output_index: 2,
        item: {
          type: "function_call",
          id: "fc_1",
          call_id: "call_1",
          name: "now",
          arguments: "",
          status: "in_progress",
        },
      },
    ],
    ["function_call_arguments.delta", { item_id: "fc_1", output_index: 2, delta: "{}" }],
    ["function_call_arguments.done", { item_id: "fc_1", output_index: 2, name: "now", arguments: "{}" }],
    ["output_item.done", { output_index: 2, item: output[2] }],
    ["output_item.added", { output_index: 3, item: output[3] }],
    ["output_item.done", { output_index: 3, item: output[3] }],
    [
      "output_item.added",
      {
        output_index: 4,
        item: { type: "custom_tool_call", id: "ctc_1", call_id: "call_3", name: "say", input: "" },
      },
    ],
    ["custom_tool_call_input.delta", { item_id: "ctc_1", output_index: 4, delta: "Hi" }],
    ["custom_tool_call_input.delta", { item_id: "ctc_1", output_index: 4, delta: " you" }],
    ["custom_tool_call_input.done", { item_id: "ctc_1", output_index: 4, input: "Hi you" }],
    ["output_item.done", { output_index: 4, item: output[4] }],
    [
      "output_item.added",
      { output_index: 5, item: { type: "web_search_call", id: "ws_1", status: "in_progress" } },
    ],
    ...["in_progress", "searching", "completed"].map((progress) => [
      `web_search_call.${progress}`,
      { item_id: "ws_1", output_index: 5 },
    ]),
    ["output_item.done", { output_index: 5, item: output[5] }],
  ])
})

test("a stream that was cut tells what it told", () => {
  const events = endpoints.createResponse.success.content["text/event-stream"].examples.text.value
  expect(assembleResponse(events.slice(0, 5))).toEqual({
    response: canonicalResponse({
      ...sample,
      status: "in_progress",
      completed_at: null,
      usage: null,
      output: [
        {
          type: "message",
          id: "msg_abc123",
          role: "assistant",
          status: "in_progress",
          content: [{ type: "output_text", text: "Hello! How can I help you?", annotations: [] }],
        },
      ],
    }),
  })
  expect(assembleResponse(events.slice(2, 5))).toBeUndefined()
})

const eventText = '{"type":"response.x","sequence_number":0}'

test.each<[data: string, payload: object, complete: boolean]>([
  [`data: ${eventText}`, { kind: "item", item: JSON.parse(eventText) }, true],
  ["data: [DONE]", { kind: "done" }, true],
  ['data: {"id":1}', { kind: "other", json: { id: 1 } }, true],
  [
    'data: {"type":"response.output_text.delta"}',
    { kind: "other", json: { type: "response.output_text.delta" } },
    true,
  ],
  [
    "data: ping",
    { kind: "not-json", reason: "SyntaxError: Unexpected token 'p', \"ping\" is not valid JSON" },
    true,
  ],
  ['data: {"error":{"message":"x"}}', { kind: "error", error: { message: "x" } }, false],
  [
    'data: {"type":"error","sequence_number":3,"message":"x"}',
    { kind: "error", error: { type: "error", sequence_number: 3, message: "x" } },
    false,
  ],
])("payload of %s", (data, payload, complete) => {
  const read = (text: string) => readResponseStream(decode(new TextEncoder().encode(text)))
  const stream = read(`${data}\n\n`)
  expect(stream.payloads).toEqual([{ ...payload, event: stream.events[0] }])
  expect(isComplete(stream, true)).toBe(complete)
  expect(read(data).unclosed).toEqual({ ...payload, event: read(data).pending })
})
