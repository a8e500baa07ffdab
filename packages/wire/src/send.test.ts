import net, { type AddressInfo } from "node:net"
import tls from "node:tls"
import { gzipSync } from "node:zlib"
import * as fc from "fast-check"
import { expect, onTestFinished, test } from "vitest"
import { selfSigned } from "../test/self-signed.ts"
import { decodedBody } from "./decoded-body.ts"
import { bodyOf, type Exchange } from "./exchange.ts"
import type { Header } from "./reply.ts"
import { createSend, type SendConfig, type WireRequest } from "./send.ts"

/** What a server does with a connection on which one more request has come in whole. */
type Reaction = (socket: net.Socket, request: string, nth: number) => void

const patient: SendConfig = {
  timeoutMs: 30_000,
  maxDurationMs: 60_000,
  maxBodyBytes: 1_000_000,
  // Nothing takes time, so that whole exchanges can be compared.
  clock: () => 0,
}

/** A server of bare sockets; gives its base URL and the number of connections that it has had. */
async function listen(server: net.Server): Promise<{ url: string; connections: () => number }> {
  const sockets = new Set<net.Socket>()
  let connections = 0
  server.on("connection", (socket: net.Socket) => {
    connections++
    sockets.add(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, connections: () => connections }
}

function onRequest(socket: net.Socket, react: Reaction, count: () => number) {
  let pending = ""
  socket.on("error", () => {})
  socket.on("data", (bytes) => {
    pending += bytes.toString("latin1")
    const head = pending.indexOf("\r\n\r\n")
    const length = Number(/content-length: (\d+)/i.exec(pending)?.[1] ?? 0)
    if (head < 0 || pending.length < head + 4 + length) return
    const request = pending
    pending = ""
    react(socket, request, count())
  })
}

function serve(react: Reaction) {
  let requests = 0
  return listen(net.createServer({ noDelay: true }, (socket) => onRequest(socket, react, () => ++requests)))
}

function sender(config: Partial<SendConfig> = {}) {
  const { send, close } = createSend({ ...patient, ...config })
  onTestFinished(close)
  return send
}

const post = (url: string, body = "{}", headers: readonly Header[] = []): WireRequest => ({
  method: "POST",
  url,
  headers,
  body: new TextEncoder().encode(body),
})

async function ask(react: Reaction, config: Partial<SendConfig> = {}): Promise<Exchange> {
  const { url } = await serve(react)
  return await sender(config)(post(url))
}

const text = (exchange: Exchange) => new TextDecoder().decode(bodyOf(exchange))

/** What a reader of a report would want to know. */
const told = (exchange: Exchange) => ({
  status: exchange.response?.status,
  body: text(exchange),
  end: exchange.end,
})

const says =
  (...parts: readonly (string | Uint8Array)[]): Reaction =>
  (socket) => {
    for (const part of parts) socket.write(part)
  }

const head = (...lines: readonly string[]) => `${["HTTP/1.1 200 OK", ...lines].join("\r\n")}\r\n\r\n`
const complete = { kind: "complete", atMs: 0 }

test("the whole of an exchange", async () => {
  const { url } = await serve(
    says(
      "HTTP/1.1 429 Slow Down\r\nSet-Cookie: a\r\nX-Id: é\r\nset-cookie: b\r\nContent-Length: 2\r\n\r\nno",
    ),
  )
  const exchange = await sender()({
    ...post(`${url}/v1/x?y=1`, "{}", [["Authorization", "Bearer sk-1"]]),
  })
  expect(exchange).toStrictEqual({
    v: 1,
    id: "1",
    request: {
      method: "POST",
      target: `${url}/v1/x?y=1`,
      headers: [
        ["Authorization", "Bearer sk-1"],
        ["host", url.slice("http://".length)],
        ["connection", "keep-alive"],
        ["accept-encoding", "identity"],
        ["content-length", "2"],
      ],
      body: new TextEncoder().encode("{}"),
      sentAtMs: 0,
    },
    response: {
      status: 429,
      headers: [
        ["Set-Cookie", "a"],
        ["X-Id", Buffer.from("é").toString("latin1")],
        ["set-cookie", "b"],
        ["Content-Length", "2"],
      ],
      trailers: [],
      chunks: [{ atMs: 0, bytes: new TextEncoder().encode("no") }],
    },
    end: complete,
    fidelity: { bytes: true, timing: true },
  })
})

test("the request on the wire is the one in the exchange, in its order and with its duplicates", async () => {
  let wire = ""
  const { url } = await serve((socket, request) => {
    wire = request
    socket.write(head("content-length: 0"))
  })
  const { request } = await sender()(
    post(`${url}/a?b=%20`, "body", [
      ["X-Two", "1"],
      ["Accept-Encoding", "gzip, br"],
      ["x-two", "2"],
    ]),
  )
  expect(wire).toBe(
    `POST /a?b=%20 HTTP/1.1\r\n${request.headers.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\nbody`,
  )
  expect(request.headers.slice(0, 3)).toEqual([
    ["X-Two", "1"],
    ["Accept-Encoding", "gzip, br"],
    ["x-two", "2"],
  ])
})

test("a request without a body, and one that cuts its body into chunks itself", async () => {
  const wires: string[] = []
  const { url } = await serve((socket, request) => {
    wires.push(request)
    socket.write(head("content-length: 0"))
  })
  const send = sender()
  await send({ method: "GET", url, headers: [], body: new Uint8Array() })
  await send({ ...post(url, "{}", [["Transfer-Encoding", "chunked"]]) })
  const host = url.slice("http://".length)
  const rest = `host: ${host}\r\nconnection: keep-alive\r\naccept-encoding: identity\r\n\r\n`
  expect(wires).toEqual([
    `GET / HTTP/1.1\r\n${rest}`,
    `POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n${rest}2\r\n{}\r\n0\r\n\r\n`,
  ])
})

test("bytes are the same wherever the server cut them, and however it framed them", async () => {
  let reaction: Reaction = () => {}
  const { url } = await serve((...all) => reaction(...all))
  const send = sender()
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ minLength: 1, maxLength: 50 }), { maxLength: 8 }),
      fc.constantFrom("content-length", "chunked", "close"),
      async (pieces, framing) => {
        const whole = Buffer.concat(pieces)
        reaction = (socket) => {
          if (framing === "content-length")
            says(head(`content-length: ${whole.length}`), ...pieces)(socket, "", 0)
          if (framing === "close") {
            says(head(), ...pieces)(socket, "", 0)
            socket.end()
          }
          if (framing === "chunked") {
            socket.write(head("transfer-encoding: chunked"))
            for (const piece of pieces) says(`${piece.length.toString(16)}\r\n`, piece, "\r\n")(socket, "", 0)
            socket.write("0\r\n\r\n")
          }
        }
        const exchange = await send(post(url))
        expect([exchange.end, Buffer.from(bodyOf(exchange))]).toStrictEqual([complete, whole])
        // Chunks of HTTP stay what they are, even when they arrive together.
        if (framing === "chunked") {
          expect(exchange.response?.chunks.map(({ bytes }) => bytes)).toStrictEqual(pieces)
        }
      },
    ),
    { numRuns: 100 },
  )
})

