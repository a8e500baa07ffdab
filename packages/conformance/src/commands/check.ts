import { type Command, Option } from "commander"
import spinner from "yocto-spinner"
import { type CheckedRecording, type CheckWorld, check, NothingRead } from "../check.ts"
import type { Source } from "../inputs/source.ts"
import { type CheckSettings, checkOptions, checkSettingsOf } from "../options/check-options.ts"
import type { ExitCode } from "../reports/exit-codes.ts"
import { outcomeText } from "../reports/outcome-text.ts"
import { terminalLines, terminalReport, terminalText } from "../reports/terminal-text.ts"
import { readConfig } from "./config-file.ts"
import { type GivenSources, givenSources } from "./given-sources.ts"
import {
  discard,
  isUtf8,
  type NamedFile,
  openReports,
  type ReportOutput,
  reportFiles,
  requireDistinctFiles,
  writeReports,
} from "./report-output.ts"
import { listenForSignals } from "./signals.ts"

/** Adds the options of `check`. A list is given by repeating its option: otherwise it would take the files too. */
export function addCheckOptions(command: Command): void {
  for (const { flag, says } of Object.values(checkOptions)) {
    const option = new Option(flag.replace("...>", ">"), says)
    if (flag.endsWith("...>"))
      option.argParser((value: string, before: readonly string[] = []) => [...before, value])
    command.addOption(option)
  }
}

/** Number of exchanges between two lines of progress when standard error is not a terminal. */
const progressStep = 10_000

/** Shows on standard error how many exchanges were judged. */
export function exchangeCount(): { update(exchanges: number): void; stop(): void } {
  const text = (exchanges: number) => `judging: ${exchanges} exchanges`
  if (process.stderr.isTTY) {
    const plain = { frames: ["-", "\\", "|", "/"], interval: 100 }
    const line = spinner({ text: "reading", ...(!isUtf8 && { spinner: plain }) }).start()
    return {
      update(exchanges) {
        line.text = text(exchanges)
      },
      stop: () => void line.stop(),
    }
  }
  let next = progressStep
  return {
    update(exchanges) {
      if (exchanges < next) return
      next = exchanges + progressStep
      process.stderr.write(`${text(exchanges)}\n`)
    },
    stop() {},
  }
}

/** Writes the reports of recorded traffic. Returns the exit code. */
export async function reportRecording(
  { report, exitCode, note, problem, nothingJudged }: CheckedRecording,
  outputs: readonly ReportOutput[],
): Promise<ExitCode> {
  if (note !== undefined) process.stderr.write(`${note}\n`)
  // As of a run in which nothing was judged, one line says more than a list of rules that were not run.
  const isNothing = nothingJudged !== undefined
  const problems = await writeReports(report, isNothing ? outputs.filter(({ file }) => file) : outputs)
  if (isNothing) problems.push(terminalLines(nothingJudged))
  if (problem !== undefined) problems.unshift(problem)
  for (const problem of problems) process.stderr.write(`error: ${problem}\n`)
  if (!isNothing && (problems.length > 0 || outputs.every(({ file }) => file))) {
    const shown = terminalReport(report)
    for (const note of shown.recording?.notes ?? []) process.stderr.write(`${note}\n`)
    process.stderr.write(`${outcomeText(shown)}\n`)
  }
  return problems.length > 0 ? 3 : exitCode
}

/** Carries out `check`, and returns its exit code. */
export async function checkCommand(
  paths: readonly string[],
  { config, ...flags }: Record<string, unknown>,
): Promise<ExitCode> {
  const settings = checkSettingsOf(flags, typeof config === "string" ? readConfig(config) : {})
  const given = await givenSources(paths)
  return await judged(settings, given, config, (world) => check(settings, given.sources, world))
}

/** Returns the files that a command reads, which no output may replace. */
const inputsOf = (sources: readonly Source[], config: unknown): NamedFile[] =>
  [...sources.map(({ name }) => name), ...(typeof config === "string" ? [config] : [])].map((file) => ({
    option: file,
    file,
    isInput: true,
  }))

/** Returns the result with a note about the files of folders that are not recordings. */
function withOthers(checked: CheckedRecording, others: string | undefined): CheckedRecording {
  const { recording } = checked.report
  if (others === undefined || !recording) return checked
  return {
    ...checked,
    report: {
      ...checked.report,
      recording: { ...recording, notes: [...recording.notes, `not read: ${others}`] },
    },
  }
}

/** Opens the reports, judges and writes them. */
export async function judged(
  settings: Pick<CheckSettings, "report" | "baseline"> & { readonly transcript?: string | undefined },
  { sources, others }: GivenSources,
  config: unknown,
  judge: (world: CheckWorld) => Promise<CheckedRecording>,
): Promise<ExitCode> {
  requireDistinctFiles([
    ...inputsOf(sources, config),
    ...reportFiles(settings),
    { option: "--transcript", file: settings.transcript },
    { option: "--baseline", file: settings.baseline },
  ])
  const outputs = openReports(settings)
  const count = exchangeCount()
  const signals = listenForSignals()
  const began = performance.now()
  try {
    const checked = await judge({
      startedAt: new Date(),
      elapsed: () => performance.now() - began,
      onProgress: (exchanges) => count.update(exchanges),
      interrupt: signals.signal,
    })
    count.stop()
    return await reportRecording(withOthers(checked, others), outputs)
  } catch (error) {
    if (!(error instanceof NothingRead)) throw error
    count.stop()
    process.stderr.write(`error: no exchange could be read: ${terminalText(error.message)}\n`)
    return 2
  } finally {
    count.stop()
    signals.stop()
    discard(outputs)
  }
}
