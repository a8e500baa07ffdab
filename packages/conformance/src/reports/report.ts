import { ShownExchange } from "@nexhina/viewer"
import { z } from "zod"
import type { ExitCode } from "./exit-codes.ts"

/** The verdicts of a rule. A skip is never a pass: only `pass` means that the rule was judged and not broken. */
export const verdicts = {
  pass: "judged at least once, and never broken",
  fail: "a MUST rule was broken",
  warn: "a SHOULD rule was broken",
  info: "a MAY rule was broken",
  flaky:
    "broken by generated content, and not confirmed: the same request was not repeated, or was answered well",
  waived: "broken only by findings that the baseline lists",
  unsupported: "the target does not offer the feature that the rule is about",
  "not-applicable": "the rule does not apply to this profile or these traits",
  inconclusive: "requests were sent, but no response could be judged",
  "not-run": "no request was sent for it; the reason is given",
  "harness-error": "an error in the kit itself: please report it",
} as const
export type Verdict = keyof typeof verdicts
export const verdictNames = Object.keys(verdicts) as [Verdict, ...Verdict[]]

/** The verdicts of a finding, the worst first. */
export const findingVerdicts = ["fail", "flaky", "warn", "info", "waived"] as const satisfies Verdict[]

const Verdict = z.enum(verdictNames)
/** How a run ended. */
export const outcomes = {
  conformant:
    "no MUST rule was broken, apart from flaky findings, and enough of those that apply were judged",
  "not-conformant": "a MUST rule was broken",
  incomplete: "the evidence is not enough for a verdict; the summary begins with the reason and what to do",
} as const
export const Outcome = z.enum(Object.keys(outcomes) as [keyof typeof outcomes])
export type Outcome = z.infer<typeof Outcome>

const Severity = z.enum(["MUST", "SHOULD", "MAY"])
const FindingVerdict = z.enum(findingVerdicts)
const HeaderList = z.array(z.tuple([z.string(), z.string()]))

/** Why a finding does not fail a run, who answers for that, and until when. */
export const Waiver = z
  .object({
    reason: z.string(),
    owner: z.string().optional(),
    expires: z.iso.date().optional().describe("Last day on which the entry holds, in UTC."),
  })
  .meta({ id: "Waiver" })
export type Waiver = z.infer<typeof Waiver>

export const Finding = z
  .object({
    id: z
      .string()
      .describe(
        "`rule:fault@operation#pointer~member`, the same for every seed. `#pointer` is the member of the reply and `~member` the member of the request that was made invalid; each is omitted when it does not exist. Array indexes are `*`.",
      ),
    rule: z.string(),
    fault: z.string(),
    severity: Severity,
    verdict: FindingVerdict,
    waiver: Waiver.optional().describe("The entry of the baseline that waives the finding."),
    surface: z.string(),
    operation: z.string(),
    says: z.string(),
    source: z.string(),
    means: z.string().describe("The fault in plain words."),
    expected: z.string(),
    actual: z.string(),
    where: z.string(),
    times: z.int().describe("Number of exchanges of this run that show the fault."),
    foundAfter: z.int().describe("Number of requests sent when it was first seen, including that one."),
    request: z.object({
      method: z.string(),
      url: z.string(),
      headers: HeaderList,
      body: z.string().describe("Request body as text; the API key is redacted."),
      fault: z
        .string()
        .optional()
        .describe("The intended fault of the request, if it was invalid on purpose."),
    }),
    evidence: z.object({
      status: z.int().optional(),
      headers: HeaderList,
      end: z.string(),
      excerpt: z.string().describe("Part of the response body around the fault."),
    }),
    curl: z.string(),
    replay: z.string().describe("Command that sends the requests again."),
    requestId: z.string().optional().describe("Request id that the target returned."),
    otherProfile: z.string().optional().describe("Profile under which the same exchange is not a finding."),
    see: z.array(z.string()).describe("Public reports of servers with the same defect."),
    shownBy: z
      .string()
      .optional()
      .describe(
        "Probe or rule that sent a request that shows the finding. If several did, one that `--quick` sends, otherwise one with fixed requests.",
      ),
    exchanges: z
      .array(ShownExchange)
      .optional()
      .describe(
        "The exchanges that show the fault, as they were on the wire: one, or several that are compared, of which the last one is at fault. Only for findings of causes, and only while the report has room.",
      ),
  })
  .meta({ id: "Finding" })
