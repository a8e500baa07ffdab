import type { Surface } from "@nexhina/schemas"
import { createRedactor, minSearchedLength } from "@nexhina/wire"
import { factsLine, type RunLine } from "../inputs/run-line.ts"
import { partOf } from "../inputs/shards.ts"
import type { RequirementSet } from "../options/requirement-sets.ts"
import type { Report } from "../reports/report.ts"
import { rules as allRules } from "../rules/rules.ts"
import type { Limits } from "../target/execute.ts"
import { factsBefore, type TargetFacts } from "../target/facts.ts"
import { learn, NothingJudged, type StatedFacts } from "../target/learn.ts"
import { createSampler, type Sampler, type World } from "../target/sampler.ts"
import { secretsOf } from "../target/to-wire.ts"
import { version } from "../version.ts"
import { isWithin } from "../view.ts"
import { ask } from "./ask.ts"
import { conclude } from "./conclude.ts"
import { planOf, type Selection } from "./plan.ts"
import { createJudging, type Judgement, judgementOfNothing } from "./results.ts"
import { type Sent, sentIn } from "./sent.ts"

/** The target of a run, the rules to check and the limits. Times in ms. */
export interface CheckOptions extends Selection, Omit<StatedFacts, "include"> {
  readonly limits: Limits
  /** The requirements that were selected. Default: every rule of the kit. */
  readonly requirements?: RequirementSet
  /** Whether the selection is that of a quick run: for the report. Default: no. */
  readonly quick?: boolean
  /** Whether SHOULD findings fail the run: for the report. Default: no. */
  readonly strict?: boolean
  /** Whether the target is the built-in mock server: for the transcript. Default: no. */
  readonly embedded?: boolean
  /** Number of samples in progress at the same time. */
  readonly concurrency: number
  /** Maximum number of requests to make the findings of one cause (rule, fault and operation) smaller. */
  readonly shrinkBudget: number
  /** Arguments of `run`, quoted for a shell, that describe these options: the end of each replay command. */
  readonly replayArguments?: readonly string[]
}

/**
 * Checks a server: learns what it offers, sends requests, judges the replies and concludes.
 * @throws {Unreachable} when no connection can be made; {KeyRefused} when the target rejects the key. Both have a
 * report in which no rule was run.
 */
export async function checkTarget(options: CheckOptions, world: World): Promise<Report> {
  world.onLine?.(runLine(options, world))
  const sampler = createSampler(options, world)
  const known = await learned(options, sampler, world)
  world.onLine?.(factsLine(known))
  const plan = planOf(sampler.executor.exhausted() === undefined ? options : leastDrawn(options), known)
  const judging = createJudging(plan, known, options, world.elapsed)
  judging.begin(sampler)
  const groups = await ask(plan, known, sampler, options.shard)
  const sent = sentIn(groups)
  const judgement = await judging.end(sent, sampler)
  return reportOf(options, world, { sampler, known, sent, judgement })
}

/**
 * Returns the options of a run that can send nothing any more: drawing all samples takes most of a second, and one of each
 * rule says that it was not run. The share of a shard depends on the number of samples.
 */
function leastDrawn(options: CheckOptions): CheckOptions {
  if (options.shard) return options
  return { ...options, samples: (rule) => Math.min(1, options.samples(rule)) }
}

/** Returns what a run is asked to do, for its transcript. */
function runLine(options: CheckOptions, { startedAt }: World): RunLine {
  const { target, rules, proxy, replayArguments = [] } = options
  return {
    fact: "run",
    kit: version,
    target: target.baseUrl,
    ...(options.embedded && { embedded: true }),
    startedAt: startedAt.toISOString(),
    seed: options.seed,
    profile: options.profile,
    traits: [...options.traits],
    include: [...options.include],
    require: [...options.require],
    deterministic: options.deterministic,
    ...(rules.length < allRules.length && { rules: rules.map(({ id }) => id) }),
    ...(options.requirements && { requirements: options.requirements.id }),
    ...(options.quick && { quick: true }),
    ...(proxy !== undefined && { proxy }),
    ...(options.shard && { shard: { ...options.shard } }),
    replay: [...replayArguments],
  }
}

