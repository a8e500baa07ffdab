import {
  ChatCompletionRequest,
  EmbeddingRequest,
  ImageGenerationRequest,
  ModerationRequest,
  type OperationId,
  RerankRequest,
  ResponseRequest,
  SpeechRequest,
  TranscriptionRequest,
  TranslationRequest,
  VideoGenerationRequest,
} from "@nexhina/schemas"
import type * as fc from "fast-check"
import { describe, expect, test } from "vitest"
import * as z from "zod"
import { knownOf } from "../../test/exchange.ts"
import { draw } from "../drawing/draw.ts"
import { isObject } from "../reading/answered.ts"
import { schemaBreach } from "../reading/json-schema.ts"
import { contractBreach } from "../target/to-wire.ts"
import { type BodyOperation, requestSources } from "./any.ts"
import { askFor } from "./ask.ts"
import { anySpeechRequests, anyTranscriptionRequests, anyTranslationRequests } from "./audio.ts"
import {
  anyChatRequests,
  chatMembers,
  chatRequests,
  chatTasks,
  conversations,
  toolTurns,
} from "./chat-completions.ts"
import { anyEmbeddingRequests, embeddingRequests } from "./embeddings.ts"
import { anyImageRequests } from "./images.ts"
import { parameterSchemas, strictSchemas } from "./json-schemas.ts"
import { anyModerationRequests, moderationRequests } from "./moderations.ts"
import { anyRerankRequests, rerankRequests } from "./rerank.ts"
import {
  anyResponseRequests,
  functionTurns,
  responseMembers,
  responseRequests,
  responseTasks,
} from "./responses.ts"
import { texts } from "./texts.ts"
import { anyVideoRequests } from "./video.ts"

const known = knownOf()

const drawingWith = (image: string) => knownOf({ models: { ...known.models, image } })

const families: [string, OperationId, fc.Arbitrary<object>][] = [
  ["small chat requests", "createChatCompletion", chatRequests(known)],
  ["chat requests", "createChatCompletion", anyChatRequests(known)],
  ...Object.entries({ ...chatMembers(known), ...chatTasks }).map(
    ([name, members]): [string, OperationId, fc.Arbitrary<object>] => [
      `chat requests with ${name}`,
      "createChatCompletion",
      chatRequests(known, members),
    ],
  ),
  ["small requests for responses", "createResponse", responseRequests(known)],
  ["requests for responses", "createResponse", anyResponseRequests(known)],
  ...Object.entries({ ...responseMembers(known), ...responseTasks }).map(
    ([name, members]): [string, OperationId, fc.Arbitrary<object>] => [
      `requests for responses with ${name}`,
      "createResponse",
      responseRequests(known, members),
    ],
  ),
  ["small embedding requests", "createEmbedding", embeddingRequests(known)],
  ["embedding requests", "createEmbedding", anyEmbeddingRequests(known)],
  ["small moderation requests", "createModeration", moderationRequests(known)],
  ["moderation requests", "createModeration", anyModerationRequests(known)],
  ["image requests", "createImage", anyImageRequests(known)],
  ["image requests to dall-e-3", "createImage", anyImageRequests(drawingWith("dall-e-3"))],
  ["image requests to dall-e-2", "createImage", anyImageRequests(drawingWith("dall-e-2"))],
  ["image requests to another model", "createImage", anyImageRequests(drawingWith("flux"))],
  ["image requests like OpenAI's", "createImage", anyImageRequests(knownOf({ profileName: "openai" }))],
  ["speech requests", "createSpeech", anySpeechRequests(known)],
  ["video requests", "createVideo", anyVideoRequests(known)],
  ["video requests like OpenAI's", "createVideo", anyVideoRequests(knownOf({ profileName: "openai" }))],
  ["small rerank requests", "createRerank", rerankRequests(known)],
  ["rerank requests", "createRerank", anyRerankRequests(known)],
]

const forms: typeof families = [
  ["transcription requests", "createTranscription", anyTranscriptionRequests(known)],
  ["translation requests", "createTranslation", anyTranslationRequests(known)],
]

describe.each([...families, ...forms])("%s", (_name, operation, requests) => {
  test("keep the contract, its schema and its checks, also when shrunk", () => {
    for (const drawn of draw(requests, 1, 200)) {
      expect(contractBreach(askFor(operation, drawn.value))).toBeUndefined()
    }
    let smallest = draw(requests, 2, 1)[0]
    for (let step = 0; smallest && step < 1000; step++) {
      expect(contractBreach(askFor(operation, smallest.value))).toBeUndefined()
      ;[smallest] = smallest.shrink()
    }
    expect(smallest).toBeUndefined()
  })
})

test.each(families)("%s say nothing that JSON cannot", (_name, _operation, requests) => {
  for (const { value } of draw(requests, 3, 100)) {
    expect(JSON.parse(JSON.stringify(value))).toEqual(value)
  }
})

const sampleOf = <T>(values: fc.Arbitrary<T>, count = 500): T[] =>
  draw(values, 5, count).map(({ value }) => value)

