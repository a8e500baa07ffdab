import { setImmediate as turn } from "node:timers/promises"
import { ErrorResponse, TranscriptionResponse, TranslationResponse } from "@nexhina/schemas"
import fc from "fast-check"
import { beforeAll, describe, expect, test, vi } from "vitest"
import { againstDocument } from "../../test/against-document.ts"
import { toFetch } from "../hosts/fetch.ts"
import { limits } from "../limits.ts"
import { createMock, type MockOptions } from "../mock.ts"

const authorization = "Bearer sk-test"

function mock(options: MockOptions = {}) {
  const ask = toFetch(
    againstDocument(
      createMock({
        onCrash(error) {
          throw error
        },
        ...options,
      }),
    ),
  )
  return {
    async speak(body: object): Promise<Uint8Array> {
      const reply = await ask(
        new Request("http://localhost/v1/audio/speech", {
          method: "POST",
          headers: { authorization, "content-type": "application/json" },
          body: JSON.stringify({ model: "tts-1", voice: "alloy", ...body }),
        }),
      )
      return new Uint8Array(await reply.arrayBuffer())
    },
    /** Sends a form of these members, a list as several fields. */
    hear(path: "transcriptions" | "translations", members: Members): Promise<Response> {
      const form = new FormData()
      for (const [name, value] of Object.entries({ model: "whisper-1", ...members })) {
        for (const one of [value].flat()) form.append(name, typeof one === "string" ? one : recording(one))
      }
      return ask(
        new Request(`http://localhost/v1/audio/${path}`, {
          method: "POST",
          headers: { authorization },
          body: form,
        }),
      )
    },
    raw: (body: string | Uint8Array, contentType: string) =>
      ask(
        new Request("http://localhost/v1/audio/transcriptions", {
          method: "POST",
          headers: { authorization, "content-type": contentType },
          body,
        }),
      ),
  }
}

type Members = Readonly<Record<string, string | readonly string[] | Uint8Array>>
const recording = (bytes: Uint8Array) => new File([bytes], "recording")

const { speak, hear, raw } = mock()

/** Silence in the simplest of all formats. */
function silence(seconds = 22): Uint8Array {
  const rate = 8000
  const file = new Uint8Array(44 + seconds * rate)
  file.fill(128, 44)
  const view = new DataView(file.buffer)
  const texts = [
    [0, "RIFF"],
    [8, "WAVEfmt "],
    [36, "data"],
  ] as const
  for (const [at, text] of texts) file.set(new TextEncoder().encode(text), at)
  view.setUint32(4, file.length - 8, true)
  view.setUint32(16, 16, true)
  view.setUint16(20, 1, true)
  view.setUint16(22, 1, true)
  view.setUint32(24, rate, true)
  view.setUint32(28, rate, true)
  view.setUint16(32, 1, true)
  view.setUint16(34, 8, true)
  view.setUint32(40, file.length - 44, true)
  return file
}

const granularities = "timestamp_granularities[]"

async function verbose(file: Uint8Array, members: Members = {}): Promise<TranscriptionResponse> {
  const reply = await hear("transcriptions", { file, response_format: "verbose_json", ...members })
  expect(reply.status).toBe(200)
  return TranscriptionResponse.parse(await reply.json())
}

const texts = fc
  .oneof(
    fc.lorem({ maxCount: 8, mode: "sentences" }),
    fc.string({ unit: "grapheme", maxLength: 60 }),
    fc.constantFrom("漢字。かな交じり文。", "1 < 2 && 3 --> 4", "One.\n\nTwo.\r\nThree."),
  )
  .filter((text) => /\S/.test(text) && !text.includes("\0"))

