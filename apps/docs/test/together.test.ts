import { defects, variants } from "@nexhina/defects"
import { createMock } from "@nexhina/mock"
import * as fc from "fast-check"
import { expect, test } from "vitest"
import { digestRequests } from "./digest-requests.ts"
import { digestOptions, digestsOf } from "./reply-digests.ts"

const alterations = [...defects, ...variants]

test("whatever defects and variants a mock has at once, it answers every request and never fails itself", async () => {
  const ids = fc.subarray(
    alterations.map(({ id }) => id),
    { minLength: 2, maxLength: 60 },
  )
  await fc.assert(
    fc.asyncProperty(ids, async (chosen) => {
      const crashes: unknown[] = []
      const mock = createMock({
        ...digestOptions,
        alterations,
        always: chosen.map((id) => ({ id, rate: 1 })),
        onCrash: (crash) => crashes.push(crash),
      })
      await digestsOf(mock, digestRequests)
      expect(crashes).toEqual([])
    }),
    { numRuns: 20 },
  )
})
