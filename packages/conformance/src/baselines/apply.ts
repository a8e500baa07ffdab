import { findingIdParts } from "../engine/finding-id.ts"
import { verdictOfFindings } from "../engine/verdict.ts"
import {
  type BaselineResult,
  type Cause,
  type Finding,
  findingVerdicts,
  type Report,
  type RuleResult,
  type Verdict,
  verdictNames,
  type Waiver,
} from "../reports/report.ts"
import { isModelDependent } from "../rule.ts"
import { rules } from "../rules/rules.ts"
import type { Baseline, BaselineEntry } from "./baseline.ts"

const waiverOf = ({ reason, owner, expires }: BaselineEntry): Waiver => ({
  reason,
  ...(owner !== undefined && { owner }),
  ...(expires !== undefined && { expires }),
})

/**
 * Returns why a run cannot say that the finding of an entry is gone: it did not send the requests that showed it, or
 * its rule was not judged on their replies.
 */
function gapFor({ id, shownBy }: BaselineEntry, report: Report): string | undefined {
  const { rule = "", fault = "", operation = "", member = "" } = findingIdParts(id) ?? {}
  const result = report.rules.find((each) => each.id === rule)
  if (!result) return "its rule was not selected"
  if (report.stopped !== undefined) return `the run ended early: ${report.stopped}`
  if (report.omitted) return "the report is full, and leaves out findings"
  const kind = `${operation}${member}`
  if (!result.judgedOn?.includes(kind)) {
    const why = result.judged > 0 ? "" : ` (${[result.verdict, result.reason].filter(Boolean).join(": ")})`
    return `its rule was not judged on ${operation}${member && ` with an invalid ${member.slice(1)}`}${why}`
  }
  if (shownBy === undefined && report.quick) return "a quick run does not send every request"
  if (shownBy !== undefined && report.senders && !report.senders.includes(shownBy))
    return `the requests of ${shownBy}, which showed it, were not sent`
  const given = rules.find((each) => each.id === rule)
  const isChance = given !== undefined && isModelDependent(given, { fault }) && !report.deterministic
  return isChance ? "it depends on what the model says" : undefined
}

/** Returns whether the last day of an entry, in UTC, is over. */
const isExpired = ({ expires }: BaselineEntry, now: Date): boolean =>
  expires !== undefined && expires < now.toISOString().slice(0, 10)

/** Returns the ids of the findings that a baseline waives on a day. */
export const waivedIds = ({ entries }: Baseline, now: Date): ReadonlySet<string> =>
  new Set(entries.filter((entry) => !isExpired(entry, now)).map(({ id }) => id))

function sorted(baseline: Baseline, report: Report, now: Date): BaselineResult {
  const seen = new Set(report.findings.map(({ id }) => id))
  const result = { waived: [], stale: [], expired: [], unjudged: [] } as {
    [List in "waived" | "stale" | "expired" | "unjudged"]: BaselineResult[List]
  }
  for (const entry of baseline.entries) {
    const listed = { id: entry.id, line: entry.line, ...waiverOf(entry) }
    const because = seen.has(entry.id) ? undefined : gapFor(entry, report)
    const isGone = !seen.has(entry.id) && because === undefined
    if (isGone) result.stale.push(listed)
    // The last day is over whatever this run has seen.
    else if (isExpired(entry, now)) result.expired.push(listed)
    else if (because === undefined) result.waived.push(listed)
    else result.unjudged.push({ ...listed, because })
  }
  return { file: baseline.file, ...result }
}

/** Returns the worst verdict of a cause's findings. */
function worstOf({ findings }: Cause, byId: ReadonlyMap<string, Finding>): Cause["verdict"] {
  const verdicts = findings.map((id) => byId.get(id)?.verdict)
  return findingVerdicts.find((verdict) => verdicts.includes(verdict)) ?? "waived"
}

const rankOf = ({ verdict }: Cause) => findingVerdicts.indexOf(verdict)

/**
 * Waives the findings that a baseline lists: they keep their severity and get the verdict `waived`. The outcome stays
 * as it was, because a target with waived findings does not conform.
 */
export function applyBaseline(report: Report, baseline: Baseline, now: Date): Report {
  const result = sorted(baseline, report, now)
  const waivers = new Map(result.waived.map(({ id, line: _, ...waiver }) => [id, waiver]))
  const findings = report.findings.map((finding): Finding => {
    const waiver = waivers.get(finding.id)
    return waiver ? { ...finding, verdict: "waived", waiver } : finding
  })
  const byId = new Map(findings.map((finding) => [finding.id, finding]))
  const ruleResults = report.rules.map((rule): RuleResult => {
    const own = rule.findings.flatMap((id) => byId.get(id) ?? [])
    // In a full report, a rule may have findings that the baseline does not list.
    if (report.omitted || own.length === 0 || rule.verdict === "harness-error") return rule
    return { ...rule, verdict: verdictOfFindings(own) ?? rule.verdict }
  })
  const causes = report.causes.map((cause): Cause => ({ ...cause, verdict: worstOf(cause, byId) }))
  return {
    ...report,
    summary: Object.fromEntries(
      verdictNames.map((name) => [name, ruleResults.filter(({ verdict }) => verdict === name).length]),
    ) as Record<Verdict, number>,
    baseline: result,
    rules: ruleResults,
    causes: causes.toSorted((a, b) => rankOf(a) - rankOf(b)),
    findings,
  }
}
