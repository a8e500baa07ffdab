import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { closeSync, existsSync, openSync, readFileSync } from "node:fs"
import { request } from "node:http"
import { type AddressInfo, connect, createServer } from "node:net"
import { afterEach, describe, expect, test } from "vitest"
import { version } from "../src/version.ts"
import { bin, command, startCommand } from "./command.ts"

const running: ChildProcess[] = []
afterEach(() => {
  for (const child of running.splice(0)) child.kill("SIGKILL")
})

const cli = (...args: string[]) => command(args)
const start = (...args: string[]) => startCommand(args)

const hello = { model: "gpt-4o", messages: [{ role: "user", content: "Hello" }] }
const ask = (
  baseURL: string,
  body: object,
  headers: Record<string, string> = { authorization: "Bearer sk-x" },
) =>
  fetch(`${baseURL}/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  })

describe("standard output that fails (F10)", () => {
  /** Resolves when the server answers, within a few seconds. */
  async function untilReady(url: string): Promise<void> {
    for (let tries = 0; tries < 100; tries++) {
      const isReady = await fetch(`${url}/health`).then(
        ({ ok }) => ok,
        () => false,
      )
      if (isReady) return
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    throw new Error(`No answer from ${url}`)
  }
  async function freePort(): Promise<number> {
    const server = createServer().listen(0, "127.0.0.1")
    await once(server, "listening")
    const { port } = server.address() as AddressInfo
    server.close()
    await once(server, "close")
    return port
  }

  test.skipIf(!existsSync("/dev/full")).each(["json", "pretty", "off"])(
    "a full disk ends the log %s, with one warning, and nothing else",
    async (log) => {
      const port = await freePort()
      const full = openSync("/dev/full", "w")
      const command = [bin, "--port", String(port), "--log", log]
      const child = spawn(process.execPath, command, { stdio: ["ignore", full, "pipe"] })
      closeSync(full)
      running.push(child)
      let warned = ""
      child.stderr?.on("data", (chunk) => {
        warned += chunk
      })
      await untilReady(`http://127.0.0.1:${port}`)
      for (let i = 0; i < 3; i++) expect((await ask(`http://127.0.0.1:${port}/v1`, hello)).status).toBe(200)
      expect(child.exitCode).toBeNull()
      expect(warned.match(/warning: standard output/g)).toHaveLength(1)
    },
  )

  test("a reader that leaves ends the log and nothing else", async () => {
    const command = [bin, "--port", "0", "--log", "json"]
    const child = spawn(process.execPath, command, { stdio: ["ignore", "pipe", "pipe"] })
    running.push(child)
    const [line] = await once(child.stdout, "data")
    child.stdout.destroy()
    const { listening } = JSON.parse(String(line))
    for (let i = 0; i < 3; i++) expect((await ask(listening, hello)).status).toBe(200)
    expect(child.exitCode).toBeNull()
  })
})

test("/openapi.json is the OpenAPI document", async () => {
  const { baseURL } = await start()
  const reply = await fetch(new URL("/openapi.json", baseURL))
  expect(reply.headers.get("content-type")).toBe("application/json")
  expect(await reply.json()).toMatchObject({ openapi: "3.1.1", paths: { "/chat/completions": {} } })
  expect(await (await fetch(new URL("/", baseURL))).text()).toContain("/openapi.json")
})

test("a defect that does not act is named in the log (E15)", async () => {
  const { baseURL, printed } = await start("--log", "pretty")
  const headers = { authorization: "Bearer sk-x", "x-mock-defect": "sse-double-done" }
  const reply = await ask(baseURL, hello, headers)
  expect(reply.headers.get("x-mock-inactive")).toBe("sse-double-done")
  await expect.poll(printed).toContain("inactive here: sse-double-done")
})

