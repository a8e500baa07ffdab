import * as fc from "fast-check"
import { expect, test } from "vitest"
import { exchangeOf, knownOf } from "../../test/exchange.ts"
import { limits } from "../limits.ts"
import type { ManyRule } from "../rule.ts"
import { rules } from "../rules/rules.ts"
import { ComparedViews } from "./compared.ts"

const exchange = exchangeOf({ status: 200 })
const room = limits.comparedExchanges.max

function ruleOf(id: string): ManyRule {
  const found = rules.find((rule) => rule.id === id)
  if (found?.scope !== "run") throw new Error(`no rule about the whole run: ${id}`)
  return found
}

/** Returns what a rule says of views that it compares, and the faults of those that it does not keep. */
function comparedBy(rule: ManyRule, views: readonly unknown[]) {
  const compared = new ComparedViews<number>(rule)
  const beyond = views.flatMap((view, index) => {
    const fault = compared.add({ view, exchange, needs: "", place: { by: "", index, at: 0 } }, () => index)
    return fault ? [{ fault, index }] : []
  })
  const kept = compared.inOrder()
  const faults = rule.holds(
    kept.map(({ view }) => view),
    knownOf({ required: new Set(["chat"]) }),
    kept.map(({ times }) => times),
  )
  return { faults, beyond, kept, isCut: compared.isCut }
}

const named = (id: string, request: string) => ({ id, request, at: { part: "body", pointer: "/id" } })
const unique = (count: number) => Array.from({ length: count }, (_, n) => named(`id-${n}`, `request-${n}`))

test("an id that is repeated is found where there are too many answers to keep, and nowhere else", () => {
  fc.assert(
    fc.property(fc.nat(2 * room), fc.nat(99), (of, later) => {
      const views = [...unique(2 * room + 1), ...unique(later)]
      const rule = ruleOf("chat.id-unique")
      expect(comparedBy(rule, views)).toMatchObject({ faults: [], beyond: [], isCut: false })
      const repeated = comparedBy(rule, [...views, named(`id-${of}`, "another request")])
      expect(repeated.beyond.map(({ index }) => index)).toEqual([views.length])
      expect(repeated.kept).toHaveLength(room)
    }),
    { numRuns: 5 },
  )
})

test("ids of requests are compared as long as they can matter", () => {
  const identified = (requestId: string) => (_: unknown, n: number) => ({ requestId, request: String(n) })
  const views = Array.from({ length: 2 * room }, identified("same"))
  const rule = ruleOf("http.request-id-unique")
  expect(comparedBy(rule, views)).toMatchObject({ faults: [{ fault: "repeated" }], isCut: true })
  expect(comparedBy(rule, [{ requestId: "other", request: "" }, ...views])).toMatchObject({
    faults: [],
    isCut: false,
  })
})

const lengths = fc.record({
  model: fc.constantFrom("a", "b"),
  isChosen: fc.boolean(),
  pointer: fc.constantFrom("/data/0", "/data/1"),
  length: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
})
const offers = fc.record({
  surface: fc.constantFrom("chat", "models", undefined),
  kind: fc.constant(undefined),
  isOffered: fc.boolean(),
  status: fc.constantFrom(200, 404),
  isCertain: fc.constant(true),
})

test.each([
  ["emb.dimension-constant", lengths],
  ["http.offers-required", offers],
])("%s finds the same things whether or not views that are alike are left out", (id, views) => {
  fc.assert(
    fc.property(fc.array<unknown>(views), (all) => {
      const rule = ruleOf(id)
      const known = knownOf({ required: new Set(["chat"]) })
      const whole = rule.holds(
        all,
        known,
        all.map(() => 1),
      )
      const { faults, kept, isCut } = comparedBy(rule, all)
      expect(isCut).toBe(false)
      expect(kept.reduce((sum, { times }) => sum + times, 0)).toBe(all.length)
      const namesOf = (said: typeof whole) =>
        "undecided" in said
          ? said
          : new Set(said.map(({ fault, expected, actual }) => `${fault} ${expected} ${actual}`))
      expect(namesOf(faults)).toEqual(namesOf(whole))
    }),
  )
})

test("a rule that needs every view says when there were too many", () => {
  const rule = { ...ruleOf("chat.id-unique"), pairs: undefined } as unknown as ManyRule
  expect(comparedBy(rule, unique(room)).isCut).toBe(false)
  expect(comparedBy(rule, unique(room + 1)).isCut).toBe(true)
})
