import type { ChatCompletionRequest, ToolDefinition } from "@nexhina/schemas"
import * as fc from "fast-check"
import { expect, test } from "vitest"
import { chunkOf, deltaOf, guideSample, streamOf, streamOfData } from "../../test/chat-stream.ts"
import { exchangeOf, knownOf } from "../../test/exchange.ts"
import { found, judgedBy } from "../../test/found.ts"
import type { Evidence } from "../evidence.ts"
import { weatherTool } from "../probes/tools.ts"
import { type Ask, fixedSteps, stepsAfter } from "../target/step.ts"
import { contractBreach } from "../target/to-wire.ts"
import { chatCompletionRules } from "./chat-completions.ts"
import { toolRules } from "./tools.ts"

const rules = toolRules
/** Those that judge each exchange by itself. The other judges what it asked for itself. */
const single = rules.filter(({ scope }) => scope !== "group")
const known = knownOf()

type Request = Partial<ChatCompletionRequest>

const messages = [{ role: "user" as const, content: "What is the weather in Paris?" }]
const clock: ToolDefinition = { type: "function", function: { name: "get_time" } }
const lax: ToolDefinition = {
  type: "function",
  function: { name: "lookup", parameters: { type: "object", required: ["key"] } },
}
const tools = [weatherTool, clock, lax]

const callOf = (name: string, args: unknown, id = "call_1") => ({
  id,
  type: "function",
  function: { name, arguments: args },
})
const weather = callOf("get_weather", '{"city":"Paris"}')

/** A whole reply with these calls. */
function calling(
  calls: unknown,
  request: Request = {},
  finish_reason: string | null = "tool_calls",
  members: object = {},
) {
  const message = { role: "assistant", content: null, tool_calls: calls, ...members }
  return exchangeOf({
    operation: "createChatCompletion",
    request: { model: "m", messages, tools, ...request },
    body: {
      id: "chatcmpl-1",
      object: "chat.completion",
      created: 1,
      model: "m",
      choices: [{ index: 0, message, finish_reason }],
      usage: { prompt_tokens: 9, completion_tokens: 3, total_tokens: 12 },
    },
  })
}

/** A stream with these parts of calls, one in a chunk. */
const streaming = (
  parts: readonly object[],
  finish_reason: string | null = "tool_calls",
  request: Request = {},
) =>
  streamOfData(
    [
      deltaOf({ role: "assistant", content: null }),
      ...parts.map((part) => deltaOf({ tool_calls: [part] })),
      deltaOf({}, finish_reason),
    ],
    { tools, ...request },
  )

const first = { index: 0, id: "call_1", type: "function", function: { name: "get_weather", arguments: "" } }
const more = (text: unknown, index: unknown = 0) => ({ index, function: { arguments: text } })

const faultsOf = (exchanges: readonly Evidence[]) =>
  found(single, exchanges).map(([rule, fault, at]) => [
    `${rule} ${fault}`,
    at.part === "event" ? at.event : "pointer" in at ? at.pointer : at.part,
  ])

const named: Request = { tool_choice: { type: "function", function: { name: "get_weather" } } }
const parallel = [weather, callOf("get_time", "{}", "call_2")]