test("--drain sets how long open replies get", async () => {
  async function halfAsked(seconds: string) {
    const server = await start("--drain", seconds)
    const socket = connect(Number(new URL(server.baseURL).port), "127.0.0.1")
    socket.on("error", () => {})
    // The server has the head once it answers what came before it.
    socket.write(
      "GET /health HTTP/1.1\r\nhost: x\r\n\r\nPOST /v1/models HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nhalf",
    )
    await once(socket, "data")
    server.child.kill("SIGTERM")
    return server
  }
  const [short, long] = await Promise.all([halfAsked("0.2"), halfAsked("600")])
  expect(await Promise.race([short.exited.then((code) => ["short", code]), long.exited])).toEqual([
    "short",
    0,
  ])
  expect(await cli("--drain", "soon")).toMatchObject({ code: 2, stderr: expect.stringContaining("--drain") })
})

test("--tokenizer o200k_base cuts at the tokens of a model", async () => {
  const { baseURL } = await start("--tokenizer", "o200k_base")
  const reply = await (await ask(baseURL, { ...hello, max_tokens: 4 })).json()
  expect(reply).toMatchObject({
    choices: [{ message: { content: 'You said: "' }, finish_reason: "length" }],
    usage: { completion_tokens: 4 },
  })
})

describe("arguments that are wrong end with 2 and name the option", () => {
  test.each([
    [["--port", "x"], "--port"],
    [["--port", "65536"], "--port"],
    [["--seed", "1.5"], "--seed"],
    [["--profile", "azure"], "--profile"],
    [["--clock", "slow"], "--clock"],
    [["--log", "loud"], "--log"],
    [["--tokenizer", "gpt2"], "--tokenizer"],
    [["--api-key", "sk-a", "--no-auth"], "--no-auth"],
    [["--defect", "sse-double-done@2"], "--defect"],
    [["--defect", "sse-double-don"], "'sse-double-done'"],
    [["--defect", "crlf@0.5"], "option '--defect <id...>': 'crlf' is a variant. Use '--variant crlf@0.5'."],
    [
      ["--variant", "crlf", "sse-double-done"],
      "option '--variant <id...>': 'sse-double-done' is a defect. Use '--defect sse-double-done'.",
    ],
    [["--frobnicate"], "--frobnicate"],
    [["extra"], "unknown command 'extra'"],
  ])("%j", async (args, named) => {
    const { code, stdout, stderr } = await cli(...args)
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" })
    expect(stderr).toContain(named)
  })

  test("a key that is none is not repeated", async () => {
    const { code, stderr } = await cli("--api-key", " secret-key")
    expect(code).toBe(2)
    expect(stderr).toContain("--api-key")
    expect(stderr).not.toContain("secret-key")
  })
})

test("--help and --version", async () => {
  expect(await cli("--version")).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" })
  expect(readFileSync(new URL("../package.json", import.meta.url), "utf8")).toContain(
    `"version": "${version}"`,
  )
  const { code, stdout } = await cli("--help")
  expect(code).toBe(0)
  for (const option of [
    "--port",
    "--host",
    "--profile",
    "--seed",
    "--api-key",
    "--no-auth",
    "--model",
    "--strict-models",
    "--call-tools",
    "--clock",
    "--defect",
    "--variant",
    "--log",
  ]) {
    expect(stdout).toContain(option)
  }
})

test("a port that is taken is one line", async () => {
  const { baseURL } = await start()
  const { port } = new URL(baseURL)
  expect(await cli("--port", port)).toEqual({
    code: 1,
    stdout: "",
    stderr: `Port ${port} on 127.0.0.1 is already in use. Choose another port with --port, or a free one with --port 0.\n`,
  })
})

test("an address of another machine is one line, with what to name instead", async () => {
  const { code, stdout, stderr } = await cli("--port", "0", "--host", "192.0.2.1")
  expect([code, stdout]).toEqual([2, ""])
  expect(stderr).toMatch(
    /^error: option '--host 192\.0\.2\.1': the mock cannot listen there \(.*\)\. Name an address of this machine, such as 127\.0\.0\.1, or 0\.0\.0\.0 for all\.\n$/,
  )
})

test("it answers where it says that it listens", async () => {
  const { baseURL, printed } = await start(
    "--seed",
    "7",
    "--model",
    "own",
    "other",
    "--model",
    "third",
    "--strict-models",
    "--profile",
    "openai",
  )
  expect(printed()).toContain(`curl ${baseURL}/chat/completions`)
  for (const model of ["gpt-4o", "own", "other", "third"]) {
    const response = await ask(baseURL, { ...hello, model })
    expect(await response.json()).toMatchObject({ model, created: 1713833628, service_tier: "default" })
  }
  expect((await ask(baseURL, { ...hello, model: "fourth" })).status).toBe(404)
})

