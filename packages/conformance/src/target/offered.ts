import type { ModelKind, OperationId } from "@nexhina/schemas"
import { type Evidence, isProper, isRefusal } from "../evidence.ts"
import { answeredOf, isObject } from "../reading/answered.ts"
import type { ExecutedSample } from "./execute.ts"
import { operationsOfKinds } from "./models.ts"
import type { Step } from "./step.ts"

function saysNoEndpoint(exchange: Evidence): boolean {
  const answered = answeredOf(exchange)
  if (!answered) return false
  if (answered.status === 405 || answered.status === 501) return true
  if (answered.status !== 404) return false
  const error = answered.json.ok && isObject(answered.json.value) ? answered.json.value["error"] : undefined
  return !isObject(error) || !isAboutModel(error, answered.request)
}

/** Returns whether an error is about the model that was asked for: by its code, its `param` or its message. */
function isAboutModel(
  { code, param, message }: Readonly<Record<string, unknown>>,
  request: unknown,
): boolean {
  if (code === "model_not_found" || param === "model") return true
  const model = isObject(request) ? request["model"] : undefined
  if (typeof message !== "string" || typeof model !== "string" || model === "") return false
  // A short name can stand in other words.
  const name = model.replace(/[^\w]/g, (character) => `\\${character}`)
  return new RegExp(`(?<!\\w)${name}(?!\\w)`).test(message)
}

/** Whether a response says that there is no such endpoint, as against no such model. */
export function saysNotOffered(exchange: Evidence): boolean {
  return isProper(exchange) && saysNoEndpoint(exchange)
}

/** Why nothing can be asked of an operation. */
export type Obstacle = "the target does not offer" | "the key gives no access to" | "no model is known for"

function obstacleIn(exchange: Evidence): Obstacle | undefined {
  if (saysNoEndpoint(exchange)) return "the target does not offer"
  return isRefusal(exchange.response?.status ?? 0) ? "the key gives no access to" : undefined
}

/** How paths, methods and keys are refused can be seen anywhere; all else only where the endpoint is. */
const needsEndpoint = ({ fault, key }: Step) =>
  !key && fault?.kind !== "unknown-path" && fault?.kind !== "wrong-method"

/** Counts, sample by sample, of which operations nothing can be asked. */
interface ObstacleCount {
  add(executed: Pick<ExecutedSample, "asked">): void
  /**
   * Returns the operations of which all that was rightly asked met an obstacle, with the first of them. Where nothing
   * was rightly asked, what was wrongly asked says as much. The refusal of a model that the user did not
   * name does not count.
   */
  result(unproven: ReadonlySet<ModelKind>): Map<OperationId, Obstacle>
}

export function createObstacleCount(): ObstacleCount {
  const byRight = new Map<OperationId, Obstacle | undefined>()
  const byWrong = new Map<OperationId, Obstacle | undefined>()
  return {
    add({ asked }) {
      for (const { step, exchange } of asked) {
        if (!step || !exchange.response || !needsEndpoint(step)) continue
        const met = step.fault ? byWrong : byRight
        const obstacle = obstacleIn(exchange)
        met.set(step.operation, obstacle && met.has(step.operation) ? met.get(step.operation) : obstacle)
      }
    },
    result(unproven) {
      const byModel = operationsOfKinds(unproven).map(
        (operation) => [operation, "no model is known for"] as const,
      )
      // What was rightly asked comes last, and wins.
      const met = new Map<OperationId, Obstacle | undefined>([...byWrong, ...byRight, ...byModel])
      return new Map([...met].filter((entry): entry is [OperationId, Obstacle] => entry[1] !== undefined))
    },
  }
}

/** Returns the operations of some samples of which nothing can be asked (see `ObstacleCount`). */
export function obstacles(
  groups: readonly ExecutedSample[],
  unproven: ReadonlySet<ModelKind> = new Set(),
): Map<OperationId, Obstacle> {
  const count = createObstacleCount()
  for (const group of groups) count.add(group)
  return count.result(unproven)
}

/** Returns the operations whose endpoints a sample needs for its spoilt requests. */
export const spoiltOperations = ({ asked }: ExecutedSample): OperationId[] => [
  ...new Set(asked.flatMap(({ step }) => (step?.fault && needsEndpoint(step) ? [step.operation] : []))),
]
