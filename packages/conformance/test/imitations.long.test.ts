import type { Mock } from "@nexhina/mock"
import { startMock } from "@nexhina/mock/node"
import { expect, test } from "vitest"
import { settingsOf } from "../src/options/options.ts"
import type { Report } from "../src/reports/report.ts"
import { run } from "../src/run.ts"
import { llamaCpp } from "./imitations/llama-cpp.ts"
import { ollama } from "./imitations/ollama.ts"
import { openaiKey, openaiReasoning } from "./imitations/openai-reasoning.ts"
import { openrouter, openrouterKey } from "./imitations/openrouter.ts"
import { vllm, vllmKey } from "./imitations/vllm.ts"

// Imitations of real servers, as they are documented and as their sources are. Every finding is listed, with the place
// that shows that the real server does it: what is not listed would be a false accusation.

async function judged(mock: Mock, flags: Record<string, unknown> = {}): Promise<Report> {
  await using server = await startMock({ mock })
  return await run(settingsOf({ baseUrl: server.baseURL, profile: "openai", runs: 4, ...flags }))
}

const findingsOf = ({ findings }: Report) => [
  ...new Set(findings.map(({ severity, rule, fault }) => `${severity} ${rule}:${fault}`)),
]

/** Why rules that apply were not judged; the reasons of `not-run` are the same for all targets. */
const gapsOf = ({ rules }: Report) => [
  ...new Set(
    rules.flatMap(({ verdict, reason }) =>
      verdict === "unsupported" || verdict === "inconclusive" ? `${verdict}: ${reason}` : [],
    ),
  ),
]

const timeout = 120_000

test("vLLM with one chat model", { timeout }, async () => {
  const report = await judged(vllm(), { apiKey: vllmKey })
  expect(findingsOf(report)).toEqual([
    // No reply has an id of the request, unless it runs with --enable-request-id-headers.
    "MAY http.request-id:absent",
    // AuthenticationMiddleware answers {"error": "Unauthorized"}.
    "MUST err.envelope:no-error-object",
    // ErrorInfo.code is the status, a number.
    "SHOULD err.envelope-full:other-type",
  ])
  expect(gapsOf(report)).toEqual([
    // It sends no request ids.
    "inconclusive: no exchange was one of its kind (responses with a request id)",
    "unsupported: the target does not offer GET /models/{model}",
    // Responses are stored only with VLLM_ENABLE_RESPONSES_API_STORE.
    "unsupported: the target does not offer GET /responses/{response_id}",
    "unsupported: the target does not offer DELETE /responses/{response_id}",
    "unsupported: the target does not offer GET /responses/{response_id}/input_items",
    "unsupported: no model is known for POST /embeddings; name one with --embedding-model",
    "unsupported: the target does not offer POST /moderations",
  ])
  expect(report.learned).toEqual([
    "trait single-model: one model is listed",
    "chat model meta-llama/Llama-3.1-8B-Instruct: the only listed model",
  ])
})

test("the server of llama.cpp", { timeout }, async () => {
  const report = await judged(llamaCpp())
  expect(findingsOf(report)).toEqual([
    // JSON that cannot be read is an unhandled exception (pull request 5961).
    "MUST http.no-5xx-invalid:server-error",
    "MAY http.request-id:absent",
    // format_error_response: the code is a number, and there is no param.
    "SHOULD err.envelope-full:other-type",
    "SHOULD err.envelope-param:absent",
    // "Only one completion choice is allowed" does not say which parameter asked for more.
    "SHOULD chat.accepts-documented-params:unnamed",
  ])
  expect(gapsOf(report)).toEqual([
    // It sends no request ids.
    "inconclusive: no exchange was one of its kind (responses with a request id)",
    "inconclusive: rests on http.no-5xx-invalid, which failed on the same exchange",
    "unsupported: the target does not offer GET /models/{model}",
    "inconclusive: takes the usages of one choice and of several",
    "unsupported: the target does not offer POST /responses",
    "unsupported: the target does not offer POST /embeddings",
    "unsupported: the target does not offer POST /moderations",
  ])
  expect(report.traits).toEqual(["single-model"])
})