test("keys, clock and log; no key is ever printed", async () => {
  const { baseURL, printed, child, exited } = await start(
    "--api-key",
    "sk-one",
    "sk-two",
    "--clock",
    "real",
    "--log",
    "json",
  )
  const before = Math.floor(Date.now() / 1000)
  const response = await ask(baseURL, hello, { authorization: "Bearer sk-two" })
  expect(((await response.json()) as { created: number }).created).toBeGreaterThanOrEqual(before)
  expect((await ask(baseURL, hello, { authorization: "Bearer sk-wrong-one" })).status).toBe(401)
  await fetch(`${baseURL}/models?key=sk-two`)
  child.kill("SIGTERM")
  expect(await exited).toBe(0)
  const lines = printed()
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line))
  expect(lines).toEqual([
    { listening: baseURL, profile: "nexhina" },
    {
      at: expect.any(String),
      method: "POST",
      path: "/v1/chat/completions",
      status: 200,
      ms: expect.any(Number),
      model: hello.model,
      tokens: expect.any(Number),
      finish: "stop",
    },
    {
      at: expect.any(String),
      method: "POST",
      path: "/v1/chat/completions",
      status: 401,
      ms: expect.any(Number),
      model: hello.model,
      error: expect.stringContaining("API key"),
    },
    {
      at: expect.any(String),
      method: "GET",
      path: "/v1/models",
      status: 401,
      ms: expect.any(Number),
      error: expect.any(String),
    },
  ])
  expect(printed()).not.toContain("sk-")
})

