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
    expect(notes).toContain(
      "not judged: an entry without the whole body of its response (2 times, first at changed.har:1)",
    )
  }
})

test.each(sound)("%s whose bodies are in other files says how to record it", async (name) => {
  const { findings, notes } = await changed(name, (entry) => {
    if (!isStream(entry)) return
    const { size, mimeType } = entry.response.content
    entry.response.content = { size, mimeType, _file: "0ebb.dat" }
  })
  expect(findings).toEqual([])
  expect(notes).toContain(
    "not judged: an entry without the body of its response, which is in another file: record with the content 'embed' (2 times, first at changed.har:1)",
  )
})

test("a WebSocket belongs to no operation, and an archive without bodies is refused with file and line", async () => {
  const har: Har = JSON.parse(readFileSync(`${folder}${sound[0]}`, "utf8"))
  const [entry] = har.log.entries
  const upgraded = {
    ...entry,
    request: { ...entry?.request, method: "GET", url: "wss://api.example/v1/realtime", postData: undefined },
    response: {
      status: 101,
      headers: [["upgrade", "websocket"]].map(([name, value]) => ({ name, value })),
      content: { size: 0 },
    },
    _webSocketMessages: [{ type: "send", time: 1, opcode: 1, data: "{}" }],
  }
  async function* archive(entries: readonly Json[]) {
    yield Buffer.from(JSON.stringify({ log: { entries } }, null, 1))
  }
  const { report } = await judged("socket.har", () => archive([...har.log.entries, upgraded]))
  // The other is the page from which the requests were sent.
  expect(report.recording?.notes).toEqual(["not judged: 2 exchanges that no operation of the API matches"])
  const bare = { ...entry, response: { ...entry?.response, content: { size: 10 } } }
  await expect(judged("bare.har", () => archive([bare]))).rejects.toThrow(
    /^bare\.har:4: an entry without the whole body of its response$/,
  )
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

test("an archive that is compressed is judged as it is without, and one that is compressed twice says what to do", async () => {
  const bytes = readFileSync(`${folder}playwright-broken.har`)
  const judgedAs = async (name: string, content: Uint8Array) => {
    const { report, exitCode } = await judged(name, async function* () {
      yield content
    })
    return { exitCode, causes: report.causes, rules: report.rules }
  }
  expect(await judgedAs("a.har.gz", gzipSync(bytes))).toEqual(await judgedAs("a.har", bytes))
  await expect(judgedAs("b.har.gz", gzipSync(gzipSync(bytes)))).rejects.toThrow(
    "b.har.gz is compressed twice: decompress it first",
  )
})
