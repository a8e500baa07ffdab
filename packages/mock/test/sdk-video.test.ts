import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import OpenAI6, { toFile } from "openai"
import OpenAI7 from "openai-7"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { createMock } from "../src/mock.ts"
import { toNode } from "../src/node.ts"
import { againstDocument } from "./against-document.ts"

const apiKey = "sk-sdk"
const server = createServer(toNode(againstDocument(createMock({ profile: "openai", keys: [apiKey] }))))
let baseURL = ""

beforeAll(async () => {
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening))
  baseURL = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`
})

afterAll(() => {
  server.close()
  server.closeAllConnections()
})

// The two releases have the same interface as far as it is used here.
const releases = { "openai 6": OpenAI6, "openai 7": OpenAI7 as unknown as typeof OpenAI6 }

describe.each(Object.entries(releases))("%s", (release, OpenAI) => {
  test("a video, sent as a form with a file, polled and downloaded", async () => {
    const { videos } = new OpenAI({ apiKey, baseURL, maxRetries: 0 })
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
