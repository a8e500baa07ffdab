import { runOptions } from "./options.ts"
import { exitCodes, verdicts } from "./report.ts"
import { reports } from "./reports.ts"
import type { Rule } from "./rule.ts"

const cell = (text: string) => text.replaceAll("|", "\\|").replaceAll("\n", " ")

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => "---"), ...rows].map((row) => `| ${row.map(cell).join(" | ")} |`).join("\n")
}

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

/** The command line of `run`, its verdicts and report formats, as a Markdown page. */
export function runPage(): string {
  return `${[
    "# `nexhina-conformance run`",
    "",
    "Asks a server, judges its answers, reports. Without `--base-url` it starts the embedded mock and checks that.",
    "This page is generated from the options themselves.",
    "",
    table(
      ["option", "meaning"],
      [
        [
          "`--config <file>`",
          "options from a YAML or JSON file, by their names (`baseUrl`, `maxRequests` …); the command line wins",
        ],
        ...Object.values(runOptions).map(({ flag, says }) => [`\`${flag}\``, says]),
      ],
    ),
    "",
    "## From code",
    "",
    "`run` takes the same options by their names, as text or as values, and resolves with the JSON report.",
    "",
    "```js",
    'import { run, settingsOf } from "@nexhina/conformance"',
    "",
    'const report = await run(settingsOf({ baseUrl: "http://127.0.0.1:4010/v1", apiKey: "sk-mock", quick: true }))',
    "console.log(report.conformant, report.findings.map(({ id }) => id))",
    "```",
    "",
    "## Verdicts",
    "",
    table(
      ["verdict", "meaning"],
      Object.entries(verdicts).map(([name, means]) => [`\`${name}\``, means]),
    ),
    "",
    "## Reports",
    "",
    table(
      ["format", "what it is"],
      Object.entries(reports).map(([name, { says }]) => [`\`${name}\``, says]),
    ),
    "",
    "The JSON report keeps `packages/conformance/report.schema.json`.",
    "",
    "## Exit codes",
    "",
    table(["code", "meaning"], Object.entries(exitCodes)),
  ].join("\n")}\n`
}
