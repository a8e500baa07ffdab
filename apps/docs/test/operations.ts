import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { type ProfileName, profiles } from "@nexhina/schemas"

/** The file with the operations whose replies each defect and variant was seen to change under a profile. */
export const operationsFile = (profile: ProfileName): string =>
  fileURLToPath(new URL(`./digests/operations-${profile}.json`, import.meta.url))

/** Returns the operations whose replies a defect or variant was seen to change under any profile, by its id. */
export function readOperations(): ReadonlyMap<string, readonly string[]> {
  const all = new Map<string, readonly string[]>()
  for (const profile of Object.keys(profiles) as ProfileName[]) {
    const seen = JSON.parse(readFileSync(operationsFile(profile), "utf8")) as Record<string, string[]>
    for (const [id, operations] of Object.entries(seen))
      all.set(id, [...new Set([...(all.get(id) ?? []), ...operations])])
  }
  return all
}
