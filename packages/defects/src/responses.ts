import {
  endpoints,
  type ResponseInputItem,
  type ResponseObject,
  type ResponseOutputItem,
  type ResponseRequest,
} from "@nexhina/schemas"
import type { Alteration, Reply, Situation } from "@nexhina/wire"
import { outOfTokens } from "./chat-requests.ts"
import { asked, type Defect, onReply, onRequest, onWire, type Variant, without } from "./defect.ts"

type Value = Extract<Alteration, { stage: "value" }>
type Wire = Extract<Alteration, { stage: "wire" }>

/** Changes what is answered to a request for a response, whole or streamed. */
const onResponse = (
  change: (response: ResponseObject, request: ResponseRequest, situation: Situation) => object,
): Value =>
  onReply("createResponse", (response, situation) =>
    // What is answered with a response is a valid request.
    ({ ...response, ...change(response, situation.request as ResponseRequest, situation) }),
  )

/** Changes a response wherever the server shows it as a value. */
const onShown = (change: (response: ResponseObject, situation: Situation) => object): Value => ({
  stage: "value",
  apply(value, situation) {
    const { operationId } = situation
    if (operationId !== "createResponse" && operationId !== "retrieveResponse") return value
    return onReply(operationId, change).apply(value, situation)
  },
})

/** The same, except for streams: with values from which no stream can be made. */
const onWhole = (change: (response: ResponseObject) => object): Value =>
  onShown((response, { streaming }) => (streaming ? response : change(response)))

/** Changes each item of a response. */
const onItems = (change: (item: ResponseOutputItem, request: ResponseRequest) => object): Value =>
  onResponse(({ output }, request) => ({ output: output.map((item) => change(item, request)) }))

/** Changes each call of a function. */
const onCalls = (change: (call: Extract<ResponseOutputItem, { type: "function_call" }>) => object): Value =>
  onItems((item) => (item.type === "function_call" ? change(item) : item))

/** Changes each call of responses with several, for which no schema is guaranteed. */
const onParallelCalls = (
  change: (call: Extract<ResponseOutputItem, { type: "function_call" }>) => object,
): Value =>
  onResponse(({ output }) =>
    output.filter(({ type }) => type === "function_call").length > 1
      ? { output: output.map((item) => (item.type === "function_call" ? change(item) : item)) }
      : {},
  )

/** Changes the text of messages that have to be JSON. */
const onJson = (
  change: (text: string, format: NonNullable<NonNullable<ResponseRequest["text"]>["format"]>) => string,
): Value =>
  onItems((item, { text }) => {
    const { format } = text ?? {}
    if (item.type !== "message" || !format || format.type === "text") return item
    return {
      ...item,
      content: item.content.map((part) =>
        part.type === "output_text" ? { ...part, text: change(part.text, format) } : part,
      ),
    }
  })

/** Changes the text of messages that need not be JSON and have no log probabilities. */
const onText = (change: (text: string) => string): Value =>
  onItems((item, { text, include, top_logprobs }) => {
    const isJson = text?.format != null && text.format.type !== "text"
    if (item.type !== "message" || isJson || include?.length || top_logprobs != null) return item
    return {
      ...item,
      content: item.content.map((part) =>
        part.type === "output_text" ? { ...part, text: change(part.text) } : part,
      ),
    }
  })

type Usage = NonNullable<ResponseObject["usage"]>

const onUsage = (change: (usage: Usage) => unknown): Value =>
  onShown((response) => ({ ...response, usage: response.usage ? change(response.usage) : response.usage }))

/** Changes responses that their token limit cut. */
const onCut = (change: (response: ResponseObject) => object): Value =>
  onResponse((response) => (response.status === "incomplete" ? change(response) : {}))

/** Misreads requests for responses. */
const misreading = (
  change: (request: ResponseRequest) => object,
): Extract<Alteration, { stage: "request" }> =>
  // Only valid requests get to this stage.
  onRequest("createResponse", (request) => change(request as ResponseRequest))

const asJson = ({ headers }: Reply, body: object, status: number): Partial<Reply> => ({
  status,
  headers: [
    ...headers.filter(([name]) => name.toLowerCase() !== "content-type"),
    ["content-type", "application/json"],
  ],
  body: JSON.stringify(body),
})

const error = (message: string, param: string | null = null, code: string | null = null) => ({
  error: { message, type: "invalid_request_error", param, code },
})

/** Refuses some requests for responses that the contract allows. */
const refusing = (body: object, isRefused: (request: ResponseRequest) => boolean): Wire =>
  onWire(
    ({ status }, { operationId, request }) =>
      // What was answered with a success is a valid request.
      operationId === "createResponse" && status === 200 && isRefused(request as ResponseRequest),
    (reply) => asJson(reply, body, 400),
  )

const refusingItems = (message: string, isRefused: (item: ResponseInputItem) => boolean): Wire =>
  refusing(error(message, "input"), ({ input }) => Array.isArray(input) && input.some(isRefused))

const isCallItem = ({ type }: ResponseInputItem) =>
  type === "function_call" || type === "function_call_output"
const contentOf = (item: ResponseInputItem): unknown => ("content" in item ? item.content : undefined)
const roleOf = (item: ResponseInputItem): unknown => ("role" in item ? item.role : undefined)

type Kept = "retrieveResponse" | "deleteResponse" | "listResponseInputItems"

/** Answers differently where a response is not there. */
const onMissing = (operationId: Kept, change: (reply: Reply, situation: Situation) => Partial<Reply>): Wire =>
  onWire((reply, situation) => situation.operationId === operationId && reply.status === 404, change)

/** Answers differently where a response to go on from is not there. */
const onMissingPrevious = (change: (reply: Reply) => Partial<Reply>): Wire =>
  onWire(
    ({ status }, situation) =>
      situation.operationId === "createResponse" &&
      status === 400 &&
      typeof asked(situation, "previous_response_id") === "string",
    change,
  )

const { value: sample } = endpoints.retrieveResponse.examples.text

