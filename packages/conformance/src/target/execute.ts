import { setMaxListeners } from "node:events"
import type { Send } from "@nexhina/wire"
import { type Exchange, headerOf } from "@nexhina/wire"
import type { Draw } from "../drawing/draw.ts"
import { type Evidence, evidenceOf, type StatedIntent } from "../evidence.ts"
import type { Intent } from "../inputs/intent.ts"
import { limits as kitLimits } from "../limits.ts"
import { isObject } from "../reading/answered.ts"
import type { Adaptation } from "./adaptation.ts"
import { type Ask, type Step, stepsAfter } from "./step.ts"
import { contractBreach, isTransient, type Target, toWire } from "./to-wire.ts"

/** Requests that belong together: a probe, or one sample of a rule. */
export interface Sample {
  /** The probe or rule that asks. */
  readonly by: string
  readonly index: number
  readonly asks: readonly Ask[]
  /** Set when the asks were generated: how to draw and shrink them again. */
  readonly draw?: Draw<readonly Ask[]>
}

/** A step, and what came of it. */
export interface Asked {
  /**
   * The step as the sample has it, not as it was adapted to the target. Absent for a recorded request of another client
   * that is none of the contract's operations.
   */
  readonly step?: Step
  readonly exchange: Evidence
  /** Members of the step that were left out because the target refuses them, each with the status of the refusal. */
  readonly refused?: ReadonlyMap<string, number>
}

/** A sample that was sent, completely or in part. */
export interface ExecutedSample {
  readonly sample: Sample
  /** Each request with its reply; a request that was repeated after a 429, or in another way, is listed again. */
  readonly asked: readonly Asked[]
  /** Why not all of it was sent. */
  readonly cut?: string
  /** Why a request that should keep the contract does not: a bug of the kit, not of the target. */
  readonly breach?: string
}

export interface Limits {
  readonly maxRequests: number
  /** Ms of monotonic time, from the start of the run. */
  readonly maxTimeMs: number
  /** Requests per second; no limit when absent. */
  readonly rate?: number
}

export interface Executor {
  execute(sample: Sample): Promise<ExecutedSample>
  /** Requests sent so far. */
  readonly sent: number
  /** Returns why no more requests are sent: a budget is used up, or the run has ended. */
  exhausted(): string | undefined
  /** Returns why the run ended other than by a budget: it was interrupted, or the target is gone. */
  ended(): string | undefined
}

interface Context {
  readonly target: Target
  readonly send: Send
  readonly limits: Limits
  /** Monotonic ms since the run began. */
  readonly elapsed: () => number
  readonly sleep: (ms: number) => Promise<void>
  /** How the target wants to be asked. */
  readonly adaptation: Adaptation
  /** Called once for every exchange, in the order in which they end. */
  readonly onExchange: (exchange: Exchange, intent: Intent) => void
  /** Interrupts the run when it aborts; its reason is the sentence for the report. */
  readonly interrupt?: AbortSignal | undefined
  /** Aborts when the time of the run is used up. */
  readonly deadline?: AbortSignal | undefined
}

/** What sends the request that shows whether the target is still there. */
export const presenceSender = "presence"

/** Number of exchanges of one kind that may end by time or size before no more of that kind are sent. */
const patience = 3
const retries = 2
/** Number of unanswered requests after which a target that never answered is given up. */
const silence = 2
/** Number of connection failures in a row after which the target is asked for its models, to see whether it is there. */
const maxFailures = 5
/** Number of replies in a row (401, 429, 502, 503 …) that say nothing about the request, after which it is given up. */
const maxBusy = 30
/** Maximum wait in ms that a `retry-after` can ask for. */
const maxRetryAfterMs = 20_000

/** Number of times that one step is asked in another way: a reasoning model refuses about ten members. */
const maxLessons = 12

/** A step that was sent in all its ways, and why it was cut short, if it was. */
interface Settled {
  readonly asked: readonly Asked[]
  readonly cut?: string
}

const isRejected = (exchange: Evidence | undefined): boolean =>
  [400, 415, 422].includes(exchange?.response?.status ?? 0)

/** Returns whether two forms of a step are different on the wire. */
const isOtherwise = (sent: Step, adapted: Step): boolean =>
  sent !== adapted &&
  JSON.stringify([sent.body, sent.asForm]) !== JSON.stringify([adapted.body, adapted.asForm])

/** Returns the ms to wait before the same request is repeated. */
function retryAfterMs(exchange: Exchange, attempt: number): number {
  const headers = exchange.response?.headers ?? []
  const ms = Number(headerOf(headers, "retry-after-ms") ?? Number.NaN)
  const seconds = Number(headerOf(headers, "retry-after") ?? Number.NaN)
  const asked = Number.isFinite(ms) ? ms : seconds * 1000
  return Number.isFinite(asked) ? Math.min(Math.max(asked, 0), maxRetryAfterMs) : 500 * 2 ** attempt
}

