import { createRedactor } from "@nexhina/wire"
import { expect, test } from "vitest"
import { exchangeOf } from "../../test/exchange.ts"
import { limits } from "../limits.ts"
import type { Cause, Finding } from "../reports/report.ts"
import { type Rule, rule, type Where } from "../rule.ts"
import { view } from "../view.ts"
import { exchangesOf, withCauseExchanges } from "./finding-exchanges.ts"

const ruleOf = (scope: "exchange" | "group") =>
  rule({
    id: "test.rule",
    since: "0.1.0",
    says: "MUST",
    severity: "MUST",
    source: "none",
    on: view<number>({ id: "all", says: "all", surface: "http", probes: [], of: () => 1 }),
    faults: { bad: "bad" },
    ...(scope === "group" ? { scope, holds: () => [] } : { holds: () => [] }),
  } as Parameters<typeof rule>[0]) as Rule

const apiKey = "sk-0123456789abcdef"
const operation = "createChatCompletion" as const

function shown(at: Where, scope: "exchange" | "group" = "exchange") {
  const exchanges = Array.from({ length: 8 }, (_, index) =>
    exchangeOf({
      operation,
      request: { model: "m", n: index },
      fault: { kind: "out-of-range", says: "n is out of range", param: "n" },
      body: { index, echo: apiKey },
    }),
  )
  const exchange = exchanges[6] as (typeof exchanges)[number]
  return exchangesOf(
    {
      rule: ruleOf(scope),
      fault: { fault: "bad", at, expected: "", actual: "" },
      exchange,
      executed: {
        sample: { by: "test.rule", index: 0, asks: [] },
        asked: exchanges.map((each) => ({ step: { operation }, exchange: each })),
      },
    },
    createRedactor([apiKey]),
  )
}

test("the exchange of a fault has the bytes at fault marked, and no key", () => {
  const [only, ...others] = shown({ part: "body", pointer: "/index" })
  expect(others).toEqual([])
  expect(only?.marks).toEqual([
    { part: "request-body", from: 17, to: 18 },
    { part: "response-body", from: 9, to: 10 },
  ])
  expect(JSON.stringify(only)).not.toContain(apiKey.slice(3))
})

test.each([{ part: "status" }, { part: "end" }, { part: "header", name: "x-request-id" }] as const)(
  "a fault of %j is marked there",
  (at) => {
    expect(shown(at)[0]?.marks.at(-1)).toEqual(at)
  },
)

test("replies that are compared are shown up to the one at fault, which alone is marked", () => {
  const exchanges = shown({ part: "status" }, "group")
  expect(exchanges.map(({ request, marks }) => [request.body.parts[0]?.text, marks.length])).toEqual([
    ...[1, 2, 3, 4, 5].map((n) => [`{"model":"m","n":${n}}`, 0]),
    ['{"model":"m","n":6}', 2],
  ])
})

test("a report keeps the exchanges of its causes, one of each cause first, while there is room", () => {
  const [exchange] = shown({ part: "status" })
  const big = {
    ...exchange,
    end: { kind: "complete", atMs: 1, code: "x".repeat(limits.exchangeBytes.max / 3) },
  }
  const findings = ["a", "b", "c", "consequence"].map(
    (id) => ({ id, exchanges: [id === "consequence" ? exchange : big] }) as unknown as Finding,
  )
  const causes = [
    { findings: ["a", "b"], consequences: ["consequence"] },
    { findings: ["c"], consequences: [] },
  ] as unknown as Cause[]
  const kept = withCauseExchanges(findings, causes).flatMap(({ id, exchanges }) => (exchanges ? [id] : []))
  expect(kept).toEqual(["a", "c"])
})