describe("the mock's own speech", () => {
  test("is written down as it was spoken, but for white space", async () => {
    await fc.assert(
      fc.asyncProperty(texts, fc.constantFrom("mp3", "opus", "wav"), async (input, response_format) => {
        const file = await speak({ input, response_format })
        const text = input.replace(/\s+/g, " ").trim()
        for (const path of ["transcriptions", "translations"] as const) {
          expect(await (await hear(path, { file })).json()).toEqual({ text })
        }
      }),
      { numRuns: 40 },
    )
  })

  test("has times that follow one another, in a text that its segments make up", async () => {
    await fc.assert(
      fc.asyncProperty(texts, async (input) => {
        const file = await speak({ input, response_format: "opus" })
        const heard = await verbose(file, { [granularities]: ["word", "segment"] })
        const { text, duration, segments, words, usage } = heard
        expect(segments?.map((segment) => segment.text).join("")).toBe(text)
        expect(segments?.map(({ id }) => id)).toEqual([...(segments ?? []).keys()])
        expect(segments?.at(0)?.start).toBe(0)
        expect(segments?.at(-1)?.end).toBe(duration)
        expect(usage).toEqual({ type: "duration", seconds: Math.ceil(duration ?? 0) })
        for (const spans of [segments ?? [], words ?? []]) {
          let before = 0
          for (const { start, end } of spans) {
            expect(start).toBeGreaterThanOrEqual(before)
            expect(end).toBeGreaterThanOrEqual(start)
            before = end
          }
          expect(before).toBeLessThanOrEqual(duration ?? 0)
        }
      }),
      { numRuns: 40 },
    )
  })

  test("becomes subtitles of the right syntax", async () => {
    const time = "\\d\\d:\\d\\d:\\d\\d"
    await fc.assert(
      fc.asyncProperty(texts, async (input) => {
        const file = await speak({ input, response_format: "opus" })
        const subtitles = async (response_format: string) =>
          (await hear("transcriptions", { file, response_format })).text()
        const arrow = (mark: string) => `${time}${mark}\\d{3} --> ${time}${mark}\\d{3}`
        expect(await subtitles("srt")).toMatch(new RegExp(`^(?:\\d+\\n${arrow(",")}\\n[^\\n]+\\n\\n)+$`))
        expect(await subtitles("vtt")).toMatch(
          new RegExp(`^WEBVTT\\n\\n(?:${arrow("\\.")}\\n(?:[^\\n&<>]|&(?:amp|lt|gt);)+\\n\\n)+$`),
        )
      }),
      { numRuns: 40 },
    )
  })
})

describe("a recording", () => {
  test("is told in full", async () => {
    const { words, segments, ...rest } = await verbose(silence(), {
      language: "de",
      [granularities]: ["word", "segment"],
    })
    expect(rest).toEqual({
      task: "transcribe",
      language: "german",
      duration: 22,
      text: expect.stringMatching(/^A recording of 22 seconds in German\.( [A-Z][a-z ]+\.){5}$/),
      usage: { type: "duration", seconds: 22 },
    })
    expect(segments).toHaveLength(6)
    expect(segments?.[1]).toEqual({
      id: 1,
      seek: 0,
      start: expect.any(Number),
      end: expect.any(Number),
      text: expect.stringMatching(/^[A-Z].+\. $/),
      tokens: expect.arrayContaining([expect.any(Number)]),
      temperature: 0,
      avg_logprob: -0.25,
      compression_ratio: 1.2,
      no_speech_prob: 0.01,
    })
    expect(words?.slice(0, 2)).toEqual([
      { word: "A", start: 0, end: expect.any(Number) },
      { word: "recording", start: expect.any(Number), end: expect.any(Number) },
    ])
  })

  test("is told in words, or by default in segments", async () => {
    const keys = async (members: Members) => Object.keys(await verbose(silence(), members))
    const others = ["task", "language", "duration", "text", "usage"]
    expect((await keys({})).toSorted()).toEqual([...others, "segments"].toSorted())
    expect((await keys({ [granularities]: "word" })).toSorted()).toEqual([...others, "words"].toSorted())
  })

  test("says other things for another prompt or other bytes, and else the same", async () => {
    const text = async (file: Uint8Array, members: Members = {}) => (await verbose(file, members)).text
    const loud = silence().fill(7, 100, 200)
    expect(await text(silence())).toBe(await text(silence(), { temperature: "0.5" }))
    expect(await text(loud)).not.toBe(await text(silence()))
    expect(await text(silence(), { prompt: "Hm" })).not.toBe(await text(silence()))
  })

  test.each([
    ["transcriptions", "json", "application/json"],
    ["transcriptions", "text", "text/plain; charset=utf-8"],
    ["transcriptions", "srt", "text/plain; charset=utf-8"],
    ["transcriptions", "vtt", "text/vtt; charset=utf-8"],
    ["translations", "json", "application/json"],
    ["translations", "text", "text/plain; charset=utf-8"],
    ["translations", "srt", "text/plain; charset=utf-8"],
    ["translations", "vtt", "text/vtt; charset=utf-8"],
  ] as const)("in %s as %s is %s", async (path, response_format, mediaType) => {
    const reply = await hear(path, { file: silence(1), response_format })
    expect([reply.status, reply.headers.get("content-type")]).toEqual([200, mediaType])
    expect(await reply.text()).toContain("A recording of one second.")
  })

  test("in translation is English", async () => {
    const reply = await hear("translations", { file: silence(1), response_format: "verbose_json" })
    const { segments, ...rest } = TranslationResponse.parse(await reply.json())
    const text = "A recording of one second."
    expect(rest).toEqual({ task: "translate", language: "english", duration: 1, text })
    expect(segments).toEqual([expect.objectContaining({ start: 0, end: 1, text })])
  })

  test("has its usage in JSON under the profile openai", async () => {
    const reply = await mock({ profile: "openai" }).hear("transcriptions", { file: silence() })
    expect(await reply.json()).toEqual({
      text: expect.any(String),
      usage: { type: "duration", seconds: 22 },
    })
  })
})

