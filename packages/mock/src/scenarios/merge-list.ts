import { Refusal } from "../refusal.ts"
import type { RequestedList } from "../reply-maker.ts"
import type { ScriptedReply } from "./effects.ts"
import { at } from "./schema-members.ts"

/** A list of a reply that the request decides the length of. */
export interface ListPlace extends RequestedList {
  /** Name of the member of the reply. */
  readonly name: string
}

/**
 * Returns a generated list with the elements that a scenario sets: each is merged with the generated one of the same
 * `index`, or of its position when it has none. Throws a `Refusal` when the request has no place for one of them.
 */
export function mergeList(
  generated: readonly object[],
  scripted: readonly unknown[],
  list: ListPlace,
  { scenario, merge }: Pick<ScriptedReply, "scenario"> & { merge(value: unknown, members: unknown): unknown },
): unknown[] {
  const { name, by, ranking, max = generated.length } = list
  const length = Math.min(max, generated.length)
  if (scripted.length > length) {
    throw misfit(
      by,
      `Scenario '${scenario}' sets ${scripted.length} elements of '${name}', but this request gets ${length} (see its '${by}')`,
    )
  }
  const left = [...generated]
  const chosen = scripted.map((element, position) => {
    const index = at(element, ["index"])
    if (typeof index !== "number") return undefined
    const found = left.findIndex((each) => at(each, ["index"]) === index)
    if (found >= 0) return left.splice(found, 1)[0]
    throw misfit(
      by,
      `Scenario '${scenario}' sets '${name}[${position}].index' to ${index}, but the indexes of this request are 0 to ${generated.length - 1} (see its '${by}')`,
    )
  })
  const set = scripted.map((element, position) => merge(chosen[position] ?? left.shift(), element))
  const whole = [...set, ...left].slice(0, length)
  return ranking === undefined ? inOrder(whole) : ranked(whole, scripted, ranking)
}

function misfit(param: string, fault: string): Refusal {
  const message = `${fault}. Narrow the match of the scenario, or change its 'reply'.`
  return new Refusal(400, { message, param, code: "scenario_reply" })
}

/** Sorts elements that have an `index` by it. */
function inOrder(elements: readonly unknown[]): unknown[] {
  return elements.toSorted((a, b) => Number(at(a, ["index"]) ?? 0) - Number(at(b, ["index"]) ?? 0))
}

/** Lowers generated scores that are above the one before them: the order is the scenario's. */
function ranked(elements: readonly unknown[], scripted: readonly unknown[], ranking: string): unknown[] {
  let before = Number.POSITIVE_INFINITY
  return elements.map((element, position) => {
    const isSet = at(scripted[position], [ranking]) !== undefined
    const score = Number(at(element, [ranking]))
    const shown = isSet ? score : Math.min(score, before)
    before = shown
    return shown === score ? element : { ...Object(element), [ranking]: shown }
  })
}
