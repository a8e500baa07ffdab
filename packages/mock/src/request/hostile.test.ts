import { afterEach, expect, test, vi } from "vitest"
import { createMock } from "../mock.ts"

const utf8 = new TextEncoder()

async function answer(method: string, target: string, body = "", contentType = "application/json") {
  const crashes: unknown[] = []
  const { handle } = createMock({ onCrash: (error) => crashes.push(error) })
  const headers = [
    ["authorization", "Bearer sk-x"],
    ["content-type", contentType],
  ] as const
  const { status } = await handle({ method, target, headers, body: utf8.encode(body) })
  return { status, crashes }
}

const inherited = ["__proto__", "constructor", "toString", "hasOwnProperty", "valueOf"]

test.each(inherited)("a query parameter named %s does not crash the mock (F5)", async (name) => {
  for (const path of ["/v1/media/image.png", "/v1/responses/resp_1/input_items", "/v1/models"]) {
    const { status, crashes } = await answer("GET", `${path}?${name}=1`)
    expect(crashes, path).toEqual([])
    expect(status, path).toBeLessThan(500)
  }
})

test.each(inherited)("a form field named %s does not crash the mock (F5)", async (name) => {
  const form = `--b\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n1\r\n--b--\r\n`
  for (const path of [
    "audio/transcriptions",
    "audio/translations",
    "images/edits",
    "images/variations",
    "videos",
  ]) {
    const { status, crashes } = await answer("POST", `/v1/${path}`, form, "multipart/form-data; boundary=b")
    expect(crashes, path).toEqual([])
    expect(status, path).toBeLessThan(500)
  }
})

test.each([
  ["audio/speech", { model: "tts-1", voice: "alloy" }, "input"],
  ["images/generations", { model: "dall-e-3" }, "prompt"],
  ["chat/completions", { model: "gpt-4o", messages: [{ role: "user", content: "a" }] }, "safety_identifier"],
  ["responses", { model: "gpt-4o", input: "a" }, "safety_identifier"],
  ["moderations", {}, "input"],
  ["embeddings", { model: "text-embedding-3-small" }, "input"],
])("%s refuses a member that cannot be converted to a string (F5)", async (path, body, member) => {
  for (const value of [{ toString: 1 }, [{ toString: 1 }], { length: 1e9, toString: 1 }]) {
    const { status, crashes } = await answer(
      "POST",
      `/v1/${path}`,
      JSON.stringify({ ...body, [member]: value }),
    )
    expect(
      crashes.map((error) => (error as Error).stack),
      JSON.stringify(value),
    ).toEqual([])
    expect(status, JSON.stringify(value)).toBe(400)
  }
})

test.each([",", "[", "{"])(
  "a JSON body with over 1,000,000 of '%s' is a 413 that names the limit (F1)",
  async (mark) => {
    const { status, crashes } = await answer("POST", "/v1/chat/completions", mark.repeat(1_000_001))
    expect(crashes).toEqual([])
    expect(status).toBe(413)
  },
)

test("a JSON body with 1,000,000 marks is parsed", async () => {
  expect((await answer("POST", "/v1/chat/completions", ",".repeat(1_000_000))).status).toBe(400)
})

const bad = Array(20_000).fill(1)
const messages = [{ role: "user", content: "a" }]

/** Counts how often each item of an array, and each member of an object, is read. */
function counted(value: unknown, reads: Map<string, number>, path = ""): unknown {
  if (typeof value !== "object" || value === null) return value
  const wrapped = new Map<PropertyKey, unknown>()
  return new Proxy(value, {
    get(target, key) {
      const inner: unknown = Reflect.get(target, key)
      if (typeof key === "symbol" || key === "length" || !Object.hasOwn(target, key)) return inner
      const at = Array.isArray(target) ? `${path}[${key}]` : `${path}.${key}`
      reads.set(at, (reads.get(at) ?? 0) + 1)
      if (!wrapped.has(key)) wrapped.set(key, counted(inner, reads, at))
      return wrapped.get(key)
    },
  })
}

afterEach(() => {
  vi.restoreAllMocks()
})

test.each([
  ["chat/completions", "messages[0]", { model: "gpt-4o", messages: bad }],
  [
    "chat/completions",
    "messages[0].content[0]",
    { model: "gpt-4o", messages: [{ role: "user", content: bad }] },
  ],
  [
    "chat/completions",
    "messages[4000]",
    { model: "gpt-4o", messages: [...Array(4000).fill(messages[0]), ...bad.slice(0, 96)] },
  ],
  ["chat/completions", "tools[0]", { model: "gpt-4o", messages, tools: bad }],
  ["chat/completions", "logit_bias", { model: "gpt-4o", messages, logit_bias: { ...bad.map(String) } }],
  ["responses", "input[0]", { model: "gpt-4o", input: bad }],
  ["responses", "input[0].content[0]", { model: "gpt-4o", input: [{ role: "user", content: bad }] }],
  ["responses", "tools[0]", { model: "gpt-4o", input: "a", tools: bad }],
  ["responses", "metadata", { model: "gpt-4o", input: "a", metadata: { ...bad } }],
  ["rerank", "documents[0]", { model: "rerank-v3.5", query: "a", documents: bad }],
  ["moderations", "input", { input: bad.map(() => ({})) }],
  ["moderations", "input[0].type", { input: bad.slice(0, 4000).map(() => ({})) }],
] as const)(
  "%s is refused at the first error, at %s, and nothing behind it is validated (F1)",
  async (path, param, request) => {
    const { handle } = createMock()
    const headers = [["authorization", "Bearer sk-x"]] as const
    const body = utf8.encode(JSON.stringify(request))
    const reads = new Map<string, number>()
    const parse = JSON.parse
    vi.spyOn(JSON, "parse").mockImplementation((text) => counted(parse(text), reads))
    const reply = await handle({ method: "POST", target: `/v1/${path}`, headers, body })
    vi.restoreAllMocks()
    expect(JSON.parse(String(reply.body))).toMatchObject({ error: { param } })
    expect(reply.status).toBe(400)
    const [, list = param, wrong = 0] = /^(.*)\[(\d+)\]/.exec(param) ?? []
    const behind = [...reads].filter(([at]) => {
      if (!at.startsWith(`.${list}[`) && !at.startsWith(`.${list}.`)) return false
      return Number.parseInt(at.slice(list.length + 2), 10) > Number(wrong)
    })
    // The search for objects with too many members reads them once.
    expect(behind.filter(([, times]) => times > 1)).toEqual([])
    expect(reads.size).toBeGreaterThan(0)
  },
)
