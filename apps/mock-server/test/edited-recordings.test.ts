import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createMock } from "@nexhina/mock"
import { toFetch } from "@nexhina/mock/fetch"
import { createWriter, toHar } from "@nexhina/wire"
import { expect, onTestFinished, test } from "vitest"
import { readFile } from "../src/recording-file.ts"
import { createAppender, readFolder } from "../src/recordings-folder.ts"
import { openReplay } from "../src/replay.ts"

const startedAt = new Date("2026-01-01T00:00:00Z")

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "recordings-"))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return folder
}

/** Returns the exchange of one request, and the lines of its recording. */
async function recorded() {
  const mock = createMock()
  await (
    await toFetch(mock)(new Request("http://127.0.0.1/v1/models", { headers: { authorization: "Bearer a" } }))
  ).text()
  const [exchange] = mock.exchanges
  if (!exchange) throw new Error("The mock has no exchange.")
  const lines: string[] = []
  createWriter({ write: (line) => lines.push(line), secrets: [] }).exchange({ ...exchange, id: "1" })
  return { exchange, lines }
}

test.each([
  ["whole", (text: string) => text, 2],
  ["without its last line end", (text: string) => text.trimEnd(), 2],
  ["cut in its last line", (text: string) => text.slice(0, -9), 1],
])("a file that is %s is appended to", async (_, edit, count) => {
  const folder = temporaryFolder()
  const { lines } = await recorded()
  createAppender(folder, startedAt)("a.ndjson", lines)
  const path = join(folder, "a.ndjson")
  writeFileSync(path, edit(readFileSync(path, "utf8")))
  createAppender(folder, startedAt)(
    "a.ndjson",
    lines.map((line) => line.replace('"id":"1"', '"id":"2"')),
  )
  expect((await readFolder(folder)).recordings).toHaveLength(count)
})

test("a byte order mark before a transcript or an archive is left out", async () => {
  const folder = temporaryFolder()
  const { exchange, lines } = await recorded()
  writeFileSync(join(folder, "a.ndjson"), `\uFEFF${lines.join("\n")}\n`)
  writeFileSync(
    join(folder, "b.har"),
    `\uFEFF${JSON.stringify(toHar([{ exchange, startedAt }], { name: "test", version: "1" }))}`,
  )
  for (const name of ["a.ndjson", "b.har"]) {
    const { sessions } = await readFile(join(folder, name))
    expect(sessions.flatMap(({ exchanges }) => exchanges)).toHaveLength(1)
  }
})

test("a replay without recordings says why there are none", async () => {
  const folder = temporaryFolder()
  const open = () => openReplay({ folder, speed: 0 }, () => {})
  await expect(open()).rejects.toThrow(`${folder} contains no recordings (files *.ndjson or *.har)`)
  const { lines } = await recorded()
  writeFileSync(join(folder, "a.ndjson"), lines.slice(0, 2).join("\n"))
  await expect(open()).rejects.toThrow(
    `${folder} contains no recordings (its 1 exchange had not ended when the recorder was ended. Record again)`,
  )
})
