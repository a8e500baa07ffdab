import { endpoints } from "@nexhina/schemas"
import * as fc from "fast-check"
import { expect, test } from "vitest"
import { exchangeOf, knownOf } from "../../test/exchange.ts"
import { found, judgedBy } from "../../test/found.ts"
import { severityOf } from "../rule.ts"
import { imageRules } from "./images.ts"

const at = (pointer: string) => ({ part: "body", pointer }) as const
const sample = endpoints.createImage.examples.one.value

/** A PNG of one pixel. */
const pixel =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="

/** The first bytes of a GIF of 3 by 2 pixels: as much as says its size. */
const gif = Buffer.from("GIF89a\x03\0\x02\0\0\0\0", "latin1").toString("base64")

const answer = (request: object, body: unknown) =>
  exchangeOf({ operation: "createImage", request: { prompt: "a cat", ...request }, body })

const drawn = (...data: readonly object[]) => ({ created: 1713833628, data })

test.each([
  ["the documented sample", {}, sample],
  ["base64", { response_format: "b64_json", size: "1x1", output_format: "png" }, drawn({ b64_json: pixel })],
  ["null for what is not there", {}, drawn({ url: "http://10.0.0.1:8080/a.png", b64_json: null })],
  ["bytes after the end of an image", {}, drawn({ b64_json: btoa(`${atob(pixel)}\n\0`) })],
  ["both", { response_format: "url" }, drawn({ url: "https://example.com/a.png", b64_json: pixel })],
  ["two images", { n: 2 }, drawn({ b64_json: pixel }, { b64_json: pixel })],
  ["any size", { size: "auto" }, drawn({ b64_json: gif })],
  ["what the request said, again", {}, { ...sample, size: "1x1", output_format: "png", quality: "low" }],
])("%s is legal", (_, request, body) => {
  expect(found(imageRules, [answer(request, body)])).toEqual([])
})

test.each([
  ["http://0.0.0.0:8080/a.png", true],
  ["http://[::]/a.png", true],
  ["http://localhost:9/a.png", false],
  ["http://127.0.0.1:4010/a.png", false],
  ["http://10.0.0.1/a.png", false],
  ["https://cdn.example/a.png", false],
])("images.url-reachable: %s from a target on loopback", (url, isFault) => {
  expect(found(imageRules, [answer({}, drawn({ url }))])).toEqual(
    isFault ? [["images.url-reachable", "own-address", at("/data/0/url")]] : [],
  )
})

test("images.url-reachable: a loopback address from a target elsewhere", () => {
  const exchange = answer({}, drawn({ url: "http://localhost:8080/a.png" }))
  const elsewhere = { ...exchange, request: { ...exchange.request, target: "https://api.example/v1/images" } }
  expect(found(imageRules, [elsewhere])).toEqual([["images.url-reachable", "own-address", at("/data/0/url")]])
})

test("what cannot be seen is not judged", () => {
  expect(judgedBy(imageRules, [answer({ size: "1x1" }, drawn({ url: "https://example.com/a" }))])).toEqual([
    "images.schema",
    "images.count",
    "images.count-all",
    "images.format",
    "images.url-fetchable",
    "images.url-reachable",
    "images.usage-counted",
    "images.own-members",
  ])
})

test.each([
  ["missing", { data: [] }, "/created"],
  ["missing", { ...sample, usage: { total_tokens: 0 } }, "/usage/input_tokens"],
  ["wrong-value", { ...sample, created: "now" }, "/created"],
  ["wrong-value", { ...sample, data: {} }, "/data"],
  ["empty", drawn({ file: "/tmp/a.png" }), "/data/0"],
  ["empty", drawn({ url: "https://example.com/a" }, { url: null, b64_json: "" }), "/data/1"],
])("images.schema: %s in %j", (name, body, pointer) => {
  const schema = imageRules.filter(({ id }) => id === "images.schema")
  expect(found(schema, [answer({}, body)])[0]).toEqual(["images.schema", name, at(pointer)])
})

test("an image without created is judged all the same", () => {
  const { created: _, ...rest } = drawn({ b64_json: gif })
  expect(found(imageRules, [answer({ size: "2x2" }, rest)])).toEqual([
    ["images.schema", "missing", at("/created")],
    ["images.size", "other", at("/data/0/b64_json")],
  ])
})

test("images.output-format: a SHOULD of models that are no GPT image models", () => {
  const severityOn = (image: string) =>
    imageRules
      .filter(({ id }) => id === "images.output-format")
      .map((rule) => severityOf(rule, knownOf({ models: { ...knownOf().models, image } })))
  expect(severityOn("gpt-image-1")).toEqual(["MUST"])
  expect(severityOn("stablediffusion")).toEqual(["SHOULD"])
})

test("images.count", () => {
  const one = { b64_json: pixel }
  expect(found(imageRules, [answer({ n: 1 }, drawn())])).toEqual([["images.count", "too-few", at("/data")]])
  expect(found(imageRules, [answer({ n: 2 }, drawn(one))])).toEqual([
    ["images.count-all", "too-few", at("/data")],
  ])
  expect(found(imageRules, [answer({}, drawn(one, one))])).toEqual([
    ["images.count", "too-many", at("/data")],
  ])
})

