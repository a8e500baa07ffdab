import type { Exchange, Send } from "@nexhina/wire"
import type { Intent } from "../intent.ts"
import { type Adaptation, createAdaptation } from "./adaptation.ts"
import {
  createExecutor,
  type ExecutedSample,
  type Executor,
  inParallel,
  type Limits,
  type Sample,
} from "./execute.ts"
import type { Target } from "./to-wire.ts"

export interface Progress {
  readonly phase: "learning" | "probing" | "judging" | "shrinking"
  readonly sent: number
  /** Number of samples done, of those planned. */
  readonly done: number
  readonly planned: number
}

/** The surroundings of a run: everything that is not a plain value. */
export interface World {
  readonly send: Send
  /** Returns monotonic ms since the run began. */
  readonly elapsed: () => number
  readonly sleep: (ms: number) => Promise<void>
  readonly startedAt: Date
  /** Interrupts the run when it aborts; its reason is the sentence for the report. */
  readonly interrupt?: AbortSignal
  /** Aborts when the time of the run is used up. */
  readonly deadline?: AbortSignal
  readonly onExchange?: (exchange: Exchange, intent: Intent) => void
  readonly onProgress?: (progress: Progress) => void
}

/** Sends samples, several at a time, and keeps what came of them. */
export interface Sampler {
  readonly executor: Executor
  /** How the target wants to be asked, as far as the run has learned it. */
  readonly adaptation: Adaptation
  /** The samples executed so far, in the order in which they ended. */
  readonly groups: readonly ExecutedSample[]
  run(samples: readonly Sample[], phase: Progress["phase"]): Promise<void>
  /** Sends a sample while the run learns, and leaves it to `keep` whether it is judged. */
  attempt(sample: Sample): Promise<ExecutedSample>
  keep(executed: ExecutedSample): void
  /** Reports that a phase has begun or advanced. */
  progress(phase: Progress["phase"]): void
}

/** Creates the sampler of one run. */
export function createSampler(
  {
    target,
    limits,
    concurrency,
  }: { readonly target: Target; readonly limits: Limits; readonly concurrency: number },
  { send, elapsed, sleep, interrupt, deadline, onExchange, onProgress }: World,
): Sampler {
  const adaptation = createAdaptation()
  const executor = createExecutor({
    target,
    adaptation,
    send,
    limits,
    elapsed,
    sleep,
    interrupt,
    deadline,
    onExchange: (exchange, intent) => onExchange?.(exchange, intent),
  })
  const groups: ExecutedSample[] = []
  let planned = 0
  const progress = (phase: Progress["phase"]) =>
    onProgress?.({ phase, sent: executor.sent, done: groups.length, planned })
  return {
    executor,
    adaptation,
    groups,
    progress,
    async attempt(sample) {
      planned++
      return await executor.execute(sample)
    },
    keep(executed) {
      groups.push(executed)
      progress("learning")
    },
    async run(samples, phase) {
      planned += samples.length
      await inParallel(samples, concurrency, async (sample) => {
        groups.push(await executor.execute(sample))
        progress(phase)
      })
    },
  }
}
