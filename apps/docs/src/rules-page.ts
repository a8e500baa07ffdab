import type { Rule } from "@nexhina/conformance"
import { table } from "./table.ts"

/** The catalogue of rules as a Markdown page. */
export function rulesPage(rules: readonly Rule[]): string {
  const surfaces = [...new Set(rules.map((rule) => rule.on.surface))]
  const count = rules.length
  return `${[
    "# The rules",
    "",
    `${count} rules. Each sentence begins with its severity: a broken MUST rule fails the run, a broken SHOULD rule is a`,
    "warning (and fails the run with `--strict`), a broken MAY rule is information. If a severity depends on the profile or",
    "on traits, the report of a run states which one applied. This page is generated from the code.",
    ...surfaces.flatMap((surface) => [
      "",
      `## ${surface}`,
      "",
      table(
        ["rule", "requirement", "applies to", "source", "faults"],
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
