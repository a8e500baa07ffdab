import { describe, expect, test } from "vitest"
import { convert } from "xmlbuilder2"
import { sampleFinding } from "../../test/sample-report.ts"
import { isUtf8Locale } from "./layout.ts"
import { type Cause, exitCodeOf, Report, reportSchema, type Verdict, verdictNames } from "./report.ts"
import { reports } from "./reports.ts"

const finding = sampleFinding({
  id: "sse.done-once:twice@createChatCompletion",
  fault: "twice",
  actual: "2 <b>&</b> \u0000\ud800",
})

const cause: Cause = {
  id: "sse.done-once:twice",
  rule: finding.rule,
  fault: finding.fault,
  severity: "MUST",
  verdict: "fail",
  means: finding.means,
  operations: [finding.operation],
  findings: [finding.id],
  consequences: [],
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
    learned: ["chat model gpt-4o: a listed chat model, by its name"],
    models: { chat: "gpt-4o" },
    seed: 1,
    startedAt: "2026-01-01T00:00:00.000Z",
    durationMs: 1500,
    requests: 10,
    outcome: counts.fail ? "not-conformant" : counts.inconclusive ? "incomplete" : "conformant",
    ...(counts.inconclusive && { reason: "5 of 6 MUST rules could not be judged" }),
    answered: ["chat"],
    conformant: counts.fail ? false : null,
    summary: Object.fromEntries(verdictNames.map((name) => [name, counts[name] ?? 0])) as Record<
      Verdict,
      number
    >,
    rules,
    causes: counts.fail ? [cause] : [],
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
  [{ pass: 1, fail: 1, "harness-error": 1 }, 2],
  [{ pass: 5, "harness-error": 1 }, 2],
] as [Partial<Record<Verdict, number>>, number][])("a run with %j exits with %i", (counts, code) => {
  expect(exitCodeOf(reportWith(counts), false)).toBe(code)
})

test("a run in which no surface answered exits with 3, whatever was found", () => {
  expect(exitCodeOf({ ...reportWith({ pass: 1, fail: 1 }), answered: [] }, false)).toBe(3)
})

test("with --strict a warning fails the run", () => {
  expect(exitCodeOf(reportWith({ pass: 5, warn: 1 }), true)).toBe(1)
})

test("a report keeps its published schema, and the JSON report is that report", () => {
  const report = reportWith({ pass: 2, fail: 1 })
  expect(Report.parse(JSON.parse(reports.json.write(report, { color: false })))).toEqual(report)
})

