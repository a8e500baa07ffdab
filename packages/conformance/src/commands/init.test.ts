import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, test } from "vitest"
import { parse } from "yaml"
import { parseBaseline } from "../baselines/baseline.ts"
import { settingsOf, UsageError } from "../options/options.ts"
import { init } from "./init.ts"

test("init writes a configuration and a baseline that run accepts, and overwrites nothing unasked", async () => {
  const folder = await mkdtemp(join(tmpdir(), "init-"))
  const read = (path: string) => readFile(join(folder, path), "utf8")
  try {
    expect(init(folder, false)).toEqual([
      "conformance.yaml",
      "baseline.yaml",
      ".github/workflows/conformance.yml",
    ])
    expect(settingsOf({}, parse(await read("conformance.yaml")))).toMatchObject({ baseline: "baseline.yaml" })
    expect(parseBaseline(await read("baseline.yaml"), "baseline.yaml").entries).toEqual([])

    const { exports } = JSON.parse(await readFile(new URL("../../package.json", import.meta.url), "utf8"))
    for (const name of ["config", "baseline"]) {
      const text = await read(name === "config" ? "conformance.yaml" : "baseline.yaml")
      const [, entry = ""] =
        /^# yaml-language-server: \$schema=node_modules\/@nexhina\/conformance\/(.+)\n/.exec(text) ?? []
      expect([entry, exports[`./${entry}`]]).toEqual([`${name}.schema.json`, `./${name}.schema.json`])
    }

    const action = parse(await readFile(new URL("../../../../action.yml", import.meta.url), "utf8"))
    const workflow = parse(await read(".github/workflows/conformance.yml"))
    const given = Object.keys(workflow.jobs.conformance.steps.at(-1).with)
    expect(given.filter((name) => !Object.hasOwn(action.inputs, name))).toEqual([])

    await writeFile(join(folder, "baseline.yaml"), "mine")
    await rm(join(folder, "conformance.yaml"))
    expect(() => init(folder, false)).toThrow(
      new UsageError(
        "init: baseline.yaml, .github/workflows/conformance.yml would be overwritten; use --force to do that",
      ),
    )
    expect(await read("baseline.yaml")).toBe("mine")
    init(folder, true)
    expect(await read("baseline.yaml")).toContain("findings: []")
  } finally {
    await rm(folder, { recursive: true })
  }
})

test("init leaves no file where it cannot make a folder, so that it can be tried again", async () => {
  const folder = await mkdtemp(join(tmpdir(), "init-"))
  try {
    await writeFile(join(folder, ".github"), "a file")
    expect(() => init(folder, false)).toThrow(/^init: cannot write '\.github\/workflows\/conformance\.yml': /)
    expect(await readdir(folder)).toEqual([".github"])
    await rm(join(folder, ".github"))
    expect(init(folder, false)).toHaveLength(3)
  } finally {
    await rm(folder, { recursive: true })
  }
})
