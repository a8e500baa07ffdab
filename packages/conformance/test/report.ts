import type { ShownExchange } from "@nexhina/viewer"
import { type Cause, type Finding, type Report, type Verdict, verdictNames } from "../src/reports/report.ts"

/** Returns an exchange of one event stream in two chunks, of which the second is marked. */
export function shownExchange(text = "data: [DONE]\n\n"): ShownExchange {
  const length = Buffer.byteLength(text)
  return {
    request: {
      method: "POST",
      url: "http://127.0.0.1/v1/chat/completions",
      headers: [["content-type", "application/json"]],
      body: { length: 15, parts: [{ at: 0, text: '{"stream":true}' }] },
    },
    response: {
      status: 200,
      headers: [["content-type", "text/event-stream"]],
      trailers: [],
      body: { length: 2 * length, parts: [{ at: 0, text: text + text }] },
      chunks: [
        [2, length],
        [5, length],
      ],
      chunkCount: 2,
    },
    end: { kind: "complete", atMs: 6 },
    isTimed: true,
    marks: [{ part: "response-body", from: length, to: 2 * length }],
  }
}

/** Returns a finding of a rule, which is also the last part of its texts. */
export function findingOf(rule: string, changed: Partial<Finding> = {}): Finding {
  return {
    id: `${rule}:twice@createChatCompletion`,
    rule,
    fault: "twice",
    severity: "MUST",
    verdict: "fail",
    surface: "streams",
    operation: "createChatCompletion",
    says: `MUST keep \`${rule}\``,
    source: "Streaming Output Guide",
    means: "it is sent twice",
    expected: "1 [DONE]",
    actual: "2 [DONE]",
    where: "event 5, byte 900",
    times: 3,
    foundAfter: 7,
    request: { method: "POST", url: "http://127.0.0.1/v1/chat/completions", headers: [], body: "{}" },
    evidence: { status: 200, headers: [], end: "complete", excerpt: "data: [DONE]" },
    curl: "curl http://127.0.0.1/v1/chat/completions",
    replay: `nexhina-conformance run --rule ${rule}`,
    see: ["https://example.com/1"],
    exchanges: [shownExchange()],
    ...changed,
  }
}

/** Returns a report with these findings, each a cause of its own, and a rule that passed. */
export function reportOf(findings: readonly Finding[], changed: Partial<Report> = {}): Report {
  const causes = findings.map(
    ({ id, rule, fault, severity, verdict, means, operation }): Cause => ({
      id: `${rule}:${fault}`,
      ...{ rule, fault, severity, verdict, means },
      operations: [operation],
      findings: [id],
      consequences: [],
    }),
  )
  const summary = Object.fromEntries(verdictNames.map((name) => [name, 0])) as Record<Verdict, number>
  for (const { verdict } of findings) summary[verdict]++
  summary.pass++
  const result = { judged: 1, cases: 0, severity: "MUST" } as const
  return {
    schemaVersion: 1,
    kit: { name: "@nexhina/conformance", version: "0.1.0" },
    target: "http://127.0.0.1:4010/v1",
    profile: "nexhina",
    traits: [],
    surfaces: ["chat"],
    models: { chat: "gpt-4o" },
    learned: ["chat model gpt-4o: a listed chat model, by its name"],
    seed: 1,
    startedAt: "2026-01-01T00:00:00.000Z",
    durationMs: 1500,
    requests: 10,
    outcome: findings.length > 0 ? "not-conformant" : "conformant",
    answered: ["chat"],
    conformant: findings.length === 0,
    summary,
    rules: [
      { ...result, id: "chat.passed", surface: "chat", verdict: "pass", findings: [] },
      ...findings.map(({ rule, surface, verdict, id }) => ({
        ...result,
        id: rule,
        surface,
        verdict,
        findings: [id],
      })),
    ],
    causes,
    findings: [...findings],
    ...changed,
  }
}
