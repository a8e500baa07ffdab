import { exitCodes, type Limit, limits, reports, runOptions, verdicts } from "@nexhina/conformance"
import { table } from "./table.ts"

/** Returns an amount with its thousands separated, bytes as MiB. */
const amount = (max: number, unit: string) =>
  unit.startsWith("bytes") ? `${max / 2 ** 20} MiB` : max.toLocaleString("en")

/** The command line of `run`, its verdicts and report formats, as a Markdown page. */
export function runPage(): string {
  return `${[
    "# `nexhina-conformance run`",
    "",
    "Tests a server and reports the findings. Without `--base-url`, it starts the built-in mock server and tests that.",
    "This page is generated from the code.",
    "",
    table(
      ["option", "meaning"],
      [
        [
          "`--config <file>`",
          "read options from a YAML or JSON file, named as `baseUrl`, `maxRequests` …; the command line takes precedence",
        ],
        ...Object.values(runOptions).map(({ flag, says }) => [`\`${flag}\``, says]),
      ],
    ),
    "",
    "## From code",
    "",
    "`run` accepts the same options by name and resolves to the JSON report.",
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
    "## Findings",
    "",
    "A finding has an id that is the same for every seed: `rule:fault@operation#pointer~member`.",
    "",
    table(
      ["part", "meaning"],
      [
        ["`rule`", "the rule that was broken"],
        ["`fault`", "the way in which it was broken"],
        ["`@operation`", "the operation of the request"],
        ["`#pointer`", "JSON pointer to the member of the reply that shows the fault, if there is one"],
        ["`~member`", "member of the request that was made invalid on purpose, if there is one"],
      ],
    ),
    "",
    "Array indexes are written as `*`, for example `chat.schema:choices@createChatCompletion#/choices/*/message`.",
    "",
    "A finding is shown again by its `curl` and by its `replay` command. Both read the API key from `$NEXHINA_API_KEY`. A",
    "secret header is read from the variable with the header's name, for example `$X_GOOG_API_KEY`.",
    "",
    "## Causes",
    "",
    "Reports group findings by cause. The same rule and fault on several operations is one cause. Findings on a reply that",
    "could not be read (broken stream, JSON or schema) are listed under the cause that broke it. Exit codes depend on",
    "findings, not on causes.",
    "",
    "## Reports",
    "",
    table(
      ["format", "content"],
      Object.entries(reports).map(([name, { says }]) => [`\`${name}\``, says]),
    ),
    "",
    "The JSON Schema of the JSON report is `packages/conformance/report.schema.json`.",
    "",
    "## Limits",
    "",
    "The kit bounds its time and memory, whatever the server sends. Its memory stays below 400 MB, and a run ends at most",
    "two seconds after `--max-time`.",
    "",
    table(
      ["at most", "of", "beyond it"],
      Object.values<Limit>(limits).map(({ max, unit, beyond }) => [amount(max, unit), unit, beyond]),
    ),
    "",
    "## Proxies",
    "",
    "Requests pass through the proxy that `HTTP_PROXY` or `HTTPS_PROXY` names, except to hosts in `NO_PROXY`. The report",
    "shows the proxy without its credentials. The built-in mock server is reached directly.",
    "",
    "## Exit codes",
    "",
    table(["code", "meaning"], Object.entries(exitCodes)),
  ].join("\n")}\n`
}
