import { spawn } from "node:child_process"
import { once } from "node:events"
import { readFileSync } from "node:fs"
import { connect } from "node:net"
import { createInterface } from "node:readline"
import { Worker } from "node:worker_threads"
import { attacks } from "./hostile/attacks.js"

/*
 * Attacks a mock over real sockets, one attack after another, while a well-behaved client measures how long it waits.
 * Fails when the mock takes more than 400 MB, lets the client wait for more than 200 ms, answers it wrongly, answers an
 * attack with a 5xx, or ends. Arguments are parts of the names of the attacks to run. Needs Linux, for the memory of a
 * process. Run it on a machine that does nothing else: a busy one adds its own waits, which the first line shows.
 */

const maxMegabytes = 400
const maxWaitMs = 200
/** An attack gets this long, and the mock this long to calm down after it. */
const attackMs = 10_000
const calmMs = 500

const mock = spawn("nexhina-mock", ["--port", "0", "--log", "json"], { stdio: ["ignore", "pipe", "inherit"] })
const lines = createInterface({ input: mock.stdout })
const [first] = await once(lines, "line")
lines.resume()
const url = JSON.parse(first).listening
const { port } = new URL(url)

let waits = []
const meter = new Worker(new URL("./hostile/meter.js", import.meta.url), { workerData: { url } })
meter.on("message", (answer) => waits.push(answer))

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

/** Returns the memory of the mock in megabytes: what it holds, or, with `VmHWM`, the most that it held. */
function megabytes(field) {
  const status = readFileSync(`/proc/${mock.pid}/status`, "utf8")
  return Math.round(Number(new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(status)?.[1]) / 1000)
}

/** Creates the ways to attack, and `end`, which ends everything that is still open. */
function weapons() {
  const sockets = []
  const giveUp = AbortSignal.timeout(attackMs)
  const statuses = []
  return {
    statuses,
    async post(path, body, more = {}) {
      const type = body instanceof FormData ? {} : { "content-type": "application/json" }
      const headers = { authorization: "Bearer sk-attack", ...type, ...more }
      try {
        const reply = await fetch(`${url}/${path}`, { method: "POST", headers, body, signal: giveUp })
        statuses.push(reply.status)
        // Read and dropped: a large reply is not to fill this process.
        for await (const _ of reply.body ?? []);
      } catch (error) {
        statuses.push(error.name)
      }
    },
    open(bytes, { reads = true, allowHalfOpen = false } = {}) {
      const socket = connect({ port: Number(port), host: "127.0.0.1", allowHalfOpen })
      sockets.push(socket)
      socket.on("error", () => {})
      if (reads) socket.resume()
      socket.write(bytes)
    },
    end() {
      for (const socket of sockets) socket.destroy()
    },
  }
}

/** Runs one attack and returns what was measured meanwhile. */
async function measure(attack) {
  const { end, statuses, ...ways } = weapons()
  waits = []
  let most = 0
  const watch = setInterval(() => {
    most = Math.max(most, megabytes("VmRSS"))
  }, 50)
  await Promise.race([Promise.all([attack(ways), pause(1500)]), pause(attackMs)])
  await pause(calmMs)
  clearInterval(watch)
  end()
  const wrong = waits.filter(({ status }) => status !== 200).map(({ status }) => status)
  return {
    wait: Math.round(Math.max(0, ...waits.map(({ ms }) => ms))),
    most,
    statuses,
    wrong,
    asked: waits.length,
  }
}

function faultsOf({ wait, most, statuses, wrong, asked }) {
  return [
    ...(wait > maxWaitMs ? [`another client waited ${wait} ms`] : []),
    ...(most > maxMegabytes ? [`the mock took ${most} MB`] : []),
    ...(wrong.length > 0 ? [`another client got ${wrong.join(", ")}`] : []),
    ...(asked === 0 ? ["another client got no answer"] : []),
    ...(statuses.some((status) => status >= 500) ? ["the attack got a 5xx"] : []),
    ...(mock.exitCode === null ? [] : [`the mock ended with ${mock.exitCode}`]),
  ]
}

const wanted = process.argv.slice(2)
const chosen = Object.entries(attacks).filter(
  ([name]) => wanted.length === 0 || wanted.some((part) => name.includes(part)),
)
let failed = false
for (const [name, attack] of [["no attack", () => pause(1000)], ...chosen]) {
  const startedAt = performance.now()
  const found = await measure(attack)
  const faults = faultsOf(found)
  if (faults.length > 0) failed = true
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
  const said = [...new Set(found.statuses)].join(", ")
  console.log(
    `${faults.length === 0 ? "ok  " : "FAIL"} ${name}: ${found.wait} ms wait, ${found.most} MB, ${seconds} s${said && `, ${said}`}` +
      (faults.length > 0 ? ` — ${faults.join("; ")}` : ""),
  )
  if (mock.exitCode !== null) break
}
console.log(`The most that the mock held: ${mock.exitCode === null ? megabytes("VmHWM") : "?"} MB.`)

await meter.terminate()
const startedAt = performance.now()
const half = weapons()
half.open("POST /v1/models HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nhalf")
await pause(100)
const ended = once(mock, "exit")
mock.kill("SIGTERM")
const exit = await Promise.race([ended, pause(attackMs)])
half.end()
if (exit === undefined) {
  mock.kill("SIGKILL")
  failed = true
  console.log("FAIL F7 SIGTERM: the mock did not end")
} else
  console.log(
    `ok   F7 SIGTERM with half a request: ended after ${Math.round(performance.now() - startedAt)} ms`,
  )
process.exit(failed ? 1 : 0)
