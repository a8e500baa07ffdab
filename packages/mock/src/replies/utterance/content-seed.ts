import { type Digest, digestOf } from "../../content/random.ts"

/**
 * Returns the hash that the content of a reply is drawn from: of the seed and of every member of the request except
 * `ignored`, those that do not change what is said. A member that is null counts as absent.
 */
export function contentSeed(request: object, ignored: ReadonlySet<string>, seed: Digest): Digest {
  // The text of a JSON object, member by member: collecting the members in an object first takes twice as long.
  const meaning = ["{"]
  for (const name of Object.keys(request)) {
    if (ignored.has(name)) continue
    const value = (request as Readonly<Record<string, unknown>>)[name]
    const text = value === null ? undefined : JSON.stringify(value)
    if (text === undefined) continue
    meaning.push(`${meaning.length === 1 ? "" : ","}${JSON.stringify(name)}:`, text)
  }
  meaning.push("}")
  return digestOf(meaning, seed)
}
