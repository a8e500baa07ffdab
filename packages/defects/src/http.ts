import { gzipSync } from "node:zlib"
import type { Frame } from "@nexhina/stream"
import { type Header, headerOf, type Reply, type Situation } from "@nexhina/wire"
import { asked, type Defect, onReply, onWire, type Variant, type Where } from "./defect.ts"

const utf8 = new TextEncoder()
const decoder = new TextDecoder()

/** The headers with one more, or with another value for one of them. */
export const withHeader = (headers: readonly Header[], name: string, value: string): Header[] => [
  ...withoutHeader(headers, name),
  [name, value],
]

export const withoutHeader = (headers: readonly Header[], name: string): Header[] =>
  headers.filter(([other]) => other.toLowerCase() !== name.toLowerCase())

const isJson = ({ headers }: Pick<Reply, "headers">) =>
  headerOf(headers, "content-type") === "application/json"

/** A refusal instead of a reply, which may be a stream, a file, or the reply to HEAD. */
export function refusal(
  reply: Pick<Reply, "headers">,
  status: number,
  body: string,
): Pick<Reply, "status" | "headers" | "body"> {
  const headers = withoutHeader(reply.headers, "content-length")
  return {
    status,
    headers: isJson(reply) ? headers : withHeader(headers, "content-type", "application/json"),
    body,
  }
}

/** A body that is known as a whole: a text, bytes, or the frames of a stream. */
type WholeBody = string | Uint8Array | readonly Frame[]

/** Returns the body of a reply; undefined when it is empty, or a stream that is made as it is read. */
function wholeBody({ body }: Reply): WholeBody | undefined {
  const isWhole = typeof body === "string" || body instanceof Uint8Array || Array.isArray(body)
  return isWhole && body.length > 0 ? body : undefined
}

function bytesOf(body: WholeBody): Uint8Array {
  if (typeof body === "string") return utf8.encode(body)
  return body instanceof Uint8Array ? body : Buffer.concat(body.map(({ bytes }) => bytes))
}

const isAnyReply: Where = () => true

/** Every answer of the API as it is, on the wire. */
export const isAnswer: Where = (_, { operationId }) => operationId !== undefined

const isSuccess: Where = ({ status }) => status === 200

const isEmbedding: Where = ({ status }, { operationId }) =>
  operationId === "createEmbedding" && status === 200

/** Changes an answer with embeddings; for a request that selects it, every reply of a kind. */
const onEmbeddings = (wider: Where, change: (reply: Reply) => Partial<Reply>) =>
  onWire(isEmbedding, change, wider)

/** Changes the body of an answer with embeddings; for a request that selects it, every body. */
const onBody = (change: (body: WholeBody, reply: Reply) => Partial<Reply>) =>
  onEmbeddings(
    (reply) => wholeBody(reply) !== undefined,
    (reply) => change(wholeBody(reply) ?? "", reply),
  )

/** Changes the JSON text of embeddings; for a request that selects it, that of every success. */
const onJson = (change: (text: string, reply: Reply) => Partial<Reply>) =>
  onEmbeddings(hasJson, (reply) => change(jsonOf(reply), reply))

/** The first half of a text, of bytes, or of the frames of a stream. */
const half = (body: WholeBody) => body.slice(0, body.length / 2)

/** A text, and white space behind it for ever. */
function* endless(text: string): Generator<Frame> {
  yield { bytes: utf8.encode(text) }
  const space = new Uint8Array(65_536).fill(0x20)
  for (let atMs = 1; ; atMs++) yield { bytes: space, atMs }
}

/** The text's bytes with a lone byte of Latin-1 before the first string that is a member. */
function withLatin1(text: string): WholeBody {
  const [before, ...after] = text.split('":"')
  if (before === undefined || after.length === 0) return text
  return Buffer.concat([utf8.encode(`${before}":"`), Uint8Array.of(0xe9), utf8.encode(after.join('":"'))])
}

