import { endpoints } from "@nexhina/schemas"
import { encode } from "@nexhina/stream"
import * as fc from "fast-check"
import { describe, expect, test } from "vitest"
import { deltaOf, streamOfData } from "../../test/chat-stream.ts"
import { exchangeOf, knownOf } from "../../test/exchange.ts"
import { found, judgedBy } from "../../test/found.ts"
import { dataOf, eventsOf, replyOf, responseOf, responseStreamOf } from "../../test/response-stream.ts"
import { chatCompletionRules } from "./chat-completions.ts"
import { embeddingRules } from "./embeddings.ts"
import { areOfOtherFamilies } from "./model-family.ts"
import { responseRules } from "./responses.ts"

const familyRules = [...chatCompletionRules, ...responseRules, ...embeddingRules].filter(({ id }) =>
  id.endsWith(".model-family"),
)

test.each([
  ["gpt-4o", "llama-3-8b"],
  ["gpt-4o", "claude-sonnet-4-5"],
  ["claude-opus-4-20250514", "gpt-5.4"],
  ["openai/o3", "meta-llama/Llama-3.1-8B-Instruct"],
  ["qwen-turbo", "gpt-3.5-turbo"],
  ["/models/mistral-7b.Q4_K_M.gguf", "/models/qwen2.5-7b.Q4_K_M.gguf"],
  ["text-embedding-3-large", "BAAI/bge-m3"],
  ["nomic-embed-text", "text-embedding-3-small"],
])("%s is of another family than %s", (one, other) => {
  expect([areOfOtherFamilies(one, other), areOfOtherFamilies(other, one)]).toEqual([true, true])
})

test.each([
  ["gpt-4o", "gpt-4o-2024-08-06"],
  ["gpt-4o", "openai/gpt-4o"],
  ["gemini-2.5-pro", "models/gemini-2.5-pro"],
  ["chatgpt-4o-latest", "gpt-4o"],
  ["o4-mini", "gpt-4.1"],
  ["claude-sonnet-4", "Claude Sonnet 4"],
  ["llama3.2:latest", "Meta-Llama-3.2-3B-Instruct.Q4_K_M.gguf"],
  ["ollama/mistral", "mistral:7b"],
  ["ollama/my-model", "gpt-4o"],
  ["llama-3-8b", "deepseek-r1-distill-llama-8b"],
  ["hermes-3-llama-3.1", "Hermes-4-Qwen3"],
  ["prod-chat-eu", "gpt-4o-2024-08-06"],
  ["gpt-4o", "prod-chat-eu"],
  ["openrouter/auto", "anthropic/claude-sonnet-4"],
  ["latest", "mistral-large-latest"],
  ["model-router", "gpt-5-nano"],
  ["text-embedding-ada-002", "ada"],
  ["gpt-4o", ""],
])("%s may be answered by %s", (one, other) => {
  expect([areOfOtherFamilies(one, other), areOfOtherFamilies(other, one)]).toEqual([false, false])
})

test("no name is of another family than itself, with whatever prefix, date or size", () => {
  const names = fc.oneof(
    fc.string(),
    fc.constantFrom("gpt-4o", "llama-3-8b", "claude-opus-4", "bge-m3", "phi-4"),
  )
  fc.assert(
    fc.property(names, fc.constantFrom("", "openai/", "models/"), fc.string(), (name, prefix, suffix) => {
      expect(areOfOtherFamilies(name, `${prefix}${name}-${suffix}`)).toBe(false)
    }),
  )
})

const embedding = endpoints.createEmbedding.examples.vector.value
type Reply = (
  model: string,
  asked?: object,
  headers?: readonly [string, string][],
) => ReturnType<typeof exchangeOf>
const json = ["content-type", "application/json"] as const

const chat: Reply = (model, asked = {}, headers = []) =>
  exchangeOf({
    operation: "createChatCompletion",
    request: { model: "gpt-4o", messages: [{ role: "user", content: "Hi" }], ...asked },
    headers: [json, ...headers],
    body: {
      id: "chatcmpl-1",
      object: "chat.completion",
      created: 1713833628,
      model,
      choices: [{ index: 0, message: { role: "assistant", content: "Hi." }, finish_reason: "stop" }],
    },
  })
const streamedChat: Reply = (model) =>
  streamOfData([
    { ...deltaOf({ role: "assistant", content: "Hi" }), model },
    { ...deltaOf({}, "stop"), model },
  ])
const response: Reply = (model) => replyOf(responseOf({ model }))
const streamedResponse: Reply = (model) => responseStreamOf(encode(eventsOf(dataOf(responseOf({ model })))))
const embeddings: Reply = (model) =>
  exchangeOf({
    operation: "createEmbedding",
    request: { model: "text-embedding-3-large", input: "a" },
    body: { ...embedding, model },
  })

describe.each([
  ["chat.model-family", chat],
  ["chat.model-family", streamedChat],
  ["resp.model-family", response],
  ["resp.model-family", streamedResponse],
  ["emb.model-family", embeddings],
])("%s (%#)", (id, reply) => {
  const faults = (...facts: Parameters<Reply>) =>
    found(familyRules, [reply(...facts)]).map(([rule, fault]) => [rule, fault])

  test("another family is found", () => {
    expect(faults("mistral-7b")).toEqual([[id, "other"]])
  })

  test("a name of the same model, and one that names no family, are legal", () => {
    for (const model of ["gpt-4o-2024-08-06", "text-embedding-3-large-v2", "prod"])
      expect(faults(model)).toEqual([])
    expect(judgedBy(familyRules, [reply("prod")])).toEqual([id])
  })
})

test("a server with one model may answer with its name, and one with several names with the first", () => {
  const single = knownOf({ traits: new Set(["single-model"]) })
  const first = knownOf({ listed: ["mistral-7b", "gpt-4o"] })
  const second = knownOf({ listed: ["gpt-4o", "mistral-7b"] })
  expect(found(familyRules, [chat("mistral-7b")], single)).toEqual([])
  expect(found(familyRules, [chat("mistral-7b")], first)).toEqual([])
  expect(found(familyRules, [chat("mistral-7b")], second)).toHaveLength(1)
})

test("a fallback that was permitted or announced is legal", () => {
  const announced = (count: string) => chat("mistral-7b", {}, [["x-litellm-attempted-fallbacks", count]])
  expect(found(familyRules, [chat("mistral-7b", { models: ["gpt-4o", "mistral-7b"] })])).toEqual([])
  expect(found(familyRules, [chat("mistral-7b", { fallbacks: ["mistral-7b"] })])).toEqual([])
  expect(found(familyRules, [announced("1")])).toEqual([])
  expect(found(familyRules, [announced("0")])).toHaveLength(1)
})
