import type { OperationId } from "@nexhina/schemas"
import { type Evidence, isProper, isRefusal } from "../evidence.ts"
import { answeredOf, isObject } from "../reading/answered.ts"
import type { ExecutedSample } from "./execute.ts"
import type { Step } from "./step.ts"

function saysNoEndpoint(exchange: Evidence): boolean {
  const answered = answeredOf(exchange)
  if (!answered) return false
  if (answered.status === 405 || answered.status === 501) return true
  if (answered.status !== 404) return false
  const error = answered.json.ok && isObject(answered.json.value) ? answered.json.value["error"] : undefined
  const code = isObject(error) ? error["code"] : undefined
  return code !== "model_not_found"
}

/** Whether a response says that there is no such endpoint, as against no such model. */
export function saysNotOffered(exchange: Evidence): boolean {
  return isProper(exchange) && saysNoEndpoint(exchange)
}

/** Why nothing can be asked of an operation. */
export type Obstacle = "the target does not offer" | "the key gives no access to"

function obstacleIn(exchange: Evidence): Obstacle | undefined {
  if (saysNoEndpoint(exchange)) return "the target does not offer"
  return isRefusal(exchange.response?.status ?? 0) ? "the key gives no access to" : undefined
}

/** How paths, methods and keys are refused can be seen anywhere; all else only where the endpoint is. */
const needsEndpoint = ({ fault, key }: Step) =>
  !key && fault?.kind !== "unknown-path" && fault?.kind !== "wrong-method"

/**
 * Operations of which all that was rightly asked met an obstacle, with the first of them. Where nothing was rightly
 * asked, what was wrongly asked says as much.
 */
export function obstacles(groups: readonly ExecutedSample[]): Map<OperationId, Obstacle> {
  const byRight = new Map<OperationId, Obstacle | undefined>()
  const byWrong = new Map<OperationId, Obstacle | undefined>()
  for (const { asked } of groups) {
    for (const { step, exchange } of asked) {
      if (!exchange.response || !needsEndpoint(step)) continue
      const met = step.fault ? byWrong : byRight
      const obstacle = obstacleIn(exchange)
      met.set(step.operation, obstacle && met.has(step.operation) ? met.get(step.operation) : obstacle)
    }
  }
  // What was rightly asked comes last, and wins.
  const met = new Map([...byWrong, ...byRight])
  return new Map([...met].filter((entry): entry is [OperationId, Obstacle] => entry[1] !== undefined))
}

/** Returns the operations whose endpoints a sample needs for its spoilt requests. */
export const spoiltOperations = ({ asked }: ExecutedSample): OperationId[] => [
  ...new Set(asked.flatMap(({ step }) => (step.fault && needsEndpoint(step) ? [step.operation] : []))),
]
