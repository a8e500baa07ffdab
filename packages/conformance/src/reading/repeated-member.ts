import { stringEnd } from "@nexhina/wire"
import { isObject } from "./answered.ts"

const [quote, comma, colon] = [0x22, 0x2c, 0x3a]
/** Space, tab, line feed and carriage return. */
const spaces: ReadonlySet<number> = new Set([0x20, 0x09, 0x0a, 0x0d])
const [openArray, closeArray, openObject, closeObject] = [0x5b, 0x5d, 0x7b, 0x7d]

/** Returns the name between two quotes. */
function nameIn(text: string, from: number, to: number): string {
  const name = text.slice(from, to)
  return name.includes("\\") ? String(JSON.parse(`"${name}"`)) : name
}

/** Returns the number of names of members in a text that is valid JSON: the strings before a colon. */
function namesIn(text: string): number {
  let names = 0
  for (let start = text.indexOf('"'); start !== -1; ) {
    let at = stringEnd(text, start + 1) + 1
    while (spaces.has(text.charCodeAt(at))) at++
    if (text.charCodeAt(at) === colon) names++
    start = text.indexOf('"', at)
  }
  return names
}

/** Returns the number of members of the objects in a value, each name of an object once. */
function membersIn(value: unknown): number {
  if (Array.isArray(value)) return value.reduce<number>((sum, item) => sum + membersIn(item), 0)
  if (!isObject(value)) return 0
  return Object.values(value).reduce<number>((sum, member) => sum + 1 + membersIn(member), 0)
}

/** A member that an object has a second time. */
interface RepeatedMember {
  readonly name: string
  /** Index of the second in the text. */
  readonly at: number
}

/**
 * Returns the first member that an object has twice in a text that is valid JSON, whose value is given: strict parsers
 * refuse it, and others take either value. Source: RFC 8259, section 4.
 */
export const repeatedMember = (text: string, value: unknown): RepeatedMember | undefined =>
  // To count takes a sixth of the time of comparing.
  namesIn(text) === membersIn(value) ? undefined : firstRepeated(text)

function firstRepeated(text: string): RepeatedMember | undefined {
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
