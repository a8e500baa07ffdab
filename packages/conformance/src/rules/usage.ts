import type { ChatMessage } from "@nexhina/schemas"
import * as fc from "fast-check"
import { chatStep, endlessTask, userSays } from "../probes/chat-completions.ts"
import { isObject } from "../reading/answered.ts"
import { shown } from "../reading/shown.ts"
import { conversations } from "../requests/chat-completions.ts"
import { type Fault, rule } from "../rule.ts"
import type { TargetFacts } from "../target/facts.ts"
import { type ChatAnswer, chatAnswers, chatReplies } from "../views/chat-completions.ts"
import {
  carries,
  judgedChunks,
  streamsWithoutUsage,
  streamsWithUsage,
  whereEvent,
} from "../views/chat-streams.ts"
import { type ChatUsage, chatUsages } from "../views/usage.ts"
import { readable, whole } from "./chat-streams.ts"
import { firstOfEach } from "./sse.ts"

const since = "0.1.0"
const guide = 'Streaming Output Guide, "Usage Information in Streaming Output"'
const openai = "OpenAI API reference, the chat completion object: usage"

const counts = ["prompt_tokens", "completion_tokens", "total_tokens"] as const

const isCount = (value: unknown): value is number => Number.isInteger(value) && Number(value) >= 0

const numberOf = (value: unknown): number => (typeof value === "number" ? value : 0)

const detailsOf = (
  usage: ChatUsage["usage"],
  name: "prompt_tokens_details" | "completion_tokens_details",
) => {
  const details = usage[name]
  return isObject(details) ? details : {}
}

/** The counts of a usage, absent ones as 0. */
function tokensOf(usage: ChatUsage["usage"]) {
  return {
    prompt: numberOf(usage["prompt_tokens"]),
    completion: numberOf(usage["completion_tokens"]),
    total: numberOf(usage["total_tokens"]),
    cached: numberOf(detailsOf(usage, "prompt_tokens_details")["cached_tokens"]),
    reasoning: numberOf(detailsOf(usage, "completion_tokens_details")["reasoning_tokens"]),
  }
}

const usageIn = ({ completion: { usage } }: ChatAnswer) => (isObject(usage) ? tokensOf(usage) : undefined)

/** Both modes, so that either way of counting is seen. */
const modes = fc.constantFrom({}, { stream: true, stream_options: { include_usage: true } })

/** Words enough that no tokenizer joins them to what there was before. */
const minMoreWords = 6
const moreText = fc
  .array(fc.constantFrom("river", "seven", "quietly", "besides", "lamp"), {
    minLength: minMoreWords,
    maxLength: 20,
  })
  .map((words) => ` ${words.join(" ")}`)

/** The same prompt under another limit, so that no cache of whole requests answers it. */
const otherLimit = (known: TargetFacts) => ({ max_tokens: Math.max(1, known.maxOutputTokens - 1) })

/** The conversation with a text at the end of its last message. */
function lengthened(messages: readonly ChatMessage[], text: string): ChatMessage[] {
  return messages.map((message, at) => {
    if (at < messages.length - 1) return message
    const { content } = message
    return {
      ...message,
      content: Array.isArray(content) ? [...content, { type: "text", text }] : `${content}${text}`,
    }
  })
}

/** More choices than one of which each is cut by the same small limit. */
const cutChoices = (known: TargetFacts, n: number, mode: object) =>
  chatStep(
    known,
    { messages: userSays(endlessTask), max_tokens: Math.min(8, known.maxOutputTokens), n, ...mode },
    ["n"],
  )

/** No tokenizer joins more words than this to one token, on average over a text. */
export const maxWordsPerToken = 8

/** How far two counts of a text that the same limit cuts may be apart: the last token may be left out. */
const cutTolerance = 2

