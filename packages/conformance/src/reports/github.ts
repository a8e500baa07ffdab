import { counted } from "../reading/counted.ts"
import { outcomeText } from "./outcome-text.ts"
import { type Cause, failsRun, isIncomplete, type Report, type ReportFormat } from "./report.ts"
import { terminalReport } from "./terminal-text.ts"

interface Annotation {
  readonly level: "error" | "warning" | "notice"
  readonly properties: Readonly<Record<string, string | number | undefined>>
  readonly message: string
}

/** Escapes the message of a workflow command, as `@actions/core` does. */
const messageText = (text: string) =>
  text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A")

/** Escapes a property of a workflow command, as `@actions/core` does. */
const propertyText = (text: string) => messageText(text).replaceAll(":", "%3A").replaceAll(",", "%2C")

function commandOf({ level, properties, message }: Annotation): string {
  const given = Object.entries(properties).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${propertyText(String(value))}`],
  )
  return `::${level} ${given.join(",")}::${messageText(message)}`
}

/** Returns the annotation of a cause, or none where it is only information or waived. */
function causeAnnotation(cause: Cause, report: Report): Annotation[] {
  const finding = report.findings.find(({ id }) => cause.findings.includes(id))
  if (!finding || cause.verdict === "waived" || cause.verdict === "info") return []
  const others = cause.findings.length + cause.consequences.length - 1
  const message = [
    `${finding.id}: ${finding.says}`,
    `${cause.means}, on ${cause.operations.join(", ")}`,
    `${finding.where}: expected ${finding.expected}, got ${finding.actual}`,
    ...(others > 0 ? [`${counted(others, "more finding")} ${others === 1 ? "has" : "have"} this cause`] : []),
    finding.replay,
  ].join("\n")
  const level = failsRun(cause.verdict, report) ? "error" : "warning"
  return [{ level, properties: { title: `${cause.severity} ${cause.id}` }, message }]
}

/** Returns the annotations of the entries that fail the run, each at its line of the file. */
function baselineAnnotations({ baseline }: Report): Annotation[] {
  if (!baseline) return []
  const { file, stale, expired } = baseline
  const of = (title: string, message: string, entries: typeof stale) =>
    entries.map(
      ({ id, line }): Annotation => ({
        level: "error",
        properties: { file, line, title },
        message: `${id}: ${message}`,
      }),
    )
  return [
    ...of("stale entry", "the finding is gone; remove the entry", stale),
    ...of("expired entry", "its last day is over; fix the finding, or set a later day", expired),
  ]
}

/** GitHub shows at most ten annotations of each level for a step. */
const maxOfLevel = 10

/** Returns the annotations that GitHub shows; the last of a level says how many are left out. */
function shown(annotations: readonly Annotation[]): Annotation[] {
  return (["error", "warning", "notice"] as const).flatMap((level) => {
    const own = annotations.filter((annotation) => annotation.level === level)
    if (own.length <= maxOfLevel) return own
    const rest = own.length - maxOfLevel + 1
    const properties = { title: "more annotations" }
    return [
      ...own.slice(0, maxOfLevel - 1),
      { level, properties, message: `${rest} more are in the other reports.` },
    ]
  })
}

/** For a step of GitHub Actions: commands that create annotations. */
export const githubReport: ReportFormat = {
  says: "annotations for a step of GitHub Actions",
  write(given) {
    const report = terminalReport(given)
    const outcome: Annotation = {
      level: isIncomplete(report) ? "error" : "notice",
      properties: { title: "conformance" },
      message: `${report.target}: ${outcomeText(report)}`,
    }
    // The reason of a run without findings comes first: only the first ten are shown.
    const annotations = [
      outcome,
      ...baselineAnnotations(report),
      ...report.causes.flatMap((cause) => causeAnnotation(cause, report)),
    ]
    return `${shown(annotations).map(commandOf).join("\n")}\n`
  },
}