test("whatever a server says, it is an exchange", async () => {
  let reaction: Reaction = () => {}
  const { url } = await serve((...all) => reaction(...all))
  const send = sender()
  const fragments = fc.constantFrom(
    "HTTP/1.1 200 OK\r\n",
    "HTTP/1.0 500 \r\n",
    "HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: x\r\n",
    "HTTP/1.1 100 Continue\r\n\r\n",
    "HTTP/1.1 204 No Content\r\n",
    "HTTP/2 200\r\n",
    "content-length: 5\r\n",
    "content-length: -1\r\n",
    "transfer-encoding: chunked\r\n",
    "transfer-encoding: gzip\r\n",
    ": nameless\r\n",
    "\r\n",
    "5\r\nhello\r\n",
    "fffffffffffffffff\r\n",
    "0\r\n\r\n",
    "\0\xff",
    "hello",
  )
  await fc.assert(
    fc.asyncProperty(
      fc.array(fragments, { maxLength: 8 }),
      fc.constantFrom("end", "resetAndDestroy"),
      async (parts, way) => {
        reaction = (socket) => {
          socket.write(parts.join(""), "latin1", () => socket[way]())
        }
        const { end, response } = await send(post(url))
        expect(end.kind === "network").toBe(response === undefined)
      },
    ),
    { numRuns: 300 },
  )
})

