import { brotliCompressSync, gzipSync } from "node:zlib"
import * as fc from "fast-check"
import { expect, test } from "vitest"
import { exchanges } from "../test/exchanges.ts"
import { bodyOf, type Exchange, type Redaction } from "./exchange.ts"
import { readTranscript } from "./read.ts"
import { createRedactor } from "./redact.ts"
import type { Header } from "./reply.ts"
import { createWriter } from "./write.ts"

const utf8 = (value: string) => new TextEncoder().encode(value)
const latin1 = (value: Uint8Array) => Buffer.from(value).toString("latin1")

const escapeUnits = (value: string) =>
  value.replace(/./gs, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)

/** The ways in which a secret comes back from real servers. */
const writings = {
  raw: (secret: string) => secret,
  percent: (secret: string) => encodeURIComponent(secret),
  "percent, lower case": (secret: string) =>
    encodeURIComponent(secret).replace(/%../g, (byte) => byte.toLowerCase()),
  "every byte percent": (secret: string) =>
    Array.from(utf8(secret), (byte) => `%${byte.toString(16).padStart(2, "0")}`).join(""),
  form: (secret: string) => new URLSearchParams({ k: secret }).toString().slice(2),
  json: (secret: string) => JSON.stringify(secret).slice(1, -1),
  "json in json": (secret: string) => JSON.stringify(JSON.stringify(secret)).slice(3, -3),
  "json, slashes escaped": (secret: string) => JSON.stringify(secret).slice(1, -1).replaceAll("/", "\\/"),
  "json, every unit escaped": escapeUnits,
  base64: (secret: string) => Buffer.from(secret).toString("base64").replace(/=+$/, ""),
  base64url: (secret: string) => Buffer.from(secret).toString("base64url"),
}

/** Keys of every kind but with asterisks, which cannot be told from what they are blotted out with. */
const secrets = fc.oneof(
  fc.stringMatching(/^sk-[A-Za-z0-9_-]{16,48}$/),
  fc
    .array(fc.constantFrom(..."abcXYZ019-_.~!'()\"\\/%+ &=?éß界😀"), { minLength: 8, maxLength: 24 })
    .map((characters) => characters.join("")),
)

const writing = fc.constantFrom(...Object.values(writings))
const around = fc.constantFrom("", " ", "{", "€", "x".repeat(300), '{"error":"no such key: ')

const empty: Exchange = {
  v: 1,
  id: "1",
  request: { method: "POST", target: "http://127.0.0.1/", headers: [], body: new Uint8Array(), sentAtMs: 0 },
  response: { status: 200, headers: [], trailers: [], chunks: [] },
  end: { kind: "complete", atMs: 0 },
  fidelity: { bytes: true, timing: true },
}

const withResponse = (change: Partial<NonNullable<Exchange["response"]>>): Exchange => ({
  ...empty,
  response: { status: 200, headers: [], trailers: [], chunks: [], ...change },
})

/** A text that came in pieces, each byte by itself at the smallest. */
const cutAt = (bytes: Uint8Array, cuts: readonly number[]) => {
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length]
  return places.slice(1).map((end, index) => ({ atMs: index, bytes: bytes.slice(places[index], end) }))
}

/** Every place of an exchange where a text may stand, and how to read it there. */
const places: Record<
  Redaction["part"],
  {
    put(text: string, cuts: readonly number[]): Exchange
    get(exchange: Exchange): string
  }
> = {
  "request-target": {
    put: (text) => ({ ...empty, request: { ...empty.request, target: text } }),
    get: ({ request }) => latin1(utf8(request.target)),
  },
  "request-header": {
    put: (text) => ({ ...empty, request: { ...empty.request, headers: [["x-note", text]] } }),
    get: ({ request }) => latin1(utf8(request.headers[0]?.[1] ?? "")),
  },
  "request-body": {
    put: (text) => ({ ...empty, request: { ...empty.request, body: utf8(text) } }),
    get: ({ request }) => latin1(request.body),
  },
  "response-header": {
    put: (text) => withResponse({ headers: [["x-note", text]] }),
    get: ({ response }) => latin1(utf8(response?.headers[0]?.[1] ?? "")),
  },
  "response-trailer": {
    put: (text) => withResponse({ trailers: [["x-note", text]] }),
    get: ({ response }) => latin1(utf8(response?.trailers[0]?.[1] ?? "")),
  },
  "response-body": {
    put: (text, cuts) => withResponse({ chunks: cutAt(utf8(text), cuts) }),
    get: (exchange) => latin1(bodyOf(exchange)),
  },
}
const place = fc.constantFrom(...(Object.keys(places) as Redaction["part"][]))

