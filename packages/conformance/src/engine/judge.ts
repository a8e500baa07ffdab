import type { Exchange } from "@nexhina/wire"
import type { Fault, Rule } from "../rule.ts"
import type { ExecutedSample } from "../target/execute.ts"
import type { TargetFacts } from "../target/facts.ts"
import type { View } from "../view.ts"

/** A fault, where it was seen. */
export interface Detection {
  readonly rule: Rule
  readonly fault: Fault
  readonly exchange: Exchange
  readonly executed: ExecutedSample
}

/** What one rule made of all exchanges. */
export interface Tally {
  readonly rule: Rule
  /** Exchanges (or groups) on which it came to a decision. */
  readonly judged: number
  /** Why it could not decide, one entry for each exchange on which it could not. */
  readonly undecided: readonly string[]
  readonly found: readonly Detection[]
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

const knowsEnough = (view: View<unknown>, exchange: Exchange) =>
  (view.needs ?? []).every((what) => exchange.fidelity[what])

/** Judges recorded exchanges; pure, so that stored ones can be judged again. */
export function judge(
  rules: readonly Rule[],
  groups: readonly ExecutedSample[],
  known: TargetFacts,
): Map<string, Tally> {
  const tallies = new Map<string, Tally>()
  /** By rule, and by rule and fault. */
  const failedOn = new Map<string, Set<Exchange>>()
  const fail = (rule: Rule, fault: Fault, exchange: Exchange) => {
    for (const key of [rule.id, `${rule.id}:${fault.fault}`]) {
      const exchanges = failedOn.get(key)
      if (exchanges) exchanges.add(exchange)
      else failedOn.set(key, new Set([exchange]))
    }
  }

  for (const rule of byDependency(rules)) {
    const found: Detection[] = []
    const undecided: string[] = []
    let judged = 0

    const restsOnFailure = (exchange: Exchange) =>
      (rule.after ?? []).find((id) => failedOn.get(id)?.has(exchange))

    /** The views of a group's exchanges that may be judged, and of which exchange each is. */
    const seenIn = (group: ExecutedSample) => {
      const seen: { view: unknown; exchange: Exchange; executed: ExecutedSample }[] = []
      for (const { exchange } of group.asked) {
        const view = rule.on.of(exchange)
        if (view === undefined) continue
        const earlier = restsOnFailure(exchange)
        if (earlier) undecided.push(`rests on ${earlier}, which failed on the same exchange`)
        else if (!knowsEnough(rule.on, exchange))
          undecided.push(`the recording has no ${rule.on.needs?.join(", ")}`)
        else seen.push({ view, exchange, executed: group })
      }
      return seen
    }

    const together = (seen: ReturnType<typeof seenIn>) => {
      if (rule.scope !== "group" && rule.scope !== "run") return
      if (seen.length === 0) return
      const faults = rule.holds(
        seen.map(({ view }) => view),
        known,
      )
      if ("undecided" in faults) {
        undecided.push(faults.undecided)
        return
      }
      judged++
      for (const fault of faults) {
        const at = seen[fault.of]
        if (!at) throw new RangeError(`fault ${fault.fault} names view ${fault.of} of ${seen.length}`)
        fail(rule, fault, at.exchange)
        found.push({ rule, fault, exchange: at.exchange, executed: at.executed })
      }
    }

    try {
      if (rule.scope === undefined || rule.scope === "exchange") {
        for (const { view, exchange, executed } of groups.flatMap(seenIn)) {
          const faults = rule.holds(view, known)
          if ("undecided" in faults) {
            undecided.push(faults.undecided)
            continue
          }
          judged++
          for (const fault of faults) {
            fail(rule, fault, exchange)
            found.push({ rule, fault, exchange, executed })
          }
        }
      } else if (rule.scope === "run") together(groups.flatMap(seenIn))
      else for (const group of groups) if (group.sample.by === rule.id) together(seenIn(group))
      tallies.set(rule.id, { rule, judged, undecided, found })
    } catch (error) {
      tallies.set(rule.id, {
        rule,
        judged,
        undecided,
        found,
        crash: error instanceof Error ? (error.stack ?? error.message) : String(error),
      })
    }
  }
  return tallies
}
