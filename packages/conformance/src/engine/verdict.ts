import { endpoints, type OperationId } from "@nexhina/schemas"
import type { Evidence } from "../evidence.ts"
import { answeredOf, isObject } from "../reading/answered.ts"
import { namesMember } from "../reading/named.ts"
import type { Finding, Verdict } from "../reports/report.ts"
import type { Rule, Severity } from "../rule.ts"
import type { Asked, ExecutedSample } from "../target/execute.ts"
import { kindOfOperation, modelOption } from "../target/models.ts"
import type { Obstacle } from "../target/offered.ts"
import { isTransient } from "../target/to-wire.ts"
import { isWithin } from "../view.ts"
import { countReason, type Tally } from "./judge.ts"

interface Outcome {
  readonly verdict: Verdict
  readonly reason?: string
  /** Whether the run asked for the rule and ended before its requests were sent. */
  readonly isCut?: true
}

const worst = ["fail", "warn", "info", "flaky", "waived"] as const

/** Returns the verdict of a rule with these findings, if there are any. */
export const verdictOfFindings = (findings: readonly Pick<Finding, "verdict">[]) =>
  worst.find((each) => findings.some(({ verdict }) => verdict === each))

/**
 * Returns that the target does not take a member, of those that the step may be refused for: a 4xx names it, or an
 * earlier one did and it was left out.
 */
function refusalIn({ step, exchange, refused }: Asked): string | undefined {
  const leftOut = step.exercises?.find((member) => refused?.has(member))
  if (leftOut !== undefined) return `the target refuses ${leftOut} (${refused?.get(leftOut)})`
  const answered = answeredOf(exchange)
  if (!answered || answered.status < 400 || answered.status >= 500) return undefined
  const error = answered.json.ok && isObject(answered.json.value) ? answered.json.value["error"] : undefined
  const named = step.exercises?.find((member) => namesMember(isObject(error) ? error : {}, member))
  return named && `the target refuses ${named} (${answered.status})`
}

/** The most frequent of some reasons, with its share. */
function mostly(counts: ReadonlyMap<string, number>): string {
  const [top] = [...counts].sort((a, b) => b[1] - a[1])
  if (!top) return ""
  const all = [...counts.values()].reduce((sum, count) => sum + count, 0)
  return counts.size === 1 ? top[0] : `${top[0]} (${top[1]} of ${all})`
}

function countsOf(reasons: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const reason of reasons) countReason(counts, reason)
  return counts
}

function unanswered(exchange: Evidence): string | undefined {
  const { response, end } = exchange
  if (!response)
    return end.kind === "timeout" ? "no answer within the timeout" : `no answer: ${end.code ?? end.kind}`
  if (isTransient(exchange)) return `the target answered ${response.status}`
  if (response.status >= 500) return `the target failed: ${response.status}`
  if (response.status >= 400) return `the target refused the request: ${response.status}`
  return undefined
}

/** Returns the operations of a rule's surface of which anything was asked. */
function operationsOn({ on }: Rule, groups: readonly ExecutedSample[]): Set<OperationId> {
  const asked = groups.flatMap((group) => group.asked.map(({ step }) => step.operation))
  return new Set(asked.filter((operation) => isWithin(on.surface, [endpoints[operation].surface])))
}

/** What became of a rule, from what it found and, where it judged nothing, from why it could not. */
export function verdictOf(facts: {
  readonly rule: Rule
  readonly severity: Severity | "not-applicable"
  readonly tally: Pick<Tally, "judged" | "undecided" | "crash"> | undefined
  readonly findings: readonly Finding[]
  readonly groups: readonly ExecutedSample[]
  readonly met: ReadonlyMap<OperationId, Obstacle>
}): Outcome {
  const { rule, severity, tally, findings, groups, met } = facts
  if (severity === "not-applicable" || !tally) return { verdict: "not-applicable" }
  if (tally.crash) return { verdict: "harness-error", reason: tally.crash }

  const feeders = new Set([...(rule.asks ? [rule.id] : []), ...rule.on.probes.map((probe) => probe.id)])
  const fed = groups.filter(({ sample }) => feeders.has(sample.by))
  const breach = fed.find((group) => group.breach)?.breach
  if (breach)
    return { verdict: "harness-error", reason: `a request of the kit breaks the contract: ${breach}` }

  const verdict = verdictOfFindings(findings)
  if (verdict) return { verdict }

  const sent = fed.flatMap(({ asked }) => asked)
  const operations = new Set(sent.map(({ step }) => step.operation))
  // A 404 of an endpoint that does not exist can satisfy a rule by accident: that is not evidence.
  const relevant = operations.size > 0 ? operations : operationsOn(rule, groups)
  const isAbsent =
    rule.on.surface !== "http" && relevant.size > 0 && [...relevant].every((each) => met.has(each))
  if (tally.judged > 0 && !isAbsent) return { verdict: "pass" }

  for (const [operation, obstacle] of met) {
    const { surface, method, path } = endpoints[operation]
    const isOfRule = rule.on.surface !== "http" && isWithin(rule.on.surface, [surface])
    if (!isOfRule || (operations.size > 0 && !operations.has(operation))) continue
    const kind = kindOfOperation(operation)
    const hint = obstacle === "no model is known for" && kind ? `; name one with ${modelOption(kind)}` : ""
    return { verdict: "unsupported", reason: `${obstacle} ${method} ${path}${hint}` }
  }
  const refusal = sent.map(refusalIn).find((reason) => reason !== undefined)
  if (refusal !== undefined) return { verdict: "unsupported", reason: refusal }
  const isAsked = [...feeders].every((by) => groups.some(({ sample, cut }) => sample.by === by && !cut))
  // A rule about the whole run is undecided also because its requests were not sent.
  if (tally.undecided.size > 0 && (isAsked || rule.scope !== "run"))
    return rule.on.occasional
      ? { verdict: "not-run", reason: `it did not come up: ${mostly(tally.undecided)}` }
      : { verdict: "inconclusive", reason: mostly(tally.undecided) }
  if (rule.on.occasional) return { verdict: "not-run", reason: `it did not come up (${rule.on.says})` }
  const reasons = sent.flatMap(({ exchange }) => unanswered(exchange) ?? [])
  if (!isAsked && reasons.length === 0) {
    const cut = fed.find((group) => group.cut)?.cut
    return cut === undefined
      ? { verdict: "not-run", reason: "this run did not ask for it" }
      : { verdict: "not-run", reason: cut, isCut: true }
  }
  return {
    verdict: "inconclusive",
    reason:
      reasons.length > 0 ? mostly(countsOf(reasons)) : `no exchange was one of its kind (${rule.on.says})`,
  }
}
