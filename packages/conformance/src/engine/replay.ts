import type { Rule } from "../rule.ts"
import type { TargetFacts } from "../target/facts.ts"
import { shellWord } from "./curl.ts"
import type { Detection } from "./judge.ts"
import { alwaysSent } from "./quick.ts"

/**
 * Returns the ids of the rules that a run needs to send the same requests again. A fault that was seen on a request of
 * another rule needs that rule too; one that was seen across the run needs all of them, and the list is empty.
 */
function replayRules({ rule, executed }: Detection, rules: readonly Rule[]): string[] {
  if (rule.scope === "run") return []
  const { by } = executed.sample
  const isSent = by === rule.id || alwaysSent.has(by) || rule.on.probes.some(({ id }) => id === by)
  if (isSent) return [rule.id]
  const sender =
    rules.find(({ id }) => id === by) ??
    rules.find(({ on }) => on.surface !== "http" && on.probes.some(({ id }) => id === by)) ??
    rules.find(({ on }) => on.probes.some(({ id }) => id === by))
  return [rule.id, ...(sender ? [sender.id] : [])]
}

/**
 * Returns the command line of a run that shows a finding again. `given` are the quoted arguments that describe the
 * target and how it was asked.
 */
export function replayOf(
  found: Detection,
  facts: {
    readonly given: readonly string[]
    readonly rules: readonly Rule[]
    readonly seed: number
    readonly known: Pick<TargetFacts, "models">
  },
): string {
  const { given, rules, seed, known } = facts
  const model = given.includes("--model") ? [] : ["--model", shellWord(known.models.chat)]
  return [
    "nexhina-conformance run",
    ...replayRules(found, rules).map((id) => `--rule ${id}`),
    `--seed ${seed}`,
    ...given,
    ...model,
  ].join(" ")
}
