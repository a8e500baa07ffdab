import { encode } from "@nexhina/stream"
import { expect, test } from "vitest"
import { judge } from "../src/engine/judge.ts"
import type { Evidence } from "../src/evidence.ts"
import { severityOf } from "../src/rule.ts"
import { rules } from "../src/rules/rules.ts"
import { deltaOf, streamOf } from "./chat-stream.ts"
import { exchangeOf, knownOf } from "./exchange.ts"
import { judgedBy } from "./found.ts"

const known = knownOf({ deterministic: true })
const applicable = rules.filter((rule) => severityOf(rule, known) !== "not-applicable")
const end = { kind: "aborted", stage: "body" } as const

const stream = encode(
  [deltaOf({ role: "assistant", content: "" }), deltaOf({ content: "Grüße 😀" }), deltaOf({}, "stop")].map(
    (data) => ({ data }),
  ),
)
const refusal = JSON.stringify({ error: { message: "Zu groß.", type: "invalid_request_error" } })

const cases: readonly [string, string, (body: Uint8Array) => Evidence][] = [
  ["a stream", stream, (body) => streamOf(body, {}, { end })],
  ["an error", refusal, (body) => streamOf(body, {}, { status: 400, type: "application/json", end })],
  [
    "a whole reply",
    JSON.stringify({ object: "list", data: [] }),
    (body) => exchangeOf({ operation: "listModels", body, end }),
  ],
]

test.each(cases)("%s that the kit hung up on is judged by no rule, wherever that was", (_, text, of) => {
  const bytes = Buffer.from(text)
  for (let at = 0; at <= bytes.length; at++) {
    const asked = [{ step: { operation: "listModels" as const }, exchange: of(bytes.subarray(0, at)) }]
    const tallies = judge(applicable, [{ sample: { by: "test", index: 0, asks: [] }, asked }], known)
    expect([...tallies.values()].filter(({ judged }) => judged > 0)).toEqual([])
  }
  expect(judgedBy(rules, [of(bytes)], known)).toEqual([])
})
