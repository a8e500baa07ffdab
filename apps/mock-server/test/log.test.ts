import { once } from "node:events"
import { connect, type Socket } from "node:net"
import { createMock } from "@nexhina/mock"
import type { MockServer } from "@nexhina/mock/node"
import { afterEach, expect, test, vi } from "vitest"
import { catalogue } from "../src/catalogue.ts"
import { serve } from "../src/serve.ts"

interface Line {
  readonly path: string
  readonly status: number | null
  readonly cut?: string
  readonly bytes?: number
}

let server: MockServer | undefined
let lines: Line[] = []
afterEach(async () => {
  await server?.close()
  vi.restoreAllMocks()
})

async function start(drainMs = 0): Promise<MockServer> {
  lines = []
  vi.spyOn(console, "log").mockImplementation((line: string) => void lines.push(JSON.parse(line)))
  const settings = { host: "127.0.0.1", port: 0, drainMs, log: "json" } as const
  server = await serve(createMock({ alterations: catalogue }), settings, console.error)
  return server
}

/** Sends a request for a stream that stalls, and resolves when its first bytes, if any, have come. */
async function ask({ url }: MockServer, fault: string, waits = true): Promise<Socket> {
  const body = JSON.stringify({ model: "gpt-4o", stream: true, messages: [{ role: "user", content: "Hi" }] })
  const socket = connect(Number(new URL(url).port), "127.0.0.1")
  socket.on("error", () => {})
  socket.write(
    `POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\nauthorization: Bearer sk-x\r\nx-mock-fault: ${fault}\r\n` +
      `content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  )
  if (waits) await once(socket, "data")
  return socket
}

const stalled = "after 1 event: stall 60s"
const logged = () => vi.waitFor(() => expect(lines).toHaveLength(1), { timeout: 10_000 })

test.each(["end", "resetAndDestroy"] as const)("a client that hangs up (%s) is named", async (leave) => {
  const socket = await ask(await start(), stalled)
  socket[leave]()
  await logged()
  expect(lines).toMatchObject([{ status: 200, cut: "client hung up", bytes: expect.any(Number) }])
  expect(lines[0]?.bytes).toBeGreaterThan(100)
})

test("a reply that was cut before its head is logged without a status", async () => {
  const started = await start()
  const socket = await ask(started, "hang", false)
  await vi.waitFor(() => expect(started.mock.exchanges).toHaveLength(1))
  socket.destroy()
  await logged()
  expect(lines).toMatchObject([{ status: null, cut: "client hung up", bytes: 0 }])
})

test("the deadline of a drain is named", async () => {
  const started = await start(1)
  await ask(started, stalled)
  await started.drain()
  server = undefined
  expect(lines).toMatchObject([{ status: 200, cut: "cut by the drain deadline" }])
})

test("a fault is named, and a reply that is complete has neither reason nor bytes", async () => {
  const started = await start()
  await ask(started, "after 1 event: reset")
  await logged()
  expect(lines).toMatchObject([{ status: 200, cut: "cut by a fault" }])
  lines = []
  await (await fetch(`${started.baseURL}/models`, { headers: { authorization: "Bearer sk-x" } })).text()
  await logged()
  expect(Object.keys(lines[0] ?? {})).toEqual(["at", "method", "path", "status", "ms"])
})

test("an explanation of several lines is one line of the pretty log", async () => {
  const printed: string[] = []
  vi.spyOn(console, "log").mockImplementation((line: string) => void printed.push(line))
  const mock = createMock({ scenarios: [{ match: { user: "Hello" }, answer: {} }], strictScenarios: true })
  server = await serve(mock, { host: "127.0.0.1", port: 0, drainMs: 0, log: "pretty" }, console.error)
  const body = JSON.stringify({ model: "gpt-4o", messages: [{ role: "user", content: "Hallo" }] })
  const headers = { authorization: "Bearer sk-x", "content-type": "application/json" }
  await (await fetch(`${server.baseURL}/chat/completions`, { method: "POST", headers, body })).text()
  await vi.waitFor(() => expect(printed).toHaveLength(1), { timeout: 10_000 })
  expect(printed[0]).toContain(
    `No scenario matches this request. The nearest scenarios: - 'scenarios[0]' user: expected "Hello"`,
  )
})
