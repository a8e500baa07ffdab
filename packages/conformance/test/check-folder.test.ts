import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { gzipSync } from "node:zlib"
import { startMock } from "@nexhina/mock/node"
import { readTranscript, toHar } from "@nexhina/wire"
import { afterAll, beforeAll, expect, test } from "vitest"
import { transcriptRecorder } from "../src/inputs/transcript.ts"
import { settingsOf } from "../src/options/options.ts"
import { run } from "../src/run.ts"
import { command } from "./command.ts"

let folder: string
let transcript = ""
let archive = ""

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "check-folder-"))
  await using server = await startMock({ keys: ["sk-folder"] })
  const lines: string[] = []
  const settings = settingsOf({
    baseUrl: server.baseURL,
    apiKey: "sk-folder",
    quick: true,
    include: ["chat"],
  })
  await run(
    settings,
    transcriptRecorder((line) => lines.push(line), []),
  )
  transcript = lines.map((line) => `${line}\n`).join("")
  const timed = []
  for await (const exchange of readTranscript(lines)) timed.push({ exchange, startedAt: new Date(0) })
  archive = JSON.stringify(toHar(timed, { name: "test", version: "1" }), null, 2)
})
afterAll(() => rm(folder, { recursive: true }))

/** Checks a folder with these files. */
async function checkedFolder(name: string, files: Readonly<Record<string, string | Uint8Array>>) {
  await mkdir(join(folder, name, "deep"), { recursive: true })
  for (const [path, bytes] of Object.entries(files)) await writeFile(join(folder, name, path), bytes)
  const { code, stdout, stderr } = await command(["check", name, "--report", "json"], { cwd: folder })
  return { code, stderr, recording: stdout === "" ? undefined : JSON.parse(stdout).recording }
}

test("an archive that is saved as .json is read, and files that are not recordings are counted and named", async () => {
  const { code, recording } = await checkedFolder("mixed", {
    "a.json": archive,
    "deep/report.json": '{"schemaVersion": 1}',
    "notes.txt": "data: {}\n\n",
  })
  expect([code, recording.files]).toEqual([0, ["mixed/a.json"]])
  expect(recording.notes.at(-1)).toBe(
    "not read: 2 files not recognised as recordings (mixed/deep/report.json, mixed/notes.txt)",
  )
})

test("a link that leads nowhere is one of the other files", async () => {
  await mkdir(join(folder, "linked"), { recursive: true })
  await symlink("nowhere.json", join(folder, "linked", "l.json"))
  const { code, recording } = await checkedFolder("linked", { "a.ndjson": transcript })
  expect([code, recording.notes]).toEqual([
    0,
    ["not read: 1 file not recognised as recordings (linked/l.json)"],
  ])
})

test("a compressed recording in a folder is missing, so that the check is incomplete", async () => {
  const gzip = gzipSync(transcript)
  const { code, recording } = await checkedFolder("packed", { "a.ndjson": transcript, "b.ndjson.gz": gzip })
  expect([code, recording.notes]).toEqual([
    3,
    ["not read: packed/b.ndjson.gz is compressed with gzip: decompress it first"],
  ])
})

test("a folder without a recording is refused with the names of its files", async () => {
  expect(await checkedFolder("none", { "log.txt": "", "x.json": "{}" })).toEqual({
    code: 2,
    stderr:
      "error: 'none' contains no .ndjson, .har or .sse file, only 2 files not recognised as recordings (none/log.txt, none/x.json)\n",
    recording: undefined,
  })
})

test("a recording in UTF-16, or a report, is refused with what to do", async () => {
  const utf16 = "encoded in UTF-16: save it as UTF-8"
  for (const [name, bytes, says] of [
    ["marked.har", Buffer.from(`\ufeff${archive}`, "utf16le"), utf16],
    ["plain.har", Buffer.from(archive, "utf16le"), utf16],
    ["big.har", Buffer.from(`\ufeff${archive}`, "utf16le").swap16(), utf16],
    ["plain.ndjson", Buffer.from(transcript, "utf16le"), utf16],
    ["big.ndjson", Buffer.from(transcript, "utf16le").swap16(), utf16],
    ["marked.sse", Buffer.from("\ufeffdata: {}\n\n", "utf16le"), utf16],
    [
      "r.json",
      '{"$schema": "https://a/b.json", "schemaVersion": 1}',
      "a JSON report and has no exchanges: 'nexhina-conformance merge' reads reports",
    ],
  ] as const) {
    await writeFile(join(folder, name), bytes)
    const { code, stderr } = await command(["check", name], { cwd: folder })
    expect([code, stderr]).toEqual([2, `error: no exchange could be read: ${name} is ${says}\n`])
  }
})

test("a bundle that is damaged in its first bytes is called damaged too", async () => {
  for (const bytes of ["", "QK\u0003\u0004 and more"]) {
    await writeFile(join(folder, "evidence.zip"), bytes)
    const { code, stderr } = await command(["check", "evidence.zip"], { cwd: folder })
    expect([code, stderr]).toEqual([
      2,
      "error: 'evidence.zip' is damaged or is not a bundle of this kit: its digest is another; get it again\n",
    ])
  }
})
