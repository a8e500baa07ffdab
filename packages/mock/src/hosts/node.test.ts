import { connect, type Socket } from "node:net"
import { setImmediate as turn } from "node:timers/promises"
import type { ErrorResponse } from "@nexhina/schemas"
import type { Handle, Reply } from "@nexhina/wire"
import fc from "fast-check"
import { afterEach, describe, expect, test } from "vitest"
import { createMock, type Mock } from "../mock.ts"
import { type MockServer, type StartOptions, startMock } from "./node.ts"

const utf8 = new TextEncoder()
const frames = (...texts: string[]) => texts.map((text) => ({ bytes: utf8.encode(text) }))

const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

async function listen(options?: StartOptions): Promise<number> {
  const { url, close } = await startMock(options)
  closers.push(close)
  return Number(new URL(url).port)
}

/** Returns a mock whose replies come from a function of the test. */
const mockOf = (handle: Handle): Mock => ({ ...createMock(), handle })

/** What a client sees on the wire that sends these bytes, and how the connection ends. */
function exchange(
  port: number,
  ...sent: (string | Uint8Array)[]
): Promise<{ readonly text: string; readonly end: string }> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1")
    let text = ""
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1")
    })
    socket.on("end", () => resolve({ text, end: "closed" }))
    socket.on("error", (error) => resolve({ text, end: (error as NodeJS.ErrnoException).code ?? "" }))
    for (const bytes of sent) socket.write(bytes)
  })
}

const get = (extra = "") => `GET /v1/models HTTP/1.1\r\nhost: x\r\nauthorization: Bearer sk-x\r\n${extra}\r\n`
const last = get("connection: close\r\n")
const replying = (reply: Partial<Reply>, options?: StartOptions) =>
  listen({
    mock: mockOf(async () => ({ status: 200, headers: [], body: "", end: "complete", ...reply })),
    ...options,
  })

/** Creates a clock that only waiting moves, each time by some milliseconds more than it was asked for. */
function clock(late = 0) {
  const waits: number[] = []
  let at = 1_000_000
  return {
    waits,
    now: () => at,
    async sleep(ms: number) {
      waits.push(ms)
      at += ms + late
      await turn()
    },
    pass(ms: number) {
      at += ms
    },
  }
}

test("a schedule never drifts: each wait ends at the frame's own time, however late the last one was", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 10 }),
      fc.nat(30),
      fc.nat(100),
      async (gaps, late, thought) => {
        const { waits, pass, ...timing } = clock(late)
        const times = gaps.map((_, at) => gaps.slice(0, at + 1).reduce((sum, gap) => sum + gap, 0))
        const mock = mockOf(async () => {
          pass(thought)
          const body = times.map((atMs) => ({ bytes: utf8.encode("."), atMs }))
          return { status: 200, headers: [], body, end: "complete" }
        })
        const { text } = await exchange(await listen({ mock, ...timing }), last)
        const expected: number[] = []
        let at = thought
        for (const time of times) {
          if (time <= at) continue
          expected.push(time - at)
          at = time + late
        }
        expect(waits).toEqual(expected)
        // Late frames are still chunks of their own.
        expect(text.endsWith(`\r\n\r\n${"1\r\n.\r\n".repeat(times.length)}0\r\n\r\n`)).toBe(true)
      },
    ),
    { numRuns: 40 },
  )
})

/** Resolves with what has come once that ends so, which a reply that hangs never does by itself. */
function until(port: number, ending: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1")
    let text = ""
    socket.on("error", reject)
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1")
      if (!text.endsWith(ending)) return
      socket.destroy()
      resolve(text)
    })
    socket.write(get())
  })
}

