import { expect, test } from "vitest"
import { convert } from "xmlbuilder2"
import { exitCodeOf, type Finding, Report, reportSchema, type Verdict, verdictNames } from "./report.ts"
import { reports } from "./reports.ts"

const finding: Finding = {
  id: "sse.done-once:twice@createChatCompletion",
  rule: "sse.done-once",
  fault: "twice",
  severity: "MUST",
  verdict: "fail",
  surface: "chat",
  operation: "createChatCompletion",
  says: "MUST send [DONE] exactly once",
  source: "Streaming Output Guide",
  means: "[DONE] is sent twice",
  expected: "1 [DONE]",
  actual: "2 <b>&</b> \u0000\ud800",
  where: "event 5, byte 900",
  times: 3,
  foundAfter: 7,
  request: { method: "POST", url: "http://127.0.0.1/v1/chat/completions", headers: [], body: `{"a":"it's"}` },
  evidence: { status: 200, headers: [], end: "complete", excerpt: "data: [DONE]\n\n" },
  curl: "curl …",
  replay: "nexhina-conformance run --rule sse.done-once --seed 1",
  see: [],
}

function reportWith(counts: Partial<Record<Verdict, number>>): Report {
  const rules = Object.entries(counts).flatMap(([verdict, count]) =>
    Array.from({ length: count }, (_, index) => ({
      id: index === 0 && verdict === "fail" ? finding.rule : `rule.${verdict}-${index}`,
      surface: "chat",
      severity: "MUST" as const,
      verdict: verdict as Verdict,
      judged: 1,
      cases: 0,
      ...(verdict === "inconclusive" && { reason: "429 \u0007" }),
      findings: verdict === "fail" ? [finding.id] : [],
    })),
  )
  return {
    schemaVersion: 1,
    kit: { name: "@nexhina/conformance", version: "0.1.0" },
    target: "http://127.0.0.1/v1",
    profile: "nexhina",
    traits: [],
    surfaces: ["chat"],
    models: { chat: "gpt-4o" },
    seed: 1,
    startedAt: "2026-01-01T00:00:00.000Z",
    durationMs: 1500,
    requests: 10,
    conformant: null,
    summary: Object.fromEntries(verdictNames.map((name) => [name, counts[name] ?? 0])) as Record<
      Verdict,
      number
    >,
    rules,
    findings: counts.fail ? [finding] : [],
  }
}

test.each([
  [{ pass: 5 }, 0],
  [{ pass: 5, warn: 1, unsupported: 3 }, 0],
  [{ pass: 5, fail: 1 }, 1],
  [{ pass: 1, inconclusive: 5 }, 3],
  [{ fail: 1, inconclusive: 5 }, 1],
  [{ "not-run": 5 }, 2],
  [{ pass: 5, "harness-error": 1 }, 2],
] as [Partial<Record<Verdict, number>>, number][])("a run with %j exits with %i", (counts, code) => {
  expect(exitCodeOf(reportWith(counts), false)).toBe(code)
})

test("with --strict a warning fails the run", () => {
  expect(exitCodeOf(reportWith({ pass: 5, warn: 1 }), true)).toBe(1)
})

test("a report keeps its published schema, and the JSON report is that report", () => {
  const report = reportWith({ pass: 2, fail: 1 })
  expect(Report.parse(JSON.parse(reports.json.write(report, { color: false })))).toEqual(report)
})

test("the JUnit report is well-formed XML with a case for each rule, whatever a server sends", () => {
  const xml = reports.junit.write(reportWith({ pass: 2, fail: 1, inconclusive: 1 }), { color: false })
  const tree = convert(xml, { format: "object" }) as unknown as {
    testsuites: {
      "@tests": string
      "@failures": string
      testsuite: { testcase: unknown[]; "@skipped": string }
    }
  }
  expect(tree.testsuites["@tests"]).toBe("4")
  expect(tree.testsuites["@failures"]).toBe("1")
  expect(tree.testsuites.testsuite["@skipped"]).toBe("1")
  expect(tree.testsuites.testsuite.testcase).toHaveLength(4)
})

test("the console report names every rule and shows each finding whole", () => {
  const text = reports.console.write(reportWith({ pass: 1, fail: 1 }), { color: false })
  for (const part of [
    "rule.pass-0",
    "sse.done-once",
    finding.says,
    finding.where,
    finding.expected,
    finding.replay,
    "1.5 s",
  ]) {
    expect(text).toContain(part)
  }
  expect(text).not.toContain("\u001b[")
})

const hostile =
  "m\n::error ::x\n##vso[task.complete]##[error]\u001b]0;t\u0007\u009b2J\u202e\r::warning::\ud800"

test.each(
  Object.entries(reports),
)("the %s report has nothing in it that a terminal or a CI runner obeys", (_, { write }) => {
  const evidence = { ...finding.evidence, excerpt: hostile }
  const report: Report = {
    ...reportWith({ pass: 1, fail: 1, inconclusive: 1 }),
    models: { chat: hostile },
    stopped: hostile,
    findings: [{ ...finding, actual: hostile, where: hostile, requestId: hostile, evidence }],
  }
  const text = write(report, { color: false })
  expect(text).not.toMatch(/^\s*::/m)
  expect(text).not.toMatch(/##(?:vso)?\[/)
  expect(text).not.toMatch(/[^\P{Cc}\t\n]|\p{Bidi_Control}|\p{Surrogate}/u)
})

test("a parser reads the JSON report as it was, whatever a server sends", () => {
  const report = { ...reportWith({ pass: 1, fail: 1 }), models: { chat: hostile } }
  expect(JSON.parse(reports.json.write(report, { color: false }))).toEqual(report)
})

test("the published schema of a report is what the code says", async () => {
  await expect(reportSchema(), "stale: run 'npx -y pnpm@10.34.8 emit'").toMatchFileSnapshot(
    "../../report.schema.json",
  )
})
