import { type Endpoint, endpoints } from "@nexhina/schemas"
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { Refusal } from "../refusal.ts"
import { readJson, validate } from "./validate.ts"

const bytes = (text: string) => new TextEncoder().encode(text)

function refused(act: () => unknown): Pick<Refusal, "status" | "message" | "param" | "code"> {
  try {
    act()
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    const { status, message, param, code } = error
    return { status, message, param, code }
  }
  throw new Error("It was not refused")
}

const judge = (operationId: keyof typeof endpoints, value: unknown) => {
  const { request, checks }: Endpoint = endpoints[operationId]
  if (!request) throw new Error("It takes no body")
  return validate(value, request.schema, checks)
}

const chat = { model: "gpt-4o", messages: [{ role: "user", content: "Hello" }] }
const user = (content: unknown) => ({ ...chat, messages: [{ role: "user", content }] })

describe("what a chat request does wrong, in the words of the API that clients know", () => {
  test.each<[name: string, value: unknown, message: string, param: string | null, code: string | null]>([
    [
      "no messages",
      { model: "gpt-4o" },
      "Missing required parameter: 'messages'.",
      "messages",
      "missing_required_parameter",
    ],
    [
      "no model",
      { messages: [] },
      "Missing required parameter: 'model'.",
      "model",
      "missing_required_parameter",
    ],
    [
      "no role",
      { ...chat, messages: [{ content: "a" }] },
      "Missing required parameter: 'messages[0].role'.",
      "messages[0].role",
      "missing_required_parameter",
    ],
    [
      "empty messages",
      { ...chat, messages: [] },
      "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array instead.",
      "messages",
      "empty_array",
    ],
    [
      "messages of another type",
      { ...chat, messages: "Hello" },
      "Invalid type for 'messages': expected an array, but got a string instead.",
      "messages",
      "invalid_type",
    ],
    [
      "an unknown role",
      { ...chat, messages: [{ role: "bot", content: "" }] },
      "Invalid value: 'bot'. Supported values are: 'system', 'user', 'assistant', 'tool', 'developer', and 'function'.",
      "messages[0].role",
      "invalid_value",
    ],
    [
      "content of no type that it may have",
      user(5),
      "Invalid type for 'messages[0].content': expected one of a string, an array, or null, but got an integer instead.",
      "messages[0].content",
      "invalid_type",
    ],
    [
      "a part without its text",
      user([{ type: "text" }]),
      "Missing required parameter: 'messages[0].content[0].text'.",
      "messages[0].content[0].text",
      "missing_required_parameter",
    ],
    [
      "a part whose type is no string",
      user([{ type: 5 }]),
      "Invalid type for 'messages[0].content[0].type': expected a string, but got an integer instead.",
      "messages[0].content[0].type",
      "invalid_type",
    ],
    [
      "a text for a number",
      { ...chat, temperature: "hot" },
      "Invalid type for 'temperature': expected a number, but got a string instead.",
      "temperature",
      "invalid_type",
    ],
    [
      "null for a boolean",
      { ...chat, parallel_tool_calls: null },
      "Invalid type for 'parallel_tool_calls': expected a boolean, but got null instead.",
      "parallel_tool_calls",
      "invalid_type",
    ],
    [
      "a number above its range",
      { ...chat, temperature: 2.5 },
      "Invalid 'temperature': decimal above maximum value. Expected a value <= 2, but got 2.5 instead.",
      "temperature",
      "decimal_above_max_value",
    ],
    [
      "an integer below its range",
      { ...chat, n: 0 },
      "Invalid 'n': integer below minimum value. Expected a value >= 1, but got 0 instead.",
      "n",
      "integer_below_min_value",
    ],
    [
      "a fraction for an integer",
      { ...chat, n: 1.5 },
      "Invalid type for 'n': expected an integer, but got a number instead.",
      "n",
      "invalid_type",
    ],
    [
      "too many stops",
      { ...chat, stop: ["a", "b", "c", "d", "e"] },
      "Invalid 'stop': array too long. Expected an array with maximum length 4, but got an array with length 5 instead.",
      "stop",
      "array_above_max_length",
    ],
    [
      "a stop of no type that it may have",
      { ...chat, stop: 5 },
      "Invalid type for 'stop': expected one of a string, an array, or null, but got an integer instead.",
      "stop",
      "invalid_type",
    ],
    [
      "a long identifier",
      { ...chat, safety_identifier: "x".repeat(65) },
      "Invalid 'safety_identifier': string too long. Expected a string with maximum length 64, but got a string with length 65 instead.",
      "safety_identifier",
      "string_above_max_length",
    ],
    [
      "a tool's name with a space",
      { ...chat, tools: [{ type: "function", function: { name: "a b" } }] },
      "Invalid 'tools[0].function.name': string does not match pattern. Expected a string that matches the pattern '^[a-zA-Z0-9_-]{1,64}$'.",
      "tools[0].function.name",
      "invalid_value",
    ],
    [
      "an unknown tool choice",
      { ...chat, tool_choice: "maybe" },
      "Invalid value: 'maybe'. Supported values are: 'none', 'auto', and 'required'.",
      "tool_choice",
      "invalid_value",
    ],
    [
      "a tool choice without its function",
      { ...chat, tool_choice: { type: "function" } },
      "Missing required parameter: 'tool_choice.function'.",
      "tool_choice.function",
      "missing_required_parameter",
    ],
    [
      "a bias out of range",
      { ...chat, logit_bias: { 50: 101 } },
      "Invalid 'logit_bias.50': integer above maximum value. Expected a value <= 100, but got 101 instead.",
      "logit_bias.50",
      "integer_above_max_value",
    ],
    [
      "top_logprobs without logprobs",
      { ...chat, top_logprobs: 2 },
      "`top_logprobs` requires `logprobs: true`.",
      "top_logprobs",
      "invalid_value",
    ],
    ["an array", [chat], "The request body must be a JSON object, not an array.", null, null],
    ["null", null, "The request body must be a JSON object, not null.", null, null],
  ])("%s", (_, value, message, param, code) => {
    expect(refused(() => judge("createChatCompletion", value))).toEqual({ status: 400, message, param, code })
  })
})

