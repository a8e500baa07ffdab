import { constants, gzipSync } from "node:zlib"
import { DONE, encodeEvent } from "@nexhina/stream"
import * as fc from "fast-check"
import { expect, test } from "vitest"
import { deltaOf, streamOf } from "../../test/chat-stream.ts"
import { found, judgedBy } from "../../test/found.ts"
import type { Evidence } from "../evidence.ts"
import { paceRules } from "./pace.ts"

const pieces = Array.from({ length: 20 }, (_, at) => deltaOf({ content: `${at} ` }))
const events = [deltaOf({ role: "assistant", content: "" }), ...pieces, deltaOf({}, "stop"), DONE].map(
  (data) => encodeEvent({ data }),
)

/** A stream whose events come at these ms, one after another. */
function paced(msOf: (event: number) => number, all: readonly string[] = events, coding?: "gzip"): Evidence {
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

/** As if the client had said that it takes compressed answers. */
const takingGzip = (exchange: Evidence): Evidence => ({
  ...exchange,
  request: { ...exchange.request, headers: [["accept-encoding", "gzip"]] },
})

const short = (ms: number) => paced(() => ms, [events[0], events[1], ...events.slice(-2)].map(String))

const faultsOf = (...exchanges: Evidence[]) => found(paceRules, exchanges).map(([, fault]) => fault)
const isJudged = (...exchanges: Evidence[]) => judgedBy(paceRules, exchanges).length > 0

test("pieces that come one by one are right at any pace", () => {
  fc.assert(
    fc.property(fc.integer({ min: 15, max: 5000 }), fc.boolean(), (ms, isZipped) => {
      const long = paced((event) => ms * (event + 1), events, isZipped ? "gzip" : undefined)
      expect(isJudged(short(ms), long, long)).toBe(true)
      expect(faultsOf(short(ms), long, long)).toEqual([])
    }),
  )
})

test("a long time to the first piece is none of its business", () => {
  const spread = paced((event) => 2000 + 15 * event)
  expect(faultsOf(short(2000), spread, spread)).toEqual([])
  const fast = paced(() => 2100)
  expect(isJudged(short(2000), fast, fast)).toBe(false)
})

test.each([
  ["everything", () => 2000, undefined],
  ["everything, compressed", () => 2000, "gzip"],
  ["everything, in several reads", (event: number) => 2000 + event, undefined],
  ["everything but the role", (event: number) => (event === 0 ? 5 : 2000), undefined],
  ["everything but the role, compressed", (event: number) => (event === 0 ? 5 : 2000), "gzip"],
] as const)("%s at the end is found", (_, msOf, coding) => {
  const long = paced(msOf, events, coding)
  expect(faultsOf(short(100), long, long)).toEqual(["at-once"])
})

test("what waits only where compressed answers are taken is found", () => {
  const long = paced((event) => 20 * event)
  const waiting = takingGzip(paced(() => 400))
  expect(faultsOf(short(50), long, waiting, long, waiting)).toEqual(["at-once"])
})

test("what waits once and not again is an accident", () => {
  expect(
    faultsOf(
      short(50),
      paced(() => 400),
      paced(() => 120),
    ),
  ).toEqual([])
  expect(
    faultsOf(
      short(50),
      paced(() => 400),
    ),
  ).toEqual([])
})

test("the place is the first piece", () => {
  const offset = Buffer.byteLength(events[0] ?? "")
  const long = paced(() => 400)
  expect(found(paceRules, [short(100), long, long])).toEqual([
    ["sse.incremental", "at-once", { part: "event", event: 1, offset }],
  ])
})

test("short streams, fast ones, and those whose times are unknown are not judged", () => {
  const fewer = paced(() => 2000, events.toSpliced(1, 1))
  expect(isJudged(short(100), fewer, fewer)).toBe(false)
  const fast = paced(() => 299)
  expect(isJudged(short(10), fast, fast)).toBe(false)
  const timeless = { ...paced(() => 2000), fidelity: { bytes: true, timing: false } }
  expect(isJudged(short(100), timeless, timeless)).toBe(false)
})

test("pieces of Responses are their deltas", () => {
  const deltas = Array.from({ length: 20 }, (_, n) => ({ type: "response.output_text.delta", delta: `${n}` }))
  const all = [{ type: "response.created" }, ...deltas, { type: "response.completed" }, DONE]
  const chat = paced(
    () => 2000,
    all.map((data) => encodeEvent({ data })),
  )
  const long = { ...chat, operation: { basis: "stated", value: "createResponse" } as const }
  expect(faultsOf(short(100), long, long)).toEqual(["at-once"])
})
