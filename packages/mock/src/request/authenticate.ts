import { Refusal } from "../refusal.ts"

/** Which API keys are good: any that begins with `sk-`, none needed, or those listed. */
export type Keys = "any" | "none-needed" | readonly string[]

/**
 * Refuses an `Authorization` header without a good key: the scheme in any case, one space, a key that begins with
 * `sk-`. Source: page "Authentication".
 */
export function authenticate(authorization: string | undefined, keys: Keys): void {
  if (keys === "none-needed") return
  const key = /^bearer (sk-\S+)$/i.exec(authorization ?? "")?.[1]
  if (key === undefined || (keys !== "any" && !keys.includes(key))) throw new Refusal(401)
}
