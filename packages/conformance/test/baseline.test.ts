import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { startMock } from "@nexhina/mock/node"
import type { NamedAlteration } from "@nexhina/wire"
import { expect, test } from "vitest"
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
