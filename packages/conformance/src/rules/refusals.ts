import type { ParsedReply } from "../reading/answered.ts"
import { namesMember } from "../reading/named.ts"
import { shown } from "../reading/shown.ts"
import type { Fault, Undecided } from "../rule.ts"
import { saysLimitTooSmall } from "../target/adaptation.ts"
import { errorOf } from "../views/errors.ts"
import { isSuccess } from "../views/http.ts"

/** A server's word that it does not take a request as it is. */
export interface Refusal {
  readonly param: string
  readonly message: string
  /** In short, for `actual`. */
  readonly says: string
}

interface View {
  readonly answered: ParsedReply
}

const textOr = (value: unknown, otherwise: string) => (typeof value === "string" ? value : otherwise)

export function refusalOf({ answered }: View): Refusal | undefined {
  if (answered.status !== 400 && answered.status !== 422) return undefined
  const { param, message } = errorOf(answered) ?? {}
  return {
    param: textOr(param, ""),
    message: textOr(message, ""),
    says: `${answered.status} ${shown(message ?? answered.text)}`,
  }
}

/**
 * Whether an error has OpenAI's words for a limit that a reasoning model used up before its reply began: the request
 * was taken.
 */
export const isOutOfTokens = ({ message }: { readonly message?: unknown }): boolean =>
  saysLimitTooSmall(message)

export const outOfTokens: Undecided = {
  undecided: "the limit was used up before the reply began: --max-output-tokens sets a higher one",
}

/** Judges whether what a request shows was taken: undecided where it was refused for one of the `others`. */
export function takenOrRefused<Name extends string>(
  view: View,
  fault: Name,
  what: string,
  others: readonly string[],
): readonly Fault<Name>[] | Undecided {
  if (isSuccess(view.answered)) return []
  const refusal = refusalOf(view)
  if (!refusal) return { undecided: `the target answered ${view.answered.status}` }
  if (isOutOfTokens(refusal)) return outOfTokens
  const other = refusal.param === "model" ? "model" : others.find((name) => namesMember(refusal, name))
  if (other) return { undecided: `the target refuses ${other}` }
  return [{ fault, at: { part: "status" }, expected: `${what}: taken`, actual: refusal.says }]
}

/** The member of the request in which `param` lies. */
const rootOf = ({ param }: Refusal) => param.split(/[.[]/, 1)[0] ?? ""

/** A refusal that names none of the optional members that were sent, and no member that every request has. */
export function unnamedIn(
  view: View,
  sent: readonly string[],
  bareMembers: readonly string[],
): readonly Fault<"unnamed">[] | Undecided {
  const refusal = refusalOf(view)
  if (refusal && isOutOfTokens(refusal)) return outOfTokens
  if (!refusal || sent.some((name) => namesMember(refusal, name))) return []
  if (bareMembers.includes(rootOf(refusal))) return []
  const expected = `${sent.join(", ")} accepted, or named in the error`
  return [{ fault: "unnamed", at: { part: "status" }, expected, actual: refusal.says }]
}
