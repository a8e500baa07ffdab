import { once } from "node:events"
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { createServer, request as httpRequest, type RequestListener } from "node:http"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { gzipSync } from "node:zlib"
import { startMock } from "@nexhina/mock/node"
import {
  bodyOf,
  createSend,
  type Exchange,
  type Header,
  type NamedAlteration,
  type Reply,
  toForm,
  upstreamUrl,
  type WireRequest,
} from "@nexhina/wire"
import * as fc from "fast-check"
import OpenAI from "openai"
import { describe, expect, onTestFinished, test } from "vitest"
import { fileNameOf, nameOf, readFolder } from "../src/recordings-folder.ts"
import { type CommandOutcome, command, startCommand } from "./command.ts"

const utf8 = new TextEncoder()

const start = (...args: string[]) => startCommand(["--log", "json", ...args])

/** Runs the command to its end. */
async function run(...args: string[]): Promise<Omit<CommandOutcome, "stdout">> {
  const { code, stderr } = await command(args)
  return { code, stderr }
}

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "recordings-"))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return folder
}

function client() {
  const { send, close } = createSend({
    timeoutMs: 30_000,
    maxDurationMs: 60_000,
    maxBodyBytes: 1e8,
    clock: () => performance.now(),
  })
  onTestFinished(close)
  return send
}

const key: Header = ["authorization", "Bearer test-key-0123456789"]

const json = (url: string, value: object, headers: readonly Header[] = []): WireRequest => ({
  method: "POST",
  url,
  headers: [key, ["content-type", "application/json"], ...headers],
  body: utf8.encode(JSON.stringify(value)),
})

const said = (content: string, more: object = {}) => ({
  model: "gpt-4o",
  messages: [{ role: "user", content }],
  ...more,
})

/** What a client receives. */
const received = ({ response, end, ...exchange }: Exchange) => ({
  status: response?.status,
  type: response?.headers.find(([name]) => name.toLowerCase() === "content-type")?.[1],
  body: Buffer.from(bodyOf({ ...exchange, ...(response && { response }) })).toString("latin1"),
  end: end.kind,
})

/** How the upstream departs from the mock, by the `seed` of a request. */
const seeds: Readonly<Record<number, (reply: Reply) => Reply>> = {
  2: (reply) => ({ ...reply, body: halfOf(reply), end: "early-close" }),
  3: (reply) => ({ ...reply, body: halfOf(reply), end: "hang" }),
  4: (reply) => ({
    ...reply,
    headers: [...reply.headers, ["content-encoding", "gzip"]],
    body: gzipSync(Buffer.concat(framesOf(reply))),
  }),
  5: (reply) => ({ ...reply, body: halfOf(reply), end: "reset" }),
}

const framesOf = ({ body }: Reply): Uint8Array[] =>
  typeof body === "string"
    ? [utf8.encode(body)]
    : body instanceof Uint8Array
      ? [body]
      : [...(body as Iterable<{ bytes: Uint8Array }>)].map(({ bytes }) => bytes)

/** Half of a stream, cut inside a frame, each frame at a time of its own. */
const halfOf = (reply: Reply) => {
  const frames = framesOf(reply)
  return frames.slice(0, Math.ceil(frames.length / 2)).map((bytes, nth, all) => ({
    bytes: nth === all.length - 1 ? bytes.slice(0, bytes.length / 2) : bytes,
    atMs: nth,
  }))
}

const bySeed: NamedAlteration = {
  id: "by-seed",
  stage: "wire",
  apply(reply, { request }) {
    const { seed } = Object.assign({ seed: 0 }, request)
    return seeds[seed]?.(reply) ?? reply
  },
}

async function startUpstream() {
  const upstream = await startMock({ alterations: [bySeed], always: [{ id: "by-seed", rate: 1 }] })
  onTestFinished(() => upstream.close())
  return upstream
}

