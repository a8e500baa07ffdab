import fc from "fast-check"
import { expect, test } from "vitest"
import { decode } from "./decode.ts"
import { encode, encodeEvent } from "./encode.ts"
import type { StreamEvent } from "./event.ts"

const bytesOf = (text: string) => new TextEncoder().encode(text)

/** Text of one line, as a stream can carry it: well-formed, no NUL. */
const oneLine = fc.string({ unit: "grapheme" }).filter((text) => !/[\r\n\0]/.test(text))
const encodable: fc.Arbitrary<StreamEvent> = fc.record(
  {
    data: fc.oneof(
      fc.dictionary(fc.string(), fc.jsonValue()),
      fc.string({ unit: fc.oneof(oneLine, fc.constant("\n")) }),
    ),
    event: oneLine,
    id: oneLine,
    retry: fc.nat(),
    comment: fc.string({ unit: fc.constantFrom(..."a: \n\r") }),
  },
  { requiredKeys: ["data"] },
)

test("decoding what was encoded gives it back", () => {
  fc.assert(
    fc.property(fc.array(encodable), (events) => {
      const decoded = decode(bytesOf(encode(events)))
      let lastEventId = ""
      const expected = events.map(({ data, event, id, retry }) => {
        lastEventId = id ?? lastEventId
        return {
          type: event || "message",
          data: typeof data === "string" ? data : JSON.stringify(data),
          lastEventId,
          retry,
        }
      })
      expect(
        decoded.events.map(({ type, data, lastEventId, fields }) => {
          const retry = fields.find(({ name }) => name === "retry")?.value
          return { type, data, lastEventId, retry: retry === undefined ? undefined : Number(retry) }
        }),
      ).toEqual(expected)
      expect(decoded.pending).toBeUndefined()
    }),
  )
})

test("events of nothing but JSON depart in nothing from good form", () => {
  const objects = fc.array(fc.dictionary(fc.string(), fc.jsonValue()))
  fc.assert(
    fc.property(objects, (values) => {
      const { events, departures } = decode(
        bytesOf(encode([...values.map((data) => ({ data })), { data: "[DONE]" }])),
      )
      expect(departures).toEqual([])
      expect(events.map(({ data }) => data)).toEqual([
        ...values.map((data) => JSON.stringify(data)),
        "[DONE]",
      ])
    }),
  )
})

test.each<[what: string, event: StreamEvent, text: string]>([
  ["an object", { data: { a: "é\n" } }, 'data: {"a":"é\\n"}\n\n'],
  [
    "all members",
    { data: "x", event: "a", id: "1", retry: 10, comment: "c" },
    ": c\nevent: a\nid: 1\nretry: 10\ndata: x\n\n",
  ],
  ["a keep-alive", { comment: "ping" }, ": ping\n\n"],
  ["data of many lines", { data: "a\n\nb\r\nc\rd" }, "data: a\ndata: \ndata: b\ndata: c\ndata: d\n\n"],
  ["a comment of many lines", { comment: "a\nb" }, ": a\n: b\n\n"],
  ["empty data", { data: "" }, "data: \n\n"],
])("encodes %s", (_, event, text) => {
  expect(encodeEvent(event)).toBe(text)
})

test("an event or id of many lines is refused", () => {
  expect(() => encodeEvent({ event: "a\ndata: b" })).toThrow(
    new TypeError('The `event` of an event must not contain a line break, got "a\\ndata: b"'),
  )
  expect(() => encodeEvent({ id: "a\r" })).toThrow(
    new TypeError('The `id` of an event must not contain a line break, got "a\\r"'),
  )
})
