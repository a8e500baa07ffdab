import { isDeepStrictEqual } from "node:util"
import * as fc from "fast-check"
import { isObject, parseJson } from "../reading/answered.ts"
import { shown, shownApart } from "../reading/shown.ts"
import { askFor } from "../requests/ask.ts"
import { chatMembers, chatRequests, chatTasks } from "../requests/chat-completions.ts"
import { sometimes } from "../requests/members.ts"
import { type Fault, rule } from "../rule.ts"
import type { TargetFacts } from "../target/facts.ts"
import type { Ask } from "../target/step.ts"
import { type Call, type ChatAnswer, type Choice, chatAnswers } from "../views/chat-completions.ts"

const since = "0.1.0"
const source = 'Streaming Output Guide, key point 3 and "Streaming vs. Non-Streaming Comparison"'
const after = [
  "chat.schema",
  "stream.chunk-schema",
  "stream.index-in-range",
  "stream.finish-once",
  "sse.data-json",
]

const halfTheTime = <M extends object>(members: fc.Arbitrary<M>) =>
  fc.oneof({ withCrossShrink: true }, fc.constant({}), members)

/** One request whole, as a stream, and whole again: the two whole replies show what differs by itself. */
function inBothModes(known: TargetFacts): fc.Arbitrary<readonly Ask[]> {
  const { n, stop, logprobs } = chatMembers(known)
  const { tools, namedTool, toolTurn } = chatTasks
  const small = fc.record({ max_tokens: fc.integer({ min: 1, max: Math.min(8, known.maxOutputTokens) }) })
  return chatRequests(
    known,
    halfTheTime(n),
    halfTheTime(small),
    sometimes(stop),
    halfTheTime(logprobs),
    halfTheTime(fc.oneof(tools, namedTool, toolTurn)),
  ).map((request) => {
    const whole = askFor("createChatCompletion", request)
    const stream = { ...request, stream: true, stream_options: { include_usage: true } }
    return [whole, askFor("createChatCompletion", stream), whole]
  })
}

/** What two replies say of one thing; equal values of `said` are the same. */
interface Aspect {
  /** JSON pointer to it in the completion. */
  readonly pointer: string
  readonly said: unknown
}

interface Difference<Name> {
  readonly fault: Name
  readonly of: Aspect
  readonly other: Aspect
}

type Aspects<Name extends string> = Readonly<Record<Name, (answer: ChatAnswer) => readonly Aspect[]>>

/** Where two replies differ; what one of them does not have at all is for other rules to miss. */
function differences<Name extends string>(
  aspects: Aspects<Name>,
  answer: ChatAnswer,
  other: ChatAnswer,
): Difference<Name>[] {
  // The keys of a record are its names.
  return (Object.keys(aspects) as Name[]).flatMap((fault) => {
    const said = aspects[fault](other)
    return aspects[fault](answer).flatMap((of, at) => {
      const counterpart = said[at]
      if (!counterpart || of.said === undefined || counterpart.said === undefined) return []
      return isDeepStrictEqual(of.said, counterpart.said) ? [] : [{ fault, of, other: counterpart }]
    })
  })
}

/** Where two texts part, in characters from their beginning. */
function partingOf(text: string, other: string): number {
  let at = 0
  while (at < text.length && text[at] === other[at]) at++
  return at
}

/** What the stream says otherwise than the whole replies, which have to agree with each other. */
function unequal<Name extends string>(
  aspects: Aspects<Name>,
  answers: readonly ChatAnswer[],
): (Fault<Name> & { readonly of: number })[] | { readonly undecided: string } {
  const at = answers.findIndex(({ streamed }) => streamed)
  const stream = answers[at]
  const [whole, again] = answers.filter(({ streamed }) => !streamed)
  if (!stream || !whole || !again) return { undecided: "takes a stream and two whole replies to one request" }
  const [noise] = differences(aspects, whole, again)
  if (noise) return { undecided: `two whole replies to one request differ too (${noise.fault})` }
  const faults = differences(aspects, stream, whole).map(({ fault, of, other }) => {
    const texts =
      typeof of.said === "string" && typeof other.said === "string"
        ? { parting: partingOf(of.said, other.said), ...shownApart(other.said, of.said) }
        : { expected: shown(other.said), actual: shown(of.said) }
    return {
      of: at,
      fault,
      at: stream.where(of.pointer, "parting" in texts ? texts.parting : undefined),
      expected: `${texts.expected}, as in the whole reply`,
      actual: texts.actual,
    }
  })
  return faults.filter(({ fault }, each) => faults.findIndex((other) => other.fault === fault) === each)
}

