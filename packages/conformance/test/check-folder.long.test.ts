import { execFile } from "node:child_process"
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { gzipSync } from "node:zlib"
import { startMock } from "@nexhina/mock/node"
import { readTranscript, toHar } from "@nexhina/wire"
import { strToU8, zipSync } from "fflate"
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

test("a link that leads nowhere is one of the other files, whatever its name", async () => {
  await mkdir(join(folder, "linked"), { recursive: true })
  for (const name of ["l.json", "l.ndjson", "l.zip"])
    await symlink(`nowhere-${name}`, join(folder, "linked", name))
  const { code, recording } = await checkedFolder("linked", { "a.ndjson": transcript })
  expect([code, recording.notes]).toEqual([
    0,
    ["not read: 3 files not recognised as recordings (linked/l.json, linked/l.ndjson, linked/l.zip)"],
  ])
})

test("a recording that is compressed with gzip is judged as it is without, also from a pipe", async () => {
  const gzip = gzipSync(transcript)
  const half = transcript.indexOf("\n", transcript.length / 2) + 1
  const members = Buffer.concat(
    [transcript.slice(0, half), transcript.slice(half)].map((part) => gzipSync(part)),
  )
  const reports = []
  for (const [name, files] of [
    ["plain", { "a.ndjson": transcript, "b.har": archive }],
    ["packed", { "a.ndjson.gz": gzip, "b.har.gz": gzipSync(archive) }],
    ["renamed", { "a.ndjson": members, "b.json.gz": gzipSync(archive) }],
  ] as const) {
    await checkedFolder(name, files)
    const { code, stdout } = await command(["check", name, "--report", "json"], { cwd: folder })
    const { rules, causes, recording } = JSON.parse(stdout)
    reports.push({ code, rules, causes, recording: { ...recording, files: recording.files.length } })
  }
  expect(reports[0]).toMatchObject({ code: 0, recording: { files: 2, lost: 0 } })
  expect(reports[1]).toEqual(reports[0])
  expect(reports[2]).toEqual(reports[0])
  const bin = fileURLToPath(new URL("../bin/nexhina-conformance.js", import.meta.url))
  const script = `node '${bin}' check <(cat packed/a.ndjson.gz) && node '${bin}' check - < packed/a.ndjson.gz`
  await promisify(execFile)("bash", ["-c", script], { cwd: folder })
})

test.each([
  [
    "cut off",
    (bytes: Buffer) => bytes.subarray(0, bytes.length * 0.7),
    "is cut off: its gzip data has no end",
  ],
  [
    "damaged",
    (bytes: Buffer) => Buffer.concat([bytes.subarray(0, bytes.length * 0.7), Buffer.alloc(1000, 0xff)]),
    "is damaged: the rest of its gzip data cannot be decompressed",
  ],
])("of a compressed recording that is %s, the beginning is judged", async (name, change, says) => {
  const path = `${name.replace(" ", "-")}.ndjson.gz`
  await writeFile(join(folder, path), change(gzipSync(transcript)))
  const { code, stdout, stderr } = await command(["check", path, "--report", "json"], { cwd: folder })
  const { recording, outcome } = JSON.parse(stdout)
  expect([code, outcome, recording.exchanges > 5, stderr]).toEqual([3, "incomplete", true, ""])
  expect(recording.notes).toContain(`not read: ${path} ${says}`)
})

test("a decompression bomb ends at the limit", async () => {
  const zeros = gzipSync(Buffer.alloc(2 ** 24))
  const bomb = Buffer.concat([gzipSync(transcript), ...Array.from({ length: 65 }, () => zeros)])
  await writeFile(join(folder, "bomb.ndjson.gz"), bomb)
  const { code, stdout } = await command(["check", "bomb.ndjson.gz", "--report", "json"], { cwd: folder })
  expect(code).toBe(3)
  expect(JSON.parse(stdout).recording.notes).toContain(
    "not read: bomb.ndjson.gz is longer than 1024 MiB when decompressed: decompress it to have the rest judged",
  )
})

test("a recording that is compressed in another way is missing, so that the check is incomplete", async () => {
  const zstd = Buffer.from("28b52ffd200100000061", "hex")
  const twice = gzipSync(gzipSync(transcript))
  const files = { "a.ndjson": transcript, "b.ndjson.zst": zstd, "c.har.gz": twice }
  const { code, recording } = await checkedFolder("zstd", files)
  expect([code, recording.notes]).toEqual([
    3,
    [
      "not read: zstd/b.ndjson.zst is compressed with zstd: decompress it first, or use gzip",
      "not read: zstd/c.har.gz is compressed twice: decompress it first",
    ],
  ])
})

