import type { ModelKind, ProfileName, Surface, Trait } from "@nexhina/schemas"
import type { Send } from "@nexhina/wire"
import { createRedactor, type Exchange } from "@nexhina/wire"
import type { Probe } from "../probe.ts"
import { missingKey } from "../probes/auth.ts"
import { plainChat } from "../probes/chat-completions.ts"
import { listModels } from "../probes/models.ts"
import type { Finding, Report, RuleResult } from "../reports/report.ts"
import { type Severity, severityOf } from "../rule.ts"
import { rules as allRules } from "../rules/rules.ts"
import { createExecutor, type Executed, inParallel, type Limits, type Sample } from "../target/execute.ts"
import { type Known, knownBefore } from "../target/facts.ts"
import { chooseModels, listedModels } from "../target/models.ts"
import { judgeable, obstacles } from "../target/offered.ts"
import { fixedSteps } from "../target/step.ts"
import { isRefusal, secretsOf, type Target } from "../target/to-wire.ts"
import { version } from "../version.ts"
import { conclude } from "./conclude.ts"
import { findingId, findingOf } from "./finding.ts"
import { type Found, judge, type Tally, withPrerequisites } from "./judge.ts"
import { planOf, probeSample, type Selection } from "./plan.ts"
import { shrink } from "./shrink.ts"
import { verdictOf } from "./verdict.ts"

/** What to check, and how far to go. Times in ms. */
export interface CheckOptions extends Selection {
  readonly target: Target
  readonly profile: ProfileName
  readonly traits: readonly Trait[]
  readonly models: Partial<Readonly<Record<ModelKind, string>>>
  /** Surfaces whose absence is a finding. */
  readonly require: readonly Surface[]
  readonly deterministic: boolean
  readonly maxOutputTokens: number
  /** The length of a body that the target has to refuse. Default: no such body is sent. */
  readonly oversizedBytes?: number
  readonly limits: Limits
  readonly concurrency: number
  /** Requests that may go into making one finding smaller. */
  readonly shrinkBudget: number
}

/** What a run needs of the world. */
export interface World {
  readonly send: Send
  /** Monotonic ms since the run began. */
  readonly elapsed: () => number
  readonly sleep: (ms: number) => Promise<void>
  readonly startedAt: Date
  readonly onExchange?: (exchange: Exchange) => void
  readonly onProgress?: (progress: Progress) => void
}

export interface Progress {
  readonly phase: "learning" | "probing" | "judging" | "shrinking"
  readonly sent: number
  /** Samples done, of those planned. */
  readonly done: number
  readonly planned: number
}

/** No connection could be made: there is nothing to judge. */
export class Unreachable extends Error {
  override readonly name = "Unreachable"
}

/** The target takes no request with the key that it was given: there is nothing to judge. */
export class KeyRefused extends Error {
  override readonly name = "KeyRefused"
}

/** Whether the target asks for a key, from the same chat without and with it. */
function authOf(keyless: number | undefined, keyed: number | undefined): Known["auth"] {
  const isSuccess = (status: number | undefined) => status !== undefined && status >= 200 && status < 300
  if (isSuccess(keyless)) return "open"
  return (keyless !== undefined && isRefusal(keyless)) || isSuccess(keyed) ? "required" : "untested"
}

/** The status with which all that was rightly asked with the configured key was refused, if it was. */
function refusedThroughout(groups: readonly Executed[]): number | undefined {
  const statuses = groups
    .flatMap(({ asked }) => asked)
    .filter(({ step }) => !step.fault && !step.key)
    .flatMap(({ exchange }) => exchange.response?.status ?? [])
  return statuses.every(isRefusal) ? statuses[0] : undefined
}

/**
 * Asks a server and judges what it answers.
 * @throws {Unreachable} when no connection could be made; {KeyRefused} when nothing was answered with the key.
 */
