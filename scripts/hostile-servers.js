import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtemp, readFile, rm, stat } from "node:fs/promises"
import { createServer } from "node:http"
import { createServer as createSocketServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { brotliCompressSync, gzipSync } from "node:zlib"
import { convert } from "xmlbuilder2"

/*
 * Runs the kit against servers that do what a client fears: bodies without an end, decompression bombs, deep nesting,
 * silence. Fails when the kit takes more memory than it promises, overruns --max-time, does not end by itself, or leaves
 * a report that is not valid. Names of servers as arguments run only those.
 */

const maxMemoryMiB = 400
const maxOverrunMs = 2000
const maxReportBytes = 64 * 2 ** 20
/** Starting node and loading the kit takes as long as a command that does no more, which --max-time does not count. */
const startMs = await startTime()

const { values, positionals } = parseArgs({
  options: { "max-time": { type: "string", default: "20" } },
  allowPositionals: true,
})
const maxTimeMs = Number(values["max-time"]) * 1000

const json = { "content-type": "application/json" }
const stream = { "content-type": "text/event-stream" }
const MB = 1_000_000

const model = (id) => ({ id, object: "model", created: 1, owned_by: "x" })
const models = (ids) => JSON.stringify({ object: "list", data: ids.map(model) })
const choice = (index, message) => ({
  index,
  message: { role: "assistant", content: "Hello.", refusal: null, ...message },
  finish_reason: "stop",
  logprobs: null,
})
const completion = (choices, members) =>
  JSON.stringify({
    id: "chatcmpl-1",
    object: "chat.completion",
    created: 1,
    model: "gpt-4o",
    choices,
    ...members,
  })
const small = completion([choice(0)], { usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 } })

/** Returns a handler that lists a model and answers every other request with the same body. */
const always = (body, headers = json) => listing((response) => response.writeHead(200, headers).end(body))

/** Returns a handler that lists a model and passes every other request on. */
const listing = (answer) => (request, response) =>
  request.url.endsWith("/models")
    ? response.writeHead(200, json).end(models(["gpt-4o"]))
    : answer(response, request)

/** Writes a piece again and again, as fast as the client reads. */
function repeat(response, piece) {
  const write = () => {
    while (!response.destroyed && response.write(piece));
  }
  response.on("drain", write)
  response.on("error", () => {})
  write()
}

/** Writes a piece again and again, five times a second. */
function dripTo(response, piece) {
  const timer = setInterval(() => response.write(piece), 200)
  response.on("close", () => clearInterval(timer))
}

const zipped = (bytes) => {
  const body = gzipSync(
    `{"object":"list","data":[${JSON.stringify(model("gpt-4o"))}],"x":"${"x".repeat(bytes)}"}`,
  )
  return (_, response) => response.writeHead(200, { ...json, "content-encoding": "gzip" }).end(body)
}
const zippedValues = (bytes) => {
  const body = gzipSync(`{"object":"list","data":[${"{},".repeat(bytes / 3)}{}]}`)
  return (_, response) => response.writeHead(200, { ...json, "content-encoding": "gzip" }).end(body)
}

const calls = Array.from({ length: 16_000 }, (_, at) => ({
  id: `call_${at}`,
  type: "function",
  function: { name: "get_weather", arguments: "{}" },
}))
const chunk = `data: ${JSON.stringify({
  id: "chatcmpl-1",
  object: "chat.completion.chunk",
  created: 1,
  model: "gpt-4o",
  choices: [{ index: 0, delta: { content: "a" }, finish_reason: null }],
})}\n\n`
const large = JSON.stringify({ ...JSON.parse(small), x: "x".repeat(15 * MB) })
const nested = `{"object":"list","data":${"[".repeat(MB)}${"]".repeat(MB)}}`

