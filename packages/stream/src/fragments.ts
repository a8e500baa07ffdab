import type { TokenLogprob } from "@nexhina/schemas"

/** Splits a text into the pieces that are streamed one by one. The pieces concatenate to the text; "" is skipped. */
export type Cutter = (text: string) => readonly string[]

/** Splits a text into words, each with the white space before it, of at most 16 characters. Never splits a character. */
export const words: Cutter = (text) => text.match(/\s*\S{1,16}|\s+/gu) ?? []

/** Splits a text that may be missing. */
export function cut(text: string | null | undefined, cutter: Cutter): string[] {
  return text ? cutter(text).filter((piece) => piece !== "") : []
}

/** A piece of a text, with its tokens if known. */
export interface Fragment {
  text: string
  tokens?: TokenLogprob[]
}

/**
 * Splits a text at its tokens, or with `cutter` if it has none. Tokens that do not add up to the text come first, in a
 * fragment without text.
 */
export function cutAtTokens(
  text: string | null | undefined,
  tokens: TokenLogprob[] | null | undefined,
  cutter: Cutter,
): Fragment[] {
  if (!tokens?.length) return cut(text, cutter).map((text) => ({ text }))
  if (tokens.map(({ token }) => token).join("") !== (text ?? "")) {
    return [{ text: "", tokens }, ...cut(text, cutter).map((text) => ({ text }))]
  }
  const fragments: Fragment[] = []
  let open: Required<Fragment> = { text: "", tokens: [] }
  let last = ""
  for (const token of tokens) {
    open.text += token.token
    open.tokens.push(token)
    last = token.token.slice(-1) || last
    const halfCharacter = last >= "\ud800" && last <= "\udbff"
    if (open.text === "" || halfCharacter) continue
    fragments.push(open)
    open = { text: "", tokens: [] }
  }
  if (open.tokens.length > 0) fragments.push(open)
  return fragments
}
