import { expect, test } from "vitest"
import { limits } from "../limits.ts"
import { createFaultCounters } from "./faults.ts"

test("beyond the limit of counters, the oldest starts again", () => {
  const counters = createFaultCounters()
  const take = (scope: number) => counters.take(String(scope), "busy", 1)
  const { max } = limits.faultCounters
  for (let scope = 0; scope < max; scope++) take(scope)
  expect([take(0), take(max), take(max - 1), take(0)]).toEqual([false, true, false, true])
  expect(counters.read()).toHaveLength(max)
})
