import type { Surface } from "@nexhina/schemas"
import { type Report, type RuleResult, type Verdict, verdictNames } from "../reports/report.ts"
import { type Rule, severityOf } from "../rule.ts"
import { rules as allRules } from "../rules/rules.ts"
import type { TargetFacts } from "../target/facts.ts"
import { isWithin } from "../view.ts"

/** The rules that a run selected, and what the selection was made from. */
export interface Coverage {
  readonly selected: readonly Rule[]
  readonly include: readonly Surface[]
  readonly known: TargetFacts
}

/** Returns whether every MUST rule of the included surfaces was selected. */
function isComplete({ selected, include, known }: Coverage): boolean {
  return allRules.every(
    (rule) =>
      selected.includes(rule) || !isWithin(rule.on.surface, include) || severityOf(rule, known) !== "MUST",
  )
}

function conformanceOf(results: readonly RuleResult[], coverage: Coverage): boolean | null {
  const musts = results.filter(({ severity }) => severity === "MUST")
  if (musts.some(({ verdict }) => verdict === "fail")) return false
  // A run that leaves out a MUST rule can find faults, but it cannot prove conformance.
  return isComplete(coverage) && musts.every(({ verdict }) => verdict === "pass") ? true : null
}

/** Counts the verdicts, and decides whether the target is conformant; `null` when the run cannot decide it. */
export function conclude(
  results: readonly RuleResult[],
  coverage: Coverage,
): Pick<Report, "conformant" | "summary"> {
  const summary = Object.fromEntries(
    verdictNames.map((name) => [name, results.filter(({ verdict }) => verdict === name).length]),
  ) as Record<Verdict, number>
  return { conformant: conformanceOf(results, coverage), summary }
}
