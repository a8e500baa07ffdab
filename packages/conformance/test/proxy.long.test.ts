import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import { mkdtemp, readFile, rm } from "node:fs/promises"
import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { startMock } from "@nexhina/mock/node"
import OpenAI from "openai"
import { afterEach, expect, test } from "vitest"
import { defects } from "../../defects/src/index.ts"
import { Report } from "../src/reports/report.ts"

const bin = fileURLToPath(new URL("../bin/nexhina-conformance.js", import.meta.url))
const apiKey = "sk-proxied-client-key"

interface Proxy {
  readonly url: string
  readonly process: ChildProcess
  /** Ends the proxy as Ctrl-C does. */
  end(): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }>
}

const running: ChildProcess[] = []
afterEach(() => {
  for (const each of running.splice(0)) each.kill("SIGKILL")
})

async function startProxy(target: string, ...flags: string[]): Promise<Proxy> {
  const args = [bin, "proxy", "--target", target, "--port", "0", ...flags]
  const child = spawn(process.execPath, args, { env: { ...process.env, NO_COLOR: "1" } })
  running.push(child)
  let [stdout, stderr] = ["", ""]
  child.stdout.on("data", (text) => {
    stdout += text
  })
  const closed = once(child, "close")
  const url = await new Promise<string>((resolve, reject) => {
    child.stderr.on("data", (text) => {
      stderr += text
      const [, found] = /(http:\/\/\S+\/v1) passes/.exec(stderr) ?? []
      if (found) resolve(found)
    })
    child.once("close", () => reject(new Error(stderr)))
  })
  return {
    url,
    process: child,
    async end() {
      child.kill("SIGINT")
      const [code] = await closed
      return { code, stdout, stderr }
    },
  }
}

const withDefect = (id: string) =>
  startMock({ alterations: defects.filter((each) => each.id === id), always: [{ id, rate: 1 }] })

test("the client sees what the target sends, each finding is shown at once, and the report at the end", async () => {
  await using mock = await withDefect("chunk-id-changes")
  const proxy = await startProxy(mock.baseURL, "--report", "json")
  const client = new OpenAI({ baseURL: proxy.url, apiKey, maxRetries: 0 })
  const ask = { model: "gpt-4o", messages: [{ role: "user", content: "Say hello." }] } as const
  const plain = await client.chat.completions.create({ ...ask, messages: [...ask.messages] })
  expect(plain.choices[0]?.message.content).toContain("Say hello.")
  const ids: string[] = []
  const stream = await client.chat.completions.create({ ...ask, messages: [...ask.messages], stream: true })
  for await (const chunk of stream) ids.push(chunk.id)
  expect(new Set(ids).size).toBeGreaterThan(1)
  const { code, stdout, stderr } = await proxy.end()
  expect(stderr).toContain("fail: stream.id-constant")
  const report = Report.parse(JSON.parse(stdout))
  expect([code, report.outcome, report.requests]).toEqual([1, "not-conformant", 2])
  expect(report.causes.map(({ rule }) => rule)).toContain("stream.id-constant")
  expect(`${stdout}${stderr}`).not.toContain(apiKey)
})

test("with --fail-fast it ends at the first MUST finding", async () => {
  await using mock = await withDefect("chunk-id-changes")
  const proxy = await startProxy(mock.baseURL, "--fail-fast")
  const client = new OpenAI({ baseURL: proxy.url, apiKey, maxRetries: 0 })
  const ended = once(proxy.process, "close")
  const stream = await client.chat.completions.create({
    model: "gpt-4o",
    messages: [{ role: "user", content: "Hello" }],
    stream: true,
  })
  for await (const _ of stream);
  expect(await ended).toEqual([1, null])
})

test("with --baseline, a known finding neither ends it nor fails it", async () => {
  const folder = await mkdtemp(join(tmpdir(), "proxy-"))
  const file = join(folder, "baseline.yaml")
  const id = "stream.id-constant:changes@createChatCompletion#/id"
  try {
    await using mock = await withDefect("chunk-id-changes")
    const streamed = async (...flags: string[]) => {
      const proxy = await startProxy(mock.baseURL, "--fail-fast", "--baseline", file, ...flags)
      const client = new OpenAI({ baseURL: proxy.url, apiKey, maxRetries: 0 })
      const stream = await client.chat.completions.create({
        model: "gpt-4o",
        messages: [{ role: "user", content: "Hello" }],
        stream: true,
      })
      for await (const _ of stream);
      return proxy
    }
    const first = await (await streamed("--update-baseline")).end()
    expect([first.code, await readFile(file, "utf8")]).toEqual([0, expect.stringContaining(id)])
    const second = await (await streamed()).end()
    expect([second.code, second.stderr]).toEqual([0, expect.stringContaining(`waived: ${id}`)])
  } finally {
    await rm(folder, { recursive: true })
  }
})

