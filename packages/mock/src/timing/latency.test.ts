import { DONE, type StreamEvent } from "@nexhina/stream"
import type { Frame, MockRequest, Reply } from "@nexhina/wire"
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { digest } from "../content/random.ts"
import { createMock, type Mock, type MockOptions } from "../mock.ts"
import { createPace } from "./latency.ts"
import { latencyModel, readLatency } from "./latency-model.ts"

const token = (content: string): StreamEvent => ({ data: { choices: [{ delta: { content } }] } })
const opening: StreamEvent = { data: { choices: [{ delta: { role: "assistant", content: "" } }] } }
const closing: StreamEvent = { data: { choices: [{ delta: {}, finish_reason: "stop" }] } }
const streamOf = (count: number) => [
  opening,
  ...Array.from({ length: count }, () => token("x")),
  closing,
  { data: DONE },
]
const usage = (prompt_tokens: number, completion_tokens: number) => ({
  usage: { prompt_tokens, completion_tokens },
})

const delay = fc
  .tuple(fc.integer({ min: 0, max: 1000 }), fc.double({ min: 0, max: 1, noNaN: true }))
  .map(([ms, share]) => ({ ms, jitter: Math.floor(ms * share) }))
const latencies = fc.record({ ttft: delay, itl: delay, prefill: fc.constantFrom(0, 0.25, 2) })

test("tokens keep their delays within the jitter, and other events go with a token", () => {
  fc.assert(
    fc.property(
      latencies,
      fc.string(),
      fc.integer({ min: 1, max: 40 }),
      fc.nat(100),
      (latency, id, count, prompt) => {
        const times = createPace(latency, digest(id)).times(streamOf(count), usage(prompt, count))
        const [head = Number.NaN, ...rest] = times
        const tokens = rest.slice(0, count)
        const last = tokens[count - 1]
        expect([tokens[0], rest.slice(count)]).toEqual([head, [last, last]])
        const near = (ms: number, { ms: middle, jitter }: { ms: number; jitter: number }) =>
          Math.abs(ms - middle) <= jitter + 1e-6
        expect(near(head - latency.prefill * prompt, latency.ttft)).toBe(true)
        expect(tokens.slice(1).every((at, index) => near(at - (tokens[index] ?? 0), latency.itl))).toBe(true)
      },
    ),
  )
})

test("a whole reply is sent when its stream would end, also with tokens that are not shown", () => {
  fc.assert(
    fc.property(
      latencies,
      fc.string(),
      fc.integer({ min: 1, max: 40 }),
      fc.nat(20),
      (latency, id, shown, hidden) => {
        const pace = createPace(latency, digest(id))
        const value = usage(10, shown + hidden)
        expect(pace.times(streamOf(shown), value).at(-1)).toBe(pace.whole(value))
      },
    ),
  )
})

test("without jitter a token never drifts, whatever the rate", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1000 }), fc.integer({ min: 2, max: 500 }), (rate, count) => {
      const pace = createPace(latencyModel({ ttft: 100, tokensPerSecond: rate }), digest(""))
      expect(pace.whole(usage(0, count))).toBeCloseTo(100 + ((count - 1) * 1000) / rate, 5)
    }),
  )
})

test("the same request has the same schedule, another one a different schedule", () => {
  const pace = (id: string) => createPace(readLatency("ttft=100±50,itl=20±10"), digest(id))
  const times = (id: string) => pace(id).times(streamOf(10), usage(1, 10))
  expect(times("a")).toEqual(times("a"))
  expect(times("a")).not.toEqual(times("b"))
})

test("a claim of any number of tokens costs a bounded time to schedule", () => {
  const pace = createPace(latencyModel({ itl: 1 }), digest(""))
  for (const claimed of [1e300, Number.NaN, -5, "many", null]) {
    expect(pace.whole({ usage: { completion_tokens: claimed } })).toBeLessThan(2 ** 18)
  }
})

describe("latency as text", () => {
  test.each(["ttft=200±50, itl=20±5", "ttft=200+-50,itl=20+-5", "ttft=200Â±50,itl=20Â±5"])("%s", (text) => {
    expect(readLatency(text)).toEqual({
      ttft: { ms: 200, jitter: 50 },
      itl: { ms: 20, jitter: 5 },
      prefill: 0,
    })
  })

  test("tokens per second are a time between tokens, with its fraction", () => {
    expect(readLatency("tps=300,prefill=0.5")).toEqual({
      ttft: { ms: 0, jitter: 0 },
      itl: { ms: 1000 / 300, jitter: 0 },
      prefill: 0.5,
    })
  })

  test.each([
    ["ttft", "Invalid latency 'ttft': expected NAME=VALUE with one of ttft, itl, tps, prefill, or none."],
    [
      "delay=5",
      "Invalid latency 'delay=5': expected NAME=VALUE with one of ttft, itl, tps, prefill, or none.",
    ],
    ["ttft=soon", "Invalid latency 'ttft': expected milliseconds up to a day"],
    ["ttft=-5", "Invalid latency 'ttft': expected milliseconds up to a day"],
    ["ttft=1e9", "Invalid latency 'ttft': expected milliseconds up to a day"],
    ["itl=20±30", "Invalid latency 'itl': the jitter must not be larger than the delay."],
    ["itl=20,tps=5", "give 'itl' or 'tokensPerSecond' (tps), not both"],
    ["tps=0", "Invalid latency 'tokensPerSecond' (tps): expected a number greater than 0."],
    ["tps=0.0000001", "Invalid latency 'tps': expected milliseconds up to a day"],
    ["prefill=much", "Invalid latency 'prefill': expected milliseconds for each token"],
  ])("%s is refused", (text, message) => {
    expect(() => readLatency(text)).toThrow(message)
  })
})

