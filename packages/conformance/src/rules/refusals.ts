import type { ParsedReply } from "../reading/answered.ts"
import { namesMember } from "../reading/named.ts"
import { shown } from "../reading/shown.ts"
import type { Fault } from "../rule.ts"
import { saysLimitTooSmall } from "../target/adaptation.ts"
import { errorOf } from "../views/errors.ts"

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
  // The request was taken, and its limit left the model no room for an answer.
  if (saysLimitTooSmall(message)) return undefined
  return {
    param: textOr(param, ""),
    message: textOr(message, ""),
    says: `${answered.status} ${shown(message ?? answered.text)}`,
  }
}

/** The member of the request in which `param` lies. */
const rootOf = ({ param }: Refusal) => param.split(/[.[]/, 1)[0] ?? ""

/** A refusal that names none of the optional members that were sent, and no member that every request has. */
export function unnamedIn(
  view: View,
  sent: readonly string[],
  bareMembers: readonly string[],
): readonly Fault<"unnamed">[] {
  const refusal = refusalOf(view)
  if (!refusal || sent.some((name) => namesMember(refusal, name))) return []
  if (bareMembers.includes(rootOf(refusal))) return []
  const expected = `${sent.join(", ")} taken, or named`
  return [{ fault: "unnamed", at: { part: "status" }, expected, actual: refusal.says }]
}
