import type {
  ChatCompletionChoice,
  ChatCompletionMessage,
  ChatCompletionRequest,
  ChatCompletionResponse,
  CompletionUsage,
  Profile,
} from "@nexhina/schemas"
import { DONE, encodeEvent, splitChat } from "@nexhina/stream"
import { type Digest, digest, digestText, random } from "../../content/random.ts"
import { budget } from "../../json-schema/budget.ts"
import { requireSchema } from "../../json-schema/well-formed.ts"
import { Refusal } from "../../refusal.ts"
import type { GeneratedReply, ReplyMaker } from "../../reply-maker.ts"
import type { TextForm } from "../utterance/compose.ts"
import { contentSeed } from "../utterance/content-seed.ts"
import { mostEntries, mostTokens } from "../utterance/limits.ts"
import { tokenLogprobs } from "../utterance/logprobs.ts"
import { spoken, voiceOf } from "./audio.ts"
import { encodeChat } from "./encode.ts"
import { countPrompt, heardIn, requireData } from "./prompt.ts"
import { offeredBy } from "./tools.ts"
import { type ChatTask, type Written, writeChat } from "./write.ts"

/** Calls the tools that are due, refuses, or says a text that quotes the conversation, aloud where that is asked. */
export const createChatCompletion: ReplyMaker<"createChatCompletion"> = (question) => {
  const { request, profile, tokenizer } = question
  question.models.require(request.model, "chat")
  requireData(request.messages)
  const voice = voiceOf(request)
  const offer = offeredBy(request)
  const task: ChatTask = {
    heard: heardIn(request.messages),
    offer,
    parallel: request.parallel_tool_calls !== false && offer.callables[0]?.kind !== "legacy",
    form: formOf(request),
    limit: tokenLimit(request, profile),
    stop: request.stop,
    reasoning_effort: request.reasoning_effort,
    tokenizer,
    spend: budget(),
  }
  const seed = contentSeed(request, ignoredBySeed, question.seed)
  const written = writeChoices(task, request, seed)
  const usage = usageOf(written, countPrompt(request, tokenizer))
  const plain: ChatCompletionResponse = {
    id: `chatcmpl-${question.id}`,
    object: "chat.completion",
    created: question.now,
    model: request.model,
    choices: written.map((choice, index) => toChoice(choice, index, request)),
    usage,
  }
  const tell = (completion: ChatCompletionResponse) =>
    toGeneratedReply(
      profile.openaiMembers ? withOpenaiMembers(completion, question.seed) : withGatewayMembers(completion),
      request,
      profile,
    )
  return voice ? spoken(plain, voice, question.seed).then(tell) : tell(plain)
}

function toGeneratedReply(
  value: ChatCompletionResponse,
  request: ChatCompletionRequest,
  profile: Profile,
): GeneratedReply<ChatCompletionResponse> {
  if (request.stream !== true) return { value }
  const includeUsage = request.stream_options?.include_usage === true
  const split = (completion: ChatCompletionResponse) => splitChat(completion, { profile, includeUsage })
  return {
    value,
    stream: (completion) => [...split(completion).map((data) => ({ data })), done],
    encoded: (completion) => encodeChat(split(completion)) + encodeEvent(done),
  }
}

const done = { data: DONE }

function writeChoices(task: ChatTask, { n, top_logprobs }: ChatCompletionRequest, seed: Digest): Written[] {
  const written: Written[] = []
  let entries = 0
  for (let index = 0; index < (n ?? 1); index++) {
    const choice = writeChat(task, digest(String(index), seed))
    entries += choice.count * (1 + (top_logprobs ?? 0))
    if (entries > mostEntries) {
      throw new Refusal(400, {
        message: `The reply would have more than ${mostEntries} tokens and alternatives to them. Ask for fewer choices.`,
        param: "n",
      })
    }
    written.push(choice)
  }
  return written
}

function formOf({ response_format: format }: ChatCompletionRequest): TextForm {
  if (format?.type === "json_object") return "json"
  if (format?.type !== "json_schema") return "text"
  const param = "response_format.json_schema.schema"
  const { schema = {} } = format.json_schema
  requireSchema(schema, param)
  return { schema, param }
}

function usageOf(written: readonly Written[], prompt: number): CompletionUsage {
  let completion = 0
  let reasoning = 0
  for (const { count, reasoningCount } of written) {
    completion += count
    reasoning += reasoningCount
  }
  const usage: CompletionUsage = {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
  }
  if (reasoning > 0) usage.completion_tokens_details = { reasoning_tokens: reasoning }
  return usage
}

/** The gateway's message has no member for a refusal, so that it is the content. Reasoning is shown, as by new-api. */
function withGatewayMembers(completion: ChatCompletionResponse): ChatCompletionResponse {
  for (const choice of completion.choices) {
    if (choice.message.refusal == null) continue
    choice.message = withRefusalAsContent(choice.message)
    if (choice.logprobs) choice.logprobs = { content: choice.logprobs.refusal ?? null, refusal: null }
  }
  return completion
}

function withRefusalAsContent({ refusal, ...message }: ChatCompletionMessage): ChatCompletionMessage {
  return { ...message, content: refusal }
}

/** What OpenAI's replies show besides; nothing of it is known of the gateway's. Of reasoning they tell the tokens. */
function withOpenaiMembers(
  { choices, usage, ...completion }: ChatCompletionResponse,
  seed: Digest,
): ChatCompletionResponse {
  return {
    ...completion,
    choices: choices.map(({ message: { reasoning_content: _, ...message }, ...choice }) => ({
      ...choice,
      message: { ...message, refusal: message.refusal ?? null, annotations: [] },
      logprobs: choice.logprobs ?? null,
    })),
    usage: usage && {
      ...usage,
      prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
      completion_tokens_details: {
        reasoning_tokens: usage.completion_tokens_details?.reasoning_tokens ?? 0,
        audio_tokens: 0,
        accepted_prediction_tokens: 0,
        rejected_prediction_tokens: 0,
      },
    },
    service_tier: "default",
    system_fingerprint: `fp_${digestText(digest(completion.model, seed))}`,
  }
}

function toChoice(
  { message, finish, tokens, seed }: Written,
  index: number,
  { logprobs, top_logprobs }: ChatCompletionRequest,
): ChatCompletionChoice {
  const choice: ChatCompletionChoice = { index, message, finish_reason: finish }
  if (logprobs === true && (message.content ?? message.refusal) != null) {
    const likely = tokenLogprobs(tokens(), top_logprobs ?? 0, random(digest("logprobs", seed)))
    choice.logprobs =
      message.refusal == null ? { content: likely, refusal: null } : { content: null, refusal: likely }
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

/** Members that control sampling, delivery, limits or bookkeeping, and do not change the content. */
const ignoredBySeed: ReadonlySet<string> = new Set([
  "stream",
  "stream_options",
  "n",
  "stop",
  "max_tokens",
  "max_completion_tokens",
  "logprobs",
  "top_logprobs",
  "user",
  "metadata",
  "store",
  "service_tier",
  "safety_identifier",
  "prompt_cache_key",
  "reasoning_effort",
  "modalities",
  "audio",
] satisfies (keyof ChatCompletionRequest)[])
