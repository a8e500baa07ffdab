import type { ResponseObject, ResponseRequest } from "@nexhina/schemas"
import { describe, expect, test } from "vitest"
import { exchangeOf, knownOf } from "../../test/exchange.ts"
import { found, judgedBy } from "../../test/found.ts"
import { callOf, dataOf, messageOf, replyOf, responseOf, streamOfEvents } from "../../test/response-stream.ts"
import { endlessTask } from "../probes/chat-completions.ts"
import { longText, shortText } from "../probes/counted-texts.ts"
import type { TargetFacts } from "../target/facts.ts"
import { httpRules } from "./http.ts"
import { responseStreamRules } from "./response-streams.ts"
import { responseRules } from "./responses.ts"

const rules = [...responseRules, ...responseStreamRules]

type Response = Record<keyof ResponseObject, unknown>

const echoOf = ({ tool_choice }: Partial<ResponseRequest>) => (tool_choice ? { tool_choice } : {})

const names = (response: Partial<Response>, request: Partial<ResponseRequest> = {}, known?: TargetFacts) =>
  found(rules, [replyOf({ ...responseOf(), ...echoOf(request), ...response }, request)], known).map(
    ([rule, fault, at]) => `${rule}:${fault} ${at.part === "body" ? at.pointer : at.part}`,
  )

const cut = {
  status: "incomplete",
  incomplete_details: { reason: "max_output_tokens" },
  output: [{ ...messageOf("One, two"), status: "incomplete" }],
} as const
const usage = (members: object) => ({
  usage: { input_tokens: 8, output_tokens: 4, total_tokens: 12, ...members },
})
const scored: Partial<ResponseRequest> = { include: ["message.output_text.logprobs"], top_logprobs: 1 }
const withLogprobs = (logprobs: unknown) => ({
  output: [{ ...messageOf(""), content: [{ type: "output_text", text: "Hi", annotations: [], logprobs }] }],
})
const encrypted: Partial<ResponseRequest> = { include: ["reasoning.encrypted_content"] }
const reasoned = (members: object) => ({
  output: [{ id: "rs_1", type: "reasoning" as const, summary: [], ...members }, messageOf("Hi")],
})
const token = { token: "Hi", logprob: -0.5, bytes: [72, 105], top_logprobs: [] }
const strict = {
  type: "function" as const,
  name: "get_weather",
  strict: true,
  parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
}
const jsonSchema: ResponseRequest["text"] = {
  format: {
    type: "json_schema",
    name: "reply",
    strict: true,
    schema: { type: "object", properties: { a: { type: "integer" } }, required: ["a"] },
  },
}
const jsonObject: ResponseRequest["text"] = { format: { type: "json_object" } }
const required: Partial<ResponseRequest> = { tool_choice: "required" }
const named: Partial<ResponseRequest> = { tool_choice: { type: "function", name: "get_weather" } }
const says = (text: string) => ({ output: [messageOf(text)] })
const calls = (...members: object[]) => ({
  output: members.map((each, at) => ({
    ...callOf("Paris", `fc_${at}`),
    ...each,
  })) as ResponseObject["output"],
})

