import { afterString } from "./member-index.ts"

/**
 * The first name that an object has twice, and the index of the second, in a text that is valid JSON: strict parsers
 * refuse it, and others take either value. Source: RFC 8259, section 4.
 */
export function repeatedMember(text: string): { readonly name: string; readonly at: number } | undefined {
  /** The names so far of each open object; `undefined` for an array. */
  const open: (Set<string> | undefined)[] = []
  let isName = false
  let at = 0
  while (at < text.length) {
    const unit = text[at]
    if (unit === '"') {
      const end = afterString(text, at)
      const names = isName ? open.at(-1) : undefined
      const name = names && String(JSON.parse(text.slice(at, end)))
      if (name !== undefined && names?.has(name)) return { name, at }
      if (name !== undefined) names?.add(name)
      isName = false
      at = end
      continue
    }
    if (unit === "{" || unit === "[") open.push(unit === "{" ? new Set() : undefined)
    else if (unit === "}" || unit === "]") open.pop()
    if (unit === "{" || unit === "[" || unit === ",") isName = open.at(-1) !== undefined
    at++
  }
  return undefined
}
