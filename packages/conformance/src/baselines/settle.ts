import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { fileErrorText } from "../files/file-error.ts"
import { openReplacement } from "../files/replacement.ts"
import { type Settings, UsageError } from "../options/options.ts"
import type { Report } from "../reports/report.ts"
import { applyBaseline } from "./apply.ts"
import { type Baseline, parseBaseline } from "./baseline.ts"
import { updatedBaseline } from "./update.ts"

type BaselineSettings = Pick<Settings, "baseline" | "updateBaseline" | "strict">

/**
 * Reads the baseline that the settings name, before anything is sent. A file that does not exist is empty when it will
 * be written.
 * @throws {UsageError} when it cannot be read or, if it will be updated, written.
 */
export function openBaseline({ baseline: file, updateBaseline }: BaselineSettings): Baseline | undefined {
  if (file === undefined) {
    if (updateBaseline) throw new UsageError("--update-baseline: name the file to write with --baseline FILE")
    return undefined
  }
  const isNew = updateBaseline && !existsSync(file)
  if (updateBaseline) {
    // Whether it can be written shows before the run, not after it.
    openReplacement("--update-baseline", file).discard()
  }
  let text = ""
  try {
    if (!isNew) text = readFileSync(file, "utf8")
  } catch (error) {
    const remedy = existsSync(file) ? "" : "; create it with --update-baseline"
    throw new UsageError(`--baseline: cannot read '${file}': ${fileErrorText(error, "the file")}${remedy}`)
  }
  return parseBaseline(text, file)
}

/** A report to which a baseline was applied, and what became of the file. */
export interface SettledReport {
  readonly report: Report
  /** What was written, as a sentence. */
  readonly note?: string
  /** Why the file could not be written, as a sentence. */
  readonly problem?: string
}

/** Applies a baseline to a report. With `updateBaseline`, it writes the file first. */
export function settle(
  found: Report,
  baseline: Baseline | undefined,
  { updateBaseline, strict }: BaselineSettings,
  now: Date,
): SettledReport {
  if (!baseline) return { report: found }
  const report = applyBaseline(found, baseline, now)
  if (!updateBaseline) return { report }
  const { file, entries } = baseline
  const text = updatedBaseline(baseline, report, strict)
  try {
    const replacement = openReplacement("--update-baseline", file)
    writeFileSync(replacement.written, text)
    replacement.commit()
  } catch (error) {
    if (error instanceof UsageError) return { report, problem: error.message }
    return {
      report,
      problem: `--update-baseline: cannot write '${file}': ${fileErrorText(error, "its folder")}`,
    }
  }
  const updated = parseBaseline(text, file)
  const [before, after] = [entries, updated.entries].map((list) => new Set(list.map(({ id }) => id)))
  const count = (ids: ReadonlySet<string> = new Set(), others: ReadonlySet<string> = new Set()) =>
    [...ids].filter((id) => !others.has(id)).length
  return {
    report: applyBaseline(found, updated, now),
    note: `${file}: ${count(after, before)} added, ${count(before, after)} removed, ${updated.entries.length} in all`,
  }
}