test.each([
  ["a call", calling([weather])],
  ["two calls", calling(parallel)],
  ["a call and a text", calling([weather], {}, "tool_calls", { content: "Wait." })],
  ["a call that was demanded", calling([weather], { tool_choice: "required" })],
  ["a named call that ends with stop", calling([weather], named, "stop")],
  ["a named call that ends with tool_calls", calling([weather], named)],
  ["a call that the limit cut", calling([callOf("get_weather", '{"ci')], { max_tokens: 3 }, "length")],
  ["a call that a filter cut", calling([callOf("get_weather", "")], {}, "content_filter")],
  ["no call where the model may choose", calling(undefined, {}, "stop", { content: "It rains." })],
  ["an empty list of calls", calling([], {}, "stop", { content: "It rains." })],
  [
    "a refusal where a call was demanded",
    calling([], { tool_choice: "required" }, "stop", { refusal: "No." }),
  ],
  ["arguments of a tool without parameters", calling([callOf("get_time", "{}")])],
  [
    "a custom tool's call",
    calling([{ id: "c", type: "custom", custom: { name: "sql", input: "select 1" } }], {
      tools: [{ type: "custom", custom: { name: "sql" } }],
    }),
  ],
  ["the guide's sample stream", streamOf(guideSample)],
  ["a streamed call", streaming([first, more('{"city":'), more('"Paris"}')])],
  [
    "a streamed call in one part",
    streaming([{ ...first, function: { name: "get_weather", arguments: '{"city":"Paris"}' } }]),
  ],
  [
    "two streamed calls whose parts alternate",
    streaming([
      first,
      { ...first, index: 1, id: "call_2", function: { name: "get_time", arguments: "" } },
      more('{"city":"Paris"}'),
      more("{}", 1),
    ]),
  ],
  [
    "a streamed call with null in later parts",
    streaming([first, { ...more('{"city":"Paris"}'), id: null, type: null }]),
  ],
  [
    "a streamed call with an empty type in later parts",
    streaming([first, { ...more('{"city":"Paris"}'), id: "", type: "" }]),
  ],
  [
    "a streamed call of a custom tool",
    streaming([{ index: 0, id: "c", type: "custom", custom: { name: "sql", input: "" } }], "tool_calls", {
      tools: [{ type: "custom", custom: { name: "sql" } }],
    }),
  ],
  ["a streamed call that the limit cut", streaming([first, more('{"ci')], "length")],
  [
    "a stream with tool_calls null and empty",
    streamOfData([deltaOf({ content: "Hi", tool_calls: null }), deltaOf({ tool_calls: [] }, "stop")], {
      tools,
    }),
  ],
])("%s is legal", (_, exchange) => {
  expect(found(single, [exchange])).toEqual([])
})

const pointer = "/choices/0/message/tool_calls"

test.each([
  ["tool.call-schema no-id", calling([{ ...weather, id: "" }]), "/0/id"],
  ["tool.call-schema no-id", calling([{ ...weather, id: 1 }]), "/0/id"],
  ["tool.call-schema other-type", calling([{ ...weather, type: "tool" }]), "/0/type"],
  ["tool.call-schema no-name", calling([callOf("", "{}")]), "/0/function/name"],
  ["tool.name-offered not-offered", calling([weather, callOf("get_rain", "{}", "b")]), "/1/function/name"],
  [
    "tool.call-schema not-a-string",
    calling([callOf("get_weather", { city: "Paris" })]),
    "/0/function/arguments",
  ],
  ["tool.args-json not-json", calling([callOf("get_weather", "{city: 1}")]), "/0/function/arguments"],
  ["tool.args-json not-an-object", calling([callOf("get_weather", "[]")]), "/0/function/arguments"],
  ["tool.args-json-lax not-json", calling([callOf("lookup", "{key: 1}")]), "/0/function/arguments"],
  ["tool.args-json-lax not-json", calling([callOf("lookup", "")]), "/0/function/arguments"],
  ["tool.args-json-lax not-an-object", calling([callOf("get_time", "[]")]), "/0/function/arguments"],
  [
    "tool.args-json-lax not-json",
    calling([weather, callOf("get_weather", "{", "call_2")]),
    "/1/function/arguments",
  ],
  ["tool.args-no-parameter-empty empty", calling([callOf("get_time", "")]), "/0/function/arguments"],
  ["tool.args-schema breaks-schema", calling([callOf("get_weather", "{}")]), "/0/function/arguments"],
  ["tool.args-schema-lax breaks-schema", calling([callOf("lookup", "{}")]), "/0/function/arguments"],
  [
    "tool.args-schema-lax breaks-schema",
    calling([weather, callOf("get_weather", "{}", "call_2")]),
    "/1/function/arguments",
  ],
  ["tool.id-unique repeated", calling([weather, weather]), "/1/id"],
  ["tool.choice-none called-despite-none", calling([weather], { tool_choice: "none" }), ""],
  ["tool.choice-none called-without-tools", calling([weather], { tools: [] }), ""],
  ["tool.choice-named other-tool", calling([callOf("get_time", "{}")], named), ""],
  ["tool.parallel-false several", calling(parallel, { parallel_tool_calls: false }), ""],
])("%s", (fault, exchange, path) => {
  expect(faultsOf([exchange])).toEqual([[fault, `${pointer}${path}`]])
})

const prose = { content: "It rains." }