const zipped = (names: readonly string[]) =>
  zipSync(Object.fromEntries(names.map((name) => [name, strToU8(name)])))

test("a ZIP file of another tool in a folder is named; one that contains recordings, or is damaged, is missing", async () => {
  const trace = zipped(["trace.trace", "resources/a.json"])
  const named = await checkedFolder("traces", { "a.ndjson": transcript, "deep/trace.zip": trace })
  expect([named.code, named.recording.notes]).toEqual([
    0,
    ["not read: 1 file not recognised as recordings (traces/deep/trace.zip)"],
  ])
  for (const [name, bytes, says] of [
    ["har", zipped(["har.har"]), "z.zip is a ZIP file: unpack it to check the recordings in it"],
    [
      "torn",
      trace.subarray(0, trace.length - 30),
      "z.zip is a ZIP file: unpack it to check the recordings in it",
    ],
    ["nothing", new Uint8Array(), "z.zip is empty"],
  ] as const) {
    const { code, recording } = await checkedFolder(name, { "a.ndjson": transcript, "z.zip": bytes })
    expect([code, recording.notes]).toEqual([3, [`not read: ${name}/${says}`]])
  }
})

test("a ZIP file of another tool is refused with what it contains", async () => {
  for (const [names, contains] of [
    [["trace.trace", "a\u001b[2J\nb.har"], "trace.trace, a\\u001b[2J\\nb.har"],
    [[], "nothing"],
  ] as const) {
    await writeFile(join(folder, "other.zip"), zipped(names))
    const { code, stderr } = await command(["check", "other.zip"], { cwd: folder })
    expect([code, stderr]).toEqual([
      2,
      `error: 'other.zip' is a ZIP file, but not an evidence bundle of this kit: it contains ${contains}; unpack it to check the recordings in it\n`,
    ])
  }
})

const packedAgain =
  "has the files of an evidence bundle, but was packed again by another program, so its digest cannot be compared: use the original"

test.each([
  ["", "2026-01-01"],
  // As unzip and zip keep the dates.
  ["", "1980-01-02"],
  ["evidence/", "2026-01-01"],
])(
  "a bundle that was packed again is refused: nothing shows that it was not edited (%j, %s)",
  async (within, date) => {
    const names = ["transcript.ndjson", "report.json", "manifest.json"]
    const files = Object.fromEntries(names.map((name) => [within + name, strToU8("{}")]))
    const again = zipSync(files, { mtime: new Date(`${date}T00:00`) })
    await writeFile(join(folder, "again.zip"), again)
    const { code, stderr } = await command(["check", "again.zip"], { cwd: folder })
    expect([code, stderr]).toEqual([2, `error: 'again.zip' ${packedAgain}\n`])
    const inFolder = await checkedFolder("again", { "a.ndjson": transcript, "again.zip": again })
    expect([inFolder.code, inFolder.recording.notes]).toEqual([
      3,
      [`not read: again/again.zip ${packedAgain}`],
    ])
  },
)

test("no name and no content of a file is obeyed by a terminal", async () => {
  const evil = "\u001b]0;t\u0007\u009b2J\u202e"
  const unfinished = transcript.replaceAll(
    /"id":"(\d+)"/g,
    (_, id) => `"id":${JSON.stringify(`${evil}${id}`)}`,
  )
  await checkedFolder("evil", {
    [`${evil}.sse`]: "data: x\n\n",
    "a.ndjson": unfinished.slice(0, unfinished.lastIndexOf('{"fact":"end"')),
  })
  await mkdir(join(folder, "evil-only"), { recursive: true })
  await writeFile(join(folder, "evil-only", `${evil}.sse`), "data: x\n\n")
  await writeFile(join(folder, "evil.json"), evil)
  for (const args of [
    ["check", "evil"],
    ["check", "evil", "--report", "badge=badge.json"],
    ["check", "evil-only"],
    ["merge", "evil.json"],
  ]) {
    const { stdout, stderr } = await command(args, { cwd: folder })
    expect([args, stdout + stderr]).toEqual([args, expect.stringMatching(/\\u001b|\\x1b/)])
    expect([args, stdout + stderr]).toEqual([
      args,
      expect.not.stringMatching(/[^\P{Cc}\t\n]|\p{Bidi_Control}/u),
    ])
  }
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
