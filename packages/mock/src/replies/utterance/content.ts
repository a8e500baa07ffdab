import type { Tokenizer } from "../../content/tokens.ts"

/** The content of a message or the output of a tool: one text, or parts. */
type Content<Part> = string | readonly Part[] | null | undefined

/** Estimated tokens of an image, a sound or a file (chosen). */
const mediaTokens = 85

/** Joins the texts of a content with line breaks. `textOf` returns undefined for parts that are not text. */
export function joinTexts<Part>(content: Content<Part>, textOf: (part: Part) => string | undefined): string {
  if (content == null || typeof content === "string") return content ?? ""
  return content.flatMap((part) => textOf(part) ?? []).join("\n")
}

/** Returns the number of UTF-16 units of the texts of a content, and one for each other part. */
export function textLength<Part>(content: Content<Part>, textOf: (part: Part) => string | undefined): number {
  if (content == null || typeof content === "string") return content?.length ?? 0
  return content.reduce((sum, part) => sum + (textOf(part)?.length ?? 1), 0)
}

/** Counts the tokens of a content. A part for which `textOf` returns undefined counts as 85 tokens. */
export function countContent<Part>(
  content: Content<Part>,
  textOf: (part: Part) => string | undefined,
  tokenizer: Tokenizer,
): number {
  if (content == null || typeof content === "string") return tokenizer.count(content ?? "")
  return content.reduce((sum, part) => {
    const text = textOf(part)
    return sum + (text === undefined ? mediaTokens : tokenizer.count(text))
  }, 0)
}
