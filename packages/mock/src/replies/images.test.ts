import { type ErrorObject, ErrorResponse, ImageGenerationResponse } from "@nexhina/schemas"
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { againstDocument } from "../../test/against-document.ts"
import { decodeImage } from "../../test/decode-image.ts"
import { toFetch } from "../hosts/fetch.ts"
import { createMock, type MockOptions } from "../mock.ts"

const origin = "https://gateway.example"

function mock(options: MockOptions = {}) {
  const fetch = toFetch(
    againstDocument(
      createMock({
        onCrash(error) {
          throw error
        },
        ...options,
      }),
    ),
  )
  const ask = (request: object) =>
    fetch(
      new Request(`${origin}/v1/images/generations`, {
        method: "POST",
        headers: { authorization: "Bearer sk-test", "content-type": "application/json" },
        body: JSON.stringify(request),
      }),
    )
  return {
    ask,
    /** As a browser would show it: without a key. */
    load: (url: string, init?: RequestInit) => fetch(new Request(new URL(url, origin), init)),
    async images(request: object) {
      const response = await ask(request)
      const reply: unknown = await response.json()
      expect(response.status, JSON.stringify(reply)).toBe(200)
      return ImageGenerationResponse.parse(reply)
    },
    async refusal(request: object): Promise<Partial<ErrorObject> & { status: number }> {
      const response = await ask(request)
      return { status: response.status, ...ErrorResponse.parse(await response.json()).error }
    },
  }
}

const bytesOf = async (response: Response) => new Uint8Array(await response.arrayBuffer())

// Not so small that the sun is in the corner.
const side = fc.integer({ min: 10, max: 80 })
const requests = fc.record(
  {
    prompt: fc.string(),
    model: fc.constant("any-image"),
    size: fc.tuple(side, side).map((sides) => sides.join("x")),
    n: fc.integer({ min: 1, max: 3 }),
    background: fc.constantFrom("transparent", "opaque", "auto"),
    output_format: fc.constantFrom("png", "webp"),
    output_compression: fc.nat({ max: 100 }),
  },
  { requiredKeys: ["prompt", "model", "size"] },
)

test("as many images as asked for, of the size, the kind and the background asked for, by url as in base64", async () => {
  const { images, load } = mock()
  await fc.assert(
    fc.asyncProperty(requests, async (request) => {
      const { data } = await images({ ...request, response_format: "url" })
      const embedded = await images({ ...request, response_format: "b64_json" })
      expect(data).toHaveLength(request.n ?? 1)
      const format = request.output_format ?? "png"
      for (const [index, { url }] of data.entries()) {
        const response = await load(url ?? "")
        const bytes = await bytesOf(response)
        expect(response.headers.get("content-type")).toBe(`image/${format}`)
        expect(response.headers.get("access-control-allow-origin")).toBe("*")
        expect(Buffer.from(embedded.data[index]?.b64_json ?? "", "base64").equals(bytes)).toBe(true)
        const { width, height, data } = await decodeImage(bytes, format)
        expect(`${width}x${height}`).toBe(request.size)
        expect(data[3]).toBe(request.background === "transparent" ? 0 : 255)
      }
    }),
    { numRuns: 40 },
  )
})

test.each([
  ["gpt-image-1", undefined, 1024, 1024],
  ["gpt-image-1", "auto", 1024, 1024],
  ["gpt-image-1", "1024x1536", 1024, 1536],
  ["dall-e-3", "1792x1024", 1792, 1024],
  ["dall-e-2", "256x256", 256, 256],
  [undefined, null, 1024, 1024],
])("%s draws size %s", async (model, size, width, height) => {
  const { images, load } = mock()
  const { data } = await images({ prompt: "A lake", model, size, output_format: "jpeg" })
  const response = await load(data[0]?.url ?? "")
  expect(await decodeImage(await bytesOf(response), "jpeg")).toMatchObject({ width, height })
})