test.each([
  ["tool.choice-required no-call", calling([], { tool_choice: "required" }, "stop", prose), "/message"],
  ["tool.choice-named no-call", calling([], named, "stop", prose), "/message"],
  ["tool.finish-tool-calls other-reason", calling([weather], {}, "tool_use"), "/finish_reason"],
  ["tool.finish-not-stop stop", calling([weather], {}, "stop"), "/finish_reason"],
  ["tool.finish-not-stop stop", calling([weather], { tool_choice: "required" }, "stop"), "/finish_reason"],
  ["tool.finish-implies-calls no-calls", calling([], {}, "tool_calls", prose), "/finish_reason"],
])("%s", (fault, exchange, path) => {
  expect(faultsOf([exchange])).toEqual([[fault, `/choices/0${path}`]])
})

test("calls that are no list are one finding, and no rule says that there are none", () => {
  const all = [...chatCompletionRules, ...single]
  for (const request of [{}, named, { tool_choice: "required" as const }])
    expect(found(all, [calling(weather, request)])).toEqual([
      ["chat.schema", "choices", { part: "body", pointer }],
    ])
  for (const calls of [null, undefined, []])
    expect(found(all, [calling(calls, {}, "stop", prose)])).toEqual([])
})

test("a call that the limit cut does not end with tool_calls", () => {
  expect(faultsOf([calling([callOf("get_weather", '{"ci')], { max_tokens: 3 })])).toEqual([
    ["tool.args-json not-json", `${pointer}/0/function/arguments`],
    ["tool.finish-tool-calls length-masked", "/choices/0/finish_reason"],
  ])
})

test("an allowed tool that is required has to be called", () => {
  const tool_choice = {
    type: "allowed_tools" as const,
    allowed_tools: {
      mode: "required" as const,
      tools: [{ type: "function" as const, function: { name: "get_time" } }],
    },
  }
  expect(faultsOf([calling([], { tool_choice }, "stop", prose)])).toEqual([
    ["tool.choice-required no-call", "/choices/0/message"],
  ])
})

test.each([
  [
    "cut",
    calling([callOf("get_weather", "{")], { tool_choice: "required" }, "length"),
    ["tool.args-json", "tool.args-schema"],
  ],
  ["refused", calling([], { tool_choice: "required" }, "stop", { refusal: "No." }), ["tool.choice-required"]],
  [
    "of a tool with an odd schema",
    calling([callOf("odd", "{}")], {
      tools: [{ type: "function", function: { name: "odd", strict: true, parameters: { type: 1 } } }],
    }),
    ["tool.args-schema"],
  ],
])("a call %s is not judged by what it carries", (_, exchange, ids) => {
  expect(found(single, [exchange])).toEqual([])
  for (const id of ids) expect(judgedBy(single, [exchange])).not.toContain(id)
})

test("a call of a choice that says nothing of its end is not judged by what it carries", () => {
  const whole = calling([callOf("get_weather", "{")], {}, undefined, {})
  const unended = calling([callOf("get_weather", "{")], {}, null)
  const stream = streaming([first, more('{"ci')], null)
  expect(found(single, [unended, stream])).toEqual([])
  expect(faultsOf([whole])).toHaveLength(1)
})

const second = { index: 1, id: "call_2", type: "function", function: { name: "get_time", arguments: "{}" } }
const done = more('{"city":"Paris"}')
const nameless = { arguments: "" }
/** A call of a tool that is not strict. */
const free = { function: { name: "get_time", arguments: "" } }
const cutClock = { name: "get_time", arguments: "{" }