/** The same task under the same limit, twice whole and once as a stream. */
const cutInBothModes = (known: TargetFacts) =>
  [{}, {}, { stream: true, stream_options: { include_usage: true } }].map((mode) =>
    chatStep(known, {
      messages: userSays(endlessTask),
      max_tokens: Math.min(16, known.maxOutputTokens),
      ...mode,
    }),
  )

const unlessForced = ({ traits }: TargetFacts) => (traits.has("forced-usage") ? "not-applicable" : undefined)

export const usageRules = [
  rule({
    id: "usage.shape",
    since,
    says: "MUST report `prompt_tokens`, `completion_tokens` and `total_tokens` in every usage, as integers of 0 or more",
    severity: "MUST",
    source: `${guide}; ${openai}`,
    see: ["https://github.com/Portkey-AI/gateway/issues/858"],
    on: chatUsages,
    faults: {
      "not-an-object": "usage is not an object",
      missing: "usage without one of the three counts",
      "no-count": "a count that is not an integer of 0 or more",
    },
    holds({ usage, instead, where }) {
      if (instead !== undefined) {
        return [{ fault: "not-an-object", at: where(""), expected: "an object", actual: shown(instead) }]
      }
      return firstOfEach(
        counts.flatMap((name): Fault<"missing" | "no-count">[] => {
          const value = usage[name]
          if (isCount(value)) return []
          const fault = value === undefined ? "missing" : "no-count"
          const expected = `${name}: an integer from 0`
          return [{ fault, at: where(fault === "missing" ? "" : `/${name}`), expected, actual: shown(value) }]
        }),
      )
    },
  }),
  rule({
    id: "usage.present",
    since,
    says: "SHOULD include usage in every reply that is not streamed",
    severity: "SHOULD",
    source: 'Streaming Output Guide, "Streaming vs. Non-Streaming Comparison"',
    on: chatReplies,
    faults: { missing: "no usage" },
    holds: ({ completion: { usage }, where }) =>
      carries(usage)
        ? []
        : [{ fault: "missing", at: where("/usage"), expected: "a usage", actual: shown(usage) }],
  }),
  rule({
    id: "usage.sum",
    since,
    says: "MUST set `total_tokens` to the sum of `prompt_tokens` and `completion_tokens`",
    severity: "MUST",
    source: openai,
    see: [
      "https://github.com/vectorize-io/hindsight/issues/3851",
      "https://github.com/langgenius/dify/issues/19175",
      "https://github.com/router-for-me/CLIProxyAPI/issues/5733",
      "https://github.com/QuantumNous/new-api/pull/1254",
    ],
    on: chatUsages,
    after: ["usage.shape"],
    faults: {
      unfolded: "reasoning tokens added once more",
      sum: "a different number than the sum",
    },
    holds({ usage, where }, { traits }) {
      const { prompt, completion, total, reasoning } = tokensOf(usage)
      if (total === prompt + completion) return []
      const isUnfolded = reasoning > 0 && total === prompt + completion + reasoning
      if (isUnfolded && traits.has("unfolded-reasoning")) return []
      const fault = isUnfolded ? "unfolded" : "sum"
      const expected = `${prompt} + ${completion} = ${prompt + completion}`
      const actual = isUnfolded ? `${total}, with ${reasoning} reasoning tokens besides` : String(total)
      return [{ fault, at: where("/total_tokens"), expected, actual }]
    },
  }),
  rule({
    id: "usage.details-bounded",
    since,
    says: "MUST NOT report usage details larger than their totals",
    severity: "MUST",
    source: openai,
    see: ["https://github.com/router-for-me/CLIProxyAPI/issues/5733"],
    on: chatUsages,
    after: ["usage.shape"],
    faults: {
      cached: "more cached tokens than the prompt has",
      reasoning: "more reasoning tokens than the completion has",
      "no-count": "a detail that is not an integer of 0 or more",
    },
    holds({ usage, where }, { traits }) {
      const faults: Fault<"cached" | "reasoning" | "no-count">[] = []
      for (const name of ["prompt_tokens_details", "completion_tokens_details"] as const) {
        for (const [member, value] of Object.entries(detailsOf(usage, name))) {
          if (!member.endsWith("_tokens") || value === null || isCount(value)) continue
          const at = where(`/${name}/${member}`)
          faults.push({ fault: "no-count", at, expected: "an integer from 0", actual: shown(value) })
        }
      }
      const { prompt, completion, cached, reasoning } = tokensOf(usage)
      if (cached > prompt) {
        const at = where("/prompt_tokens_details/cached_tokens")
        faults.push({ fault: "cached", at, expected: `at most ${prompt}`, actual: String(cached) })
      }
      if (reasoning > completion && !traits.has("unfolded-reasoning")) {
        const at = where("/completion_tokens_details/reasoning_tokens")
        faults.push({ fault: "reasoning", at, expected: `at most ${completion}`, actual: String(reasoning) })
      }
      return firstOfEach(faults)
    },
  }),
  rule({
    id: "usage.nonzero",
    since,
    says: "MUST count at least one token for a prompt with text, and for an output with text or tool calls",
    severity: "MUST",
    source: openai,
    see: ["https://github.com/router-for-me/CLIProxyAPI/issues/5733"],
    on: chatUsages,
    after: ["usage.shape"],
    faults: { prompt: "no prompt tokens", completion: "no completion tokens" },
    holds({ request, usage, hasOutput, where }) {
      const { prompt, completion } = tokensOf(usage)
      const faults: Fault<"prompt" | "completion">[] = []
      const expected = "1 or more"
      if (prompt === 0 && request.messages.some(({ content }) => carries(content))) {
        faults.push({ fault: "prompt", at: where("/prompt_tokens"), expected, actual: "0" })
      }
      if (completion === 0 && hasOutput) {
        faults.push({ fault: "completion", at: where("/completion_tokens"), expected, actual: "0" })
      }
      return faults
    },
  }),
  rule({
    id: "usage.output-counted",
    since,
    says: `SHOULD count the tokens of the whole output: at least one for every ${maxWordsPerToken} words`,
    severity: "SHOULD",
    source: openai,
    see: ["https://github.com/abetlen/llama-cpp-python/issues/1344"],
    on: chatUsages,
    after: ["usage.shape", "usage.nonzero"],
    faults: { "too-few": "fewer completion tokens than a text of this length can have" },
    holds({ usage, words, where }) {
      const { completion } = tokensOf(usage)
      const least = Math.floor(words / maxWordsPerToken)
      if (completion >= least) return []
      const at = where("/completion_tokens")
      const expected = `at least ${least} for ${words} words`
      return [{ fault: "too-few", at, expected, actual: String(completion) }]
    },
  }),
  rule({
    id: "usage.stream-counted",
    since,
    says: "SHOULD count as many completion tokens in a stream as in a whole reply that is cut off by the same limit",
    severity: "SHOULD",
    source: `${openai}; ${guide}`,
    scope: "group",
    on: chatAnswers,
    after: ["chat.schema:choices", "usage.shape"],
    faults: { differs: `the counts differ by more than ${cutTolerance}` },
    asks: cutInBothModes,
    holds(views) {
      const counted = views.flatMap((answer, of) => {
        const completion = usageIn(answer)?.completion
        const isLimited = answer.choices.every(({ finish }) => finish === "length")
        return completion === undefined || !isLimited ? [] : [{ answer, of, completion }]
      })
      const [whole, again] = counted.filter(({ answer }) => !answer.streamed)
      const streamed = counted.find(({ answer }) => answer.streamed)
      if (!whole || !again || !streamed)
        return { undecided: "takes the usages of two whole replies and a stream that the limit cuts" }
      const { answer, of, completion } = streamed
      const apart = Math.abs(completion - whole.completion)
      if (apart <= cutTolerance) return []
      if (Math.abs(again.completion - whole.completion) > cutTolerance)
        return { undecided: "two whole replies to one request differ too" }
      const at = answer.where("/usage/completion_tokens")
      const expected = `about ${whole.completion}, as in the whole reply`
      return [{ of, fault: "differs", at, expected, actual: String(completion) }]
    },
  }),
  rule({
    id: "usage.prompt-monotone",
    since,
    says: "SHOULD count the same prompt tokens for the same prompt, and more for a longer one",
    severity: "SHOULD",
    source: openai,
    scope: "group",
    on: chatAnswers,
    after: ["chat.schema:choices", "usage.shape"],
    faults: {
      unequal: "a different count for the same prompt",
      fell: "a smaller count for a longer prompt",
      same: `the same count for a prompt with ${minMoreWords} words more`,
    },
    asks: (known) =>
      fc
        .tuple(conversations, moreText, modes)
        .map(([messages, text, mode]) => [
          chatStep(known, { messages, ...mode }),
          chatStep(known, { messages, ...mode, ...otherLimit(known) }),
          chatStep(known, { messages: lengthened(messages, text), ...mode }),
        ]),
    holds(views) {
      const counted = views.flatMap((answer, of) => {
        const prompt = usageIn(answer)?.prompt
        if (prompt === undefined) return []
        const text = JSON.stringify(answer.request.messages)
        return [{ answer, of, prompt, size: text.length, words: text.split(/\s+/).length }]
      })
      const [first] = counted
      if (!first || counted.length < 2) return { undecided: "takes two usages to compare" }
      return counted.flatMap(
        ({ answer, of, prompt, size, words }): (Fault<"unequal" | "fell" | "same"> & { of: number })[] => {
          const found = { of, at: answer.where("/usage/prompt_tokens"), actual: String(prompt) }
          if (size === first.size && prompt !== first.prompt) {
            return [{ ...found, fault: "unequal", expected: `${first.prompt}, as before` }]
          }
          if (size > first.size && prompt < first.prompt) {
            return [{ ...found, fault: "fell", expected: `${first.prompt} or more, as for less text` }]
          }
          if (words >= first.words + minMoreWords && prompt === first.prompt) {
            return [{ ...found, fault: "same", expected: `more than ${first.prompt}, as for less text` }]
          }
          return []
        },
      )
    },
  }),
  rule({
    id: "usage.n-counted",
    since,
    says: "SHOULD count the prompt once, and the completion tokens of all choices",
    severity: "SHOULD",
    source: `${openai}; the request's n`,
    scope: "group",
    on: chatAnswers,
    after: ["chat.schema:choices", "usage.shape"],
    faults: {
      "prompt-repeated": "a different count of prompt tokens than for one choice",
      "choices-left-out": "fewer completion tokens than that many choices have",
    },
    asks: (known) =>
      fc
        .tuple(fc.integer({ min: 2, max: 4 }), modes)
        .map(([n, mode]) => [cutChoices(known, 1, mode), cutChoices(known, n, mode)]),
    holds(views) {
      const one = views.find(({ request }) => request.n === 1)
      const of = views.findIndex(({ request }) => (request.n ?? 1) > 1)
      const many = views[of]
      const [single, all] = [one && usageIn(one), many && usageIn(many)]
      if (!one || !many || !single || !all)
        return { undecided: "takes the usages of one choice and of several" }
      const faults: (Fault<"prompt-repeated" | "choices-left-out"> & { of: number })[] = []
      if (all.prompt !== single.prompt) {
        const at = many.where("/usage/prompt_tokens")
        const expected = `${single.prompt}, as for one choice`
        faults.push({ of, fault: "prompt-repeated", at, expected, actual: String(all.prompt) })
      }
      const cut = many.choices.filter(({ finish }) => finish === "length").length
      if (
        one.choices.every(({ finish }) => finish === "length") &&
        all.completion < cut * single.completion
      ) {
        const at = many.where("/usage/completion_tokens")
        const expected = `at least ${cut * single.completion}: the limit cuts ${cut} choices, each after ${single.completion} tokens`
        faults.push({ of, fault: "choices-left-out", at, expected, actual: String(all.completion) })
      }
      return faults
    },
  }),
  rule({
    id: "usage.stream-opt-in",
    since,
    says: "MUST NOT send usage in a stream without `stream_options.include_usage`",
    severity: (known) => unlessForced(known) ?? "MUST",
    source: guide,
    see: [
      "https://github.com/Arthur-Ficial/apfel/issues/100",
      "https://github.com/raullenchai/Rapid-MLX/pull/792",
      "https://github.com/NVIDIA-NeMo/Switchyard/pull/797",
    ],
    on: streamsWithoutUsage,
    after: readable,
    faults: {
      "own-chunk": "a chunk of usage without choices: clients read choices[0]",
      "with-choices": "usage on a chunk with choices",
    },
    holds: (stream, known) =>
      firstOfEach(
        judgedChunks(stream, known).flatMap(({ at, choices, value: { usage } }) => {
          if (!carries(usage)) return []
          const fault = choices.length === 0 ? "own-chunk" : "with-choices"
          return [
            { fault, at: whereEvent(stream, at, "/usage"), expected: "no usage", actual: shown(usage) },
          ] as const
        }),
      ),
  }),
  rule({
    id: "usage.stream-final",
    since,
    says: "MUST send the requested usage on the last chunk before `[DONE]`",
    severity: "MUST",
    source: `${guide}; OpenAI API reference, stream_options`,
    see: ["https://github.com/mistralai/client-ts/issues/75"],
    on: streamsWithUsage,
    after: whole,
    faults: {
      missing: "no usage",
      "not-last": "usage on an earlier chunk, and none on the last",
    },
    holds(stream, known) {
      const chunks = judgedChunks(stream, known)
      const last = chunks.at(-1)
      if (!last) return []
      const at = whereEvent(stream, last.at, "/usage")
      const { usage } = last.value
      if (carries(usage)) return []
      const isEarlier = chunks.some(({ value }) => carries(value["usage"]))
      return [{ fault: isEarlier ? "not-last" : "missing", at, expected: "usage", actual: shown(usage) }]
    },
  }),
  rule({
    id: "usage.stream-own-chunk",
    since,
    says: "MUST send the requested usage on a separate chunk with empty `choices`",
    severity: ({ profile }) => (profile.streamedUsage === "own-chunk" ? "MUST" : "not-applicable"),
    source: "OpenAI API reference, stream_options",
    on: streamsWithUsage,
    after: [...readable, "usage.stream-final"],
    faults: { "with-choices": "usage on a chunk with choices" },
    holds(stream, known) {
      const last = judgedChunks(stream, known).at(-1)
      if (!last || last.choices.length === 0) return []
      const at = whereEvent(stream, last.at, "/usage")
      return [{ fault: "with-choices", at, expected: "choices: []", actual: shown(last.value["choices"]) }]
    },
  }),
  rule({
    id: "usage.stream-null-elsewhere",
    since,
    says: "SHOULD send usage on one chunk only: clients add up repeated usage",
    severity: (known) => unlessForced(known) ?? "SHOULD",
    source: `${guide}; OpenAI API reference, stream_options`,
    see: [
      "https://github.com/vllm-project/vllm/issues/7262",
      "https://github.com/open-webui/open-webui/issues/29064",
    ],
    on: streamsWithUsage,
    after: readable,
    faults: { repeated: "usage on more than one chunk" },
    holds(stream, known) {
      const [first, ...others] = judgedChunks(stream, known).filter(({ value }) => carries(value["usage"]))
      if (!first || others.length === 0) return []
      const at = whereEvent(stream, first.at, "/usage")
      return [
        { fault: "repeated", at, expected: "null, or no usage", actual: `on ${others.length + 1} chunks` },
      ]
    },
  }),
] as const
