import type {
  ResponseDeleted,
  ResponseItem,
  ResponseItemList,
  ResponseObject,
  ResponseRequest,
} from "@nexhina/schemas"
import { DONE, encode, type StreamEvent, splitResponse } from "@nexhina/stream"
import { digest } from "../../content/random.ts"
import type { Tokenizer } from "../../content/tokens.ts"
import { budget } from "../../json-schema/budget.ts"
import { requireSchema } from "../../json-schema/well-formed.ts"
import { limits } from "../../limits.ts"
import { Refusal, requireWithin } from "../../refusal.ts"
import type { GeneratedReply, ReplyMaker } from "../../reply-maker.ts"
import type { Store } from "../../store.ts"
import { refuseStream } from "../not-streamed.ts"
import type { Prompt, TextForm } from "../utterance/decide.ts"
import { deliver, maxTokens } from "../utterance/deliver.ts"
import { type ReadPrompt, readPrompt } from "../utterance/read-prompt.ts"
import { respond } from "../utterance/respond.ts"
import { reportedUsage } from "../utterance/usage.ts"
import { dressOutput } from "./dress.ts"
import { encodeResponse, toStreamEvent } from "./encode.ts"
import { countItems, lastTurnOf, readInput, requireShort, spokenMessages } from "./input.ts"
import { conversationOf, deleteStored, findResponse, keepResponse, type StoredResponse } from "./stored.ts"
import { offeredTools } from "./tools.ts"

type Question = Parameters<ReplyMaker<"createResponse">>[0]

/**
 * Replies with tool calls, a refusal, or a text that quotes the conversation, which continues from
 * `previous_response_id`. Background responses are completed at once. A `conversation` is only repeated: the contract
 * has no endpoint that creates one.
 */
export const createResponse: ReplyMaker<"createResponse"> = async (question) => {
  const { request, store } = question
  question.models.require(request.model, "chat")
  const earlier = await earlierThan(request, store)
  const input = await readInput(request.input, earlier, store, digest(question.id))
  const items = [...earlier, ...input]
  requireShort(items)
  requireWithin(limits.conversationText, request.instructions?.length ?? 0, "instructions")
  const prompt = await readPrompt(question, ignoredBySeed, () =>
    countPrompt(request, items, question.tokenizer),
  )
  const response = speakResponse(question, items, prompt)
  if (request.store !== false) await keepResponse(store, { response, input })
  return toReply(response, question)
}

function toReply(
  value: ResponseObject,
  { request, profile, tokenizer: { tokens } }: Question,
): GeneratedReply<ResponseObject> {
  if (request.stream !== true) return { value }
  const ending: readonly StreamEvent[] = profile.responsesDone ? [{ data: DONE }] : []
  return {
    value,
    stream: (response) => [...splitResponse(response, { tokens }).map(toStreamEvent), ...ending],
    encoded: (response) => encodeResponse(splitResponse(response, { tokens })) + encode(ending),
  }
}

/** Returns the response to a conversation, whose last items are the input. */
function speakResponse(
  question: Question,
  items: readonly ResponseItem[],
  { countTokens, seed }: ReadPrompt,
): ResponseObject {
  const { request, profile, tokenizer, responders } = question
  const prompt = promptOf(question, items)
  const messages = () => spokenMessages(request.instructions, items)
  const turn = { operationId: "createResponse", request, choice: 0, messages, ...prompt.lastTurn } as const
  const deliveryLimits = { limit: Math.min(request.max_output_tokens ?? maxTokens, maxTokens) }
  const utterance = respond(responders, turn, prompt, seed)
  const delivery = deliver(utterance, deliveryLimits, tokenizer)
  const isComplete = delivery.end === "stop"
  const reason = delivery.end === "length" ? "max_output_tokens" : "content_filter"
  const usage = reportedUsage(utterance.usage ?? {}, {
    input: utterance.usage?.input ?? countTokens(),
    output: delivery.tokens,
    reasoning: delivery.reasoningTokens,
  })
  return {
    id: `resp_${question.id}`,
    object: "response",
    created_at: question.now,
    completed_at: isComplete ? question.now : null,
    status: isComplete ? "completed" : "incomplete",
    error: null,
    incomplete_details: isComplete ? null : { reason },
    ...(profile.openaiMembers && openaiMembers),
    ...echo(request),
    ...(profile.openaiMembers && { tools: (request.tools ?? []).map(withToolDefaults) }),
    output: dressOutput(delivery.segments, {
      request,
      showsReasoning: !profile.openaiMembers,
      identity: digest(question.id),
      seed,
    }),
    usage: {
      input_tokens: usage.input,
      input_tokens_details: {
        cached_tokens: usage.cached,
        ...(profile.openaiMembers && { cache_write_tokens: 0 }),
      },
      output_tokens: usage.output,
      output_tokens_details: { reasoning_tokens: usage.reasoning },
      total_tokens: usage.input + usage.output,
    },
  }
}

function promptOf({ request, callTools }: Question, items: readonly ResponseItem[]): Prompt {
  const { reasoning, parallel_tool_calls } = request
  return {
    lastTurn: lastTurnOf(items),
    offer: offeredTools(request),
    callTools,
    parallel: parallel_tool_calls !== false,
    form: formOf(request),
    reasoningEffort: reasoning ? (reasoning.effort ?? "medium") : undefined,
    spend: budget(),
  }
}

