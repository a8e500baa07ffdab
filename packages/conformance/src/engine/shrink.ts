import type { Rule } from "../rule.ts"
import type { ExecutedSample, Executor, Sample } from "../target/execute.ts"
import type { TargetFacts } from "../target/facts.ts"
import { type Ask, fixedSteps } from "../target/step.ts"
import { isTransient } from "../target/to-wire.ts"
import { causeOf, findingId } from "./finding-id.ts"
import { type Detection, judge } from "./judge.ts"

/** The smallest request that was seen to show a fault. */
export interface ShrinkResult {
  readonly found: Detection
  /** False when a repetition was answered without the fault. A repetition without an answer contradicts nothing. */
  readonly confirmed: boolean
  readonly requests: number
}

/** Why a sample is sent once a finding is known: to find a smaller request, or to see the fault again. */
export type RepeatPurpose = "smaller" | "again"

/** Called with each sample that was sent to make a finding smaller or to confirm it, and judged. */
export type OnRepeat = (executed: ExecutedSample, found: Detection, purpose: RepeatPurpose) => void

/** Returns fewer of the requests of a sample. */
type Narrowing = (asks: readonly Ask[]) => readonly Ask[]

/**
 * Returns what leaves the request that shows a fault alone, or beside the first request of its sample where the rule
 * compares them; `undefined` when there is nothing to leave out, or the request was made from an earlier reply.
 */
function narrowingOf({ rule, exchange, executed }: Detection): Narrowing | undefined {
  if (rule.scope === "run") return undefined
  const steps = fixedSteps(executed.sample.asks)
  const place = steps.findIndex((step) =>
    executed.asked.some((each) => each.step === step && each.exchange === exchange),
  )
  const kept = rule.scope === "group" ? [...new Set([0, place])] : [place]
  if (place < 0 || executed.sample.asks.flat().length <= kept.length) return undefined
  return (asks) => fixedSteps(asks).filter((_, at) => kept.includes(at))
}

/**
 * Sends the request that shows a fault without the rest of its sample, except what it is compared with. Then looks for a smaller request with the same
 * finding, and repeats that one twice unless the target is deterministic. A fixed request is only repeated. Stops after
 * `budget` requests or when the executor is exhausted.
 */
export async function shrink(
  found: Detection,
  context: {
    executor: Executor
    known: TargetFacts
    rules: readonly Rule[]
    budget: number
    onJudged?: OnRepeat | undefined
  },
): Promise<ShrinkResult> {
  const { executor, known, rules, budget, onJudged } = context
  const before = executor.sent
  const spent = () => executor.sent - before

  const attempt = async (sample: Sample, purpose: RepeatPurpose) => {
    const executed: ExecutedSample = await executor.execute(sample)
    const repeat = repeatOf(executed, {
      rules,
      known,
      rule: found.rule.id,
      idOf: idIn(purpose),
      id: idIn(purpose)(found),
    })
    onJudged?.(executed, found, purpose)
    return repeat
  }

  let best = found
  let asksOf: Narrowing = (asks) => asks
  const narrowing = narrowingOf(found)
  if (narrowing && spent() < budget && !executor.exhausted()) {
    const { sample } = found.executed
    const { again } = await attempt({ ...sample, asks: narrowing(sample.asks) }, "smaller")
    if (again) {
      best = again
      asksOf = narrowing
    }
  }

  let draw = found.executed.sample.draw
  let smaller = draw?.shrink()[Symbol.iterator]()
  while (smaller && spent() < budget && !executor.exhausted()) {
    const next = smaller.next()
    if (next.done) break
    const smallerSample = { ...found.executed.sample, asks: asksOf(next.value.value), draw: next.value }
    const { again } = await attempt(smallerSample, "smaller")
    if (again) {
      best = again
      draw = next.value
      smaller = draw.shrink()[Symbol.iterator]()
    }
  }

  // A deterministic target needs no repetition. Of the others the same request may show the fault at another pointer.
  const looks = known.deterministic ? 0 : 2
  let contradicted = false
  for (let time = 0; time < looks && !executor.exhausted(); time++) {
    const { again, answered } = await attempt(best.executed.sample, "again")
    if (!again && answered) contradicted = true
  }
  return { found: best, confirmed: !contradicted, requests: spent() }
}

/** Returns how a repetition is compared with its finding: the same request may show the fault at another pointer. */
export const idIn = (purpose: RepeatPurpose): ((each: Detection) => string) =>
  purpose === "smaller" ? findingId : causeOf

/** Judges a repetition: whether it shows the fault again, and whether it was answered at all. */
export function repeatOf(
  executed: ExecutedSample,
  facts: {
    readonly rules: readonly Rule[]
    readonly known: TargetFacts
    readonly rule: string
    readonly idOf: (each: Detection) => string
    readonly id: string
  },
): { readonly again: Detection | undefined; readonly answered: boolean } {
  const { rules, known, rule, idOf, id } = facts
  const tally = judge(rules, [executed], known).get(rule)
  const again = tally?.found.find((each) => idOf(each) === id)
  return { again, answered: isAnswered(executed) }
}

/** Returns whether every request of a sample was sent and answered, and not with the excuse of being busy. */
function isAnswered({ asked, cut, breach }: ExecutedSample): boolean {
  if (cut !== undefined || breach !== undefined) return false
  return asked.length > 0 && asked.every(({ exchange }) => exchange.response && !isTransient(exchange))
}