test.each([
  [
    "tool.stream-index missing",
    [
      { ...first, index: undefined },
      { ...done, index: undefined },
    ],
    1,
  ],
  [
    "tool.stream-index missing",
    [
      { ...first, index: null },
      { ...done, index: null },
    ],
    1,
  ],
  ["tool.stream-index missing", [first, { ...done, index: undefined }], 2],
  [
    "tool.stream-index not-an-integer",
    [
      { ...first, index: "0" },
      { ...done, index: "0" },
    ],
    1,
  ],
  [
    "tool.stream-index out-of-order",
    [
      { ...first, index: 1 },
      { ...done, index: 1 },
    ],
    1,
  ],
  ["tool.stream-index out-of-order", [first, done, { ...second, index: 2 }], 3],
  ["tool.stream-first-delta no-id", [{ ...first, id: undefined }, done], 1],
  ["tool.stream-first-delta no-name", [{ ...first, function: nameless }, done], 1],
  ["tool.stream-first-delta other-type", [{ ...first, type: "banana" }, done], 1],
  ["tool.stream-first-delta other-type", [{ ...first, type: "custom" }, done], 1],
  [
    "tool.stream-first-delta other-type",
    [
      { ...first, type: "" },
      { ...done, type: "tool" },
    ],
    2,
  ],
  ["tool.stream-first-delta other-type", [{ ...first, type: 1 }, done], 1],
  [
    "tool.stream-first-delta-whole id-later",
    [
      { ...first, id: undefined },
      { ...done, id: "call_1" },
    ],
    1,
  ],
  [
    "tool.stream-first-delta-whole name-later",
    [
      { ...first, function: nameless },
      { index: 0, function: { ...done.function, name: "get_weather" } },
    ],
    1,
  ],
  ["tool.stream-first-delta-whole no-type", [{ ...first, type: undefined }, done], 1],
  ["tool.stream-id-stable changes", [first, { ...done, id: "call_2" }], 2],
  ["tool.stream-name-once id-repeated", [first, { ...done, id: "call_1" }], 2],
  [
    "tool.stream-name-once name-repeated",
    [first, { index: 0, function: { ...done.function, name: "get_weather" } }],
    2,
  ],
  ["tool.stream-args-concat twice", [first, done, done], 3],
  ["tool.stream-args-concat not-json", [first, more('{"city":"Paris')], 2],
  ["tool.stream-args-concat not-json", [first], 1],
  ["tool.stream-args-concat not-an-object", [first, more('"Paris"')], 2],
  ["tool.stream-args-concat-lax twice", [{ ...first, ...free }, more("{}{}")], 2],
  ["tool.stream-args-concat-lax not-json", [{ ...first, ...free }, more("{")], 2],
  ["tool.stream-args-concat-lax not-an-object", [{ ...first, ...free }, more("[]")], 2],
  ["tool.stream-args-concat-lax not-json", [first, done, { ...second, function: cutClock }], 3],
])("%s", (fault, parts, event) => {
  expect(faultsOf([streaming(parts)])).toEqual([[fault, event]])
})

test("several calls of a strict tool are guaranteed to keep its schema only where parallel calls are off", () => {
  const broken = [weather, callOf("get_weather", "{}", "call_2")]
  const rulesOf = (request: Request) => found(single, [calling(broken, request)]).map(([rule]) => rule)
  expect(rulesOf({})).toEqual(["tool.args-schema-lax"])
  expect(rulesOf({ parallel_tool_calls: false })).toEqual(["tool.args-schema", "tool.parallel-false"])
})

test("arguments that are no string are found where they are", () => {
  expect(faultsOf([streaming([first, more({ city: "Paris" })])])).toEqual([
    ["tool.stream-args-concat not-a-string", 2],
  ])
})

test("a streamed call of a tool that was not offered", () => {
  const other = { ...first, function: { name: "get_rain", arguments: "{}" } }
  expect(faultsOf([streaming([other])])).toEqual([["tool.name-offered not-offered", 1]])
})

test("a streamed call with no arguments for a tool without parameters", () => {
  expect(faultsOf([streaming([{ ...first, function: { name: "get_time", arguments: "" } }])])).toEqual([
    ["tool.args-no-parameter-empty empty", 1],
  ])
})

test("the probes of tool.stream-index ask for the calls of several choices in one stream", () => {
  const probes = toolRules.find(({ id }) => id === "tool.stream-index")?.on.probes ?? []
  const bodies = probes.flatMap((probe) => fixedSteps(probe.asks(knownOf())).map(({ body }) => body))
  expect(bodies).toContainEqual(expect.objectContaining({ stream: true, n: 2, tool_choice: "required" }))
})

test("each choice of a stream numbers its calls by itself", () => {
  const of = (index: number, part: object, finish: string | null = null) => ({
    index,
    delta: { tool_calls: [part] },
    finish_reason: finish,
  })
  const whole = { ...first, function: { name: "get_weather", arguments: '{"city":"Paris"}' } }
  const stream = (other: object) =>
    streamOfData([chunkOf([of(0, whole, "tool_calls")]), chunkOf([of(1, other, "tool_calls")])], {
      tools,
      n: 2,
    })
  expect(faultsOf([stream({ ...whole, id: "call_2" })])).toEqual([])
  expect(faultsOf([stream({ ...whole, id: "call_2", index: 1 })])).toEqual([
    ["tool.stream-index out-of-order", 1],
  ])
})