test.each<[string, Partial<Response>, Partial<ResponseRequest>?]>([
  ["a text", {}],
  ["no output", { output: [] }],
  ["another model than the one asked for", { model: "gpt-4o-2024-08-06" }],
  [
    "members and items that nobody knows",
    { output: [{ type: "x_note" }, messageOf("Hi")], ...{ x_cost: 1 } },
  ],
  ["no details of usage, or null", usage({ input_tokens_details: null })],
  [
    "a part of a refusal",
    { output: [{ ...messageOf(""), content: [{ type: "refusal", refusal: "No." }] }] },
    required,
  ],
  ["a text that was cut", cut, { max_output_tokens: 16 }],
  [
    "a filter's work",
    { status: "incomplete", incomplete_details: { reason: "content_filter" }, output: [] },
    required,
  ],
  ["a response in the background", { status: "queued", output: [], usage: null }, { background: true }],
  [
    "one that failed",
    { status: "failed", error: { code: "server_error", message: "Gone." }, output: [], usage: null },
  ],
  ["cut JSON", { ...cut, output: [{ ...messageOf('{"a'), status: "incomplete" }] }, { text: jsonSchema }],
  ["JSON by its schema", says('{"a":1}'), { text: jsonSchema }],
  ["any JSON object", says('{"b":[]}'), { text: jsonObject }],
  ["prose where a call is possible", {}, { tool_choice: "auto" }],
  ["log probabilities", withLogprobs([{ ...token, top_logprobs: [token] }]), scored],
  ["reasoning without encrypted content that nobody asked for", reasoned({})],
  ["reasoning with encrypted content", reasoned({ encrypted_content: "e" }), encrypted],
  ["no reasoning", {}, encrypted],
  ["a call that is required", calls({}), required],
  ["a call that is named", calls({}), named],
  ["two calls", calls({}, {})],
  ["a call without an id of its own", calls({ id: null })],
  ["no arguments of a function that takes none", calls({ arguments: "" })],
  [
    "repeated members, with what the server adds",
    { instructions: "Be brief.", tools: [{ ...strict, strict: false, description: null }], temperature: 0.5 },
    { instructions: "Be brief.", temperature: 0.5, max_output_tokens: 16 },
  ],
])("%s is legal", (_, response, request) => {
  expect(names(response, request)).toEqual([])
  expect(names(response, request, knownOf({ profileName: "openai" }))).toEqual([])
})

