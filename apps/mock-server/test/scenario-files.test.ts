import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { expect, test } from "vitest"
import { loadScenarios } from "../src/scenario-files.ts"

/** Runs with a folder that contains files with the given texts. */
async function withFolder(files: Readonly<Record<string, string>>, run: (folder: string) => Promise<void>) {
  const folder = await mkdtemp(join(tmpdir(), "scenarios-"))
  try {
    for (const [name, text] of Object.entries(files)) {
      await mkdir(dirname(join(folder, name)), { recursive: true })
      await writeFile(join(folder, name), text)
    }
    await run(folder)
  } finally {
    await rm(folder, { recursive: true })
  }
}

const list = (user: string) => `[{ match: { user: "${user}" }, fail: { times: 1, status: 500 } }]`

test("code is loaded in every kind of module", async () => {
  const files = {
    "a.ts": `export default ${list("a")}`,
    "b.mts": `export default ${list("b")}`,
    "c.cts": `module.exports = ${list("c")}`,
    "d.mjs": `export default ${list("d")}`,
    "e.cjs": `module.exports = ${list("e")}`,
    "f.d.cts": "export {}",
  }
  await withFolder(files, async (folder) => {
    const { scenarios, problems } = await loadScenarios([folder], [])
    expect(problems).toEqual([])
    expect(scenarios.map(({ match }) => match.user)).toEqual(["a", "b", "c", "d", "e"])
    const alone = await loadScenarios([join(folder, "e.cjs")], [])
    expect(alone.problems).toEqual([])
    expect(alone.scenarios).toHaveLength(1)
  })
})

test("a folder is read without the packages that are installed in it", async () => {
  const files = {
    "mock/greeting.json": `{ "scenarios": [{ "match": {}, "answer": {} }] }`,
    "node_modules/any/index.js": `throw new Error("It was run.")`,
    "mock/node_modules/any/package.json": `{ "name": "any" }`,
  }
  await withFolder(files, async (folder) => {
    expect(await loadScenarios([folder], [])).toMatchObject({ problems: [], scenarios: [{ match: {} }] })
  })
})
