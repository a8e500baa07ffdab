import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { startMock } from "@nexhina/mock/node"
import { afterAll, beforeAll, expect, test } from "vitest"
import { parse } from "yaml"
import { always, apiKey } from "./checked.ts"

interface Step {
  readonly name: string
  readonly id?: string
  readonly run?: string
  readonly env?: Record<string, string>
}
interface Action {
  readonly inputs: Record<string, { readonly default: string }>
  readonly runs: { readonly steps: readonly Step[] }
}

const action = parse(await readFile(new URL("../../../action.yml", import.meta.url), "utf8")) as Action
const bin = fileURLToPath(new URL("../bin/nexhina-conformance.js", import.meta.url))
let folder: string

/** Prepares what the step that installs the kit leaves: the command of this repository. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "action-"))
  const bins = join(folder, "nexhina-conformance/node_modules/.bin")
  await mkdir(bins, { recursive: true })
  await symlink(bin, join(bins, "nexhina-conformance"))
})
afterAll(() => rm(folder, { recursive: true }))

interface StepOutcome {
  readonly code: number
  readonly stdout: string
}

async function bash(script: string, env: Record<string, string>): Promise<StepOutcome> {
  // As the runner calls it for `shell: bash`.
  const child = spawn("bash", ["--noprofile", "--norc", "-eo", "pipefail", "-c", script], {
    cwd: folder,
    env: { PATH: process.env["PATH"], NO_COLOR: "1", ...env },
  })
  let stdout = ""
  for (const pipe of [child.stdout, child.stderr])
    pipe.on("data", (bytes) => {
      stdout += bytes
    })
  const [code] = await once(child, "close")
  return { code, stdout }
}

/** Runs the steps of the action that check and decide, as a runner does. */
async function runAction(given: Record<string, string>) {
  const inputs = Object.fromEntries(
    Object.entries(action.inputs).map(([name, input]) => [name, input.default]),
  )
  const files = { GITHUB_OUTPUT: join(folder, "output"), GITHUB_STEP_SUMMARY: join(folder, "summary") }
  await Promise.all(Object.values(files).map((file) => writeFile(file, "")))
  const outputs: Record<string, string> = {}
  let last: StepOutcome = { code: 0, stdout: "" }
  let log = ""
  for (const name of ["Check the server", "Decide"]) {
    const step = action.runs.steps.find((each) => each.name === name) ?? expect.fail(`no step '${name}'`)
    const filledIn = (text: string) =>
      String(text).replace(/\$\{\{ (inputs|steps\.check\.outputs)\.([\w-]+) \}\}/g, (_, of, member) =>
        of === "inputs" ? ({ ...inputs, ...given }[member] ?? "") : (outputs[member] ?? ""),
      )
    const env = Object.fromEntries(Object.entries(step.env ?? {}).map(([key, text]) => [key, filledIn(text)]))
    last = await bash(step.run ?? "", { RUNNER_TEMP: folder, NEXHINA_API_KEY: apiKey, ...files, ...env })
    log += last.stdout
    for (const line of (await readFile(files.GITHUB_OUTPUT, "utf8")).split("\n")) {
      const [key = "", ...value] = line.split("=")
      if (key) outputs[key] = value.join("=")
    }
  }
  return { code: last.code, log, outputs, summary: await readFile(files.GITHUB_STEP_SUMMARY, "utf8") }
}

test("no step contains an expression in its script, and no input is a key", () => {
  const scripts = action.runs.steps.flatMap(({ run }) => run ?? [])
  expect(scripts.filter((script) => script.includes("${{"))).toEqual([])
  expect(Object.keys(action.inputs).filter((name) => /key|secret/.test(name))).toEqual([])
})

test("a defect is red with summary, annotation and comment; waived it is green; gone, the entry is red", async () => {
  const broken = await startMock({
    keys: [apiKey],
    ...always({
      id: "no-created",
      stage: "value",
      apply: (value) => {
        const { created: _, ...rest } = value as Record<string, unknown>
        return rest
      },
    }),
  })
  await using sound = await startMock({ keys: [apiKey] })
  const args = "--include\nchat\n--rule\nchat.schema"
  const baseline = join(folder, "baseline.yaml")
  const id = "chat.schema:missing@createChatCompletion#/created"
  try {
    const red = await runAction({ "base-url": broken.baseURL, quick: "true", args })
    expect(red.code).toBe(1)
    expect(red.outputs).toMatchObject({ "exit-code": "1", report: "conformance-reports/report.json" })
    expect(red.summary).toContain("| **fails** | `chat.schema:missing` |")
    expect(red.log).toMatch(/^::error title=MUST chat\.schema%3Amissing::/m)
    expect(await readFile(join(folder, red.outputs["comment"] ?? ""), "utf8")).toBe(red.summary)
    expect(JSON.parse(await readFile(join(folder, "conformance-reports/badge.json"), "utf8"))).toMatchObject({
      color: "red",
    })

    const shownBy = "chat.plain"
    await writeFile(baseline, `findings:\n  - id: ${id}\n    reason: known\n    shownBy: ${shownBy}\n`)
    const green = await runAction({ "base-url": broken.baseURL, quick: "true", args, baseline })
    expect([green.code, green.summary]).toEqual([
      0,
      expect.stringContaining("| waived | `chat.schema:missing"),
    ])

    const stale = await runAction({ "base-url": sound.baseURL, quick: "true", args, baseline })
    expect(stale.code).toBe(1)
    expect(stale.log).toContain(
      `::error file=${baseline},line=2,title=stale entry::${id}: the finding is gone`,
    )
  } finally {
    await broken.close()
  }
})
