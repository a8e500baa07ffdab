import { endpoints } from "@nexhina/schemas"
import { bodyOf, contentCodings, headerOf, headersOf } from "@nexhina/wire"
import * as fc from "fast-check"
import { bodyFaults } from "../inputs/intent.ts"
import { isObject, type ParsedReply } from "../reading/answered.ts"
import { jsonFlaw } from "../reading/json-flaw.ts"
import { loneSurrogateIn } from "../reading/lone-surrogate.ts"
import { repeatedMember } from "../reading/repeated-member.ts"
import { shown } from "../reading/shown.ts"
import { faultySamples, validSamples } from "../requests/any.ts"
import { unknownPathSteps, wrongMethodSteps } from "../requests/faults.ts"
import { type Fault, rule } from "../rule.ts"
import { requestIdHeaders } from "../target/to-wire.ts"
import {
  answersToInvalid,
  answersToValid,
  codedResponses,
  everyResponse,
  identifiedResponses,
  isSuccess,
  jsonReplies,
  jsonSuccesses,
  limitedResponses,
  measuredResponses,
  modelledReplies,
  plainResponses,
  stampedReplies,
  successes,
  takenRequests,
  unknownRoutes,
} from "../views/http.ts"
import { createdSource, stampFault, stampFaults } from "./created.ts"
import { envelopeFaults } from "./errors.ts"
import { nameFault, nameFaults, nameSource } from "./model-name.ts"
import { rateLimitFaults, rateLimitFaultsOf } from "./rate-limits.ts"
import { firstOfEach } from "./sse.ts"

const since = "0.1.0"

/** 501 means that something is not offered, which is not a failure. */
const isFailure = ({ status }: ParsedReply) => status >= 500 && status !== 501

const serverError = ({ status }: ParsedReply, expected: string): Fault<"server-error">[] => [
  { fault: "server-error", at: { part: "status" }, expected, actual: String(status) },
]

/** Whether the body is a resource that itself failed, of which the error is a member like others. */
function isFailedResource({ operation }: ParsedReply, body: Readonly<Record<string, unknown>>): boolean {
  const surface = operation === undefined ? "responses" : endpoints[operation].surface
  return body["status"] === "failed" && (surface === "responses" || surface === "video")
}

const lenientUtf8 = new TextDecoder()

/** A gateway may answer two requests from one of its own. */
const minRequestsForIds = 3

