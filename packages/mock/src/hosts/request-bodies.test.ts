import { createServer } from "node:http"
import { type AddressInfo, connect, type Socket } from "node:net"
import { afterEach, expect, test, vi } from "vitest"
import { createRequestBodies, type UnreadBody } from "./request-bodies.ts"

const closers: (() => void)[] = []
afterEach(() => {
  for (const close of closers.splice(0)) close()
})

const maxHeldBytes = 2 ** 20
const size = 3 * 2 ** 18

/** Starts a server that reads bodies and holds each until the test releases it. */
async function holding() {
  const bodies = createRequestBodies({ maxBodyBytes: 2 ** 20, maxHeldBytes })
  let received = 0
  const held: { readonly path: string; readonly body: Uint8Array | UnreadBody; release(): void }[] = []
  const server = createServer((request) => {
    bodies.read(request, (body, release) => held.push({ path: request.url ?? "", body, release }))
    request.on("data", (chunk: Buffer) => {
      received += chunk.length
    })
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  closers.push(() => {
    server.close()
    server.closeAllConnections()
  })
  const { port } = server.address() as AddressInfo
  const send = (path: string, announced: number, sent: number): Socket => {
    const socket = connect(port, "127.0.0.1")
    socket.on("error", () => {})
    socket.write(`POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-length: ${announced}\r\n\r\n`)
    socket.write(Buffer.alloc(sent, path))
    return socket
  }
  return { held, send, paths: () => held.map(({ path }) => path), received: () => received }
}

test("large bodies wait until there is room, small ones do not, and all arrive as sent", async () => {
  const { held, send, paths } = await holding()
  for (const path of ["/a", "/b", "/c", "/d"]) send(path, size, size)
  await expect.poll(() => held.length).toBeGreaterThan(0)
  send("/small", 9, 9)
  await expect.poll(paths).toContain("/small")
  // Two together are more than the limit: at most one more than fits is read.
  expect(held.filter(({ path }) => path !== "/small").length).toBeLessThanOrEqual(2)
  for (let index = 0; index < 5; index++) {
    await expect.poll(() => held.length).toBeGreaterThan(index)
    held[index]?.release()
  }
  expect(paths().sort()).toEqual(["/a", "/b", "/c", "/d", "/small"])
  for (const { path, body } of held) {
    expect(Buffer.from(body).equals(Buffer.alloc(path === "/small" ? 9 : size, path)), path).toBe(true)
  }
})

test("clients that stop in the middle do not keep others from being read", async () => {
  const { held, send, paths } = await holding()
  const stalled = ["/x", "/y", "/z"].map((path) => send(path, size, size - 1))
  const closed = Promise.any(stalled.map((socket) => new Promise((resolve) => socket.once("close", resolve))))
  await closed
  send("/last", size, size)
  await expect.poll(paths, { timeout: 10_000 }).toContain("/last")
  for (const { release } of held) release()
})

test("what waits for clients that stopped is refused when none of them goes on", async () => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "performance"] })
  closers.push(() => vi.useRealTimers())
  const { held, send, paths, received } = await holding()
  // The first is admitted, and has all the room.
  const part = size / 8
  for (let client = 0; client < 11; client++) send(`/${client}`, size, part)
  await expect.poll(received).toBeGreaterThanOrEqual(part)
  vi.advanceTimersByTime(5_000)
  await expect.poll(() => held.filter(({ body }) => body === "no room").length).toBe(10)
  send("/last", size, size)
  await expect.poll(paths).toContain("/last")
  expect(Buffer.from(held.at(-1)?.body ?? "").equals(Buffer.alloc(size, "/last"))).toBe(true)
})

test("a body that fits beside those that stopped does not wait for them", async () => {
  const { held, send, paths } = await holding()
  send("/stops", size / 2, size / 4)
  send("/waits", size, size)
  send("/fits", size / 8, size / 8)
  await expect.poll(paths).toContain("/fits")
  expect(held[0]?.path).toBe("/fits")
})

test("clients that send a little in each second lose their turn while others wait", async () => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "performance"] })
  closers.push(() => vi.useRealTimers())
  const { send, paths, received } = await holding()
  const slow = send("/slow", size, size / 2)
  await expect.poll(received).toBe(size / 2)
  send("/waits", size, size)
  await expect.poll(received).toBeGreaterThan(size / 2)
  for (let sent = 1; sent <= 5; sent++) {
    if (!slow.destroyed) slow.write("x")
    await new Promise((resolve) => setTimeout(resolve, 10))
    vi.advanceTimersByTime(250)
  }
  await expect.poll(paths).toEqual(["/waits"])
})

test("steady clients, however slow, are no reason to refuse what waits for them", async () => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "performance"] })
  closers.push(() => vi.useRealTimers())
  const { held, send, paths, received } = await holding()
  const slow = send("/slow", size, size / 8)
  await expect.poll(received).toBe(size / 8)
  send("/waits", size, size)
  await expect.poll(received).toBeGreaterThan(size / 8)
  await new Promise((resolve) => setTimeout(resolve, 50))
  // 136 KiB in each second, for four and a half seconds.
  const part = Buffer.alloc(34 * 2 ** 10, "/slow".repeat(7))
  const [already, looks] = [received(), 18]
  for (let look = 1; look <= looks; look++) {
    slow.write(part)
    await expect.poll(received).toBe(already + look * part.length)
    vi.advanceTimersByTime(250)
  }
  slow.write(Buffer.alloc(size - size / 8 - looks * part.length))
  await expect.poll(paths).toContain("/slow")
  for (const { release } of held) release()
  await expect.poll(paths).toEqual(["/slow", "/waits"])
  expect(held.map(({ body }) => typeof body)).toEqual(["object", "object"])
})

test("what waits is served before what came later and is smaller", async () => {
  const { held, send, paths } = await holding()
  send("/first", size, size)
  await expect.poll(paths).toEqual(["/first"])
  send("/large", size, size)
  for (let later = 0; later < 5; later++) send(`/later-${later}`, size / 6, size / 6)
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(paths()).toEqual(["/first"])
  held[0]?.release()
  await expect.poll(() => held.length).toBeGreaterThan(1)
  expect(paths()[1]).toBe("/large")
})

test("small bodies that stop are given up when they fill the room", async () => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "performance"] })
  closers.push(() => vi.useRealTimers())
  const { held, send } = await holding()
  let closed = 0
  const stop = (path: string) => send(path, 60_000, 59_000).once("close", () => closed++)
  for (let client = 0; client < 60; client++) stop(`/${client}`)
  const refused = () => held.filter(({ body }) => body === "no room").length
  // Those that are too many at once are refused, the others when they have stalled.
  await expect.poll(refused).toBeGreaterThanOrEqual(20)
  vi.advanceTimersByTime(1_500)
  await expect.poll(() => closed).toBeGreaterThanOrEqual(18)
})
