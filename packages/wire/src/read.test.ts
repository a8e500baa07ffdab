import * as fc from "fast-check"
import { expect, test } from "vitest"
import { exchanges } from "../test/exchanges.ts"
import type { Exchange } from "./exchange.ts"
import { readTranscript, TranscriptError, type TranscriptSummary } from "./read.ts"
import { createWriter } from "./write.ts"

const plain = (value: string) => new TextEncoder().encode(value)

const exchange: Exchange = {
  v: 1,
  id: "7",
  request: {
    method: "POST",
    target: "http://127.0.0.1/v1/x",
    headers: [["a", "b"]],
    body: plain("{}"),
    sentAtMs: 3,
  },
  response: {
    status: 200,
    headers: [
      ["Set", "1"],
      ["set", "2"],
    ],
    trailers: [["t", "v"]],
    chunks: [
      { atMs: 1.5, bytes: plain("a\n") },
      { atMs: 2, bytes: Uint8Array.of(0xff) },
    ],
  },
  end: { kind: "complete", atMs: 2.25 },
  fidelity: { bytes: true, timing: true },
}

function written(...list: Exchange[]): string[] {
  const lines: string[] = []
  const writer = createWriter({ write: (line) => lines.push(line), secrets: [] })
  for (const one of list) writer.exchange(one)
  return lines
}

async function read(lines: Iterable<string>): Promise<{ exchanges: Exchange[]; summary: TranscriptSummary }> {
  const transcript = readTranscript(lines)
  const list: Exchange[] = []
  for await (const one of transcript) list.push(one)
  return { exchanges: list, summary: transcript.summary() }
}

/** The message of the error with which reading ends. */
const complaint = (lines: Iterable<string>) =>
  read(lines).then(
    () => "none",
    (error: unknown) => (error instanceof TranscriptError ? error.message : "another error"),
  )

test("what is written is read back, whatever it is", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(exchanges(), { maxLength: 4 }), async (list) => {
      const lines = written(...list)
      expect(lines.filter((line) => /[\r\n\u2028\u2029]/.test(line))).toEqual([])
      expect(await read(lines)).toStrictEqual({
        exchanges: list,
        summary: { exchanges: list.length, unfinished: [], torn: false },
      })
    }),
  )
})

test("a file cut anywhere gives the exchanges that had ended", async () => {
  const pair = fc.tuple(exchanges(fc.constant("first")), exchanges(fc.constant("second")))
  await fc.assert(
    fc.asyncProperty(pair, fc.nat(), async ([first, second], seed) => {
      const lines = written(first, second)
      const file = lines.map((line) => `${line}\n`).join("")
      const cut = seed % file.length
      const left = file.slice(0, cut).split("\n")
      const ended = [first, second].filter(({ id }) =>
        left.some((line) => line.startsWith(`{"fact":"end","id":"${id}"`) && lines.includes(line)),
      )
      const last = left.at(-1) ?? ""
      const result = await read(left)
      expect(result.exchanges).toStrictEqual(ended)
      expect(result.summary.torn).toBe(last !== "" && !lines.includes(last))
    }),
  )
})

test("lines of exchanges that alternate", async () => {
  const other = { ...exchange, id: "8" }
  const [a, b] = [written(exchange), written(other)]
  const lines = a.flatMap((line, index) => [line, b[index] ?? ""])
  expect((await read(lines)).exchanges).toStrictEqual([exchange, other])
})

test("lines of other programs are skipped, wherever they stand, and passed on in order", async () => {
  const plan = { fact: "plan", id: "7", steps: ["a\u2028b"] }
  const written: string[] = []
  const writer = createWriter({ write: (line) => written.push(line), secrets: [] })
  writer.exchange(exchange, [plan])
  const withNotes = written.flatMap((line, index) => [line, `{"fact":"note","index":${index}}`])
  expect((await read(withNotes)).exchanges).toStrictEqual([exchange])

  const others: unknown[] = []
  for await (const _ of readTranscript(written, { onForeignLine: (line) => others.push(line) })) {
    expect(others).toStrictEqual([plan])
  }
  expect(others).toStrictEqual([plan])
})

