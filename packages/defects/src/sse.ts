import { DONE, encodeEvent, type Frame, type StreamEvent } from "@nexhina/stream"
import { type Alteration, type Header, headerOf, type Reply, type Situation } from "@nexhina/wire"
import { onEachChoice, onEachChunk } from "./chat-streams.ts"
import { type Defect, onWire, type Variant, type Where } from "./defect.ts"
import { hasJson, jsonOf } from "./http.ts"

type Stage<Name extends Alteration["stage"]> = Extract<Alteration, { stage: Name }>

const utf8 = new TextEncoder()
const text = new TextDecoder()

const frame = (content: string): Frame => ({ bytes: utf8.encode(content) })

/** Changes what a stream sends. */
const onEvents = (apply: (events: readonly StreamEvent[]) => readonly StreamEvent[]): Stage<"events"> => ({
  stage: "events",
  apply,
})

/** Changes the frames of a stream, one for each event. An answer that is not a stream has one frame only. */
const onFrames = (apply: (frames: readonly Frame[]) => readonly Frame[]): Stage<"bytes"> => ({
  stage: "bytes",
  apply: (frames, { streaming }) => (streaming && frames.length > 1 ? apply(frames) : frames),
})

/** Writes each event of a stream in another way. */
const onEachFrame = (change: (event: string) => string): Stage<"bytes"> =>
  onFrames((frames) =>
    frames.map(({ bytes, ...pace }) => ({ ...pace, ...frame(change(text.decode(bytes))) })),
  )

const isStream: Where = ({ status }, { streaming }) => streaming && status === 200

/** Changes the stream of a chat; for a request that selects it, every stream. */
const onStream = (change: (reply: Reply) => Partial<Reply>) =>
  onWire(
    (reply, situation) => situation.operationId === "createChatCompletion" && isStream(reply, situation),
    change,
    isStream,
  )

const isWhole: Where = (reply, { streaming }) => !streaming && hasJson(reply)

/** Changes a chat's reply that is not streamed; for a request that selects it, every JSON reply that is not. */
const onWhole = (change: (reply: Reply) => Partial<Reply>) =>
  onWire(
    (reply, situation) => situation.operationId === "createChatCompletion" && isWhole(reply, situation),
    change,
    isWhole,
  )

const labelled = (reply: Reply, ...types: readonly string[]): readonly Header[] => [
  ...reply.headers.filter(([name]) => name.toLowerCase() !== "content-type"),
  ...types.map((type): Header => ["content-type", type]),
]

/** A request without its wish for a stream. */
const unstreamed = (request: unknown) =>
  typeof request === "object" && request !== null && "stream" in request && request.stream === true
    ? { ...request, stream: false }
    : request

const isDone = ({ data }: StreamEvent) => data === DONE
const isChunk = ({ data }: StreamEvent) => typeof data === "object"

/** With this event before the first one. */
const led = (event: StreamEvent) => onEvents((events) => [event, ...events])

const failure = encodeEvent({
  data: { error: { message: "The engine stopped.", type: "server_error", code: null } },
})

/** Keep-alive comments without end. */
function* pings(): Iterable<Frame> {
  for (let atMs = 50; ; atMs += 50) yield { ...frame(": PING\n\n"), atMs }
}

/** Changes the text that a delta carries. */
const onTexts = (change: (text: string) => string): Stage<"events"> =>
  onEachChoice(({ delta, ...choice }) => ({
    ...choice,
    delta: delta.content ? { ...delta, content: change(delta.content) } : delta,
  }))

/** All at once, after as long as a model takes to write them. */
const heldBack = (frames: readonly Frame[]): Frame[] => [
  { bytes: Buffer.concat(frames.map(({ bytes }) => bytes)), atMs: 15 * Math.min(frames.length, 30) },
]

const takesGzip = ({ ask }: Situation) => headerOf(ask.headers, "accept-encoding")?.includes("gzip")

const manyBytes = /[^\0-\x7f]/gu

