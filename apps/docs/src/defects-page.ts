import type { Defect, Variant } from "@nexhina/defects"
import { codes, table } from "./table.ts"

const threads = (seen: readonly string[]) =>
  seen
    .map((source) =>
      source.replace(/^https:\/\/github\.com\/([^/]+\/[^/]+)\/(?:issues|pull)\/(\d+)$/, "[$1#$2]($&)"),
    )
    .join("; ")

/** The number of operations from which on a cell says "any". */
const manyOperations = 8

/**
 * The catalogue as a Markdown page. `operations`: those whose replies each alteration changes in plain requests;
 * `surfaces`: the surface of each rule.
 */
export function defectsPage(
  defects: readonly Defect[],
  variants: readonly Variant[],
  operations: ReadonlyMap<string, readonly string[]>,
  surfaces: ReadonlyMap<string, string>,
): string {
  const standsOn = (id: string, breaks: string) => {
    const seen = operations.get(id) ?? []
    if (seen.length >= manyOperations) return "any operation"
    return seen.length > 0
      ? codes(seen)
      : `special requests${surfaces.has(breaks) ? ` (${surfaces.get(breaks)})` : ""}`
  }
  const actsOn = ({ id, wider }: Defect | Variant, breaks = "") =>
    `${standsOn(id, breaks)}${wider ? "; selected: any" : ""}`
  return `${[
    "# Defects and variants",
    "",
    `${defects.length} defects, each an error of a real server or the opposite of a requirement, and`,
    `${variants.length} variants, legal forms that differ from the mock's default. The mock serves them with \`--defect ID\`,`,
    "`--variant ID` or the headers `x-mock-defect` and `x-mock-variant`. Tests prove that the kit finds each defect with",
    "its rule, and that no variant causes a MUST finding. This page is generated from the code.",
    "",
    "A defect acts at one stage: on the parsed `request`, on the `value` of the reply, on the `events` of a stream, on its",
    "encoded `bytes`, or on the `wire` (status, headers, body and end). The operations are those whose replies it changes",
    "for plain requests. A defect of *special requests* needs a request that its description names, on the surface in",
    "brackets.",
    "",
    "With `--defect`, most defects of HTTP keep to one operation, so that one rule finds each. *selected: any* means that such",
    "a defect acts on any operation when a request selects it, by its header, a setting or a scenario, and the reply is of the",
    "kind that the description names: JSON, a stream or an error, for example. A reply that a selected defect does not change",
    "has the header `x-mock-inactive`.",
    "",
    "## Defects",
    "",
    table(
      ["id", "defect", "stage", "operations", "rule and fault", "other rules that find it", "source"],
      defects.map((defect) => [
        `\`${defect.id}\``,
        defect.says,
        defect.stage,
        actsOn(defect, defect.breaks),
        `\`${defect.breaks}\`: ${defect.fault}`,
        codes(defect.also),
        threads(defect.seen),
      ]),
    ),
    "",
    "## Variants",
    "",
    table(
      ["id", "variant", "stage", "operations", "SHOULD and MAY rules that may report it", "why it is legal"],
      variants.map((variant) => [
        `\`${variant.id}\``,
        variant.says,
        variant.stage,
        actsOn(variant),
        codes(variant.notes),
        threads(variant.seen),
      ]),
    ),
  ].join("\n")}\n`
}