/** Servers by name: a handler of HTTP requests, or of raw sockets. */
const servers = {
  "endless-line": {
    handle: listing((response) => repeat(response.writeHead(200, stream), "x".repeat(65_536))),
  },
  "endless-json": {
    handle: listing((response) => repeat(response.writeHead(200, json), "[".repeat(65_536))),
  },
  "endless-events": {
    handle: listing((response) => repeat(response.writeHead(200, stream), chunk.repeat(100))),
  },
  "gzip-10-mb": { handle: zipped(10 * MB) },
  "gzip-50-mb": { handle: zipped(50 * MB) },
  "gzip-10-mb-of-values": { handle: zippedValues(10 * MB) },
  "gzip-50-mb-of-values": { handle: zippedValues(50 * MB) },
  "15-mb-replies": { handle: always(large), flags: ["--max-requests", "119"] },
  "15-mb-models": {
    handle: (_, response) => response.writeHead(200, json).end(models(Array(150_000).fill("x".repeat(60)))),
  },
  "15-mb-of-text": { handle: always("héllo, [wörld] {".repeat(MB), { "content-type": "text/html" }) },
  "15-mb-of-lines": { handle: always(":\n".repeat(7.5 * MB), stream) },
  "100000-events": { handle: always(chunk.repeat(100_000), stream) },
  "10000-events": { handle: always(`${chunk.repeat(9_990)}data: [DONE]\n\n`, stream) },
  "16000-tool-calls": { handle: always(completion([choice(0, { content: null, tool_calls: calls })])) },
  "one-million-choices": { handle: always(completion(Array(MB).fill({}))) },
  "10000-choices": { handle: always(completion(Array.from({ length: 10_000 }, (_, at) => choice(at)))) },
  "nested-models": { handle: (_, response) => response.writeHead(200, json).end(nested) },
  "nested-arguments": {
    handle: always(
      completion([
        choice(0, {
          tool_calls: [
            { ...calls[0], function: { name: "get_weather", arguments: `{"a":${"[".repeat(MB)}` } },
          ],
        }),
      ]),
    ),
  },
  "lone-surrogate": {
    handle: (_, response) =>
      response.writeHead(200, json).end(models(["SURROGATE"]).replace("SURROGATE", "\\ud800")),
  },
  "5000-small-requests": {
    handle: always(small),
    flags: ["--runs", "60", "--concurrency", "16"],
    seconds: 90,
  },
  hanging: { handle: listing(() => {}) },
  "hanging-at-once": { handle: () => {} },
  "hanging-head": {
    socket: (socket) => socket.write("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"),
  },
  dripping: {
    handle: listing((response) => {
      response.writeHead(200, json)
      const timer = setInterval(() => response.write("["), 1000)
      response.on("close", () => clearInterval(timer))
    }),
  },
  resetting: { handle: (request) => request.socket.resetAndDestroy() },
  "resetting-later": { handle: listing((_, request) => request.socket.resetAndDestroy()) },
  "endless-headers": {
    socket: (socket) => {
      socket.write("HTTP/1.1 200 OK\r\n")
      repeat(socket, `x-${"y".repeat(500)}: ${"z".repeat(500)}\r\n`)
    },
  },
  "long-headers": {
    handle: listing((response) =>
      response.writeHead(200, { ...json, "x-long": "x".repeat(15_000) }).end(small),
    ),
  },
  "brotli-50-mb": {
    handle: always(brotliCompressSync(`{"x":"${"x".repeat(50 * MB)}"}`), {
      ...json,
      "content-encoding": "br",
    }),
  },
  "gzip-events": {
    handle: always(gzipSync(chunk.repeat(300_000)), { ...stream, "content-encoding": "gzip" }),
  },
  "continuing-for-ever": {
    socket: (socket) => dripTo(socket, "HTTP/1.1 100 Continue\r\n\r\n"),
  },
  "trailers-for-ever": {
    socket(socket) {
      socket.write(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n",
      )
      dripTo(socket, "x-t: a\r\n")
    },
  },
  "comments-for-ever": {
    handle: listing((response) => dripTo(response.writeHead(200, stream), ": still here\n\n")),
  },
  "handshake-for-ever": { socket: (socket) => dripTo(socket, "\x16\x03\x03") },
  "busy-for-ever": {
    handle: listing((response) => response.writeHead(429, { ...json, "retry-after": "20" }).end("{}")),
  },
}

