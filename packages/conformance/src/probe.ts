import type { TargetFacts } from "./target/facts.ts"
import type { Ask } from "./target/step.ts"

/** A known request, or a short sequence of them, that feeds one or more views. */
export interface Probe {
  readonly id: string
  /** What it is for, in words. */
  readonly says: string
  /** Whether `--quick` sends it. Default: no. */
  readonly quick?: true
  asks(known: TargetFacts): readonly Ask[]
}