test.each<[string, Reaction, ReturnType<typeof told>]>([
  [
    "HTML",
    says(head("content-type: text/html", "content-length: 13"), "<html></html>"),
    { status: 200, body: "<html></html>", end: { kind: "complete", atMs: 0 } },
  ],
  [
    "204",
    says("HTTP/1.1 204 No Content\r\n\r\n"),
    { status: 204, body: "", end: { kind: "complete", atMs: 0 } },
  ],
  [
    "204 with a body, which it cannot have",
    says("HTTP/1.1 204 No Content\r\ncontent-length: 2\r\n\r\n{}"),
    { status: 204, body: "", end: { kind: "complete", code: "HPE_INVALID_CONSTANT", atMs: 0 } },
  ],
  [
    "a redirect is not followed",
    says("HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n"),
    { status: 302, body: "", end: { kind: "complete", atMs: 0 } },
  ],
  [
    "100, 103, then the response",
    says(
      "HTTP/1.1 100 Continue\r\n\r\n",
      "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n",
      head("content-length: 0"),
    ),
    { status: 200, body: "", end: { kind: "complete", atMs: 0 } },
  ],
  [
    "101, which nobody asked for",
    says("HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n"),
    { status: 101, body: "", end: { kind: "complete", atMs: 0 } },
  ],
  [
    "less body than announced",
    (socket) => socket.end(`${head("content-length: 10")}half`),
    { status: 200, body: "half", end: { kind: "truncated", stage: "body", atMs: 0 } },
  ],
  [
    "more body than announced",
    says(`${head("content-length: 4")}half and more`),
    { status: 200, body: "half", end: { kind: "complete", code: "HPE_INVALID_CONSTANT", atMs: 0 } },
  ],
  [
    "chunked without the last chunk",
    (socket) => socket.end(`${head("transfer-encoding: chunked")}4\r\nhalf\r\n`),
    { status: 200, body: "half", end: { kind: "truncated", stage: "body", atMs: 0 } },
  ],
  [
    "a chunk without a size",
    says(`${head("transfer-encoding: chunked")}4\r\nhalf\r\nno size\r\n`),
    {
      status: 200,
      body: "half",
      end: { kind: "truncated", code: "HPE_INVALID_CHUNK_SIZE", stage: "body", atMs: 0 },
    },
  ],
  [
    "garbage instead of HTTP",
    says("SSH-2.0-OpenSSH_9.2\r\n"),
    {
      status: undefined,
      body: "",
      end: { kind: "network", code: "HPE_INVALID_CONSTANT", stage: "head", atMs: 0 },
    },
  ],
  [
    "a close instead of a response",
    (socket) => socket.end(),
    { status: undefined, body: "", end: { kind: "network", stage: "head", atMs: 0 } },
  ],
  [
    "a close inside of the head",
    (socket) => socket.end("HTTP/1.1 200 OK\r\ncontent-le"),
    { status: undefined, body: "", end: { kind: "network", stage: "head", atMs: 0 } },
  ],
  [
    "a reset instead of a response",
    (socket) => socket.resetAndDestroy(),
    { status: undefined, body: "", end: { kind: "network", code: "ECONNRESET", stage: "head", atMs: 0 } },
  ],
  [
    "an endless header line",
    (socket) => socket.write(`HTTP/1.1 200 OK\r\nx: ${"y".repeat(100_000)}`),
    {
      status: undefined,
      body: "",
      end: { kind: "network", code: "HPE_HEADER_OVERFLOW", stage: "head", atMs: 0 },
    },
  ],
  [
    "endless trailers",
    (socket) => socket.write(`${head("transfer-encoding: chunked")}0\r\n${"x: y\r\n".repeat(100_000)}`),
    {
      status: 200,
      body: "",
      end: { kind: "truncated", code: "HPE_HEADER_OVERFLOW", stage: "body", atMs: 0 },
    },
  ],
  [
    "an endless chunk extension",
    (socket) => socket.write(`${head("transfer-encoding: chunked")}1;${"x".repeat(100_000)}`),
    {
      status: 200,
      body: "",
      end: { kind: "truncated", code: "HPE_CHUNK_EXTENSIONS_OVERFLOW", stage: "body", atMs: 0 },
    },
  ],
])("%s", async (_, react, expected) => {
  expect(told(await ask(react))).toStrictEqual(expected)
})

