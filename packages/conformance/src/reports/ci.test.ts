import * as fc from "fast-check"
import { describe, expect, test } from "vitest"
import { convert } from "xmlbuilder2"
import { passed, sampleFinding, sampleReport } from "../../test/sample-report.ts"
import { badgeReport } from "./badge.ts"
import { consoleReport } from "./console.ts"
import { githubReport } from "./github.ts"
import { junitReport } from "./junit.ts"
import { markdownReport } from "./markdown.ts"
import { inlineCode, prose } from "./markdown-text.ts"
import { outcomeText } from "./outcome-text.ts"
import { exitCodeOf, type Report } from "./report.ts"
import { sarifReport } from "./sarif.ts"

const plain = { color: false }
const entry = { id: "emb.count:too-few@createEmbedding", reason: "known", line: 7 }
const baseline = { file: "ci/baseline.yaml", waived: [], stale: [], expired: [], unjudged: [] }
const waived = sampleFinding({ verdict: "waived", waiver: { reason: "fixed in 2.4", owner: "team" } })

/** A report whose only finding is waived. */
const waivedReport = (): Report => {
  const report = sampleReport([waived], {
    baseline: { ...baseline, waived: [{ id: waived.id, line: 2, reason: "fixed in 2.4", owner: "team" }] },
  })
  const rules = report.rules.map((rule) => ({ ...rule, verdict: "waived" as const }))
  return { ...report, rules, summary: { ...report.summary, fail: 0, waived: 1 } }
}

/** What a server may send to whoever reads a report. */
const hostile =
  "`x`\n::error ::y | <script>alert(1)</script> @octocat #1 ]]> 50%\n```\n# t\n![i](http://x)\u0000\u001b[2J"
const hostileFinding = sampleFinding({
  actual: hostile,
  where: hostile,
  evidence: { status: 200, headers: [["x-evil", hostile]], end: "complete", excerpt: hostile },
  curl: `curl -d '${hostile}'`,
  requestId: hostile,
})

interface Case {
  readonly "@name": string
  readonly [element: string]: unknown
}

/** The test cases of a JUnit report, by suite. */
function casesOf(report: Report): Record<string, Case[]> {
  const tree = convert(junitReport.write(report, plain), { format: "object" }) as unknown as {
    testsuites: {
      testsuite: { "@name": string; testcase: Case | Case[] } | { "@name": string; testcase: Case[] }[]
    }
  }
  return Object.fromEntries(
    [tree.testsuites.testsuite].flat().map((suite) => [suite["@name"], [suite.testcase].flat()]),
  )
}

describe("the JUnit report", () => {
  test("has a case for each rule under the rule's id, with the element of its verdict", () => {
    const others = (
      ["pass", "warn", "info", "unsupported", "waived", "not-run", "harness-error"] as const
    ).map((verdict) => ({ ...passed(`rule.${verdict}`), verdict, reason: `because ${verdict}` }))
    const cases = casesOf(sampleReport([sampleFinding()], { others }))["chat"] ?? []
    const elements = ["failure", "error", "skipped"]
    expect(
      Object.fromEntries(cases.map((each) => [each["@name"], elements.find((name) => name in each)])),
    ).toEqual({
      "sse.done-once": "failure",
      "rule.pass": undefined,
      "rule.warn": undefined,
      "rule.info": undefined,
      "rule.unsupported": "skipped",
      "rule.waived": "skipped",
      "rule.not-run": "skipped",
      "rule.harness-error": "error",
    })
    const [failed] = cases
    expect(JSON.stringify(failed?.["failure"])).toContain("data: [DONE]")
  })

  test("passes a warning with its findings as output, unless --strict fails it", () => {
    const report = sampleReport([sampleFinding({ severity: "SHOULD", verdict: "warn" })])
    expect(casesOf(report)["chat"]).toMatchObject([
      { "system-out": expect.stringMatching(/^warn\n.*exactly once/s) },
    ])
    expect(casesOf({ ...report, strict: true })["chat"]).toMatchObject([{ failure: { "@type": "warn" } }])
  })

  test("has failed cases for what belongs to no rule, and so is red whenever the run is", () => {
    const incomplete = sampleReport([], {
      outcome: "incomplete",
      reason: "interrupted",
      others: [passed("a.b")],
    })
    expect(casesOf(incomplete)["run"]).toMatchObject([{ "@name": "run", failure: { "@type": "incomplete" } }])
    const gaps = { ...waivedReport(), reason: "interrupted" }
    expect([exitCodeOf(gaps, false), casesOf(gaps)["run"]?.length]).toEqual([3, 1])
    const stale = sampleReport([], { baseline: { ...baseline, stale: [entry] }, others: [passed("a.b")] })
    expect(casesOf(stale)["baseline"]).toMatchObject([{ "@name": entry.id, failure: { "@type": "stale" } }])
  })
})

