import type { TokenLogprob } from "@nexhina/schemas"

/** Splits a text into words, each with the white space before it, of at most 16 characters. Never splits a character. */
export function cut(text: string | null | undefined): string[] {
  return text?.match(/\s*\S{1,16}|\s+/gu) ?? []
}

/** A piece of a text, with its tokens if known. */
export interface Fragment {
  text: string
  tokens?: TokenLogprob[]
}

/**
 * Splits a text at its tokens, or at words when there are none. Tokens that do not add up to the text come first, in a
 * fragment without text.
 */
export function cutAtTokens(
  text: string | null | undefined,
  tokens: TokenLogprob[] | null | undefined,
): Fragment[] {
  if (!tokens?.length) return cut(text).map((text) => ({ text }))
  if (tokens.map(({ token }) => token).join("") !== (text ?? "")) {
    return [{ text: "", tokens }, ...cut(text).map((text) => ({ text }))]
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
