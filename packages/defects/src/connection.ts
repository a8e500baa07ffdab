import type { ChatCompletionRequest } from "@nexhina/schemas"
import type { Frame } from "@nexhina/stream"
import type { Alteration, Reply, Situation } from "@nexhina/wire"
import { onChoices } from "./chat-completions.ts"
import { type Defect, onWire, stateful, type Variant } from "./defect.ts"

type Wire = Extract<Alteration, { stage: "wire" }>

const isChat = ({ status }: Reply, { operationId }: Situation) =>
  operationId === "createChatCompletion" && status === 200

/** What a chat asks; only a valid request is answered with a success. */
const promptOf = ({ request }: Situation) => JSON.stringify((request as ChatCompletionRequest).messages)

/** Frames at a pace at which a client can leave, and what to do when it does. */
function* watched(frames: readonly Frame[], onLeft: () => void): Iterable<Frame> {
  let isWhole = false
  try {
    for (const [at, frame] of frames.entries()) yield { ...frame, atMs: 2 * (at + 1) }
    isWhole = true
  } finally {
    if (!isWhole) onLeft()
  }
}

/** Never releases a stream whose client disconnects: from then on, the same chat gets `stuck`. */
function leaking(stuck: (reply: Reply) => Partial<Reply>): Wire {
  const held = new Set<string>()
  return onWire(isChat, (reply, situation) => {
    const prompt = promptOf(situation)
    const { body } = reply
    if (!situation.streaming) return held.has(prompt) ? stuck(reply) : {}
    // A stream of the mock is a list of frames.
    return Array.isArray(body) ? { body: watched(body, () => held.add(prompt)) } : {}
  })
}

/** Whether nothing but a message in prose is asked for. */
const isPlain = ({ tools, response_format, stop, logprobs, n }: ChatCompletionRequest) =>
  [tools, response_format, stop, logprobs, n].every((member) => member == null)

/** Replies with the text of the previous reply, as a shared buffer does. */
function mixedUp(): Alteration {
  let before: string | undefined
  return onChoices((choice, request) => {
    // Another alteration may have made the content something else: a list of parts.
    const content: unknown = choice.message.content
    if (typeof content !== "string" || content === "" || choice.finish_reason !== "stop" || !isPlain(request))
      return choice
    const text = before ?? content
    before = content
    return { ...choice, message: { ...choice.message, content: text } }
  })
}

const closing = ({ headers }: Reply) => ({
  headers: [...headers, ["Connection", "close"] as const],
})

const anyTime = "RFC 9112, section 9.5: a client may close the connection at any time"

export const connectionDefects: readonly Defect[] = [
  {
    id: "conn-closes-after-stream",
    says: "the server closes the connection after every stream",
    breaks: "conn.reuse",
    fault: "closed",
    also: [],
    seen: ["RFC 9112, section 9.3"],
    ...onWire(
      (reply, situation) => isChat(reply, situation) && situation.streaming,
      closing,
      ({ status }, { streaming }) => streaming && status === 200,
    ),
  },
  {
    id: "conn-slot-lost-after-abort",
    says: "after a client disconnects during a stream, the server resets the connection of every identical chat request",
    breaks: "conn.survives-abort",
    fault: "unanswered",
    also: ["http.body-complete"],
    seen: [anyTime],
    ...stateful(() => leaking(() => ({ body: "", end: "reset" }))),
  },
  {
    id: "conn-fails-after-abort",
    says: "after a client disconnects during a stream, every identical chat request is answered with 500",
    breaks: "conn.survives-abort",
    fault: "failed",
    also: ["http.no-5xx-valid"],
    seen: [anyTime],
    ...stateful(() =>
      leaking(() => ({
        status: 500,
        body: JSON.stringify({
          error: { message: "The engine is not there.", type: "server_error", param: null, code: null },
        }),
      })),
    ),
  },
  {
    id: "conn-crosstalk",
    says: "a chat request is answered with the response to the previous one",
    breaks: "conn.concurrency-isolated",
    fault: "crosstalk",
    also: ["chat.stop-exact", "sse.utf8-intact", "stream.equals-nonstream"],
    seen: ["RFC 9110, section 3.4: a response answers its request"],
    ...stateful(mixedUp),
  },
]

export const connectionVariants: readonly Variant[] = [
  {
    id: "conn-closes-after-reply",
    says: "the server closes the connection after every response",
    notes: ["conn.reuse"],
    seen: ["RFC 9112, section 9.6"],
    ...onWire(() => true, closing),
  },
]
