import { type ErrorObject, ErrorResponse, VideoGenerationResponse, VideoTask } from "@nexhina/schemas"
import fc from "fast-check"
import { BufferSource, Input, MP4 } from "mediabunny"
import { describe, expect, onTestFinished, test, vi } from "vitest"
import { againstDocument } from "../../test/against-document.ts"
import { toFetch } from "../hosts/fetch.ts"
import { createMock, type MockOptions } from "../mock.ts"

const origin = "https://gateway.example"

function mock(options: MockOptions = {}) {
  const fetch = toFetch(
    againstDocument(
      createMock({
        strictModels: true,
        onCrash(error) {
          throw error
        },
        ...options,
      }),
    ),
  )
  const headers = { authorization: "Bearer sk-test", "content-type": "application/json" }
  const get = (path: string) => fetch(new Request(`${origin}/v1${path}`, { headers }))
  const create = (request: object) =>
    fetch(
      new Request(`${origin}/v1/video/generations`, {
        method: "POST",
        headers,
        body: JSON.stringify(request),
      }),
    )
  return {
    get,
    create,
    load: async (url: string) => bytesOf(await fetch(new Request(url))),
    async videos(request: object) {
      const response = await create(request)
      const reply: unknown = await response.json()
      expect(response.status, JSON.stringify(reply)).toBe(200)
      return VideoGenerationResponse.parse(reply)
    },
    async task(request: object) {
      return VideoTask.parse(await (await create(request)).json())
    },
    async poll(id: string) {
      return VideoTask.parse(await (await get(`/video/generations/${id}`)).json())
    },
  }
}

const bytesOf = async (response: Response) => new Uint8Array(await response.arrayBuffer())

async function errorOf(asked: Promise<Response>): Promise<Partial<ErrorObject> & { status: number }> {
  const response = await asked
  return { status: response.status, ...ErrorResponse.parse(await response.json()).error }
}

/** What an MP4 file says of itself, in the words of the reply. */
async function readFilm(bytes: Uint8Array) {
  const input = new Input({ source: new BufferSource(bytes), formats: [MP4] })
  const track = await input.getPrimaryVideoTrack()
  const { averagePacketRate } = (await track?.computePacketStats()) ?? {}
  return {
    codec: track?.codec,
    duration: await input.computeDuration(),
    width: track?.displayWidth,
    height: track?.displayHeight,
    fps: averagePacketRate,
  }
}

const cat = { model: "sora", prompt: "A cat plays the piano" }

describe("under the profile nexhina", () => {
  const { videos, create, load } = mock()
  const requests = fc.record(
    {
      duration: fc.double({ min: 0.01, max: 12, noNaN: true }),
      fps: fc.integer({ min: 1, max: 60 }),
      size: fc.constantFrom("720x1280", "1280x720", "1024x1792", "1792x1024", "640x480"),
      width: fc.integer({ min: 1, max: 4000 }),
      height: fc.integer({ min: 1, max: 4000 }),
      n: fc.integer({ min: 1, max: 3 }),
    },
    { requiredKeys: [] },
  )

  test("as many videos as asked for, each of the length, size and pace that the reply says", async () => {
    await fc.assert(
      fc.asyncProperty(requests, async (members) => {
        const { data } = await videos({ ...cat, ...members })
        expect(data).toHaveLength(members.n ?? 1)
        expect(new Set(data.map(({ url }) => url)).size).toBe(data.length)
        for (const { url, duration, width, height, fps } of data) {
          const film = await readFilm(await load(url ?? ""))
          expect(film).toMatchObject({ codec: "avc", width, height })
          expect(film.duration).toBeCloseTo(duration ?? 0, 3)
          expect(film.fps).toBeCloseTo(fps ?? 0, 1)
        }
      }),
      { numRuns: 30 },
    )
  })

  test.each([
    [{}, { duration: 4, width: 720, height: 1280, fps: 12 }],
    [{ seconds: "8" }, { duration: 8, width: 720, height: 1280, fps: 12 }],
    [
      { duration: 2.5, fps: 24 },
      { duration: 2.5, width: 720, height: 1280, fps: 24 },
    ],
    [{ size: "1792x1024" }, { duration: 4, width: 1792, height: 1024, fps: 12 }],
    [
      { width: 640, height: 360 },
      { duration: 4, width: 1280, height: 720, fps: 12 },
    ],
  ])("%j is honoured, the size by the nearest that there is", async (members, expected) => {
    const { data } = await videos({ ...cat, ...members })
    expect(data).toEqual([{ url: expect.stringMatching(/^https:.*\.mp4\?/), format: "mp4", ...expected }])
  })

  test("base64 is the file at the url", async () => {
    const [byUrl] = (await videos({ ...cat, response_format: "url" })).data
    const [embedded] = (await videos({ ...cat, response_format: "b64_json" })).data
    expect(Buffer.from(embedded?.b64_json ?? "", "base64").equals(await load(byUrl?.url ?? ""))).toBe(true)
  })

  test("another prompt is another file, at any time the same", async () => {
    onTestFinished(() => {
      vi.useRealTimers()
    })
    const film = async (prompt: string) => load((await videos({ ...cat, prompt })).data[0]?.url ?? "")
    vi.useFakeTimers({ toFake: ["Date"], now: 1 })
    const before = await film("A cat")
    vi.setSystemTime(new Date("2040-01-01"))
    expect(await film("A cat")).toEqual(before)
    expect(await film("A dog")).not.toEqual(before)
  })

  test.each([
    [{ ...cat, seconds: "long" }, 400, "seconds"],
    [{ ...cat, seconds: "61" }, 400, "seconds"],
    [{ ...cat, duration: 0 }, 400, "duration"],
    [{ ...cat, duration: 1e300 }, 400, "duration"],
    [{ ...cat, fps: 61 }, 400, "fps"],
    [{ ...cat, n: 11 }, 400, "n"],
    [{ ...cat, n: 0 }, 400, "n"],
    [{ ...cat, size: "big" }, 400, "size"],
    [{ ...cat, width: 0 }, 400, "width"],
    [{ ...cat, response_format: "file" }, 400, "response_format"],
    [{ ...cat, model: "dall-e-3" }, 400, "model"],
    [{ ...cat, model: "nobody" }, 404, "model"],
    [{ model: "sora" }, 400, "prompt"],
  ])("%j is refused with %i, which names %s", async (request, status, param) => {
    expect(await errorOf(create(request))).toMatchObject({ status, param })
  })
})

