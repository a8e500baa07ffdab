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
import { requireSchema } from "../../json-schema/well-formed.ts"
import { Refusal } from "../../refusal.ts"
import type { GeneratedReply, ReplyMaker } from "../../reply-maker.ts"
import type { Store } from "../../store.ts"
import type { TextForm } from "../utterance/compose.ts"
import { contentSeed } from "../utterance/content-seed.ts"
import { mostTokens } from "../utterance/limits.ts"
import { encodeResponse, toStreamEvent } from "./encode.ts"
import { countItems, heardIn, readInput } from "./input.ts"
import { conversationOf, findResponse, forgetResponse, keepResponse, type StoredResponse } from "./stored.ts"
import { offeredTools } from "./tools.ts"
import { writeResponse } from "./write.ts"

/**
 * Calls the tools that are due, refuses, or says a text that quotes the conversation, which goes on from
 * `previous_response_id`. What is asked for in the background is done at once, and a `conversation` is only
 * repeated: no endpoint makes one.
 */
export const createResponse: ReplyMaker<"createResponse"> = async (question) => {
  const { request, profile, store, tokenizer } = question
  question.models.require(request.model, "chat")
  const identity = digest(question.id)
  const earlier = await earlierThan(request, store)
  const input = await readInput(request.input, earlier, store, identity)
  const items = [...earlier, ...input]
  const { reasoning, include, top_logprobs, parallel_tool_calls } = request
  const { output, cutBy, tokens, reasoningTokens } = writeResponse(
    {
      reasoning,
      include,
      top_logprobs,
      parallel_tool_calls,
      heard: heardIn(items),
      offer: offeredTools(request),
      form: formOf(request),
      limit: Math.min(request.max_output_tokens ?? mostTokens, mostTokens),
      tokenizer,
      showsReasoning: !profile.openaiMembers,
      identity,
    },
    contentSeed(request, ignoredBySeed, question.seed),
  )
  const inputTokens = countPrompt(request, items, tokenizer)
  const value: ResponseObject = {
    id: `resp_${question.id}`,
    object: "response",
    created_at: question.now,
    completed_at: cutBy ? null : question.now,
    status: cutBy ? "incomplete" : "completed",
    error: null,
    incomplete_details: cutBy ? { reason: cutBy } : null,
    ...(profile.openaiMembers && openaiMembers),
    ...echo(request),
    output,
    usage: {
      input_tokens: inputTokens,
      input_tokens_details: { cached_tokens: 0 },
      output_tokens: tokens,
      output_tokens_details: { reasoning_tokens: reasoningTokens },
      total_tokens: inputTokens + tokens,
    },
  }
  if (request.store !== false) await keepResponse(store, { response: value, input, earlier })
  if (request.stream !== true) return { value }
  const ending: readonly StreamEvent[] = profile.responsesDone ? [{ data: DONE }] : []
  return {
    value,
    stream: (response) => [...splitResponse(response).map(toStreamEvent), ...ending],
    encoded: (response) => encodeResponse(splitResponse(response)) + encode(ending),
  } satisfies GeneratedReply<ResponseObject>
}

/** What OpenAI's replies show besides when the request says nothing of it. */
const openaiMembers = {
  background: false,
  max_tool_calls: null,
  prompt_cache_key: null,
  safety_identifier: null,
  service_tier: "default",
  top_logprobs: 0,
  user: null,
} satisfies Partial<ResponseObject>

/** The members that a reply repeats from the request, with the defaults of those that it always shows. */
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
    // A reply names the tier that served it, which is none of those that leave the choice to the server.
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
  const previous = await findResponse(store, id)
  if (previous) return conversationOf(previous)
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

/** Tokens of the prompt: of the instructions, the conversation and the tools on offer. */
function countPrompt(
  { instructions, tools = [] }: ResponseRequest,
  items: readonly ResponseItem[],
  tokenizer: Tokenizer,
): number {
  const offers = tools.reduce((sum, tool) => sum + tokenizer.count(JSON.stringify(tool)), 0)
  return 3 + tokenizer.count(instructions ?? "") + countItems(items, tokenizer) + offers
}

export const retrieveResponse: ReplyMaker<"retrieveResponse"> = async ({ params, store }) => {
  const { response } = await stored(params, store)
  return { value: response }
}

export const deleteResponse: ReplyMaker<"deleteResponse"> = async ({ params, store }) => {
  const { id } = (await stored(params, store)).response
  await forgetResponse(store, id)
  return { value: { id, object: "response", deleted: true } satisfies ResponseDeleted }
}

/** What a response was asked, the latest first unless asked otherwise; not what came before it. */
export const listResponseInputItems: ReplyMaker<"listResponseInputItems"> = async ({
  params,
  query,
  store,
}) => {
  const { input } = await stored(params, store)
  const { limit = 20, order = "desc", after } = query
  const items = order === "desc" ? input.toReversed() : input
  const ids = items.map((item) => ("id" in item && item.id) || null)
  // The last of those that a client gave the same id, or paging would never end.
  const start = after === undefined ? 0 : ids.lastIndexOf(after) + 1
  if (after !== undefined && start === 0) {
    throw new Refusal(400, {
      message: `There is no item '${after}' to list the items after.`,
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
