import { gzipSync } from "node:zlib"
import * as fc from "fast-check"
import { expect, test } from "vitest"
import { exchanges } from "../test/exchanges.ts"
import { bodyOf, type Exchange } from "./exchange.ts"
import { fromHar, type Har, HarError, toHar } from "./har.ts"
import type { Header } from "./reply.ts"

const startedAt = new Date(Date.UTC(2026, 10, 27))
const harOf = (list: readonly Exchange[]) =>
  toHar(
    list.map((exchange) => ({ exchange, startedAt })),
    { name: "test", version: "1" },
  )
/** As a file passes it on. */
const throughFile = (har: Har): unknown => JSON.parse(JSON.stringify(har))

/** Times of an archive are whole milliseconds since its first entry. */
const untimed = ({ request, ...rest }: Exchange) => ({ ...rest, request: { ...request, sentAtMs: 0 } })
const list = fc.array(exchanges(), { maxLength: 4 })

test("exchanges are read back from an archive, whatever they are", () => {
  fc.assert(
    fc.property(list, (given) => {
      const { exchanges: back } = fromHar(throughFile(harOf(given)))
      expect(back.map(untimed)).toEqual(given.map(untimed))
    }),
  )
})

test("without what only this format knows, method, URL, headers, bodies and status are kept", () => {
  const facts = ({ request, response, ...rest }: Exchange) => ({
    request: [request.method, request.target, request.headers, request.body],
    response: response && [response.status, response.headers, bodyOf({ ...rest, response })],
  })
  fc.assert(
    fc.property(list, (given) => {
      const har = harOf(given)
      const foreign = { log: { entries: har.log.entries.map(({ _nexhina: _, ...entry }) => entry) } }
      expect(fromHar(JSON.parse(JSON.stringify(foreign))).exchanges.map(facts)).toEqual(given.map(facts))
    }),
  )
})

const compressed = (body: Uint8Array, headers: readonly Header[]): Exchange => ({
  v: 1,
  id: "1",
  request: {
    method: "GET",
    target: "http://h/v1/x?a=1&a=2",
    headers: [],
    body: new Uint8Array(),
    sentAtMs: 5,
  },
  response: { status: 200, headers, trailers: [], chunks: [{ atMs: 3, bytes: body }] },
  end: { kind: "complete", atMs: 7 },
  fidelity: { bytes: true, timing: true },
})

test("an archive has the decompressed text, and the received bytes are read back", () => {
  const gzip = new Uint8Array(gzipSync("text"))
  const exchange = compressed(gzip, [
    ["content-encoding", "gzip"],
    ["Content-Type", "text/plain"],
  ])
  const har = harOf([exchange])
  expect(har.log.entries[0]).toMatchObject({
    startedDateTime: "2026-11-27T00:00:00.005Z",
    time: 7,
    timings: { send: 0, wait: 3, receive: 4 },
    request: {
      queryString: [
        { name: "a", value: "1" },
        { name: "a", value: "2" },
      ],
    },
    response: { content: { mimeType: "text/plain", size: 4, text: "text" }, bodySize: gzip.length },
  })
  expect(fromHar(throughFile(har)).exchanges.map(untimed)).toEqual([untimed(exchange)])
})

test("an archive of a browser", () => {
  const entry = (startedDateTime: string, response: object, request: object = {}) => ({
    startedDateTime,
    time: 12.5,
    request: { method: "POST", url: "https://h/v1/x", headers: [{ name: ":path", value: "/" }], ...request },
    response: { headers: [{ name: "a", value: "b" }], ...response },
    _priority: "High",
  })
  const { startedAt: first, exchanges: read } = fromHar({
    log: {
      pages: [],
      entries: [
        entry("2026-11-27T10:00:01Z", {
          status: 200,
          content: { size: 2, text: "/w==", encoding: "base64" },
        }),
        entry("2026-11-27T10:00:00Z", { status: 200, content: { size: 9 } }),
        entry(
          "2026-11-27T10:00:02+00:00",
          { status: 0, content: {} },
          { postData: { params: [{ name: "q", value: "a b" }] } },
        ),
      ],
    },
  })
  expect(first.toISOString()).toBe("2026-11-27T10:00:00.000Z")
  expect(
    read.map(({ request, end }) => [
      request.sentAtMs,
      request.headers,
      Buffer.from(request.body).toString(),
      end,
    ]),
  ).toEqual([
    [1000, [], "", { kind: "complete", atMs: 12.5 }],
    [0, [], "", { kind: "limit", code: "har", stage: "body", atMs: 12.5 }],
    [2000, [], "q=a+b", { kind: "network", stage: "head", atMs: 12.5 }],
  ])
  expect(read[0]?.response?.chunks).toEqual([{ atMs: 12.5, bytes: Uint8Array.of(0xff) }])
})

