import { execFile } from "node:child_process"
import { createHash } from "node:crypto"
import { once } from "node:events"
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises"
import { createServer as createHttpServer } from "node:http"
import { type AddressInfo, createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { strFromU8, unzipSync } from "fflate"
import { afterAll, beforeAll, expect, test } from "vitest"
import { requirementSets } from "../src/options/requirement-sets.ts"
import { Report } from "../src/reports/report.ts"

const bin = fileURLToPath(new URL("../bin/nexhina-conformance.js", import.meta.url))
let folder: string
let home: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "bundle-"))
  home = await mkdtemp(join(tmpdir(), "home-"))
})
afterAll(() => Promise.all([folder, home].map((path) => rm(path, { recursive: true }))))

/** Loaded before the command: whatever would use the network ends it. */
const offline = `data:text/javascript,${encodeURIComponent(`
  import dns from "node:dns"
  import net from "node:net"
  const refuse = () => { throw new Error("no network") }
  net.Socket.prototype.connect = net.Server.prototype.listen = dns.lookup = globalThis.fetch = refuse
`)}`

const cli = (...args: string[]) => cliWith(process.env, ...args)

/** Runs the command as on another machine: with an empty home, no environment and no network. */
const cliElsewhere = (...args: string[]) =>
  cliWith({ HOME: home, NODE_OPTIONS: `--import=${offline}` }, ...args)

const cliWith = (env: NodeJS.ProcessEnv, ...args: string[]) =>
  new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
    const options = { cwd: folder, env, maxBuffer: 1 << 26 }
    execFile(process.execPath, [bin, ...args], options, (error, stdout, stderr) =>
      resolve({ code: typeof error?.code === "number" ? error.code : 0, stdout, stderr }),
    )
  })

test("a bundle is judged again with the same verdict, and one changed byte anywhere is refused", async () => {
  const run = await cli(
    "run",
    "--quick",
    "--include",
    "chat,models",
    "--bundle",
    "run.zip",
    "--report",
    "json",
  )
  const bytes = await readFile(join(folder, "run.zip"))
  expect(run.stderr).toContain(`sha256: ${createHash("sha256").update(bytes).digest("hex")}`)
  // Nothing else is left.
  expect(await readdir(folder)).toEqual(["run.zip"])
  await cp(join(folder, "run.zip"), join(folder, "copy.zip"))
  const checked = await cliElsewhere("check", "copy.zip", "--report", "json")
  const [first, again] = [run, checked].map(({ stdout }) => Report.parse(JSON.parse(stdout)))
  expect([checked.code, checked.stderr, await readdir(home)]).toEqual([run.code, "", []])
  const { recording, ...verdict } = again as Report
  expect(recording?.lost).toBe(0)
  expect(verdict).toEqual(first)
  const manifest = JSON.parse(strFromU8(unzipSync(bytes)["manifest.json"] ?? new Uint8Array()))
  expect(manifest).toMatchObject({
    requirements: Object.keys(requirementSets).sort().at(-1),
    startedAt: first?.startedAt,
  })
  expect(first?.requirements).toBe(manifest.requirements)
  for (const at of [10, bytes.length >> 1, bytes.length - 100, bytes.length - 1]) {
    const damaged = Uint8Array.from(bytes)
    damaged[at] = (damaged[at] ?? 0) ^ 1
    await writeFile(join(folder, "damaged.zip"), damaged)
    const refused = await cli("check", "damaged.zip")
    expect([refused.code, refused.stdout]).toEqual([2, ""])
    expect(refused.stderr).toMatch(/^error: 'damaged\.zip' is damaged/)
  }
})

test("the bundle of a run whose target was unreachable is judged again as incomplete, with the same report", async () => {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  const url = `http://127.0.0.1:${port}/v1`
  const options = ["--base-url", url, "--trait", "no-auth", "--include", "chat,models"]
  const files = ["--bundle", "away.zip", "--transcript", "away.ndjson", "--report", "json=away.json"]
  const run = await cli("run", ...options, ...files)
  expect([run.code, run.stderr.split("\n")[2]]).toEqual([3, `error: cannot reach ${url}: ECONNREFUSED`])
  const first = Report.parse(JSON.parse(await readFile(join(folder, "away.json"), "utf8")))
  for (const file of ["away.zip", "away.ndjson"]) {
    const report = join(folder, "checked.json")
    const checked = await cliElsewhere("check", join(folder, file), "--report", `json=${report}`)
    const shown = await cliElsewhere("check", join(folder, file))
    const line = `error: cannot reach ${url}: ECONNREFUSED\n`
    for (const outcome of [checked, shown]) expect(outcome).toEqual({ code: 3, stdout: "", stderr: line })
    const { recording, ...verdict } = Report.parse(JSON.parse(await readFile(report, "utf8")))
    expect(verdict).toEqual(first)
    expect(recording).toMatchObject({ exchanges: 1, lost: 0, notes: [] })
  }
  const lines = (await readFile(join(folder, "away.ndjson"), "utf8")).trimEnd().split("\n")
  const withoutExchange = lines.filter((line) => /"fact":"run(?:-end)?"/.test(line))
  await writeFile(join(folder, "bare.ndjson"), withoutExchange.map((line) => `${line}\n`).join(""))
  expect(withoutExchange).toHaveLength(2)
  expect((await cli("check", "bare.ndjson")).code).toBe(2)
})

test("the bundle of a run whose key was refused names that, and ends as the run did", async () => {
  const server = createHttpServer((_, response) => {
    response.writeHead(401, { "content-type": "application/json" })
    response.end('{"error":{"message":"Incorrect API key provided","type":"invalid_request_error"}}')
  }).listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address() as AddressInfo
  const options = ["--base-url", `http://127.0.0.1:${port}/v1`, "--api-key", "sk-refused-0123456789"]
  const run = await cli("run", ...options, "--bundle", "refused.zip")
  await new Promise((resolve) => server.close(resolve))
  const checked = await cliElsewhere("check", join(folder, "refused.zip"))
  expect([run.code, checked.code]).toEqual([2, 2])
  expect(checked.stderr).toMatch(
    /^error: .*refused\.zip: the run judged nothing: .* refuses the API key \(401\)/,
  )
})
