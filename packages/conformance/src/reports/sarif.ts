import type { Finding, Report, ReportFormat } from "./report.ts"
import { terminalLines } from "./terminal-text.ts"

/** The level of a result: of a waived finding, what it would be without the baseline. */
function levelOf({ verdict, severity }: Finding): "error" | "warning" | "note" {
  if (verdict === "flaky") return "warning"
  return severity === "MUST" ? "error" : severity === "SHOULD" ? "warning" : "note"
}

/** Returns the rules that have findings, each with its sentence and its source. */
function rulesOf(findings: readonly Finding[]) {
  const first = new Map<string, Finding>()
  for (const finding of findings) if (!first.has(finding.rule)) first.set(finding.rule, finding)
  return [...first.values()].map((finding) => ({
    id: finding.rule,
    shortDescription: { text: finding.says },
    fullDescription: { text: `${finding.says}. Source: ${finding.source}` },
    help: { text: [finding.source, ...finding.see].join("\n") },
    defaultConfiguration: { level: levelOf(finding) },
    properties: { severity: finding.severity, surface: finding.surface },
  }))
}

/** What no URI may contain (RFC 3986, section 2), such as a space, or `%` without two digits. */
const outsideUris = /%(?![0-9A-Fa-f]{2})|[^\w\-.~:/?#[\]@!$&'()*+,;=%]/gu

/** Returns a text of which every surrogate has its pair, as URIs need it. */
const wellFormed = (text: string) => text.replace(/\p{Surrogate}/gu, "\ufffd")

/** Returns where a result lies: the address of the request, or the file that was checked. */
function uriOf({ request }: Finding, { target }: Report): string {
  if (!/^https?:/i.test(target)) return encodeURI(wellFormed(target))
  return wellFormed(request.url).replace(outsideUris, encodeURIComponent)
}

const headersOf = (headers: readonly (readonly [string, string])[]) =>
  // Repeated headers are one member here.
  Object.fromEntries(
    [...new Set(headers.map(([name]) => name))].map((name) => [
      name,
      headers
        .filter(([each]) => each === name)
        .map(([, value]) => value)
        .join(", "),
    ]),
  )

function resultOf(finding: Finding, report: Report, ruleIds: readonly string[]) {
  const { id, rule, means, where, expected, actual, operation, request, evidence, waiver } = finding
  return {
    ruleId: rule,
    ruleIndex: ruleIds.indexOf(rule),
    level: levelOf(finding),
    message: { text: `${means} (${where}: expected ${expected}, got ${actual})` },
    locations: [
      {
        physicalLocation: { artifactLocation: { uri: uriOf(finding, report) } },
        logicalLocations: [{ name: operation, fullyQualifiedName: `${operation} ${where}`, kind: "member" }],
      },
    ],
    partialFingerprints: { "findingId/v1": id },
    occurrenceCount: finding.times,
    ...(waiver && { suppressions: [{ kind: "external", justification: waiver.reason }] }),
    webRequest: {
      protocol: "http",
      target: request.url,
      method: request.method,
      headers: headersOf(request.headers),
      body: { text: request.body },
    },
    webResponse:
      evidence.status === undefined
        ? { noResponseReceived: true }
        : {
            statusCode: evidence.status,
            headers: headersOf(evidence.headers),
            body: { text: evidence.excerpt },
          },
    properties: { verdict: finding.verdict, replay: finding.replay, curl: finding.curl },
  }
}

/** SARIF 2.1.0, for code scanning and for viewers in editors. */
export const sarifReport: ReportFormat = {
  says: "SARIF 2.1.0, for code scanning and viewers in editors",
  write(report) {
    const rules = rulesOf(report.findings)
    const ruleIds = rules.map(({ id }) => id)
    const { kit, startedAt, durationMs, reason } = report
    const log = {
      $schema: "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
      version: "2.1.0",
      runs: [
        {
          tool: {
            driver: {
              name: kit.name,
              version: kit.version,
              semanticVersion: kit.version,
              informationUri: "https://github.com/nexhina/contract-kit",
              rules,
            },
          },
          columnKind: "utf16CodeUnits",
          invocations: [
            {
              executionSuccessful: reason === undefined && report.summary["harness-error"] === 0,
              startTimeUtc: startedAt,
              endTimeUtc: new Date(Date.parse(startedAt) + durationMs).toISOString(),
              ...(reason !== undefined && {
                toolExecutionNotifications: [{ level: "error", message: { text: `Incomplete: ${reason}` } }],
              }),
            },
          ],
          results: report.findings.map((finding) => resultOf(finding, report, ruleIds)),
          properties: { target: report.target, profile: report.profile, outcome: report.outcome },
        },
      ],
    }
    // The escapes are those of JSON: whoever parses it gets the texts as they are.
    return `${terminalLines(JSON.stringify(log, null, 2))}\n`
  },
}
