import type { Send } from "@nexhina/wire"
import { type Exchange, headerOf } from "@nexhina/wire"
import type { Draw } from "../drawing/draw.ts"
import { type Evidence, evidenceOf, type StatedIntent } from "../evidence.ts"
import type { Intent } from "../intent.ts"
import { isObject } from "../reading/answered.ts"
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

/** A sample that was sent, completely or in part. */
export interface ExecutedSample {
  readonly sample: Sample
  /** Each request with its reply; a request that was repeated after a 429 is listed again. */
  readonly asked: readonly { readonly step: Step; readonly exchange: Evidence }[]
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
  /** Returns which budget is used up, if any. */
  exhausted(): string | undefined
}

interface Context {
  readonly target: Target
  readonly send: Send
  readonly limits: Limits
  /** Monotonic ms since the run began. */
  readonly elapsed: () => number
  readonly sleep: (ms: number) => Promise<void>
  /** Called once for every exchange, in the order in which they end. */
  readonly onExchange: (exchange: Exchange, intent: Intent) => void
}

/** Number of exchanges of one kind that may end by time or size before no more of that kind are sent. */
const patience = 3
const retries = 2
/** Number of unanswered requests after which a target that never answered is given up. */
const silence = 2
/** Maximum wait in ms that a `retry-after` can ask for. */
const maxRetryAfterMs = 20_000

/** Returns the ms to wait before the same request is repeated. */
function retryAfterMs(exchange: Exchange, attempt: number): number {
  const headers = exchange.response?.headers ?? []
  const ms = Number(headerOf(headers, "retry-after-ms") ?? Number.NaN)
  const seconds = Number(headerOf(headers, "retry-after") ?? Number.NaN)
  const asked = Number.isFinite(ms) ? ms : seconds * 1000
  return Number.isFinite(asked) ? Math.min(Math.max(asked, 0), maxRetryAfterMs) : 500 * 2 ** attempt
}

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
    async execute(sample) {
      const asked: { step: Step; exchange: Evidence }[] = []
      const earlier: Evidence[] = []
      for (const ask of sample.asks) {
        const steps = stepsAfter(ask, earlier)
        if (steps.length === 0) break
        const breach = steps.flatMap((step) => contractBreach(step) ?? [])[0]
        if (breach) return { sample, asked, breach }
        const replies = await Promise.all(steps.map((step) => traffic.settle(step, sample)))
        for (const [index, { exchanges }] of replies.entries()) {
          const step = steps[index] as Step
          asked.push(...exchanges.map((exchange) => ({ step, exchange })))
        }
        const cut = replies.find((reply) => reply.cut)?.cut
        if (cut) return { sample, asked, cut }
        earlier.push(...replies.flatMap(({ exchanges }) => exchanges.at(-1) ?? []))
      }
      return { sample, asked }
    },
  }
}

/** The requests of a run, counted and paced. */
class Traffic {
  sent = 0
  private readonly context: Context
  /** Number of requests in a row that never ended, by kind. */
  private readonly unended = new Map<string, number>()
  private answered = 0
  private nextSlotMs = 0

  constructor(context: Context) {
    this.context = context
  }

  exhausted(): string | undefined {
    const { limits, elapsed } = this.context
    if (this.sent >= silence && this.answered === 0)
      return `the first ${this.sent} requests were never answered`
    if (this.sent >= limits.maxRequests) return `the budget of ${limits.maxRequests} requests was used up`
    if (elapsed() >= limits.maxTimeMs) return `the time of ${limits.maxTimeMs / 1000} s was used up`
    return undefined
  }

  /** Sends a step, and again while the target says that it is busy; returns all these exchanges. */
  async settle(
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
      exchanges.push(exchange)
      this.unended.set(kind, neverEnded(exchange) ? this.unendedOf(kind) + 1 : 0)
      if (!isTransient(exchange) || attempt === retries) return { exchanges }
      await this.context.sleep(retryAfterMs(exchange, attempt))
    }
  }

  private unendedOf(kind: string): number {
    return this.unended.get(kind) ?? 0
  }

  private async once(step: Step, intent: StatedIntent): Promise<Evidence> {
    const { send, target, onExchange } = this.context
    await this.pace()
    this.sent++
    const exchange = await send(await toWire(step, target))
    if (exchange.response) this.answered++
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

/** Runs `work` on every item, `width` at a time; returns the results in the order of the items. */
export async function inParallel<T, R>(
  items: readonly T[],
  width: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = []
  let next = 0
  const lane = async () => {
    while (next < items.length) {
      const at = next++
      results[at] = await work(items[at] as T)
    }
  }
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, lane))
  return results
}