/** Requests of every form, with finished replies; those of the seeds 2 and 5 are cut. */
async function requestsTo(baseURL: string): Promise<WireRequest[]> {
  const chat = `${baseURL}/chat/completions`
  const streamed = { stream: true, stream_options: { include_usage: true } }
  const speech = { model: "tts-1", voice: "alloy", input: "Hello there", response_format: "wav" }
  const recording = await fetch(`${baseURL}/audio/speech`, {
    method: "POST",
    headers: { ...Object.fromEntries([key]), "content-type": "application/json" },
    body: JSON.stringify(speech),
  })
  const file = new File([new Uint8Array(await recording.arrayBuffer())], "hello.wav", { type: "audio/wav" })
  const form = await toForm({ model: "whisper-1", file, response_format: "verbose_json" })
  return [
    { method: "GET", url: `${baseURL}/models`, headers: [key], body: new Uint8Array() },
    json(chat, said("whole")),
    json(chat, said("three streams", { n: 3, logprobs: true, top_logprobs: 2, ...streamed })),
    json(chat, said("cut", { seed: 2, ...streamed })),
    json(chat, said("reset", { seed: 5, ...streamed })),
    json(chat, said("gzip", { seed: 4 }), [["accept-encoding", "gzip"]]),
    json(chat, said("wrong", { n: "two" })),
    json(`${baseURL}/responses`, { model: "gpt-4o", input: "Hello", stream: true }),
    json(`${baseURL}/embeddings`, {
      model: "text-embedding-3-small",
      input: ["a", "b"],
      encoding_format: "base64",
    }),
    json(`${baseURL}/audio/speech`, { ...speech, response_format: "mp3" }),
    {
      method: "POST",
      url: `${baseURL}/audio/transcriptions`,
      headers: [key, ["content-type", form.mediaType]],
      body: form.bytes,
    },
  ]
}

test("recorded, killed in mid-stream and replayed: every finished exchange is the same, and none is half", async () => {
  const upstream = await startUpstream()
  const folder = temporaryFolder()
  const send = client()
  const recorder = await start("--record", upstream.baseURL, "--to", folder)
  const direct: unknown[] = []
  for (const request of await requestsTo(upstream.baseURL)) direct.push(received(await send(request)))
  const recorded: unknown[] = []
  for (const request of await requestsTo(recorder.baseURL)) recorded.push(received(await send(request)))
  expect(direct.filter((reply) => JSON.stringify(reply).includes('"end":"truncated"'))).toHaveLength(2)
  // The URL of the upstream is part of no reply here, so that the bytes are the same.
  expect(recorded).toEqual(direct)

  const chat = "/chat/completions"
  const halfway = new Promise<void>((resolve) => {
    const asked = httpRequest(recorder.baseURL + chat, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: key[1] },
    })
    asked.on("response", (response) => response.once("data", resolve).on("error", () => {}))
    asked.on("error", () => {})
    asked.end(JSON.stringify(said("never ends", { seed: 3, stream: true })))
  })
  await halfway
  recorder.child.kill("SIGKILL")
  await once(recorder.child, "exit")

  for (const speed of ["0", "1"]) {
    const replay = await start("--replay", folder, "--speed", speed)
    const replayed: unknown[] = []
    for (const request of await requestsTo(replay.baseURL)) {
      replayed.push(received(await send(request)))
    }
    expect(replayed).toEqual(recorded)
    const half = await send(json(replay.baseURL + chat, said("never ends", { seed: 3, stream: true })))
    expect(received(half)).toMatchObject({ status: 400, body: expect.stringContaining("recording_miss") })
  }
})

