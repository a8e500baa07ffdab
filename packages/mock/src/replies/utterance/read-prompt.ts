import type { Digest } from "../../content/random.ts"
import type { Lane } from "../../lane.ts"
import { contentSeed, contentSeedInTurns } from "./content-seed.ts"

/** What the reply to a conversation is made from. */
export interface ReadPrompt {
  /** Returns the number of the prompt's tokens. */
  readonly countTokens: () => number
  /** The hash that the content is drawn from. */
  readonly seed: Digest
}

/** A request for a reply to a conversation. */
export interface PromptQuestion {
  readonly request: object
  /** Whether the request is so long that it is read in turns with other requests. */
  readonly isLong: boolean
  readonly lane: Lane
  readonly seed: Digest
}

/**
 * Reads the prompt: at once, or in turns with other requests when it is long, because checking data, counting tokens and
 * hashing take a while each. `ignored` names the members that do not change what is said.
 */
export function readPrompt(
  { request, isLong, lane, seed }: PromptQuestion,
  ignored: ReadonlySet<string>,
  countTokens: () => number,
): ReadPrompt | Promise<ReadPrompt> {
  if (isLong) return readInTurns()
  return { countTokens, seed: contentSeed(request, ignored, seed) }

  async function readInTurns(): Promise<ReadPrompt> {
    await lane.turn()
    const tokens = countTokens()
    const drawn = await contentSeedInTurns(request, ignored, seed, lane)
    await lane.turn()
    return { countTokens: () => tokens, seed: drawn }
  }
}