/** A clock that stands still and tells when it is looked at for the first piece of a body. */
function untilBody(then: () => void): () => number {
  let looks = 0
  return () => {
    if (++looks === 2) then()
    return 0
  }
}

test("a reset inside of the body", async () => {
  let reset = () => {}
  const clock = untilBody(() => reset())
  const exchange = await ask(
    (socket) => {
      reset = () => socket.resetAndDestroy()
      socket.write(`${head("content-length: 10")}half`)
    },
    { clock },
  )
  expect(told(exchange)).toStrictEqual({
    status: 200,
    body: "half",
    end: { kind: "truncated", code: "ECONNRESET", stage: "body", atMs: 0 },
  })
})

test("trailers", async () => {
  const { response } = await ask(
    says(
      head("transfer-encoding: chunked", "trailer: X-Sum"),
      "2\r\nok\r\n0\r\nX-Sum: 1\r\nx-sum: 2\r\n\r\n",
    ),
  )
  expect(response?.trailers).toEqual([
    ["X-Sum", "1"],
    ["x-sum", "2"],
  ])
})

test("more headers than Node reads by itself", async () => {
  const lines = Array.from({ length: 3000 }, (_, index) => `${index}:`)
  const { response } = await ask(says(head(...lines, "content-length: 0")))
  expect(response?.headers).toHaveLength(3001)
})

test.each<[string, Reaction, ReturnType<typeof told>]>([
  [
    "silence",
    () => {},
    { status: undefined, body: "", end: { kind: "timeout", code: "timeoutMs", stage: "head", atMs: 0 } },
  ],
  [
    "silence after the head",
    says(head("content-type: text/event-stream")),
    { status: 200, body: "", end: { kind: "timeout", code: "timeoutMs", stage: "body", atMs: 0 } },
  ],
  [
    "silence inside of the body",
    says(`${head("content-length: 10")}half`),
    { status: 200, body: "half", end: { kind: "timeout", code: "timeoutMs", stage: "body", atMs: 0 } },
  ],
])("%s", async (_, react, expected) => {
  expect(told(await ask(react, { timeoutMs: 300 }))).toStrictEqual(expected)
})

/** Says `piece` for ever, each time as soon as the one before has left and `everyMs` are over. */
const endless =
  (start: string, piece: string, everyMs: number): Reaction =>
  (socket) => {
    socket.write(start)
    const next = () => {
      if (socket.writable) socket.write(piece, () => setTimeout(next, everyMs))
    }
    next()
  }

test("a drip is never silent for long, and ended by the limit for the whole", async () => {
  const { end } = await ask(endless(head(), "x", 5), { timeoutMs: 10_000, maxDurationMs: 300 })
  expect(end).toEqual({ kind: "limit", code: "maxDurationMs", stage: "body", atMs: 0 })
})

test("a head that drips is late", async () => {
  const { end } = await ask(endless("HTTP/1.1 200 OK\r\nx: ", "x", 5), { timeoutMs: 300 })
  expect(end).toEqual({ kind: "timeout", code: "timeoutMs", stage: "head", atMs: 0 })
})

