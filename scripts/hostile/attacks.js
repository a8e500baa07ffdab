import { setTimeout as pause } from "node:timers/promises"
import { brotliCompressSync, constants, gzipSync } from "node:zlib"

/*
 * The attacks of `scripts/hostile-clients.js`: each is a name and a function that sends it to a mock. A function gets
 * `post` (sends a body to a path, with more headers, and reads the whole reply) and `open` (opens a connection and writes bytes).
 */

const repeated = (count, text) => Array(count).fill(text).join(",")
const filled = (count, value) => Array(count).fill(value)
const members = (count, value) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`p${index}`, value]))
const user = { role: "user", content: "a" }
const chat = (more) => JSON.stringify({ model: "gpt-4o", messages: [user], ...more })
const schema = (value) =>
  chat({ response_format: { type: "json_schema", json_schema: { name: "a", schema: value } } })
const needed = (value) => schema({ required: ["a"], properties: { a: value } })
const ranges = Array.from({ length: 1000 }, (_, index) =>
  String.fromCodePoint(0x1000 + 3 * index, 0x2d, 0x1001 + 3 * index),
).join("")

/** Bodies that are sent to a path, four times at once. */
const bodies = {
  "F1 wrong messages": [
    "chat/completions",
    () => `{"model":"gpt-4o","messages":[${repeated(300_000, "1")}]}`,
  ],
  "F1 wrong tools": ["chat/completions", () => chat({ tools: filled(300_000, 1) })],
  "F1 wrong logit_bias": ["chat/completions", () => chat({ logit_bias: members(100_000, "a") })],
  "F1 wrong input": ["responses", () => `{"model":"gpt-4o","input":[${repeated(300_000, "1")}]}`],
  "F1 wrong documents": [
    "rerank",
    () => `{"model":"rerank-v3.5","query":"a","documents":[${repeated(900_000, "1")}]}`,
  ],
  "F1 29 MiB of small values": [
    "chat/completions",
    () => `{"model":"gpt-4o","messages":[${repeated(15_000_000, "1")}]}`,
  ],
  "F2 branches of a wide object": [
    "chat/completions",
    () =>
      schema({
        allOf: [
          { properties: members(9000, true) },
          { anyOf: filled(2000, { properties: { x: true }, enum: [] }) },
        ],
      }),
  ],
  "F2 unique items": [
    "chat/completions",
    () =>
      needed({
        type: "array",
        minItems: 3000,
        uniqueItems: true,
        items: { const: filled(10_000, "abcdefgh") },
      }),
  ],
  "F3 nested repetitions": [
    "chat/completions",
    () => needed({ pattern: "^((((((((a*)*)*)*)*)*)*)*)*b$", minLength: 2000 }),
  ],
  "F3 a class of 1,000 ranges": [
    "chat/completions",
    () => needed({ pattern: `^[${ranges}]+$`, minLength: 5000 }),
  ],
  "F4 100,000 input items": [
    "responses",
    () => JSON.stringify({ model: "gpt-4o", input: filled(100_000, user) }),
  ],
  "F4 10,000 input items": [
    "responses",
    () => JSON.stringify({ model: "gpt-4o", input: filled(10_000, user) }),
  ],
  "F4 2,048 embeddings": [
    "embeddings",
    () => JSON.stringify({ model: "text-embedding-3-small", input: filled(2048, "a") }),
  ],
  "F4 20 MB of text": [
    "chat/completions",
    () => chat({ messages: [{ role: "user", content: "hello wo".repeat(2.5e6) }] }),
  ],
  "F4 10 MB of text": [
    "chat/completions",
    () => chat({ messages: [{ role: "user", content: "hello wo".repeat(1.25e6) }] }),
  ],
  "F4 20 MB of base64": [
    "chat/completions",
    () =>
      chat({
        messages: [
          {
            role: "user",
            content: [
              {
                type: "image_url",
                image_url: { url: `data:image/png;base64,${"AAAA".repeat(5e6)}` },
              },
            ],
          },
        ],
      }),
  ],
  "F4 long speech": [
    "audio/speech",
    () =>
      JSON.stringify({
        model: "tts-1",
        voice: "alloy",
        input: "a ".repeat(2000),
        response_format: "flac",
        speed: 0.25,
      }),
  ],
  "F4 8 MB to rerank": [
    "rerank",
    () =>
      JSON.stringify({ model: "rerank-v3.5", query: "a b", documents: filled(1000, "a b c ".repeat(1300)) }),
  ],
  "F4 10 images": [
    "images/generations",
    () =>
      JSON.stringify({
        model: "dall-e-2",
        prompt: "a",
        n: 10,
        size: "1024x1024",
        response_format: "b64_json",
      }),
  ],
  "F14 JSON nested a million deep": [
    "chat/completions",
    () => `{"model":"gpt-4o","messages":${"[".repeat(1e6)}${"]".repeat(1e6)}}`,
  ],
  "F14 as many log probabilities as fit": [
    "chat/completions",
    () => chat({ n: 60, logprobs: true, top_logprobs: 20, stream: true, max_tokens: 4000 }),
  ],
  "F14 a word of 5 MB": [
    "embeddings",
    () => JSON.stringify({ model: "text-embedding-3-small", input: "a".repeat(5e6) }),
  ],
  "F5 inherited names": ["audio/speech", () => '{"model":"tts-1","voice":"alloy","input":{"toString":1}}'],
}

