// Measures `check` as ratios: judging against reading alone, time per byte and memory at two sizes. Opt-in:
// node bench/check.js [MB]
import { spawnSync } from "node:child_process"
import { check, checkSettingsOf, run, settingsOf } from "../packages/conformance/dist/index.js"
import { decode } from "../packages/stream/dist/index.js"
import { bodyOf, createWriter, fileLines, headerOf, salvageTranscript } from "../packages/wire/dist/index.js"

const utf8 = new TextEncoder()
const [mode, megabytes] = process.argv.slice(2)

/** Returns the lines of the transcript of a run, without what only the kit writes. */
async function recordedLines() {
  const lines = []
  const writer = createWriter({ write: (line) => lines.push(line), secrets: [] })
  const include = ["chat", "models", "embeddings", "responses"]
  await run(settingsOf({ runs: 2, include }), { onExchange: (exchange) => writer.exchange(exchange) })
  return lines
}

/** Returns a recording of about so many bytes: the same exchanges again and again, with new ids. */
function recording(lines, bytes) {
  const length = lines.reduce((sum, line) => sum + line.length + 1, 0)
  const times = Math.ceil(bytes / length)
  return async function* () {
    for (let time = 0; time < times; time++)
      yield utf8.encode(lines.map((line) => `${line.replace('"id":"', `"id":"${time}-`)}\n`).join(""))
  }
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

const judge = (bytes) =>
  check(checkSettingsOf({}), [{ name: "recording", bytes }], { startedAt: new Date(0), elapsed: () => 0 })

async function measured() {
  const lines = await recordedLines()
  const size = Number(megabytes) * 2 ** 20
  const work = mode === "read" ? readOnly : judge
  await work(recording(lines, 2 ** 21))
  const before = process.cpuUsage()
  await work(recording(lines, size))
  const { user, system } = process.cpuUsage(before)
  console.log(JSON.stringify({ ms: (user + system) / 1000, rss: process.resourceUsage().maxRSS / 1024 }))
}

function inProcess(name, size) {
  const { stdout } = spawnSync(process.execPath, [import.meta.filename, name, String(size)], {
    encoding: "utf8",
  })
  return JSON.parse(stdout)
}

if (mode === "read" || mode === "judge") await measured()
else {
  const large = Number(mode ?? 100)
  const [read, small, big] = [
    inProcess("read", large / 10),
    inProcess("judge", large / 10),
    inProcess("judge", large),
  ]
  console.log(`speed of judging / speed of reading alone: ${(read.ms / small.ms).toFixed(2)} (floor 0.3)`)
  console.log(`time per byte, large / small: ${(big.ms / 10 / small.ms).toFixed(2)} (ceiling 1.2)`)
  console.log(
    `memory, large / small: ${(big.rss / small.rss).toFixed(2)} (${small.rss.toFixed(0)} and ${big.rss.toFixed(0)} MiB)`,
  )
}
