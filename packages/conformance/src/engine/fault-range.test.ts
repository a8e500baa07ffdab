import fc from "fast-check"
import { expect, test } from "vitest"
import { faultRange, parameterRange } from "./fault-range.ts"

const utf8 = new TextEncoder()
const textIn = (body: Uint8Array, range: { from: number; to: number } | undefined) =>
  range && new TextDecoder().decode(body.subarray(range.from, range.to))

const escaped = (name: string) => name.replaceAll("~", "~0").replaceAll("/", "~1")

test("the range of a pointer is the value there, in a body and in the data of an event", () => {
  const members = fc.dictionary(fc.string({ unit: "grapheme", minLength: 1 }), fc.jsonValue(), {
    minKeys: 1,
    noNullPrototype: true,
  })
  fc.assert(
    fc.property(members, fc.nat(), fc.constantFrom(undefined, 2), (object, place, indent) => {
      const names = Object.keys(object)
      const name = names[place % names.length] ?? ""
      const json = JSON.stringify({ list: [object] }, null, indent)
      const pointer = `/list/0/${escaped(name)}`
      const value = JSON.parse(JSON.stringify(object[name]))
      const body = utf8.encode(json)
      expect(JSON.parse(textIn(body, faultRange(body, { part: "body", pointer })) ?? "")).toEqual(value)
      const stream = utf8.encode(`: ping\n\ndata: ${JSON.stringify({ list: [object] })}\n\n`)
      const range = faultRange(stream, { part: "event", event: 0, offset: 8, pointer })
      expect(JSON.parse(textIn(stream, range) ?? "")).toEqual(value)
    }),
  )
})

test.each([
  ["the value around a missing member", { part: "body", pointer: "/a/b" }, '{"c":1}'],
  ["all of a body without a place", { part: "body" }, '{"a":{"c":1},"é":"\\"x"}'],
  ["the character at an offset", { part: "body", offset: 14 }, "é"],
  ["the string at an offset", { part: "body", offset: 18 }, '"\\"x"'],
] as const)("%s", (_, at, expected) => {
  const body = utf8.encode('{"a":{"c":1},"é":"\\"x"}')
  expect(textIn(body, faultRange(body, at))).toBe(expected)
})

test.each(["\n", "\r\n", "\r"])("an event reaches to the blank line, with line ends %j", (eol) => {
  const first = `data: 1${eol}${eol}`
  const body = utf8.encode(`${first}data: 2${eol}${eol}`)
  expect(textIn(body, faultRange(body, { part: "event", event: 0, offset: 0 }))).toBe(first)
  expect(textIn(body, faultRange(body, { part: "event", event: 1, offset: first.length }))).toBe(
    `data: 2${eol}${eol}`,
  )
})

test("a status, a header and the end have no bytes in the body", () => {
  const parts = [{ part: "status" }, { part: "header", name: "a" }, { part: "end" }] as const
  expect(parts.map((at) => faultRange(utf8.encode("{}"), at))).toEqual([undefined, undefined, undefined])
})

test("a byte that is not UTF-8 is marked alone", () => {
  expect(faultRange(Uint8Array.of(0x20, 0xe9, 0x20), { part: "body", offset: 1 })).toEqual({ from: 1, to: 2 })
})

test.each([
  ["messages[0].role", '"robot"'],
  ["messages[1]", '[{"role":"robot"}]'],
  ["model", '{"messages":[{"role":"robot"}]}'],
])("the parameter %s of a request", (parameter, expected) => {
  const body = utf8.encode('{"messages":[{"role":"robot"}]}')
  expect(textIn(body, parameterRange(body, parameter))).toBe(expected)
})

test("a request that is not JSON has no parameters", () => {
  expect(parameterRange(utf8.encode("--boundary"), "file")).toBeUndefined()
})