test("a form as other clients write it: fields in any order, names without quotes, file names in UTF-8", async () => {
  const file = Buffer.from(silence(1)).toString("latin1")
  const type = Buffer.from("Content-Disposition: form-data; name=file; filename=日本.wav").toString("latin1")
  const body = [
    "--edge\r\nContent-Disposition: form-data; name=response_format\r\n\r\ntext\r\n",
    `--edge\r\n${type}\r\nContent-Type: audio/wav\r\n\r\n${file}\r\n`,
    '--edge\r\ncontent-disposition: form-data; name="model"\r\n\r\nwhisper-1\r\n--edge--\r\n',
  ].join("")
  const reply = await raw(Buffer.from(body, "latin1"), 'multipart/form-data; boundary="edge"')
  expect([reply.status, await reply.text()]).toEqual([200, "A recording of one second.\n"])
})

describe("what is refused", () => {
  const refused = async (asked: Response | Promise<Response>) => {
    const reply = await asked
    return { status: reply.status, ...ErrorResponse.parse(await reply.json()).error }
  }
  const speech = {} as Record<"mp3" | "opus" | "aac" | "flac" | "wav" | "pcm", Uint8Array>
  beforeAll(async () => {
    for (const format of ["mp3", "opus", "aac", "flac", "wav", "pcm"] as const) {
      speech[format] = await speak({ input: "One, two, three.", response_format: format })
    }
  })

  /** The head of FLAC (RFC 9639, section 8.2) that neither says how long it is nor has a frame behind it. */
  function endless(flac: Uint8Array): Uint8Array {
    const head = flac.slice(0, Buffer.from(flac).indexOf(Buffer.from([0xff, 0xf8])))
    head.fill(0, 22, 26)
    head.fill((head[21] ?? 0) & 0xf0, 21, 22)
    return head
  }

  test.each([
    ["an empty file", () => new Uint8Array(), "is empty"],
    ["a text", () => new TextEncoder().encode("Hello. ".repeat(100)), "cannot be read: it is in no format"],
    ["samples without a container", () => speech.pcm, "cannot be read: it is in no format"],
    ["a file that ends in its head", () => speech.flac.subarray(0, 20), "cannot be read: it "],
    ["a recording that is too short", () => silence(0.05), "is shorter than 0.1 seconds"],
  ])("%s", async (_case, file, says) => {
    expect(await refused(hear("transcriptions", { file: file() }))).toMatchObject({
      status: 400,
      param: "file",
      code: "invalid_audio",
      message: expect.stringContaining(`'recording' ${says}`),
    })
  })

  test.each([
    ["a form without a file", {}, "file"],
    ["a text where the file belongs", { file: "recording.wav" }, "file"],
    ["an unknown format", { file: silence(1), response_format: "docx" }, "response_format"],
    ["a temperature above 1", { file: silence(1), temperature: "1.5" }, "temperature"],
    ["a temperature that is no number", { file: silence(1), temperature: "hot" }, "temperature"],
    ["words in plain JSON", { file: silence(1), [granularities]: "word" }, granularities],
    ["a model that speaks", { file: silence(1), model: "tts-1" }, "model"],
  ])("%s", async (_case, members, param) => {
    expect(await refused(hear("transcriptions", members))).toMatchObject({ status: 400, param })
  })

  /** Sends a file that is never read to its end; calls back while it is being read, and then lets its time pass. */
  async function heardForEver(file: Uint8Array, meanwhile: () => Promise<void>): Promise<Response> {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] })
    try {
      let ended = false
      const reply = hear("transcriptions", { file }).finally(() => {
        ended = true
      })
      // Its time begins when a thread begins to read it.
      while (vi.getTimerCount() === 0) await turn()
      await meanwhile()
      vi.advanceTimersByTime(limits.audioRead.max - 1)
      await turn()
      expect(ended).toBe(false)
      vi.advanceTimersByTime(1)
      return await reply
    } finally {
      vi.useRealTimers()
    }
  }
  const givenUp = {
    status: 400,
    param: "file",
    code: "invalid_audio",
    message: expect.stringContaining(
      "cannot be read: it takes more than 4 seconds, or 32 MiB of memory, to read",
    ),
  }

  test("a file that leads its reader in circles", async () => {
    const reply = await heardForEver(endless(speech.flac), async () => {})
    expect(await refused(reply)).toMatchObject(givenUp)
  })

  test("a large damaged file, while small ones are read (F13)", async () => {
    // Frames of ADTS that consist of a header: there is nothing to skip.
    const header = [0xff, 0xf1, 0x50, 0x80, 0x00, 0xff, 0xfc]
    const file = Uint8Array.from({ length: 2e7 }, (_, index) => header[index % 7] ?? 0)
    const reply = await heardForEver(file, async () => {
      expect((await hear("transcriptions", { file: silence(1) })).status).toBe(200)
    })
    expect(await refused(reply)).toMatchObject(givenUp)
  })

  test("a form that was cut short", async () => {
    const body = "--edge\r\nContent-Disposition: form-data; name=file; filename=a.wav\r\n\r\nRIFF"
    expect(await refused(raw(body, "multipart/form-data; boundary=edge"))).toMatchObject({
      status: 400,
      code: "invalid_multipart",
    })
  })

  test("broken recordings get an answer, and no 5xx", async () => {
    const damages = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 8 })
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom("mp3" as const, "opus" as const, "aac" as const, "flac" as const, "wav" as const),
        damages,
        fc.double({ min: 0, max: 1, noNaN: true }),
        async (format, damages, kept) => {
          const file = speech[format].slice(0, Math.ceil(kept * speech[format].length))
          // The head says most.
          for (const [at, byte] of damages) file[at % Math.min(file.length, 400)] = byte
          const reply = await hear("transcriptions", { file, response_format: "verbose_json" })
          if (reply.status === 200) TranscriptionResponse.parse(await reply.json())
          else expect(await refused(reply)).toMatchObject({ status: 400, param: "file" })
        },
      ),
      { numRuns: 300 },
    )
  })
})

