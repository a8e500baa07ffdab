import { missingKey } from "../probes/auth.ts"
import { plainChat } from "../probes/chat-completions.ts"
import { listModels } from "../probes/models.ts"
import { rules } from "../rules/rules.ts"

/** The probes that every run sends, whatever its rules. */
export const alwaysSent: ReadonlySet<string> = new Set([listModels.id, plainChat.id, missingKey.id])

let quick: ReadonlySet<string> | undefined

/** Returns whether a run with `--quick` sends the requests of a probe or rule, given its id. */
export function isSentQuickly(by: string): boolean {
  quick ??= new Set(
    rules.flatMap(({ on }) => on.probes.filter((probe) => probe.quick === true).map(({ id }) => id)),
  )
  return alwaysSent.has(by) || quick.has(by)
}
