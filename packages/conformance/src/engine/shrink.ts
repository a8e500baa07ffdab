import type { Rule } from "../rule.ts"
import type { ExecutedSample, Executor, Sample } from "../target/execute.ts"
import type { TargetFacts } from "../target/facts.ts"
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

/**
 * Looks for a smaller request with the same finding, then repeats that one twice unless the target is deterministic. A
 * fixed request is only repeated. Stops after `budget` requests or when the executor is exhausted.
 */
export async function shrink(
  found: Detection,
  context: { executor: Executor; known: TargetFacts; rules: readonly Rule[]; budget: number },
): Promise<ShrinkResult> {
  const { executor, known, rules, budget } = context
  const before = executor.sent
  const spent = () => executor.sent - before

  const attempt = async (sample: Sample, idOf: (each: Detection) => string) => {
    const executed: ExecutedSample = await executor.execute(sample)
    const tally = judge(rules, [executed], known).get(found.rule.id)
    const again = tally?.found.find((each) => idOf(each) === idOf(found))
    return { again, answered: isAnswered(executed) }
  }

  let best = found
  let draw = found.executed.sample.draw
  let smaller = draw?.shrink()[Symbol.iterator]()
  while (smaller && spent() < budget && !executor.exhausted()) {
    const next = smaller.next()
    if (next.done) break
    const smallerSample = { ...found.executed.sample, asks: next.value.value, draw: next.value }
    const { again } = await attempt(smallerSample, findingId)
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
    const { again, answered } = await attempt(best.executed.sample, causeOf)
    if (!again && answered) contradicted = true
  }
  return { found: best, confirmed: !contradicted, requests: spent() }
}

/** Returns whether every request of a sample was sent and answered, and not with the excuse of being busy. */
function isAnswered({ asked, cut, breach }: ExecutedSample): boolean {
  if (cut !== undefined || breach !== undefined) return false
  return asked.length > 0 && asked.every(({ exchange }) => exchange.response && !isTransient(exchange))
}
