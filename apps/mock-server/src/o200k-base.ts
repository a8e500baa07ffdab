import { decode, encode } from "gpt-tokenizer/encoding/o200k_base"

/** What stands in a text for a special token is text. */
const asText = { disallowedSpecial: new Set<string>() }

/**
 * Cuts a text into the tokens of `o200k_base`, which GPT-4o and later models of OpenAI have: they concatenate to the
 * text, and one that ends inside a character is "". Linear in the text: words without end are cut before.
 */
export function o200kBase(text: string): string[] {
  return [...windows(text)].flatMap(cut)
}

function cut(text: string): string[] {
  const pieces: string[] = []
  let at = 0
  let open: number[] = []
  for (const token of encode(text, asText)) {
    open.push(token)
    const decoded = decode(open)
    const end = at + decoded.length
    const piece = text.slice(at, end)
    // Half of a surrogate pair is a replacement character to the encoder, and so is half of a character.
    const isDone = decoded === piece.replace(/\p{Surrogate}/gu, "\ufffd") && !isWithinCharacter(text, end)
    pieces.push(isDone ? piece : "")
    if (!isDone) continue
    at = end
    open = []
  }
  return pieces
}

function isWithinCharacter(text: string, at: number): boolean {
  return (text.codePointAt(at - 1) ?? 0) > 0xffff
}

/** The encoder's work grows with the square of a word's length. */
const longest = 1024

/** The text in parts short enough, cut before the space of a word wherever there is one, where no token goes across. */
function* windows(text: string): Generator<string> {
  let at = 0
  while (text.length - at > longest) {
    let end = at + longest
    while (end > at + longest / 2 && !/^[a-z] [a-z]/i.test(text.slice(end - 1, end + 2))) end--
    if (end === at + longest / 2) {
      end = at + longest
      if (isWithinCharacter(text, end)) end++
    }
    yield text.slice(at, end)
    at = end
  }
  yield text.slice(at)
}
