import { once } from "node:events"
import { Agent, createServer, request } from "node:http"
import { setTimeout as sleep } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import { startMock } from "../packages/mock/dist/hosts/node.js"
import { createMock } from "../packages/mock/dist/index.js"
import { median, percentile, reportTo, startApart } from "./measuring.js"

/*
 * Measures 1,000 open streams of 20 tokens a second, against a bare node server that writes the same frames on the same
 * schedule: how late frames arrive, the error of the pace, the server's CPU time, and the memory of a waiting stream.
 * Medians of alternating rounds. Clients count from when they send; they have a process of their own, the parent.
 */

const streams = 1_000
const rounds = 3
/** Milliseconds between two tokens. */
const itl = 50
/** Milliseconds within which the streams are opened, one after the other, and until the first token of each. */
const openingMs = 2_500
const ttft = 3_000
const tokens = 100
/** Milliseconds that streams wait for their first token while their memory is measured, and their lengths in tokens. */
const waitMs = 600_000
const waitingTokens = [100, 1_000]

const path = "/v1/chat/completions"
const headers = [
  ["authorization", "Bearer sk-bench"],
  ["content-type", "application/json"],
]
const bodyOf = (tokens) =>
  JSON.stringify({
    model: "gpt-4o",
    stream: true,
    max_tokens: tokens,
    messages: [{ role: "user", content: `Write ${tokens} words about the sea` }],
  })

/** Returns the frames of a stream and their times. */
async function framesOf(tokens, ttft) {
  const body = new TextEncoder().encode(bodyOf(tokens))
  const mock = createMock({ latency: { ttft, itl } })
  const reply = await mock.handle({ method: "POST", target: path, headers, body })
  return [...reply.body].map(({ bytes, atMs }) => ({ text: new TextDecoder().decode(bytes), atMs }))
}