export type Finding = z.infer<typeof Finding>

export const Cause = z
  .object({
    id: z.string().describe("`rule:fault`"),
    rule: z.string(),
    fault: z.string(),
    severity: Severity,
    verdict: FindingVerdict.describe("Worst verdict of its findings."),
    means: z.string().describe("The fault in plain words."),
    operations: z.array(z.string()).describe("Operations on which the fault was found."),
    findings: z.array(z.string()).describe("Ids of the findings of this rule and fault; at least one."),
    consequences: z
      .array(z.string())
      .describe("Ids of findings on the same exchanges, which could not be read because of this fault."),
  })
  .meta({ id: "Cause" })
export type Cause = z.infer<typeof Cause>

export const RuleResult = z
  .object({
    id: z.string(),
    surface: z.string(),
    severity: z.union([Severity, z.literal("not-applicable")]),
    verdict: Verdict,
    judged: z.int().describe("Number of exchanges or groups that the rule judged."),
    judgedOn: z
      .array(z.string())
      .optional()
      .describe(
        "Kinds of requests on which the rule was judged: `operation`, or `operation~member` for requests in which that member was made invalid.",
      ),
    cases: z.int().describe("Number of generated samples sent for this rule."),
    durationMs: z
      .number()
      .optional()
      .describe(
        "Duration of the requests that were sent for this rule, in milliseconds. Requests that feed several rules count for each.",
      ),
    reason: z.string().optional(),
    findings: z.array(z.string()),
  })
  .meta({ id: "RuleResult" })
export type RuleResult = z.infer<typeof RuleResult>

const ListedEntry = Waiver.extend({
  id: z.string(),
  line: z.int().optional().describe("Line of the entry in the file."),
})
const EntryList = z.array(ListedEntry)

/** What a run says about the entries of a baseline. Each entry is in exactly one of the lists. */
export const BaselineResult = z
  .object({
    file: z.string(),
    waived: EntryList.describe("Entries of the baseline whose findings were seen: they do not fail the run."),
    stale: EntryList.describe(
      "Entries of the baseline whose findings were looked for and are gone. They fail the run.",
    ),
    expired: EntryList.describe(
      "Entries of the baseline whose last day is over. They fail the run and waive nothing.",
    ),
    unjudged: z
      .array(ListedEntry.extend({ because: z.string() }))
      .describe(
        "Entries of the baseline whose findings this run did not look for. They say nothing about the target.",
      ),
  })
  .meta({ id: "BaselineResult" })
export type BaselineResult = z.infer<typeof BaselineResult>