// The round trip

const roundTrip = rules.filter(({ id }) => id === "tool.round-trip")
const history: ChatCompletionRequest["messages"] = [
  ...messages,
  {
    role: "assistant",
    content: null,
    tool_calls: [
      { ...weather, type: "function", function: { name: "get_weather", arguments: "{}" }, id: "call_1" },
    ],
  },
  { role: "tool", tool_call_id: "call_1", content: "18 degrees" },
]
const results = (content: unknown, calls?: unknown) =>
  calling(calls, { messages: history }, "stop", { content })
const refusal = exchangeOf({
  operation: "createChatCompletion",
  request: { model: "m", messages: history, tools },
  status: 400,
  body: { error: { message: "Unexpected role.", type: "invalid_request_error" } },
})

test("tool.round-trip: results are taken and answered", () => {
  const call = calling([weather])
  expect(found(roundTrip, [call, refusal])).toEqual([["tool.round-trip", "refused", { part: "status" }]])
  expect(found(roundTrip, [call, results("")])).toEqual([
    ["tool.round-trip", "not-answered", { part: "body", pointer: "/choices/0/message/content" }],
  ])
  expect(found(roundTrip, [call, results("18 degrees.")])).toEqual([])
  expect(found(roundTrip, [call, results(null, [weather])])).toEqual([])
  expect(judgedBy(roundTrip, [call])).toEqual([])
})

test("the results that are sent answer each call, in whichever mode it came", () => {
  const asks = roundTrip[0]?.asks?.(known)
  if (!(asks instanceof fc.Arbitrary)) throw new Error("the round trip is generated")
  const [sample] = fc.sample(asks as fc.Arbitrary<readonly Ask[]>, 1)
  const follow = sample?.[1]
  if (typeof follow !== "function") throw new Error("the second request follows from the first reply")
  const streamed = streaming([first, done, second])
  for (const exchange of [calling([weather, callOf("get_time", "{}", "call_2")]), streamed]) {
    const [step] = stepsAfter(follow, [exchange])
    expect(step).toMatchObject({
      body: {
        messages: [
          { role: "user" },
          { role: "assistant", content: null, tool_calls: [weather, callOf("get_time", "{}", "call_2")] },
          { role: "tool", tool_call_id: "call_1" },
          { role: "tool", tool_call_id: "call_2" },
        ],
      },
    })
    expect(step && contractBreach(step)).toBeUndefined()
  }
  expect(follow([calling([], {}, "stop", prose)])).toBeUndefined()
  expect(follow([])).toBeUndefined()
})

// Laws

test.each(rules.filter((rule) => rule.asks).map((rule) => [rule.id, rule] as const))(
  "%s asks what the contract allows",
  (_, rule) => {
    const asks = rule.asks?.(known)
    if (!(asks instanceof fc.Arbitrary)) throw new Error("requests for calls are generated")
    fc.assert(
      fc.property(asks as fc.Arbitrary<readonly Ask[]>, (sample) => {
        for (const step of fixedSteps(sample)) expect(contractBreach(step)).toBeUndefined()
      }),
    )
  },
)

test("no calls make a rule throw", () => {
  const member = fc.constantFrom("index", "id", "type", "function", "name", "arguments")
  const part = fc.oneof(
    fc.jsonValue(),
    fc.dictionary(member, fc.oneof(fc.jsonValue(), fc.dictionary(member, fc.jsonValue()))),
  )
  const requests: Request[] = [
    {},
    named,
    { tool_choice: "required" },
    { tool_choice: "none" },
    { parallel_tool_calls: false },
  ]
  const calls = fc.oneof(fc.jsonValue(), fc.array(part))
  fc.assert(
    fc.property(calls, fc.constantFrom(...requests), (calls, request) => {
      found(rules, [calling(calls, request)])
      found(rules, [
        streamOfData([deltaOf({ tool_calls: calls }), deltaOf({}, "tool_calls")], { tools, ...request }),
      ])
    }),
    { numRuns: 500 },
  )
})
