import { create } from "xmlbuilder2"
import { outcomeText } from "./outcome-text.ts"
import type { Report, ReportFormat, RuleResult } from "./report.ts"
import { terminalReport } from "./terminal-text.ts"

const failing = new Set(["fail", "harness-error"])
const passing = new Set(["pass", "warn", "info", "flaky"])

/** Everything but the characters of XML 1.0 (section 2.2), which cannot hold the others even escaped. */
const unprintable = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu
const printable = (text: string) => text.replace(unprintable, "\ufffd")

/** The severity, and the causes of a rule's findings: the rule itself or a rule that broke the reading before. */
function propertiesOf({ severity, findings }: RuleResult, { causes }: Report) {
  const own = causes.filter((cause) =>
    [...cause.findings, ...cause.consequences].some((id) => findings.includes(id)),
  )
  return [
    { "@name": "severity", "@value": severity },
    ...own.map(({ id }) => ({ "@name": "cause", "@value": id })),
  ]
}

function testcase(rule: RuleResult, report: Report) {
  const findings = report.findings.filter((finding) => rule.findings.includes(finding.id))
  const details = findings
    .map(
      (finding) =>
        `${finding.id}\n${finding.says}\n${finding.where}: expected ${finding.expected}, got ${finding.actual}\n${finding.curl}\n${finding.replay}`,
    )
    .join("\n\n")
  return {
    "@name": rule.id,
    "@classname": `conformance.${rule.surface}`,
    "@time": (rule.durationMs ?? 0) / 1000,
    properties: { property: propertiesOf(rule, report) },
    ...(failing.has(rule.verdict) && {
      failure: {
        "@message": printable(findings[0]?.means ?? rule.reason ?? rule.verdict),
        "@type": rule.verdict,
        "#": printable(details || (rule.reason ?? "")),
      },
    }),
    ...(!failing.has(rule.verdict) &&
      !passing.has(rule.verdict) && {
        skipped: { "@message": printable(`${rule.verdict}${rule.reason ? `: ${rule.reason}` : ""}`) },
      }),
    ...(passing.has(rule.verdict) && details && { "system-out": printable(`${rule.verdict}\n${details}`) }),
  }
}

/** A suite with one failed test case, because every reader of JUnit takes a file without a failure for a success. */
function incompleteSuite(report: Report) {
  const message = printable(outcomeText(report))
  return {
    "@name": "run",
    "@tests": 1,
    "@failures": 1,
    "@skipped": 0,
    "@timestamp": report.startedAt,
    testcase: [
      {
        "@name": "run",
        "@classname": "conformance",
        failure: { "@message": message, "@type": "incomplete", "#": message },
      },
    ],
  }
}

/** One test case for each rule, one suite for each surface; what was not judged is skipped, with the reason. */
export const junitReport: ReportFormat = {
  says: "JUnit XML",
  write(given) {
    const report = terminalReport(given)
    const surfaces = [...new Set(report.rules.map((rule) => rule.surface))]
    const count = (rules: readonly RuleResult[], skipped: boolean) => ({
      "@tests": rules.length,
      "@failures": rules.filter(({ verdict }) => failing.has(verdict)).length,
      ...(skipped && {
        "@skipped": rules.filter(({ verdict }) => !failing.has(verdict) && !passing.has(verdict)).length,
      }),
    })
    const totals = ({ rules, outcome }: Report) => {
      const extra = outcome === "incomplete" ? 1 : 0
      const { "@tests": tests, "@failures": failures } = count(rules, false)
      return { "@tests": tests + extra, "@failures": failures + extra }
    }
    return create({
      testsuites: {
        "@name": `${report.kit.name} ${report.profile} ${report.target}`,
        ...totals(report),
        "@time": report.durationMs / 1000,
        testsuite: [
          ...(report.outcome === "incomplete" ? [incompleteSuite(report)] : []),
          ...surfaces.map((surface) => {
            const rules = report.rules.filter((rule) => rule.surface === surface)
            return {
              "@name": surface,
              ...count(rules, true),
              "@timestamp": report.startedAt,
              testcase: rules.map((rule) => testcase(rule, report)),
            }
          }),
        ],
      },
    }).end({ prettyPrint: true })
  },
}
