import type { OperationId } from "@nexhina/schemas"
import { limits } from "../limits.ts"
import { briefOf } from "../reading/brief.ts"
import { isRedactedAt } from "../reading/redacted.ts"
import type { Finding } from "../reports/report.ts"
import type { ManyRule, Rule } from "../rule.ts"
import type { ExecutedSample, Sample } from "../target/execute.ts"
import { spoiltOperations } from "../target/offered.ts"
import { joinPrecursors, type Precursors, precursorsOf } from "./causes.ts"
import { ComparedViews, comparePlaces, type Place } from "./compared.ts"
import { exchangeBytes } from "./finding-exchanges.ts"
import { findingId } from "./finding-id.ts"
import { addCounts, type Counts, type Detection, type Judge, openCounts, type RunViews } from "./judge.ts"
import { isSentQuickly } from "./quick.ts"

/** A probe or rule that sends requests; the lower its rank, the more runs send them. */
interface Sender {
  readonly by: string
  readonly rank: number
}

const senderOf = ({ by, draw }: Sample): Sender => ({
  by,
  rank: isSentQuickly(by) ? 0 : draw === undefined ? 1 : 2,
})

const compareSenders = (a: Sender, b: Sender) => a.rank - b.rank || a.by.localeCompare(b.by, "en")

/** How often and where a finding was seen. */
interface Seen {
  readonly times: number
  /** Number of exchanges that show it; one can do so several times. */
  readonly exchanges: number
  /** Id of the last of them. */
  readonly last: string
  /** Number of requests sent when it was first seen, including that one. */
  readonly foundAfter: number
  readonly first: Place
  /** Of the probes and rules whose requests show it, the one that runs send most often. */
  readonly sender: Sender
}

/** What is kept of the detections of one finding. */
export interface FoundFault extends Seen {
  /** The simplest detection, of which the bodies are gone: one on a fixed request, otherwise the first. */
  readonly simplest: Detection
  readonly simplestPlace: Place
  /** The finding, made from the simplest detection when its bodies were there. */
  readonly finding: Finding
}

/** The outcome of one rule in a run. */
export interface RuleTally extends Readonly<Counts> {
  /** In the order of the samples that show them first. */
  readonly found: readonly FoundFault[]
}

interface OpenRuleTally extends Counts {
  readonly found: Map<string, FoundFault>
}

/** What is kept of the samples whose spoilt requests need the same endpoints. */
interface Account {
  readonly needs: readonly OperationId[]
  readonly rules: Map<Rule, OpenRuleTally>
  readonly precursors: Map<string, Set<string>>
}

/** The judgement of all samples of a run. */
export interface LedgerResult {
  readonly tallies: ReadonlyMap<string, RuleTally>
  readonly precursors: Precursors
}

const isFixed = ({ executed }: Detection) => executed.sample.draw === undefined

type Simplest = Pick<FoundFault, "simplest" | "simplestPlace">

const compareSimplicity = (a: Simplest, b: Simplest) =>
  Number(isFixed(b.simplest)) - Number(isFixed(a.simplest)) || comparePlaces(a.simplestPlace, b.simplestPlace)

/** Returns what is known of a finding from two sets of its detections. */
function joinFound(a: FoundFault, b: FoundFault): FoundFault {
  const { simplest, finding, simplestPlace } = compareSimplicity(a, b) <= 0 ? a : b
  return { simplest, finding, simplestPlace, ...joinSeen(a, b) }
}

const joinSeen = (a: Seen, b: Seen): Seen => ({
  times: a.times + b.times,
  exchanges: a.exchanges + (a.last === b.last ? b.exchanges - 1 : b.exchanges),
  last: b.last,
  foundAfter: Math.min(a.foundAfter, b.foundAfter),
  first: comparePlaces(a.first, b.first) <= 0 ? a.first : b.first,
  sender: compareSenders(a.sender, b.sender) <= 0 ? a.sender : b.sender,
})

