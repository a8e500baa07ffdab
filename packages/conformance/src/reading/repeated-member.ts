import { stringEnd } from "@nexhina/wire"

const [quote, comma] = [0x22, 0x2c]
const [openArray, closeArray, openObject, closeObject] = [0x5b, 0x5d, 0x7b, 0x7d]

/** Returns the name between two quotes. */
function nameIn(text: string, from: number, to: number): string {
  const name = text.slice(from, to)
  return name.includes("\\") ? String(JSON.parse(`"${name}"`)) : name
}

/**
 * The first name that an object has twice, and the index of the second, in a text that is valid JSON: strict parsers
 * refuse it, and others take either value. Source: RFC 8259, section 4.
 */
export function repeatedMember(text: string): { readonly name: string; readonly at: number } | undefined {
  /** The names so far of each open object; `undefined` for an array. */
  const open: (Set<string> | undefined)[] = []
  let names: Set<string> | undefined
  let isName = false
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    if (unit === quote) {
      const end = stringEnd(text, at + 1)
      if (isName && names) {
        const name = nameIn(text, at + 1, end)
        if (names.has(name)) return { name, at }
        names.add(name)
      }
      isName = false
      at = end
    } else if (unit === comma) isName = names !== undefined
    else if (unit === openObject || unit === openArray) {
      names = unit === openObject ? new Set() : undefined
      open.push(names)
      isName = names !== undefined
    } else if (unit === closeObject || unit === closeArray) {
      open.pop()
      names = open.at(-1)
    }
  }
  return undefined
}
