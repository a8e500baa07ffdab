import { DONE } from "@nexhina/stream"
import { headerOf } from "@nexhina/wire"
import * as fc from "fast-check"
import { isObject, type ParsedReply, parseJson } from "../reading/answered.ts"
import { isDateText } from "../reading/date-text.ts"
import { jsonFlaw } from "../reading/json-flaw.ts"
import { refusesKey } from "../reading/refused-key.ts"
import { shown } from "../reading/shown.ts"
import { faultySamples } from "../requests/any.ts"
import { chatRequests } from "../requests/chat-completions.ts"
import { faultySteps } from "../requests/faults.ts"
import { responseRequests } from "../requests/responses.ts"
import { type Fault, rule } from "../rule.ts"
import type { TargetFacts } from "../target/facts.ts"
import type { Step } from "../target/step.ts"
import { isTransient } from "../target/to-wire.ts"
import {
  apiErrors,
  edgeErrors,
  errorObjects,
  errorOf,
  laterAnswers,
  malformedAnswers,
  memberErrors,
  missingAnswers,
  outOfRangeAnswers,
  oversizedAttempts,
  unknownModelAnswers,
  wrongTypeAnswers,
} from "../views/errors.ts"
import { decidedResponses, isSuccess } from "../views/http.ts"
import { type EventStream, eventAt, eventStreams } from "../views/sse.ts"
import { isOutOfTokens, outOfTokens } from "./refusals.ts"

const since = "0.1.0"
const errorObject = "Authentication: the error object; OpenAI API reference: error codes"
const statusCodes = "OpenAI API reference: error codes"
/** An answer that is a failure of the server, or an error with the status of a success, is found for that alone. */
const afterWrongClass = ["http.no-5xx-invalid", "http.no-error-in-2xx"]

const bodyAt = (pointer: string) => ({ part: "body", pointer }) as const
const atStatus = { part: "status" } as const

/** What a body lacks of an error object that clients can read. */
export function envelopeFaults(
  answered: ParsedReply,
): Fault<"not-json" | "no-error-object" | "no-message">[] {
  const { json, text } = answered
  if (!json.ok)
    return [
      {
        fault: "not-json",
        at: bodyAt(""),
        expected: "JSON",
        actual: shown(text?.slice(0, 100) ?? json.error),
      },
    ]
  const error = errorOf(answered)
  if (!error) {
    const instead = isObject(json.value) ? json.value["error"] : undefined
    const actual = instead === undefined ? `no error in ${shown(json.value)}` : shown(instead)
    return [{ fault: "no-error-object", at: bodyAt("/error"), expected: "an error object", actual }]
  }
  const { message } = error
  if (typeof message === "string" && message !== "") return []
  return [{ fault: "no-message", at: bodyAt("/error/message"), expected: "words", actual: shown(message) }]
}

const memberFaults = {
  absent: "the member is missing",
  "other-type": "the member is neither a string nor null",
} as const

function memberFault(
  error: Readonly<Record<string, unknown>>,
  name: "code" | "param",
): Fault<keyof typeof memberFaults>[] {
  const value = error[name]
  if (value === null || typeof value === "string") return []
  const fault = value === undefined ? "absent" : "other-type"
  return [{ fault, at: bodyAt(`/error/${name}`), expected: "a string or null", actual: shown(value) }]
}

const ofLimits = [429, 413, 503]
const ofQuotas = [429, 402, 403]

/**
 * The statuses of codes and types, the documented one first. The others are of servers that are no less clear: a request
 * alone may be over a limit, quotas are counted in money, and a key may lack the right to a model.
 */
const statusesByName: ReadonlyMap<unknown, readonly number[]> = new Map([
  ["rate_limit_exceeded", ofLimits],
  ["rate_limit_error", ofLimits],
  ["insufficient_quota", ofQuotas],
  ["invalid_api_key", [401, 403]],
  ["model_not_found", [404, 400, 401, 403, 422, 503]],
])

/** The beginning of a message, which shows that it is not prose. */
const proseLength = 4000

