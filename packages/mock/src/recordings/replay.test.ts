import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { bodyOf, createSend, type Exchange } from "@nexhina/wire"
import * as fc from "fast-check"
import { describe, expect, onTestFinished, test } from "vitest"
import { asked, type RecordedParts, recordedExchange } from "../../test/recordings.ts"
import { toNode } from "../hosts/node.ts"
import { createReplay, replyOf } from "./replay.ts"

const replayOf = (...parts: RecordedParts[]) =>
  createReplay({
    recordings: parts.map((part) => ({ name: "a", exchange: recordedExchange(part) })),
    speed: 0,
  })

const chunks = fc.array(fc.tuple(fc.nat(50), fc.uint8Array({ maxLength: 9 })), { maxLength: 6 })

test("frames are the recorded chunks, and their times are multiplied by the speed", () => {
  fc.assert(
    fc.property(chunks, fc.constantFrom(0.25, 0.5, 1, 2), (parts, speed) => {
      const sorted = [...parts].sort(([a], [b]) => a - b)
      const reply = replyOf(recordedExchange({ chunks: sorted, end: { kind: "complete", atMs: 60 } }), speed)
      expect(reply.body).toEqual([
        ...sorted.map(([atMs, bytes]) => ({ bytes, atMs: atMs * speed })),
        { bytes: new Uint8Array(), atMs: 60 * speed },
      ])
      expect(reply.head).toEqual({ atMs: (sorted[0]?.[0] ?? 60) * speed })
    }),
  )
})

test("speed 0 sends everything at once", () => {
  const { head, body } = replyOf(
    recordedExchange({
      chunks: [
        [100, "a"],
        [200, "b"],
      ],
    }),
    0,
  )
  expect(head).toBeUndefined()
  expect(body).toEqual(
    [{ bytes: Buffer.from("a") }, { bytes: Buffer.from("b") }].map(({ bytes }) => ({
      bytes: new Uint8Array(bytes),
    })),
  )
})

test("headers of the connection are left out, all others stay as they are", () => {
  const headers = [
    ["X-Request-Id", "req_1"],
    ["Transfer-Encoding", "chunked"],
    ["set-cookie", "a"],
    ["set-cookie", "b"],
    ["connection", "keep-alive"],
    ["access-control-allow-origin", "*"],
  ] as const
  expect(replyOf(recordedExchange({ replyHeaders: headers }), 1).headers).toEqual([
    ["X-Request-Id", "req_1"],
    ["set-cookie", "a"],
    ["set-cookie", "b"],
    ["access-control-allow-origin", "*"],
  ])
})

test.each([
  ["complete", undefined, "complete"],
  ["truncated", undefined, "early-close"],
  ["truncated", "ECONNRESET", "reset"],
] as const)("an exchange that ended with %s (%s) ends with %s", (kind, code, end) => {
  const exchange = recordedExchange({ end: { kind, ...(code && { code }), atMs: 1 } })
  expect(replyOf(exchange, 1).end).toBe(end)
})

test("what a client receives over a socket is what was recorded", async () => {
  const complete = recordedExchange({
    body: { n: 1 },
    replyHeaders: [["content-length", "4"]],
    chunks: [
      [1, "ab"],
      [2, "cd"],
    ],
  })
  const cut = recordedExchange({
    body: { n: 2 },
    replyHeaders: [["content-type", "text/event-stream"]],
    chunks: [
      [1, "data: 1\n\n"],
      [2, Uint8Array.of(0x64, 0xc3)],
    ],
    end: { kind: "truncated", stage: "body", atMs: 3 },
  })
  const short = recordedExchange({
    body: { n: 3 },
    replyHeaders: [["content-length", "9"]],
    chunks: [[1, "half"]],
    end: { kind: "truncated", stage: "body", atMs: 3 },
  })
  for (const speed of [0, 1]) {
    const replay = createReplay({
      recordings: [complete, cut, short].map((exchange) => ({ name: "a", exchange })),
      speed,
    })
    const server = createServer(toNode(replay)).listen(0, "127.0.0.1")
    onTestFinished(() => {
      server.close()
    })
    await new Promise((resolve) => server.once("listening", resolve))
    const { port } = server.address() as AddressInfo
    const { send, close } = createSend({
      timeoutMs: 9e3,
      maxDurationMs: 9e3,
      maxBodyBytes: 1e6,
      clock: () => 0,
    })
    onTestFinished(close)
    const received = await Promise.all(
      [complete, cut, short].map(({ request }) =>
        send({ ...request, url: `http://127.0.0.1:${port}/v1/chat/completions` }),
      ),
    )
    expect(received.map(seen)).toEqual([complete, cut, short].map(seen))
  }
})

