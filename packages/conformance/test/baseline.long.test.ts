import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { MockOptions } from "@nexhina/mock"
import { startMock } from "@nexhina/mock/node"
import { startTestMock } from "@nexhina/mock/testing"
import { createWriter, type NamedAlteration } from "@nexhina/wire"
import { expect, test } from "vitest"
import { check } from "../src/check.ts"
import type { Source } from "../src/inputs/source.ts"
import { checkSettingsOf } from "../src/options/check-options.ts"
import { always, apiKey } from "./checked.ts"
import { command } from "./command.ts"

const withoutCreated: NamedAlteration = {
  id: "no-created",
  stage: "value",
  apply: (value) => {
    const { created: _, ...rest } = value as Record<string, unknown>
    return rest
  },
}

const id = "chat.schema:missing@createChatCompletion#/created"

test("a baseline is written, kept, and red once its finding is gone or its last day is over", async () => {
  const folder = await mkdtemp(join(tmpdir(), "baseline-"))
  const file = join(folder, "baseline.yaml")
  await using broken = await startMock({ keys: [apiKey], ...always(withoutCreated) })
  await using sound = await startMock({ keys: [apiKey] })
  const run = ({ baseURL }: { baseURL: string }, ...args: string[]) =>
    command(
      ["run", "--quick", "--include", "chat", "--rule", "chat.schema", "--base-url", baseURL, ...args],
      {
        env: { NEXHINA_API_KEY: apiKey },
      },
    )
  try {
    const absent = await run(broken, "--baseline", file)
    expect({ code: absent.code, stderr: absent.stderr }).toEqual({
      code: 2,
      stderr: `error: --baseline: cannot read '${file}': the file does not exist; create it with --update-baseline\n`,
    })

    const written = await run(broken, "--baseline", file, "--update-baseline")
    expect(written.stderr).toContain(`${file}: 1 added, 0 removed, 1 in all\n`)
    expect(written.code).toBe(0)
    const text = await readFile(file, "utf8")
    expect(text).toContain(`- id: ${id}\n`)

    const day = (expires: string) =>
      text.replace(/reason: .*/, `reason: fixed in 2.4 # soon\n    expires: ${expires}`)
    await writeFile(file, day("2999-12-31"))
    const known = await run(broken, "--baseline", file)
    expect(known.stdout).toContain(`waived ${id}\n      fixed in 2.4 (until 2999-12-31)\n`)
    expect(known.stdout).toContain("but the baseline waives every")
    expect(known.code).toBe(0)

    const gone = await run(sound, "--baseline", file)
    expect(gone.stdout).toContain(`stale ${id}`)
    expect(gone.stdout.replace(/\s+/g, " ")).toContain("1 entry is stale (the finding is gone): remove it")
    expect(gone.code).toBe(1)

    await writeFile(file, day("2001-01-01"))
    const expired = await run(broken, "--baseline", file)
    expect(expired.stdout).toContain(`expired ${id}`)
    expect(expired.code).toBe(1)

    // Nobody but its owner extends an entry.
    const updated = await run(broken, "--baseline", file, "--update-baseline")
    expect([updated.code, await readFile(file, "utf8")]).toEqual([1, day("2001-01-01")])
  } finally {
    await rm(folder, { recursive: true })
  }
})

test("check applies a baseline to recorded traffic: known, new, stale and expired findings", async () => {
  const folder = await mkdtemp(join(tmpdir(), "baseline-"))
  const file = join(folder, "baseline.yaml")
  const [broken, sound] = [await recorded(always(withoutCreated)), await recorded({})]
  const checked = (source: Source, flags: object = {}) =>
    check(checkSettingsOf({ baseline: file, ...flags }), [source], {
      startedAt: new Date(),
      elapsed: () => 0,
    })
  try {
    await expect(checked(broken)).rejects.toThrow("the file does not exist; create it with --update-baseline")
    const written = await checked(broken, { updateBaseline: true })
    const text = await readFile(file, "utf8")
    expect([written.exitCode, written.note]).toEqual([0, `${file}: 1 added, 0 removed, 1 in all`])
    expect(text).toContain(`- id: ${id}\n`)

    const known = await checked(broken)
    expect([known.exitCode, known.report.baseline?.waived.map((entry) => entry.id)]).toEqual([0, [id]])
    const gone = await checked(sound)
    expect([gone.exitCode, gone.report.baseline?.stale.map((entry) => entry.id)]).toEqual([1, [id]])

    await writeFile(file, text.replace(/reason: .*/, "$&\n    expires: 2001-01-01"))
    const expired = await checked(broken)
    expect([expired.exitCode, expired.report.baseline?.expired.map((entry) => entry.id)]).toEqual([1, [id]])

    await writeFile(file, text)
    const removed = await checked(sound, { updateBaseline: true })
    expect([removed.exitCode, removed.note]).toEqual([0, `${file}: 0 added, 1 removed, 0 in all`])
    expect((await checked(broken)).exitCode).toBe(1)
  } finally {
    await rm(folder, { recursive: true })
  }
})

/** Records one chat of another client with a mock. */
async function recorded(options: MockOptions): Promise<Source> {
  const mock = await startTestMock({ keys: [apiKey], ...options })
  const reply = await fetch(`${mock.baseURL}/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${apiKey}`, "content-type": "application/json" },
    body: JSON.stringify({ model: "gpt-4o", messages: [{ role: "user", content: "Hello" }] }),
  })
  await reply.text()
  const lines: string[] = []
  const writer = createWriter({ write: (line) => lines.push(`${line}\n`), secrets: [apiKey] })
  for (const exchange of mock.exchanges) writer.exchange(exchange)
  await mock.close()
  return {
    name: "traffic.ndjson",
    async *bytes() {
      yield new TextEncoder().encode(lines.join(""))
    },
  }
}

test("merge has no use for a baseline of reports, and none is overwritten by a report", async () => {
  const [merged, both] = await Promise.all([
    command(["merge", "a.json", "--baseline", "b.yaml"]),
    command(["check", "package.json", "--baseline", "b.yaml", "--report", "json=b.yaml"]),
  ])
  expect([merged, both]).toEqual(
    [
      "merge: --baseline and --update-baseline are for transcripts; JSON reports keep the baseline of their run",
      "--report json and --baseline both write 'b.yaml': name different files",
    ].map((message) => ({ code: 2, stdout: "", stderr: `error: ${message}\n` })),
  )
})

test.each([
  [["--update-baseline"], "error: --update-baseline: name the file to write with --baseline FILE\n"],
  [
    ["--update-baseline", "--baseline", "absent/b.yaml"],
    "error: --update-baseline: cannot write 'absent/b.yaml': its folder does not exist\n",
  ],
  [["--baseline", "/"], "error: --baseline: cannot read '/': it is a folder\n"],
])("run %j exits 2 with one line", async (args, stderr) => {
  expect(await command(["run", ...args])).toEqual({ code: 2, stdout: "", stderr })
})
