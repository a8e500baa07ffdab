import type { Reply } from "@nexhina/wire"
import { expect, test } from "vitest"
import { createMock } from "../mock.ts"

const { handle } = createMock()
const target = "/v1/media/image.png?seed=a&width=16&height=16&background=opaque&quality=100"

async function get(range?: string, others: readonly (readonly [string, string])[] = [], method = "GET") {
  const headers = [...(range === undefined ? [] : [["range", range] as const]), ...others]
  const reply = await handle({ method, target, headers, body: new Uint8Array() })
  const named = Object.fromEntries(reply.headers)
  return { status: reply.status, bytes: reply.body as Uint8Array, range: named["content-range"], named }
}

test.each([
  ["bytes=0-9", 0, 10],
  ["bytes=10-", 10, undefined],
  ["bytes=-5", -5, undefined],
  ["bytes=0-999999", 0, undefined],
])("%s is a 206 with that part (F12)", async (range, start, end) => {
  const whole = (await get()).bytes
  const part = await get(range)
  expect(part.status).toBe(206)
  expect(part.bytes).toEqual(whole.subarray(start, end))
  const first = start < 0 ? whole.length + start : start
  expect(part.range).toBe(`bytes ${first}-${first + part.bytes.length - 1}/${whole.length}`)
  expect(part.named["content-type"]).toBe("image/png")
  expect(part.named["x-request-id"]).toMatch(/^req_/)
})

test.each(["", "?variant=thumbnail"])("the content of a video has parts (F12): %j", async (query) => {
  const { handle } = createMock({ profile: "openai" })
  const ask = async (method: string, path: string, more: readonly (readonly [string, string])[] = []) =>
    await handle({
      method,
      target: `/v1/videos${path}`,
      headers: [["authorization", "Bearer sk-test"], ["content-type", "application/json"], ...more],
      body: new TextEncoder().encode(method === "POST" ? '{"prompt":"A cat"}' : ""),
    })
  const read = ({ body }: Reply) => JSON.parse(String(body)) as { id: string; status: string }
  let video = read(await ask("POST", ""))
  while (video.status !== "completed") video = read(await ask("GET", `/${video.id}`))
  const whole = (await ask("GET", `/${video.id}/content${query}`)).body as Uint8Array
  const part = await ask("GET", `/${video.id}/content${query}`, [["range", "bytes=4-7"]])
  expect([part.status, part.body]).toEqual([206, whole.subarray(4, 8)])
  expect(Object.fromEntries(part.headers)["content-range"]).toBe(`bytes 4-7/${whole.length}`)
})

test.each(["bytes=999999-", "bytes=-0"])("%s is a 416 that names the length", async (range) => {
  const { length } = (await get()).bytes
  expect(await get(range)).toMatchObject({ status: 416, range: `bytes */${length}` })
})

test.each(["bytes=0-1,4-5", "bytes=5-1", "bytes=-", "lines=0-1"])("%s is ignored", async (range) => {
  expect(await get(range)).toMatchObject({ status: 200, range: undefined })
})

test("a range is ignored with if-range, and for HEAD", async () => {
  expect((await get("bytes=0-9", [["if-range", '"a"']])).status).toBe(200)
  expect((await get("bytes=0-9", [], "HEAD")).status).toBe(200)
})
