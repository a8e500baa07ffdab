import { endpoints, type Surface } from "@nexhina/schemas"
import { contains, type Evidence, lackText, type Need } from "../evidence.ts"
import { limits } from "../limits.ts"
import { RequestUnknown } from "../reading/answered.ts"
import { isRedactedAt } from "../reading/redacted.ts"
import { refusesKey } from "../reading/refused-key.ts"
import type { ExchangeRule, Fault, ManyRule, Rule, Undecided } from "../rule.ts"
import type { ExecutedSample } from "../target/execute.ts"
import type { TargetFacts } from "../target/facts.ts"
import { mayRead, type View } from "../view.ts"
import { type ComparedView, ComparedViews } from "./compared.ts"
import { requestKindOf } from "./finding-id.ts"

/** Evidence that belongs together, such as an executed sample or a recording. */
export interface EvidenceGroup {
  /** The probe or rule that sent the requests, if one did. */
  readonly sample: { readonly by: string }
  readonly asked: readonly { readonly exchange: Evidence }[]
}

/** A fault, and where it was found. */
export interface Detection<Group extends EvidenceGroup = ExecutedSample> {
  readonly rule: Rule
  readonly fault: Fault
  readonly exchange: Evidence
  readonly executed: Group
}

/** What a rule has decided so far. */
export interface Counts {
  /** Exchanges (or groups) on which it came to a decision. */
  judged: number
  /** The kinds of requests (`operation~member`) on which it came to a decision. */
  readonly judgedOn: Set<string>
  /** Why it could not decide, with the number of exchanges on which it could not. */
  readonly undecided: Map<string, number>
  /** The rule threw: our bug. */
  crash?: string
  /** Why the rule cannot be said to hold, although it found nothing. */
  cut?: string
}

export const openCounts = (): Counts => ({ judged: 0, judgedOn: new Set(), undecided: new Map() })

/** The outcome of one rule on all groups. */
export interface Tally<Group extends EvidenceGroup = ExecutedSample> extends Readonly<Counts> {
  readonly rule: Rule
  readonly found: readonly Detection<Group>[]
}

/** A rule while it is judged: what it decides is added to counts that may already have more. */
interface OpenTally<Group extends EvidenceGroup> {
  readonly rule: Rule
  readonly counts: Counts
  readonly found: Detection<Group>[]
}

/** The ids of the rules that a rule rests on. */
const restsOn = (rule: Rule) => (rule.after ?? []).map((entry) => entry.split(":", 1)[0] ?? entry)

/** Rules in an order in which each comes behind those that it rests on. */
function byDependency(rules: readonly Rule[]): Rule[] {
  const byId = new Map(rules.map((rule) => [rule.id, rule]))
  const ordered = new Set<Rule>()
  const visit = (rule: Rule) => {
    if (ordered.has(rule)) return
    for (const earlierId of restsOn(rule)) {
      const earlier = byId.get(earlierId)
      if (earlier) visit(earlier)
    }
    ordered.add(rule)
  }
  for (const rule of rules) visit(rule)
  return [...ordered]
}

/** The rules, and those that they depend on, even if they were not selected. */
export function withPrerequisites(selected: readonly Rule[], all: readonly Rule[]): Rule[] {
  const needed = new Set(selected.flatMap(restsOn))
  const wanted = new Set(selected)
  const chosen = all.filter((rule) => needed.has(rule.id) || wanted.has(rule))
  return chosen.length === selected.length ? chosen : withPrerequisites(chosen, all)
}

/** Returns why something that is needed cannot be had of an exchange; `undefined` when it contains all. */
function lackIn(exchange: Evidence, needs: readonly Need[]): string | undefined {
  let lack: string | undefined
  for (const need of needs) {
    if (contains(exchange, need)) continue
    lack = lack === undefined ? lackText[need] : `${lack}; ${lackText[need]}`
  }
  return lack
}

/** The exchanges on which rules, and single faults of rules, have failed so far: later rules may rest on them. */
class Failures {
  private readonly exchanges = new Map<string, Set<Evidence>>()

  get isEmpty(): boolean {
    return this.exchanges.size === 0
  }

  add(rule: Rule, fault: Fault, exchange: Evidence): void {
    for (const key of [rule.id, `${rule.id}:${fault.fault}`]) {
      this.exchanges.set(key, (this.exchanges.get(key) ?? new Set()).add(exchange))
    }
  }

  /** Returns the rule, or rule and fault, that `rule` rests on and that failed on the exchange. */
  under(rule: Rule, exchange: Evidence): string | undefined {
    return (rule.after ?? []).find((id) => this.exchanges.get(id)?.has(exchange))
  }
}

