import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { type OperationId, type ProfileName, profiles } from "@nexhina/schemas"

/**
 * The file with the operations whose replies each defect and variant was seen to change under a profile; `null` stands
 * for a reply that belongs to no operation.
 */
export const operationsFile = (profile: ProfileName): string =>
  fileURLToPath(new URL(`./digests/operations-${profile}.json`, import.meta.url))

/** Returns what each defect and variant was seen to change under a profile, by its id. */
export function readChanged(profile: ProfileName): ReadonlyMap<string, readonly (OperationId | null)[]> {
  const text = readFileSync(operationsFile(profile), "utf8")
  return new Map(Object.entries(JSON.parse(text) as Record<string, (OperationId | null)[]>))
}

/** Returns the operations whose replies a defect or variant was seen to change under any profile, by its id. */
export function readOperations(): ReadonlyMap<string, readonly OperationId[]> {
  const all = new Map<string, readonly OperationId[]>()
  for (const profile of Object.keys(profiles) as ProfileName[]) {
    for (const [id, changed] of readChanged(profile))
      all.set(id, [...new Set([...(all.get(id) ?? []), ...changed.filter((each) => each !== null)])])
  }
  return all
}
