import type { OperationId } from "@nexhina/schemas"
import { createRedactor, type Redactor } from "@nexhina/wire"
import { limits } from "../limits.ts"
import type { Cause, Finding, RuleResult } from "../reports/report.ts"
import { isModelDependent, type Rule, type Severity, severityOf } from "../rule.ts"
import { rules as allRules } from "../rules/rules.ts"
import type { ExecutedSample, Limits } from "../target/execute.ts"
import type { TargetFacts } from "../target/facts.ts"
import type { JudgedSampler, Sampler } from "../target/sampler.ts"
import { secretsOf, type Target } from "../target/to-wire.ts"
import { causesOf } from "./causes.ts"
import { findingOf } from "./finding.ts"
import { exchangesOf, withCauseExchanges } from "./finding-exchanges.ts"
import { causeOf } from "./finding-id.ts"
import { createJudge, type Detection, withPrerequisites } from "./judge.ts"
import { type FoundFault, Ledger, type RuleTally } from "./ledger.ts"
import type { Plan } from "./plan.ts"
import { replayOf } from "./replay.ts"
import type { Sent } from "./sent.ts"
import { shrink } from "./shrink.ts"
import { type VerdictOutcome, verdictOf } from "./verdict.ts"

/** The judgement of a run: a result for each selected rule, and the findings. */
export interface Judgement {
  readonly results: readonly RuleResult[]
  /** Ids of the rules that the run asked for and could not judge. */
  readonly open: ReadonlySet<string>
  readonly causes: readonly Cause[]
  readonly findings: readonly Finding[]
  /** Number of exchanges that show further findings, which are not listed. */
  readonly omitted: number
  /** Number of samples for which there was no time to judge them by every rule. */
  readonly unjudged: number
}

/** Returns the judgement of a run that could judge nothing, with the reason. */
export function judgementOfNothing(rules: readonly Rule[], known: TargetFacts, reason: string): Judgement {
  const results = rules.map(
    (rule): RuleResult => ({
      id: rule.id,
      surface: rule.on.surface,
      severity: severityOf(rule, known),
      verdict: "not-run",
      judged: 0,
      cases: 0,
      reason,
      findings: [],
    }),
  )
  return { results, open: new Set(), causes: [], findings: [], omitted: 0, unjudged: 0 }
}

/**
 * Returns the finding of a fault with its verdict, made smaller and confirmed if it can be. `judged` is the number of
 * exchanges (or groups) on which its rule was judged.
 */
export type Confirm = (found: FoundFault, severity: Severity, judged: number) => Promise<Finding>

interface Context {
  readonly known: TargetFacts
  readonly sampler: Sampler
  readonly judging: readonly Rule[]
  readonly describe: Describe
  /** Maximum number of requests to make the findings of one cause smaller. */
  readonly shrinkBudget: number
}

/** Creates the finding of a detection, with the verdict of a fault that was seen once. */
export type Describe = (found: Detection, severity: Severity) => Finding

interface JudgingOptions {
  readonly target: Target
  readonly seed: number
  readonly shrinkBudget: number
  readonly replayArguments?: readonly string[]
  readonly limits: Limits
}

export const verdictBySeverity = { MUST: "fail", SHOULD: "warn", MAY: "info" } as const

function describer(
  { target, seed, replayArguments: given = [] }: JudgingOptions,
  known: TargetFacts,
): Describe {
  const redactor = createRedactor(secretsOf(target))
  return (found, severity) => ({
    ...findingOf(found, {
      known,
      severity,
      verdict: verdictBySeverity[severity],
      times: 1,
      foundAfter: Number(found.exchange.id),
      redactor,
      target,
      replay: (each) => replayOf(each, { given, rules: allRules, seed, known }),
    }),
    exchanges: exchangesOf(found, redactor),
  })
}

/** The judging of a run: while it sends, and once everything is sent. */
export interface Judging {
  /** Judges what was sent so far; from now on, samples are judged as they come. */
  begin(sampler: JudgedSampler): void
  /** Concludes on what was sent, and shrinks and confirms each finding. */
  end(sent: Sent, sampler: Sampler): Promise<Judgement>
}

/** Creates the judging by the rules of a plan. */
export function createJudging(
  plan: Plan,
  known: TargetFacts,
  options: JudgingOptions,
  elapsed: () => number,
): Judging {
  const judging = withPrerequisites(plan.applicable, allRules)
  const describe = describer(options, known)
  const ledger = createLedger(plan, known, describe)
  const { maxTimeMs } = options.limits
  /** Ms of judging after the end of the time of the run. */
  let overrunMs = 0
  const add = (executed: ExecutedSample) => {
    const beganMs = Math.max(elapsed(), maxTimeMs)
    const spentMs = () => overrunMs + Math.max(0, elapsed() - beganMs)
    const kept = ledger.add(executed, () =>
      spentMs() > limits.overrunMs.max ? `the time of ${maxTimeMs / 1000} s was used up` : undefined,
    )
    overrunMs = spentMs()
    return kept.brief
  }
  const end: Judging["end"] = async (sent, sampler) => {
    sampler.progress("judging")
    const { shrinkBudget } = options
    return await judgementOf(plan, ledger, {
      known,
      sent,
      redactor: createRedactor(secretsOf(options.target)),
      confirm: createShrinking({ known, sampler, judging, describe, shrinkBudget }),
    })
  }
  return { begin: (sampler) => sampler.judgeWith(add), end }
}