describe("the Markdown report", () => {
  test("begins with its marker and the outcome, names each cause and shows how to see it again", () => {
    const text = markdownReport.write(sampleReport([sampleFinding()]), plain)
    expect(text).toMatch(/^<!-- nexhina-conformance -->\n\n## Conformance of `http:.*\n\n\*\*Not conformant/)
    expect(text).toContain(
      "| **fails** | `sse.done-once:repeated` | \\[DONE\\] is sent twice | `createChatCompletion` |",
    )
    expect(text).toContain("```sh\ncurl …\nnexhina-conformance run --rule sse.done-once --seed 1\n```")
  })

  test("lists the entries of the baseline, and no cause that they waive", () => {
    const report = waivedReport()
    const text = markdownReport.write(
      { ...report, baseline: { ...baseline, ...report.baseline, stale: [{ ...entry, reason: "a|b" }] } },
      plain,
    )
    expect(text).toContain("| **stale: remove it** | `emb.count:too-few@createEmbedding` | `a\\|b` |  |  |")
    expect(text).toContain(
      "| waived | `sse.done-once:repeated@createChatCompletion` | `fixed in 2.4` | `team` |  |",
    )
    expect(text).not.toContain("<details>")
  })

  test("has no table of a baseline without entries", () => {
    const text = markdownReport.write(sampleReport([sampleFinding()], { baseline }), plain)
    expect(text).not.toContain("Baseline")
  })

  test("says of one entry and of several what to do with them", () => {
    const outcomes = [1, 2].map((count) => {
      const list = Array.from({ length: count }, () => entry)
      return outcomeText(sampleReport([], { baseline: { ...baseline, stale: list, expired: list } }))
    })
    expect(outcomes).toEqual([
      expect.stringContaining(
        "1 entry is stale (the finding is gone): remove it, or run with --update-baseline. In ci/baseline.yaml, 1 entry is expired: fix the finding, or set a later day.",
      ),
      expect.stringContaining(
        "2 entries are stale (the findings are gone): remove them, or run with --update-baseline. In ci/baseline.yaml, 2 entries are expired: fix the findings, or set later days.",
      ),
    ])
  })

  test("fits a comment, however long its causes are", () => {
    const long = "x".repeat(1900)
    const findings = Array.from({ length: 300 }, (_, at) =>
      sampleFinding({ id: `sse.done-once:repeated@op${at}`, actual: long, curl: long }),
    )
    const text = markdownReport.write(sampleReport(findings), plain)
    expect(text.length).toBeLessThan(65_536)
    expect(text).toContain("250 more causes are in the JSON report.")
    expect(text).toMatch(/\d+ sections do not fit here; see the JSON report\.\n$/)
  })

  test("shows what a server sent only as code", () => {
    const text = markdownReport.write(sampleReport([hostileFinding], { reason: hostile }), plain)
    const outside = text
      .replace(/^(`{3,})\w*\n[\s\S]*?\n\1$/gm, "")
      .replace(/(`+)(?!`)[^\n]*?(?<!`)\1(?!`)/g, "")
      .replace(/<code>[^<]*<\/code>/g, "")
    for (const part of ["octocat", "<script", "![i]", "::error", "# t"]) {
      expect(text).toContain(part)
      expect(outside).not.toContain(part)
    }
  })

  test("inline code ends where it should, and holds no line break", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom("`", "a", " ", "\n", "|") }), (text) => {
        const code = inlineCode(text)
        const [fence = ""] = /^`*/.exec(code) ?? []
        expect(code).not.toContain("\n")
        if (fence === "") return
        expect(code.endsWith(fence)).toBe(true)
        const inner = code.slice(fence.length, -fence.length)
        expect(inner.match(/`+/g) ?? []).not.toContain(fence)
      }),
    )
  })

  test("prose keeps code and escapes the rest", () => {
    expect(prose("MUST send `<think>` in [x] <b> to @you")).toBe(
      "MUST send `<think>` in \\[x\\] &lt;b> to \\@you",
    )
  })
})

