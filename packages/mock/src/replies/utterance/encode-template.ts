/**
 * Splits an encoded event around the JSON texts of some members, which are named in the order in which they occur.
 * Events that differ in these members only can be written with the pieces, in a fraction of the time of encoding them.
 */
export function piecesAround(encoded: string, members: readonly (readonly [string, unknown])[]): string[] {
  const pieces: string[] = []
  let from = 0
  for (const [name, value] of members) {
    const member = `${JSON.stringify(name)}:`
    const text = JSON.stringify(value)
    // Within a string of the event the quotes are escaped, so that only a member is found.
    const at = encoded.indexOf(member + text, from) + member.length
    pieces.push(encoded.slice(from, at))
    from = at + text.length
  }
  pieces.push(encoded.slice(from))
  return pieces
}