/** The lines of an exchange, and the exchange that they give. */
async function throughFile(exchange: Exchange, known: readonly string[]) {
  const lines: string[] = []
  createWriter({ write: (line) => lines.push(line), secrets: known }).exchange(exchange)
  for await (const read of readTranscript(lines)) return { file: lines.join("\n"), read }
  throw new Error("nothing was read back")
}

test("a secret never reaches the file, wherever it stands, however it is written and cut; lengths stay", async () => {
  await fc.assert(
    fc.asyncProperty(
      secrets,
      secrets,
      writing,
      place,
      fc.tuple(around, around),
      fc.array(fc.nat(), { maxLength: 8 }),
      async (secret, other, write, part, [before, after], cuts) => {
        const { put, get } = places[part]
        const sent = put(`${before}${write(secret)}${after}`, cuts)
        const { file, read } = await throughFile(sent, [other, secret])
        const stored = get(read)
        for (const form of Object.values(writings)) {
          expect(file).not.toContain(form(secret))
          expect(stored).not.toContain(latin1(utf8(form(secret))))
        }
        expect(read.response?.chunks.map(({ bytes }) => bytes.length)).toEqual(
          sent.response?.chunks.map(({ bytes }) => bytes.length),
        )
        expect(part.endsWith("body") ? stored.length : 0).toBe(part.endsWith("body") ? get(sent).length : 0)
        expect(read.redacted?.map((redaction) => redaction.part)).toContain(part)
      },
    ),
    { numRuns: 1000 },
  )
})

test("only the secret is blotted out, and where it stood is told", () => {
  fc.assert(
    fc.property(
      fc.stringMatching(/^sk-[A-Za-z0-9_-]{16,48}$/),
      fc.array(fc.nat(), { maxLength: 8 }),
      fc.stringMatching(/^[{}:,é ]*$/),
      fc.stringMatching(/^[{}:,é ]*$/),
      (secret, cuts, before, after) => {
        const sent = withResponse({ chunks: cutAt(utf8(before + secret + after), cuts) })
        expect(createRedactor([secret]).exchange(sent)).toStrictEqual({
          ...withResponse({ chunks: cutAt(utf8(before + "*".repeat(secret.length) + after), cuts) }),
          redacted: [{ part: "response-body", at: utf8(before).length, length: secret.length }],
        })
      },
    ),
  )
})

test("an exchange without the secrets stays as it is", () => {
  fc.assert(
    fc.property(exchanges(), (exchange) => {
      const redactor = createRedactor(["sk-a-key-that-no-generator-draws"])
      expect(redactor.exchange(exchange)).toStrictEqual(exchange)
    }),
  )
})

test("redacting twice is redacting once", () => {
  const redactor = createRedactor(["sk-0123456789"])
  const once = redactor.exchange({
    ...withResponse({
      headers: [["Set-Cookie", "session=1"]],
      chunks: cutAt(utf8("sk-0123456789sk-0123456789"), [3, 7]),
    }),
    request: { ...empty.request, headers: [["Authorization", "Bearer sk-0123456789"]] },
  })
  expect(redactor.exchange(once)).toStrictEqual(once)
})

const key = "sk-0123456789abcdef"
const headersOf = (headers: readonly Header[]) => {
  const { request, redacted } = createRedactor([key]).exchange({
    ...empty,
    request: { ...empty.request, headers },
  })
  return { headers: request.headers, redacted }
}

test("a credential that is no known secret is blotted out but for its scheme", () => {
  expect(
    headersOf([
      ["Authorization", `Bearer ${key}`],
      ["authorization", "Bearer sk-wrong"],
      ["AUTHORIZATION", "sk-wrong and more"],
      ["api-key", "abc"],
      ["Cookie", "a=b; c=d"],
      ["Accept", "*/*"],
    ]),
  ).toStrictEqual({
    headers: [
      ["Authorization", "Bearer *******************"],
      ["authorization", "Bearer ********"],
      ["AUTHORIZATION", "*****************"],
      ["api-key", "***"],
      ["Cookie", "********"],
      ["Accept", "*/*"],
    ],
    redacted: [
      { part: "request-header", header: "Authorization", at: 7, length: 19 },
      { part: "request-header", header: "authorization", at: 7, length: 8, credential: true },
      { part: "request-header", header: "AUTHORIZATION", at: 0, length: 17, credential: true },
      { part: "request-header", header: "api-key", at: 0, length: 3, credential: true },
      { part: "request-header", header: "Cookie", at: 0, length: 8, credential: true },
    ],
  })
})

test("a secret in a header's name", () => {
  const { request } = createRedactor([key]).exchange({
    ...empty,
    request: { ...empty.request, headers: [[`x-${key}`, "1"]] },
  })
  expect(request.headers).toStrictEqual([["x-*******************", "1"]])
})

