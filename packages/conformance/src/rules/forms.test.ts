import { describe, expect, test } from "vitest"
import { exchangeOf, knownOf } from "../../test/exchange.ts"
import { found, judgedBy } from "../../test/found.ts"
import { formRules } from "./forms.ts"

const refused = (message: string, param: string | null = null) => ({
  status: 400,
  body: { error: { message, type: "invalid_request_error", param, code: null } },
})

type Answer = { readonly status: number; readonly body?: object }
const taken: Answer = { status: 200, body: {} }

const chat = (members: object, answer: Answer) =>
  exchangeOf({
    operation: "createChatCompletion",
    request: { model: "m", messages: [{ role: "user", content: "Hi." }], ...members },
    ...answer,
  })
const embedding = (input: unknown, answer: Answer, members: object = {}) =>
  exchangeOf({ operation: "createEmbedding", request: { model: "m", input, ...members }, ...answer })

const faultsIn = (...exchanges: Parameters<typeof found>[1]) =>
  found(formRules, exchanges).map(([rule]) => rule)

const streamTo = (members: object, ...data: readonly object[]) =>
  exchangeOf({
    operation: "createChatCompletion",
    request: { model: "m", messages: [{ role: "user", content: "Hi." }], stream: true, ...members },
    type: "text/event-stream",
    body: data.map((each) => `data: ${JSON.stringify(each)}\n\n`).join(""),
  })
const streamOf = (...data: readonly object[]) => streamTo({}, ...data)
const errorOf = (message: string) => ({ error: { message, type: "server_error", param: null, code: null } })
const failing = (said: object, members = {}) => [1, 2, 3].map(() => streamTo(members, said))
const failedStreams = failing(errorOf("The engine failed to generate a stream."))

const noList = refused("input must be a string", "input")
const noText = refused("input must be a list", "input")

describe("a documented form that is always refused is a finding", () => {
  test.each([
    ["one text", [embedding("a", noText), embedding(["a"], taken)], "http.accepts-plain-form"],
    ["every input", [embedding("a", noText)], "http.accepts-plain-form"],
    [
      "a list of texts",
      [embedding("a", taken), embedding(["a", "b"], noList)],
      "http.accepts-documented-form",
    ],
    [
      "tokens",
      [embedding("a", taken), embedding([1, 2], noList), embedding([[1]], noList)],
      "http.accepts-documented-form",
    ],
    ["a plain chat", [chat({}, refused("messages: no", "messages"))], "http.accepts-plain-form"],
    [
      "a stream",
      [chat({}, taken), chat({ stream: true }, refused("No streams.", "stream"))],
      "stream.is-accepted",
    ],
    ["streams that have nothing but an error", [chat({}, taken), ...failedStreams], "stream.is-accepted"],
    [
      "a form",
      [exchangeOf({ operation: "createTranscription", request: "--cut", ...refused("No.") })],
      "http.accepts-plain-form",
    ],
  ] as const)("%s", (_, exchanges, rule) => {
    expect(faultsIn(...exchanges)).toEqual([rule])
  })
})

describe("it is none", () => {
  test.each([
    ["when the form was taken once", [embedding("a", noText), embedding("b", taken)]],
    [
      "when a member is to blame that the form can do without",
      [chat({ max_tokens: 9 }, refused("max_tokens is unsupported"))],
    ],
    ["when the request has other members", [embedding("a", noText, { dimensions: 3 })]],
    ["when the model is to blame", [embedding("a", refused("not for embeddings", "model"))]],
    [
      "when the endpoint is not offered",
      [embedding("a", { status: 404 }), embedding(["a"], { status: 404 })],
    ],
    ["when the server fails, which is a finding of its own", [embedding("a", { status: 500 })]],
    [
      "when whole replies are refused too",
      [chat({ n: 2 }, refused("No.")), chat({ stream: true }, refused("No."))],
    ],
    ["when few streams fail", [chat({}, taken), ...failedStreams.slice(1)]],
    [
      "when streams began before their error",
      [chat({}, taken), ...[1, 2, 3].map(() => streamOf({ choices: [] }, errorOf("Lost.")))],
    ],
    ["when the server is busy", [chat({}, taken), ...failing(errorOf("Overloaded, try again later."))]],
    ["when its code is a text", [chat({}, taken), ...failing({ error: { code: "503", message: "No." } })]],
    ["when its code says so", [chat({}, taken), ...failing({ error: { code: 429, message: "Upstream." } })]],
    [
      "when a member is to blame for the errors of streams",
      [chat({}, taken), ...failing(errorOf("max_tokens is unsupported"), { max_tokens: 9 })],
    ],
    ["when another stream has a reply", [chat({}, taken), ...failedStreams, streamOf({ choices: [] })]],
    ["when whole replies are refused as streams fail", [chat({ n: 2 }, refused("No.")), ...failedStreams]],
    [
      "when the limit leaves no room for an answer",
      [
        chat(
          { max_completion_tokens: 1 },
          refused("Could not finish the message because max_tokens or model output limit was reached."),
        ),
      ],
    ],
  ] as const)("%s", (_, exchanges) => {
    expect(faultsIn(...exchanges)).toEqual([])
  })

  test("when nobody named the model", () => {
    const known = knownOf({ unproven: new Set(["embedding"]) })
    expect(found(formRules, [embedding("a", noText)], known)).toEqual([])
    expect(judgedBy(formRules, [embedding("a", noText)], known)).toEqual([])
  })
})