/** Per operation, its request and the members that are never generated. An operation that is missing does not compile. */
const memberCases: Readonly<Record<BodyOperation, readonly [z.ZodObject, readonly string[]]>> = {
  // Members for models that speak or search.
  createChatCompletion: [ChatCompletionRequest, ["audio", "web_search_options"]],
  createResponse: [
    // Nothing is requested without a limit.
    ResponseRequest.required({ max_output_tokens: true }),
    // Members that name what the server stores.
    ["previous_response_id", "prompt", "conversation"],
  ],
  createEmbedding: [EmbeddingRequest, []],
  createModeration: [ModerationRequest, []],
  // A member for dall-e-3. Without a model, the kit does not know which model draws, and what it can do.
  createImage: [ImageGenerationRequest.required({ model: true }), ["style"]],
  // A member that tts-1 does not support.
  createSpeech: [SpeechRequest, ["instructions"]],
  createTranscription: [TranscriptionRequest, []],
  createTranslation: [TranslationRequest, []],
  createVideo: [VideoGenerationRequest, []],
  createRerank: [RerankRequest, []],
}

test.each(Object.entries(memberCases))(
  "requests of %s have each optional member in some sample and lack it in others",
  (operation, [{ shape }, never]) => {
    // The record's keys are operation ids; `Object.entries` widens them to string.
    const sample = sampleOf(requestSources[operation as BodyOperation].requests(known))
    const names = Object.keys(shape)
    expect(names.filter((name) => !sample.some((request) => name in request))).toEqual(never)
    const always = Object.entries(shape).filter(([, schema]) => !z.safeParse(schema, undefined).success)
    expect(names.filter((name) => sample.every((request) => name in request))).toEqual(
      always.map(([name]) => name),
    )
  },
)

test("a part that is undefined takes a member of the base away", () => {
  const [request] = sampleOf(chatRequests(known, chatMembers(known).max_completion_tokens))
  expect(Object.keys(request ?? {})).toEqual(["model", "messages", "max_completion_tokens"])
})

test("a refusal may name what is optional, but not the stream", () => {
  const body = { model: "m", messages: [], stream: true, n: 2, x_new: 1 }
  expect(askFor("createChatCompletion", body)).toEqual({
    operation: "createChatCompletion",
    body,
    exercises: ["n", "x_new"],
  })
})

test("every tool message answers a call of the message before the results, each call once", () => {
  for (const { messages } of sampleOf(toolTurns)) {
    const [question, calling, ...results] = messages
    expect([question?.role, calling?.role]).toEqual(["user", "assistant"])
    expect(new Set(results.map(({ role }) => role))).toEqual(new Set(["tool"]))
    const called = calling?.tool_calls?.map((call) => "id" in call && call.id)
    expect(results.map(({ tool_call_id }) => tool_call_id).sort()).toEqual(called)
    expect(messages.length).toBeLessThanOrEqual(4)
  }
})

test("every output of a function answers a call of its input, each call once", () => {
  for (const { input } of sampleOf(functionTurns)) {
    const ids = (kind: string) =>
      input.flatMap((item) => (item.type === kind && "call_id" in item ? [item.call_id] : []))
    expect(ids("function_call_output").sort()).toEqual(ids("function_call"))
    expect(ids("function_call").length).toBeGreaterThan(0)
  }
})

test("conversations have one to four messages, show every order, and end with a user's", () => {
  const orders = new Set(
    sampleOf(conversations).map((messages) => messages.map(({ role }) => role).join(" ")),
  )
  expect(orders).toEqual(
    new Set(
      ["", "system ", "developer "].flatMap((first) => [
        `${first}user`,
        `${first}user user`,
        `${first}user assistant user`,
      ]),
    ),
  )
})

test.each([
  ["parameters", parameterSchemas],
  ["strict", strictSchemas],
])("%s schemas are JSON Schemas of objects", (_name, schemas) => {
  for (const schema of sampleOf(schemas, 40)) {
    expect(schemaBreach(schema, [])).toEqual({ pointer: "", says: "must be object" })
  }
})

const objectsIn = (schema: unknown): Record<string, unknown>[] => {
  if (!isObject(schema)) return []
  const { properties, items } = schema
  const inside = [...(isObject(properties) ? Object.values(properties) : []), items].flatMap(objectsIn)
  return schema["type"] === "object" ? [schema, ...inside] : inside
}

test("strict schemas require every property and close every object, at each depth", () => {
  const all = sampleOf(strictSchemas).flatMap(objectsIn)
  expect(all.length).toBeGreaterThan(550)
  for (const { properties, required, additionalProperties } of all) {
    expect(required).toEqual(Object.keys(properties as object))
    expect(additionalProperties).toBe(false)
  }
})

test("texts are not of ASCII alone: several scripts, line ends, quotes, characters of several code points", () => {
  const all = sampleOf(texts).join("")
  for (const needed of [/\p{Script=Han}/u, /\p{Script=Hebrew}/u, /\r\n/, /"/, /\\/, /\u200d/, /\u2028/]) {
    expect(all).toMatch(needed)
  }
})
