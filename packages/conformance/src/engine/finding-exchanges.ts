import { type Mark, type ShownExchange, showExchange } from "@nexhina/viewer"
import type { Redactor } from "@nexhina/wire"
import type { Evidence } from "../evidence.ts"
import { limits } from "../limits.ts"
import { readingOf } from "../reading/answered.ts"
import type { Cause, Finding } from "../reports/report.ts"
import type { Where } from "../rule.ts"
import { faultRange, parameterRange } from "./fault-range.ts"
import type { Detection } from "./judge.ts"

/** Maximum number of exchanges that are shown where replies are compared. */
const maxCompared = 6

/** Returns the places of an exchange that show a fault. */
function marksOf(exchange: Evidence, at: Where): Mark[] {
  const marks: Mark[] = []
  const parameter = exchange.fault.value?.param
  const asked = parameter ? parameterRange(exchange.request.body, parameter) : undefined
  if (asked) marks.push({ part: "request-body", ...asked })
  if (at.part === "status" || at.part === "end") marks.push({ part: at.part })
  else if (at.part === "header") marks.push({ part: "header", name: at.name })
  else {
    const range = faultRange(readingOf(exchange)?.body ?? new Uint8Array(), at)
    if (range) marks.push({ part: "response-body", ...range })
  }
  return marks
}

/**
 * Returns the exchanges that show a fault as they were on the wire, without secrets: one, or those of the sample that
 * the rule compared, of which the one at fault is marked.
 */
export function exchangesOf(
  { rule, fault, exchange, executed }: Pick<Detection, "rule" | "fault" | "exchange" | "executed">,
  redactor: Redactor,
): ShownExchange[] {
  const compared = rule.scope === "group" ? executed.asked.map((each) => each.exchange) : []
  const place = compared.indexOf(exchange)
  const shown = place < 0 ? [exchange] : compared.slice(Math.max(0, place + 1 - maxCompared), place + 1)
  return shown.map((each) => {
    const body = readingOf(each)?.body
    return showExchange(each, {
      redactor,
      marks: each === exchange ? marksOf(each, fault.at) : [],
      maxBodyBytes: limits.shownBodyBytes.max,
      ...(body && { body }),
    })
  })
}

/** Returns the findings with the exchanges of those that are causes, the worst first, while there is room for them. */
export function withCauseExchanges(findings: readonly Finding[], causes: readonly Cause[]): Finding[] {
  const byId = new Map(findings.map((finding) => [finding.id, finding]))
  const first = causes.flatMap((cause) => cause.findings.slice(0, 1))
  const others = causes.flatMap((cause) => cause.findings.slice(1))
  const kept = new Set<string>()
  let bytes = 0
  for (const id of [...first, ...others]) {
    bytes += exchangeBytes(byId.get(id)?.exchanges)
    if (bytes > limits.exchangeBytes.max) break
    kept.add(id)
  }
  return findings.map((finding) => {
    if (kept.has(finding.id)) return finding
    const { exchanges: _, ...rest } = finding
    return rest
  })
}

/** Returns the size of exchanges in a report. */
export const exchangeBytes = (exchanges: Finding["exchanges"]): number =>
  exchanges === undefined ? 0 : JSON.stringify(exchanges).length
