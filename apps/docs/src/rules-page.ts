import type { Rule } from "@nexhina/conformance"
import { table } from "./table.ts"

/** The catalogue of rules as a Markdown page. */
export function rulesPage(rules: readonly Rule[]): string {
  const surfaces = [...new Set(rules.map((rule) => rule.on.surface))]
  const count = rules.length
  return `${[
    "# The rules",
    "",
    `${count} rules. The first word of a sentence is its severity: a broken MUST fails the run, a broken SHOULD is a`,
    "warning (and fails with `--strict`), a broken MAY is information. Where a severity depends on the profile or on",
    "traits, `nexhina-conformance rules ID` and the report of a run say which holds. This page is generated from the",
    "rules themselves.",
    ...surfaces.flatMap((surface) => [
      "",
      `## ${surface}`,
      "",
      table(
        ["rule", "sentence", "looks at", "source", "ways to break it"],
        rules
          .filter((rule) => rule.on.surface === surface)
          .map((rule) => [
            `\`${rule.id}\``,
            rule.says,
            rule.on.says,
            rule.source,
            Object.entries(rule.faults)
              .map(([name, means]) => `\`${name}\`: ${means}`)
              .join("; "),
          ]),
      ),
    ]),
  ].join("\n")}\n`
}
