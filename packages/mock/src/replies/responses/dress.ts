import type { ResponseOutputItem, ResponseOutputMessage, ResponseRequest } from "@nexhina/schemas"
import { type Digest, digest, digestText, random } from "../../content/random.ts"
import { type DeliveredSegment, requireFewEntries } from "../utterance/deliver.ts"
import { tokenLogprobs } from "../utterance/logprobs.ts"
import { dressHosted } from "./dress-hosted.ts"
import { itemId } from "./input.ts"

/** Options of `dressOutput`. */
export interface OutputFrame {
  readonly request: ResponseRequest
  /** Whether the text of reasoning is visible, in addition to its summary. */
  readonly showsReasoning: boolean
  /** The hash that the ids of the items are made of. */
  readonly identity: Digest
  /** The hash that the log probabilities are drawn from. */
  readonly seed: Digest
}

/** Returns one output item for each segment. Throws a `Refusal` for too many log probabilities. */
export function dressOutput(segments: readonly DeliveredSegment[], frame: OutputFrame): ResponseOutputItem[] {
  return segments.map((segment, index) => dressItem(segment, index, frame))
}

function dressItem(segment: DeliveredSegment, index: number, frame: OutputFrame): ResponseOutputItem {
  if (segment.kind === "hosted") return dressHosted(segment.item, index, frame)
  const type = typeOf(segment)
  const id = itemId(type, `output ${index}`, frame.identity)
  const status = segment.isCut ? "incomplete" : "completed"
  switch (segment.kind) {
    case "reasoning":
      return { type: "reasoning", id, status, ...reasoningParts(segment.text, frame) }
    case "call": {
      const { form, callId: call_id, name, text } = segment
      const call = { id, status, call_id, name }
      return form === "custom"
        ? { type: "custom_tool_call", ...call, input: text }
        : { type: "function_call", ...call, arguments: text }
    }
    default:
      return { type: "message", id, status, role: "assistant", content: [messagePart(segment, frame)] }
  }
}

function typeOf(
  segment: Exclude<DeliveredSegment, { readonly kind: "hosted" }>,
): "reasoning" | "custom_tool_call" | "function_call" | "message" {
  if (segment.kind === "reasoning") return "reasoning"
  if (segment.kind !== "call") return "message"
  return segment.form === "custom" ? "custom_tool_call" : "function_call"
}

function reasoningParts(text: string, { request: { reasoning, include }, showsReasoning }: OutputFrame) {
  return {
    summary: reasoning?.summary == null ? [] : [{ type: "summary_text" as const, text: firstSentence(text) }],
    ...(showsReasoning && { content: [{ type: "reasoning_text" as const, text }] }),
    ...(include?.includes("reasoning.encrypted_content") && { encrypted_content: digestText(digest(text)) }),
  }
}

function firstSentence(text: string): string {
  return text.slice(0, text.indexOf(".") + 1) || text
}

function messagePart(
  segment: DeliveredSegment,
  { request: { include, top_logprobs }, seed }: OutputFrame,
): ResponseOutputMessage["content"][number] {
  const { kind, text } = segment
  if (kind === "refusal") return { type: "refusal", refusal: text }
  if (!include?.includes("message.output_text.logprobs")) {
    return { type: "output_text", text, annotations: [], logprobs: [] }
  }
  const tokens = segment.tokens()
  const alternatives = top_logprobs ?? 0
  requireFewEntries(
    tokens.length * (1 + alternatives),
    "top_logprobs",
    "Ask for fewer 'top_logprobs', or set 'max_output_tokens'.",
  )
  const logprobs = tokenLogprobs(tokens, alternatives, random(digest("logprobs", seed)))
  return { type: "output_text", text, annotations: [], logprobs }
}
