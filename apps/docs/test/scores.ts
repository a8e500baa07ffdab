import { existsSync, readdirSync, readFileSync } from "node:fs"
import type { DefectScore, Scores, VariantScore } from "../src/scoreboard-page.ts"

/** The folder of the scores that the scoreboard's tests keep, one file for each family of rules and each profile. */
const folder = new URL("../scores/", import.meta.url)

/** Returns the path of a file of scores. */
export const scoresFile = (name: string): string => new URL(`${name}.json`, folder).pathname

function read<Score>(name: string): [string, Score][] {
  const file = scoresFile(name)
  // Before the first run there are none.
  return existsSync(file)
    ? Object.entries(JSON.parse(readFileSync(file, "utf8")) as Record<string, Score>)
    : []
}

/** Reads the scores that docs/scoreboard.md is made from. */
export function readScores(): Scores {
  const names = existsSync(folder) ? readdirSync(folder).map((file) => file.replace(/\.json$/, "")) : []
  return {
    defects: new Map(
      names.filter((name) => !name.startsWith("variants-")).flatMap((name) => read<DefectScore>(name)),
    ),
    variants: {
      nexhina: new Map(read<VariantScore>("variants-nexhina")),
      openai: new Map(read<VariantScore>("variants-openai")),
    },
  }
}
