import {
  cutTool,
  offeredTool,
  parallelTools,
  requiredTool,
  requiredToolStream,
  requiredToolStreamOfTwo,
} from "../probes/tools.ts"
import { isObject } from "../reading/answered.ts"
import type { Where } from "../rule.ts"
import { view } from "../view.ts"
import { type ChatAnswer, type ChatReply, chatAnswers, chatReplies, narrowed } from "./chat-completions.ts"
import { type ChatStream, chatStreams, completeChatStreams, whereEvent } from "./chat-streams.ts"

type Members = Readonly<Record<string, unknown>>

const itemsOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])
const membersOf = (value: unknown): Members => (isObject(value) ? value : {})

const hasCalls = ({ choices }: ChatReply) => choices.some(({ calls }) => calls.length > 0)

/** Completions with tool calls, in either mode. */
export const callAnswers = narrowed<ChatAnswer>(
  chatAnswers,
  {
    id: "tool.answers",
    says: "chat completions with tool calls",
    probes: [requiredTool, requiredToolStream, parallelTools, offeredTool, cutTool],
  },
  hasCalls,
)

/** Completions with tool calls that came whole. */
export const callReplies = narrowed<ChatReply>(
  chatReplies,
  {
    id: "tool.replies",
    says: "chat completions with tool calls that were not streamed",
    probes: [requiredTool, parallelTools],
  },
  hasCalls,
)

/** A part of a tool call in a chunk, as it came, no type checked. */
interface CallDelta {
  readonly index: unknown
  readonly id: unknown
  readonly type: unknown
  readonly name: unknown
  readonly arguments: unknown
  readonly at: Where
}

/** The parts of one call: those of one choice with one index. */
export interface StreamedCall {
  readonly choice: unknown
  /** The last finish_reason of the choice that is a text. */
  readonly finish: string | undefined
  /** At least one. */
  readonly deltas: readonly [CallDelta, ...CallDelta[]]
}

/** A chat stream that calls tools. */
export interface CallStream {
  readonly stream: ChatStream
  /** In the order of their first parts. Parts without an index are one call. */
  readonly calls: readonly StreamedCall[]
}

function callsOf(stream: ChatStream): StreamedCall[] {
  const calls = new Map<string, Omit<StreamedCall, "finish"> & { deltas: [CallDelta, ...CallDelta[]] }>()
  const finishes = new Map<unknown, string>()
  for (const [number, chunk] of stream.chunks.entries()) {
    for (const { index: choice, delta, pointer, finish } of chunk.choices) {
      if (typeof finish === "string" && finish !== "") finishes.set(choice, finish)
      for (const [place, part] of itemsOf(delta["tool_calls"]).entries()) {
        const { index, id, type, function: definition, custom } = membersOf(part)
        const { name, arguments: args } = membersOf(definition ?? custom)
        const at = whereEvent(stream, number, `${pointer}/delta/tool_calls/${place}`)
        const call = { index, id, type, name, arguments: args, at }
        const key = JSON.stringify([choice, index])
        const known = calls.get(key)
        if (known) known.deltas.push(call)
        else calls.set(key, { choice, deltas: [call] })
      }
    }
  }
  return [...calls.values()].map((call) => ({ finish: finishes.get(call.choice), ...call }))
}

/** Chat streams with a part of a tool call. */
export const callStreams = view<CallStream>({
  id: "tool.streams",
  says: "chat streams with tool calls",
  surface: "chat",
  probes: [requiredToolStream, requiredToolStreamOfTwo, parallelTools],
  of(exchange) {
    const stream = chatStreams.of(exchange)
    if (!stream) return undefined
    const calls = callsOf(stream)
    return calls.length > 0 ? { stream, calls } : undefined
  },
})

/** Those that ended cleanly and carried no error. */
export const completeCallStreams = view<CallStream>({
  ...callStreams,
  id: "tool.complete-streams",
  says: "chat streams with tool calls that ended cleanly",
  of: (exchange) => (completeChatStreams.of(exchange) ? callStreams.of(exchange) : undefined),
})
