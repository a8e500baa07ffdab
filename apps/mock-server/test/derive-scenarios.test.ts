import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { readScenarios } from "@nexhina/mock/yaml"
import { createWriter, type Header } from "@nexhina/wire"
import { afterEach, expect, onTestFinished, test, vi } from "vitest"
import { deriveScenarios } from "../src/derive-scenarios.ts"

afterEach(() => {
  process.exitCode = undefined
  vi.restoreAllMocks()
})

/** Returns the path of a recording whose reply has two choices, in a new folder. */
function recording(): string {
  const folder = mkdtempSync(join(tmpdir(), "derive-scenarios-"))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const request = { model: "m", messages: [{ role: "user", content: "key sk-0123456789abcdefghij" }] }
  const choice = (content: string, index: number) => ({ index, message: { role: "assistant", content } })
  const archive = {
    log: {
      version: "1.2",
      creator: { name: "test", version: "1" },
      entries: [
        {
          startedDateTime: "2026-01-01T00:00:00.000Z",
          time: 1,
          request: {
            method: "POST",
            url: "https://api.example/v1/chat/completions",
            httpVersion: "HTTP/1.1",
            headers: [
              { name: "authorization", value: "Bearer sk-0123456789abcdefghij" },
              { name: "content-type", value: "application/json" },
            ],
            queryString: [],
            cookies: [],
            headersSize: -1,
            bodySize: -1,
            postData: { mimeType: "application/json", text: JSON.stringify(request) },
          },
          response: {
            status: 200,
            statusText: "OK",
            httpVersion: "HTTP/1.1",
            headers: [{ name: "content-type", value: "application/json" }],
            cookies: [],
            redirectURL: "",
            headersSize: -1,
            bodySize: -1,
            content: {
              size: 0,
              mimeType: "application/json",
              text: JSON.stringify({ choices: [choice("line: one\n# two", 0), choice("other", 1)] }),
            },
          },
          cache: {},
          timings: { send: 0, wait: 1, receive: 0 },
        },
      ],
    },
  }
  const path = join(folder, "browser.har")
  writeFileSync(path, JSON.stringify(archive))
  return path
}

test("an archive becomes a file of scenarios that can be loaded, without the key, and names what is missing", async () => {
  const input = recording()
  const output = join(input, "..", "scenarios.yaml")
  const log = vi.spyOn(console, "log").mockImplementation(() => {})
  await deriveScenarios({ inputs: [input], output })
  expect(log.mock.calls).toEqual([[`1 scenario written to ${output}`]])
  const text = readFileSync(output, "utf8")
  expect(text).not.toContain("sk-0123456789abcdefghij")
  expect(text).toContain("# Not in this answer: 1 more choice; every choice has the first one's content.")
  expect(readScenarios([{ name: "scenarios.yaml", text }])).toMatchObject({
    scenarios: [{ answer: { text: "line: one\n# two" } }],
    problems: [],
  })
})

test("the numbers of an embedding stand on one line", async () => {
  const path = join(dirname(recording()), "embedding.ndjson")
  const embedding = [0.25, -0.5, 0.125]
  const reply = { object: "list", model: "m", data: [{ object: "embedding", index: 0, embedding }] }
  const bytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value))
  const json: Header = ["content-type", "application/json"]
  const writer = createWriter({ write: (line) => appendFileSync(path, `${line}\n`), secrets: [] })
  const target = "https://api.example/v1/embeddings"
  writer.exchange({
    v: 1,
    id: "1",
    request: {
      method: "POST",
      target,
      headers: [json],
      body: bytes({ model: "m", input: "Hi" }),
      sentAtMs: 0,
    },
    response: { status: 200, headers: [json], trailers: [], chunks: [{ atMs: 1, bytes: bytes(reply) }] },
    end: { kind: "complete", atMs: 1 },
    fidelity: { bytes: true, timing: true },
  })
  const output = join(dirname(path), "embeddings.yaml")
  vi.spyOn(console, "log").mockImplementation(() => {})
  await deriveScenarios({ inputs: [path], output })
  expect(readFileSync(output, "utf8")).toContain("[ 0.25, -0.5, 0.125 ]")
})

test("an existing file is kept, and a file of another kind is refused: one line, exit code 2", async () => {
  const input = recording()
  const output = join(input, "..", "scenarios.yaml")
  writeFileSync(output, "mine")
  const error = vi.spyOn(console, "error").mockImplementation(() => {})
  await deriveScenarios({ inputs: [input], output })
  await deriveScenarios({ inputs: [output] })
  await deriveScenarios({ inputs: ["absent"] })
  expect([readFileSync(output, "utf8"), process.exitCode]).toEqual(["mine", 2])
  expect(error.mock.calls).toEqual([
    [expect.stringMatching(/^warning: exchange "1" of "browser": its text has asterisks instead of a key/)],
    [`error: ${output} exists. Remove it, or give another name`],
    [`error: cannot read '${output}': expected a folder, or a file *.ndjson or *.har`],
    ["error: cannot read 'absent': the file or folder does not exist"],
  ])
})
