import type { ChatCompletionRequest, ChatCompletionResponse } from "@nexhina/schemas"
import { profiles } from "@nexhina/schemas"
import { assembleChat, canonicalChat, DONE, type StreamEvent, splitChat } from "@nexhina/stream"
import type { NamedAlteration, Reply, Situation } from "@nexhina/wire"
import { expect, test } from "vitest"
import { chatCompletionDefects, chatCompletionVariants } from "./chat-completions.ts"
import { chatRequestDefects, chatRequestVariants } from "./chat-requests.ts"
import { equalityDefects } from "./equality.ts"
import { toolDefects, toolVariants } from "./tools.ts"

const alterations: readonly NamedAlteration[] = [
  ...chatCompletionDefects,
  ...chatCompletionVariants,
  ...chatRequestDefects,
  ...chatRequestVariants,
  ...equalityDefects,
  ...toolDefects,
  ...toolVariants,
]

type Choice = ChatCompletionResponse["choices"][number]

const user = { role: "user" as const, content: "What is the weather?" }
const callOf = (id: string, name: string, args: string) => ({
  id,
  type: "function" as const,
  function: { name, arguments: args },
})
const paris = callOf("call_0123456789", "get_weather", '{"city":"Paris, the capital of France"}')
const clock = callOf("call_9876543210", "get_time", "{}")
const result = { role: "tool" as const, tool_call_id: paris.id, content: "18 degrees" }
const city = { type: "object", properties: { city: { type: "string" } }, required: ["city"] }
const tools = [
  { type: "function" as const, function: { name: "get_weather", parameters: city, strict: true } },
  { type: "function" as const, function: { name: "get_time" } },
  { type: "function" as const, function: { name: "lookup", parameters: city } },
]
const entry = {
  token: "Rain",
  logprob: -0.5,
  bytes: [82],
  top_logprobs: [{ token: "Rain", logprob: -0.5, bytes: [82] }],
}

const texts = (content: string, finish_reason = "stop", members: object = {}): Choice[] => [
  { index: 0, message: { role: "assistant", content }, finish_reason, ...members },
]
const calls = (tool_calls: (typeof paris)[], finish_reason = "tool_calls"): Choice[] => [
  { index: 0, message: { role: "assistant", content: null, tool_calls }, finish_reason },
]

/** Requests of every kind that an alteration looks for, and what the mock would say. */
const cases: readonly [Partial<ChatCompletionRequest>, Choice[]][] = [
  [
    {},
    [
      {
        index: 0,
        message: { role: "assistant", content: "Rain.", refusal: null },
        finish_reason: "stop",
        logprobs: null,
      },
    ],
  ],
  [
    { n: 2 },
    [...texts("Rain."), { index: 1, message: { role: "assistant", content: "Sun." }, finish_reason: "stop" }],
  ],
  [{ max_tokens: 2 }, texts("Rain, an", "length")],
  [{ max_completion_tokens: 2, temperature: 1, frequency_penalty: 1 }, texts("Rain, an", "length")],
  [{ stop: "END" }, texts("Rain ")],
  [{ stream_options: { include_usage: true } }, texts("Rain.")],
  [{ response_format: { type: "json_object" } }, texts('{"rain":true}')],
  [
    { response_format: { type: "json_schema", json_schema: { name: "s", schema: city } } },
    texts('{"city":""}'),
  ],
  [{ logprobs: true }, texts("Rain", "stop", { logprobs: { content: [entry] } })],
  [{ tools }, calls([paris, clock])],
  [{ tools, n: 2 }, [...calls([paris]), ...calls([clock]).map((choice) => ({ ...choice, index: 1 }))]],
  [{ tools, tool_choice: "none" }, texts("Rain.")],
  [{ tools, tool_choice: "required", parallel_tool_calls: false }, calls([paris])],
  [{ tools, tool_choice: "required" }, calls([callOf("call_1", "lookup", '{"city":"Oslo"}')])],
  [{ tools, tool_choice: { type: "function", function: { name: "get_weather" } } }, calls([paris])],
  [{ tools, max_tokens: 2 }, calls([callOf("call_1", "get_weather", '{"ci')], "length")],
  [{ messages: [{ role: "system", content: "Be brief." }, user] }, texts("Rain.")],
  [{ messages: [{ role: "developer", content: "Be brief." }, user] }, texts("Rain.")],
  [{ messages: [user, { role: "assistant", content: "" }, user, user] }, texts("Rain.")],
  [{ messages: [{ role: "user", content: [{ type: "text", text: "Rain?" }] }] }, texts("Rain.")],
  [{ messages: [user, { role: "assistant", content: null, tool_calls: [paris] }, result] }, texts("18.")],
  [{ messages: [user, { role: "assistant", tool_calls: [paris] }, result] }, texts("18.")],
  [{ x_unknown: 1 } as object, texts("Rain.")],
]