/** Finds every response. */
const findingAll = onMissing("retrieveResponse", (reply, { ask }) =>
  asJson(reply, { ...sample, id: ask.target.split("/").at(-1) }, 200),
)

/** Changes the log probabilities of texts. */
const onLogprobs = (change: (logprobs: readonly object[]) => unknown): Value =>
  onItems((item) =>
    item.type === "message"
      ? {
          ...item,
          content: item.content.map((part) =>
            part.type === "output_text" && part.logprobs?.length
              ? { ...part, logprobs: change(part.logprobs) }
              : part,
          ),
        }
      : item,
  )

const failure = { code: "server_error", message: "The model stopped before its end." }

const object = "OpenAI API reference, the response object"
const create = "OpenAI API reference, create a model response"
const keeping = "OpenAI API reference, Responses: get, delete and list input items"

/** Whether an input has the output of a call that is not among its items. */
const isUnmatched = (input: ResponseRequest["input"]): boolean =>
  typeof input !== "string" &&
  input.some(
    (item) =>
      item.type === "function_call_output" &&
      typeof item.call_id === "string" &&
      !input.some((call) => call.type === "function_call" && call.call_id === item.call_id),
  )

export const responseDefects: readonly Defect[] = [
  {
    id: "resp-created-at-missing",
    says: "responses have no created_at",
    breaks: "resp.schema",
    fault: "missing",
    also: [],
    seen: [`${object}: created_at`],
    ...onShown((response) => without(response, "created_at")),
  },
  {
    id: "resp-object-chat",
    says: "the object of responses is chat.completion",
    breaks: "resp.schema",
    fault: "wrong-value",
    also: [],
    seen: [`${object}: object`],
    ...onShown((response) => ({ ...response, object: "chat.completion" })),
  },
  {
    id: "resp-output-null",
    says: "the output is null",
    breaks: "resp.schema",
    fault: "output",
    also: [],
    seen: ["https://github.com/ogx-ai/ogx/issues/4986"],
    ...onWhole((response) => ({ ...response, output: null })),
  },
  {
    id: "resp-content-string",
    says: "the content of messages is a string",
    breaks: "resp.schema",
    fault: "item",
    also: [],
    seen: [`${object}: output, message`],
    ...onWhole((response) => ({
      ...response,
      output: response.output.map((item) =>
        item.type === "message" ? { ...item, content: "Hello!" } : item,
      ),
    })),
  },
  {
    id: "resp-part-type-text",
    says: "the parts of messages have the type text instead of output_text",
    breaks: "resp.schema",
    fault: "item",
    also: [],
    seen: [`${object}: output, message: content is of output_text and refusal`],
    ...onWhole((response) => ({
      ...response,
      output: response.output.map((item) =>
        item.type === "message"
          ? { ...item, content: item.content.map((part) => ({ ...part, type: "text" })) }
          : item,
      ),
    })),
  },
  {
    id: "resp-tools-missing",
    says: "responses have no tools member",
    breaks: "resp.schema-full",
    fault: "missing",
    also: [],
    seen: ["https://github.com/ogx-ai/ogx/issues/4986"],
    ...onShown((response) => without(response, "tools")),
  },
  {
    id: "resp-null-for-required",
    says: "required members are null",
    breaks: "resp.schema-full",
    fault: "null",
    also: ["resp.echo", "resp.echo-tool-choice"],
    seen: ["https://github.com/ogx-ai/ogx/issues/4986"],
    ...onResponse(() => ({ tools: null, tool_choice: null, parallel_tool_calls: null })),
  },
  {
    id: "resp-top-p-string",
    says: "top_p is a string",
    breaks: "resp.schema-full",
    fault: "wrong-value",
    also: ["resp.echo"],
    seen: [`${object}: top_p`],
    ...onResponse(() => ({ top_p: "1.0" })),
  },
  {
    id: "resp-whole-item-id-repeated",
    says: "the items of responses that are not streamed have the same id",
    breaks: "resp.item-id-unique",
    fault: "repeated",
    also: [],
    seen: [`${object}: output, id`],
    ...onWhole(({ output, ...response }) => ({
      ...response,
      output: output.map((item) => ({ ...item, id: "item_0" })),
    })),
  },
  {
    id: "resp-error-when-completed",
    says: "a completed response has an error",
    breaks: "resp.status-consistent",
    fault: "error-without-failure",
    also: ["http.no-error-in-2xx"],
    seen: [`${object}: error`],
    ...onShown((response) => (response.status === "completed" ? { ...response, error: failure } : response)),
  },
  {
    id: "resp-failed-without-reason",
    says: "a failed response has no error",
    breaks: "resp.status-consistent",
    fault: "no-error",
    also: ["resp.stream-equals-whole"],
    seen: [`${object}: error`],
    ...onWhole((response) => ({ ...response, status: "failed", output: [] })),
  },
  {
    id: "resp-details-when-completed",
    says: "a completed response has incomplete_details",
    breaks: "resp.status-consistent",
    fault: "details-without-incomplete",
    also: [],
    seen: [`${object}: incomplete_details`],
    ...onResponse(({ status }) =>
      status === "completed" ? { incomplete_details: { reason: "max_output_tokens" } } : {},
    ),
  },
  {
    id: "resp-incomplete-without-reason",
    says: "an incomplete response has no incomplete_details",
    breaks: "resp.status-consistent",
    fault: "no-reason",
    also: ["resp.token-limit"],
    seen: [`${object}: incomplete_details`],
    ...onCut(() => ({ incomplete_details: null })),
  },
  {
    id: "resp-reply-in-progress",
    says: "the status of a non-streamed response is in_progress",
    breaks: "resp.status-consistent",
    fault: "not-ended",
    also: ["resp.stream-equals-whole"],
    seen: [`${object}: status`],
    ...onWhole((response) => ({ ...response, status: "in_progress" })),
  },
  {
    id: "resp-status-done",
    says: "the status of a non-streamed response is done",
    breaks: "resp.status-consistent",
    fault: "unknown",
    also: ["resp.stream-equals-whole"],
    seen: [`${object}: status`],
    ...onWhole((response) => (response.status === "completed" ? { ...response, status: "done" } : response)),
  },
  {
    id: "resp-item-in-progress",
    says: "the items of a completed response are in progress",
    breaks: "resp.status-consistent",
    fault: "open-item",
    also: ["resp.item-closing"],
    seen: [`${object}: output, status`],
    ...onShown((response) =>
      response.status === "completed"
        ? { ...response, output: response.output.map((item) => ({ ...item, status: "in_progress" })) }
        : response,
    ),
  },
  {
    id: "resp-id-constant",
    says: "all responses have the same id",
    breaks: "resp.id-unique",
    fault: "repeated",
    also: ["resp.previous-response"],
    seen: [`${object}: id`],
    ...onResponse(() => ({ id: "resp_1" })),
  },
  {
    id: "resp-instructions-not-repeated",
    says: "the instructions in the response are null although the request has some",
    breaks: "resp.echo",
    fault: "not-repeated",
    also: [],
    seen: [`${object}: instructions`],
    ...onResponse(() => ({ instructions: null })),
  },
  {
    id: "resp-parallel-calls-default-repeated",
    says: "parallel_tool_calls in the response is always true",
    breaks: "resp.echo",
    fault: "other-value",
    also: [],
    seen: [`${object}: parallel_tool_calls`],
    ...onResponse(() => ({ parallel_tool_calls: true })),
  },
  {
    id: "resp-tool-choice-auto-echoed",
    says: "tool_choice in the response is always auto",
    breaks: "resp.echo-tool-choice",
    fault: "other-value",
    also: [],
    seen: [`${object}: tool_choice`],
    ...onResponse(() => ({ tool_choice: "auto" })),
  },
  {
    id: "resp-usage-number",
    says: "usage is a single number",
    breaks: "resp.usage",
    fault: "not-an-object",
    also: ["resp.schema-full"],
    seen: [`${object}: usage`],
    ...onUsage(({ total_tokens }) => total_tokens),
  },
  {
    id: "resp-usage-chat-names",
    says: "usage has the member names of chat completions",
    breaks: "resp.usage",
    fault: "no-count",
    also: ["resp.schema-full"],
    seen: [`${object}: usage`],
    ...onUsage(({ input_tokens, output_tokens, total_tokens }) => ({
      prompt_tokens: input_tokens,
      completion_tokens: output_tokens,
      total_tokens,
    })),
  },
  {
    id: "resp-usage-sum-off",
    says: "total_tokens is one more than the sum of input and output tokens",
    breaks: "resp.usage",
    fault: "sum",
    also: [],
    seen: [`${object}: usage.total_tokens`],
    ...onUsage((usage) => ({ ...usage, total_tokens: usage.total_tokens + 1 })),
  },
  {
    id: "resp-usage-cached-above-input",
    says: "there are more cached tokens than input tokens",
    breaks: "resp.usage",
    fault: "cached",
    also: [],
    seen: [`${object}: usage.input_tokens_details`],
    ...onUsage((usage) => ({ ...usage, input_tokens_details: { cached_tokens: usage.input_tokens + 1 } })),
  },
  {
    id: "resp-usage-reasoning-above-output",
    says: "there are more reasoning tokens than output tokens",
    breaks: "resp.usage",
    fault: "reasoning",
    also: [],
    seen: [`${object}: usage.output_tokens_details`],
    ...onUsage((usage) => ({
      ...usage,
      output_tokens_details: { reasoning_tokens: usage.output_tokens + 1 },
    })),
  },
  {
    id: "resp-usage-input-constant",
    says: "input_tokens is 9 for any input",
    breaks: "resp.input-counted",
    fault: "same",
    also: [],
    seen: [`${object}: usage.input_tokens`],
    ...onUsage(({ output_tokens }) => ({
      input_tokens: 9,
      output_tokens,
      total_tokens: 9 + output_tokens,
    })),
  },
  {
    id: "resp-usage-output-one",
    says: "output_tokens is at most 1",
    breaks: "resp.output-counted",
    fault: "too-few",
    also: [],
    seen: [`${object}: usage.output_tokens`],
    ...onUsage(({ input_tokens, output_tokens }) => ({
      input_tokens,
      output_tokens: Math.min(1, output_tokens),
      total_tokens: input_tokens + Math.min(1, output_tokens),
    })),
  },
  {
    id: "resp-usage-no-input",
    says: "input_tokens is always 0",
    breaks: "resp.usage",
    fault: "no-input",
    also: [],
    seen: [`${object}: usage.input_tokens`],
    ...onUsage(({ output_tokens }) => ({ input_tokens: 0, output_tokens, total_tokens: output_tokens })),
  },
  {
    id: "resp-usage-no-output",
    says: "output_tokens is always 0",
    breaks: "resp.usage",
    fault: "no-output",
    also: [],
    seen: [`${object}: usage.output_tokens`],
    ...onUsage(({ input_tokens }) => ({ input_tokens, output_tokens: 0, total_tokens: input_tokens })),
  },
  {
    id: "resp-usage-missing",
    says: "responses have no usage",
    breaks: "resp.usage-present",
    fault: "missing",
    also: [],
    seen: [`${object}: usage`],
    ...onUsage(() => null),
  },
  {
    id: "resp-limit-ignored",
    says: "max_output_tokens is accepted but ignored",
    breaks: "resp.token-limit",
    fault: "over-limit",
    also: ["resp.echo"],
    seen: [`${create}: max_output_tokens`],
    ...misreading((request) => without(request, "max_output_tokens")),
  },
  {
    id: "resp-limit-completed",
    says: "the status is completed although the token limit was reached",
    breaks: "resp.token-limit",
    fault: "not-incomplete",
    also: [],
    seen: [`${create}: max_output_tokens`],
    ...onCut(({ output }) => ({
      status: "completed",
      incomplete_details: null,
      output: output.map((item) => ({ ...item, status: "completed" })),
    })),
  },
  {
    id: "resp-limit-other-reason",
    says: "the reason in incomplete_details is length, as in chat completions",
    breaks: "resp.token-limit",
    fault: "other-reason",
    also: [],
    seen: [`${object}: incomplete_details.reason`],
    ...onCut(() => ({ incomplete_details: { reason: "length" } })),
  },
  {
    id: "resp-cut-item-completed",
    says: "the status of the item that is cut by the token limit is completed",
    breaks: "resp.incomplete-item",
    fault: "not-marked",
    also: [],
    seen: ["Open Responses specification: item states"],
    ...onCut(({ output }) => ({ output: output.map((item) => ({ ...item, status: "completed" })) })),
  },
  {
    id: "resp-cut-item-in-progress",
    says: "the status of the item that is cut by the token limit is in_progress",
    breaks: "resp.incomplete-item",
    fault: "not-marked",
    also: ["resp.item-closing"],
    seen: ["Open Responses specification: item states"],
    ...onCut(({ output }) => ({ output: output.map((item) => ({ ...item, status: "in_progress" })) })),
  },
  {
    id: "resp-cut-item-not-last",
    says: "another item follows the one that is cut by the token limit",
    breaks: "resp.incomplete-item",
    fault: "not-last",
    also: [],
    seen: ["Open Responses specification: item states"],
    ...onCut(({ output }) => ({
      output: [
        ...output,
        { type: "message", id: "msg_last", role: "assistant", status: "incomplete", content: [] },
      ],
    })),
  },
  {
    id: "resp-json-fenced",
    says: "JSON output is wrapped in a Markdown code fence",
    breaks: "resp.text-format-honoured",
    fault: "fenced",
    also: [],
    seen: ["https://github.com/jundot/omlx/issues/613"],
    ...onJson((text) => `\`\`\`json\n${text}\n\`\`\``),
  },
  {
    id: "resp-json-introduced",
    says: "JSON output is preceded by a sentence",
    breaks: "resp.text-format-honoured",
    fault: "not-json",
    also: [],
    seen: ["https://github.com/jundot/omlx/issues/613"],
    ...onJson((text) => `Here it is: ${text}`),
  },
  {
    id: "resp-thoughts-in-text",
    says: "the model's thoughts are in front of the text, in their tags",
    breaks: "resp.no-control-markers",
    fault: "marker",
    also: [],
    seen: ["https://github.com/vllm-project/vllm/issues/51697"],
    ...onText((text) => `<think>Hm.</think>${text}`),
  },
  {
    id: "resp-json-list",
    says: "the output is an array although a JSON object is required",
    breaks: "resp.text-format-honoured",
    fault: "not-an-object",
    also: [],
    seen: [`${create}: text.format, json_object`],
    ...onJson((text, { type }) => (type === "json_object" ? `[${text}]` : text)),
  },
  {
    id: "resp-json-schema-ignored",
    says: "the JSON schema of text.format is ignored",
    breaks: "resp.text-format-honoured",
    fault: "breaks-schema",
    also: [],
    seen: [`${create}: text.format, json_schema`],
    ...onJson((text, { type }) => (type === "json_schema" ? "{}" : text)),
  },
  {
    id: "resp-logprobs-lost",
    says: "requested log probabilities are an empty list",
    breaks: "resp.logprobs-shape",
    fault: "missing",
    also: [],
    seen: [`${create}: include, message.output_text.logprobs`],
    ...onLogprobs(() => []),
  },
  {
    id: "resp-logprobs-null",
    says: "requested log probabilities are null",
    breaks: "resp.logprobs-shape",
    fault: "entry",
    also: ["resp.schema-full", "resp.event-schema"],
    seen: [`${object}: output_text, logprobs`],
    ...onLogprobs((logprobs) => logprobs.map((entry) => ({ ...entry, logprob: null }))),
  },
  {
    id: "resp-logprobs-five-alternatives",
    says: "top_logprobs always has five entries, whatever number was requested",
    breaks: "resp.logprobs-shape",
    fault: "alternatives",
    also: [],
    seen: [`${create}: top_logprobs`],
    ...onLogprobs((logprobs) =>
      logprobs.map((entry) => ({
        ...entry,
        top_logprobs: Array(5).fill({ token: "a", logprob: -1, bytes: [97] }),
      })),
    ),
  },
  {
    id: "resp-logprobs-entry-dropped",
    says: "the log probabilities lack the entry of the first token",
    breaks: "resp.logprobs-text",
    fault: "text",
    also: [],
    seen: [`${object}: output_text, logprobs`],
    ...onLogprobs((logprobs) => logprobs.slice(1)),
  },
  {
    id: "resp-logprobs-bytes-of-another",
    says: "the bytes of every token are those of a question mark",
    breaks: "resp.logprobs-text",
    fault: "bytes",
    also: [],
    seen: [`${object}: output_text, logprobs, bytes`],
    ...onLogprobs((logprobs) => logprobs.map((entry) => ({ ...entry, bytes: [63] }))),
  },
  {
    id: "resp-logprobs-no-alternatives",
    says: "top log probabilities are missing, whatever number was requested",
    breaks: "resp.logprobs-alternatives",
    fault: "fewer",
    also: [],
    seen: [`${create}: top_logprobs`],
    ...onLogprobs((logprobs) => logprobs.map((entry) => ({ ...entry, top_logprobs: [] }))),
  },
  {
    id: "resp-logprobs-unasked",
    says: "log probabilities are returned without being requested",
    breaks: "resp.logprobs-unasked",
    fault: "sent",
    also: [],
    seen: [`${create}: include, message.output_text.logprobs`],
    ...onItems((item, { include, top_logprobs }) => {
      if (item.type !== "message" || include?.length || top_logprobs != null) return item
      return {
        ...item,
        content: item.content.map((part) =>
          part.type === "output_text"
            ? {
                ...part,
                logprobs: [
                  { token: part.text, logprob: -0.5, bytes: [...Buffer.from(part.text)], top_logprobs: [] },
                ],
              }
            : part,
        ),
      }
    }),
  },
  {
    id: "resp-call-id-empty",
    says: "the call_id of function calls is empty",
    breaks: "resp.call-schema",
    fault: "no-call-id",
    also: [],
    seen: [`${object}: function_call, call_id`],
    ...onCalls((call) => ({ ...call, call_id: "" })),
  },
  {
    id: "resp-call-id-repeated",
    says: "all function calls have the same call_id",
    breaks: "resp.call-schema",
    fault: "repeated-call-id",
    also: [],
    seen: [`${object}: function_call, call_id`],
    ...onCalls((call) => ({ ...call, call_id: "call_0" })),
  },
  {
    id: "resp-call-other-name",
    says: "the model calls functions that are not in tools",
    breaks: "resp.name-offered",
    fault: "not-offered",
    also: ["resp.choice-named"],
    seen: [`${object}: function_call, name`],
    ...onCalls((call) => ({ ...call, name: `functions.${call.name}` })),
  },
  {
    id: "resp-arguments-cut",
    says: "the last bracket of the arguments is missing",
    breaks: "resp.args-json",
    fault: "not-json",
    also: ["resp.args-json-lax"],
    seen: [`${object}: function_call, arguments`],
    ...onCalls((call) => ({ ...call, arguments: call.arguments.slice(0, -1) })),
  },
  {
    id: "resp-arguments-list",
    says: "the arguments are an array",
    breaks: "resp.args-json",
    fault: "not-an-object",
    also: ["resp.args-json-lax"],
    seen: [`${object}: function_call, arguments`],
    ...onCalls((call) => ({ ...call, arguments: `[${call.arguments}]` })),
  },
  {
    id: "resp-arguments-empty-object",
    says: "function calls have no arguments although the function has required parameters",
    breaks: "resp.args-schema",
    fault: "breaks-schema",
    also: ["resp.args-schema-lax"],
    seen: [`${create}: tools, function, strict`],
    ...onCalls((call) => ({ ...call, arguments: "{}" })),
  },
  {
    id: "resp-arguments-cut-lax",
    says: "the last bracket of the arguments is missing in parallel calls",
    breaks: "resp.args-json-lax",
    fault: "not-json",
    also: [],
    seen: [`${object}: function_call, arguments`],
    ...onParallelCalls((call) => ({ ...call, arguments: call.arguments.slice(0, -1) })),
  },
  {
    id: "resp-arguments-list-lax",
    says: "the arguments of parallel calls are an array",
    breaks: "resp.args-json-lax",
    fault: "not-an-object",
    also: [],
    seen: [`${object}: function_call, arguments`],
    ...onParallelCalls((call) => ({ ...call, arguments: `[${call.arguments}]` })),
  },
  {
    id: "resp-arguments-empty-object-lax",
    says: "parallel calls have no arguments although the functions have required parameters",
    breaks: "resp.args-schema-lax",
    fault: "breaks-schema",
    also: [],
    seen: [`${create}: tools, function, parameters`],
    ...onParallelCalls((call) => ({ ...call, arguments: "{}" })),
  },
  {
    id: "resp-choice-none-ignored",
    says: "a function is called although tool_choice is none",
    breaks: "resp.choice-none",
    fault: "called-despite-none",
    also: ["resp.echo-tool-choice"],
    seen: [`${create}: tool_choice`],
    ...misreading((request) =>
      request.tool_choice === "none" ? { ...request, tool_choice: "required" } : request,
    ),
  },
  {
    id: "resp-call-without-tools",
    says: "a function is called although the request has no tools",
    breaks: "resp.choice-none",
    fault: "called-without-tools",
    also: ["resp.get-after-create"],
    seen: [`${create}: tools`],
    ...onResponse(({ output, status }, { tools }) =>
      status === "completed" && !tools?.length
        ? {
            output: [
              ...output,
              {
                type: "function_call",
                id: "fc_search",
                call_id: "call_search",
                name: "search",
                arguments: "{}",
                status: "completed",
              },
            ],
          }
        : {},
    ),
  },
  {
    id: "resp-choice-required-ignored",
    says: "no function is called although tool_choice is required",
    breaks: "resp.choice-required",
    fault: "no-call",
    also: ["resp.echo-tool-choice"],
    seen: [`${create}: tool_choice`],
    ...misreading((request) =>
      request.tool_choice === "required" ? { ...request, tool_choice: "none" } : request,
    ),
  },
  {
    id: "resp-choice-named-ignored",
    says: "no function is called although tool_choice names one",
    breaks: "resp.choice-named",
    fault: "no-call",
    also: ["resp.echo-tool-choice"],
    seen: [`${create}: tool_choice`],
    ...misreading((request) =>
      typeof request.tool_choice === "object" ? { ...request, tool_choice: "none" } : request,
    ),
  },
  {
    id: "resp-choice-named-other",
    says: "a different function is called than the one named in tool_choice",
    breaks: "resp.choice-named",
    fault: "other-function",
    also: ["resp.echo-tool-choice"],
    seen: [`${create}: tool_choice`],
    ...misreading((request) => {
      const { tools, tool_choice: choice } = request
      if (typeof choice !== "object" || choice?.type !== "function") return request
      const other = tools?.find((tool) => tool.type === "function" && tool.name !== choice.name)
      return other && "name" in other ? { ...request, tool_choice: { ...choice, name: other.name } } : request
    }),
  },
  {
    id: "resp-parallel-calls-forced",
    says: "each call is sent twice, even when parallel_tool_calls is false",
    breaks: "resp.parallel-false",
    fault: "several",
    also: [],
    seen: [`${create}: parallel_tool_calls`],
    ...onResponse(({ output }) => ({
      output: output.flatMap((item): object[] =>
        item.type === "function_call"
          ? [item, { ...item, id: `${item.id}_2`, call_id: `${item.call_id}_2` }]
          : [item],
      ),
    })),
  },
  {
    id: "resp-input-text-refused",
    says: "a string as input is rejected",
    breaks: "resp.accepts-input-shapes",
    fault: "text",
    also: ["resp.accepts-documented-params"],
    seen: [`${create}: input`],
    ...refusing(error("input must be a list"), ({ input }) => typeof input === "string"),
  },
  {
    id: "resp-input-untyped-refused",
    says: "input messages without type are rejected",
    breaks: "resp.accepts-input-shapes",
    fault: "messages",
    also: ["resp.accepts-developer-role"],
    seen: [`${create}: input, the easy input message`],
    ...refusingItems("Missing required parameter: input[0].type", ({ type }) => type === undefined),
  },
  {
    id: "resp-input-typed-refused",
    says: "input messages with type are rejected",
    breaks: "resp.accepts-input-shapes",
    fault: "typed-messages",
    also: [],
    seen: [`${create}: input, message`],
    ...refusingItems("Unknown input type: message", ({ type }) => type === "message"),
  },
  {
    id: "resp-input-array-limited",
    says: "input_text parts are rejected",
    breaks: "resp.accepts-input-shapes",
    fault: "parts",
    also: [],
    seen: ["https://github.com/sgl-project/sglang/issues/17853"],
    ...refusingItems("Input content must be a string", (item) => Array.isArray(contentOf(item))),
  },
  {
    id: "resp-input-roles-refused",
    says: "system, developer and assistant messages are rejected",
    breaks: "resp.accepts-input-shapes",
    fault: "roles",
    also: ["resp.accepts-developer-role"],
    seen: [`${create}: input, role`],
    ...refusingItems("Only user messages are supported", (item) => {
      const role = roleOf(item)
      return role !== undefined && role !== "user"
    }),
  },
  {
    id: "resp-developer-refused",
    says: "developer messages are rejected",
    breaks: "resp.accepts-developer-role",
    fault: "refused",
    also: [],
    seen: [`${create}: input, role`],
    ...refusingItems("Unexpected role developer", (item) => roleOf(item) === "developer"),
  },
  {
    id: "resp-input-calls-refused",
    says: "function calls and their outputs are rejected in the input",
    breaks: "resp.accepts-input-shapes",
    fault: "calls",
    also: ["resp.round-trip"],
    seen: [`${create}: input, function call output`],
    ...refusingItems("Unknown input type", isCallItem),
  },
  {
    id: "resp-params-refused-unnamed",
    says: "metadata is rejected with an error that does not name it",
    breaks: "resp.accepts-documented-params",
    fault: "unnamed",
    also: [],
    seen: [`${create}: metadata`],
    ...refusing(error("Bad request"), ({ metadata }) => metadata != null),
  },
  {
    id: "resp-results-refused",
    says: "the output of a function call that the server generated is rejected",
    breaks: "resp.round-trip",
    fault: "refused",
    also: ["resp.accepts-input-shapes"],
    seen: [`${create}: input, function call output`],
    ...refusingItems("No tool call found for this output", ({ type }) => type === "function_call_output"),
  },
  {
    id: "resp-results-not-answered",
    says: "the response to a function call output has no output",
    breaks: "resp.round-trip",
    fault: "not-answered",
    also: [],
    seen: [`${create}: input, function call output`],
    ...onResponse((_, { input }) => (Array.isArray(input) && input.some(isCallItem) ? { output: [] } : {})),
  },
  {
    id: "resp-stream-other-output",
    says: "the text of a streamed response ends with an additional line",
    breaks: "resp.stream-equals-whole",
    fault: "other-output",
    also: ["resp.text-format-honoured"],
    seen: ["OpenAI API reference, Responses streaming events: response.completed"],
    ...onResponse(({ output }, _, { streaming }) => ({
      output: output.map((item) =>
        streaming && item.type === "message"
          ? {
              ...item,
              content: item.content.map((part) =>
                part.type === "output_text" ? { ...part, text: `${part.text}\n--` } : part,
              ),
            }
          : item,
      ),
    })),
  },
  {
    id: "resp-stream-other-status",
    says: "a streamed response ends as if a content filter had stopped it",
    breaks: "resp.stream-equals-whole",
    fault: "other-status",
    also: [],
    seen: ["OpenAI API reference, Responses streaming events: response.completed"],
    ...onResponse(({ status }, _, { streaming }) =>
      streaming && status === "completed"
        ? { status: "incomplete", incomplete_details: { reason: "content_filter" } }
        : {},
    ),
  },
  {
    id: "resp-stream-other-usage",
    says: "input_tokens is one higher in a stream than in a non-streamed response",
    breaks: "resp.stream-equals-whole",
    fault: "other-usage",
    also: [],
    seen: ["OpenAI API reference, Responses streaming events: response.completed"],
    ...onResponse(({ usage }, _, { streaming }) =>
      streaming && usage
        ? {
            usage: {
              ...usage,
              input_tokens: usage.input_tokens + 1,
              total_tokens: usage.total_tokens + 1,
            },
          }
        : {},
    ),
  },
  {
    id: "resp-kept-without-output",
    says: "a retrieved response has no output",
    breaks: "resp.get-after-create",
    fault: "differs",
    also: [],
    seen: [keeping],
    ...onReply("retrieveResponse", (response) => ({ ...response, output: [] })),
  },
  {
    id: "resp-unstored-kept",
    says: "a response created with store: false can be retrieved",
    breaks: "resp.get-after-create",
    fault: "kept-unasked",
    also: ["resp.delete-after-create"],
    seen: [`${create}: store`],
    ...findingAll,
  },
  {
    id: "resp-unknown-found",
    says: "an unknown response id returns some response",
    breaks: "resp.get-after-create",
    fault: "unknown-accepted",
    also: ["resp.delete-after-create"],
    seen: [keeping],
    ...findingAll,
  },
  {
    id: "resp-unknown-bad-request",
    says: "an unknown response id is answered with 400",
    breaks: "resp.get-after-create",
    fault: "unknown-status",
    also: [],
    seen: [keeping],
    ...onMissing("retrieveResponse", () => ({ status: 400 })),
  },
  {
    id: "resp-delete-not-confirmed",
    says: "the deletion result does not contain deleted: true",
    breaks: "resp.delete-after-create",
    fault: "not-confirmed",
    also: [],
    seen: [keeping],
    ...onReply("deleteResponse", (reply) => without(reply, "deleted")),
  },
  {
    id: "resp-deleted-still-there",
    says: "a deleted response can still be retrieved",
    breaks: "resp.delete-after-create",
    fault: "still-there",
    also: ["resp.get-after-create"],
    seen: [keeping],
    ...findingAll,
  },
  {
    id: "resp-input-items-named-otherwise",
    says: "the input items are not wrapped in a list object",
    breaks: "resp.input-items",
    fault: "shape",
    also: [],
    seen: [keeping],
    ...onReply("listResponseInputItems", ({ data }) => ({ items: data })),
  },
  {
    id: "resp-input-items-empty",
    says: "the list of input items is empty",
    breaks: "resp.input-items",
    fault: "not-listed",
    also: [],
    seen: [keeping],
    ...onReply("listResponseInputItems", (list) => ({ ...list, data: [], first_id: null, last_id: null })),
  },
  {
    id: "resp-previous-lost",
    says: "a new response is not found by previous_response_id",
    breaks: "resp.previous-response",
    fault: "lost",
    also: [],
    seen: [`${create}: previous_response_id`],
    ...refusing(
      error("Previous response not found.", "previous_response_id", "previous_response_not_found"),
      ({ previous_response_id: id }) => id != null,
    ),
  },
  {
    id: "resp-previous-instructions-kept",
    says: "the instructions of the previous response are carried over",
    breaks: "resp.previous-response",
    fault: "inherits-instructions",
    also: [],
    seen: [`${create}: instructions are not carried over`],
    ...onResponse((_, { previous_response_id: id, instructions }) =>
      id != null && instructions == null ? { instructions: "Be brief." } : {},
    ),
  },
  {
    id: "resp-previous-ignored",
    says: "previous_response_id is accepted but ignored",
    breaks: "resp.previous-response",
    fault: "unknown-accepted",
    also: ["resp.echo"],
    seen: [`${create}: previous_response_id`],
    ...misreading((request) => without(request, "previous_response_id")),
  },
  {
    id: "resp-previous-unknown-conflict",
    says: "an unknown previous_response_id is answered with 409",
    breaks: "resp.previous-response",
    fault: "unknown-status",
    also: [],
    seen: [`${create}: previous_response_id`],
    ...onMissingPrevious(() => ({ status: 409 })),
  },
  {
    id: "resp-own-output-refused",
    says: "messages with an id are rejected in the input",
    breaks: "resp.replay-own-output",
    fault: "refused",
    also: [],
    seen: ["https://github.com/BerriAI/litellm/issues/13420"],
    ...refusingItems(
      "Unknown parameter: id",
      (item) => item.type === "message" && "id" in item && item.role === "assistant",
    ),
  },
  {
    id: "resp-unmatched-output-conflict",
    says: "the output of an unknown function call is answered with 409",
    breaks: "resp.unmatched-output",
    fault: "other-status",
    also: [],
    seen: [`${create}: input, function call output, call_id`],
    ...onWire(
      (_, { operationId, request }) =>
        operationId === "createResponse" && isUnmatched((request as Partial<ResponseRequest>).input ?? []),
      (reply) => asJson(reply, error("No tool call found for this output.", "input"), 409),
    ),
  },
  {
    id: "resp-encrypted-reasoning-missing",
    says: "include is accepted, and items of reasoning have no encrypted content",
    breaks: "resp.encrypted-reasoning",
    fault: "missing",
    also: [],
    seen: ["https://github.com/ogx-ai/ogx/issues/4404", "https://github.com/vllm-project/vllm/pull/32247"],
    ...onItems((item) => (item.type === "reasoning" ? without(item, "encrypted_content") : item)),
  },
  {
    id: "resp-model-of-another-family",
    says: "a response of another model than the requested one, which it names",
    breaks: "resp.model-family",
    fault: "other",
    also: [],
    seen: ["https://github.com/anthony-chaudhary/fak/issues/360"],
    ...onShown((response) => ({ ...response, model: "claude-sonnet-4-5" })),
  },
]

