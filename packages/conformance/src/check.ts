import { endpoints, type Surface } from "@nexhina/schemas"
import type { Baseline } from "./baselines/baseline.ts"
import { openBaseline, type SettledReport, settle } from "./baselines/settle.ts"
import { conclude } from "./engine/conclude.ts"
import { shellWord } from "./engine/curl.ts"
import { type RecordedConclusion, RecordedJudging } from "./engine/recorded.ts"
import { type ReadPart, readParts } from "./inputs/parts.ts"
import type { RunLine } from "./inputs/run-line.ts"
import { missingParts, partOf } from "./inputs/shards.ts"
import type { Source } from "./inputs/source.ts"
import type { CheckSettings } from "./options/check-options.ts"
import { UsageError } from "./options/options.ts"
import { requirementSetOn } from "./options/requirement-sets.ts"
import { counted } from "./reading/counted.ts"
import type { ExitCode } from "./reports/exit-codes.ts"
import { exitCodeOf, type Report, type RuleResult } from "./reports/report.ts"
import { selectRules } from "./run.ts"
import { version } from "./version.ts"

/** The surroundings of a check. */
export interface CheckWorld {
  readonly startedAt: Date
  /** Returns monotonic ms since the check began. */
  readonly elapsed: () => number
  /** Called after each part of a file with the number of exchanges judged so far. */
  readonly onProgress?: (exchanges: number) => void
  /** Ends the reading when it aborts: what was read is judged. Its reason is the sentence for the report. */
  readonly interrupt?: AbortSignal
}

/** Thrown when no exchange could be read, with a sentence for each file. */
export class NothingRead extends Error {
  override readonly name = "NothingRead"
}

/** The report of recorded traffic, to which the baseline was applied. */
export interface CheckedRecording extends SettledReport {
  readonly exitCode: ExitCode
  /** Why the recorded run could judge nothing, if it could not. */
  readonly nothingJudged?: string
}

/** Maximum number of sentences about what could not be read. */
const maxNotes = 20

/** What could not be read or judged, in sentences. */
class Notes {
  /** Number of exchanges, and of other places, that are lost. */
  exchanges = 0
  places = 0
  private readonly says: string[] = []
  /** How often something was not judged, and where first. */
  private readonly unusable = new Map<string, { readonly times: number; readonly place: string }>()
  private readonly unfinished: string[] = []

  add(part: Extract<ReadPart, { kind: "loss" | "unfinished" | "unusable" }>): void {
    if (part.kind === "unusable") {
      const { times, place } = this.unusable.get(part.says) ?? { times: 0, place: part.place }
      this.unusable.set(part.says, { times: times + 1, place })
    } else if (part.kind === "unfinished") {
      if (this.unfinished.length < maxNotes) this.unfinished.push(part.says)
    } else {
      this.places++
      this.exchanges += part.exchanges
      if (this.says.length < maxNotes) this.says.push(part.says)
    }
  }

  /** Returns why the evidence has gaps, if it has. */
  gap(): string | undefined {
    if (this.places === 0) return undefined
    const [first] = this.says
    const lost =
      this.exchanges > 0
        ? `${counted(this.exchanges, "exchange")} could not be read`
        : "the recording is not complete"
    return `${lost} (${first})`
  }

  sentences(): string[] {
    const rest = this.places - this.says.length
    return [
      ...this.says.map((says) => `not read: ${says}`),
      ...(rest > 0 ? [`not read: ${rest} more`] : []),
      ...(this.exchanges > 0 ? [`lost: ${counted(this.exchanges, "exchange")}`] : []),
      ...this.unfinished.map((says) => `not finished: ${says}`),
      ...[...this.unusable].map(
        ([says, { times, place }]) =>
          `not judged: ${says} (${times === 1 ? place : `${times} times, first at ${place}`})`,
      ),
    ]
  }

  get first(): string | undefined {
    const [unusable] = this.unusable
    return this.says[0] ?? this.unfinished[0] ?? (unusable && `${unusable[1].place}: ${unusable[0]}`)
  }
}

