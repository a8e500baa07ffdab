import { beforeAll, describe, type TestContext, test } from "vitest"
import { type OptionName, type Settings, settingsOf, UsageError } from "./options/options.ts"
import { findingText } from "./reports/finding-text.ts"
import { outcomeText } from "./reports/outcome-text.ts"
import { exitCodeOf, failsRun, type Report, type RuleResult, type Verdict } from "./reports/report.ts"
import { terminalReport } from "./reports/terminal-text.ts"
import type { Rule } from "./rule.ts"
import { rulesOfRun, run } from "./run.ts"
import { NothingJudged } from "./target/learn.ts"

/** The options of `run` that only the command has, because they say what it prints, writes or leaves to others. */
const ofCommand = ["dryRun", "report", "transcript", "bundle", "shard"] as const satisfies OptionName[]

/** Settings of `conformance`: the options of `run`, except for those that only the command has. */
export interface ConformanceOptions
  extends Partial<Omit<Settings, (typeof ofCommand)[number] | "baseUrl" | "header">> {
  /** Base URL of the server, including `/v1`. Default: starts the built-in mock server. */
  readonly baseURL?: string | undefined
  /** Extra headers for every request, each as `Name: value`. */
  readonly header?: string | readonly string[] | undefined
}

/** What a run has led to. */
interface Outcome {
  readonly report?: Report
  /** Why nothing was judged. */
  readonly error?: unknown
}

/** The verdicts of rules that were not judged, or that the baseline waives. */
const skipped: ReadonlySet<Verdict> = new Set<Verdict>([
  "waived",
  "unsupported",
  "not-applicable",
  "inconclusive",
  "not-run",
])

/**
 * Registers a test for each rule that applies to a server, named by its id and its sentence, and the test `run`, which
 * fails when the run is incomplete or could not start; with a baseline, also the test `baseline`. The server is checked once, before them.
 * @throws {UsageError} naming the first option that is wrong.
 */
export function conformance(options: ConformanceOptions = {}): void {
  const settings = settingsOfTests(options)
  const rules = rulesOfRun(settings)
  const failure = failureAt(conformance)
  let outcome: Outcome = {}
  describe(`conformance to the profile ${settings.profile}`, () => {
    // The run ends itself, after `maxTime` at the latest: 0 is no limit.
    beforeAll(async () => {
      outcome = await outcomeOf(settings)
    }, 0)
    test("run", () => {
      const problem = problemOf(outcome, settings, rules)
      if (problem !== undefined) throw failure(problem)
    })
    for (const { id, says } of rules) {
      test(`${id}: ${says}`, async (context) => {
        const problem = await judged(id, outcome, context)
        if (problem !== undefined) throw failure(problem)
      })
    }
    if (settings.baseline === undefined) return
    test("baseline", ({ skip }) => {
      if (!outcome.report) return skip("there is no report")
      const problem = entryProblems(outcome.report)
      if (problem !== "") throw failure(problem)
    })
  })
}

function settingsOfTests({ baseURL, ...rest }: ConformanceOptions): Settings {
  const wrong = ofCommand.find((name) => name in rest)
  if (wrong !== undefined)
    throw new UsageError(`conformance: '${wrong}' is an option of the command 'nexhina-conformance run' only`)
  return settingsOf({}, { ...rest, ...(baseURL !== undefined && { baseUrl: baseURL }) })
}

async function outcomeOf(settings: Settings): Promise<Outcome> {
  try {
    return { report: terminalReport(await run(settings)) }
  } catch (error) {
    const report = error instanceof NothingJudged ? error.report : undefined
    return { error, ...(report && { report: terminalReport(report) }) }
  }
}

/** Returns a maker of errors that point to the line that called a function. */
function failureAt(caller: (...args: never) => unknown): (message: string) => Error {
  const place = new Error()
  Error.captureStackTrace(place, caller)
  const frames = (place.stack ?? "").split("\n").filter((line) => line.startsWith("    at "))
  return (message) => {
    const error = new Error(message)
    error.name = "ConformanceError"
    error.stack = [`${error.name}: ${message}`, ...frames].join("\n")
    return error
  }
}

/** Returns why a run is incomplete or could not start, or what it found that no test is about. */
function problemOf(
  { report, error }: Outcome,
  { strict }: Settings,
  rules: readonly Rule[],
): string | undefined {
  if (error !== undefined) return error instanceof Error ? error.message : String(error)
  if (!report) return "the run has not ended"
  if (exitCodeOf(report, strict) > 1) return outcomeText(report)
  // What a run learns of its target can make more rules applicable.
  const others = report.rules.filter(
    ({ id, verdict }) => failsRun(verdict, report) && rules.every((rule) => rule.id !== id),
  )
  return others.length === 0 ? undefined : others.map((rule) => textOf(rule, report)).join("\n\n")
}

/** Returns why a rule failed, with its findings. Skips the test of a rule that has no judgement to report. */
async function judged(
  id: string,
  { report }: Outcome,
  { skip, annotate }: Pick<TestContext, "skip" | "annotate">,
): Promise<string | undefined> {
  const rule = report?.rules.find((each) => each.id === id)
  if (!report || !rule) return skip("there is no report: see the test 'run'")
  if (failsRun(rule.verdict, report) || rule.verdict === "harness-error") return textOf(rule, report)
  if (skipped.has(rule.verdict)) return skip(reasonOf(rule, report))
  if (rule.findings.length > 0) await annotate(textOf(rule, report), "warning")
  return undefined
}

function reasonOf({ verdict, reason, findings }: RuleResult, report: Report): string {
  const waiver = report.findings.find(({ id }) => findings.includes(id))?.waiver
  const why = reason ?? waiver?.reason
  return why === undefined ? verdict : `${verdict}: ${why}`
}

/** Returns what is wrong by a rule as text: each finding with what its fault means. */
function textOf(rule: RuleResult, report: Report): string {
  const findings = report.findings.filter(({ id }) => rule.findings.includes(id))
  return findings.length === 0
    ? reasonOf(rule, report)
    : findings.map((finding) => `${finding.means}\n${findingText(finding)}`).join("\n\n")
}

/** Returns the entries of the baseline that fail the run, in lines. */
function entryProblems({ baseline }: Report): string {
  if (!baseline) return ""
  const { file, stale, expired } = baseline
  const place = ({ line }: { readonly line?: number | undefined }) =>
    line === undefined ? file : `${file}:${line}`
  return [
    ...stale.map((entry) => `${place(entry)}: ${entry.id} is stale: the finding is gone; remove the entry`),
    ...expired.map(
      (entry) =>
        `${place(entry)}: ${entry.id} expired on ${entry.expires}: fix the finding, or set a later day`,
    ),
  ].join("\n")
}
