import { escapeHtml, htmlPage, scriptJson, viewerStyle } from "@nexhina/viewer"
import pageScript from "../page/page.ts?bundled"
import { pageStyle } from "../page/style.ts"
import { rules } from "../rules/rules.ts"
import { outcomeText } from "./outcome-text.ts"
import type {
  FindingDetails,
  Occurrence,
  PageCause,
  PageData,
  PageFinding,
  PageResult,
  PageRule,
  PageTarget,
} from "./page-data.ts"
import {
  type Cause,
  type Finding,
  findingVerdicts,
  type Report,
  type ReportFormat,
  type RuleResult,
  type Waiver,
} from "./report.ts"
import { standingOf } from "./standing.ts"
import { terminalReport } from "./terminal-text.ts"

/** Maximum size of a page in bytes. */
const maxPageBytes = 5_000_000

/** Reserve for the markup, the style, the script, and what is known only at the end. */
const reservedBytes = 200_000

/** Maximum number of characters of a text about a finding. */
const maxTextLength = 2000

/** Maximum number of characters of a command: a part of a command is useless. */
const maxCommandLength = 10_000

const clip = (text: string, max = maxTextLength) => (text.length > max ? `${text.slice(0, max)}…` : text)

const command = (text: string) =>
  text.length > maxCommandLength ? "(too long for this page: see the JSON report)" : text

const rankOf = ({ verdict }: Cause) => findingVerdicts.indexOf(verdict)

/** Counts the bytes of a page while it is filled. */
class Room {
  private left = maxPageBytes - reservedBytes

  /** Returns the value if there is room for it. */
  take<T>(value: T | undefined): T | undefined {
    if (value === undefined) return undefined
    // A text that is too long without its escapes is too long with them.
    if (JSON.stringify(value).length > this.left) return undefined
    const bytes = Buffer.byteLength(scriptJson(value)) + 2
    if (bytes > this.left) return undefined
    this.left -= bytes
    return value
  }
}

function targetOf(report: Report): PageTarget {
  const { target, profile, traits, surfaces, models, learned, seed, startedAt, durationMs, requests } = report
  return {
    ...{ target, profile, traits, surfaces, models, seed, startedAt, durationMs, requests },
    learned: learned.map((sentence) => clip(sentence)),
    summary: report.summary,
    ...(report.stopped !== undefined && { stopped: clip(report.stopped) }),
    ...(report.proxy !== undefined && { proxy: report.proxy }),
    kit: report.kit,
    standing: standingOf(report),
    says: clip(outcomeText(report)),
    causes: report.causes.length,
  }
}

function waiverText({ reason, owner, expires }: Waiver): string {
  return [reason, owner, expires && `until ${expires}`].filter(Boolean).join(", ")
}

function detailsOf({ evidence, request, waiver, ...finding }: Finding): FindingDetails {
  const { expected, actual, where, curl, replay, requestId, otherProfile } = finding
  return {
    expected: clip(expected),
    actual: clip(actual),
    where: clip(where),
    curl: command(curl),
    replay: command(replay),
    ...(requestId !== undefined && { requestId: clip(requestId) }),
    ...(otherProfile !== undefined && { otherProfile }),
    ...(waiver && { waiver: clip(waiverText(waiver)) }),
    ...(request.fault !== undefined && { requestFault: clip(request.fault) }),
    excerpt: clip(evidence.excerpt),
    ...(evidence.status !== undefined && { status: evidence.status }),
    end: clip(evidence.end),
  }
}

/** A cause with its report, before anything is left out. */
interface Origin {
  readonly cause: Cause
  readonly report: Report
  readonly target: number
}

/** Groups the causes of several reports by their ids, the worst first. */
function originsById(reports: readonly Report[]): Origin[][] {
  const byId = new Map<string, Origin[]>()
  for (const [target, report] of reports.entries())
    for (const cause of report.causes) {
      const origins = byId.get(cause.id) ?? []
      byId.set(cause.id, origins)
      origins.push({ cause, report, target })
    }
  const worst = (origins: readonly Origin[]) => Math.min(...origins.map(({ cause }) => rankOf(cause)))
  return [...byId.values()].toSorted((a, b) => worst(a) - worst(b) || b.length - a.length)
}

function rulesOf(reports: readonly Report[], origins: readonly (readonly Origin[])[]): PageRule[] {
  const says = new Map(rules.map((rule) => [rule.id, rule.says]))
  const causesOfFindings = reports.map((_, target) => {
    const byFinding = new Map<string, number>()
    for (const [index, group] of origins.entries())
      for (const origin of group)
        if (origin.target === target)
          for (const id of [...origin.cause.findings, ...origin.cause.consequences]) byFinding.set(id, index)
    return byFinding
  })
  const resultOf = (result: RuleResult, target: number): PageResult => ({
    verdict: result.verdict,
    severity: result.severity,
    judged: result.judged,
    ...(result.reason !== undefined && { reason: clip(result.reason.split("\n", 1)[0] ?? "", 300) }),
    causes: [...new Set(result.findings.flatMap((id) => causesOfFindings[target]?.get(id) ?? []))],
  })
  const byTarget = reports.map((report) => new Map(report.rules.map((rule) => [rule.id, rule])))
  const all = new Map(reports.flatMap((report) => report.rules.map(({ id, surface }) => [id, surface])))
  return [...all].map(([id, surface]) => ({
    id,
    surface,
    says: says.get(id) ?? "",
    results: byTarget.map((results, target) => {
      const result = results.get(id)
      return result ? resultOf(result, target) : null
    }),
  }))
}

