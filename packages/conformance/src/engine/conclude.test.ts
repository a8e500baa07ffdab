import type { Surface } from "@nexhina/schemas"
import { describe, expect, test } from "vitest"
import { exchangeOf, knownOf } from "../../test/exchange.ts"
import { type RuleResult, type Verdict, verdictNames } from "../reports/report.ts"
import { type Rule, type Severity, severityOf } from "../rule.ts"
import { rules } from "../rules/rules.ts"
import type { ExecutedSample } from "../target/execute.ts"
import { conclude } from "./conclude.ts"
import { sentIn } from "./sent.ts"

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

const answering = (...statuses: readonly (number | undefined)[]): ExecutedSample[] => [
  {
    sample: { by: "test.rule", index: 0, asks: [] },
    asked: statuses.map((status) => ({
      step: { operation: "listModels" },
      exchange: exchangeOf(
        status === undefined
          ? { end: { kind: "network", stage: "head" } }
          : { status, operation: "listModels" },
      ),
    })),
  },
]

/** Results whose id begins so are open. */
const openOf = (results: readonly RuleResult[]) =>
  new Set(results.map(({ id }) => id).filter((id) => id.startsWith("open")))

const concluded = (
  results: readonly RuleResult[],
  selected: readonly Rule[] = rules,
  groups = answering(200),
  stopped?: string,
) =>
  conclude(results, {
    selected,
    include: ["models"],
    known,
    sent: sentIn(groups),
    open: openOf(results),
    stopped,
  })

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

  test("neither when it is judged by a part of the samples, and not conformant when one of them fails", () => {
    const coverage = {
      open: new Set<string>(),
      selected: rules,
      include: ["models"] as const,
      known,
      sent: sentIn(answering(200)),
      isPart: true,
      stopped: undefined,
    }
    expect(conclude([passed], coverage).conformant).toBeNull()
    expect(conclude([passed, result("MUST", "fail")], coverage).conformant).toBe(false)
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
    const coverage = {
      open: new Set<string>(),
      selected: onModels,
      include: surfaces,
      known,
      sent: sentIn(answering(200)),
      stopped: undefined,
    }
    expect(conclude([passed], coverage).conformant).toBeNull()
  })
})

describe("a run is incomplete", () => {
  const passed = result("MUST", "pass")
  const undecided = { ...result("MUST", "inconclusive"), id: "open.rule", reason: "no answer: ECONNRESET" }

  test.each<[readonly (number | undefined)[], string]>([
    [[404, 404], "every request was answered 404: does the base URL lack /v1?"],
    [[401], "every request was answered 401: is the API key valid?"],
    [[500, 500], "every request was answered 500"],
    [[404, 500], "no request was answered with 2xx, but with 404, 500"],
    [[undefined], "no request was answered"],
    [[], "no request was answered"],
  ])("when the statuses are %j", (statuses, reason) => {
    expect(concluded([passed], rules, answering(...statuses))).toMatchObject({
      outcome: "incomplete",
      reason,
      conformant: null,
      answered: [],
    })
  })

  test.each([
    ["http://127.0.0.1:4010", "does the base URL lack /v1?"],
    ["https://api.example/openai", "does the base URL lack /v1?"],
    ["https://api.example/v1", "is the base URL that of the API?"],
    ["https://api.example/v1beta", "is the base URL that of the API?"],
    [
      "https://api.example/v1/chat/completions",
      "the base URL must end with the version, such as /v1, without the path of an endpoint",
    ],
  ])("with a hint that fits %s where everything is 404", (target, hint) => {
    const { reason } = conclude([passed], {
      selected: rules,
      include: ["models"],
      target,
      known,
      sent: sentIn(answering(404)),
      open: new Set(),
      stopped: undefined,
    })
    expect(reason).toBe(`every request was answered 404: ${hint}`)
  })

  test("when it was ended, unless a MUST rule is broken", () => {
    const stopped = "the run was interrupted by SIGINT"
    const ended = (...results: RuleResult[]) => concluded(results, rules, answering(200), stopped)
    expect(ended(passed)).toMatchObject({ outcome: "incomplete", reason: stopped, conformant: null })
    const broken = ended(passed, result("MUST", "fail"))
    expect(broken).toMatchObject({ outcome: "not-conformant", reason: stopped, conformant: false })
  })

  test("when more than a tenth of the MUST rules that were asked for is undecided", () => {
    const nine = Array.from({ length: 9 }, () => passed)
    expect(concluded([...nine, undecided])).toMatchObject({ outcome: "conformant" })
    expect(concluded([...nine, undecided, undecided])).toMatchObject({
      outcome: "incomplete",
      reason: "2 of 11 MUST rules could not be judged (open.rule: no answer: ECONNRESET)",
    })
    const cut = {
      ...result("MUST", "not-run"),
      id: "open.cut",
      reason: "the budget of 1 requests was used up",
    }
    expect(concluded([passed, cut]).outcome).toBe("incomplete")
  })

  test("but not for rules that were not asked for, do not apply, or belong to a surface that answers nothing", () => {
    const others: RuleResult[] = [
      { ...result("MUST", "not-run"), reason: "this run did not ask for it" },
      { ...result("MUST", "not-run"), reason: "it did not come up (errors with status 429)" },
      result("MUST", "unsupported"),
      result("MUST", "not-applicable"),
      result("SHOULD", "inconclusive"),
      { ...undecided, surface: "chat" },
    ]
    expect(concluded([passed, ...others]).outcome).toBe("conformant")
  })
})