test("a stream that is cut, reset or stalled anywhere delivers all that came before", async () => {
  const stream = Array.from({ length: 12 }, (_, at) => `data: {"at":${at}}\n\n`)
  const ends = { "early-close": "closed", reset: "ECONNRESET", hang: undefined } as const
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: stream.length }),
      fc.constantFrom(...(Object.keys(ends) as (keyof typeof ends)[])),
      fc.boolean(),
      async (count, end, paced) => {
        const sent = stream.slice(0, count)
        const body = frames(...sent).map((frame) => (paced ? { ...frame, atMs: 1 } : frame))
        const port = await replying({ body, end })
        const whole = sent.map((text) => `${text.length.toString(16)}\r\n${text}\r\n`).join("")
        const seen =
          end === "hang" ? { text: await until(port, whole), end: undefined } : await exchange(port, get())
        expect([seen.text.endsWith(`\r\n\r\n${whole}`), seen.end]).toEqual([true, ends[end]])
      },
    ),
    { numRuns: 40 },
  )
})

describe("what only a socket can show", () => {
  test("headers keep their case, order and duplicates", async () => {
    const port = await replying({
      headers: [
        ["X-B", "1"],
        ["x-a", "2"],
        ["X-B", "3"],
      ],
      body: "hi",
    })
    const { text } = await exchange(port, last)
    expect(text.split("\r\n").slice(0, 5)).toEqual([
      "HTTP/1.1 200 OK",
      "X-B: 1",
      "x-a: 2",
      "X-B: 3",
      "content-length: 2",
    ])
  })

  test("a wrong length is sent as it is", async () => {
    const port = await replying({ headers: [["content-length", "10"]], body: "short" })
    expect((await exchange(port, last)).text).toMatch(/content-length: 10\r\n.*\r\n\r\nshort$/s)
  })

  test.each([
    ["bytes", (length: number) => utf8.encode("x".repeat(length))],
    ["text", (length: number) => "ä".repeat(length / 2)],
  ])("a whole body of %s arrives whole under its length, in one piece or several", async (_, bodyOf) => {
    for (const length of [2 ** 20, 2 ** 20 + 2, 3 * 2 ** 20]) {
      const { text } = await exchange(await replying({ body: bodyOf(length) }), last)
      const [head = "", body = ""] = text.split("\r\n\r\n")
      expect(head).toMatch(new RegExp(`^content-length: ${length}$`, "m"))
      expect(Buffer.from(body, "latin1").equals(Buffer.from(bodyOf(length)))).toBe(true)
    }
  })

  test("a stream without times is one chunk", async () => {
    const port = await replying({ body: frames("one ", "two ", "three") })
    expect((await exchange(port, last)).text).toMatch(/\r\n\r\nd\r\none two three\r\n0\r\n\r\n$/)
  })

  test("head and frames of a stream are written one by one, each after a wait", async () => {
    const { waits, pass: _, ...timing } = clock()
    const body = frames("one ", "two").map((frame, i) => ({ ...frame, atMs: 30 * (i + 1) }))
    const { text } = await exchange(await replying({ head: { atMs: 20 }, body }, timing), last)
    expect(text).toMatch(/\r\n\r\n4\r\none \r\n3\r\ntwo\r\n0\r\n\r\n$/)
    expect(waits).toEqual([20, 10, 30])
  })

  test.each(["one", utf8.encode("one")])("the head of a whole body waits for its time", async (body) => {
    const { waits, pass: _, ...timing } = clock()
    const { text } = await exchange(await replying({ head: { atMs: 20 }, body }, timing), last)
    expect(text).toMatch(/content-length: 3\r\n.*\r\n\r\none$/s)
    expect(waits).toEqual([20])
  })

  test("a close before the end leaves the last chunk out", async () => {
    const { text, end } = await exchange(await replying({ body: frames("one"), end: "early-close" }), get())
    expect([text.endsWith("3\r\none\r\n"), end]).toEqual([true, "closed"])
  })

  test("a reset comes after what was written", async () => {
    const { text, end } = await exchange(await replying({ body: "one", end: "reset" }), get())
    expect([text.endsWith("3\r\none\r\n"), end]).toEqual([true, "ECONNRESET"])
  })

  test("a reset comes after what was written, also when the process stalled longer than the pause before it", async () => {
    const stall = async () => {}
    const { text, end } = await exchange(
      await replying({ body: "one", end: "reset" }, { sleep: stall }),
      get(),
    )
    expect([text.endsWith("3\r\none\r\n"), end]).toEqual([true, "ECONNRESET"])
  })
})

