import { execFile } from "node:child_process"
import { promisify } from "node:util"
import { createRedactor, type Header } from "@nexhina/wire"
import * as fc from "fast-check"
import { expect, test } from "vitest"
import { exchangeOf } from "../../test/exchange.ts"
import { wrongKey } from "../target/to-wire.ts"
import { curlOf, shellWord } from "./curl.ts"

const apiKey = "sk-0123456789abcdef"
const password = "very-secret-password"
const utf8 = new TextEncoder()

interface Changes {
  readonly method?: string
  readonly target?: string
  readonly headers?: readonly Header[]
  readonly body?: string | Uint8Array
}

function lineOf({
  method = "POST",
  target = "http://127.0.0.1:1/v1/test",
  headers = [],
  body = "",
}: Changes) {
  const bytes = typeof body === "string" ? utf8.encode(body) : body
  const exchange = exchangeOf({})
  const asked = { ...exchange, request: { ...exchange.request, method, target, headers, body: bytes } }
  return curlOf(asked, createRedactor([apiKey, password]).exchange(asked).request, { apiKey })
}

/** Returns what bash passes to curl: its arguments, then its standard input. */
async function passed(line: string): Promise<{ readonly args: readonly string[]; readonly input: Buffer }> {
  const script = `curl() { printf '%s\\0' "$@"; printf '\\0'; [ -t 0 ] || cat; }\n${line}`
  const env = { PATH: process.env["PATH"], NEXHINA_API_KEY: apiKey, X_OWN_TOKEN: password }
  const ran = promisify(execFile)("bash", ["--norc", "-c", script], {
    env,
    encoding: "buffer",
    maxBuffer: 1 << 26,
  })
  ran.child.stdin?.end()
  const { stdout } = await ran
  const end = stdout.indexOf("\0\0")
  return { args: stdout.subarray(0, end).toString().split("\0"), input: stdout.subarray(end + 2) }
}

const headersIn = (args: readonly string[]) => args.filter((_, at) => args[at - 1] === "-H")

test.each<[string, Header[], string[]]>([
  [
    "the configured key, by its variable",
    [["Authorization", `Bearer ${apiKey}`]],
    [`authorization: Bearer ${apiKey}`],
  ],
  [
    "the wrong key as it is",
    [["authorization", `Bearer ${wrongKey}`]],
    [`authorization: Bearer ${wrongKey}`],
  ],
  ["no key where none was sent", [["accept", "*/*"]], ["accept: */*"]],
  ["another credential, by a variable", [["X-Own-Token", password]], [`x-own-token: ${password}`]],
  [
    "quotes, dollars and empty values",
    [
      ["x-own", "it's $HOME"],
      ["x-empty", ""],
    ],
    ["x-own: it's $HOME", "x-empty;"],
  ],
  [
    "nothing of the connection",
    [
      ["Host", "h"],
      ["Content-Length", "3"],
      ["connection", "close"],
    ],
    [],
  ],
])("curl sends %s", async (_, headers, expected) => {
  const line = lineOf({ headers })
  expect(line).not.toContain(apiKey)
  expect(line).not.toContain(password)
  expect(headersIn((await passed(line)).args)).toEqual(expected)
})

test.each<[string, string | Uint8Array, RegExp]>([
  ["text", `it's "$x" \`y\`\n\\n`, /^curl/],
  ["text that names a file", "@/etc/hosts", /^curl/],
  ["bytes that are not text", Uint8Array.of(0x61, 0xff, 0x62), /^echo Yf9i \| base64 -d \| curl/],
  ["text with a zero byte", "a\0b", /^echo .* \| base64 -d \| curl/],
  ["a long body that can be compressed", "x".repeat(3_000_000), /^echo .* \| base64 -d \| gzip -dc \| curl/],
])("curl sends a body of %s", async (_, body, form) => {
  const line = lineOf({ headers: [["content-type", "text/plain"]], body })
  expect(line).toMatch(form)
  const { args, input } = await passed(line)
  const raw = args[args.indexOf("--data-raw") + 1]
  const sent = args.includes("--data-raw") ? Buffer.from(raw ?? "") : input
  expect(Buffer.compare(sent, Buffer.from(body))).toBe(0)
  if (!args.includes("--data-raw")) expect(args.slice(-2)).toEqual(["--data-binary", "@-"])
})

test("a body without a media type gets none from curl", async () => {
  expect(headersIn((await passed(lineOf({ body: "{}" }))).args)).toEqual(["content-type:"])
})

test("a body that fits no command line is not cut silently", () => {
  const noise = Uint8Array.from(
    { length: 200_000 },
    (_, at) => (Math.imul(at, 2_654_435_761) >>> 13) ^ (at * at),
  )
  expect(lineOf({ body: noise })).toBe(
    "# The body of 200000 bytes is too long for a command line: use the replay command.",
  )
})

test.each<[Changes, string[]]>([
  [{ method: "GET" }, ["-isN", "http://127.0.0.1:1/v1/test"]],
  [{ method: "DELETE" }, ["-isN", "-X", "DELETE", "http://127.0.0.1:1/v1/test"]],
  [{ method: "HEAD" }, ["-isN", "-I", "http://127.0.0.1:1/v1/test"]],
  [
    { method: "GET", target: "http://h/v1/a/../b?x[]={1}" },
    ["-isN", "-g", "--path-as-is", "http://h/v1/a/../b?x[]={1}"],
  ],
])("curl uses the method and the exact URL: %j", async (changes, expected) => {
  expect((await passed(lineOf(changes))).args).toEqual(expected)
})

test("a word has nothing in it that a terminal or a CI runner obeys, and the shell reads it as it was (D27)", async () => {
  const pieces = [
    "a",
    "'",
    "\\",
    "é",
    "7",
    "\n",
    "\r",
    "::",
    "##vso[",
    "##[",
    "\u001b",
    "\u009b",
    "\u202e",
    "\u2028",
  ]
  const texts = fc.sample(
    fc.array(fc.constantFrom(...pieces), { minLength: 1 }).map((drawn) => drawn.join("")),
    { numRuns: 100, seed: 1 },
  )
  const words = texts.map(shellWord)
  for (const word of words) {
    expect(word).not.toMatch(/\p{Cc}|\p{Bidi_Control}|[\u2028\u2029]|##(?:vso)?\[/u)
  }
  expect((await passed(["curl", ...words].join(" "))).args).toEqual(texts)
})
