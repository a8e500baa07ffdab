import type { OperationId } from "@nexhina/schemas"
import type { Exchange } from "@nexhina/transcript"
import { answeredOf, isObject } from "./answered.ts"
import type { Executed } from "./execute.ts"
import { isRefusal } from "./target.ts"

/** Whether a response says that there is no such endpoint, as against no such model. */
export function saysNotOffered(exchange: Exchange): boolean {
  const answered = answeredOf(exchange)
  if (!answered || exchange.intent?.fault || exchange.intent?.key) return false
  if (answered.status === 405 || answered.status === 501) return true
  if (answered.status !== 404) return false
  const error = answered.json.ok && isObject(answered.json.value) ? answered.json.value["error"] : undefined
  const code = isObject(error) ? error["code"] : undefined
  return code !== "model_not_found"
}

/** Why nothing can be asked of an operation. */
export type Obstacle = "the target does not offer" | "the key gives no access to"

function obstacleIn(exchange: Exchange): Obstacle | undefined {
  if (saysNotOffered(exchange)) return "the target does not offer"
  return isRefusal(exchange.response?.status ?? 0) ? "the key gives no access to" : undefined
}

/** Operations of which all that was rightly asked met an obstacle, with the first of them. */
export function obstacles(groups: readonly Executed[]): Map<OperationId, Obstacle> {
  const met = new Map<OperationId, Obstacle | undefined>()
  for (const { asked } of groups) {
    for (const { step, exchange } of asked) {
      if (!exchange.response || step.fault || step.key) continue
      const obstacle = obstacleIn(exchange)
      met.set(step.operation, obstacle && met.has(step.operation) ? met.get(step.operation) : obstacle)
    }
  }
  return new Map([...met].filter((entry): entry is [OperationId, Obstacle] => entry[1] !== undefined))
}
