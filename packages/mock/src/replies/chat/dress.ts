import type {
  ChatCompletionChoice,
  ChatCompletionMessage,
  ChatCompletionRequest,
  ChatCompletionResponse,
  CompletionUsage,
  Profile,
} from "@nexhina/schemas"
import { type Digest, digest, digestText, random } from "../../content/random.ts"
import type { DeliveredSegment, Delivery } from "../utterance/deliver.ts"
import { tokenLogprobs } from "../utterance/logprobs.ts"
import { reportedUsage } from "../utterance/usage.ts"
import type { UsageCounts } from "../utterance/utterance.ts"

/** A choice of a completion before it has a wire format. */
export interface SpokenChoice {
  readonly delivery: Delivery
  /** The text as audio, when the request asks for it. */
  readonly audio?: ChatCompletionMessage["audio"]
  /** Token counts to report. Default: those that were counted. */
  readonly usage?: UsageCounts
  /** The hash that the log probabilities are drawn from. */
  readonly seed: Digest
}

/** The parts of a completion that are not said by the model. */
export interface CompletionFrame {
  readonly id: string
  readonly created: number
  readonly promptTokens: number
  readonly request: ChatCompletionRequest
  readonly profile: Profile
  /** Hash of the mock's seed. */
  readonly seed: Digest
}

/** Returns the completion with these choices, in the wire format of the profile. */
export function dressCompletion(
  choices: readonly SpokenChoice[],
  { id, created, promptTokens, request, profile, seed }: CompletionFrame,
): ChatCompletionResponse {
  const dressed = choices.map((choice, index) => dressChoice(choice, index, request, profile))
  const usage = dressUsage(choices, promptTokens, profile)
  const { model } = request
  return {
    id,
    object: "chat.completion",
    created,
    model,
    choices: dressed,
    usage,
    ...(profile.openaiMembers && {
      service_tier: "default",
      system_fingerprint: `fp_${digestText(digest(model, seed))}`,
    }),
  }
}

function dressChoice(
  choice: SpokenChoice,
  index: number,
  request: ChatCompletionRequest,
  profile: Profile,
): ChatCompletionChoice {
  const message = dressMessage(choice, profile)
  const finish_reason = finishOf(choice.delivery)
  const logprobs = dressLogprobs(choice, request, profile)
  return profile.openaiMembers
    ? { index, finish_reason, message, logprobs: logprobs ?? null }
    : { index, message, finish_reason, ...(logprobs && { logprobs }) }
}

/**
 * The gateway's message has no member for a refusal, so that it becomes the content; its reasoning is visible, as with
 * new-api. OpenAI has `refusal` and `annotations` in every message, and does not show reasoning.
 */
function dressMessage({ delivery, audio }: SpokenChoice, profile: Profile): ChatCompletionMessage {
  const { segments } = delivery
  const reasoning = segments.find(({ kind }) => kind === "reasoning")
  const refusal = segments.find(({ kind }) => kind === "refusal")
  const calls = dressCalls(segments)
  const speaks = segments.some(({ kind }) => kind === "text")
  const message: ChatCompletionMessage = {
    role: "assistant",
    content: (calls && !speaks) || refusal || audio ? null : textOf(segments),
    ...calls,
  }
  if (profile.openaiMembers) {
    return { ...message, ...(audio && { audio }), refusal: refusal?.text ?? null, annotations: [] }
  }
  return {
    ...message,
    ...(refusal && { content: refusal.text }),
    ...(reasoning && { reasoning_content: reasoning.text }),
    ...(audio && { audio }),
  }
}

/** Returns the text that a choice says, "" when the limits left nothing of it. */
export function textOf(segments: readonly DeliveredSegment[]): string {
  return segments.map(({ kind, text }) => (kind === "text" ? text : "")).join("")
}

type Calls = Pick<ChatCompletionMessage, "tool_calls" | "function_call">

/** Returns the calls. One of which nothing fits is left out: chat cannot mark it as incomplete. */
function dressCalls(segments: readonly DeliveredSegment[]): Calls | undefined {
  const fitting = segments.filter(({ count, isCut }) => count > 0 || !isCut)
  const calls = fitting.flatMap((segment) => (segment.kind === "call" ? [segment] : []))
  const [first] = calls
  if (first === undefined) return undefined
  if (first.form === "legacy") return { function_call: { name: first.name, arguments: first.text } }
  return {
    tool_calls: calls.map(({ form, callId, name, text }) =>
      form === "custom"
        ? { id: callId, type: "custom", custom: { name, input: text } }
        : { id: callId, type: "function", function: { name, arguments: text } },
    ),
  }
}

function finishOf({ end, segments }: Delivery): ChatCompletionChoice["finish_reason"] {
  if (end !== "stop") return end
  const call = segments.find((segment) => segment.kind === "call")
  if (call === undefined) return "stop"
  return call.form === "legacy" ? "function_call" : "tool_calls"
}

function dressLogprobs(
  { delivery, audio, seed }: SpokenChoice,
  { logprobs, top_logprobs }: ChatCompletionRequest,
  profile: Profile,
): ChatCompletionChoice["logprobs"] {
  const spoken = delivery.segments.filter(({ kind }) => kind !== "reasoning")
  if (logprobs !== true || audio || spoken.some(({ kind }) => kind === "call")) return undefined
  const tokens = spoken.flatMap((segment) => segment.tokens())
  const entries = tokenLogprobs(tokens, top_logprobs ?? 0, random(digest("logprobs", seed)))
  return profile.openaiMembers && spoken.some(({ kind }) => kind === "refusal")
    ? { content: null, refusal: entries }
    : { content: entries, refusal: null }
}

function dressUsage(choices: readonly SpokenChoice[], counted: number, profile: Profile): CompletionUsage {
  const { input, output, reasoning, cached } = reportedUsage(choices[0]?.usage ?? noUsage, {
    input: counted,
    output: choices.reduce((sum, { delivery }) => sum + delivery.tokens, 0),
    reasoning: choices.reduce((sum, { delivery }) => sum + delivery.reasoningTokens, 0),
  })
  const usage: CompletionUsage = {
    prompt_tokens: input,
    completion_tokens: output,
    total_tokens: input + output,
  }
  if (profile.openaiMembers) {
    return {
      ...usage,
      prompt_tokens_details: { cached_tokens: cached, audio_tokens: 0 },
      completion_tokens_details: {
        reasoning_tokens: reasoning,
        audio_tokens: 0,
        accepted_prediction_tokens: 0,
        rejected_prediction_tokens: 0,
      },
    }
  }
  return {
    ...usage,
    ...(cached > 0 && { prompt_tokens_details: { cached_tokens: cached } }),
    ...(reasoning > 0 && { completion_tokens_details: { reasoning_tokens: reasoning } }),
  }
}

const noUsage: UsageCounts = {}