function tallyIn(rules: Account["rules"], rule: Rule): OpenRuleTally {
  const earlier = rules.get(rule)
  if (earlier) return earlier
  const tally: OpenRuleTally = { ...openCounts(), found: new Map() }
  rules.set(rule, tally)
  return tally
}

/**
 * What is kept of a judged sample: of most samples that are only judged, nothing. A class, because an object with an
 * accessor of its own outlives the sample, until the next full garbage collection.
 */
class KeptSample {
  private readonly executed: ExecutedSample
  private readonly cut: string | undefined
  private made: ExecutedSample | undefined

  constructor(executed: ExecutedSample, cut: string | undefined) {
    this.executed = executed
    this.cut = cut
  }

  /** The sample with only the beginning of its bodies. */
  get brief(): ExecutedSample {
    const { executed, cut } = this
    this.made ??= {
      ...executed,
      asked: executed.asked.map((each) => ({ ...each, exchange: briefOf(each.exchange) })),
      ...(cut !== undefined && { cut }),
    }
    return this.made
  }
}

/**
 * Judges the samples of a run as they come, and keeps counts and findings instead of their bodies: its memory does not
 * depend on what the target sends.
 */
export class Ledger {
  private readonly judge: Judge
  private readonly findingOf: (found: Detection) => Finding
  private readonly isReported: (rule: Rule) => boolean
  private readonly accounts = new Map<string, Account>()
  private readonly compared = new Map<ManyRule, ComparedViews<ExecutedSample>>()
  private findings = 0
  private findingBytes = 0
  private exchangeBytes = 0
  /** Number of detections that are not in the result because it has too many findings. */
  omitted = 0
  /** Number of samples for which there was no time to judge them by every rule. */
  unjudged = 0

  constructor(facts: {
    readonly judge: Judge
    readonly findingOf: (found: Detection) => Finding
    /** Whether the findings of a rule are reported. */
    readonly isReported: (rule: Rule) => boolean
  }) {
    this.judge = facts.judge
    this.findingOf = facts.findingOf
    this.isReported = facts.isReported
  }

  /**
   * Judges a sample. `overtime` returns the reason when the time to judge is used up; the sample then counts as cut. Returns
   * the part of the sample that a run keeps, which is made when it is read.
   */
  add(executed: ExecutedSample, overtime: () => string | undefined): Pick<KeptSample, "brief"> {
    // Of a run that was cut, most samples were not sent.
    if (executed.asked.length === 0) return { brief: executed }
    const isOver = () => overtime() !== undefined
    const account = this.accountOf(executed)
    const { found, runViews, isComplete } = this.judge.group(
      executed,
      (rule) => tallyIn(account.rules, rule),
      isOver,
    )
    if (!isComplete) this.unjudged++
    const cut = executed.cut ?? (isComplete ? undefined : overtime())
    const kept = new KeptSample(executed, cut)
    for (const each of found) this.addFound(tallyIn(account.rules, each.rule), each, kept.brief)
    for (const [id, more] of precursorsOf(found)) joinPrecursors(account.precursors, id, more)
    for (const each of runViews) this.compare(each, account, executed.sample, kept)
    return kept
  }

  /** Adds views of a sample for a rule about the whole run. */
  private compare(
    { rule, views }: RunViews,
    account: Account,
    { by, index }: Sample,
    kept: KeptSample,
  ): void {
    const compared = this.compared.get(rule) ?? new ComparedViews<ExecutedSample>(rule)
    this.compared.set(rule, compared)
    for (const { at, view, exchange } of views) {
      const seen = { view, exchange, needs: account.needs.join(), place: { by, index, at } }
      const fault = compared.add(seen, () => kept.brief)
      if (!fault || isRedactedAt(exchange, fault.at)) continue
      const { brief } = kept
      const found: Detection = {
        rule,
        fault,
        exchange: brief.asked[at]?.exchange ?? exchange,
        executed: brief,
      }
      this.addFound(tallyIn(account.rules, rule), found, brief)
      joinPrecursors(account.precursors, findingId(found), new Set())
    }
  }