describe("the annotations for GitHub", () => {
  test("are an error for a cause that fails, a warning for one that does not, and none for a waived one", () => {
    const warning = sampleFinding({
      id: "http.x:y@listModels",
      rule: "http.x",
      severity: "SHOULD",
      verdict: "warn",
    })
    const lines = githubReport.write(sampleReport([sampleFinding(), warning]), plain).split("\n")
    expect(lines.map((line) => line.replace(/::.*?::/s, (head) => head))).toEqual([
      expect.stringMatching(/^::error title=MUST sse.done-once%3Arepeated::sse.done-once:repeated@.*%0A/),
      expect.stringMatching(/^::warning title=SHOULD http.x%3Arepeated::/),
      expect.stringMatching(/^::notice title=conformance::http:\/\/127.0.0.1\/v1: Not conformant/),
      "",
    ])
    expect(githubReport.write(waivedReport(), plain).split("\n")).toHaveLength(2)
  })

  test("show stale and expired entries at their line of the file", () => {
    const report = sampleReport([], { baseline: { ...baseline, stale: [entry] }, others: [passed("a.b")] })
    expect(githubReport.write(report, plain)).toContain(
      "::error file=ci/baseline.yaml,line=7,title=stale entry::emb.count:too-few@createEmbedding: the finding is gone",
    )
  })

  test("are at most ten of a level, and each is one line whatever a server sends", () => {
    const findings = Array.from({ length: 30 }, (_, at) => ({
      ...hostileFinding,
      id: `sse.done-once:repeated@op${at}`,
    }))
    const lines = githubReport.write(sampleReport(findings), plain).trimEnd().split("\n")
    expect(lines).toHaveLength(11)
    expect(lines.every((line) => /^::(error|notice) [^:]*::/.test(line))).toBe(true)
    expect(lines[9]).toBe("::error title=more annotations::21 more are in the other reports.")
    expect(lines[0]).toContain("50%25")
  })
})

test("one of a thing is named as one", () => {
  const findings = Array.from({ length: 51 }, (_, at) =>
    sampleFinding({ id: `sse.done-once:repeated@op${at}`, rule: `sse.rule-${at}` }),
  )
  const report = sampleReport(findings, { requests: 1 })
  const cause = (report.causes[0] ?? expect.fail("no cause")) as Report["causes"][number]
  const two = { ...report, causes: [{ ...cause, consequences: ["other"] }] }
  const texts = [
    markdownReport.write(report, plain),
    githubReport.write(two, plain),
    consoleReport.write(sampleReport([], { requests: 1, others: [{ ...passed("a.b"), cases: 1 }] }), plain),
  ]
  expect(texts.flatMap((text) => text.match(/\b1 (?:more )?(?!pass)[a-z]+s\b/g) ?? [])).toEqual([])
  expect(texts).toEqual([
    expect.stringMatching(/\b1 more cause is in the JSON report.*/),
    expect.stringContaining("1 more finding has this cause"),
    expect.stringContaining("1 request, 1 generated case, "),
  ])
})

