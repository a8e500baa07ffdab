import fc from "fast-check"
import { expect, test } from "vitest"
import { z } from "zod"
import { Refusal } from "../refusal.ts"
import { readForm, readQuery } from "./form.ts"

const schema = z.object({
  file: z.file(),
  model: z.string(),
  temperature: z.number().optional(),
  stream: z.boolean().nullish(),
  "timestamp_granularities[]": z.array(z.enum(["word", "segment"])).optional(),
})
const type = "multipart/form-data; boundary=edge"
const utf8 = new TextEncoder()
const form = (...parts: string[]) =>
  utf8.encode(`${parts.map((part) => `--edge\r\n${part}\r\n`).join("")}--edge--\r\n`)
const part = (disposition: string, text: string) =>
  `Content-Disposition: form-data; ${disposition}\r\n\r\n${text}`

const refusal = (read: () => unknown) => {
  try {
    return read()
  } catch (error) {
    return error instanceof Refusal ? { status: error.status, code: error.code } : error
  }
}

test.each([
  ["quoted", 'name="file"; filename="a.wav"', "a.wav"],
  ["unquoted", "name=file; filename=a.wav", "a.wav"],
  ["RFC 5987", `name="file"; filename*=UTF-8''%e2%82%ac.wav`, "€.wav"],
  ["UTF-8", 'name="file"; filename="日本.wav"', "日本.wav"],
  ["escaped", 'name="file"; filename="a\\"b.wav"', 'a"b.wav'],
])("a file with a %s name is read", async (_form, disposition, name) => {
  const { file } = readForm(form(part(disposition, "DATA")), type, schema) as { file: File }
  expect([file.name, await file.text()]).toEqual([name, "DATA"])
})

test("texts become what the schema takes, in any order, the list members collected", () => {
  const parts = [
    part('name="model"', "whisper-1"),
    part('name="temperature"', "0.5"),
    part('name="stream"', "false"),
    part('name="timestamp_granularities[]"', "word"),
    part('name="timestamp_granularities[]"', "segment"),
  ]
  const read = {
    model: "whisper-1",
    temperature: 0.5,
    stream: false,
    "timestamp_granularities[]": ["word", "segment"],
  }
  fc.assert(
    fc.property(fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4 }), (order) => {
      // Only the values of one member have an order among themselves.
      const shuffled = order.flatMap((at) => (at === 3 ? parts.slice(3) : (parts[at] ?? [])))
      expect(readForm(form(...shuffled), type, schema)).toEqual(read)
    }),
  )
})

test("what stands before the first boundary and behind the last is no part (RFC 2046, section 5.1.1)", () => {
  const body = new Uint8Array([
    ...utf8.encode("This is a form.\r\n"),
    ...form(part('name="model"', "whisper-1")),
    ...utf8.encode("That was it."),
  ])
  expect(readForm(body, type, schema)).toEqual({ model: "whisper-1" })
})

test("what is no number is left for the schema to refuse", () => {
  expect(readForm(form(part('name="temperature"', "hot")), type, schema)).toEqual({ temperature: "hot" })
})

test("a body that is cut anywhere is refused, and never half read", () => {
  const body = form(part('name="file"; filename="a.wav"', "DATA"), part('name="model"', "whisper-1"))
  const end = body.length - "--\r\n".length
  fc.assert(
    fc.property(fc.integer({ min: 0, max: end }), (at) => {
      expect(refusal(() => readForm(body.slice(0, at), type, schema))).toEqual({
        status: 400,
        code: "invalid_multipart",
      })
    }),
  )
})

test.each([
  ["JSON", "application/json", 415],
  ["none", undefined, 415],
  ["no boundary", "multipart/form-data", 400],
])("the content type %s is refused", (_name, contentType, status) => {
  expect(refusal(() => readForm(form(part('name="model"', "m")), contentType, schema))).toMatchObject({
    status,
  })
})

test("a query is read as a form is", () => {
  const query = z.object({ limit: z.int().optional(), order: z.string().optional() })
  expect(readQuery("limit=5&order=asc", query)).toEqual({ limit: 5, order: "asc" })
})
