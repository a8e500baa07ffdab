import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises"
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
  readonly with?: Record<string, string>
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
  await mkdir(join(folder, "bin"))
  await writeFile(join(folder, "bin/gh"), gh, { mode: 0o755 })
  await commentsBefore([])
})
afterAll(() => rm(folder, { recursive: true }))

interface StepOutcome {
  readonly code: number
  readonly stdout: string
}

async function bash(script: string, env: NodeJS.ProcessEnv): Promise<StepOutcome> {
  // As the runner calls it for `shell: bash`.
  const child = spawn("bash", ["--noprofile", "--norc", "-eo", "pipefail", "-c", script], {
    cwd: folder,
    env: { ...env, PATH: `${join(folder, "bin")}:${process.env["PATH"]}`, NO_COLOR: "1" },
  })
  let stdout = ""
  for (const pipe of [child.stdout, child.stderr])
    pipe.on("data", (bytes) => {
      stdout += bytes
    })
  const [code] = await once(child, "close")
  return { code, stdout }
}

const stepNamed = (name: string): Step =>
  action.runs.steps.find((each) => each.name === name) ?? expect.fail(`no step '${name}'`)

/**
 * A `gh` that writes down how it was called, without its queries, and keeps the comments of a pull request as JSON in
 * `gh-comments`. `GH_TOKEN` is their author. Fails if `gh-refuses` exists.
 */
const gh = `#!/usr/bin/env node
const { appendFileSync, existsSync, readFileSync, writeFileSync } = require("node:fs")
const author = process.env.GH_TOKEN
const args = process.argv.slice(2)
const [command, verb] = args
appendFileSync("gh-call", [author, command, verb, ...(verb === "graphql" ? [] : args.slice(2))].join(" ") + "\\n")
if (existsSync("gh-refuses")) {
  process.stderr.write("gh: Resource not accessible by integration (HTTP 403)\\n")
  process.exit(1)
}
const comments = JSON.parse(readFileSync("gh-comments", "utf8"))
const bodyOf = (path) => readFileSync(path.replace("body=@", ""), "utf8")
if (verb === "graphql") {
  // What --jq returns.
  for (const { id, author: by, body } of comments)
    process.stdout.write([by === author, "https://github.example/pull/7#issuecomment-" + id, body.split("\\n")[0]].join("\\t") + "\\n")
} else if (command === "pr") comments.push({ id: comments.length + 11, author, body: bodyOf(args.at(-1)) })
else comments.find(({ id }) => args.some((arg) => arg.endsWith("/comments/" + id))).body = bodyOf(args.at(-1))
writeFileSync("gh-comments", JSON.stringify(comments))
`

interface Comment {
  readonly id: number
  readonly author: string
  readonly body: string
}
const commentsBefore = (comments: readonly Comment[]) =>
  writeFile(join(folder, "gh-comments"), JSON.stringify(comments))
const comments = async (): Promise<Comment[]> =>
  JSON.parse(await readFile(join(folder, "gh-comments"), "utf8"))

/** Runs steps of the action as a runner does: those that check, comment and decide, unless others are named. */
async function runAction(
  given: Record<string, string>,
  names = ["Check the server", "Comment on the pull request", "Decide"],
  surroundings: NodeJS.ProcessEnv = { RUNNER_TEMP: folder },
) {
  const inputs = Object.fromEntries(
    Object.entries(action.inputs).map(([name, input]) => [name, input.default]),
  )
  const files = { GITHUB_OUTPUT: join(folder, "output"), GITHUB_STEP_SUMMARY: join(folder, "summary") }
  await Promise.all(Object.values(files).map((file) => writeFile(file, "")))
  const outputs: Record<string, string> = {}
  let last: StepOutcome = { code: 0, stdout: "" }
  let log = ""
  await rm(join(folder, "gh-call"), { force: true })
  const filledIn = (text: string) =>
    String(text)
      .replace(/\$\{\{ github\.event\.pull_request\.html_url \}\}/, "https://github.example/pull/7")
      .replace(/\$\{\{ github\.event\.pull_request\.number \}\}/, "7")
      .replace(/\$\{\{ github\.repository \}\}/, "team/gateway")
      .replace(/\$\{\{ github\.workflow \}\}/, "pull requests")
      .replace(/\$\{\{ github\.job \}\}/, "kit")
      .replace(/\$\{\{ (inputs|steps\.check\.outputs)\.([\w-]+) \}\}/g, (_, of, member) =>
        of === "inputs" ? ({ ...inputs, ...given }[member] ?? "") : (outputs[member] ?? ""),
      )
  for (const name of names) {
    if (name.startsWith("Comment") && outputs["comments"] !== "true") continue
    const step = stepNamed(name)
    const env = Object.fromEntries(Object.entries(step.env ?? {}).map(([key, text]) => [key, filledIn(text)]))
    last = await bash(step.run ?? "", { ...surroundings, NEXHINA_API_KEY: apiKey, ...files, ...env })
    log += last.stdout
    for (const line of (await readFile(files.GITHUB_OUTPUT, "utf8")).split("\n")) {
      const [key = "", ...value] = line.split("=")
      if (key) outputs[key] = value.join("=")
    }
    // A step that fails ends the job.
    if (last.code !== 0) break
  }
  const uploaded = filledIn(stepNamed("Keep the reports").with?.["path"] ?? "")
  return {
    code: last.code,
    log,
    outputs,
    uploaded,
    summary: await readFile(files.GITHUB_STEP_SUMMARY, "utf8"),
  }
}

test("no step contains an expression in its script, and no input is a key", () => {
  const scripts = action.runs.steps.flatMap(({ run }) => run ?? [])
  expect(scripts.filter((script) => script.includes("${{"))).toEqual([])
  expect(Object.keys(action.inputs).filter((name) => /key|secret/.test(name))).toEqual([])
})

