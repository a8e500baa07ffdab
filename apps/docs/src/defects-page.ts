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
    `${defects.length} defects, each an error of a real server or the opposite of a requirement, and`,
    `${variants.length} variants, legal forms that differ from the mock's default. The mock serves them with \`--defect ID\`,`,
    "`--variant ID` or the headers `x-mock-defect` and `x-mock-variant`. Tests prove that the kit finds each defect with",
    "its rule, and that no variant causes a MUST finding. This page is generated from the code.",
    "",
    "## Defects",
    "",
    table(
      ["id", "defect", "rule and fault", "other rules that find it", "source"],
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
      ["id", "variant", "SHOULD and MAY rules that may report it", "why it is legal"],
      variants.map(({ id, says, notes, seen }) => [`\`${id}\``, says, codes(notes), threads(seen)]),
    ),
  ].join("\n")}\n`
}
