import { createServer, type RequestListener, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { type ChatCompletionChunk, endpoints, type ResponseStreamEvent } from "@nexhina/schemas"
import fc from "fast-check"
import { afterAll, beforeAll, expect, test } from "vitest"
import { encode } from "./encode.ts"
import { DONE } from "./event.ts"
import { chatChunks, responseEvents, StreamError } from "./read-response.ts"

const chunks = endpoints.createChatCompletion.success.content["text/event-stream"].examples
const events = endpoints.createResponse.success.content["text/event-stream"].examples.text.value
const [chat = []] = Object.values(chunks).map(({ value }) => value as readonly ChatCompletionChunk[])

const chatText = encode([...chat.map((data) => ({ data })), { data: DONE }])
const responseText = encode([...events.map((data) => ({ event: data.type, data })), { data: DONE }])

/** What a loop gets before it ends, and what it throws. */
async function collect<Item>(items: AsyncIterable<Item>): Promise<{ items: Item[]; thrown?: unknown }> {
  const got: Item[] = []
  try {
    for await (const item of items) got.push(item)
  } catch (thrown) {
    return { items: got, thrown }
  }
  return { items: got }
}

const utf8 = new TextEncoder()
const stream = (...parts: (string | Uint8Array)[]) =>
  new Response(
    new ReadableStream({
      start(controller) {
        for (const part of parts) controller.enqueue(typeof part === "string" ? utf8.encode(part) : part)
        controller.close()
      },
    }),
    { headers: { "content-type": "text/event-stream" } },
  )

test("a stream comes out the same wherever its bytes are cut", async () => {
  const bytes = utf8.encode(chatText)
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat({ max: bytes.length })), async (cuts) => {
      const edges = [0, ...cuts.sort((a, b) => a - b), bytes.length]
      const parts = edges.slice(1).map((end, i) => bytes.subarray(edges[i], end))
      expect(await collect(chatChunks(stream(...parts)))).toEqual({ items: chat })
    }),
  )
})

// A real connection.

let listener: RequestListener
const server = createServer((request, response) => listener(request, response))
let url: string
beforeAll(async () => {
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
})
afterAll(() => {
  server.close()
  server.closeAllConnections()
})

const turn = () => new Promise((done) => setImmediate(done))

async function send(response: ServerResponse, parts: readonly Uint8Array[]) {
  response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" })
  for (const part of parts) {
    response.write(part)
    await turn()
  }
}

// One event that ends a response is a whole stream, and a short one.
const last = events.slice(-1)

test.each([
  ["chat", chatText, chatChunks, chat],
  ["responses", encode(last.map((data) => ({ event: data.type, data }))), responseEvents, last],
])("a %s stream over a socket, in two parts cut at every byte", async (_, text, read, items) => {
  const bytes = utf8.encode(text)
  let cut = 0
  listener = async (_, response) => {
    await send(response, [bytes.subarray(0, cut), bytes.subarray(cut)])
    response.end()
  }
  for (cut = 1; cut < bytes.length; cut++) {
    expect(await collect<object>(read(await fetch(url)))).toEqual({ items })
  }
})

test("a stream over a socket, byte by byte", async () => {
  listener = async (_, response) => {
    await send(
      response,
      Array.from(utf8.encode(chatText), (byte) => Uint8Array.of(byte)),
    )
    response.end()
  }
  expect(await collect(chatChunks(await fetch(url)))).toEqual({ items: chat })
})

test("leaving the loop closes the connection", async () => {
  const closed = new Promise<void>((resolve) => {
    listener = async (_, response) => {
      response.on("close", resolve)
      await send(response, [utf8.encode(responseText.slice(0, 2000))])
    }
  })
  for await (const event of responseEvents(await fetch(url))) {
    expect(event).toEqual(events[0])
    break
  }
  await closed
})

