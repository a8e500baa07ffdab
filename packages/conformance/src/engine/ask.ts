import type { Adaptation } from "../target/adaptation.ts"
import { type Asked, type ExecutedSample, isOtherwise, type Sample } from "../target/execute.ts"
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

/** Returns whether a step that was spoilt on purpose would now be sent with another body. */
const isOutdated = ({ step, sent = step }: Asked, adaptation: Adaptation): boolean =>
  step.fault !== undefined && isOtherwise(sent, adaptation.adapted(step).step)

/**
 * Sends the probes and samples of a plan, except those for operations that the target does not offer. A body that is
 * spoilt on purpose and carries members that the target turned out to refuse is sent again without them, since its
 * refusal may be about those. Returns what is to be judged, in an order that does not depend on which reply came first.
 */
export async function ask(
  plan: Plan,
  known: TargetFacts,
  sampler: Sampler,
): Promise<readonly ExecutedSample[]> {
  const unsent = plan.probes.filter((probe) => !sampler.groups.some(({ sample }) => sample.by === probe.id))
  const probes = unsent.map((probe) => probeSample(probe, known))
  await sampler.run(answerable(probes, sampler.groups, known), "probing")
  await sampler.run(answerable(plan.samples, sampler.groups, known), "probing")
  const outdated = sampler.groups.filter(({ asked }) =>
    asked.some((each) => isOutdated(each, sampler.adaptation)),
  )
  await sampler.run(
    outdated.map(({ sample }) => sample),
    "probing",
  )
  return sampler.groups
    .filter((group) => !outdated.includes(group))
    .toSorted((a, b) => a.sample.by.localeCompare(b.sample.by, "en") || a.sample.index - b.sample.index)
}
