import type { TokenLogprob } from "@nexhina/schemas"

/** The pieces of a text: words with the space before them, long ones in parts; never half of a character. */
export function cut(text: string | null | undefined): string[] {
  return text?.match(/\s*\S{1,16}|\s+/gu) ?? []
}

/** A piece of a text, and the tokens that make it up where they are known. */
export interface Fragment {
  text: string
  tokens?: TokenLogprob[]
}

/** The pieces of a text, each with the tokens that make it up. Tokens that make up another text come first. */
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