describe("each fault by its name, where it stands", () => {
  test.each<[string, string[], Partial<Response>, Partial<ResponseRequest>?]>([
    ["no id", ["resp.schema:missing /id"], { id: undefined }],
    ["another object", ["resp.schema:wrong-value /object"], { object: "chat.completion" }],
    ["no output", ["resp.schema:output /output"], { output: null }],
    ["an item without type", ["resp.schema:item /output/0/type"], { output: [{}] }],
    [
      "a part of a message that has the type of a chat's",
      ["resp.schema:item /output/0/content/0/type"],
      { output: [{ ...messageOf("Hi"), content: [{ type: "text", text: "Hi" }] }] },
    ],
    [
      "arguments that are no text",
      ["resp.schema:item /output/0/arguments"],
      { output: [{ ...callOf("Paris"), arguments: {} }] },
    ],
    [
      "thoughts in front of the text",
      ["resp.no-control-markers:marker /output/0/content/0/text"],
      { output: [messageOf("<think>Hm.</think>Hi")] },
    ],
    [
      "a marker that the request speaks of",
      [],
      { output: [messageOf("<|im_end|> ends a turn.")] },
      { input: "What is <|im_end|>?" },
    ],
    ["no tools", ["resp.schema-full:missing /tools"], { tools: undefined }],
    [
      "null for parallel_tool_calls",
      ["resp.schema-full:null /parallel_tool_calls"],
      { parallel_tool_calls: null },
    ],
    ["a text as top_p", ["resp.schema-full:wrong-value /top_p"], { top_p: "1" }],
    [
      "an error without failure",
      ["resp.status-consistent:error-without-failure /error"],
      { error: { code: "x", message: "y" } },
    ],
    ["a failure without error", ["resp.status-consistent:no-error /error"], { status: "failed", output: [] }],
    [
      "details of a completed response",
      ["resp.status-consistent:details-without-incomplete /incomplete_details"],
      { incomplete_details: {} },
    ],
    ["no reason", ["resp.status-consistent:no-reason /incomplete_details"], { status: "incomplete" }],
    ["a reply in progress", ["resp.status-consistent:not-ended /status"], { status: "in_progress" }],
    ["an unknown status", ["resp.status-consistent:unknown /status"], { status: "done" as never }],
    ["an empty status", ["resp.status-consistent:unknown /status"], { status: "" as never }],
    [
      "an item in progress",
      ["resp.status-consistent:open-item /output/0/status"],
      { output: [{ ...messageOf("Hi"), status: "in_progress" }] },
    ],
    ["null for instructions", ["resp.echo:not-repeated /instructions"], {}, { instructions: "Be brief." }],
    [
      "another tool_choice",
      ["resp.echo-tool-choice:other-value /tool_choice"],
      { tool_choice: "auto" },
      { tool_choice: "none" },
    ],
    ["another temperature", ["resp.echo:other-value /temperature"], {}, { temperature: 0.5 }],
    [
      "two members that are not repeated, the first of the contract",
      ["resp.echo:not-repeated /instructions"],
      {},
      { max_output_tokens: 30, instructions: "Be brief." },
    ],
    [
      "metadata that no text can be made of",
      ["resp.echo:other-value /metadata", "resp.schema-full:wrong-value /metadata/b"],
      { metadata: { b: { toString: null }, a: { toString: null } } },
      { metadata: { a: "b" } },
    ],
    [
      "a number as usage",
      ["resp.usage:not-an-object /usage", "resp.schema-full:wrong-value /usage"],
      { usage: 12 },
    ],
    [
      "no input_tokens",
      ["resp.usage:no-count /usage/input_tokens", "resp.schema-full:missing /usage/input_tokens"],
      usage({ input_tokens: undefined }),
    ],
    ["a wrong sum", ["resp.usage:sum /usage/total_tokens"], usage({ total_tokens: 13 })],
    [
      "too many cached tokens",
      ["resp.usage:cached /usage/input_tokens_details/cached_tokens"],
      usage({ input_tokens_details: { cached_tokens: 9 } }),
    ],
    [
      "too many reasoning tokens",
      ["resp.usage:reasoning /usage/output_tokens_details/reasoning_tokens"],
      usage({ output_tokens_details: { reasoning_tokens: 5 } }),
    ],
    ["no input", ["resp.usage:no-input /usage/input_tokens"], usage({ input_tokens: 0, total_tokens: 4 })],
    [
      "no output tokens",
      ["resp.usage:no-output /usage/output_tokens"],
      usage({ output_tokens: 0, total_tokens: 8 }),
    ],
    [
      "a token for thirty words",
      ["resp.output-counted:too-few /usage/output_tokens"],
      { ...says("so ".repeat(30)), ...usage({ output_tokens: 1, total_tokens: 9 }) },
    ],
    ["no usage", ["resp.usage-present:missing /usage"], { usage: null }],
    [
      "more tokens than the limit",
      ["resp.token-limit:over-limit /usage/output_tokens"],
      usage({ output_tokens: 17, total_tokens: 25 }),
      { max_output_tokens: 16 },
    ],
    [
      "a limit that nobody speaks of",
      ["resp.token-limit:not-incomplete /status"],
      usage({ output_tokens: 16, total_tokens: 24 }),
      { max_output_tokens: 16, input: endlessTask },
    ],
    [
      "another reason than the limit",
      ["resp.token-limit:other-reason /incomplete_details/reason"],
      { ...cut, ...usage({ output_tokens: 16, total_tokens: 24 }), incomplete_details: { reason: "length" } },
      { max_output_tokens: 16, input: endlessTask },
    ],
    [
      "a cut item that is said to be whole",
      ["resp.incomplete-item:not-marked /output/0/status"],
      { ...cut, output: [messageOf("One, two")] },
    ],
    [
      "a cut item that is said to be in progress",
      ["resp.incomplete-item:not-marked /output/0/status"],
      { ...cut, output: [{ ...messageOf("One, two"), status: "in_progress" }] },
    ],
    [
      "an item after the cut one",
      ["resp.incomplete-item:not-last /output/0/status"],
      { ...cut, output: [...cut.output, { ...messageOf("b", "b"), status: "incomplete" }] },
    ],
    [
      "a fence",
      ["resp.text-format-honoured:fenced /output/0/content"],
      says('```json\n{"a":1}\n```'),
      { text: jsonSchema },
    ],
    ["prose", ["resp.text-format-honoured:not-json /output/0/content"], {}, { text: jsonObject }],
    [
      "a list",
      ["resp.text-format-honoured:not-an-object /output/0/content"],
      says("[1]"),
      { text: jsonObject },
    ],
    [
      "another object",
      ["resp.text-format-honoured:breaks-schema /output/0/content"],
      says("{}"),
      { text: jsonSchema },
    ],
    [
      "no log probabilities",
      ["resp.logprobs-shape:missing /output/0/content/0/logprobs"],
      withLogprobs([]),
      scored,
    ],
    [
      "a log probability above 0",
      ["resp.logprobs-shape:entry /output/0/content/0/logprobs/0/logprob"],
      withLogprobs([{ ...token, logprob: 1 }]),
      scored,
    ],
    [
      "too many alternatives",
      ["resp.logprobs-shape:alternatives /output/0/content/0/logprobs/0/top_logprobs"],
      withLogprobs([{ ...token, top_logprobs: [token, token] }]),
      scored,
    ],
    [
      "tokens of another text",
      ["resp.logprobs-text:text /output/0/content/0/logprobs"],
      withLogprobs([{ ...token, token: "No", bytes: [78, 111], top_logprobs: [token] }]),
      scored,
    ],
    [
      "bytes of another token",
      ["resp.logprobs-text:bytes /output/0/content/0/logprobs/0/bytes"],
      withLogprobs([{ ...token, bytes: [63], top_logprobs: [token] }]),
      scored,
    ],
    [
      "no alternatives",
      ["resp.logprobs-alternatives:fewer /output/0/content/0/logprobs/0/top_logprobs"],
      withLogprobs([token]),
      scored,
    ],
    [
      "log probabilities that nobody asked for",
      ["resp.logprobs-unasked:sent /output/0/content/0/logprobs"],
      withLogprobs([token]),
    ],
    [
      "reasoning without the encrypted content that was asked for",
      ["resp.encrypted-reasoning:missing /output/0/encrypted_content"],
      reasoned({}),
      encrypted,
    ],
    [
      "reasoning with an empty encrypted content",
      ["resp.encrypted-reasoning:missing /output/0/encrypted_content"],
      reasoned({ encrypted_content: "" }),
      encrypted,
    ],
    ["an empty call_id", ["resp.call-schema:no-call-id /output/0/call_id"], calls({ call_id: "" })],
    [
      "one call_id for two",
      ["resp.call-schema:repeated-call-id /output/1/call_id"],
      calls({ call_id: "c" }, { call_id: "c" }),
    ],
    ["another function", ["resp.name-offered:not-offered /output/0/name"], calls({ name: "f" })],
    [
      "broken arguments",
      ["resp.args-json-lax:not-json /output/0/arguments"],
      calls({ arguments: '{"city":' }),
    ],
    [
      "a list of arguments",
      ["resp.args-json-lax:not-an-object /output/0/arguments"],
      calls({ arguments: "[]" }),
    ],
    [
      "broken arguments of a strict function",
      ["resp.args-json:not-json /output/0/arguments"],
      calls({ arguments: '{"city":' }),
      { tools: [strict] },
    ],
    [
      "a list of arguments of a strict function",
      ["resp.args-json:not-an-object /output/0/arguments"],
      calls({ arguments: "[]" }),
      { tools: [strict] },
    ],
    [
      "other arguments of a function that is not strict",
      ["resp.args-schema-lax:breaks-schema /output/0/arguments"],
      calls({ arguments: "{}" }),
      { tools: [{ ...strict, strict: false }] },
    ],
    [
      "other arguments of several strict calls",
      ["resp.args-schema-lax:breaks-schema /output/0/arguments"],
      calls({ arguments: "{}" }, {}),
      { tools: [strict] },
    ],
    [
      "other arguments",
      ["resp.args-schema:breaks-schema /output/0/arguments"],
      calls({ arguments: "{}" }),
      { tools: [strict] },
    ],
    [
      "a forbidden call",
      ["resp.choice-none:called-despite-none /output/0"],
      calls({}),
      { tool_choice: "none" },
    ],
    [
      "a call of nothing",
      ["resp.choice-none:called-without-tools /output/0"],
      { ...calls({}), tools: [] },
      { tools: [] },
    ],
    ["no call", ["resp.choice-required:no-call /output"], {}, required],
    ["no call of the named function", ["resp.choice-named:no-call /output"], {}, named],
    [
      "a call of another function",
      ["resp.choice-named:other-function /output", "resp.name-offered:not-offered /output/0/name"],
      calls({ name: "f" }),
      named,
    ],
    [
      "two calls for one",
      ["resp.parallel-false:several /output"],
      { ...calls({}, {}), parallel_tool_calls: false },
      { parallel_tool_calls: false },
    ],
  ])("%s", (_, expected, response, request) => {
    expect(names(response, request).sort()).toEqual([...expected].sort())
  })
})

