import { createParser } from "eventsource-parser"
import fc from "fast-check"
import { expect, test, vi } from "vitest"
import { createDecoder, type DecodedStream, type DecoderOptions, decode } from "./decode.ts"
import type { Departure, DepartureKind } from "./departures.ts"

const bytesOf = (text: string) => new TextEncoder().encode(text)

/** Decodes bytes that arrive in pieces, cut before each of the given positions. */
function decodeCut(bytes: Uint8Array, cuts: readonly number[], options?: DecoderOptions): DecodedStream {
  const decoder = createDecoder(options)
  const edges = [0, ...cuts, bytes.length]
  const events = edges.flatMap((edge, i) => decoder.push(bytes.slice(edges[i - 1] ?? 0, edge)))
  return { events, ...decoder.end() }
}

interface Dispatched {
  type: string
  data: string
  lastEventId: string
}

const dispatched = ({ events }: DecodedStream): Dispatched[] =>
  events.map(({ type, data, lastEventId }) => ({ type, data, lastEventId }))

/** WHATWG HTML §9.2.6, "Interpreting an event stream", word for word. */
function whatwg(bytes: Uint8Array): Dispatched[] {
  const stream = new TextDecoder("utf-8").decode(bytes)
  const lines = stream.split(/\r\n|\n|\r/)
  lines.pop()
  const events: Dispatched[] = []
  let data = ""
  let eventType = ""
  let lastEventIdBuffer = ""
  for (const line of lines) {
    if (line === "") {
      if (data !== "") {
        const type = eventType === "" ? "message" : eventType
        events.push({ type, data: data.replace(/\n$/, ""), lastEventId: lastEventIdBuffer })
      }
      data = ""
      eventType = ""
    } else if (!line.startsWith(":")) {
      const colon = line.indexOf(":")
      const field = colon === -1 ? line : line.slice(0, colon)
      const value = colon === -1 ? "" : line.slice(colon + 1).replace(/^ /, "")
      if (field === "event") eventType = value
      if (field === "data") data += `${value}\n`
      if (field === "id" && !value.includes("\0")) lastEventIdBuffer = value
    }
  }
  return events
}

/** What eventsource-parser makes of the text: its ids are those of the event alone. */
function eventsourceParser(text: string) {
  const events: { type: string; data: string; id: string | undefined }[] = []
  const parser = createParser({
    onEvent: ({ event = "message", data, id }) => events.push({ type: event, data, id }),
  })
  // It keeps a final CR back in case an LF follows.
  parser.feed(text.endsWith("\r") ? `${text}\n` : text)
  return events
}