/** What there is room for of the findings of each target. */
type Filled = readonly Map<Finding, Pick<PageFinding, "details" | "exchanges">>[]

const findingsOf = ({ cause, report }: Origin): Finding[] =>
  report.findings.filter(({ id }) => cause.findings.includes(id))

/**
 * Chooses what there is room for: the details of each cause first, then those of its other targets and findings, then
 * the exchanges in the same order.
 */
function filled(origins: readonly (readonly Origin[])[], targets: number, room: Room): Filled {
  const chosen = Array.from({ length: targets }, () => new Map() as Filled[number])
  const inOrder = origins
    .flatMap((group) =>
      group.flatMap((origin, place) =>
        findingsOf(origin).map((finding, index) => ({ finding, of: origin.target, rank: place + index })),
      ),
    )
    .toSorted((a, b) => a.rank - b.rank)
  for (const { finding, of } of inOrder) {
    const details = room.take(detailsOf(finding))
    chosen[of]?.set(finding, details ? { details } : {})
  }
  for (const { finding, of } of inOrder) {
    const exchanges = room.take(finding.exchanges)
    if (exchanges) chosen[of]?.set(finding, { ...chosen[of]?.get(finding), exchanges })
  }
  return chosen
}

function occurrenceOf(origin: Origin, chosen: Filled): Occurrence {
  const { verdict, operations, consequences } = origin.cause
  return {
    verdict,
    operations,
    consequences,
    target: origin.target,
    findings: findingsOf(origin).map((finding): PageFinding => {
      const { id, operation, times } = finding
      return { id, operation, times, ...chosen[origin.target]?.get(finding) }
    }),
  }
}

function causeOf(origins: readonly Origin[], chosen: Filled): PageCause {
  const [worst] = origins.toSorted((a, b) => rankOf(a.cause) - rankOf(b.cause)) as [Origin]
  const { id, rule, fault, severity, verdict, means } = worst.cause
  const [finding] = findingsOf(worst)
  return {
    ...{ id, rule, fault, severity, verdict, means },
    says: finding?.says ?? "",
    source: finding?.source ?? "",
    surface: finding?.surface ?? "",
    see: finding?.see ?? [],
    occurrences: origins.map((origin) => occurrenceOf(origin, chosen)),
  }
}

function dataOf(reports: readonly Report[]): PageData {
  const origins = originsById(reports)
  const targets = reports.map(targetOf)
  const pageRules = rulesOf(reports, origins)
  const room = new Room()
  room.take(targets)
  room.take(pageRules)
  room.take(origins.map((group) => causeOf(group, [])))
  const chosen = filled(origins, reports.length, room)
  const kept = chosen.flatMap((byFinding) => [...byFinding])
  return {
    targets,
    rules: pageRules,
    causes: origins.map((group) => causeOf(group, chosen)),
    leftOut: {
      findings: kept.filter(([, { details }]) => !details).length,
      exchanges: kept.filter(([finding, { exchanges }]) => !exchanges && finding.exchanges).length,
      unlisted: reports.reduce((sum, { omitted = 0 }) => sum + omitted, 0),
    },
  }
}

/** Number of causes that a reader without scripts sees. */
const maxPlainCauses = 100

/** Writes what a reader without scripts sees: the outcome and the causes of each target. */
function plainContent(reports: readonly Report[]): string {
  const sections = reports.map((given) => {
    const report = terminalReport(given)
    const items = report.causes
      .slice(0, Math.ceil(maxPlainCauses / reports.length))
      .map(({ id, verdict, means }) => `<li>${[verdict, means, id].map(escapeHtml).join(" · ")}</li>`)
    return `<h1>${escapeHtml(report.target)}</h1>\n<p>${escapeHtml(clip(outcomeText(report)))}</p>\n<ol>${items.join("\n")}</ol>`
  })
  return `<div id="app">\n${sections.join("\n")}\n<p>Scripts are needed for the rest of this report.</p>\n</div>`
}

/**
 * Returns an HTML page about one or several reports: a single file of at most 5 MB, which makes no request. Several
 * reports become the columns of a matrix of targets and rules.
 */
export function htmlReportOf(reports: readonly Report[]): string {
  const [first] = reports
  const named = reports.length === 1 && first ? terminalReport(first).target : `${reports.length} targets`
  return htmlPage({
    title: `Conformance report: ${named}`,
    style: viewerStyle + pageStyle,
    script: pageScript,
    data: dataOf(reports),
    content: plainContent(reports),
  })
}

/** For people: one file for a browser. */
export const htmlReport: ReportFormat = {
  says: "one HTML file for a browser, with the exchanges that show each cause",
  write: (report) => htmlReportOf([report]),
}
