import { shown } from "../reading/shown.ts"
import type { Fault } from "../rule.ts"
import type { NamedAnswer } from "../views/named-answer.ts"

/** The answers of a run whose id an answer to a different request had before. */
export function repeatedIds(
  answers: readonly NamedAnswer[],
): (Fault<"repeated"> & { readonly of: number })[] {
  const first = new Map<string, string>()
  return answers.flatMap(({ request, id, at }, of) => {
    if (typeof id !== "string") return []
    const earlier = first.get(id) ?? request
    first.set(id, earlier)
    if (earlier === request) return []
    const expected = "an id that no other request got"
    return [{ fault: "repeated", at, expected, actual: shown(id), of }]
  })
}