test("[DONE] ends a stream that stays open", async () => {
  const closed = new Promise<void>((resolve) => {
    listener = async (_, response) => {
      response.on("close", resolve)
      await send(response, [utf8.encode(chatText)])
    }
  })
  expect(await collect(chatChunks(await fetch(url)))).toEqual({ items: chat })
  await closed
})

test("a lost connection is a truncated stream", async () => {
  listener = async (_, response) => {
    await send(response, [utf8.encode(chatText.slice(0, -2))])
    // What was written must have been read before the reset.
    setTimeout(() => response.destroy(), 50)
  }
  const { items, thrown } = await collect(chatChunks(await fetch(url)))
  expect(items).toEqual(chat)
  expect(thrown).toMatchObject({
    kind: "truncated",
    status: 200,
    message: "The connection was lost before the stream ended.",
    cause: expect.any(TypeError),
  })
})

test("an abort is the caller's own error", async () => {
  listener = (_, response) => void send(response, [utf8.encode(chatText.slice(0, -20))])
  const abort = new AbortController()
  const response = await fetch(url, { signal: abort.signal })
  const reason = new Error("enough")
  const taking = collect(chatChunks(response))
  abort.abort(reason)
  expect((await taking).thrown).toBe(reason)
})

const envelope = { error: { message: "Slow down", type: "rate_limit_error", code: null } }
const text = (body: string, type?: string, status = 200) =>
  new Response(utf8.encode(body), { status, headers: type === undefined ? {} : { "content-type": type } })

type Facts = Partial<StreamError>

test.each<[name: string, response: Response, items: readonly object[], facts: Facts]>([
  [
    "a status that is no success",
    text(JSON.stringify(envelope), "application/json", 429),
    [],
    { kind: "refused", status: 429, message: "The server answered with status 429: Slow down", ...envelope },
  ],
  [
    "a status that is no success, though the body is a stream",
    text(chatText, "text/event-stream", 500),
    [],
    { kind: "refused", status: 500, message: "The server answered with status 500" },
  ],
  [
    "another media type",
    text("<p>", "text/html; charset=utf-8"),
    [],
    { kind: "not-a-stream", message: "Expected text/event-stream, got text/html; charset=utf-8" },
  ],
  [
    "no media type",
    text(chatText),
    [],
    { kind: "not-a-stream", message: "Expected text/event-stream, got no content type" },
  ],
  [
    "an error with status 200",
    text(JSON.stringify(envelope), "application/json"),
    [],
    {
      kind: "not-a-stream",
      message: "Expected text/event-stream, got application/json: Slow down",
      ...envelope,
    },
  ],
  [
    "an error in the stream",
    stream(encode([...chat.map((data) => ({ data })), { data: envelope }, { data: DONE }])),
    chat,
    {
      kind: "failed",
      status: 200,
      message: "The server reported an error in the stream: Slow down",
      ...envelope,
    },
  ],
  [
    "an error of an unknown form",
    stream(encode([{ data: { error: "gone" } }])),
    [],
    { kind: "failed", message: 'The server reported an error in the stream: "gone"' },
  ],
  [
    "no [DONE]",
    stream(chatText.replace(`data: ${DONE}\n\n`, "")),
    chat,
    { kind: "truncated", message: "The stream is truncated: it ended without [DONE]." },
  ],
  [
    "half of the last event",
    stream(chatText.slice(0, -1)),
    chat,
    { kind: "truncated", message: "The stream is truncated: it ended without [DONE]." },
  ],
  [
    "no body",
    new Response(null, { headers: { "content-type": "text/event-stream" } }),
    [],
    { kind: "truncated", message: "The stream is truncated: it ended without [DONE]." },
  ],
  [
    "an event that is no JSON",
    stream("data: x\n\n"),
    [],
    {
      kind: "malformed",
      message: `The event at byte 0 (line 1) is not JSON: SyntaxError: Unexpected token 'x', "x" is not valid JSON`,
    },
  ],
  [
    "an event that is no chunk",
    stream(
      encode([
        ...chat.slice(0, 1).map((data) => ({ data })),
        { data: { ...chat[0], choices: [{ index: "0", delta: {}, finish_reason: null }] } },
      ]),
    ),
    chat.slice(0, 1),
    {
      kind: "malformed",
      message: `The event at byte ${encode(chat.slice(0, 1).map((data) => ({ data }))).length} (line 3) is not a valid chat completion chunk at /choices/0/index: Invalid input: expected number, received string`,
    },
  ],
  [
    "JSON that is no object",
    stream("data: 1\n\n"),
    [],
    {
      kind: "malformed",
      message:
        "The event at byte 0 (line 1) is not a valid chat completion chunk: Invalid input: expected object, received number",
    },
  ],
])("chat: %s", async (_, response, items, facts) => {
  const got = await collect(chatChunks(response))
  expect(got).toEqual({ items, thrown: expect.any(StreamError) })
  expect({
    status: 200,
    error: undefined,
    ...(got.thrown as object),
    message: String(got.thrown),
  }).toMatchObject({
    ...facts,
    message: `StreamError: ${facts.message}`,
  })
})