test("a client that leaves ends the sleep and the stream", async () => {
  let left: (() => void) | undefined
  const gone = new Promise<void>((resolve) => {
    left = resolve
  })
  let aborted = false
  async function* endless() {
    try {
      for (let atMs = 1; ; atMs++) yield { bytes: utf8.encode("more"), atMs }
    } finally {
      left?.()
    }
  }
  const port = await replying(
    { body: endless() },
    {
      now: () => 0,
      sleep: (_, signal) =>
        new Promise((_, reject) => {
          signal.addEventListener("abort", () => {
            aborted = true
            reject(signal.reason)
          })
        }),
    },
  )
  const socket = connect(port, "127.0.0.1")
  socket.write(get())
  socket.once("data", () => socket.destroy())
  await gone
  expect(aborted).toBe(true)
})

test("a stream waits for a slow reader", async () => {
  let made = 0
  function* large() {
    for (; made < 1000; made++) yield { bytes: new Uint8Array(1 << 16), atMs: made }
  }
  const port = await replying({ body: large() }, { sleep: () => turn() })
  const socket = connect(port, "127.0.0.1")
  socket.write(get())
  socket.pause()
  let before = -1
  while (before !== made || made === 0) {
    before = made
    for (let i = 0; i < 1000; i++) await turn()
  }
  expect(made).toBeLessThan(1000)
  socket.destroy()
})

test("whatever a client reads at once, others get a turn after each large part of a reply", async () => {
  let turns = 0
  const turnsOfParts: number[] = []
  function* parts() {
    for (let part = 0; part < 16; part++) {
      turnsOfParts.push(turns)
      yield { bytes: new Uint8Array(2 ** 20) }
    }
  }
  const port = await replying({ body: parts() })
  let isRead = false
  const reading = exchange(port, last).then(() => {
    isRead = true
  })
  for (; !isRead; turns++) await turn()
  await reading
  expect(new Set(turnsOfParts).size).toBe(16)
})

test("a long body arrives as it was sent, however it is framed and cut", async () => {
  const body = Buffer.from(Array.from({ length: 400_000 }, (_, at) => 97 + ((at * at) % 23)))
  const received: Uint8Array[] = []
  const mock = mockOf(async (request) => {
    received.push(request.body)
    return { status: 200, headers: [], body: "", end: "complete" }
  })
  const port = await listen({ mock })
  const head = "POST /v1/models HTTP/1.1\r\nhost: x\r\nconnection: close\r\n"
  const parts = [body.subarray(0, 70_001), body.subarray(70_001)]
  await exchange(port, `${head}content-length: ${body.length}\r\n\r\n`, ...parts)
  const chunks = parts.flatMap((part) => [`${part.length.toString(16)}\r\n`, part, "\r\n"])
  await exchange(port, `${head}transfer-encoding: chunked\r\n\r\n`, ...chunks, "0\r\n\r\n")
  expect(received.map((each) => body.equals(each))).toEqual([true, true])
})

describe("bodies that are too long", () => {
  const options = { maxBodyBytes: 1000 }
  const post = (length: number) =>
    `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: ${length}\r\n\r\n`

  test("are refused before they are sent, and the connection goes on if they are", async () => {
    const port = await listen(options)
    const { text } = await exchange(port, post(1500), "x".repeat(1500), last)
    expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(["HTTP/1.1 413", "HTTP/1.1 200"])
  })

  test("are cut off when they go on and on", async () => {
    const port = await listen(options)
    const { text } = await exchange(port, post(1e9), "x".repeat(1 << 20))
    expect(text).toMatch(/^(HTTP\/1\.1 413|$)/)
  })

  test("are refused when their length was not announced", async () => {
    const port = await listen(options)
    const head = "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"
    const { text } = await exchange(port, head, `5dc\r\n${"x".repeat(1500)}\r\n0\r\n\r\n`, last)
    expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(["HTTP/1.1 413", "HTTP/1.1 200"])
  })
})

