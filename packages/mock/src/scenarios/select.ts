import type { Spend } from "../json-schema/budget.ts"
import { type CandidateIndex, createCandidateIndex } from "./candidates.ts"
import { type Predicate, type PredicateKind, predicatesOf } from "./predicates.ts"
import { type Scenario, spokenOperations } from "./scenario.ts"
import type { Subject } from "./subject.ts"

/** A scenario that is ready to be matched. */
export interface Candidate {
  /** Its `id`, or its place. */
  readonly name: string
  readonly scenario: Scenario
  readonly predicates: readonly Predicate[]
}

/** What was found for a request, and how many predicates were evaluated. */
type Selection = { readonly evaluated: number } & (
  | { readonly kind: "hit"; readonly candidate: Candidate }
  /** Several match, and none is more specific. */
  | { readonly kind: "tie"; readonly candidates: readonly Candidate[] }
  /** The candidates that were looked at. */
  | { readonly kind: "miss"; readonly near: readonly Candidate[] }
)

/** Finds the scenario of a request. */
export interface Selector {
  /** Throws a `SpentError` when patterns use up the budget. */
  select(subject: Subject, spend: Spend): Selection
  /** The candidates, the most specific first. */
  readonly candidates: readonly Candidate[]
  readonly index: CandidateIndex<Candidate>
}

/** Creates the selector of some candidates. Their order does not matter. */
export function createSelector(candidates: readonly Candidate[]): Selector {
  const sorted = candidates.toSorted(bySpecificity)
  const rank = new Map(sorted.map((candidate, place) => [candidate, place]))
  const index = createCandidateIndex(sorted)
  const place = (candidate: Candidate) => rank.get(candidate) ?? 0
  return {
    candidates: sorted,
    index,
    select(subject, spend) {
      let evaluated = 0
      const holds = ({ scenario, predicates }: Candidate) => {
        if (!isFor(scenario, subject)) return false
        return predicates.every((predicate) => {
          evaluated++
          return predicate.holds(subject, spend)
        })
      }
      const found: Candidate[] = []
      const near = index.find(subject).toSorted((a, b) => place(a) - place(b))
      for (const candidate of near) {
        const [best] = found
        if (best && bySpecificity(best, candidate) !== 0) break
        if (holds(candidate)) found.push(candidate)
      }
      const [candidate] = found
      if (candidate === undefined) return { kind: "miss", near, evaluated }
      if (found.length > 1) return { kind: "tie", candidates: found, evaluated }
      return { kind: "hit", candidate, evaluated }
    },
  }
}

/** Creates the candidates of a scenario: one, or one for each step. */
export function toCandidates({ steps, ...scenario }: Scenario, place: string): Candidate[] {
  const name = scenario.id ?? place
  if (steps === undefined) return [{ name, scenario, predicates: predicatesOf(scenario) }]
  const { fail, ...common } = scenario
  return steps.map((answer, step) => {
    const match = { ...scenario.match, step }
    // The failures come before the first answer.
    const each = { ...common, match, answer, ...(fail && step === 0 && { fail }) }
    return { name: `${name}, step ${step}`, scenario: each, predicates: predicatesOf(each) }
  })
}

/** Returns whether a scenario is about the operation of a request, as far as its match does not say. */
export function isFor({ match }: Scenario, { operation }: Subject): boolean {
  return match.operation !== undefined || spokenOperations.has(operation)
}

const kinds = ["exact", "pattern", "substring", "presence"] as const satisfies readonly PredicateKind[]

/** Compares by priority, then by the number of predicates, then by their kinds. The more specific comes first. */
export function bySpecificity(a: Candidate, b: Candidate): number {
  const priority = (b.scenario.priority ?? 0) - (a.scenario.priority ?? 0)
  if (priority !== 0) return priority
  const number = b.predicates.length - a.predicates.length
  if (number !== 0) return number
  for (const kind of kinds) {
    const more = countOf(b, kind) - countOf(a, kind)
    if (more !== 0) return more
  }
  return 0
}

function countOf({ predicates }: Candidate, kind: PredicateKind): number {
  return predicates.reduce((count, predicate) => count + (predicate.kind === kind ? 1 : 0), 0)
}
