import type { OperationId } from "@nexhina/schemas"
import { headerOf } from "@nexhina/wire"
import { checkScenarios } from "../scenarios/check.ts"
import { readSubject } from "../scenarios/read-subject.ts"
import { exactly, type Scenario, spokenOperations } from "../scenarios/scenario.ts"
import { pathText } from "../scenarios/schema-members.ts"
import type { Subject } from "../scenarios/subject.ts"
import type { Recording } from "./library.ts"
import { answerOf, type RecordedAnswer } from "./recorded-answer.ts"
import { recordedTurn } from "./recorded-turn.ts"
import { hasSecretMark } from "./volatile.ts"

/** A scenario that was made from a recording. */
export interface DerivedScenario {
  readonly scenario: Scenario
  /** What the recorded reply has and the scenario's answer does not. Empty when it has everything. */
  readonly notes: readonly string[]
}

/** The scenarios of recordings. */
export interface DerivedScenarios {
  readonly scenarios: readonly DerivedScenario[]
  /** The recordings that no scenario expresses, and why: one line each. */
  readonly warnings: readonly string[]
}

type Match = Scenario["match"]
type Answer = NonNullable<Scenario["answer"]>

interface Draft {
  readonly place: string
  readonly base: Match
  /** Further conditions, for recordings that the others do not tell apart. */
  readonly extra: Match
  readonly answer: Answer
  readonly notes: readonly string[]
}

/**
 * Makes scenarios from recordings: each answers the requests with the operation, the model and the last user text of
 * its recording, and with more of the conversation where that is needed to tell recordings apart. Of several replies to
 * the same request, the first is kept, and errors before it are failures before the answer.
 */
export function scenariosFrom(recordings: readonly Recording[]): DerivedScenarios {
  const warnings: string[] = []
  const drafts: Draft[] = []
  recordings.forEach((recording, index) => {
    const place = `exchange "${recording.exchange.id || index + 1}" of "${recording.name}"`
    const draft = draftOf(recording, place)
    if (typeof draft === "string") warnings.push(`${place}: ${draft}`)
    else drafts.push(draft)
    if (typeof draft !== "string" && hasSecretMark(JSON.stringify([draft.base, draft.extra]))) {
      warnings.push(
        `${place}: its text has asterisks instead of a key, and matches nothing else: edit the match`,
      )
    }
  })
  const groups = new Map<string, Draft[]>()
  for (const draft of drafts) {
    const key = JSON.stringify(draft.base)
    groups.set(key, [...(groups.get(key) ?? []), draft])
  }
  const scenarios = [...groups.values()].flatMap((group) => {
    const isAmbiguous = new Set(group.map(({ extra }) => JSON.stringify(extra))).size > 1
    return distinct(group, isAmbiguous, warnings)
  })
  return { scenarios, warnings }
}

function distinct(group: readonly Draft[], isAmbiguous: boolean, warnings: string[]): DerivedScenario[] {
  const sameRequest = new Map<string, Draft[]>()
  for (const draft of group) {
    const key = isAmbiguous ? JSON.stringify(draft.extra) : ""
    sameRequest.set(key, [...(sameRequest.get(key) ?? []), draft])
  }
  return [...sameRequest.values()].map((drafts) => scenarioOf(drafts, isAmbiguous, warnings))
}

/**
 * Returns the scenario of recordings of the same request, in their order: the first reply, after the errors before it if a
 * later one succeeded.
 */
function scenarioOf(drafts: readonly Draft[], isAmbiguous: boolean, warnings: string[]): DerivedScenario {
  const success = drafts.findIndex(({ answer }) => answer.error === undefined)
  // The first of drafts that are not empty.
  const first = drafts[0] as Draft
  const kept = drafts[success] ?? first
  drafts.forEach((draft, index) => {
    const expected = index < success ? first : kept
    if (JSON.stringify(draft.answer) === JSON.stringify(expected.answer)) return
    warnings.push(`${draft.place}: the same request as ${expected.place}, whose reply is kept`)
  })
  const { base, extra, answer, notes } = kept
  const error = success > 0 ? first.answer.error : undefined
  const match = isAmbiguous ? { ...base, ...extra } : base
  return { scenario: { match, ...(error && { fail: { times: success, ...error } }), answer }, notes }
}

/** Returns the parts of a scenario, or the reason why the recording does not give one. */
function draftOf({ exchange }: Recording, place: string): Draft | string {
  const turn = recordedTurn(exchange)
  if (!turn) return "its operation is unknown, or its reply is a file or cannot be read"
  const { operationId, request, status, complete } = turn
  if (!complete) return "its reply was cut"
  if (typeof request !== "object" || request === null) return `${operationId} has no body to match on`
  const subject = subjectOf(operationId, request)
  if (!subject) return "its request is a form, or not valid"
  const answered = answerOf(turn, (name) => headerOf(exchange.response?.headers ?? [], name))
  if (typeof answered === "string") return `${answered} (status ${status})`
  const usable = withoutFaults(subject.operation, answered)
  return typeof usable === "string"
    ? `${usable} (status ${status})`
    : { place, ...matchOf(subject, request), ...usable }
}

/** Returns an answer without the token counts that no scenario may set, or why no scenario can give the answer. */
function withoutFaults(operation: OperationId, { answer, notes }: RecordedAnswer): RecordedAnswer | string {
  const checked = checkScenarios([{ match: { operation }, answer }], String)
  if (!("problems" in checked)) return { answer, notes }
  const [others, counts] = [
    checked.problems.filter(({ path }) => path[2] !== "usage"),
    checked.problems.filter(({ path }) => path[2] === "usage"),
  ]
  const [first] = others
  if (first) return `its reply has a fault: ${pathText(first.path.slice(3)).slice(1)}: ${first.message}`
  const wrong = new Set(counts.map(({ path }) => path[3]))
  const usage = Object.fromEntries(Object.entries(answer.usage ?? {}).filter(([name]) => !wrong.has(name)))
  const lost = counts.map(({ path, message }) => `usage.${path[3]}: ${message}`)
  return { answer: { ...answer, usage }, notes: [...notes, ...lost] }
}

function subjectOf(operation: OperationId, request: unknown): Subject | undefined {
  try {
    return readSubject(operation, request, [])
  } catch (error) {
    if (!(error instanceof Error && error.name === "ZodError")) throw error
    return undefined
  }
}

function matchOf(subject: Subject, request: object): Pick<Draft, "base" | "extra"> {
  const { operation, model, user, step, turns, system, toolResults } = subject
  const base: Match = {
    operation,
    ...(model !== "" && { model: exactly(model) }),
    ...(user !== "" && { user: exactly(user) }),
  }
  if (!spokenOperations.has(operation)) return { base, extra: {} }
  const toolResult = toolResults[0] === undefined ? false : exactly(toolResults[0])
  // The earlier conversation is that of another response, and its turns are not in this request.
  if ("previous_response_id" in request) return { base: { ...base, toolResult }, extra: {} }
  return { base: { ...base, step }, extra: { turns, system: exactly(system), toolResult } }
}