/** One legal way to write a stream that not every client reads. */
interface Spelling {
  readonly id: string
  readonly says: string
  /** The rule that notes it, and the rule's name for it. */
  readonly rule: "sse.interop-spelling" | "sse.ignored-lines"
  readonly fault: string
  readonly seen: readonly string[]
  readonly written: Stage<"events"> | Stage<"bytes">
}

const whatwg = "WHATWG HTML, section 9.2.6"

const spellings: readonly Spelling[] = [
  {
    id: "crlf",
    says: "lines end with CR LF",
    rule: "sse.interop-spelling",
    fault: "line-ends",
    seen: [whatwg, "https://github.com/Continuum-AI-Corp/OrcaRouter-Lite/pull/98"],
    written: onEachFrame((event) => event.replaceAll("\n", "\r\n")),
  },
  {
    id: "cr",
    says: "lines end with CR alone",
    rule: "sse.interop-spelling",
    fault: "line-ends",
    seen: [whatwg],
    written: onEachFrame((event) => event.replaceAll("\n", "\r")),
  },
  {
    id: "mixed-line-ends",
    says: "each event has a different kind of line end",
    rule: "sse.interop-spelling",
    fault: "line-ends",
    seen: [whatwg, "https://github.com/openai/openai-node/pull/2309"],
    written: onFrames((frames) =>
      frames.map(({ bytes }, at) =>
        frame(text.decode(bytes).replaceAll("\n", ["\n", "\r\n", "\r"][at % 3] ?? "\n")),
      ),
    ),
  },
  {
    id: "crlf-in-pieces",
    says: "lines end with CR LF, and every byte is sent separately",
    rule: "sse.interop-spelling",
    fault: "line-ends",
    seen: [whatwg, "https://github.com/ChatGPTBox-dev/chatGPTBox/pull/1036"],
    written: onFrames((frames) =>
      inPieces(frames.map(({ bytes }) => frame(text.decode(bytes).replaceAll("\n", "\r\n")))),
    ),
  },
  {
    id: "no-space",
    says: "there is no space after the colon",
    rule: "sse.interop-spelling",
    fault: "no-space",
    seen: [
      whatwg,
      "https://github.com/tokio-rs/axum/pull/2149",
      "https://github.com/openai/openai-python/issues/498",
    ],
    written: onEachFrame((event) => event.replace(/^data: /gm, "data:")),
  },
  {
    id: "bom",
    says: "the stream starts with a byte order mark",
    rule: "sse.interop-spelling",
    fault: "bom",
    seen: [whatwg],
    written: onFrames((frames) => [frame("\ufeff"), ...frames]),
  },
  {
    id: "multi-line-data",
    says: "JSON is indented and split into several data lines",
    rule: "sse.interop-spelling",
    fault: "multi-line-data",
    seen: [whatwg],
    written: onEvents((events) =>
      events.map(({ data, ...event }) => ({
        ...event,
        ...(data !== undefined && { data: typeof data === "string" ? data : JSON.stringify(data, null, 2) }),
      })),
    ),
  },
  {
    id: "retry-alone",
    says: "the first event has only a retry line",
    rule: "sse.interop-spelling",
    fault: "fields-without-data",
    seen: [whatwg],
    written: led({ retry: 3000 }),
  },
  {
    id: "ids-and-comments",
    says: "events have ids, and there are keep-alive comments between them",
    rule: "sse.interop-spelling",
    fault: "id-and-comments",
    seen: [whatwg, "https://github.com/diegosouzapw/OmniRoute/issues/7031"],
    written: onEvents((events) =>
      events.flatMap((event, at) => [{ comment: "PING" }, { ...event, id: String(at) }]),
    ),
  },
  {
    id: "unknown-field",
    says: "events contain an unknown field",
    rule: "sse.ignored-lines",
    fault: "unknown-field",
    seen: [whatwg],
    written: onEachFrame((event) => `trace: 7\n${event}`),
  },
  {
    id: "bad-retry",
    says: "the value of retry is not an integer",
    rule: "sse.ignored-lines",
    fault: "bad-retry",
    seen: [whatwg],
    written: onEvents((events) => events.map((event) => ({ ...event, retry: 1.5 }))),
  },
  {
    id: "id-with-nul",
    says: "ids contain U+0000",
    rule: "sse.ignored-lines",
    fault: "id-with-nul",
    seen: [whatwg],
    written: onEvents((events) => events.map((event, at) => ({ ...event, id: `${at}\0` }))),
  },
  {
    id: "extra-blank-lines",
    says: "events are followed by more than one blank line, as if some had been filtered out",
    rule: "sse.ignored-lines",
    fault: "extra-blank-line",
    seen: [whatwg, "https://github.com/tinfoilsh/confidential-model-router/pull/63"],
    written: onEachFrame((event) => `${event}\n\n`),
  },
  {
    id: "done-unclosed",
    says: "there is no blank line after [DONE]",
    rule: "sse.ignored-lines",
    fault: "unclosed-done",
    seen: ["Streaming Output Guide, Notes for Parsing SSE Manually"],
    written: onFrames((frames) =>
      frames.map((one) =>
        text.decode(one.bytes) === encodeEvent({ data: DONE }) ? frame(`data: ${DONE}`) : one,
      ),
    ),
  },
]

