import { exitCodes, reports, runOptions, verdicts } from "@nexhina/conformance"
import { table } from "./table.ts"

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
