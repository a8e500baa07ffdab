import type { Tokenizer } from "../../content/tokens.ts"
import { limits } from "../../limits.ts"
import { Refusal } from "../../refusal.ts"
import type { Segment, Utterance } from "./utterance.ts"

/** The maximum number of tokens of one utterance, as with real models (chosen). */
export const maxTokens: number = limits.replyTokens.max
/** The maximum number of tokens in one reply, with all their alternatives (chosen). */
const maxTokenEntries = limits.replyEntries.max

/** Throws a `Refusal` that names `param` and the remedy when a reply would have too many tokens and alternatives. */
export function requireFewEntries(entries: number, param: string, remedy: string): void {
  if (entries <= maxTokenEntries) return
  const message = `The reply would have more than ${maxTokenEntries} tokens and alternatives to them. ${remedy}`
  throw new Refusal(400, { message, param })
}

/** A segment after limits, and the tokens that it has. */
export type DeliveredSegment = Segment & Extent

interface Extent {
  /** What is delivered of the text, "" for a hosted tool. */
  readonly text: string
  readonly count: number
  /** Whether a limit or a filter left something out. */
  readonly isCut: boolean
  /** The tokens, which concatenate to the text. */
  tokens(): readonly string[]
}

/** The part of an utterance that the limits let through. */
export interface Delivery {
  readonly segments: readonly DeliveredSegment[]
  /** Why it ended. `stop` also when a stop sequence ended it. */
  readonly end: "stop" | "length" | "content_filter"
  /** Tokens of all segments, reasoning included. */
  readonly tokens: number
  readonly reasoningTokens: number
}

/** Limits of a delivery. */
export interface DeliveryLimits {
  /** In tokens. */
  readonly limit: number
  /** Sequences that end a text or a refusal; they are not part of it. Default: none. */
  readonly stop?: readonly string[]
}

/**
 * Cuts an utterance at the token limit, at the first stop sequence and halfway through its text when it is filtered.
 * What follows a cut is not delivered. The segment that is cut is, even if nothing of it fits.
 */
export function deliver(
  { segments, isFiltered = false }: Utterance,
  { limit, stop = [] }: DeliveryLimits,
  tokenizer: Tokenizer,
): Delivery {
  const delivered: DeliveredSegment[] = []
  let tokens = 0
  let reasoningTokens = 0
  let end: Delivery["end"] = "stop"
  for (const segment of segments) {
    const cutting = cut(segment, { left: limit - tokens, isFiltered, stop }, tokenizer)
    tokens += cutting.segment.count
    if (segment.kind === "reasoning") reasoningTokens += cutting.segment.count
    delivered.push(cutting.segment)
    if (cutting.end === undefined) continue
    end = cutting.end
    break
  }
  return { segments: delivered, end, tokens, reasoningTokens }
}

interface Cutting {
  readonly left: number
  readonly isFiltered: boolean
  readonly stop: readonly string[]
}

/** Returns what is delivered of a segment, and why the utterance ends there if it does. */
function cut(
  segment: Segment,
  { left, isFiltered, stop }: Cutting,
  tokenizer: Tokenizer,
): { readonly segment: DeliveredSegment; readonly end: Delivery["end"] | undefined } {
  if (segment.kind === "hosted") {
    return { segment: extended(segment, "", 0, false, () => []), end: undefined }
  }
  const { kind, text: whole } = segment
  const passed = isFiltered && kind === "text" ? Math.ceil(tokenizer.count(whole) / 2) : Infinity
  const { text, count } = tokenizer.first(whole, Math.min(left, passed))
  const stopped = kind === "text" || kind === "refusal" ? beforeStop(text, stop) : text
  if (stopped !== text) {
    const tokens = () => tokenizer.tokens(stopped)
    return { segment: extended(segment, stopped, tokenizer.count(stopped), false, tokens), end: "stop" }
  }
  const tokens = () => tokenizer.tokens(whole).slice(0, count)
  if (text === whole) return { segment: extended(segment, whole, count, false, tokens), end: undefined }
  return {
    segment: extended(segment, text, count, true, tokens),
    end: passed <= left ? "content_filter" : "length",
  }
}

/** Returns the segment with what is delivered of it. Literals: spreading a segment takes ten times as long in V8. */
function extended(
  segment: Segment,
  text: string,
  count: number,
  isCut: boolean,
  tokens: Extent["tokens"],
): DeliveredSegment {
  if (segment.kind === "hosted") return { kind: segment.kind, item: segment.item, text, count, isCut, tokens }
  if (segment.kind !== "call") return { kind: segment.kind, text, count, isCut, tokens }
  const { kind, form, callId, name } = segment
  return { kind, form, callId, name, text, count, isCut, tokens }
}

function beforeStop(text: string, stop: readonly string[]): string {
  if (stop.length === 0) return text
  const ends = stop.map((end) => placeOf(end, text)).filter((at) => at !== -1)
  return text.slice(0, Math.min(text.length, ...ends))
}

/** Returns where a stop sequence first occurs outside a character; -1 when it does not occur or is empty. */
function placeOf(stop: string, text: string): number {
  if (stop === "") return -1
  let at = text.indexOf(stop)
  while (at !== -1 && (halves(text, at) || halves(text, at + stop.length))) at = text.indexOf(stop, at + 1)
  return at
}

/** Returns whether a cut at this place would leave half of a character on each side. */
function halves(text: string, at: number): boolean {
  return (text.codePointAt(at - 1) ?? 0) > 0xffff
}
