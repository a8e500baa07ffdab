/** No token is longer than this many UTF-16 units, so that a long word costs more than a short one. */
const longest = 8

type Kind = "white" | "word" | "mark" | "wide"

/** By code unit. A table, because each text is looked at unit by unit. */
const ascii: readonly Kind[] = Array.from({ length: 0x80 }, (_, unit) => {
  if (unit <= 0x20) return "white"
  return /\w/.test(String.fromCharCode(unit)) ? "word" : "mark"
})

function kindOf(unit: number): Kind {
  return ascii[unit] ?? (unit >= 0x2e80 ? "wide" : unit === 0xa0 ? "white" : "word")
}

/** Where the token that starts at `start` ends. Looking left to right only, it never shrinks when text is added. */
function endOfToken(text: string, start: number): number {
  let at = start
  // A single space belongs to what follows it, as in the tokenisers of real models.
  if (text.charCodeAt(at) === 0x20 && at + 1 < text.length && kindOf(text.charCodeAt(at + 1)) !== "white")
    at++
  const kind = kindOf(text.charCodeAt(at))
  if (kind === "white") return at + 1
  if (kind === "wide") return at + ((text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1)
  do at++
  while (at < text.length && at - start < longest && kindOf(text.charCodeAt(at)) === kind)
  return at
}

/**
 * The text cut into tokens: what usage counts, limits cut at, log probabilities describe and streams send one by
 * one. They concatenate to the text and never split a code point.
 */
export function tokens(text: string): string[] {
  const found: string[] = []
  for (let at = 0; at < text.length; ) {
    const end = endOfToken(text, at)
    found.push(text.slice(at, end))
    at = end
  }
  return found
}

/** How many tokens the text has. Adding text never lowers it. */
export function countTokens(text: string): number {
  let count = 0
  for (let at = 0; at < text.length; at = endOfToken(text, at)) count++
  return count
}

/** The text of the first `limit` tokens, and how many there are. */
export function firstTokens(text: string, limit: number): { readonly text: string; readonly count: number } {
  let count = 0
  let at = 0
  while (at < text.length && count < limit) {
    at = endOfToken(text, at)
    count++
  }
  return { text: text.slice(0, at), count }
}

/** How texts are measured: in the tokens of `tokens` above, or in those of a real model. */
export interface Tokenizer {
  /** The tokens, which concatenate to the text. One that ends inside a character is "", the next one has it whole. */
  tokens(text: string): readonly string[]
  count(text: string): number
  /** The text of the first `limit` tokens, and how many there are. */
  first(text: string, limit: number): { readonly text: string; readonly count: number }
}

/** The tokens of this module: cheap, and much like those of real models in number. */
export const cheapTokenizer: Tokenizer = { tokens, count: countTokens, first: firstTokens }

/** What measures texts by cutting them into tokens, which concatenate to the text. */
export function tokenizerOf(tokens: (text: string) => readonly string[]): Tokenizer {
  return {
    tokens,
    count: (text) => tokens(text).length,
    first(text, limit) {
      const found = tokens(text).slice(0, limit)
      return { text: found.join(""), count: found.length }
    },
  }
}
