import type { Finding } from "./report.ts"

/** Returns a finding as text: what was expected, the response as far as it shows the fault, and the commands. */
export function findingText(finding: Finding): string {
  const { id, says, where, expected, actual, evidence, waiver, curl, replay } = finding
  return [
    id,
    says,
    `${where}: expected ${expected}, got ${actual}`,
    ...(waiver ? [`waived: ${waiver.reason}`] : []),
    `response ${evidence.status ?? "none"}, ${evidence.end}`,
    ...(evidence.excerpt ? [evidence.excerpt.trimEnd()] : []),
    curl,
    replay,
  ].join("\n")
}
