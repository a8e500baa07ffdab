import { execFile } from "node:child_process"
import { readFileSync } from "node:fs"
import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { createMock } from "@nexhina/mock"
import type { MockServer } from "@nexhina/mock/node"
import { afterAll, beforeAll, expect, test } from "vitest"
import { catalogue } from "../src/catalogue.ts"
import { loadScenarios } from "../src/scenario-files.ts"
import { serve as serveWithControl } from "../src/serve.ts"

const page = readFileSync(new URL("../../../docs/scenarios.md", import.meta.url), "utf8")
const blocks = [...page.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(([, language = "", code = ""]) => ({
  language,
  code,
}))
const app = fileURLToPath(new URL("..", import.meta.url))
const bin = fileURLToPath(new URL("../bin/nexhina-mock.js", import.meta.url))

/** The files of the page, each named by its first line. */
const files = blocks.flatMap(({ language, code }) => {
  const name = /^(?:#|\/\/) (\S+\.(?:yaml|ts))\n/.exec(code)?.[1]
  return name !== undefined && (language === "yaml" || language === "ts") ? [{ name, code }] : []
})

let folder = ""
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "scenarios-docs-"))
  // The packages that the files import are those of this app.
  await symlink(join(app, "node_modules"), join(folder, "node_modules"))
  for (const { name, code } of files) await writeFile(join(folder, name), code)
  const body = { model: "gpt-4o", messages: [{ role: "user", content: "How is the weather?" }] }
  await writeFile(join(folder, "request.json"), JSON.stringify(body))
})
afterAll(() => rm(folder, { recursive: true }))

function runs(command: string, args: readonly string[], cwd: string): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(command, args, { cwd }, (error, stdout, stderr) =>
      error ? reject(new Error(stderr || error.message)) : resolve(stdout),
    )
  })
}

async function serve(name: string): Promise<MockServer> {
  const mock = createMock({ alterations: catalogue })
  const { scenarios, places, problems } = await loadScenarios([join(folder, name)], catalogue)
  expect(problems).toEqual([])
  mock.scenarios.replace(scenarios, places)
  return serveWithControl(mock, { host: "127.0.0.1", port: 0, drainMs: 0, log: "off" }, console.error)
}

test("each request gets the reply that the page shows, from the file above it", async () => {
  const shown: boolean[] = []
  let server: MockServer | undefined
  let printed = ""
  for (const { language, code } of blocks) {
    const file = files.find((each) => each.code === code && language === "yaml")
    if (file) {
      await server?.close()
      server = await serve(file.name)
    } else if (code.startsWith("curl")) {
      if (server === undefined) throw new Error("The page has a request before its first file")
      printed = await runs(
        "bash",
        ["--norc", "-ec", code.replaceAll("127.0.0.1:4010", new URL(server.url).host)],
        folder,
      )
    } else if (language === "text") {
      for (const line of code.trim().split("\n")) expect(printed).toContain(line)
      shown.push(true)
    }
  }
  await server?.close()
  expect(shown.length).toBeGreaterThan(3)
})

test("the example in JavaScript prints the scripted answers and the counter", async () => {
  const [example] = blocks.filter(({ language }) => language === "js")
  const printed = await runs(process.execPath, ["--input-type=module", "-e", example?.code ?? ""], app)
  expect(printed).toMatch(/^Sunny\.\nOK\n/)
  expect(printed).toContain("count: 2")
})

const commands = blocks
  .filter(({ language, code }) => language === "sh" && !code.startsWith("curl"))
  .flatMap(({ code }) => code.trim().split("\n"))

test.each(commands)("%s", async (line) => {
  const [npx, name, ...args] = line.split(" ")
  expect([npx, name]).toEqual(["npx", "nexhina-mock"])
  // A server would not end, but its files can be checked.
  const [first, file = ""] = args
  const ending = first === "--scenarios" ? ["lint", file] : args
  expect(await runs(process.execPath, [bin, ...ending], folder)).not.toBe("")
})
