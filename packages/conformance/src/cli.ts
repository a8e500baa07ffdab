import { closeSync, openSync, readFileSync, writeFileSync, writeSync } from "node:fs"
import { Command, CommanderError } from "commander"
import pc from "picocolors"
import { parse as parseYaml } from "yaml"
import spinner from "yocto-spinner"
import type { Count } from "./engine/plan.ts"
import { transcriptRecorder } from "./inputs/transcript.ts"
import { runOptions, type Settings, settingsOf, UsageError } from "./options.ts"
import { exitCodeOf, exitCodes } from "./reports/report.ts"
import { reports } from "./reports/reports.ts"
import { rules } from "./rules/rules.ts"
import { dryRun, run } from "./run.ts"
import { KeyRefused, Unreachable } from "./target/learn.ts"
import type { Progress } from "./target/sampler.ts"
import { secretsOf } from "./target/to-wire.ts"
import { version } from "./version.ts"

const exitCodeHelp = `\nExit codes:\n${Object.entries(exitCodes)
  .map(([code, means]) => `  ${code}  ${means}`)
  .join("\n")}`

function readConfig(file: string): Record<string, unknown> {
  let text: string
  try {
    text = readFileSync(file, "utf8")
  } catch (error) {
    throw new UsageError(`--config: cannot read '${file}': ${(error as Error).message}`)
  }
  let value: unknown
  try {
    value = parseYaml(text)
  } catch (error) {
    throw new UsageError(`--config: '${file}' is not valid YAML: ${(error as Error).message}`)
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new UsageError(`--config: '${file}' must contain an object of options, such as 'profile: openai'`)
  }
  return value as Record<string, unknown>
}

/** Opens a file that will be written, before the first request is sent. */
function openForWriting(option: string, file: string): number {
  try {
    return openSync(file, "w")
  } catch (error) {
    throw new UsageError(`${option}: cannot write '${file}': ${(error as Error).message}`)
  }
}

/** Shows how far a run is, on standard error: a line that moves on a terminal, a line a phase elsewhere. */
function progressLine(): { update(progress: Progress): void; stop(): void } {
  const text = ({ phase, done, planned, sent }: Progress) =>
    `${phase}: ${done} of ${planned} samples, ${sent} requests`
  if (process.stderr.isTTY) {
    const line = spinner({ text: "starting" }).start()
    return {
      update(progress) {
        line.text = text(progress)
      },
      stop: () => void line.stop(),
    }
  }
  let phase = "learning"
  return {
    update(progress) {
      if (progress.phase !== phase) process.stderr.write(`${text(progress)}\n`)
      phase = progress.phase
    },
    stop() {},
  }
}

/** Resolves once all of it is out, as a pipe takes no more than its reader does, or the reader has left. */
const print = (text: string): Promise<void> =>
  new Promise((resolve) => {
    process.stdout.write(text, () => resolve())
  })
// Who reads the first lines only, as `head` does, has seen enough.
process.stdout.on("error", () => {})

/** The reports that were asked for, each with where it goes: a file, or else standard output. */
function openReports(settings: Settings) {
  return settings.report.map(({ format, file }) => ({
    write: reports[format].write,
    to: file === undefined ? undefined : openForWriting("--report", file),
    color: file === undefined && pc.isColorSupported,
  }))
}

/** The plan as a table, with its sums. */
function planText(counts: readonly Count[], maxRequests: number): string {
  const sum = (of: "rules" | "fixed" | "generated") => counts.reduce((total, count) => total + count[of], 0)
  const rows = [
    ["surface", "rules", "fixed requests", "generated requests"],
    ...counts.map(({ surface, rules, fixed, generated }) => [surface, rules, fixed, generated].map(String)),
    ["all", ...[sum("rules"), sum("fixed"), sum("generated")].map(String)],
  ]
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? []
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  )
  const planned = sum("fixed") + sum("generated")
  const limit = planned > maxRequests ? ` --max-requests ${maxRequests} would end it early.` : ""
  return `${lines.join("\n")}\n\nAbout ${planned} requests, before any that a finding makes smaller.${limit} Nothing was sent.\n`
}

