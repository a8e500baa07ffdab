import type { ChatCompletionRequest } from "@nexhina/schemas"
import * as fc from "fast-check"
import { z } from "zod"
import type { Evidence } from "../evidence.ts"
import {
  chatStep,
  cutChat,
  endlessTask,
  jsonObjectChat,
  jsonSchemaChat,
  logprobsChat,
  logprobsStream,
  plainChat,
  stoppedChat,
  userSays,
} from "../probes/chat-completions.ts"
import { streamedChat } from "../probes/chat-streams.ts"
import { isObject, parseJson } from "../reading/answered.ts"
import { schemaBreach } from "../reading/json-schema.ts"
import { pointerTo, schemaFaults } from "../reading/schema-faults.ts"
import { shown } from "../reading/shown.ts"
import { chatMembers, jsonSchemaFormats } from "../requests/chat-completions.ts"
import { type Fault, rule, type Undecided } from "../rule.ts"
import type { Ask } from "../target/step.ts"
import {
  type ChatAnswer,
  type Choice,
  chatAnswers,
  chatIds,
  chatObjects,
  chatReplies,
  isCut,
  isRefusal,
  narrowed,
} from "../views/chat-completions.ts"
import { controlMarkerIn } from "./control-markers.ts"
import { LogprobEntry, lackingAlternatives, misspelling } from "./logprobs.ts"
import { familyFault, familyFaults, familySeverity, familySightings, familySource } from "./model-family.ts"
import { idPairs, repeatedIds } from "./repeated-ids.ts"
import { firstOfEach } from "./sse.ts"

const since = "0.1.0"
const completionObject = "OpenAI API reference, the chat completion object"
const createChat = "OpenAI API reference, create chat completion"

const isString = (value: unknown): value is string => typeof value === "string"

const modes = fc.constantFrom({}, { stream: true })

// Shape

/** What every client reads of a completion; the other members have rules of their own. */
const Completion = z.looseObject({
  id: z.string(),
  object: z.string(),
  created: z.int(),
  model: z.string(),
  choices: z.array(
    z.looseObject({
      index: z.int(),
      // Without a list nothing is known of the calls.
      message: z.looseObject({ tool_calls: z.array(z.unknown()).nullish() }),
      // That it is null is for chat.finish-enum to find.
      finish_reason: z.string().nullable(),
    }),
  ),
})

/** Whether a reply that is wrong there has no choices to read; one without finish_reason still has a message. */
const inChoices = (path: readonly PropertyKey[]): boolean =>
  (path[0] ?? "choices") === "choices" && path.at(-1) !== "finish_reason"

const finishReasons = ["stop", "length", "tool_calls", "content_filter", "function_call"]

// Limits

export const Usage = z.looseObject({
  completion_tokens: z.int(),
  completion_tokens_details: z.looseObject({ reasoning_tokens: z.int().nullish() }).nullish(),
})

/** Tokens that each choice may have, 0 for no limit. Given two limits, servers differ in which one holds. */
export const limitOf = ({ max_tokens, max_completion_tokens }: ChatCompletionRequest): number =>
  Math.max(max_tokens ?? 0, max_completion_tokens ?? 0)

/** With so few tokens, no reply to the endless task is whole. */
const shortLimit = 16

const isEndless = ({ messages, n }: ChatCompletionRequest) =>
  messages.at(-1)?.content === endlessTask && (n ?? 1) === 1

const limitedAnswers = narrowed(
  chatAnswers,
  {
    id: "chat.limited",
    says: "chat completions with usage, under a token limit",
    probes: [plainChat, cutChat],
  },
  ({ request, completion }) => limitOf(request) > 0 && Usage.safeParse(completion["usage"]).success,
)

// Stop strings

const stopsOf = ({ stop }: ChatCompletionRequest): string[] =>
  [stop ?? []].flat().filter((text) => text !== "")

const stoppedAnswers = narrowed(
  chatAnswers,
  { id: "chat.stopped", says: "chat completions with stop strings", probes: [stoppedChat] },
  ({ request }) => stopsOf(request).length > 0,
)

const firstText = ({ choices }: ChatAnswer): string => {
  const content = choices[0]?.message["content"]
  return isString(content) ? content : ""
}

