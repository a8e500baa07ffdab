import { toFile } from "openai"
import { describe, expect, test } from "vitest"
import { apiKey, releases, served } from "./official-client.ts"

const baseURL = served({ profile: "openai" })

describe.each(Object.entries(releases))("%s", (release, OpenAI) => {
  test("a video without a model", async () => {
    const { videos } = new OpenAI({ apiKey, baseURL: baseURL(), maxRetries: 0 })
    expect(await videos.create({ prompt: release })).toMatchObject({
      model: "sora-2",
      status: "queued",
      remixed_from_video_id: null,
    })
  })

  test("a video, sent as a form with a file, polled and downloaded", async () => {
    const { videos } = new OpenAI({ apiKey, baseURL: baseURL(), maxRetries: 0 })
    const input_reference = await toFile(Buffer.from("no image"), "cat.png")
    const created = await videos.create({ model: "sora", prompt: release, seconds: "8", input_reference })
    expect(created).toMatchObject({ status: "queued", seconds: "8" })
    await expect(videos.downloadContent(created.id)).rejects.toThrow(OpenAI.ConflictError)
    let video = created
    while (video.status !== "completed") video = await videos.retrieve(created.id)
    const content = await videos.downloadContent(created.id)
    expect(content.headers.get("content-type")).toBe("video/mp4")
    expect(Buffer.from(await content.arrayBuffer()).toString("latin1", 4, 8)).toBe("ftyp")
  })
})