async function listen({ handle, socket }) {
  const server = handle ? createServer(handle) : createSocketServer(socket)
  const sockets = new Set()
  server.on("connection", (each) => {
    sockets.add(each)
    each.on("error", () => {})
    each.on("close", () => sockets.delete(each))
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  return {
    baseUrl: `http://127.0.0.1:${server.address().port}/v1`,
    close() {
      server.close()
      for (const each of sockets) each.destroy()
    },
  }
}

/** Code that a process runs first, to write its greatest memory in KiB to a file at its end. */
async function startTime() {
  const began = performance.now()
  await once(spawn(process.execPath, ["packages/conformance/bin/nexhina-conformance.js", "rules"]), "exit")
  return performance.now() - began
}

const measure = (file) =>
  `data:text/javascript,import{writeFileSync}from"node:fs";process.on("exit",()=>writeFileSync(${JSON.stringify(file)},String(process.resourceUsage().maxRSS)))`

/** Runs the kit; resolves with its exit code, its duration in ms and its greatest memory in MiB. */
async function check({ baseUrl, flags = [], limitMs }, folder) {
  const memoryFile = join(folder, "memory")
  const args = ["run", "--base-url", baseUrl, "--api-key", "sk-hostile-servers", "--timeout", "5"]
  const reports = [
    "--report",
    `json=${join(folder, "report.json")}`,
    "--report",
    `junit=${join(folder, "report.xml")}`,
  ]
  const files = ["--report", "console", "--transcript", join(folder, "transcript.ndjson")]
  const began = performance.now()
  const kit = spawn(
    process.execPath,
    [
      "--import",
      measure(memoryFile),
      "packages/conformance/bin/nexhina-conformance.js",
      ...args,
      "--max-time",
      String(limitMs / 1000),
      ...reports,
      ...files,
      ...flags,
    ],
    { stdio: ["ignore", "pipe", "pipe"] },
  )
  const output = []
  kit.stdout.on("data", (bytes) => output.push(bytes))
  kit.stderr.on("data", (bytes) => output.push(bytes))
  const killer = setTimeout(() => kit.kill("SIGKILL"), limitMs + startMs + 30_000)
  const [code] = await once(kit, "close")
  clearTimeout(killer)
  const memory = await readFile(memoryFile, "utf8").catch(() => Number.NaN)
  return {
    code,
    ms: performance.now() - began,
    MiB: Number(memory) / 1024,
    output: Buffer.concat(output).toString(),
  }
}

/** Returns what is wrong with a run and its reports. */
async function problemsOf({ code, ms, MiB, output }, limitMs, folder) {
  const problems = []
  if (code === null) problems.push("did not end by itself")
  if (code === 0) problems.push("calls the server conformant")
  if (/\n\s+at .*:\d+:\d+/.test(output)) problems.push("prints a stack trace")
  if (!(MiB <= maxMemoryMiB)) problems.push(`takes ${MiB.toFixed(0)} MiB, more than ${maxMemoryMiB}`)
  if (ms > limitMs + startMs + maxOverrunMs) problems.push(`takes ${(ms / 1000).toFixed(1)} s`)
  const read = (name) => readFile(join(folder, name), "utf8").catch(() => "")
  try {
    const report = JSON.parse(await read("report.json"))
    if (report.durationMs > limitMs + maxOverrunMs) problems.push(`reports ${report.durationMs} ms`)
    const crashed = report.rules.filter(({ verdict }) => verdict === "harness-error")
    if (crashed.length > 0) problems.push(`crashes in ${crashed.map(({ id }) => id)}: ${crashed[0].reason}`)
  } catch (error) {
    problems.push(`leaves invalid JSON: ${error.message}`)
  }
  try {
    if (!convert(await read("report.xml"), { format: "object" }).testsuites)
      problems.push("leaves no JUnit report")
  } catch (error) {
    problems.push(`leaves invalid XML: ${error.message}`)
  }
  for (const name of ["report.json", "report.xml"]) {
    const { size } = await stat(join(folder, name)).catch(() => ({ size: 0 }))
    if (size > maxReportBytes) problems.push(`leaves ${size} bytes in ${name}`)
  }
  return problems
}

const unknown = positionals.filter((name) => !Object.hasOwn(servers, name))
if (unknown.length > 0) throw new Error(`unknown: ${unknown}; known are ${Object.keys(servers).join(", ")}`)

let failed = 0
for (const [name, { flags, seconds, ...handlers }] of Object.entries(servers)) {
  if (positionals.length > 0 && !positionals.includes(name)) continue
  const folder = await mkdtemp(join(tmpdir(), "hostile-"))
  const limitMs = seconds ? seconds * 1000 : maxTimeMs
  const server = await listen(handlers)
  try {
    const outcome = await check({ baseUrl: server.baseUrl, flags, limitMs }, folder)
    const problems = await problemsOf(outcome, limitMs, folder)
    if (problems.length > 0) failed++
    const { code, ms, MiB } = outcome
    console.log(
      `${problems.length > 0 ? "FAIL" : "ok  "} ${name.padEnd(22)} exit ${code}, ${(ms / 1000).toFixed(1)} s, ${MiB.toFixed(0)} MiB`,
    )
    for (const problem of problems) console.log(`       ${problem}`)
  } finally {
    server.close()
    await rm(folder, { recursive: true, force: true })
  }
}
process.exitCode = failed > 0 ? 1 : 0
