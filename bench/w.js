// Measures `check` as ratios: judging against reading alone, time per byte and memory at three sizes. The recordings are
// files, as those of users are: without waits for a disk, the compiler of schemas would never be loaded. Opt-in:
// node bench/check.js [MB]
import { spawnSync } from "node:child_process"
import { closeSync, createReadStream, mkdtempSync, openSync, rmSync, writeSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { check, checkSettingsOf, run, settingsOf } from "../packages/conformance/dist/index.js"
import { decode } from "../packages/stream/dist/index.js"
import { bodyOf, createWriter, fileLines, headerOf, salvageTranscript } from "../packages/wire/dist/index.js"

const [mode, file, warmUp] = process.argv.slice(2)

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

/** Wraps a recording, and notes the memory that is in use when all of it was read and judged. */
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

/** Judges a recording; returns how many exchanges it has, and MiB in use at its end. */
async function judge(bytes) {
  let live = 0
  const source = { name: "recording", bytes: watched(bytes, (used) => (live = used)) }
  const { report } = await check(checkSettingsOf({}), [source], {
    startedAt: new Date(0),
    elapsed: () => 0,
  })
  return { exchanges: report.recording.exchanges, live }
}

async function measured() {
  const work = mode === "read" ? readOnly : judge
  await work(() => createReadStream(warmUp))
  const before = process.cpuUsage(); const w0=performance.now()
  const result = await work(() => createReadStream(file))
  const { user, system } = process.cpuUsage(before)
  console.log(
    JSON.stringify({ wall: performance.now()-w0, ms: (user + system) / 1000, rss: process.resourceUsage().maxRSS / 1024, ...result }),
  )
}

function inProcess(name, ...files) {
  const words = ["--expose-gc", import.meta.filename, name, ...files]
  const { stdout } = spawnSync(process.execPath, words, { encoding: "utf8" })
  return JSON.parse(stdout)
}

/** Measures reading and judging of recordings of some sizes, in MB. */
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
    return sizes.map((size) => {
      const file = recorded(size)
      // One after the other, so that what else runs on the machine counts for both.
      return { size, read: inProcess("read", file, warmUp), judge: inProcess("judge", file, warmUp) }
    })
  } finally {
    rmSync(folder, { recursive: true })
  }
}

if (mode === "read" || mode === "judge") await measured()
else {
  const size = Number(mode ?? 100)
  // The exchanges that rules about the whole recording keep, a limited number, are all there at the middle size.
  const sizes = [size / 10, size, 3 * size]
  const rows = await measuredSizes(sizes)
  for (const { size, read, judge } of rows)
    console.log(
      `${size} MB: read ${read.ms.toFixed(0)} ms, judged ${judge.ms.toFixed(0)} ms (${judge.exchanges} exchanges), ` +
        `ratio ${(read.ms / judge.ms).toFixed(2)}, peak ${judge.rss.toFixed(0)} MiB`,
    )
  const [small, middle, big] = rows.map(({ size, judge }) => ({ ...judge, perMB: judge.ms / size }))
  const speed = rows[1].read.ms / rows[1].judge.ms
  console.log(`speed of judging / speed of reading alone: ${speed.toFixed(2)} (floor 0.3)`)
  console.log(`time per byte, middle / small: ${(middle.perMB / small.perMB).toFixed(2)} (ceiling 1.2)`)
  console.log(`peak memory, large / small: ${(big.rss / small.rss).toFixed(2)}`)
  const perExchange = ((big.live - middle.live) * 2 ** 20) / (big.exchanges - middle.exchanges)
  console.log(`live memory: ${middle.live.toFixed(1)} and ${big.live.toFixed(1)} MiB,`)
  console.log(`  ${perExchange.toFixed(0)} bytes for each more exchange (ceiling 64)`)
}