test("what a whole response shows is judged in the last event of a stream as well", () => {
  const data = dataOf({ ...responseOf(), usage: { input_tokens: 8, output_tokens: 4, total_tokens: 13 } })
  expect(found(rules, [streamOfEvents(data)]).map(([rule, fault, at]) => [rule, fault, at.part])).toEqual([
    ["resp.usage", "sum", "event"],
  ])
})

test("a retrieved response may be open, but has no unknown status", () => {
  const retrieved = (status: string) =>
    exchangeOf({ operation: "retrieveResponse", body: { ...responseOf(), status } })
  const statuses = ["queued", "in_progress", "cancelled", "completed"].map(retrieved)
  expect(found(rules, statuses)).toEqual([])
  expect(found(rules, [retrieved("done")])).toEqual([
    ["resp.status-consistent", "unknown", { part: "body", pointer: "/status" }],
  ])
})

test("a response is judged by its shape where it is retrieved, too", () => {
  const retrieved = (body: object) => exchangeOf({ operation: "retrieveResponse", body })
  expect(found(rules, [retrieved(responseOf())])).toEqual([])
  expect(found(rules, [retrieved(responseOf({ status: "in_progress", usage: null }))])).toEqual([])
  expect(found(rules, [retrieved({})]).map(([rule, fault]) => `${rule}:${fault}`)).toEqual([
    "resp.schema:missing",
    "resp.schema:output",
  ])
})

