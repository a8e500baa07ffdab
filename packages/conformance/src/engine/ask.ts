import type { ExecutedSample, Sample } from "../target/execute.ts"
import type { TargetFacts } from "../target/facts.ts"
import { obstacles } from "../target/offered.ts"
import type { Sampler } from "../target/sampler.ts"
import { fixedSteps } from "../target/step.ts"
import { type Plan, probeSample } from "./plan.ts"

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

const isSpoilt = ({ asks }: Sample): boolean => fixedSteps(asks).some(({ fault }) => fault !== undefined)

/**
 * Sends the probes and samples of a plan, except those for operations that the target does not offer. Requests that are
 * spoilt on purpose come last: by then the run knows which members the target refuses, and leaves them out, so that a
 * refusal is about what is spoilt. Returns what is to be judged, in an order that does not depend on which reply came
 * first.
 */
export async function ask(
  plan: Plan,
  known: TargetFacts,
  sampler: Sampler,
): Promise<readonly ExecutedSample[]> {
  const unsent = plan.probes.filter((probe) => !sampler.groups.some(({ sample }) => sample.by === probe.id))
  const probes = unsent.map((probe) => probeSample(probe, known))
  const stages = [probes, plan.samples].map((samples) => samples.filter((sample) => !isSpoilt(sample)))
  const spoilt = [...probes, ...plan.samples].filter(isSpoilt)
  for (const samples of [...stages, spoilt]) {
    await sampler.run(answerable(samples, sampler.groups, known), "probing")
  }
  return sampler.groups.toSorted(
    (a, b) => a.sample.by.localeCompare(b.sample.by, "en") || a.sample.index - b.sample.index,
  )
}
