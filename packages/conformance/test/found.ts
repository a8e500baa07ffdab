import { judge, type Tally } from "../src/engine/judge.ts"
import type { Evidence } from "../src/evidence.ts"
import { type Rule, severityOf, type Where } from "../src/rule.ts"
import type { TargetFacts } from "../src/target/facts.ts"
import { knownOf } from "./exchange.ts"

/** Each applicable rule's judgement of some exchanges, as those of one sample that it asked for itself. */
function judged(rules: readonly Rule[], exchanges: readonly Evidence[], known: TargetFacts): Tally[] {
  const applicable = rules.filter((rule) => severityOf(rule, known) !== "not-applicable")
  const asked = exchanges.map((exchange) => ({ step: { operation: "listModels" as const }, exchange }))
  const judgedFor = (by: string) => judge(applicable, [{ sample: { by, index: 0, asks: [] }, asked }], known)
  // Who asked matters to the rules of samples alone.
  const general = judgedFor("")
  return applicable.flatMap((rule) => {
    const tally = (rule.scope === "group" ? judgedFor(rule.id) : general).get(rule.id)
    if (tally?.crash) throw new Error(tally.crash)
    return tally ?? []
  })
}

/** What rules find in some exchanges: the rule's id, the fault's name, the place. */
export function found(
  rules: readonly Rule[],
  exchanges: readonly Evidence[],
  known: TargetFacts = knownOf(),
): [rule: string, fault: string, at: Where][] {
  return judged(rules, exchanges, known).flatMap(({ rule, found }) =>
    found.map(({ fault }): [string, string, Where] => [rule.id, fault.fault, fault.at]),
  )
}

/** The rules that came to a decision on some exchanges. */
export function judgedBy(
  rules: readonly Rule[],
  exchanges: readonly Evidence[],
  known: TargetFacts = knownOf(),
): string[] {
  return judged(rules, exchanges, known).flatMap(({ rule, judged }) => (judged > 0 ? [rule.id] : []))
}
