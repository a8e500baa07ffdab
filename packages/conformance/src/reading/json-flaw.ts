import { parseJson } from "./answered.ts"

/** Why a text is no JSON, and where, as an index into the text. */
export interface JsonFlaw {
  readonly kind: "empty" | "byte-order-mark" | "not-finite" | "more-after-value" | "unfinished" | "malformed"
  readonly at: number
}

const isBlank = (text: string) => /^[ \t\n\r]*$/.test(text)

/**
 * What is wrong with a text that `JSON.parse` does not take: a reader of findings is better served by "NaN" or "more
 * after the value" than by a parser's first stumble. Source: RFC 8259, sections 2, 6 and 8.1.
 */
export function jsonFlaw(text: string): JsonFlaw {
  if (text.startsWith("\ufeff")) return { kind: "byte-order-mark", at: 0 }
  if (isBlank(text)) return { kind: "empty", at: 0 }
  let depth = 0
  let at = 0
  while (at < text.length) {
    const unit = text[at]
    if (text.startsWith("NaN", at) || text.startsWith("Infinity", at)) return { kind: "not-finite", at }
    if (unit === "{" || unit === "[") depth++
    else if (unit === "}" || unit === "]") depth--
    at = unit === '"' ? afterString(text, at) : at + 1
    const closed = depth === 0 && (unit === '"' || unit === "}" || unit === "]")
    if (closed && !isBlank(text.slice(at)) && parseJson(text.slice(0, at)).ok)
      return { kind: "more-after-value", at }
    if (closed) break
  }
  if (depth > 0 || at > text.length) return { kind: "unfinished", at: text.length }
  const parsed = parseJson(text)
  return { kind: "malformed", at: parsed.ok ? 0 : Number(/at position (\d+)/.exec(parsed.error)?.[1] ?? 0) }
}

/** The index behind a string's closing quote, or the end of the text. */
function afterString(text: string, quote: number): number {
  let at = quote + 1
  while (at < text.length && text[at] !== '"') at += text[at] === "\\" ? 2 : 1
  return at + 1
}
