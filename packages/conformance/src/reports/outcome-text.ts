import { type BaselineResult, flakyMusts, type Report } from "./report.ts"

/** Returns a count with its noun and verb: `1 entry is`, `2 entries are`. */
const entries = (count: number) => (count === 1 ? "1 entry is" : `${count} entries are`)

/** Returns what the baseline has against a run, as sentences. */
function baselineFaults({ file, stale, expired }: BaselineResult): string[] {
  const [gone, them] = stale.length === 1 ? ["the finding is", "it"] : ["the findings are", "them"]
  const late = expired.length === 1 ? "the finding, or set a later day" : "the findings, or set later days"
  return [
    ...(stale.length > 0
      ? [
          `In ${file}, ${entries(stale.length)} stale (${gone} gone): remove ${them}, or run with --update-baseline.`,
        ]
      : []),
    ...(expired.length > 0 ? [`In ${file}, ${entries(expired.length)} expired: fix ${late}.`] : []),
  ]
}

/** Returns that SHOULD findings fail the run, if nothing worse does. */
function strictFaults({ strict, summary }: Report): string[] {
  if (strict !== true || summary.fail > 0 || summary.warn === 0) return []
  const rules = summary.warn === 1 ? "1 SHOULD rule was broken" : `${summary.warn} SHOULD rules were broken`
  return [`${rules}, which fails the run with --strict.`]
}

/** Returns that there are findings that are not confirmed, where nothing worse was found. */
function flakyDoubts(report: Report): string[] {
  const count = flakyMusts(report)
  if (count === 0 || report.outcome === "not-conformant") return []
  const they = count === 1 ? "1 MUST finding is" : `${count} MUST findings are`
  return [`${they} flaky: generated content broke a rule, and that was not confirmed.`]
}

/** Returns what a quick run did not look at. */
function quickGaps({ quick, summary, rules }: Report): string[] {
  if (quick !== true) return []
  if (summary["not-run"] === 0) return ["Quick run: it sent no generated requests."]
  const left = summary["not-run"] === 1 ? "1 rule" : `${summary["not-run"]} rules`
  return [
    `Quick run: it sent no generated requests and did not look at ${left} of ${rules.length}; run without --quick for those.`,
  ]
}

/** Returns that a run is a part of another. */
const partGaps = ({ shard }: Report): string[] =>
  shard === undefined
    ? []
    : [
        `This is part ${shard.index} of ${shard.count} of a run: merge the transcripts of all parts for the result of the whole.`,
      ]

/** Returns the verdict on the target, without what the baseline says. */
function verdictText(report: Report): string {
  const { outcome, reason, conformant, profile, surfaces, summary } = report
  // A reason may end with a question.
  const incomplete = reason === undefined ? "" : `Incomplete: ${reason}${/[.?!]$/.test(reason) ? "" : "."}`
  const gap = incomplete && ` ${incomplete}`
  switch (outcome) {
    case "not-conformant":
      return summary.fail === 0
        ? `Not conformant with the ${profile} profile, but the baseline waives every finding that breaks it.${gap}`
        : `Not conformant with the ${profile} profile.${gap}`
    case "incomplete":
      return incomplete
    default:
      return conformant === true
        ? `Conformant: every applicable MUST rule of the ${profile} profile was judged and none was broken, for ${surfaces.join(", ")}.`
        : `No MUST ${flakyMusts(report) > 0 ? "finding is confirmed" : "rule was broken"}, but not every applicable MUST rule was judged.`
  }
}

/** Returns the outcome of a run as one line, with the reason and the remedy when it is incomplete. */
export const outcomeText = (report: Report): string =>
  [
    verdictText(report),
    ...flakyDoubts(report),
    ...partGaps(report),
    ...quickGaps(report),
    ...strictFaults(report),
    ...(report.baseline ? baselineFaults(report.baseline) : []),
  ].join(" ")
