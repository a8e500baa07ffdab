import { catalogue, type ErrorObject } from "@nexhina/schemas"
import type { StreamEvent } from "@nexhina/stream"
import { type Alteration, headerOf, type Reply, type Situation } from "@nexhina/wire"
import { acceptedChat } from "./accepted.ts"
import {
  asked,
  type Defect,
  onErrors,
  onRequest,
  onWire,
  stateful,
  type Variant,
  type Where,
  without,
} from "./defect.ts"
import { isAnswer, onModerations, refusal, withHeader, withoutHeader } from "./http.ts"

/** Changes every error object. */
const onErrorObject = (change: (error: ErrorObject) => object) =>
  onErrors(({ error }) => ({ error: change(error) }))

/** Changes what stands on the wire of a chat's refusal with this status. */
const onChatRefusal = (
  status: number,
  where: (situation: Situation) => boolean,
  change: (reply: Reply, situation: Situation) => Partial<Reply>,
  wider?: Where,
) =>
  onWire(
    (reply, situation) =>
      situation.operationId === "createChatCompletion" && reply.status === status && where(situation),
    change,
    wider,
  )

/** As `onChatRefusal`; for a request that selects it, changes the refusals of every operation. */
const onRefusal = (
  status: number,
  where: (situation: Situation) => boolean,
  change: (reply: Reply) => Partial<Reply>,
  wider = where,
) =>
  onChatRefusal(
    status,
    where,
    change,
    (reply, situation) => isAnswer(reply, situation) && reply.status === status && wider(situation),
  )

const isAny = () => true
const isNoJson = ({ request }: Situation) => request === undefined
const isJson = ({ request }: Situation) => request !== undefined
/** Whether the body was meant to be JSON, and is not. */
const isBrokenJson = (situation: Situation) =>
  isNoJson(situation) &&
  situation.ask.method === "POST" &&
  !/^(?:multipart|application\/x-www)/i.test(headerOf(situation.ask.headers, "content-type") ?? "")
const namesModel = (situation: Situation) => asked(situation, "model") !== undefined
const hasMessages = (situation: Situation) => Array.isArray(asked(situation, "messages"))
const lacksMessages = (situation: Situation) =>
  situation.request !== undefined && asked(situation, "messages") === undefined

const isKnownModel = (model: unknown) => catalogue.some(({ id }) => id === model)

const busy = JSON.stringify({
  error: {
    message: "Too many requests.",
    type: "rate_limit_error",
    param: null,
    code: "rate_limit_exceeded",
  },
})

/** Has one endpoint say that there were too many requests; for a request that selects it, every endpoint. */
const onBusy = (change: (headers: Reply["headers"]) => Reply["headers"]) =>
  onModerations(({ headers }) => refusal({ headers: change(headers) }, 429, busy))

type Events = Extract<Alteration, { stage: "events" }>

type StreamChange = (first: readonly StreamEvent[], rest: readonly StreamEvent[]) => readonly StreamEvent[]

/** Changes a chat stream, given what comes first and the rest. */
const midStream = (change: StreamChange): Events => ({
  stage: "events",
  apply: (events, { operationId }) =>
    operationId === "createChatCompletion" ? change(events.slice(0, 2), events.slice(2)) : events,
})

/** As `midStream`; for a request that selects it, changes every stream. */
const midAnyStream = (change: StreamChange): Events & { readonly wider: Events } => ({
  ...midStream(change),
  wider: { stage: "events", apply: (events) => change(events.slice(0, 2), events.slice(2)) },
})

const failed = { message: "The upstream failed.", type: "server_error", param: null, code: null }

const page = "<html><head><title>413 Request Entity Too Large</title></head></html>"

/** Has a proxy refuse several texts at once; for a request that selects it, any request. */
const onBatch = (type: string, body: string) =>
  onWire(
    (_, situation) => situation.operationId === "createEmbedding" && Array.isArray(asked(situation, "input")),
    ({ headers }) => ({
      status: 413,
      headers: withHeader(withHeader(headers, "content-type", type), "server", "cloudflare"),
      body,
    }),
    isAnswer,
  )

