import { type Finding, type Report, type RuleResult, verdictNames } from "../src/reports/report.ts"

/** Returns a finding of a rule that exists. */
export const sampleFinding = (given: Partial<Finding> = {}): Finding => ({
  id: "sse.done-once:repeated@createChatCompletion",
  rule: "sse.done-once",
  fault: "repeated",
  severity: "MUST",
  verdict: "fail",
  surface: "chat",
  operation: "createChatCompletion",
  says: "MUST send [DONE] exactly once",
  source: "Streaming Output Guide",
  means: "[DONE] is sent twice",
  expected: "1 [DONE]",
  actual: "2",
  where: "event 5, byte 900",
  times: 3,
  foundAfter: 7,
  request: { method: "POST", url: "http://127.0.0.1/v1/chat/completions", headers: [], body: `{"a":"it's"}` },
  evidence: { status: 200, headers: [], end: "complete", excerpt: "data: [DONE]\n\n" },
  curl: "curl …",
  replay: "nexhina-conformance run --rule sse.done-once --seed 1",
  see: [],
  ...given,
})

const verdictsBySeverity = { MUST: "fail", SHOULD: "warn", MAY: "info" } as const

/** Returns the report of a run that judged the rules of some findings, and others that found nothing. */
export function sampleReport(
  findings: readonly Finding[],
  given: Partial<Report> & { readonly others?: readonly RuleResult[] } = {},
): Report {
  const { others = [], ...members } = given
  const ofRule = (rule: string) => findings.filter((finding) => finding.rule === rule)
  const rules = [
    ...[...new Set(findings.map(({ rule }) => rule))].map((id): RuleResult => {
      const own = ofRule(id)
      const [severity = "MAY"] = (["MUST", "SHOULD"] as const).filter((each) =>
        own.some((finding) => finding.severity === each),
      )
      return {
        id,
        surface: own[0]?.surface ?? "chat",
        severity,
        verdict: verdictsBySeverity[severity],
        judged: 1,
        judgedOn: [...new Set(own.map(({ operation }) => operation))],
        cases: 0,
        findings: own.map((finding) => finding.id),
      }
    }),
    ...others,
  ]
  const isBroken = rules.some(({ verdict }) => verdict === "fail")
  return {
    schemaVersion: 1,
    kit: { name: "@nexhina/conformance", version: "0.1.0" },
    target: "http://127.0.0.1/v1",
    profile: "nexhina",
    traits: [],
    surfaces: ["chat"],
    models: { chat: "gpt-4o" },
    learned: [],
    seed: 1,
    startedAt: "2026-01-01T00:00:00.000Z",
    durationMs: 1500,
    requests: 10,
    outcome: isBroken ? "not-conformant" : "conformant",
    answered: ["chat"],
    conformant: isBroken ? false : null,
    summary: Object.fromEntries(
      verdictNames.map((name) => [name, rules.filter(({ verdict }) => verdict === name).length]),
    ) as Report["summary"],
    rules,
    causes: findings.map(({ id, rule, fault, severity, verdict, means, operation }) => ({
      id: `${rule}:${fault}`,
      rule,
      fault,
      severity,
      verdict,
      means,
      operations: [operation],
      findings: [id],
      consequences: [],
    })),
    findings: [...findings],
    ...members,
  }
}

/** Returns the result of a rule that was judged and not broken. */
export const passed = (id: string, judgedOn: readonly string[] = ["createChatCompletion"]): RuleResult => ({
  id,
  surface: "chat",
  severity: "MUST",
  verdict: "pass",
  judged: 1,
  judgedOn: [...judgedOn],
  cases: 0,
  findings: [],
})