/** A response that says that the model will not do what it was asked. */
const refusal = (item: ResponseOutputItem): object =>
  item.type === "message"
    ? { ...item, content: [{ type: "refusal", refusal: "I cannot help with that." }] }
    : item

const turned = (object: object): object => Object.fromEntries(Object.entries(object).reverse())

export const responseVariants: readonly Variant[] = [
  {
    id: "resp-members-in-any-order",
    says: "the members of usage and of items come in another order when the response is streamed or retrieved",
    notes: [],
    seen: [
      "ollama, openai/responses.go: Go maps have no order",
      "RFC 8259, section 4: objects are unordered",
    ],
    ...onShown(({ usage, output, ...response }, { operationId, streaming }) =>
      streaming || operationId === "retrieveResponse"
        ? { ...response, usage: usage && turned(usage), output: output.map(turned) }
        : { ...response, usage, output },
    ),
  },
  {
    id: "resp-call-ids-anew",
    says: "the call_id of function calls is made anew for each reply",
    notes: [],
    seen: ["ollama, openai/responses.go: call_id is random"],
    ...onResponse(({ output }, _, { streaming }) => ({
      output: output.map((item) =>
        item.type === "function_call" && streaming ? { ...item, call_id: `${item.call_id}s` } : item,
      ),
    })),
  },
  {
    id: "resp-limit-used-up",
    says: "a reasoning model that used up its token limit before its output is answered with 400",
    notes: [],
    seen: ["https://github.com/weave-os/router/issues/589"],
    ...refusing(outOfTokens, ({ max_output_tokens: limit }) => limit != null && limit <= 64),
  },
  {
    id: "resp-parallel-arguments-malformed",
    says: "the model writes arguments that are not JSON when it calls several functions at once",
    notes: ["resp.args-json-lax"],
    seen: [
      `${object}: function_call, arguments`,
      "OpenAI guide to structured outputs: not with parallel function calls",
    ],
    ...onParallelCalls((call) => ({ ...call, arguments: call.arguments.slice(0, -1) })),
  },
  {
    id: "resp-parallel-calls-off-schema",
    says: "the arguments of several calls at once do not follow the schemas of their strict functions",
    notes: ["resp.args-schema-lax"],
    seen: ["OpenAI guide to structured outputs: not with parallel function calls"],
    ...onParallelCalls((call) => ({ ...call, arguments: "{}" })),
  },
  {
    id: "resp-hallucinated-function",
    says: "the model calls multi_tool_use.parallel, which was not offered, unless one function has to be called",
    notes: ["resp.name-offered"],
    seen: ["https://github.com/vercel/ai/issues/2786"],
    ...onResponse(({ output }, { tool_choice }) =>
      typeof tool_choice === "object"
        ? {}
        : {
            output: output.map((item) =>
              item.type === "function_call" ? { ...item, name: "multi_tool_use.parallel" } : item,
            ),
          },
    ),
  },
  {
    id: "resp-logprobs-missing",
    says: "output text has no logprobs member when log probabilities were not requested",
    notes: [],
    seen: [`${object}: servers older than the member`],
    ...onShown((response) => ({
      ...response,
      output: response.output.map((item) =>
        item.type === "message"
          ? {
              ...item,
              content: item.content.map((part) =>
                "logprobs" in part && part.logprobs?.length ? part : without(part, "logprobs"),
              ),
            }
          : item,
      ),
    })),
  },
  {
    id: "resp-usage-details-missing",
    says: "usage has no details",
    notes: [],
    seen: [`${object}: usage`],
    ...onShown((response) => ({
      ...response,
      usage: response.usage && without(response.usage, "input_tokens_details", "output_tokens_details"),
    })),
  },
  {
    id: "resp-azure-members",
    says: "responses and their items contain undocumented members",
    notes: [],
    seen: ["Azure OpenAI reference, the response object: content_filters"],
    ...onShown((response) => ({
      ...response,
      content_filters: [{ blocked: false, source_type: "prompt", content_filter_results: {} }],
      output: response.output.map((item) => ({ ...item, agent: null })),
    })),
  },
  {
    id: "resp-unknown-item",
    says: "the output starts with an item of an unknown type",
    notes: [],
    seen: [`${object}: the kinds of items have grown before`],
    ...onShown((response) => ({
      ...response,
      output: [{ type: "x_note", id: "note_1", note: "Hm." }, ...response.output],
    })),
  },
  {
    id: "resp-commentary",
    says: "the output starts with a message that describes the following function call",
    notes: [],
    seen: [`${object}: output, message, phase`],
    ...onShown((response, situation) => {
      // A text whose tokens were asked for would not come without them.
      const include = asked(situation, "include")
      if (Array.isArray(include) && include.includes("message.output_text.logprobs")) return response
      const commentary = {
        type: "message",
        id: "msg_commentary",
        role: "assistant",
        status: "completed",
        phase: "commentary",
        content: [{ type: "output_text", text: "Let me see.", annotations: [] }],
      }
      return { ...response, output: [commentary, ...response.output] }
    }),
  },
  {
    id: "resp-call-id-only",
    says: "function calls have a call_id but no id",
    notes: [],
    seen: [`${object}: function_call, id is optional`],
    ...onShown((response) => ({
      ...response,
      output: response.output.map((item) => (item.type === "function_call" ? without(item, "id") : item)),
    })),
  },
  {
    id: "resp-model-snapshot",
    says: "the model of the response is the dated snapshot of the requested alias",
    notes: [],
    seen: [`${object}: model`],
    ...onShown((response) => ({ ...response, model: `${response.model}-2024-08-06` })),
  },
  {
    id: "resp-tools-completed",
    says: "the tools in the response contain members that the request left out",
    notes: [],
    seen: [`${object}: tools`],
    ...onShown((response) => ({
      ...response,
      tools: response.tools.map((tool) => ({ description: null, parameters: {}, strict: true, ...tool })),
    })),
  },
  {
    id: "resp-refusal",
    says: "the model refuses to answer",
    notes: [],
    seen: [`${object}: refusal`],
    ...onShown((response) => ({ ...response, output: response.output.map(refusal) })),
  },
  {
    id: "resp-nothing-kept",
    says: "responses cannot be retrieved, deleted or continued",
    notes: [],
    seen: ["the gateway documents no path for what is kept"],
    ...onWire(
      (_, situation) =>
        situation.operationId === "retrieveResponse" ||
        situation.operationId === "deleteResponse" ||
        situation.operationId === "listResponseInputItems" ||
        (situation.operationId === "createResponse" &&
          asked(situation, "previous_response_id") !== undefined),
      (reply, { operationId }) =>
        operationId === "createResponse"
          ? asJson(reply, error("Unsupported parameter: previous_response_id", "previous_response_id"), 400)
          : asJson(reply, error("Unknown request URL"), 404),
    ),
  },
  {
    id: "resp-delete-no-content",
    says: "a deletion is confirmed with 204 and no body",
    notes: ["http.success-status", "resp.delete-after-create"],
    seen: ["RFC 9110, section 9.3.5"],
    ...onWire(
      ({ status }, { operationId }) => operationId === "deleteResponse" && status === 200,
      ({ headers }) => ({
        status: 204,
        headers: headers.filter(([name]) => name.toLowerCase() !== "content-type"),
        body: "",
      }),
    ),
  },
  {
    id: "resp-model-deployment",
    says: "the model of a response is the name of a deployment, whole and streamed",
    notes: [],
    seen: ["Azure OpenAI: deployments have names of their own"],
    ...onShown((response) => ({ ...response, model: "prod-chat-eu" })),
  },
]
