import { isMap, isSeq, type YAMLMap } from "yaml"
import type { Report } from "../reports/report.ts"
import type { Baseline } from "./baseline.ts"

/** The first lines of a new file. */
const heading = ` Findings of nexhina-conformance that do not fail a run. Add a reason, an owner and a last day to each.
 New findings fail, and so do entries that are stale or expired.`

/**
 * Returns the text of a baseline that agrees with a report, to which it has been applied: new findings are added, stale
 * entries removed. Other entries keep their members, their order and their comments, expired ones too.
 */
export function updatedBaseline({ document, file }: Baseline, report: Report, strict: boolean): string {
  const { stale = [], expired = [] } = report.baseline ?? {}
  const edited = document.clone()
  if (!isMap(edited.contents)) {
    edited.contents = edited.createNode({ findings: [] }) as typeof edited.contents
    edited.commentBefore ??= heading
  }
  if (!isSeq(edited.get("findings"))) edited.set("findings", edited.createNode([]))
  const list = edited.get("findings")
  if (!isSeq<YAMLMap>(list)) throw new TypeError("the member 'findings' is not a list")
  const gone = new Set(stale.map(({ id }) => id))
  list.items = list.items.filter((item) => !gone.has(String(item.get("id"))))
  const senders = new Map(report.findings.map(({ id, shownBy }) => [id, shownBy]))
  for (const item of list.items) {
    const shownBy = senders.get(String(item.get("id")))
    if (shownBy !== undefined) item.set("shownBy", shownBy)
  }
  const kept = new Set(expired.map(({ id }) => id))
  const isNew = ({ id, verdict }: Report["findings"][number]) =>
    !kept.has(id) && (verdict === "fail" || (strict && verdict === "warn"))
  const added = report.findings.filter(isNew).map(({ id, shownBy }) => ({
    id,
    reason: `not reviewed: added on ${report.startedAt.slice(0, 10)}`,
    ...(shownBy !== undefined && { shownBy }),
  }))
  for (const entry of added) list.add(edited.createNode(entry) as YAMLMap)
  if (list.items.length > 0) list.flow = false
  return /\.json$/i.test(file)
    ? `${JSON.stringify(edited.toJS(), null, 2)}\n`
    : edited.toString({ lineWidth: 0 })
}