/** Statuses of a proxy that cannot reach its target, and of a key that was revoked or has no credit left. */
const turnedAway: ReadonlySet<number> = new Set([401, 402, 403, 502, 504])

/** Returns whether a reply says something about the target or the key, and nothing about the request. */
const isTurnedAway = ({ response, key }: Evidence): boolean =>
  response !== undefined && turnedAway.has(response.status) && key.value === "configured"

const neverEnded = (exchange: Exchange) => exchange.end.kind === "timeout" || exchange.end.kind === "limit"

/** Returns the kind of a request: its operation, streamed or not. */
function kindOf({ operation, body }: Step): string {
  return `${operation}${isObject(body) && body["stream"] === true ? ", streamed" : ""}`
}

/**
 * Creates an executor, which sends samples within the limits. It gives up on a kind of request (operation, streamed or
 * not) after three of them never ended, so that a target that hangs costs three timeouts and not a thousand.
 */
export function createExecutor(context: Context): Executor {
  const traffic = new Traffic(context)
  return {
    get sent() {
      return traffic.sent
    },
    exhausted: () => traffic.exhausted(),
    ended: () => traffic.ended(),
    async execute(sample) {
      const asked: Asked[] = []
      const earlier: Evidence[] = []
      for (const ask of sample.asks) {
        const steps = stepsAfter(ask, earlier)
        if (steps.length === 0) break
        const spent = traffic.exhausted()
        if (spent !== undefined) return { sample, asked, cut: spent }
        const breach = steps.flatMap((step) => contractBreach(step) ?? [])[0]
        if (breach) return { sample, asked, breach }
        const replies = await Promise.all(steps.map((step) => traffic.settle(step, sample)))
        asked.push(...replies.flatMap((reply) => reply.asked))
        const cut = replies.find((reply) => reply.cut)?.cut
        if (cut) return { sample, asked, cut }
        if (answeredBytes({ asked }) > kitLimits.sampleBytes.max)
          return { sample, asked, cut: `the replies exceed ${kitLimits.sampleBytes.max} bytes` }
        earlier.push(...replies.flatMap((reply) => reply.asked.at(-1)?.exchange ?? []))
      }
      return { sample, asked }
    },
  }
}

/** Returns the number of bytes that a sample was answered with. */
export const answeredBytes = ({ asked }: Pick<ExecutedSample, "asked">): number =>
  asked
    .flatMap(({ exchange }) => exchange.response?.chunks ?? [])
    .reduce((sum, { bytes }) => sum + bytes.length, 0)

/** The requests of a run, counted and paced. */
class Traffic {
  sent = 0
  private readonly context: Context
  private readonly signal: AbortSignal | undefined
  /** Number of requests in a row that never ended, by kind. */
  private readonly unended = new Map<string, number>()
  private answered = 0
  private lastAnswer: Exchange | undefined
  /** Number of connection failures in a row. */
  private failures = 0
  /** Number of replies in a row that say that the target is busy or away, or the key not accepted any more. */
  private busy = 0
  private gone: string | undefined
  private nextSlotMs = 0

  constructor(context: Context) {
    this.context = context
    const signals = [context.interrupt, context.deadline].filter((signal) => signal !== undefined)
    this.signal = signals.length > 0 ? AbortSignal.any(signals) : undefined
    // Every request in progress listens, which node takes for a leak above ten.
    if (this.signal) setMaxListeners(0, this.signal)
  }

  exhausted(): string | undefined {
    const { limits, elapsed, deadline } = this.context
    const ended = this.ended()
    if (ended !== undefined) return ended
    if (this.sent >= silence && this.answered === 0)
      return `the first ${this.sent} requests were never answered`
    if (this.sent >= limits.maxRequests) return `the budget of ${limits.maxRequests} requests was used up`
    if (deadline?.aborted || elapsed() >= limits.maxTimeMs)
      return `the time of ${limits.maxTimeMs / 1000} s was used up`
    return undefined
  }

  /** Returns why the run ended other than by a budget: it was interrupted, or the target is gone. */
  ended(): string | undefined {
    const { interrupt } = this.context
    return interrupt?.aborted ? String(interrupt.reason) : this.gone
  }

  /** Sends a step, and in other ways while the target says how it wants to be asked; returns all these exchanges. */
  async settle(step: Step, sample: Sample): Promise<Settled> {
    const { adaptation } = this.context
    const asked: Asked[] = []
    for (let lessons = 0; ; lessons++) {
      const { step: sent, refused } = adaptation.adapted(step)
      const { exchanges, cut } = await this.repeat(sent, sample)
      const how = refused.size > 0 ? { refused } : {}
      asked.push(...exchanges.map((exchange) => ({ step, exchange, ...how })))
      const last = exchanges.at(-1)
      if (cut) return { asked, cut }
      const isTaught = last !== undefined && adaptation.learn(sent, last)
      // Another request in progress may have learned the same at the same time.
      const isLate = () => isRejected(last) && isOtherwise(sent, adaptation.adapted(step).step)
      const isChanged = !step.fault && (isTaught || isLate())
      if (!isChanged || lessons === maxLessons) return { asked }
    }
  }

