import { createReadStream, readdirSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { gzipSync } from "node:zlib"
import { expect, test } from "vitest"
import { check } from "../src/check.ts"
import { lackText } from "../src/evidence.ts"
import { checkSettingsOf } from "../src/options/check-options.ts"

const folder = fileURLToPath(new URL("har/", import.meta.url))
const files = readdirSync(folder).filter((name) => name.endsWith(".har"))

/** The findings of the defects with which the broken archives were recorded. */
const defects = [
  "chat.object:other-name@createChatCompletion#/object",
  "sse.done-once:repeated@createChatCompletion",
  // The same defect on another stream.
  "sse.done-once:repeated@createResponse",
  "resp.lifecycle:no-terminal@createResponse",
  "audio.speech-content-type:absent@createSpeech",
]

const judged = (name: string, bytes: () => AsyncIterable<Uint8Array>) =>
  check(checkSettingsOf({}), [{ name, bytes }], { startedAt: new Date(), elapsed: () => 0 })

const checked = (name: string) => judged(name, () => createReadStream(`${folder}${name}`))

test.each(files)("%s is judged: the findings are those of its defects", async (name) => {
  const { report, exitCode } = await checked(name)
  const isSound = name.includes("-sound")
  expect(report.findings.map(({ id }) => id).sort()).toEqual(isSound ? [] : defects.toSorted())
  expect(exitCode).toBe(isSound ? 0 : 1)
  const ends = report.rules.filter(({ id }) => id === "http.body-complete" || id === "sse.terminates")
  expect(ends.map(({ verdict, reason }) => [verdict, reason])).toEqual([
    ["not-run", lackText.end],
    ["not-run", lackText.end],
  ])
  expect(report.recording).toMatchObject({ exchanges: 5, lost: 0 })
  expect(report.answered.toSorted()).toEqual(["audio", "chat", "responses"])
})

type Har = { log: { entries: { request: Json; response: Json }[] } }
// biome-ignore lint/suspicious/noExplicitAny: archives of other tools are edited freely.
type Json = any

/** Judges a sound archive in which each entry was changed. */
async function changed(name: string, change: (entry: Har["log"]["entries"][number]) => void) {
  const har: Har = JSON.parse(readFileSync(`${folder}${name}`, "utf8"))
  for (const entry of har.log.entries) change(entry)
  const bytes = Buffer.from(JSON.stringify(har))
  const { report } = await judged("changed.har", async function* () {
    yield bytes
  })
  const errors = report.rules.filter(({ verdict }) => verdict === "harness-error")
  const { target, recording } = report
  return { target, findings: report.findings.map(({ id }) => id), errors, notes: recording?.notes }
}

const isStream = ({ response }: { response: Json }) => /event-stream/.test(response.content.mimeType)
const sound = files.filter((name) => name.includes("-sound"))

test.each(sound)("%s whose streams were not kept draws no finding", async (name) => {
  for (const content of [{ size: 0 }, { size: -1 }, { size: 0, text: "" }, { size: 0, text: null }]) {
    const { findings, errors, notes } = await changed(name, (entry) => {
      if (!isStream(entry)) return
      entry.response.content = { ...content, mimeType: "text/event-stream" }
      entry.response.bodySize = -1
    })
    expect([findings, errors]).toEqual([[], []])
    expect(notes).toContain("not judged: an entry without the whole body of its response (2 times)")
  }
})

test.each(sound)("%s whose streams the client gave up draws no finding", async (name) => {
  for (const failure of ["_error", "_failureText"]) {
    const { findings, errors } = await changed(name, (entry) => {
      if (!isStream(entry)) return
      const { content } = entry.response
      const text = Buffer.from(content.text, content.encoding === "base64" ? "base64" : "utf8").toString()
      entry.response.content = { mimeType: content.mimeType, text: text.slice(0, text.length / 2) }
      entry.response[failure] = "net::ERR_ABORTED"
    })
    expect([findings, errors]).toEqual([[], []])
  }
})

test.each(sound)("%s with the headers of compressed replies draws no finding", async (name) => {
  for (const coding of ["gzip", "br", "zstd"]) {
    const { findings, errors } = await changed(name, ({ response }) => {
      const kept = response.headers.filter((each: Json) => each.name.toLowerCase() !== "content-length")
      response.headers = [...kept, { name: "Content-Encoding", value: coding }]
    })
    expect([findings, errors]).toEqual([[], []])
  }
})

test.each(sound)("%s without the bodies of its requests draws no finding", async (name) => {
  for (const text of [undefined, "", "[REDACTED]"]) {
    const { findings, errors } = await changed(name, ({ request }) => {
      const { postData } = request
      delete request.postData
      if (postData && text !== undefined) request.postData = { mimeType: postData.mimeType, text }
    })
    expect([findings, errors]).toEqual([[], []])
  }
})

test.each(sound)("%s without headers of responses is not judged", async (name) => {
  const nothing = changed(name, ({ response }) => {
    response.headers = []
  })
  await expect(nothing).rejects.toThrow("an entry without the headers of its response")
})

test("the password of a URL is not part of the target", async () => {
  const { target } = await changed("playwright-sound.har", ({ request }) => {
    request.url = request.url.replace(/^https?:\/\/[^/]*/, "https://user:p@ssword@h.example")
  })
  expect(target).toBe("https://h.example/v1")
})

test("an archive that is compressed says what to do", async () => {
  const gzip = judged("a.har.gz", async function* () {
    yield gzipSync(readFileSync(`${folder}playwright-sound.har`))
  })
  await expect(gzip).rejects.toThrow("a.har.gz is compressed with gzip: decompress it first")
})