// The cases of web-platform-tests/eventsource, without its server: [name, stream, events].
const message = (data: string, lastEventId = "") => ({ type: "message", data, lastEventId })
const long = "x".repeat(2048)
const webPlatformTests: [name: string, stream: string, events: Dispatched[]][] = [
  ["format-bom", "\ufeffdata:1\n\n\ufeffdata:2\n\ndata:3\n\n", [message("1"), message("3")]],
  ["format-bom-2", "\ufeff\ufeffdata:1\n\ndata:2\n\ndata:3\n\n", [message("2"), message("3")]],
  [
    "format-comments",
    `data:1\r:\0\n:\r\ndata:2\n:${long}\rdata:3\n:data:fail\r:${long}\ndata:4\n\n`,
    [message("1\n2\n3\n4")],
  ],
  [
    "format-data-before-final-empty-line",
    "retry:1000\ndata:test1\n\nid:test\ndata:test2",
    [message("test1")],
  ],
  [
    "format-field-data",
    "data:\n\ndata\ndata\n\ndata:test\n\n",
    [message(""), message("\n"), message("test")],
  ],
  [
    "format-field-event",
    "event:test\ndata:x\n\ndata:x\n\n",
    [{ type: "test", data: "x", lastEventId: "" }, message("x")],
  ],
  ["format-field-event-empty", "event: \ndata:data\n\n", [message("data")]],
  ["format-field-id", "id: 1\ndata: hello\n\n", [message("hello", "1")]],
  [
    "format-field-id-2",
    "data:1\nid:1\n\ndata:2\n\nid\ndata:3\n\n",
    [message("1", "1"), message("2", "1"), message("3")],
  ],
  ["format-field-id-null", "id:1\ndata:1\n\nid:2\0\ndata:2\n\n", [message("1", "1"), message("2", "1")]],
  [
    "format-field-parsing",
    "data:\0\ndata:  2\rData:1\ndata\0:2\ndata:1\r\0data:4\nda-ta:3\rdata_5\ndata:3\rdata:\r\n data:32\ndata:4\n\n",
    [message("\0\n 2\n1\n3\n\n4")],
  ],
  ["format-field-retry", "retry:03000\ndata:x\n\n", [message("x")]],
  ["format-field-retry-bogus", "retry:3000\nretry:1000x\ndata:x\n\n", [message("x")]],
  ["format-field-retry-empty", "retry\ndata:test\n\n", [message("test")]],
  [
    "format-field-unknown",
    "data:test\n data\ndata\nfoobar:xxx\njustsometext\n:thisisacommentyay\ndata:test\n\n",
    [message("test\n\ntest")],
  ],
  ["format-leading-space", "data:\ttest\rdata: \ndata:test\n\n", [message("\ttest\n\ntest")]],
  ["format-newlines", "data:test\r\ndata\ndata:test\r\n\r", [message("test\n\ntest")]],
  ["format-null-character", "data:\0\n\n\n\n", [message("\0")]],
  ["format-utf-8", "data:ok…\n\n", [message("ok…")]],
]

test.each(webPlatformTests)("web-platform-tests %s", (_, stream, events) => {
  expect(dispatched(decode(bytesOf(stream)))).toEqual(events)
  expect(whatwg(bytesOf(stream))).toEqual(events)
})

const reference = bytesOf(
  '\ufeff: café ☕\r\nevent: délta\rid: 1\ndata: {"a":"é"}\r\n\r\ndata:😀\rdata: \n\rdata\n\r\n\n' +
    'retry: 10\r\r{"a":1}\nfoo\nid: \0\ndata: \ufeff\r\n\ndata: [DONE]\n',
)

test("every single cut of the reference stream, and every pair of cuts, decodes as the whole", () => {
  const whole = decode(reference)
  for (let first = 0; first <= reference.length; first++) {
    for (let second = first; second <= reference.length; second++) {
      expect(decodeCut(reference, [first, second])).toEqual(whole)
    }
  }
})

test("the reference stream decodes byte by byte as the whole", () => {
  expect(decodeCut(reference, [...reference.keys()])).toEqual(decode(reference))
})

const lineEnds = fc.constantFrom("\n", "\r", "\r\n", "\n\n", "\r\n\r\n", "\r\r", "\n\r")
const lines = fc.oneof(
  fc.constantFrom(
    "data",
    "data: [DONE]",
    'data: {"a":1}',
    "data:",
    ": ping",
    "event: a",
    "id: 7",
    "id",
    "retry: 5",
  ),
  fc.string({ unit: fc.constantFrom(..."dataeventidretry: :é☕😀\0\ufeff\ufffd{}[]1") }),
  fc
    .tuple(fc.constantFrom("data", "event", "id", "retry", "foo"), fc.string({ unit: "binary" }))
    .map(([name, value]) => `${name}:${value}`.replaceAll(/[\r\n]/g, "")),
)
const streamTexts = fc
  .tuple(
    fc.constantFrom("", "\ufeff"),
    fc.array(fc.tuple(lines, lineEnds)),
    fc.constantFrom("", "data: x", "fo", "\r"),
  )
  .map(([bom, lines, last]) => bom + lines.flat().join("") + last)

/** Streams whose text is not always UTF-8. */
const streamBytes = fc.oneof(
  streamTexts.map(bytesOf),
  fc
    .tuple(
      streamTexts.map(bytesOf),
      fc.array(
        fc.tuple(fc.nat(), fc.constantFrom(0x80, 0xbf, 0xc3, 0xe2, 0xf0, 0xff, 0xef, 0x0a, 0x0d, 0x20)),
        {
          maxLength: 4,
        },
      ),
    )
    .map(([bytes, changes]) => {
      const changed = bytes.slice()
      for (const [at, byte] of changes) if (changed.length > 0) changed[at % changed.length] = byte
      return changed
    }),
)

