import type { Send } from "@nexhina/wire"
import { type Exchange, headerOf, type Intent } from "@nexhina/wire"
import type { Draw } from "../drawing/draw.ts"
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

/** A sample that was sent, as far as it came. */
export interface ExecutedSample {
  readonly sample: Sample
  /** Each request sent, with what came back; one that was sent again after a 429 stands here again. */
  readonly asked: readonly { readonly step: Step; readonly exchange: Exchange }[]
  /** Why not all of it was sent. */
  readonly cut?: string
  /** Why a request of ours does not keep the contract although it should: our bug, not the target's. */
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
  /** Whether the requests or the time are used up, and which. */
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
  readonly onExchange: (exchange: Exchange) => void
}

/** How many exchanges of one kind may end by time or size before no more of that kind are sent. */
const patience = 3
const retries = 2
/** How many requests may go unanswered before a target that never answered is given up. */
const silence = 2
/** The longest wait that a `retry-after` can ask for. */
const maxRetryAfterMs = 20_000

/** Ms to wait before the same request is sent again. */
function retryAfterMs(exchange: Exchange, attempt: number): number {
  const headers = exchange.response?.headers ?? []
  const ms = Number(headerOf(headers, "retry-after-ms") ?? Number.NaN)
  const seconds = Number(headerOf(headers, "retry-after") ?? Number.NaN)
  const asked = Number.isFinite(ms) ? ms : seconds * 1000
  return Number.isFinite(asked) ? Math.min(Math.max(asked, 0), maxRetryAfterMs) : 500 * 2 ** attempt
}

const neverEnded = (exchange: Exchange) => exchange.end.kind === "timeout" || exchange.end.kind === "limit"

/** What a step asks for: an operation, streamed or not. */
function kindOf({ operation, body }: Step): string {
  return `${operation}${isObject(body) && body["stream"] === true ? ", streamed" : ""}`
}

/**
 * Sends samples within the limits. It gives up on a kind of request (operation, streamed or not) after three of
 * them never ended, so that a target that hangs costs three timeouts and not a thousand.
 */
export function createExecutor(context: Context): Executor {
  const { target, send, limits, elapsed, sleep, onExchange } = context
  const unended = new Map<string, number>()
  let sent = 0
  let answered = 0
  let nextSlotMs = 0

  const exhausted = () => {
    if (sent >= silence && answered === 0) return `the first ${sent} requests were never answered`
    if (sent >= limits.maxRequests) return `the budget of ${limits.maxRequests} requests was used up`
    if (elapsed() >= limits.maxTimeMs) return `the time of ${limits.maxTimeMs / 1000} s was used up`
    return undefined
  }

  const pace = async () => {
    if (limits.rate === undefined) return
    const waitMs = nextSlotMs - elapsed()
    nextSlotMs = Math.max(nextSlotMs, elapsed()) + 1000 / limits.rate
    if (waitMs > 0) await sleep(waitMs)
  }

  const once = async (step: Step, intent: Intent): Promise<Exchange> => {
    await pace()
    sent++
    const exchange = await send(await toWire(step, target, intent))
    if (exchange.response) answered++
    onExchange(exchange)
    return exchange
  }

  /** Asks a step, and again while the target says that it is busy; all of these exchanges. */
  const settle = async (
    step: Step,
    sample: Sample,
  ): Promise<{ readonly exchanges: readonly Exchange[]; readonly cut?: string }> => {
    const exchanges: Exchange[] = []
    const kind = kindOf(step)
    for (let attempt = 0; ; attempt++) {
      const cut =
        exhausted() ??
        ((unended.get(kind) ?? 0) >= patience ? `${patience} requests (${kind}) never ended` : undefined)
      if (cut) return { exchanges, cut }
      const exchange = await once(step, {
        operation: step.operation,
        by: sample.by,
        group: `${sample.by}[${sample.index}]`,
        ...(step.fault && { fault: step.fault }),
        ...(step.key && { key: step.key }),
        ...(sample.draw && { draw: { seed: sample.draw.seed, index: sample.draw.index } }),
      })
      exchanges.push(exchange)
      unended.set(kind, neverEnded(exchange) ? (unended.get(kind) ?? 0) + 1 : 0)
      if (!isTransient(exchange) || attempt === retries) return { exchanges }
      await sleep(retryAfterMs(exchange, attempt))
    }
  }

  return {
    get sent() {
      return sent
    },
    exhausted,
    async execute(sample) {
      const asked: { step: Step; exchange: Exchange }[] = []
      const earlier: Exchange[] = []
      for (const ask of sample.asks) {
        const steps = stepsAfter(ask, earlier)
        if (steps.length === 0) break
        const breach = steps.flatMap((step) => contractBreach(step) ?? [])[0]
        if (breach) return { sample, asked, breach }
        const replies = await Promise.all(steps.map((step) => settle(step, sample)))
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

/** Runs `work` on every item, `width` at a time; results in the order of the items. */
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
