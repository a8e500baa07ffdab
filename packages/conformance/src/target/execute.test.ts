import { setImmediate as turn } from "node:timers/promises"
import type { Send } from "@nexhina/wire"
import { expect, test } from "vitest"
import { exchangeOf } from "../../test/exchange.ts"
import { evidenceOf } from "../evidence.ts"
import { createAdaptation } from "./adaptation.ts"
import { createExecutor, type Executor } from "./execute.ts"
import type { Step } from "./step.ts"

const ask = (content: string): Step => ({
  operation: "createChatCompletion",
  body: { model: "gpt-4o", messages: [{ role: "user", content }] },
})

test("of steps that are asked together, none that was answered is lost when another is cut", async () => {
  const told: unknown[] = []
  const executor = createExecutor({
    target: { baseUrl: "http://127.0.0.1:1/v1", apiKey: undefined, headers: [] },
    adaptation: createAdaptation(),
    limits: { maxRequests: 3, maxTimeMs: 60_000 },
    elapsed: () => 0,
    sleep: () => turn(),
    onExchange: (exchange, intent) => told.push(evidenceOf(exchange, intent)),
    // The first is told again and again to come later.
    send: async ({ body }) => exchangeOf({ status: Buffer.from(body).includes("first") ? 429 : 200 }),
  })
  const { asked, cut } = await executor.execute({
    by: "test",
    index: 0,
    asks: [[ask("first"), ask("second")]],
  })
  expect(asked.map(({ exchange }) => exchange.response?.status)).toEqual([429, 429, 200])
  expect(new Set(asked.map(({ exchange }) => exchange))).toEqual(new Set(told))
  expect(cut).toMatch(/3 requests/)
})

/** An executor of a run of 15 s whose clock is moved by its waits alone. */
function executorOf(send: Send, deadline?: AbortSignal) {
  let now = 0
  const waits: number[] = []
  const executor = createExecutor({
    target: { baseUrl: "http://127.0.0.1:1/v1", apiKey: undefined, headers: [] },
    adaptation: createAdaptation(),
    limits: { maxRequests: 1000, maxTimeMs: 15_000 },
    elapsed: () => now,
    sleep: async (ms) => {
      waits.push(ms)
      now += ms
    },
    onExchange: () => {},
    send,
    deadline,
  })
  return { executor, waits }
}
const sampleOf = (step: Step) => ({ by: "test", index: 0, asks: [step] })

test("no wait goes beyond the time of the run: the reason says how long the target asks to wait (D11)", async () => {
  const busy = exchangeOf({ status: 429, headers: [["retry-after", "20"]] })
  const { executor, waits } = executorOf(async () => busy)
  const { asked, cut } = await executor.execute(sampleOf(ask("Hello")))
  expect({ asked: asked.length, cut, waits }).toEqual({
    asked: 1,
    cut: "the target asks to wait 20 s, longer than the run may take",
    waits: [],
  })
})

test("a target that only refuses as busy is given up, although the waits are short (D11)", async () => {
  const busy = exchangeOf({ status: 429, headers: [["retry-after", "0"]] })
  const { executor } = executorOf(async () => busy)
  while (executor.ended() === undefined) await executor.execute(sampleOf(ask("Hello")))
  expect([executor.sent, executor.ended()]).toEqual([30, "the last 30 requests were answered 429"])
})

test.each([401, 402, 403, 502, 504])(
  "a target that answers %i to everything, its list of models included, is given up",
  async (status) => {
    const proxyPage = exchangeOf({ status })
    const chats = (executor: Executor) => executor.execute(sampleOf(ask("Hello")))

    const gone = executorOf(async () => proxyPage).executor
    while (gone.ended() === undefined && gone.sent < 100) await chats(gone)
    expect([gone.sent, gone.ended()]).toEqual([31, `the last 31 requests were answered ${status}`])

    const there = executorOf(async ({ method }) =>
      method === "GET" ? exchangeOf({ status: 200 }) : proxyPage,
    )
    for (let count = 0; count < 100; count++) await chats(there.executor)
    expect(there.executor.ended()).toBe(undefined)
  },
)

test("refusals of a wrong key are no reason to give a target up", async () => {
  const { executor } = executorOf(async () => exchangeOf({ status: 401 }))
  for (let count = 0; count < 40; count++) await executor.execute(sampleOf({ ...ask("Hello"), key: "wrong" }))
  expect([executor.sent, executor.ended()]).toEqual([40, undefined])
})

test("the deadline aborts a request that is open, which says nothing about the target (D5)", async () => {
  const deadline = new AbortController()
  const aborted = exchangeOf({ end: { kind: "aborted", stage: "head" } })
  const { executor } = executorOf(
    (_, options) =>
      new Promise((resolve) => {
        options?.signal?.addEventListener("abort", () => resolve(aborted))
        deadline.abort()
      }),
    deadline.signal,
  )
  expect(await executor.execute(sampleOf(ask("Hello")))).toMatchObject({
    asked: [],
    cut: "the time of 15 s was used up",
  })
})
