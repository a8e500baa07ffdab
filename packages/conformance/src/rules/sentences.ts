import type { Provenance } from "@nexhina/schemas"

/** A sentence of the contract about streams, and the rules that judge it, or why none does. */
export type Sentence = {
  readonly id: string
  readonly says: string
  readonly provenance: Provenance
  readonly source: string
} & ({ readonly rules: readonly [string, ...string[]] } | { readonly untested: string })

const guide = { provenance: "documented", source: "Streaming Output Guide" } as const
const openai = { provenance: "deduced", source: "OpenAI API reference" } as const
const ours = { provenance: "chosen", source: "this project" } as const

const ofReaders =
  "A sentence about clients, of which a server shows nothing: `@nexhina/stream` keeps it, by the laws of its tests."

/**
 * What the gateway's streaming guide says (`G`), and what this project holds of streams besides: their framing
 * (`F`), chat (`C`) and Responses (`R`).
 */
export const sentences: readonly Sentence[] = [
  {
    ...guide,
    id: "G1",
    says: "Streaming output is for Chat and Responses: `stream: true` asks for it.",
    rules: ["sse.content-type", "sse.only-when-asked"],
  },
  {
    ...guide,
    id: "G2",
    says: "Streams are server-sent events, with `Content-Type: text/event-stream`.",
    rules: ["sse.content-type", "sse.grammar"],
  },
  {
    ...guide,
    id: "G3",
    says: "Each data item starts with `data: `, followed by JSON.",
    rules: ["sse.data-json", "sse.ignored-lines", "sse.interop-spelling"],
  },
  {
    ...guide,
    id: "G4",
    says: "The last item is `data: [DONE]`, which says that the stream has ended.",
    rules: ["sse.done-present", "sse.done-once", "sse.done-last"],
  },
  {
    ...guide,
    id: "G5",
    says: "The `delta.content` of the chunks, joined, are the complete reply.",
    rules: ["stream.equals-nonstream"],
  },
  {
    ...guide,
    id: "G6",
    says: "A `finish_reason` of `stop` is a normal end.",
    rules: ["chat.finish-enum", "stream.finish-once"],
  },
  {
    ...guide,
    id: "G7",
    says: "Streams carry no usage unless `stream_options` asks for it.",
    rules: ["usage.stream-opt-in"],
  },
  {
    ...guide,
    id: "G8",
    says: "With `include_usage: true` the last chunk carries the complete usage.",
    rules: ["usage.stream-final", "usage.shape"],
  },
  {
    ...guide,
    id: "G9",
    says: "Responses stream too: in the same format, ended by `data: [DONE]`.",
    rules: ["sse.content-type", "sse.done-present"],
  },
  {
    ...guide,
    id: "G10",
    says: "Each data item is one line.",
    rules: ["sse.data-json", "sse.interop-spelling"],
  },
  { ...guide, id: "G11", says: "Empty lines only divide events.", rules: ["sse.grammar"] },
  { ...guide, id: "G12", says: "A reader stops at `data: [DONE]`.", untested: ofReaders },
  {
    ...guide,
    id: "G13",
    says: "A stream that was interrupted cannot be resumed: it has to be asked for again.",
    untested:
      "That something cannot be done is not seen from outside: a server may ignore `Last-Event-ID` or know no such " +
      "event. `id:` lines, which would promise it, are legal.",
  },
  {
    ...guide,
    id: "G14",
    says: "Clients should wait for 60 seconds or longer.",
    rules: ["sse.terminates"],
  },
  {
    ...guide,
    id: "G15",
    says: "Whole replies are a `chat.completion`, streamed ones `chat.completion.chunk`s.",
    rules: ["chat.object"],
  },
  {
    ...guide,
    id: "G16",
    says: "Whole replies carry usage by default.",
    rules: ["usage.present"],
  },
  {
    ...guide,
    id: "G17",
    says: "Text appears as it is made, not all at the end.",
    rules: ["sse.incremental"],
  },

  {
    ...guide,
    id: "F1",
    says: "A stream begins with status 200 and `Content-Type: text/event-stream`.",
    rules: ["sse.content-type"],
  },
  {
    ...guide,
    id: "F2",
    says: "Each data item is a single line, `data: ` and one JSON text, followed by an empty line.",
    rules: ["sse.data-json", "sse.grammar", "sse.interop-spelling"],
  },
  {
    ...guide,
    id: "F3",
    says: "The final item is `data: [DONE]`, once, and nothing follows it.",
    rules: ["sse.done-present", "sse.done-once", "sse.done-last"],
  },
  {
    provenance: "deduced",
    source: "WHATWG HTML §9.2",
    id: "F4",
    says: "Readers take every legal spelling of an event stream, cut anywhere.",
    untested: ofReaders,
  },
  {
    ...openai,
    id: "F5",
    says: "Readers stop at `[DONE]`, and call a stream without it truncated.",
    untested: ofReaders,
  },
  {
    ...openai,
    id: "F6",
    says: "A failure before the first byte is an ordinary JSON error with its status.",
    rules: ["err.status-independent-of-stream", "err.envelope", "http.no-error-in-2xx"],
  },
  {
    ...ours,
    id: "F7",
    says: "A failure after the start is told in the stream, which then ends.",
    rules: ["err.midstream-signalled"],
  },
  {
    ...guide,
    id: "F8",
    says: "A retry is a new request with a new id.",
    rules: ["chat.id-unique"],
  },
  {
    ...ours,
    id: "F9",
    says: "Every item is flushed, and no proxy is to hold it back.",
    rules: ["sse.incremental"],
  },
  {
    ...ours,
    id: "F10",
    says: "When the client leaves, the server stops.",
    untested:
      "Whether a server still works for nobody is seen only by its upstream. That it goes on serving others is judged " +
      "by `conn.survives-abort`; that the mock stops is kept by the tests of its hosts.",
  },
  {
    ...guide,
    id: "F11",
    says: "Something comes more often than once in 60 seconds.",
    rules: ["sse.terminates"],
  },

  {
    ...guide,
    id: "C1",
    says: "Without `stream: true` the reply is one JSON object with usage; with it, chunks only.",
    rules: ["sse.only-when-asked", "usage.present", "sse.content-type"],
  },
  {
    ...guide,
    id: "C2",
    says: "Every item before `[DONE]` is a chunk.",
    rules: ["stream.chunk-schema", "chat.object", "stream.no-message-member"],
  },
  {
    ...openai,
    id: "C3",
    says: "`id`, `created` and `model` are the same in all chunks of a stream.",
    rules: ["stream.id-constant", "stream.created-constant", "stream.model-constant"],
  },
  {
    ...guide,
    id: "C4",
    says: "Joined, the contents of a choice are the message that the whole reply would have.",
    rules: ["stream.equals-nonstream", "sse.utf8-intact"],
  },
  {
    ...guide,
    id: "C5",
    says: "`finish_reason` is there, and null on every chunk but the choice's last.",
    rules: ["stream.finish-key-present", "stream.finish-null-before"],
  },
  {
    ...guide,
    id: "C6",
    says: "A choice's last chunk carries its `finish_reason`, one of those that are known.",
    rules: ["stream.finish-once", "chat.finish-enum"],
  },
  {
    ...openai,
    id: "C7",
    says: "After the chunk with its `finish_reason` nothing comes for a choice.",
    rules: ["stream.finish-last"],
  },
  {
    ...guide,
    id: "C8",
    says: "Without `include_usage` no chunk carries usage.",
    rules: ["usage.stream-opt-in"],
  },
  {
    ...guide,
    id: "C9",
    says: "With `include_usage` the last chunk before `[DONE]` carries usage.",
    rules: ["usage.stream-final"],
  },
  {
    ...guide,
    id: "C10",
    says: "That chunk is the one that finishes the choice, as the guide shows, or (as OpenAI has it) one with no choices.",
    rules: ["usage.stream-final", "usage.stream-own-chunk", "stream.empty-choices-only-usage"],
  },
  {
    ...ours,
    id: "C11",
    says: "With `include_usage` the chunks before carry `usage: null` or none, and none comes after it.",
    rules: ["usage.stream-null-elsewhere", "usage.stream-final"],
  },
  {
    ...openai,
    id: "C12",
    says: "`total_tokens` is the sum of the others, and usage is that of the whole reply.",
    rules: ["usage.sum", "stream.equals-nonstream"],
  },
  {
    ...ours,
    id: "C13",
    says: "The first chunk of a choice has the role `assistant`.",
    rules: ["stream.role-first", "stream.role-valid", "stream.role-once"],
  },
  {
    ...openai,
    id: "C14",
    says: "A tool call begins with its index, id, type and name; later deltas add to its arguments, which are JSON.",
    rules: [
      "tool.stream-index",
      "tool.stream-first-delta",
      "tool.stream-first-delta-whole",
      "tool.stream-id-stable",
      "tool.stream-name-once",
      "tool.stream-args-concat",
      "tool.finish-tool-calls",
      "tool.finish-not-stop",
    ],
  },
  {
    ...openai,
    id: "C15",
    says: "With `n` choices each index is below `n` and ends with its own `finish_reason`.",
    rules: ["stream.index-in-range", "stream.finish-once", "chat.choices-match-n"],
  },
  {
    ...ours,
    id: "C16",
    says: "With `n` choices usage rides on the very last chunk, and counts all of them.",
    rules: ["usage.stream-final", "usage.n-counted"],
  },
  {
    ...ours,
    id: "C17",
    says: "`stream_options` without `stream: true` is ignored or refused.",
    rules: ["http.no-5xx-valid"],
  },
  {
    ...openai,
    id: "C18",
    says: "Logprobs that are asked for ride in the choices.",
    rules: ["chat.logprobs-shape"],
  },
  {
    ...ours,
    id: "C19",
    says: "Readers take OpenAI's form of the usage chunk, and usage that nobody asked for.",
    untested: ofReaders,
  },

  { ...guide, id: "R1", says: "A Responses stream ends with `data: [DONE]`.", rules: ["sse.done-present"] },
  {
    ...openai,
    id: "R2",
    says: "Every event has a `type` and an integer `sequence_number`.",
    rules: ["resp.event-type", "resp.sequence", "resp.event-schema"],
  },
  {
    ...ours,
    id: "R3",
    says: "An `event:` line, where there is one, is the event's type.",
    rules: ["resp.event-type"],
  },
  {
    ...ours,
    id: "R4",
    says: "`sequence_number` starts at 0 and rises by 1.",
    rules: ["resp.sequence", "resp.sequence-contiguous"],
  },
  {
    ...openai,
    id: "R5",
    says: "First come `response.created` and `response.in_progress`, with no output and no usage yet.",
    rules: ["resp.lifecycle", "resp.opening"],
  },
  {
    ...openai,
    id: "R6",
    says: "Exactly one event ends the response, and nothing but `[DONE]` follows.",
    rules: ["resp.lifecycle"],
  },
  {
    ...openai,
    id: "R7",
    says: "Each output item is added and done, under the next index.",
    rules: ["resp.item-lifecycle", "resp.output-index"],
  },
  {
    ...openai,
    id: "R8",
    says: "A text is told as part added, deltas, text done, part done.",
    rules: ["resp.item-lifecycle", "resp.item-opening"],
  },
  {
    ...openai,
    id: "R9",
    says: "Joined deltas are the text of `done`, of the part, of the item and of the final response.",
    rules: ["resp.delta-concat", "resp.final-equals-stream"],
  },
  {
    ...openai,
    id: "R10",
    says: "Every delta names an item and a part that are open.",
    rules: ["resp.item-lifecycle", "resp.item-id-stable"],
  },
  {
    ...openai,
    id: "R11",
    says: "A function call is told as item added, deltas of its arguments, arguments done, item done.",
    rules: ["resp.item-lifecycle", "resp.delta-concat"],
  },
  {
    ...openai,
    id: "R12",
    says: "A refusal is a part with deltas of its own.",
    rules: ["resp.item-lifecycle", "resp.delta-concat"],
  },
  {
    ...openai,
    id: "R13",
    says: "Reasoning is an item whose summary and text are told in deltas.",
    rules: ["resp.item-lifecycle", "resp.delta-concat"],
  },
  {
    ...openai,
    id: "R14",
    says: "Usage stands in the event that ends the response.",
    rules: ["resp.usage"],
  },
  {
    ...openai,
    id: "R15",
    says: "At the token limit the response is `incomplete`, and says so.",
    rules: ["resp.token-limit", "resp.incomplete-item", "resp.status-consistent"],
  },
  {
    ...openai,
    id: "R16",
    says: "A failure in the stream is told by `error` or `response.failed`.",
    rules: ["err.midstream-signalled"],
  },
  {
    ...openai,
    id: "R17",
    says: "The response's id and those of its items stay the same.",
    rules: ["resp.lifecycle", "resp.item-id-stable"],
  },
  {
    ...openai,
    id: "R18",
    says: "The response in the final event is what the whole reply would be.",
    rules: ["resp.stream-equals-whole"],
  },
]
