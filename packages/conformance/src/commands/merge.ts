import { readFileSync } from "node:fs"
import { basename } from "node:path"
import { fileErrorText } from "../files/file-error.ts"
import { merge } from "../merge.ts"
import { checkSettingsOf } from "../options/check-options.ts"
import { UsageError } from "../options/options.ts"
import type { ExitCode } from "../reports/exit-codes.ts"
import { exitCodeOfMatrix, matrixFormats, type NamedReport } from "../reports/matrix.ts"
import { Report } from "../reports/report.ts"
import { judged } from "./check.ts"
import { readConfig } from "./config-file.ts"
import { givenSources } from "./given-sources.ts"
import { discard, openOutputs, writeReports } from "./report-output.ts"

const isJson = (path: string) => /\.json$/i.test(path)

function readReport(path: string): NamedReport {
  let text: string
  try {
    text = readFileSync(path, "utf8")
  } catch (error) {
    throw new UsageError(`cannot read the report '${path}': ${fileErrorText(error, "the file")}`)
  }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new UsageError(`the report '${path}' is not valid JSON: ${(error as Error).message}`)
  }
  const { data, error } = Report.safeParse(value)
  if (data) return { name: basename(path), report: data }
  const [issue] = error.issues
  throw new UsageError(
    `'${path}' is not a JSON report of the kit: ${issue?.path.join(".") || "it"} is not valid; write one with --report json=FILE`,
  )
}

/** Writes the matrix of some reports. */
async function writeMatrix(
  paths: readonly string[],
  settings: Pick<ReturnType<typeof checkSettingsOf>, "report">,
): Promise<ExitCode> {
  const outputs = openOutputs(settings, matrixWriter)
  try {
    const reports = paths.map(readReport)
    const problems = await writeReports(reports, outputs)
    for (const problem of problems) process.stderr.write(`error: ${problem}\n`)
    return problems.length > 0 ? 3 : exitCodeOfMatrix(reports)
  } finally {
    discard(outputs)
  }
}

/** Returns how a format writes a matrix. Throws a `UsageError` for one that cannot. */
function matrixWriter(format: string): (reports: readonly NamedReport[]) => string {
  if (isMatrixFormat(format)) return matrixFormats[format]
  const known = Object.keys(matrixFormats).join(", ")
  throw new UsageError(`--report: a matrix of targets is written as one of ${known}, got ${format}`)
}

const isMatrixFormat = (format: string): format is keyof typeof matrixFormats =>
  Object.hasOwn(matrixFormats, format)

/** Carries out `merge`, and returns its exit code. */
export async function mergeCommand(
  paths: readonly string[],
  { config, ...flags }: Record<string, unknown>,
): Promise<ExitCode> {
  const settings = checkSettingsOf(flags, typeof config === "string" ? readConfig(config) : {})
  if (paths.every(isJson)) {
    if ((flags["baseline"] ?? flags["updateBaseline"]) !== undefined)
      throw new UsageError(
        "merge: --baseline and --update-baseline are for transcripts; JSON reports keep the baseline of their run",
      )
    return await writeMatrix(paths, settings)
  }
  const given = await givenSources(paths)
  const report = paths.find(isJson)
  if (report !== undefined)
    throw new UsageError(
      `merge takes transcripts of one run or JSON reports of several targets, not both ('${report}')`,
    )
  return await judged(settings, given, config, (world) => merge(settings, given.sources, world))
}