/** The one model that is there answers for every other. */
const withOneModel = onRequest("createChatCompletion", (request) => {
  const model = asked({ request }, "model")
  return isKnownModel(model) ? request : { ...request, model: "gpt-4o" }
})

/** Changes what is answered to a body of more than one MiB. */
const onOversized = (change: (reply: Reply, situation: Situation) => Partial<Reply>) =>
  onWire((_, { ask }) => ask.body.length > 2 ** 20, change)

export const errorDefects: readonly Defect[] = [
  {
    id: "err-plain-text",
    says: "an invalid request is answered with a plain text error",
    breaks: "err.envelope",
    fault: "not-json",
    also: [],
    seen: ["https://github.com/kortix-ai/suna/pull/4444"],
    ...onRefusal(400, isAny, ({ headers }) => ({
      headers: withHeader(headers, "content-type", "text/plain"),
      body: "Bad Request",
    })),
  },
  {
    id: "err-envelope-flat",
    says: "the error object is not inside an error member",
    breaks: "err.envelope",
    fault: "no-error-object",
    also: ["http.unknown-route-envelope", "models.unknown-404"],
    seen: ["https://github.com/ai-dynamo/dynamo/pull/3914"],
    ...onErrors(({ error }) => error),
  },
  {
    id: "err-empty-message",
    says: "the error message is empty",
    breaks: "err.envelope",
    fault: "no-message",
    also: ["http.unknown-route-envelope", "models.unknown-404"],
    seen: ["https://github.com/vllm-project/vllm/issues/35438"],
    ...onErrorObject((error) => ({ ...error, message: "" })),
  },
  {
    id: "err-no-type",
    says: "the error object has no type",
    breaks: "err.envelope-type",
    fault: "no-type",
    also: [],
    seen: ["Authentication: the error object"],
    ...onErrorObject((error) => without(error, "type")),
  },
  {
    id: "err-html-413",
    says: "a proxy rejects a request with an HTML page",
    breaks: "err.envelope-edge",
    fault: "no-envelope",
    also: [],
    seen: ["https://github.com/partcad/pre-commit/issues/17"],
    ...onBatch("text/html", page),
  },
  {
    id: "err-no-code",
    says: "the error object has no code",
    breaks: "err.envelope-full",
    fault: "absent",
    also: [],
    seen: ["Authentication: the error object"],
    ...onErrorObject((error) => without(error, "code")),
  },
  {
    id: "err-code-of-rate-limit",
    says: "the code of every error is rate_limit_exceeded",
    breaks: "err.code-fits-status",
    fault: "code",
    also: [],
    seen: ["https://github.com/better-auth/better-auth/issues/9504"],
    ...onErrorObject((error) => ({ ...error, code: "rate_limit_exceeded" })),
  },
  {
    id: "err-type-of-rate-limit",
    says: "the type of every error is rate_limit_error",
    breaks: "err.code-fits-status",
    fault: "type",
    also: [],
    seen: ["OpenAI API reference: error codes, 429"],
    ...onErrorObject((error) => ({ ...error, code: null, type: "rate_limit_error" })),
  },
  {
    id: "err-code-number",
    says: "the code of the error is the HTTP status as a number",
    breaks: "err.envelope-full",
    fault: "other-type",
    also: [],
    seen: [
      "https://github.com/vllm-project/aibrix/pull/2594",
      "https://github.com/ai-dynamo/dynamo/pull/3914",
    ],
    ...onErrorObject((error) => ({ ...error, code: 400 })),
  },
  {
    id: "err-no-param",
    says: "the error object has no param",
    breaks: "err.envelope-param",
    fault: "absent",
    also: [],
    seen: ["OpenAI API reference: the error object"],
    ...onErrorObject((error) => without(error, "param")),
  },
  {
    id: "err-param-path",
    says: "the param of the error is a list of keys instead of a string",
    breaks: "err.envelope-param",
    fault: "other-type",
    also: [],
    seen: ["OpenAI API reference: the error object"],
    ...onErrorObject((error) => ({ ...error, param: error.param?.split(/[.[\]]+/) ?? [] })),
  },
  {
    id: "err-message-json",
    says: "the error message is the upstream server's JSON error body as a string",
    breaks: "err.message-prose",
    fault: "json",
    also: [],
    seen: ["https://github.com/vercel/ai/issues/18303"],
    ...onErrorObject((error) => ({ ...error, message: JSON.stringify({ error }) })),
  },
  {
    id: "err-message-html",
    says: "the error message is an HTML page of the upstream proxy",
    breaks: "err.message-prose",
    fault: "html",
    also: [],
    seen: ["https://github.com/partcad/pre-commit/issues/17"],
    ...onErrorObject((error) => ({ ...error, message: `<html><body>${error.message}</body></html>` })),
  },
  {
    id: "err-message-trace",
    says: "the error message contains a stack trace",
    breaks: "err.message-prose",
    fault: "stack-trace",
    also: [],
    seen: ["Authentication: the error object, of which the message is a sentence"],
    ...onErrorObject((error) => ({
      ...error,
      message: `${error.message}\nTraceback (most recent call last):\n  File "api.py", line 7, in create`,
    })),
  },
  {
    id: "err-message-path",
    says: "the error message names a source file of the server",
    breaks: "err.message-prose",
    fault: "file-path",
    also: [],
    seen: ["Authentication: the error object, of which the message is a sentence"],
    ...onErrorObject((error) => ({
      ...error,
      message: `${error.message} (raised in /usr/lib/python3/dist-packages/gateway/routes.py)`,
    })),
  },
  {
    id: "err-malformed-accepted",
    says: "a chat request with invalid JSON is answered with a completion",
    breaks: "err.malformed-json",
    fault: "accepted",
    also: [],
    seen: ["RFC 8259, section 9"],
    ...onChatRefusal(400, isNoJson, acceptedChat),
  },
  {
    id: "err-malformed-422",
    says: "invalid JSON is answered with 422, as some web frameworks do",
    breaks: "err.malformed-json-400",
    fault: "unprocessable",
    also: [],
    seen: ["OpenAI API reference: error codes, 400"],
    ...onRefusal(400, isNoJson, () => ({ status: 422 }), isBrokenJson),
  },
  {
    id: "err-malformed-415",
    says: "invalid JSON is answered with 415, as if its media type were at fault",
    breaks: "err.malformed-json",
    fault: "other-status",
    also: [],
    seen: ["RFC 9110, section 15.5.16"],
    ...onRefusal(400, isNoJson, () => ({ status: 415 }), isBrokenJson),
  },
  {
    id: "err-missing-messages-accepted",
    says: "a chat request without messages is answered with a completion",
    breaks: "err.missing-required",
    fault: "accepted",
    also: [],
    seen: ["OpenAI API reference: create chat completion, messages is required"],
    ...onChatRefusal(400, lacksMessages, acceptedChat),
  },
  {
    id: "err-missing-messages-404",
    says: "a chat request without messages is answered with 404",
    breaks: "err.missing-required",
    fault: "not-found",
    also: [],
    seen: ["https://github.com/diegosouzapw/OmniRoute/pull/6515"],
    ...onChatRefusal(400, lacksMessages, () => ({ status: 404 })),
  },
  {
    id: "err-missing-messages-403",
    says: "a chat request without messages is answered with 403",
    breaks: "err.missing-required",
    fault: "other-status",
    also: [],
    seen: ["OpenAI API reference: error codes"],
    ...onChatRefusal(400, lacksMessages, () => ({ status: 403 })),
  },
  {
    id: "err-wrong-type-accepted",
    says: "request members of a wrong type are ignored",
    breaks: "err.wrong-type",
    fault: "accepted",
    also: [],
    seen: ["OpenAI API reference: create chat completion"],
    ...onChatRefusal(400, hasMessages, acceptedChat),
  },
  {
    id: "err-out-of-range-404",
    says: "a number out of range is answered with 404",
    breaks: "err.out-of-range",
    fault: "other-status",
    also: [],
    seen: ["OpenAI API reference: error codes, 400"],
    ...onRefusal(400, hasMessages, () => ({ status: 404 }), isJson),
  },
  {
    id: "err-unnamed",
    says: "errors do not name the request member at fault",
    breaks: "err.param-named",
    fault: "unnamed",
    also: [],
    seen: ["https://github.com/vllm-project/vllm/issues/35438"],
    ...onErrorObject((error) => ({ ...error, message: "The request is not valid.", param: null })),
  },
  {
    id: "err-unknown-model-backend-error",
    says: "an unknown model is answered with 500 because the backend fails",
    breaks: "err.unknown-model",
    fault: "server-error",
    also: ["err.code-fits-status"],
    seen: ["https://github.com/mudler/LocalAI/pull/9133"],
    ...onRefusal(404, isAny, () => ({ status: 500 }), namesModel),
  },
  {
    id: "err-unknown-model-405",
    says: "an unknown model is answered with 405",
    breaks: "err.unknown-model",
    fault: "other-status",
    also: ["err.code-fits-status"],
    seen: ["OpenAI API reference: error codes, 404"],
    ...onRefusal(404, isAny, () => ({ status: 405 }), namesModel),
  },
  {
    id: "err-unknown-model-impersonated",
    says: "a request for an unknown model is answered by the only available model",
    breaks: "err.unknown-model-refused",
    fault: "answered",
    also: [],
    seen: [
      "https://github.com/ddalcu/mlx-serve/issues/257",
      "https://github.com/sgl-project/sglang/pull/31419",
    ],
    ...withOneModel,
  },
  {
    id: "err-stream-validation-200",
    says: "an invalid streaming request is answered with a stream that contains the error",
    breaks: "err.status-independent-of-stream",
    fault: "stream-accepted",
    also: ["err.status-before-stream", "err.missing-required", "err.wrong-type"],
    seen: ["https://github.com/sgl-project/sglang/pull/20027"],
    ...onRefusal(
      400,
      ({ streaming }) => streaming,
      ({ headers, body }) => ({
        status: 200,
        headers: withHeader(headers, "content-type", "text/event-stream"),
        body: `data: ${body}\n\ndata: [DONE]\n\n`,
      }),
    ),
  },
  {
    id: "err-stream-validation-422",
    says: "an invalid request is answered with a different status when it is a streaming request",
    breaks: "err.status-independent-of-stream",
    fault: "differs",
    also: [],
    seen: ["https://github.com/sgl-project/sglang/pull/20027"],
    ...onRefusal(
      400,
      ({ streaming }) => streaming,
      () => ({ status: 422 }),
    ),
  },
  {
    id: "err-429-no-retry-after",
    says: "a rate limit error (429) has no retry-after header",
    breaks: "err.retry-after",
    fault: "absent",
    also: [],
    seen: [
      "https://github.com/BerriAI/litellm/pull/30098",
      "https://github.com/majiayu000/litellm-rs/issues/833",
    ],
    ...onBusy((headers) => withoutHeader(headers, "retry-after")),
  },
  {
    id: "err-429-retry-soon",
    says: "the retry-after header of a rate limit error (429) is text instead of seconds or a date",
    breaks: "err.retry-after",
    fault: "malformed",
    also: [],
    seen: ["RFC 9110, section 10.2.3"],
    ...onBusy((headers) => withHeader(headers, "retry-after", "soon")),
  },
  {
    id: "err-midstream-text",
    says: "an error in a stream is a plain string",
    breaks: "err.midstream-signalled",
    fault: "shape",
    also: [],
    seen: ["https://github.com/mastra-ai/mastra/pull/22097"],
    ...midAnyStream((first) => [...first, { data: { error: failed.message } }]),
  },
  {
    id: "err-midstream-unseen",
    says: "an error in a stream is sent as a comment in an event without data",
    breaks: "err.midstream-signalled",
    fault: "no-data",
    also: ["sse.grammar"],
    seen: ["https://github.com/ai-dynamo/dynamo/pull/8430"],
    ...midAnyStream((first, rest) => [...first, { event: "error", comment: failed.message }, ...rest]),
  },
  {
    id: "err-midstream-goes-on",
    says: "chunks follow an error in a stream",
    breaks: "err.midstream-signalled",
    fault: "goes-on",
    also: [],
    seen: ["https://github.com/langgenius/dify/pull/37236"],
    ...midAnyStream((first, rest) => [...first, { data: { error: failed } }, ...rest]),
  },
  {
    id: "logprobs-stream-crash",
    says: "a streaming request with logprobs is answered with a stream that contains only an error",
    breaks: "err.status-before-stream",
    fault: "in-band",
    also: [],
    seen: [
      "https://github.com/BerriAI/litellm/issues/3253",
      "https://github.com/vllm-project/tpu-inference/issues/3572",
    ],
    stage: "events",
    apply: (events, situation) =>
      situation.operationId === "createChatCompletion" && asked(situation, "logprobs")
        ? [{ data: { error: { message: "Object of type Logprobs is not serializable", type: "None" } } }]
        : events,
  },
  {
    id: "err-oversized-truncated",
    says: "a request body over the size limit is truncated and answered",
    breaks: "err.oversized",
    fault: "accepted",
    also: [],
    seen: ["RFC 9110, section 15.5.14"],
    ...onOversized(acceptedChat),
  },
  {
    id: "err-oversized-500",
    says: "a request body over the size limit causes a server error",
    breaks: "err.oversized",
    fault: "other-status",
    also: [],
    seen: ["https://github.com/NousResearch/hermes-agent/pull/33077"],
    ...onOversized(() => ({ status: 500, body: JSON.stringify({ error: failed }) })),
  },
  {
    id: "err-html-413-large-body",
    says: "a request body over the size limit is rejected with an HTML page",
    breaks: "err.oversized",
    fault: "no-envelope",
    also: ["err.envelope"],
    seen: ["https://github.com/partcad/pre-commit/issues/17"],
    ...onOversized(({ headers }) => ({
      status: 413,
      headers: withHeader(headers, "content-type", "text/html"),
      body: "<html><head><title>413 Request Entity Too Large</title></head></html>",
    })),
  },
]

