import { shown } from "../reading/shown.ts"
import type { Fault } from "../rule.ts"
import type { NamedAnswer } from "../views/named-answer.ts"

type Repeated = Fault<"repeated">

const repeated = ({ id, at }: NamedAnswer): Repeated => ({
  fault: "repeated",
  at,
  expected: "an id that no other request got",
  actual: shown(id),
})

/** The answers of a run whose id an answer to a different request had before. */
export function repeatedIds(answers: readonly NamedAnswer[]): (Repeated & { readonly of: number })[] {
  const first = new Map<string, string>()
  return answers.flatMap((answer, of) => {
    const { request, id } = answer
    if (typeof id !== "string") return []
    const earlier = first.get(id) ?? request
    first.set(id, earlier)
    return earlier === request ? [] : [{ ...repeated(answer), of }]
  })
}

/** The same of answers that are too many to be kept. */
export const idPairs = {
  of: ({ request, id }: NamedAnswer): { key: string; value: string } | undefined =>
    typeof id === "string" ? { key: id, value: request } : undefined,
  fault: repeated,
}