const byIndex = ({ choices }: ChatAnswer): Choice[] =>
  choices.toSorted((a, b) => Number(a.index) - Number(b.index))

/** One aspect for each choice. */
const perChoice =
  (member: string, said: (choice: Choice) => unknown) =>
  (answer: ChatAnswer): Aspect[] =>
    byIndex(answer).map((choice) => ({ pointer: `${choice.pointer}${member}`, said: said(choice) }))

/** A text of a message; where the limit cut it, without what may be part of a character. */
const textOf =
  (member: "content" | "refusal") =>
  ({ message, finish }: Choice): string => {
    const text = message[member]
    if (typeof text !== "string") return ""
    let end = text.length
    // A regular expression for this takes quadratic time on text that is full of them.
    while (finish === "length" && text[end - 1] === "\ufffd") end--
    return text.slice(0, end)
  }

/** A call without its id, which may be made anew; arguments that are JSON as the value that they stand for. */
function callOf({ name, arguments: args }: Call): object {
  const json = typeof args === "string" ? parseJson(args) : undefined
  return { name, arguments: json?.ok ? json.value : args }
}

/** Tokens and their log probabilities, to four digits; `undefined` if the choice has none. */
function logprobsOf({ logprobs }: Choice): unknown {
  const entries = isObject(logprobs) ? logprobs["content"] : undefined
  if (!Array.isArray(entries)) return undefined
  return entries.map((entry: unknown) => {
    const { token, logprob } = isObject(entry) ? entry : {}
    return [token, typeof logprob === "number" ? Number(logprob.toFixed(4)) : logprob]
  })
}

const promptOf = ({ completion: { usage } }: ChatAnswer): Aspect[] => [
  { pointer: "/usage/prompt_tokens", said: isObject(usage) ? usage["prompt_tokens"] : undefined },
]

/** What a reply is, whatever it says. */
function kindOf(choice: Choice): string {
  if (choice.calls.length > 0 || choice.message["function_call"]) return "calls"
  return textOf("refusal")(choice) === "" ? "text" : "a refusal"
}

export const equalityRules = [
  rule({
    id: "stream.equals-nonstream",
    since,
    says: "MUST stream the same reply that the same request gets without streaming: text, tool calls, finish reason, log probabilities and prompt tokens",
    severity: ({ deterministic }) => (deterministic ? "MUST" : "not-applicable"),
    source,
    see: [
      "https://github.com/ai-dynamo/dynamo/pull/11563",
      "https://github.com/vllm-project/vllm/pull/48852",
      "https://github.com/googleapis/python-genai/issues/2868",
      "https://github.com/vllm-project/vllm/issues/3574",
      "https://github.com/vllm-project/vllm/issues/51697",
    ],
    scope: "group",
    on: chatAnswers,
    after,
    faults: {
      text: "a different text",
      refusal: "a different refusal",
      calls: "other calls: other names or other arguments",
      "finish-reason": "a different finish_reason",
      logprobs: "other tokens, or other log probabilities of them",
      "prompt-tokens": "a different number of tokens in the prompt",
    },
    asks: inBothModes,
    holds: (answers) =>
      unequal(
        {
          text: perChoice("/message/content", textOf("content")),
          refusal: perChoice("/message/refusal", textOf("refusal")),
          calls: perChoice("/message/tool_calls", ({ calls }) => calls.map(callOf)),
          "finish-reason": perChoice("/finish_reason", ({ finish }) => finish),
          logprobs: perChoice("/logprobs/content", logprobsOf),
          "prompt-tokens": promptOf,
        },
        answers,
      ),
  }),

  rule({
    id: "stream.equals-nonstream-shape",
    since,
    says: "SHOULD stream the same kind of reply, with the same finish reason and prompt tokens, as without streaming",
    severity: "SHOULD",
    source,
    see: ["https://github.com/googleapis/python-genai/issues/2868"],
    scope: "group",
    on: chatAnswers,
    after,
    modelDependent: true,
    faults: {
      kind: "text in one mode, calls or a refusal in the other",
      "finish-reason": "a different finish_reason",
      "prompt-tokens": "a different number of tokens in the prompt",
    },
    asks: inBothModes,
    holds: (answers) =>
      unequal(
        {
          kind: perChoice("/message", kindOf),
          "finish-reason": perChoice("/finish_reason", ({ finish }) =>
            finish === "function_call" ? "tool_calls" : finish,
          ),
          "prompt-tokens": promptOf,
        },
        answers,
      ),
  }),
] as const
