import type { OperationId } from "@nexhina/schemas"
import type { Header } from "@nexhina/wire"
import type { Digest } from "../content/random.ts"
import { budget, SpentError } from "../json-schema/budget.ts"
import { Refusal } from "../refusal.ts"
import type { Responder } from "../replies/utterance/respond.ts"
import type { KnownAlterations } from "../response/alterations.ts"
import { refuse, speak } from "./answer.ts"
import { checkScenarios, ScenarioError } from "./check.ts"
import type { ScenarioEffects } from "./effects.ts"
import { briefMiss, explainMiss, missText, tieText } from "./explain.ts"
import { createFaultCounters, type FaultCount, type FaultCounters } from "./faults.ts"
import { type Scenario, spokenOperations } from "./scenario.ts"
import type { Candidate, Selector } from "./select.ts"
import { createSubject, type Subject } from "./subject.ts"
import { fillMembers } from "./template.ts"

/** The scenarios of a mock, while it runs. */
export interface ScenarioControl {
  /** The scenarios in use. */
  readonly list: readonly Scenario[]
  /** The counters of `fail`, for scopes in which something has failed. `reset()` of the mock clears them. */
  readonly faults: readonly FaultCount[]
  /** Clears the counters of a scope, so that scenarios with `fail` fail again. Default: those of every scope. */
  clearFaults(scope?: string): void
  /**
   * Replaces all scenarios, from the next request on, and clears the counters. `places` names those without an id, in the
   * same order. Throws a `ScenarioError` and keeps the scenarios in use when there is a problem.
   */
  replace(scenarios: readonly Scenario[], places?: readonly string[]): void
}

/** One request, as scenarios see it. */
interface ScenarioRequest {
  readonly headers: readonly Header[]
  readonly seed: Digest
  /** Called once, before the reply is made. */
  apply(effects: ScenarioEffects): void
}

/** The scenarios of a mock. */
export interface Scenarios extends ScenarioControl {
  readonly isEmpty: boolean
  /** Returns the responder of one request of chat or responses. It throws a `Refusal` for a scripted error. */
  responder(request: ScenarioRequest): Responder
  /** Applies the scenario of a request of another operation. Throws a `Refusal` for a scripted error. */
  intercept(operation: OperationId, body: unknown, request: ScenarioRequest): void
}

interface ScenarioOptions {
  /** Whether a request without a scenario is refused. */
  readonly strict: boolean
  readonly alterations: KnownAlterations
}

/** Creates the scenarios of a mock. Throws a `ScenarioError` when there is a problem. */
export function createScenarios(
  initial: readonly Scenario[],
  { strict, alterations }: ScenarioOptions,
): Scenarios {
  const faults = createFaultCounters()
  let list: readonly Scenario[] = []
  let selector: Selector | undefined
  let operations: ReadonlySet<OperationId> = new Set()
  const replace = (scenarios: readonly Scenario[], places: readonly string[] = []) => {
    const checked = checkScenarios(scenarios, (index) => places[index] ?? `scenarios[${index}]`, alterations)
    if ("problems" in checked) throw new ScenarioError(checked.problems)
    list = scenarios
    selector = checked.selector
    operations = new Set(scenarios.flatMap(({ match: { operation } }) => operation ?? []))
    faults.clear()
  }
  replace(initial)
  function decide(subject: Subject, request: ScenarioRequest): Candidate | undefined {
    if (selector === undefined) return undefined
    const candidate = chosen(selector, subject, strict, request)
    if (candidate) enact(candidate, subject, faults, request)
    return candidate
  }
  return {
    get list() {
      return list
    },
    get faults() {
      return faults.read()
    },
    get isEmpty() {
      return list.length === 0 && !strict
    },
    replace,
    clearFaults: faults.clear,
    responder(request) {
      let decided: { readonly subject: Subject; readonly candidate: Candidate | undefined } | undefined
      return (turn, generate) => {
        // The choices of one request share its scenario, and count once.
        if (decided === undefined) {
          const { operationId: operation, request: body, messages } = turn
          const subject = createSubject({ operation, request: body, headers: request.headers, messages })
          decided = { subject, candidate: decide(subject, request) }
        }
        const { subject, candidate } = decided
        const answer = candidate?.scenario.answer
        return answer && speak(answer, { subject, turn, generate, seed: request.seed })
      }
    },
    intercept(operation, body, request) {
      if (!operations.has(operation) || spokenOperations.has(operation)) return
      decide(createSubject({ operation, request: body, headers: request.headers }), request)
    },
  }
}

/** Returns the scenario of a request. A miss is reported, and refused when scenarios are strict. */
function chosen(
  selector: Selector,
  subject: Subject,
  strict: boolean,
  request: ScenarioRequest,
): Candidate | undefined {
  const spend = budget()
  try {
    const selection = selector.select(subject, spend)
    if (selection.kind === "hit") return selection.candidate
    if (selection.kind === "tie") {
      throw new Refusal(400, { message: tieText(selection.candidates), code: "scenario_tie" })
    }
    if (strict) {
      const message = missText(explainMiss(selector.candidates, subject, spend))
      throw new Refusal(400, { message, code: "scenario_miss" })
    }
    const miss = briefMiss({ all: selector.candidates, near: selection.near }, subject, spend)
    request.apply({ defects: [], variants: [], latencyMs: 0, miss })
    return undefined
  } catch (error) {
    if (!(error instanceof SpentError)) throw error
    const message =
      "The regular expressions of the scenarios take too long on this request. Use 'contains', or anchor them with '^'."
    throw new Refusal(400, { message, code: "above_limit_of_mock" })
  }
}

/** Applies the faults, the error and the effects of a scenario. */
function enact(
  { name, scenario }: Candidate,
  subject: Subject,
  faults: FaultCounters,
  request: ScenarioRequest,
): void {
  const { answer, fail } = scenario
  const fails = fail !== undefined && faults.take(subject.scope, name, fail.times)
  const status = fails ? fail.status : undefined
  const error = fails && status !== undefined ? { ...fail, status } : answer?.error
  const fault = (fails ? fail.fault : undefined) ?? answer?.fault
  request.apply({
    defects: [...idsOf(fails ? fail.defect : undefined), ...idsOf(answer?.defect)],
    variants: idsOf(answer?.variant),
    latencyMs: answer?.latency ?? 0,
    ...(fault !== undefined && { fault }),
    ...(answer?.reply && { reply: { scenario: name, members: fillMembers(answer.reply, subject) } }),
  })
  if (error) throw refuse(error, subject)
}

function idsOf(ids: string | readonly string[] | undefined): readonly string[] {
  return ids === undefined ? [] : [ids].flat()
}

/** Returns the scenarios with their type, for files of scenarios in TypeScript. */
export function defineScenarios(scenarios: readonly Scenario[]): readonly Scenario[] {
  return scenarios
}
