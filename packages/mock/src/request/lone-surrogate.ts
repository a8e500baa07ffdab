/**
 * Returns whether a JSON text has an escape (`\ud83d`) of half a character: no UTF-8 can carry it on, so that real
 * servers refuse it.
 */
export function hasLoneSurrogate(json: string): boolean {
  if (!/\\u[dD][89a-fA-F]/.test(json)) return false
  // Reads escape by escape, because a backslash may itself be escaped.
  for (const [, high, low] of json.matchAll(pairsAndEscapes)) {
    if (high !== undefined || low !== undefined) return true
  }
  return false
}

const pairsAndEscapes =
  /\\u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}|(\\u[dD][89abAB])|(\\u[dD][c-fC-F])|\\./gs
