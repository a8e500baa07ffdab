import { execFile } from "node:child_process"
import { createHash } from "node:crypto"
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises"
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