const unreadable = {
  json: (text: string) => /^\s*[{[]/.test(text) && parseJson(text).ok,
  html: (text: string) => /<(?:!doctype|html|head|body|title|h1|center)\b/i.test(text),
  "stack-trace": (text: string) =>
    /Traceback \(most recent call last\)|\n[ \t]+at [^\n]{1,200}:\d+|\bat [\w.$<>]{1,100} \([^()\n]{1,200}:\d+:\d+\)|goroutine \d+ \[/.test(
      text,
    ),
  "file-path": (text: string) =>
    /(?:^|[\s"'(=])(?:\/|[A-Za-z]:\\)[\w.\\/@+-]{1,200}\.(?:py|[cm]?[jt]s|go|rs|cc|cpp|java|rb|php|cs)\b/.test(
      text,
    ),
} as const

/** A text by its letters and digits, so that "max tokens" names `max_tokens`. */
const plain = (text: string) => text.toLowerCase().replace(/[^a-z0-9]/g, "")

/** The names in a path such as `messages[0].role`. */
const namesIn = (path: string) => path.split(/[^A-Za-z_]+/).filter((name) => name !== "")

/** Whether a value may stand for one of another type, as JSON libraries read it: "0.5", "true", 1 for true. */
function isLenientlyRead(value: unknown): boolean {
  if (typeof value === "string") return /^\s*(?:-?\d+(?:\.\d+)?|true|false)\s*$/i.test(value)
  return value === null || value === 0 || value === 1
}

function memberAt(request: unknown, path: string): unknown {
  return path
    .split(/[.[\]]+/)
    .filter((key) => key !== "")
    .reduce<unknown>(
      // Null and values that are not objects have no members.
      (value, key) =>
        typeof value === "object" ? (value as Record<string, unknown> | null)?.[key] : undefined,
      request,
    )
}

/** Whether the request's body stops inside a value; many parsers take a comma too many, `NaN` or a second value. */
function isUnfinished({ exchange: { request } }: ParsedReply): boolean {
  return jsonFlaw(new TextDecoder().decode(request.body)).kind === "unfinished"
}

/**
 * The same faulty request twice for a whole reply and twice for a stream, unless the fault lies in how a stream is asked
 * for. Two of a kind in a row show what differs by itself, as behind a gateway whose servers take turns.
 */
function inBothModes(step: Step): Step[] {
  const { body, fault } = step
  if (!isObject(body) || fault?.param?.startsWith("stream")) return []
  return [false, false, true, true].map((stream) => ({ ...step, body: { ...body, stream } }))
}

/**
 * The error object in an event's data. Under `event: error`, and on Responses, the data may be the object itself; a
 * response that failed holds it.
 */
function streamedErrorOf(data: string): Readonly<Record<string, unknown>> {
  const json = parseJson(data)
  const value = json.ok && isObject(json.value) ? json.value : {}
  const { response } = value
  const { error } = isObject(response) ? response : value
  return isObject(error) ? error : value
}

/** Whether an event says that the response failed, which may follow the error that made it fail. */
const saysFailed = (payload: EventStream["payloads"][number] | undefined) =>
  payload?.kind === "object" && payload.value["type"] === "response.failed"

/** A chat of so many bytes, which would keep the contract if it were shorter. */
function oversizedChat(model: string, bytes: number): Step {
  const [head, tail] = JSON.stringify({
    model,
    messages: [{ role: "user", content: "|" }],
    max_tokens: 1,
  }).split("|")
  return {
    operation: "createChatCompletion",
    rawBody: `${head}${"a".repeat(bytes)}${tail}`,
    fault: { kind: "too-large", says: `the body has more than ${bytes} bytes` },
  }
}

/**
 * Requests with a required member of a wrong type. Most of them are chats, the endpoint that most servers have, without
 * optional members: a server may refuse one of those first, in words that do not name it.
 */
function requiredWrongTypes(known: TargetFacts): fc.Arbitrary<readonly Step[]> {
  const isOfRequired = (steps: readonly Step[]) => !steps.some(({ fault }) => fault?.isOptional)
  const any = faultySamples(known, ["wrong-type"]).filter(isOfRequired)
  if (!known.included.has("chat")) return any
  const chats = faultySteps("wrong-type", "createChatCompletion", chatRequests(known)).filter(
    (steps) => steps.length > 0 && isOfRequired(steps),
  )
  const others = any.map((steps) => steps.filter(({ operation }) => operation !== "createChatCompletion"))
  return fc.oneof(chats, others)
}

export const errorRules = [
  rule({
    id: "err.envelope",
    since,
    says: "MUST return errors as an `error` object with a `message`",
    severity: "MUST",
    source: errorObject,
    see: [
      "https://github.com/kortix-ai/suna/pull/4444",
      "https://github.com/ai-dynamo/dynamo/pull/3914",
      "https://github.com/ollama/ollama/issues/10139",
    ],
    on: apiErrors,
    faults: {
      "not-json": "the body is not JSON",
      "no-error-object": "the body has no `error` object",
      "no-message": "`error.message` is not a string, or is empty",
    },
    holds: envelopeFaults,
  }),

  rule({
    id: "err.envelope-type",
    since,
    says: "MUST include `type` in an error object, as a string (Azure: SHOULD)",
    // What Azure's gateway answers itself, such as a 401, has only a code and a message.
    severity: ({ traits }) => (traits.has("azure") ? "SHOULD" : "MUST"),
    source: errorObject,
    on: errorObjects,
    after: ["err.envelope"],
    faults: { "no-type": "`error.type` is not a string" },
    holds: ({ error: { type } }) =>
      typeof type === "string"
        ? []
        : [{ fault: "no-type", at: bodyAt("/error/type"), expected: "a string", actual: shown(type) }],
  }),

  rule({
    id: "err.envelope-edge",
    since,
    says: "SHOULD return an `error` object also when a proxy answers instead of the API",
    severity: "SHOULD",
    source: errorObject,
    see: ["https://github.com/partcad/pre-commit/issues/17"],
    on: edgeErrors,
    faults: { "no-envelope": "the body is not an error object" },
    holds: (answered) =>
      envelopeFaults(answered)
        .slice(0, 1)
        .map((fault) => ({ ...fault, fault: "no-envelope" })),
  }),

  rule({
    id: "err.envelope-full",
    since,
    says: "SHOULD include `code` in an error object, as a string or null",
    severity: "SHOULD",
    source: errorObject,
    see: [
      "https://github.com/ai-dynamo/dynamo/pull/3914",
      "https://github.com/vllm-project/aibrix/pull/2594",
    ],
    on: errorObjects,
    after: ["err.envelope"],
    faults: memberFaults,
    holds: ({ error }) => memberFault(error, "code"),
  }),

  rule({
    id: "err.envelope-param",
    since,
    says: "SHOULD include `param` in an error object, as a string or null",
    severity: ({ profile }) => (profile.param401 ? "SHOULD" : "not-applicable"),
    source: "OpenAI API reference: the error object",
    on: errorObjects,
    after: ["err.envelope"],
    faults: memberFaults,
    holds: ({ error }) => memberFault(error, "param"),
  }),

  rule({
    id: "err.code-fits-status",
    since,
    says: "SHOULD NOT name an error that is documented for a different status: clients decide by either whether to retry",
    severity: "SHOULD",
    source: `${statusCodes}; Authentication: 401, invalid_api_key`,
    see: ["https://github.com/better-auth/better-auth/issues/9504"],
    on: errorObjects,
    after: ["err.envelope"],
    faults: {
      code: "`error.code` is documented for a different status",
      type: "`error.type` is documented for a different status",
    },
    holds({ answered: { status }, error }) {
      const faults = (["code", "type"] as const).flatMap((name) => {
        const documented = statusesByName.get(error[name])
        if (!documented || documented.includes(status)) return []
        const expected = `a ${name} of ${status}: ${shown(error[name])} is one of ${documented[0]}`
        return [{ fault: name, at: bodyAt(`/error/${name}`), expected, actual: shown(error[name]) }]
      })
      return faults.slice(0, 1)
    },
  }),

  rule({
    id: "err.content-type",
    since,
    says: "SHOULD label the JSON of an error as `application/json`",
    severity: "SHOULD",
    source: "OpenAI API reference: error codes; RFC 8259, section 11; RFC 9457, section 3",
    on: errorObjects,
    faults: {
      absent: "there is no content-type",
      other: "the content-type is not a JSON type",
    },
    holds({ answered: { mediaType, exchange } }) {
      if (mediaType === "application/json" || mediaType.endsWith("+json")) return []
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
    id: "err.message-prose",
    since,
    says: "SHOULD write error messages for people, without JSON, HTML, a stack trace or a source path",
    severity: "SHOULD",
    source: errorObject,
    see: ["https://github.com/vercel/ai/issues/18303"],
    on: errorObjects,
    faults: {
      json: "the message is JSON in a string",
      html: "the message contains HTML",
      "stack-trace": "the message contains a stack trace",
      "file-path": "the message names a source file of the server",
    },
    holds({ error: { message } }) {
      if (typeof message !== "string") return []
      const text = message.slice(0, proseLength)
      const kinds = ["json", "html", "stack-trace", "file-path"] as const
      const fault = kinds.find((kind) => unreadable[kind](kind === "json" ? message : text))
      if (!fault) return []
      return [{ fault, at: bodyAt("/error/message"), expected: "a sentence", actual: shown(message) }]
    },
  }),

  rule({
    id: "err.malformed-json",
    since,
    says: "MUST reject a body that is not JSON, or not an object, with 400 or 422",
    severity: "MUST",
    source: `${statusCodes}; RFC 8259, section 9: a parser may take forms that are no JSON, but no unfinished text`,
    see: ["https://github.com/NousResearch/hermes-agent/pull/33077"],
    on: malformedAnswers,
    after: afterWrongClass,
    faults: {
      accepted: "the request is answered with a success status",
      "other-status": "the request is rejected with a different status",
    },
    asks: (known) => faultySamples(known, ["malformed-json", "not-an-object"]),
    holds({ answered, fault: { kind } }) {
      const { status } = answered
      if (status === 400 || status === 422) return []
      if (isSuccess(answered) && kind === "malformed-json" && !isUnfinished(answered)) return []
      return [
        {
          fault: isSuccess(answered) ? "accepted" : "other-status",
          at: atStatus,
          expected: "400 or 422",
          actual: String(status),
        },
      ]
    },
  }),

  rule({
    id: "err.malformed-json-400",
    since,
    says: "SHOULD reject a body that is not JSON with 400 rather than 422, which means that its syntax is right",
    severity: "SHOULD",
    source: `${statusCodes}; RFC 9110, sections 15.5.1 and 15.5.21`,
    on: malformedAnswers,
    faults: { unprocessable: "the status is 422" },
    asks: (known) => faultySamples(known, ["malformed-json"]),
    holds: ({ answered: { status }, fault: { kind } }) =>
      kind === "malformed-json" && status === 422
        ? [{ fault: "unprocessable", at: atStatus, expected: "400", actual: "422" }]
        : [],
  }),

  rule({
    id: "err.missing-required",
    since,
    says: "MUST reject a request without a required parameter with 400 or 422",
    severity: "MUST",
    source: `${statusCodes}, and the request bodies of its endpoints`,
    see: ["https://github.com/diegosouzapw/OmniRoute/pull/6515"],
    on: missingAnswers,
    after: afterWrongClass,
    faults: {
      accepted: "the request is answered with a success status",
      "not-found": "the status is 404, as if the path or the model were at fault",
      "other-status": "the request is rejected with a different status",
    },
    asks: (known) => faultySamples(known, ["missing"]),
    holds({ answered, fault: { param } }, { traits }) {
      const { status } = answered
      if (status === 400 || status === 422) return []
      // Many do without what a tool or a message part lacks, and a server with one model without its name.
      const isDispensable =
        param !== undefined && (/[.[]/.test(param) || (param === "model" && traits.has("single-model")))
      if (isSuccess(answered) && isDispensable) return []
      const fault = isSuccess(answered) ? "accepted" : status === 404 ? "not-found" : "other-status"
      return [{ fault, at: atStatus, expected: `400 or 422: ${param} is missing`, actual: String(status) }]
    },
  }),

  rule({
    id: "err.wrong-type",
    since,
    says: "SHOULD reject a required parameter of the wrong type with 4xx: a server may ignore others",
    severity: "SHOULD",
    source: `${statusCodes}, and the request bodies of its endpoints`,
    on: wrongTypeAnswers,
    after: afterWrongClass,
    faults: { accepted: "the request is answered with a success status" },
    asks: (known) => requiredWrongTypes(known),
    holds({ answered, fault: { param, says, isOptional } }, { traits }) {
      if (!isSuccess(answered)) return []
      if (param === "model" && traits.has("single-model"))
        return { undecided: "the target has one model, and may not read its name" }
      if (isOptional) return { undecided: `the target may not read ${param}, which is optional` }
      if (param !== undefined && isLenientlyRead(memberAt(answered.request, param))) return []
      return [{ fault: "accepted", at: atStatus, expected: `4xx: ${says}`, actual: String(answered.status) }]
    },
  }),

  rule({
    id: "err.out-of-range",
    since,
    says: "SHOULD reject a number out of range with 400 or 422, unless it clamps the value",
    severity: "SHOULD",
    source: `${statusCodes}, and the request bodies of its endpoints`,
    see: ["https://github.com/mlflow/mlflow/pull/8697"],
    on: outOfRangeAnswers,
    after: afterWrongClass,
    faults: { "other-status": "the status blames something else" },
    asks: (known) => faultySamples(known, ["out-of-range"]),
    holds({ answered, fault: { says } }) {
      const { status } = answered
      if (isSuccess(answered) || status === 400 || status === 422) return []
      return [
        { fault: "other-status", at: atStatus, expected: `400 or 422: ${says}`, actual: String(status) },
      ]
    },
  }),

  rule({
    id: "err.param-named",
    since,
    says: "SHOULD name the invalid parameter in `param` or in the message",
    severity: "SHOULD",
    source: errorObject,
    see: ["https://github.com/vllm-project/vllm/issues/35438"],
    on: memberErrors,
    after: ["err.envelope"],
    faults: { unnamed: "neither param nor the message names the member" },
    holds({ error: { param: named, message }, param }) {
      if (isOutOfTokens({ message })) return outOfTokens
      const names = namesIn(param).map(plain)
      const texts = [named, message].flatMap((text) => (typeof text === "string" ? [plain(text)] : []))
      if (names.some((name) => texts.some((text) => text.includes(name)))) return []
      return [
        {
          fault: "unnamed",
          at: bodyAt("/error/param"),
          expected: `the name of ${param}`,
          actual: `param ${shown(named)}, message ${shown(message)}`,
        },
      ]
    },
  }),

  rule({
    id: "err.unknown-model",
    since,
    says: "MUST use 404 or 400 when it rejects an unknown model, or 401 or 403 with an error object",
    severity: "MUST",
    source: statusCodes,
    see: [
      "https://github.com/mudler/LocalAI/pull/9133",
      "https://github.com/runpod-workers/worker-vllm/issues/57",
      "https://github.com/Aider-AI/aider/issues/1903",
    ],
    on: unknownModelAnswers,
    faults: {
      "server-error": "the status is a server error (5xx)",
      "other-status": "the request is rejected with a different status",
    },
    holds(answered) {
      const { status } = answered
      if (isSuccess(answered) || status === 404 || status === 400) return []
      // OpenAI answers so where a project's list of models lacks the model.
      if ((status === 401 || status === 403) && errorOf(answered)) return []
      const fault = status >= 500 ? "server-error" : "other-status"
      return [{ fault, at: atStatus, expected: "404 or 400", actual: String(status) }]
    },
  }),

  rule({
    id: "err.unknown-model-refused",
    since,
    says: "SHOULD reject an unknown model",
    severity: ({ traits }) => (traits.has("single-model") ? "not-applicable" : "SHOULD"),
    source: statusCodes,
    see: [
      "https://github.com/ddalcu/mlx-serve/issues/257",
      "https://github.com/sgl-project/sglang/pull/31419",
    ],
    on: unknownModelAnswers,
    after: ["http.no-error-in-2xx"],
    faults: { answered: "a different model answered" },
    holds: (answered) =>
      isSuccess(answered)
        ? [{ fault: "answered", at: atStatus, expected: "404 or 400", actual: String(answered.status) }]
        : [],
  }),

  rule({
    id: "err.status-independent-of-stream",
    since,
    says: "MUST reject an invalid request with the same status, streamed or not",
    severity: "MUST",
    source: `${statusCodes}; RFC 9110, section 15: the status tells the result of the request`,
    see: ["https://github.com/sgl-project/sglang/pull/20027"],
    scope: "group",
    on: decidedResponses,
    faults: {
      "stream-accepted": "only the streamed request is answered with a success status",
      differs: "the statuses differ otherwise",
    },
    asks: (known) =>
      fc
        .oneof(
          ...(["missing", "wrong-type", "out-of-range", "check"] as const).flatMap((kind) => [
            faultySteps(kind, "createChatCompletion", chatRequests(known)),
            ...(known.included.has("responses")
              ? [faultySteps(kind, "createResponse", responseRequests(known))]
              : []),
          ]),
        )
        .map((steps) => steps.flatMap(inBothModes)),
    holds([plain, plainAgain, streamed, streamedAgain]) {
      if (!plain || !plainAgain || !streamed || !streamedAgain)
        return { undecided: "one of the four requests was not answered" }
      if (plain.status !== plainAgain.status || streamed.status !== streamedAgain.status)
        return { undecided: "the same request is answered with different statuses" }
      if (plain.status === streamed.status || isSuccess(plain)) return []
      return [
        {
          of: 2,
          fault: isSuccess(streamed) ? "stream-accepted" : "differs",
          at: atStatus,
          expected: `${plain.status}, as without a stream`,
          actual: String(streamed.status),
        },
      ]
    },
  }),

  rule({
    id: "err.oversized",
    since,
    says: "SHOULD reject a body that is too large with 413 or 400 and an error object",
    severity: "SHOULD",
    source: "RFC 9110, section 15.5.14; OpenAI API reference: error codes",
    see: [
      "https://github.com/NousResearch/hermes-agent/pull/33077",
      "https://github.com/partcad/pre-commit/issues/17",
    ],
    on: oversizedAttempts,
    faults: {
      accepted: "the request is answered with a success status",
      "other-status": "the request is rejected with a different status",
      "no-envelope": "the body is not an error object",
    },
    asks: ({ models, oversizedBytes }) =>
      oversizedBytes === undefined ? [] : [oversizedChat(models.chat, oversizedBytes)],
    holds({ answered, exchange: { end } }) {
      if (!answered)
        return { undecided: `the connection was closed before an answer came (${end.code ?? end.kind})` }
      const { status } = answered
      if (isTransient(answered.exchange) || refusesKey(answered.exchange))
        return { undecided: `the target answered ${status}` }
      if (status === 413 || status === 400)
        return envelopeFaults(answered)
          .slice(0, 1)
          .map((fault) => ({ ...fault, fault: "no-envelope" }))
      const fault = isSuccess(answered) ? "accepted" : "other-status"
      return [{ fault, at: atStatus, expected: "413 or 400", actual: String(status) }]
    },
  }),

  rule({
    id: "err.retry-after",
    since,
    says: "SHOULD send `retry-after` with 429 and 503",
    severity: "SHOULD",
    source: "RFC 9110, section 10.2.3; OpenAI API reference: rate limits",
    see: [
      "https://github.com/BerriAI/litellm/pull/30098",
      "https://github.com/majiayu000/litellm-rs/issues/833",
    ],
    on: laterAnswers,
    faults: {
      absent: "there is neither retry-after nor retry-after-ms",
      malformed: "the time is neither a number nor a date",
    },
    holds(answered) {
      const headers = answered.exchange.response?.headers ?? []
      // A quota that is used up does not come back by waiting.
      if (
        headerOf(headers, "x-should-retry") === "false" ||
        errorOf(answered)?.["code"] === "insufficient_quota"
      )
        return []
      const name = headerOf(headers, "retry-after-ms") === undefined ? "retry-after" : "retry-after-ms"
      const value = headerOf(headers, name)
      if (value !== undefined && (/^\d+(?:\.\d+)?$/.test(value) || isDateText(value))) return []
      return [
        {
          fault: value === undefined ? "absent" : "malformed",
          at: { part: "header", name },
          expected: "seconds, or a date",
          actual: shown(value),
        },
      ]
    },
  }),

  rule({
    id: "err.status-before-stream",
    since,
    says: "SHOULD report a failure before the first event with an error status, not inside a stream",
    severity: "SHOULD",
    source: `${statusCodes}; RFC 9110, section 15: the status tells the result of the request`,
    see: [
      "https://github.com/BerriAI/litellm/issues/3253",
      "https://github.com/vllm-project/tpu-inference/issues/3572",
      "https://github.com/sgl-project/sglang/pull/20027",
    ],
    on: eventStreams,
    needs: ["head"],
    faults: { "in-band": "the first thing that the stream says is an error" },
    holds(stream) {
      // After a keep-alive comment there is no status left to send.
      if (stream.errors[0] !== 0 || stream.decoded.counts.comment) return []
      return [
        {
          fault: "in-band",
          at: eventAt(stream, 0),
          expected: "a status of 400 or above",
          actual: `${stream.answered.status}, and ${shown(stream.events[0]?.data)}`,
        },
      ]
    },
  }),

  rule({
    id: "err.midstream-signalled",
    since,
    says: "MUST report a failure during a stream as an `error` object with a message, and then end the stream",
    severity: "MUST",
    source: `${errorObject}; WHATWG HTML, section 9.2.6`,
    see: [
      "https://github.com/ai-dynamo/dynamo/pull/8430",
      "https://github.com/mastra-ai/mastra/pull/22097",
      "https://github.com/langgenius/dify/pull/37236",
    ],
    on: eventStreams,
    faults: {
      shape: "the data of the event is not an error object with a message",
      "no-data": "an event of type error has no data, so that clients never see it",
      "goes-on": "the stream goes on after the error",
    },
    holds(stream) {
      const { decoded, events, payloads, errors } = stream
      const dataless = decoded.departures.find(
        ({ kind, text }) => kind === "event-without-data" && text === "event: error",
      )
      if (dataless)
        return [
          {
            fault: "no-data",
            at: { part: "body", offset: dataless.offset },
            expected: "data with an error object",
            actual: dataless.text,
          },
        ]
      const [number] = errors
      const event = number === undefined ? undefined : events[number]
      if (number === undefined || !event) return []
      const faults: Fault<"shape" | "goes-on">[] = []
      const { message } = streamedErrorOf(event.data)
      if (typeof message !== "string" || message === "")
        faults.push({
          fault: "shape",
          at: eventAt(stream, number, "/error/message"),
          expected: "words",
          actual: shown(event.data),
        })
      const last = saysFailed(payloads[number + 1]) ? number + 1 : number
      const next = payloads.findIndex(({ kind }, each) => each > last && kind !== "done")
      if (next !== -1)
        faults.push({
          fault: "goes-on",
          at: eventAt(stream, next),
          expected: `${DONE} or the end of the stream`,
          actual: shown(events[next]?.data),
        })
      return faults
    },
  }),
] as const
