import { Refusal } from "../refusal.ts"

/** The API keys that are accepted: every key that begins with `sk-`, no key required, or a list. */
export type Keys = "any" | "none-needed" | readonly string[]

/**
 * Refuses an `Authorization` header without an accepted key with 401. The format is `Bearer`, in any case, one space and
 * a key that begins with `sk-`. Source: page "Authentication".
 */
export function authenticate(authorization: string | undefined, keys: Keys): void {
  if (keys === "none-needed") return
  const key = /^bearer (sk-\S+)$/i.exec(authorization ?? "")?.[1]
  if (key === undefined || (keys !== "any" && !keys.includes(key))) throw new Refusal(401)
}
