import { z } from "zod"
import { counted } from "../reading/counted.ts"
import type { ExitCode } from "./exit-codes.ts"
import { htmlReportOf } from "./html.ts"
import { exitCodeOf, Outcome, type Report, type Verdict, verdictNames } from "./report.ts"
import { standingOf, standingTitles } from "./standing.ts"
import { terminalLines } from "./terminal-text.ts"

/** The reports of several targets, rule by rule. */
export const Matrix = z
  .object({
    schemaVersion: z.literal(1),
    targets: z.array(
      z.object({
        name: z.string().describe("Name of the report's file."),
        target: z.string(),
        profile: z.string(),
        kit: z.string(),
        outcome: Outcome,
        conformant: z.boolean().nullable().describe("null: not every applicable MUST rule was judged."),
        reason: z.string().optional(),
      }),
    ),
    rules: z.array(
      z.object({
        id: z.string(),
        surface: z.string(),
        verdicts: z
          .array(z.enum(verdictNames).nullable())
          .describe("In the order of the targets; null where a report does not have the rule."),
      }),
    ),
  })
  .meta({ id: "CompatibilityMatrix" })
export type Matrix = z.infer<typeof Matrix>

/** A report and the name of its file. */
export interface NamedReport {
  readonly name: string
  readonly report: Report
}

/** Puts the reports of several targets side by side. */
export function matrixOf(reports: readonly NamedReport[]): Matrix {
  const surfaces = new Map(
    reports.flatMap(({ report }) => report.rules.map(({ id, surface }) => [id, surface])),
  )
  const verdicts = reports.map(({ report }) => new Map(report.rules.map(({ id, verdict }) => [id, verdict])))
  return {
    schemaVersion: 1,
    targets: reports.map(({ name, report }) => ({
      name,
      target: report.target,
      profile: report.profile,
      kit: report.kit.version,
      outcome: report.outcome,
      conformant: report.conformant,
      ...(report.reason !== undefined && { reason: report.reason }),
    })),
    rules: [...surfaces].map(([id, surface]) => ({
      id,
      surface,
      verdicts: verdicts.map((each) => each.get(id) ?? null),
    })),
  }
}

/** Verdicts that make a row worth showing. */
const notable: ReadonlySet<Verdict | null> = new Set(["fail", "warn", "flaky", "harness-error"])

/** Returns a matrix as text: the targets, then each rule that some target breaks. */
export function matrixText({ targets, rules }: Matrix): string {
  const width = Math.max(4, ...rules.map(({ id }) => id.length))
  const cell = (text: string) => text.padEnd(14)
  const rows = rules.filter(({ verdicts }) => verdicts.some((each) => notable.has(each)))
  return terminalLines(
    [
      ...targets.map(
        ({ name, target, profile, ...report }, at) =>
          `${at + 1}  ${name}: ${target} (${profile}): ${standingTitles[standingOf(report)].toLowerCase()}`,
      ),
      "",
      ["rule".padEnd(width), ...targets.map((_, at) => cell(String(at + 1)))].join("  ").trimEnd(),
      ...rows.map(({ id, verdicts }) =>
        [id.padEnd(width), ...verdicts.map((each) => cell(each ?? "-"))].join("  ").trimEnd(),
      ),
      `${rows.length} of ${counted(rules.length, "rule")} ${rows.length === 1 ? "is" : "are"} broken by some target.`,
      "",
    ].join("\n"),
  )
}

/** How a matrix is written, by the name that `--report` takes. */
export const matrixFormats = {
  console: (reports) => matrixText(matrixOf(reports)),
  json: (reports) => `${JSON.stringify(matrixOf(reports), null, 2)}\n`,
  html: (reports) => htmlReportOf(reports.map(({ report }) => report)),
} as const satisfies Record<string, (reports: readonly NamedReport[]) => string>

/** Returns the exit code of the worst target, as its own run has decided it: findings are worse than gaps. */
export function exitCodeOfMatrix(reports: readonly NamedReport[]): ExitCode {
  const codes = reports.map(({ report }) => exitCodeOf(report, report.strict === true))
  return ([1, 2, 3] as const).find((code) => codes.includes(code)) ?? 0
}
