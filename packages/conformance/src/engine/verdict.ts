import { endpoints, type OperationId } from "@nexhina/schemas"
import type { Finding, Verdict } from "../reports/report.ts"
import type { Rule, Severity } from "../rule.ts"
import { kindOfOperation, modelOption } from "../target/models.ts"
import type { Obstacle } from "../target/offered.ts"
import { isWithin } from "../view.ts"
import { type Counts, countReason } from "./judge.ts"
import type { Sent, SentBy } from "./sent.ts"

/** The verdict of a rule, and why. */
export interface VerdictOutcome {
  readonly verdict: Verdict
  readonly reason?: string
  /** Whether the run asked for the rule and ended before its requests were sent. */
  readonly isCut?: true
}

const worst = ["fail", "warn", "info", "flaky", "waived"] as const

/** Returns the verdict of a rule with these findings, if there are any. */
export const verdictOfFindings = (findings: readonly Pick<Finding, "verdict">[]) =>
  worst.find((each) => findings.some(({ verdict }) => verdict === each))

/** Returns the most frequent of one or more reasons, with its share. Of equally frequent ones, the first counts. */
function mostly(counts: ReadonlyMap<string, number>): string {
  const [reason, times] = [...counts].reduce((top, each) => (each[1] > top[1] ? each : top))
  const all = [...counts.values()].reduce((sum, count) => sum + count)
  return counts.size === 1 ? reason : `${reason} (${times} of ${all})`
}

/** Returns the operations of a rule's surface of which anything was asked. */
const operationsOn = ({ on }: Rule, sent: Sent): Set<OperationId> =>
  new Set([...sent.operations].filter((operation) => isWithin(on.surface, [endpoints[operation].surface])))

/** Joins the reasons why requests of several senders were not answered. */
function reasonsOf(fed: readonly SentBy[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const { unanswered } of fed)
    for (const [reason, times] of unanswered) countReason(counts, reason, times)
  return counts
}

/** Returns the ids of the probes and of the rule whose requests a rule is judged on. */
export const feedersOf = (rule: Rule): string[] => [
  ...new Set([...(rule.asks ? [rule.id] : []), ...rule.on.probes.map((probe) => probe.id)]),
]

/** What became of a rule, from what it found and, where it judged nothing, from why it could not. */
export function verdictOf(facts: {
  readonly rule: Rule
  readonly severity: Severity | "not-applicable"
  readonly tally: Readonly<Counts> | undefined
  readonly findings: readonly Finding[]
  readonly sent: Sent
  readonly met: ReadonlyMap<OperationId, Obstacle>
}): VerdictOutcome {
  const { rule, severity, tally, findings, sent, met } = facts
  if (severity === "not-applicable" || !tally) return { verdict: "not-applicable" }
  if (tally.crash) return { verdict: "harness-error", reason: tally.crash }

  const feeders = feedersOf(rule)
  const fed = feeders.flatMap((by) => sent.by(by) ?? [])
  const breach = fed.find((each) => each.breach)?.breach
  if (breach)
    return { verdict: "harness-error", reason: `a request of the kit breaks the contract: ${breach}` }

  const verdict = verdictOfFindings(findings)
  if (verdict) return { verdict }

  const operations = new Set(fed.flatMap((each) => [...each.operations]))
  // A 404 of an endpoint that does not exist can satisfy a rule by accident: that is not evidence.
  const relevant = operations.size > 0 ? operations : operationsOn(rule, sent)
  const isAbsent =
    rule.on.surface !== "http" && relevant.size > 0 && [...relevant].every((each) => met.has(each))
  if (tally.judged > 0 && !isAbsent) return { verdict: "pass" }
  if (tally.cut !== undefined) return { verdict: "inconclusive", reason: tally.cut }

  for (const [operation, obstacle] of met) {
    const { surface, method, path } = endpoints[operation]
    const isOfRule = rule.on.surface !== "http" && isWithin(rule.on.surface, [surface])
    if (!isOfRule || (operations.size > 0 && !operations.has(operation))) continue
    const kind = kindOfOperation(operation)
    const hint = obstacle === "no model is known for" && kind ? `; name one with ${modelOption(kind)}` : ""
    return { verdict: "unsupported", reason: `${obstacle} ${method} ${path}${hint}` }
  }
  const refusal = fed.find((each) => each.refusal !== undefined)?.refusal
  if (refusal !== undefined) return { verdict: "unsupported", reason: refusal }
  const isAsked = feeders.every((by) => sent.by(by)?.isWhole)
  // A rule about the whole run is undecided also because its requests were not sent.
  if (tally.undecided.size > 0 && (isAsked || rule.scope !== "run"))
    return rule.on.occasional
      ? { verdict: "not-run", reason: `it did not come up: ${mostly(tally.undecided)}` }
      : { verdict: "inconclusive", reason: mostly(tally.undecided) }
  if (rule.on.occasional) return { verdict: "not-run", reason: `it did not come up (${rule.on.says})` }
  const reasons = reasonsOf(fed)
  if (!isAsked && reasons.size === 0) {
    const cut = fed.find((each) => each.cut)?.cut
    return cut === undefined
      ? { verdict: "not-run", reason: "this run did not ask for it" }
      : { verdict: "not-run", reason: cut, isCut: true }
  }
  return {
    verdict: "inconclusive",
    reason: reasons.size > 0 ? mostly(reasons) : `no exchange was one of its kind (${rule.on.says})`,
  }
}