test("any stream decodes as the WHATWG grammar says", () => {
  fc.assert(
    fc.property(streamBytes, (bytes) => {
      expect(dispatched(decode(bytes))).toEqual(whatwg(bytes))
    }),
  )
})

test("any text decodes as eventsource-parser does", () => {
  fc.assert(
    fc.property(streamTexts, (text) => {
      const { events } = decode(bytesOf(text))
      const withOwnIds = events.map(({ type, data, fields }) => ({
        type,
        data,
        id: fields.findLast(({ name, value }) => name === "id" && !value.includes("\0"))?.value,
      }))
      const withoutBom = text.replace(/^\ufeff/, "")
      expect(withOwnIds).toEqual(eventsourceParser(new TextDecoder().decode(bytesOf(withoutBom))))
    }),
  )
})

test("no stream, limit and way to cut it changes what is reported", () => {
  fc.assert(
    fc.property(
      streamBytes,
      fc.array(fc.nat({ max: 400 })),
      fc.option(fc.nat({ max: 60 }), { nil: undefined }),
      (bytes, cuts, limit) => {
        const options = limit === undefined ? {} : { maxEventBytes: limit }
        const whole = decode(bytes, options)
        const sorted = cuts.filter((cut) => cut <= bytes.length).sort((a, b) => a - b)
        expect(decodeCut(bytes, sorted, options)).toEqual(whole)
        expect(decodeCut(bytes, [...bytes.keys()], options)).toEqual(whole)
      },
    ),
  )
})

test("line ends, comments and a byte order mark change neither events nor ids", () => {
  const line = lines.filter((text) => text !== "" && !text.startsWith("\ufeff"))
  const blank = fc.boolean()
  const comment = fc.boolean()
  const spelled = fc.record({ line, blank, comment, end: fc.constantFrom("\n", "\r", "\r\n") })
  fc.assert(
    fc.property(fc.array(spelled), fc.boolean(), (spelling, bom) => {
      const plain = spelling.map(({ line, blank }) => (blank ? `${line}\n\n` : `${line}\n`)).join("")
      const odd = spelling
        .map(({ line, blank, comment, end }) =>
          [...(comment ? [": ping"] : []), line, ...(blank ? [""] : [])].map((text) => text + end).join(""),
        )
        .join("")
      expect(dispatched(decode(bytesOf((bom ? "\ufeff" : "") + odd)))).toEqual(
        dispatched(decode(bytesOf(plain))),
      )
    }),
  )
})

test("an event says where it and each of its fields stand", () => {
  const { events } = decode(bytesOf("\ufeff: é\r\nid:1\revent: a\ndata: ☕\n\n\ndata: x\ndata: y\n\n"))
  expect(events).toEqual([
    {
      type: "a",
      data: "☕",
      lastEventId: "1",
      offset: 3,
      line: 1,
      fields: [
        { name: "id", value: "1", offset: 9, line: 2 },
        { name: "event", value: "a", offset: 14, line: 3 },
        { name: "data", value: "☕", offset: 23, line: 4 },
      ],
    },
    {
      type: "message",
      data: "x\ny",
      lastEventId: "1",
      offset: 35,
      line: 7,
      fields: [
        { name: "data", value: "x", offset: 35, line: 7 },
        { name: "data", value: "y", offset: 43, line: 8 },
      ],
    },
  ])
})

test("every event and field begins where it says", () => {
  fc.assert(
    fc.property(streamTexts, (text) => {
      const bytes = bytesOf(text)
      const { events, pending } = decode(bytes)
      for (const event of pending ? [...events, pending] : events) {
        expect(event.offset).toBeLessThanOrEqual(event.fields[0]?.offset ?? -1)
        for (const { name, offset, line } of event.fields) {
          const before = new TextDecoder().decode(bytes.subarray(0, offset))
          expect(before.split(/\r\n|\r|\n/).length).toBe(line)
          expect(new TextDecoder().decode(bytes.subarray(offset, offset + name.length))).toBe(name)
        }
      }
    }),
  )
})

