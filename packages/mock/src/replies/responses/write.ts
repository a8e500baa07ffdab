import type { ResponseOutputItem, ResponseOutputMessage, ResponseRequest } from "@nexhina/schemas"
import { type Digest, digest, digestText, type Random, random } from "../../content/random.ts"
import type { Tokenizer } from "../../content/tokens.ts"
import { Refusal } from "../../refusal.ts"
import { type Callable, chooseCalls, type Offer } from "../utterance/callable.ts"
import { compose, type Heard, type TextForm } from "../utterance/compose.ts"
import { mostEntries } from "../utterance/limits.ts"
import { tokenLogprobs } from "../utterance/logprobs.ts"
import { isFiltered, refusalText, refuses } from "../utterance/markers.ts"
import { reasoningText } from "../utterance/reasoning.ts"
import { itemId } from "./input.ts"

/** What a reply is written for. */
export interface ResponseTask
  extends Pick<ResponseRequest, "reasoning" | "include" | "top_logprobs" | "parallel_tool_calls"> {
  readonly heard: Heard
  readonly offer: Offer
  readonly form: TextForm
  /** In tokens. */
  readonly limit: number
  readonly tokenizer: Tokenizer
  /** Whether reasoning is shown as it is, besides its summary. */
  readonly showsReasoning: boolean
  /** What the ids of the items are made of. */
  readonly identity: Digest
}

/** What a reply says, and how many tokens that took. */
export interface Written {
  readonly output: ResponseOutputItem[]
  /** What left something out, if anything did: then the last item is incomplete. */
  readonly cutBy?: "max_output_tokens" | "content_filter"
  /** All of them, those of reasoning too. */
  readonly tokens: number
  readonly reasoningTokens: number
}

/** As much of a text as is let through. */
interface Piece {
  readonly id: string
  readonly status: "completed" | "incomplete"
  readonly text: string
  tokens(): readonly string[]
}

/** An item to be written: its text, and what it is with as much of that as is let through. */
interface Plan {
  readonly type: "reasoning" | "message" | "function_call" | "custom_tool_call"
  readonly text: string
  /** How many tokens a content filter lets through. Default: all. */
  readonly passed?: number
  item(piece: Piece): ResponseOutputItem
}

/**
 * Writes the items of a reply: the reasoning that was asked for, then calls of the tools that are due, a refusal, or
 * a text that quotes the conversation. Throws a `Refusal` for a schema that cannot be met.
 */
export function writeResponse(task: ResponseTask, seed: Digest): Written {
  const { limit, tokenizer, identity } = task
  const output: ResponseOutputItem[] = []
  let tokens = 0
  let reasoningTokens = 0
  for (const { type, text: whole, passed = Infinity, item } of plan(task, seed)) {
    const left = limit - tokens
    const { text, count } = tokenizer.first(whole, Math.min(left, passed))
    const isCut = text !== whole
    output.push(
      item({
        id: itemId(type, `output ${output.length}`, identity),
        status: isCut ? "incomplete" : "completed",
        text,
        tokens: () => tokenizer.tokens(whole).slice(0, count),
      }),
    )
    tokens += count
    if (type === "reasoning") reasoningTokens += count
    if (isCut) {
      const cutBy = passed < left ? "content_filter" : "max_output_tokens"
      return { output, cutBy, tokens, reasoningTokens }
    }
  }
  return { output, tokens, reasoningTokens }
}

function plan(task: ResponseTask, seed: Digest): Plan[] {
  // Drawn apart, so that reasoning does not change what is said after it.
  return [...think(task, random(digest("reasoning", seed))), ...planAnswer(task, seed)]
}

function planAnswer(task: ResponseTask, seed: Digest): Plan[] {
  const { heard, offer, parallel_tool_calls, form, tokenizer } = task
  if (refuses(heard.said)) return [refuse]
  const draw = random(seed)
  const filtered = isFiltered(heard.said)
  const occasion = { isAnswered: heard.answered.length > 0, parallel: parallel_tool_calls !== false }
  const calls = filtered ? [] : chooseCalls(offer, occasion, draw)
  if (calls.length > 0) return calls.map((callable, index) => call(callable, index, draw, seed))
  const text = compose(heard, form, draw)
  const said = say(text, task, seed)
  return [filtered ? { ...said, passed: Math.ceil(tokenizer.count(text) / 2) } : said]
}

function think({ reasoning, include, showsReasoning }: ResponseTask, draw: Random): Plan[] {
  if (!reasoning || reasoning.effort === "none") return []
  const isEncrypted = include?.includes("reasoning.encrypted_content")
  return [
    {
      type: "reasoning",
      text: reasoningText(reasoning.effort ?? "medium", draw),
      item: ({ id, status, text }) => ({
        type: "reasoning",
        id,
        status,
        summary: reasoning.summary == null ? [] : [{ type: "summary_text", text: summaryOf(text) }],
        ...(showsReasoning && { content: [{ type: "reasoning_text", text }] }),
        ...(isEncrypted && { encrypted_content: digestText(digest(text)) }),
      }),
    },
  ]
}

/** The first sentence. */
function summaryOf(text: string): string {
  return text.slice(0, text.indexOf(".") + 1) || text
}

function call({ kind, name, input }: Callable, index: number, draw: Random, seed: Digest): Plan {
  const call_id = `call_${digestText(digest(`call ${index}`, seed))}`
  const text = input(draw)
  return kind === "custom"
    ? {
        type: "custom_tool_call",
        text,
        item: ({ id, status, text: input }) => ({
          type: "custom_tool_call",
          id,
          status,
          call_id,
          name,
          input,
        }),
      }
    : {
        type: "function_call",
        text,
        item: ({ id, status, text }) => ({
          type: "function_call",
          id,
          status,
          call_id,
          name,
          arguments: text,
        }),
      }
}

const refuse: Plan = {
  type: "message",
  text: refusalText,
  item: (piece) => message(piece, { type: "refusal", refusal: piece.text }),
}

function say(text: string, { include, top_logprobs }: ResponseTask, seed: Digest): Plan {
  const hasLogprobs = include?.includes("message.output_text.logprobs")
  const logprobsOf = (tokens: readonly string[]) => {
    const alternatives = top_logprobs ?? 0
    requireFew(tokens.length * (1 + alternatives))
    return tokenLogprobs(tokens, alternatives, random(digest("logprobs", seed)))
  }
  return {
    type: "message",
    text,
    item: (piece) =>
      message(piece, {
        type: "output_text",
        text: piece.text,
        annotations: [],
        logprobs: hasLogprobs ? logprobsOf(piece.tokens()) : [],
      }),
  }
}

function message(
  { id, status }: Piece,
  part: ResponseOutputMessage["content"][number],
): ResponseOutputMessage {
  return { type: "message", id, status, role: "assistant", content: [part] }
}

function requireFew(entries: number): void {
  if (entries <= mostEntries) return
  throw new Refusal(400, {
    message:
      `The reply would have more than ${mostEntries} tokens and alternatives to them. ` +
      "Ask for fewer 'top_logprobs', or set 'max_output_tokens'.",
    param: "top_logprobs",
  })
}
