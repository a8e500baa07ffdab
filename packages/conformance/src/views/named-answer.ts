import { hash } from "node:crypto"
import type { ParsedReply } from "../reading/answered.ts"
import { briefText } from "../reading/brief.ts"
import type { Where } from "../rule.ts"

/** The id of an answer, to compare with those of the whole run. Does not hold the answer. */
export interface NamedAnswer {
  /** `undefined` if it is not a string. */
  readonly id: string | undefined
  /** The hash of the request's value. */
  readonly request: string
  /** Where the id stands. */
  readonly at: Where
}

/** Returns the id of an answer with its place. */
export function namedAnswer(
  id: unknown,
  { answered, where }: { readonly answered: ParsedReply; where(pointer: string): Where },
): NamedAnswer {
  // Of its value, not its bytes: a gateway may write a body anew before a server derives an id from it.
  const value = JSON.stringify(answered.request) ?? answered.exchange.request.body
  const request = hash("sha256", value, "base64")
  return { id: typeof id === "string" ? briefText(id) : undefined, request, at: where("/id") }
}
