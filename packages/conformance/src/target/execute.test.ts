import { setImmediate as turn } from "node:timers/promises"
import { expect, test } from "vitest"
import { exchangeOf } from "../../test/exchange.ts"
import { evidenceOf } from "../evidence.ts"
import { createAdaptation } from "./adaptation.ts"
import { createExecutor } from "./execute.ts"
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
