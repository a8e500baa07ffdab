import { endpoints, type OperationId } from "@nexhina/schemas"
import type { Header } from "@nexhina/wire"
import { toForm } from "@nexhina/wire"
import * as fc from "fast-check"
import { expect, test } from "vitest"
import { exchangeOf, knownOf } from "../../test/exchange.ts"
import { found, judgedBy } from "../../test/found.ts"
import { heardBody, silence, tone, toneSeconds } from "../requests/audio.ts"
import { wavSeconds } from "../views/audio.ts"
import { audioRules } from "./audio.ts"

const at = (pointer: string) => ({ part: "body", pointer }) as const
const type = { part: "header", name: "content-type" } as const
const start = { part: "body", offset: 0 } as const

/** Rules that judge one answer by itself. */
const single = audioRules.filter((rule) => !("scope" in rule))

const bytes = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0))
const heads = {
  mp3: [bytes("ID3\x04\0\0\0\0\0\0"), bytes("\xff\xfb\x90\0"), bytes("\xff\xf3\x40\xc0")],
  opus: [bytes("OggS\0\x02")],
  aac: [
    bytes("\xff\xf1\x50\x80"),
    bytes("\xff\xf9\x50\x80"),
    bytes("ID3\x04\0\0\0\0\0\x02ab\xff\xf1\x50\x80"),
  ],
  flac: [bytes("fLaC\0\0\0\x22")],
  wav: [bytes("RIFF\x24\0\0\0WAVEfmt ")],
  pcm: [bytes("\0\0\x01\0"), bytes("\xff\xfb\x01\0")],
} as const
type Format = keyof typeof heads
const formats = Object.keys(heads) as Format[]

const types: Readonly<Record<Format, readonly string[]>> = {
  mp3: ["audio/mpeg", "audio/mp3", "audio/mpeg; charset=binary"],
  opus: ["audio/ogg", "audio/opus", "audio/ogg;codecs=opus"],
  aac: ["audio/aac", "audio/aacp"],
  flac: ["audio/flac", "audio/x-flac"],
  wav: ["audio/wav", "audio/x-wav", "audio/wave", "audio/vnd.wave"],
  pcm: ["audio/pcm", "audio/L16;rate=24000", "audio/x-raw"],
}

const spoken = (request: object, type: string, body: Uint8Array | string) =>
  exchangeOf({
    operation: "createSpeech",
    request: { model: "tts-1", input: "Hi", voice: "alloy", ...request },
    type,
    body,
  })

const known = knownOf()
const recording = heardBody(known)

async function heard(
  operation: OperationId,
  request: object,
  answer: { readonly type?: string; readonly body: unknown; readonly status?: number },
) {
  const form = await toForm({ ...recording, ...request })
  const requestHeaders: Header[] = [["Content-Type", form.mediaType]]
  return exchangeOf({ operation, request: form.bytes, requestHeaders, ...answer })
}
const written = (request: object, body: unknown, type?: string) =>
  heard("createTranscription", request, { body, ...(type !== undefined && { type }) })
const translated = (request: object, body: unknown, type?: string) =>
  heard("createTranslation", request, { body, ...(type !== undefined && { type }) })

test("every format under each of its types is legal, and under no other's", () => {
  for (const format of formats)
    for (const head of heads[format])
      for (const named of formats)
        for (const mediaType of types[named])
          expect(found(single, [spoken({ response_format: format }, mediaType, head)])).toEqual(
            format === named ? [] : [["audio.speech-content-type", "other", type]],
          )
})

test("audio.speech-whole: whole samples with sound, as long as announced or unknown", () => {
  const wav = (announced: number, data: Uint8Array) => {
    const head = Buffer.from(
      "RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\0\0\0\0\0\0\0\0\x02\0\x10\0data\0\0\0\0",
      "latin1",
    )
    head.writeUInt32LE(announced, 40)
    return Uint8Array.from([...head, ...data])
  }
  const answered = (response_format: "wav" | "pcm" | "mp3", body: Uint8Array) =>
    found(single, [spoken({ response_format }, types[response_format][0] ?? "", body)])
  const sound = Uint8Array.of(1, 0, 2, 0)
  const silence = new Uint8Array(4)
  for (const length of [4, 2, 0, 0xffffffff, 0x7fffffff])
    expect(answered("wav", wav(length, sound))).toEqual([])
  expect(answered("pcm", sound)).toEqual([])
  expect(answered("wav", wav(5, sound))).toMatchObject([["audio.speech-whole", "cut", { offset: 44 }]])
  expect(answered("pcm", sound.subarray(1))).toMatchObject([["audio.speech-whole", "half-sample", {}]])
  expect(answered("wav", wav(4, silence))).toMatchObject([["audio.speech-whole", "silent", {}]])
  expect(answered("pcm", silence)).toMatchObject([["audio.speech-whole", "silent", {}]])
})

