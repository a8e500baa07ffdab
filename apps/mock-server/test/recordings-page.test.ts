import { execFile } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { startMock } from "@nexhina/mock/node"
import { volatileMembers } from "@nexhina/mock/recordings"
import { expect, onTestFinished, test } from "vitest"
import { bin, type ServingCommand, startCommand } from "./command.ts"

const page = readFileSync(new URL("../../../docs/recordings.md", import.meta.url), "utf8")
/** The packages that the examples import are those of this app. */
const app = fileURLToPath(new URL("..", import.meta.url))

function output(command: string, args: readonly string[], cwd: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, OPENAI_API_KEY: "sk-0123456789abcdefghij" }
    execFile(command, args, { cwd, env }, (error, stdout, stderr) =>
      error ? reject(new Error(stderr || error.message)) : resolve(stdout),
    )
  })
}

test("the examples of docs/recordings.md, from the first to the last", async () => {
  const upstream = await startMock()
  const folder = mkdtempSync(join(tmpdir(), "recordings-page-"))
  onTestFinished(async () => {
    rmSync(folder, { recursive: true })
    await upstream.close()
  })
  let server: ServingCommand | undefined
  const printed: string[] = []
  for (const [, language, code = ""] of page.matchAll(/^```(\w+)\n(.*?)^```$/gms)) {
    const here = code
      .replaceAll("https://api.openai.com/v1", upstream.baseURL)
      .replaceAll("http://127.0.0.1:4010/v1", server?.baseURL ?? "")
    if (language === "text") expect(JSON.parse(printed.at(-1) ?? "").error.message).toBe(code.trim())
    else if (language === "js") {
      printed.push(await output(process.execPath, ["--input-type=module", "-e", here], app))
    } else if (here.startsWith("npx nexhina-mock --")) {
      server?.child.kill("SIGKILL")
      server = await startCommand(here.trim().split(" ").slice(2), { cwd: folder })
    } else {
      printed.push(
        await output("bash", ["--norc", "-ec", here.replaceAll("npx nexhina-mock", `node '${bin}'`)], folder),
      )
    }
  }
  const [recorded, replayed, , poem, converted, derived] = printed
  expect(recorded).toMatch(/^data: .*\[DONE\]\n\n$/s)
  expect(replayed).toBe(recorded)
  expect(poem).toContain("Write a poem")
  expect(converted).toBe("1 exchange written to recordings.har\n1 exchange written to copy.ndjson\n")
  expect(derived).toBe("1 scenario written to scenarios.yaml\n1 scenario, no problems\n")
})

test("the page lists the members that do not count", () => {
  for (const member of volatileMembers) expect(page).toContain(`\`${member}\``)
})
