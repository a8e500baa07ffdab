import { type ProfileName, profiles } from "@nexhina/schemas"
import { toFile } from "openai"
import { describe, expect, test } from "vitest"
import { apiKey, type Release, releases, served } from "./official-client.ts"

/*
 * What the mock does not stream: a client that asks for a stream would iterate over a whole reply without an event and
 * without an error.
 */

const profileNames = Object.keys(profiles) as ProfileName[]
const baseUrls = new Map(profileNames.map((profile) => [profile, served({ profile })]))
const cases = (Object.keys(releases) as Release[]).flatMap((release) =>
  profileNames.map((profile) => [release, profile] as const),
)

describe.each(cases)("%s under the profile %s", (release, profile) => {
  const OpenAI = releases[release]
  const client = () => new OpenAI({ apiKey, baseURL: baseUrls.get(profile)?.() ?? "", maxRetries: 0 })
  const refusal = (param: string) => ({
    status: 400,
    param,
    message: expect.stringContaining("does not stream"),
  })

  test("images", async () => {
    const request = { model: "gpt-image-1", prompt: "A cat", stream: true } as const
    await expect(client().images.generate(request)).rejects.toMatchObject(refusal("stream"))
  })

  test("speech", async () => {
    const request = { model: "gpt-4o-mini-tts", voice: "alloy", input: "Hello" } as const
    await expect(client().audio.speech.create({ ...request, stream_format: "sse" })).rejects.toMatchObject(
      refusal("stream_format"),
    )
    expect((await client().audio.speech.create({ ...request, stream_format: "audio" })).status).toBe(200)
  })

  test("transcriptions, except of the model that ignores the member", async () => {
    const { audio } = client()
    const speech = await audio.speech.create({
      model: "tts-1",
      voice: "alloy",
      input: "Hello",
      response_format: "wav",
    })
    const bytes = await speech.arrayBuffer()
    const request = async (model: string) => ({
      model,
      file: await toFile(bytes, "a.wav"),
      stream: true as const,
    })
    const create = async (model: string) => audio.transcriptions.create(await request(model)).asResponse()
    expect((await create("whisper-1")).status).toBe(200)
  })

  test("a stored response", async () => {
    const { responses } = client()
    const { id } = await responses.create({ model: "gpt-4o", input: "Hello" })
    await expect(responses.retrieve(id, { stream: true })).rejects.toMatchObject(refusal("stream"))
  })
})

describe.each(Object.entries(releases))("%s", (_, OpenAI) => {
  const anyModel = served({ strictModels: false })

  test("a transcription by a model that streams", async () => {
    const client = new OpenAI({ apiKey, baseURL: anyModel(), maxRetries: 0 })
    const file = await toFile(Buffer.from("no recording"), "a.wav")
    await expect(
      client.audio.transcriptions.create({ model: "gpt-4o-transcribe", file, stream: true }),
    ).rejects.toMatchObject({ status: 400, param: "stream" })
  })
})
