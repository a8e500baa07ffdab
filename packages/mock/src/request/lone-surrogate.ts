/**
 * Returns a JSON text with the replacement character in place of each escape of half a character (`\ud83d`): no UTF-8
 * can carry it on.
 */
export function withoutLoneSurrogates(json: string): string {
  if (!/\\u[dD][89a-fA-F]/.test(json)) return json
  return json.replace(pairsAndEscapes, (match: string, lone: string | undefined) =>
    lone === undefined ? match : "\\ufffd",
  )
}

/** Escapes, read one by one because a backslash may itself be escaped; the group is half of a pair. */
const pairsAndEscapes =
  /\\u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}|(\\u[dD][89a-fA-F][\da-fA-F]{2})|\\./gs
