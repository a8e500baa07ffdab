import { createHash } from "node:crypto"
import type { ParsedReply } from "../reading/answered.ts"
import type { Where } from "../rule.ts"

/** The id of an answer, to compare with those of the whole run. Does not hold the answer. */
export interface NamedAnswer {
  readonly id: unknown
  /** The hash of the request's body. */
  readonly request: string
  /** Where the id stands. */
  readonly at: Where
}

/** Returns the id of an answer with its place. */
export function namedAnswer(
  id: unknown,
  { answered, where }: { readonly answered: ParsedReply; where(pointer: string): Where },
): NamedAnswer {
  const request = createHash("sha256").update(answered.exchange.request.body).digest("base64")
  return { id, request, at: where("/id") }
}
