import { execFile } from "node:child_process"
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import { basename, dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, beforeAll, expect, test } from "vitest"
import { settingsOf, UsageError } from "../src/options/options.ts"
import { rulesOfRun } from "../src/run.ts"
import { type ConformanceOptions, conformance } from "../src/vitest.ts"

const runner = join(dirname(createRequire(import.meta.url).resolve("vitest/package.json")), "vitest.mjs")
const root = fileURLToPath(new URL("vitest", import.meta.url))

const baseline = `findings:
  - id: sse.done-once:repeated@createChatCompletion
    reason: fixed in gateway 2.4
  - id: sse.done-present:missing@createChatCompletion
    reason: gone
    shownBy: chat.stream
`

interface TestResult {
  readonly ancestorTitles: readonly string[]
  readonly title: string
  readonly status: "passed" | "failed" | "skipped"
  readonly failureMessages: readonly string[]
}

interface FileResult {
  readonly name: string
  readonly assertionResults: readonly TestResult[]
}

const resultsOf = (files: readonly FileResult[], name: string): readonly TestResult[] =>
  files.find((file) => basename(file.name) === name)?.assertionResults ?? []

let folder: string
let results: readonly TestResult[]
/** Of the example in docs/ci.md. */
let example: readonly TestResult[]
/** What the person at the terminal sees, with the reasons of skipped tests. */
let printed: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "vitest-"))
  const files = { baseline: join(folder, "known.yaml"), json: join(folder, "results.json") }
  await writeFile(files.baseline, baseline)
  const args = ["run", "--root", root, "--reporter=verbose", "--reporter=json", `--outputFile=${files.json}`]
  const env = { ...process.env, NO_COLOR: "1", BASELINE: files.baseline }
  printed = await new Promise((resolve) => {
    execFile(process.execPath, [runner, ...args], { env }, (_, stdout) => resolve(stdout))
  })
  const { testResults } = JSON.parse(await readFile(files.json, "utf8"))
  results = resultsOf(testResults, "conformance.fixture.ts")
  example = resultsOf(testResults, "gateway.fixture.ts")
})
afterAll(() => rm(folder, { recursive: true }))

const of = (name: string) => results.filter(({ ancestorTitles }) => ancestorTitles[0] === name)
const named = (name: string, title: string) => of(name).find((each) => each.title.startsWith(title))
const failuresOf = (name: string) =>
  of(name)
    .filter(({ status }) => status === "failed")
    .map(({ title, failureMessages }) => [title, failureMessages.join("\n").split("\n    at ")[0]])

test("each rule of a run is a test, named by its id and its sentence, after the test of the run itself", () => {
  const rules = rulesOfRun(settingsOf({ quick: true, include: ["chat"], rule: ["sse.*"] }))
  const titles = ["run", ...rules.map(({ id, says }) => `${id}: ${says}`)]
  expect(rules.length).toBeGreaterThan(10)
  for (const name of ["sound", "broken", "away"]) expect(of(name).map(({ title }) => title)).toEqual(titles)
  expect(of("known").map(({ title }) => title)).toEqual([...titles, "baseline"])
})

test("a sound server fails no test; what was not looked at is skipped with the reason", () => {
  expect(failuresOf("sound")).toEqual([])
  expect(named("sound", "sse.done-once")?.status).toBe("passed")
  expect(named("sound", "sse.utf8-intact")?.status).toBe("skipped")
  expect(printed).toMatch(/sound > .*sse\.utf8-intact.*\[not-run: this run did not ask for it\]/)
})

test("a broken rule fails its test, and no other, with the finding and the line of the call", () => {
  const [[title, message = ""] = [], ...others] = failuresOf("broken")
  expect([title, others]).toEqual(["sse.done-once: MUST send `[DONE]` exactly once", []])
  expect(message.split("\n").slice(0, 4)).toEqual([
    "ConformanceError: [DONE] more than once",
    "sse.done-once:repeated@createChatCompletion",
    "MUST send `[DONE]` exactly once",
    expect.stringMatching(/^event \d+, byte \d+: expected once, got 2 times$/),
  ])
  expect(message).toContain("\ndata: [DONE]\n\ndata: [DONE]\ncurl -isN -X POST 'http://127.0.0.1:")
  expect(named("broken", "sse.done-once")?.failureMessages[0]).toMatch(
    /\n {4}at .*conformance\.fixture\.ts:\d+/,
  )
})

test("a waived finding skips its test; a stale entry fails the test of the baseline", () => {
  const file = join(folder, "known.yaml")
  expect(failuresOf("known")).toEqual([
    [
      "baseline",
      `ConformanceError: ${file}:4: sse.done-present:missing@createChatCompletion is stale: the finding is gone; remove the entry`,
    ],
  ])
  expect(printed).toMatch(/known > .*sse\.done-once.*\[waived: fixed in gateway 2\.4\]/)
})

test("a server that is away fails only the test of the run", () => {
  const problem = "cannot reach http://127.0.0.1:9/v1: ECONNREFUSED"
  expect(failuresOf("away")).toEqual([["run", `ConformanceError: ${problem}`]])
  expect(of("away").filter(({ status }) => status === "passed")).toEqual([])
  expect(printed).toContain(`[not-run: ${problem}]`)
})

test("the example of the documentation passes", () => {
  const count = (status: TestResult["status"]) => example.filter((each) => each.status === status).length
  expect(count("passed")).toBeGreaterThan(50)
  expect(count("failed")).toBe(0)
})

test.each([
  [{ baseUr: "http://h" }, "configuration: unknown member 'baseUr'; did you mean 'baseUrl'?"],
  [{ rule: ["none"] }, "no rule matches 'none'; 'nexhina-conformance rules' lists them"],
  [{ report: ["json"] }, "conformance: 'report' is an option of the command 'nexhina-conformance run' only"],
])("%j is refused when the file is collected", (options: object, message) => {
  expect(() => conformance(options as ConformanceOptions)).toThrow(new UsageError(message))
})
