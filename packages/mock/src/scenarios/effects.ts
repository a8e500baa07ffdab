/** What a scenario changes in a reply, apart from what the model says. */
export interface ScenarioEffects {
  /** Ids of defects and variants. */
  readonly defects: readonly string[]
  readonly variants: readonly string[]
  /** Milliseconds until the reply begins. */
  readonly latencyMs: number
  /** Timeline of cuts and stalls, as it is written. */
  readonly fault?: string
  /** Members of the JSON reply to set. */
  readonly reply?: ScriptedReply
  /** Why the reply is generated although there are scenarios. */
  readonly miss?: string
}

/** Members of a JSON reply that a scenario sets. */
export interface ScriptedReply {
  /** Name of the scenario, for messages. */
  readonly scenario: string
  readonly members: object
}
