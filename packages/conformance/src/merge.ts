import { type CheckedRecording, type CheckWorld, checkParts } from "./check.ts"
import type { RecordedJudging } from "./engine/recorded.ts"
import type { RunLine } from "./inputs/run-line.ts"
import { missingParts } from "./inputs/shards.ts"
import type { Source } from "./inputs/source.ts"
import type { CheckSettings } from "./options/check-options.ts"
import { type OptionName, runOptions, UsageError } from "./options/options.ts"

const option = (name: OptionName): string => runOptions[name].flag.split(" ")[0] ?? name

/** Returns an option with its values, as a phrase. */
function phrase(name: OptionName, value: unknown): string {
  const values = [value].flat().filter((each) => each !== undefined && each !== false)
  if (values.length === 0) return `no ${option(name)}`
  return value === true ? option(name) : `${option(name)} ${values.join(",")}`
}

/** Maximum number of rules in a message. */
const maxShown = 3

/** Returns the rules that one run was asked for and another was not. */
function rulePhrase({ rules }: RunLine, other: RunLine): string {
  if (rules === undefined) return "all rules"
  const more = rules.filter((id) => !(other.rules ?? []).includes(id))
  if (more.length === 0) return "no other rules"
  return `the rules ${more.slice(0, maxShown).join(", ")}${more.length > maxShown ? ", …" : ""}`
}

const hasKey = ({ replay }: RunLine): boolean => replay.includes(option("apiKey"))

/** What all parts of a run have in common: what is compared, and a phrase for it. */
const common: readonly {
  readonly of: (run: RunLine) => unknown
  readonly phrase: (run: RunLine, other: RunLine) => string
}[] = [
  { of: ({ kit }) => kit, phrase: ({ kit }) => `version ${kit} of the kit` },
  // The built-in mock server has a key of its own.
  {
    of: (run) => run.embedded === true || hasKey(run),
    phrase: (run) => (hasKey(run) ? "an API key" : "no API key"),
  },
  { of: ({ rules }) => rules, phrase: rulePhrase },
  ...(["seed", "include", "require", "requirements", "quick", "deterministic"] as const).map((name) => ({
    of: (run: RunLine) => run[name],
    phrase: (run: RunLine) => phrase(name, run[name]),
  })),
  { of: ({ traits }) => traits, phrase: ({ traits }) => phrase("trait", traits) },
]

/** Options in which parts of a run may differ, or that are compared otherwise. */
const free: ReadonlySet<string> = new Set(
  (
    [
      ...(["baseUrl", "apiKey", "caCert", "rate", "concurrency", "timeout"] as const),
      ...(["profile", "trait", "include", "require", "requirements", "quick", "deterministic"] as const),
    ] satisfies OptionName[]
  ).map(option),
)

/** Returns the other options of a run with their values, as they were given. */
function optionsOf({ replay }: RunLine): ReadonlyMap<string, string> {
  const options = new Map<string, string>()
  let last = ""
  for (const word of replay) {
    if (word.startsWith("--")) last = word
    if (!free.has(last)) options.set(last, `${options.has(last) ? `${options.get(last)} ` : ""}${word}`)
  }
  return options
}

/** Returns how two runs differ that should be parts of one: a phrase for each. */
function difference(one: RunLine, two: RunLine): readonly [string, string] | undefined {
  const member = common.find(({ of }) => JSON.stringify(of(one)) !== JSON.stringify(of(two)))
  if (member) return [member.phrase(one, two), member.phrase(two, one)]
  const [ofOne, ofTwo] = [optionsOf(one), optionsOf(two)]
  const name = [...ofOne.keys(), ...ofTwo.keys()].find((each) => ofOne.get(each) !== ofTwo.get(each))
  return name === undefined ? undefined : [ofOne.get(name) ?? `no ${name}`, ofTwo.get(name) ?? `no ${name}`]
}

/**
 * Returns why some recorded runs are not all the shards of one run: those that are missing.
 * @throws {UsageError} when they are of different runs, or one is given twice.
 */
function missingShards({ runs }: RecordedJudging): string | undefined {
  const [first, ...others] = runs
  if (!first)
    throw new UsageError("merge: no file is the transcript of a run; write one with run --transcript FILE")
  if (others.length > 0 && runs.every(({ shard }) => shard === undefined)) {
    const parts = runs.map((_, at) => `run --shard ${at + 1}/${runs.length}`).slice(0, maxShown)
    throw new UsageError(
      `merge: each file is a whole run, and merge takes the parts of one (${parts.join(", ")}). To compare runs, give it their JSON reports`,
    )
  }
  const count = first.shard?.count ?? 1
  const found = new Set([first.shard?.index ?? 1])
  for (const run of others) {
    const index = run.shard?.index ?? 1
    if ((run.shard?.count ?? 1) !== count)
      throw new UsageError(
        `merge: the files are parts of different runs (of ${count} and ${run.shard?.count ?? 1} parts)`,
      )
    if (found.has(index)) throw new UsageError(`merge: part ${index} of ${count} is given twice`)
    found.add(index)
    const differs = difference(first, run)
    if (differs)
      throw new UsageError(
        `merge: the files are parts of different runs: part ${first.shard?.index ?? 1} was run with ${differs[0]}, part ${index} with ${differs[1]}. Run all parts with the same options`,
      )
  }
  return missingParts(runs)
}

/** Judges the transcripts of the shards of a run as one run. It is incomplete when a shard is missing. */
export const merge = (
  settings: CheckSettings,
  sources: readonly Source[],
  world: CheckWorld,
): Promise<CheckedRecording> => checkParts(settings, sources, world, missingShards)