const ghCalls = async () => (await readFile(join(folder, "gh-call"), "utf8")).trimEnd().split("\n")
const listing = "token-of-the-job api graphql"
const creation = `token-of-the-job pr comment https://github.example/pull/7 --body-file`
const change = (id: number) =>
  `token-of-the-job api --silent --method PATCH repos/team/gateway/issues/comments/${id} --field`
const markerOf = (name: string) => `<!-- nexhina-conformance: ${name} -->\n`
const ownMarker = markerOf("pull%20requests/kit/nexhina/conformance-reports")

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
  const args = "--include\nchat\n\n  --rule   chat.schema\r\n--header X-Team: api gateway"
  const baseline = join(folder, "baseline.yaml")
  const id = "chat.schema:missing@createChatCompletion#/created"
  try {
    const red = await runAction({
      "base-url": broken.baseURL,
      quick: "true",
      args,
      comment: "true",
      token: "token-of-the-job",
    })
    expect(red.code).toBe(1)
    expect(await ghCalls()).toEqual([listing, expect.stringContaining(creation)])
    expect(await comments()).toEqual([{ id: 11, author: "token-of-the-job", body: ownMarker + red.summary }])
    expect((await readdir(join(folder, red.uploaded))).sort()).toEqual([
      ...["badge.json", "comment.md", "junit.xml", "report.json", "report.sarif"],
    ])
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

const some = { quick: "true", args: "--include chat\n--rule chat.schema", token: "token-of-the-job" }

test("the comment of an earlier run is replaced, and no comment of others or of other jobs", async () => {
  await using sound = await startMock({ keys: [apiKey] })
  const author = "token-of-the-job"
  const before = [
    { id: 11, author, body: `${ownMarker}the first of this job` },
    { id: 12, author, body: `${ownMarker}the last of this job` },
    { id: 13, author, body: `${markerOf("pull%20requests/kit/openai/conformance-reports")}of another job` },
    { id: 14, author: "a stranger", body: `${ownMarker}of a person who quotes it` },
    { id: 15, author, body: "of another action" },
    { id: 16, author, body: `${ownMarker.replace(" -->", "-2 -->")}of a name that begins like this one` },
  ]
  const runWith = async (given: Record<string, string>) => {
    await commentsBefore(before)
    const { code, summary } = await runAction({
      ...some,
      "base-url": sound.baseURL,
      comment: "true",
      ...given,
    })
    expect(code).toBe(0)
    return summary
  }
  const summary = await runWith({})
  expect(await ghCalls()).toEqual([listing, expect.stringContaining(change(12))])
  expect(await comments()).toEqual(
    before.map((each) => (each.id === 12 ? { ...each, body: ownMarker + summary } : each)),
  )
  for (const [given, marker] of [
    [{ profile: "openai", artifact: "" }, markerOf("pull%20requests/kit/openai/")],
    [{ "comment-name": "café --> x" }, markerOf("caf%C3%A9%20--%3E%20x")],
  ] as const) {
    const other = await runWith(given)
    expect(await comments()).toEqual([...before, { id: 17, author, body: marker + other }])
  }
  await commentsBefore([])
})

test("a comment that the API refuses, as for a fork, is a warning: the verdict decides", async () => {
  await using sound = await startMock({ keys: [apiKey] })
  await writeFile(join(folder, "gh-refuses"), "")
  try {
    const { code, log } = await runAction({ ...some, "base-url": sound.baseURL, comment: "true" })
    expect([code, log]).toEqual([
      0,
      expect.stringMatching(/^::warning title=conformance::The comment could/m),
    ])
    expect(log).toContain("HTTP 403")
  } finally {
    await rm(join(folder, "gh-refuses"))
  }
})

test.each(["quick", "strict", "comment"])(
  "the input %s takes the booleans of YAML and refuses others",
  async (name) => {
    await using sound = await startMock({ keys: [apiKey] })
    const given = { ...some, "base-url": sound.baseURL }
    /** What the input changes. */
    const seen = async (value: string) => {
      const { outputs } = await runAction({ ...given, [name]: value })
      const report = JSON.parse(await readFile(join(folder, "conformance-reports/report.json"), "utf8"))
      return name === "comment" ? outputs["comments"] === "true" : report[name]
    }
    expect([await seen("yes"), await seen("On"), await seen("no"), await seen("")]).toEqual([
      true,
      true,
      false,
      false,
    ])
    const { code, log } = await runAction({ ...given, [name]: "maybe\n::set-env" })
    expect([code, log]).toEqual([
      2,
      `::error title=conformance::The input ${name} must be true or false, not $'maybe\\n::set-env'.\n`,
    ])
  },
)

/** A folder with the tarballs of the kit and of the packages that it needs. `pnpm action` makes one. */
const tarballs = process.env["ACTION_TARBALLS"]

// Opt-in, because npm asks the registry for the packages of others.
test.runIf(tarballs)("the kit is installed from tarballs, and checks the server", async () => {
  const temporary = await mkdtemp(join(tmpdir(), "action-installed-"))
  try {
    await using sound = await startMock({ keys: [apiKey] })
    const files = (await readdir(tarballs ?? "")).map((name) => join(tarballs ?? "", name))
    const given = { package: files.join("\n"), "base-url": sound.baseURL, quick: "true" }
    const steps = ["Install the kit", "Check the server", "Decide"]
    const { code, log, summary } = await runAction(given, steps, { ...process.env, RUNNER_TEMP: temporary })
    expect({ code, log }).toEqual({ code: 0, log: expect.stringContaining("::notice title=conformance::") })
    expect(summary).toContain("No MUST rule was broken")
  } finally {
    await rm(temporary, { recursive: true })
  }
})