test("interim responses for ever are ended by the limit for the whole", async () => {
  const { end } = await ask(endless("", "HTTP/1.1 102 Processing\r\n\r\n", 5), {
    timeoutMs: 10_000,
    maxDurationMs: 300,
  })
  expect(end).toEqual({ kind: "limit", code: "maxDurationMs", stage: "head", atMs: 0 })
})

test("an endless stream is read up to the limit, to the byte", async () => {
  const exchange = await ask(endless(head(), "0123456789".repeat(100), 0), { maxBodyBytes: 54_321 })
  expect([bodyOf(exchange).length, exchange.end]).toEqual([
    54_321,
    { kind: "limit", code: "maxBodyBytes", stage: "body", atMs: 0 },
  ])
})

test("a body of exactly the limit is complete", async () => {
  const exchange = await ask(says(head("content-length: 5"), "12345"), { maxBodyBytes: 5 })
  expect(told(exchange)).toStrictEqual({ status: 200, body: "12345", end: complete })
})

test("a piece that begins at the limit is left out", async () => {
  const { response, end } = await ask(
    says(head("transfer-encoding: chunked"), "5\r\n12345\r\n1\r\n6\r\n0\r\n\r\n"),
    { maxBodyBytes: 5 },
  )
  expect([response?.chunks, end.code]).toEqual([
    [{ atMs: 0, bytes: new TextEncoder().encode("12345") }],
    "maxBodyBytes",
  ])
})

test("a body in more pieces than can be held", async () => {
  const exchange = await ask(says(head("transfer-encoding: chunked"), "1\r\nx\r\n".repeat(120_000)))
  expect([exchange.response?.chunks.length, exchange.end]).toEqual([
    100_000,
    { kind: "limit", code: "maxChunks", stage: "body", atMs: 0 },
  ])
})

test("a compression bomb stays as small as it came", async () => {
  const bomb = gzipSync(Buffer.alloc(20_000_000))
  const exchange = await ask(says(head("content-encoding: gzip", `content-length: ${bomb.length}`), bomb))
  expect(Buffer.from(bodyOf(exchange)).equals(bomb)).toBe(true)
  expect(decodedBody(exchange, { maxBytes: 1_000_000 })).toEqual({
    bytes: new Uint8Array(),
    fault: "oversized",
  })
})

test("a kept connection is used again", async () => {
  const { url, connections } = await serve(says(head("content-length: 2"), "ok"))
  const send = sender()
  const exchanges = [await send(post(url)), await send(post(url)), await send(post(url))]
  expect(exchanges.map(({ id, end }) => [id, end.kind])).toEqual([
    ["1", "complete"],
    ["2", "complete"],
    ["3", "complete"],
  ])
  expect(connections()).toBe(1)
})

test.each(["end", "resetAndDestroy"] as const)(
  "a kept connection that the server has given up (%s): the request is sent again on a fresh one",
  async (way) => {
    const { url, connections } = await serve((socket, _, nth) => {
      if (nth === 2) socket[way]()
      else socket.write(`${head("content-length: 1")}${nth}`)
    })
    const send = sender()
    expect([told(await send(post(url))), told(await send(post(url)))]).toStrictEqual([
      { status: 200, body: "1", end: complete },
      { status: 200, body: "3", end: complete },
    ])
    expect(connections()).toBe(2)
  },
)

test("a server that closes every time is asked twice on a kept connection, not for ever", async () => {
  let requests = 0
  const { url } = await serve((socket, _, nth) => {
    requests = nth
    if (nth === 1) socket.write(head("content-length: 0"))
    else socket.end()
  })
  const send = sender()
  await send(post(url))
  expect((await send(post(url))).end).toEqual({ kind: "network", stage: "head", atMs: 0 })
  expect(requests).toBe(3)
})

test("a kept connection that dies inside of the head is no stale one", async () => {
  let requests = 0
  const { url } = await serve((socket, _, nth) => {
    requests = nth
    if (nth === 1) socket.write(head("content-length: 0"))
    else socket.end("HTTP/1.1 200")
  })
  const send = sender()
  await send(post(url))
  expect((await send(post(url))).end).toEqual({ kind: "network", stage: "head", atMs: 0 })
  expect(requests).toBe(2)
})

