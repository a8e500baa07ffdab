import { endpoints, surfaces } from "@nexhina/schemas"
import * as fc from "fast-check"
import { expect, test } from "vitest"
import { knownOf } from "../../test/exchange.ts"
import { rules } from "../rules/rules.ts"
import { fixedSteps } from "../target/step.ts"
import { countsOf, planOf, planShare } from "./plan.ts"

const known = knownOf({})
const plan = (subset: typeof rules) =>
  planOf({ rules: subset, include: surfaces, probes: () => true, samples: () => 2, seed: 1 }, known)

test("a rule's own samples do not depend on which others are selected", () => {
  const whole = plan(rules).samples
  fc.assert(
    fc.property(fc.subarray([...rules], { minLength: 1 }), (subset) => {
      const ids = new Set(subset.map(({ id }) => id))
      expect(JSON.stringify(plan(subset).samples)).toBe(JSON.stringify(whole.filter(({ by }) => ids.has(by))))
    }),
    { numRuns: 5 },
  )
})

test("a rule brings the stock probes of its view, each once", () => {
  for (const rule of rules) {
    const { applicable, probes } = plan([rule])
    expect(probes).toEqual(applicable.length === 0 ? [] : [...new Set(rule.on.probes)])
  }
})

test("of surfaces that are not checked, only chat and models are asked about every endpoint", () => {
  const basics = ["chat", "models"]
  for (const surface of surfaces) {
    const { probes } = planOf(
      { rules, include: [surface], probes: () => true, samples: () => 0, seed: 1 },
      known,
    )
    const asked = probes.flatMap((probe) =>
      fixedSteps(probe.asks(known)).map(({ operation }) => endpoints[operation].surface),
    )
    expect(new Set([...asked, ...basics])).toEqual(new Set([...basics, surface]))
  }
})

test("the parts of a plan have its probes and samples, each once, and count fewer requests", () => {
  const whole = plan(rules)
  const requests = (each: typeof whole) =>
    countsOf(each, known).reduce((sum, { fixed, generated }) => sum + fixed + generated, 0)
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 9 }), (count) => {
      const parts = Array.from({ length: count }, (_, at) => planShare(whole, { index: at + 1, count }))
      expect(new Set(parts.flatMap(({ probes }) => probes))).toEqual(new Set(whole.probes))
      expect(parts.flatMap(({ samples }) => samples).length).toBe(whole.samples.length)
      expect(parts.reduce((sum, part) => sum + requests(part), 0)).toBe(requests(whole))
    }),
    { numRuns: 5 },
  )
  expect(planShare(whole, undefined)).toEqual(whole)
})