async function listening(server: Server): Promise<string> {
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`
}

test("pieces are passed on as they come, a reset reaches the client, and headers of the connection do not", async () => {
  let send: ((text: string | undefined) => void) | undefined
  let received: readonly string[] = []
  const server = createServer((request, response) => {
    received = request.rawHeaders
    response.writeHead(200, { "content-type": "text/event-stream" })
    response.flushHeaders()
    send = (text) => (text === undefined ? response.socket?.resetAndDestroy() : response.write(text))
  })
  const proxy = await startProxy(await listening(server))
  const reply = await fetch(`${proxy.url}/chat/completions`, {
    method: "POST",
    headers: { "X-Own": "1", te: "trailers" },
    body: '{ "stream":true}',
  })
  const reader = reply.body?.getReader()
  for (const text of ["data: 1\n\n", "data: 2\n\n"]) {
    send?.(text)
    expect(new TextDecoder().decode((await reader?.read())?.value)).toBe(text)
  }
  send?.(undefined)
  await expect(reader?.read()).rejects.toThrow()
  expect(received).toEqual(expect.arrayContaining(["X-Own", "1"]))
  expect(received.map((each) => each.toLowerCase())).not.toContain("te")
  const { code } = await proxy.end()
  expect([1, 3]).toContain(code)
  server.close()
})

test("a server that is not there is named when a request fails", async () => {
  const proxy = await startProxy("http://127.0.0.1:1/v1")
  const reply = await fetch(`${proxy.url}/models`)
  expect([reply.status, await reply.text()]).toEqual([502, expect.stringContaining("127.0.0.1:1")])
  expect((await proxy.end()).stderr).toContain("warning: cannot reach http://127.0.0.1:1/v1: ECONNREFUSED\n")
})

test("wrong usage is one line and exit 2", async () => {
  await expect(startProxy("ftp://x")).rejects.toThrow(/^error: --target: Expected an http or https URL/)
})

test("--transcript writes what passed, without the client's key; 'check' judges it to the same causes", async () => {
  await using mock = await withDefect("chunk-id-changes")
  const folder = await mkdtemp(join(tmpdir(), "nexhina-proxy-"))
  const transcript = join(folder, "traffic.ndjson")
  try {
    const proxy = await startProxy(mock.baseURL, "--report", "json", "--transcript", transcript)
    const client = new OpenAI({ baseURL: proxy.url, apiKey, maxRetries: 0 })
    const messages = [{ role: "user" as const, content: "Say hello." }]
    await client.chat.completions.create({ model: "gpt-4o", messages })
    const stream = await client.chat.completions.create({ model: "gpt-4o", messages, stream: true })
    for await (const _ of stream);
    const live = await proxy.end()
    expect(await readFile(transcript, "utf8")).not.toContain(apiKey)
    const checked = spawnSync(process.execPath, [bin, "check", transcript, "--report", "json"], {
      encoding: "utf8",
    })
    const [first, again] = [live.stdout, checked.stdout].map((text) => Report.parse(JSON.parse(text)))
    expect([again?.outcome, again?.requests, again?.causes]).toEqual([
      first?.outcome,
      first?.requests,
      first?.causes,
    ])
    expect(live.code).toBe(1)
  } finally {
    await rm(folder, { recursive: true })
  }
})

test("a transcript that cannot be written is named before the proxy listens", async () => {
  const args = ["proxy", "--target", "http://127.0.0.1:9/v1", "--transcript", "missing/traffic.ndjson"]
  const { status, stderr } = spawnSync(process.execPath, [bin, ...args], { encoding: "utf8" })
  expect([status, stderr]).toEqual([2, expect.stringMatching(/^error: --transcript: .*missing.*\n$/)])
})