test("the JUnit report is well-formed XML with a case for each rule, whatever a server sends", () => {
  const report = reportWith({ pass: 2, fail: 1, inconclusive: 1 })
  const xml = reports.junit.write(report, { color: false })
  // The library types its object format without the names of elements.
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

test("the JUnit report of an incomplete run has a failed case that says so", () => {
  const xml = reports.junit.write(reportWith({ pass: 2, inconclusive: 1 }), { color: false })
  expect(xml).toContain(
    '<testsuites name="@nexhina/conformance nexhina http://127.0.0.1/v1" tests="4" failures="1"',
  )
  expect(xml).toContain('message="Incomplete: 5 of 6 MUST rules could not be judged."')
})

describe.each(Object.entries(reports))("the format %s", (name, { write }) => {
  test("contains the id of each finding, or their number where there is no room", () => {
    const text = write(reportWith({ pass: 2, fail: 1 }), { color: false })
    expect(text).toContain(name === "badge" ? "1 broken rule" : finding.id)
  })

  test("accepts a run that judged nothing", () => {
    expect(write(reportWith({}), { color: false })).not.toBe("")
  })

  test("has no control codes of a terminal unless color is set", () => {
    expect(write(reportWith({ pass: 1, fail: 1, inconclusive: 1 }), { color: false })).not.toContain("\u001b")
  })
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
})

/** Many causes, with texts that are longer than a line. */
function longReport(): Report {
  const long = "a sentence that is longer than any terminal is wide, ".repeat(4)
  const findings = Array.from({ length: 12 }, (_, at) => ({
    ...finding,
    id: `sse.rule-${at}:twice@createChatCompletion`,
    says: long,
    means: long,
    actual: `${long}é`,
    evidence: { ...finding.evidence, excerpt: `…${"data: e".repeat(100)}…` },
  }))
  const causes = findings
    .slice(0, 6)
    .map(({ id }, at) => ({ ...cause, id: `sse.rule-${at}:twice`, means: long, findings: [id] }))
  const first = {
    ...cause,
    findings: [findings[6]?.id ?? ""],
    consequences: findings.slice(7).map(({ id }) => id),
  }
  return {
    ...reportWith({ pass: 3, fail: 1, inconclusive: 2 }),
    stopped: long,
    causes: [first, ...causes],
    findings,
  }
}

test("the console report fits 80 columns, and ends with a summary of at most ten lines", () => {
  const lines = reports.console.write(longReport(), { color: false }).trimEnd().split("\n")
  expect(lines.filter((line) => line.length > 80)).toEqual([])
  const summary = lines.slice(lines.lastIndexOf("") + 1)
  expect(summary).toHaveLength(10)
  expect(summary).toContain("7 causes of 12 findings:")
  // The reason of an incomplete run takes a line of its own.
  expect(summary).toContain("  and 4 more, listed above")
})

test("the console report shows a cause once, with its other findings and what follows from it", () => {
  const report = longReport()
  const text = reports.console.write(report, { color: false })
  for (const { id } of report.findings) expect(text).toContain(id)
  expect(text.split(finding.curl)).toHaveLength(report.causes.length + 1)
  expect(text).toContain("  follows from it\n    sse.rule-7:twice@createChatCompletion")
})

test("the console report is ASCII where the locale is not UTF-8", () => {
  const text = reports.console.write(longReport(), { color: false, ascii: true })
  expect(text).toMatch(/^[\0-\x7f]*$/)
  expect(text.split("\n").filter((line) => line.length > 80)).toEqual([])
})

test.each([
  [{ LANG: "en_US.UTF-8" }, "linux", true],
  [{ LANG: "en_US.utf8", LC_ALL: "C" }, "linux", false],
  [{ LANG: "C", LC_CTYPE: "C.UTF-8" }, "linux", true],
  [{ LC_ALL: "", LANG: "de_DE.ISO-8859-1" }, "linux", false],
  [{}, "linux", false],
  [{}, "darwin", true],
])("the locale of %j on %s uses UTF-8: %s", (env, platform, expected) => {
  expect(isUtf8Locale(env, platform)).toBe(expected)
})

test("a JUnit case has the id of its rule as its name, its time and its severity and cause as properties", () => {
  const report = reportWith({ fail: 1 })
  const rules = report.rules.map((rule) => ({ ...rule, durationMs: 1250 }))
  const xml = reports.junit.write({ ...report, rules }, { color: false })
  // The library types its object format without the names of elements.
  const tree = convert(xml, { format: "object" }) as unknown as {
    testsuites: { testsuite: { testcase: Record<string, unknown> } }
  }
  expect(tree.testsuites.testsuite.testcase).toMatchObject({
    "@name": "sse.done-once",
    "@time": "1.25",
    properties: {
      property: [
        { "@name": "severity", "@value": "MUST" },
        { "@name": "cause", "@value": "sse.done-once:twice" },
      ],
    },
  })
})

const hostile =
  "m\n::error ::x\n##vso[task.complete]##[error]\u001b]0;t\u0007\u009b2J\u202e\r::warning::\ud800"

test.each(Object.entries(reports))(
  "the %s report has nothing in it that a terminal or a CI runner obeys",
  (name, { write }) => {
    const evidence = { ...finding.evidence, excerpt: hostile }
    const report: Report = {
      ...reportWith({ pass: 1, fail: 1, inconclusive: 1 }),
      models: { chat: hostile },
      learned: [hostile],
      stopped: hostile,
      reason: hostile,
      target: hostile,
      proxy: hostile,
      recording: { files: [hostile], exchanges: 1, lost: 0, notes: [`not read: ${hostile}`] },
      findings: [
        {
          ...finding,
          actual: hostile,
          where: hostile,
          requestId: hostile,
          evidence,
          curl: `curl ${hostile}`,
          replay: `nexhina-conformance run --model '${hostile}'`,
        },
      ],
    }
    const text = write(report, { color: false })
    const commands = text.match(/^\s*::.*$/gm) ?? []
    // The format for GitHub consists of commands: its own, one for the outcome and one for the cause.
    expect(commands.map((line) => line.split(" ", 1)[0])).toEqual(
      name === "github" ? ["::error", "::notice"] : [],
    )
    expect(text).not.toMatch(/##(?:vso)?\[/)
    expect(text).not.toMatch(/[^\P{Cc}\t\n]|\p{Bidi_Control}|\p{Surrogate}/u)
  },
)

test("a parser reads the JSON report as it was, whatever a server sends", () => {
  const report = { ...reportWith({ pass: 1, fail: 1 }), models: { chat: hostile } }
  expect(JSON.parse(reports.json.write(report, { color: false }))).toEqual(report)
})

test("the published schema of a report is what the code says", async () => {
  await expect(reportSchema(), "stale: run 'npx -y pnpm@10.34.8 emit'").toMatchFileSnapshot(
    "../../report.schema.json",
  )
})
