import { endpoints, type Surface } from "@nexhina/schemas"
import * as fc from "fast-check"
import { draw, seedOf } from "../drawing/draw.ts"
import type { Shard } from "../options/options.ts"
import type { Probe } from "../probe.ts"
import { type Rule, severityOf } from "../rule.ts"
import type { Sample } from "../target/execute.ts"
import type { TargetFacts } from "../target/facts.ts"
import { type Ask, fixedSteps } from "../target/step.ts"
import { isWithin, type Place } from "../view.ts"

/** What a run selects. */
export interface Selection {
  readonly rules: readonly Rule[]
  /** Surfaces to check. */
  readonly include: readonly Surface[]
  /** Which of the stock probes of the rules to send. */
  readonly probes: (probe: Probe) => boolean
  /** How many samples of its own a rule may send; one whose requests are fixed sends them once. */
  readonly samples: (rule: Rule) => number
  readonly seed: number
  /** The part of the samples to send. Default: all. */
  readonly shard?: Shard | undefined
}

/** What a run is going to do: a function of the selection and of what is known. */
export interface Plan {
  /** Those on the surfaces to check, applicable or not. */
  readonly selected: readonly Rule[]
  readonly applicable: readonly Rule[]
  readonly probes: readonly Probe[]
  /** Generated and fixed requests of single rules. */
  readonly samples: readonly Sample[]
}

export const probeSample = (probe: Probe, known: TargetFacts): Sample => ({
  by: probe.id,
  index: 0,
  asks: probe.asks(known),
})

/** Returns the rules of a selection that a run judges by. */
export function plannedRules(
  { rules, include }: Pick<Selection, "rules" | "include">,
  known: TargetFacts,
): Pick<Plan, "selected" | "applicable"> {
  const selected = rules.filter(({ on }) => isWithin(on.surface, include))
  return {
    selected,
    applicable: selected.filter((rule) => severityOf(rule, known) !== "not-applicable"),
  }
}

/** The surfaces on which the rules of every endpoint are judged in every run. */
const basics: ReadonlySet<Surface> = new Set(["chat", "models"])

/** Returns a function that gives the surfaces that a probe asks. A probe is of many rules, and is asked once. */
function surfacesByProbe(known: TargetFacts): (probe: Probe) => readonly Surface[] {
  const found = new Map<Probe, readonly Surface[]>()
  return (probe) => {
    const seen = found.get(probe)
    if (seen) return seen
    const surfaces = fixedSteps(probe.asks(known)).map(({ operation }) => endpoints[operation].surface)
    found.set(probe, surfaces)
    return surfaces
  }
}

export function planOf(selection: Selection, known: TargetFacts): Plan {
  const { selected, applicable } = plannedRules(selection, known)
  const surfacesOf = surfacesByProbe(known)
  const isWithinAll = (probe: Probe, within: ReadonlySet<Surface>) =>
    surfacesOf(probe).every((surface) => within.has(surface))
  const include = new Set(selection.include)
  // What holds on every endpoint is seen on chat and models, whatever else is checked.
  const probesOf = ({ on }: Rule) =>
    on.probes.filter(
      (probe) => isWithinAll(probe, include) || (on.surface === "http" && isWithinAll(probe, basics)),
    )
  const probes = [...new Set(applicable.flatMap(probesOf))].filter(selection.probes)
  const samples = interleaved(applicable.map((rule) => samplesOf(rule, known, selection)))
  return { selected, applicable, probes, samples }
}

const isArbitrary = (
  asks: readonly Ask[] | fc.Arbitrary<readonly Ask[]>,
): asks is fc.Arbitrary<readonly Ask[]> => asks instanceof fc.Arbitrary

/** Returns every n-th of some samples, so that the parts are equal and the same in every run. */
function sampleShare<T>(samples: readonly T[], shard: Shard | undefined): T[] {
  return samples.filter((_, at) => !shard || at % shard.count === shard.index - 1)
}

/** Returns the part of a plan that a shard sends. */
export function planShare(plan: Plan, shard: Shard | undefined): Plan {
  const ours = new Set<Probe | Sample>(sampleShare([...plan.probes, ...plan.samples], shard))
  const isOurs = (each: Probe | Sample) => ours.has(each)
  return { ...plan, probes: plan.probes.filter(isOurs), samples: plan.samples.filter(isOurs) }
}

/** A rule's own samples: a function of the seed and the rule alone, so that filters never change them. */
function samplesOf(rule: Rule, known: TargetFacts, { seed, samples }: Selection): Sample[] {
  const count = samples(rule)
  const asks = count > 0 ? rule.asks?.(known) : undefined
  if (!asks) return []
  if (!isArbitrary(asks)) return [{ by: rule.id, index: 0, asks }]
  return draw(asks, seedOf(seed, rule.id), count).map((drawn) => ({
    by: rule.id,
    index: drawn.index,
    asks: drawn.value,
    draw: drawn,
  }))
}

/** First samples of all rules, then second ones …: a budget that runs out leaves breadth. */
function interleaved(lists: readonly (readonly Sample[])[]): Sample[] {
  const longest = Math.max(0, ...lists.map((list) => list.length))
  return Array.from({ length: longest }, (_, index) => lists.flatMap((list) => list[index] ?? [])).flat()
}

/** How many rules a surface has, and how many requests go to it. */
export interface Count {
  readonly surface: Place
  readonly rules: number
  readonly fixed: number
  readonly generated: number
}

/** A request that follows from an earlier reply counts as one to the same surface, although it may not come up. */
export function countsOf({ applicable, probes, samples }: Plan, known: TargetFacts): Count[] {
  const counts = new Map<Place, { rules: number; fixed: number; generated: number }>()
  const of = (surface: Place) => {
    const count = counts.get(surface) ?? { rules: 0, fixed: 0, generated: 0 }
    counts.set(surface, count)
    return count
  }
  for (const { on } of applicable) of(on.surface).rules++
  for (const sample of [...probes.map((probe) => probeSample(probe, known)), ...samples]) {
    let surface: Place = "http"
    for (const ask of sample.asks) {
      const steps = typeof ask === "function" ? [undefined] : [ask].flat()
      for (const step of steps) {
        if (step) surface = endpoints[step.operation].surface
        of(surface)[sample.draw ? "generated" : "fixed"]++
      }
    }
  }
  return [...counts].map(([surface, count]) => ({ surface, ...count }))
}
