import pc from "picocolors"
import { counted } from "../reading/counted.ts"
import { ascii, block, clipped, wrapped } from "./layout.ts"
import { outcomeText } from "./outcome-text.ts"
import {
  type BaselineResult,
  type Cause,
  type Finding,
  type Report,
  type ReportFormat,
  type RuleResult,
  type Verdict,
  verdictNames,
} from "./report.ts"
import { terminalReport } from "./terminal-text.ts"
import { verdictSigns } from "./verdict-signs.ts"

type Colors = ReturnType<typeof pc.createColors>

const colorByKind = { pass: "green", fail: "red", warn: "yellow", info: "cyan", skip: "dim" } as const

/** Returns the sign of a verdict and its color on a terminal. */
function markOf(verdict: Verdict) {
  const { sign, kind } = verdictSigns[verdict]
  return { mark: sign, color: colorByKind[kind] }
}

/** Returns the lines of a rule: its counts, and below them why it did not pass. */
function ruleLines(rule: RuleResult, width: number, colors: Colors): string {
  const { mark, color } = markOf(rule.verdict)
  const counts = `${rule.judged} judged${rule.cases > 0 ? `, ${rule.cases} generated` : ""}`
  const severity = rule.severity === "not-applicable" ? "" : rule.severity
  const line = colors[color](`  ${mark} ${rule.id.padEnd(width)} ${severity.padEnd(6)} `) + colors.dim(counts)
  if (rule.verdict === "pass") return line
  const reason = rule.reason ? `: ${rule.reason.split("\n")[0]}` : ""
  return `${line}\n${colors[color](wrapped(`${rule.verdict}${reason}`, "      "))}`
}

/** Returns the evidence of a finding and the commands that show it again. */
function evidenceLines(finding: Finding, colors: Colors): string[] {
  return [
    wrapped(finding.where, "  where     "),
    wrapped(finding.expected, "  expected  "),
    wrapped(finding.actual, "  actual    "),
    ...(finding.request.fault ? [wrapped(finding.request.fault, "  request   ")] : []),
    `  response  ${finding.evidence.status ?? "none"}, ${finding.evidence.end}`,
    ...(finding.evidence.excerpt ? [block(finding.evidence.excerpt.trimEnd(), "    | ")] : []),
    ...(finding.requestId ? [`  request id ${finding.requestId}`] : []),
    ...(finding.otherProfile ? [`  no finding under --profile ${finding.otherProfile}`] : []),
    // Commands are not indented and not broken: they must stay as they are when copied.
    finding.curl,
    finding.replay,
    ...finding.see.map((thread) => colors.dim(`  see ${thread}`)),
  ]
}

/** Returns a cause: its first finding in full, the others and the consequences by their ids. */
function causeBlock(cause: Cause, report: Report, colors: Colors): string {
  const { mark, color } = markOf(cause.verdict)
  const [finding, ...others] = report.findings.filter(({ id }) => cause.findings.includes(id))
  if (!finding) return ""
  // The baseline lists it below.
  if (cause.verdict === "waived") return colors[color](`${mark} ${finding.id} (waived)`)
  const also = others.map(({ id, times: seen }) => `    ${id} (${counted(seen, "time")})`)
  const consequences = cause.consequences.map((id) => `    ${id}`)
  return [
    colors[color](`${mark} ${finding.id}`),
    wrapped(finding.says, "  "),
    colors.dim(wrapped(finding.source, "  ")),
    wrapped(`${finding.means} (${counted(finding.times, "time")})`, "  "),
    ...evidenceLines(finding, colors),
    ...(also.length > 0 ? ["  the same fault", ...also] : []),
    ...(consequences.length > 0 ? ["  follows from it", ...consequences] : []),
  ].join("\n")
}

