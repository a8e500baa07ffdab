// The scanning of JSON texts is our own: it must not parse what may be too deep or too much to parse.
const [quote, backslash] = [0x22, 0x5c]
const [openArray, closeArray, openObject, closeObject] = [0x5b, 0x5d, 0x7b, 0x7d]

/** Returns the index of the quote that ends the string whose content begins at `from`; the length of the text if none does. */
export function stringEnd(text: string, from: number): number {
  for (let end = text.indexOf('"', from); end !== -1; end = text.indexOf('"', end + 1)) {
    let backslashes = 0
    while (end - backslashes > from && text.charCodeAt(end - backslashes - 1) === backslash) backslashes++
    if (backslashes % 2 === 0) return end
  }
  return text.length
}

/** Returns whether a JSON text, which need not be valid, has more than `max` levels of arrays and objects. Linear. */
export function nestsDeeper(text: string, max: number): boolean {
  // Most texts are too short to nest that deep.
  if (text.length <= max) return false
  let depth = 0
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    if (unit === quote) at = stringEnd(text, at + 1)
    else if (unit === openArray || unit === openObject) {
      depth++
      if (depth > max) return true
    } else if (unit === closeArray || unit === closeObject) depth--
  }
  return false
}
