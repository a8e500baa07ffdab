import { setupServer } from "msw/node"
import { afterAll, beforeAll, expect, test } from "vitest"
import { createMock } from "../mock.ts"
import { toMsw } from "./msw.ts"

const baseUrl = "https://gateway.example/api/ai"
const server = setupServer(...toMsw(createMock(), baseUrl))
beforeAll(() => server.listen({ onUnhandledRequest: "error" }))
afterAll(() => server.close())

test("the files that replies name by URL are there, wherever the API is", async () => {
  const reply = await fetch(`${baseUrl}/images/generations`, {
    method: "POST",
    headers: { authorization: "Bearer sk-x", "content-type": "application/json" },
    body: JSON.stringify({ model: "dall-e-2", prompt: "A lake", size: "256x256" }),
  })
  const { data } = (await reply.json()) as { data: { url: string }[] }
  const image = await fetch(data[0]?.url ?? "")
  expect([image.status, image.headers.get("content-type")]).toEqual([200, "image/png"])
})
