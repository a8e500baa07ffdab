import type { OperationId } from "@nexhina/schemas"
import type { MockRequest } from "@nexhina/wire"

/** A request whose reply is recorded as a digest. */
export interface DigestRequest {
  readonly name: string
  /** Undefined when the request belongs to no operation, or tests something that all operations share. */
  readonly operation?: OperationId
  readonly ask: MockRequest
}

const utf8 = new TextEncoder()
const authorization = ["authorization", "Bearer sk-digest"] as const
const host = ["host", "127.0.0.1:4010"] as const

function json(method: string, path: string, body?: object): MockRequest {
  return {
    method,
    target: `/v1${path}`,
    headers: [host, authorization, ...(body ? [["content-type", "application/json"] as const] : [])],
    body: utf8.encode(body ? JSON.stringify(body) : ""),
  }
}

function form(path: string, fields: Readonly<Record<string, string>>): MockRequest {
  const parts = Object.entries(fields).map(
    ([name, value]) => `--digest\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  )
  const file = `--digest\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\nContent-Type: audio/wav\r\n\r\n`
  const head = utf8.encode(parts.join("") + file)
  const tail = utf8.encode("\r\n--digest--\r\n")
  const wav = silence()
  const body = new Uint8Array(head.length + wav.length + tail.length)
  body.set(head)
  body.set(wav, head.length)
  body.set(tail, head.length + wav.length)
  return {
    method: "POST",
    target: `/v1${path}`,
    headers: [host, authorization, ["content-type", "multipart/form-data; boundary=digest"]],
    body,
  }
}

/** A WAV file: a tenth of a second at 8 kHz, 16 bits, one channel. */
function silence(): Uint8Array {
  const file = new Uint8Array(44 + 1600)
  const view = new DataView(file.buffer)
  file.set(utf8.encode("RIFF"), 0)
  view.setUint32(4, file.length - 8, true)
  file.set(utf8.encode("WAVEfmt "), 8)
  view.setUint32(16, 16, true)
  view.setUint16(20, 1, true)
  view.setUint16(22, 1, true)
  view.setUint32(24, 8000, true)
  view.setUint32(28, 16_000, true)
  view.setUint16(32, 2, true)
  view.setUint16(34, 16, true)
  file.set(utf8.encode("data"), 36)
  view.setUint32(40, 1600, true)
  return file
}

const weather = {
  name: "weather",
  parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
}
const strict = [weather, { ...weather, name: "tide" }].map(({ name, parameters }) => ({
  name,
  strict: true,
  parameters: { ...parameters, additionalProperties: false },
}))
const tools = strict.map((definition) => ({ type: "function", function: definition }))

/** The request as it is sent in chunks. */
const inChunks = ({ headers, ...request }: MockRequest): MockRequest => ({
  ...request,
  headers: [...headers, ["transfer-encoding", "chunked"]],
})

const chat = { model: "gpt-4o", messages: [{ role: "user", content: "Describe the sea." }] }
const response = { model: "gpt-4o", input: "Describe the sea." }

/** The id of the reply to `createResponse (plain)`: ids are hashes of the request. */
const storedResponse = "resp_qsgda5aulnk7ua"

/** Per operation, the members that make its replies differ; a streamed request is sent for each that can stream. */
const byOperation: Readonly<Record<OperationId, readonly (readonly [string, MockRequest])[]>> = {
  listModels: [["all", json("GET", "/models")]],
  retrieveModel: [
    ["one", json("GET", "/models/gpt-4o")],
    ["unknown", json("GET", "/models/absent")],
  ],
  createChatCompletion: [
    ["plain", json("POST", "/chat/completions", chat)],
    ["plain, streamed", json("POST", "/chat/completions", { ...chat, stream: true })],
    [
      "usage, streamed",
      json("POST", "/chat/completions", { ...chat, stream: true, stream_options: { include_usage: true } }),
    ],
    [
      "tools",
      json("POST", "/chat/completions", {
        ...chat,
        tools: [{ type: "function", function: weather }],
        tool_choice: "required",
      }),
    ],
    [
      "tools, streamed",
      json("POST", "/chat/completions", {
        ...chat,
        stream: true,
        tools: [{ type: "function", function: weather }],
        tool_choice: "required",
      }),
    ],
    [
      "two choices with reasoning, log probabilities and a limit",
      json("POST", "/chat/completions", {
        ...chat,
        n: 2,
        logprobs: true,
        top_logprobs: 2,
        max_tokens: 40,
        reasoning_effort: "low",
        stop: ["."],
      }),
    ],
    [
      "refusal",
      json("POST", "/chat/completions", {
        ...chat,
        messages: [{ role: "user", content: "[mock:refuse]" }],
      }),
    ],
    [
      "structured",
      json("POST", "/chat/completions", {
        ...chat,
        response_format: { type: "json_schema", json_schema: { name: "x", schema: weather.parameters } },
      }),
    ],
    [
      "two choices, streamed",
      json("POST", "/chat/completions", {
        ...chat,
        n: 2,
        stream: true,
        stream_options: { include_usage: true },
      }),
    ],
    [
      "sampling, and a member that nobody knows",
      json("POST", "/chat/completions", { ...chat, temperature: 0.5, unheard_of: true }),
    ],
    ["a limit that is reached at once", json("POST", "/chat/completions", { ...chat, max_tokens: 1 })],
    ["two strict tools", json("POST", "/chat/completions", { ...chat, tools, tool_choice: "required" })],
    ["tools at will", json("POST", "/chat/completions", { ...chat, tools })],
    [
      "a named tool",
      json("POST", "/chat/completions", {
        ...chat,
        tools,
        tool_choice: { type: "function", function: { name: weather.name } },
      }),
    ],
    ["in chunks", inChunks(json("POST", "/chat/completions", chat))],
    ["invalid", json("POST", "/chat/completions", { ...chat, n: "two" })],
    ["unknown model", json("POST", "/chat/completions", { ...chat, model: "absent" })],
  ],
  createResponse: [
    ["plain", json("POST", "/responses", response)],
    ["plain, streamed", json("POST", "/responses", { ...response, stream: true })],
    [
      "tools",
      json("POST", "/responses", {
        ...response,
        tools: [{ type: "function", ...weather }],
        tool_choice: "required",
      }),
    ],
    [
      "tools, streamed",
      json("POST", "/responses", {
        ...response,
        stream: true,
        tools: [{ type: "function", ...weather }],
        tool_choice: "required",
      }),
    ],
    [
      "reasoning, log probabilities and a limit, streamed",
      json("POST", "/responses", {
        ...response,
        stream: true,
        reasoning: { effort: "low", summary: "auto" },
        include: ["message.output_text.logprobs"],
        max_output_tokens: 40,
      }),
    ],
    [
      "reasoning, streamed",
      json("POST", "/responses", {
        ...response,
        stream: true,
        reasoning: { effort: "low", summary: "auto" },
      }),
    ],
    [
      "two strict functions",
      json("POST", "/responses", {
        ...response,
        tools: strict.map((definition) => ({ type: "function", ...definition })),
        tool_choice: "required",
      }),
    ],
    ["refusal", json("POST", "/responses", { ...response, input: "[mock:refuse]" })],
    ["invalid", json("POST", "/responses", { ...response, input: 1 })],
  ],
  retrieveResponse: [
    ["stored", json("GET", `/responses/${storedResponse}`)],
    ["absent", json("GET", "/responses/resp_absent")],
  ],
  listResponseInputItems: [
    ["stored", json("GET", `/responses/${storedResponse}/input_items`)],
    ["absent", json("GET", "/responses/resp_absent/input_items")],
  ],
  // After the others: it deletes what they read.
  deleteResponse: [
    ["stored", json("DELETE", `/responses/${storedResponse}`)],
    ["absent", json("DELETE", "/responses/resp_absent")],
  ],
  createEmbedding: [
    [
      "floats",
      json("POST", "/embeddings", { model: "text-embedding-3-small", input: ["a", "b"], dimensions: 8 }),
    ],
    [
      "base64",
      json("POST", "/embeddings", {
        model: "text-embedding-3-small",
        input: "a",
        dimensions: 8,
        encoding_format: "base64",
      }),
    ],
  ],
  createImage: [
    [
      "url",
      json("POST", "/images/generations", {
        model: "dall-e-3",
        prompt: "A cat",
        size: "1024x1024",
        response_format: "url",
      }),
    ],
  ],
  createSpeech: [
    [
      "wav",
      json("POST", "/audio/speech", { model: "tts-1", input: "Hi", voice: "alloy", response_format: "wav" }),
    ],
  ],
  createTranscription: [
    ["json", form("/audio/transcriptions", { model: "whisper-1" })],
    ["vtt", form("/audio/transcriptions", { model: "whisper-1", response_format: "vtt" })],
  ],
  createTranslation: [["json", form("/audio/translations", { model: "whisper-1" })]],
  createVideo: [["plain", json("POST", "/video/generations", { model: "sora", prompt: "A cat" })]],
  retrieveVideo: [["absent", json("GET", "/video/generations/absent")]],
  retrieveVideoContent: [["absent", json("GET", "/video/generations/absent/content")]],
  createModeration: [["two", json("POST", "/moderations", { input: ["I like it.", "I will kill you."] })]],
  createRerank: [
    [
      "three",
      json("POST", "/rerank", {
        model: "cohere-rerank-v3.5",
        query: "sea",
        documents: ["sea", "land", "the sea"],
      }),
    ],
  ],
}

/** One request for each form of each operation, whole and streamed, and for what belongs to no operation. */
export const digestRequests: readonly DigestRequest[] = [
  ...Object.entries(byOperation).flatMap(([operation, forms]) =>
    // The record's keys are the operation ids; `Object.entries` widens them to string.
    forms.map(([name, ask]) => ({
      name: `${operation} (${name})`,
      operation: operation as OperationId,
      ask,
    })),
  ),
  { name: "unknown path", ask: json("GET", "/absent") },
  { name: "wrong method", ask: json("DELETE", "/models") },
  { name: "preflight", ask: json("OPTIONS", "/models") },
  { name: "head", operation: "listModels", ask: json("HEAD", "/models") },
  { name: "no key", ask: { ...json("GET", "/models"), headers: [host] } },
]
