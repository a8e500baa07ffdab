import pc from "picocolors"
import {
  type Finding,
  type Report,
  type ReportFormat,
  type RuleResult,
  type Verdict,
  verdictNames,
} from "./report.ts"
import { terminalReport } from "./terminal-text.ts"

type Colors = ReturnType<typeof pc.createColors>

const marks: Record<
  Verdict,
  { readonly mark: string; readonly color: "green" | "red" | "yellow" | "cyan" | "dim" }
> = {
  pass: { mark: "✔", color: "green" },
  fail: { mark: "✘", color: "red" },
  warn: { mark: "!", color: "yellow" },
  info: { mark: "i", color: "cyan" },
  flaky: { mark: "~", color: "yellow" },
  unsupported: { mark: "-", color: "dim" },
  "not-applicable": { mark: "-", color: "dim" },
  inconclusive: { mark: "?", color: "yellow" },
  "not-run": { mark: "·", color: "dim" },
  "harness-error": { mark: "✘", color: "red" },
}

const indented = (text: string, by: string) => text.replace(/\n/g, `\n${by}`)

function ruleLine(rule: RuleResult, width: number, colors: Colors): string {
  const { mark, color } = marks[rule.verdict]
  const counts = `${rule.judged} judged${rule.cases > 0 ? `, ${rule.cases} generated` : ""}`
  const severity = rule.severity === "not-applicable" ? "" : rule.severity
  const remark =
    rule.verdict === "pass" ? "" : `  ${rule.verdict}${rule.reason ? `: ${rule.reason.split("\n")[0]}` : ""}`
  return (
    colors[color](`  ${mark} ${rule.id.padEnd(width)} ${severity.padEnd(6)} `) +
    colors.dim(counts.padEnd(24)) +
    colors[color](remark)
  )
}

function findingBlock(finding: Finding, colors: Colors): string {
  const { mark, color } = marks[finding.verdict]
  const lines = [
    colors[color](`${mark} ${finding.id}`),
    `  ${finding.says}`,
    colors.dim(`  ${finding.source}`),
    `  ${finding.means} (${finding.times} time${finding.times === 1 ? "" : "s"})`,
    `  where     ${finding.where}`,
    `  expected  ${finding.expected}`,
    `  actual    ${finding.actual}`,
    ...(finding.request.fault ? [`  request   ${finding.request.fault}`] : []),
    `  response  ${finding.evidence.status ?? "none"}, ${finding.evidence.end}`,
    ...(finding.evidence.excerpt ? [`    | ${indented(finding.evidence.excerpt.trimEnd(), "    | ")}`] : []),
    ...(finding.requestId ? [`  request id ${finding.requestId}`] : []),
    ...(finding.otherProfile ? [`  no finding under --profile ${finding.otherProfile}`] : []),
    `  ${indented(finding.curl, "  ")}`,
    `  ${finding.replay}`,
    ...finding.see.map((thread) => colors.dim(`  see ${thread}`)),
  ]
  return lines.join("\n")
}

function conclusion({ conformant, profile, surfaces, stopped }: Report, colors: Colors): string {
  const sentence =
    conformant === true
      ? colors.green(
          `Conformant: every applicable MUST rule of the ${profile} profile was judged and none was broken, for ${surfaces.join(", ")}.`,
        )
      : conformant === false
        ? colors.red(`Not conformant with the ${profile} profile.`)
        : colors.yellow("No MUST rule was broken, but not every applicable MUST rule was judged.")
  return stopped ? `${sentence}\n${colors.yellow(`Stopped early: ${stopped}.`)}` : sentence
}

/** For people: the rules by surface, then each finding with what is needed to see it again. */
export const consoleReport: ReportFormat = {
  says: "plain text for a terminal",
  write(given, { color }) {
    const report = terminalReport(given)
    const colors = pc.createColors(color)
    const width = Math.max(0, ...report.rules.map((rule) => rule.id.length))
    const surfaces = [...new Set(report.rules.map((rule) => rule.surface))]
    const counts = verdictNames
      .filter((name) => report.summary[name] > 0)
      .map((name) => colors[marks[name].color](`${report.summary[name]} ${name}`))
    const cases = report.rules.reduce((sum, rule) => sum + rule.cases, 0)
    return `${[
      `${colors.bold(report.target)}  profile ${report.profile}, seed ${report.seed}, chat model ${report.models["chat"]}`,
      ...surfaces.flatMap((surface) => [
        "",
        colors.bold(surface),
        ...report.rules
          .filter((rule) => rule.surface === surface)
          .map((rule) => ruleLine(rule, width, colors)),
      ]),
      ...report.findings.flatMap((finding) => ["", findingBlock(finding, colors)]),
      "",
      `${counts.join(", ")} of ${report.rules.length} rules`,
      `${report.requests} requests, ${cases} generated cases, ${(report.durationMs / 1000).toFixed(1)} s`,
      conclusion(report, colors),
    ].join("\n")}\n`
  },
}
