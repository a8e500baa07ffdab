import type { Report } from "./report.ts"

/**
 * What a terminal or a viewer obeys instead of showing: C0 (except tab and line feed), DEL, C1, line separators, and
 * the controls of bidirectional text. Halves of surrogate pairs have no UTF-8.
 */
const obeyed = /[^\P{Cc}\t\n]|[\p{Bidi_Control}\p{Surrogate}\u2028\u2029]/gu

/** What Azure Pipelines and GitHub Actions obey anywhere in a line. */
const command = /##(?=\[|vso\[)/gi

const escaped = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`

/** A line feed before what GitHub Actions obeys at the start of a line, behind any white space. */
const beforeCommand = /\n(?=\s*::)/g

/** Escapes what a terminal or a CI runner would obey; other line feeds stay. */
export const terminalLines = (text: string) =>
  text.replace(obeyed, escaped).replace(command, "#\\u0023").replace(beforeCommand, "\\n")

/** What GitHub Actions would obey if a line were broken at the white space before it. */
const wrappedCommand = /(?<=^|\s)::/g

/** Escapes what a terminal or a CI runner would obey, also where the text is wrapped. */
const wrappableLines = (text: string) => terminalLines(text).replace(wrappedCommand, ":\\u003a")

/** Escapes what a terminal or a CI runner would obey, and line breaks. */
export const terminalText = (text: string) => wrappableLines(text).replaceAll("\n", "\\n")

/** Returns an entry of a baseline with text that can be printed. */
const printableEntry = <E extends object>(entry: E): E =>
  Object.fromEntries(
    Object.entries(entry).map(([name, value]) => [
      name,
      typeof value === "string" ? terminalText(value) : value,
    ]),
  ) as E

/** Returns the report with text that can be printed: only excerpts, commands and reasons keep their lines. */
export function terminalReport(report: Report): Report {
  return {
    ...report,
    target: terminalText(report.target),
    models: Object.fromEntries(
      Object.entries(report.models).map(([kind, model]) => [kind, terminalText(model)]),
    ),
    learned: report.learned.map(terminalText),
    ...(report.proxy !== undefined && { proxy: terminalText(report.proxy) }),
    ...(report.recording && {
      recording: {
        ...report.recording,
        files: report.recording.files.map(terminalText),
        notes: report.recording.notes.map(terminalText),
      },
    }),
    ...(report.reason !== undefined && { reason: terminalText(report.reason) }),
    ...(report.stopped !== undefined && { stopped: terminalText(report.stopped) }),
    ...(report.baseline && {
      baseline: {
        file: terminalText(report.baseline.file),
        waived: report.baseline.waived.map(printableEntry),
        stale: report.baseline.stale.map(printableEntry),
        expired: report.baseline.expired.map(printableEntry),
        unjudged: report.baseline.unjudged.map(printableEntry),
      },
    }),
    rules: report.rules.map((rule) => ({
      ...rule,
      findings: rule.findings.map(terminalText),
      ...(rule.reason !== undefined && { reason: wrappableLines(rule.reason) }),
    })),
    causes: report.causes.map((cause) => ({
      ...cause,
      findings: cause.findings.map(terminalText),
      consequences: cause.consequences.map(terminalText),
    })),
    findings: report.findings.map((finding) => ({
      ...finding,
      id: terminalText(finding.id),
      expected: terminalText(finding.expected),
      actual: terminalText(finding.actual),
      where: terminalText(finding.where),
      request: {
        ...finding.request,
        ...(finding.request.fault !== undefined && { fault: terminalText(finding.request.fault) }),
      },
      evidence: {
        ...finding.evidence,
        end: terminalText(finding.evidence.end),
        excerpt: terminalLines(finding.evidence.excerpt),
      },
      curl: terminalLines(finding.curl),
      replay: terminalLines(finding.replay),
      ...(finding.waiver && { waiver: printableEntry(finding.waiver) }),
      ...(finding.requestId !== undefined && { requestId: terminalText(finding.requestId) }),
    })),
  }
}
