import type { ParsedReply } from "../reading/answered.ts"
import { shown } from "../reading/shown.ts"
import type { Fault, Where } from "../rule.ts"

/** An answer, and the id that it goes by. */
interface Named {
  readonly answered: ParsedReply
  readonly id: unknown
  where(pointer: string): Where
}

/** The answers of a run whose id an answer to a different request had before. */
export function repeatedIds(answers: readonly Named[]): (Fault<"repeated"> & { readonly of: number })[] {
  const first = new Map<string, Uint8Array>()
  return answers.flatMap(({ answered, id, where }, of) => {
    if (typeof id !== "string") return []
    const { body } = answered.exchange.request
    const earlier = first.get(id) ?? body
    first.set(id, earlier)
    if (Buffer.compare(earlier, body) === 0) return []
    const expected = "an id that no other request got"
    return [{ fault: "repeated", at: where("/id"), expected, actual: shown(id), of }]
  })
}
