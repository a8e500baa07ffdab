import { counted } from "../reading/counted.ts"
import { codeBlock, htmlText, inlineCode, markdownTable, prose } from "./markdown-text.ts"
import { outcomeText } from "./outcome-text.ts"
import {
  type BaselineResult,
  type Cause,
  failsRun,
  type Report,
  type ReportFormat,
  verdictNames,
} from "./report.ts"
import { terminalReport } from "./terminal-text.ts"

/** The first line, by which a comment of an earlier run is found and replaced. */
const marker = "<!-- nexhina-conformance -->"

/** Maximum number of characters: GitHub refuses a comment of more than 65,536. */
const maxCharacters = 60_000

/** Maximum number of characters of a command or an excerpt. */
const maxBlock = 2000

/** Returns text as a block of code, or says how long it is. */
const limitedBlock = (text: string, language = "") =>
  text.length <= maxBlock
    ? codeBlock(text, language)
    : `${text.length.toLocaleString("en")} characters, too long for this summary; see the JSON report.`

const operationsOf = ({ operations }: Cause) => operations.map(inlineCode).join(", ")

/** Returns a cause with its first finding, folded. */
function causeDetails(cause: Cause, report: Report): string {
  const [finding, ...others] = report.findings.filter(({ id }) => cause.findings.includes(id))
  if (!finding) return ""
  const { evidence, request } = finding
  const times = [finding, ...others].reduce((sum, each) => sum + each.times, 0)
  const related = [...others.map(({ id }) => id), ...cause.consequences]
  return [
    "<details>",
    `<summary><b>${cause.severity}</b> <code>${htmlText(cause.id)}</code></summary>`,
    "",
    `${prose(finding.says)} (${prose(finding.source)})`,
    "",
    `${prose(cause.means)}, seen ${times === 1 ? "once" : `${times} times`} on ${operationsOf(cause)}.`,
    "",
    markdownTable(
      ["", ""],
      [
        ["finding", inlineCode(finding.id)],
        ["where", inlineCode(finding.where)],
        ["expected", inlineCode(finding.expected)],
        ["actual", inlineCode(finding.actual)],
        ...(request.fault ? [["request", inlineCode(request.fault)]] : []),
        ["response", inlineCode(`${evidence.status ?? "none"}, ${evidence.end}`)],
        ...(finding.requestId ? [["request id", inlineCode(finding.requestId)]] : []),
      ],
    ),
    ...(evidence.excerpt ? ["", limitedBlock(evidence.excerpt)] : []),
    "",
    "Show it again:",
    "",
    limitedBlock(`${finding.curl}\n${finding.replay}`, "sh"),
    ...(finding.see.length > 0 ? ["", `See ${finding.see.join(", ")}`] : []),
    ...(related.length > 0 ? ["", `The same cause: ${related.map(inlineCode).join(", ")}`] : []),
    "",
    "</details>",
  ].join("\n")
}

/** Returns the entries of the baseline as a section, if there are any. */
function baselineText({ file, waived, stale, expired, unjudged }: BaselineResult): string[] {
  const row = (state: string, { id, reason, owner, expires }: BaselineResult["waived"][number]) => [
    state,
    inlineCode(id),
    inlineCode(reason),
    owner === undefined ? "" : inlineCode(owner),
    expires ?? "",
  ]
  const rows = [
    ...stale.map((entry) => row("**stale: remove it**", entry)),
    ...expired.map((entry) => row("**expired**", entry)),
    ...waived.map((entry) => row("waived", entry)),
    ...unjudged.map(({ because, ...entry }) => row("not judged", { ...entry, reason: because })),
  ]
  if (rows.length === 0) return []
  const columns = ["entry", "finding", "reason", "owner", "last day"]
  return [[`### Baseline ${inlineCode(file)}`, "", markdownTable(columns, rows)].join("\n")]
}

function heading(report: Report): string[] {
  const counts = verdictNames
    .filter((name) => report.summary[name] > 0)
    .map((name) => `${report.summary[name]} ${name}`)
  return [
    `## Conformance of ${inlineCode(report.target)}`,
    "",
    `**${prose(outcomeText({ ...report, reason: report.reason && "see below" }))}**`,
    ...(report.reason === undefined ? [] : ["", `Incomplete: ${inlineCode(report.reason)}`]),
    ...(report.stopped === undefined || report.stopped === report.reason
      ? []
      : ["", `Stopped early: ${inlineCode(report.stopped)}`]),
    "",
    `Profile ${report.profile}, ${report.requirements === undefined ? "" : `requirements ${report.requirements}, `}seed ${report.seed}, ${counted(report.requests, "request")} in ${(report.durationMs / 1000).toFixed(1)} s. ${counted(report.rules.length, "rule")}: ${counts.join(", ")}.`,
  ]
}

/** Returns the causes as a table, the worst first. */
function causeTable(causes: readonly Cause[], report: Report): string[] {
  if (causes.length === 0) return []
  return [
    "",
    markdownTable(
      ["", "cause", "what is wrong", "operations"],
      causes.map((cause) => [
        failsRun(cause.verdict, report) ? "**fails**" : cause.verdict,
        inlineCode(cause.id),
        prose(cause.means),
        operationsOf(cause),
      ]),
    ),
  ]
}

/** Joins sections as long as they fit; the last line says how many do not. */
function limited(sections: readonly string[], noun: string): string {
  let length = 0
  const fitting = sections.filter((section) => {
    length += section.length + 2
    return length <= maxCharacters
  })
  const rest = sections.length - fitting.length
  return [
    ...fitting,
    ...(rest > 0
      ? [`${counted(rest, noun)} ${rest === 1 ? "does" : "do"} not fit here; see the JSON report.`]
      : []),
  ].join("\n\n")
}

/** Maximum number of causes in the table. */
const maxRows = 50

/** For the summary of a CI job and for a comment on a pull request: the outcome, then the causes. */
export const markdownReport: ReportFormat = {
  says: "Markdown for a CI summary or a comment on a pull request",
  write(given) {
    const report = terminalReport(given)
    const causes = report.causes.filter(({ verdict }) => verdict !== "waived")
    const rows = causes.slice(0, maxRows)
    const top = [marker, "", ...heading(report), ...causeTable(rows, report)].join("\n")
    const more = causes.length - rows.length
    return `${limited(
      [
        top,
        ...(more > 0
          ? [`${counted(more, "more cause")} ${more === 1 ? "is" : "are"} in the JSON report.`]
          : []),
        ...(report.baseline ? baselineText(report.baseline) : []),
        ...rows.map((cause) => causeDetails(cause, report)),
      ],
      "section",
    )}\n`
  },
}
