import type {
  ChatCompletionChoice,
  ChatCompletionMessage,
  ChatCompletionRequest,
  ChatCompletionResponse,
  ChatMessage,
  ContentPart,
  Profile,
} from "@nexhina/schemas"
import { DONE, encodeEvent, splitChat } from "@nexhina/stream"
import { type Digest, digest, digestText, type Random, random } from "../random.ts"
import { Refusal } from "../refusal.ts"
import type { Made, ReplyMaker } from "../reply.ts"
import { countTokens, firstTokens } from "../tokens.ts"
import type { Callable } from "./callable.ts"
import { dueCalls } from "./chat-tools.ts"
import { compose, type Heard, type TextForm } from "./compose.ts"
import { encodeChat } from "./encode-chat.ts"
import { mostEntries, mostTokens } from "./limits.ts"
import { tokenLogprobs } from "./logprobs.ts"

/** Calls the tools that are due, or says a text that quotes the conversation. */
export const createChatCompletion: ReplyMaker<"createChatCompletion"> = (question) => {
  const { request, profile } = question
  question.models.require(request.model, "chat")
  const limit = tokenLimit(request, profile)
  const seed = contentSeed(request, question.seed)
  const written = Array.from({ length: request.n ?? 1 }, (_, index) =>
    write(request, limit, digest(String(index), seed)),
  )
  const prompt = countPrompt(request)
  const completion = written.reduce((sum, { count }) => sum + count, 0)
  if (completion * (1 + (request.top_logprobs ?? 0)) > mostEntries) {
    throw new Refusal(400, {
      message: `The reply would have more than ${mostEntries} tokens and alternatives to them. Ask for fewer choices.`,
      param: "n",
    })
  }

  const plain: ChatCompletionResponse = {
    id: `chatcmpl-${question.id}`,
    object: "chat.completion",
    created: question.now,
    model: request.model,
    choices: written.map((choice, index) => toChoice(choice, index, request)),
    usage: { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion },
  }
  const value = profile.openaiMembers ? withOpenaiMembers(plain, question.seed) : plain
  if (request.stream !== true) return { value }
  const includeUsage = request.stream_options?.include_usage === true
  const split = (completion: ChatCompletionResponse) => splitChat(completion, { profile, includeUsage })
  return {
    value,
    stream: (completion) => [...split(completion).map((data) => ({ data })), done],
    encoded: (completion) => encodeChat(split(completion)) + encodeEvent(done),
  } satisfies Made<ChatCompletionResponse>
}

const done = { data: DONE }

/** What OpenAI's replies show besides; nothing of it is known of the gateway's. */
function withOpenaiMembers(
  { choices, usage, ...completion }: ChatCompletionResponse,
  seed: Digest,
): ChatCompletionResponse {
  return {
    ...completion,
    choices: choices.map(({ message, ...choice }) => ({
      ...choice,
      message: { ...message, refusal: null, annotations: [] },
      logprobs: choice.logprobs ?? null,
    })),
    usage: usage && {
      ...usage,
      prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
      completion_tokens_details: {
        reasoning_tokens: 0,
        audio_tokens: 0,
        accepted_prediction_tokens: 0,
        rejected_prediction_tokens: 0,
      },
    },
    service_tier: "default",
    system_fingerprint: `fp_${digestText(digest(completion.model, seed))}`,
  }
}

/** What one choice says, and how many tokens that took. */
interface Written {
  readonly message: ChatCompletionMessage
  readonly finish: ChatCompletionChoice["finish_reason"]
  readonly count: number
  /** What the choice was drawn from. */
  readonly seed: Digest
}

function write(request: ChatCompletionRequest, limit: number, seed: Digest): Written {
  const draw = random(seed)
  const calls = dueCalls(request, draw)
  return calls.length > 0 ? call(calls, limit, draw, seed) : say(request, limit, draw, seed)
}

function toChoice(
  { message, finish, seed }: Written,
  index: number,
  { logprobs, top_logprobs }: ChatCompletionRequest,
): ChatCompletionChoice {
  const choice: ChatCompletionChoice = { index, message, finish_reason: finish }
  if (logprobs === true && typeof message.content === "string") {
    const draw = random(digest("logprobs", seed))
    choice.logprobs = { content: tokenLogprobs(message.content, top_logprobs ?? 0, draw), refusal: null }
  }
  return choice
}

/** The limit on each choice's tokens. `max_tokens: 0` is as none, or refused, as the profile says. */
function tokenLimit({ max_tokens, max_completion_tokens }: ChatCompletionRequest, profile: Profile): number {
  const zero =
    max_completion_tokens === 0 ? "max_completion_tokens" : max_tokens === 0 ? "max_tokens" : undefined
  if (zero !== undefined && profile.zeroMaxTokens === "invalid") {
    throw new Refusal(400, {
      message: `Invalid '${zero}': integer below minimum value. Expected a value >= 1, but got 0 instead.`,
      param: zero,
      code: "integer_below_min_value",
    })
  }
  return Math.min(max_completion_tokens || mostTokens, max_tokens || mostTokens, mostTokens)
}

