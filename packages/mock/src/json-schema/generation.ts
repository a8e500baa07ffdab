import type { Random } from "../content/random.ts"
import type { Keywords, Schema } from "./accepts.ts"
import type { Spend } from "./budget.ts"

/** From this depth on, optional members and items are left out and the simplest branch is tried first. */
export const simpleDepth = 4
/** Maximum depth of a value. A branch that needs more is given up for another. */
export const maxDepth = 16
/** Maximum number of texts that are drawn when the drawing follows only some of the keywords (chosen). */
export const maxTries = 12

/** One run of the generator for a schema. */
export interface Generation {
  readonly root: Schema
  readonly random: Random
  readonly spend: Spend
  /** Generates a value for a schema within the root; undefined when none was found. */
  readonly make: (schema: Schema, depth: number) => unknown
  /** Returns whether a value satisfies some keywords within the root. */
  readonly accepts: (keywords: Keywords, value: unknown) => boolean
}

/** Which optional members an object gets. */
export type Plan = "some" | "none" | "all"

/**
 * Generates a value of one type that satisfies the keywords, which contain neither references nor branches. The value
 * may ignore keywords: it is checked afterwards. Returns undefined when none was found.
 */
export type TypeGenerator = (keywords: Keywords, generation: Generation, depth: number, plan: Plan) => unknown

/** Returns a keyword's number, or the default when it is absent. */
export function numberOf(argument: unknown, standard: number): number {
  return typeof argument === "number" ? argument : standard
}
