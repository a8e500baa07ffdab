/** Returns a JSON value with the replacement character instead of each half of a character: UTF-8 cannot encode it. */
export function withoutLoneSurrogates(value: unknown): unknown {
  if (typeof value === "string") return value.replace(/\p{Surrogate}/gu, "\ufffd")
  if (Array.isArray(value)) return value.map(withoutLoneSurrogates)
  if (typeof value !== "object" || value === null) return value
  const members = Object.entries(value).map((member) => member.map(withoutLoneSurrogates))
  return Object.fromEntries(members)
}

/** Returns whether a JSON text may contain half of a character, which only an escape can. */
export function mayHaveLoneSurrogates(json: string): boolean {
  return /\\u[dD][89a-fA-F]/.test(json)
}
