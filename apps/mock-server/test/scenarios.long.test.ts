import { mkdtemp, rename, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { command, startCommand } from "./command.ts"

let folder = ""
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "scenarios-"))
})
afterAll(() => rm(folder, { recursive: true }))

async function file(name: string, text: string): Promise<string> {
  await writeFile(join(folder, name), text)
  return name
}

const answering = (user: string, text: string) =>
  `scenarios:\n  - match: { user: ${user} }\n    answer: { text: ${text} }\n`

const cli = (...args: string[]) => command(args, { cwd: folder })
const start = (...args: string[]) => startCommand(args, { cwd: folder })

async function say(baseURL: string, user: string): Promise<Response> {
  return fetch(`${baseURL}/chat/completions`, {
    method: "POST",
    headers: { authorization: "Bearer sk-x", "content-type": "application/json" },
    body: JSON.stringify({ model: "gpt-4o", messages: [{ role: "user", content: user }] }),
  })
}
const contentOf = async (response: Response) =>
  ((await response.json()) as { choices: { message: { content: string } }[] }).choices[0]?.message.content

describe("lint", () => {
  test("code that throws or has a mistake is named with its line, in the file or in a module that it imports", async () => {
    await file(
      "throws.ts",
      'type Text = string\n\nconst f = (): Text => {\n  throw new Error("boom")\n}\nexport default [f()]',
    )
    await file("imports.ts", 'import list from "./throws.ts"\nexport default list')
    await file("comma.ts", "export default [\n  { match: {} answer: {} }]")
    await file("imports-comma.ts", 'import list from "./comma.ts"\nexport default list')
    await file("text.ts", 'throw "no error"')
    const found = async (name: string) => (await cli("lint", name)).stdout.split("\n")[0]
    expect(await found("throws.ts")).toBe("throws.ts:4: boom")
    expect(await found("imports.ts")).toBe("imports.ts: throws.ts:4: boom")
    expect(await found("comma.ts")).toBe('comma.ts:2:15: Unexpected token, expected ","')
    expect(await found("imports-comma.ts")).toBe(
      'imports-comma.ts: comma.ts:2:15: Unexpected token, expected ","',
    )
    expect(await found("text.ts")).toBe("text.ts: no error")
  })

  test("exit codes 0, 1 and 2", async () => {
    await file("good.yaml", answering("Hi", "Hello"))
    await file("bad.yaml", answering("Hi", "Hello").replace("user", "usr"))
    expect(await cli("lint", "good.yaml")).toEqual({
      code: 0,
      stdout: "1 scenario, no problems\n",
      stderr: "",
    })
    expect(await cli("lint", "good.yaml", "bad.yaml")).toEqual({
      code: 1,
      stdout: "bad.yaml:2:14: match.usr: unknown key 'usr'. Did you mean 'user'?\n1 problem\n",
      stderr: "",
    })
    expect(await cli("lint", "none.yaml")).toEqual({
      code: 2,
      stdout: "",
      stderr: "error: cannot read 'none.yaml': the file or folder does not exist\n",
    })
    expect((await cli("lint")).code).toBe(2)
    expect((await cli("lint", "--help")).stdout).toContain("Usage: nexhina-mock lint")
  })

  test("TypeScript, and why it cannot be loaded", async () => {
    await file("good.ts", 'const text: string = "x"\nexport default [{ match: {}, answer: { text } }]')
    await file("list.ts", "export default 3")
    await file("syntax.ts", "export default [")
    await file("wrong.ts", "export default [{ match: {}, answer: { txt: 1 } }]")
    expect(await cli("lint", "good.ts")).toMatchObject({ code: 0, stdout: "1 scenario, no problems\n" })
    expect((await cli("lint", "list.ts")).stdout).toContain(
      "list.ts: the default export must be a list of scenarios.",
    )
    expect((await cli("lint", "syntax.ts")).stdout).toMatch(/^syntax\.ts:1:17: .*\n1 problem\n$/)
    expect((await cli("lint", "wrong.ts")).stdout).toContain(
      "wrong.ts [0]: answer.txt: unknown key 'txt'. Did you mean 'text'?",
    )
  })
})

test("explain: the scenario that answers, a miss, and wrong usage", async () => {
  await file("a.yaml", answering("Hi", "Hello"))
  const body = (user: string) =>
    JSON.stringify({ model: "gpt-4o", messages: [{ role: "user", content: user }] })
  await file("hit.json", body("Hi"))
  await file("miss.json", body("Ho"))
  await file("invalid.json", "{}")
  const explain = (request: string) => cli("explain", request, "--scenarios", "a.yaml")
  expect(await explain("hit.json")).toEqual({
    code: 0,
    stdout: `Operation: createChatCompletion\n'a.yaml:2' answers this request.\nIt matches:\n  user: "Hi"\n`,
    stderr: "",
  })
  const missed = await explain("miss.json")
  expect([missed.code, missed.stdout]).toEqual([
    1,
    expect.stringContaining(`user: expected "Hi", but got "Ho"`),
  ])
  expect(await explain("invalid.json")).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("Missing required"),
  })
  expect(await explain("none.json")).toMatchObject({ code: 2 })
  expect(await cli("explain", "hit.json")).toMatchObject({ code: 2 })
})

