import { ErrorResponse } from "@nexhina/schemas"
import { expect, test } from "vitest"
import { toFetch } from "../hosts/fetch.ts"
import { createMock } from "../mock.ts"

const fetch = toFetch(createMock({ keys: ["sk-only"] }))
const load = (path: string, init?: RequestInit) =>
  fetch(new Request(`https://gateway.example/v1/media/${path}`, init))

const image = { seed: "a", width: "4", height: "3", background: "opaque", quality: "100" }
const film = { size: "1280x720", frames: "12", fps: "12", title: "a" }
const query = (members: object) => `${new URLSearchParams({ ...members })}`

test.each([
  [`image.png?${query(image)}`, "image/png"],
  [`image.jpeg?${query(image)}`, "image/jpeg"],
  [`image.webp?${query(image)}`, "image/webp"],
  [`video.mp4?${query(film)}`, "video/mp4"],
])("%s is served without a key, as %s", async (path, type) => {
  const response = await load(path)
  expect(response.status).toBe(200)
  expect(response.headers.get("content-type")).toBe(type)
  expect(response.headers.get("access-control-allow-origin")).toBe("*")
  const head = await load(path, { method: "HEAD" })
  expect(head.status).toBe(200)
  expect(head.headers.get("content-length")).toBe(String((await response.arrayBuffer()).byteLength))
})

test.each(["", "image", "image.gif", "image.png/..", "constructor", "video.webm"])(
  "there is no file '%s'",
  async (name) => {
    const response = await load(`${name}?${query(image)}`)
    expect(response.status).toBe(404)
    expect(ErrorResponse.parse(await response.json()).error.message).toMatch(/^File .* not found\.$/)
  },
)

test.each([
  ["image.png", { ...image, width: "0" }, "width"],
  ["image.png", { ...image, width: "1e9", height: "1e9" }, "width"],
  ["image.png", { ...image, width: "9007199254740991" }, "width"],
  ["image.webp", { ...image, width: "16384" }, "width"],
  ["image.png", { ...image, width: "many" }, "width"],
  ["image.png", { ...image, height: "-3" }, "height"],
  ["image.png", { ...image, background: "pink" }, "background"],
  ["image.jpeg", { ...image, quality: "101" }, "quality"],
  ["image.webp", {}, "seed"],
  ["video.mp4", { ...film, size: "1x1" }, "size"],
  ["video.mp4", { ...film, frames: "3601" }, "frames"],
  ["video.mp4", { ...film, fps: "0" }, "fps"],
  ["video.mp4", { ...film, title: "a".repeat(101) }, "title"],
])("%s with %j is a 400 that names %s", async (name, members, param) => {
  const response = await load(`${name}?${query(members)}`)
  expect(response.status).toBe(400)
  expect(ErrorResponse.parse(await response.json()).error.param).toBe(param)
})

test("files are only read", async () => {
  const response = await load(`image.png?${query(image)}`, { method: "DELETE" })
  expect(response.status).toBe(405)
  expect(response.headers.get("allow")).toBe("GET, HEAD")
  const preflight = await load(`image.png?${query(image)}`, { method: "OPTIONS" })
  expect(preflight.status).toBe(204)
  expect(preflight.headers.get("access-control-allow-methods")).toBe("GET, HEAD")
})
