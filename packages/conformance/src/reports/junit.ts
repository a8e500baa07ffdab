import { create } from "xmlbuilder2"
import { findingText } from "./finding-text.ts"
import { outcomeText } from "./outcome-text.ts"
import {
  failsRun,
  isIncomplete,
  type Report,
  type ReportFormat,
  type RuleResult,
  type Verdict,
} from "./report.ts"
import { terminalReport } from "./terminal-text.ts"

/** The element that a test case has for a verdict; a case without one has passed. */
type CaseElement = "failure" | "error" | "skipped"

const elements: Partial<Record<Verdict, CaseElement>> = {
  fail: "failure",
  "harness-error": "error",
  waived: "skipped",
  unsupported: "skipped",
  "not-applicable": "skipped",
  inconclusive: "skipped",
  "not-run": "skipped",
}

const elementOf = ({ verdict }: RuleResult, report: Report): CaseElement | undefined =>
  failsRun(verdict, report) ? "failure" : elements[verdict]

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
  const details = printable(findings.map(findingText).join("\n\n"))
  const element = elementOf(rule, report)
  const reason = rule.reason ?? findings[0]?.waiver?.reason
  return {
    "@name": rule.id,
    "@classname": `conformance.${rule.surface}`,
    "@time": (rule.durationMs ?? 0) / 1000,
    properties: { property: propertiesOf(rule, report) },
    ...((element === "failure" || element === "error") && {
      [element]: {
        "@message": printable(findings[0]?.means ?? rule.reason ?? rule.verdict),
        "@type": rule.verdict,
        "#": details || printable(rule.reason ?? ""),
      },
    }),
    ...(element === "skipped" && {
      skipped: { "@message": printable(`${rule.verdict}${reason ? `: ${reason}` : ""}`) },
    }),
    ...(element !== "failure" && details && { "system-out": `${rule.verdict}\n${details}` }),
  }
}

/** A test suite of which every case failed, because a reader of JUnit takes a file without a failure for a success. */
function failedSuite(
  name: string,
  cases: readonly { readonly name: string; readonly type: string; readonly message: string }[],
  { startedAt }: Report,
) {
  return {
    "@name": name,
    "@tests": cases.length,
    "@failures": cases.length,
    "@errors": 0,
    "@skipped": 0,
    "@timestamp": startedAt,
    testcase: cases.map((each) => ({
      "@name": each.name,
      "@classname": "conformance",
      "@time": 0,
      failure: { "@message": printable(each.message), "@type": each.type, "#": printable(each.message) },
    })),
  }
}

/** Returns suites for what fails a run and belongs to no rule: gaps in the evidence, entries of the baseline. */
function suitesOfRun(report: Report) {
  const { stale = [], expired = [] } = report.baseline ?? {}
  const entries = [
    ...stale.map(({ id }) => ({
      name: id,
      type: "stale",
      message: "The finding is gone: remove the entry.",
    })),
    ...expired.map(({ id, expires }) => ({
      name: id,
      type: "expired",
      message: `The last day of the entry was ${expires}.`,
    })),
  ]
  const run = { name: "run", type: "incomplete", message: outcomeText(report) }
  return [
    ...(isIncomplete(report) ? [failedSuite("run", [run], report)] : []),
    ...(entries.length > 0 ? [failedSuite("baseline", entries, report)] : []),
  ]
}

/** One test case for each rule, one suite for each surface; what was not judged is skipped, with the reason. */
export const junitReport: ReportFormat = {
  says: "JUnit XML: a test case for each rule, and a failed case `run` if the evidence is incomplete",
  write(given) {
    const report = terminalReport(given)
    const surfaces = [...new Set(report.rules.map((rule) => rule.surface))]
    const count = (rules: readonly RuleResult[], element: CaseElement) =>
      rules.filter((rule) => elementOf(rule, report) === element).length
    const ofRun = suitesOfRun(report)
    const extra = ofRun.reduce((sum, suite) => sum + suite["@tests"], 0)
    return create({
      testsuites: {
        "@name": `${report.kit.name} ${report.profile} ${report.target}`,
        "@tests": report.rules.length + extra,
        "@failures": count(report.rules, "failure") + extra,
        "@errors": count(report.rules, "error"),
        "@time": report.durationMs / 1000,
        testsuite: [
          ...ofRun,
          ...surfaces.map((surface) => {
            const rules = report.rules.filter((rule) => rule.surface === surface)
            return {
              "@name": surface,
              "@tests": rules.length,
              "@failures": count(rules, "failure"),
              "@errors": count(rules, "error"),
              "@skipped": count(rules, "skipped"),
              "@timestamp": report.startedAt,
              testcase: rules.map((rule) => testcase(rule, report)),
            }
          }),
        ],
      },
    }).end({ prettyPrint: true })
  },
}
