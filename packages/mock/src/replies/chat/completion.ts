import type { ChatCompletionRequest, ChatCompletionResponse, Profile } from "@nexhina/schemas"
import { DONE, encodeEvent, splitChat } from "@nexhina/stream"
import { type Digest, digest } from "../../content/random.ts"
import { budget } from "../../json-schema/budget.ts"
import { requireSchema } from "../../json-schema/well-formed.ts"
import { Refusal } from "../../refusal.ts"
import type { GeneratedReply, ReplyMaker } from "../../reply-maker.ts"
import type { Prompt, TextForm } from "../utterance/decide.ts"
import { deliver, maxTokens, requireFewEntries } from "../utterance/deliver.ts"
import { type ReadPrompt, readPrompt } from "../utterance/read-prompt.ts"
import { respond } from "../utterance/respond.ts"
import { voiceOf, withAudio } from "./audio.ts"
import { dressCompletion, type SpokenChoice } from "./dress.ts"
import { encodeChat } from "./encode.ts"
import { countPrompt, lastTurnOf, requireData, requireFewMessages, spokenMessages } from "./prompt.ts"
import { offeredBy } from "./tools.ts"

type Question = Parameters<ReplyMaker<"createChatCompletion">>[0]

/** Replies with tool calls, a refusal, or a text that quotes the conversation, spoken when the request asks for audio. */
export const createChatCompletion: ReplyMaker<"createChatCompletion"> = (question) => {
  const { request, tokenizer } = question
  question.models.require(request.model, "chat")
  requireFewMessages(request.messages)
  requireData(request.messages)
  const prompt = readPrompt(question, ignoredBySeed, () => countPrompt(request, tokenizer))
  return prompt instanceof Promise
    ? prompt.then((read) => complete(question, read))
    : complete(question, prompt)
}

function complete(
  question: Question,
  { countTokens, seed }: ReadPrompt,
): ReturnType<ReplyMaker<"createChatCompletion">> {
  const { request, profile } = question
  const voice = voiceOf(request)
  const choices = speakChoices(question, seed)
  const frame = {
    id: `chatcmpl-${question.id}`,
    created: question.now,
    promptTokens: countTokens(),
    request,
    profile,
    seed: question.seed,
  }
  const reply = (spoken: readonly SpokenChoice[]) => toReply(dressCompletion(spoken, frame), question)
  if (voice) return withAudio(choices, voice, frame, question.lane).then(reply)
  const isLong = entriesOf(choices, request) >= longWork
  return isLong ? question.lane.run(async () => reply(choices)) : reply(choices)
}

/** Tokens, with the alternatives of `top_logprobs`, from which on a reply gets a turn of its own (chosen). */
const longWork = 2 ** 12

/** Returns the number of tokens of choices, with the alternatives to each. */
function entriesOf(choices: readonly SpokenChoice[], { top_logprobs }: ChatCompletionRequest): number {
  return choices.reduce((sum, { delivery }) => sum + delivery.tokens, 0) * (1 + (top_logprobs ?? 0))
}

function toReply(
  value: ChatCompletionResponse,
  { request, profile, tokenizer: { tokens } }: Question,
): GeneratedReply<ChatCompletionResponse> {
  if (request.stream !== true) return { value }
  const includeUsage = request.stream_options?.include_usage === true
  const split = (completion: ChatCompletionResponse) =>
    splitChat(completion, { profile, includeUsage, tokens })
  return {
    value,
    stream: (completion) => [...split(completion).map((data) => ({ data })), done],
    encoded: (completion) => encodeChat(split(completion)) + encodeEvent(done),
  }
}

const done = { data: DONE }

function speakChoices(
  { request, profile, tokenizer, responders, callTools }: Question,
  drawn: Digest,
): SpokenChoice[] {
  const { n, stop } = request
  const prompt = promptOf(request, callTools)
  const limits = { limit: tokenLimit(request, profile), stop: stop == null ? [] : [stop].flat() }
  const messages = () => spokenMessages(request.messages)
  const choices: SpokenChoice[] = []
  for (let choice = 0; choice < (n ?? 1); choice++) {
    const seed = digest(String(choice), drawn)
    const turn = {
      operationId: "createChatCompletion",
      request,
      choice,
      messages,
      ...prompt.lastTurn,
    } as const
    const utterance = respond(responders, turn, prompt, seed)
    const delivery = deliver(utterance, limits, tokenizer)
    choices.push(utterance.usage ? { delivery, seed, usage: utterance.usage } : { delivery, seed })
    const param = choice > 0 ? "n" : "top_logprobs"
    requireFewEntries(entriesOf(choices, request), param, "Ask for fewer choices or alternatives.")
  }
  return choices
}

function promptOf(request: ChatCompletionRequest, callTools: boolean): Prompt {
  const offer = offeredBy(request)
  return {
    lastTurn: lastTurnOf(request.messages),
    offer,
    callTools,
    parallel: request.parallel_tool_calls !== false && offer.callables[0]?.kind !== "legacy",
    form: formOf(request),
    reasoningEffort: request.reasoning_effort ?? undefined,
    spend: budget(),
  }
}

function formOf({ response_format: format }: ChatCompletionRequest): TextForm {
  if (format?.type === "json_object") return "json"
  if (format?.type !== "json_schema") return "text"
  const param = "response_format.json_schema.schema"
  const { schema = {} } = format.json_schema
  requireSchema(schema, param)
  return { schema, param }
}

/** Returns the token limit of each choice. The profile decides whether `max_tokens: 0` means no limit or is refused. */
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
  return Math.min(max_completion_tokens || maxTokens, max_tokens || maxTokens, maxTokens)
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