/** Every byte by itself: between the halves of a character and of a CR LF too. */
function inPieces(frames: readonly Frame[]): Frame[] {
  // A frame with a time makes a host send them one by one.
  return frames
    .flatMap(({ bytes }) => Array.from(bytes, (byte): Frame => ({ bytes: Uint8Array.of(byte) })))
    .map((one, at) => (at === 0 ? { ...one, atMs: 1 } : one))
}

export const sseDefects: readonly Defect[] = [
  {
    id: "sse-member-twice",
    says: "every chunk has its object twice",
    breaks: "sse.members-unique",
    fault: "repeated",
    also: [],
    seen: ["RFC 8259, section 4"],
    ...onEachFrame((event) => event.replace(/data: \{/, 'data: {"object":null,')),
  },
  {
    id: "sse-created-milliseconds",
    says: "created is in milliseconds in streams",
    breaks: "sse.created-plausible",
    fault: "milliseconds",
    also: [],
    seen: ["OpenAI API reference: created, the Unix timestamp in seconds"],
    ...onEachChunk((chunk) => ({ ...chunk, created: 1000 * chunk.created })),
  },
  {
    id: "sse-created-zero",
    says: "created is 0 in streams",
    breaks: "sse.created-plausible",
    fault: "not-positive",
    also: [],
    seen: ["OpenAI API reference: created, the Unix timestamp in seconds"],
    ...onEachChunk((chunk) => ({ ...chunk, created: 0 })),
  },
  {
    id: "sse-model-empty",
    says: "model is empty in streams",
    breaks: "sse.model-named",
    fault: "empty",
    also: [],
    seen: ["OpenAI API reference: model, the model used for the reply"],
    ...onEvents((events) =>
      events.map((event) => {
        const { data } = event
        if (typeof data !== "object") return event
        if ("model" in data) return { ...event, data: { ...data, model: "" } }
        if (!("response" in data)) return event
        return { ...event, data: { ...data, response: { ...Object(data.response), model: "" } } }
      }),
    ),
  },
  ...spellings.map(
    ({ id, says, rule, fault, seen, written }): Defect => ({
      id: `sse-${id}`,
      says,
      breaks: rule,
      fault,
      also: [],
      seen,
      ...written,
    }),
  ),
  {
    id: "sse-content-type-absent",
    says: "a stream has no content-type",
    breaks: "sse.content-type",
    fault: "missing",
    also: [],
    seen: ["https://github.com/nearai/private-ml-sdk/pull/20"],
    ...onStream((reply) => ({ headers: labelled(reply) })),
  },
  {
    id: "sse-content-type-json",
    says: "a stream is labelled application/json",
    breaks: "sse.content-type",
    fault: "other",
    also: [],
    seen: ["https://github.com/microsoft/foundry-dev-tools/issues/195"],
    ...onStream((reply) => ({ headers: labelled(reply, "application/json") })),
  },
  {
    id: "stream-ignored",
    says: "a streaming request is answered with a single JSON object",
    breaks: "sse.content-type",
    fault: "not-a-stream",
    also: [],
    seen: ["Streaming Output Guide, Response Format (SSE)"],
    stage: "request",
    apply: (request, situation) =>
      situation.operationId === "createChatCompletion" ? unstreamed(request) : request,
    wider: { stage: "request", apply: unstreamed },
  },
  {
    id: "sse-label-on-json",
    says: "a non-streamed response is labelled text/event-stream",
    breaks: "sse.only-when-asked",
    fault: "label",
    also: ["http.json-content-type"],
    seen: ["https://github.com/decolua/9router/issues/3492"],
    ...onWhole((reply) => ({ headers: labelled(reply, "text/event-stream") })),
  },
  {
    id: "sse-on-nonstream",
    says: "a non-streamed response is followed by [DONE]",
    breaks: "sse.only-when-asked",
    fault: "framing",
    also: ["http.body-valid-json"],
    seen: ["https://github.com/decolua/9router/issues/3492"],
    ...onWhole((reply) => ({ body: `${jsonOf(reply)}\n\ndata: ${DONE}\n\n` })),
  },
  {
    id: "sse-latin1-comment",
    says: "a keep-alive comment is not valid UTF-8",
    breaks: "sse.grammar",
    fault: "invalid-utf8",
    also: [],
    seen: [`${whatwg}: streams must be decoded as UTF-8`],
    ...onFrames((frames) => [{ bytes: Uint8Array.of(0x3a, 0x20, 0xe9, 0x0a, 0x0a) }, ...frames]),
  },
  {
    id: "sse-empty-event",
    says: "an event that was filtered out is replaced by one with empty data",
    breaks: "sse.grammar",
    fault: "empty-event",
    also: [],
    seen: ["https://github.com/tinfoilsh/confidential-model-router/pull/63"],
    ...led({ data: "" }),
  },
  {
    id: "err-midstream-comment-only",
    says: "a stream ends with an error event that has a comment but no data, instead of [DONE]",
    breaks: "sse.grammar",
    fault: "event-without-data",
    also: ["sse.done-present", "err.midstream-signalled"],
    seen: ["https://github.com/ai-dynamo/dynamo/pull/8430"],
    ...onEvents((events) => [...events.filter(isChunk), { event: "error", comment: "engine stopped" }]),
  },
  {
    id: "sse-data-prefix-missing",
    says: "the first chunk is sent without the data: prefix",
    breaks: "sse.grammar",
    fault: "bare-json",
    also: [],
    seen: ["Streaming Output Guide, key point 1"],
    ...onFrames(([first, ...others]) => [
      ...(first ? [frame(text.decode(first.bytes).replace("data: ", ""))] : []),
      ...others,
    ]),
  },
  {
    id: "sse-last-event-unclosed",
    says: "the body ends in the middle of an event, although the HTTP message is complete",
    breaks: "sse.grammar",
    fault: "unclosed-event",
    also: ["sse.done-present", "stream.equals-nonstream", "stream.equals-nonstream-shape"],
    seen: ["https://github.com/mastra-ai/mastra/pull/22097"],
    ...onFrames((frames) => {
      const kept = frames.slice(0, -1)
      return kept.map(({ bytes }, at) => ({ bytes: at === kept.length - 1 ? bytes.subarray(0, -20) : bytes }))
    }),
  },
  {
    id: "sse-comment-rewrapped-as-data",
    says: "a keep-alive comment is sent in a data line",
    breaks: "sse.data-json",
    fault: "comment-as-data",
    also: [],
    seen: [
      "https://github.com/mnfst/llm-gateway/issues/2053",
      "https://github.com/anomalyco/opencode/issues/50871",
    ],
    ...led({ data: ": PROCESSING" }),
  },
  {
    id: "sse-keepalive-word",
    says: "a keep-alive is sent as an event with the data ping",
    breaks: "sse.data-json",
    fault: "not-json",
    also: [],
    seen: ["Streaming Output Guide, key point 1"],
    ...led({ data: "ping" }),
  },
  {
    id: "sse-keepalive-null",
    says: "a keep-alive is sent as an event with the data null",
    breaks: "sse.data-json",
    fault: "not-an-object",
    also: [],
    seen: ["Streaming Output Guide, key point 1"],
    ...led({ data: "null" }),
  },
  {
    id: "sse-done-missing",
    says: "the stream ends without [DONE]",
    breaks: "sse.done-present",
    fault: "missing",
    also: [],
    seen: ["Streaming Output Guide, key point 2"],
    ...onEvents((events) => events.filter((event) => !isDone(event))),
  },
  {
    id: "sse-double-done",
    says: "[DONE] is sent twice",
    breaks: "sse.done-once",
    fault: "repeated",
    also: [],
    seen: [
      "https://github.com/songquanpeng/one-api/issues/1628",
      "https://github.com/ray-project/ray/pull/62246",
    ],
    ...onEvents((events) => events.flatMap((event) => (isDone(event) ? [event, event] : [event]))),
  },
  {
    id: "sse-event-after-done",
    says: "another event follows [DONE]",
    breaks: "sse.done-last",
    fault: "event-after",
    also: [],
    seen: ["Streaming Output Guide, key point 2"],
    ...onEvents((events) => [...events, ...events.slice(0, 1)]),
  },
  {
    id: "sse-done-alone",
    says: "a stream contains only [DONE]",
    breaks: "sse.nonempty",
    fault: "no-chunk",
    also: [],
    seen: ["Streaming Output Guide, Response Format (SSE)"],
    ...onEvents((events) => events.filter((event) => !isChunk(event))),
  },
  {
    id: "sse-stream-hangs-zero-bytes",
    says: "a stream never sends any bytes",
    breaks: "sse.terminates",
    fault: "stalls",
    also: [],
    seen: [
      "https://github.com/kekzl/imp/issues/757",
      "https://github.com/microsoft/foundry-local/issues/422",
    ],
    ...onStream(() => ({ body: [], end: "hang" })),
  },
  {
    id: "sse-open-after-done",
    says: "the body does not end after [DONE]",
    breaks: "sse.terminates",
    fault: "open-after-done",
    also: [],
    seen: ["Streaming Output Guide, key point 2: [DONE] means that the stream has ended"],
    ...onStream(() => ({ end: "hang" })),
  },
  {
    id: "err-stream-never-terminated",
    says: "keep-alive comments continue after an error",
    breaks: "sse.terminates",
    fault: "open-after-error",
    also: [],
    seen: ["https://github.com/langgenius/dify/pull/37236"],
    ...onStream(() => ({ body: sequence([frame(failure)], pings()) })),
  },
  {
    id: "sse-pings-for-ever",
    says: "a stream sends only keep-alive comments",
    breaks: "sse.terminates",
    fault: "endless",
    also: [],
    seen: ["https://github.com/microsoft/foundry-local/issues/422"],
    ...onStream(() => ({ body: pings() })),
  },
  {
    id: "err-midstream-silent-close",
    says: "the connection is closed before the body is complete",
    breaks: "sse.terminates",
    fault: "truncated",
    also: [],
    seen: ["https://github.com/mozilla-ai/any-llm/pull/847"],
    ...onStream(() => ({ end: "early-close" })),
  },
  {
    id: "utf8-split-codepoint",
    says: "multi-byte characters are replaced with U+FFFD in streams",
    breaks: "sse.utf8-intact",
    fault: "replacement-character",
    also: ["chat.stop-exact", "stream.equals-nonstream"],
    seen: [
      "https://github.com/abetlen/llama-cpp-python/issues/372",
      "https://github.com/ikawrakow/ik_llama.cpp/issues/780",
    ],
    ...onTexts((text) => text.replace(manyBytes, "\ufffd")),
  },
  {
    id: "utf8-lost",
    says: "multi-byte characters are missing in streams",
    breaks: "sse.utf8-intact",
    fault: "lost",
    also: ["chat.stop-exact", "stream.equals-nonstream"],
    seen: ["https://github.com/abetlen/llama-cpp-python/issues/372"],
    ...onTexts((text) => text.replace(manyBytes, "")),
  },
  {
    id: "sse-no-flush",
    says: "the server buffers a stream and sends all events at the end",
    breaks: "sse.incremental",
    fault: "at-once",
    also: [],
    seen: ["https://github.com/pattern-zones-co/koine/pull/34"],
    ...onFrames(heldBack),
  },
  {
    id: "sse-compression-buffering",
    says: "the server buffers a stream when the client accepts gzip",
    breaks: "sse.incremental",
    fault: "at-once",
    also: [],
    seen: ["https://github.com/HKUDS/nanobot/pull/3676"],
    stage: "bytes",
    apply: (frames, situation) =>
      situation.streaming && frames.length > 1 && takesGzip(situation) ? heldBack(frames) : frames,
  },
  {
    id: "sse-tool-calls-buffered",
    says: "the server sends the first event at once and buffers all others until the end",
    breaks: "sse.incremental",
    fault: "at-once",
    also: [],
    seen: ["https://github.com/seaavey/SRouter/pull/104"],
    ...onFrames(([first, ...others]) => [...(first ? [first] : []), ...heldBack(others)]),
  },
]

/** One after the other. */
function* sequence(...parts: readonly Iterable<Frame>[]): Iterable<Frame> {
  for (const part of parts) yield* part
}

export const sseVariants: readonly Variant[] = [
  ...spellings.map(
    ({ id, says, rule, seen, written }): Variant => ({ id, says, notes: [rule], seen, ...written }),
  ),
  {
    id: "comments",
    says: "keep-alive comments are sent before and between the events, and after [DONE]",
    notes: [],
    seen: [whatwg, "https://github.com/diegosouzapw/OmniRoute/issues/7031"],
    ...onEvents((events) => [...events.flatMap((event) => [{ comment: "PING" }, event]), { comment: "bye" }]),
  },
  {
    id: "comment-in-event",
    says: "there are comments, some of them empty, between the lines of events",
    notes: [],
    seen: [whatwg, "https://github.com/brainlid/langchain/pull/569"],
    ...onEachFrame((event) => `:\n: ${event.length} bytes\n${event}`),
  },
  {
    id: "event-lines",
    says: "events of chat streams have an event line with the default type, message",
    notes: [],
    seen: [whatwg],
    stage: "events",
    apply: (events, { operationId }) =>
      operationId === "createChatCompletion"
        ? events.map((event) => ({ ...event, event: "message" }))
        : events,
  },
  {
    id: "ids",
    says: "events have ids",
    notes: [],
    seen: [whatwg],
    ...onEvents((events) => events.map((event, at) => ({ ...event, id: String(at) }))),
  },
  {
    id: "retry-lines",
    says: "events have a retry line",
    notes: [],
    seen: [whatwg],
    ...onEvents((events) => events.map((event) => ({ ...event, retry: 3000 }))),
  },
  {
    id: "split-reads",
    says: "every byte is sent separately",
    notes: [],
    seen: [whatwg, "https://github.com/brainlid/langchain/pull/156"],
    ...onFrames(inPieces),
  },
  {
    id: "slow-chunks",
    says: "there is a delay before each event",
    notes: [],
    seen: ["Streaming Output Guide, Notes for Parsing SSE Manually: timeout settings"],
    ...onFrames((frames) => frames.map((one, at) => ({ ...one, atMs: 2 * (at + 1) }))),
  },
  {
    id: "paced",
    says: "events are sent one by one, the first twenty of a long stream 20 ms apart",
    notes: [],
    seen: ["Streaming Output Guide: it returns content chunk by chunk"],
    ...onFrames((frames) =>
      frames.map((one, at) => (at < 20 ? { ...one, atMs: (frames.length < 20 ? 1 : 20) * (at + 1) } : one)),
    ),
  },
  {
    id: "bare-media-type",
    says: "the content-type of a stream has no charset",
    notes: [],
    seen: ["Streaming Output Guide, Response Format (SSE)"],
    ...onStream((reply) => ({ headers: labelled(reply, "text/event-stream") })),
  },
  {
    id: "charset-parameter",
    says: "the content-type is in capital letters, with a quoted charset",
    notes: [],
    seen: ["RFC 9110, section 8.3.1", "https://github.com/ChatGPTNextWeb/NextChat/issues/1590"],
    ...onStream((reply) => ({
      headers: labelled(reply, 'Text/Event-Stream;Charset="UTF-8"'),
    })),
  },
]