/** Creates the ledger of the rules of a plan. */
export function createLedger(plan: Plan, known: TargetFacts, describe: Describe): Ledger {
  const severities = new Map(plan.selected.map((rule) => [rule, severityOf(rule, known)]))
  return new Ledger({
    judge: createJudge(withPrerequisites(plan.applicable, allRules), known),
    isReported: (rule) => (severities.get(rule) ?? "not-applicable") !== "not-applicable",
    findingOf: (found) => describe(found, severities.get(found.rule) as Severity),
  })
}

/** Concludes on what was sent: a result for each selected rule, and the findings. */
export async function judgementOf(
  plan: Plan,
  ledger: Ledger,
  facts: {
    readonly known: TargetFacts
    readonly sent: Sent
    readonly redactor: Redactor
    readonly confirm: Confirm
    /** Changes the verdict of a rule before it counts. Default: unchanged. */
    readonly revise?: (outcome: VerdictOutcome, rule: Rule) => VerdictOutcome
  },
): Promise<Judgement> {
  const { known, sent, redactor, confirm, revise = (outcome) => outcome } = facts
  const met = sent.obstacles(known.unproven)
  const { tallies, precursors } = ledger.result(met)
  const findings: Finding[] = []
  const results: RuleResult[] = []
  const open = new Set<string>()
  for (const rule of plan.selected) {
    const severity = severityOf(rule, known)
    const tally = tallies.get(rule.id)
    const ofRule: Finding[] = []
    if (severity !== "not-applicable")
      for (const found of tally?.found ?? []) ofRule.push(await confirm(found, severity, tally?.judged ?? 0))
    findings.push(...ofRule)
    const decided = verdictOf({ rule, severity, tally, findings: ofRule, sent, met })
    const { isCut, ...outcome } = revise(decided, rule)
    if (isCut || outcome.verdict === "inconclusive") open.add(rule.id)
    results.push({
      id: rule.id,
      surface: rule.on.surface,
      severity,
      judged: tally?.judged ?? 0,
      judgedOn: judgedOnOf(tally, met),
      cases: sent.by(rule.id)?.generated ?? 0,
      ...durationOf(rule, sent),
      findings: ofRule.map((finding) => finding.id),
      ...withoutSecrets(outcome, redactor),
    })
  }
  const { omitted, unjudged } = ledger
  const causes = causesOf(findings, precursors)
  return { results, open, causes, findings: withCauseExchanges(findings, causes), omitted, unjudged }
}

/** Returns the kinds of requests on which a rule was judged, of the operations that the target offers. */
function judgedOnOf(tally: RuleTally | undefined, met: { has(operation: OperationId): boolean }): string[] {
  const kinds = [...(tally?.judgedOn ?? [])]
  return kinds.filter((kind) => !met.has(kind.split("~", 1)[0] as OperationId)).sort()
}

/** Returns the duration of the requests that were sent for a rule: its own and those of its view's probes. */
function durationOf(rule: Rule, sent: Sent): Pick<RuleResult, "durationMs"> {
  const senders = new Set([rule.id, ...rule.on.probes.map(({ id }) => id)])
  const fed = [...senders].flatMap((by) => sent.by(by) ?? []).filter(({ requests }) => requests > 0)
  if (fed.length === 0) return {}
  return { durationMs: Math.round(fed.reduce((sum, { durationMs }) => sum + durationMs, 0)) }
}

/** Returns a verdict whose reason, which may quote a reply, contains no secret. */
function withoutSecrets<V extends { readonly reason?: string }>(verdict: V, redactor: Redactor): V {
  return verdict.reason === undefined ? verdict : { ...verdict, reason: redactor.text(verdict.reason) }
}

/** Creates the confirmation of findings by more requests. */
function createShrinking({ known, sampler, judging, describe, shrinkBudget }: Context): Confirm {
  const budgets = new Map<string, number>()
  return async (found, severity) => {
    sampler.progress("shrinking")
    const { simplest } = found
    const cause = causeOf(simplest)
    const budget = budgets.get(cause) ?? shrinkBudget
    const shrunk =
      simplest.rule.scope === "run"
        ? { found: simplest, confirmed: true, requests: 0 }
        : await shrink(simplest, {
            executor: sampler.executor,
            known,
            rules: judging,
            budget,
            onJudged: sampler.repeated,
          })
    budgets.set(cause, budget - shrunk.requests)
    const shown = shrunk.found === simplest ? found.finding : describe(shrunk.found, severity)
    return confirmedFinding(found, severity, { known, shown, confirmed: shrunk.confirmed })
  }
}

/** Returns a finding with its verdict: what a model chose to say counts only when it was seen again. */
export function confirmedFinding(
  { simplest: { rule, fault }, times, foundAfter, sender }: FoundFault,
  severity: Severity,
  {
    known,
    shown,
    confirmed,
  }: { readonly known: TargetFacts; readonly shown: Finding; readonly confirmed: boolean },
): Finding {
  const certain = confirmed || known.deterministic || !isModelDependent(rule, fault)
  const verdict = certain ? verdictBySeverity[severity] : "flaky"
  return { ...shown, verdict, times, foundAfter, shownBy: sender.by }
}