test.each<[kind: DepartureKind, stream: string, ...Omit<Departure, "kind">[]]>([
  ["bom", "\ufeffdata: x\n\n", { offset: 0, line: 1, text: "" }],
  ["comment", "data: x\n: ping\n\n", { offset: 8, line: 2, text: ": ping" }],
  ["no-space", "data:x\n\n", { offset: 0, line: 1, text: "data:x" }],
  ["unknown-field", "Data: é\n\ndata: x\n\n", { offset: 0, line: 1, text: "Data: é" }],
  ["bare-json", ' {"error":{}}\n\n', { offset: 0, line: 1, text: ' {"error":{}}' }],
  ["event-field", "event: a\ndata: x\n\n", { offset: 0, line: 1, text: "event: a" }],
  ["id-field", "data: x\nid: 1\n\n", { offset: 8, line: 2, text: "id: 1" }],
  ["retry-field", "retry: 10\ndata: x\n\n", { offset: 0, line: 1, text: "retry: 10" }],
  ["multi-line-data", "data: x\ndata: y\n\n", { offset: 8, line: 2, text: "data: y" }],
  ["blank-data", "data:\n\n", { offset: 0, line: 1, text: "data: " }],
  ["extra-blank-line", "data: x\n\n\n", { offset: 9, line: 3, text: "" }],
  ["unclosed-event", "data: x\n\ndata: [DONE]\n", { offset: 9, line: 3, text: "data: [DONE]" }],
  ["unclosed-event", "data: x\n\ndata: [DO", { offset: 9, line: 3, text: "data: [DO" }],
  ["unclosed-event", "data: x\n\nda", { offset: 9, line: 3, text: "da" }],
  ["bare-json", 'data: x\n\n{"error":{}}', { offset: 9, line: 3, text: '{"error":{}}' }],
])("departure %s in %j", (kind, stream, ...places) => {
  const { departures, counts } = decode(bytesOf(stream))
  expect(departures).toEqual(places.map((place) => ({ kind, ...place })))
  expect(counts).toEqual({ [kind]: places.length })
})

test("of an event with a name and blank data, the data line is at fault", () => {
  expect(decode(bytesOf("event: a\ndata:\n\n")).departures).toEqual([
    { kind: "event-field", offset: 0, line: 1, text: "event: a" },
    { kind: "blank-data", offset: 9, line: 2, text: "data: " },
  ])
})

test.each<[what: string, stream: string, kinds: Partial<Record<DepartureKind, number>>]>([
  ["CR LF line ends", "data: x\r\n\r\n", { crlf: 2 }],
  ["CR line ends", "data: x\r\r", { cr: 2 }],
  ["line ends that change", "data: x\n\r\n", { crlf: 1, "mixed-line-ends": 1 }],
  ["a field without a colon", "data\n\n", { "no-colon": 1, "blank-data": 1 }],
  [
    "an event line without data",
    "event: error\n: gone\n\n",
    { "event-field": 1, comment: 1, "event-without-data": 1 },
  ],
  ["an id alone", "id: 1\n\n", { "id-field": 1, "fields-without-data": 1 }],
  ["an id with NUL", "id: \0\ndata: x\n\n", { "id-field": 1, "id-with-nul": 1 }],
  ["a retry that is no number", "retry: 1s\ndata: x\n\n", { "retry-field": 1, "bad-retry": 1 }],
  ["a retry of nothing", "retry:\ndata: x\n\n", { "retry-field": 1, "bad-retry": 1 }],
  ["comments between events", ": ping\n\n: ping\n\n", { comment: 2 }],
  ["two leading spaces, tabs, NUL in data", "data:  \tx\0\n\n", {}],
  ["nothing at all", "", {}],
])("departures of %s", (_, stream, kinds) => {
  expect(decode(bytesOf(stream)).counts).toEqual(kinds)
})