test.each([
  ["bytes as text with replacements", { mimeType: "audio/mpeg", text: "ID3\ufffd\ufffd" }, "limit"],
  ["the same without a type", { text: "ID3\ufffd\ufffd" }, "limit"],
  ["a text that has the character", { mimeType: "application/json", text: '"\ufffd"' }, "complete"],
  ["an event stream that has it", { mimeType: "text/event-stream", text: "data: \ufffd" }, "complete"],
  ["bytes in base64", { mimeType: "audio/mpeg", text: "/w==", encoding: "base64" }, "complete"],
])("the end of an entry whose body is %s", (_, content, end) => {
  const request = { method: "GET", url: "https://h/v1/x", headers: [] }
  const response = { status: 200, headers: [], content }
  const entries = [{ startedDateTime: "2026-11-27T10:00:00Z", request, response }]
  expect(fromHar({ log: { entries } }).exchanges.map((each) => each.end.kind)).toEqual([end])
})

/** Returns the exchange of an entry of another tool. */
const foreign = (response: object, request: object = {}, rest: object = {}) =>
  fromHar({
    log: {
      entries: [
        {
          startedDateTime: "2026-11-27T10:00:00Z",
          request: { method: "POST", url: "https://h/v1/x", headers: [], ...request },
          response: { status: 200, headers: [], content: {}, ...response },
          ...rest,
        },
      ],
    },
  }).exchanges[0] as Exchange

test.each([
  ["Chromium, given up", { _error: "net::ERR_ABORTED" }, "aborted"],
  ["Playwright, given up", { _failureText: "net::ERR_ABORTED" }, "aborted"],
  ["Chromium, without a network", { _error: "net::ERR_NETWORK_CHANGED" }, "limit"],
  ["Chromium, without an error", { _error: null }, "complete"],
  ["a tool that cut the body", { content: { size: 1_000, text: "data: {" } }, "limit"],
  ["a tool that counts compressed bytes", { content: { size: 30, text: "{}" } }, "complete"],
])("the end of an entry of %s", (_, response, kind) => {
  expect(foreign({ content: { text: "data: {}" }, ...response }).end.kind).toBe(kind)
})

test("a member without a value may be null", () => {
  const content = { size: null, mimeType: null, text: "{}", encoding: null }
  const postData = { mimeType: null, text: null, encoding: null, params: [{ name: "a", value: null }] }
  const { request, response, end } = foreign({ content }, { postData }, { time: null })
  expect(Buffer.from(request.body).toString()).toBe("a=")
  expect(response?.chunks).toEqual([{ atMs: 0, bytes: Uint8Array.of(0x7b, 0x7d) }])
  expect(end).toEqual({ kind: "complete", atMs: 0 })
  const header = { name: "authorization", value: null }
  expect(foreign({}, { headers: [header] }).request.headers).toEqual([["authorization", ""]])
  expect(foreign({}, { postData: null }).request.body).toEqual(new Uint8Array())
})

test("headers that describe the compressed form of a decompressed body are left out", () => {
  fc.assert(
    fc.property(fc.constantFrom("gzip", "br", "zstd", "deflate"), fc.json(), (coding, text) => {
      const headers = [
        { name: "Content-Encoding", value: coding },
        { name: "content-length", value: "7" },
        { name: "a", value: "b" },
      ]
      expect(foreign({ headers, content: { text } }).response?.headers).toEqual([["a", "b"]])
    }),
    // Valid as Brotli too.
    { examples: [["br", "5e-222"]] },
  )
  const headers = [{ name: "content-encoding", value: "gzip" }]
  const content = { text: gzipSync("{}").toString("base64"), encoding: "base64" }
  expect(foreign({ headers, content }).response?.headers).toEqual([["content-encoding", "gzip"]])
})

test.each([
  ["application/json", "eyJhIjoxfQ==", '{"a":1}'],
  ["application/json", "1234", "1234"],
  ["application/json", "no JSON", "no JSON"],
  ["application/json", "abcd", "abcd"],
  ["text/plain", "eyJhIjoxfQ==", "eyJhIjoxfQ=="],
])("a posted body of %s, written as %s", (mimeType, text, body) => {
  const request = { method: "POST", url: "https://h/v1/x", headers: [], postData: { mimeType, text } }
  const response = { status: 200, headers: [], content: {} }
  const entries = [{ startedDateTime: "2026-11-27T10:00:00Z", request, response }]
  const [exchange] = fromHar({ log: { entries } }).exchanges
  expect(Buffer.from(exchange?.request.body ?? []).toString()).toBe(body)
})

test.each([
  [[], "/ is not valid"],
  [{ log: { entries: [{}] } }, "/log/entries/0/startedDateTime"],
])("%j is not an archive", (value, named) => {
  expect(() => fromHar(value)).toThrow(HarError)
  expect(() => fromHar(value)).toThrow(named)
})

test("an entry that was edited says what to do", () => {
  const har = harOf([compressed(new TextEncoder().encode("abc"), [])])
  const edited = JSON.parse(JSON.stringify(har).replace('"abc"', '"abcd"'))
  expect(() => fromHar(edited)).toThrow("Remove _nexhina from an edited entry.")
})
