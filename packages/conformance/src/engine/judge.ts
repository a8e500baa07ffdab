import type { Evidence } from "../evidence.ts"
import type { Fault, Rule, Undecided } from "../rule.ts"
import type { ExecutedSample } from "../target/execute.ts"
import type { TargetFacts } from "../target/facts.ts"
import type { View } from "../view.ts"

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

/** The outcome of one rule on all exchanges. */
export interface Tally<Group extends EvidenceGroup = ExecutedSample> {
  readonly rule: Rule
  /** Exchanges (or groups) on which it came to a decision. */
  readonly judged: number
  /** Why it could not decide, one entry for each exchange on which it could not. */
  readonly undecided: readonly string[]
  readonly found: readonly Detection<Group>[]
  /** The rule threw: our bug. */
  readonly crash?: string
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

/** The rules, and those that they rest on, although nobody selected them. */
export function withPrerequisites(selected: readonly Rule[], all: readonly Rule[]): Rule[] {
  const needed = new Set(selected.flatMap(restsOn))
  const chosen = all.filter((rule) => needed.has(rule.id) || selected.includes(rule))
  return chosen.length === selected.length ? chosen : withPrerequisites(chosen, all)
}

/** Returns what the rules of a view need and the evidence does not contain. */
const missing = ({ needs = [] }: View<unknown>, { fidelity, fault }: Evidence) =>
  needs.filter((what) => (what === "fault" ? fault.basis === "unknown" : !fidelity[what]))

/** The exchanges on which rules, and single faults of rules, have failed so far: later rules may rest on them. */
class Failures {
  private readonly exchanges = new Map<string, Set<Evidence>>()

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
  readonly executed: Group
}

/** A tally while its rule is being judged. */
interface OpenTally<Group extends EvidenceGroup> {
  readonly rule: Rule
  judged: number
  readonly undecided: string[]
  readonly found: Detection<Group>[]
}

/** Returns the views of a sample that the rule of a tally may judge; notes why the others are undecided. */
function viewsOf<Group extends EvidenceGroup>(
  group: Group,
  { rule, undecided }: OpenTally<Group>,
  failures: Failures,
): JudgeableView<Group>[] {
  const views: JudgeableView<Group>[] = []
  for (const { exchange } of group.asked) {
    const view = rule.on.of(exchange)
    if (view === undefined) continue
    const earlier = failures.under(rule, exchange)
    const lacking = missing(rule.on, exchange)
    if (earlier) undecided.push(`rests on ${earlier}, which failed on the same exchange`)
    else if (lacking.length > 0) undecided.push(`the recording has no ${lacking.join(", ")}`)
    else views.push({ view, exchange, executed: group })
  }
  return views
}

/** Adds the outcome of one judgement to a tally; `at` returns the view that shows a fault. */
function count<F extends Fault, Group extends EvidenceGroup>(
  faults: readonly F[] | Undecided,
  at: (fault: F) => JudgeableView<Group>,
  tally: OpenTally<Group>,
  failures: Failures,
): void {
  if ("undecided" in faults) {
    tally.undecided.push(faults.undecided)
    return
  }
  tally.judged++
  for (const fault of faults) {
    const { exchange, executed } = at(fault)
    failures.add(tally.rule, fault, exchange)
    tally.found.push({ rule: tally.rule, fault, exchange, executed })
  }
}

function judgeRule<Group extends EvidenceGroup>(
  tally: OpenTally<Group>,
  groups: readonly Group[],
  known: TargetFacts,
  failures: Failures,
): void {
  const { rule } = tally
  const seenIn = (group: Group) => viewsOf(group, tally, failures)
  if (rule.scope === undefined || rule.scope === "exchange") {
    for (const seen of groups.flatMap(seenIn))
      count(rule.holds(seen.view, known), () => seen, tally, failures)
  } else if (rule.scope === "run") judgeTogether(groups.flatMap(seenIn), known, tally, failures)
  else {
    const own = groups.filter(({ sample }) => sample.by === rule.id)
    for (const group of own) judgeTogether(seenIn(group), known, tally, failures)
  }
}

/** Judges the views of a sample, or of the whole run, at once. */
function judgeTogether<Group extends EvidenceGroup>(
  seen: readonly JudgeableView<Group>[],
  known: TargetFacts,
  tally: OpenTally<Group>,
  failures: Failures,
): void {
  const { rule } = tally
  if ((rule.scope !== "group" && rule.scope !== "run") || seen.length === 0) return
  const faults = rule.holds(
    seen.map(({ view }) => view),
    known,
  )
  const at = ({ fault, of }: { readonly fault: string; readonly of: number }) => {
    const view = seen[of]
    if (!view) throw new RangeError(`fault ${fault} names view ${of} of ${seen.length}`)
    return view
  }
  count(faults, at, tally, failures)
}

/** Judges evidence by rules. Pure, so that recorded exchanges can be judged again. */
export function judge<Group extends EvidenceGroup>(
  rules: readonly Rule[],
  groups: readonly Group[],
  known: TargetFacts,
): Map<string, Tally<Group>> {
  const failures = new Failures()
  const tallies = new Map<string, Tally<Group>>()
  for (const rule of byDependency(rules)) {
    const tally: OpenTally<Group> = { rule, judged: 0, undecided: [], found: [] }
    try {
      judgeRule(tally, groups, known, failures)
      tallies.set(rule.id, tally)
    } catch (error) {
      const crash = error instanceof Error ? (error.stack ?? error.message) : String(error)
      tallies.set(rule.id, { ...tally, crash })
    }
  }
  return tallies
}