test("audio.speech-format: the bytes say which format it is", () => {
  for (const wanted of formats)
    for (const format of formats) {
      if (wanted === format || format === "pcm") continue
      const [head] = heads[format]
      const faults = found(single, [spoken({ response_format: wanted }, types[format][0] ?? "", head)])
      const hasFrames = wanted === "pcm" && format === "aac"
      expect(faults.filter(([id]) => id === "audio.speech-format")).toEqual(
        hasFrames
          ? []
          : [["audio.speech-format", wanted === "pcm" ? "header-on-pcm" : "other-container", start]],
      )
    }
})

test("audio.speech-format: MP3 where nothing is said, and known bytes", () => {
  expect(found(single, [spoken({}, "audio/mpeg", heads.mp3[0])])).toEqual([])
  expect(found(single, [spoken({}, "audio/mpeg", '{"audio":"SGk="}')])).toEqual([
    ["audio.speech-format", "no-container", start],
  ])
})

test("audio.speech-nonempty, and nothing about the format then", () => {
  expect(found(single, [spoken({}, "audio/mpeg", "")])).toEqual([["audio.speech-nonempty", "empty", at("")]])
})

test("audio.speech-content-type, audio.speech-octet-stream", () => {
  expect(found(single, [spoken({}, "", heads.mp3[0])])).toEqual([
    ["audio.speech-content-type", "absent", type],
  ])
  expect(found(single, [spoken({}, "application/octet-stream", heads.mp3[0])])).toEqual([
    ["audio.speech-octet-stream", "octet-stream", type],
  ])
})

test("audio.speech-length", () => {
  const one = spoken({}, "audio/wav", heads.mp3[0])
  const more = spoken({}, "audio/wav", bytes(`ID3${"a".repeat(99)}`))
  const length = audioRules.filter(({ id }) => id === "audio.speech-length")
  expect(found(length, [one, more])).toEqual([])
  expect(found(length, [one, one])).toEqual([])
  expect(found(length, [more, one])).toEqual([["audio.speech-length", "shorter", { part: "body" }]])
  expect(judgedBy(length, [one])).toEqual([])
})

const verbose = endpoints.createTranscription.examples.verbose.value
const timed = { ...verbose, duration: 0.5, segments: [] }
const srt =
  "1\r\n00:00:00,000 --> 00:00:01,500\r\nHello --> you!\r\n\r\n2\r\n00:00:02,000 --> 00:00:03,000\r\n3\r\n\r\n"
const vtt = "WEBVTT - a title\n\nNOTE nothing\n\nintro\n00:00.000 --> 01:00:01.500 align:start\nHello!\n"

test.each([
  ["text", {}, { text: "" }, undefined],
  ["text and more", { response_format: "json" }, { text: "Hi", usage: { type: "x" }, x: 1 }, undefined],
  ["its timing", { response_format: "verbose_json" }, timed, undefined],
  ["plain text", { response_format: "text" }, "Hello!\n", "text/plain; charset=utf-8"],
  ["plain text that is a number", { response_format: "text" }, "42", "text/plain"],
  ["SubRip", { response_format: "srt" }, srt, "text/plain"],
  [
    "SubRip under its own type",
    { response_format: "srt" },
    srt.replace(" --> you", ""),
    "application/x-subrip",
  ],
  ["SubRip in which nothing is said", { response_format: "srt" }, "\n", "text/plain"],
  ["WebVTT", { response_format: "vtt" }, vtt, "text/vtt"],
  ["WebVTT as plain text", { response_format: "vtt" }, "\ufeffWEBVTT\n\n", "text/plain"],
  [
    "WebVTT with tabs and spaces around the arrow",
    { response_format: "vtt" },
    "WEBVTT\n\n00:00.000\t-->  00:01.000\nHi",
    "text/vtt",
  ],
])("%s is legal", async (_, request, body, mediaType) => {
  expect(found(single, [await written(request, body, mediaType)])).toEqual([])
  expect(found(single, [await translated(request, body, mediaType)])).toEqual([])
})