export async function checkTarget(options: CheckOptions, world: World): Promise<Report> {
  const { target, include } = options
  const executor = createExecutor({
    target,
    send: world.send,
    limits: options.limits,
    elapsed: world.elapsed,
    sleep: world.sleep,
    onExchange: (exchange) => world.onExchange?.(exchange),
  })
  const groups: Executed[] = []
  let planned = 0
  const progress = (phase: Progress["phase"]) =>
    world.onProgress?.({ phase, sent: executor.sent, done: groups.length, planned })
  const sendAll = async (samples: readonly Sample[], phase: Progress["phase"]) => {
    planned += samples.length
    await inParallel(samples, options.concurrency, async (sample) => {
      groups.push(await executor.execute(sample))
      progress(phase)
    })
  }

  let known = knownBefore(options.profile, {
    traits: new Set(options.traits),
    deterministic: options.deterministic,
    included: new Set(options.include),
    required: new Set(options.require),
    maxOutputTokens: options.maxOutputTokens,
    ...(options.oversizedBytes !== undefined && { oversizedBytes: options.oversizedBytes }),
  })

  const learnFrom = (probe: Probe) => sendAll([probeSample(probe, known)], "learning")
  await learnFrom(listModels)
  const listing = groups.flatMap(({ asked }) => asked.map(({ exchange }) => exchange))
  const connection = listing.find((exchange) => exchange.end.stage === "connect")
  if (connection)
    throw new Unreachable(`cannot reach ${target.baseUrl}: ${connection.end.code ?? connection.end.kind}`)
  const listed = listing.flatMap(listedModels)
  known = { ...known, listed, models: chooseModels(options.models, listed) }
  const statusOf = (by: string) =>
    groups.find(({ sample }) => sample.by === by)?.asked.at(-1)?.exchange.response?.status
  await learnFrom(plainChat)
  if (target.apiKey !== undefined) {
    await learnFrom(missingKey)
    known = { ...known, auth: authOf(statusOf(missingKey.id), statusOf(plainChat.id)) }
  }
  const refused = refusedThroughout(groups)
  if (refused !== undefined) {
    const which = target.apiKey === undefined ? "a request without an API key" : "the API key"
    throw new KeyRefused(
      `${target.baseUrl} refuses ${which} (${refused}); pass a valid key with --api-key or $NEXHINA_API_KEY`,
    )
  }

  const { selected, applicable, probes, samples } = planOf(options, known)
  const judging = withPrerequisites(applicable, allRules)

  /** Samples that are not sent in vain; how keys and paths are refused can be seen anywhere. */
  const promising = (samples: readonly Sample[]) => {
    const met = obstacles(groups)
    return samples.filter(({ asks }) => {
      const [step] = fixedSteps(asks)
      return !step || step.key || step.fault?.kind === "unknown-path" || !met.has(step.operation)
    })
  }
  const unsent = probes.filter((probe) => !groups.some(({ sample }) => sample.by === probe.id))
  await sendAll(promising(unsent.map((probe) => probeSample(probe, known))), "probing")
  await sendAll(promising(samples), "probing")

  progress("judging")
  // Groups end in any order; what is judged, counted and reported must not depend on it.
  groups.sort((a, b) => a.sample.by.localeCompare(b.sample.by, "en") || a.sample.index - b.sample.index)
  const met = obstacles(groups)
  const tallies = judge(judging, judgeable(groups, met), known)

  const redactor = createRedactor(secretsOf(target))
  const findings: Finding[] = []
  const results: RuleResult[] = []
  for (const rule of selected) {
    const severity = severityOf(rule, known)
    const tally = tallies.get(rule.id)
    const own = groups.filter((group) => group.sample.by === rule.id)
    const ofRule: Finding[] = []
    if (severity !== "not-applicable" && tally) {
      for (const [id, alike] of byFinding(tally)) {
        progress("shrinking")
        const finding = await report(id, alike, severity)
        ofRule.push(finding)
      }
    }
    findings.push(...ofRule)
    results.push({
      id: rule.id,
      surface: rule.on.surface,
      severity,
      judged: tally?.judged ?? 0,
      cases: own.filter((group) => group.sample.draw && group.asked.length > 0).length,
      findings: ofRule.map((finding) => finding.id),
      ...verdictOf({ rule, severity, tally, findings: ofRule, groups, met }),
    })
  }

  async function report(id: string, alike: readonly Found[], severity: Severity): Promise<Finding> {
    const [first] = alike
    if (!first) throw new RangeError(`${id} has no exchange`)
    const simplest = alike.find(({ executed }) => !executed.sample.draw) ?? first
    const shrunk =
      simplest.rule.scope === "run"
        ? { found: simplest, confirmed: true }
        : await shrink(simplest, { executor, known, rules: judging, budget: options.shrinkBudget })
    const certain = shrunk.confirmed || known.deterministic || !simplest.rule.modelDependent
    const bySeverity = { MUST: "fail", SHOULD: "warn", MAY: "info" } as const
    return findingOf(shrunk.found, {
      known,
      severity,
      verdict: certain ? bySeverity[severity] : "flaky",
      times: alike.length,
      // The sender numbers its exchanges.
      foundAfter: Math.min(...alike.map(({ exchange }) => Number(exchange.id))),
      seed: options.seed,
      redactor,
    })
  }

  const { conformant, summary } = conclude(results, { selected, include, known })
  const stopped = executor.exhausted() ?? groups.find((group) => group.cut)?.cut
  return {
    schemaVersion: 1,
    kit: { name: "@nexhina/conformance", version },
    target: target.baseUrl,
    profile: options.profile,
    traits: [...options.traits],
    surfaces: [...include],
    models: known.models,
    seed: options.seed,
    startedAt: world.startedAt.toISOString(),
    durationMs: Math.round(world.elapsed()),
    requests: executor.sent,
    conformant,
    ...(stopped !== undefined && { stopped }),
    summary,
    rules: results,
    findings,
  }
}

/** A rule's faults by finding: those that differ only in the generated value are one. */
function byFinding({ found }: Tally): Map<string, Found[]> {
  const byId = new Map<string, Found[]>()
  for (const each of found) {
    const id = findingId(each)
    const alike = byId.get(id)
    if (alike) alike.push(each)
    else byId.set(id, [each])
  }
  return byId
}
