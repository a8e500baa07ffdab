import { execFileSync, spawn } from "node:child_process"
import { once } from "node:events"
import { readFile, writeFile } from "node:fs/promises"
import { createServer as createApplication } from "node:http"
import { createServer } from "node:net"
import { dirname, join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import { startMock } from "@nexhina/mock/node"
import { chromium } from "playwright-core"
import { defects } from "../../../defects/dist/index.js"

/*
 * Records the archives of this folder anew: each tool sends or passes on the same requests, to a sound mock and to one
 * with a defect for each request. Needs Debian's packages chromium and mitmproxy, and a build:
 * node packages/conformance/test/har/record.js
 */

const folder = dirname(fileURLToPath(import.meta.url))
/** The defects of the broken mock, one for each request. */
const broken = ["reply-object-legacy", "sse-double-done", "resp-completed-not-sent", "audio-speech-untyped"]
const chat = { model: "gpt-4o", messages: [{ role: "user", content: "Say hello." }], max_tokens: 16 }
const requests = [
  ["chat/completions", chat],
  ["chat/completions", { ...chat, stream: true }],
  ["responses", { model: "gpt-4o", input: "Say hello.", max_output_tokens: 16, stream: true }],
  ["audio/speech", { model: "tts-1", voice: "alloy", input: "Hi", response_format: "opus" }],
]

/** Sends the requests one after the other; runs in node and in a page. */
async function send({ baseURL, requests }) {
  for (const [path, body] of requests) {
    const headers = { authorization: "Bearer sk-mock", "content-type": "application/json" }
    const reply = await fetch(`${baseURL}/${path}`, { method: "POST", headers, body: JSON.stringify(body) })
    await reply.arrayBuffer()
  }
  // A form with a binary file, which archives can only hold as text: silence as WAV, 0.1 s.
  const wav = new Uint8Array(44 + 800).fill(0x80)
  const head = new DataView(wav.buffer)
  for (const [at, text] of [
    [0, "RIFF"],
    [8, "WAVEfmt "],
    [36, "data"],
  ])
    wav.set(new TextEncoder().encode(text), at)
  for (const [at, value] of [
    [4, 836],
    [16, 16],
    [24, 8000],
    [28, 8000],
    [40, 800],
  ])
    head.setUint32(at, value, true)
  for (const [at, value] of [
    [20, 1],
    [22, 1],
    [32, 1],
    [34, 8],
  ])
    head.setUint16(at, value, true)
  const form = new FormData()
  form.append("model", "whisper-1")
  form.append("file", new File([wav], "silence.wav", { type: "audio/wav" }))
  const headers = { authorization: "Bearer sk-mock" }
  const reply = await fetch(`${baseURL}/audio/transcriptions`, { method: "POST", headers, body: form })
  await reply.arrayBuffer()
}

/** In chromium by Playwright, from a page of another origin. */
async function byPlaywright(baseURL, path) {
  const executablePath = execFileSync("which", ["chromium"], { encoding: "utf8" }).trim()
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] })
  const context = await browser.newContext({ recordHar: { path, content: "embed" } })
  const page = await context.newPage()
  const application = createApplication((_, response) => response.end()).listen(0, "127.0.0.1")
  await once(application, "listening")
  await page.goto(`http://127.0.0.1:${application.address().port}/`)
  await page.evaluate(send, { baseURL, requests })
  await context.close()
  await browser.close()
  application.close()
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address()
  server.close()
  await once(server, "close")
  return port
}

/** Through mitmdump as a reverse proxy, by the script for archives that its package brings. */
async function byMitmproxy(baseURL, path) {
  const { origin, pathname } = new URL(baseURL)
  const port = await freePort()
  const script = "/usr/share/doc/mitmproxy/examples/contrib/har_dump.py"
  const args = ["-q", "--mode", `reverse:${origin}`, "--listen-host", "127.0.0.1", "-p", String(port)]
  const proxy = spawn("mitmdump", [...args, "-s", script, "--set", `hardump=${path}`], { stdio: "inherit" })
  for (;;) {
    try {
      await fetch(`http://127.0.0.1:${port}/`)
      break
    } catch {
      await sleep(200)
    }
  }
  await send({ baseURL: `http://127.0.0.1:${port}${pathname}`, requests })
  proxy.kill("SIGINT")
  await once(proxy, "exit")
}

/**
 * Returns an archive of mitmproxy in the shape in which Schemathesis writes one with `preserve_bytes`: bodies of requests
 * in base64 without a mark, keys filtered, no cookies of its own.
 */
function asSchemathesis({ log }) {
  const base64 = (text, encoding) => (encoding === "base64" ? text : Buffer.from(text).toString("base64"))
  const entries = log.entries.map(({ startedDateTime, time, request, response }) => ({
    startedDateTime,
    time,
    request: {
      ...request,
      headers: request.headers.map(({ name, value }) => ({
        name,
        value: name.toLowerCase() === "authorization" ? "[Filtered]" : value,
      })),
      ...(request.postData && {
        postData: { mimeType: request.postData.mimeType, text: base64(request.postData.text) },
      }),
    },
    response: {
      ...response,
      content: {
        size: response.content.size,
        mimeType: response.content.mimeType,
        text: base64(response.content.text, response.content.encoding),
        encoding: "base64",
      },
    },
    cache: {},
    timings: { send: 0, wait: 0, receive: time, blocked: 0, dns: 0, connect: 0, ssl: 0 },
  }))
  return { log: { version: "1.2", creator: { name: "in the shape of Schemathesis", version: "4" }, entries } }
}

for (const [tool, record] of Object.entries({ playwright: byPlaywright, mitmproxy: byMitmproxy })) {
  for (const [state, ids] of Object.entries({ sound: [], broken })) {
    const always = ids.map((id) => ({ id, rate: 1 }))
    const mock = await startMock({ alterations: defects, always })
    await record(mock.baseURL, join(folder, `${tool}-${state}.har`))
    await mock.close()
  }
}

for (const state of ["sound", "broken"]) {
  const archive = JSON.parse(await readFile(join(folder, `mitmproxy-${state}.har`), "utf8"))
  await writeFile(join(folder, `schemathesis-${state}.har`), JSON.stringify(asSchemathesis(archive), null, 1))
}