describe("recording", () => {
  /** A server that does as told, and its base URL. */
  async function serve(listener: RequestListener): Promise<string> {
    const server = createServer(listener).listen(0, "127.0.0.1")
    onTestFinished(() => {
      server.closeAllConnections()
      server.close()
    })
    await once(server, "listening")
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v1`
  }
  const exchangesIn = async (folder: string) =>
    (await readFolder(folder)).recordings.map(({ exchange }) => exchange)

  test("a piece is passed on before the next one is sent, and recorded with its time", async () => {
    let sendNext = () => {}
    const paths: unknown[] = []
    const upstream = await serve((request, response) => {
      paths.push(request.url)
      response.writeHead(200, "Fine", ["X-Twice", "1", "X-Twice", "2", "content-type", "text/event-stream"])
      let left = 3
      sendNext = () => {
        if (left-- > 0) response.write(`data: ${left}\n\n`)
        else response.end()
      }
      sendNext()
    })
    const folder = temporaryFolder()
    const { baseURL } = await start("--record", upstream, "--to", folder)
    const exchange = await client()(json(`${baseURL}/chat/completions?x=1`, {}), {
      onChunk: () => sendNext(),
    })
    expect(paths).toEqual(["/api/v1/chat/completions?x=1"])
    expect(exchange.response?.headers.filter(([name]) => name === "X-Twice")).toHaveLength(2)
    const [recorded] = await exchangesIn(folder)
    expect(recorded?.response?.chunks.map(({ bytes }) => Buffer.from(bytes).toString())).toEqual([
      "data: 2\n\n",
      "data: 1\n\n",
      "data: 0\n\n",
    ])
    const times = recorded?.response?.chunks.map(({ atMs }) => atMs) ?? []
    expect(times).toEqual([...new Set(times)].sort((a, b) => a - b))
  })

  test("a header that would have no effect is refused, and the API is not asked", async () => {
    const upstream = await serve((_, response) => void response.end("{}"))
    const folder = temporaryFolder()
    const { baseURL } = await start("--record", upstream, "--to", folder)
    const refused = await client()(json(`${baseURL}/models`, {}, [["x-mock-fault", "reset"]]))
    expect(received(refused)).toMatchObject({
      status: 400,
      body: expect.stringContaining("Another API answers, and 'x-mock-fault' would have no effect."),
    })
    expect(await exchangesIn(folder)).toEqual([])
  })

  test("keys in headers, query, body and reply never reach a file", async () => {
    const secrets = [
      "header-key-0123456789",
      "query key/0123456789",
      "body-key-0123456789",
      "sk-0123456789abcdefghij",
    ]
    const [inHeader = "", inQuery = "", inBody = "", inReply = ""] = secrets
    const upstream = await serve((request, response) => {
      let body = ""
      request.on("data", (chunk) => {
        body += chunk
      })
      request.on("end", () => {
        response.setHeader("x-echo", request.headers.authorization ?? "")
        response.end(JSON.stringify([request.url, request.headers, body, inReply]))
      })
    })
    const folder = temporaryFolder()
    const { baseURL, printed } = await start("--record", upstream, "--to", folder)
    const url = `${baseURL}/chat/completions?api_key=${encodeURIComponent(inQuery)}`
    const asked = { tools: [{ type: "mcp", authorization: inBody }], input: `my key is ${inReply}` }
    const reply = await client()({
      ...json(url, asked),
      headers: [["authorization", `Bearer ${inHeader}`]],
    })
    for (const secret of [inHeader, inBody, inReply]) {
      expect(Buffer.from(bodyOf(reply)).toString()).toContain(secret)
    }
    const files = readdirSync(folder).map((file) => readFileSync(join(folder, file), "utf8"))
    for (const text of [...files, printed()]) {
      for (const secret of secrets) {
        expect(text).not.toContain(secret)
        expect(text).not.toContain(encodeURIComponent(secret))
      }
    }
    // Another key finds the recording all the same.
    const replay = await start("--replay", folder)
    const other = await client()({
      ...json(url.replace(baseURL, replay.baseURL).replace(/api_key=.*/, "api_key=another-key"), {
        ...asked,
        tools: [{ type: "mcp", authorization: "another-key-of-another-length" }],
      }),
      headers: [],
    })
    expect(other.response?.status).toBe(200)
  })

  test("a header names the file, and a scope does when there is none", async () => {
    const upstream = await startUpstream()
    const folder = temporaryFolder()
    const { baseURL } = await start("--record", upstream.baseURL, "--to", folder)
    const ask = async (...headers: Header[]) => {
      await client()(json(`${baseURL}/chat/completions`, said("Hello"), headers))
    }
    await ask()
    await ask(["x-mock-recording", "suite > test/1 é".normalize("NFC")].map(latin1) as unknown as Header)
    await ask(["x-mock-scope", "scope"], ["x-mock-recording", "own"])
    await ask(["x-mock-scope", "scope"])
    expect(readdirSync(folder).map(nameOf).sort()).toEqual(
      ["own", "recording", "scope", latin1("suite > test/1 é")].sort(),
    )
    expect(
      await client()(json(`${baseURL}/models`, {}, [["x-mock-recording", "x".repeat(300)]])),
    ).toMatchObject({
      response: { status: 400 },
    })
    // Names of ours never reach an upstream, which would refuse them or record them itself.
    const requests = (await exchangesIn(folder)).map(({ request }) => request)
    expect(JSON.stringify(requests)).not.toContain("x-mock-")
  })

  test("the log says why the recorder itself answers", async () => {
    const closed = createServer().listen(0, "127.0.0.1")
    await once(closed, "listening")
    const { port } = closed.address() as AddressInfo
    closed.close()
    const upstream = `http://127.0.0.1:${port}/v1`
    const { baseURL, printed } = await start("--record", upstream, "--to", temporaryFolder(), "--log", "json")
    const url = `${baseURL}/chat/completions`
    await client()(json(url, said("Hello")))
    await client()(json(url, said("Hello"), [["x-mock-latency", "ttft=1"]]))
    const facts = () => {
      const lines = printed().trim().split("\n").slice(1)
      return lines.map((line) => {
        const { status, model, error } = JSON.parse(line)
        return { status, model, error }
      })
    }
    await expect.poll(facts).toEqual([
      { status: 502, model: "gpt-4o", error: `The upstream 127.0.0.1:${port} did not reply (ECONNREFUSED).` },
      { status: 400, error: "Another API answers, and 'x-mock-latency' would have no effect." },
    ])
  })

  test("the log of a replay says that a recording is missing, and nothing of scenarios", async () => {
    const upstream = await start()
    const folder = temporaryFolder()
    const { baseURL } = await start("--record", upstream.baseURL, "--to", folder)
    await client()(json(`${baseURL}/chat/completions`, said("Hello")))
    const replay = await start("--replay", folder, "--log", "pretty")
    await client()(json(`${replay.baseURL}/chat/completions`, said("Hi")))
    await expect.poll(() => replay.printed()).toContain("No recording matches POST /chat/completions.")
    expect(replay.printed()).not.toContain("scenario")
  })

  const latin1 = (text: string) => Buffer.from(text).toString("latin1")

  test("a client that hangs up ends the upstream's work, and its exchange is not replayed", async () => {
    const folder = temporaryFolder()
    let hasLeft = () => {}
    const left = new Promise<void>((resolve) => {
      hasLeft = resolve
    })
    const upstream = await serve((_, response) => {
      response.write("data: 1\n\n")
      response.once("close", hasLeft)
    })
    const { baseURL } = await start("--record", upstream, "--to", folder)
    await client()({ ...json(`${baseURL}/chat/completions`, {}), hangUpAfterBytes: 1 })
    await left
    await expect.poll(() => exchangesIn(folder)).toMatchObject([{ end: { kind: "aborted" } }])
    const replay = await start("--replay", folder)
    expect(await client()(json(`${replay.baseURL}/chat/completions`, {}))).toMatchObject({
      response: { status: 400 },
    })
  })

  test("an upstream that does not reply is a 502 that names it", async () => {
    const folder = temporaryFolder()
    const { baseURL } = await start("--record", "http://127.0.0.1:1/v1", "--to", folder)
    const reply = received(await client()(json(`${baseURL}/chat/completions`, {})))
    expect([reply.status, JSON.parse(reply.body).error.message]).toEqual([
      502,
      "The upstream 127.0.0.1:1 did not reply (ECONNREFUSED).",
    ])
  })

  test("a folder with recordings of another API is named at the start, and one with its own is not", async () => {
    const folder = temporaryFolder()
    const [{ baseURL: first }, { baseURL: second }] = [await startUpstream(), await startUpstream()]
    const recordTo = async (upstream: string) => {
      const { baseURL, child, printed } = await start("--record", upstream, "--to", folder)
      await client()(json(`${baseURL}/models`, {}))
      child.kill("SIGKILL")
      await once(child, "exit")
      return printed()
    }
    await recordTo(first)
    expect(await recordTo(first)).not.toContain("warning")
    expect(await recordTo(second)).toContain(
      `warning: ${join(folder, "recording.ndjson")} has recordings of ${new URL(first).origin}. ` +
        `Record ${new URL(second).origin} to another folder\n`,
    )
  })

  test("a line that a killed recorder cut is removed before the next one is appended", async () => {
    const upstream = await startUpstream()
    const folder = temporaryFolder()
    const file = join(folder, "recording.ndjson")
    const record = async () => {
      const { baseURL, child } = await start("--record", upstream.baseURL, "--to", folder)
      await client()(json(`${baseURL}/chat/completions`, said("Hello")))
      child.kill("SIGKILL")
      await once(child, "exit")
    }
    await record()
    const first = readFileSync(file, "utf8")
    appendFileSync(file, first.slice(0, first.indexOf("\n") + 20))
    await record()
    expect(await exchangesIn(folder)).toHaveLength(2)
  })

  test("an SDK's retries are recorded and replayed", async () => {
    let requests = 0
    const upstream = await serve((_, response) => {
      requests++
      response.writeHead(requests === 1 ? 429 : 200, {
        "content-type": "application/json",
        "retry-after-ms": "1",
      })
      if (requests > 1) response.end('{"id":"second"}')
      else {
        response.write('{"error":')
        // The SDK has closed the connection by then.
        setTimeout(() => response.end('{"message":"later"}}'), 200)
      }
    })
    const folder = temporaryFolder()
    const ask = async (baseURL: string) => {
      const { id } = await new OpenAI({ baseURL, apiKey: "k" }).chat.completions.create({
        model: "m",
        messages: [{ role: "user", content: "Hello" }],
      })
      return id
    }
    expect(await ask((await start("--record", upstream, "--to", folder)).baseURL)).toBe("second")
    await expect.poll(() => exchangesIn(folder)).toHaveLength(2)
    const replay = await start("--replay", folder)
    expect(await ask(replay.baseURL)).toBe("second")
    await expect.poll(() => replay.printed()).toMatch(/"status":429.*"status":200/s)
    expect(requests).toBe(2)
  })
})

