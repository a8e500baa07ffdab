import { z } from "zod"
import { fitted } from "../reading/fitted.ts"
import { shown, shownApart } from "../reading/shown.ts"
import type { Fault } from "../rule.ts"

const Alternative = z.looseObject({
  token: z.string(),
  logprob: z.number().max(0),
  bytes: z.array(z.int().min(0).max(255)).nullish(),
})

/** An entry of log probabilities, of chats and of responses. */
export const LogprobEntry = Alternative.extend({ top_logprobs: z.array(Alternative).nullish() })
const LogprobEntries = z.array(LogprobEntry)

/** A fault in a list of entries; `path` is a JSON pointer into the list, `entry` the number of the entry at fault. */
interface EntryFault<Name extends string> extends Omit<Fault<Name>, "at"> {
  readonly path: string
  readonly entry?: number
}

/**
 * A token with a part of a character, as OpenAI (` \xf0\x9f\x98`), llama.cpp (`byte: \xf0`) and SentencePiece (`<0xF0>`)
 * write its bytes, or with U+FFFD in their place.
 */
const partial = /\ufffd|\\x[89a-f][0-9a-f]|^(?:bytes:)?(?:\\x[0-9a-f]{2})+$|^<0x[89a-f][0-9a-f]>$/i

/** The text of an entry's token; `undefined` where the token has a part of a character. */
const tokenText = ({ token }: z.infer<typeof LogprobEntry>): string | undefined =>
  partial.test(token) ? undefined : token

/** Returns a text without the U+FFFD at its end: servers write one or several for a character that the limit cut. */
function withoutCutCharacter(text: string): string {
  let end = text.length
  // A regular expression for this takes quadratic time on text that is full of them.
  while (text[end - 1] === "\ufffd") end--
  return text.slice(0, end)
}

/** Returns how log probabilities do not spell a text, or their bytes not their tokens. */
export function misspelling(text: string, entries: unknown): EntryFault<"text" | "bytes"> | undefined {
  const read = text === "" ? undefined : fitted(LogprobEntries, entries)
  if (!read || read.length === 0) return undefined
  const misspelt = read.findIndex((entry) => {
    const token = tokenText(entry)
    return token && entry.bytes && !Buffer.from(token).equals(Uint8Array.from(entry.bytes))
  })
  const entry = read[misspelt]
  if (entry) {
    const expected = `the UTF-8 of ${shown(entry.token)}`
    const path = `/${misspelt}/bytes`
    return { fault: "bytes", path, entry: misspelt, expected, actual: shown(entry.bytes) }
  }
  const pieces = read.map((each) => (each.bytes ? Buffer.from(each.bytes) : tokenText(each)))
  if (pieces.includes(undefined)) return undefined
  const spelt = Buffer.concat(pieces.map((piece) => Buffer.from(piece ?? ""))).toString()
  // Thoughts before the text and special tokens after it may have entries too.
  if (spelt.includes(withoutCutCharacter(text))) return undefined
  return { fault: "text", path: "", ...shownApart(text, spelt) }
}

/** Returns the first entry with fewer alternatives than were asked for. */
export function lackingAlternatives(entries: unknown, wanted: number): EntryFault<"fewer"> | undefined {
  const counts = (Array.isArray(entries) ? entries : []).map((entry: { top_logprobs?: unknown } | null) =>
    Array.isArray(entry?.top_logprobs) ? entry.top_logprobs.length : 0,
  )
  const at = counts.findIndex((count) => count < wanted)
  if (at === -1) return undefined
  const path = `/${at}/top_logprobs`
  return { fault: "fewer", path, entry: at, expected: `${wanted} alternatives`, actual: String(counts[at]) }
}