test("of many departures of a kind the first hundred are listed and all are counted", () => {
  const { departures, counts } = decode(bytesOf(`${"\n".repeat(1000)}: ping\n`))
  expect(counts).toEqual({ "extra-blank-line": 1000, comment: 1 })
  expect(departures.length).toBe(101)
  expect(departures.at(-1)).toEqual({ kind: "comment", offset: 1000, line: 1001, text: ": ping" })
})

test("a departure quotes no more than the start of a long line", () => {
  expect(decode(bytesOf(`: ${"x".repeat(500)}\n`)).departures).toEqual([
    { kind: "comment", offset: 0, line: 1, text: `: ${"x".repeat(118)}…` },
  ])
})

test("the first invalid byte of the first malformed line is named", () => {
  fc.assert(
    fc.property(streamBytes, (bytes) => {
      const { departures } = decode(bytes)
      const first = departures.find(({ kind }) => kind === "invalid-utf8")
      const accepts = (part: Uint8Array, stream = false) => {
        try {
          new TextDecoder("utf-8", { fatal: true }).decode(part, { stream })
          return true
        } catch {
          return false
        }
      }
      expect(accepts(bytes.subarray(0, first?.offset), !first)).toBe(true)
      if (first) expect(accepts(bytes.subarray(0, first.offset + 4))).toBe(false)
    }),
  )
})

test("a stream that stops inside a character is unclosed, not malformed", () => {
  const bytes = bytesOf("data: ☕")
  expect(decode(bytes.subarray(0, -1))).toEqual({
    events: [],
    departures: [{ kind: "unclosed-event", offset: 0, line: 1, text: "data: " }],
    counts: { "unclosed-event": 1 },
    pending: {
      type: "message",
      data: "",
      lastEventId: "",
      offset: 0,
      line: 1,
      fields: [{ name: "data", value: "", offset: 0, line: 1 }],
    },
  })
})

test("the last event is pending until its blank line", () => {
  const stream = "event: a\ndata: x\ndata: [DONE]"
  for (const end of ["", "\n", "\r", "\r\n"]) {
    const { events, pending } = decode(bytesOf(stream + end))
    expect({ events, type: pending?.type, data: pending?.data }).toEqual({
      events: [],
      type: "a",
      data: "x\n[DONE]",
    })
  }
  expect(decode(bytesOf(`${stream}\n\n`)).pending).toBeUndefined()
})

test("an event over the limit ends the decoding, closed or not", () => {
  const small = "data: x\n\n"
  for (const large of [
    "data: 45678901",
    "data: 45678901\n\ndata: x\n\n",
    "id: 1\ndata: 5678\n\n",
    "\r\n: 345678901234\n",
  ]) {
    const { events, counts, pending } = decode(bytesOf(small + large), { maxEventBytes: 13 })
    expect({ data: events.map(({ data }) => data), limit: counts.limit, pending }).toEqual({
      data: ["x"],
      limit: 1,
      pending: undefined,
    })
  }
  const { events, counts } = decode(bytesOf("data: 4567890\n\nid: 1\ndata: 5\n\n"), { maxEventBytes: 13 })
  expect({ events: events.length, counts }).toEqual({ events: 2, counts: { "id-field": 1 } })
})

test("a stream in single bytes costs a bounded number of copies of each byte", () => {
  const bytes = bytesOf(`: ${"é".repeat(2000)}\ndata: ${"x".repeat(50_000)}\n\n${"data: y\n\n".repeat(500)}`)
  const typedArrays: Uint8Array = Object.getPrototypeOf(Uint8Array.prototype)
  const set = vi.spyOn(typedArrays, "set")
  const decoder = createDecoder()
  const events = []
  for (let at = 0; at < bytes.length; at++) events.push(...decoder.push(bytes.subarray(at, at + 1)))
  decoder.end()
  const copied = set.mock.calls.reduce((sum, [source]) => sum + source.length, 0)
  set.mockRestore()
  expect(events.length).toBe(501)
  expect(copied).toBeGreaterThanOrEqual(bytes.length - 1003)
  expect(copied).toBeLessThanOrEqual(3 * bytes.length)
})
