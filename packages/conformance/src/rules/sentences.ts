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
  "About clients, so a test of a server cannot judge it. `@nexhina/stream` follows it, and its tests prove that."

/**
 * What the gateway's streaming guide says (`G`), and what this project holds of streams besides: their framing
 * (`F`), chat (`C`) and Responses (`R`).
 */
export const sentences: readonly Sentence[] = [
  {
    ...guide,
    id: "G1",
    says: "Chat and Responses support streaming output. `stream: true` requests it.",
    rules: ["sse.content-type", "sse.only-when-asked", "stream.is-accepted"],
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
    says: "The last item is `data: [DONE]`, which marks the end of the stream.",
    rules: ["sse.done-present", "sse.done-once", "sse.done-last"],
  },
  {
    ...guide,
    id: "G5",
    says: "The `delta.content` of all chunks, joined, is the complete reply.",
    rules: ["stream.equals-nonstream"],
  },
  {
    ...guide,
    id: "G6",
    says: "A `finish_reason` of `stop` means a normal end.",
    rules: ["chat.finish-enum", "stream.finish-once"],
  },
  {
    ...guide,
    id: "G7",
    says: "Streams do not contain usage unless `stream_options` requests it.",
    rules: ["usage.stream-opt-in"],
  },
  {
    ...guide,
    id: "G8",
    says: "With `include_usage: true` the last chunk contains the complete usage.",
    rules: ["usage.stream-final", "usage.shape"],
  },
  {
    ...guide,
    id: "G9",
    says: "Responses streams have the same format and end with `data: [DONE]`.",
    rules: ["sse.content-type", "sse.done-present"],
  },
  {
    ...guide,
    id: "G10",
    says: "Each data item is one line.",
    rules: ["sse.data-json", "sse.interop-spelling"],
  },
  { ...guide, id: "G11", says: "Empty lines only separate events.", rules: ["sse.grammar"] },
  { ...guide, id: "G12", says: "A reader stops at `data: [DONE]`.", untested: ofReaders },
  {
    ...guide,
    id: "G13",
    says: "An interrupted stream cannot be resumed. The client must send the request again.",
    untested:
      "Cannot be observed: a server may ignore `Last-Event-ID` or not know the event. `id:` lines, which suggest that " +
      "a stream can be resumed, are legal.",
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
    says: "The `object` of a whole reply is `chat.completion`, that of a chunk `chat.completion.chunk`.",
    rules: ["chat.object"],
  },
  {
    ...guide,
    id: "G16",
    says: "Whole replies contain usage by default.",
    rules: ["usage.present"],
  },
  {
    ...guide,
    id: "G17",
    says: "Text is sent as it is generated, not all at the end.",
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
    says: "Clients accept every legal form of an event stream, split at any byte.",
    untested: ofReaders,
  },
  {
    ...openai,
    id: "F5",
    says: "Clients stop at `[DONE]` and treat a stream without it as truncated.",
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
    says: "A failure after the first byte is reported in the stream, which then ends.",
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
    says: "Every item is flushed at once, and proxies do not buffer it.",
    rules: ["sse.incremental"],
  },
  {
    ...ours,
    id: "F10",
    says: "When the client disconnects, the server stops generating.",
    untested:
      "Only the server's upstream sees whether it still generates. `conn.survives-abort` judges that it keeps serving " +
      "others, and the tests of the mock's hosts prove that the mock stops.",
  },
  {
    ...guide,
    id: "F11",
    says: "The server sends something at least every 60 seconds.",
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
    says: "The joined contents of a choice equal the message of the whole reply.",
    rules: ["stream.equals-nonstream", "sse.utf8-intact"],
  },
  {
    ...guide,
    id: "C5",
    says: "Every chunk has a `finish_reason`, which is null except on the last chunk of a choice.",
    rules: ["stream.finish-key-present", "stream.finish-null-before"],
  },
  {
    ...guide,
    id: "C6",
    says: "The last chunk of a choice has a `finish_reason` from the documented list.",
    rules: ["stream.finish-once", "chat.finish-enum"],
  },
  {
    ...openai,
    id: "C7",
    says: "Nothing follows for a choice after the chunk with its `finish_reason`.",
    rules: ["stream.finish-last"],
  },
  {
    ...guide,
    id: "C8",
    says: "Without `include_usage` no chunk contains usage.",
    rules: ["usage.stream-opt-in"],
  },
  {
    ...guide,
    id: "C9",
    says: "With `include_usage` the last chunk before `[DONE]` contains usage.",
    rules: ["usage.stream-final"],
  },
  {
    ...guide,
    id: "C10",
    says: "That chunk is the one that finishes the choice, as in the guide, or one with empty `choices`, as in OpenAI's API.",
    rules: ["usage.stream-final", "usage.stream-own-chunk", "stream.empty-choices-only-usage"],
  },
  {
    ...ours,
    id: "C11",
    says: "With `include_usage` earlier chunks have `usage: null` or no `usage`, and no chunk follows the one with usage.",
    rules: ["usage.stream-null-elsewhere", "usage.stream-final"],
  },
  {
    ...openai,
    id: "C12",
    says: "`total_tokens` is the sum of the other two, and usage covers the whole reply.",
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
      "tool.stream-args-concat-lax",
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
    says: "With `n` choices only the very last chunk contains usage, which counts all choices.",
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
    says: "Requested logprobs are in the choices.",
    rules: ["chat.logprobs-shape"],
  },
  {
    ...ours,
    id: "C19",
    says: "Clients accept OpenAI's form of the usage chunk, and usage that was not requested.",
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
    says: "An `event:` line, if present, equals the event's `type`.",
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
    says: "The first events are `response.created` and `response.in_progress`, without output and usage.",
    rules: ["resp.lifecycle", "resp.opening"],
  },
  {
    ...openai,
    id: "R6",
    says: "Exactly one event ends the response, and only `[DONE]` may follow.",
    rules: ["resp.lifecycle"],
  },
  {
    ...openai,
    id: "R7",
    says: "Each output item has an `added` and a `done` event, with the next index.",
    rules: ["resp.item-lifecycle", "resp.item-closing", "resp.output-index"],
  },
  {
    ...openai,
    id: "R8",
    says: "A text consists of the events part added, deltas, text done, part done.",
    rules: ["resp.item-lifecycle", "resp.item-opening"],
  },
  {
    ...openai,
    id: "R9",
    says: "The joined deltas equal the text in `done`, in the part, in the item and in the final response.",
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
    says: "A function call consists of the events item added, argument deltas, arguments done, item done.",
    rules: ["resp.item-lifecycle", "resp.delta-concat"],
  },
  {
    ...openai,
    id: "R12",
    says: "A refusal is a part with its own deltas.",
    rules: ["resp.item-lifecycle", "resp.delta-concat"],
  },
  {
    ...openai,
    id: "R13",
    says: "Reasoning is an item whose summary and text are sent as deltas.",
    rules: ["resp.item-lifecycle", "resp.delta-concat"],
  },
  {
    ...openai,
    id: "R14",
    says: "The event that ends the response contains usage.",
    rules: ["resp.usage"],
  },
  {
    ...openai,
    id: "R15",
    says: "At the token limit the response is `incomplete`, with the reason.",
    rules: ["resp.token-limit", "resp.incomplete-item", "resp.status-consistent"],
  },
  {
    ...openai,
    id: "R16",
    says: "A failure in the stream is reported by `error` or `response.failed`.",
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
    says: "The response in the final event equals the whole reply.",
    rules: ["resp.stream-equals-whole"],
  },
]