test.each([
  ["not-json", { response_format: "json" }, "Hello!", ""],
  ["missing", {}, { transcript: "Hello!" }, "/text"],
  ["wrong-value", {}, { text: ["Hello!"] }, "/text"],
  ["missing", { response_format: "verbose_json" }, { ...timed, language: undefined }, "/language"],
  ["missing", { response_format: "verbose_json" }, { text: "Hi", language: "en" }, "/duration"],
  ["json", { response_format: "text" }, { text: "Hello!" }, ""],
  ["json", { response_format: "vtt" }, { text: "Hello!" }, ""],
  ["srt-syntax", { response_format: "srt" }, "Hello!", ""],
  ["srt-syntax", { response_format: "srt" }, "1\nHello!", ""],
  ["srt-syntax", { response_format: "srt" }, "1\n00:00:00.000 --> 00:00:01.500\nHello!", ""],
  ["srt-syntax", { response_format: "srt" }, vtt, ""],
  ["vtt-syntax", { response_format: "vtt" }, srt, ""],
  ["vtt-syntax", { response_format: "vtt" }, "WEBVTT\n\n00:00:00,000 --> 00:00:01,500\nHi", ""],
  ["vtt-syntax", { response_format: "vtt" }, "WEBVTT\n00:00.000 --> 00:01.500\nHi", ""],
  [
    "vtt-syntax",
    { response_format: "vtt" },
    "WEBVTT\n\n00:00.000 --> 00:01.500\nHi\n00:02.000 --> 00:03.000\nyou",
    "",
  ],
  ["srt-syntax", { response_format: "srt" }, srt.replaceAll("\r\n\r\n", "\r\n"), ""],
])("the form of what was heard: %s for %j and %j", async (name, request, body, pointer) => {
  expect(found(single, [await written(request, body)])).toEqual([
    ["audio.transcription-format", name, at(pointer)],
  ])
  expect(found(single, [await translated(request, body)])).toEqual([
    ["audio.translation-shape", name, at(pointer)],
  ])
})

test.each([
  ["a stream of events", { stream: "true" }, 'data: {"type":"transcript.text.done","text":"Hi"}\n\n'],
  ["the format with speakers", { response_format: "diarized_json" }, { segments: [{ id: "seg_1" }] }],
])("%s is not of the contract, and not judged", async (_, request, body) => {
  expect(judgedBy(single, [await written(request, body)])).toEqual([])
})

test("speech in a stream of events is not judged", () => {
  const body = 'data: {"type":"speech.audio.delta","audio":"AAAA"}\n\n'
  expect(judgedBy(single, [spoken({ stream_format: "sse" }, "text/event-stream", body)])).toEqual([])
})

test("usage in a form of its own, and an empty WebVTT file, are worth a warning", async () => {
  const usage = { prompt_audio_seconds: 1 }
  expect(found(single, [await written({}, { text: "Hi", usage })])).toEqual([
    ["audio.usage-form", "other-form", at("/usage/type")],
  ])
  expect(found(single, [await written({ response_format: "vtt" }, "", "text/vtt")])).toEqual([
    ["audio.vtt-header", "empty", at("")],
  ])
})

test("audio.speech-default-format: what nobody asked for and is labelled as it is, is worth a warning", () => {
  expect(found(single, [spoken({}, "audio/wav", heads.wav[0])])).toEqual([
    ["audio.speech-default-format", "other-container", start],
  ])
  expect(found(single, [spoken({ response_format: "mp3" }, "audio/wav", heads.wav[0])])).toEqual([
    ["audio.speech-format", "other-container", start],
  ])
  expect(found(single, [spoken({}, "audio/mpeg", heads.wav[0])])).toContainEqual([
    "audio.speech-format",
    "other-container",
    start,
  ])
})

test("audio.text-content-type, audio.text-content-type-plain", async () => {
  expect(found(single, [await written({}, { text: "Hi" }, "text/plain")])).toEqual([
    ["audio.text-content-type", "json-as-other", type],
  ])
  expect(found(single, [await written({ response_format: "text" }, "Hi", "application/json")])).toEqual([
    ["audio.text-content-type", "text-as-json", type],
  ])
  expect(found(single, [await translated({ response_format: "text" }, "Hi", "audio/mpeg")])).toEqual([
    ["audio.text-content-type-plain", "not-text", type],
  ])
})