export const errorVariants: readonly Variant[] = [
  {
    id: "err-azure-401",
    says: "a 401 has only a code and a message, as Azure's gateway answers",
    notes: ["err.envelope-type", "err.envelope-param"],
    seen: ["Azure OpenAI: access denied due to invalid subscription key or wrong API endpoint"],
    trait: "azure",
    ...onErrors((body) =>
      body.error.code === "invalid_api_key"
        ? { error: { code: "401", message: "Access denied due to invalid subscription key." } }
        : body,
    ),
  },
  {
    id: "err-single-model",
    says: "a server with a single model accepts any model name",
    notes: [],
    seen: ["https://github.com/ollama/ollama/issues/6646", "https://github.com/ddalcu/mlx-serve/pull/258"],
    trait: "single-model",
    ...withOneModel,
  },
  {
    id: "err-bare",
    says: "errors contain a message, a type and a numeric code",
    notes: ["err.envelope-full", "err.envelope-param", "err.param-named"],
    seen: ["https://github.com/vllm-project/aibrix/pull/2594"],
    ...onErrorObject(({ message, type }) => ({ message, type, code: 400 })),
  },
  {
    id: "err-message-names",
    says: "errors name the request member at fault only in the message",
    notes: [],
    seen: ["Authentication: the error object has no param"],
    ...onErrorObject((error) => ({ ...error, message: `${error.message} (${error.param})`, param: null })),
  },
  {
    id: "err-message-lists",
    says: "the error message contains brackets, quotes and an API path",
    notes: [],
    seen: ["OpenAI API reference: error codes"],
    ...onErrorObject((error) => ({
      ...error,
      message: `[/v1/chat/completions] {request}: ${error.message} See https://example.com/errors.`,
    })),
  },
  {
    id: "err-unknown-model-400",
    says: "an unknown model is answered with 400",
    notes: [],
    seen: ["https://github.com/ollama/ollama/issues/6646"],
    ...onRefusal(404, isAny, () => ({ status: 400 }), namesModel),
  },
  {
    id: "err-unknown-model-403",
    says: "an unknown model is answered with 403, as under a project's list of models",
    notes: [],
    seen: ["https://github.com/Aider-AI/aider/issues/1903", "https://github.com/BerriAI/litellm/pull/41852"],
    ...onRefusal(404, isAny, () => ({ status: 403 }), namesModel),
  },
  {
    id: "err-unreadable-422",
    says: "malformed JSON is answered with 422",
    notes: ["err.malformed-json-400"],
    seen: ["https://fastapi.tiangolo.com/tutorial/handling-errors/"],
    ...onRefusal(400, isNoJson, () => ({ status: 422 }), isBrokenJson),
  },
  {
    id: "err-422",
    says: "request members of a wrong type are answered with 422",
    notes: [],
    seen: ["RFC 9110, section 15.5.21"],
    ...onRefusal(400, isJson, () => ({ status: 422 })),
  },
  {
    id: "err-edge-page",
    says: "a proxy rejects a request with an HTML page",
    notes: ["err.envelope-edge"],
    seen: ["https://github.com/partcad/pre-commit/issues/17"],
    ...onBatch("text/html", page),
  },
  {
    id: "err-edge-object",
    says: "a proxy rejects a request with an error object",
    notes: [],
    seen: ["OpenAI API reference: error codes"],
    ...onBatch("application/json", busy),
  },
  {
    id: "err-quota",
    says: "the quota is used up (429), and retrying does not help",
    notes: [],
    seen: ["OpenAI API reference: error codes, 429"],
    ...onBusy((headers) => [...headers, ["x-should-retry", "false"]]),
  },
  {
    id: "err-midstream",
    says: "a stream contains an error",
    notes: [],
    seen: ["https://github.com/mastra-ai/mastra/pull/22097"],
    ...midStream((first) => [...first, { data: { error: failed } }]),
  },
  {
    id: "err-midstream-named",
    says: "a stream contains an error in an event named error, and ends with [DONE]",
    notes: [],
    seen: ["WHATWG HTML, section 9.2.6"],
    ...midStream((first) => [...first, { event: "error", data: { error: failed } }, { data: "[DONE]" }]),
  },
  {
    id: "err-413-as-invalid-json",
    says: "a request body over the size limit is rejected as invalid JSON",
    notes: [],
    seen: ["https://github.com/NousResearch/hermes-agent/pull/33077"],
    ...onOversized(() => ({
      status: 400,
      body: JSON.stringify({ error: { ...failed, message: "Invalid JSON.", type: "invalid_request_error" } }),
    })),
  },
  {
    id: "err-servers-take-turns",
    says: "invalid requests are answered with 400 and 422 in turn, by two servers behind one address",
    notes: ["err.malformed-json-400"],
    seen: ["RFC 9110, section 15.5.21", "https://fastapi.tiangolo.com/tutorial/handling-errors/"],
    ...stateful(() => {
      let refusals = 0
      return onWire(
        ({ status }, { operationId }) => status === 400 && operationId !== undefined,
        () => ({ status: refusals++ % 2 ? 422 : 400 }),
      )
    }),
  },
]
