import { expect, test } from "vitest"
import { knownOf } from "../../test/exchange.ts"
import type { Probe } from "../probe.ts"
import { fixedSteps } from "../target/step.ts"
import { contractBreach } from "../target/to-wire.ts"
import * as chat from "./chat-completions.ts"
import * as tools from "./tools.ts"

const probes = Object.values({ ...chat, ...tools }).filter(
  (value): value is Probe => typeof value === "object" && "asks" in value,
)

test("no two probes have one id", () => {
  expect(new Set(probes.map(({ id }) => id)).size).toBe(probes.length)
})

test.each(probes.map((probe) => [probe.id, probe] as const))(
  "%s asks what the contract allows",
  (_, probe) => {
    const asks = probe.asks(knownOf({ maxOutputTokens: 1 }))
    expect(asks.length).toBeGreaterThan(0)
    for (const step of fixedSteps(asks)) expect(contractBreach(step)).toBeUndefined()
  },
)