  private accountOf(executed: ExecutedSample): Account {
    const needs = spoiltOperations(executed).sort()
    const key = needs.join()
    const account = this.accounts.get(key) ?? { needs, rules: new Map(), precursors: new Map() }
    this.accounts.set(key, account)
    return account
  }

  /** Adds a detection; `brief` is its sample as it is kept. */
  private addFound(tally: OpenRuleTally, found: Detection, brief: ExecutedSample): void {
    if (!this.isReported(found.rule)) return
    const id = findingId(found)
    const earlier = tally.found.get(id)
    if (!earlier && tally.found.size > 0 && this.isFull()) {
      this.omitted++
      return
    }
    if (!earlier) this.findings++
    const { sample, asked } = found.executed
    const at = asked.findIndex(({ exchange }) => exchange === found.exchange)
    const simplestPlace: Place = { by: sample.by, index: sample.index, at }
    // The sender numbers its exchanges.
    const now: Seen = {
      times: 1,
      exchanges: 1,
      last: found.exchange.id,
      foundAfter: Number(found.exchange.id),
      first: simplestPlace,
      sender: senderOf(sample),
    }
    const seen = earlier ? joinSeen(earlier, now) : now
    if (earlier && compareSimplicity(earlier, { simplest: found, simplestPlace }) <= 0) {
      tally.found.set(id, { ...earlier, ...seen })
      return
    }
    const simplest = { ...found, executed: brief, exchange: brief.asked[at]?.exchange ?? found.exchange }
    const { exchanges, ...finding } = this.findingOf(found)
    if (!earlier) this.findingBytes += JSON.stringify(finding).length
    const kept = this.keptExchanges(exchanges, earlier?.finding.exchanges)
    tally.found.set(id, { ...seen, simplest, simplestPlace, finding: { ...finding, ...kept } })
  }

  /** Returns exchanges that take the place of earlier ones, if there is room for them. */
  private keptExchanges(
    exchanges: Finding["exchanges"],
    earlier: Finding["exchanges"],
  ): Pick<Finding, "exchanges"> {
    const bytes = exchangeBytes(exchanges) - exchangeBytes(earlier)
    if (!exchanges || this.exchangeBytes + bytes > limits.exchangeBytes.max) {
      this.exchangeBytes -= exchangeBytes(earlier)
      return {}
    }
    this.exchangeBytes += bytes
    return { exchanges }
  }

  private isFull(): boolean {
    return this.findings >= limits.findings.max || this.findingBytes >= limits.findingBytes.max
  }

  /** Judges by the rules about the whole run. Samples whose spoilt requests met no endpoint count for nothing. */
  result(absent: { has(operation: OperationId): boolean }): LedgerResult {
    const isJudgeable = (needs: readonly OperationId[]) => !needs.some((operation) => absent.has(operation))
    const rules: Account["rules"] = new Map()
    for (const rule of this.judge.rules) tallyIn(rules, rule)
    const precursors = new Map<string, Set<string>>()
    for (const account of this.accounts.values()) {
      if (!isJudgeable(account.needs)) continue
      for (const [rule, tally] of account.rules) {
        const whole = tallyIn(rules, rule)
        addCounts(whole, tally)
        for (const [id, found] of tally.found) {
          const earlier = whole.found.get(id)
          whole.found.set(id, earlier ? joinFound(earlier, found) : found)
        }
      }
      for (const [id, more] of account.precursors) joinPrecursors(precursors, id, more)
    }
    for (const [rule, compared] of this.compared) {
      const views = compared.inOrder().filter(({ group }) => isJudgeable(spoiltOperations(group)))
      const { counts, found } = this.judge.run(rule, { views, isCut: compared.isCut })
      const whole = tallyIn(rules, rule)
      addCounts(whole, counts)
      for (const each of found) {
        this.addFound(whole, each, each.executed)
        joinPrecursors(precursors, findingId(each), new Set())
      }
    }
    const tallies = new Map(
      [...rules].map(([{ id }, { found, ...counts }]) => [
        id,
        { ...counts, found: [...found.values()].sort((a, b) => comparePlaces(a.first, b.first)) },
      ]),
    )
    return { tallies, precursors }
  }
}
