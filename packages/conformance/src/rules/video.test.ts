import { endpoints, type OperationId } from "@nexhina/schemas"
import * as fc from "fast-check"
import { expect, test } from "vitest"
import { exchangeOf, knownOf } from "../../test/exchange.ts"
import { found, judgedBy } from "../../test/found.ts"
import type { Evidence } from "../evidence.ts"
import { oneVideo } from "../probes/video.ts"
import { stepsAfter } from "../target/step.ts"
import { videoRules } from "./video.ts"

const at = (pointer: string) => ({ part: "body", pointer }) as const
const status = { part: "status" } as const
const openai = knownOf({ profileName: "openai" })

const bytes = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0))
const mp4 = bytes("\0\0\0\x20ftypisom\0\0\x02\0isomiso2mp41")
const base64 = Buffer.from(mp4).toString("base64")

const made = (body: unknown, request: object = {}) =>
  exchangeOf({ operation: "createVideo", request: { model: "sora", prompt: "a", ...request }, body })

const finished = endpoints.createVideo.examples.finished.value
const queued = { ...endpoints.createVideo.examples.task.value, size: "720x1280", seconds: "4" }
const filmed = (...data: readonly object[]) => ({ created: 1, data })

test.each([
  ["the finished form", {}, finished],
  ["the task form", {}, endpoints.createVideo.examples.task.value],
  ["a task of other names", {}, { task_id: "t", status: "NOT_START" }],
  ["base64", { response_format: "b64_json" }, filmed({ b64_json: base64, url: null })],
  ["two videos", { n: 2 }, filmed({ url: "https://example.com/a" }, { b64_json: base64 })],
])("%s is legal under nexhina", (_, request, body) => {
  expect(found(videoRules, [made(body, request)])).toEqual([])
})

test.each([
  ["missing", {}, { created: 1 }, "/data"],
  ["wrong-value", {}, filmed({ url: 7 }), "/data/0/url"],
])("video.reply: %s for %j and %j", (name, request, body, pointer) => {
  const reply = videoRules.filter(({ id }) => id === "video.reply")
  expect(found(reply, [made(body, request)])).toEqual([["video.reply", name, at(pointer)]])
})

test("video.reply: an item without a video", () => {
  expect(found(videoRules, [made(filmed({ format: "mp4" }))])).toEqual([
    ["video.reply", "empty", at("/data/0")],
  ])
})

test("video.count", () => {
  const one = { url: "https://example.com/a" }
  expect(found(videoRules, [made(filmed())])).toEqual([["video.count", "too-few", at("/data")]])
  expect(found(videoRules, [made(filmed(one, one))])).toEqual([["video.count", "too-many", at("/data")]])
})

test.each([
  ["not-url", { response_format: "url" }, { b64_json: base64 }, "/data/0/url"],
  ["not-base64", { response_format: "b64_json" }, { url: "https://example.com/a" }, "/data/0/b64_json"],
  ["undecodable", {}, { b64_json: `${base64}\n` }, "/data/0/b64_json"],
  ["no-video", {}, { b64_json: btoa("<html></html>") }, "/data/0/b64_json"],
  ["no-web-url", {}, { url: "/videos/a.mp4" }, "/data/0/url"],
])("video.format: %s for %j and %j", (name, request, item, pointer) => {
  expect(found(videoRules, [made(filmed(item), request)])).toEqual([["video.format", name, at(pointer)]])
})

let clock = 0

/** One request about the task `v`, later than those before. */
function about(
  operation: OperationId,
  facts: Parameters<typeof exchangeOf>[0],
  id = "video_abc123",
): Evidence {
  const exchange = exchangeOf({ operation, ...facts })
  const path = operation === "retrieveVideoContent" ? "/content" : ""
  const target = `http://127.0.0.1:1/v1/videos/${encodeURIComponent(id)}${path}`
  return { ...exchange, request: { ...exchange.request, target, sentAtMs: clock++ } }
}

const begun = (members: object = {}) => about("createVideo", { request: {}, body: { ...queued, ...members } })
const look = (members: object, id?: string) => about("retrieveVideo", { body: { ...queued, ...members } }, id)
const content = (facts: Parameters<typeof exchangeOf>[0] = {}) =>
  about("retrieveVideoContent", { type: "video/mp4", body: mp4, ...facts })
const notYet = () =>
  content({ status: 409, type: "application/json", body: { error: { message: "no", type: "x" } } })

const working = { status: "in_progress", progress: 50 }
const done = { status: "completed", progress: 100 }
const failed = { status: "failed", error: { code: "server_error", message: "Gone." } }

test("a task that goes its way is legal under openai", () => {
  const life = [
    begun(),
    look(working),
    notYet(),
    look(working),
    look(done),
    look(done),
    content(),
    look(done),
  ]
  expect(found(videoRules, life, openai)).toEqual([])
  expect(judgedBy(videoRules, life, openai)).toEqual([
    "video.schema",
    "video.schema-full",
    "video.ended-consistent",
    "video.lifecycle",
    "video.content",
    "video.content-type",
  ])
})

test("a redirect is legal, and so is content of a task that is completed at the next look", () => {
  const redirect = content({
    status: 302,
    headers: [["Location", "https://cdn.example.com/a.mp4"]],
    body: "",
  })
  expect(found(videoRules, [begun(), look(done), redirect], openai)).toEqual([])
  expect(found(videoRules, [begun(), look(working), content(), look(done)], openai)).toEqual([])
  expect(found(videoRules, [begun(), look({ ...failed, progress: 50 }), notYet()], openai)).toEqual([])
})

