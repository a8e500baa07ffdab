const maxLength = 80

/** A value of JSON as it may stand in a finding: on one line, cut after 80 characters. */
export function shown(value: unknown): string {
  if (value === undefined) return "nothing"
  // JSON has no way to write what `1e999` is read as.
  const text = typeof value === "number" ? String(value) : JSON.stringify(value)
  return text.length > maxLength ? `${text.slice(0, maxLength)}…` : text
}
