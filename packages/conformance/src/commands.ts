import {
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs"
import type { Command } from "commander"
import pc from "picocolors"
import { parse as parseYaml } from "yaml"
import spinner from "yocto-spinner"
import { openBaseline, settle } from "./baselines/settle.ts"
import type { Count } from "./engine/plan.ts"
import { explain } from "./explain.ts"
import { init } from "./init.ts"
import { transcriptRecorder } from "./inputs/transcript.ts"
import { limits } from "./limits.ts"
import { matches, runOptions, type Settings, settingsOf, UsageError } from "./options.ts"
import { ascii, columns, isUtf8Locale, wrapped } from "./reports/layout.ts"
import { outcomeText } from "./reports/outcome-text.ts"
import { exitCodeOf, type Report, type ReportFormat } from "./reports/report.ts"
import { reports } from "./reports/reports.ts"
import type { Rule } from "./rule.ts"
import { rules } from "./rules/rules.ts"
import { dryRun, type RunEvents, runWithoutBaseline } from "./run.ts"
import { KeyRefused, NothingJudged, Unreachable } from "./target/learn.ts"
import type { Progress } from "./target/sampler.ts"
import { secretsOf } from "./target/to-wire.ts"

function readConfig(file: string): Record<string, unknown> {
  let text: string
  try {
    text = readFileSync(file, "utf8")
  } catch (error) {
    throw new UsageError(`--config: cannot read '${file}': ${(error as Error).message}`)
  }
  let value: unknown
  try {
    // Without the lines at fault, which may contain a key.
    value = parseYaml(text, { prettyErrors: false })
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

/** A report's destination: a file, or standard output when it has no path. */
interface ReportOutput {
  readonly write: ReportFormat["write"]
  readonly color: boolean
  readonly file?: ReportFile
}

/** A file that is replaced when its content is complete, so that an earlier one survives a failed run. */
interface ReportFile {
  readonly path: string
  /** The file that is written: a new one beside `path`, or `path` itself when that is a device or a pipe. */
  readonly written: string
}

function openReportFile(path: string): ReportFile {
  const isDevice = existsSync(path) && !statSync(path).isFile()
  const written = isDevice ? path : `${path}.${process.pid}.tmp`
  closeSync(openForWriting("--report", written))
  return { path, written }
}

function discard(outputs: readonly ReportOutput[]): void {
  for (const { file } of outputs)
    if (file && file.written !== file.path) rmSync(file.written, { force: true })
}

const isUtf8 = isUtf8Locale(process.env, process.platform)
const plainSpinner = { frames: ["-", "\\", "|", "/"], interval: 100 }

/** Shows how far a run is, on standard error: a line that moves on a terminal, a line a phase elsewhere. */
function progressLine(): { update(progress: Progress): void; stop(): void } {
  const text = ({ phase, done, planned, sent }: Progress) =>
    `${phase}: ${done} of ${planned} samples, ${sent} requests`
  if (process.stderr.isTTY) {
    const line = spinner({ text: "starting", ...(!isUtf8 && { spinner: plainSpinner }) }).start()
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

/** Writes to standard output. Resolves when the reader of the pipe has received everything, or is gone. */
const print = (text: string): Promise<void> =>
  new Promise((resolve) => {
    process.stdout.write(text, () => resolve())
  })
// A reader that stops early, such as `head`, closes the pipe: that is not an error.
process.stdout.on("error", () => {})

/** Opens the files of the reports. Throws a `UsageError` for one that cannot be written, and leaves none behind. */
function openReports(settings: Settings): ReportOutput[] {
  const outputs: ReportOutput[] = []
  try {
    for (const { format, file } of settings.report) {
      const opened =
        file === undefined ? { color: pc.isColorSupported } : { color: false, file: openReportFile(file) }
      outputs.push({ write: reports[format].write, ...opened })
    }
    return outputs
  } catch (error) {
    discard(outputs)
    throw error
  }
}

/** Writes every report, standard output first. Returns the sentences about those that could not be written. */
async function writeReports(report: Report, outputs: readonly ReportOutput[]): Promise<string[]> {
  const problems: string[] = []
  for (const { write, color, file } of outputs.toSorted((a, b) => Number(!!a.file) - Number(!!b.file))) {
    const text = write(report, { color, ascii: !file && !isUtf8 })
    if (!file) {
      await print(text)
      continue
    }
    try {
      writeFileSync(file.written, text)
      if (file.written !== file.path) renameSync(file.written, file.path)
    } catch (error) {
      problems.push(`--report: cannot write '${file.path}': ${(error as Error).message}`)
    }
  }
  return problems
}

/** The transcript of a run. A failure to write ends the transcript and not the run. */
interface Transcript {
  readonly record: NonNullable<RunEvents["onExchange"]>
  /** The sentence about the first failure, if there was one. */
  readonly problem: string | undefined
  close(): void
}

function openTranscript({ transcript: path, apiKey, header }: Settings): Transcript | undefined {
  if (path === undefined) return undefined
  const file = openForWriting("--transcript", path)
  let problem: string | undefined
  let written = 0
  const write = (line: string) => {
    if (problem !== undefined) return
    try {
      written += writeSync(file, `${line}\n`)
    } catch (error) {
      problem = `--transcript: cannot write '${path}': ${(error as Error).message}`
    }
  }
  const record = transcriptRecorder(write, secretsOf({ apiKey, headers: header ?? [] }))
  return {
    record(exchange, intent) {
      if (written < limits.transcriptBytes.max) record(exchange, intent)
      else
        problem ??= `--transcript: '${path}' has reached its limit of ${limits.transcriptBytes.max} bytes; later exchanges are not in it`
    },
    get problem() {
      return problem
    },
    close: () => closeSync(file),
  }
}

/** Turns SIGINT and SIGTERM into an interruption of the run; a second one ends the process. */
function listenForSignals(): { readonly signal: AbortSignal; stop(): void } {
  const controller = new AbortController()
  const names = ["SIGINT", "SIGTERM"] as const
  const interrupt = (name: NodeJS.Signals) => {
    if (controller.signal.aborted) process.exit(name === "SIGINT" ? 130 : 143)
    controller.abort(`the run was interrupted by ${name}`)
  }
  for (const name of names) process.on(name, interrupt)
  return {
    signal: controller.signal,
    stop() {
      for (const name of names) process.off(name, interrupt)
    },
  }
}

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

/** Carries out `run`, and returns its exit code. */
export async function runCommand(flags: Record<string, unknown>): Promise<number> {
  const { config, ...given } = flags
  const settings = settingsOf(
    { ...given, apiKey: givenKey(given["apiKey"]) },
    typeof config === "string" ? readConfig(config) : {},
  )
  if (settings.dryRun) {
    process.stdout.write(planText(dryRun(settings), settings.maxRequests))
    return 0
  }
  const baseline = openBaseline(settings)
  const transcript = openTranscript(settings)
  const outputs = openReports(settings)
  const line = progressLine()
  const signals = listenForSignals()
  try {
    const { report: found, error } = await reportOf(settings, {
      onProgress: (progress) => line.update(progress),
      interrupt: signals.signal,
      ...(transcript && { onExchange: transcript.record }),
    })
    line.stop()
    const write = { ...settings, updateBaseline: settings.updateBaseline && !error }
    const { report, note, problem } = settle(found, baseline, write, new Date())
    if (note !== undefined) process.stderr.write(`${note}\n`)
    // With nothing judged, one line says more on a terminal than a list of rules that were not run.
    const problems = await writeReports(report, error ? outputs.filter(({ file }) => file) : outputs)
    if (transcript?.problem) problems.unshift(transcript.problem)
    if (problem !== undefined) problems.unshift(problem)
    for (const problem of problems) process.stderr.write(`error: ${problem}\n`)
    if (!error && outputs.every(({ file }) => file)) process.stderr.write(`${outcomeText(report)}\n`)
    if (error) throw error
    return problems.length > 0 || signals.signal.aborted ? 3 : exitCodeOf(report, settings.strict)
  } finally {
    line.stop()
    signals.stop()
    discard(outputs)
    transcript?.close()
  }
}

/** What `rules` shows of a rule. */
function ruleFacts(rule: Rule) {
  return {
    id: rule.id,
    since: rule.since,
    says: rule.says,
    surface: rule.on.surface,
    looksAt: rule.on.says,
    source: rule.source,
    after: rule.after ?? [],
    faults: rule.faults,
    see: rule.see ?? [],
  }
}

/** Returns everything about a rule as text. */
function ruleText(fact: ReturnType<typeof ruleFacts>): string {
  const lines = [
    pc.bold(fact.id),
    wrapped(fact.says, ""),
    "",
    wrapped(fact.source, "source    "),
    `since     ${fact.since}`,
    wrapped(fact.looksAt, "looks at  "),
    ...(fact.after.length > 0 ? [wrapped(fact.after.join(", "), "rests on  ")] : []),
    "faults",
    ...Object.entries(fact.faults).map(([name, means]) => wrapped(`${name}: ${means}`, "  ", "    ")),
    ...(fact.see.length > 0 ? ["see", ...fact.see.map((thread) => `  ${thread}`)] : []),
  ]
  return lines.join("\n")
}

/** Returns a line for each rule, or two where the id leaves too little room for the sentence. */
function ruleTable(facts: readonly ReturnType<typeof ruleFacts>[]): string {
  const width = Math.min(columns / 2 - 8, Math.max(...facts.map(({ id }) => id.length)))
  return facts
    .map(({ id, says }) =>
      id.length > width
        ? `${id}\n${wrapped(says, " ".repeat(width + 2))}`
        : wrapped(says, `${id.padEnd(width)}  `, " ".repeat(width + 2)),
    )
    .join("\n")
}

/** Carries out `rules`, and returns its exit code. A pattern without `*` names one rule, which is shown in full. */
export function listRules(pattern: string | undefined, { json }: { json?: boolean }): number {
  const listed = rules.filter((rule) => pattern === undefined || matches(pattern, rule.id))
  if (listed.length === 0)
    throw new UsageError(`no rule matches '${pattern}'; 'nexhina-conformance rules' lists them`)
  const facts = listed.map(ruleFacts)
  const isOne = pattern !== undefined && !pattern.includes("*")
  const text = json
    ? JSON.stringify(facts, null, 2)
    : isOne
      ? facts.map(ruleText).join("\n")
      : ruleTable(facts)
  process.stdout.write(`${json || isUtf8 ? text : ascii(text)}\n`)
  return 0
}

/** Carries out `init` in the current folder, and returns its exit code. */
export function initCommand({ force = false }: { force?: boolean }): number {
  for (const path of init(".", force)) process.stdout.write(`wrote ${path}\n`)
  return 0
}

/** Carries out `explain`, and returns its exit code. */
export async function explainCommand(id: string): Promise<number> {
  const text = await explain(id)
  await print(isUtf8 ? text : ascii(text))
  return 0
}

/** Adds the options of a run, which the configuration file takes too. */
export function addRunOptions(command: Command): void {
  for (const { flag, says } of Object.values(runOptions)) command.option(flag, says)
}

/** Prints an error that the user can do something about, and returns its exit code; rethrows any other. */
export function exitCodeOfError(error: unknown): number {
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
