import { once } from "node:events"
import { connect, type Socket } from "node:net"
import fc from "fast-check"
import { afterEach, expect, test } from "vitest"
import { createMock } from "../mock.ts"
import type { Responder } from "../replies/utterance/respond.ts"
import { memoryStore } from "../store.ts"
import { startMock } from "./node.ts"

const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

/** Returns a request for a response whose input has a size. With an id it continues another response. */
function requestOf(name: string, size: number, previous_response_id?: string): string {
  const input = `${name} ${"x".repeat(size)}`
  const body = JSON.stringify({ model: "gpt-4o", input, user: name, previous_response_id })
  return (
    "POST /v1/responses HTTP/1.1\r\nhost: x\r\nauthorization: Bearer sk-x\r\n" +
    `content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`
  )
}

/** Starts a mock that waits for a gate before it continues another response. It notes what it received and answered. */
async function gated() {
  let open = () => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  const answered: string[] = []
  const store = memoryStore(() => 0)
  const responder: Responder = ({ request }) => {
    answered.push(request.user ?? "")
    return undefined
  }
  const mock = createMock({
    responders: [responder],
    journal: { maxBytes: 2 ** 25 },
    store: { ...store, get: (key) => opened.then(() => store.get(key)) },
  })
  let received = 0
  const { url, close } = await startMock({
    mock: {
      ...mock,
      handle(request) {
        received++
        return mock.handle(request)
      },
    },
  })
  closers.push(close)
  return { mock, open, answered, port: Number(new URL(url).port), received: () => received }
}

function send(port: number, request: string): Socket {
  const socket = connect(port, "127.0.0.1")
  socket.on("error", () => {})
  socket.write(request)
  return socket
}

test.each([
  ["alone, on connections of their own", 2 ** 20, false],
  ["alone, pipelined on one connection", 2 ** 20, true],
])(
  "large requests whose clients hang up while they wait %s are never worked on",
  async (_case, size, isPipelined) => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 12 }), fc.boolean(), async (clients, isReset) => {
        const { mock, open, answered, port, received } = await gated()
        const first = send(port, requestOf("first", size, "resp_unknown"))
        await expect.poll(received).toBe(1)
        const large = requestOf("large", size)
        const others = isPipelined
          ? [send(port, large.repeat(clients))]
          : Array.from({ length: clients }, () => send(port, large))
        await expect.poll(received).toBe(1 + clients)
        for (const each of others) isReset ? each.resetAndDestroy() : each.destroy()
        const aborted = () => mock.exchanges.filter(({ end }) => end.kind === "aborted")
        await expect.poll(() => aborted().length).toBe(clients)
        for (const exchange of aborted()) expect(exchange).not.toHaveProperty("response")
        // The first one still holds its place.
        await once(send(port, requestOf("small", 1)), "data")
        open()
        expect(String(await once(first, "data"))).toMatch(/^HTTP\/1\.1 400 .*resp_unknown/s)
        expect(answered).toEqual(["small"])
      }),
      { numRuns: 4 },
    )
  },
)