const quality = constants.BROTLI_PARAM_QUALITY

const header = [0xff, 0xf1, 0x50, 0x80, 0x00, 0xff, 0xfc]

function garbageAudio() {
  const file = Uint8Array.from({ length: 2e7 }, (_, index) => header[index % header.length] ?? 0)
  const form = new FormData()
  form.append("model", "whisper-1")
  form.append("file", new File([file], "a.aac"))
  return form
}

const head = (more = "") => `GET /v1/models HTTP/1.1\r\nhost: x\r\nauthorization: Bearer sk-x\r\n${more}\r\n`
const longStream = chat({ stream: true, messages: [{ role: "user", content: "a ".repeat(20_000) }] })

/** Attacks on connections, which stay open until the attack ends. */
const connections = {
  "F6 500 clients that send garbage and stay": ({ open }) => {
    for (let i = 0; i < 500; i++) open("garbage\r\n\r\n", { allowHalfOpen: true })
  },
  "F7 200 clients that send half a request": ({ open }) => {
    for (let i = 0; i < 200; i++)
      open("POST /v1/models HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nhalf")
  },
  "F8 garbage during streams": ({ open }) => {
    for (let i = 0; i < 50; i++) open(`${streamRequest()}garbage\r\n\r\n`)
  },
  "F9 requests without Host, and garbage after good ones": ({ open }) => {
    for (let i = 0; i < 50; i++) open("GET /v1/models HTTP/1.1\r\n\r\n")
    for (let i = 0; i < 50; i++) open(`${head()}garbage\r\n\r\n`)
  },
  "F9 4,000 headers": ({ open }) => {
    const many = Array.from({ length: 3000 }, (_, index) => `${index % 10}:`).join("\r\n")
    for (let i = 0; i < 50; i++) open(head(`${many}\r\n`))
  },
  "F11 200 clients that never read": ({ open }) => {
    for (let i = 0; i < 200; i++) open(streamRequest(), { reads: false })
  },
  // Among them is a large body that ends.
  "F14 100 uploads of 20 MB that never end": async ({ open, post }) => {
    const upload = jsonRequest("responses", 25e6, "x".repeat(20e6))
    for (let i = 0; i < 100; i++) open(upload)
    await pause(500)
    await post("chat/completions", chat({ messages: [{ role: "user", content: "a".repeat(2e6) }] }))
  },
  "F14 chunks without an end": ({ open }) => {
    const start = jsonHead("responses", "transfer-encoding: chunked")
    for (let i = 0; i < 10; i++) open(start + `100000\r\n${"x".repeat(0x100000)}\r\n`.repeat(40))
  },
  "F14 headers without an end": ({ open }) => {
    for (let i = 0; i < 100; i++) open(`GET /v1/models HTTP/1.1\r\nhost: x\r\nx-long: ${"x".repeat(1e6)}`)
  },
  "F14 bodies that are compressed bombs": ({ post }) => {
    const bomb = Buffer.from(chat({ messages: [{ role: "user", content: "a".repeat(1e8) }] }))
    const forms = { gzip: gzipSync(bomb), br: brotliCompressSync(bomb, { params: { [quality]: 1 } }) }
    return Promise.all(
      Object.entries(forms).flatMap(([name, body]) =>
        Array.from({ length: 4 }, () => post("chat/completions", body, { "content-encoding": name })),
      ),
    )
  },
  "F14 100,000 fields of a form": ({ post }) => {
    const form = new FormData()
    for (let i = 0; i < 1e5; i++) form.append(`a${i}`, "b")
    return post("audio/transcriptions", form)
  },
  "F14 200 stored responses of 1 MB": async ({ post }) => {
    const body = JSON.stringify({ model: "gpt-4o", input: "hello wo".repeat(125_000), store: true })
    for (let i = 0; i < 200; i += 4)
      await Promise.all(Array.from({ length: 4 }, () => post("responses", body)))
  },
  "F13 garbage that claims to be audio": ({ post }) =>
    Promise.all([post("audio/transcriptions", garbageAudio()), post("audio/transcriptions", garbageAudio())]),
}

const jsonHead = (path, more) =>
  `POST /v1/${path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer sk-x\r\ncontent-type: application/json\r\n${more}\r\n\r\n`

const jsonRequest = (path, length, body) => jsonHead(path, `content-length: ${length}`) + body

const streamRequest = () => jsonRequest("chat/completions", longStream.length, longStream)

/** Every attack by name. */
export const attacks = {
  ...Object.fromEntries(
    Object.entries(bodies).map(([name, [path, body]]) => [
      name,
      ({ post }) => {
        const text = body()
        return Promise.all(Array.from({ length: 4 }, () => post(path, text)))
      },
    ]),
  ),
  ...connections,
}
