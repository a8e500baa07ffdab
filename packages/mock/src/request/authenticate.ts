import { Refusal } from "../refusal.ts"

/** The API keys that are accepted: every key except those that begin with `sk-invalid`, no key required, or a list. */
export type Keys = "any" | "none-needed" | readonly string[]

/**
 * Refuses an `Authorization` header without an accepted key with 401. The format is `Bearer`, in any case, spaces and
 * the key (RFC 6750 §2.1). Keys of every form are accepted, as clients send `test` or `ollama` to a local server.
 */
export function authenticate(authorization: string | undefined, keys: Keys): void {
  if (keys === "none-needed") return
  const key = /^bearer +(\S.*)$/i.exec(authorization ?? "")?.[1]
  if (key === undefined) throw new Refusal(401)
  if (keys === "any") {
    if (key.startsWith("sk-invalid")) throw new Refusal(401)
  } else if (!keys.includes(key)) {
    const message =
      "Incorrect API key provided. This mock was started with --api-key; send one of those keys."
    throw new Refusal(401, { message })
  }
}

/** Returns a key that is accepted. */
export function acceptedKey(keys: Keys = "any"): string {
  return (typeof keys === "string" ? undefined : keys[0]) ?? "sk-mock"
}