const seen = (exchange: Exchange) => ({
  status: exchange.response?.status,
  body: Buffer.from(bodyOf(exchange)).toString("latin1"),
  end: exchange.end.kind,
})

test.each(["x-mock-defect", "X-Mock-Variant", "x-mock-latency", "x-mock-fault"])(
  "%s would have no effect on recorded replies, and is refused",
  async (name) => {
    const replay = replayOf({ body: {} })
    const request = asked({ body: {} })
    const { status, body } = await replay.handle({
      ...request,
      headers: [...request.headers, [name, "any"]],
    })
    expect([status, JSON.parse(String(body)).error]).toEqual([
      400,
      {
        message: `Recordings answer, and '${name.toLowerCase()}' would have no effect.`,
        type: "invalid_request_error",
        param: name.toLowerCase(),
        code: null,
      },
    ])
    expect((await replay.handle(request)).status).toBe(200)
  },
)

describe("a miss", () => {
  const error = async (replay: ReturnType<typeof createReplay>, parts: RecordedParts) => {
    const { status, headers, body } = await replay.handle(asked(parts))
    expect([status, headers.find(([name]) => name === "x-mock-miss")?.[1]]).toEqual([400, "recording"])
    return JSON.parse(String(body)).error
  }

  test("names the nearest recording and where it differs", async () => {
    const said = (content: string, model = "gpt-4o") => ({ model, messages: [{ role: "user", content }] })
    const replay = replayOf({ body: said("Good morning", "o3") }, { body: said("Hello") })
    expect(await error(replay, { body: { ...said("Hallo"), seed: 7 } })).toEqual({
      message:
        'No recording matches POST /chat/completions. The nearest one is exchange "1" of "a". It differs at ' +
        '/messages/0/content (recorded: "Hello", received: "Hallo"); /seed (recorded: nothing, received: 7).',
      type: "invalid_request_error",
      param: "/messages/0/content",
      code: "recording_miss",
    })
  })

  test("shows a long text where it differs", async () => {
    const text = "word ".repeat(100)
    const replay = replayOf({ body: { input: `${text}one` } })
    const { message } = await error(replay, { body: { input: `${text}two` } })
    expect(message).toContain(
      '/input (recorded: …"word word word word one", received: …"word word word word two")',
    )
  })

  test("of the query", async () => {
    const replay = replayOf({ method: "GET", target: "https://a.example/v1/videos?limit=2" })
    const { message } = await error(replay, { method: "GET", target: "https://a.example/v1/videos?limit=3" })
    expect(message).toContain('?limit/0 (recorded: "2", received: "3")')
  })

  test("lists what was recorded when the operation was not", async () => {
    const replay = replayOf({ body: {} }, { method: "GET", target: "https://a.example/v1/models" })
    const { message } = await error(replay, { target: "https://a.example/v1/responses", body: {} })
    expect(message).toBe(
      "No recording matches POST /responses. Recorded: POST /chat/completions, GET /models.",
    )
    expect((await error(replayOf(), { body: {} })).message).toBe(
      "No recording matches POST /chat/completions. Recorded: nothing.",
    )
  })

  test("names the recordings when the name is unknown", async () => {
    const headers = [["x-mock-recording", "b"]] as const
    expect((await error(replayOf({ body: {} }), { headers, body: {} })).message).toBe(
      'There is no recording named "b". Recorded: a.',
    )
  })

  test("never shows a key", async () => {
    const replay = replayOf({ body: { api_key: "*****************", a: 1 } })
    const key = "my-secret-value-1"
    const parts = { target: `https://a.example/v1/x?key=${key}`, body: { api_key: key, b: key, c: [key] } }
    expect(JSON.stringify(await error(replay, parts))).not.toContain(key)
    expect(
      JSON.stringify(await error(replay, { ...parts, target: recordedExchange().request.target })),
    ).not.toContain(key)
  })
})

test("a preflight that was not recorded names the recorded methods", async () => {
  const { status, headers } = await replayOf({ body: {} }).handle(asked({ method: "OPTIONS" }))
  expect([status, Object.fromEntries(headers)["access-control-allow-methods"]]).toEqual([204, "POST"])
})

test("the journal holds what was asked and answered", async () => {
  const replay = replayOf({ body: { a: 1 }, chunks: [[1, "said"]] })
  await replay.handle(asked({ body: { a: 1 } }))
  expect(replay.exchanges.map((exchange) => Buffer.from(bodyOf(exchange)).toString())).toEqual(["said"])
})

test("a body that is nested too deeply to compare is matched by its bytes", async () => {
  const deep = "[".repeat(50_000) + "]".repeat(50_000)
  const replay = replayOf({ body: deep })
  expect((await replay.handle(asked({ body: deep }))).status).toBe(200)
  expect((await replay.handle(asked({ body: `${deep} ` }))).status).toBe(400)
})