/** A view of an exchange that a rule may judge. */
interface JudgeableView<Group> {
  readonly view: unknown
  readonly exchange: Evidence
  /** The index of the exchange in its group. */
  readonly at: number
  /** The kind of the request (`operation~member`). */
  readonly kind: string
  readonly executed: Group
}

/** Maximum number of different reasons that a tally counts: some of them quote the reply. */
const maxReasons = 50

const maxReasonLength = 500

/** Adds to the count of a reason; the reasons beyond the limit are counted together. */
export function countReason(counts: Map<string, number>, given: string, times = 1): void {
  const reason = given.length > maxReasonLength ? `${given.slice(0, maxReasonLength)}…` : given
  const key = counts.has(reason) || counts.size < maxReasons ? reason : "other reasons"
  counts.set(key, (counts.get(key) ?? 0) + times)
}

/** Returns the views of a group that a rule may judge; notes why the others are undecided. */
function judgeableOf<Group extends EvidenceGroup>(
  { rule, needs }: SelectedRule,
  seen: readonly JudgeableView<Group>[],
  { undecided }: Counts,
  failures: Failures,
): readonly JudgeableView<Group>[] {
  const mayRest = rule.after !== undefined && !failures.isEmpty
  if (!mayRest && needs.length === 0) return seen
  return seen.filter(({ exchange }) => {
    const earlier = mayRest ? failures.under(rule, exchange) : undefined
    const reason = earlier
      ? `rests on ${earlier}, which failed on the same exchange`
      : lackIn(exchange, needs)
    if (reason !== undefined) countReason(undecided, reason)
    return reason === undefined
  })
}

/** Adds the outcome of the judgement of some views to a tally; `at` returns the view that shows a fault. */
function count<F extends Fault, Group extends EvidenceGroup>(
  seen: readonly JudgeableView<Group>[],
  faults: readonly F[] | Undecided,
  at: (fault: F) => JudgeableView<Group>,
  tally: OpenTally<Group>,
  failures: Failures,
): void {
  if ("undecided" in faults) {
    countReason(tally.counts.undecided, faults.undecided)
    return
  }
  const isObscured = (fault: F) => !tally.rule.readsRedactions && isRedactedAt(at(fault).exchange, fault.at)
  if (faults.length > 0 && faults.every(isObscured)) {
    countReason(tally.counts.undecided, "the recording is redacted where the fault would be")
    return
  }
  tally.counts.judged++
  for (const { kind } of seen) tally.counts.judgedOn.add(kind)
  for (const fault of faults) {
    if (isObscured(fault)) continue
    const { exchange, executed } = at(fault)
    failures.add(tally.rule, fault, exchange)
    tally.found.push({ rule: tally.rule, fault, exchange, executed })
  }
}

/** Judges the views of a sample, or of the whole run, at once. */
function judgeTogether<Group extends EvidenceGroup>(
  seen: readonly JudgeableView<Group>[],
  known: TargetFacts,
  tally: OpenTally<Group>,
  failures: Failures,
  times: readonly number[] = seen.map(() => 1),
): void {
  const { rule } = tally
  if ((rule.scope !== "group" && rule.scope !== "run") || seen.length === 0) return
  const faults = rule.holds(
    seen.map(({ view }) => view),
    known,
    times,
  )
  const at = ({ fault, of }: { readonly fault: string; readonly of: number }) => {
    const view = seen[of]
    if (!view) throw new RangeError(`fault ${fault} names view ${of} of ${seen.length}`)
    return view
  }
  count(seen, faults, at, tally, failures)
}

/** Notes why a rule threw. */
function countError(counts: Counts, error: unknown): void {
  if (error instanceof RequestUnknown) countReason(counts.undecided, lackText.request)
  else counts.crash ??= error instanceof Error ? (error.stack ?? error.message) : String(error)
}

/** The views of a group that a rule about the whole run compares with those of other groups. */
export interface RunViews {
  readonly rule: ManyRule
  /** The index of the exchange in the group, and its view. */
  readonly views: readonly { readonly at: number; readonly view: unknown; readonly exchange: Evidence }[]
}

/** What the judging of one group has found; what was decided is in the counts of the rules. */
interface GroupJudgement<Group extends EvidenceGroup> {
  /** In the order in which the rules were judged; the rules about the whole run have found nothing yet. */
  readonly found: readonly Detection<Group>[]
  readonly runViews: readonly RunViews[]
  /** Whether there was time for all rules. */
  readonly isComplete: boolean
}

