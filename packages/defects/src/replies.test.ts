import {
  ChatCompletionChunk,
  ChatCompletionResponse,
  type Endpoint,
  ErrorResponse,
  endpoints,
  type OperationId,
} from "@nexhina/schemas"
import { DONE, decode } from "@nexhina/stream"
import type { NamedAlteration, Reply, Situation } from "@nexhina/wire"
import * as fc from "fast-check"
import { expect, test } from "vitest"
import { acceptedChat } from "./accepted.ts"
import { audioDefects, audioVariants } from "./audio.ts"
import { authDefects, authVariants } from "./auth.ts"
import { embeddingDefects, embeddingVariants } from "./embeddings.ts"
import { errorDefects, errorVariants } from "./errors.ts"
import { httpDefects, httpVariants } from "./http.ts"
import { imageDefects, imageVariants } from "./images.ts"
import { modelDefects, modelVariants } from "./models.ts"
import { moderationDefects, moderationVariants } from "./moderations.ts"
import { rerankDefects, rerankVariants } from "./rerank.ts"
import { videoDefects, videoVariants } from "./video.ts"

const families = {
  models: [...modelDefects, ...modelVariants],
  embeddings: [...embeddingDefects, ...embeddingVariants],
  moderations: [...moderationDefects, ...moderationVariants],
  images: [...imageDefects, ...imageVariants],
  audio: [...audioDefects, ...audioVariants],
  video: [...videoDefects, ...videoVariants],
  rerank: [...rerankDefects, ...rerankVariants],
}
const alterations: readonly NamedAlteration[] = [
  ...httpDefects,
  ...httpVariants,
  ...authDefects,
  ...authVariants,
  ...errorDefects,
  ...errorVariants,
  ...Object.values(families).flat(),
]

const operations = Object.keys(endpoints) as OperationId[]
const error: ErrorResponse = {
  error: { message: "Wrong.", type: "invalid_request_error", param: "model", code: null },
}

const situationOf = (operationId: OperationId | undefined, request?: unknown): Situation => ({
  operationId,
  ask: { method: "POST", target: "/v1/models/gpt-4o", headers: [], body: new Uint8Array() },
  request,
  streaming: false,
})

/** What every operation answers by its own examples. */
const examples = operations.flatMap((operation) =>
  Object.values((endpoints[operation] as Endpoint).examples).map(({ value }) => ({ operation, value })),
)

test("the alterations of a family leave all other answers, and every error, as they are", () => {
  for (const [family, list] of Object.entries(families))
    for (const alteration of list) {
      if (alteration.stage !== "value") continue
      for (const { operation, value } of examples)
        if (endpoints[operation].surface !== family)
          expect(alteration.apply(value, situationOf(operation))).toBe(value)
      for (const operation of operations) expect(alteration.apply(error, situationOf(operation))).toBe(error)
    }
})

/** Forms of real servers that are not the contract's, and break no MUST: the kit notes them. */
const ownForms = new Set([
  "err-azure-401",
  "images-cost-only",
  "audio-usage-of-mistral",
  "rerank-document-string",
  "video-task-brief",
])

test("a variant's values still fit the contract, and its errors are errors", () => {
  const variants = [
    ...modelVariants,
    ...embeddingVariants,
    ...moderationVariants,
    ...imageVariants,
    ...audioVariants,
    ...videoVariants,
    ...rerankVariants,
    ...httpVariants,
    ...authVariants,
    ...errorVariants,
  ]
  for (const variant of variants) {
    if (variant.stage !== "value" || ownForms.has(variant.id)) continue
    for (const { operation, value } of examples) {
      const content = (endpoints[operation] as Endpoint).success.content["application/json"]
      if (content?.kind !== "json" || typeof value !== "object") continue
      expect(content.schema.safeParse(variant.apply(value, situationOf(operation)))).toMatchObject({
        success: true,
      })
    }
    expect(ErrorResponse.safeParse(variant.apply(error, situationOf("createEmbedding")))).toMatchObject({
      success: true,
    })
  }
})

const situations = fc
  .tuple(fc.option(fc.constantFrom(...operations), { nil: undefined }), fc.jsonValue())
  .map(([operation, request]) => situationOf(operation, request))

test("no reply and no request whatsoever makes an alteration of the wire fail", () => {
  const replies: fc.Arbitrary<Reply> = fc.record({
    status: fc.integer({ min: 200, max: 599 }),
    headers: fc.array(fc.tuple(fc.constantFrom("Content-Type", "x"), fc.string())),
    body: fc.oneof(fc.string(), fc.uint8Array()),
    end: fc.constant("complete" as const),
  })
  fc.assert(
    fc.property(replies, situations, (reply, situation) => {
      for (const alteration of alterations)
        if (alteration.stage === "wire") expect(alteration.apply(reply, situation).status).toBeGreaterThan(0)
    }),
  )
})

test("white space at the end of a body that never ends is made as it is read", () => {
  const defect = httpDefects.find(({ id }) => id === "http-endless")
  if (defect?.stage !== "wire") throw new Error("http-endless is no alteration of the wire")
  const { body } = defect.apply(
    { status: 200, headers: [], body: "{}", end: "complete" },
    situationOf("createEmbedding"),
  )
  let taken = 0
  for (const { bytes } of body as Iterable<{ bytes: Uint8Array }>) {
    taken += bytes.length
    if (taken > 1e6) break
  }
  expect(taken).toBeGreaterThan(1e6)
})

test("a chat that should have been refused is answered as the contract says, whole and streamed", () => {
  const refusal: Reply = { status: 400, headers: [["Content-Type", "x"]], body: "", end: "complete" }
  const situation = situationOf("createChatCompletion")
  const whole = acceptedChat(refusal, situation)
  expect(ChatCompletionResponse.safeParse(JSON.parse(String(whole.body)))).toMatchObject({ success: true })
  const streamed = acceptedChat(refusal, { ...situation, streaming: true })
  expect(streamed.headers).toEqual([["content-type", "text/event-stream"]])
  const data = decode(new TextEncoder().encode(String(streamed.body))).events.map((event) => event.data)
  expect(data.at(-1)).toBe(DONE)
  for (const chunk of data.slice(0, -1))
    expect(ChatCompletionChunk.safeParse(JSON.parse(chunk))).toMatchObject({ success: true })
})