describe("under the profile openai", () => {
  test("a task that only moves forward, and has the video in the end", async () => {
    const { task, poll, get, load } = mock({ profile: "openai" })
    const shown = await task({ ...cat, seconds: "8", size: "1280x720", n: 2 })
    const constant = {
      id: expect.stringMatching(/^video_\w+$/),
      object: "video",
      model: "sora",
      prompt: cat.prompt,
      created_at: 1713833628,
      expires_at: 1713920028,
      size: "1280x720",
      seconds: "8",
      error: null,
      remixed_from_video_id: null,
    }
    expect(shown).toEqual({ ...constant, status: "queued", progress: 0, completed_at: null })
    const id = shown.id ?? ""
    expect(await errorOf(get(`/videos/${id}/content`))).toMatchObject({ status: 409, code: "conflict" })
    const polls = [await poll(id), await poll(id), await poll(id), await poll(id)]
    expect(polls.map(({ status, progress }) => [status, progress])).toEqual([
      ["in_progress", 33],
      ["in_progress", 67],
      ["completed", 100],
      ["completed", 100],
    ])
    const [last, again] = polls.slice(2)
    expect(again).toEqual(last)
    expect(last).toMatchObject({ ...constant, id, completed_at: 1713833628 })
    expect(last?.data).toHaveLength(2)
    expect(last?.url).toBe(last?.data?.[0]?.url)

    const content = await get(`/videos/${id}/content`)
    expect(content.headers.get("content-type")).toBe("video/mp4")
    const bytes = await bytesOf(content)
    expect(bytes).toEqual(await load(last?.url ?? ""))
    expect(await readFilm(bytes)).toMatchObject({ duration: 8, width: 1280, height: 720 })
  })

  test("the same request is the same task, which does not begin again", async () => {
    const { create, task, poll } = mock({ profile: "openai" })
    const first = await (await create(cat)).text()
    const { id = "" } = JSON.parse(first)
    await poll(id)
    expect(await (await create(cat)).text()).toBe(first)
    expect((await poll(id)).progress).toBe(67)
    expect((await task({ ...cat, prompt: "A dog" })).id).not.toBe(id)
  })

  test.each(["", "/content"])("an unknown task is a 404: /{task_id}%s", async (end) => {
    const { get } = mock({ profile: "openai" })
    for (const below of ["/video/generations", "/videos/generations", "/videos"]) {
      expect(await errorOf(get(`${below}/video_none${end}`))).toMatchObject({ status: 404, param: "task_id" })
    }
  })
})
