import { stringEnd } from "@nexhina/wire"

/** Returns the index of the first character that is not white space of JSON. */
function afterBlank(text: string, from: number): number {
  let at = from
  while (at < text.length && " \t\n\r".includes(text[at] ?? "")) at++
  return at
}

/** Returns the index behind a value. */
export function afterValue(text: string, from: number): number {
  let depth = 0
  let at = from
  while (at < text.length) {
    const unit = text[at] ?? ""
    if (unit === '"') {
      at = stringEnd(text, at + 1) + 1
      if (depth === 0) return at
      continue
    }
    if ("{[".includes(unit)) depth++
    else if ("}]".includes(unit)) {
      if (depth === 0) return at
      depth--
      if (depth === 0) return at + 1
    } else if (depth === 0 && ", \t\n\r".includes(unit)) return at
    at++
  }
  return at
}

function keyOf(quoted: string): string | undefined {
  try {
    return String(JSON.parse(quoted))
  } catch {
    return undefined
  }
}

/** Returns the index of the value of a member of the object or array at `from`; `undefined` if it is missing. */
function childIndex(text: string, from: number, name: string): number | undefined {
  const isObject = text[from] === "{"
  if (!isObject && text[from] !== "[") return undefined
  let at = afterBlank(text, from + 1)
  for (let index = 0; at < text.length; index++) {
    let key: string | undefined = String(index)
    if (isObject) {
      if (text[at] !== '"') return undefined
      const end = stringEnd(text, at + 1) + 1
      key = keyOf(text.slice(at, end))
      const colon = afterBlank(text, end)
      if (text[colon] !== ":") return undefined
      at = afterBlank(text, colon + 1)
    }
    if (key === name) return at
    at = afterBlank(text, afterValue(text, at))
    if (text[at] !== ",") return undefined
    at = afterBlank(text, at + 1)
  }
  return undefined
}

/**
 * Returns the index at which the value of a JSON pointer begins in a text whose JSON begins at `from`. Where the text
 * does not have the member, or is not valid JSON up to there, it is the index of the nearest enclosing value.
 */
export function memberIndex(text: string, from: number, pointer: string): number {
  let at = afterBlank(text, from)
  for (const segment of pointer.split("/").slice(1)) {
    const child = childIndex(text, at, segment.replaceAll("~1", "/").replaceAll("~0", "~"))
    if (child === undefined) return at
    at = child
  }
  return at
}
