import type { Report } from "./report.ts"

/** Returns the outcome of a run as one sentence, with the reason and the remedy when it is incomplete. */
export function outcomeText({ outcome, reason, conformant, profile, surfaces }: Report): string {
  const gap = reason === undefined ? "" : ` Incomplete: ${reason}.`
  switch (outcome) {
    case "not-conformant":
      return `Not conformant with the ${profile} profile.${gap}`
    case "incomplete":
      return `Incomplete: ${reason}.`
    default:
      return conformant === true
        ? `Conformant: every applicable MUST rule of the ${profile} profile was judged and none was broken, for ${surfaces.join(", ")}.`
        : "No MUST rule was broken, but not every applicable MUST rule was judged."
  }
}
