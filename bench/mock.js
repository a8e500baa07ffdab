import { execFile, spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { cpus, tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { median } from "./measuring.js"

/*
 * Measures the throughput of the mock as a ratio to bare node sending the same bytes, when one request comes again and
 * again, as in most load tests, and when each is different. Absolute numbers depend on the machine; the median ratio of
 * alternating rounds is stable even when the machine is busy.
 */

const rounds = 9
const seconds = 2
const connections = 32

const here = fileURLToPath(new URL(".", import.meta.url))
const has = (command) => !spawnSync(command, ["--version"], { stdio: "ignore" }).error

if (!has("wrk")) {
  console.error("The benchmark needs wrk, an HTTP load generator: apt-get install wrk, or brew install wrk.")
  process.exit(2)
}

// Server and load generator each run on their own processor if possible.
const pinned = has("taskset") && cpus().length > 1
const on = (cpu, command) => (pinned ? ["taskset", "-c", String(cpu), ...command] : command)

const headers = { authorization: "Bearer sk-bench", "content-type": "application/json" }
const request = (stream) =>
  JSON.stringify({
    model: "gpt-4o",
    stream,
    messages: [
      { role: "system", content: "You are a helpful assistant." },
      { role: "user", content: "One two three four five" },
    ],
  })

/** Starts a server on the first processor, and resolves with its first output. */
async function start(command) {
  const [file, ...args] = on(0, command)
  const child = spawn(file, args, { stdio: ["ignore", "pipe", "inherit"] })
  const [chunk] = await once(child.stdout, "data")
  return { child, says: String(chunk) }
}

/** Measures one round, in requests per second. */
async function measure(url, script) {
  const [file, ...args] = on(1, ["wrk", "-t1", `-c${connections}`, `-d${seconds}s`, "-s", script, url])
  const { stdout } = await promisify(execFile)(file, args)
  if (/Non-2xx|Socket errors/.test(stdout)) throw new Error(`Some requests failed:\n${stdout}`)
  return Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1])
}

const folder = mkdtempSync(join(tmpdir(), "nexhina-bench-"))
const children = []
try {
  const mock = await start([
    "node",
    join(here, "../apps/mock-server/bin/nexhina-mock.js"),
    "--port=0",
    "--log=off",
  ])
  children.push(mock.child)
  const [baseUrl] = /http:\S+\/v1/.exec(mock.says)
  const mockUrl = `${baseUrl}/chat/completions`

  const ask = async (stream) =>
    (await fetch(mockUrl, { method: "POST", headers, body: request(stream) })).text()
  const answer = await ask(false)
  const events = (await ask(true)).match(/.+\n\n/g)
  const bodies = join(folder, "bodies.json")
  writeFileSync(bodies, JSON.stringify({ answer, events }))

  const floors = await start(["node", join(here, "floors.js"), bodies])
  children.push(floors.child)
  const ports = JSON.parse(floors.says)

  const script = (name, lines) => {
    const file = join(folder, `${name}.lua`)
    const fields = Object.entries(headers).map(([header, value]) => `wrk.headers["${header}"] = "${value}"`)
    writeFileSync(file, ['wrk.method = "POST"', ...fields, ...lines].join("\n"))
    return file
  }
  const same = (stream) => script(`same-${stream}`, [`wrk.body = [[${request(stream)}]]`])
  const different = (stream) => {
    const [before, after] = request(stream).split("five")
    return script(`different-${stream}`, [
      "local count = 0",
      "function request()",
      "  count = count + 1",
      `  return wrk.format(nil, nil, nil, [[${before}]] .. count .. [[${after}]])`,
      "end",
    ])
  }
  const whole = { floor: ports.whole, target: 0.5 }
  const streamed = { floor: ports.stream, target: 1 }
  const inEvents = `chat, streamed in ${events.length} events`
  const tasks = [
    { name: "chat, whole, the same request", ...whole, script: same(false) },
    { name: "chat, whole, different requests", ...whole, script: different(false) },
    { name: `${inEvents}, the same request`, ...streamed, script: same(true) },
    { name: `${inEvents}, different requests`, ...streamed, script: different(true) },
  ].map((task) => ({ ...task, url: mockUrl, mine: [], floors: [] }))

  for (let round = 0; round <= rounds; round++) {
    for (const task of tasks) {
      const floor = await measure(`http://127.0.0.1:${task.floor}/`, task.script)
      const mine = await measure(task.url, task.script)
      // The first round warms up.
      if (round === 0) continue
      task.floors.push(floor)
      task.mine.push(mine)
    }
  }
  for (const { name, mine, floors, target } of tasks) {
    const ratio = median(mine.map((speed, round) => speed / floors[round]))
    console.log(
      `${name}: ${ratio.toFixed(2)} of bare node (target ${target.toFixed(2)}); ` +
        `${Math.round(median(mine))} against ${Math.round(median(floors))} requests/s`,
    )
  }
} finally {
  for (const child of children) child.kill()
  rmSync(folder, { recursive: true })
}
