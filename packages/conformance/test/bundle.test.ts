import { execFile } from "node:child_process"
import { createHash } from "node:crypto"
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, beforeAll, expect, test } from "vitest"
import { Report } from "../src/reports/report.ts"

const bin = fileURLToPath(new URL("../bin/nexhina-conformance.js", import.meta.url))
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "bundle-"))
})
afterAll(() => rm(folder, { recursive: true }))

const cli = (...args: string[]) =>
  new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
    execFile(process.execPath, [bin, ...args], { cwd: folder, maxBuffer: 1 << 26 }, (error, stdout, stderr) =>
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
  const checked = await cli("check", "copy.zip", "--report", "json")
  const [first, again] = [run, checked].map(({ stdout }) => Report.parse(JSON.parse(stdout)))
  expect(checked.code).toBe(run.code)
  const { recording, ...verdict } = again as Report
  expect(recording?.lost).toBe(0)
  expect(verdict).toEqual(first)
  for (const at of [10, bytes.length >> 1, bytes.length - 100, bytes.length - 1]) {
    const damaged = Uint8Array.from(bytes)
    damaged[at] = (damaged[at] ?? 0) ^ 1
    await writeFile(join(folder, "damaged.zip"), damaged)
    const refused = await cli("check", "damaged.zip")
    expect([refused.code, refused.stdout]).toEqual([2, ""])
    expect(refused.stderr).toMatch(/^error: 'damaged\.zip' is damaged/)
  }
})
