import { type Endpoint, endpoints, type OperationId } from "@nexhina/schemas"
import * as fc from "fast-check"
import { describe, expect, test } from "vitest"
import { z } from "zod"
import { knownOf } from "../../test/exchange.ts"
import { draw } from "../drawing/draw.ts"
import { isObject } from "../reading/answered.ts"
import type { Step } from "../target/step.ts"
import { contractBreach } from "../target/to-wire.ts"
import { anySpeechRequests, anyTranscriptionRequests, anyTranslationRequests } from "./audio.ts"
import { anyChatRequests, chatRequests } from "./chat-completions.ts"
import { anyEmbeddingRequests } from "./embeddings.ts"
import {
  type BodyFault,
  canHave,
  faultySteps,
  malformedForms,
  noSuchModel,
  unknownPathSteps,
  wrongMethodSteps,
} from "./faults.ts"
import { anyImageRequests } from "./images.ts"
import { anyModerationRequests } from "./moderations.ts"
import { anyRerankRequests } from "./rerank.ts"
import { anyVideoRequests } from "./video.ts"

const known = knownOf()

const ofExamples = (operation: OperationId): [OperationId, fc.Arbitrary<object>] => {
  const { request }: Endpoint = endpoints[operation]
  return [
    operation,
    fc.constantFrom(...Object.values(request?.examples ?? {}).map(({ value }) => value as object)),
  ]
}

const families: [OperationId, fc.Arbitrary<object>][] = [
  ["createChatCompletion", anyChatRequests(known)],
  ["createEmbedding", anyEmbeddingRequests(known)],
  ["createModeration", anyModerationRequests(known)],
  ["createImage", anyImageRequests(known)],
  ["createSpeech", anySpeechRequests(known)],
  ["createVideo", anyVideoRequests(known)],
  ["createRerank", anyRerankRequests(known)],
  ["createTranscription", anyTranscriptionRequests(known)],
  ["createTranslation", anyTranslationRequests(known)],
  ...Object.values<Endpoint>(endpoints)
    .filter(({ request }) => request?.mediaType === "application/json")
    .map(({ operationId }) => ofExamples(operationId as OperationId)),
]

/** Where two JSON values differ: the innermost members, in the spelling of `error.param`. */
function differences(one: unknown, other: unknown, path = ""): string[] {
  if (JSON.stringify(one) === JSON.stringify(other)) return []
  if (Array.isArray(one) && Array.isArray(other) && one.length === other.length) {
    return one.flatMap((item, index) => differences(item, other[index], `${path}[${index}]`))
  }
  if (!isObject(one) || !isObject(other)) return [path]
  return [...new Set([...Object.keys(one), ...Object.keys(other)])].flatMap((name) =>
    differences(one[name], other[name], path === "" ? name : `${path}.${name}`),
  )
}

interface Sampled {
  readonly valid: object
  readonly step: Step
}

/** Faulty steps, each with the request that it was made from. */
function sampled(
  kind: BodyFault,
  operation: OperationId,
  requests: fc.Arbitrary<object>,
  count = 100,
): Sampled[] {
  return draw(requests, 7, count).flatMap(({ value: valid }, index) =>
    draw(faultySteps(kind, operation, fc.constant(valid)), index, 1).flatMap(({ value }) =>
      value.map((step) => ({ valid, step })),
    ),
  )
}

describe.each(families)("faults of %s requests", (operation, requests) => {
  const { request }: Endpoint = endpoints[operation]

  test("malformed JSON is no JSON", () => {
    for (const { step } of sampled("malformed-json", operation, requests)) {
      expect(() => JSON.parse(String(step.rawBody))).toThrow(SyntaxError)
      expect(step.fault?.kind).toBe("malformed-json")
    }
  })

  test("what is no object is JSON, and is refused by the schema", () => {
    for (const { step } of sampled("not-an-object", operation, requests)) {
      expect(isObject(step.body)).toBe(false)
      expect(request?.schema.safeParse(step.body).success).toBe(false)
    }
  })

  test.each(["missing", "wrong-type", "out-of-range"] as const)(
    "%s: one member is changed, and the schema refuses the request",
    (kind) => {
      const all = sampled(kind, operation, requests)
      expect(all.length).toBeGreaterThan(0)
      for (const { valid, step } of all) {
        expect(contractBreach({ operation, body: valid })).toBeUndefined()
        expect(request?.schema.safeParse(step.body).success).toBe(false)
        expect(step.fault).toMatchObject({ kind, param: differences(valid, step.body).join() })
      }
    },
  )
})