test("Ollama at /v1", { timeout }, async () => {
  const report = await judged(ollama())
  expect(findingsOf(report)).toEqual([
    // gin: "404 page not found" as text.
    "SHOULD http.unknown-route-envelope:no-envelope",
    "MAY http.request-id:absent",
    // One of 999 numbers is the id.
    "SHOULD chat.id-unique:repeated",
    // docs/openai.md does not list n, max_completion_tokens, logprobs, tool_choice and parallel_tool_calls.
    "MUST chat.choices-match-n:count",
    "MUST chat.max-tokens-honoured:over-limit",
    "MUST chat.logprobs-shape:missing",
    "MUST stream.index-in-range:missing",
    "MUST tool.choice-none:called-despite-none",
    "MUST tool.parallel-false:several",
  ])
  expect(gapsOf(report)).toEqual([
    // It sends no request ids.
    "inconclusive: no exchange was one of its kind (responses with a request id)",
    "unsupported: the target does not offer POST /responses",
    "unsupported: the target does not offer POST /moderations",
  ])
  expect(report.models).toMatchObject({ chat: "llama3.2:latest", embedding: "nomic-embed-text:latest" })
})

test("OpenRouter with 300 models", { timeout }, async () => {
  const report = await judged(openrouter(), { apiKey: openrouterKey })
  expect(findingsOf(report)).toEqual([
    // Paths outside the API are pages of the website.
    "SHOULD http.unknown-route-envelope:no-envelope",
    "MAY http.request-id:absent",
    // The list is public (trait public-models).
    "SHOULD auth.missing-key-models:accepted",
    // "API Errors": { error: { code: number, message, metadata? } }
    "MUST err.envelope-type:no-type",
    "SHOULD err.envelope-full:other-type",
    "SHOULD err.envelope-param:absent",
    // "List available models": { data: […] }
    "MUST models.schema:missing",
    // "Parameters" does not list n.
    "MUST chat.choices-match-n:count",
    "MUST stream.index-in-range:missing",
    // "Usage accounting": every stream ends with the usage (trait forced-usage).
    "MUST usage.stream-opt-in:own-chunk",
  ])
  expect(gapsOf(report)).toEqual([
    // It sends no request ids.
    "inconclusive: no exchange was one of its kind (responses with a request id)",
    "unsupported: the target does not offer GET /models/{model}",
    "inconclusive: no exchange was one of its kind (lists of models)",
    "unsupported: the target does not offer GET /responses/{response_id}",
    "unsupported: the target does not offer DELETE /responses/{response_id}",
    "unsupported: the target does not offer GET /responses/{response_id}/input_items",
    "unsupported: no model is known for POST /embeddings; name one with --embedding-model",
    "unsupported: the target does not offer POST /moderations",
  ])
  expect(report.learned).toEqual(["chat model openai/gpt-4o: a listed chat model, by its name"])
})

test("OpenAI with reasoning models only is judged as fully as any other target", { timeout }, async () => {
  const report = await judged(openaiReasoning(), { apiKey: openaiKey })
  expect(findingsOf(report)).toEqual([])
  expect(gapsOf(report)).toEqual([
    "unsupported: the target refuses stop (400)",
    "unsupported: the target refuses logprobs (400)",
    // The imitation says less than fits into 256 tokens.
    "inconclusive: takes the usages of two whole replies and a stream that the limit cuts",
  ])
  expect(report.outcome).toBe("conformant")
  const refusals = ["stop", "logprobs", "temperature", "top_p", "presence_penalty", "frequency_penalty"]
  expect(report.learned).toEqual(
    expect.arrayContaining([
      "chat model o3: a listed chat model, by its name",
      "POST /chat/completions: refuses max_tokens (400), asked with max_completion_tokens in its place",
      "POST /chat/completions: cannot answer within 64 tokens, asked with a limit of at least 256",
      ...refusals.map((name) => `POST /chat/completions: refuses ${name} (400), asked without it`),
      "POST /responses: refuses temperature (400), asked without it",
    ]),
  )
})
