import { gzipSync } from "node:zlib"
import * as fc from "fast-check"
import { expect, test } from "vitest"
import { credentialsIn } from "./credentials.ts"
import type { Exchange } from "./exchange.ts"
import { readTranscript } from "./read.ts"
import type { Header } from "./reply.ts"
import { createWriter } from "./write.ts"

const utf8 = new TextEncoder()

interface Parts {
  readonly target?: string
  readonly headers?: readonly Header[]
  readonly body?: string | Uint8Array
  readonly reply?: string
}

function exchangeOf({ target = "http://h/v1/x", headers = [], body = "", reply = "" }: Parts): Exchange {
  return {
    v: 1,
    id: "1",
    request: {
      method: "POST",
      target,
      headers,
      body: typeof body === "string" ? utf8.encode(body) : body,
      sentAtMs: 0,
    },
    response: { status: 200, headers: [], trailers: [], chunks: [{ atMs: 1, bytes: utf8.encode(reply) }] },
    end: { kind: "complete", atMs: 1 },
    fidelity: { bytes: true, timing: true },
  }
}

const key = "Zq9-secret_value.42"

test.each<[string, Parts]>([
  ["a bearer token", { headers: [["Authorization", `Bearer ${key}`]] }],
  ["a key of Azure", { headers: [["api-key", key]] }],
  ["another gateway's header", { headers: [["helicone-auth", `Bearer ${key}`]] }],
  ["a cookie", { headers: [["Cookie", `a=b; session=${key}`]] }],
  ["a query parameter", { target: `http://h/v1/x?api_key=${key}&n=1` }],
  ["user information", { target: `http://user:${key}@h/v1/x` }],
  ["a JSON member", { body: JSON.stringify({ model: "x", api_key: key }) }],
  ["a JSON member whose name is escaped", { body: `{"api\\u005fkey":"${key}"}` }],
  ["the key of a hosted tool", { body: JSON.stringify({ tools: [{ type: "mcp", authorization: key }] }) }],
  ["a header of a hosted tool", { body: JSON.stringify({ tools: [{ headers: { "X-Api-Key": key } }] }) }],
  [
    "a form field",
    { body: `--b\r\nContent-Disposition: form-data; name="api_key"\r\n\r\n${key}\r\n--b--\r\n` },
  ],
  [
    "a compressed body",
    { headers: [["content-encoding", "gzip"]], body: gzipSync(JSON.stringify({ password: key })) },
  ],
])("finds %s", (_, parts) => {
  expect(credentialsIn(exchangeOf(parts))).toContain(key)
})

test("finds keys by their form in a request and in a reply", () => {
  const [mine, other] = ["sk-proj-0123456789abcdefgh", "sk-0123456789abcdefghij"]
  const found = credentialsIn(exchangeOf({ body: `{"input":"my key is ${mine}"}`, reply: `"${other}"` }))
  expect(found).toEqual([mine, other])
})

test("leaves what only sounds like a key", () => {
  const body = JSON.stringify({
    prompt_cache_key: "conversation-7",
    max_tokens: 5,
    tools: [{ filters: { type: "eq", key: "region-of-origin", value: "us" } }],
    messages: [{ role: "user", content: "the token and the key" }],
  })
  expect(credentialsIn(exchangeOf({ headers: [["Idempotency-Key", "a-b-c-d-e"]], body }))).toEqual([])
})

test("of a reply only cookies and keys are credentials: its other headers count tokens", () => {
  const exchange = exchangeOf({})
  const headers: Header[] = [
    ["x-ratelimit-limit-tokens", "150000000"],
    ["x-ratelimit-remaining-tokens", "149999984"],
    ["www-authenticate", 'Bearer realm="api.example"'],
    ["Set-Cookie", `__cf=${key}; path=/; domain=.api.example.com; HttpOnly; SameSite=None`],
    ["set-cookie", "theme=dark; HttpOnly"],
  ]
  const response = { status: 200, headers, trailers: [], chunks: [] }
  expect(credentialsIn({ request: exchange.request, response })).toEqual([key])
})

test("what a redactor has replaced is not replaced again", () => {
  expect(credentialsIn(exchangeOf({ headers: [["authorization", "Bearer ********"]] }))).toEqual([])
})

test("a transcript whose secrets they are contains none of them, wherever it stands", async () => {
  const places: ((secret: string) => Parts)[] = [
    (secret) => ({ headers: [["x-api-key", secret]], reply: `you sent ${secret}` }),
    (secret) => ({ target: `http://h/?key=${encodeURIComponent(secret)}`, body: `"${secret}"` }),
    (secret) => ({ body: JSON.stringify({ api_key: secret, input: `twice ${secret}` }) }),
    (secret) => ({
      headers: [["content-encoding", "gzip"]],
      body: gzipSync(JSON.stringify({ api_key: secret })),
      reply: secret,
    }),
  ]
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...places),
      fc.stringMatching(/^[A-Za-z][A-Za-z0-9._-]{10,40}[A-Za-z]$/),
      async (place, secret) => {
        const exchange = exchangeOf(place(secret))
        const lines: string[] = []
        createWriter({ write: (line) => lines.push(line), secrets: credentialsIn(exchange) }).exchange(
          exchange,
        )
        expect(lines.join("\n")).not.toContain(secret)
        for await (const { request } of readTranscript(lines)) {
          if (exchange.request.headers.some(([name]) => name === "content-encoding")) {
            expect(request.body).toEqual(new Uint8Array(exchange.request.body.length).fill(0x2a))
          }
        }
      },
    ),
  )
})
