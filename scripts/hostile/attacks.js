/*
 * The attacks of `scripts/hostile-clients.js`: each is a name and a function that sends it to a mock. A function gets
 * `post` (sends a body to a path and reads the whole reply) and `open` (opens a connection and writes bytes).
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
  "F5 inherited names": ["audio/speech", () => '{"model":"tts-1","voice":"alloy","input":{"toString":1}}'],
}

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
  "F13 garbage that claims to be audio": ({ post }) =>
    Promise.all([post("audio/transcriptions", garbageAudio()), post("audio/transcriptions", garbageAudio())]),
}

function streamRequest() {
  return (
    "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer sk-x\r\n" +
    `content-type: application/json\r\ncontent-length: ${longStream.length}\r\n\r\n${longStream}`
  )
}

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