test("a usage is judged wherever a response is shown, and whatever key the request had (B10)", () => {
  const wrong = responseOf({ usage: { input_tokens: 8, output_tokens: 4, total_tokens: 13 } })
  const retrieved = exchangeOf({ operation: "retrieveResponse", body: wrong })
  for (const exchange of [retrieved, replyOf(wrong, {}, { key: "none" })])
    expect(found(rules, [exchange])).toEqual([
      ["resp.usage", "sum", { part: "body", pointer: "/usage/total_tokens" }],
    ])
})

test("reasoning tokens beside the output are counted where the target is known for it", () => {
  const unfolded = usage({ total_tokens: 22, output_tokens_details: { reasoning_tokens: 10 } })
  expect(names(unfolded)).toHaveLength(2)
  expect(names(unfolded, {}, knownOf({ traits: new Set(["unfolded-reasoning"]) }))).toEqual([])
})

test("one id for different requests is found, for the same request it is none", () => {
  const [one, same, other] = ["Hello", "Hello", "Bye"].map((input) => replyOf(responseOf(), { input }))
  if (!one || !same || !other) throw new Error("three replies")
  expect(found(rules, [one, same])).toEqual([])
  expect(found(rules, [one, other]).map(([rule]) => rule)).toEqual(["resp.id-unique"])
})