const endless = () =>
  new Response(
    new ReadableStream({
      pull(controller) {
        controller.enqueue(new Uint8Array(2 ** 20).fill(0x61))
      },
    }),
    { headers: { "content-type": "text/event-stream" } },
  )

test("an event without end is given up", async () => {
  expect((await collect(chatChunks(endless()))).thrown).toMatchObject({
    kind: "malformed",
    message: "An event does not end within 16777216 bytes.",
  })
})

test("of the body of an error no more is read than an error can be long", async () => {
  const { body } = endless()
  expect((await collect(chatChunks(new Response(body, { status: 500 })))).thrown).toMatchObject({
    kind: "refused",
    status: 500,
  })
})

const eventsText = (...events: readonly object[]) => encode(events.map((data) => ({ data })))

test("responses: no [DONE] need follow the event that ends the response", async () => {
  expect(await collect(responseEvents(stream(eventsText(...events))))).toEqual({ items: events })
})

test("responses: a stream without such an event is truncated, [DONE] or not", async () => {
  const cut = events.slice(0, -1)
  for (const text of [eventsText(...cut), eventsText(...cut) + encode([{ data: DONE }])]) {
    const { items, thrown } = await collect(responseEvents(stream(text)))
    expect(items).toEqual(cut)
    expect(thrown).toMatchObject({
      kind: "truncated",
      message: "The stream is truncated: it ended without an event that ends the response.",
    })
  }
})

test("responses: an event of an unknown type is passed on, as are unknown members", async () => {
  const more = [
    { type: "response.x_new", sequence_number: 2, x: 1 },
    ...events.slice(2),
  ] as ResponseStreamEvent[]
  expect(await collect(responseEvents(stream(eventsText(...more))))).toEqual({ items: more })
})

test.each([
  ["named", "event: error\n"],
  ["by its type alone", ""],
])("responses: an error event, %s", async (_, name) => {
  const error = { type: "error", sequence_number: 2, code: "server_error", message: "Broken", param: null }
  const text = `${eventsText(...events.slice(0, 2))}${name}data: ${JSON.stringify(error)}\n\n`
  const { items, thrown } = await collect(responseEvents(stream(text)))
  expect(items).toEqual(events.slice(0, 2))
  expect(thrown).toMatchObject({ kind: "failed", error })
})

test("responses: a known event that lacks a member", async () => {
  const { thrown } = await collect(
    responseEvents(
      stream(
        eventsText({
          type: "response.refusal.delta",
          sequence_number: 0,
          item_id: "a",
          output_index: 0,
          content_index: 0,
        }),
      ),
    ),
  )
  expect(thrown).toMatchObject({
    kind: "malformed",
    message:
      "The event at byte 0 (line 1) is not a valid response stream event at /delta: Invalid input: expected string, received undefined",
  })
})
