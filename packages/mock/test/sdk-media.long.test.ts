import { execFileSync } from "node:child_process"
import { createReadStream, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { RerankResponse, VideoGenerationResponse } from "@nexhina/schemas"
import type OfficialClient from "openai"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { apiKey, releases, served } from "./official-client.ts"

const baseURL = served({})
const folder = mkdtempSync(join(tmpdir(), "nexhina-media-"))
const pathOf = (name: string) => join(folder, name)

/** What a media player makes of a file. */
interface Probed {
  readonly format: string
  readonly codec: string
  readonly seconds: number
}

function run(command: "ffmpeg" | "ffprobe", args: readonly string[]): string {
  try {
    return execFileSync(command, args, { encoding: "utf8", stdio: "pipe" })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error
    throw new Error(
      `${command} is missing: run 'bash scripts/debian-package.sh ffmpeg ffmpeg ffprobe' to install it`,
    )
  }
}

function probe(path: string): Probed {
  const entries = "format=format_name,duration:stream=codec_name"
  const { format, streams } = JSON.parse(
    run("ffprobe", ["-v", "error", "-show_entries", entries, "-of", "json", path]),
  )
  return { format: format.format_name, codec: streams[0].codec_name, seconds: Number(format.duration) }
}

/** Files of what the endpoint says it takes, as ffmpeg makes them of 2.5 seconds. The last one is a stream's. */
const recordings = {
  "a.flac": "-c:a flac",
  "a.mp3": "-c:a libmp3lame",
  "a.mp4": "-c:a aac",
  "a.mpeg": "-c:a libmp3lame -f mp3",
  "a.mpga": "-c:a mp2 -f mp2",
  "a.m4a": "-c:a aac",
  "a.ogg": "-c:a libvorbis",
  "opus.ogg": "-c:a libopus",
  "a.wav": "-c:a pcm_s16le",
  "a.webm": "-c:a libopus",
  "live.webm": "-c:a libopus -live 1",
} as const

beforeAll(async () => {
  for (const [name, options] of Object.entries(recordings)) {
    run("ffmpeg", [
      ..."-v error -f lavfi -i sine=frequency=330:duration=2.5".split(" "),
      ...options.split(" "),
      pathOf(name),
    ])
  }
})

afterAll(() => rmSync(folder, { recursive: true }))

describe.each(Object.entries(releases))("%s", (release, OpenAI) => {
  const client = () => new OpenAI({ apiKey, baseURL: baseURL(), maxRetries: 0 })
  const input = "The quick brown fox jumps over the lazy dog, and then it rests for a while in the sun."

  test.each([
    ["mp3", "mp3", "mp3"],
    ["opus", "ogg", "opus"],
    ["aac", "aac", "aac"],
    ["flac", "flac", "flac"],
    ["wav", "wav", "pcm_s16le"],
  ] as const)("speech as %s plays, and is written down again", async (response_format, format, codec) => {
    const speech = client().audio.speech
    const reply = await speech.create({ model: "tts-1", voice: "alloy", input, response_format })
    const path = pathOf(`${release}.${response_format}`)
    writeFileSync(path, Buffer.from(await reply.arrayBuffer()))
    const probed = probe(path)
    expect(probed).toMatchObject({ format, codec })
    // AAC has no head that says how long it is, and ffprobe guesses it by the bitrate.
    const slack = format === "aac" ? 0.2 : 0.02
    expect(Math.abs(probed.seconds / (input.length / 15) - 1)).toBeLessThan(slack)
    run("ffmpeg", ["-v", "error", "-xerror", "-i", path, "-f", "null", "-"])

    const { text } = await client().audio.transcriptions.create({
      model: "whisper-1",
      file: createReadStream(path),
    })
    expect(text).toBe(input)
  })

  test("speech as pcm is twice as fast at twice the speed", async () => {
    const bytes = async (speed: number) => {
      const request = { model: "tts-1", voice: "alloy", input, speed, response_format: "pcm" } as const
      return (await (await client().audio.speech.create(request)).arrayBuffer()).byteLength
    }
    expect(await bytes(1)).toBe(2 * Math.round((24000 * input.length) / 15))
    expect(await bytes(2)).toBe(2 * Math.round((24000 * input.length) / 30))
  })

  test.each(Object.keys(recordings))("the recording %s is as long as ffprobe says", async (name) => {
    const { duration, segments, words } = await client().audio.transcriptions.create({
      model: "whisper-1",
      file: createReadStream(pathOf(name)),
      response_format: "verbose_json",
      timestamp_granularities: ["word", "segment"],
    })
    const { seconds } = probe(pathOf(name))
    // A stream does not say.
    expect(duration).toBeCloseTo(Number.isNaN(seconds) ? 2.5 : seconds, 1)
    expect(segments?.at(-1)?.end).toBe(duration)
    expect(words?.at(-1)?.end).toBeLessThanOrEqual(duration)
  })

  test("a recording in every form of a transcription and a translation", async () => {
    const file = () => createReadStream(pathOf("a.mp3"))
    const { transcriptions, translations } = client().audio
    for (const response_format of ["text", "srt", "vtt"] as const) {
      const request = { model: "whisper-1", response_format } as const
      const text = String(await transcriptions.create({ ...request, file: file() }))
      expect(text).toContain("A recording of 2.534 seconds.")
      expect(await translations.create({ ...request, file: file() })).toBe(text)
    }
    const request = { model: "whisper-1", file: file(), response_format: "verbose_json" } as const
    expect(await translations.create(request)).toMatchObject({ language: "english", duration: 2.534 })
  })

  test("what is no recording is a bad request that names the file", async () => {
    writeFileSync(pathOf("note.txt"), "No recording")
    const { transcriptions } = client().audio
    const request = { model: "whisper-1", file: createReadStream(pathOf("note.txt")) }
    await expect(transcriptions.create(request)).rejects.toThrow(OpenAI.BadRequestError)
    const again = { model: "whisper-1", file: createReadStream(pathOf("note.txt")) }
    await expect(transcriptions.create(again)).rejects.toMatchObject({ param: "file" })
  })

  test("moderation of a text, of several, and of parts with an image", async () => {
    const flags = async (input: OfficialClient.ModerationCreateParams["input"]) =>
      (await client().moderations.create({ input })).results.map(({ flagged }) => flagged)
    expect(await flags("I want to hurt someone.")).toEqual([true])
    expect(await flags(["Good day", "I want to hurt someone."])).toEqual([false, true])
    const image = { type: "image_url", image_url: { url: "https://example.com/cat.png" } } as const
    expect(await flags([image, { type: "text", text: "I want to hurt someone." }])).toEqual([true])
    expect(await flags([image])).toEqual([false])
  })

  test.each(["png", "jpeg", "webp"] as const)("an image as %s", async (output_format) => {
    const { data } = await client().images.generate({ model: "gpt-image-1", prompt: "A lake", output_format })
    const path = pathOf(`${release}.${output_format}`)
    const image = await fetch(data?.[0]?.url ?? "")
    writeFileSync(path, Buffer.from(await image.arrayBuffer()))
    expect(probe(path).codec).toBe({ png: "png", jpeg: "mjpeg", webp: "webp" }[output_format])
  })
})

describe("what the client does not know, by fetch", () => {
  const post = async (path: string, body: object) => {
    const reply = await fetch(baseURL() + path, {
      method: "POST",
      headers: { authorization: `Bearer ${apiKey}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    })
    return reply.json()
  }

  test("rerank", async () => {
    const documents = ["Berlin is the capital of Germany.", "Paris is the capital of France."]
    const request = { model: "cohere-rerank-v3.5", query: "What is the capital of France?", documents }
    const { results } = (await post("/rerank", request)) as RerankResponse
    expect(results.map(({ index }) => index)).toEqual([1, 0])
  })

  test("a video", async () => {
    const request = { model: "sora", prompt: "A lake", seconds: "4" }
    const { data } = (await post("/video/generations", request)) as VideoGenerationResponse
    const film = await fetch(data[0]?.url ?? "")
    writeFileSync(pathOf("film.mp4"), Buffer.from(await film.arrayBuffer()))
    expect(probe(pathOf("film.mp4"))).toMatchObject({ codec: "h264", seconds: 4 })
  })
})