test("a client whose body gets no room beside those that stopped is told to try again", {
  timeout: 20_000,
}, async () => {
  const port = await listen()
  const size = 30 * 2 ** 20
  const head = `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: ${size}\r\n\r\n`
  for (let client = 0; client < 10; client++) void exchange(port, head, "x".repeat(2 ** 17))
  const reply = await fetch(`http://127.0.0.1:${port}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: "Bearer sk-x", "content-type": "application/json" },
    body: new Uint8Array(size),
  })
  expect([reply.status, reply.headers.get("retry-after")]).toEqual([503, "1"])
  expect(((await reply.json()) as ErrorResponse).error).toEqual({
    message:
      "Other clients do not finish their request bodies, which take all of the 48 MiB for them. Try again.",
    type: "server_error",
    param: null,
    code: "service_unavailable",
  })
})

describe("a body that does not end", () => {
  const head = (more: string) => `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\n${more}\r\n\r\n`
  const part = "x".repeat(50_000)

  test.each([
    ["a half-closed connection", [head("content-length: 60000"), part]],
    ["a half-closed connection in a large body", [head("content-length: 400000"), part, part]],
    ["a chunk without a size", [head("transfer-encoding: chunked"), `5\r\nhello\r\n`, "zz\r\n"]],
  ])("is a 400: %s", async (_, sent) => {
    const socket = connect({ port: await listen(), host: "127.0.0.1", allowHalfOpen: true })
    let text = ""
    socket.on("data", (chunk) => {
      text += chunk
    })
    for (const bytes of sent) socket.write(bytes)
    socket.end()
    await new Promise((resolve) => socket.once("close", resolve))
    expect(text).toMatch(/^HTTP\/1\.1 400 /)
  })

  test.each(["destroy", "resetAndDestroy"] as const)("leaves no connection open: %s", async (leave) => {
    const { url, close } = await startMock()
    closers.push(close)
    const count = async () => (await fetch(`${url}/nothing`)).status
    const sockets = await Promise.all(
      Array.from({ length: 10 }, async () => {
        const socket = connect(Number(new URL(url).port), "127.0.0.1")
        await new Promise((sent) => socket.write(head("content-length: 60000") + part, sent))
        return socket
      }),
    )
    expect(await count()).toBe(404)
    for (const socket of sockets) socket[leave]()
    const open = () => process.getActiveResourcesInfo().filter((name) => name === "TCPSocketWrap").length
    const before = open()
    await expect.poll(open, { timeout: 5_000 }).toBeLessThanOrEqual(Math.max(before - 10, 4))
  })
})

test("a client that leaves at any byte does no harm", async () => {
  const crashes: unknown[] = []
  const onCrash = (error: unknown) => crashes.push(error)
  const port = await listen({ onCrash })
  const body = JSON.stringify({
    model: "gpt-4o",
    stream: true,
    messages: [{ role: "user", content: "x".repeat(5000) }],
  })
  const request =
    "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer sk-x\r\n" +
    `content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`
  await fc.assert(
    fc.asyncProperty(fc.nat(request.length), fc.boolean(), async (length, reset) => {
      const socket = connect(port, "127.0.0.1")
      await new Promise<void>((sent) => socket.write(request.slice(0, length), () => sent()))
      await turn()
      if (reset) socket.resetAndDestroy()
      else socket.destroy()
    }),
    { numRuns: 100 },
  )
  expect((await exchange(port, last)).text).toMatch(/^HTTP\/1\.1 200/)
  expect(crashes).toEqual([])
})

test("an answer that rejects, or a body that throws, cuts its connection and is reported", async () => {
  const failure = new Error("a bug")
  function* broken() {
    yield { bytes: utf8.encode("one"), atMs: 0 }
    throw failure
  }
  const answers: Handle[] = [
    async () => {
      throw failure
    },
    async () => ({ status: 200, headers: [], body: broken(), end: "complete" }),
  ]
  for (const answer of answers) {
    const crashes: unknown[] = []
    const port = await listen({ mock: mockOf(answer), onCrash: (error) => crashes.push(error) })
    expect((await exchange(port, get())).text).not.toMatch(/0\r\n\r\n$/)
    expect(crashes).toEqual([failure])
  }
})

describe("startMock", () => {
  const models = ({ baseURL, apiKey }: MockServer) =>
    fetch(`${baseURL}/models`, { headers: { authorization: `Bearer ${apiKey}` } })

  test("listens on loopback until it is disposed of", async () => {
    let server: MockServer
    {
      await using scoped = await startMock({ keys: ["sk-only"] })
      server = scoped
      expect(scoped.baseURL).toBe(`${scoped.url}/v1`)
      expect(scoped.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
      expect((await models(scoped)).status).toBe(200)
      expect(scoped.mock.exchanges.map(({ request }) => request.target)).toEqual([`${scoped.baseURL}/models`])
    }
    await expect(models(server)).rejects.toThrow()
  })

  test("passes requests that nobody intercepts to the mock", async () => {
    await using server = await startMock({
      intercept(request, response) {
        if (request.url !== "/own") return false
        response.end("own")
        return true
      },
    })
    expect(await (await fetch(`${server.url}/own`)).text()).toBe("own")
    expect((await models(server)).status).toBe(200)
  })

  test("rejects when the port is taken", async () => {
    await using server = await startMock()
    await expect(startMock({ port: Number(new URL(server.url).port) })).rejects.toMatchObject({
      code: "EADDRINUSE",
    })
  })
})

test("garbage that keeps its socket open is refused with a request id, and closed (F6, E14)", async () => {
  const socket = connect({ port: await listen(), host: "127.0.0.1", allowHalfOpen: true })
  let text = ""
  socket.on("data", (chunk) => {
    text += chunk
  })
  socket.on("error", () => {})
  socket.write("garbage\r\n\r\n")
  await new Promise((resolve) => socket.once("end", resolve))
  expect(text).toMatch(/^HTTP\/1\.1 400 .*\r\nx-request-id: req_[\w-]+\r\n/s)
  // A socket that stays open lasts until the test's time is up.
  while (!socket.destroyed) {
    socket.write("x")
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
})

test("headers without an end are handled once, however many packets arrive before the reply", async () => {
  const { handle } = createMock()
  let handled = 0
  const slow: Handle = async (request) => {
    handled++
    await new Promise((resolve) => setTimeout(resolve, 100))
    return handle(request)
  }
  const port = await listen({ mock: mockOf(slow) })
  const { text } = await exchange(port, `GET /v1/models HTTP/1.1\r\nx-long: ${"x".repeat(2 ** 20)}`)
  expect(text).toMatch(/^HTTP\/1\.1 431/)
  expect(handled).toBe(1)
})

test("garbage during a stream closes the connection without bytes of another reply (F8)", async () => {
  async function* body() {
    yield { bytes: utf8.encode("data: 1\n\n") }
    await new Promise(() => {})
  }
  const port = await replying({ body: body() })
  const socket = connect(port, "127.0.0.1")
  let text = ""
  const closed = new Promise((resolve) => socket.once("close", resolve))
  socket.on("error", () => {})
  socket.on("data", (chunk) => {
    text += chunk
    if (text.includes("data: 1")) socket.write("garbage\r\n\r\n")
  })
  socket.write(get())
  await closed
  expect(text).toContain("data: 1")
  expect(text).not.toContain("400 Bad Request")
})

test("drain ends while a client holds half a request (F7)", { timeout: 10_000 }, async () => {
  const { url, drain } = await startMock()
  const socket = connect(Number(new URL(url).port), "127.0.0.1")
  socket.on("error", () => {})
  socket.write("POST /v1/models HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nhalf")
  await new Promise((resolve) => setTimeout(resolve, 50))
  await drain()
})

describe("faults of HTTP (F9, F12, E14)", () => {
  const headers = Array.from({ length: 1_100 }, (_, index) => `a${index}:`).join("\r\n")
  test.each([
    ["no Host", 400, "GET /v1/models HTTP/1.1\r\nauthorization: Bearer sk-x\r\n\r\n"],
    ["an unknown expectation", 417, get("expect: other\r\n")],
    [
      "more than 1,000 headers",
      431,
      `GET /v1/models HTTP/1.1\r\nhost: x\r\n${headers}\r\nauthorization: Bearer sk-x\r\n\r\n`,
    ],
    ["headers of more than 16 KiB", 431, get(`a: ${"x".repeat(20_000)}\r\n`)],
    ["garbage", 400, "garbage\r\n\r\n"],
  ])("%s is a %i with the error body, a request id and CORS headers", async (_case, status, bytes) => {
    const { text, end } = await exchange(await listen(), bytes)
    const [head = "", body = ""] = text.split("\r\n\r\n")
    expect(head).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
    expect(head).toMatch(/^x-request-id: req_\w+\r?$/im)
    expect(head).toMatch(/^access-control-allow-origin: \*\r?$/im)
    expect(JSON.parse(body)).toMatchObject({ error: { type: "invalid_request_error" } })
    expect(end).toBe("closed")
    expect((await exchange(await listen(), bytes)).text.replace(/^date:.*$/im, "")).toBe(
      text.replace(/^date:.*$/im, ""),
    )
  })

  test("HTTP/1.0 needs no Host", async () => {
    const { text } = await exchange(
      await listen(),
      "GET /v1/models HTTP/1.0\r\nauthorization: Bearer sk-x\r\n\r\n",
    )
    expect(text).toMatch(/^HTTP\/1\.1 200/)
  })

  test("requests before garbage are answered", async () => {
    const { text, end } = await exchange(await listen(), `${get()}${get()}garbage\r\n\r\n`)
    expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(["HTTP/1.1 200", "HTTP/1.1 200", "HTTP/1.1 400"])
    expect(end).toBe("closed")
  })
})

describe("clients that do not read (F11)", () => {
  const large = { bytes: new Uint8Array(16 * 2 ** 20) }
  const never = 600_000
  const sockets: Socket[] = []
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy()
  })

  /** Asks as a number of clients that do not read, and calls back for each reply that the server gives up. */
  async function unread(clients: number, writeTimeoutMs: number, lost: () => void): Promise<void> {
    async function* body() {
      try {
        yield large
      } finally {
        lost()
      }
    }
    const reply = { status: 200, headers: [], end: "complete" } as const
    const port = await listen({ mock: mockOf(async () => ({ ...reply, body: body() })), writeTimeoutMs })
    for (let client = 0; client < clients; client++) {
      const socket = connect(port, "127.0.0.1").pause()
      sockets.push(socket)
      socket.on("error", () => {})
      socket.write(get())
    }
  }

  test("lose their connection after the write timeout", async () => {
    const lost: string[] = []
    await unread(1, never, () => lost.push("late"))
    await unread(1, 500, () => lost.push("soon"))
    await expect.poll(() => lost, { timeout: 60_000 }).toEqual(["soon"])
  })

  test("lose it when too much is unsent, until the rest is within the limit", async () => {
    let lost = 0
    await unread(12, never, () => lost++)
    await expect.poll(() => lost, { timeout: 60_000 }).toBeGreaterThan(2)
    expect(lost).toBeLessThan(7)
  })

  test("keep it while the reply waits for its next frame", async () => {
    async function* body() {
      yield { bytes: utf8.encode("data: 1\n\n") }
      await new Promise((resolve) => setTimeout(resolve, 1_000))
      yield { bytes: utf8.encode("data: 2\n\n") }
    }
    const port = await replying({ body: body() }, { writeTimeoutMs: 200 })
    expect((await exchange(port, last)).text).toContain("data: 2")
  })
})