/** The text with NaN instead of the first number that is a member or begins a list. In a string, a quote is escaped. */
const withNaN = (text: string) => text.replace(/(?<=(?<!\\)":\[?)-?\d[\d.eE+-]*/, "NaN")

const isJsonSuccess = (reply: Reply) => reply.status === 200 && isJson(reply)

/** Returns whether a reply is a success with JSON in its body: the reply to HEAD is none. */
export const hasJson = (reply: Reply) => isJsonSuccess(reply) && wholeBody(reply) !== undefined

/** Returns the JSON text of a reply that has one. */
export function jsonOf(reply: Reply): string {
  const body = wholeBody(reply) ?? ""
  return typeof body === "string" ? body : decoder.decode(bytesOf(body))
}

/** Changes a chat's refusal that is not about the key nor of a stream; for a request that selects it, every refusal. */
const onRefusals = (change: (reply: Reply) => Partial<Reply>) =>
  onWire(
    ({ status }, { operationId, streaming }) =>
      operationId === "createChatCompletion" && !streaming && (status === 400 || status === 404),
    change,
    (reply) => reply.status >= 400 && isJson(reply),
  )

const serverError = JSON.stringify({
  error: { message: "The server failed.", type: "server_error", param: null, code: null },
})

const inputRefused = (message: string) =>
  JSON.stringify({ error: { message, type: "invalid_request_error", param: "input", code: null } })

const isUnknownPath = ({ status }: Reply, { operationId }: Situation) =>
  operationId === undefined && status === 404

/** Has one endpoint send something else; for a request that selects it, every endpoint. */
export const onModerations = (change: (reply: Reply) => Partial<Reply>) =>
  onWire((_, { operationId }) => operationId === "createModeration", change, isAnswer)

/** Changes the time at which a whole completion says that it was made. */
const onChatDate = (change: (seconds: number) => number) =>
  onReply("createChatCompletion", (completion, { streaming }) =>
    streaming ? completion : { ...completion, created: change(completion.created) },
  )

export const httpDefects: readonly Defect[] = [
  {
    id: "http-member-twice",
    says: "the JSON of a completion has content twice, first as null",
    breaks: "http.members-unique",
    fault: "repeated",
    also: [],
    seen: ["RFC 8259, section 4"],
    ...onWire(
      (reply, { operationId }) => operationId === "createChatCompletion" && isJsonSuccess(reply),
      ({ body }) => ({ body: String(body).replace('"content":"', '"content":null,"content":"') }),
    ),
  },
  {
    id: "http-created-milliseconds",
    says: "created is in milliseconds",
    breaks: "http.created-plausible",
    fault: "milliseconds",
    also: [],
    seen: ["OpenAI API reference: created, the Unix timestamp in seconds"],
    ...onChatDate((seconds) => 1000 * seconds),
  },
  {
    id: "http-created-zero",
    says: "created is 0",
    breaks: "http.created-plausible",
    fault: "not-positive",
    also: [],
    seen: ["OpenAI API reference: created, the Unix timestamp in seconds"],
    ...onChatDate(() => 0),
  },
  {
    id: "http-model-empty",
    says: "model is empty",
    breaks: "http.model-named",
    fault: "empty",
    also: [],
    seen: ["OpenAI API reference: model, the model used for the reply"],
    stage: "value",
    apply: (value, { streaming }) =>
      !streaming && typeof value === "object" && value !== null && "model" in value
        ? { ...value, model: "" }
        : value,
  },
  {
    id: "http-required-not-offered",
    says: "an endpoint that the test run requires is not available",
    breaks: "http.offers-required",
    fault: "not-offered",
    also: ["http.unknown-route-envelope"],
    seen: ["https://github.com/modelcontextprotocol/conformance/issues/516"],
    ...onModerations((reply) => refusal(reply, 405, serverError)),
  },
  {
    id: "http-embedding-of-text-refused",
    says: "embeddings of one text are refused: the input has to be a list",
    breaks: "http.accepts-plain-form",
    fault: "refused",
    also: [],
    seen: [
      "https://github.com/cubist38/mlx-openai-server/issues/73",
      "https://github.com/michaelfeil/infinity/issues/98",
      "https://github.com/theroyallab/tabbyAPI/issues/245",
    ],
    ...onWire(
      (reply, situation) => isEmbedding(reply, situation) && typeof asked(situation, "input") === "string",
      () => ({ status: 422, body: inputRefused("Input should be a valid list") }),
    ),
  },
  {
    id: "http-embedding-of-list-refused",
    says: "embeddings of a list are refused: the input has to be a string",
    breaks: "http.accepts-documented-form",
    fault: "refused",
    also: [],
    seen: [
      "https://github.com/michaelfeil/infinity/issues/36",
      "https://github.com/lm-sys/FastChat/pull/1300",
      "https://github.com/danny-avila/rag_api/issues/104",
    ],
    ...onWire(
      (reply, situation) => isEmbedding(reply, situation) && Array.isArray(asked(situation, "input")),
      () => ({ status: 400, body: inputRefused("input must be a string") }),
    ),
  },
  {
    id: "http-silent",
    says: "the server sends only an interim (1xx) response",
    breaks: "http.answers",
    fault: "silent",
    also: [],
    seen: ["https://github.com/microsoft/foundry-local/issues/422", "RFC 9110, section 15.2"],
    ...onEmbeddings(isAnyReply, () => ({ status: 102, headers: [], body: "", end: "hang" })),
  },
  {
    id: "http-hung-up",
    says: "the connection is reset before the response",
    breaks: "http.answers",
    fault: "hung-up",
    also: [],
    seen: ["RFC 9110, section 3.4"],
    ...onEmbeddings(isAnyReply, () => ({ status: 102, headers: [], body: "", end: "reset" })),
  },
  {
    id: "http-two-framings",
    says: "the response has both content-length and transfer-encoding: chunked",
    breaks: "http.answers",
    fault: "not-http",
    also: [],
    seen: ["RFC 9112, section 6.1: a sender must not send content-length with transfer-encoding"],
    ...onBody((_, { headers }) => ({
      headers: withHeader(withHeader(headers, "content-length", "2"), "transfer-encoding", "chunked"),
    })),
  },
  {
    id: "http-cut-short",
    says: "the connection is closed in the middle of a chunked body",
    breaks: "http.body-complete",
    fault: "cut-short",
    also: [],
    seen: ["RFC 9112, section 8"],
    ...onBody((body) => ({ body: half(body), end: "early-close" })),
  },
  {
    id: "http-stalled",
    says: "the body stops in the middle, and the connection stays open",
    breaks: "http.body-complete",
    fault: "stalled",
    also: [],
    seen: ["RFC 9112, section 8"],
    ...onBody((body) => ({ body: half(body), end: "hang" })),
  },
  {
    id: "http-endless",
    says: "the JSON body is followed by endless white space",
    breaks: "http.body-complete",
    fault: "endless",
    also: [],
    seen: ["RFC 9112, section 8"],
    ...onJson((text) => ({ body: endless(text) })),
  },
  {
    id: "http-length-in-characters",
    says: "content-length is lower than the number of bytes in the body",
    breaks: "http.body-complete",
    fault: "overrun",
    also: [],
    seen: ["RFC 9112, section 6.2"],
    ...onBody((body, { headers }) => ({
      headers: withHeader(headers, "content-length", String(Math.max(0, bytesOf(body).length - 2))),
    })),
  },
  {
    id: "http-gzip-by-name-only",
    says: "a body that is not compressed is said to be gzip",
    breaks: "http.content-encoding",
    fault: "not-encoded",
    also: [],
    seen: ["https://github.com/tombii/better-ccflare/pull/243"],
    ...onBody((_, { headers }) => ({ headers: withHeader(headers, "content-encoding", "gzip") })),
  },
  {
    id: "http-gzip-unfinished",
    says: "a body in gzip lacks its last eight bytes",
    breaks: "http.content-encoding",
    fault: "unfinished",
    also: [],
    seen: ["RFC 1952, section 2.3: the trailer of a member"],
    ...onBody((body, { headers }) => ({
      headers: withHeader(headers, "content-encoding", "gzip"),
      body: gzipSync(bytesOf(body)).subarray(0, -8),
    })),
  },
  {
    id: "http-too-large",
    says: "a compressed body is 17 MB long after decompression",
    breaks: "http.within-limits",
    fault: "too-large",
    also: [],
    seen: ["RFC 8259, section 9: a parser may limit the size of a text"],
    ...onJson((text, { headers }) => ({
      headers: withHeader(headers, "content-encoding", "gzip"),
      body: gzipSync(text + " ".repeat(17_000_000)),
    })),
  },
  {
    id: "http-too-deep",
    says: "the JSON body has a member that nests a thousand levels deep",
    breaks: "http.within-limits",
    fault: "too-deep",
    also: [],
    seen: ["RFC 8259, section 9: a parser may limit the depth of nesting"],
    ...onJson((text) => ({
      body: text.replace("{", `{"x":${"[".repeat(1000)}${"]".repeat(1000)},`),
    })),
  },
  {
    id: "http-too-many",
    says: "the JSON body has a list of 300,000 values",
    breaks: "http.within-limits",
    fault: "too-many",
    also: [],
    seen: ["RFC 8259, section 9: a parser may limit the size of a text"],
    ...onJson((text) => ({ body: text.replace("{", `{"x":[${"0,".repeat(300_000)}0],`) })),
  },
  {
    id: "http-content-type-absent",
    says: "JSON responses have no content-type",
    breaks: "http.json-content-type",
    fault: "absent",
    also: ["audio.text-content-type"],
    seen: ["RFC 9110, section 8.3"],
    ...onWire(isJsonSuccess, ({ headers }) => ({ headers: withoutHeader(headers, "content-type") })),
  },
  {
    id: "http-content-type-text",
    says: "JSON responses are labelled text/plain",
    breaks: "http.json-content-type",
    fault: "other",
    also: ["audio.text-content-type"],
    seen: ["RFC 8259, section 11"],
    ...onWire(isJsonSuccess, ({ headers }) => ({
      headers: withHeader(headers, "content-type", "text/plain; charset=utf-8"),
    })),
  },
  {
    id: "http-two-content-types",
    says: "a proxy adds a second content-type that contradicts the first",
    breaks: "http.content-type-once",
    fault: "contradicting",
    also: [],
    seen: ["RFC 9110, section 5.3: a sender must not repeat a header that is not a list"],
    ...onEmbeddings(
      ({ headers }) => headerOf(headers, "content-type") !== undefined,
      ({ headers }) => ({ headers: [...headers, ["Content-Type", "text/html"]] }),
    ),
  },
  {
    id: "http-error-as-text",
    says: "the JSON of an error is labelled as text/plain",
    breaks: "err.content-type",
    fault: "other",
    also: [],
    seen: ["RFC 8259, section 11"],
    ...onRefusals(({ headers }) => ({
      headers: withHeader(headers, "content-type", "text/plain"),
    })),
  },
  {
    id: "http-error-unlabelled",
    says: "the JSON of an error has no content-type",
    breaks: "err.content-type",
    fault: "absent",
    also: [],
    seen: ["RFC 8259, section 11"],
    ...onRefusals(({ headers }) => ({ headers: withoutHeader(headers, "content-type") })),
  },
  {
    id: "http-created-201",
    says: "a success has the status 201, as some web frameworks answer every POST",
    breaks: "http.success-status",
    fault: "other-success",
    also: [],
    seen: ["OpenAI API reference: responses of every endpoint"],
    ...onEmbeddings(isSuccess, () => ({ status: 201 })),
  },
  {
    id: "http-lone-surrogate",
    says: "a string in the JSON body has half a surrogate pair",
    breaks: "http.no-lone-surrogates",
    fault: "unpaired",
    also: [],
    seen: ["RFC 8259, section 8.2"],
    ...onJson((text) => ({ body: text.replace("{", '{"x":"\\ud800",') })),
  },
  {
    id: "http-body-latin1",
    says: "a string in the JSON body is encoded in Latin-1",
    breaks: "http.body-valid-json",
    fault: "not-utf8",
    also: [],
    seen: ["RFC 8259, section 8.1"],
    ...onJson((text) => ({ body: withLatin1(text) })),
  },
  {
    id: "http-body-empty",
    says: "a successful response has an empty body",
    breaks: "http.body-valid-json",
    fault: "empty",
    also: [],
    seen: ["RFC 8259, section 2"],
    ...onEmbeddings(isSuccess, () => ({ body: "" })),
  },
  {
    id: "http-body-bom",
    says: "the JSON body starts with a byte order mark",
    breaks: "http.body-valid-json",
    fault: "byte-order-mark",
    also: [],
    seen: ["RFC 8259, section 8.1"],
    ...onJson((text) => ({ body: `\ufeff${text}` })),
  },
  {
    id: "http-body-nan",
    says: "a number in the JSON body is NaN",
    breaks: "http.body-valid-json",
    fault: "not-finite",
    also: [],
    seen: [
      "https://github.com/dphnAI/sonar/issues/183",
      "https://github.com/madroidmaq/mlx-omni-server/pull/56",
    ],
    ...onJson((text) => ({ body: withNaN(text) })),
  },
  {
    id: "http-done-after-json",
    says: "the JSON body is followed by data: [DONE]",
    breaks: "http.body-valid-json",
    fault: "more-after-value",
    also: [],
    seen: ["https://github.com/decolua/9router/issues/3492"],
    ...onJson((text) => ({ body: `${text}data: [DONE]\n\n` })),
  },
  {
    id: "http-body-unfinished",
    says: "the JSON body is cut in the middle, although the HTTP message is complete",
    breaks: "http.body-valid-json",
    fault: "unfinished",
    also: [],
    seen: ["RFC 8259, section 2"],
    ...onJson((text) => ({ body: half(text) })),
  },
  {
    id: "http-body-html",
    says: "an HTML page is sent instead of JSON",
    breaks: "http.body-valid-json",
    fault: "malformed",
    also: [],
    seen: ["https://github.com/partcad/pre-commit/issues/17"],
    ...onJson(() => ({ body: "<html><body>Please stand by</body></html>" })),
  },
  {
    id: "err-200-validation-error",
    says: "an error is answered with status 200",
    breaks: "http.no-error-in-2xx",
    fault: "error-member",
    also: [],
    seen: [
      "https://github.com/Azure/azure-sdk-for-net/issues/44135",
      "https://github.com/azrtydxb/Fastllm-proxy/issues/28",
    ],
    ...onRefusals(() => ({ status: 200 })),
  },
  {
    id: "err-200-unknown-model",
    says: "an unknown model is answered with status 200 and a bare error object",
    breaks: "http.no-error-in-2xx",
    fault: "error-object",
    also: [],
    seen: ["https://github.com/runpod-workers/worker-vllm/issues/57"],
    ...onRefusals(() => ({
      status: 200,
      body: JSON.stringify({
        object: "error",
        message: "The model does not exist.",
        type: "NotFoundError",
        param: null,
        code: 404,
      }),
    })),
  },
  {
    id: "err-500-batch",
    says: "embedding requests with a list of inputs are answered with 500",
    breaks: "http.no-5xx-valid",
    fault: "server-error",
    also: [],
    seen: ["https://github.com/vllm-project/vllm/pull/17664"],
    ...onWire(
      (reply, situation) => isEmbedding(reply, situation) && Array.isArray(asked(situation, "input")),
      () => ({ status: 500, body: serverError }),
    ),
  },
  {
    id: "err-500-fuzz-endpoints",
    says: "an invalid request is answered with 500",
    breaks: "http.no-5xx-invalid",
    fault: "server-error",
    also: [],
    seen: [
      "https://github.com/vllm-project/vllm/pull/17664",
      "https://github.com/vllm-project/vllm/issues/35438",
      "https://github.com/mlflow/mlflow/pull/8697",
    ],
    ...onWire(
      ({ status }, { operationId }) => operationId === "createChatCompletion" && status === 400,
      () => ({ status: 500 }),
      (reply, situation) => isAnswer(reply, situation) && reply.status === 400,
    ),
  },
  {
    id: "route-unknown-page",
    says: "every unknown path is answered with the start page of a web application",
    breaks: "http.unknown-route-envelope",
    fault: "accepted",
    also: [],
    seen: ["RFC 9110, section 15.5.5"],
    ...onWire(isUnknownPath, ({ headers }) => ({
      status: 200,
      headers: withHeader(headers, "content-type", "text/html"),
      body: "<!doctype html><title>Console</title>",
    })),
  },
  {
    id: "route-unknown-500",
    says: "an unknown path is answered with 500",
    breaks: "http.unknown-route-envelope",
    fault: "server-error",
    also: [],
    seen: ["RFC 9110, section 15.5.5"],
    ...onWire(isUnknownPath, () => ({ status: 500 })),
  },
  {
    id: "route-unknown-400",
    says: "an unknown path is answered with 400",
    breaks: "http.unknown-route-envelope",
    fault: "other-status",
    also: [],
    seen: ["RFC 9110, section 15.5.5"],
    ...onWire(isUnknownPath, () => ({ status: 400 })),
  },
  {
    id: "route-unknown-detail",
    says: "an unknown path is answered with the web framework's own error body",
    breaks: "http.unknown-route-envelope",
    fault: "no-envelope",
    also: [],
    seen: [
      "https://github.com/BerriAI/litellm/issues/37271",
      "https://github.com/ollama/ollama/issues/10139",
    ],
    ...onWire(isUnknownPath, () => ({ body: '{"detail":"Not Found"}' })),
  },
  {
    id: "request-id-absent",
    says: "responses have no request id header",
    breaks: "http.request-id",
    fault: "absent",
    also: [],
    seen: ["OpenAI API reference: debugging requests"],
    ...onWire(isAnyReply, ({ headers }) => ({ headers: withoutHeader(headers, "x-request-id") })),
  },
  {
    id: "request-id-repeated",
    says: "all responses have the same request id",
    breaks: "http.request-id-unique",
    fault: "repeated",
    also: [],
    seen: ["OpenAI API reference: debugging requests"],
    ...onWire(isAnyReply, ({ headers }) => ({ headers: withHeader(headers, "x-request-id", "req_0") })),
  },
  {
    id: "http-charset-latin1",
    says: "JSON and event streams are labelled as ISO-8859-1",
    breaks: "http.charset-utf8",
    fault: "other",
    also: [],
    seen: ["RFC 8259, section 8.1: JSON between systems is UTF-8"],
    ...onWire(
      ({ headers }) =>
        /^(?:application\/json|text\/event-stream)/.test(headerOf(headers, "content-type") ?? ""),
      ({ headers }) => {
        const type = headerOf(headers, "content-type")
        return { headers: withHeader(headers, "content-type", `${type}; charset=iso-8859-1`) }
      },
    ),
  },
  {
    id: "http-remaining-above-limit",
    says: "more requests remain than the limit allows: the two headers describe different windows",
    breaks: "http.rate-limits",
    fault: "above-limit",
    also: [],
    seen: ["https://github.com/simstudioai/sim/pull/6011"],
    ...onEmbeddings(isAnyReply, ({ headers }) => ({
      headers: [...headers, ["x-ratelimit-limit-requests", "200"], ["x-ratelimit-remaining-requests", "399"]],
    })),
  },
  {
    id: "http-remaining-none",
    says: "the header of the remaining tokens is the text None",
    breaks: "http.rate-limits",
    fault: "not-a-number",
    also: [],
    seen: ["https://github.com/auth0/auth0-python/pull/761"],
    ...onEmbeddings(isAnyReply, ({ headers }) => ({
      headers: [...headers, ["x-ratelimit-limit-tokens", "60000"], ["x-ratelimit-remaining-tokens", "None"]],
    })),
  },
  {
    id: "http-reset-in-words",
    says: "the header of the reset is neither a duration nor a number nor a date",
    breaks: "http.rate-limits",
    fault: "no-time",
    also: [],
    seen: ["OpenAI API documentation: rate limits in headers"],
    ...onEmbeddings(isAnyReply, ({ headers }) => ({
      headers: [...headers, ["x-ratelimit-reset-requests", "soon"]],
    })),
  },
]

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null

export const httpVariants: readonly Variant[] = [
  {
    id: "http-content-type-parameters",
    says: "the content-type has a parameter and capital letters",
    notes: [],
    seen: ["RFC 9110, section 8.3.1", "https://github.com/ChatGPTNextWeb/NextChat/issues/1590"],
    ...onWire(isJsonSuccess, ({ headers }) => ({
      headers: withHeader(headers, "Content-Type", "Application/JSON;charset=UTF-8"),
    })),
  },
  {
    id: "http-white-space",
    says: "the JSON body has white space before and after it",
    notes: [],
    seen: ["RFC 8259, section 2"],
    ...onWire(isJsonSuccess, ({ body }) => (typeof body === "string" ? { body: `\r\n\t ${body}\n\n` } : {})),
  },
  {
    id: "http-in-pieces",
    says: "JSON is sent in chunks of a few bytes, some of which split a character",
    notes: [],
    seen: ["RFC 9112, section 7.1"],
    stage: "bytes",
    apply: (frames, { streaming }) =>
      streaming
        ? frames
        : frames.flatMap(({ bytes }) =>
            Array.from({ length: Math.ceil(bytes.length / 997) }, (_, at) => ({
              bytes: bytes.subarray(997 * at, 997 * (at + 1)),
              atMs: at,
            })),
          ),
  },
  {
    id: "http-members-besides",
    says: "responses and errors contain undocumented members, and successful responses have a null error",
    notes: [],
    seen: ["OpenAI's OpenAPI document closes no object of a reply"],
    stage: "value",
    apply: (value) =>
      isObject(value) ? { error: null, ...value, x_region: "eu", x_cost: { usd: 0.1 } } : value,
  },
  {
    id: "http-compressed-unasked",
    says: "the response is compressed although the client did not send accept-encoding",
    notes: [],
    seen: ["RFC 9110, section 12.5.3", "https://github.com/HKUDS/nanobot/pull/3676"],
    stage: "wire",
    apply: (reply) => {
      const body = wholeBody(reply)
      if (body === undefined) return reply
      const headers: Header[] = [...reply.headers, ["content-encoding", "gzip"]]
      return { ...reply, headers, body: gzipSync(bytesOf(body)) }
    },
  },
  {
    id: "http-not-offered-501",
    says: "an endpoint is not implemented and answers with 501",
    notes: [],
    seen: ["https://github.com/modelcontextprotocol/conformance/issues/516", "RFC 9110, section 15.6.2"],
    ...onModerations((reply) => refusal(reply, 501, serverError)),
  },
  {
    id: "http-not-offered-404",
    says: "an endpoint does not exist, and the web framework answers with 404",
    notes: ["http.unknown-route-envelope"],
    seen: ["https://github.com/modelcontextprotocol/conformance/issues/516", "RFC 9110, section 15.5.5"],
    ...onModerations((reply) => refusal(reply, 404, '{"detail":"Not Found"}')),
  },
  {
    id: "http-busy",
    says: "an endpoint is overloaded and sends a retry-after header",
    notes: [],
    seen: ["RFC 9110, section 15.6.4"],
    ...onModerations(({ headers }) =>
      refusal({ headers: withHeader(headers, "retry-after", "0") }, 503, serverError),
    ),
  },
  {
    id: "http-cookies",
    says: "a proxy adds headers, some of them twice",
    notes: [],
    seen: ["RFC 9110, section 5.3"],
    ...onWire(isAnswer, ({ headers }) => ({
      headers: [...headers, ["Server", "cloudflare"], ["Set-Cookie", "a=1"], ["Set-Cookie", "b=2"]],
    })),
  },
  {
    id: "http-rate-limits",
    says: "rate limits are in headers, with resets as durations",
    notes: [],
    seen: ["OpenAI API documentation: rate limits in headers"],
    ...onWire(isAnswer, ({ headers }) => ({
      headers: [
        ...headers,
        ["x-ratelimit-limit-requests", "60"],
        ["x-ratelimit-remaining-requests", "60"],
        ["x-ratelimit-reset-requests", "8.64s"],
        ["x-ratelimit-limit-tokens", "150000"],
        ["x-ratelimit-remaining-tokens", "149984"],
        ["x-ratelimit-reset-tokens", "6m0s"],
      ],
    })),
  },
  {
    id: "http-rate-limits-off",
    says: "rate limits are -1 where nothing is limited, and resets are seconds",
    notes: [],
    seen: ["https://github.com/openai/openai-dotnet/issues/838"],
    ...onWire(isAnswer, ({ headers }) => ({
      headers: [
        ...headers,
        ["x-ratelimit-limit-tokens", "-1"],
        ["x-ratelimit-remaining-tokens", "-1"],
        ["x-ratelimit-reset-tokens", "0"],
        ["x-ratelimit-remaining-requests", "1"],
        ["x-ratelimit-reset-requests", "60"],
      ],
    })),
  },
]
