import type { Evidence } from "../evidence.ts"
import { type Cause, type Finding, findingVerdicts } from "../reports/report.ts"
import type { Where } from "../rule.ts"
import { findingId } from "./finding-id.ts"
import type { Detection, EvidenceGroup } from "./judge.ts"

/** Rules whose findings break the reading of a body, by what they read: transport, grammar, JSON, schema. */
export const readingRules: readonly (readonly string[])[] = [
  ["http.answers", "http.body-complete", "sse.terminates"],
  ["sse.grammar"],
  ["http.body-valid-json", "sse.data-json"],
  [
    "err.envelope",
    "chat.schema",
    "stream.chunk-schema",
    "resp.schema",
    "resp.event-schema",
    "models.schema",
    "emb.schema",
    "images.schema",
    "moderation.schema",
    "rerank.schema",
    "video.schema",
  ],
]

/** How early a rule reads; a rule that only looks at values comes last. */
const stages: ReadonlyMap<string, number> = new Map(
  readingRules.flatMap((rules, stage) => rules.map((rule) => [rule, stage] as const)),
)
const stageOf = (rule: string) => stages.get(rule) ?? readingRules.length
const schemaStage = readingRules.length - 1

type Seen = Detection<EvidenceGroup>

function groupedBy<T, K>(items: readonly T[], keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>()
  for (const item of items) {
    const key = keyOf(item)
    const group = groups.get(key)
    if (group) group.push(item)
    else groups.set(key, [item])
  }
  return groups
}

const pointerOf = (at: Where) => (at.part === "body" || at.part === "event" ? (at.pointer ?? "") : "")
const encloses = (outer: string, inner: string) => inner === outer || inner.startsWith(`${outer}/`)

/** Returns whether a fault can follow from a fault of a reading rule on the same exchange. */
function canFollow(later: Seen, earlier: Seen, stage: number): boolean {
  if (later.fault.at.part === "status" || later.fault.at.part === "header") return false
  if (stage < schemaStage) return true
  // One member that breaks the schema does not explain what is wrong with another member.
  const [a, b] = [pointerOf(later.fault.at), pointerOf(earlier.fault.at)]
  return encloses(a, b) || encloses(b, a)
}

/** Ids of findings, by the id of a finding: those that explain every exchange that shows it. */
export type Precursors = ReadonlyMap<string, ReadonlySet<string>>

/** Returns the ids of the findings of reading rules from which a detection can follow. */
function precursorsIn(later: Seen, reading: ReadonlyMap<Evidence, readonly Seen[]>): Set<string> {
  const compared =
    later.rule.scope === "group" ? later.executed.asked.map(({ exchange }) => exchange) : [later.exchange]
  const earlier = compared.flatMap((exchange) => reading.get(exchange) ?? [])
  return new Set(
    earlier
      .filter((found) => stageOf(found.rule.id) < stageOf(later.rule.id))
      .filter((found) => canFollow(later, found, stageOf(found.rule.id)))
      .map(findingId),
  )
}

/** Returns, for each finding, the findings of which one can explain it on every exchange that shows it. */
export function precursorsOf(detections: readonly Seen[]): Map<string, Set<string>> {
  const isReading = ({ rule }: Seen) => stageOf(rule.id) < readingRules.length
  const reading = groupedBy(detections.filter(isReading), ({ exchange }) => exchange)
  const precursors = new Map<string, Set<string>>()
  for (const later of detections) joinPrecursors(precursors, findingId(later), precursorsIn(later, reading))
  return precursors
}

/** Adds what explains a finding on some more exchanges: what does not explain all of them explains none. */
export function joinPrecursors(
  precursors: Map<string, Set<string>>,
  finding: string,
  more: ReadonlySet<string>,
): void {
  const earlier = precursors.get(finding)
  precursors.set(finding, new Set(earlier ? [...earlier].filter((id) => more.has(id)) : more))
}

/** Maps each finding that follows from another one to the finding in which its chain begins. */
function rootsOf(findings: readonly Finding[], precursors: Precursors): ReadonlyMap<Finding, Finding> {
  const earliestFirst = findings.toSorted((a, b) => stageOf(a.rule) - stageOf(b.rule))
  const roots = new Map<Finding, Finding>()
  for (const finding of earliestFirst) {
    const explaining = precursors.get(finding.id)
    const earlier = earliestFirst.find(
      ({ id, rule }) => stageOf(rule) < stageOf(finding.rule) && explaining?.has(id),
    )
    if (earlier) roots.set(finding, roots.get(earlier) ?? earlier)
  }
  return roots
}

const rankOf = ({ verdict }: { readonly verdict: Finding["verdict"] }) => findingVerdicts.indexOf(verdict)

/**
 * Groups findings by cause. Findings of the same rule and fault on several operations have one cause. A finding on
 * exchanges that could not be read follows from the finding that broke the reading, and is listed under its cause.
 * The worst causes come first.
 */
export function causesOf(findings: readonly Finding[], precursors: Precursors): Cause[] {
  const roots = rootsOf(findings, precursors)
  const independent = findings.filter((finding) => !roots.has(finding))
  const groups = groupedBy(independent, ({ rule, fault }) => `${rule}:${fault}`)
  const causes = [...groups].map(([id, members]): Cause => {
    const [worst] = members.toSorted((a, b) => rankOf(a) - rankOf(b)) as [Finding, ...Finding[]]
    const { rule, fault, severity, verdict, means } = worst
    return {
      id,
      rule,
      fault,
      severity,
      verdict,
      means,
      operations: [...new Set(members.map(({ operation }) => operation))],
      findings: members.map((finding) => finding.id),
      consequences: findings
        .filter((finding) => members.includes(roots.get(finding) ?? finding) && roots.has(finding))
        .map((finding) => finding.id),
    }
  })
  return causes.toSorted((a, b) => rankOf(a) - rankOf(b))
}