/** A hash of what content depends on: all members but those that say how to deliver, cut, count or file it. */
function contentSeed(request: ChatCompletionRequest, seed: Digest): Digest {
  const {
    stream,
    stream_options,
    n,
    stop,
    max_tokens,
    max_completion_tokens,
    logprobs,
    top_logprobs,
    user,
    metadata,
    store,
    service_tier,
    safety_identifier,
    prompt_cache_key,
    ...meaning
  } = request
  return digest(JSON.stringify(meaning), seed)
}

function call(callables: readonly Callable[], limit: number, draw: Random, seed: Digest): Written {
  let count = 0
  let cut = false
  const made = []
  for (const { kind, name, input } of callables) {
    const whole = input(draw)
    const { text, count: used } = firstTokens(whole, limit - count)
    cut ||= text !== whole
    // A call of which nothing fits is not made.
    if (used > 0 || whole === "") made.push({ kind, name, text })
    count += used
  }
  const finish = cut ? "length" : undefined
  const [only] = made
  if (only?.kind === "legacy") {
    const function_call = { name: only.name, arguments: only.text }
    return {
      message: { role: "assistant", content: null, function_call },
      finish: finish ?? "function_call",
      count,
      seed,
    }
  }
  const tool_calls = made.map(({ kind, name, text }, index) => {
    const id = `call_${digestText(digest(`call ${index}`, seed))}`
    return kind === "custom"
      ? { id, type: "custom" as const, custom: { name, input: text } }
      : { id, type: "function" as const, function: { name, arguments: text } }
  })
  return {
    message: { role: "assistant", content: null, tool_calls },
    finish: finish ?? "tool_calls",
    count,
    seed,
  }
}

function say(request: ChatCompletionRequest, limit: number, draw: Random, seed: Digest): Written {
  const whole = compose(heard(request.messages), formOf(request), draw)
  const limited = firstTokens(whole, limit)
  const text = beforeStop(limited.text, request.stop)
  const isStopped = text !== limited.text
  return {
    message: { role: "assistant", content: text },
    finish: isStopped || limited.text === whole ? "stop" : "length",
    count: isStopped ? countTokens(text) : limited.count,
    seed,
  }
}

function heard(messages: readonly ChatMessage[]): Heard {
  const asked = messages.findLastIndex(({ role }) => role === "user")
  const answers = messages.slice(asked + 1).filter(({ role }) => role === "tool" || role === "function")
  return { said: textOf(messages[asked]), answered: answers.map(textOf) }
}

function formOf({ response_format: format }: ChatCompletionRequest): TextForm {
  if (format?.type === "json_object") return "json"
  if (format?.type !== "json_schema") return "text"
  return { schema: format.json_schema.schema ?? {}, param: "response_format.json_schema.schema" }
}

/** The text of a message, its parts on lines of their own. */
function textOf(message: ChatMessage | undefined): string {
  const content = message?.content
  if (content == null || typeof content === "string") return content ?? ""
  return content.flatMap((part) => (part.type === "text" ? part.text : [])).join("\n")
}

function beforeStop(text: string, stop: ChatCompletionRequest["stop"]): string {
  if (stop == null) return text
  const ends = [stop]
    .flat()
    .filter((end) => end !== "")
    .map((end) => text.indexOf(end))
    .filter((at) => at !== -1)
  return text.slice(0, Math.min(text.length, ...ends))
}

/** Tokens of the prompt: of every text and offer in it, and some for each message, image, sound and file. */
function countPrompt({ messages, tools, functions }: ChatCompletionRequest): number {
  const offers = [...(tools ?? []), ...(functions ?? [])]
  return (
    3 +
    messages.reduce((sum, message) => sum + countMessage(message), 0) +
    offers.reduce<number>((sum, offer) => sum + countTokens(JSON.stringify(offer)), 0)
  )
}

function countMessage({ content, name, tool_calls, function_call }: ChatMessage): number {
  let count = 3
  if (typeof content === "string") count += countTokens(content)
  else for (const part of content ?? []) count += countPart(part)
  if (name) count += countTokens(name)
  if (tool_calls || function_call) count += countTokens(JSON.stringify([tool_calls, function_call]))
  return count
}

function countPart(part: ContentPart): number {
  if (part.type === "text") return countTokens(part.text)
  return part.type === "refusal" ? countTokens(part.refusal) : 85
}