test("a reset begins every sequence of recordings again", async () => {
  const folder = temporaryFolder()
  const entry = (text: string, second: number) => ({
    startedDateTime: `2026-11-27T10:00:0${second}Z`,
    request: { method: "GET", url: "https://api.example/v1/videos/video_1", headers: [] },
    response: { status: 200, headers: [], content: { text } },
  })
  // Written when they ended, and answered in the order in which they were asked.
  const entries = [entry("completed", 2), entry("queued", 1)]
  writeFileSync(join(folder, "a.har"), JSON.stringify({ log: { entries } }))
  const { baseURL } = await start("--replay", folder)
  const poll = async () => (await fetch(`${baseURL}/videos/video_1`)).text()
  expect([await poll(), await poll(), await poll()]).toEqual(["queued", "completed", "completed"])
  await fetch(baseURL.replace("/v1", "/__mock/api/reset"), { method: "POST" })
  expect(await poll()).toBe("queued")
})

test("the base path of the upstream replaces ours", () => {
  const url = (upstream: string, target: string) => upstreamUrl(upstream, target)
  expect(url("https://h.example/v1", "/v1/models?a=1")).toBe("https://h.example/v1/models?a=1")
  expect(url("https://h.example/api/v1/", "/v1/models")).toBe("https://h.example/api/v1/models")
  expect(url("https://h.example/api/v1", "/other")).toBe("https://h.example/other")
  expect(url("https://h.example", "/v1/models")).toBe("https://h.example/v1/models")
  fc.assert(
    fc.property(fc.webUrl(), fc.string(), (upstream, target) => {
      const { origin } = new URL(upstream)
      const sent = url(origin, target)
      if (URL.canParse(sent)) expect(new URL(sent).origin).toBe(origin)
    }),
  )
})