/** Judges single groups, so that none has to be kept until the others have been sent. */
export interface Judge {
  readonly rules: readonly Rule[]
  /**
   * Judges a group by the rules of exchanges and samples, and adds to their counts. Stops between two rules once `isOver`
   * returns true.
   */
  group<Group extends EvidenceGroup>(
    group: Group,
    countsOf: (rule: Rule) => Counts,
    isOver?: () => boolean,
  ): GroupJudgement<Group>
  /** Judges the views of many groups by a rule about the whole run. */
  run<Group extends EvidenceGroup>(rule: ManyRule, compared: Comparison<Group>): OpenTally<Group>
}

/** What a rule about the whole run compares; the groups may have lost their bodies. */
interface Comparison<Group> {
  /** In the order of their places. */
  readonly views: readonly ComparedView<Group>[]
  /** Whether there were views that are not among them and that the rule cannot do without. */
  readonly isCut: boolean
}

/** A rule that may judge a group. */
interface SelectedRule {
  readonly rule: Rule
  /** The place of its view among those of the rules: it is found sooner than a view in a map. */
  readonly viewAt: number
  /** What it or its view needs. */
  readonly needs: readonly Need[]
}

function selected(rules: readonly Rule[]): SelectedRule[] {
  const views = [...new Set(rules.map(({ on }) => on))]
  return rules.map((rule) => ({
    rule,
    viewAt: views.indexOf(rule.on),
    needs: [...(rule.on.needs ?? []), ...(rule.needs ?? [])],
  }))
}

const nothing: readonly never[] = []

/** The judging of one group, rule by rule. */
class GroupJudging<Group extends EvidenceGroup> {
  readonly found: Detection<Group>[] = []
  readonly runViews: RunViews[] = []
  private readonly group: Group
  /** The group's exchanges, with their indexes and the kinds of their requests. */
  private readonly asked: readonly Pick<JudgeableView<Group>, "exchange" | "at" | "kind">[]
  private readonly known: TargetFacts
  private readonly failures = new Failures()
  /** What the views show of the group's exchanges, each read once. */
  private readonly seen: (readonly JudgeableView<Group>[] | undefined)[] = []

  constructor(group: Group, known: TargetFacts) {
    this.group = group
    this.asked = group.asked.map(({ exchange }, at) => ({ exchange, at, kind: requestKindOf(exchange) }))
    this.known = known
  }

  apply(selected: SelectedRule, countsOf: (rule: Rule) => Counts): void {
    const { rule, viewAt } = selected
    try {
      const all = this.seen[viewAt] ?? this.see(rule.on, viewAt)
      if (all.length > 0) this.judge(selected, all, countsOf(rule))
    } catch (error) {
      countError(countsOf(rule), error)
    }
  }

  /** Reads the group's exchanges. Throws what the reading of one throws. */
  private see(view: View<unknown>, viewAt: number): readonly JudgeableView<Group>[] {
    let seen: JudgeableView<Group>[] | undefined
    for (const { exchange, at, kind } of this.asked) {
      const reading = view.of(exchange)
      if (reading === undefined) continue
      seen ??= []
      seen.push({ view: reading, exchange, at, kind, executed: this.group })
    }
    // Most views see nothing in a group.
    this.seen[viewAt] = seen ?? nothing
    return seen ?? nothing
  }

  private judge(selected: SelectedRule, all: readonly JudgeableView<Group>[], counts: Counts): void {
    const { known, failures, group } = this
    const { rule } = selected
    const seen = judgeableOf(selected, all, counts, failures)
    if (rule.scope === undefined || rule.scope === "exchange") {
      for (const each of seen) this.judgeOne(rule, each, counts)
      return
    }
    const tally = { rule, counts, found: this.found }
    if (rule.scope === "group") {
      const isRefused = group.asked.some(({ exchange }) => refusesKey(exchange))
      if (isRefused) countReason(counts.undecided, "the key was refused while the requests were sent")
      else judgeTogether(seen, known, tally, failures)
    } else if (rule.scope === "run" && seen.length > 0) {
      const views = seen.map(({ at, view, exchange }) => ({ at, view, exchange }))
      this.runViews.push({ rule, views })
    }
  }

  private judgeOne(rule: ExchangeRule, each: JudgeableView<Group>, counts: Counts): void {
    const faults = rule.holds(each.view, this.known)
    if ("undecided" in faults || faults.length > 0)
      count([each], faults, () => each, { rule, counts, found: this.found }, this.failures)
    else {
      // Most views break no rule: this does the same without new objects.
      counts.judged++
      counts.judgedOn.add(each.kind)
    }
  }
}

