import type { Rule } from "@nexhina/conformance"
import type { Defect, Variant } from "@nexhina/defects"
import type { ProfileName } from "@nexhina/schemas"
import { codes, table } from "./table.ts"

/** The result of a run against the mock with one defect. */
export interface DefectScore {
  /** Requests until its fault was found, that one included; absent where that depends on the clock. */
  readonly foundAfter?: number
  /** The other rules that found something. */
  readonly others: readonly string[]
}

/** The result of a run against the mock with one variant. */
export interface VariantScore {
  /** The SHOULD and MAY rules that reported it. */
  readonly notedBy: readonly string[]
}

/** Scores by the id of the defect or variant. */
export interface Scores {
  readonly defects: ReadonlyMap<string, DefectScore>
  readonly variants: Readonly<Record<ProfileName, ReadonlyMap<string, VariantScore>>>
}

/** Renders the proof of the kit as a Markdown page: defects × rules and variants × rules, without empty cells. */
export function scoreboardPage(
  rules: readonly Rule[],
  defects: readonly Defect[],
  variants: readonly Variant[],
  scores: Scores,
): string {
  const scored = defects.flatMap((defect) => {
    const score = scores.defects.get(defect.id)
    return score ? [{ defect, ...score }] : []
  })
  const requests = scored.flatMap(({ foundAfter }) => foundAfter ?? []).sort((a, b) => a - b)
  const percentile = (share: number) => requests[Math.floor(share * (requests.length - 1))] ?? 0
  const profiles = Object.keys(scores.variants) as ProfileName[]
  return `${[
    "# The scoreboard",
    "",
    "The mock serves each defect in turn over a socket, and the kit runs against it with the probes of the rules that may",
    "find it and those of `--quick`, on the surfaces whose replies the defect changes. The defect's rule finds its fault, and",
    "no other rule reports anything except those that the catalogue names. A variant causes no MUST finding under either",
    "profile, and no other finding that the catalogue does not name. This page is generated from the scores that the tests",
    "record.",
    "",
    `${scored.length} defects, ${new Set(scored.map(({ defect }) => defect.breaks)).size} rules, ${variants.length} variants. Requests until a defect is found: ${percentile(0.5)} in the`,
    `median, ${percentile(0.9)} for nine of ten, ${percentile(1)} at most.`,
    "",
    "## Defects × rules",
    "",
    table(
      ["rule", "fault", "defect", "requests until found", "other rules that find it"],
      rules.flatMap((rule) =>
        scored
          .filter(({ defect }) => defect.breaks === rule.id)
          .map(({ defect, foundAfter, others }) => [
            codes([rule.id]),
            defect.fault,
            codes([defect.id]),
            String(foundAfter ?? "depends on timing"),
            codes(others),
          ]),
      ),
    ),
    "",
    "## Variants × rules",
    "",
    table(
      ["variant", "SHOULD and MAY rules that report it, by profile"],
      variants.map(({ id }) => [
        codes([id]),
        profiles
          .flatMap((profile) => {
            const notedBy = scores.variants[profile].get(id)?.notedBy ?? []
            return notedBy.length > 0 ? [`${profile}: ${codes(notedBy)}`] : []
          })
          .join("; ") || "none",
      ]),
    ),
  ].join("\n")}\n`
}