test("nobody listens", async () => {
  expect(told(await sender()(post("http://127.0.0.1:1/v1/models")))).toStrictEqual({
    status: undefined,
    body: "",
    end: { kind: "network", code: "ECONNREFUSED", stage: "connect", atMs: 0 },
  })
})

test("a name that no resolver knows", async () => {
  const { end } = await sender()(post(`http://${"a".repeat(64)}.invalid/`))
  expect(end).toEqual({
    kind: "network",
    code: expect.stringMatching(/^(ENOTFOUND|EAI_AGAIN)$/),
    stage: "connect",
    atMs: 0,
  })
})

test("an IPv6 address", async () => {
  const { end } = await sender()(post("http://[::1]:1/"))
  expect(end).toEqual({
    kind: "network",
    code: expect.stringMatching(/^(ECONNREFUSED|EADDRNOTAVAIL|EAFNOSUPPORT)$/),
    stage: "connect",
    atMs: 0,
  })
})

test("an abort before the request, and one inside of the body", async () => {
  const { url } = await serve(endless(head(), "x", 1))
  expect((await sender()(post(url), { signal: AbortSignal.abort() })).end).toEqual({
    kind: "aborted",
    stage: "connect",
    atMs: 0,
  })
  const controller = new AbortController()
  const clock = untilBody(() => setImmediate(() => controller.abort()))
  const exchange = await sender({ clock })(post(url), { signal: controller.signal })
  expect(exchange.end).toEqual({ kind: "aborted", stage: "body", atMs: 0 })
  expect(text(exchange)).toMatch(/^x+$/)
})

test("an abort is seen by the server", async () => {
  const controller = new AbortController()
  let gone = () => {}
  const closed = new Promise<void>((resolve) => {
    gone = resolve
  })
  const { url } = await serve((socket) => {
    socket.on("close", gone)
    controller.abort()
  })
  const { end } = await sender()(post(url), { signal: controller.signal })
  expect(end).toEqual({ kind: "aborted", stage: "head", atMs: 0 })
  await closed
})

test("what was given up on a kept connection is not sent again", async () => {
  const bodies: string[] = []
  const { url } = await serve((socket, request, nth) => {
    bodies.push(request.slice(-1))
    if (nth !== 2) socket.write(head("content-length: 0"))
  })
  const send = sender({ timeoutMs: 300 })
  const ends: string[] = []
  for (const body of ["1", "2", "3", "4"]) ends.push((await send(post(url, body))).end.kind)
  expect([ends, bodies]).toEqual([
    ["complete", "timeout", "complete", "complete"],
    ["1", "2", "3", "4"],
  ])
})

test("times are those of the clock, from when the request was sent", async () => {
  let now = 1000
  const { url } = await serve(says(head("transfer-encoding: chunked"), "1\r\na\r\n1\r\nb\r\n0\r\n\r\n"))
  const { request, response, end } = await sender({ clock: () => ++now })(post(url))
  expect([request.sentAtMs, response?.chunks.map(({ atMs }) => atMs), end.atMs]).toEqual([1001, [1, 2], 3])
})

test("a request that cannot be put on the wire is an error, not an exchange", async () => {
  const send = sender()
  await expect(send(post("ftp://127.0.0.1/"))).rejects.toThrow(
    "Cannot send to ftp: URLs: give one of http: or https:.",
  )
  await expect(send(post("http://127.0.0.1:1/", "", [["x", "a\r\nb: c"]]))).rejects.toThrow(
    "Invalid character",
  )
})