test("empty texts and inputs of embeddings", () => {
  const embed = (input: unknown) => refused(() => judge("createEmbedding", { model: "m", input })).message
  expect(embed("")).toBe(
    "Invalid 'input': empty string. Expected a string with minimum length 1, but got an empty string instead.",
  )
  expect(embed([])).toMatch(/^Invalid 'input': empty array\./)
  expect(embed({})).toMatch(
    /^Invalid type for 'input': expected one of a string or an array, but got an object/,
  )
  expect(embed(["a", 5])).toMatch(/'input\[1\]'/)
})

test("what a contract allows is not refused", () => {
  const allowed = [
    { ...chat, unheard_of: [1], messages: [{ role: "developer", content: "", unheard_of: {} }] },
    user([
      { type: "text", text: "" },
      { type: "hologram", cube: 1 },
    ]),
    {
      ...chat,
      messages: [
        { role: "assistant", content: null, tool_calls: [] },
        { role: "user", content: "" },
      ],
    },
    { ...chat, temperature: null, stop: null, max_tokens: 0, stream_options: { include_usage: true } },
  ]
  for (const request of allowed) expect(judge("createChatCompletion", request)).toEqual(request)
})

describe("bodies", () => {
  test.each([
    ["empty", ""],
    ["no JSON", "{model:1}"],
    ["cut", '{"model":'],
    ["two values", "{} {}"],
    ["NaN", '{"n":NaN}'],
    ["deep", `${"[".repeat(600)}${"]".repeat(600)}`],
    ["deep beyond any stack", "[".repeat(1_000_000)],
  ])("%s", (_, text) => {
    expect(refused(() => readJson(bytes(text), "application/json")())).toMatchObject({
      status: 400,
      code: "invalid_json",
    })
  })

  test("bytes that are no UTF-8", () => {
    expect(refused(() => readJson(Uint8Array.of(0x22, 0xff, 0x22), undefined)).message).toMatch(
      /not valid UTF-8/,
    )
  })

  test("brackets within texts do not count as depth", () => {
    const value = { text: '\\"[[['.repeat(1000) }
    expect(readJson(bytes(JSON.stringify(value)), undefined)()).toEqual(value)
  })

  test.each([undefined, "application/json", "Application/JSON; charset=utf-8", "application/vnd.api+json"])(
    "the content type %s is JSON",
    (contentType) => {
      expect(readJson(bytes("{}"), contentType)()).toEqual({})
    },
  )

  test.each([
    "text/plain",
    "application/x-www-form-urlencoded",
    "application/jsonx",
    "multipart/form-data; boundary=x",
  ])("the content type %s is refused", (contentType) => {
    expect(refused(() => readJson(bytes("{}"), contentType)).status).toBe(415)
  })
})

test("any JSON value is taken or refused with a 400 that has a message; no value throws anything else", () => {
  const members = fc.constantFrom(
    "model",
    "messages",
    "stop",
    "tools",
    "tool_choice",
    "response_format",
    "n",
    "input",
    "audio",
  )
  const value = fc.oneof(
    fc.jsonValue(),
    fc.dictionary(members, fc.jsonValue()),
    fc.dictionary(members, fc.jsonValue()).map((other) => ({ ...chat, ...other })),
  )
  const operations = (Object.keys(endpoints) as (keyof typeof endpoints)[]).filter((id) => {
    const { request }: Endpoint = endpoints[id]
    return request?.mediaType === "application/json"
  })
  fc.assert(
    fc.property(fc.constantFrom(...operations), value, (operationId, value) => {
      try {
        judge(operationId, value)
      } catch (error) {
        expect(error).toBeInstanceOf(Refusal)
        expect(error).toMatchObject({ status: 400, message: expect.stringMatching(/./) })
      }
    }),
    { numRuns: 1000 },
  )
})