const situationOf = (request: Partial<ChatCompletionRequest>): Situation => ({
  operationId: "createChatCompletion",
  ask: { method: "POST", target: "/v1/chat/completions", headers: [], body: new Uint8Array() },
  request: { model: "gpt-4o", messages: [user], ...request },
  streaming: request.stream === true,
})

const completionOf = (choices: Choice[]): ChatCompletionResponse => ({
  id: "chatcmpl-1",
  object: "chat.completion",
  created: 1713833628,
  model: "gpt-4o",
  choices,
  usage: { prompt_tokens: 9, completion_tokens: 2, total_tokens: 11 },
})

const eventsOf = (completion: ChatCompletionResponse): StreamEvent[] =>
  [...splitChat(completion, { profile: profiles.nexhina, includeUsage: false }), DONE].map((data) => ({
    data,
  }))

/** What an alteration gets at its stage, and what it makes of it. */
function applied(alteration: NamedAlteration, request: Partial<ChatCompletionRequest>, choices: Choice[]) {
  const situation = situationOf(request)
  const completion = completionOf(choices)
  switch (alteration.stage) {
    case "request":
      return [situation.request, alteration.apply(situation.request, situation)]
    case "value":
      return [completion, alteration.apply(completion, situation)]
    case "events": {
      const events = situation.streaming ? eventsOf(completion) : []
      return [events, alteration.apply(events, situation)]
    }
    case "wire": {
      const body = JSON.stringify(completion)
      const reply: Reply = {
        status: 200,
        headers: [["content-type", "application/json"]],
        body,
        end: "complete",
      }
      return [reply, alteration.apply(reply, situation)]
    }
    case "bytes":
      throw new Error(`${alteration.id}: none of these alters bytes`)
  }
}

const both = cases.flatMap(([request, choices]): typeof cases => [
  [request, choices],
  [{ ...request, stream: true }, choices],
])

test.each(alterations.map((alteration) => [alteration.id, alteration] as const))(
  "%s changes some answer and no error, and nothing in place",
  (_, alteration) => {
    let changed = 0
    for (const [request, choices] of both) {
      const copy = structuredClone([request, choices])
      const [before, after] = applied(alteration, request, choices)
      if (JSON.stringify(before) !== JSON.stringify(after)) changed++
      expect([request, choices]).toEqual(copy)
    }
    expect(changed).toBeGreaterThan(0)
    const error = { error: { message: "No.", type: "invalid_request_error" } }
    if (alteration.stage === "value") expect(alteration.apply(error, situationOf({}))).toBe(error)
  },
)

test.each(
  toolVariants.filter(({ stage }) => stage === "events").map((variant) => [variant.id, variant] as const),
)("%s: a stream says the same", (_, variant) => {
  for (const [request, choices] of cases) {
    const [before, after] = applied(variant, { ...request, stream: true }, choices).map((events) =>
      // Variants are legal: what they send as objects are chunks.
      (events as StreamEvent[]).flatMap(({ data }) => (typeof data === "object" ? [data as never] : [])),
    )
    const said = assembleChat(after ?? [])
    const meant = assembleChat(before ?? [])
    expect(said && canonicalChat(said)).toEqual(meant && canonicalChat(meant))
  }
})
