import { spawn } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import { median } from "./measuring.js"

/*
 * Measures how long the commands take to start, as ratios to bare node: `--version` and `--help` to a program that does
 * nothing, the mock's first reply to that of a server of one line. Medians of alternating rounds.
 */

const rounds = 15

const bin = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url))
const mock = bin("apps/mock-server/bin/nexhina-mock.js")
const kit = bin("packages/conformance/bin/nexhina-conformance.js")

const bareServer = `
  const server = require("node:http").createServer((request, response) => response.end("{}"))
  server.listen(0, "127.0.0.1", () => console.log("http://127.0.0.1:" + server.address().port + "/v1"))`

/** Milliseconds until a program has ended. */
async function untilEnd(args) {
  const begun = performance.now()
  const [code] = await once(spawn(process.execPath, args, { stdio: "ignore" }), "exit")
  if (code !== 0) throw new Error(`node ${args.join(" ")} ended with ${code}`)
  return performance.now() - begun
}

/** Milliseconds until a server has answered its first request. */
async function untilReply(args) {
  const begun = performance.now()
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] })
  try {
    const [said] = await once(child.stdout, "data")
    const [baseUrl] = /http:[^\s"]+\/v1/.exec(String(said))
    const reply = await fetch(`${baseUrl}/chat/completions`, {
      method: "POST",
      headers: { authorization: "Bearer sk-bench", "content-type": "application/json", connection: "close" },
      body: '{"model":"gpt-4o","messages":[{"role":"user","content":"Hello"}]}',
    })
    await reply.text()
    if (reply.status !== 200) throw new Error(`It answered ${reply.status}.`)
    return performance.now() - begun
  } finally {
    // A server that is still ending would take time from what is measured next.
    const exited = once(child, "exit")
    child.kill()
    await exited
  }
}

const nothing = ["-e", "0"]
const tasks = [
  { name: "nexhina-mock --version", measure: untilEnd, mine: [mock, "--version"], bare: nothing, limit: 2 },
  { name: "nexhina-mock --help", measure: untilEnd, mine: [mock, "--help"], bare: nothing, limit: 2 },
  {
    name: "nexhina-conformance --version",
    measure: untilEnd,
    mine: [kit, "--version"],
    bare: nothing,
    limit: 2,
  },
  { name: "nexhina-conformance --help", measure: untilEnd, mine: [kit, "--help"], bare: nothing, limit: 2 },
  {
    name: "first reply of nexhina-mock",
    measure: untilReply,
    mine: [mock, "--port", "0", "--log", "off"],
    bare: ["-e", bareServer],
    limit: 2.8,
  },
].map((task) => ({ ...task, times: [], floors: [] }))

for (let round = 0; round <= rounds; round++) {
  for (const { measure, mine, bare, times, floors } of tasks) {
    const floor = await measure(bare)
    const time = await measure(mine)
    // The first round warms up.
    if (round === 0) continue
    floors.push(floor)
    times.push(time)
  }
}
for (const { name, times, floors, limit } of tasks) {
  const ratio = median(times.map((time, round) => time / floors[round]))
  console.log(
    `${name}: ${ratio.toFixed(2)} times bare node (limit ${limit}); ` +
      `${Math.round(median(times))} against ${Math.round(median(floors))} ms`,
  )
}
