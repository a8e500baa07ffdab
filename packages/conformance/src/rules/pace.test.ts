import { constants, gzipSync } from "node:zlib"
import { DONE, encodeEvent } from "@nexhina/stream"
import type { Exchange } from "@nexhina/transcript"
import * as fc from "fast-check"
import { expect, test } from "vitest"
import { deltaOf, streamOf } from "../../test/chat-stream.ts"
import { found, judgedBy } from "../../test/found.ts"
import { paceRules } from "./pace.ts"

const pieces = Array.from({ length: 20 }, (_, at) => deltaOf({ content: `${at} ` }))
const events = [deltaOf({ role: "assistant", content: "" }), ...pieces, deltaOf({}, "stop"), DONE].map(
  (data) => encodeEvent({ data }),
)

/** A stream whose events come at these ms, one after another. */
function paced(msOf: (event: number) => number, all: readonly string[] = events, coding?: "gzip"): Exchange {
  const exchange = streamOf(all.join(""))
  const { response } = exchange
  if (!response) throw new Error("a stream has a response")
  const times = [...new Set(all.map((_, at) => msOf(at)))]
  const texts = times.map((ms) => all.filter((_, at) => msOf(at) === ms).join(""))
  // Members of gzip may stand one behind the other (RFC 1952, section 2.2).
  const bytesOf = (text: string) =>
    coding ? gzipSync(text, { finishFlush: constants.Z_FINISH }) : Buffer.from(text)
  const chunks = times.map((atMs, at) => ({ atMs, bytes: bytesOf(texts[at] ?? "") }))
  const headers = coding ? [...response.headers, ["content-encoding", coding] as const] : response.headers
  return { ...exchange, response: { ...response, headers, chunks } }
}

const faultsOf = (exchange: Exchange) => found(paceRules, [exchange]).map(([, fault]) => fault)
const isJudged = (exchange: Exchange) => judgedBy(paceRules, [exchange]).length > 0

test("pieces that come one by one are right at any pace", () => {
  fc.assert(
    fc.property(fc.integer({ min: 15, max: 5000 }), fc.boolean(), (ms, isZipped) => {
      const exchange = paced((event) => ms * (event + 1), events, isZipped ? "gzip" : undefined)
      expect(isJudged(exchange)).toBe(true)
      expect(faultsOf(exchange)).toEqual([])
    }),
  )
})

test("a long time to the first piece is none of its business, while the others are spread", () => {
  expect(faultsOf(paced((event) => 2000 + 15 * event))).toEqual([])
})

test.each([
  ["everything", () => 2000, undefined],
  ["everything, compressed", () => 2000, "gzip"],
  ["everything, in several reads", (event: number) => 2000 + event, undefined],
  ["everything but the role", (event: number) => (event === 0 ? 5 : 2000), undefined],
  ["everything but the role, compressed", (event: number) => (event === 0 ? 5 : 2000), "gzip"],
] as const)("%s at the end is found", (_, msOf, coding) => {
  expect(faultsOf(paced(msOf, events, coding))).toEqual(["at-once"])
})

test("the place is the first piece", () => {
  const offset = Buffer.byteLength(events[0] ?? "")
  expect(found(paceRules, [paced(() => 400)])).toEqual([
    ["sse.incremental", "at-once", { part: "event", event: 1, offset }],
  ])
})

test("a short stream, a fast one, and one whose times are unknown are not judged", () => {
  expect(isJudged(paced(() => 2000, events.toSpliced(1, 1)))).toBe(false)
  expect(isJudged(paced(() => 299))).toBe(false)
  expect(isJudged({ ...paced(() => 2000), fidelity: { bytes: true, timing: false } })).toBe(false)
})

test("pieces of Responses are their deltas", () => {
  const deltas = Array.from({ length: 20 }, (_, n) => ({ type: "response.output_text.delta", delta: `${n}` }))
  const all = [{ type: "response.created" }, ...deltas, { type: "response.completed" }, DONE]
  const chat = paced(
    () => 2000,
    all.map((data) => encodeEvent({ data })),
  )
  const exchange = { ...chat, intent: { by: "t", group: "t[0]", operation: "createResponse" } }
  expect(faultsOf(exchange)).toEqual(["at-once"])
})
