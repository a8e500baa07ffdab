import { createRedactor } from "@nexhina/wire"
import type { Report } from "../reports/report.ts"
import type { Limits } from "../target/execute.ts"
import { learn, type StatedFacts } from "../target/learn.ts"
import { createSampler, type World } from "../target/sampler.ts"
import { secretsOf } from "../target/to-wire.ts"
import { version } from "../version.ts"
import { ask } from "./ask.ts"
import { conclude } from "./conclude.ts"
import { planOf, type Selection } from "./plan.ts"
import { judgeAll } from "./results.ts"

/** The target of a run, the rules to check and the limits. Times in ms. */
export interface CheckOptions extends Selection, Omit<StatedFacts, "include"> {
  readonly limits: Limits
  /** Number of samples in progress at the same time. */
  readonly concurrency: number
  /** Maximum number of requests to make the findings of one cause (rule, fault and operation) smaller. */
  readonly shrinkBudget: number
}

/**
 * Checks a server: learns what it offers, sends requests, judges the replies and concludes.
 * @throws {Unreachable} when no connection can be made; {KeyRefused} when the target rejects the key.
 */
export async function checkTarget(options: CheckOptions, world: World): Promise<Report> {
  const sampler = createSampler(options, world)
  const known = await learn(options, sampler)
  const plan = planOf(options, known)
  const groups = await ask(plan, known, sampler)
  const { results, findings } = await judgeAll(plan, groups, known, sampler, options)
  const { conformant, summary } = conclude(results, {
    selected: plan.selected,
    include: options.include,
    known,
  })
  const stopped = sampler.executor.exhausted() ?? groups.find((group) => group.cut)?.cut
  const redactor = createRedactor(secretsOf(options.target))
  return {
    schemaVersion: 1,
    kit: { name: "@nexhina/conformance", version },
    target: options.target.baseUrl,
    profile: options.profile,
    traits: [...options.traits],
    surfaces: [...options.include],
    // A server that reflects the key can list it as a model.
    models: Object.fromEntries(
      Object.entries(known.models).map(([kind, model]) => [kind, redactor.text(model)]),
    ),
    seed: options.seed,
    startedAt: world.startedAt.toISOString(),
    durationMs: Math.round(world.elapsed()),
    requests: sampler.executor.sent,
    conformant,
    ...(stopped !== undefined && { stopped }),
    summary,
    rules: [...results],
    findings: [...findings],
  }
}
