import type { Exchange, Send } from "@nexhina/wire"
import { findingId } from "../engine/finding-id.ts"
import type { OnRepeat } from "../engine/shrink.ts"
import type { Intent } from "../inputs/intent.ts"
import { type RunLines, sampleLine } from "../inputs/run-line.ts"
import { limits } from "../limits.ts"
import { type Adaptation, createAdaptation } from "./adaptation.ts"
import {
  answeredBytes,
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
  /** Number of samples that were sent completely, of those planned. */
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
  /** Called with the facts that a transcript needs in addition to exchanges, in the order in which they become known. */
  readonly onLine?: (line: RunLines) => void
  readonly onProgress?: (progress: Progress) => void
  /** Called after each sample that was judged with the size of its response bodies, in bytes. */
  readonly onJudged?: (bytes: number) => void
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
  /** Records that a sample was sent because of a finding, and judged. */
  readonly repeated: OnRepeat
  /** Reports that a phase has begun or advanced. */
  progress(phase: Progress["phase"]): void
}

/** A sampler of which the samples are judged while it sends more. */
export interface JudgedSampler extends Sampler {
  /**
   * Passes the samples executed so far, and from now on each later one, to `judge`, and keeps what it returns in their
   * place. It is called only when no request is in progress, because it would delay the arrival of a reply.
   */
  judgeWith(judge: (executed: ExecutedSample) => ExecutedSample): void
}

type Judge = (executed: ExecutedSample) => ExecutedSample

/** The samples of a run in the order in which they ended: judged ones first, then those that wait. */
class SampleQueue {
  readonly all: ExecutedSample[] = []
  /** Number of samples that were sent completely. */
  whole = 0
  private judged = 0
  /** Of the samples that wait. */
  private waitingBytes = 0
  judge: Judge | undefined
  private readonly onJudged: (bytes: number) => void

  constructor(onJudged: (bytes: number) => void) {
    this.onJudged = onJudged
  }

  add(executed: ExecutedSample): void {
    this.all.push(executed)
    if (executed.cut === undefined) this.whole++
    this.waitingBytes += answeredBytes(executed)
  }

  /** Returns whether the samples that wait have to be judged before more is sent. */
  isFull(): boolean {
    if (this.judge === undefined) return false
    const waiting = this.all.length - this.judged
    return waiting >= limits.unjudgedSamples.max || this.waitingBytes >= limits.unjudgedBytes.max
  }

  judgeWaiting(): void {
    const { judge, all } = this
    if (!judge) return
    for (; this.judged < all.length; this.judged++) {
      const executed = all[this.judged] as ExecutedSample
      all[this.judged] = judge(executed)
      this.onJudged(answeredBytes(executed))
    }
    this.waitingBytes = 0
  }
}

/** Creates the sampler of one run. */
export function createSampler(
  {
    target,
    limits: budget,
    concurrency,
  }: { readonly target: Target; readonly limits: Limits; readonly concurrency: number },
  { send, elapsed, sleep, interrupt, deadline, onExchange, onLine, onProgress, onJudged = () => {} }: World,
): JudgedSampler {
  const adaptation = createAdaptation()
  const executor = createExecutor({
    target,
    adaptation,
    send,
    limits: budget,
    elapsed,
    sleep,
    interrupt,
    deadline,
    onExchange: (exchange, intent) => onExchange?.(exchange, intent),
  })
  const queue = new SampleQueue(onJudged)
  const add = (executed: ExecutedSample) => {
    queue.add(executed)
    onLine?.(sampleLine(executed))
  }
  let planned = 0
  const progress = (phase: Progress["phase"]) =>
    onProgress?.({ phase, sent: executor.sent, done: queue.whole, planned })
  return {
    executor,
    adaptation,
    groups: queue.all,
    progress,
    judgeWith(judge) {
      queue.judge = judge
      queue.judgeWaiting()
    },
    async attempt(sample) {
      planned++
      return await executor.execute(sample)
    },
    repeated(executed, found, purpose) {
      const repeats = { rule: found.rule.id, finding: findingId(found), purpose }
      onLine?.({ ...sampleLine(executed), repeats })
      onJudged(answeredBytes(executed))
    },
    keep(executed) {
      add(executed)
      progress("learning")
    },
    async run(samples, phase) {
      planned += samples.length
      const isFull = () => queue.isFull()
      for (let next = 0; next < samples.length; ) {
        next += await inParallel(samples.slice(next), concurrency, isFull, async (sample) => {
          add(await executor.execute(sample))
          progress(phase)
        })
        queue.judgeWaiting()
      }
    },
  }
}
