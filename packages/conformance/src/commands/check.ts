import { createReadStream, readdirSync, statSync } from "node:fs"
import { open } from "node:fs/promises"
import { join } from "node:path"
import { type Command, Option } from "commander"
import spinner from "yocto-spinner"
import { type CheckedRecording, type CheckWorld, check, NothingRead } from "../check.ts"
import { fileErrorText } from "../files/file-error.ts"
import { type Source, zipHead } from "../inputs/source.ts"
import { type CheckSettings, checkOptions, checkSettingsOf } from "../options/check-options.ts"
import { UsageError } from "../options/options.ts"
import type { ExitCode } from "../reports/exit-codes.ts"
import { outcomeText } from "../reports/outcome-text.ts"
import { terminalReport } from "../reports/terminal-text.ts"
import { bundleSource } from "./bundle-file.ts"
import { readConfig } from "./config-file.ts"
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

const isRecording = (name: string): boolean => /\.(?:ndjson|har|sse|zip)$/i.test(name)

/** Returns the files of a folder and of the folders in it, in the order of their names. */
function filesIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .toSorted((a, b) => a.name.localeCompare(b.name, "en"))
    .flatMap((entry) => {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) return filesIn(path)
      return isRecording(entry.name) ? [path] : []
    })
}

function pathsOf(given: string): string[] {
  if (given === "-") return [given]
  let isFolder: boolean
  try {
    isFolder = statSync(given).isDirectory()
  } catch (error) {
    throw new UsageError(`cannot read '${given}': ${fileErrorText(error, "the file")}`)
  }
  if (!isFolder) return [given]
  const files = filesIn(given)
  if (files.length === 0) throw new UsageError(`'${given}' contains no .ndjson, .har or .sse file`)
  return files
}

async function* standardInput(): AsyncGenerator<Uint8Array> {
  for await (const chunk of process.stdin) yield chunk as Uint8Array
}

const sourceOf = (path: string): Source =>
  path === "-"
    ? { name: "standard input", bytes: standardInput }
    : { name: path, bytes: () => createReadStream(path, { highWaterMark: 2 ** 18 }) }

/** The first bytes of the transcript of a run. */
const runHead = '{"fact":"run"'

async function headOf(path: string): Promise<string> {
  if (path === "-") return ""
  const file = await open(path)
  try {
    const { buffer } = await file.read(Buffer.alloc(runHead.length), 0, runHead.length, 0)
    return buffer.toString("latin1")
  } finally {
    await file.close()
  }
}

/**
 * Returns the files that some paths name. Transcripts of runs come first: the other traffic is judged with what they
 * learned of the target.
 */
export async function sourcesOf(paths: readonly string[]): Promise<Source[]> {
  const files = paths.flatMap(pathsOf)
  const twice = files.find((path, at) => files.indexOf(path) < at)
  if (twice !== undefined) throw new UsageError(`'${twice}' is given twice: its exchanges would count twice`)
  const runs: Source[] = []
  const others: Source[] = []
  for (const path of files) {
    try {
      const head = await headOf(path)
      if (head.startsWith(zipHead)) runs.push(await bundleSource(path))
      else (head === runHead ? runs : others).push(sourceOf(path))
    } catch (error) {
      if (error instanceof UsageError) throw error
      throw new UsageError(`cannot read '${path}': ${fileErrorText(error, "the file")}`)
    }
  }
  return [...runs, ...others]
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
  { report, exitCode, note, problem }: CheckedRecording,
  outputs: readonly ReportOutput[],
): Promise<ExitCode> {
  if (note !== undefined) process.stderr.write(`${note}\n`)
  const problems = await writeReports(report, outputs)
  if (problem !== undefined) problems.unshift(problem)
  for (const problem of problems) process.stderr.write(`error: ${problem}\n`)
  if (problems.length > 0 || outputs.every(({ file }) => file)) {
    for (const note of report.recording?.notes ?? []) process.stderr.write(`${note}\n`)
    process.stderr.write(`${outcomeText(terminalReport(report))}\n`)
  }
  return problems.length > 0 ? 3 : exitCode
}

/** Carries out `check`, and returns its exit code. */
export async function checkCommand(
  paths: readonly string[],
  { config, ...flags }: Record<string, unknown>,
): Promise<ExitCode> {
  const settings = checkSettingsOf(flags, typeof config === "string" ? readConfig(config) : {})
  const sources = await sourcesOf(paths)
  return await judged(settings, inputsOf(sources, config), (world) => check(settings, sources, world))
}

/** Returns the files that a command reads, which no output may replace. */
export const inputsOf = (sources: readonly Source[], config: unknown): NamedFile[] =>
  [...sources.map(({ name }) => name), ...(typeof config === "string" ? [config] : [])].map((file) => ({
    option: file,
    file,
    isInput: true,
  }))

/** Opens the reports, judges and writes them. */
export async function judged(
  settings: Pick<CheckSettings, "report" | "baseline">,
  inputs: readonly NamedFile[],
  judge: (world: CheckWorld) => Promise<CheckedRecording>,
): Promise<ExitCode> {
  requireDistinctFiles([
    ...inputs,
    ...reportFiles(settings),
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
    return await reportRecording(checked, outputs)
  } catch (error) {
    if (!(error instanceof NothingRead)) throw error
    count.stop()
    process.stderr.write(`error: no exchange could be read: ${error.message}\n`)
    return 2
  } finally {
    count.stop()
    signals.stop()
    discard(outputs)
  }
}
