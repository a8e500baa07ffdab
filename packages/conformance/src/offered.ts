import type { OperationId } from "@nexhina/schemas"
import type { Exchange } from "@nexhina/transcript"
import { answeredOf, isObject } from "./answered.ts"
import type { Executed } from "./execute.ts"

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

/** Operations that the target does not offer: all that was rightly asked of them was answered so. */
export function notOffered(groups: readonly Executed[]): Set<OperationId> {
  const offered = new Map<OperationId, boolean>()
  for (const { asked } of groups) {
    for (const { exchange } of asked) {
      const operation = exchange.intent?.operation as OperationId | undefined
      if (!operation || !exchange.response || exchange.intent?.fault || exchange.intent?.key) continue
      offered.set(operation, (offered.get(operation) ?? false) || !saysNotOffered(exchange))
    }
  }
  return new Set([...offered].filter(([, is]) => !is).map(([operation]) => operation))
}