test("a certificate that nobody vouches for is refused, unless it is said to be trusted", async () => {
  const { cert, key } = selfSigned()
  let requests = 0
  const { url, connections } = await listen(
    tls.createServer({ cert, key }, (socket) =>
      onRequest(socket, says(head("content-length: 2"), "ok"), () => ++requests),
    ),
  )
  const secure = url.replace("http:", "https:")
  expect((await sender()(post(secure))).end).toEqual({
    kind: "network",
    code: "DEPTH_ZERO_SELF_SIGNED_CERT",
    stage: "connect",
    atMs: 0,
  })
  const send = sender({ ca: cert })
  expect([told(await send(post(secure))), told(await send(post(secure)))]).toStrictEqual([
    { status: 200, body: "ok", end: complete },
    { status: 200, body: "ok", end: complete },
  ])
  expect([requests, connections()]).toEqual([2, 2])
})

test("TLS to a server that speaks none, and to one that says nothing", async () => {
  const plain = await listen(
    net.createServer((socket) => socket.once("data", () => socket.end("HTTP/1.1 400 \r\n\r\n"))),
  )
  const { end } = await sender()(post(plain.url.replace("http:", "https:")))
  expect(end).toEqual({
    kind: "network",
    code: expect.stringMatching(/^(EPROTO|ERR_SSL_)/),
    stage: "connect",
    atMs: 0,
  })
  const silent = await listen(net.createServer(() => {}))
  const late = await sender({ timeoutMs: 100 })(post(silent.url.replace("http:", "https:")))
  expect(late.end).toEqual({ kind: "timeout", code: "timeoutMs", stage: "connect", atMs: 0 })
})

test("a request hangs up once the asked number of bytes has come", async () => {
  const { url } = await serve(endless(head(), "x", 1))
  const exchange = await sender()({ ...post(url), hangUpAfterBytes: 2 })
  expect(exchange.end).toEqual({ kind: "aborted", stage: "body", atMs: 0 })
  expect(text(exchange).length).toBeGreaterThanOrEqual(2)
})

/** Keeps this process busy, so that it cannot receive. */
function block(ms: number): void {
  const end = performance.now() + ms
  while (performance.now() < end);
}

const reply = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"

test("times that were taken while this process was busy are not measurements", async () => {
  const loopClock = () => performance.now()
  const busy = await ask(
    (socket) => {
      block(400)
      socket.end(reply)
    },
    { loopClock },
  )
  expect(busy.fidelity).toEqual({ bytes: true, timing: false })
})

test("a peer is not blamed for a wait in which this process was busy", async () => {
  const late = await ask(
    (socket) => {
      block(500)
      setTimeout(() => socket.end(reply), 50)
    },
    { loopClock: () => performance.now(), timeoutMs: 300 },
  )
  expect(late.end.kind).toBe("complete")
})

test("of a long body only the beginning is kept, and its end is still noticed", async () => {
  const body = "x".repeat(1000)
  const exchange = await ask(
    (socket) => socket.end(`HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n${body}`),
    { maxKeptBytes: 100 },
  )
  expect(exchange.end).toMatchObject({ kind: "limit", code: "maxKeptBytes" })
  expect(bodyOf(exchange).length).toBe(100)
})

test("head and pieces are passed on as they arrive, also those that are not kept", async () => {
  let goOn = () => {}
  const { url } = await serve((socket) => {
    socket.write("HTTP/1.1 200 Fine\r\nX: 1\r\nx: 2\r\ntransfer-encoding: chunked\r\n\r\n3\r\none\r\n")
    goOn = () => socket.end("3\r\ntwo\r\n0\r\n\r\n")
  })
  const passed: unknown[] = []
  const exchange = await sender()(
    { ...post(url), maxKeptBytes: 4 },
    {
      onHead: (head) => passed.push(head),
      onChunk(bytes) {
        passed.push(new TextDecoder().decode(bytes))
        // The rest is only sent when the first piece has been passed on.
        goOn()
      },
    },
  )
  expect(passed).toEqual([
    {
      status: 200,
      statusText: "Fine",
      headers: [
        ["X", "1"],
        ["x", "2"],
        ["transfer-encoding", "chunked"],
      ],
    },
    "one",
    "two",
  ])
  expect(new TextDecoder().decode(bodyOf(exchange))).toBe("onet")
})