/** Creates the judging of recordings with the settings of `check`. */
export function createRecordedJudging(
  settings: CheckSettings,
  again: string,
  { startedAt }: Pick<CheckWorld, "startedAt">,
  onFinding?: ConstructorParameters<typeof RecordedJudging>[0]["onFinding"],
): RecordedJudging {
  const isAll = settings.rule.join() === "*" && settings.skip.length === 0
  return new RecordedJudging({
    rules: isAll ? undefined : selectRules(settings),
    profile: settings.profile,
    traits: settings.trait,
    include: settings.include,
    require: settings.require,
    requirements:
      settings.requirements === undefined ? undefined : requirementSetOn(settings.requirements, startedAt),
    again,
    onFinding,
  })
}

/**
 * Judges recorded traffic by the rules and with the verdicts of `run`, in memory that does not depend on its size.
 * @throws {NothingRead} when no exchange could be read; {UsageError} when recordings do not belong together, or are of a run
 * whose key was refused.
 */
export const check = (
  settings: CheckSettings,
  sources: readonly Source[],
  world: CheckWorld,
): Promise<CheckedRecording> => checkParts(settings, sources, world, gapBetween)

/** Returns which parts are missing between several parts of one run. A single one is judged as the part that it is. */
const gapBetween = ({ runs }: RecordedJudging): string | undefined =>
  runs.length > 1 && new Set(runs.map(({ shard }) => shard?.count)).size === 1
    ? missingParts(runs)
    : undefined

/** Judges recordings as `check` does, which may have to be the parts of one run. */
export async function checkParts(
  settings: CheckSettings,
  sources: readonly Source[],
  world: CheckWorld,
  /** Returns why the recordings are not a whole run. */
  gapOf: (judging: RecordedJudging) => string | undefined,
): Promise<CheckedRecording> {
  const names = sources.map(({ name }) => name)
  const baseline = openBaseline(settings)
  const again = ["nexhina-conformance check", ...names.slice(0, 3).map(shellWord)].join(" ")
  const judging = createRecordedJudging(settings, again, world)
  const notes = new Notes()
  const distinct = new DistinctRuns()
  for (const source of sources) {
    if (world.interrupt?.aborted) break
    await readInto(source, { judging, notes, distinct }, world)
  }
  const { nothingJudged } = judging
  if (nothingJudged?.isAnswered)
    throw new UsageError(`${names.join(", ")}: the run judged nothing: ${nothingJudged.reason}`)
  if (judging.isEmpty) {
    throw new NothingRead(notes.first ?? `${names.join(", ")}: no exchange`)
  }
  const missing = gapOf(judging)
  const checked = await concluded(judging, {
    settings,
    baseline,
    world,
    names,
    notes: [...notes.sentences(), ...judging.notes],
    gap: missing ?? notes.gap(),
    lost: notes.exchanges,
  })
  return nothingJudged ? { ...checked, nothingJudged: nothingJudged.reason } : checked
}

/** Tells recorded runs from copies of them. */
class DistinctRuns {
  /** Names of the sources by the lines with which their runs begin: these have the time to the millisecond. */
  private readonly names = new Map<string, string>()

  /** @throws {UsageError} when the run was added before. */
  add(line: RunLine, name: string): void {
    const whole = JSON.stringify(line)
    const before = this.names.get(whole)
    if (before === name)
      throw new UsageError(`'${name}' has the same run twice: its exchanges would count twice; keep one`)
    if (before !== undefined)
      throw new UsageError(
        `'${before}' and '${name}' have the same run: its exchanges would count twice; give one of them`,
      )
    this.names.set(whole, name)
  }
}

async function readInto(
  source: Source,
  { judging, notes, distinct }: { judging: RecordedJudging; notes: Notes; distinct: DistinctRuns },
  { onProgress, interrupt }: CheckWorld,
): Promise<void> {
  const [runs, ends] = [judging.runs.length, judging.ends.length]
  for await (const part of readParts(source)) {
    if (interrupt?.aborted) return
    if (part.kind === "run") distinct.add(part.line, source.name)
    addPart(part, judging, notes)
    onProgress?.(judging.exchanges)
  }
  if (judging.runs.length - runs > judging.ends.length - ends)
    notes.add({
      kind: "loss",
      says: `${source.name}: the recorded run has no end; it was killed`,
      exchanges: 0,
    })
}

function addPart(part: ReadPart, judging: RecordedJudging, notes: Notes): void {
  if (part.kind === "run") judging.run(part.line)
  else if (part.kind === "facts") judging.facts(part.line)
  else if (part.kind === "end") judging.end(part.line)
  else if (part.kind === "sample") judging.sample(part)
  else if (part.kind === "other") judging.other(part.exchange)
  else if (part.kind === "stream") judging.otherEvidence(part.evidence)
  else notes.add(part)
}