describe("the SARIF report", () => {
  interface Log {
    readonly version: string
    readonly runs: readonly {
      readonly tool: {
        readonly driver: { readonly name: string; readonly rules: readonly { readonly id: string }[] }
      }
      readonly results: readonly Record<string, unknown>[]
      readonly invocations: readonly Record<string, unknown>[]
    }[]
  }
  const logOf = (report: Report) => JSON.parse(sarifReport.write(report, plain)) as Log

  test("has the members that the standard requires, and a result for each finding", () => {
    const report = sampleReport([
      sampleFinding(),
      sampleFinding({ ...hostileFinding, id: "sse.done-once:repeated@x" }),
    ])
    const { version, runs } = logOf(report)
    expect([version, runs.length]).toEqual(["2.1.0", 1])
    const [run] = runs
    expect(run?.tool.driver).toMatchObject({ name: "@nexhina/conformance", rules: [{ id: "sse.done-once" }] })
    expect(run?.invocations).toMatchObject([{ executionSuccessful: true }])
    expect(run?.results).toHaveLength(2)
    for (const [at, result] of (run?.results ?? []).entries()) {
      const finding = report.findings[at]
      // SARIF 2.1.0, sections 3.27.5 (ruleId), 3.27.6 (ruleIndex), 3.27.10 (level), 3.27.11 (message).
      expect(result).toMatchObject({
        ruleId: "sse.done-once",
        ruleIndex: 0,
        level: "error",
        message: { text: expect.stringContaining("[DONE] is sent twice") },
        locations: [
          { physicalLocation: { artifactLocation: { uri: "http://127.0.0.1/v1/chat/completions" } } },
        ],
        partialFingerprints: { "findingId/v1": finding?.id },
        webResponse: { statusCode: 200, body: { text: finding?.evidence.excerpt } },
      })
    }
  })

  test("keeps the address of a request as it was sent, and escapes only what no address may contain", () => {
    const { request } = sampleFinding()
    const uriOf = (url: string) =>
      /"uri": "([^"]*)"/.exec(
        sarifReport.write(sampleReport([sampleFinding({ request: { ...request, url } })]), plain),
      )?.[1]
    expect(uriOf("http://[::1]:4010/v1/models")).toBe("http://[::1]:4010/v1/models")
    expect(uriOf("http://h/v1/models/a%2Fb%20c?x=1%25")).toBe("http://h/v1/models/a%2Fb%20c?x=1%25")
    expect(uriOf("http://h/v1/models/a b|100%")).toBe("http://h/v1/models/a%20b%7C100%25")
    expect(uriOf("http://h/v1/\ud800")).toBe("http://h/v1/%EF%BF%BD")
    fc.assert(
      fc.property(fc.webUrl({ withQueryParameters: true }), (url) => {
        expect(new URL(uriOf(url) ?? "").href).toBe(new URL(url).href)
      }),
    )
  })

  test("suppresses what the baseline waives, and says that a run was incomplete", () => {
    const { runs } = logOf({ ...waivedReport(), reason: "interrupted" })
    expect(runs[0]?.results).toMatchObject([
      { level: "error", suppressions: [{ kind: "external", justification: "fixed in 2.4" }] },
    ])
    expect(runs[0]?.invocations).toMatchObject([{ executionSuccessful: false }])
  })
})

test.each<[string, Report, string, string]>([
  ["a broken rule", sampleReport([sampleFinding()]), "not conformant: 1 broken rule", "red"],
  ["only waived findings", waivedReport(), "1 known finding", "orange"],
  ["gaps beside waived findings", { ...waivedReport(), reason: "interrupted" }, "incomplete", "lightgrey"],
  ["gaps", sampleReport([], { outcome: "incomplete", reason: "x" }), "incomplete", "lightgrey"],
  ["no answer", sampleReport([], { answered: [] }), "incomplete", "lightgrey"],
  ["a whole run", sampleReport([], { conformant: true }), "conformant", "brightgreen"],
  ["a part", sampleReport([], { conformant: null }), "partly checked, no MUST findings", "yellow"],
])("the badge of a run with %s", (_, report, message, color) => {
  expect(JSON.parse(badgeReport.write(report, plain))).toEqual({
    schemaVersion: 1,
    label: "nexhina conformance",
    message,
    color,
  })
})
