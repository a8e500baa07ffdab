import { type DepartureKind, DONE } from "@nexhina/stream"
import * as fc from "fast-check"
import { chatStep, userSays } from "../probes/chat-completions.ts"
import { isObject } from "../reading/answered.ts"
import { repeatedMember } from "../reading/repeated-member.ts"
import { shown } from "../reading/shown.ts"
import { type Fault, rule } from "../rule.ts"
import { type ChatAnswer, chatAnswers } from "../views/chat-completions.ts"
import { stampsOf } from "../views/http.ts"
import {
  completeStreams,
  type EventStream,
  eventAt,
  eventStreams,
  spelledStreams,
  streamAnswers,
  unstreamedAnswers,
} from "../views/sse.ts"
import { createdSource, stampFault, stampFaults } from "./created.ts"
import { nameFault, nameFaults, nameSource } from "./model-name.ts"

const since = "0.1.0"
const guide = "Streaming Output Guide"
const grammar = "WHATWG HTML, section 9.2.6"

/** The first fault of each name: one shows what is to be mended. */
export function firstOfEach<Name extends string>(faults: Iterable<Fault<Name>>): Fault<Name>[] {
  const first = new Map<Name, Fault<Name>>()
  for (const fault of faults) if (!first.has(fault.fault)) first.set(fault.fault, fault)
  return [...first.values()]
}

/**
 * The events that are objects, with their numbers. Azure's report of its filters is left out: it comes before there is a
 * completion, with all members blank.
 */
function* objectsIn({ payloads }: EventStream) {
  for (const [event, payload] of payloads.entries())
    if (payload.kind === "object" && payload.value["id"] !== "") yield { value: payload.value, event }
}

/** The first departure of each of these kinds, as a fault of the name that the table gives it. */
function departuresOf<Name extends string>(
  { decoded: { departures, counts } }: EventStream,
  expected: string,
  names: Readonly<Partial<Record<DepartureKind, Name>>>,
): Fault<Name>[] {
  return firstOfEach(
    departures.flatMap(({ kind, offset, text }) => {
      const fault = names[kind]
      if (fault === undefined) return []
      const count = counts[kind] ?? 1
      const actual = `${shown(text)}${count > 1 ? `, one of ${count}` : ""}`
      return [{ fault, at: { part: "body", offset }, expected, actual }]
    }),
  )
}

/** How the body stops inside an event, if it does: without the blank line after [DONE], or in any other. */
function unclosedIn({ answered, decoded: { pending, counts } }: EventStream) {
  if (!counts["unclosed-event"] || answered.exchange.end.kind !== "complete") return undefined
  return pending?.data === DONE ? "unclosed-done" : "unclosed-event"
}

/** The text of all choices; where a limit cut one, without the character that it may have cut. */
const textOf = ({ choices }: ChatAnswer): string =>
  choices
    .map(({ message: { content }, finish }) => {
      const text = typeof content === "string" ? content : ""
      let end = text.length
      // A regular expression for this takes quadratic time on text that is full of them.
      while (finish === "length" && text[end - 1] === "\ufffd") end--
      return text.slice(0, end)
    })
    .join("\n")

/** Characters of two to four bytes, and some that are several code points long. */
const manyByteTexts = fc
  .array(fc.constantFrom("é", "ß", "Ж", "ع", "日", "本", "€", "😀", "𝒳", "👩‍👧", "🇫🇷"), {
    minLength: 1,
    maxLength: 12,
  })
  .map((characters) => characters.join(""))

const repeat = "Repeat this and say nothing else: "