/** Concludes on recordings, and returns the report. */
export async function concluded(
  judging: RecordedJudging,
  facts: {
    readonly settings: Pick<CheckSettings, "strict" | "baseline" | "updateBaseline" | "require">
    readonly baseline: Baseline | undefined
    readonly world: CheckWorld
    readonly names: readonly string[]
    readonly notes: readonly string[]
    /** Why the evidence has gaps. */
    readonly gap: string | undefined
    /** Number of exchanges that could not be read. */
    readonly lost: number
  },
): Promise<CheckedRecording> {
  const { settings, baseline, world } = facts
  const conclusion = await judging.conclusion()
  const found = reportOf(judging, conclusion, facts)
  const isJudged = found.rules.some(({ judged }) => judged > 0)
  const write = { ...settings, updateBaseline: settings.updateBaseline && isJudged }
  const settled = settle(found, baseline, write, world.startedAt)
  const { report } = settled
  if (!isJudged || world.interrupt?.aborted) return { ...settled, exitCode: 3 }
  // A run decides by what the target offers; of other traffic, a finding is what counts.
  const isFinding = judging.runs.length === 0 && report.summary.fail > 0
  return { ...settled, exitCode: isFinding ? 1 : exitCodeOf(report, settings.strict) }
}

/** Returns why recordings without gaps are not enough for a verdict, if they are not. */
function lackOf(
  results: readonly RuleResult[],
  required: readonly Surface[],
  { operations }: RecordedConclusion["sent"],
): string | undefined {
  if (results.every(({ judged }) => judged === 0)) return "no recorded exchange could be judged"
  const asked = new Set([...operations].map((operation) => endpoints[operation].surface))
  const missing = required.filter((surface) => !asked.has(surface))
  return missing.length > 0 ? `the recording has no request to ${missing.join(", ")}` : undefined
}

function reportOf(
  judging: RecordedJudging,
  { rules, known, sent, judgement, bases }: RecordedConclusion,
  { settings, world, names, notes, gap, lost }: Parameters<typeof concluded>[1],
): Report {
  const { runs, ends } = judging
  const [run] = runs
  const { results, open, causes, findings, omitted } = judgement
  const interrupted = world.interrupt?.aborted ? String(world.interrupt.reason) : undefined
  const incomplete =
    interrupted ??
    ends.find((end) => end.incomplete !== undefined)?.incomplete ??
    gap ??
    lackOf(results, settings.require, sent)
  const stopped = interrupted ?? ends.find((end) => end.stopped !== undefined)?.stopped
  const include = [...known.included]
  const { requirements } = judging
  const part = partOf(runs.length === 1 ? run?.shard : undefined)
  return {
    schemaVersion: 1,
    kit: { name: "@nexhina/conformance", version },
    target: run?.target ?? (bases.join(", ") || names.join(", ")),
    ...(run?.proxy !== undefined && { proxy: run.proxy }),
    profile: known.profileName,
    traits: [...known.traits],
    surfaces: include,
    models: run ? { ...known.models } : {},
    learned: [...new Set(ends.flatMap((end) => end.learned))],
    ...(requirements && { requirements: requirements.id }),
    recording: { files: [...names], exchanges: judging.exchanges, lost, notes: [...notes] },
    seed: run?.seed ?? 0,
    ...(run && { quick: run.quick === true }),
    ...part,
    strict: settings.strict,
    deterministic: known.deterministic,
    startedAt: run?.startedAt ?? world.startedAt.toISOString(),
    durationMs:
      ends.length > 0 ? Math.max(...ends.map((end) => end.durationMs)) : Math.round(world.elapsed()),
    requests: ends.length > 0 ? ends.reduce((sum, end) => sum + end.requests, 0) : judging.exchanges,
    senders: sent.complete,
    ...conclude(results, {
      selected: rules,
      ...(requirements && { requirements }),
      include,
      ...(run && { target: run.target }),
      known,
      sent,
      open,
      isPart: part.shard !== undefined,
      stopped: incomplete,
    }),
    ...(stopped !== undefined && { stopped }),
    rules: [...results],
    causes: [...causes],
    findings: [...findings],
    ...(omitted > 0 && { omitted }),
  }
}
