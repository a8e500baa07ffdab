// Measures `check` as ratios: judging against reading alone, time per byte and memory at three sizes. The recordings are
// files, as those of users are: without waits for a disk, the compiler of schemas would never be loaded. Reading and
// judging take turns in one process, so that what slows the machine for a while counts for both. Opt-in:
// node bench/check.js [MB]
import { spawnSync } from "node:child_process"
import { closeSync, createReadStream, mkdtempSync, openSync, rmSync, writeSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { check, checkSettingsOf, run, settingsOf } from "../packages/conformance/dist/index.js"
import { decode } from "../packages/stream/dist/index.js"
import { bodyOf, createWriter, fileLines, headerOf, salvageTranscript } from "../packages/wire/dist/index.js"

const [mode, file, warmUp] = process.argv.slice(2)
/** How often a recording is read and judged by turns: to warm up, and measured. */
const [warmUps, rounds] = [2, 10]

/** Returns the lines of the transcript of a run, without what only the kit writes. */
async function recordedLines() {
  const lines = []
  const writer = createWriter({ write: (line) => lines.push(line), secrets: [] })
  const include = ["chat", "models", "embeddings", "responses"]
  await run(settingsOf({ runs: 2, include }), { onExchange: (exchange) => writer.exchange(exchange) })
  return lines
}

/** Writes a recording of about so many bytes: the same exchanges again and again, with new ids. */
function writeRecording(path, lines, bytes) {
  const length = lines.reduce((sum, line) => sum + line.length + 1, 0)
  const file = openSync(path, "w")
  for (let time = 0; time * length < bytes; time++)
    writeSync(file, lines.map((line) => `${line.replace('"id":"', `"id":"${time}-`)}\n`).join(""))
  closeSync(file)
}

/** Reads a recording as far as any judge has to: lines, bodies, JSON and events. */
async function readOnly(bytes) {
  for await (const item of salvageTranscript(fileLines(bytes()))) {
    if (item.kind !== "exchange") continue
    const { request, response } = item.exchange
    const body = bodyOf(item.exchange)
    const type = headerOf(response?.headers ?? [], "content-type") ?? ""
    const texts = type.startsWith("text/event-stream")
      ? decode(body).events.map(({ data }) => data)
      : [new TextDecoder().decode(body)]
    for (const text of [new TextDecoder().decode(request.body), ...texts]) {
      try {
        JSON.parse(text)
      } catch {
        // Not JSON.
      }
    }
  }
}

/** Judges a recording; returns how many exchanges it has. */
async function judge(bytes) {
  const world = { startedAt: new Date(0), elapsed: () => 0 }
  const { report } = await check(checkSettingsOf({}), [{ name: "recording", bytes }], world)
  return report.recording.exchanges
}

/** Wraps a recording, and notes the memory in MiB that is in use when all of it was read and judged. */
function watched(bytes, note) {
  return async function* () {
    yield* bytes()
    // What weak maps held goes with the second collection.
    for (let time = 0; time < 2; time++) {
      await new Promise((resolve) => setTimeout(resolve, 50))
      globalThis.gc()
    }
    const { heapUsed, arrayBuffers } = process.memoryUsage()
    note((heapUsed + arrayBuffers) / 2 ** 20)
  }
}

/** Judges a recording once, after the short warm-up; returns ms of processor time and of the clock, exchanges and memory. */
async function judgedOnce(bytes) {
  let live = 0
  const [before, began] = [process.cpuUsage(), performance.now()]
  const exchanges = await judge(watched(bytes, (used) => (live = used)))
  const { user, system } = process.cpuUsage(before)
  const rss = process.resourceUsage().maxRSS / 1024
  return { ms: (user + system) / 1000, clockMs: performance.now() - began, rss, exchanges, live }
}

/** Returns how many ms of the clock some work on a recording takes. */
async function timed(work, bytes) {
  const began = performance.now()
  await work(bytes)
  return performance.now() - began
}

/** Reads and judges a recording by turns, first to warm up; returns the ms of each. */
async function inTurns(bytes) {
  const spent = { read: 0, judge: 0 }
  for (let round = -warmUps; round < rounds; round++) {
    const [read, judged] = [await timed(readOnly, bytes), await timed(judge, bytes)]
    if (round < 0) continue
    spent.read += read
    spent.judge += judged
  }
  return spent
}

async function measured() {
  const bytes = () => createReadStream(file)
  if (mode === "turns") return await inTurns(bytes)
  if (mode === "read") return { readMs: await timed(readOnly, bytes) }
  await judge(() => createReadStream(warmUp))
  return await judgedOnce(bytes)
}

function inProcess(name, ...files) {
  const words = ["--expose-gc", import.meta.filename, name, ...files]
  const { stdout } = spawnSync(process.execPath, words, { encoding: "utf8" })
  return JSON.parse(stdout)
}

/** Measures recordings of some sizes, in MB. */
async function measuredSizes(sizes) {
  const folder = mkdtempSync(join(tmpdir(), "bench-check-"))
  const lines = await recordedLines()
  const recorded = (size) => {
    const path = join(folder, `${size}.ndjson`)
    writeRecording(path, lines, size * 2 ** 20)
    return path
  }
  try {
    const warmUp = recorded(2)
    const turns = inProcess("turns", recorded(20))
    const rows = sizes.map((size) => {
      const file = recorded(size)
      return { size, ...inProcess("read", file), ...inProcess("judge", file, warmUp) }
    })
    return { turns, rows }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

if (["turns", "read", "judge"].includes(mode)) console.log(JSON.stringify(await measured()))
else {
  const size = Number(mode ?? 100)
  // The exchanges that rules about the whole recording keep, a limited number, are all there at the middle size.
  const { turns, rows } = await measuredSizes([size / 10, size, 3 * size])
  for (const { size, readMs, ms, clockMs, exchanges, rss } of rows)
    console.log(
      `${size} MB, a process for each: read in ${readMs.toFixed(0)} ms, judged in ${clockMs.toFixed(0)} ms ` +
        `(${ms.toFixed(0)} ms of processor time, ${exchanges} exchanges), peak ${rss.toFixed(0)} MiB`,
    )
  const [small, middle, big] = rows.map((row) => ({ ...row, perMB: row.ms / row.size }))
  const speed = turns.read / turns.judge
  console.log(`speed of judging / speed of reading alone, by turns: ${speed.toFixed(2)} (floor 0.3)`)
  console.log(`time per byte, middle / small: ${(middle.perMB / small.perMB).toFixed(2)} (ceiling 1.2)`)
  console.log(`peak memory, large / small: ${(big.rss / small.rss).toFixed(2)}`)
  const perExchange = ((big.live - middle.live) * 2 ** 20) / (big.exchanges - middle.exchanges)
  console.log(`live memory: ${middle.live.toFixed(1)} and ${big.live.toFixed(1)} MiB,`)
  console.log(`  ${perExchange.toFixed(0)} bytes for each more exchange (ceiling 64)`)
}
