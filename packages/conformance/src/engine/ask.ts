import type { Shard } from "../options/options.ts"
import type { ExecutedSample, Sample } from "../target/execute.ts"
import type { TargetFacts } from "../target/facts.ts"
import { obstacles } from "../target/offered.ts"
import type { Sampler } from "../target/sampler.ts"
import { fixedSteps } from "../target/step.ts"
import { type Plan, planShare, probeSample } from "./plan.ts"

/** Returns the samples that can be answered. How keys and paths are rejected can be seen on any operation. */
function answerable(
  samples: readonly Sample[],
  groups: readonly ExecutedSample[],
  { unproven }: TargetFacts,
): Sample[] {
  const met = obstacles(groups, unproven)
  return samples.filter(({ asks }) => {
    const [step] = fixedSteps(asks)
    return !step || step.key || step.fault?.kind === "unknown-path" || !met.has(step.operation)
  })
}

/** Returns whether a sample sends a body that is spoilt on purpose. */
const isSpoilt = ({ asks }: Sample): boolean =>
  fixedSteps(asks).some(({ fault, body }) => fault !== undefined && body !== undefined)

/**
 * Sends the probes and samples of a plan, except those for operations that the target does not offer. Bodies that are
 * spoilt on purpose come last: by then it is known which members the target refuses, and they are left out. Returns
 * everything that the run has sent, in an order that does not depend on which reply came first.
 */
export async function ask(
  plan: Plan,
  known: TargetFacts,
  sampler: Sampler,
  shard?: Shard | undefined,
): Promise<readonly ExecutedSample[]> {
  const ours = planShare(plan, shard)
  const unsent = ours.probes.filter((probe) => !sampler.groups.some(({ sample }) => sample.by === probe.id))
  const probes = unsent.map((probe) => probeSample(probe, known))
  await sampler.run(answerable(probes, sampler.groups, known), "probing")
  for (const spoilt of [false, true]) {
    const samples = ours.samples.filter((sample) => isSpoilt(sample) === spoilt)
    await sampler.run(answerable(samples, sampler.groups, known), "probing")
  }
  return sampler.groups.toSorted(
    (a, b) => a.sample.by.localeCompare(b.sample.by, "en") || a.sample.index - b.sample.index,
  )
}
