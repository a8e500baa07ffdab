import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { budget, unlimited } from "../json-schema/budget.ts"
import { parsePattern } from "../json-schema/parse-pattern.ts"
import { matches } from "../json-schema/pattern.ts"
import type { SpokenMessage } from "../replies/utterance/decide.ts"
import { checkScenarios } from "./check.ts"
import { impossibleConditions } from "./impossible-match.ts"
import { requiredTexts } from "./required-texts.ts"
import type { Scenario } from "./scenario.ts"
import { bySpecificity, createSelector, isFor, type Selector, toCandidates } from "./select.ts"
import { createSubject, type Subject } from "./subject.ts"

const words = ["weather", "Oslo", "wea", "a", "rain in Oslo", "in"]
const text = fc.array(fc.constantFrom(...words), { maxLength: 3 }).map((parts) => parts.join(" "))
const textMatch = fc.oneof(
  text,
  fc.record({ contains: fc.constantFrom(...words) }),
  fc.record({ matches: fc.constantFrom("^wea", "Oslo$", "(rain|sun) in", "weather+", "in O.lo", ".") }),
)
const scenario: fc.Arbitrary<Scenario> = fc.record({
  match: fc.record(
    {
      operation: fc.constantFrom("createChatCompletion", "createResponse"),
      model: fc.constantFrom("a", "b"),
      user: textMatch,
      system: textMatch,
      message: textMatch,
      toolResult: fc.oneof(fc.boolean(), textMatch),
      turns: fc.nat(2),
      step: fc.nat(2),
      headers: fc.record({ "X-Tenant": textMatch }),
      scope: fc.constantFrom("s", "t"),
    },
    { requiredKeys: [] },
  ),
  priority: fc.nat(1),
  answer: fc.constant({ text: "x" }),
})
const message: fc.Arbitrary<SpokenMessage> = fc.record({
  role: fc.constantFrom("system", "user", "assistant", "tool"),
  text,
})
const subject: fc.Arbitrary<Subject> = fc
  .record({
    operation: fc.constantFrom("createChatCompletion", "createResponse", "createEmbedding"),
    model: fc.constantFrom("a", "b"),
    messages: fc.array(message, { maxLength: 4 }),
    scope: fc.constantFrom("", "s", "t"),
    tenant: text,
  })
  .map(({ operation, model, messages, scope, tenant }) =>
    createSubject({
      operation,
      request: { model },
      headers: [
        ["x-mock-scope", scope],
        ["x-tenant", tenant],
      ],
      messages: () => messages,
    }),
  )

const selectorOf = (scenarios: readonly Scenario[]): Selector =>
  createSelector(scenarios.flatMap((each, index) => toCandidates(each, String(index))))

const namesOf = (selector: Selector, asked: Subject): string[] => {
  const selection = selector.select(asked, unlimited)
  if (selection.kind === "miss") return []
  return selection.kind === "hit"
    ? [selection.candidate.name]
    : selection.candidates.map(({ name }) => name).sort()
}

describe("selection", () => {
  test("finds what looking at every scenario finds", () => {
    fc.assert(
      fc.property(fc.array(scenario, { maxLength: 12 }), subject, (scenarios, asked) => {
        const selector = selectorOf(scenarios)
        const matching = selector.candidates.filter(
          (each) =>
            isFor(each.scenario, asked) && each.predicates.every((one) => one.holds(asked, unlimited)),
        )
        const best = matching.filter((each) => matching.every((other) => bySpecificity(each, other) <= 0))
        expect(namesOf(selector, asked)).toEqual(best.map(({ name }) => name).sort())
      }),
      { numRuns: 500 },
    )
  })

  test("does not depend on the order of the scenarios, and an unrelated scenario changes nothing", () => {
    const unrelated: Scenario = { match: { user: "nobody says this" }, priority: 9, answer: { text: "x" } }
    fc.assert(
      fc.property(fc.array(scenario, { maxLength: 8 }), subject, (scenarios, asked) => {
        const names = namesOf(selectorOf(scenarios), asked)
        const reversed = namesOf(selectorOf(scenarios.toReversed()), asked)
        const last = scenarios.length - 1
        expect(reversed.map((name) => String(last - Number(name))).sort()).toEqual(names)
        expect(namesOf(selectorOf([...scenarios, unrelated]), asked)).toEqual(names)
      }),
    )
  })

  test("a pair that is reported as impossible is never decided in favour of either", () => {
    fc.assert(
      fc.property(fc.array(scenario, { maxLength: 6 }), subject, (scenarios, asked) => {
        const checked = checkScenarios(scenarios, String)
        if (!("problems" in checked)) return
        const selection = selectorOf(scenarios).select(asked, unlimited)
        const pairs = checked.problems.map(({ path: [one], other }) => [one, other])
        if (selection.kind === "hit") {
          // The narrower one of a pair never answers.
          const narrow = pairs.map(([one]) => String(one))
          expect(narrow).not.toContain(selection.candidate.name)
        }
      }),
      { numRuns: 500 },
    )
  })

  test("a condition that is reported as impossible holds for no request", () => {
    fc.assert(
      fc.property(scenario, subject, (each, asked) => {
        fc.pre(impossibleConditions(each).length > 0)
        expect(namesOf(selectorOf([each]), asked)).toEqual([])
      }),
    )
  })

  test("every match of a pattern contains its required texts", () => {
    const sources = [
      "rain(ing)? in (Oslo|Bergen)",
      "^abc$",
      "(?:abc)+d",
      "a|b",
      "x{0,2}yes",
      "caf\\u00e9",
      "[a]bc",
      "(?=foo)bar",
    ]
    expect(sources.map((source) => requiredTexts(parsePattern(source)))).toEqual([
      ["rain", " in "],
      ["abc"],
      ["abc", "d"],
      [],
      ["yes"],
      ["café"],
      ["abc"],
      ["bar"],
    ])
    fc.assert(
      fc.property(fc.constantFrom(...sources), text, (source, tried) => {
        const pattern = parsePattern(source)
        fc.pre(matches(pattern, tried))
        for (const required of requiredTexts(pattern)) expect(tried).toContain(required)
      }),
    )
  })
})

describe("20,000 scenarios, of which 200 have a pattern or a substring", () => {
  const many: Scenario[] = Array.from({ length: 20_000 }, (_, index): Scenario => {
    const answer = { text: String(index) }
    if (index % 200 === 0) return { match: { user: { contains: `topic ${index} of the day` } }, answer }
    if (index % 200 === 100) return { match: { user: { matches: `^order ${index}-\\d+ please$` } }, answer }
    return { match: { user: `Question ${index}`, model: "gpt-4o" }, answer }
  })
  const selector = selectorOf(many)
  const ask = (user: string) =>
    selector.select(
      createSubject({
        operation: "createChatCompletion",
        request: { model: "gpt-4o" },
        headers: [],
        messages: () => [{ role: "user", text: user }],
      }),
      budget(),
    )

  test.each([
    ["Question 19999", "19999", 2],
    ["What is the topic 19800 of the day?", "19800", 1],
    ["order 19900-42 please", "19900", 1],
  ])("%s", (user, name, predicates) => {
    const selection = ask(user)
    expect(selection).toMatchObject({ kind: "hit", candidate: { name } })
    // One scenario costs `predicates`; the pieces of a few others occur in the text too.
    expect(selection.evaluated).toBeLessThanOrEqual(predicates + 8)
  })

  test("a miss", () => {
    const selection = ask("Nobody has prepared this.")
    expect(selection.kind).toBe("miss")
    expect(selection.evaluated).toBeLessThanOrEqual(8)
  })
})