export const Report = z
  .object({
    schemaVersion: z.literal(1),
    kit: z.object({ name: z.string(), version: z.string() }),
    target: z.string(),
    proxy: z.string().optional().describe("Proxy that the requests passed through, without credentials."),
    profile: z.string(),
    requirements: z
      .string()
      .optional()
      .describe("Set of requirements that was checked: the month in which its rules were published."),
    traits: z.array(z.string()),
    surfaces: z.array(z.string()).describe("Surfaces that were checked."),
    models: z.record(z.string(), z.string()),
    learned: z
      .array(z.string())
      .describe(
        "What the run learned before or while it asked: traits, which models were chosen and why, members that the target refuses and how it is asked instead.",
      ),
    recording: z
      .object({
        files: z.array(z.string()).describe("Files that were read."),
        exchanges: z.int().describe("Number of exchanges that were judged."),
        lost: z.int().describe("Number of exchanges that could not be read."),
        notes: z
          .array(z.string())
          .describe("What could not be read, with file and line, and what was not judged."),
      })
      .optional()
      .describe("What was judged, when it was recorded before: by `check`, `merge` and `proxy`."),
    seed: z.int(),
    quick: z.boolean().optional().describe("Whether the run sent only the fixed probes of `--quick`."),
    shard: z
      .object({ index: z.int().min(1), count: z.int().min(2) })
      .optional()
      .describe("Which part of a run it is, with `--shard`. Absent: the whole run."),
    strict: z.boolean().optional().describe("Whether SHOULD findings fail the run, as MUST findings do."),
    deterministic: z.boolean().optional().describe("Whether the same request had to get the same reply."),
    startedAt: z.iso.datetime(),
    durationMs: z.number(),
    requests: z.int(),
    outcome: Outcome.describe(
      "conformant: no MUST rule was broken among those that were selected, apart from flaky findings, and the evidence is complete. not-conformant: a MUST rule was broken. incomplete: neither can be said; `reason` says why.",
    ),
    reason: z.string().optional().describe("Why the evidence is not complete, and the remedy."),
    answered: z.array(z.string()).describe("Surfaces that answered a request with 2xx."),
    senders: z
      .array(z.string())
      .optional()
      .describe("Probes and rules with requests of their own that were sent completely."),
    conformant: z
      .boolean()
      .nullable()
      .describe(
        "true: every applicable MUST rule of the surfaces was judged and none was broken. null: neither, because some were not judged or have flaky findings only.",
      ),
    stopped: z.string().optional().describe("Why the run stopped early."),
    summary: z.record(Verdict, z.int()),
    baseline: BaselineResult.optional(),
    rules: z.array(RuleResult),
    causes: z
      .array(Cause)
      .describe(
        "The findings by cause, the worst first. Each finding belongs to one cause, as its finding or as its consequence.",
      ),
    findings: z.array(Finding),
    omitted: z
      .int()
      .optional()
      .describe(
        "Number of exchanges that show further findings, which are left out of a report that is full.",
      ),
  })
  .meta({ id: "ConformanceReport" })
export type Report = z.infer<typeof Report>

/** Returns the JSON Schema of a report, as published in `report.schema.json`. */
export function reportSchema(): string {
  return `${JSON.stringify(z.toJSONSchema(Report), null, 2)}\n`
}

/** A format of `--report`. */
export interface ReportFormat {
  /** The description: lower case, without a final stop. */
  readonly says: string
  /**
   * Returns the report, with the id of each finding. `color` is true only for a terminal that supports it; `ascii`
   * leaves out all other characters of texts for people (default: no).
   */
  write(report: Report, options: { readonly color: boolean; readonly ascii?: boolean }): string
}

/** Returns whether a finding or rule with a verdict fails a run. */
export const failsRun = (verdict: Verdict, { strict }: Pick<Report, "strict">): boolean =>
  verdict === "fail" || (verdict === "warn" && strict === true)

/** Returns the number of findings that a MUST rule was broken by generated content and that are not confirmed. */
export const flakyMusts = ({ findings }: Report): number =>
  findings.filter(({ verdict, severity }) => verdict === "flaky" && severity === "MUST").length

/** Returns whether the evidence of a run has gaps and no finding fails it. */
export const isIncomplete = ({ summary, outcome, reason }: Report): boolean =>
  // With every finding waived, the outcome is still `not-conformant`; evidence with gaps has a reason.
  outcome === "incomplete" || (summary.fail === 0 && reason !== undefined)

/** Returns the exit code of a finished run. */
export function exitCodeOf(report: Report, strict: boolean): ExitCode {
  const { summary, answered, baseline } = report
  const count = (...names: Verdict[]) => names.reduce((sum, name) => sum + summary[name], 0)
  if (count("harness-error") > 0) return 2
  if (answered.length === 0) return 3
  if (count("fail") > 0 || (strict && count("warn") > 0)) return 1
  if (baseline && baseline.stale.length + baseline.expired.length > 0) return 1
  if (isIncomplete(report)) return 3
  return count("pass", "warn", "info", "flaky", "waived", "inconclusive", "unsupported") === 0 ? 2 : 0
}