/** Members that OpenAI's replies have when the request does not set them. */
const openaiMembers = {
  background: false,
  frequency_penalty: 0,
  max_tool_calls: null,
  presence_penalty: 0,
  prompt_cache_key: null,
  safety_identifier: null,
  service_tier: "default",
  top_logprobs: 0,
  user: null,
} satisfies Partial<ResponseObject>

type Tool = ResponseObject["tools"][number]

/** Returns a tool with the members that OpenAI's replies have when the request leaves them out. */
function withToolDefaults(tool: Tool): Tool {
  return tool.type === "function" ? { description: null, parameters: null, strict: true, ...tool } : tool
}

/** Returns the members that a reply repeats from the request, with the defaults of those that it always has. */
function echo(request: ResponseRequest) {
  const { conversation, reasoning, service_tier } = request
  const silent = [
    "background",
    "max_tool_calls",
    "prompt",
    "prompt_cache_key",
    "safety_identifier",
    "top_logprobs",
    "user",
  ] as const
  return {
    instructions: request.instructions ?? null,
    max_output_tokens: request.max_output_tokens ?? null,
    metadata: request.metadata ?? {},
    model: request.model,
    parallel_tool_calls: request.parallel_tool_calls ?? true,
    previous_response_id: request.previous_response_id ?? null,
    reasoning: { effort: reasoning?.effort ?? null, summary: reasoning?.summary ?? null },
    store: request.store ?? true,
    temperature: request.temperature ?? 1,
    text: { ...request.text, format: request.text?.format ?? { type: "text" as const } },
    tool_choice: request.tool_choice ?? "auto",
    tools: request.tools ?? [],
    top_p: request.top_p ?? 1,
    truncation: request.truncation ?? "disabled",
    ...Object.fromEntries(silent.flatMap((name) => (request[name] == null ? [] : [[name, request[name]]]))),
    // A reply names the tier that served it, and `auto` is not a tier.
    ...(service_tier && service_tier !== "auto" && { service_tier }),
    ...(conversation && {
      conversation: typeof conversation === "string" ? { id: conversation } : conversation,
    }),
  } satisfies Partial<ResponseObject>
}

async function earlierThan(
  { previous_response_id: id }: ResponseRequest,
  store: Store,
): Promise<readonly ResponseItem[]> {
  if (id == null) return []
  const earlier = await conversationOf(store, id)
  if (earlier) return earlier
  throw new Refusal(400, {
    message: `Previous response with id '${id}' not found.`,
    param: "previous_response_id",
    code: "previous_response_not_found",
  })
}

/** Members that control delivery, limits or bookkeeping, and do not change the content. */
const ignoredBySeed: ReadonlySet<string> = new Set([
  "stream",
  "stream_options",
  "max_output_tokens",
  "max_tool_calls",
  "top_logprobs",
  "include",
  "background",
  "store",
  "metadata",
  "user",
  "service_tier",
  "safety_identifier",
  "prompt_cache_key",
  "truncation",
  "reasoning",
] satisfies (keyof ResponseRequest)[])

function formOf({ text }: ResponseRequest): TextForm {
  if (text?.format?.type === "json_object") return "json"
  if (text?.format?.type !== "json_schema") return "text"
  const param = "text.format.schema"
  requireSchema(text.format.schema, param)
  return { schema: text.format.schema, param }
}

/** Counts the tokens of the prompt: instructions, conversation and tools. */
function countPrompt(
  { instructions, tools = [] }: ResponseRequest,
  items: readonly ResponseItem[],
  tokenizer: Tokenizer,
): number {
  const offers = tools.reduce((sum, tool) => sum + tokenizer.count(JSON.stringify(tool)), 0)
  return 3 + tokenizer.count(instructions ?? "") + countItems(items, tokenizer) + offers
}

export const retrieveResponse: ReplyMaker<"retrieveResponse"> = async ({ params, query, store }) => {
  refuseStream(query, { stream: true }, "a stored response")
  const { response } = await stored(params, store)
  return { value: response }
}

export const deleteResponse: ReplyMaker<"deleteResponse"> = async ({ params, store }) => {
  const found = await stored(params, store)
  const { id } = found.response
  await deleteStored(store, found)
  return { value: { id, object: "response", deleted: true } satisfies ResponseDeleted }
}

/** Lists the input items of a response, newest first by default, without the items of earlier responses. */
export const listResponseInputItems: ReplyMaker<"listResponseInputItems"> = async ({
  params,
  query,
  store,
}) => {
  const { input } = await stored(params, store)
  const { limit = 20, order = "desc", after } = query
  const items = order === "desc" ? input.toReversed() : input
  const ids = items.map((item) => ("id" in item && item.id) || null)
  // Clients may give several items the same id; starting at the last one makes paging end.
  const start = after === undefined ? 0 : ids.lastIndexOf(after) + 1
  if (after !== undefined && start === 0) {
    throw new Refusal(400, {
      message: `Unknown item '${after}' in 'after'. Use the id of an item in this list.`,
      param: "after",
    })
  }
  const data = items.slice(start, start + limit)
  return {
    value: {
      object: "list",
      data,
      first_id: ids[start] ?? null,
      last_id: data.length === 0 ? null : (ids[start + data.length - 1] ?? null),
      has_more: start + data.length < items.length,
    } satisfies ResponseItemList,
  }
}

async function stored(params: Readonly<Record<string, string>>, store: Store): Promise<StoredResponse> {
  const id = params["response_id"] ?? ""
  const found = await findResponse(store, id)
  if (found) return found
  throw new Refusal(404, { message: `Response with id '${id}' not found.`, param: "response_id" })
}