test("the start ends with 2 for wrong scenarios, and for --strict without them", async () => {
  await file("bad.yaml", answering("Hi", "Hello").replace("user", "usr"))
  expect(await cli("--port", "0", "--scenarios", "bad.yaml")).toEqual({
    code: 2,
    stdout: "",
    stderr: "error: bad.yaml:2:14: match.usr: unknown key 'usr'. Did you mean 'user'?\n",
  })
  expect(await cli("--scenarios", "none.yaml")).toMatchObject({
    code: 2,
    stderr: "error: option '--scenarios': cannot read 'none.yaml': the file or folder does not exist\n",
  })
  expect(await cli("--strict")).toMatchObject({ code: 2 })
})

test("a miss is named in the log, and refused with --strict", async () => {
  await file("a.yaml", answering("Hi", "Hello"))
  const open = await start("--scenarios", "a.yaml")
  expect((await say(open.baseURL, "Ho")).headers.get("x-mock-miss")).not.toBeNull()
  await open.until("no scenario")
  const strict = await start("--scenarios", "a.yaml", "--strict", "--log", "json")
  const refused = await say(strict.baseURL, "Ho")
  expect([refused.status, await refused.json()]).toMatchObject([400, { error: { code: "scenario_miss" } }])
  await strict.until("No scenario matches")
})

test("changed files are loaded without dropping a request; wrong ones leave the scenarios in use", async () => {
  await file("hot.yaml", answering("Hi", "one"))
  const { baseURL, until } = await start("--scenarios", "hot.yaml", "--strict", "--log", "off")
  const answers: (string | undefined)[] = []
  let asking = true
  const load = Array.from({ length: 4 }, async () => {
    while (asking) answers.push(await contentOf(await say(baseURL, "Hi")))
  })
  await expect.poll(() => answers).toContain("one")
  await file("hot.yaml", answering("Hi", "two"))
  await until("scenarios loaded again")
  expect(await contentOf(await say(baseURL, "Hi"))).toBe("two")
  await file("hot.yaml", answering("Hi", "two").replace("user", "usr"))
  await until("hot.yaml:2:14: match.usr: unknown key 'usr'. Did you mean 'user'?")
  await until("the scenarios in use stay")
  expect(await contentOf(await say(baseURL, "Hi"))).toBe("two")
  // As editors save: a new file instead of the old one.
  await file("hot.yaml~", answering("Hi", "three"))
  await rename(join(folder, "hot.yaml~"), join(folder, "hot.yaml"))
  await until("scenarios loaded again")
  expect(await contentOf(await say(baseURL, "Hi"))).toBe("three")
  asking = false
  await Promise.all(load)
  expect(new Set(answers)).toEqual(new Set(["one", "two", "three"]))
})

describe("the control API", () => {
  const send = async (url: string, method: string, body?: string) => {
    const response = await fetch(url, { method, ...(body !== undefined && { body }) })
    return [response.status, await response.json()]
  }

  test("reads and replaces scenarios, and resets the counters of faults", async () => {
    const { baseURL } = await start("--log", "off")
    const url = baseURL.replace("/v1", "/__mock/api/scenarios")
    expect(await send(url, "GET")).toEqual([200, { scenarios: [], faults: [] }])
    const flaky = "scenarios:\n  - id: flaky\n    match: { user: Hi }\n    fail: { times: 1, status: 503 }\n"
    expect(await send(url, "PUT", flaky)).toEqual([200, { loaded: 1 }])
    expect([(await say(baseURL, "Hi")).status, (await say(baseURL, "Hi")).status]).toEqual([503, 200])
    expect(await send(url, "PUT", "scenario: []")).toMatchObject([
      400,
      { problems: ["body:1:1: unknown key 'scenario'. Did you mean 'scenarios'?"] },
    ])
    expect(await send(url, "GET")).toEqual([
      200,
      {
        scenarios: [{ id: "flaky", match: { user: "Hi" }, fail: { times: 1, status: 503 } }],
        faults: [{ scope: "", scenario: "flaky", count: 1, times: 1 }],
      },
    ])
    expect(await send(baseURL.replace("/v1", "/__mock/api/reset"), "POST")).toEqual([200, { reset: true }])
    expect((await say(baseURL, "Hi")).status).toBe(503)
    expect(await send(url, "DELETE")).toMatchObject([405, {}])
    expect(await send(baseURL.replace("/v1", "/__mock/api/toString"), "GET")).toMatchObject([404, {}])
  })

  test("refuses pages of other origins", async () => {
    const { baseURL } = await start("--log", "off")
    const response = await fetch(baseURL.replace("/v1", "/__mock/api/reset"), {
      method: "POST",
      headers: { origin: "https://example.com" },
    })
    expect(response.status).toBe(403)
  })
})