/** Returns the entries of the baseline, with what the run says about each. */
function baselineLines({ file, waived, stale, expired, unjudged }: BaselineResult, colors: Colors): string[] {
  const entry = (state: string, { id, reason, owner, expires }: BaselineResult["waived"][number]) => {
    const facts = [owner, expires && `until ${expires}`].filter(Boolean).join(", ")
    return [`  ${state} ${id}`, wrapped(`${reason}${facts && ` (${facts})`}`, "      ")].join("\n")
  }
  return [
    "",
    colors.bold(`baseline ${file}`),
    ...stale.map((each) => colors.red(entry("stale", each))),
    ...expired.map((each) => colors.red(entry("expired", each))),
    ...waived.map((each) => colors.dim(entry("waived", each))),
    ...unjudged.map((each) => entry("not judged", { ...each, reason: `${each.because}; ${each.reason}` })),
  ]
}

/** Maximum number of lines of the summary at the end. */
const summaryLines = 10

/** Returns the worst causes in at most `room` lines: their number, one line for each, and how many are left. */
function causeSummary({ causes, findings }: Report, room: number, colors: Colors): string[] {
  if (causes.length === 0) return []
  const maxNamed = Math.max(0, room - (causes.length > room - 1 ? 2 : 1))
  const named = causes.slice(0, maxNamed).map(({ verdict, id, operations, means }) => {
    const where = operations.length === 1 ? operations[0] : `${operations.length} operations`
    const { mark, color } = markOf(verdict)
    return colors[color](clipped(`${mark} ${id} on ${where}: ${means}`))
  })
  const rest = causes.length - named.length
  return [
    `${counted(causes.length, "cause")} of ${counted(findings.length, "finding")}:`,
    ...named,
    ...(rest > 0 ? [`  and ${rest} more, listed above`] : []),
  ]
}

function conclusion(report: Report, colors: Colors): string {
  const { conformant, reason, stopped } = report
  const color = conformant === true ? "green" : conformant === false ? "red" : "yellow"
  const sentence = colors[color](wrapped(outcomeText(report), ""))
  return stopped && stopped !== reason
    ? `${sentence}\n${colors.yellow(clipped(`Stopped early: ${stopped}.`))}`
    : sentence
}

/** For people: each cause with what is needed to see it again, then the rules by surface, then a short summary. */
export const consoleReport: ReportFormat = {
  says: "plain text for a terminal",
  write(given, { color, ascii: isAscii }) {
    const report = terminalReport(given)
    const colors = pc.createColors(color)
    const width = Math.max(0, ...report.rules.map((rule) => rule.id.length))
    const surfaces = [...new Set(report.rules.map((rule) => rule.surface))]
    const counts = verdictNames
      .filter((name) => report.summary[name] > 0)
      .map((name) => `${report.summary[name]} ${name}`)
    const cases = report.rules.reduce((sum, rule) => sum + rule.cases, 0)
    const [verdict, totals] = [
      conclusion(report, colors),
      [
        wrapped(`${counts.join(", ")} of ${counted(report.rules.length, "rule")}`, ""),
        `${counted(report.requests, "request")}, ${counted(cases, "generated case")}, ${(report.durationMs / 1000).toFixed(1)} s`,
      ].join("\n"),
    ]
    const room = summaryLines - `${verdict}\n${totals}`.split("\n").length
    const text = `${[
      colors.bold(report.target),
      ...(report.proxy === undefined ? [] : [`through the proxy ${report.proxy}`]),
      wrapped(
        [
          `profile ${report.profile}`,
          ...(report.requirements === undefined ? [] : [`requirements ${report.requirements}`]),
          ...(report.models["chat"] === undefined
            ? []
            : [`seed ${report.seed}`, `chat model ${report.models["chat"]}`]),
        ].join(", "),
        "",
      ),
      ...(report.recording?.notes ?? []).map((note) => colors.yellow(wrapped(note, ""))),
      ...report.learned.map((sentence) => colors.dim(wrapped(sentence, "learned  "))),
      ...report.causes.flatMap((cause) => ["", causeBlock(cause, report, colors)]),
      ...(report.baseline ? baselineLines(report.baseline, colors) : []),
      ...surfaces.flatMap((surface) => [
        "",
        colors.bold(surface),
        ...report.rules
          .filter((rule) => rule.surface === surface)
          .map((rule) => ruleLines(rule, width, colors)),
      ]),
      "",
      verdict,
      ...causeSummary(report, room, colors),
      totals,
    ].join("\n")}\n`
    return isAscii ? ascii(text) : text
  },
}