test("a name is found again in the name of its file, which stays in the folder", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 }), (name) => {
      const file = fileNameOf(name)
      if (file === undefined) return
      expect(file).toMatch(/^[\w.%-]+\.ndjson$/)
      expect(nameOf(file)).toBe(name)
    }),
  )
})

describe("convert", () => {
  test("a transcript becomes an archive and a transcript again, and all three are replayed alike", async () => {
    const upstream = await startUpstream()
    const folders = [temporaryFolder(), temporaryFolder(), temporaryFolder()]
    const [recorded = "", archived = "", back = ""] = folders
    const { baseURL } = await start("--record", upstream.baseURL, "--to", recorded)
    const startedAt = Date.now()
    for (const request of await requestsTo(baseURL)) await client()(request)
    const endedAt = Date.now()
    const transcript = join(recorded, "recording.ndjson")
    expect(await run("convert", transcript, join(archived, "recording.har"))).toEqual({ code: 0, stderr: "" })
    expect(
      await run("convert", join(archived, "recording.har"), join(back, "recording.ndjson")),
    ).toMatchObject({
      code: 0,
    })
    const exchanges = await Promise.all(
      folders.map(async (folder) =>
        (await readFolder(folder)).recordings.map(({ exchange: { request, ...rest } }) => ({
          ...rest,
          request: { ...request, sentAtMs: 0 },
        })),
      ),
    )
    expect(exchanges[0]?.length).toBeGreaterThan(10)
    expect(exchanges[1]).toEqual(exchanges[0])
    expect(exchanges[2]).toEqual(exchanges[0])
    const started = JSON.parse(readFileSync(join(archived, "recording.har"), "utf8")).log.entries[0]
      .startedDateTime
    // In whole milliseconds.
    expect(Date.parse(started)).toBeGreaterThanOrEqual(startedAt - 1)
    expect(Date.parse(started)).toBeLessThanOrEqual(endedAt)
  })

  test("an archive of a browser is replayed, and its keys do not reach a transcript", async () => {
    const folder = temporaryFolder()
    const key = "browser-key-0123456789"
    const entry = {
      startedDateTime: "2026-11-27T10:00:00.000Z",
      time: 3,
      request: {
        method: "POST",
        url: "https://api.example/v1/chat/completions",
        headers: [{ name: "authorization", value: `Bearer ${key}` }],
        postData: { mimeType: "application/json", text: '{"model":"m"}' },
      },
      response: {
        status: 200,
        headers: [
          { name: "content-encoding", value: "br" },
          { name: "content-length", value: "999" },
        ],
        content: { text: `{"echo":"${key}"}` },
      },
    }
    writeFileSync(join(folder, "browser.har"), JSON.stringify({ log: { entries: [entry] } }))
    const replay = await start("--replay", folder)
    const reply = received(await client()(json(`${replay.baseURL}/chat/completions`, { model: "m" })))
    expect(reply).toMatchObject({ status: 200, body: `{"echo":"${key}"}`, end: "complete" })
    expect(await run("convert", join(folder, "browser.har"), join(folder, "out.ndjson"))).toMatchObject({
      code: 0,
    })
    expect(readFileSync(join(folder, "out.ndjson"), "utf8")).not.toContain(key)
    expect(readdirSync(folder).sort()).toEqual(["browser.har", "out.ndjson"])
  })

  test.each<[() => string[], string]>([
    [() => ["a.ndjson"], "output"],
    [() => ["a.ndjson", "b.txt"], ".har"],
    [() => ["a.har", "b.har"], ".ndjson"],
    [() => [join(temporaryFolder(), "none.har"), "b.ndjson"], "none.har': the file or folder does not exist"],
    [() => [fileOf("a.har", "{"), "b.ndjson"], "a.har: "],
    [() => [fileOf("a.har", '{"log":{}}'), "b.ndjson"], "/log/entries"],
    [() => [fileOf("a.ndjson", '{"fact":"end"}\n{"fact":"end"}\n'), "b.har"], "transcript line 1"],
    [
      () => [fileOf("a.ndjson", ""), fileOf("b.har", "mine")],
      "b.har exists. Remove it, or give another name",
    ],
  ])("%#: %s ends with 2", async (args, named) => {
    const { code, stderr } = await run("convert", ...args())
    expect([code, stderr]).toEqual([2, expect.stringContaining(named)])
    expect(stderr).not.toContain("    at ")
  })

  function fileOf(name: string, content: string): string {
    const path = join(temporaryFolder(), name)
    writeFileSync(path, content)
    return path
  }
})