/** The member of the request in which a path lies. */
const topOf = (param: string | undefined) => param?.split(/[.[]/, 1)[0]

const membersOf = (kind: BodyFault, operation: OperationId, requests: fc.Arbitrary<object>) => [
  ...new Set(sampled(kind, operation, requests, 1000).map(({ step }) => topOf(step.fault?.param))),
]

test.each(families.slice(0, 7))("each documented member of %s requests gets a wrong type", (...family) => {
  const { request }: Endpoint = endpoints[family[0]]
  const names = request?.schema instanceof z.ZodObject ? Object.keys(request.schema.shape) : []
  expect(membersOf("wrong-type", ...family).sort()).toEqual(names.sort())
})

test("each bounded member of a chat request goes out of its range", () => {
  expect(membersOf("out-of-range", "createChatCompletion", chatRequests(known)).sort()).toEqual([
    "frequency_penalty",
    "functions",
    "max_completion_tokens",
    "max_tokens",
    "messages",
    "n",
    "presence_penalty",
    "safety_identifier",
    "stop",
    "temperature",
    "top_logprobs",
    "top_p",
  ])
})

test("required members are missed at each depth", () => {
  const all = sampled("missing", "createChatCompletion", anyChatRequests(known), 1000)
  const params = new Set(all.map(({ step }) => step.fault?.param?.replace(/\d+/g, "0")))
  for (const param of [
    "model",
    "messages",
    "messages[0].role",
    "messages[0].content[0].text",
    "messages[0].tool_calls[0].function.arguments",
    "tools[0].function.name",
    "response_format.json_schema.name",
  ]) {
    expect(params).toContain(param)
  }
})

test("every check of every contract is broken by itself", () => {
  const bases: [OperationId, fc.Arbitrary<object>][] = [
    ...families,
    ["createResponse", fc.constant({ model: "gpt-4o", input: "Hi", conversation: "conv_1" })],
    ["createImage", fc.constant({ model: "dall-e-3", prompt: "A cat" })],
    ["createImage", fc.constant({ prompt: "A cat", output_format: "jpeg" })],
    ["createSpeech", fc.constant({ model: "tts-1", input: "Hi", voice: "alloy" })],
  ]
  const broken = bases.flatMap(([operation, requests]) => {
    const { request, checks }: Endpoint = endpoints[operation]
    return sampled("check", operation, requests).map(({ valid, step }) => {
      const { data } = request?.schema.safeParse(step.body) ?? {}
      const unkept = checks.filter((check) => !check.holds(data))
      expect(unkept.map(({ param }) => param)).toEqual([step.fault?.param])
      expect(new Set(differences(valid, step.body).map(topOf)).size).toBe(1)
      return unkept[0]?.says
    })
  })
  const all = Object.values<Endpoint>(endpoints).flatMap(({ checks }) => checks.map(({ says }) => says))
  expect(new Set(broken)).toEqual(new Set(all))
})

test("an unknown model is the only change, and no breach of the schema", () => {
  for (const { valid, step } of sampled("unknown-model", "createChatCompletion", anyChatRequests(known))) {
    expect(step).toEqual({
      operation: "createChatCompletion",
      body: { ...valid, model: noSuchModel },
      fault: { kind: "unknown-model", param: "model", says: "the model does not exist" },
    })
    expect(contractBreach({ operation: step.operation, body: step.body })).toBeUndefined()
  }
})

test("faults that are not to be had leave an empty sample", () => {
  expect(sampled("check", "createModeration", anyModerationRequests(known))).toEqual([])
})

test("an operation without a body is refused", () => {
  expect(() => faultySteps("missing", "listModels", fc.constant({}))).toThrow(
    "faultySteps: listModels takes no object",
  )
})

const forms: [OperationId, fc.Arbitrary<object>][] = [
  ["createTranscription", anyTranscriptionRequests(known)],
  ["createTranslation", anyTranslationRequests(known)],
]

test.each(forms)(
  "what is wrong with a %s form can be seen in it, where all is text",
  (operation, requests) => {
    const all = sampled("wrong-type", operation, requests)
    expect(new Set(all.map(({ step }) => step.fault?.says.replace(/^.* is /, "")))).toEqual(
      new Set(["a string"]),
    )
    const params = new Set(all.map(({ step }) => step.fault?.param))
    expect(params).toContain("file")
    expect(params).not.toContain("model")
  },
)

test.each(forms)(
  "a %s request is a form that is none, and never JSON that is none",
  (operation, requests) => {
    expect(canHave("malformed-form", operation)).toBe(true)
    expect(canHave("malformed-form", "createImage")).toBe(false)
    expect(sampled("malformed-json", operation, requests)).toEqual([])
    const says = new Set(sampled("malformed-form", operation, requests).map(({ step }) => step.fault?.says))
    expect(says).toEqual(new Set(malformedForms(operation).map(({ fault }) => fault?.says)))
  },
)

test("a faulty sample shrinks to one of the smallest requests", () => {
  const [drawn] = draw(faultySteps("wrong-type", "createChatCompletion", anyChatRequests(known)), 11, 1)
  let current = drawn
  for (let step = 0; current && step < 1000; step++) {
    const next = [...current.shrink()].find(({ value }) => value[0]?.fault?.kind === "wrong-type")
    if (!next) break
    current = next
  }
  expect(current?.value[0]?.body).toEqual({
    model: 12.5,
    messages: [{ role: "user", content: "Hi" }],
    max_tokens: known.maxOutputTokens,
  })
})

test("unknown paths and wrong methods are none of the contract's", () => {
  const all: Endpoint[] = Object.values(endpoints)
  for (const { value } of draw(unknownPathSteps, 1, 50)) {
    expect(all.map(({ path }) => path)).not.toContain(value[0]?.path)
    expect(value[0]?.fault?.kind).toBe("unknown-path")
  }
  for (const { value } of draw(wrongMethodSteps, 1, 50)) {
    expect(all.map(({ method }) => method)).not.toContain(value[0]?.method)
    expect(value[0]?.fault?.kind).toBe("wrong-method")
  }
})
