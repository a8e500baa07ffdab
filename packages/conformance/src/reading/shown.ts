const maxLength = 80

/** Writes a value as JSON, without what lies beyond the length that is shown: a value can be very large. */
function jsonOf(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.slice(0, maxLength))
  let left = maxLength
  return JSON.stringify(value, (_, member: unknown) => {
    left--
    if (left < 0) return undefined
    if (typeof member === "string") return member.slice(0, maxLength)
    return Array.isArray(member) ? member.slice(0, maxLength) : member
  })
}

/** A value of JSON as it may stand in a finding: on one line, cut after 80 characters. */
export function shown(value: unknown): string {
  if (value === undefined) return "nothing"
  // JSON has no way to write what `1e999` is read as.
  const text = typeof value === "number" ? String(value) : jsonOf(value)
  return text.length > maxLength ? `${text.slice(0, maxLength)}…` : text
}

/** Number of characters that two texts have in common and that are shown before the first difference. */
const keptBefore = 20

/**
 * Returns two texts that differ as they may stand in a finding, so that the difference is visible: of long ones, from a
 * little before it.
 */
export function shownApart(expected: string, actual: string): { expected: string; actual: string } {
  let at = 0
  while (at < expected.length && expected[at] === actual[at]) at++
  if (at < maxLength / 2) return { expected: shown(expected), actual: shown(actual) }
  const from = (text: string) => `… ${shown(text.slice(at - keptBefore))}`
  return { expected: from(expected), actual: from(actual) }
}