describe("the mock", () => {
  const ask = (path: string, body: object, latency?: string) => ({
    method: "POST",
    target: `/v1/${path}`,
    headers: [
      ["authorization", "Bearer sk-x"],
      ["content-type", "application/json"],
      ...(latency ? [["x-mock-latency", latency] as const] : []),
    ] as [string, string][],
    body: new TextEncoder().encode(JSON.stringify(body)),
  })
  const reply = (options: MockOptions, request: ReturnType<typeof ask>): Promise<Reply> =>
    createMock(options).handle(request)
  const frames = (reply: Reply) => [...(reply.body as Iterable<Frame>)]
  const text = (reply: Reply) => Buffer.concat(frames(reply).map(({ bytes }) => bytes)).toString()

  const messages = [{ role: "user", content: "Write ten words, with an é" }]
  const requests = [
    ["chat/completions", { model: "gpt-4o", messages, stream: true }],
    ["chat/completions", { model: "o3", reasoning_effort: "low", messages, stream: true, n: 2 }],
    ["responses", { model: "gpt-4o", input: "Hello", stream: true }],
    ["responses", { model: "o3", input: "Hello", reasoning: { effort: "low" }, stream: true }],
  ] as const
  test.each(
    requests.flatMap(([path, body]) =>
      (["nexhina", "openai"] as const).map((profile) => [profile, path, body] as const),
    ),
  )(
    "%s: a paced stream of %s has the same bytes, one frame for each event (%j)",
    async (profile, path, body) => {
      const plain = await reply({ profile }, ask(path, body))
      const paced = await reply({ profile, latency: { ttft: 100, itl: 10 } }, ask(path, body))
      expect(text(paced)).toBe(text(plain))
      expect({ ...paced, head: undefined, body: [] }).toEqual({ ...plain, head: undefined, body: [] })
      expect(frames(paced).length).toBe(text(paced).split("\n\n").length - 1)
      const times = frames(paced).map(({ atMs = Number.NaN }) => atMs)
      expect([...times].sort((a, b) => a - b)).toEqual(times)
      expect(paced.head).toEqual({ atMs: times[0] })
      const whole = await reply(
        { profile, latency: { ttft: 100, itl: 10 } },
        ask(path, { ...body, stream: false }),
      )
      expect(whole.head).toEqual({ atMs: times.at(-1) })
    },
  )

  test("the header replaces the option, and none switches it off", async () => {
    const embed = (latency?: string) =>
      reply(
        { latency: { ttft: 100 } },
        ask("embeddings", { model: "text-embedding-3-small", input: "x" }, latency),
      )
    expect((await embed()).head).toEqual({ atMs: 100 })
    expect((await embed("itl=5")).head).toEqual({ atMs: 0 })
    expect((await embed("none")).head).toBeUndefined()
    const refused = await embed("ttft=soon")
    expect([refused.status, JSON.parse(String(refused.body)).error.param]).toEqual([400, "x-mock-latency"])
  })

  test("errors and requests without a body are answered at once", async () => {
    const latency = { ttft: 100 }
    expect((await reply({ latency }, ask("embeddings", {}))).head).toBeUndefined()
    const models = { ...ask("models", {}), method: "GET", body: new Uint8Array() }
    expect((await reply({ latency }, models)).head).toBeUndefined()
  })

  test("an invalid option throws", () => {
    expect(() => createMock({ latency: { ttft: "soon" } })).toThrow(TypeError)
  })
})

test("the latency of a scenario moves the whole schedule", async () => {
  const ask: MockRequest = {
    method: "POST",
    target: "/v1/chat/completions",
    headers: [
      ["authorization", "Bearer sk-x"],
      ["content-type", "application/json"],
    ],
    body: new TextEncoder().encode('{"model":"m","stream":true,"messages":[{"role":"user","content":"Hi"}]}'),
  }
  const latency = { ttft: 100, itl: 10 }
  const answered = (answer: object) =>
    createMock({ latency, scenarios: [{ match: { user: "Hi" }, answer: { text: "one two", ...answer } }] })
  const times = async (mock: Mock) => {
    const { head, body } = await mock.handle(ask)
    return [head?.atMs, ...[...(body as Iterable<Frame>)].map(({ atMs = Number.NaN }) => atMs)]
  }
  const plain = await times(answered({}))
  expect(await times(answered({ latency: 500 }))).toEqual(plain.map((atMs = 0) => atMs + 500))
})
