import type { Shard } from "../options/options.ts"
import type { RunLine } from "./run-line.ts"

/** Returns the part of a run that a shard is; `undefined` when it is the whole run. */
export const partOf = (shard: Shard | undefined): { readonly shard?: Shard } =>
  shard === undefined || shard.count === 1 ? {} : { shard: { index: shard.index, count: shard.count } }

/** Returns which parts of one run some recorded runs are not; `undefined` when they are all of them. */
export function missingParts(runs: readonly Pick<RunLine, "shard">[]): string | undefined {
  const count = runs[0]?.shard?.count ?? 1
  const found = new Set(runs.map(({ shard }) => shard?.index ?? 1))
  const missing = Array.from({ length: count }, (_, at) => at + 1).filter((index) => !found.has(index))
  if (missing.length === 0) return undefined
  return `part${missing.length > 1 ? "s" : ""} ${missing.join(", ")} of ${count} of the run ${missing.length > 1 ? "are" : "is"} missing`
}
