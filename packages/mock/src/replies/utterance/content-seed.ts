import { jsonPieces } from "../../content/json-pieces.ts"
import { beginDigest, type Digest, digestOf } from "../../content/random.ts"
import type { Lane } from "../../lane.ts"

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

/** Number of UTF-16 units that are written and hashed in one turn: a few milliseconds (chosen). */
const unitsOfTurn = 2 ** 20

/** Number of units that take as long as one more piece (estimated). */
const unitsOfPiece = 16

/** Returns the same hash for a long request, in turns with other requests. */
export async function contentSeedInTurns(
  request: object,
  ignored: ReadonlySet<string>,
  seed: Digest,
  lane: Lane,
): Promise<Digest> {
  const kept = Object.entries(request).filter(([name, value]) => !ignored.has(name) && value !== null)
  const hash = beginDigest(seed)
  let units = 0
  await lane.turn()
  for (const piece of jsonPieces(Object.fromEntries(kept))) {
    hash.add(piece)
    units += piece.length + unitsOfPiece
    if (units < unitsOfTurn) continue
    units = 0
    await lane.turn()
  }
  return hash.end()
}
