import { createRedactor, type Redactor } from "@nexhina/wire"
import { limits } from "../limits.ts"
import type { Cause, Finding, RuleResult } from "../reports/report.ts"
import { type Rule, type Severity, severityOf } from "../rule.ts"
import { rules as allRules } from "../rules/rules.ts"
import type { ExecutedSample, Limits } from "../target/execute.ts"
import type { TargetFacts } from "../target/facts.ts"
import { obstacles } from "../target/offered.ts"
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
import { shrink } from "./shrink.ts"
import { verdictOf } from "./verdict.ts"

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

interface Context {
  readonly known: TargetFacts
  readonly sampler: Sampler
  readonly judging: readonly Rule[]
  readonly describe: Describe
  /** Maximum number of requests to make the findings of one cause smaller. */
  readonly shrinkBudget: number
}

/** Creates the finding of a detection, with the verdict of a fault that was seen once. */
type Describe = (found: Detection, severity: Severity) => Finding

interface JudgingOptions {
  readonly target: Target
  readonly seed: number
  readonly shrinkBudget: number
  readonly replayArguments?: readonly string[]
  readonly limits: Limits
}

const verdictBySeverity = { MUST: "fail", SHOULD: "warn", MAY: "info" } as const

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
  end(groups: readonly ExecutedSample[], sampler: Sampler): Promise<Judgement>
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
  const severities = new Map(plan.selected.map((rule) => [rule, severityOf(rule, known)]))
  const ledger = new Ledger({
    judge: createJudge(judging, known),
    isReported: (rule) => (severities.get(rule) ?? "not-applicable") !== "not-applicable",
    findingOf: (found) => describe(found, severities.get(found.rule) as Severity),
  })
  const { maxTimeMs } = options.limits
  /** Ms of judging after the end of the time of the run. */
  let overrunMs = 0
  const add = (executed: ExecutedSample) => {
    const beganMs = Math.max(elapsed(), maxTimeMs)
    const spentMs = () => overrunMs + Math.max(0, elapsed() - beganMs)
    const brief = ledger.add(executed, () =>
      spentMs() > limits.overrunMs.max ? `the time of ${maxTimeMs / 1000} s was used up` : undefined,
    )
    overrunMs = spentMs()
    return brief
  }
  return {
    begin: (sampler) => sampler.judgeWith(add),
    end: (groups, sampler) =>
      judgementOf(plan, groups, ledger, {
        known,
        sampler,
        judging,
        describe,
        shrinkBudget: options.shrinkBudget,
        redactor: createRedactor(secretsOf(options.target)),
      }),
  }
}

async function judgementOf(
  plan: Plan,
  groups: readonly ExecutedSample[],
  ledger: Ledger,
  context: Context & { readonly redactor: Redactor },
): Promise<Judgement> {
  const { known, sampler, redactor } = context
  sampler.progress("judging")
  const met = obstacles(groups, known.unproven)
  const { tallies, precursors } = ledger.result(met)
  const findings: Finding[] = []
  const results: RuleResult[] = []
  const open = new Set<string>()
  for (const rule of plan.selected) {
    const severity = severityOf(rule, known)
    const tally = tallies.get(rule.id)
    const ofRule = severity === "not-applicable" || !tally ? [] : await findingsOf(tally, severity, context)
    findings.push(...ofRule)
    const { isCut, ...outcome } = verdictOf({ rule, severity, tally, findings: ofRule, groups, met })
    if (isCut || outcome.verdict === "inconclusive") open.add(rule.id)
    results.push({
      id: rule.id,
      surface: rule.on.surface,
      severity,
      judged: tally?.judged ?? 0,
      cases: groups.filter(({ sample, asked }) => sample.by === rule.id && sample.draw && asked.length > 0)
        .length,
      ...durationOf(rule, groups),
      findings: ofRule.map((finding) => finding.id),
      ...withoutSecrets(outcome, redactor),
    })
  }
  const { omitted, unjudged } = ledger
  const causes = causesOf(findings, precursors)
  return { results, open, causes, findings: withCauseExchanges(findings, causes), omitted, unjudged }
}

/** Returns the duration of the requests that were sent for a rule: its own and those of its view's probes. */
function durationOf(rule: Rule, groups: readonly ExecutedSample[]): Pick<RuleResult, "durationMs"> {
  const senders = new Set([rule.id, ...rule.on.probes.map(({ id }) => id)])
  const asked = groups.filter(({ sample }) => senders.has(sample.by)).flatMap((group) => group.asked)
  if (asked.length === 0) return {}
  return { durationMs: Math.round(asked.reduce((sum, { exchange }) => sum + exchange.end.atMs, 0)) }
}

/** Returns a verdict whose reason, which may quote a reply, contains no secret. */
function withoutSecrets<V extends { readonly reason?: string }>(verdict: V, redactor: Redactor): V {
  return verdict.reason === undefined ? verdict : { ...verdict, reason: redactor.text(verdict.reason) }
}

async function findingsOf(tally: RuleTally, severity: Severity, context: Context): Promise<Finding[]> {
  const findings: Finding[] = []
  const budgets = new Map<string, number>()
  for (const found of tally.found) {
    context.sampler.progress("shrinking")
    const cause = causeOf(found.simplest)
    const budget = budgets.get(cause) ?? context.shrinkBudget
    const { finding, requests } = await confirmed(found, severity, { ...context, shrinkBudget: budget })
    budgets.set(cause, budget - requests)
    findings.push(finding)
  }
  return findings
}

/** Shrinks and confirms a finding; returns it with the number of requests that were needed. */
async function confirmed(
  { simplest, finding, times, foundAfter }: FoundFault,
  severity: Severity,
  { known, sampler, judging, describe, shrinkBudget }: Context,
): Promise<{ readonly finding: Finding; readonly requests: number }> {
  const { rule } = simplest
  const shrunk =
    rule.scope === "run"
      ? { found: simplest, confirmed: true, requests: 0 }
      : await shrink(simplest, { executor: sampler.executor, known, rules: judging, budget: shrinkBudget })
  const certain = shrunk.confirmed || known.deterministic || !rule.modelDependent
  const shown = shrunk.found === simplest ? finding : describe(shrunk.found, severity)
  const verdict = certain ? verdictBySeverity[severity] : "flaky"
  return { finding: { ...shown, verdict, times, foundAfter }, requests: shrunk.requests }
}
