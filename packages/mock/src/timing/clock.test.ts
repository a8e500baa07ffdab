import type { MockRequest } from "@nexhina/wire"
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { createMock, type Mock } from "../mock.ts"
import { createClocks } from "./clock.ts"

test("advances add up, on both clocks, until a reset", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(100_000)), (steps) => {
      const clocks = createClocks(
        () => 1000,
        () => 5,
      )
      for (const step of steps) clocks.advance(step)
      const total = steps.reduce((sum, step) => sum + step, 0)
      expect([clocks.elapsedMs, clocks.stamp()]).toEqual([total, 1000 + Math.floor(total / 1000)])
      clocks.reset()
      expect([clocks.elapsedMs, clocks.stamp()]).toEqual([0, 1000])
    }),
  )
})

test("elapsed time counts from the creation of the clocks; times in a shared store do not", () => {
  fc.assert(
    fc.property(fc.nat(), fc.nat(), fc.nat(), (created, later, advanced) => {
      let now = created
      const clocks = createClocks(
        () => 0,
        () => now,
      )
      now += later
      clocks.advance(advanced)
      expect([clocks.elapsedMs, clocks.sharedMs]).toEqual([later + advanced, now + advanced])
    }),
  )
})

test.each([-1, Number.NaN, Number.POSITIVE_INFINITY])("a clock does not advance by %d", (ms) => {
  expect(() => createMock().clock.advance(ms)).toThrow(RangeError)
})

const headers: [string, string][] = [
  ["authorization", "Bearer sk-x"],
  ["content-type", "application/json"],
]
async function call(mock: Mock, method: string, path: string, body?: object) {
  const bytes = body === undefined ? new Uint8Array() : new TextEncoder().encode(JSON.stringify(body))
  const request: MockRequest = { method, target: `/v1/${path}`, headers, body: bytes }
  const reply = await mock.handle(request)
  return { status: reply.status, value: typeof reply.body === "string" ? JSON.parse(reply.body) : undefined }
}

describe("what the clock moves", () => {
  const openai = () => createMock({ profile: "openai", elapsed: () => 0 })

  test("stamps", async () => {
    const mock = openai()
    const chat = { model: "gpt-4o", messages: [{ role: "user", content: "Hi" }] }
    const { value: before } = await call(mock, "POST", "chat/completions", chat)
    mock.clock.advance(30_000)
    const { value: after } = await call(mock, "POST", "chat/completions", chat)
    expect(after).toEqual({ ...before, created: before.created + 30 })
  })

  test("video jobs: ten seconds are worth a retrieval", async () => {
    const mock = openai()
    const { value: task } = await call(mock, "POST", "videos", { model: "sora-2", prompt: "A lake" })
    expect(task.status).toBe("queued")
    expect((await call(mock, "GET", `videos/${task.id}/content`)).status).toBe(409)
    mock.clock.advance(20_000)
    expect((await call(mock, "GET", `videos/${task.id}`)).value).toMatchObject({
      status: "in_progress",
      progress: 67,
    })
    mock.clock.advance(10_000)
    expect((await call(mock, "GET", `videos/${task.id}/content`)).status).toBe(200)
    expect((await call(mock, "GET", `videos/${task.id}`)).value).toMatchObject({
      status: "completed",
      completed_at: task.created_at + 30,
    })
  })

  test("the expiry of videos, which retrievals do not put off", async () => {
    const mock = openai()
    const { value: task } = await call(mock, "POST", "videos", { model: "sora-2", prompt: "A lake" })
    const get = async () => (await call(mock, "GET", `videos/${task.id}`)).status
    mock.clock.advance((task.expires_at - task.created_at) * 1000 - 1)
    expect(await get()).toBe(200)
    mock.clock.advance(2)
    expect(await get()).toBe(404)
  })

  test("the expiry of stored responses, after 30 days", async () => {
    const mock = openai()
    const { value: response } = await call(mock, "POST", "responses", { model: "gpt-4o", input: "Hi" })
    const get = async () => (await call(mock, "GET", `responses/${response.id}`)).status
    mock.clock.advance(30 * 86_400_000 - 1)
    expect(await get()).toBe(200)
    mock.clock.advance(2)
    expect(await get()).toBe(404)
  })

  test("not the schedule of a reply", async () => {
    const mock = createMock({ latency: { ttft: 100 } })
    mock.clock.advance(1000)
    const body = new TextEncoder().encode('{"model":"text-embedding-3-small","input":"x"}')
    expect((await mock.handle({ method: "POST", target: "/v1/embeddings", headers, body })).head).toEqual({
      atMs: 100,
    })
  })
})