/** Returns the surfaces to which the rules of a run send requests: all that are checked, if some rules hold everywhere. */
function surfacesAsked({ rules, include }: Selection): readonly Surface[] {
  const isAnywhere = rules.some(({ on, asks }) => on.surface === "http" && asks !== undefined)
  return isAnywhere
    ? include
    : include.filter((surface) => rules.some(({ on }) => isWithin(on.surface, [surface])))
}

async function learned(options: CheckOptions, sampler: Sampler, world: World): Promise<TargetFacts> {
  try {
    return await learn(options, sampler, surfacesAsked(options))
  } catch (error) {
    if (!(error instanceof NothingJudged)) throw error
    const known = factsBefore(options.profile, {
      traits: new Set(options.traits),
      deterministic: options.deterministic,
      included: new Set(options.include),
      required: new Set(options.require),
    })
    const reason = error.message
    const judgement = judgementOfNothing(options.rules, known, reason)
    error.report = reportOf(options, world, {
      sampler,
      known,
      sent: sentIn(sampler.groups),
      judgement,
      reason,
    })
    throw error
  }
}

/** Returns what the run learned of the target, in sentences. */
function learnedOf(known: TargetFacts, { adaptation }: Sampler, { traits, target }: CheckOptions): string[] {
  const isSingle = known.traits.has("single-model") && !traits.includes("single-model")
  return [
    ...(isSingle ? ["trait single-model: one model is listed"] : []),
    ...known.choices,
    ...adaptation.learned,
    ...(secretsOf(target).some((secret) => secret !== "" && secret.length < minSearchedLength)
      ? [
          `a key or secret header has fewer than ${minSearchedLength} characters: it is hidden in headers, not in bodies and texts`,
        ]
      : []),
  ]
}

const unjudgedReason = (count: number, { maxTimeMs }: Limits) =>
  count === 0
    ? undefined
    : `${count} samples were answered and not judged, because the time of ${maxTimeMs / 1000} s was used up`

interface Run {
  readonly sampler: Sampler
  readonly known: TargetFacts
  readonly sent: Sent
  readonly judgement: Judgement
  /** Why nothing was judged. */
  readonly reason?: string
}

function reportOf(
  options: CheckOptions,
  world: World,
  { sampler, known, sent, judgement: { results, open, causes, findings, omitted, unjudged }, reason }: Run,
): Report {
  const { executor } = sampler
  const stopped = reason ?? executor.exhausted() ?? sent.cut
  const incomplete = reason ?? executor.ended() ?? unjudgedReason(unjudged, options.limits)
  const learned = learnedOf(known, sampler, options)
  const durationMs = Math.round(world.elapsed())
  world.onLine?.({
    fact: "run-end",
    requests: executor.sent,
    durationMs,
    learned,
    ...(stopped !== undefined && { stopped }),
    ...(incomplete !== undefined && { incomplete }),
  })
  const part = partOf(options.shard)
  const conclusion = conclude(results, {
    selected: options.rules,
    ...(options.requirements && { requirements: options.requirements }),
    include: options.include,
    target: options.target.baseUrl,
    known,
    sent,
    open,
    isPart: part.shard !== undefined,
    stopped: incomplete,
  })
  const redactor = createRedactor(secretsOf(options.target))
  return {
    schemaVersion: 1,
    kit: { name: "@nexhina/conformance", version },
    target: options.target.baseUrl,
    ...(options.proxy !== undefined && { proxy: options.proxy }),
    profile: options.profile,
    traits: [...known.traits],
    surfaces: [...options.include],
    // A server that reflects the key can list it as a model.
    models: Object.fromEntries(Object.entries(known.models).map(([kind, id]) => [kind, redactor.text(id)])),
    learned: learned.map((sentence) => redactor.text(sentence)),
    ...(options.requirements && { requirements: options.requirements.id }),
    seed: options.seed,
    quick: options.quick === true,
    ...part,
    strict: options.strict === true,
    deterministic: known.deterministic,
    startedAt: world.startedAt.toISOString(),
    durationMs,
    requests: executor.sent,
    senders: sent.complete,
    ...conclusion,
    // The address of a redirect comes from the target, which may reflect the key.
    ...(conclusion.reason !== undefined && { reason: redactor.text(conclusion.reason) }),
    ...(stopped !== undefined && { stopped }),
    rules: [...results],
    causes: [...causes],
    findings: [...findings],
    ...(omitted > 0 && { omitted }),
  }
}