test("what the kit hung up on when it had seen enough is judged", () => {
  const cut = content({ end: { kind: "aborted", stage: "body" } })
  expect(judgedBy(videoRules, [begun(), look(done), cut], openai)).toContain("video.content-type")
})

test.each([
  ["missing", { id: undefined }, "/id"],
  ["wrong-value", { object: "video.generation" }, "/object"],
  ["wrong-value", { status: "SUCCESS" }, "/status"],
  ["wrong-value", { progress: 101 }, "/progress"],
])("video.schema: %s in %j", (name, members, pointer) => {
  const schema = videoRules.filter(({ id }) => id === "video.schema")
  expect(found(schema, [begun(members)], openai)).toEqual([["video.schema", name, at(pointer)]])
})

test("what a gateway leaves out of a task, and a failed task without progress, break no MUST", () => {
  const bare = begun({ seconds: undefined, size: undefined })
  expect(found(videoRules, [bare], openai).map(([rule, fault]) => `${rule}:${fault}`)).toEqual([
    "video.schema-full:missing",
  ])
  expect(found(videoRules, [begun(), look(working), look({ ...failed, progress: 0 })], openai)).toEqual([])
})

test.each([
  ["no-error", { status: "failed", error: null }, "/error"],
  ["unfinished", { status: "completed", progress: 99 }, "/progress"],
])("video.ended-consistent: %s", (name, members, pointer) => {
  expect(found(videoRules, [begun(), look(members)], openai)).toEqual([
    ["video.ended-consistent", name, at(pointer)],
  ])
})

test.each([
  ["backwards", () => [begun(), look(working), look({ status: "queued", progress: 50 })], at("/status")],
  ["backwards", () => [begun(), look(done), look({ status: "failed", progress: 100 })], at("/status")],
  [
    "progress-falls",
    () => [begun({ progress: 10 }), look({ status: "queued", progress: 5 })],
    at("/progress"),
  ],
  ["other-id", () => [begun(), look({ id: "video_2" })], at("/id")],
  ["lost", () => [begun(), about("retrieveVideo", { status: 404, body: {} })], status],
])("video.lifecycle: %s", (name, life, where) => {
  const lifecycle = videoRules.filter(({ id }) => id === "video.lifecycle")
  expect(found(lifecycle, life(), openai)).toEqual([["video.lifecycle", name, where]])
})

test("video.lifecycle: in the order of time, each task by itself, and anew from each beginning", () => {
  const lifecycle = videoRules.filter(({ id }) => id === "video.lifecycle")
  const life = [begun(), look(working), look(done), look({ id: "video_2" }, "video_2"), begun(), look(done)]
  expect(found(lifecycle, life.toReversed(), openai)).toEqual([])
})

test.each([
  ["early", () => [begun(), look(working), content(), look(working)], status],
  ["json", () => [begun(), look(done), content({ body: { url: "https://x" } })], at("")],
  ["not-video", () => [begun(), look(done), content({ body: "<html>" })], { part: "body", offset: 0 }],
  ["not-video", () => [begun(), look(done), content({ body: "" })], { part: "body", offset: 0 }],
  ["unavailable", () => [begun(), look(done), notYet()], status],
])("video.content: %s", (name, life, where) => {
  expect(found(videoRules, life(), openai)).toEqual([["video.content", name, where]])
})

test("video.content-type", () => {
  expect(found(videoRules, [begun(), look(done), content({ type: "text/plain" })], openai)).toEqual([
    ["video.content-type", "other", { part: "header", name: "content-type" }],
  ])
})

test("the probe follows a task under its own path, and asks nothing more where there is none", () => {
  const asked = (first: Evidence) =>
    oneVideo
      .asks(openai)
      .slice(1)
      .map((ask) => stepsAfter(ask, [first]).map(({ path }) => path))
  const task = about("createVideo", { request: {}, body: { ...queued, id: "a/b" } })
  expect(asked(task)).toEqual([
    ["/videos/a%2Fb"],
    ["/videos/a%2Fb/content"],
    ["/videos/a%2Fb"],
    ["/videos/a%2Fb"],
    ["/videos/a%2Fb"],
    ["/videos/a%2Fb/content"],
    ["/videos/a%2Fb"],
  ])
  expect(asked(made(finished)).flat()).toEqual([])
  expect(oneVideo.asks(knownOf())).toHaveLength(1)
})

test("no answer whatsoever makes a rule fail", () => {
  const values = fc.oneof(
    fc.jsonValue(),
    fc.record({ id: fc.string(), status: fc.constantFrom("queued", "x") }),
  )
  const exchanges = fc
    .tuple(
      fc.constantFrom<OperationId[]>("createVideo", "retrieveVideo", "retrieveVideoContent"),
      values,
      fc.constantFrom(200, 302, 404, 409),
    )
    .map(([operation, body, status]) => about(operation, { body: JSON.stringify(body), status }))
  fc.assert(
    fc.property(fc.array(exchanges, { maxLength: 4 }), fc.constantFrom(openai, knownOf()), (all, known) => {
      found(videoRules, all, known)
    }),
  )
})
