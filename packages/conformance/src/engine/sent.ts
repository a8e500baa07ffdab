import { endpoints, type ModelKind, type OperationId, type Surface } from "@nexhina/schemas"
import { headerOf } from "@nexhina/wire"
import { type Evidence, isRedirect } from "../evidence.ts"
import { answeredOf, isObject } from "../reading/answered.ts"
import { namesMember } from "../reading/named.ts"
import type { Asked, ExecutedSample } from "../target/execute.ts"
import { createObstacleCount, type Obstacle } from "../target/offered.ts"
import { isTransient } from "../target/to-wire.ts"
import { countReason } from "./judge.ts"

/** What a probe or rule sent, as far as verdicts depend on it. */
export interface SentBy {
  /** Operations of its requests. */
  readonly operations: ReadonlySet<OperationId>
  /** Whether a sample was sent completely. */
  readonly isWhole: boolean
  /** Why a sample was not sent completely. */
  readonly cut?: string
  /** Why a request of the kit breaks the contract. */
  readonly breach?: string
  /** Which member the target does not support. */
  readonly refusal?: string
  /** Why requests were not answered with success, with the number of requests. */
  readonly unanswered: ReadonlyMap<string, number>
  /** Number of generated samples. */
  readonly generated: number
  readonly requests: number
  /** Sum of the durations of its requests, in ms. */
  readonly durationMs: number
}

/** What a probe or rule sent, while it is counted. */
class SenderCount implements SentBy {
  readonly operations = new Set<OperationId>()
  isWhole = false
  cut?: string
  breach?: string
  refusal?: string
  readonly unanswered = new Map<string, number>()
  generated = 0
  requests = 0
  durationMs = 0
}

/**
 * Returns that the target does not take a member, of those that the step may be refused for: a 4xx names it, or an
 * earlier one did and it was left out.
 */
function refusalIn({ step, exchange, refused }: Asked): string | undefined {
  const leftOut = step?.exercises?.find((member) => refused?.has(member))
  if (leftOut !== undefined) return `the target refuses ${leftOut} (${refused?.get(leftOut)})`
  if (!step?.exercises) return undefined
  const answered = answeredOf(exchange)
  if (!answered || answered.status < 400 || answered.status >= 500) return undefined
  const error = answered.json.ok && isObject(answered.json.value) ? answered.json.value["error"] : undefined
  const named = step.exercises.find((member) => namesMember(isObject(error) ? error : {}, member))
  return named && `the target refuses ${named} (${answered.status})`
}

function unanswered(exchange: Evidence): string | undefined {
  const { response, end } = exchange
  if (!response)
    return end.kind === "timeout" ? "no answer within the timeout" : `no answer: ${end.code ?? end.kind}`
  if (isTransient(exchange)) return `the target answered ${response.status}`
  if (response.status >= 500) return `the target failed: ${response.status}`
  if (response.status >= 400) return `the target refused the request: ${response.status}`
  return undefined
}

/** A redirect: the path of the operation, below the base URL, and the address of its `location` header. */
interface Redirect {
  readonly path: string
  readonly location: string
}

function redirectIn({ step, exchange: { response } }: Asked): Redirect | undefined {
  if (!step || step.path !== undefined || !response || !isRedirect(response.status)) return undefined
  const location = headerOf(response.headers, "location")
  return location === undefined ? undefined : { path: endpoints[step.operation].path, location }
}

const isWebPage = ({ headers }: NonNullable<Evidence["response"]>): boolean =>
  /^text\/html\b/i.test(headerOf(headers, "content-type") ?? "")

/**
 * Counts what was sent, so that the samples need not be kept: its size depends on the number of probes and rules, not
 * on the number of exchanges. The samples of a run are added in the order of their names.
 */
export class Sent {
  private readonly senders = new Map<string, SenderCount>()
  private readonly offered = createObstacleCount()
  /** Operations of all requests. */
  readonly operations = new Set<OperationId>()
  /** Surfaces that answered a request with 2xx. */
  readonly answered = new Set<Surface>()
  /** Whether there were responses and all of them were web pages. */
  isWebSite: boolean | undefined
  /** Statuses of the responses to valid requests with the configured key, by surface. */
  readonly statusesOn = new Map<Surface, Set<number>>()
  /** Status of each response; `undefined` stands for requests without a response. */
  readonly statuses = new Set<number | undefined>()
  /** The first redirect. */
  redirect: Redirect | undefined
  /** Why the first sample that was not sent completely was not. */
  cut: string | undefined

  /** Counts a sample. */
  add(executed: ExecutedSample): void {
    const { sample, asked, cut, breach } = executed
    const sender = this.senderOf(sample.by)
    if (cut === undefined) sender.isWhole = true
    else {
      sender.cut ??= cut
      this.cut ??= cut
    }
    if (breach !== undefined) sender.breach ??= breach
    if (sample.draw && asked.length > 0) sender.generated++
    for (const each of asked) this.addRequest(each, sender)
    this.offered.add(executed)
  }

  private senderOf(by: string): SenderCount {
    const sender = this.senders.get(by) ?? new SenderCount()
    this.senders.set(by, sender)
    return sender
  }

  private addRequest(each: Asked, sender: SenderCount): void {
    const { step, exchange } = each
    const { response, operation } = exchange
    sender.requests++
    sender.durationMs += exchange.end.atMs
    if (step) {
      sender.operations.add(step.operation)
      this.operations.add(step.operation)
    }
    const refusal = refusalIn(each)
    if (refusal !== undefined) sender.refusal ??= refusal
    const reason = unanswered(exchange)
    if (reason !== undefined) countReason(sender.unanswered, reason)
    this.statuses.add(response?.status)
    this.redirect ??= redirectIn(each)
    if (response && step && !step.fault && !step.key)
      this.statusesOf(endpoints[step.operation].surface).add(response.status)
    if (!response) return
    this.isWebSite = isWebPage(response) && this.isWebSite !== false
    if (response.status >= 200 && response.status < 300 && operation.value)
      this.answered.add(endpoints[operation.value].surface)
  }

  private statusesOf(surface: Surface): Set<number> {
    const statuses = this.statusesOn.get(surface) ?? new Set()
    this.statusesOn.set(surface, statuses)
    return statuses
  }

  /** Returns what a probe or rule sent; `undefined` when it sent nothing. */
  by(id: string): SentBy | undefined {
    return this.senders.get(id)
  }

  /** Ids of the probes and rules whose samples were all sent completely, sorted. */
  get complete(): string[] {
    return [...this.senders].flatMap(([id, { cut }]) => (cut === undefined ? [id] : [])).sort()
  }

  /** Returns the operations of which nothing can be asked. */
  obstacles(unproven: ReadonlySet<ModelKind>): Map<OperationId, Obstacle> {
    return this.offered.result(unproven)
  }
}

/** Counts samples. */
export function sentIn(groups: readonly ExecutedSample[]): Sent {
  const sent = new Sent()
  for (const group of groups) sent.add(group)
  return sent
}
