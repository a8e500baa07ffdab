import { z } from "zod"

/** What became of a rule. A skip is never a pass: only `pass` says that the rule was judged and held. */
export const verdicts = {
  pass: "judged at least once, and it held every time",
  fail: "a MUST rule was broken",
  warn: "a SHOULD rule was broken",
  info: "a MAY rule was broken",
  flaky: "what a model chose to say broke it once, and not again on the same request",
  unsupported: "the target does not offer what the rule is about",
  "not-applicable": "the rule does not hold for this profile or these traits",
  inconclusive: "it was asked, and nothing that came back could be judged",
  "not-run": "nothing was asked, with the reason",
  "harness-error": "the kit itself is at fault: please report it",
} as const
export type Verdict = keyof typeof verdicts
export const verdictNames = Object.keys(verdicts) as [Verdict, ...Verdict[]]

const Verdict = z.enum(verdictNames)
const Severity = z.enum(["MUST", "SHOULD", "MAY"])
const HeaderList = z.array(z.tuple([z.string(), z.string()]))

export const Finding = z
  .object({
    id: z.string().describe("Stable: rule, fault and operation; never the generated value."),
    rule: z.string(),
    fault: z.string(),
    severity: Severity,
    verdict: z.enum(["fail", "warn", "info", "flaky"]),
    surface: z.string(),
    operation: z.string(),
    says: z.string(),
    source: z.string(),
    means: z.string().describe("The fault in words."),
    expected: z.string(),
    actual: z.string(),
    where: z.string(),
    times: z.int().describe("Exchanges of this run that show it."),
    foundAfter: z.int().describe("Requests that had been sent when it was first seen, that one included."),
    request: z.object({
      method: z.string(),
      url: z.string(),
      headers: HeaderList,
      body: z.string().describe("As text; the API key blotted out."),
      fault: z.string().optional().describe("What was wrong with the request on purpose."),
    }),
    evidence: z.object({
      status: z.int().optional(),
      headers: HeaderList,
      end: z.string(),
      excerpt: z.string().describe("The part of the response body that shows the fault."),
    }),
    curl: z.string(),
    replay: z.string().describe("The command that asks again."),
    requestId: z.string().optional().describe("Under which the target knows the request."),
    otherProfile: z.string().optional().describe("The profile under which the same exchange is no finding."),
    see: z.array(z.string()).describe("Threads in which a server had the same defect."),
  })
  .meta({ id: "Finding" })
export type Finding = z.infer<typeof Finding>

export const RuleResult = z
  .object({
    id: z.string(),
    surface: z.string(),
    severity: z.union([Severity, z.literal("not-applicable")]),
    verdict: Verdict,
    judged: z.int().describe("Exchanges or groups on which the rule came to a decision."),
    cases: z.int().describe("Generated samples that were sent for this rule alone."),
    reason: z.string().optional(),
    findings: z.array(z.string()),
  })
  .meta({ id: "RuleResult" })
export type RuleResult = z.infer<typeof RuleResult>

export const Report = z
  .object({
    schemaVersion: z.literal(1),
    kit: z.object({ name: z.string(), version: z.string() }),
    target: z.string(),
    profile: z.string(),
    traits: z.array(z.string()),
    surfaces: z.array(z.string()).describe("The surfaces that were checked."),
    models: z.record(z.string(), z.string()),
    seed: z.int(),
    startedAt: z.iso.datetime(),
    durationMs: z.number(),
    requests: z.int(),
    conformant: z
      .boolean()
      .nullable()
      .describe(
        "true: every applicable MUST of the surfaces was judged and held. null: no MUST was broken, not all were judged.",
      ),
    stopped: z.string().optional().describe("Why the run ended before its plan."),
    summary: z.record(Verdict, z.int()),
    rules: z.array(RuleResult),
    findings: z.array(Finding),
  })
  .meta({ id: "ConformanceReport" })
export type Report = z.infer<typeof Report>

/** The JSON Schema of a report, as the file that is published with the package. */
export function reportSchema(): string {
  return `${JSON.stringify(z.toJSONSchema(Report), null, 2)}\n`
}

/** A way to write a report. */
export interface ReportFormat {
  readonly says: string
  /** The whole file; `color` only where it goes to a terminal that shows it. */
  write(report: Report, options: { readonly color: boolean }): string
}

/** What the exit code of a run says. */
export const exitCodes = {
  0: "no MUST finding (with --strict, no SHOULD finding either)",
  1: "findings",
  2: "a wrong option or configuration, a refused API key, or nothing was judged",
  3: "the target cannot be reached, or most rules are inconclusive",
} as const
export type ExitCode = keyof typeof exitCodes

/** The exit code of a run that came to its end. */
export function exitCodeOf(report: Report, strict: boolean): ExitCode {
  const { summary } = report
  const count = (...names: Verdict[]) => names.reduce((sum, name) => sum + summary[name], 0)
  if (count("fail") > 0 || (strict && count("warn") > 0)) return 1
  if (count("harness-error") > 0) return 2
  const decided = count("pass", "warn", "info", "flaky")
  if (decided + count("inconclusive", "unsupported") === 0) return 2
  return count("inconclusive") > decided ? 3 : 0
}