test("a log line says what came: model, stream, tokens, end or error", async () => {
  const { baseURL, printed, child, exited } = await start("--log", "pretty")
  const streamed = { ...hello, stream: true, stream_options: { include_usage: true } }
  await (await ask(baseURL, streamed)).text()
  await (await ask(baseURL, { ...hello, n: "two" })).text()
  const respond = {
    method: "POST",
    headers: { authorization: "Bearer x", "content-type": "application/json" },
  }
  const body = JSON.stringify({ model: "gpt-4o\u001b[2J", input: "Hello", stream: true })
  await (await fetch(`${baseURL}/responses`, { ...respond, body })).text()
  child.kill("SIGTERM")
  expect(await exited).toBe(0)
  const lines = printed().trim().split("\n").slice(-3)
  expect(lines[0]).toMatch(/POST \/v1\/chat\/completions 200 \d+ ms, gpt-4o, stream, \d+ tokens, stop$/)
  expect(lines[1]).toMatch(/POST \/v1\/chat\/completions 400 \d+ ms, gpt-4o, Invalid type for 'n'/)
  expect(lines[2]).toMatch(/POST \/v1\/responses 200 \d+ ms, gpt-4o\?\[2J, stream, \d+ tokens, completed$/)
})

test("the first addresses that people try lead to the API", async () => {
  const { baseURL } = await start()
  const get = async (path: string) => {
    const response = await fetch(new URL(path, baseURL))
    return [response.status, await response.text()]
  }
  expect(await get("/")).toEqual([200, expect.stringContaining("/v1")])
  expect(await get("/health")).toEqual([200, '{"status":"ok"}'])
  const lost = await fetch(new URL("/chat/completions", baseURL), { method: "POST" })
  expect([lost.status, await lost.text()]).toEqual([404, expect.stringContaining("/v1/chat/completions")])
})

test.each([
  ["after one option", ["--defect", "sse-double-done", "request-id-absent"]],
  ["repeated", ["--defect", "sse-double-done", "--defect", "request-id-absent"]],
])("without keys, any model, with two defects, %s (D19)", async (_, defects) => {
  const { baseURL } = await start("--no-auth", ...defects, "--log", "off")
  const response = await ask(baseURL, { ...hello, model: "whatever", stream: true }, {})
  expect((await response.text()).match(/\[DONE\]/g)).toHaveLength(2)
  expect(response.headers.get("x-request-id")).toBeNull()
})

describe("the control API", () => {
  const ready = (baseURL: string, headers: Record<string, string> = {}) =>
    new Promise<{ status: number | undefined; headers: NodeJS.Dict<string | string[]>; body: string }>(
      (resolve, reject) => {
        // Not `fetch`: it sets Host and Origin itself.
        request(baseURL.replace("/v1", "/__mock/api/ready"), { headers }, (response) => {
          let body = ""
          response.on("data", (chunk) => {
            body += chunk
          })
          response.on("end", () => resolve({ status: response.statusCode, headers: response.headers, body }))
        })
          .on("error", reject)
          .end()
      },
    )

  test("says that it is ready, to this machine only", async () => {
    const { baseURL } = await start()
    const { host } = new URL(baseURL)
    const answer = await ready(baseURL)
    expect([answer.status, answer.body]).toEqual([200, '{"ready":true}'])
    expect(answer.headers).not.toHaveProperty("access-control-allow-origin")
    expect((await ready(baseURL, { origin: `http://${host}` })).status).toBe(200)
    expect((await ready(baseURL, { host: "localhost:1" })).status).toBe(200)
    for (const headers of [
      { host: "evil.example" },
      { host: "127.0.0.1.evil.example" },
      { origin: "http://evil.example" },
      { origin: "null" },
    ]) {
      expect((await ready(baseURL, headers as Record<string, string>)).status).toBe(403)
    }
  })
})

describe("signals", () => {
  test.each(["SIGTERM", "SIGINT"] as const)("%s lets a reply finish that is on its way", async (signal) => {
    const { baseURL, child, exited } = await start()
    const { port } = new URL(baseURL)
    const body = JSON.stringify(hello)
    const socket = connect(Number(port), "127.0.0.1")
    let text = ""
    const closed = new Promise((resolve) => socket.once("close", resolve))
    socket.on("data", (chunk) => {
      text += chunk
    })
    socket.write(
      `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer sk-x\r\nconnection: close\r\n` +
        `content-length: ${body.length}\r\nexpect: 100-continue\r\n\r\n`,
    )
    while (!text.includes("100 Continue")) await new Promise((read) => socket.once("data", read))
    child.kill(signal)
    // Only once it takes no more connections, the body follows.
    while (await accepts(Number(port))) {}
    socket.write(body)
    await closed
    expect(text).toMatch(/HTTP\/1\.1 200 OK.*chat\.completion/s)
    expect(await exited).toBe(0)
  })

  test("a second one ends at once", async () => {
    const { baseURL, child, exited } = await start()
    const { port } = new URL(baseURL)
    const socket = connect(Number(port), "127.0.0.1")
    socket.on("error", () => {})
    socket.write(
      "POST /v1/embeddings HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 9\r\n\r\n",
    )
    await new Promise((read) => socket.once("data", read))
    child.kill("SIGTERM")
    while (await accepts(Number(port))) {}
    child.kill("SIGTERM")
    expect(await exited).toBe(0)
  })

  const accepts = (port: number) =>
    new Promise<boolean>((resolve) => {
      const socket = connect(port, "127.0.0.1")
      socket.once("connect", () => {
        socket.destroy()
        resolve(true)
      })
      socket.once("error", () => resolve(false))
    })
})

test("what is no HTTP is refused with the error body, and the server goes on", async () => {
  const { baseURL } = await start()
  const say = (text: string) =>
    new Promise<string>((resolve) => {
      const socket = connect(Number(new URL(baseURL).port), "127.0.0.1")
      let heard = ""
      socket.on("data", (chunk) => {
        heard += chunk
      })
      socket.once("close", () => resolve(heard))
      socket.on("error", () => {})
      socket.write(text)
    })
  expect(await say("HELLO\r\n\r\n")).toMatch(
    /^HTTP\/1\.1 400 .*\{"error":\{"message":"Malformed HTTP request\."/s,
  )
  expect(await say(`GET / HTTP/1.1\r\nx: ${"a".repeat(20_000)}\r\n\r\n`)).toMatch(
    /^HTTP\/1\.1 431 .*larger than 16 KiB/s,
  )
  expect((await ask(baseURL, hello)).status).toBe(200)
})
