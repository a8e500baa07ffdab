import { createCollector } from "@nexhina/wire"
import type { Command } from "commander"
import { openBaseline, settle } from "../baselines/settle.ts"
import type { Count } from "../engine/plan.ts"
import { runOptions, type Settings, settingsOf, UsageError } from "../options/options.ts"
import { outcomeText } from "../reports/outcome-text.ts"
import { exitCodeOf, type Report } from "../reports/report.ts"
import { terminalLines, terminalReport } from "../reports/terminal-text.ts"
import { dryRun, type RunEvents, runWithoutBaseline } from "../run.ts"
import { KeyRefused, NothingJudged, Unreachable } from "../target/learn.ts"
import { openBundle } from "./bundle-file.ts"
import { readConfig } from "./config-file.ts"
import { progressLine } from "./progress-line.ts"
import {
  discard,
  openReports,
  print,
  reportFiles,
  requireDistinctFiles,
  writeReports,
} from "./report-output.ts"
import { listenForSignals } from "./signals.ts"
import { openTranscript } from "./transcript-file.ts"

/** Runs the check. A run in which nothing could be judged has a report too, and an error to show. */
async function reportOf(
  settings: Settings,
  events: RunEvents,
): Promise<{ readonly report: Report; readonly error?: NothingJudged }> {
  try {
    return { report: await runWithoutBaseline(settings, events) }
  } catch (error) {
    if (error instanceof NothingJudged && error.report) return { report: error.report, error }
    throw error
  }
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

/** Returns the key of the command line, otherwise of the environment, where an empty variable counts as unset. */
function givenKey(flag: unknown): unknown {
  const variable = process.env["NEXHINA_API_KEY"]
  if (flag !== undefined || variable !== "") return flag ?? variable
  process.stderr.write("warning: NEXHINA_API_KEY is set but empty; no API key is sent\n")
  return undefined
}

/** Bytes of judged responses after which what was read of them is collected (chosen). */
const collectedBytes = 4 * 2 ** 20
/** Growth of the heap after which garbage is collected once there were as many, in percent (chosen). */
const growthPercent = 50

/** Carries out `run`, and returns its exit code. */
export async function runCommand(flags: Record<string, unknown>): Promise<number> {
  const { config, ...given } = flags
  const settings = settingsOf(
    { ...given, apiKey: givenKey(given["apiKey"]) },
    typeof config === "string" ? readConfig(config) : {},
  )
  if (settings.dryRun) {
    await print(planText(dryRun(settings), settings.maxRequests))
    return 0
  }
  requireDistinctFiles([
    { option: "--config", file: typeof config === "string" ? config : undefined, isInput: true },
    ...reportFiles(settings),
    { option: "--transcript", file: settings.transcript },
    { option: "--bundle", file: settings.bundle },
    { option: "--baseline", file: settings.baseline },
  ])
  const baseline = openBaseline(settings)
  const bundle = settings.bundle === undefined ? undefined : openBundle(settings.bundle)
  const transcript = openTranscript({ ...settings, transcript: settings.transcript ?? bundle?.transcript })
  const outputs = openReports(settings)
  const line = progressLine()
  const signals = listenForSignals()
  try {
    const { report: found, error } = await reportOf(settings, {
      onProgress: (progress) => line.update(progress),
      onWait: (reason) => line.wait(reason, settings.wait ?? 0),
      onJudged: createCollector(collectedBytes, { growthPercent }),
      interrupt: signals.signal,
      ...transcript?.events,
    })
    line.stop()
    const write = { ...settings, updateBaseline: settings.updateBaseline && !error }
    const { report, note, problem } = settle(found, baseline, write, new Date())
    if (note !== undefined) process.stderr.write(`${note}\n`)
    // With nothing judged, one line says more on a terminal than a list of rules that were not run.
    const problems = await writeReports(report, error ? outputs.filter(({ file }) => file) : outputs)
    transcript?.close()
    const bundleProblem = await bundle?.write(report, settings.transcript ?? bundle.transcript)
    if (bundleProblem !== undefined) problems.push(bundleProblem)
    if (transcript?.problem) problems.unshift(transcript.problem)
    if (problem !== undefined) problems.unshift(problem)
    for (const problem of problems) process.stderr.write(`error: ${problem}\n`)
    if (!error && (problems.length > 0 || outputs.every(({ file }) => file)))
      process.stderr.write(`${outcomeText(terminalReport(report))}\n`)
    if (error) throw error
    return problems.length > 0 || signals.signal.aborted ? 3 : exitCodeOf(report, settings.strict)
  } finally {
    line.stop()
    signals.stop()
    discard(outputs)
    transcript?.close()
    bundle?.discard()
  }
}

/** Adds the options of a run, which the configuration file takes too. */
export function addRunOptions(command: Command): void {
  for (const { flag, says } of Object.values(runOptions)) command.option(flag, says)
}

/** Prints an error that the user can do something about, and returns its exit code; rethrows any other. */
export function exitCodeOfError(error: unknown): number {
  if (error instanceof UsageError || error instanceof KeyRefused) {
    process.stderr.write(`error: ${terminalLines(error.message)}\n`)
    return 2
  }
  if (error instanceof Unreachable) {
    process.stderr.write(`error: ${terminalLines(error.message)}\n`)
    return 3
  }
  throw error
}