describe("arguments that are wrong end with 2 and name option and remedy", () => {
  const folder = () => temporaryFolder()
  const file = () => join(damaged(), "a.ndjson")
  const damaged = () => {
    const path = temporaryFolder()
    writeFileSync(join(path, "a.ndjson"), '{"fact":"end"}\n{"fact":"request"}\n')
    return path
  }
  test.each<[() => string[], string]>([
    [() => ["--record", "http://a.example/v1"], "--to"],
    [() => ["--to", folder()], "--record"],
    [() => ["--record", "ftp://a.example", "--to", folder()], "--record"],
    [() => ["--record", "http://a.example", "--to", folder(), "--replay", folder()], "--replay"],
    [() => ["--record", "http://a.example", "--to", folder(), "--defect", "sse-double-done"], "--defect"],
    [() => ["--replay", folder(), "--seed", "1"], "--seed"],
    [() => ["--replay", folder(), "--no-auth"], "--no-auth"],
    [() => ["--speed", "1"], "--replay"],
    [() => ["--replay", folder(), "--speed", "fast"], "--speed"],
    [() => ["--replay", join(folder(), "none")], "none': the file or folder does not exist"],
    [() => ["--replay", folder()], "no recordings"],
    [() => ["--replay", file()], "a.ndjson is a file. Give the path of a folder"],
    [() => ["--record", "http://a.example", "--to", file()], "a.ndjson is a file. Give the path of a folder"],
    [() => ["--record", "http://a.example", "--to", ""], "the path is empty. Give the path of a folder"],
    // Where Node's own way to create folders never returns.
    [() => ["--record", "http://a.example", "--to", "/proc/none/folder"], "mkdir '/proc"],
    [() => ["--replay", damaged()], "a.ndjson: transcript line 1"],
  ])("%#: %s", async (args, named) => {
    const { code, stderr } = await run(...args())
    expect([code, stderr]).toEqual([2, expect.stringContaining(named)])
    expect(stderr).not.toContain("    at ")
  })

  test("credentials in the URL are not repeated", async () => {
    const { code, stderr } = await run("--record", "http://u:secret-word@a.example", "--to", folder())
    expect([code, stderr]).toEqual([2, expect.not.stringContaining("secret-word")])
  })
})
