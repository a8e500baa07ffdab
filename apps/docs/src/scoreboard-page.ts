import type { Rule } from "@nexhina/conformance"
import type { Defect, Variant } from "@nexhina/defects"
import type { ProfileName } from "@nexhina/schemas"
import { codes, table } from "./table.ts"

/** What a run made of the mock with one defect. */
export interface DefectScore {
  readonly defect: Defect
  /** Requests until its fault was found, that one included; absent where that depends on the clock. */
  readonly foundAfter?: number
  /** The other rules that found something. */
  readonly others: readonly string[]
}

/** What a run made of the mock with one variant. */
export interface VariantScore {
  readonly variant: Variant
  readonly profile: ProfileName
  /** The rules that noted it. */
  readonly notedBy: readonly string[]
}

/** The proof of the kit as a Markdown page: defects × rules and variants × rules, the empty cells left out. */
export function scoreboardPage(
  rules: readonly Rule[],
  defectScores: readonly DefectScore[],
  variantScores: readonly VariantScore[],
): string {
  const requests = defectScores.flatMap(({ foundAfter }) => foundAfter ?? []).sort((a, b) => a - b)
  const percentile = (share: number) => requests[Math.floor(share * (requests.length - 1))] ?? 0
  const variantIds = [...new Set(variantScores.map(({ variant }) => variant.id))]
  return `${[
    "# The scoreboard",
    "",
    "Each defect of the catalogue is shown by the mock over a socket, one at a time, and the kit is run against it with",
    "the probes of the rules that may find it and those of `--quick`. Its rule finds its fault, and no other rule finds",
    "anything but those that the catalogue names. A variant draws no MUST finding under any profile, and nothing that the",
    "catalogue does not name. This page is written by the test that proves it.",
    "",
    `${defectScores.length} defects, ${new Set(defectScores.map(({ defect }) => defect.breaks)).size} rules, ${variantIds.length} variants. Requests until a defect is found: ${percentile(0.5)} in the`,
    `median, ${percentile(0.9)} for nine of ten, ${percentile(1)} at most.`,
    "",
    "## Defects × rules",
    "",
    table(
      ["rule", "fault", "defect", "requests until found", "other rules that find it"],
      rules.flatMap((rule) =>
        defectScores
          .filter(({ defect }) => defect.breaks === rule.id)
          .map(({ defect, foundAfter, others }) => [
            codes([rule.id]),
            defect.fault,
            codes([defect.id]),
            String(foundAfter ?? "by the clock"),
            codes(others),
          ]),
      ),
    ),
    "",
    "## Variants × rules",
    "",
    table(
      ["variant", "SHOULD and MAY rules that note it, by profile"],
      variantIds.map((id) => [
        codes([id]),
        variantScores
          .filter(({ variant, notedBy }) => variant.id === id && notedBy.length > 0)
          .map(({ profile, notedBy }) => `${profile}: ${codes(notedBy)}`)
          .join("; ") || "none",
      ]),
    ),
  ].join("\n")}\n`
}
