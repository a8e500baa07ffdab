import type { Surface } from "@nexhina/schemas"
import { describe, expect, test } from "vitest"
import { knownOf } from "../../test/exchange.ts"
import { type RuleResult, type Verdict, verdictNames } from "../reports/report.ts"
import { type Rule, type Severity, severityOf } from "../rule.ts"
import { rules } from "../rules/rules.ts"
import { conclude } from "./conclude.ts"

const known = knownOf()

const result = (severity: Severity | "not-applicable", verdict: Verdict): RuleResult => ({
  id: "test.rule",
  surface: "models",
  severity,
  verdict,
  judged: 1,
  cases: 0,
  findings: [],
})

const concluded = (results: readonly RuleResult[], selected: readonly Rule[] = rules) =>
  conclude(results, { selected, include: ["models"], known })

const without = (isLeftOut: (rule: Rule) => boolean): Rule[] => {
  const [left] = rules.filter(isLeftOut)
  if (!left) throw new RangeError("no such rule")
  return rules.filter((rule) => rule !== left)
}

test("verdicts are counted, those that did not occur too", () => {
  const { summary } = concluded(
    [...verdictNames, "pass", "warn"].map((verdict) => result("MUST", verdict as Verdict)),
  )
  expect(Object.keys(summary)).toEqual(verdictNames)
  for (const name of verdictNames) expect(summary[name]).toBe(name === "pass" || name === "warn" ? 2 : 1)
  expect(new Set(Object.values(concluded([]).summary))).toEqual(new Set([0]))
})

describe("a target is", () => {
  const passed = result("MUST", "pass")

  test("conformant when every MUST rule passed, whatever became of the others", () => {
    for (const verdict of verdictNames) {
      expect(concluded([passed, result("SHOULD", verdict), result("MAY", verdict)]).conformant).toBe(true)
      expect(concluded([passed, result("not-applicable", verdict)]).conformant).toBe(true)
    }
  })

  test("not conformant when one MUST rule failed, whatever the run left out", () => {
    for (const verdict of verdictNames) {
      const results = [passed, result("MUST", verdict), result("MUST", "fail")]
      expect(concluded(results).conformant).toBe(false)
      expect(concluded(results, []).conformant).toBe(false)
    }
  })

  test("neither when a MUST rule did not pass and none failed", () => {
    for (const verdict of verdictNames.filter((name) => name !== "pass" && name !== "fail")) {
      expect(concluded([passed, result("MUST", verdict)]).conformant).toBeNull()
    }
  })

  test("neither when one MUST rule of its surfaces was not selected", () => {
    const isMust = (rule: Rule) => severityOf(rule, known) === "MUST"
    expect(
      concluded(
        [passed],
        without((rule) => isMust(rule) && rule.on.surface === "models"),
      ).conformant,
    ).toBeNull()
    expect(
      concluded(
        [passed],
        without((rule) => isMust(rule) && rule.on.surface === "http"),
      ).conformant,
    ).toBeNull()
    expect(concluded([passed], []).conformant).toBeNull()
  })

  test("conformant when only rules of other surfaces, or less than MUST, were not selected", () => {
    const isMust = (rule: Rule) => severityOf(rule, known) === "MUST"
    expect(
      concluded(
        [passed],
        without((rule) => isMust(rule) && rule.on.surface === "chat"),
      ).conformant,
    ).toBe(true)
    const musts = rules.filter(isMust)
    expect(musts.length).toBeLessThan(rules.length)
    expect(concluded([passed], musts).conformant).toBe(true)
    const surfaces: Surface[] = ["chat"]
    const onModels = rules.filter(({ on }) => on.surface === "models")
    expect(conclude([passed], { selected: onModels, include: surfaces, known }).conformant).toBeNull()
  })
})