async function runCommand(flags: Record<string, unknown>): Promise<number> {
  const { config, ...given } = flags
  const settings = settingsOf(
    { ...given, apiKey: given["apiKey"] ?? process.env["NEXHINA_API_KEY"] },
    typeof config === "string" ? readConfig(config) : {},
  )
  if (settings.dryRun) {
    process.stdout.write(planText(dryRun(settings), settings.maxRequests))
    return 0
  }
  const transcript =
    settings.transcript === undefined ? undefined : openForWriting("--transcript", settings.transcript)
  const record =
    transcript !== undefined &&
    transcriptRecorder(
      (line) => writeSync(transcript, `${line}\n`),
      secretsOf({ apiKey: settings.apiKey, headers: settings.header ?? [] }),
    )
  const outputs = openReports(settings)
  const line = progressLine()
  try {
    const report = await run(settings, {
      onProgress: (progress) => line.update(progress),
      ...(record && { onExchange: record }),
    })
    line.stop()
    for (const { write, to, color } of outputs) {
      const text = write(report, { color })
      if (to === undefined) await print(text)
      else writeFileSync(to, text)
    }
    return exitCodeOf(report, settings.strict)
  } finally {
    line.stop()
    if (transcript !== undefined) closeSync(transcript)
  }
}

function listRules(id: string | undefined, { json }: { json?: boolean }): number {
  const listed = rules.filter((rule) => id === undefined || rule.id === id)
  if (listed.length === 0)
    throw new UsageError(`no rule matches '${id}'; 'nexhina-conformance rules' lists them`)
  const facts = listed.map((rule) => ({
    id: rule.id,
    since: rule.since,
    says: rule.says,
    surface: rule.on.surface,
    looksAt: rule.on.says,
    source: rule.source,
    after: rule.after ?? [],
    faults: rule.faults,
    see: rule.see ?? [],
  }))
  if (json) process.stdout.write(`${JSON.stringify(facts, null, 2)}\n`)
  else if (id === undefined) {
    const width = Math.max(...facts.map((fact) => fact.id.length))
    for (const fact of facts) process.stdout.write(`${fact.id.padEnd(width)}  ${fact.says}\n`)
  } else {
    for (const fact of facts) {
      const lines = [
        pc.bold(fact.id),
        fact.says,
        "",
        `source    ${fact.source}`,
        `since     ${fact.since}`,
        `looks at  ${fact.looksAt}`,
        ...(fact.after.length > 0 ? [`rests on  ${fact.after.join(", ")}`] : []),
        "faults",
        ...Object.entries(fact.faults).map(([name, means]) => `  ${name}: ${means}`),
        ...(fact.see.length > 0 ? ["see", ...fact.see.map((thread) => `  ${thread}`)] : []),
      ]
      process.stdout.write(`${lines.join("\n")}\n`)
    }
  }
  return 0
}

async function main(argv: readonly string[]): Promise<number> {
  let exitCode = 0
  const program = new Command("nexhina-conformance")
    .description("Tests whether a server conforms to the gateway's API contract.")
    .version(version)
    .exitOverride()
    .showHelpAfterError("(run with --help for usage)")
    .addHelpText("after", exitCodeHelp)

  const runProgram = program
    .command("run")
    .description("test a server and report the findings")
    .option("--config <file>", "read options from a YAML or JSON file, named as baseUrl, maxRequests, …")
    .action(async (flags) => {
      exitCode = await runCommand(flags)
    })
  for (const { flag, says } of Object.values(runOptions)) runProgram.option(flag, says)

  program
    .command("rules [id]")
    .description("list the rules, or show one")
    .option("--json", "as JSON")
    .action((id: string | undefined, flags: { json?: boolean }) => {
      exitCode = listRules(id, flags)
    })

  try {
    await program.parseAsync(argv, { from: "user" })
    return exitCode
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    if (error instanceof UsageError || error instanceof KeyRefused) {
      process.stderr.write(`error: ${error.message}\n`)
      return 2
    }
    if (error instanceof Unreachable) {
      process.stderr.write(`error: ${error.message}\n`)
      return 3
    }
    throw error
  }
}

process.exitCode = await main(process.argv.slice(2))
