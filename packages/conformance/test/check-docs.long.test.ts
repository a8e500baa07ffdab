import { execFile } from "node:child_process"
import { readFileSync } from "node:fs"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { expect, test } from "vitest"

const page = readFileSync(new URL("../../../docs/check.md", import.meta.url), "utf8")
const bin = fileURLToPath(new URL("../bin/nexhina-conformance.js", import.meta.url))
const commands = [...page.matchAll(/^```sh\n(.*?)^```$/gms)].flatMap(([, code = ""]) =>
  code.trim().split("\n"),
)

test("the commands of docs/check.md succeed one after the other", async () => {
  const folder = await mkdtemp(join(tmpdir(), "check-docs-"))
  try {
    expect(commands.length).toBeGreaterThan(5)
    for (const command of commands) {
      const args = command.replace(/^npx nexhina-conformance /, "").split(" ")
      const printed = await new Promise<string>((resolve, reject) => {
        execFile(process.execPath, [bin, ...args], { cwd: folder }, (error, stdout, stderr) =>
          error ? reject(new Error(`${command}: ${stderr}`)) : resolve(`${stdout}${stderr}`),
        )
      })
      expect(printed).toMatch(/No MUST rule was broken|Conformant|rules are broken/)
    }
  } finally {
    await rm(folder, { recursive: true })
  }
})
