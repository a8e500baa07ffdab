import type { OperationId } from "@nexhina/schemas"
import type { Spend } from "../json-schema/budget.ts"
import { actual, expectation, type Predicate } from "./predicates.ts"
import { type Scenario, spokenOperations } from "./scenario.ts"
import { type Candidate, isFor } from "./select.ts"
import { createRoughSimilarity, createSimilarity, type Similarity } from "./similarity.ts"
import type { Subject } from "./subject.ts"

/** Number of scenarios that an explanation names. */
const maxNearest = 3
/**
 * Number of equally near scenarios whose texts are compared closely with those of the request: this bounds the work. If
 * there are more, those are compared whose texts begin and end most like them.
 */
const maxCompared = 1_000
/** Number of scenarios up to which a brief explanation looks at all of them. */
const maxBrief = 100
/** Length of a text from which on the scenario to paste has only its beginning. */
const longText = 500

/** A scenario that nearly matches a request, and what is different. */
interface NearMiss {
  readonly name: string
  readonly differences: readonly string[]
}

/** Why no scenario matches a request. */
export interface MissExplanation {
  /**
   * The nearest scenarios: those of which the fewest predicates fail, then those that come closest: a predicate that
   * fails counts by how similar its text is to that of the request.
   */
  readonly nearest: readonly NearMiss[]
  /** A scenario in YAML that matches the request. */
  readonly paste: string
}

/** Explains why no scenario matches. It looks at all of them. */
export function explainMiss(
  candidates: readonly Candidate[],
  subject: Subject,
  spend: Spend,
): MissExplanation {
  const near = nearestOf(candidates, subject, spend)
  return {
    nearest: near.map(({ candidate, failing }) => ({
      name: candidate.name,
      differences: failing.map((predicate) => differenceOf(predicate, subject)),
    })),
    paste: scenarioFor(subject),
  }
}

interface Rated {
  readonly candidate: Candidate
  readonly failing: readonly Predicate[]
  readonly holding: number
}

function nearestOf(candidates: readonly Candidate[], subject: Subject, spend: Spend): readonly Rated[] {
  const possible = candidates.filter(({ scenario }) => isFor(scenario, subject))
  const related = possible.filter(({ scenario }) => isRelated(scenario, subject))
  const rated = (related.length > 0 ? related : possible)
    .map((candidate): Rated => {
      const failing = candidate.predicates.filter((predicate) => !predicate.holds(subject, spend))
      return { candidate, failing, holding: candidate.predicates.length - failing.length }
    })
    .toSorted((a, b) => a.failing.length - b.failing.length || b.holding - a.holding)
  const most = rated[Math.min(maxNearest, rated.length) - 1]?.failing.length ?? 0
  const near = rated.filter(({ failing }) => failing.length <= most)
  const compared =
    near.length > maxCompared ? closest(near, createRoughSimilarity(subject), maxCompared) : near
  return closest(compared, createSimilarity(subject), maxNearest)
}

/**
 * Returns whether a scenario is for requests of the same kind: for an embedding, a scenario of another operation is not
 * near, whatever else holds. One for Responses may be meant for a chat completion.
 */
function isRelated({ match }: Scenario, { operation }: Subject): boolean {
  const isSpoken = (id: OperationId) => spokenOperations.has(id)
  const wanted = match.operation ?? operation
  return wanted === operation || (isSpoken(wanted) && isSpoken(operation))
}

/** Returns some scenarios, those first of which the fewest predicates fail, then those that come closest. */
function closest(rated: readonly Rated[], similarity: Similarity, count: number): readonly Rated[] {
  const closeness = new Map(
    rated.map((each) => {
      const similar = each.failing.reduce((sum, predicate) => sum + similarity(predicate), 0)
      return [each, (each.holding + similar) / Math.max(1, each.candidate.predicates.length)]
    }),
  )
  const closenessOf = (each: Rated) => closeness.get(each) ?? 0
  return rated
    .toSorted((a, b) => a.failing.length - b.failing.length || closenessOf(b) - closenessOf(a))
    .slice(0, count)
}

function differenceOf(predicate: Predicate, subject: Subject): string {
  return `${predicate.path}: expected ${expectation(predicate)}, but got ${actual(predicate, subject)}`
}

/** Formats an explanation in lines. */
export function missText({ nearest, paste }: MissExplanation): string {
  const lines = nearest.flatMap(({ name, differences }) => [
    `- '${name}'`,
    ...differences.map((text) => `  ${text}`),
  ])
  return [
    "No scenario matches this request.",
    ...(lines.length === 0
      ? ["There is no scenario for this operation."]
      : ["The nearest scenarios:", ...lines]),
    "A scenario that matches it:",
    paste,
  ].join("\n")
}

/** Returns a scenario in YAML that matches a request, with an answer to fill in. Its texts are written as in JSON. */
function scenarioFor(subject: Subject): string {
  const { operation, user, toolResults, scope } = subject
  const [result] = toolResults
  const isSpoken = operation === "createChatCompletion" || operation === "createResponse"
  return [
    "- match:",
    ...(isSpoken ? [] : [`    operation: ${operation}`]),
    `    user: ${matchText(user)}`,
    ...(result === undefined ? [] : [`    toolResult: ${matchText(result)}`]),
    ...(scope === "" ? [] : [`    scope: ${JSON.stringify(scope)}`]),
    "  answer:",
    ...(isSpoken ? ['    text: "…"'] : ["    error:", "      status: 500"]),
  ].join("\n")
}

function matchText(text: string): string {
  if (text.length <= longText) return JSON.stringify(text)
  return `{ contains: ${JSON.stringify(text.slice(0, longText))} }`
}

/**
 * Describes in one line, for a header, which scenario is nearest: of all when there are few, otherwise of `near`, the
 * candidates of the request.
 */
export function briefMiss(
  { all, near }: { readonly all: readonly Candidate[]; readonly near: readonly Candidate[] },
  subject: Subject,
  spend: Spend,
): string {
  const { nearest } = explainMiss(all.length <= maxBrief ? all : near, subject, spend)
  const [first] = nearest
  if (first === undefined) return "no scenario is near"
  return `nearest: ${first.name} (${first.differences[0] ?? ""})`
}

/** Describes equally specific scenarios that match the same request. */
export function tieText(candidates: readonly Candidate[]): string {
  const names = candidates.map(({ name }) => `'${name}'`).join(" and ")
  return `${names} match this request, and none is more specific. Give one of them a 'priority' or a narrower match.`
}
