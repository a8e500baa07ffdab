/** Length from which a string is written in pieces, in UTF-16 units (chosen). */
const longString = 2 ** 16

/**
 * Yields the text of `JSON.stringify` in pieces, for a JSON value; a member that is undefined is left out. Writing twenty
 * megabytes at once takes as much memory again, and a tenth of a second.
 */
export function* jsonPieces(value: unknown, long = longString): Generator<string, void> {
  const holders = new Set<unknown>()
  findHolders(value, long, holders)
  yield* pieces(value, { long, holders })
}

interface Cut {
  readonly long: number
  /** The arrays and objects that hold long strings. */
  readonly holders: ReadonlySet<unknown>
}

/** Collects the arrays and objects that hold long strings, and returns whether the value is or holds one. */
function findHolders(value: unknown, long: number, holders: Set<unknown>): boolean {
  if (typeof value === "string") return value.length > long
  if (typeof value !== "object" || value === null) return false
  for (const inner of Object.values(value)) if (findHolders(inner, long, holders)) holders.add(value)
  return holders.has(value)
}

function* pieces(value: unknown, cut: Cut): Generator<string, void> {
  if (typeof value === "string" && value.length > cut.long) yield* piecesOfString(value, cut.long)
  else if (!cut.holders.has(value)) yield JSON.stringify(value)
  else yield* Array.isArray(value) ? piecesOfArray(value, cut) : piecesOfObject(value as object, cut)
}

function* piecesOfArray(items: readonly unknown[], cut: Cut): Generator<string, void> {
  let mark = "["
  for (const item of items) {
    yield mark
    yield* pieces(item, cut)
    mark = ","
  }
  yield "]"
}

function* piecesOfObject(members: object, cut: Cut): Generator<string, void> {
  let mark = "{"
  for (const [name, value] of Object.entries(members)) {
    if (value === undefined) continue
    yield `${mark}${JSON.stringify(name)}:`
    yield* pieces(value, cut)
    mark = ","
  }
  yield "}"
}

function* piecesOfString(text: string, long: number): Generator<string, void> {
  yield '"'
  for (let at = 0; at < text.length; ) {
    const cut = at + long
    // Half of a pair of surrogates would be escaped.
    const end = isInPair(text, cut) ? cut + 1 : cut
    yield JSON.stringify(text.slice(at, end)).slice(1, -1)
    at = end
  }
  yield '"'
}

const isInPair = (text: string, at: number) =>
  /^[\ud800-\udbff][\udc00-\udfff]$/.test(text.slice(at - 1, at + 1))
