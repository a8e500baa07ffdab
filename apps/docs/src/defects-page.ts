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
  const actsOn = ({ id, breaks = "" }: { readonly id: string; readonly breaks?: string }) => {
    const seen = operations.get(id) ?? []
    if (seen.length >= manyOperations) return "any operation"
    return seen.length > 0
      ? codes(seen)
      : `special requests${surfaces.has(breaks) ? ` (${surfaces.get(breaks)})` : ""}`
  }
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
    "brackets. A reply that a selected defect does not change has the header `x-mock-inactive`.",
    "",
    "## Defects",
    "",
    table(
      ["id", "defect", "stage", "operations", "rule and fault", "other rules that find it", "source"],
      defects.map(({ id, says, stage, breaks, fault, also, seen }) => [
        `\`${id}\``,
        says,
        stage,
        actsOn({ id, breaks }),
        `\`${breaks}\`: ${fault}`,
        codes(also),
        threads(seen),
      ]),
    ),
    "",
    "## Variants",
    "",
    table(
      ["id", "variant", "stage", "operations", "SHOULD and MAY rules that may report it", "why it is legal"],
      variants.map(({ id, says, stage, notes, seen }) => [
        `\`${id}\``,
        says,
        stage,
        actsOn({ id }),
        codes(notes),
        threads(seen),
      ]),
    ),
  ].join("\n")}\n`
}