test("audio.timing: in order, and within the recording", async () => {
  const spoken = async (spans: readonly (readonly [number, number])[]) => {
    const segments = spans.map(([start, end], id) => ({ id, start, end, text: "Hi" }))
    return found(single, [
      await written({ response_format: "verbose_json" }, { ...verbose, duration: 0.5, segments }),
    ])
  }
  expect(
    await spoken([
      [0, 0.2],
      [0, 0.3],
      [0.3, 1.2],
    ]),
  ).toEqual([])
  expect(await spoken([[0.2, 0.1]])).toEqual([["audio.timing", "backwards", at("/segments/0/end")]])
  expect(
    await spoken([
      [0.2, 0.3],
      [0.1, 0.3],
    ]),
  ).toEqual([["audio.timing", "out-of-order", at("/segments/1/start")]])
  expect(await spoken([[0, 30]])).toEqual([["audio.timing", "past-end", at("/segments/0/end")]])
})

test("audio.granularities-honoured: unless nothing was said", async () => {
  const request = { response_format: "verbose_json", "timestamp_granularities[]": ["word", "segment"] }
  expect(found(single, [await written(request, timed)])).toEqual([
    ["audio.granularities-honoured", "no-words", at("/words")],
    ["audio.granularities-honoured", "no-segments", at("/segments")],
  ])
  expect(found(single, [await written(request, { ...timed, text: " " })])).toEqual([])
})

test("audio.duration", async () => {
  const reply = { ...verbose, duration: 1.5, segments: [] }
  expect(found(single, [await written({ response_format: "verbose_json" }, reply)])).toEqual([
    ["audio.duration", "other", at("/duration")],
  ])
})

test("the kit's own recording is a WAV of half a second", async () => {
  expect(wavSeconds(new Uint8Array(await tone().arrayBuffer()))).toBe(toneSeconds)
  expect(wavSeconds(bytes("RIFF"))).toBeUndefined()
  expect(wavSeconds(new Uint8Array(44))).toBeUndefined()
})

test("the kit's recording of silence is a WAV of twenty seconds, all samples the same", async () => {
  const file = new Uint8Array(await silence().arrayBuffer())
  expect([wavSeconds(file), new Set(file.subarray(44))]).toEqual([20, new Set([128])])
})

const refused = { status: 400, body: { error: { message: "no file", type: "invalid_request_error" } } }

test("audio.transcription-multipart: all spellings are taken, and say the same where that can be asked", async () => {
  const rule = audioRules.filter(({ id }) => id === "audio.transcription-multipart")
  const usual = await written({}, { text: "Hi" })
  const no = await heard("createTranscription", {}, refused)
  expect(found(rule, [usual, usual])).toEqual([])
  expect(found(rule, [usual, no])).toEqual([["audio.transcription-multipart", "refused", { part: "status" }]])
  expect(judgedBy(rule, [no, usual])).toEqual([])
  const other = await written({}, { text: "Hey" })
  expect(found(rule, [usual, other])).toEqual([])
  expect(found(rule, [usual, other], knownOf({ deterministic: true }))).toEqual([
    ["audio.transcription-multipart", "other-text", at("/text")],
  ])
})

test("audio.recordings-only", () => {
  const spoilt = (fault: Parameters<typeof exchangeOf>[0]["fault"], status: number) =>
    found(single, [exchangeOf({ operation: "createTranscription", fault, status, body: { text: "" } })])
  const noFile = { kind: "check", param: "file", says: "the file is empty" } as const
  const noForm = { kind: "malformed-form", says: "the form is empty" } as const
  expect(spoilt(noFile, 400)).toEqual([])
  expect(spoilt(noFile, 200)).toEqual([["audio.recordings-only", "file-accepted", { part: "status" }]])
  expect(spoilt(noForm, 415)).toEqual([])
  expect(spoilt(noForm, 200)).toEqual([["audio.recordings-only", "form-accepted", { part: "status" }]])
})

test("no answer whatsoever makes a rule fail", async () => {
  const form = await toForm({ ...recording, response_format: "verbose_json" })
  const requests = fc.constantFrom(form.bytes, form.bytes.slice(0, 300), new Uint8Array())
  const bodies = fc.oneof(
    fc.jsonValue().map((value) => JSON.stringify(value)),
    fc.uint8Array({ maxLength: 60 }),
    fc.constantFrom(...Object.values(heads).flat()),
    fc.string().map((text) => `1\n00:00:00,000 --> ${text}`),
  )
  fc.assert(
    fc.property(
      requests,
      bodies,
      fc.constantFrom<OperationId[]>("createSpeech", "createTranscription", "createTranslation"),
      (request, body, operation) => {
        const requestHeaders: Header[] = [["content-type", form.mediaType]]
        const exchange = exchangeOf({ operation, request, requestHeaders, body })
        found(audioRules, [exchange, exchange])
      },
    ),
  )
})