export const httpRules = [
  rule({
    id: "http.answers",
    since,
    says: "MUST answer every accepted request with an HTTP response within the timeout",
    severity: "MUST",
    source: "RFC 9110, section 3.4; Streaming Output Guide: a client waits at least 60 s",
    see: ["https://github.com/kekzl/imp/issues/757", "https://github.com/microsoft/foundry-local/issues/422"],
    on: takenRequests,
    faults: {
      silent: "no status line was received within the timeout",
      "hung-up": "the connection was closed before a status line was received",
      "not-http": "the response is not HTTP",
    },
    holds({ response, end }) {
      if (response) return []
      const isSilent = end.kind === "timeout" || end.kind === "limit"
      const fault = isSilent ? "silent" : end.code?.startsWith("HPE_") ? "not-http" : "hung-up"
      return [{ fault, at: { part: "end" }, expected: "a response", actual: end.code ?? end.kind }]
    },
  }),

  rule({
    id: "http.body-complete",
    since,
    says: "MUST send the complete body, as long as announced, within the timeout",
    severity: "MUST",
    source: "RFC 9112, sections 6.3 and 8",
    on: plainResponses,
    needs: ["end"],
    faults: {
      "cut-short": "the connection closed before the body's end",
      stalled: "the body stopped arriving and did not end",
      endless: "the body did not end until the kit stopped reading",
      overrun: "more bytes than content-length announced were received",
    },
    holds({ exchange: { end } }) {
      const faults = {
        complete: end.code === undefined ? undefined : "overrun",
        truncated: "cut-short",
        network: "cut-short",
        timeout: "stalled",
        limit: "endless",
        aborted: undefined,
      } as const
      const fault = faults[end.kind]
      if (!fault) return []
      return [{ fault, at: { part: "end" }, expected: "the body, whole", actual: end.code ?? end.kind }]
    },
  }),

  rule({
    id: "http.content-encoding",
    since,
    says: "MUST send a body in the coding that `content-encoding` names",
    severity: "MUST",
    source: "RFC 9110, section 8.4",
    see: [
      "https://github.com/tombii/better-ccflare/pull/243",
      "https://github.com/freelensapp/freelens-ai-extension/issues/272",
      "https://github.com/qualixar/superlocalmemory/pull/79",
    ],
    on: codedResponses,
    needs: ["head"],
    faults: {
      "not-encoded": "the body cannot be decoded, often because a proxy has decoded it and kept the header",
      unfinished: "the encoded data stops before its end",
    },
    holds({ exchange, coding }) {
      if (coding === "kept") return []
      const named = contentCodings(exchange.response?.headers ?? []).join(", ")
      const begins = `a body that begins with ${shown(lenientUtf8.decode(bodyOf(exchange).subarray(0, 16)))}`
      const actual = coding === "not-encoded" ? begins : `a part of it: ${bodyOf(exchange).length} bytes`
      return [
        {
          fault: coding,
          at: { part: "header", name: "content-encoding" },
          expected: `a body in ${named}`,
          actual,
        },
      ]
    },
  }),

  rule({
    id: "http.within-limits",
    since,
    says: "SHOULD keep a response within the size and depth that clients can parse",
    severity: "SHOULD",
    source: "RFC 8259, section 9: a parser may limit the size of a text and the depth of nesting",
    on: measuredResponses,
    faults: {
      "too-large": "the body, or a line of a stream, is larger than the kit reads",
      "too-deep": "JSON nests deeper than the kit reads",
      "too-many": "the body has more values or events than the kit reads",
    },
    holds: ({ crossing }) =>
      crossing
        ? [
            {
              fault: crossing.fault,
              at: { part: "body", offset: crossing.offset },
              expected: crossing.expected,
              actual: "more",
            },
          ]
        : [],
  }),

  rule({
    id: "http.json-content-type",
    since,
    says: "MUST label JSON as `application/json`",
    severity: "MUST",
    source: "OpenAI API reference: responses of every endpoint; RFC 8259, section 11",
    see: ["https://github.com/decolua/9router/issues/3492"],
    on: jsonSuccesses,
    faults: {
      absent: "there is no content-type",
      other: "the content-type names a different type",
    },
    holds({ mediaType, exchange }) {
      if (mediaType === "application/json") return []
      return [
        {
          fault: mediaType === "" ? "absent" : "other",
          at: { part: "header", name: "content-type" },
          expected: "application/json",
          actual: shown(headerOf(exchange.response?.headers ?? [], "content-type")),
        },
      ]
    },
  }),

  rule({
    id: "http.content-type-once",
    since,
    says: "MUST NOT send two content-type headers that contradict each other",
    severity: "MUST",
    source: "RFC 9110, sections 5.3 and 8.3: content-type is a single value",
    on: everyResponse,
    needs: ["head"],
    faults: { contradicting: "two content-type headers have different values" },
    holds({ exchange: { response } }) {
      const values = headersOf(response?.headers ?? [], "content-type")
      if (new Set(values.map((value) => value.toLowerCase().replace(/\s/g, ""))).size < 2) return []
      return [
        {
          fault: "contradicting",
          at: { part: "header", name: "content-type" },
          expected: "one value",
          actual: values.map(shown).join(" and "),
        },
      ]
    },
  }),

  rule({
    id: "http.success-status",
    since,
    says: "SHOULD answer a request that succeeds with the documented status, as some clients test for it",
    severity: "SHOULD",
    source: "OpenAI API reference: responses of every endpoint",
    on: answersToValid,
    faults: { "other-success": "the status is that of a different success" },
    holds(answered) {
      const { operation, status } = answered
      if (operation === undefined || !isSuccess(answered)) return []
      const documented = endpoints[operation].success.status
      if (status === documented) return []
      return [
        {
          fault: "other-success",
          at: { part: "status" },
          expected: String(documented),
          actual: String(status),
        },
      ]
    },
  }),

  rule({
    id: "http.body-valid-json",
    since,
    says: "MUST send valid JSON: UTF-8 without a byte order mark, no NaN or Infinity, nothing after the value",
    severity: "MUST",
    source: "RFC 8259, sections 2, 6 and 8.1",
    see: [
      "https://github.com/decolua/9router/issues/3492",
      "https://github.com/dphnAI/sonar/issues/183",
      "https://github.com/madroidmaq/mlx-omni-server/pull/56",
    ],
    on: jsonSuccesses,
    after: ["http.body-complete", "http.json-content-type"],
    faults: {
      "not-utf8": "the body contains bytes that are not UTF-8",
      empty: "there is no body",
      "byte-order-mark": "the body begins with a byte order mark",
      "not-finite": "a number is NaN or Infinity",
      "more-after-value": "the JSON value is followed by other data",
      unfinished: "the body ends inside a value",
      malformed: "the body is not JSON for a different reason",
    },
    holds({ text, json }) {
      if (json.ok) return []
      if (text === undefined)
        return [{ fault: "not-utf8", at: { part: "body" }, expected: "UTF-8", actual: "other bytes" }]
      const { kind, at } = jsonFlaw(text)
      const offset = Buffer.byteLength(text.slice(0, at))
      return [
        {
          fault: kind,
          at: { part: "body", offset },
          expected: kind === "more-after-value" ? "the end of the body" : "JSON",
          actual: shown(text.slice(at, at + 60)),
        },
      ]
    },
  }),

  rule({
    id: "http.no-lone-surrogates",
    since,
    says: "SHOULD NOT send strings with half a surrogate pair, which many clients cannot encode again",
    severity: "SHOULD",
    source: "RFC 8259, section 8.2: what software does with an unpaired surrogate is unpredictable",
    on: jsonSuccesses,
    after: ["http.body-valid-json"],
    faults: { unpaired: "a string contains half a surrogate pair" },
    holds({ text, json }) {
      // Valid UTF-8 can only contain it as an escape sequence.
      if (!json.ok || !/\\u[dD][89a-fA-F]/.test(text ?? "")) return []
      const found = loneSurrogateIn(json.value)
      if (!found) return []
      const at = { part: "body", pointer: found.pointer } as const
      return [{ fault: "unpaired", at, expected: "whole characters", actual: shown(found.text) }]
    },
  }),

  rule({
    id: "http.members-unique",
    since,
    says: "SHOULD NOT repeat a member of an object: strict parsers reject the whole body, and others take either one",
    severity: "SHOULD",
    source: "RFC 8259, section 4",
    on: jsonReplies,
    faults: { repeated: "an object has a member twice" },
    holds({ text, value }) {
      const again = repeatedMember(text, value)
      if (!again) return []
      const offset = Buffer.byteLength(text.slice(0, again.at))
      const actual = `${shown(again.name)} again`
      return [{ fault: "repeated", at: { part: "body", offset }, expected: "each member once", actual }]
    },
  }),

  rule({
    id: "http.created-plausible",
    since,
    says: "SHOULD state times of creation in Unix seconds: above 0, not in milliseconds",
    severity: "SHOULD",
    source: createdSource,
    on: stampedReplies,
    faults: stampFaults,
    holds: ({ stamps }) =>
      firstOfEach(
        stamps.flatMap((stamp) => {
          const fault = stampFault(stamp)
          return fault ? [{ ...fault, at: { part: "body", pointer: stamp.pointer } as const }] : []
        }),
      ),
  }),

  rule({
    id: "http.model-named",
    since,
    says: "SHOULD NOT return an empty `model`",
    severity: "SHOULD",
    source: nameSource,
    on: modelledReplies,
    faults: nameFaults,
    holds({ model }) {
      const fault = nameFault(model)
      return fault ? [{ ...fault, at: { part: "body", pointer: "/model" } }] : []
    },
  }),

  rule({
    id: "http.no-error-in-2xx",
    since,
    says: "MUST NOT return an error with a success status",
    severity: "MUST",
    source: "OpenAI API reference: error codes; RFC 9110, section 15.3",
    see: [
      "https://github.com/Azure/azure-sdk-for-net/issues/44135",
      "https://github.com/azrtydxb/Fastllm-proxy/issues/28",
      "https://github.com/runpod-workers/worker-vllm/issues/57",
    ],
    on: successes,
    faults: {
      "error-member": "the body has a top-level error",
      "error-object": "the body is an error object without the member around it",
    },
    holds(answered) {
      const body = answered.json.ok ? answered.json.value : undefined
      if (!isObject(body) || isFailedResource(answered, body)) return []
      const at = { part: "status" } as const
      const error = body["error"]
      if (error !== undefined && error !== null)
        return [
          {
            fault: "error-member",
            at,
            expected: "400 or above",
            actual: `${answered.status}: ${shown(error)}`,
          },
        ]
      if (body["object"] === "error")
        return [
          {
            fault: "error-object",
            at,
            expected: "400 or above",
            actual: `${answered.status}: ${shown(body)}`,
          },
        ]
      return []
    },
  }),

  rule({
    id: "http.no-5xx-valid",
    since,
    says: "MUST NOT answer a valid request with 5xx",
    severity: "MUST",
    source: "RFC 9110, section 15.6; OpenAI API reference: request bodies",
    see: [
      "https://github.com/vllm-project/vllm/issues/16774",
      "https://github.com/vllm-project/vllm/pull/17664",
      "https://github.com/JamePeng/llama-cpp-python/issues/113",
      "https://github.com/speaches-ai/speaches/issues/608",
    ],
    on: answersToValid,
    faults: { "server-error": "the status is a server error (5xx)" },
    asks: validSamples,
    holds: (answered) => (isFailure(answered) ? serverError(answered, "2xx, or 4xx with the reason") : []),
  }),

  rule({
    id: "http.no-5xx-invalid",
    since,
    says: "MUST NOT answer an invalid request with 5xx",
    severity: "MUST",
    source: "RFC 9110, sections 15.5 and 15.6",
    see: [
      "https://github.com/vllm-project/vllm/issues/35438",
      "https://github.com/vllm-project/vllm/pull/17664",
      "https://github.com/mlflow/mlflow/pull/8697",
      "https://github.com/NousResearch/hermes-agent/pull/33077",
    ],
    on: answersToInvalid,
    faults: { "server-error": "the status is a server error (5xx)" },
    asks: (known) => faultySamples(known, bodyFaults),
    holds: ({ answered }) => (isFailure(answered) ? serverError(answered, "4xx") : []),
  }),

  rule({
    id: "http.unknown-route-envelope",
    since,
    says: "SHOULD answer an unknown path or method with 404 or 405 and an error object",
    severity: "SHOULD",
    source: "RFC 9110, sections 15.5.5 and 15.5.6; Authentication: the error object",
    see: ["https://github.com/ollama/ollama/issues/10139"],
    on: unknownRoutes,
    faults: {
      accepted: "the request is answered with a success status",
      "server-error": "the status is a server error (5xx)",
      "other-status": "the status is neither 404 nor 405",
      "no-envelope": "the body is not an error object",
    },
    asks: () => fc.oneof(unknownPathSteps, wrongMethodSteps),
    holds(answered) {
      const { status } = answered
      if (status === 404 || status === 405)
        return envelopeFaults(answered)
          .slice(0, 1)
          .map((fault) => ({ ...fault, fault: "no-envelope" as const }))
      const fault = isSuccess(answered) ? "accepted" : isFailure(answered) ? "server-error" : "other-status"
      return [{ fault, at: { part: "status" }, expected: "404 or 405", actual: String(status) }]
    },
  }),

  rule({
    id: "http.request-id",
    since,
    says: "MAY return a request id in a header",
    severity: (known) => (known.profile.openaiMembers ? "MAY" : "not-applicable"),
    source: "OpenAI API reference: debugging requests",
    on: everyResponse,
    faults: { absent: "no header contains a request id" },
    holds({ exchange: { response } }) {
      const headers = response?.headers ?? []
      if (requestIdHeaders.some((name) => headerOf(headers, name))) return []
      return [
        {
          fault: "absent",
          at: { part: "header", name: "x-request-id" },
          expected: "an id",
          actual: "nothing",
        },
      ]
    },
  }),

  rule({
    id: "http.request-id-unique",
    since,
    says: "SHOULD NOT return one `x-request-id` for all requests: support cannot find a request by it",
    severity: "SHOULD",
    source: "OpenAI API reference: debugging requests",
    scope: "run",
    on: identifiedResponses,
    faults: { repeated: "all requests got the same id" },
    isSettled: (all) =>
      new Set(all.map(({ requestId }) => requestId)).size > 1 &&
      new Set(all.map(({ request }) => request)).size >= minRequestsForIds,
    holds(all) {
      const requests = new Set(all.map(({ request }) => request))
      if (requests.size < minRequestsForIds) return { undecided: "takes three different requests with an id" }
      const [first] = all
      if (!first || all.some(({ requestId }) => requestId !== first.requestId)) return []
      const at = { part: "header", name: "x-request-id" } as const
      const expected = `other ids for ${requests.size} different requests`
      return [{ fault: "repeated", at, expected, actual: shown(first.requestId), of: all.length - 1 }]
    },
  }),

  rule({
    id: "http.charset-utf8",
    since,
    says: "SHOULD NOT label JSON or an event stream with a charset other than UTF-8",
    severity: "SHOULD",
    source: "RFC 8259, sections 8.1 and 11; WHATWG HTML, section 9.2.5: event streams are always UTF-8",
    on: successes,
    needs: ["head"],
    faults: { other: "the content-type names a different charset" },
    holds({ mediaType, exchange }) {
      if (mediaType !== "application/json" && mediaType !== "text/event-stream") return []
      const type = headerOf(exchange.response?.headers ?? [], "content-type") ?? ""
      const charset = /;\s*charset\s*=\s*"?([^\s";]+)/i.exec(type)?.[1]
      // ASCII is a part of UTF-8, and no reader decodes it otherwise.
      if (charset === undefined || /^(?:utf-?8|us-ascii)$/i.test(charset)) return []
      const at = { part: "header", name: "content-type" } as const
      return [{ fault: "other", at, expected: "charset=utf-8, or none", actual: shown(type) }]
    },
  }),

  rule({
    id: "http.rate-limits",
    since,
    says: "SHOULD state rate limits as numbers that agree, and the time of a reset as clients read it",
    severity: "SHOULD",
    source: "OpenAI API documentation: rate limits in headers",
    see: [
      "https://github.com/simstudioai/sim/pull/6011",
      "https://github.com/auth0/auth0-python/pull/761",
      "https://github.com/CortexLM/cortex-code/pull/407",
    ],
    on: limitedResponses,
    faults: rateLimitFaults,
    holds: ({ exchange: { response } }) => rateLimitFaultsOf(response?.headers ?? []),
  }),
] as const