test.each([
  ["not-url", { response_format: "url" }, { b64_json: pixel }, "/data/0/url"],
  ["not-base64", { response_format: "b64_json" }, { url: "https://example.com/a" }, "/data/0/b64_json"],
  ["undecodable", {}, { b64_json: `data:image/png;base64,${pixel}` }, "/data/0/b64_json"],
  ["undecodable", {}, { b64_json: `${pixel.slice(0, 64)}\n${pixel.slice(64)}` }, "/data/0/b64_json"],
  ["no-image", {}, { b64_json: btoa("<html>") }, "/data/0/b64_json"],
  ["cut", {}, { b64_json: pixel.slice(0, 60) }, "/data/0/b64_json"],
  ["cut", {}, { b64_json: btoa("\xff\xd8\xff\xe0\x00\x10JFIF") }, "/data/0/b64_json"],
  ["cut", {}, { b64_json: btoa("RIFF\x24\0\0\0WEBPVP8 ") }, "/data/0/b64_json"],
  ["no-web-url", {}, { url: "/images/a.png" }, "/data/0/url"],
  ["no-web-url", {}, { url: "file:///tmp/a.png" }, "/data/0/url"],
])("images.format: %s for %j and %j", (name, request, item, pointer) => {
  expect(found(imageRules, [answer(request, drawn(item))])).toEqual([["images.format", name, at(pointer)]])
})

test("images.url-fetchable: a data URL is worth a warning, and is looked at", () => {
  const url = `data:image/png;base64,${pixel}`
  expect(found(imageRules, [answer({ size: "2x2" }, drawn({ url }))])).toEqual([
    ["images.url-fetchable", "data-url", at("/data/0/url")],
    ["images.size", "other", at("/data/0/url")],
  ])
})

test("images.output-format, images.size: by the image's own header", () => {
  const request = { size: "2x3", output_format: "jpeg" }
  expect(found(imageRules, [answer(request, drawn({ b64_json: gif }))])).toEqual([
    ["images.output-format", "other", at("/data/0/b64_json")],
    ["images.size", "other", at("/data/0/b64_json")],
  ])
  expect(found(imageRules, [answer({ size: "3x2" }, drawn({ b64_json: gif }))])).toEqual([])
})

test("images.size: a header that is cut off", () => {
  const b64_json = Buffer.from(pixel, "base64").subarray(0, 12).toString("base64")
  expect(found(imageRules, [answer({ size: "1x1" }, drawn({ b64_json }))])).toEqual([
    ["images.format", "cut", at("/data/0/b64_json")],
    ["images.size", "other", at("/data/0/b64_json")],
  ])
})

test("images.usage, images.usage-details", () => {
  const counted = (usage: object) => found(imageRules, [answer({}, { ...sample, usage })])
  const details = { input_tokens_details: { text_tokens: 2, image_tokens: 1 } }
  expect(counted({ input_tokens: 3, output_tokens: 4, total_tokens: 7, ...details })).toEqual([])
  expect(counted({ input_tokens: 3, output_tokens: 4, total_tokens: 8, ...details })).toEqual([
    ["images.usage", "unequal", at("/usage/total_tokens")],
  ])
  expect(counted({ input_tokens: 4, output_tokens: 4, total_tokens: 8, ...details })).toEqual([
    ["images.usage-details", "unequal", at("/usage/input_tokens_details")],
  ])
  const none = { input_tokens_details: { text_tokens: 0, image_tokens: 0 } }
  expect(counted({ input_tokens: 0, output_tokens: 0, total_tokens: 0, ...none })).toEqual([
    ["images.usage-counted", "zero", at("/usage/input_tokens")],
  ])
  expect(counted({ input_tokens: 0, output_tokens: 4, total_tokens: 4, ...none })).toEqual([
    ["images.usage", "zero", at("/usage/input_tokens")],
  ])
  expect(counted({ cost_in_usd_ticks: 5 })).toEqual([["images.usage-counted", "other-form", at("/usage")]])
})

test("images.own-members: also where the usage is a chat's and nothing else", () => {
  const usage = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 }
  const body = { ...drawn({ embedding: null, index: 0, b64_json: pixel }), usage }
  expect(found(imageRules, [answer({}, body)])).toEqual([
    ["images.schema", "missing", at("/usage/input_tokens")],
    ["images.own-members", "item", at("/data/0/embedding")],
    ["images.own-members", "usage", at("/usage/prompt_tokens")],
  ])
})

test("no answer whatsoever makes a rule fail", () => {
  const texts = fc.oneof(fc.string(), fc.base64String(), fc.webUrl(), fc.constant(null))
  const bodies = fc.oneof(
    fc.jsonValue(),
    fc.array(fc.record({ url: texts, b64_json: texts }, { requiredKeys: [] })).map((data) => drawn(...data)),
    fc.uint8Array({ minLength: 1, maxLength: 60 }).map((bytes) => {
      const head = Buffer.from(pixel, "base64").subarray(0, 8)
      return drawn({ b64_json: Buffer.concat([head, bytes]).toString("base64") })
    }),
  )
  fc.assert(
    fc.property(bodies, fc.constantFrom({}, { n: 2, size: "1x1", output_format: "png" }), (body, request) => {
      found(imageRules, [answer(request, JSON.stringify(body))])
    }),
  )
})
