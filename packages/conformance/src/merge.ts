import { type CheckedRecording, type CheckWorld, checkParts } from "./check.ts"
import type { CheckSettings } from "./check-options.ts"
import type { RecordedJudging } from "./engine/recorded.ts"
import type { Source } from "./inputs/source.ts"
import { UsageError } from "./options.ts"
import { missingParts } from "./shards.ts"

/** The members of a run's line that all its shards have in common. */
const common = ["kit", "target", "profile", "seed", "traits", "include", "require", "rules"] as const

/**
 * Returns why some recorded runs are not all the shards of one run: those that are missing.
 * @throws {UsageError} when they are of different runs, or one is given twice.
 */
function missingShards({ runs }: RecordedJudging): string | undefined {
  const [first] = runs
  if (!first)
    throw new UsageError("merge: no file is the transcript of a run; write one with run --transcript FILE")
  const count = first.shard?.count ?? 1
  const found = new Set<number>()
  for (const run of runs) {
    const differs = common.find((name) => JSON.stringify(run[name]) !== JSON.stringify(first[name]))
    if (differs) throw new UsageError(`merge: the files are of different runs: they have another ${differs}`)
    const index = run.shard?.index ?? 1
    if ((run.shard?.count ?? 1) !== count)
      throw new UsageError(
        `merge: the files are parts of different runs (of ${count} and ${run.shard?.count ?? 1} parts)`,
      )
    if (found.has(index)) throw new UsageError(`merge: part ${index} of ${count} is given twice`)
    found.add(index)
  }
  return missingParts(runs)
}

/** Judges the transcripts of the shards of a run as one run. It is incomplete when a shard is missing. */
export const merge = (
  settings: CheckSettings,
  sources: readonly Source[],
  world: CheckWorld,
): Promise<CheckedRecording> => checkParts(settings, sources, world, missingShards)