test("exchanges without an end are named and left out", async () => {
  const lines = written(exchange)
  const result = await read([
    ...lines.slice(0, 2),
    ...lines.slice(0, 3),
    ...written({ ...exchange, id: "8" }),
  ])
  expect(result).toStrictEqual({
    exchanges: [{ ...exchange, id: "8" }],
    summary: { exchanges: 1, unfinished: ["7", "7"], torn: false },
  })
})

test("no more is held than what is open: an exchange is given before the next line is asked for", async () => {
  const lines = written(exchange)
  const asked: number[] = []
  function* source() {
    for (let round = 0; round < 3; round++) {
      for (const line of lines) yield line
      asked.push(round)
    }
  }
  const seen: number[] = []
  for await (const _ of readTranscript(source())) seen.push(asked.length)
  expect(seen).toEqual([0, 1, 2])
})

test("the form of the file", () => {
  expect(written(exchange).join("\n")).toMatchInlineSnapshot(`
    "{"v":1,"fact":"request","id":"7","method":"POST","target":"http://127.0.0.1/v1/x","headers":[["a","b"]],"body":"{}","sentAtMs":3,"fidelity":{"bytes":true,"timing":true}}
    {"fact":"head","id":"7","status":200,"headers":[["Set","1"],["set","2"]]}
    {"fact":"chunk","id":"7","atMs":1.5,"body":"a\\n"}
    {"fact":"chunk","id":"7","atMs":2,"body":"/w==","encoding":"base64"}
    {"fact":"end","id":"7","kind":"complete","atMs":2.25,"chunks":2,"trailers":[["t","v"]]}"
  `)
})

const lines = written(exchange)
const [request = "", head = "", chunk = "", , end = ""] = lines

const notJson = "not JSON. A transcript has one JSON object on each line; only the last may be cut off."
const noFact = 'not a line of a transcript: it is not a JSON object with a "fact", such as "request".'

test.each([
  ["a cut line that is not the last", [request, head.slice(0, 20), chunk], 2, notJson],
  ["a chunk without its request", [chunk], 1, 'chunk of exchange "7", which has no request line.'],
  ["a chunk before its head", [request, chunk], 2, 'a chunk of exchange "7" before its head.'],
  ["a second head", [request, head, head], 3, 'a second head of exchange "7".'],
  ["a second end", [...lines, end], 6, 'end of exchange "7", which has no request line.'],
  [
    "a later version",
    [request.replace('"v":1,"fact":"request"', '"v":2,"fact":"hello"')],
    1,
    "version 2 of the format; this reader supports version 1. Update @nexhina/wire to read it.",
  ],
  ["no version", [request.replace('"v":1,', "")], 1, "in the request line, v is not 1."],
  ["JSON that is not a transcript", ['{"log":{"version":"1.2"}}'], 1, noFact],
  ["a JSON array", ["[]"], 1, noFact],
  ["null", ["null"], 1, noFact],
  [
    "a member of the wrong type",
    [request, head.replace("200", '"200"')],
    2,
    "in the head line, status is not a number.",
  ],
  [
    "a header that is not a pair",
    [request.replace('["a","b"]', '["a"]')],
    1,
    "in the request line, headers[0] is not an array of two.",
  ],
  [
    "a header of three",
    [request.replace('["a","b"]', '["a","b","c"]')],
    1,
    "in the request line, headers[0] is not an array of two.",
  ],
  ["a missing member", [request.replace('"id":"7",', "")], 1, "in the request line, id is not a string."],
  [
    "a nested member of the wrong type",
    [request.replace('"timing":true', '"timing":1')],
    1,
    "in the request line, fidelity.timing is not true or false.",
  ],
  [
    "a word that is not one of the known",
    [request, end.replace('"complete"', '"done"')],
    2,
    'in the end line, kind is not "complete" or "truncated" or "timeout" or "limit" or "aborted" or "network".',
  ],
  [
    "an encoding that is unknown",
    [request.replace('"{}"', '"{}","encoding":"hex"')],
    1,
    'in the request line, encoding is not "base64".',
  ],
  [
    "invalid base64",
    [request, head, chunk.replace(/"body":".*?"/, '"body":"é=","encoding":"base64"')],
    3,
    "its body is not valid base64.",
  ],
])("%s is an error that names the line", async (_, bad, line, says) => {
  expect(await complaint(bad)).toBe(`transcript line ${line}: ${says}`)
})
