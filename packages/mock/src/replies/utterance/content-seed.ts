import { type Digest, digest } from "../../content/random.ts"

/**
 * Returns the hash that the content of a reply is drawn from: of the seed and of every member of the request except
 * `ignored`, those that do not change what is said. A member that is null counts as absent.
 */
export function contentSeed(request: object, ignored: ReadonlySet<string>, seed: Digest): Digest {
  const meaning: Record<string, unknown> = {}
  // A loop is faster than a rest pattern with this many members.
  for (const [name, value] of Object.entries(request)) {
    if (value !== null && !ignored.has(name)) meaning[name] = value
  }
  return digest(JSON.stringify(meaning), seed)
}
