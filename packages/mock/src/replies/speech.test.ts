import { ErrorResponse, type SpeechRequest } from "@nexhina/schemas"
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { againstDocument } from "../../test/against-document.ts"
import { createAudioReader } from "../audio/read-audio.ts"
import { toFetch } from "../hosts/fetch.ts"
import { createMock } from "../mock.ts"

const reader = createAudioReader()
const readAudio = (bytes: Uint8Array<ArrayBuffer>) => reader.read(new File([bytes], "speech"))
const ask = toFetch(againstDocument(createMock()))
const post = (body: object) =>
  ask(
    new Request("http://localhost/v1/audio/speech", {
      method: "POST",
      headers: { authorization: "Bearer sk-test", "content-type": "application/json" },
      body: JSON.stringify({ model: "gpt-4o-mini-tts", voice: "alloy", ...body }),
    }),
  )

const bytesOf = async (reply: Response): Promise<Uint8Array<ArrayBuffer>> =>
  new Uint8Array(await reply.arrayBuffer())

/** What each format begins with, and its media type. */
const formats = {
  mp3: ["audio/mpeg", "ID3"],
  opus: ["audio/ogg", "OggS"],
  aac: ["audio/aac", "ID3"],
  flac: ["audio/flac", "fLaC"],
  wav: ["audio/wav", "RIFF"],
} as const
type Format = keyof typeof formats
const inFormats = describe.each(Object.keys(formats) as Format[])

async function spoken(
  request: Pick<SpeechRequest, "input"> & Partial<SpeechRequest>,
): Promise<Uint8Array<ArrayBuffer>> {
  const reply = await post(request)
  expect(reply.status).toBe(200)
  return bytesOf(reply)
}

const texts = fc.oneof(
  fc.lorem({ maxCount: 20 }),
  // Tags of MP3 and AAC end at a NUL.
  fc.string({ unit: "grapheme", maxLength: 80 }).filter((text) => !text.includes("\0")),
  fc.constantFrom("", "…", "漢字かな交じり文", "👩‍🚀"),
)
const speeds = fc.double({ min: 0.25, max: 4, noNaN: true })

inFormats("%s", (response_format) => {
  const [mediaType, magic] = formats[response_format]

  test("is sent under its media type, the same bytes each time", async () => {
    const request = { input: "Hello there", response_format }
    const [first, second] = [await post(request), await post(request)]
    expect(first.headers.get("content-type")).toBe(mediaType)
    const bytes = await bytesOf(first)
    expect(Buffer.from(bytes.subarray(0, magic.length)).toString()).toBe(magic)
    expect(await bytesOf(second)).toEqual(bytes)
  })

  test("lasts as long as the text takes, and tells it", async () => {
    await fc.assert(
      fc.asyncProperty(texts, speeds, async (input, speed) => {
        const { seconds, words } = await readAudio(await spoken({ input, speed, response_format }))
        expect(words).toBe(input)
        const expected = Math.max([...input].length / 15 / speed, 0.3)
        // Lossy formats end with a whole frame.
        expect(seconds).toBeGreaterThan(expected - 0.01)
        expect(seconds).toBeLessThan(expected + 0.1)
      }),
      { numRuns: response_format === "flac" ? 20 : 50 },
    )
  })

  test("the longest text at the lowest speed lasts five minutes", async () => {
    const { seconds } = await readAudio(
      await spoken({ input: "word ".repeat(819), speed: 0.25, response_format }),
    )
    expect(seconds).toBeCloseTo(300, 0)
  })
})

test("pcm is bare samples of 16 bits, 24000 a second", async () => {
  const reply = await post({ input: "a".repeat(30), response_format: "pcm" })
  expect(reply.headers.get("content-type")).toBe("audio/pcm")
  const bytes = await reply.arrayBuffer()
  expect(bytes.byteLength).toBe(2 * 24000 * 2)
  const loudest = new Int16Array(bytes).reduce((most, sample) => Math.max(most, Math.abs(sample)), 0)
  expect(loudest).toBeGreaterThan(5_000)
})

test("MP3 is the default, and texts, voices and seeds sound different", async () => {
  const sound = async (request: object) => bytesOf(await post({ response_format: "pcm", ...request }))
  const hello = await sound({ input: "Hello" })
  expect(await sound({ input: "World" })).not.toEqual(hello)
  expect(await sound({ input: "Hello", voice: "verse" })).not.toEqual(hello)
  expect(await sound({ input: "Hello", voice: { id: "alloy" } })).toEqual(hello)
  expect((await post({ input: "Hello" })).headers.get("content-type")).toBe("audio/mpeg")
})

test.each([
  ["more than 4096 characters", { input: "a".repeat(4097) }, "input"],
  ["no text", {}, "input"],
  ["an unknown format", { input: "a", response_format: "midi" }, "response_format"],
  ["too high a speed", { input: "a", speed: 4.5 }, "speed"],
  ["too low a speed", { input: "a", speed: 0 }, "speed"],
  ["no voice", { input: "a", voice: null }, "voice"],
  ["instructions for tts-1", { input: "a", model: "tts-1", instructions: "Whisper." }, "instructions"],
  ["a model that chats", { input: "a", model: "gpt-4o" }, "model"],
])("%s is refused", async (_case, members, param) => {
  const reply = await post(members)
  expect([reply.status, ErrorResponse.parse(await reply.json()).error.param]).toEqual([400, param])
})