test("what is drawn depends on seed, model, prompt and place, and on nothing else", async () => {
  const lake = { prompt: "A lake", model: "dall-e-2", size: "256x256" }
  const urls = async (request: object, options?: MockOptions) =>
    (await mock(options).images({ ...lake, ...request })).data.map(({ url }) => url)
  const [first, second] = await urls({ n: 2 })
  expect(first).not.toBe(second)
  expect(await urls({ user: "someone", style: "vivid", quality: "hd" })).toEqual([first])
  const others = await Promise.all([
    urls({ prompt: "A hill" }),
    urls({ model: "dall-e-3", size: "1024x1024" }),
    urls({}, { seed: 1 }),
  ])
  const seeds = [first, second, ...others.flat()].map((url) => new URL(url ?? "").searchParams.get("seed"))
  expect(new Set(seeds).size).toBe(5)
})

test("GPT image models count their tokens, and the sums are right", async () => {
  const { images } = mock()
  const lake = { prompt: "A cute cat sitting on a windowsill", model: "gpt-image-1" }
  expect(await images({ ...lake, n: 2, size: "1024x1536", quality: "high" })).toMatchObject({
    usage: {
      total_tokens: 12_488,
      input_tokens: 8,
      output_tokens: 12_480,
      input_tokens_details: { text_tokens: 8, image_tokens: 0 },
    },
  })
  expect(await images({ ...lake, model: "dall-e-3" })).not.toHaveProperty("usage")
})

test("dall-e-3 says how it revised the prompt", async () => {
  const { data } = await mock().images({ prompt: "A lake", model: "dall-e-3" })
  expect(data[0]?.revised_prompt).toMatch(/^A lake .+/)
})

describe("GPT image models under the profile openai", () => {
  const { images, refusal } = mock({ profile: "openai" })
  const lake = { prompt: "A lake", model: "gpt-image-1", size: "auto" }

  test("answer in base64, and say what was made", async () => {
    const { data, ...rest } = await images({ ...lake, background: "transparent", output_format: "webp" })
    expect(rest).toMatchObject({
      background: "transparent",
      output_format: "webp",
      size: "1024x1024",
      quality: "medium",
    })
    expect(Object.keys(data[0] ?? {})).toEqual(["b64_json"])
  })

  test("refuse response_format by name", async () => {
    expect(await refusal({ ...lake, response_format: "b64_json" })).toMatchObject({
      status: 400,
      param: "response_format",
      code: "unknown_parameter",
    })
  })

  test("leave other models as they are", async () => {
    const reply = await images({ prompt: "A lake", model: "dall-e-2" })
    expect(Object.keys(reply)).toEqual(["created", "data"])
    expect(reply.data[0]?.url).toMatch(/^https:/)
  })
})

test.each([
  [{ prompt: "A lake", size: "0x0" }, 400, "size"],
  [{ prompt: "A lake", size: "99999x99999" }, 400, "size"],
  [{ prompt: "A lake", size: "big" }, 400, "size"],
  [{ prompt: "A lake", size: "4096x4096" }, 400, "size"],
  [{ prompt: "A lake", size: "256x256", model: "gpt-image-1" }, 400, "size"],
  [{ prompt: "A lake", size: "1536x1024", model: "dall-e-3" }, 400, "size"],
  [{ prompt: "A lake", size: 1024 }, 400, "size"],
  [{ prompt: "A lake", n: 0 }, 400, "n"],
  [{ prompt: "A lake", n: 11 }, 400, "n"],
  [{ prompt: "A lake", n: 2, model: "dall-e-3" }, 400, "n"],
  [{ prompt: "A lake", output_format: "gif" }, 400, "output_format"],
  [{ prompt: "A lake", output_compression: 101 }, 400, "output_compression"],
  [{ prompt: "A lake", response_format: "file" }, 400, "response_format"],
  [{ prompt: "A lake", background: "transparent", output_format: "jpeg" }, 400, "background"],
  [{ prompt: "A lake", model: "gpt-4o" }, 400, "model"],
  [{ model: "dall-e-2" }, 400, "prompt"],
])("%j is refused with %i, which names %s", async (request, status, param) => {
  expect(await mock().refusal(request)).toMatchObject({ status, param })
})

test("a model that is not served is a 404", async () => {
  const { refusal } = mock({ strictModels: true })
  expect(await refusal({ prompt: "A lake", model: "nobody" })).toMatchObject({ status: 404, param: "model" })
})
