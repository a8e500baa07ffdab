import { Agent, request } from "node:http"
import { fileURLToPath } from "node:url"
import { startMock } from "../packages/mock/dist/hosts/node.js"
import { median, reportTo, startApart } from "./measuring.js"

/*
 * Measures what 20,000 scenarios cost against one, as a ratio of the server's CPU time per request: wall time depends on
 * what else the machine does. Medians of alternating rounds, over sockets.
 */

const count = 20_000
/** Scenarios with a substring, and as many with a regular expression. */
const searched = 100
const rounds = 25
const requests = 200
/** Requests to each server before the first round, so that its code is compiled. */
const warmUp = 3_000
const connections = 16

/** Kinds of scenarios with their share of the many: how their text is matched, and a text that only the nth matches. */
const kinds = {
  exact: { count: count - 2 * searched, user: (n) => `What costs article ${n} in the shop?` },
  substring: { count: searched, user: (n) => `Hello, please tell me about parcel ${n}; thanks.` },
  pattern: { count: searched, user: (n) => `Hello, what: invoice-${n} paid since ${1900 + n}-01-02?` },
}
const match = {
  exact: (n) => kinds.exact.user(n),
  substring: (n) => ({ contains: `parcel ${n};` }),
  pattern: (n) => ({ matches: `invoice-${n} (paid|due) (since|until) \\d{4}-\\d\\d` }),
}

function scenariosOf(kind, count) {
  return Array.from({ length: count }, (_, n) => ({
    id: `${kind}-${n}`,
    match: { user: match[kind](n) },
    answer: { text: `The answer to ${kind} ${n}.` },
  }))
}

/** In a process of its own: serves the scenarios of a kind, or all, and reports its CPU time when it is asked. */
async function serve(kind) {
  const scenarios =
    kind === "many"
      ? Object.entries(kinds).flatMap(([kind, { count }]) => scenariosOf(kind, count))
      : scenariosOf(kind, 1)
  const { baseURL } = await startMock({ scenarios })
  reportTo(process, baseURL, () => {
    const { user, system } = process.cpuUsage()
    return user + system
  })
}

const agent = new Agent({ keepAlive: true, maxSockets: connections })
const headers = { authorization: "Bearer sk-bench", "content-type": "application/json" }

/** Sends a request, and resolves with the value of `x-mock-miss` and the body. */
function ask(baseURL, messages) {
  return new Promise((resolve, reject) => {
    const options = { method: "POST", headers, agent }
    const sent = request(`${baseURL}/chat/completions`, options, (response) => {
      let body = ""
      response.setEncoding("utf8")
      response.on("data", (text) => {
        body += text
      })
      response.on("end", () => resolve({ miss: response.headers["x-mock-miss"], body }))
    })
    sent.on("error", reject)
    sent.end(JSON.stringify({ model: "gpt-4o", messages }))
  })
}

/** Returns the server's CPU time of a request in microseconds. */
async function measure({ facts, url }, { user, isMiss, count }, requests) {
  const begun = await facts()
  let next = 0
  const client = async () => {
    while (next < requests) {
      // No two requests of a round are equal.
      const n = next++
      const system = { role: "system", content: `You are helpful, and this is request ${n}.` }
      const { miss, body } = await ask(url, [system, { role: "user", content: user((n * 37) % count) }])
      if ((miss !== undefined) !== isMiss) throw new Error(`unexpected reply (x-mock-miss: ${miss}): ${body}`)
    }
  }
  await Promise.all(Array.from({ length: connections }, client))
  return ((await facts()) - begun) / requests
}

async function compare() {
  const servers = {}
  try {
    for (const kind of ["many", ...Object.keys(kinds)])
      servers[kind] = await startApart(fileURLToPath(import.meta.url), [kind])
    const named = Object.entries(kinds)
    const prose = "The quick brown fox jumps over the lazy dog, and asks what it is about. ".repeat(60)
    const tasks = [
      ...named.map(([kind, { user }]) => ({ name: kind, one: kind, user, count: 1 })),
      // The one scenario cannot match these texts: it is asked for its own, and always answers with the same text.
      ...named.map(([kind, { user, count }]) => ({
        name: `${kind}, every scenario`,
        one: kind,
        user,
        count,
      })),
      { name: "a miss", one: "exact", user: (n) => `Something else ${n}`, isMiss: true },
      { name: "a miss with 4 KB of text", one: "exact", user: (n) => `${prose}${n}`, isMiss: true },
    ].map((task) => ({ isMiss: false, count, ...task, ratios: [], ours: [] }))
    const single = (task) => ({ ...task, count: task.isMiss ? task.count : 1 })
    for (const task of tasks) {
      await measure(servers[task.one], single(task), warmUp)
      await measure(servers.many, task, warmUp)
    }
    for (let round = 0; round < rounds; round++) {
      for (const task of tasks) {
        const measures = {
          one: () => measure(servers[task.one], single(task), requests),
          many: () => measure(servers.many, task, requests),
        }
        // Each goes first in turn.
        const cpu = {}
        for (const name of round % 2 === 0 ? ["one", "many"] : ["many", "one"])
          cpu[name] = await measures[name]()
        task.ratios.push(cpu.one / cpu.many)
        task.ours.push(cpu.many)
      }
    }
    for (const { name, ratios, ours } of tasks) {
      console.log(
        `${name}: throughput with ${count} scenarios ${median(ratios).toFixed(2)} of that with one ` +
          `(target 0.90); ${Math.round(median(ours))} µs of CPU a request`,
      )
    }
  } finally {
    for (const { stop } of Object.values(servers)) stop()
  }
}

const [kind] = process.argv.slice(2)
await (kind === undefined ? compare() : serve(kind))
agent.destroy()