const builtInCalls = [
  [{ type: "web_search" }, "web_search_call"],
  [{ type: "file_search", vector_store_ids: ["vs_1"] }, "file_search_call"],
  [{ type: "code_interpreter", container: "cntr_1" }, "code_interpreter_call"],
  [{ type: "image_generation" }, "image_generation_call"],
  [{ type: "mcp", server_label: "a", server_url: "https://example.com" }, "mcp_call"],
  [{ type: "mcp", server_label: "a", server_url: "https://example.com" }, "mcp_approval_request"],
  [{ type: "shell" }, "shell_call"],
  [{ type: "local_shell" }, "local_shell_call"],
  [{ type: "apply_patch" }, "apply_patch_call"],
  [{ type: "computer" }, "computer_call"],
] as const
test.each(builtInCalls)(
  "resp.choice-required: of the built-in tool %j, %s is a call, and a message is none (E6)",
  (tool, call) => {
    const request = { tools: [tool], tool_choice: "required" } as unknown as Partial<ResponseRequest>
    const namesWith = (...before: object[]) => {
      const output = [...before, messageOf("Hi")] as ResponseObject["output"]
      return names({ output }, request).filter((name) => name.startsWith("resp.choice-required"))
    }
    expect(namesWith({ type: call, id: "a_1", status: "completed" })).toEqual([])
    const none = ["resp.choice-required:no-call /output"]
    expect(namesWith()).toEqual(none)
    expect(namesWith({ type: "mcp_list_tools", id: "mcpl_1", server_label: "a", tools: [] })).toEqual(none)
  },
)

test.each(builtInCalls)(
  "resp.choice-named: of the built-in tool %j, %s is a call; a message and a function are none (E6)",
  (tool, call) => {
    const tools = [tool, { type: "function", name: "f", parameters: {} }]
    const request = { tools, tool_choice: tool } as unknown as Partial<ResponseRequest>
    const namesWith = (...before: object[]) => {
      const output = [...before, messageOf("Hi")] as ResponseObject["output"]
      return names({ output }, request).filter((name) => name.startsWith("resp.choice-named"))
    }
    expect(namesWith({ type: call, id: "a_1", status: "completed" })).toEqual([])
    expect(namesWith()).toEqual(["resp.choice-named:no-call /output"])
    const ofFunction = { type: "function_call", id: "fc_1", call_id: "call_1", name: "f", arguments: "{}" }
    expect(namesWith(ofFunction)).toEqual(["resp.choice-named:other-function /output"])
  },
)

test.each([
  [{ type: "allowed_tools", mode: "auto", tools: [{ type: "web_search" }] }],
  [{ type: "programmatic_tool_calling" }],
])("resp.choice-named: %j names no tool that has to be called", (choice) => {
  const request = {
    tools: [{ type: "web_search" }],
    tool_choice: choice,
  } as unknown as Partial<ResponseRequest>
  expect(names({}, request).filter((name) => name.startsWith("resp.choice-named"))).toEqual([])
})

test("an error that is sent as a success is for the rules on errors to judge", () => {
  const error = replyOf({ error: { message: "No.", type: "server_error" } })
  expect(judgedBy(rules, [error])).toEqual([])
  expect(found(httpRules, [error]).map(([rule]) => rule)).toContain("http.no-error-in-2xx")
})

test("resp.input-counted: more tokens for a long input than for a word, whole and streamed", () => {
  const rules = responseRules.filter(({ id }) => id === "resp.input-counted")
  const answered = (input: string, tokens: number, streamed: boolean) => {
    const counted = { input_tokens: tokens, output_tokens: 4, total_tokens: tokens + 4 }
    const response = responseOf({ usage: counted })
    return streamed ? streamOfEvents(dataOf(response), { input }) : replyOf(response, { input })
  }
  const faults = (short: number, long: number, streamed = false) =>
    found(rules, [answered(shortText, short, streamed), answered(longText, long, streamed)]).map(
      ([, fault, at]) => [fault, "pointer" in at && at.pointer],
    )
  expect(faults(9, 130)).toEqual([])
  expect(faults(9, 130, true)).toEqual([])
  expect(faults(9, 9)).toEqual([["same", "/usage/input_tokens"]])
  expect(faults(9, 8, true)).toEqual([["same", "/response/usage/input_tokens"]])
  // Whole replies and streams are not compared with one another.
  expect(judgedBy(rules, [answered(shortText, 9, false), answered(longText, 9, true)])).toEqual([])
})
