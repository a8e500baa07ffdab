import { endpoints, type OperationId } from "@nexhina/schemas"
import type { Header } from "@nexhina/wire"
import { budget } from "../json-schema/budget.ts"
import { Refusal } from "../refusal.ts"
import { validate } from "../request/validate.ts"
import { operationsOf } from "./body-operations.ts"
import { checkScenarios, ScenarioError } from "./check.ts"
import { explainMiss, missText, tieText } from "./explain.ts"
import { expectation } from "./predicates.ts"
import { readSubject } from "./read-subject.ts"
import type { Scenario } from "./scenario.ts"
import { type Candidate, isFor } from "./select.ts"
import type { Subject } from "./subject.ts"

/** A request to explain, as a client would send it. */
export interface ExplainedRequest {
  /**
   * Default: the operation whose required members the body has. Of several, the one that knows the model; then
   * `createResponse` for a body with `input`.
   */
  readonly operation?: OperationId
  /** The fields of a form may lack their file. */
  readonly body: object
  /** Default: none. */
  readonly headers?: readonly Header[]
}

/** Which scenario answers a request, and why. */
export interface ScenarioExplanation {
  readonly kind: "hit" | "tie" | "miss"
  /** Name of the scenario that answers; undefined when none does. */
  readonly scenario?: string
  /** The explanation, in lines. */
  readonly text: string
}

/**
 * Explains which scenario answers a request. `places` names those without an id. Rejects with a `ScenarioError` for
 * invalid scenarios and with a `Refusal` for an invalid request, or one that several operations may get. A `previous_response_id` is not followed.
 */
export async function explainRequest(
  scenarios: readonly Scenario[],
  { operation, body, headers = [] }: ExplainedRequest,
  places: readonly string[] = [],
): Promise<ScenarioExplanation> {
  const checked = checkScenarios(scenarios, (index) => places[index] ?? `scenarios[${index}]`)
  if ("problems" in checked) throw new ScenarioError(checked.problems)
  const { selector } = checked
  const asked = operation ?? operationOf(body)
  const subject = subjectOf(asked, body, headers)
  const selection = selector.select(subject, budget())
  const heading = `Operation: ${asked}\n`
  if (selection.kind === "tie") return { kind: "tie", text: heading + tieText(selection.candidates) }
  if (selection.kind === "miss") {
    const text = missText(explainMiss(selector.candidates, subject, budget()))
    return { kind: "miss", text: heading + text }
  }
  const { candidate } = selection
  const others = selector.candidates.filter((each) => each !== candidate && fits(each, subject))
  return { kind: "hit", scenario: candidate.name, text: heading + hitText(candidate, others) }
}

function operationOf(body: object): OperationId {
  const possible = operationsOf(body)
  // The mock names the member that is missing.
  if (possible.length === 0) return "messages" in body ? "createChatCompletion" : "createResponse"
  const [first] = possible.includes("createResponse") ? (["createResponse"] as const) : possible
  if (first !== undefined && (possible.length === 1 || first === "createResponse")) return first
  throw new Refusal(400, {
    message: `it may be a request of ${possible.join(" or ")}. Name the operation, such as '--operation ${possible[0]}'`,
  })
}

function subjectOf(operation: OperationId, body: object, headers: readonly Header[]): Subject {
  const contract = endpoints[operation]
  const request: unknown =
    "request" in contract && contract.request
      ? validate(withFile(body, contract.request), contract.request.schema, contract.checks)
      : undefined
  return readSubject(operation, request, headers)
}

/** Returns the fields of a form with a file, which JSON cannot contain and scenarios do not match. */
function withFile(body: object, { mediaType }: { readonly mediaType: string }): object {
  return mediaType === "multipart/form-data" ? { ...body, file: new File([], "file") } : body
}

function fits({ scenario, predicates }: Candidate, subject: Subject): boolean {
  const spend = budget()
  return isFor(scenario, subject) && predicates.every((predicate) => predicate.holds(subject, spend))
}

function hitText({ name, predicates }: Candidate, others: readonly Candidate[]): string {
  const met = predicates.map((predicate) => `  ${predicate.path}: ${expectation(predicate)}`)
  const less = others.slice(0, 10).map((other) => `  '${other.name}'`)
  return [
    `'${name}' answers this request.`,
    ...(met.length === 0 ? ["It matches every request."] : ["It matches:", ...met]),
    ...(less.length === 0 ? [] : ["Less specific scenarios that also match:", ...less]),
  ].join("\n")
}