describe("a scripted transcription", () => {
  const file = silence(4)
  const paths = ["transcriptions", "translations"] as const

  function scripted(reply: Record<string, unknown>) {
    const operations = ["createTranscription", "createTranslation"] as const
    return mock({ scenarios: operations.map((operation) => ({ match: { operation }, answer: { reply } })) })
  }

  test("is answered in every format that the client asks for", async () => {
    const { hear } = scripted({ text: "Good morning. How are you?" })
    const formats = { text: "", srt: "", vtt: "", json: "" }
    for (const path of paths) {
      for (const response_format of Object.keys(formats) as (keyof typeof formats)[]) {
        const reply = await hear(path, { file, response_format })
        expect(reply.status).toBe(200)
        formats[response_format] = await reply.text()
      }
      expect(formats).toEqual({
        text: "Good morning. How are you?\n",
        srt: "1\n00:00:00,000 --> 00:00:02,154\nGood morning.\n\n2\n00:00:02,154 --> 00:00:04,000\nHow are you?\n\n",
        vtt: "WEBVTT\n\n00:00:00.000 --> 00:00:02.154\nGood morning.\n\n00:00:02.154 --> 00:00:04.000\nHow are you?\n\n",
        json: '{"text":"Good morning. How are you?"}',
      })
    }
  })

  test("has the segments and words of its text", async () => {
    const { hear } = scripted({ text: "Good morning. How are you?", language: "norwegian" })
    const reply = await hear("transcriptions", {
      file,
      response_format: "verbose_json",
      [granularities]: ["segment", "word"],
    })
    const { text, language, duration, segments, words } = TranscriptionResponse.parse(await reply.json())
    expect({ text, language, duration }).toEqual({
      text: "Good morning. How are you?",
      language: "norwegian",
      duration: 4,
    })
    expect(segments?.map(({ start, end, text }) => [start, end, text])).toEqual([
      [0, 2.154, "Good morning. "],
      [2.154, 4, "How are you?"],
    ])
    expect(words?.map(({ word }) => word)).toEqual(["Good", "morning", "How", "are", "you"])
  })

  test("may have its own segments, which make up the text and the subtitles", async () => {
    const { hear } = scripted({
      segments: [
        { start: 1, end: 2.5, text: " Good morning." },
        { start: 3, end: 9, text: " How are you?" },
      ],
    })
    const ask = async (members: Members) => (await hear("transcriptions", { file, ...members })).text()
    expect(await ask({ response_format: "srt" })).toBe(
      "1\n00:00:01,000 --> 00:00:02,500\nGood morning.\n\n2\n00:00:03,000 --> 00:00:09,000\nHow are you?\n\n",
    )
    expect(await ask({ response_format: "text" })).toBe("Good morning. How are you?\n")
    expect(await ask({ response_format: "json" })).toBe('{"text":"Good morning. How are you?"}')
    const verbose = JSON.parse(
      await ask({ response_format: "verbose_json", [granularities]: ["segment", "word"] }),
    )
    const { text, duration, segments, words } = TranscriptionResponse.parse(verbose)
    expect({ text, duration }).toEqual({ text: "Good morning. How are you?", duration: 9 })
    expect(segments?.map(({ id, start, end, text }) => [id, start, end, text])).toEqual([
      [0, 1, 2.5, " Good morning."],
      [1, 3, 9, " How are you?"],
    ])
    expect(words?.[0]).toEqual({ word: "Good", start: 1.107, end: 1.536 })
    expect(words?.[2]).toEqual({ word: "How", start: 3.462, end: 4.846 })
  })

  test("has words and segments only when the client asks for them", async () => {
    const words = [{ word: "Hello", start: 0.5, end: 1 }]
    const { hear } = scripted({ words })
    const ask = async (members: Members) => {
      const reply = await hear("transcriptions", { file, response_format: "verbose_json", ...members })
      return TranscriptionResponse.parse(await reply.json())
    }
    expect(await ask({ [granularities]: "word" })).toMatchObject({ text: "Hello", words })
    expect((await ask({ [granularities]: "word" })).segments).toBeUndefined()
    expect((await ask({})).words).toBeUndefined()
  })

  test("of any text says the same in every format", async () => {
    await fc.assert(
      fc.asyncProperty(texts, fc.constantFrom(...paths), async (input, path) => {
        const text = input.replaceAll("{{", "").replace(/\s+/g, " ").trim() || "Hi"
        const { hear } = scripted({ text })
        const said = async (response_format: string) => (await hear(path, { file, response_format })).text()
        expect(await said("text")).toBe(`${text}\n`)
        const verbose = TranscriptionResponse.parse(JSON.parse(await said("verbose_json")))
        expect(verbose.segments?.map((segment) => segment.text).join("")).toBe(text)
        expect((await said("srt")).match(/ --> /g)?.length).toBeGreaterThanOrEqual(
          verbose.segments?.length ?? 0,
        )
      }),
      { numRuns: 30 },
    )
  })
})
