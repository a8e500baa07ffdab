import type { Defect, Variant } from "@nexhina/defects"
import { codes, table } from "./table.ts"

const threads = (seen: readonly string[]) =>
  seen
    .map((source) =>
      source.replace(/^https:\/\/github\.com\/([^/]+\/[^/]+)\/(?:issues|pull)\/(\d+)$/, "[$1#$2]($&)"),
    )
    .join("; ")

/** The catalogue as a Markdown page. */
export function defectsPage(defects: readonly Defect[], variants: readonly Variant[]): string {
  return `${[
    "# Defects and variants",
    "",
    `${defects.length} defects, each a way in which a server was wrong or a sentence of the contract turned round, and`,
    `${variants.length} variants, forms that differ from the mock's own and are legal. The mock shows them with \`--defect ID\`,`,
    "`--variant ID` or the headers `x-mock-defect` and `x-mock-variant`; tests prove that the kit finds each defect by",
    "its rule, and that no variant draws a MUST finding. This page is generated from the catalogue itself.",
    "",
    "## Defects",
    "",
    table(
      ["id", "what is wrong", "rule and fault", "also found by", "seen"],
      defects.map(({ id, says, breaks, fault, also, seen }) => [
        `\`${id}\``,
        says,
        `\`${breaks}\`: ${fault}`,
        codes(also),
        threads(seen),
      ]),
    ),
    "",
    "## Variants",
    "",
    table(
      ["id", "what differs", "SHOULD and MAY rules that may note it", "why it is legal"],
      variants.map(({ id, says, notes, seen }) => [`\`${id}\``, says, codes(notes), threads(seen)]),
    ),
  ].join("\n")}\n`
}
