import type { ChatCompletionChoice, ChatCompletionMessage, ChatCompletionRequest } from "@nexhina/schemas"
import { type Digest, digest, digestText, type Random, random } from "../../content/random.ts"
import type { Tokenizer } from "../../content/tokens.ts"
import type { Spend } from "../../json-schema/budget.ts"
import { type Callable, chooseCalls, type Offer } from "../utterance/callable.ts"
import { compose, type Heard, type TextForm } from "../utterance/compose.ts"
import { isFiltered, refusalText, refuses } from "../utterance/markers.ts"
import { reasoningText } from "../utterance/reasoning.ts"

/** What a reply is written for, read from the request once for all choices. */
export interface ChatTask extends Pick<ChatCompletionRequest, "stop" | "reasoning_effort"> {
  readonly heard: Heard
  readonly offer: Offer
  /** Whether several calls may be made at once. */
  readonly parallel: boolean
  readonly form: TextForm
  /** In tokens, for each choice. */
  readonly limit: number
  readonly tokenizer: Tokenizer
  /** What the choices may take together to make values for schemas. */
  readonly spend: Spend
}

/** What one choice says, and how many tokens that took. */
export interface Written {
  /** Exactly one of `content`, `refusal`, `tool_calls` and `function_call` says something. */
  readonly message: ChatCompletionMessage
  readonly finish: ChatCompletionChoice["finish_reason"]
  /** Tokens, with those of the reasoning. */
  readonly count: number
  readonly reasoningCount: number
  /** The tokens of the content or the refusal. */
  tokens(): readonly string[]
  /** What the choice was drawn from. */
  readonly seed: Digest
}

/**
 * Writes one choice: the reasoning that was asked for, then calls of the tools that are due, a refusal, or a text
 * that quotes the conversation. Throws a `Refusal` for a schema that cannot be met.
 */
export function writeChat(task: ChatTask, seed: Digest): Written {
  const { reasoning_effort, limit, tokenizer } = task
  if (reasoning_effort == null) return writeAfter(task, limit, seed)
  // Drawn apart, so that the effort does not change what is said after it.
  const whole = reasoningText(reasoning_effort, random(digest("reasoning", seed)))
  const { text, count } = tokenizer.first(whole, limit)
  const written = writeAfter(task, limit - count, seed)
  if (count === 0) return written
  return {
    ...written,
    message: { ...written.message, reasoning_content: text },
    count: count + written.count,
    reasoningCount: count,
  }
}

function writeAfter(task: ChatTask, limit: number, seed: Digest): Written {
  const { heard, offer, parallel, form, spend } = task
  if (refuses(heard.said)) {
    const { text, finish, count, tokens } = speak(refusalText, task, limit, false)
    const message = { role: "assistant" as const, content: null, refusal: text }
    return { message, finish, count, reasoningCount: 0, tokens, seed }
  }
  const draw = random(seed)
  const filtered = isFiltered(heard.said)
  if (!filtered && limit > 0) {
    const calls = chooseCalls(offer, { isAnswered: heard.answered.length > 0, parallel }, draw)
    if (calls.length > 0) return call(calls, task, limit, draw, seed)
  }
  const { text, finish, count, tokens } = speak(compose(heard, form, draw, spend), task, limit, filtered)
  const message = { role: "assistant" as const, content: text }
  return { message, finish, count, reasoningCount: 0, tokens, seed }
}

const noTokens: readonly string[] = []

function call(
  callables: readonly Callable[],
  { tokenizer, spend }: ChatTask,
  limit: number,
  draw: Random,
  seed: Digest,
): Written {
  let count = 0
  let cut = false
  const made = []
  for (const { kind, name, input } of callables) {
    const whole = input(draw, spend)
    const { text, count: used } = tokenizer.first(whole, limit - count)
    cut ||= text !== whole
    // A call of which nothing fits is not made.
    if (used > 0 || whole === "") made.push({ kind, name, text })
    count += used
  }
  const written = { count, reasoningCount: 0, tokens: () => noTokens, seed }
  const finish = cut ? "length" : undefined
  const [only] = made
  if (only?.kind === "legacy") {
    const function_call = { name: only.name, arguments: only.text }
    const message = { role: "assistant" as const, content: null, function_call }
    return { ...written, message, finish: finish ?? "function_call" }
  }
  const tool_calls = made.map(({ kind, name, text }, index) => {
    const id = `call_${digestText(digest(`call ${index}`, seed))}`
    return kind === "custom"
      ? { id, type: "custom" as const, custom: { name, input: text } }
      : { id, type: "function" as const, function: { name, arguments: text } }
  })
  const message = { role: "assistant" as const, content: null, tool_calls }
  return { ...written, message, finish: finish ?? "tool_calls" }
}

interface Spoken extends Pick<Written, "finish" | "count" | "tokens"> {
  readonly text: string
}

/** As much of a text as the limit, the stops and a content filter let through. */
function speak(whole: string, { stop, tokenizer }: ChatTask, limit: number, filtered: boolean): Spoken {
  const passed = filtered ? Math.ceil(tokenizer.count(whole) / 2) : limit
  const limited = tokenizer.first(whole, Math.min(limit, passed))
  const text = beforeStop(limited.text, stop)
  if (text !== limited.text) {
    return { text, finish: "stop", count: tokenizer.count(text), tokens: () => tokenizer.tokens(text) }
  }
  const { count } = limited
  const cutBy = filtered && passed <= limit ? "content_filter" : "length"
  return {
    text,
    finish: text === whole ? "stop" : cutBy,
    count,
    tokens: () => tokenizer.tokens(whole).slice(0, count),
  }
}

function beforeStop(text: string, stop: ChatCompletionRequest["stop"]): string {
  if (stop == null) return text
  const ends = [stop]
    .flat()
    .map((end) => placeOf(end, text))
    .filter((at) => at !== -1)
  return text.slice(0, Math.min(text.length, ...ends))
}

/** Where a stop first stands in the text, which is not inside a character; -1 where it does not, or is empty. */
function placeOf(stop: string, text: string): number {
  if (stop === "") return -1
  let at = text.indexOf(stop)
  while (at !== -1 && (halves(text, at) || halves(text, at + stop.length))) at = text.indexOf(stop, at + 1)
  return at
}

/** Whether a cut at this place would leave half of a character on each side. */
function halves(text: string, at: number): boolean {
  return (text.codePointAt(at - 1) ?? 0) > 0xffff
}
