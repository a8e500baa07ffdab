import { counted } from "../reading/counted.ts"
import { flakyMusts, isIncomplete, type Report, type ReportFormat } from "./report.ts"
import { terminalReport } from "./terminal-text.ts"

/** Returns the message of a badge, and its colour: never greener than the outcome. */
function badgeOf(report: Report): { readonly message: string; readonly color: string } {
  const { summary, conformant, baseline } = report
  if (summary["harness-error"] > 0) return { message: "error in the kit", color: "lightgrey" }
  if (report.answered.length === 0) return { message: "incomplete", color: "lightgrey" }
  if (summary.fail > 0)
    return { message: `not conformant: ${counted(summary.fail, "broken rule")}`, color: "red" }
  if (isIncomplete(report)) return { message: "incomplete", color: "lightgrey" }
  if (report.outcome === "not-conformant")
    return { message: counted(baseline?.waived.length ?? 0, "known finding"), color: "orange" }
  if (conformant === true) return { message: "conformant", color: "brightgreen" }
  const flaky = flakyMusts(report)
  return flaky > 0
    ? { message: `partly checked, ${counted(flaky, "flaky MUST finding")}`, color: "orange" }
    : { message: "partly checked, no MUST findings", color: "yellow" }
}

/** For https://shields.io/badges/endpoint-badge. */
export const badgeReport: ReportFormat = {
  says: "JSON for a badge, in the form of a shields.io endpoint",
  write(given) {
    const report = terminalReport(given)
    const badge = {
      schemaVersion: 1,
      label: [report.profile, "conformance", report.requirements].filter(Boolean).join(" "),
      ...badgeOf(report),
    }
    return `${JSON.stringify(badge)}\n`
  },
}