/** A stop string from inside the text that the first request of a sample got, placed by a fraction of its length. */
function stopInside([first]: readonly Evidence[], from: number, length: number): string {
  const answer = first && chatAnswers.of(first)
  const characters = answer ? [...firstText(answer)] : []
  const at = Math.floor(from * characters.length)
  return characters.slice(at, at + length).join("")
}

// Formats

const formattedAnswers = narrowed(
  chatAnswers,
  {
    id: "chat.formatted",
    says: "chat completions that must be JSON",
    probes: [jsonSchemaChat, jsonObjectChat],
  },
  ({ request: { response_format: format } }) =>
    format?.type === "json_object" || format?.type === "json_schema",
)

type FormatFault = Omit<Fault<"fenced" | "not-json" | "not-an-object" | "breaks-schema">, "at">

/** How a text fails to be what its request's format asks for. */
export function formatFault(
  text: string,
  format: NonNullable<ChatCompletionRequest["response_format"]>,
): FormatFault | Undecided | undefined {
  const json = parseJson(text)
  if (!json.ok) {
    const fault = /^\s*```/.test(text) ? "fenced" : "not-json"
    return { fault, expected: "JSON and nothing else", actual: shown(text) }
  }
  if (format.type === "json_object") {
    if (isObject(json.value)) return undefined
    return { fault: "not-an-object", expected: "a JSON object", actual: shown(json.value) }
  }
  if (format.type !== "json_schema" || !format.json_schema.strict) return undefined
  const breach = schemaBreach(format.json_schema.schema ?? {}, json.value)
  if (!breach || "undecided" in breach) return breach
  return {
    fault: "breaks-schema",
    expected: `${breach.pointer || "the value"} ${breach.says}`,
    actual: shown(json.value),
  }
}

// Log probabilities

const scoredAnswers = narrowed(
  chatAnswers,
  {
    id: "chat.logprobs",
    says: "chat completions with log probabilities",
    probes: [logprobsStream, logprobsChat],
  },
  ({ request }) => request.logprobs === true,
)

const unscoredAnswers = narrowed(
  chatAnswers,
  {
    id: "chat.no-logprobs",
    says: "chat completions without requested log probabilities",
    probes: [plainChat, streamedChat],
  },
  ({ request }) => request.logprobs !== true,
)

type LogprobsFault = Fault<"missing" | "other-endpoint" | "entry" | "logprob" | "bytes" | "alternatives">

/** The first of each kind of fault in the log probabilities of a choice. */
function logprobsFaults(choice: Choice, { request, where }: ChatAnswer): LogprobsFault[] {
  const pointer = `${choice.pointer}/logprobs`
  const { content: entries, ...others } = isObject(choice.logprobs) ? choice.logprobs : {}
  if (!Array.isArray(entries) || entries.length === 0) {
    const { content } = choice.message
    if (!isString(content) || content === "") return []
    const fault = "token_logprobs" in others ? "other-endpoint" : "missing"
    const expected = "content: an entry for each token"
    return [{ fault, at: where(pointer), expected, actual: shown(choice.logprobs) }]
  }
  const most = request.top_logprobs ?? 0
  const found = new Map<LogprobsFault["fault"], LogprobsFault>()
  for (const [number, entry] of entries.entries()) {
    const add = (fault: LogprobsFault["fault"], path: string, expected: string, actual: string) => {
      if (found.has(fault)) return
      found.set(fault, { fault, at: where(`${pointer}/content/${number}${path}`, number), expected, actual })
    }
    for (const { path, expected, actual } of schemaFaults(LogprobEntry, entry)) {
      const fault = (["logprob", "bytes"] as const).find((name) => path.includes(name)) ?? "entry"
      add(fault, pointerTo(path), expected, actual)
    }
    const top = isObject(entry) ? entry["top_logprobs"] : undefined
    if (Array.isArray(top) && top.length > most) {
      add("alternatives", "/top_logprobs", `${most} alternatives at most`, `${top.length}`)
    }
  }
  return [...found.values()]
}

/** How the log probabilities of a choice do not spell its text, or their bytes not their tokens. */
function spellingFaults(
  { pointer, message: { content }, logprobs }: Choice,
  { where }: ChatAnswer,
): Fault<"text" | "bytes">[] {
  const entries = isObject(logprobs) ? logprobs["content"] : undefined
  const found = isString(content) ? misspelling(content, entries) : undefined
  if (!found) return []
  const { path, entry, ...fault } = found
  return [{ ...fault, at: where(`${pointer}/logprobs/content${path}`, entry) }]
}

/** The first entry with fewer alternatives than were asked for. */
function missingAlternatives(
  { pointer, logprobs }: Choice,
  { request, where }: ChatAnswer,
): Fault<"fewer">[] {
  const found = lackingAlternatives(
    isObject(logprobs) ? logprobs["content"] : undefined,
    request.top_logprobs ?? 0,
  )
  if (!found) return []
  const { path, entry, ...fault } = found
  return [{ ...fault, at: where(`${pointer}/logprobs/content${path}`, entry) }]
}

/** The faults of all items that can be judged; undecided when there are items and none of them can. */
export function eachOf<T, Name extends string>(
  items: readonly T[],
  judge: (item: T) => readonly Fault<Name>[] | Undecided,
): readonly Fault<Name>[] | Undecided {
  const faults: Fault<Name>[] = []
  let undecided: Undecided | undefined
  let judged = 0
  for (const item of items) {
    const found = judge(item)
    if ("undecided" in found) undecided = found
    else {
      judged++
      faults.push(...found)
    }
  }
  return judged === 0 && undecided ? undecided : faults
}

export const chatCompletionRules = [
  rule({
    id: "chat.schema",
    since,
    says: "MUST return `id`, `object`, `created`, `model` and `choices`, each choice with `index`, `message` and `finish_reason`",
    severity: "MUST",
    source: `Chat Completion page, sample reply; ${completionObject}`,
    see: ["https://github.com/PowerShell/AIShell/issues/350"],
    on: chatReplies,
    faults: {
      missing: "a member that every client reads is missing",
      "wrong-value": "a member has a different JSON type",
      choices: "`choices` is missing, or a choice in it cannot be read",
    },
    holds: ({ answered: { json } }) =>
      schemaFaults(Completion, json.ok && json.value).map(({ fault, at, expected, actual, path }) => ({
        fault: inChoices(path) ? "choices" : fault,
        at,
        expected,
        actual,
      })),
  }),
  rule({
    id: "chat.schema-full",
    since,
    says: "SHOULD also return the members that OpenAI's schema requires: `message.refusal`, `message.content` and `logprobs`",
    severity: (known) => (known.profile.openaiMembers ? "SHOULD" : "not-applicable"),
    source: `${completionObject}, required members`,
    on: chatReplies,
    after: ["chat.schema:choices"],
    faults: {
      "no-refusal": "message.refusal is missing",
      "no-content": "message.content is missing",
      "no-logprobs": "logprobs is missing",
    },
    holds: ({ choices, where }) =>
      choices.flatMap(({ pointer, message, logprobs }) => {
        const absent = (fault: "no-refusal" | "no-content" | "no-logprobs", path: string) => ({
          fault,
          at: where(`${pointer}/${path}`),
          expected: "a value or null",
          actual: "nothing",
        })
        return [
          ...("refusal" in message ? [] : [absent("no-refusal", "message/refusal")]),
          ...("content" in message ? [] : [absent("no-content", "message/content")]),
          ...(logprobs === undefined ? [absent("no-logprobs", "logprobs")] : []),
        ]
      }),
  }),
  rule({
    id: "chat.object",
    since,
    says: "MUST set `object` to `chat.completion` in a reply and to `chat.completion.chunk` in each chunk of a stream",
    severity: "MUST",
    source: "Streaming Output Guide, comparison table",
    see: [
      "https://github.com/ml-explore/mlx-examples/pull/913",
      "https://github.com/qualcomm/GenieX/pull/66",
    ],
    on: chatObjects,
    faults: { "other-name": "object has a different value" },
    holds: ({ expected, found }, { traits }) =>
      firstOfEach(
        found
          .filter(({ isFilterReport }) => !(isFilterReport && traits.has("azure")))
          .filter(({ object }) => object !== undefined && object !== expected)
          .map(({ object, at }) => ({ fault: "other-name", at, expected, actual: shown(object) })),
      ),
  }),
  rule({
    id: "chat.id-unique",
    since,
    says: "SHOULD return a different `id` for each request",
    severity: "SHOULD",
    source: `${completionObject}, id`,
    on: chatIds,
    scope: "run",
    faults: { repeated: "one id for two different requests" },
    holds: repeatedIds,
    pairs: idPairs,
  }),
  rule({
    id: "chat.choices-match-n",
    since,
    says: "MUST return `n` choices, with the indexes 0 to `n` - 1",
    severity: "MUST",
    source: `${createChat}, n`,
    see: [
      "https://github.com/vllm-project/vllm-omni/issues/4269",
      "https://github.com/InternLM/lmdeploy/issues/1787",
      "https://github.com/OpenRouterArchived/openrouter-runner/issues/99",
      "https://github.com/ROCm/ATOM/pull/647",
    ],
    on: chatReplies,
    after: ["chat.schema:choices"],
    faults: {
      count: "more or fewer choices than n",
      index: "the indices are not 0 to n-1",
    },
    asks: (known) =>
      fc
        .tuple(chatMembers(known)["n"] ?? fc.constant({}), fc.constantFrom("Say hello.", "Name a colour."))
        .map(([members, text]): Ask[] => [
          chatStep(known, { messages: userSays(text), ...members }, ["n", "temperature"]),
        ]),
    holds({ request, choices, where }) {
      const n = request.n ?? 1
      if (choices.length !== n) {
        return [
          { fault: "count", at: where("/choices"), expected: `${n} choices`, actual: `${choices.length}` },
        ]
      }
      const indices = new Set(choices.map(({ index }) => index))
      if (choices.every((_, index) => indices.has(index))) return []
      const expected = `the indices 0 to ${n - 1}`
      return [{ fault: "index", at: where("/choices"), expected, actual: shown([...indices]) }]
    },
  }),
  rule({
    id: "chat.message-role",
    since,
    says: "MUST set `message.role` to `assistant`",
    severity: "MUST",
    source: `Chat Completion page, sample reply; ${completionObject}, message.role`,
    on: chatReplies,
    after: ["chat.schema:choices"],
    faults: { "not-assistant": "message.role is missing or has a different value" },
    holds: ({ choices, where }) =>
      choices
        .filter(({ message }) => message["role"] !== "assistant")
        .map(({ pointer, message }) => ({
          fault: "not-assistant",
          at: where(`${pointer}/message/role`),
          expected: "assistant",
          actual: shown(message["role"]),
        })),
  }),
  rule({
    id: "chat.content-or-call",
    since,
    says: "MUST return `message.content` as a string, or as null when the message contains tool calls, a refusal or audio instead",
    severity: "MUST",
    source: `Schema ChatMessage, content; ${completionObject}, message.content`,
    on: chatReplies,
    after: ["chat.schema:choices"],
    faults: {
      "not-a-string": "content is neither a string nor null",
      nothing: "there is neither content, nor a tool call, refusal or audio",
    },
    holds: ({ choices, where }) =>
      choices.flatMap((choice): Fault<"not-a-string" | "nothing">[] => {
        const { content, function_call, audio } = choice.message
        const at = where(`${choice.pointer}/message/content`)
        if (isString(content)) return []
        if (content !== null && content !== undefined) {
          return [{ fault: "not-a-string", at, expected: "a string or null", actual: shown(content) }]
        }
        const stands = choice.calls.length > 0 || isObject(function_call) || isObject(audio)
        // A reply that was cut may have come no further than its reasoning.
        if (stands || isRefusal(choice) || isCut(choice)) return []
        return [
          { fault: "nothing", at, expected: "a text, calls, a refusal or audio", actual: shown(content) },
        ]
      }),
  }),
  rule({
    id: "chat.finish-enum",
    since,
    says: `MUST set finish_reason to one of ${finishReasons.join(", ")}`,
    severity: "MUST",
    source: `Schema ChatCompletionChoice, finish_reason; ${completionObject}, finish_reason`,
    see: ["https://github.com/PowerShell/AIShell/issues/350"],
    on: chatAnswers,
    after: ["chat.schema"],
    faults: {
      null: "finish_reason is null in a whole reply",
      unlisted: "finish_reason is a different string",
    },
    holds: ({ choices, where, streamed }) =>
      choices.flatMap(({ pointer, finish }): Fault<"null" | "unlisted">[] => {
        // That a stream has none at all is for stream.finish-once to find.
        if ((streamed && finish === null) || finishReasons.some((reason) => reason === finish)) return []
        const fault = finish === null ? "null" : "unlisted"
        const at = where(`${pointer}/finish_reason`)
        return [{ fault, at, expected: "a listed reason", actual: shown(finish) }]
      }),
  }),
  rule({
    id: "chat.max-tokens-honoured",
    since,
    says: "MUST stop generating at `max_completion_tokens` (or `max_tokens`) and set `finish_reason` to `length`",
    severity: "MUST",
    source: `${createChat}, max_completion_tokens`,
    see: [
      "https://github.com/abetlen/llama-cpp-python/issues/1907",
      "https://github.com/InternLM/lmdeploy/issues/1589",
    ],
    on: limitedAnswers,
    after: ["chat.schema"],
    modelDependent: true,
    faults: {
      "over-limit": "more completion tokens than the limit allows",
      "not-length": "a reply that used up its limit before its end does not end with length",
      "nothing-generated": "a reply ends with length without a single token",
    },
    asks: (known) =>
      fc
        .tuple(
          fc.integer({ min: 1, max: Math.min(shortLimit, known.maxOutputTokens) }),
          fc.boolean(),
          fc.constantFrom({}, { stream: true, stream_options: { include_usage: true } }),
        )
        .map(([limit, old, mode]): Ask[] => [
          chatStep(
            known,
            {
              messages: userSays(endlessTask),
              ...(old ? { max_tokens: limit } : { max_tokens: undefined, max_completion_tokens: limit }),
              ...mode,
            },
            ["max_completion_tokens", "max_tokens", "stream_options"],
          ),
        ]),
    holds({ request, completion, choices, where }) {
      const usage = Usage.parse(completion["usage"])
      const tokens = usage.completion_tokens
      const limit = limitOf(request)
      const most = limit * Math.max(1, choices.length)
      if (tokens > most) {
        const at = where("/usage/completion_tokens")
        return [{ fault: "over-limit", at, expected: `${most} tokens at most`, actual: `${tokens}` }]
      }
      const [choice] = choices
      if (!choice || choices.length > 1) return []
      const at = where(`${choice.pointer}/finish_reason`)
      const reasoning = usage.completion_tokens_details?.reasoning_tokens ?? 0
      if (choice.finish === "length" && tokens === 0 && reasoning === 0) {
        return [{ fault: "nothing-generated", at, expected: "a token at least", actual: "0 tokens, length" }]
      }
      const isUnfinished = tokens === limit && limit <= shortLimit && isEndless(request)
      if (!isUnfinished || choice.finish !== "stop") return []
      return [{ fault: "not-length", at, expected: "length", actual: `stop after ${tokens} tokens` }]
    },
  }),
  rule({
    id: "chat.stop-excluded",
    since,
    says: "MUST stop before a `stop` sequence: the content never contains one",
    severity: "MUST",
    source: `${createChat}, stop`,
    see: ["https://github.com/ModelTC/LightLLM/issues/130"],
    on: stoppedAnswers,
    after: ["chat.schema:choices"],
    modelDependent: true,
    faults: { contained: "the text contains a stop string" },
    asks: (known) =>
      fc
        .tuple(fc.constantFrom("END", "###", "🛑", "。", "\n\n"), fc.boolean(), modes)
        .map(([stop, listed, mode]): Ask[] => [
          chatStep(
            known,
            {
              messages: userSays(`Repeat: one ${stop} two`),
              stop: listed ? [stop] : stop,
              ...mode,
            },
            ["stop"],
          ),
        ]),
    holds: ({ request, choices, where }) =>
      choices.flatMap(({ pointer, message: { content } }): Fault<"contained">[] => {
        if (!isString(content)) return []
        const stop = stopsOf(request).find((text) => content.includes(text))
        if (stop === undefined) return []
        const start = content.indexOf(stop)
        return [
          {
            fault: "contained",
            at: where(`${pointer}/message/content`, start),
            expected: `no ${shown(stop)}`,
            actual: shown(content.slice(Math.max(0, start - 20), start + stop.length + 20)),
          },
        ]
      }),
  }),
  rule({
    id: "chat.stop-exact",
    since,
    says: "MUST return exactly the text before the first `stop` sequence, streamed or not",
    severity: (known) => (known.deterministic ? "MUST" : "not-applicable"),
    source: `${createChat}, stop`,
    see: [
      "https://github.com/vllm-project/vllm/issues/3574",
      "https://github.com/sgl-project/sglang/pull/11462",
    ],
    on: chatAnswers,
    scope: "group",
    after: ["chat.schema:choices"],
    faults: {
      "too-long": "the text goes on with a part of the stop string, or behind it",
      "too-short": "text before the stop string is missing",
      different: "the text is not the one without a stop string",
    },
    asks: (known) =>
      fc
        .tuple(
          fc.constantFrom("Tell a story about a harbour.", "Zähle die Farben auf: rot, grün, blau. 🎨"),
          fc.integer({ min: 1, max: 9 }),
          fc.integer({ min: 2, max: 6 }),
        )
        .map(([text, tenths, length]): Ask[] => {
          const stopped = (mode: object) => (earlier: readonly Evidence[]) => {
            const stop = stopInside(earlier, tenths / 10, length)
            return stop === "" ? undefined : chatStep(known, { messages: userSays(text), stop, ...mode })
          }
          const free = chatStep(known, { messages: userSays(text) })
          // Without a stop string twice: what differs by itself is not due to it.
          return [free, stopped({}), stopped({ stream: true }), free]
        }),
    holds(answers) {
      const [free, again] = answers.filter(({ request }) => stopsOf(request).length === 0)
      const isStopped = ({ request }: ChatAnswer) => stopsOf(request).length > 0
      if (!free || !again || !answers.some(isStopped))
        return { undecided: "takes a reply with and two without a stop string" }
      if (firstText(free) !== firstText(again))
        return { undecided: "two replies without a stop string differ too" }
      return answers.flatMap((answer, of) => {
        const [stop] = stopsOf(answer.request)
        // A filter or a refusal may come at one time and not at another.
        const isOther = answer.choices.some(
          (choice) => choice.finish === "content_filter" || isRefusal(choice),
        )
        if (stop === undefined || isOther) return []
        const [expected = ""] = firstText(free).split(stop)
        const actual = firstText(answer)
        if (actual === expected) return []
        const longer = actual.startsWith(expected) && ("too-long" as const)
        const fault = longer || (expected.startsWith(actual) ? "too-short" : "different")
        const at = answer.where("/choices/0/message/content")
        return [{ fault, at, expected: shown(expected.slice(-60)), actual: shown(actual.slice(-60)), of }]
      })
    },
  }),
  rule({
    id: "chat.response-format-honoured",
    since,
    says: "MUST honour an accepted `response_format`: valid JSON, and output that matches a strict schema",
    severity: "MUST",
    source: `${createChat}, response_format`,
    see: [
      "https://github.com/ROCm/FastFlowLM/issues/554",
      "https://github.com/peonist-ai/halogen-flash-server/issues/14",
      "https://github.com/vectorize-io/hindsight/issues/2674",
    ],
    on: formattedAnswers,
    after: ["chat.schema"],
    modelDependent: true,
    faults: {
      fenced: "the JSON is inside a Markdown fence",
      "not-json": "the text is not JSON",
      "not-an-object": "the JSON is not an object",
      "breaks-schema": "the JSON breaks the strict schema",
    },
    asks: (known) =>
      fc
        .tuple(fc.oneof(jsonSchemaFormats, fc.constant({ type: "json_object" as const })), modes)
        .map(([response_format, mode]): Ask[] => [
          chatStep(
            known,
            { messages: userSays("Answer with a short JSON object."), response_format, ...mode },
            ["response_format"],
          ),
        ]),
    holds: ({ request, choices, where }) =>
      eachOf(choices, (choice) => {
        const { content } = choice.message
        if (!request.response_format || !isString(content) || choice.calls.length > 0)
          return { undecided: "the reply has no text" }
        if (isCut(choice)) return { undecided: "the reply was cut before its end" }
        if (isRefusal(choice)) return { undecided: "the model refused to answer" }
        const fault = formatFault(content, request.response_format)
        if (!fault || "undecided" in fault) return fault ?? []
        if (fault.fault === "not-json" && stopsOf(request).length > 0)
          return { undecided: "a stop string may have cut the JSON" }
        return [{ ...fault, at: where(`${choice.pointer}/message/content`) }]
      }),
  }),
  rule({
    id: "chat.logprobs-shape",
    since,
    says: "MUST answer `logprobs: true` with one entry for each token: its text, a log probability of 0 or less, its bytes or null, and at most `top_logprobs` alternatives",
    severity: "MUST",
    source: `${completionObject}, choices.logprobs`,
    see: [
      "https://github.com/modular/modular/issues/5085",
      "https://github.com/xorbitsai/inference/pull/5252",
      "https://github.com/madroidmaq/mlx-omni-server/pull/56",
    ],
    on: scoredAnswers,
    after: ["chat.schema:choices"],
    faults: {
      missing: "logprobs were requested, but are missing",
      "other-endpoint": "logprobs have the shape of the legacy completions endpoint",
      entry: "an entry has no text, or is not an object",
      logprob: "a log probability is not a number of 0 or less",
      bytes: "bytes is not a list of bytes",
      alternatives: "more alternatives than requested",
    },
    asks: (known) =>
      fc.tuple(fc.constantFrom(undefined, 0, 1, 5), modes).map(([top, mode]): Ask[] => [
        chatStep(
          known,
          {
            messages: userSays("Say hello."),
            logprobs: true,
            ...(top !== undefined && { top_logprobs: top }),
            ...mode,
          },
          ["logprobs", "top_logprobs"],
        ),
      ]),
    holds: (answer) => firstOfEach(answer.choices.flatMap((choice) => logprobsFaults(choice, answer))),
  }),
  rule({
    id: "chat.logprobs-text",
    since,
    says: "MUST spell the text with the tokens of its log probabilities, and each token with its bytes",
    severity: "MUST",
    source: `${completionObject}, choices.logprobs.content: tokens, with the UTF-8 bytes of each`,
    on: scoredAnswers,
    after: ["chat.schema:choices", "chat.logprobs-shape"],
    faults: {
      text: "the tokens together do not contain the text",
      bytes: "the bytes are not the UTF-8 of the token",
    },
    holds: (answer) => firstOfEach(answer.choices.flatMap((choice) => spellingFaults(choice, answer))),
  }),
  rule({
    id: "chat.logprobs-alternatives",
    since,
    says: "SHOULD return as many alternatives for each token as `top_logprobs` asks for",
    severity: "SHOULD",
    source: `${completionObject}, choices.logprobs.content.top_logprobs`,
    on: scoredAnswers,
    after: ["chat.schema:choices", "chat.logprobs-shape"],
    faults: { fewer: "fewer alternatives than requested" },
    holds: (answer) => firstOfEach(answer.choices.flatMap((choice) => missingAlternatives(choice, answer))),
  }),
  rule({
    id: "chat.logprobs-unasked",
    since,
    says: "SHOULD NOT return log probabilities without `logprobs: true`",
    severity: "SHOULD",
    source: `${createChat}, logprobs: whether to return log probabilities, false by default`,
    on: unscoredAnswers,
    after: ["chat.schema:choices"],
    faults: { sent: "log probabilities that the request did not ask for" },
    holds: ({ choices, where }) =>
      choices.flatMap(({ pointer, logprobs }): Fault<"sent">[] => {
        const entries = isObject(logprobs) ? logprobs["content"] : undefined
        if (!Array.isArray(entries) || entries.length === 0) return []
        const actual = `${entries.length} entries`
        return [{ fault: "sent", at: where(`${pointer}/logprobs`), expected: "null", actual }]
      }),
  }),
  rule({
    id: "chat.no-control-markers",
    since,
    says: "SHOULD NOT include control tokens of the chat template, or the model's thoughts in their tags, in the content",
    severity: "SHOULD",
    source: `${completionObject}, message.content: the contents of the message`,
    see: [
      "https://github.com/smg-project/smg/pull/2203",
      "https://github.com/vllm-project/vllm/issues/51697",
      "https://github.com/ModelTC/LightLLM/issues/130",
    ],
    on: chatAnswers,
    after: ["chat.schema:choices"],
    faults: { marker: "the content contains a control token" },
    holds: ({ request, choices, where }) =>
      choices.flatMap(({ pointer, message: { content } }): Fault<"marker">[] => {
        if (!isString(content)) return []
        const marker = controlMarkerIn(content, request.messages)
        if (!marker) return []
        const at = where(`${pointer}/message/content`, marker.index)
        return [{ fault: "marker", at, expected: "text only", actual: shown(marker[0]) }]
      }),
  }),
  rule({
    id: "chat.model-family",
    since,
    says: "SHOULD NOT name a model of a different family than the requested one",
    severity: familySeverity,
    source: familySource,
    see: familySightings,
    on: chatAnswers,
    faults: familyFaults,
    holds: ({ answered, completion: { model }, where }, known) =>
      familyFault({ answered, model, at: where("/model") }, known),
  }),
] as const
