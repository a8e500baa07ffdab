import {
  type ProfileName,
  profiles,
  type ResponseObject,
  type ResponseOutputItem,
  type ResponseRequest,
} from "@nexhina/schemas"
import { DONE, encode, type StreamEvent, splitResponse } from "@nexhina/stream"
import type { Evidence } from "../src/evidence.ts"
import { exchangeOf } from "./exchange.ts"

type Request = Partial<ResponseRequest>
type Facts = Omit<Parameters<typeof exchangeOf>[0], "operation" | "request" | "body">

/** A message with this text. */
export const messageOf = (text: string, id = "msg_1"): ResponseOutputItem => ({
  type: "message",
  id,
  role: "assistant",
  status: "completed",
  content: [{ type: "output_text", text, annotations: [] }],
})

/** A call of the weather function. */
export const callOf = (city: string, id = "fc_1"): ResponseOutputItem => ({
  type: "function_call",
  id,
  call_id: `call_${id}`,
  name: "get_weather",
  arguments: JSON.stringify({ city }),
  status: "completed",
})

/** Thoughts, with their summary. */
export const reasoningOf = (text: string, id = "rs_1"): ResponseOutputItem => ({
  type: "reasoning",
  id,
  summary: [{ type: "summary_text", text }],
})

const weather = { type: "function" as const, name: "get_weather" }

/** A response as a server sends it: the defaults of its request, and these members. */
export function responseOf(members: Partial<ResponseObject> = {}): ResponseObject {
  return {
    id: "resp_1",
    object: "response",
    created_at: 1713833628,
    status: "completed",
    error: null,
    incomplete_details: null,
    instructions: null,
    metadata: {},
    model: "gpt-4o",
    output: [messageOf("Hello there!")],
    parallel_tool_calls: true,
    temperature: 1,
    top_p: 1,
    tool_choice: "auto",
    tools: [weather],
    usage: { input_tokens: 8, output_tokens: 4, total_tokens: 12 },
    ...members,
  }
}

const asked = (request: Request): ResponseRequest => ({
  model: "gpt-4o",
  input: "Hello",
  tools: [weather],
  ...request,
})

/** A whole answer with this body to a request with these members, and the weather function. */
export const replyOf = (body: unknown, request: Request = {}, facts: Facts = {}): Evidence =>
  exchangeOf({ operation: "createResponse", request: asked(request), body, ...facts })

/** A stream with this body. */
export const responseStreamOf = (
  body: string | Uint8Array,
  request: Request = {},
  facts: Facts = {},
): Evidence =>
  exchangeOf({
    operation: "createResponse",
    request: asked({ stream: true, ...request }),
    type: "text/event-stream",
    body,
    ...facts,
  })

/** The events that tell a response, as data. */
export const dataOf = (response: ResponseObject): Record<string, unknown>[] =>
  splitResponse(response).map((event) => ({ ...event }))

/** These data as events with their types as names, ended as the profile says. */
export const eventsOf = (data: readonly object[], profile: ProfileName = "nexhina"): StreamEvent[] => [
  ...data.map((value): StreamEvent => {
    const { type } = value as { type?: unknown }
    return { ...(typeof type === "string" && { event: type }), data: value }
  }),
  ...(profiles[profile].responsesDone ? [{ data: DONE }] : []),
]

/** A stream of these data. */
export const streamOfEvents = (
  data: readonly object[],
  request: Request = {},
  profile?: ProfileName,
): Evidence => responseStreamOf(encode(eventsOf(data, profile)), request)