function judgeRun<Group extends EvidenceGroup>(
  rule: ManyRule,
  { views, isCut }: Comparison<Group>,
  known: TargetFacts,
): OpenTally<Group> {
  const tally: OpenTally<Group> = { rule, counts: openCounts(), found: [] }
  const seen = views.flatMap(({ view, group, place }) => {
    const exchange = group.asked[place.at]?.exchange
    return exchange ? [{ view, exchange, at: place.at, kind: requestKindOf(exchange), executed: group }] : []
  })
  const times = views.map((each) => each.times)
  try {
    judgeTogether(seen, known, tally, new Failures(), times)
  } catch (error) {
    countError(tally.counts, error)
  }
  if (!isCut || tally.found.length > 0) return tally
  const { comparedIds, comparedExchanges } = limits
  const room = rule.pairs ? `${comparedIds.max} ids` : `${comparedExchanges.max} exchanges`
  const cut = `it compares at most ${room}, and there were more`
  return { ...tally, counts: { ...tally.counts, judged: 0, judgedOn: new Set(), cut } }
}

/** Returns the surfaces of a group's exchanges. */
function surfacesOf({ asked }: EvidenceGroup): Surface[] {
  const all = new Set<Surface>()
  for (const { exchange } of asked) {
    const operation = exchange.operation.value
    if (operation !== undefined) all.add(endpoints[operation].surface)
  }
  return [...all]
}

/** Creates the judge of a run. */
export function createJudge(rules: readonly Rule[], known: TargetFacts): Judge {
  const ordered = byDependency(rules)
  const askers = new Set(ordered.filter(({ scope }) => scope === "group").map(({ id }) => id))
  const selections = new Map<string, readonly SelectedRule[]>()
  // To ask each view takes longer than to read most small exchanges.
  const rulesFor = (group: EvidenceGroup): readonly SelectedRule[] => {
    const on = surfacesOf(group)
    // Rules that compare requests judge only those that they sent.
    const by = askers.has(group.sample.by) ? group.sample.by : undefined
    const key = `${on.join()} ${by ?? ""}`
    const earlier = selections.get(key)
    if (earlier) return earlier
    const found = selected(
      ordered.filter(({ on: view, scope, id }) => mayRead(view, on) && (scope !== "group" || id === by)),
    )
    selections.set(key, found)
    return found
  }
  return {
    rules: ordered,
    group(group, countsOf, isOver = () => false) {
      const judging = new GroupJudging(group, known)
      const { found, runViews } = judging
      for (const each of rulesFor(group)) {
        if (isOver()) return { found, runViews, isComplete: false }
        judging.apply(each, countsOf)
      }
      return { found, runViews, isComplete: true }
    },
    run: (rule, compared) => judgeRun(rule, compared, known),
  }
}

/** Adds counts of a rule to others. */
export function addCounts(counts: Counts, { judged, judgedOn, undecided, crash, cut }: Counts): void {
  counts.judged += judged
  for (const kind of judgedOn) counts.judgedOn.add(kind)
  for (const [reason, times] of undecided) countReason(counts.undecided, reason, times)
  if (crash !== undefined) counts.crash ??= crash
  if (cut !== undefined) counts.cut ??= cut
}

/** Judges evidence by rules. Pure, so that recorded exchanges can be judged again. Returns the tallies by rule id. */
export function judge<Group extends EvidenceGroup>(
  rules: readonly Rule[],
  groups: readonly Group[],
  known: TargetFacts,
): Map<string, Tally<Group>> {
  const judging = createJudge(rules, known)
  const all = new Map<Rule, OpenTally<Group>>(
    judging.rules.map((rule) => [rule, { rule, counts: openCounts(), found: [] }]),
  )
  const tallyOf = (rule: Rule) => all.get(rule) as OpenTally<Group>
  const compared = new Map<ManyRule, ComparedViews<Group>>()
  for (const [index, group] of groups.entries()) {
    const { found, runViews } = judging.group(group, (rule) => tallyOf(rule).counts)
    for (const each of found) tallyOf(each.rule).found.push(each)
    for (const { rule, views } of runViews) {
      const ofRule = compared.get(rule) ?? new ComparedViews<Group>(rule)
      compared.set(rule, ofRule)
      for (const { at, view, exchange } of views)
        ofRule.add({ view, exchange, needs: "", place: { by: "", index, at } }, () => group)
    }
  }
  for (const [rule, ofRule] of compared) {
    const { counts, found } = judging.run(rule, { views: ofRule.inOrder(), isCut: ofRule.isCut })
    addCounts(tallyOf(rule).counts, counts)
    tallyOf(rule).found.push(...found)
  }
  return new Map([...all.values()].map(({ rule, counts, found }) => [rule.id, { rule, ...counts, found }]))
}