export const sseRules = [
  rule({
    id: "sse.content-type",
    since,
    says: "MUST answer `stream: true` with an event stream labelled `text/event-stream`",
    severity: "MUST",
    source: `${guide}, "Response Format (SSE)"`,
    see: [
      "https://github.com/nearai/private-ml-sdk/pull/20",
      "https://github.com/microsoft/foundry-dev-tools/issues/195",
    ],
    on: streamAnswers,
    needs: ["head"],
    faults: {
      missing: "no content-type",
      other: "a different media type",
      "not-a-stream": "a JSON body instead of a stream",
    },
    holds({ mediaType, json }) {
      if (mediaType === "text/event-stream") return []
      // A separate rule judges an error that is sent as a success.
      if (json.ok && isObject(json.value) && json.value["error"]) return []
      const at = { part: "header", name: "content-type" } as const
      const expected = "text/event-stream"
      if (json.ok)
        return [{ fault: "not-a-stream", at, expected, actual: `${mediaType || "nothing"}, and JSON` }]
      return [{ fault: mediaType === "" ? "missing" : "other", at, expected, actual: mediaType || "nothing" }]
    },
  }),
  rule({
    id: "sse.only-when-asked",
    since,
    says: "MUST NOT use event-stream framing when `stream` is absent, null or false",
    severity: "MUST",
    source: `${guide}, "Streaming vs. Non-Streaming Comparison"`,
    see: ["https://github.com/decolua/9router/issues/3492"],
    on: unstreamedAnswers,
    faults: {
      label: "labelled as an event stream",
      framing: "lines of an event stream in the body",
    },
    asks: (known) =>
      [false, null].map((stream) => chatStep(known, { messages: userSays("Say hello."), stream })),
    holds({ mediaType, json, text = "" }) {
      const faults: Fault<"label" | "framing">[] = []
      if (mediaType === "text/event-stream") {
        faults.push({
          fault: "label",
          at: { part: "header", name: "content-type" },
          expected: "application/json",
          actual: mediaType,
        })
      }
      const line = json.ok ? null : /^data:.*/m.exec(text)
      if (line) {
        faults.push({
          fault: "framing",
          at: { part: "body", offset: Buffer.byteLength(text.slice(0, line.index)) },
          expected: "one JSON value",
          actual: shown(line[0]),
        })
      }
      return faults
    },
  }),
  rule({
    id: "sse.grammar",
    since,
    says: "MUST send an event stream that every client parses into the same events",
    severity: "MUST",
    source: `${grammar}; ${guide}, "Response Format (SSE)"`,
    see: ["https://github.com/ai-dynamo/dynamo/pull/8430"],
    on: spelledStreams,
    faults: {
      "invalid-utf8": "bytes that are not UTF-8",
      "empty-event": "an event whose data is empty: no JSON parser accepts it",
      "event-without-data": "an event line without data: it is lost, and official SDKs fail on it",
      "bare-json": "JSON outside any field: clients drop it",
      "unclosed-event": "no blank line after the last event: clients drop it",
    },
    holds: (stream) =>
      departuresOf(stream, "events of UTF-8 text, each with data and a blank line", {
        "invalid-utf8": "invalid-utf8",
        "blank-data": "empty-event",
        "event-without-data": "event-without-data",
        "bare-json": "bare-json",
        ...(unclosedIn(stream) === "unclosed-event" && { "unclosed-event": "unclosed-event" }),
      }),
  }),
  rule({
    id: "sse.ignored-lines",
    since,
    says: "SHOULD NOT send lines that clients must ignore",
    severity: "SHOULD",
    source: grammar,
    see: ["https://github.com/tinfoilsh/confidential-model-router/pull/63"],
    on: spelledStreams,
    faults: {
      "unknown-field": "an unknown field name",
      "bad-retry": "a retry that is not made of digits",
      "id-with-nul": "an id that contains U+0000",
      "extra-blank-line": "a blank line that closes nothing: some clients take it for an empty event",
      "unclosed-done": "no blank line after [DONE]: strict clients do not see it",
    },
    holds: (stream) =>
      departuresOf(stream, "fields that the grammar knows, and a blank line after each event", {
        "unknown-field": "unknown-field",
        "bad-retry": "bad-retry",
        "id-with-nul": "id-with-nul",
        "extra-blank-line": "extra-blank-line",
        ...(unclosedIn(stream) === "unclosed-done" && { "unclosed-event": "unclosed-done" }),
      }),
  }),
  rule({
    id: "sse.interop-spelling",
    since,
    says: "SHOULD write events in the form that every client parses: LF, one space after the colon, data on one line",
    severity: "SHOULD",
    source: `${guide}, "Notes for Parsing SSE Manually"`,
    see: [
      "https://github.com/tokio-rs/axum/pull/2149",
      "https://github.com/openai/openai-python/issues/498",
      "https://github.com/openai/openai-node/pull/2309",
      "https://github.com/diegosouzapw/OmniRoute/issues/7031",
    ],
    on: spelledStreams,
    faults: {
      bom: "a byte order mark: clients that split at line ends lose the first event",
      "line-ends": "CR LF or CR: clients that split at LF LF see no event",
      "no-space": "no space after the colon: clients that look for `data: ` see nothing",
      "multi-line-data": "data over several lines: clients that read line by line see broken JSON",
      "fields-without-data": "only id or retry lines in an event: some clients take it for an empty event",
      "id-and-comments": "id lines together with comments: some clients take a comment for an empty event",
    },
    holds(stream) {
      const spelling = departuresOf(stream, "`data: ` and JSON on one line, then LF LF", {
        bom: "bom",
        crlf: "line-ends",
        cr: "line-ends",
        "no-space": "no-space",
        "multi-line-data": "multi-line-data",
        "fields-without-data": "fields-without-data",
      })
      const { counts } = stream.decoded
      if (!counts["id-field"] || !counts.comment) return spelling
      return [
        ...spelling,
        ...departuresOf(stream, "no ids, or no comments", { "id-field": "id-and-comments" }),
      ]
    },
  }),
  rule({
    id: "sse.data-json",
    since,
    says: "MUST send one JSON object as the data of every event except `[DONE]`",
    severity: "MUST",
    source: `${guide}, key point 1`,
    see: [
      "https://github.com/mnfst/llm-gateway/issues/2053",
      "https://github.com/anomalyco/opencode/issues/50871",
    ],
    on: eventStreams,
    faults: {
      "comment-as-data": "a comment sent as data",
      "not-json": "data that is not JSON",
      "not-an-object": "JSON that is not an object",
    },
    holds: (stream) =>
      firstOfEach(
        stream.payloads.flatMap(({ kind }, event) => {
          if (kind !== "comment-as-data" && kind !== "not-json" && kind !== "not-an-object") return []
          const actual = shown(stream.events[event]?.data)
          return [{ fault: kind, at: eventAt(stream, event), expected: "a JSON object", actual }]
        }),
      ),
  }),
  rule({
    id: "sse.members-unique",
    since,
    says: "SHOULD NOT repeat a member of an object in a stream: strict parsers reject the event, others use either value",
    severity: "SHOULD",
    source: "RFC 8259, section 4",
    on: eventStreams,
    after: ["sse.grammar"],
    faults: { repeated: "an object has a member twice" },
    holds: (stream) =>
      firstOfEach(
        stream.events.flatMap(({ data }, event): Fault<"repeated">[] => {
          const payload = stream.payloads[event]
          const again = payload?.kind === "object" ? repeatedMember(data, payload.value) : undefined
          if (!again) return []
          const actual = `${shown(again.name)} again`
          return [{ fault: "repeated", at: eventAt(stream, event), expected: "each member once", actual }]
        }),
      ),
  }),
  rule({
    id: "sse.created-plausible",
    since,
    says: "SHOULD state times of creation in a stream in Unix seconds: above 0, not in milliseconds",
    severity: "SHOULD",
    source: createdSource,
    on: eventStreams,
    after: ["sse.data-json"],
    faults: stampFaults,
    holds(stream) {
      const faults: Fault<keyof typeof stampFaults>[] = []
      for (const { value, event } of objectsIn(stream)) {
        for (const stamp of [...stampsOf(value), ...stampsOf(value["response"], "/response")]) {
          const fault = stampFault(stamp)
          if (fault) faults.push({ ...fault, at: eventAt(stream, event, stamp.pointer) })
        }
      }
      return firstOfEach(faults)
    },
  }),
  rule({
    id: "sse.model-named",
    since,
    says: "SHOULD NOT send an empty `model` in a stream",
    severity: "SHOULD",
    source: nameSource,
    on: eventStreams,
    after: ["sse.data-json"],
    faults: nameFaults,
    holds(stream) {
      const faults: Fault<keyof typeof nameFaults>[] = []
      const add = (event: number, pointer: string, name: unknown) => {
        const fault = nameFault(name)
        if (fault) faults.push({ ...fault, at: eventAt(stream, event, pointer) })
      }
      for (const { value, event } of objectsIn(stream)) {
        add(event, "/model", value["model"])
        if (isObject(value["response"])) add(event, "/response/model", value["response"]["model"])
      }
      return firstOfEach(faults)
    },
  }),
  rule({
    id: "sse.done-present",
    since,
    says: "MUST end every stream with `data: [DONE]`",
    severity: "MUST",
    source: `${guide}, key point 2`,
    on: completeStreams,
    faults: { missing: "no [DONE]" },
    holds({ answered: { operation }, done }, { profile, traits }) {
      const isRequired =
        operation !== "createResponse" || profile.responsesDone || traits.has("openresponses")
      if (done.length > 0 || !isRequired) return []
      return [{ fault: "missing", at: { part: "end" }, expected: "data: [DONE]", actual: "the body ends" }]
    },
  }),
  rule({
    id: "sse.done-once",
    since,
    says: "MUST send `[DONE]` exactly once",
    severity: "MUST",
    source: `${guide}, key point 2`,
    see: [
      "https://github.com/songquanpeng/one-api/issues/1628",
      "https://github.com/ray-project/ray/pull/62246",
    ],
    on: eventStreams,
    faults: { repeated: "[DONE] more than once" },
    holds(stream) {
      const [, second] = stream.done
      if (second === undefined) return []
      const actual = `${stream.done.length} times`
      return [{ fault: "repeated", at: eventAt(stream, second), expected: "once", actual }]
    },
  }),
  rule({
    id: "sse.done-last",
    since,
    says: "MUST NOT send events after `[DONE]`",
    severity: "MUST",
    source: `${guide}, key point 2`,
    on: eventStreams,
    faults: { "event-after": "an event after [DONE]" },
    holds(stream) {
      const [first = stream.payloads.length] = stream.done
      const event = stream.payloads.findIndex(({ kind }, event) => event > first && kind !== "done")
      if (event === -1) return []
      const actual = shown(stream.events[event]?.data)
      return [{ fault: "event-after", at: eventAt(stream, event), expected: "[DONE] last", actual }]
    },
  }),
  rule({
    id: "sse.nonempty",
    since,
    says: "MUST send at least one chunk in a stream that ends normally",
    severity: "MUST",
    source: `${guide}, "Response Format (SSE)"`,
    on: completeStreams,
    after: ["sse.grammar", "sse.data-json"],
    faults: { "no-chunk": "no event with a JSON object" },
    holds: ({ payloads }) =>
      payloads.some(({ kind }) => kind === "object")
        ? []
        : [
            {
              fault: "no-chunk",
              at: { part: "end" },
              expected: "a chunk",
              actual: `${payloads.length} events, none a chunk`,
            },
          ],
  }),
  rule({
    id: "sse.terminates",
    since,
    says: "MUST keep a stream moving, and end the body after `[DONE]` or an error",
    severity: "MUST",
    source: `${guide}, "Response Format (SSE)" and "Notes for Parsing SSE Manually"; RFC 9112, section 8`,
    see: [
      "https://github.com/kekzl/imp/issues/757",
      "https://github.com/microsoft/foundry-local/issues/422",
      "https://github.com/langgenius/dify/pull/37236",
    ],
    on: eventStreams,
    needs: ["end"],
    faults: {
      stalls: "nothing more came although the stream is not at its end",
      "open-after-done": "the body goes on after [DONE]",
      "open-after-error": "the body goes on after an error",
      endless: "the stream did not end within the kit's limits",
      truncated: "the connection closed before the end of the body that HTTP announces",
    },
    holds({ answered: { body, exchange }, done, errors }) {
      const at = { part: "end" } as const
      const { kind, code, atMs } = exchange.end
      const actual = `${kind}${code === undefined ? "" : ` (${code})`} after ${body.length} bytes and ${Math.round(atMs)} ms`
      if (kind === "truncated" || kind === "network")
        return [{ fault: "truncated", at, expected: "the last chunk of the body", actual }]
      if (kind !== "timeout" && kind !== "limit") return []
      if (done.length > 0) return [{ fault: "open-after-done", at, expected: "an end after [DONE]", actual }]
      if (errors.length > 0)
        return [{ fault: "open-after-error", at, expected: "an end after the error", actual }]
      return [
        {
          fault: kind === "limit" ? "endless" : "stalls",
          at,
          expected: "chunks, then [DONE] and an end",
          actual,
        },
      ]
    },
  }),
  rule({
    id: "sse.utf8-intact",
    since,
    says: "MUST NOT split a multi-byte character between chunks",
    severity: "MUST",
    source: `${guide}, key point 3; RFC 8259, section 8.1`,
    see: [
      "https://github.com/abetlen/llama-cpp-python/issues/372",
      "https://github.com/ikawrakow/ik_llama.cpp/issues/780",
    ],
    scope: "group",
    on: chatAnswers,
    after: [
      "chat.schema:choices",
      "stream.chunk-schema:choices",
      "stream.chunk-schema:delta",
      "stream.chunk-schema:content",
      "sse.data-json",
    ],
    modelDependent: true,
    faults: {
      "replacement-character": "U+FFFD in the stream's text, and none in the whole reply's",
      lost: "characters that the whole reply has and the stream lacks",
    },
    asks: (known) =>
      manyByteTexts.map((text) =>
        [true, false].map((stream) => chatStep(known, { messages: userSays(repeat + text), stream })),
      ),
    holds(views, known) {
      const of = views.findIndex(({ streamed }) => streamed)
      const streamed = views[of]
      const whole = views.find(({ streamed }) => !streamed)
      if (!streamed || !whole) return { undecided: "takes a stream and a whole reply to one request" }
      const [text, expected] = [textOf(streamed), textOf(whole)]
      const at = streamed.where("/choices/0/message/content", Math.max(0, text.indexOf("\ufffd")))
      if (text.includes("\ufffd") && !expected.includes("\ufffd")) {
        return [{ of, fault: "replacement-character", at, expected: shown(expected), actual: shown(text) }]
      }
      const asked = String(streamed.request.messages[0]?.content).slice(repeat.length)
      if (!known.deterministic || !expected.includes(asked) || text.includes(asked)) return []
      return [{ of, fault: "lost", at, expected: shown(asked), actual: shown(text) }]
    },
  }),
] as const
