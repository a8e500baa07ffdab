import { execFile } from "node:child_process"
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join, relative } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { expect, test } from "vitest"

const root = fileURLToPath(new URL("../../../", import.meta.url))
const programs = {
  "nexhina-mock": "../bin/nexhina-mock.js",
  "nexhina-conformance": "../../../packages/conformance/bin/nexhina-conformance.js",
}

/** What a run of a program loaded: packages by name, and the own sources that its files were bundled from. */
async function loadedBy(program: keyof typeof programs, ...args: string[]): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), "loaded-"))
  try {
    const file = fileURLToPath(new URL(programs[program], import.meta.url))
    await promisify(execFile)(process.execPath, [file, ...args], {
      env: { ...process.env, NODE_V8_COVERAGE: folder },
    })
    const files = readdirSync(folder)
      .flatMap((name) => JSON.parse(readFileSync(join(folder, name), "utf8")).result as { url: string }[])
      .filter(({ url }) => url.startsWith("file:"))
      .flatMap(({ url }) => sourcesOf(fileURLToPath(url)))
    return [...new Set(files.map(named))].sort()
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** The sources of a bundled file; of any other, the file itself. */
function sourcesOf(file: string): string[] {
  if (!existsSync(`${file}.map`)) return [file]
  const { sources } = JSON.parse(readFileSync(`${file}.map`, "utf8")) as { sources: string[] }
  return sources.map((source) => join(dirname(file), source))
}

function named(path: string): string {
  const [, installed] = /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path) ?? []
  return installed ?? relative(root, path)
}

test.each(["--version", "--help"])("nexhina-mock %s loads its options only", async (option) => {
  expect(await loadedBy("nexhina-mock", option)).toEqual([
    "apps/mock-server/bin/nexhina-mock.js",
    // Some helpers of the bundler, in a file of their own as soon as several files share them.
    "apps/mock-server/dist/rolldown-runtime.js",
    "apps/mock-server/src/cli.ts",
    "apps/mock-server/src/options.ts",
    "apps/mock-server/src/version.ts",
    "commander",
    // What reads the options of latency, faults and quotas.
    "packages/mock/src/timing/fault.ts",
    "packages/mock/src/timing/latency-model.ts",
    "packages/mock/src/timing/quota-kinds.ts",
    "packages/schemas/src/profile.ts",
  ])
})

test.each(["--version", "--help"])("nexhina-conformance %s loads its options only", async (option) => {
  expect(await loadedBy("nexhina-conformance", option)).toEqual([
    "commander",
    "packages/conformance/bin/nexhina-conformance.js",
    "packages/conformance/src/cli.ts",
    "packages/conformance/src/main.ts",
    "packages/conformance/src/reports/exit-codes.ts",
    "packages/conformance/src/reports/layout.ts",
    "packages/conformance/src/version.ts",
  ])
})

test("a command that needs the kit loads it", async () => {
  const loaded = await loadedBy("nexhina-conformance", "rules", "http.answers")
  expect(loaded).toEqual(expect.arrayContaining(["fast-check", "zod"]))
})

test("without the optional tokenizer, asking for it says what to install", async () => {
  const folder = mkdtempSync(join(tmpdir(), "alone-"))
  try {
    const own = fileURLToPath(new URL("..", import.meta.url))
    for (const name of ["package.json", "bin", "dist"]) {
      cpSync(join(own, name), join(folder, name), { recursive: true })
    }
    const run = promisify(execFile)(process.execPath, [
      join(folder, "bin/nexhina-mock.js"),
      "--port=0",
      "--tokenizer=o200k_base",
    ])
    await expect(run).rejects.toMatchObject({
      code: 2,
      stdout: "",
      stderr:
        "error: option '--tokenizer o200k_base' needs a package that is not installed: npm install gpt-tokenizer\n",
    })
  } finally {
    rmSync(folder, { recursive: true })
  }
})