/** Starts the baseline: node, timers, and the same frames for every request. */
async function startFloor(ttft, tokens, onRequest) {
  const frames = await framesOf(tokens, ttft)
  const server = createServer((request, response) => {
    request.resume().on("end", () => {
      onRequest()
      const arrivedAt = performance.now()
      let next = 0
      let timer
      response.once("close", () => clearTimeout(timer))
      const write = () => {
        if (!response.headersSent) response.writeHead(200, { "content-type": "text/event-stream" })
        const now = performance.now() - arrivedAt
        while (next < frames.length && frames[next].atMs <= now) response.write(frames[next++].text)
        if (next === frames.length) response.end()
        else timer = setTimeout(write, frames[next].atMs - now)
      }
      timer = setTimeout(write, frames[0].atMs)
    })
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  return `http://127.0.0.1:${server.address().port}`
}

/** In a process of its own: serves, and reports its requests, CPU time (µs) and memory (bytes) when it is asked. */
async function serve(kind, ttft, tokens) {
  let requests = 0
  const onRequest = () => {
    requests++
    return false
  }
  const latency = { ttft, itl }
  const url =
    kind === "floor"
      ? await startFloor(ttft, tokens, onRequest)
      : (await startMock({ latency, intercept: onRequest })).url
  reportTo(process, url, async () => {
    for (let time = 0; time < 2; time++) {
      globalThis.gc()
      await sleep(20)
    }
    const { user, system } = process.cpuUsage()
    const { heapUsed, external } = process.memoryUsage()
    return { requests, cpu: user + system, memory: heapUsed + external }
  })
}

const start = (kind, ttft, tokens) =>
  startApart(fileURLToPath(import.meta.url), [kind, String(ttft), String(tokens)], ["--expose-gc"])

/** Opens a stream, and calls back with each chunk of its body. */
function open(url, agent, tokens, onChunk) {
  const sent = request(url + path, { method: "POST", headers: Object.fromEntries(headers), agent })
  const ended = new Promise((resolve, reject) => {
    sent.on("error", reject)
    sent.on("response", (response) => {
      if (response.statusCode !== 200) reject(new Error(`status ${response.statusCode}`))
      response.on("data", onChunk).on("end", resolve)
    })
  })
  sent.end(bodyOf(tokens))
  return { ended, hangUp: () => sent.destroy() }
}

/** Returns the ends of the events in a chunk. */
function countEvents(chunk) {
  let count = 0
  for (let at = chunk.indexOf("\n\n"); at !== -1; at = chunk.indexOf("\n\n", at + 2)) count++
  return count
}

/** Reads a whole stream, and adds how late its frames are, and the error of its pace. */
async function read(url, agent, times, { late, errors }) {
  const sentAt = performance.now()
  let next = 0
  let first
  let last
  const { ended } = open(url, agent, tokens, (chunk) => {
    const now = performance.now() - sentAt
    first ??= now
    last = now
    for (let count = countEvents(chunk); count > 0; count--) late.push(now - times[next++])
  })
  await ended
  if (next !== times.length) throw new Error(`${next} of ${times.length} frames arrived`)
  errors.push(Math.abs((last - first) / (times.at(-1) - times[0]) - 1))
}

/** Measures one round: all streams, from the first request to the last frame. */
async function measureTime({ url, facts }, times) {
  const agent = new Agent({ keepAlive: false, maxSockets: Number.POSITIVE_INFINITY })
  const before = await facts()
  const found = { late: [], errors: [] }
  const all = []
  for (let stream = 0; stream < streams; stream++) {
    all.push(read(url, agent, times, found))
    await sleep((stream + 1) % 10 === 0 ? (10 * openingMs) / streams : 0)
  }
  await Promise.all(all)
  const { cpu } = await facts()
  return {
    p50: median(found.late),
    p99: percentile(found.late, 0.99),
    error: median(found.errors),
    cpu: (cpu - before.cpu) / found.late.length,
  }
}

/** Returns the bytes of a waiting stream. */
async function measureMemory(kind, tokens) {
  const { url, facts, stop } = await start(kind, waitMs, tokens)
  const agent = new Agent({ maxSockets: Number.POSITIVE_INFINITY })
  const openAll = async (count) => {
    const { requests } = await facts()
    const opened = Array.from({ length: count }, () => open(url, agent, tokens, () => {}))
    for (const { ended } of opened) ended.catch(() => {})
    while ((await facts()).requests < requests + count) await sleep(100)
    // The last ones have arrived and are not answered yet.
    await sleep(1_000)
    return opened
  }
  try {
    // The first streams compile the code and fill the caches.
    const warm = await openAll(100)
    const before = await facts()
    const waiting = await openAll(streams)
    const { memory } = await facts()
    for (const { hangUp } of [...warm, ...waiting]) hangUp()
    return (memory - before.memory) / streams
  } finally {
    stop()
  }
}

async function compareTimes() {
  const times = (await framesOf(tokens, ttft)).map(({ atMs }) => atMs)
  const servers = { floor: await start("floor", ttft, tokens), mock: await start("mock", ttft, tokens) }
  const measured = { floor: [], mock: [] }
  try {
    for (let round = 0; round <= rounds; round++) {
      for (const [kind, server] of Object.entries(servers)) {
        const result = await measureTime(server, times)
        // The first round warms up.
        if (round > 0) measured[kind].push(result)
      }
    }
  } finally {
    for (const { stop } of Object.values(servers)) stop()
  }
  const both = (name) => Object.values(measured).map((results) => median(results.map((each) => each[name])))
  const [floor50, mock50] = both("p50")
  const [floor99, mock99] = both("p99")
  const above = median(measured.mock.map(({ p99 }, round) => p99 - measured.floor[round].p99))
  const [floorError, mockError] = both("error").map((share) => (100 * share).toFixed(2))
  const [floorCpu, mockCpu] = both("cpu")
  const ms = (number) => `${number.toFixed(1)} ms`
  console.log(
    `${streams} streams of ${times.length} frames, ${1000 / itl} tokens/s; the mock, then bare node:`,
  )
  console.log(`lateness, p50: ${ms(mock50)}; ${ms(floor50)}`)
  console.log(`lateness, p99: ${ms(mock99)}; ${ms(floor99)}; ${ms(above)} above (target: at most 50)`)
  console.log(`error of the pace: ${mockError} %; ${floorError} % (target: at most 0.5)`)
  console.log(`CPU of a frame: ${mockCpu.toFixed(1)} µs; ${floorCpu.toFixed(1)} µs`)
}

async function compareMemory() {
  for (const tokens of waitingTokens) {
    const floor = await measureMemory("floor", tokens)
    const mock = await measureMemory("mock", tokens)
    const kib = (bytes) => `${(bytes / 1024).toFixed(1)} KiB`
    console.log(
      `memory of a waiting stream of ${tokens} tokens: ${kib(mock)}; ${kib(floor)}; ` +
        `${kib(mock - floor)} above (target: at most 16)`,
    )
  }
}

const [kind, ttftText, tokensText] = process.argv.slice(2)
if (kind === undefined) {
  await compareMemory()
  await compareTimes()
} else await serve(kind, Number(ttftText), Number(tokensText))
