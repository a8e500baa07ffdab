import { createRedactor, type Redactor } from "@nexhina/wire"
import type { Cause, Finding, RuleResult } from "../reports/report.ts"
import { type Rule, type Severity, severityOf } from "../rule.ts"
import { rules as allRules } from "../rules/rules.ts"
import type { ExecutedSample } from "../target/execute.ts"
import type { TargetFacts } from "../target/facts.ts"
import { judgeable, obstacles } from "../target/offered.ts"
import type { Sampler } from "../target/sampler.ts"
import { secretsOf, type Target } from "../target/to-wire.ts"
import { causesOf } from "./causes.ts"
import { findingOf } from "./finding.ts"
import { causeOf, findingId } from "./finding-id.ts"
import { type Detection, judge, type Tally, withPrerequisites } from "./judge.ts"
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
}

interface Context {
  readonly known: TargetFacts
  readonly sampler: Sampler
  readonly judging: readonly Rule[]
  readonly redactor: Redactor
  readonly target: Target
  readonly replay: (found: Detection) => string
  /** Maximum number of requests to make the findings of one cause smaller. */
  readonly shrinkBudget: number
}

/** Judges what a run has sent by the rules of its plan, and shrinks and confirms each finding. */
export async function judgeAll(
  plan: Plan,
  groups: readonly ExecutedSample[],
  known: TargetFacts,
  sampler: Sampler,
  options: {
    readonly target: Target
    readonly seed: number
    readonly shrinkBudget: number
    readonly replayArguments?: readonly string[]
  },
): Promise<Judgement> {
  sampler.progress("judging")
  const judging = withPrerequisites(plan.applicable, allRules)
  const met = obstacles(groups, known.unproven)
  const tallies = judge(judging, judgeable(groups, met), known)
  const redactor = createRedactor(secretsOf(options.target))
  const { target, seed, shrinkBudget, replayArguments: given = [] } = options
  const replay = (found: Detection) => replayOf(found, { given, rules: allRules, seed, known })
  const context: Context = { known, sampler, judging, redactor, target, shrinkBudget, replay }

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
  const detections = [...tallies.values()].flatMap(({ found }) => found)
  return { results, open, causes: causesOf(findings, detections), findings }
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

async function findingsOf(tally: Tally, severity: Severity, context: Context): Promise<Finding[]> {
  const findings: Finding[] = []
  const budgets = new Map<string, number>()
  for (const alike of byFinding(tally)) {
    context.sampler.progress("shrinking")
    const cause = causeOf(alike[0])
    const budget = budgets.get(cause) ?? context.shrinkBudget
    const { finding, requests } = await report(alike, severity, { ...context, shrinkBudget: budget })
    budgets.set(cause, budget - requests)
    findings.push(finding)
  }
  return findings
}

/** The detections of one finding, at least one. */
type Alike = readonly [Detection, ...Detection[]]

/** Creates a finding; returns it with the number of requests that were needed. */
async function report(
  alike: Alike,
  severity: Severity,
  { known, sampler, judging, redactor, target, replay, shrinkBudget }: Context,
): Promise<{ readonly finding: Finding; readonly requests: number }> {
  const simplest = alike.find(({ executed }) => !executed.sample.draw) ?? alike[0]
  const shrunk =
    simplest.rule.scope === "run"
      ? { found: simplest, confirmed: true, requests: 0 }
      : await shrink(simplest, { executor: sampler.executor, known, rules: judging, budget: shrinkBudget })
  const certain = shrunk.confirmed || known.deterministic || !simplest.rule.modelDependent
  const bySeverity = { MUST: "fail", SHOULD: "warn", MAY: "info" } as const
  const finding = findingOf(shrunk.found, {
    known,
    severity,
    verdict: certain ? bySeverity[severity] : "flaky",
    times: alike.length,
    // The sender numbers its exchanges.
    foundAfter: Math.min(...alike.map(({ exchange }) => Number(exchange.id))),
    redactor,
    target,
    replay,
  })
  return { finding, requests: shrunk.requests }
}

/** Groups a rule's faults by finding: faults that differ only in a generated value are one finding. */
function byFinding({ found }: Tally): Alike[] {
  const byId = new Map<string, [Detection, ...Detection[]]>()
  for (const each of found) {
    const id = findingId(each)
    const alike = byId.get(id)
    if (alike) alike.push(each)
    else byId.set(id, [each])
  }
  return [...byId.values()]
}