test("base64 of a text in which the secret stands", () => {
  for (const user of ["", "a", "ab", "abc"]) {
    const text = Buffer.from(`${user}:${key}:x`).toString("base64")
    const redacted = createRedactor([key]).text(`Basic ${text}.`)
    expect(redacted).toHaveLength(text.length + 7)
    expect(Buffer.from(redacted.slice(6).replaceAll("*", "A"), "base64").toString("latin1")).not.toMatch(
      /0123|6789|abc[d]/,
    )
  }
})

test("the digit of base64 that a secret shares with what follows it", () => {
  expect(createRedactor([key]).text(Buffer.from(`${key}:x`).toString("base64"))).toBe(`${"*".repeat(26)}p4`)
})

test("a secret that overlaps itself", () => {
  expect(createRedactor(["ab/XYZ/ab"]).text("<ab/XYZ/ab/XYZ/ab>")).toBe("<****************>")
})

test("one secret that begins with another, and secrets that overlap", () => {
  expect(createRedactor(["sk-abcde", "sk-abcdefgh", "efghijkl"]).text("<sk-abcdefghijkl>")).toBe(
    `<${"*".repeat(15)}>`,
  )
})

test("a text without a secret stays, and an empty secret is none", () => {
  expect(createRedactor([""]).text("anything")).toBe("anything")
})

test.each([
  ["gzip", gzipSync(`no such key: ${key}`)],
  ["br", brotliCompressSync(`no such key: ${key}`)],
  ["gzip", gzipSync(`no such key: ${key}`).subarray(0, -4)],
])("a %s body with a secret inside is blotted out as a whole", (coding, wire) => {
  const headers: Header[] = [["content-encoding", coding]]
  expect(createRedactor([key]).exchange(withResponse({ headers, chunks: cutAt(wire, [5]) }))).toStrictEqual({
    ...withResponse({ headers, chunks: cutAt(new Uint8Array(wire.length).fill(0x2a), [5]) }),
    redacted: [{ part: "response-body", at: 0, length: wire.length }],
  })
})

test("a compressed body without a secret stays", () => {
  const sent = withResponse({
    headers: [["content-encoding", "gzip"]],
    chunks: cutAt(Uint8Array.from(gzipSync("hello")), []),
  })
  expect(createRedactor([key]).exchange(sent)).toStrictEqual(sent)
})

test("a body that is full of the secret", () => {
  const { redacted } = createRedactor([key]).exchange(
    withResponse({ chunks: cutAt(utf8(`${key} `.repeat(200_000)), []) }),
  )
  expect(redacted).toHaveLength(200_000)
})

test("what a cut has left of a secret", () => {
  const secret = Array.from({ length: 41 }, (_, at) => `k${at + 100}`).join("")
  const { text } = createRedactor([secret])
  for (const piece of [secret.slice(0, 79), secret.slice(30, 60), secret.slice(-12)])
    expect(text(`"${piece}…`)).toBe(`"${"*".repeat(piece.length)}…`)
})

test("a short secret is a word of a header, and nothing elsewhere", () => {
  const redactor = createRedactor(["x"])
  expect(redactor.text("expected x")).toBe("expected x")
  const headers: Header[] = [["x-next", "x, box"]]
  const body = utf8("x")
  const { request } = redactor.exchange({ ...empty, request: { ...empty.request, headers, body } })
  expect(request).toMatchObject({ headers: [["x-next", "*, box"]], body })
})

test("a secret of any length leaves no 24 characters of it, whole or cut, however it is written", () => {
  const secretOf = fc.string({ unit: fc.constantFrom(..."abcdefXYZ0189-_."), minLength: 200, maxLength: 400 })
  const spelled = fc.constantFrom<(text: string) => string>(
    (text) => text,
    encodeURIComponent,
    (text) => Array.from(text, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`).join(""),
  )
  fc.assert(
    fc.property(secretOf, spelled, fc.nat(100), fc.nat(100), (secret, spell, before, after) => {
      const { text } = createRedactor([secret])
      const piece = secret.slice(before, secret.length - after)
      const shown = text(`before ${spell(piece)} after`)
      const left = shown.replace(/^before | after$/g, "")
      for (let at = 0; at + 24 <= piece.length; at++)
        expect(left).not.toContain(spell(piece.slice(at, at + 24)))
      if (before === 0 && after === 0) expect(left).toMatch(/^\*+$/)
    }),
    { numRuns: 25 },
  )
})

test("a secret as long as headers can be is found whole", () => {
  const secret = Array.from({ length: 16_000 }, (_, at) => ((at * 7919) % 36).toString(36)).join("")
  const { text } = createRedactor([secret])
  expect(text(`a ${secret} b`)).toBe(`a ${"*".repeat(secret.length)} b`)
})