  /** Sends a step, and again while the target says that it is busy; returns all these exchanges. */
  private async repeat(
    step: Step,
    sample: Sample,
  ): Promise<{ readonly exchanges: readonly Evidence[]; readonly cut?: string }> {
    const exchanges: Evidence[] = []
    const kind = kindOf(step)
    for (let attempt = 0; ; attempt++) {
      const cut =
        this.exhausted() ??
        (this.unendedOf(kind) >= patience ? `${patience} requests (${kind}) never ended` : undefined)
      if (cut) return { exchanges, cut }
      const exchange = await this.once(step, intentOf(step, sample))
      // A request that the end of the run has cut says nothing about the target.
      if (this.signal?.aborted && exchange.end.kind !== "complete") {
        return { exchanges, cut: this.exhausted() ?? "the run ended" }
      }
      exchanges.push(exchange)
      await this.notePresence(exchange)
      this.unended.set(kind, neverEnded(exchange) ? this.unendedOf(kind) + 1 : 0)
      if (!isTransient(exchange) || attempt === retries) return { exchanges }
      const waitMs = retryAfterMs(exchange, attempt)
      if (this.context.elapsed() + waitMs >= this.context.limits.maxTimeMs) {
        return { exchanges, cut: `the target asks to wait ${waitMs / 1000} s, longer than the run may take` }
      }
      await this.context.sleep(waitMs)
    }
  }

  /**
   * Notices that the target is gone or does nothing but refuse as busy. A target may reset the connection, answer for an
   * upstream or refuse the key on one kind of request only, and still answer the others: it is asked for its models before
   * it is given up.
   */
  private async notePresence(exchange: Evidence): Promise<void> {
    this.failures = exchange.end.kind === "network" && !exchange.response ? this.failures + 1 : 0
    this.noteBusy(exchange)
    if (this.gone !== undefined) return
    const isAway = this.busy >= maxBusy
    if (!isAway && (this.failures < maxFailures || this.answered === 0)) return
    if (isAway && isTransient(exchange)) {
      this.gone = this.busySentence(exchange)
      return
    }
    const intent = { operation: "listModels", by: presenceSender, group: `${presenceSender}[0]` }
    const presence = await this.once({ operation: "listModels" }, intent)
    if (presence.response) this.failures = 0
    this.noteBusy(presence)
    const last = this.lastAnswer
    if (!presence.response)
      this.gone ??= `the target stopped answering after request ${last?.id} (which it answered ${last?.response?.status})`
    else if (this.busy > maxBusy) this.gone ??= this.busySentence(presence)
  }

  private noteBusy(exchange: Evidence): void {
    if (exchange.response) this.busy = isTransient(exchange) || isTurnedAway(exchange) ? this.busy + 1 : 0
  }

  private busySentence({ response }: Exchange): string {
    return `the last ${this.busy} requests were answered ${response?.status}`
  }

  private unendedOf(kind: string): number {
    return this.unended.get(kind) ?? 0
  }

  private async once(step: Step, intent: StatedIntent): Promise<Evidence> {
    const { send, target, onExchange } = this.context
    // Counted before any wait, so that requests at the same time cannot exceed the budget.
    this.sent++
    await this.pace()
    const exchange = await send(await toWire(step, target), this.signal && { signal: this.signal })
    if (exchange.response) {
      this.answered++
      this.lastAnswer = exchange
    }
    onExchange(exchange, { fact: "intent", id: exchange.id, ...intent })
    return evidenceOf(exchange, intent)
  }

  private async pace(): Promise<void> {
    const { limits, elapsed, sleep } = this.context
    if (limits.rate === undefined) return
    const waitMs = this.nextSlotMs - elapsed()
    this.nextSlotMs = Math.max(this.nextSlotMs, elapsed()) + 1000 / limits.rate
    if (waitMs > 0) await sleep(waitMs)
  }
}

const intentOf = ({ operation, fault, key }: Step, { by, index, draw }: Sample): StatedIntent => ({
  operation,
  by,
  group: `${by}[${index}]`,
  ...(fault && { fault }),
  ...(key && { key }),
  ...(draw && { draw: { seed: draw.seed, index: draw.index } }),
})

/**
 * Runs `work` on the items in order, `width` at a time, until `isFull` returns true. Returns the number of items on which
 * it ran, at least one.
 */
export async function inParallel<T>(
  items: readonly T[],
  width: number,
  isFull: () => boolean,
  work: (item: T) => Promise<void>,
): Promise<number> {
  let next = 0
  const lane = async () => {
    while (next < items.length && (next === 0 || !isFull())) await work(items[next++] as T)
  }
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, lane))
  return next
}
