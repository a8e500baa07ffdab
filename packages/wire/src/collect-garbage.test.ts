import { setImmediate } from "node:timers/promises"
import { expect, test } from "vitest"
import { createCollector } from "./collect-garbage.ts"

test("what nobody holds is gone once more was handled than the collector allows", async () => {
  const collect = createCollector(100)
  const lost = new WeakRef({ name: "a parsed body" })
  collect(100)
  // A weak reference holds until the end of the job in which it was made.
  await setImmediate()
  collect(1)
  expect(lost.deref()).toBe(undefined)
})
