import { sentence } from "../../content/prose.ts"
import type { Random } from "../../content/random.ts"

/** How many sentences of reasoning each effort takes (chosen). */
const sentences = new Map([
  ["none", 0],
  ["minimal", 1],
  ["low", 2],
  ["medium", 4],
  ["high", 8],
  ["xhigh", 12],
  ["max", 16],
])

/** What a model thinks before it answers: more for a higher effort, "" for `none`. Others count as `medium`. */
export function reasoningText(effort: string, draw: Random): string {
  return Array.from({ length: sentences.get(effort) ?? 4 }, () => sentence(draw)).join(" ")
}
