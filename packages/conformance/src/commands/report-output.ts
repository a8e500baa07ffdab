import { existsSync, openSync, realpathSync, statSync, writeFileSync } from "node:fs"
import { resolve } from "node:path"
import pc from "picocolors"
import { fileErrorText } from "../files/file-error.ts"
import { openReplacement, type Replacement } from "../files/replacement.ts"
import { type ReportRequest, type Settings, UsageError } from "../options/options.ts"
import { isUtf8Locale } from "../reports/layout.ts"
import type { Report, ReportFormat } from "../reports/report.ts"
import { reports } from "../reports/reports.ts"

export const isUtf8 = isUtf8Locale(process.env, process.platform)

/** Opens a file that will be written, before the first request is sent. */
export function openForWriting(option: string, file: string): number {
  try {
    return openSync(file, "w")
  } catch (error) {
    throw new UsageError(`${option}: cannot write '${file}': ${fileErrorText(error, "its folder")}`)
  }
}

/** How something that is reported is written: a report, or the reports of several targets. */
type Write<Reported> = (reported: Reported, options: Parameters<ReportFormat["write"]>[1]) => string

type ReportName = ReportRequest["format"]

/** A report's destination: a file, or standard output when it has no path. */
export interface ReportOutput<Reported = Report> {
  readonly write: Write<Reported>
  readonly color: boolean
  readonly file?: Replacement
}

/** Returns whether a path is something else than a file: a device or a pipe. */
const isDevice = (path: string): boolean => existsSync(path) && !statSync(path).isFile()

export function discard(outputs: readonly Pick<ReportOutput, "file">[]): void {
  for (const { file } of outputs) file?.discard()
}

/** A file that a command reads or writes, and the option that names it. */
export interface NamedFile {
  readonly option: string
  readonly file: string | undefined
  /** Whether it is read only. Default: no. */
  readonly isInput?: boolean
}

/** Returns the files of the reports. */
export const reportFiles = ({ report }: Pick<Settings, "report">): NamedFile[] =>
  report.map(({ format, file }) => ({ option: `--report ${format}`, file }))

/**
 * Refuses a file that two options name: the later output would replace the earlier one, or what the command reads.
 * @throws {UsageError} naming both options.
 */
export function requireDistinctFiles(files: readonly NamedFile[]): void {
  const first = new Map<string, NamedFile>()
  for (const named of files) {
    const { option, file, isInput } = named
    if (file === undefined) continue
    const path = existsSync(file) ? realpathSync(file) : resolve(file)
    const earlier = first.get(path)
    first.set(path, named)
    // A device takes what both write.
    if (earlier === undefined || (earlier.isInput && isInput) || isDevice(path)) continue
    if (earlier.isInput)
      throw new UsageError(`${option} would replace '${file}', which is read: name another file`)
    throw new UsageError(`${earlier.option} and ${option} both write '${file}': name different files`)
  }
}

/** A reader that stops early, such as `head`, closes the pipe: that is not an error. */
const readerLeft: ReadonlySet<string | undefined> = new Set(["EPIPE", "ERR_STREAM_DESTROYED"])

/** Writes to standard output until its reader has received everything, or is gone. Returns why it cannot be written. */
const write = (text: string): Promise<string | undefined> =>
  new Promise((resolve) => {
    process.stdout.write(text, (error) =>
      resolve(
        error && !readerLeft.has((error as NodeJS.ErrnoException).code)
          ? `cannot write to standard output: ${fileErrorText(error, "its folder")}`
          : undefined,
      ),
    )
  })
// The callback of each write gets the error.
process.stdout.on("error", () => {})

/** Writes to standard output. Throws a `UsageError` when it cannot be written. */
export async function print(text: string): Promise<void> {
  const problem = await write(text)
  if (problem !== undefined) throw new UsageError(problem)
}

/** Opens the files of the reports. Throws a `UsageError` for one that cannot be written, and leaves none behind. */
export const openReports = (settings: Pick<Settings, "report">): ReportOutput[] =>
  openOutputs(settings, (format) => reports[format].write)

/** The formats that a person or a CI reads line by line; the others are read as a whole, and nothing may stand beside. */
const forLogs: ReadonlySet<ReportName> = new Set(["console", "github"])

/** Does the same for whatever the formats can write. */
export function openOutputs<Reported>(
  settings: Pick<Settings, "report">,
  writeAs: (format: ReportName) => Write<Reported>,
): ReportOutput<Reported>[] {
  requireDistinctFiles(reportFiles(settings))
  const printed = settings.report.filter(({ file }) => file === undefined)
  const formats = printed.map(({ format }) => format)
  if (printed.length > 1 && formats.some((format) => !forLogs.has(format))) {
    throw new UsageError(
      `--report ${formats.join(" and ")} would both be printed: name a file for one, as in --report ${formats[1]}=FILE`,
    )
  }
  const outputs: ReportOutput<Reported>[] = []
  try {
    for (const { format, file } of settings.report) {
      const write = writeAs(format)
      const opened =
        file === undefined
          ? { color: pc.isColorSupported }
          : { color: false, file: openReplacement("--report", file) }
      outputs.push({ write, ...opened })
    }
    return outputs
  } catch (error) {
    discard(outputs)
    throw error
  }
}

/** Writes every report, standard output first. Returns the sentences about those that could not be written. */
export async function writeReports<Reported>(
  reported: Reported,
  outputs: readonly ReportOutput<Reported>[],
): Promise<string[]> {
  const problems: string[] = []
  for (const { color, file, ...output } of outputs.toSorted((a, b) => Number(!!a.file) - Number(!!b.file))) {
    const text = output.write(reported, { color, ascii: !file && !isUtf8 })
    if (!file) {
      const problem = await write(text)
      if (problem !== undefined) problems.push(problem)
      continue
    }
    try {
      writeFileSync(file.written, text)
      file.commit()
    } catch (error) {
      problems.push(`--report: cannot write '${file.path}': ${fileErrorText(error, "its folder")}`)
    }
  }
  return problems
}
