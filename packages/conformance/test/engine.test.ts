import { gzipSync } from "node:zlib"
import { startMock } from "@nexhina/mock/node"
import { headerOf, type NamedAlteration } from "@nexhina/wire"
import { expect, test } from "vitest"
import { settingsOf } from "../src/options/options.ts"
import { Report } from "../src/reports/report.ts"
import { reports } from "../src/reports/reports.ts"
import { run } from "../src/run.ts"
import { always, apiKey, checked } from "./checked.ts"

test("what --header says of a credential stands in no report", async () => {
  const credential = "very-secret-credential"
  const report = await checked(
    always({
      id: "echo",
      stage: "wire",
      apply: (reply, { ask }) => ({
        ...reply,
        status: 500,
        body: `{"error":{"message":"upstream refused ${headerOf(ask.headers, "x-goog-api-key")}","type":"x"}}`,
      }),
    }),
    { quick: true, header: [`X-Goog-Api-Key: ${credential}`, "X-Tenant-Id: tenant-of-ours"] },
  )
  expect(report.findings.length).toBeGreaterThan(0)
  for (const { write } of Object.values(reports)) {
    const text = write(report, { color: false })
    expect(text).not.toContain(credential)
    expect(text).not.toContain(apiKey)
  }
  expect(JSON.stringify(report.findings[0]?.request.headers)).toContain("tenant-of-ours")
})

/** The longest part of a secret in a text, from eight characters on. */
function leaked(secret: string, text: string): string {
  let longest = ""
  for (let from = 0; from + 8 <= secret.length; from++) {
    for (let to = from + Math.max(8, longest.length + 1); text.includes(secret.slice(from, to)); to++) {
      if (to > secret.length) break
      longest = secret.slice(from, to)
    }
  }
  return longest
}

test.each([
  ["short", "sk-0123456789abcdef"],
  [
    "164-character",
    `sk-${Array.from({ length: 161 }, (_, at) => ((at * at + 7 * at) % 36).toString(36)).join("")}`,
  ],
])(
  "a %s key that a target shows as a model and in its replies stands in no report (D10, D28)",
  async (_, key) => {
    const echo: NamedAlteration = {
      id: "echo",
      stage: "wire",
      apply: (reply, { operationId }) => {
        const body =
          operationId === "listModels"
            ? { object: "list", data: [{ id: key, object: key, created: 0, owned_by: key }] }
            : {
                object: key,
                model: key,
                [key]: key,
                choices: [
                  { finish_reason: key, message: { role: key, content: `${"x".repeat(280)}${key}` } },
                ],
                error: { message: `${"x".repeat(70)} the key ${key} is odd`, type: key, param: key, code: 7 },
              }
        return { ...reply, headers: [...reply.headers, ["x-key", key]], body: JSON.stringify(body) }
      },
    }
    const report = await checked(
      { ...always(echo), keys: [key], strictModels: false },
      { quick: true, apiKey: key },
    )
    expect(report.findings.length).toBeGreaterThan(5)
    for (const { write } of Object.values(reports)) {
      expect(leaked(key, write(report, { color: false }))).toBe("")
    }
  },
)

test("a run of some rules claims no conformance with the rest", async () => {
  const some = await checked({}, { rule: ["models.*"] })
  expect([some.summary.fail, some.conformant]).toEqual([0, null])
  const skipping = await checked({}, { skip: ["sse.done-once"] })
  expect([skipping.summary.fail, skipping.conformant]).toEqual([0, null])
})

test("a run of some surfaces is conformant in those, and says which", async () => {
  const report = await checked({}, { include: ["models"] })
  expect([report.conformant, report.surfaces]).toEqual([true, ["models"]])
  expect(reports.console.write(report, { color: false }).replace(/\s+/g, " ")).toContain(
    "was judged and none was broken, for models.",
  )
})

test.each([undefined, "sk-a-key-that-is-wrong"])(
  "a target that refuses the key (%s) is not blamed",
  async (key) => {
    await expect(checked({}, { apiKey: key })).rejects.toThrow(
      /refuses (the API key|a request without an API key) \(401\); pass a valid key with --api-key or \$NEXHINA_API_KEY/,
    )
  },
)

test("a key without access to one surface draws no finding there", async () => {
  const report = await checked(
    always({
      id: "no-access",
      stage: "wire",
      apply: (reply, { operationId }) =>
        operationId === "createEmbedding"
          ? {
              ...reply,
              status: 403,
              body: '{"error":{"message":"No access.","type":"permission_error","code":null}}',
            }
          : reply,
    }),
    { include: ["embeddings"] },
  )
  expect(report.findings).toEqual([])
})

test("a keyless chat that is answered 400 is a finding where the same chat with the key is answered", async () => {
  const report = await checked(
    always({
      id: "keyless-400",
      stage: "wire",
      apply: (reply) => (reply.status === 401 ? { ...reply, status: 400 } : reply),
    }),
    { quick: true },
  )
  expect([...new Set(report.findings.map(({ rule }) => rule))]).toEqual([
    "auth.bad-key",
    "auth.missing-key",
    "err.code-fits-status",
  ])
})

test("an answer that is compressed although nobody asked for it is read", async () => {
  const report = await checked(
    always({
      id: "gzip",
      stage: "wire",
      apply: (reply) => ({
        ...reply,
        headers: [...reply.headers, ["content-encoding", "gzip"]],
        body:
          typeof reply.body === "string"
            ? gzipSync(reply.body)
            : Array.isArray(reply.body)
              ? gzipSync(Buffer.concat(reply.body.map(({ bytes }) => bytes)))
              : reply.body,
      }),
    }),
    {},
  )
  expect(report.findings).toEqual([])
  expect(report.conformant).toBe(true)
})

test.each([
  ["quick", { quick: true }, /did not ask/],
  ["short of requests", { maxRequests: 30, concurrency: 1 }, /budget of 30 requests/],
])(
  "a run that is %s calls what it did not ask not-run, with the reason, and nothing inconclusive",
  async (_, flags, reason) => {
    const report = await checked({}, flags)
    expect(report.rules.filter(({ verdict }) => verdict === "inconclusive")).toEqual([])
    const unasked = report.rules.filter(
      ({ verdict, reason }) => verdict === "not-run" && !reason?.startsWith("it did not come up"),
    )
    expect(unasked.length).toBeGreaterThan(0)
    for (const rule of unasked) expect(rule.reason).toMatch(reason)
  },
)

test.each([
  ["err.missing-required", 404],
  ["err.out-of-range", 405],
  ["http.no-5xx-invalid", 501],
  ["err.envelope", 404],
])(
  "a server of chat alone is not blamed for how it refuses spoilt requests to all else: %s, %i",
  async (rule, status) => {
    const report = await checked(
      always({
        id: "chat-alone",
        stage: "wire",
        apply: (reply, { operationId }) =>
          operationId === "createChatCompletion" || operationId === "listModels"
            ? reply
            : { ...reply, status, headers: [["content-type", "text/html"]], body: "<h1>No such page</h1>" },
      }),
      { rule: [rule], include: "all", runs: 40 },
    )
    expect(report.findings.map(({ operation }) => operation)).toEqual([])
    expect(report.rules).toMatchObject([{ id: rule, verdict: "pass" }])
  },
)

test("the command that shows a fault again sends a form as it was, with the file in it", async () => {
  const report = await checked(
    always({
      id: "no-quotes",
      stage: "wire",
      apply: (reply, { ask }) =>
        Buffer.from(ask.body).includes("name=model") ? { ...reply, status: 400, body: "{}" } : reply,
    }),
    { rule: ["audio.transcription-multipart"], include: "audio" },
  )
  const { curl, request } = report.findings.find(({ fault }) => fault === "refused") ?? { curl: "" }
  // The rule compares spellings of a form: each of its requests is a line.
  const forms = [...curl.matchAll(/^echo ([\w+/=]+) \| base64 -d \| curl /gm)].map(([, base64 = ""]) =>
    Buffer.from(base64, "base64"),
  )
  const length = request?.headers.find(([name]) => name === "content-length")?.[1]
  const form = forms.find((each) => String(each.length) === length)
  expect(form?.includes("RIFF")).toBe(true)
})

test("one fault on many endpoints is one cause", async () => {
  const report = await checked(
    always({
      id: "numeric-code",
      stage: "wire",
      apply: (reply) =>
        typeof reply.body === "string" && reply.status >= 400
          ? { ...reply, body: reply.body.replace(/"code":("[^"]*"|null)/, '"code":400') }
          : reply,
    }),
    { quick: true },
  )
  expect(report.findings.length).toBeGreaterThan(report.causes.length)
  const [cause] = report.causes
  expect(cause?.operations.length).toBeGreaterThan(1)
  const listed = report.causes.flatMap(({ findings, consequences }) => [...findings, ...consequences])
  expect(listed.sort()).toEqual(report.findings.map(({ id }) => id).sort())
})

test("what follows from two objects on one line of a stream stands under that cause", async () => {
  const report = await checked(
    always({
      id: "shared-line",
      stage: "bytes",
      apply: (frames) =>
        frames.map((frame, at) =>
          at === 1
            ? {
                ...frame,
                bytes: Buffer.from(
                  Buffer.from(frame.bytes)
                    .toString()
                    .replace(/\}\n\n$/, "}{}\n\n"),
                ),
              }
            : frame,
        ),
    }),
    { quick: true },
  )
  const cause = report.causes.find(({ rule }) => rule === "sse.data-json")
  expect(cause?.operations).toEqual(["createChatCompletion", "createResponse"])
  expect(cause?.consequences).toContain(
    "tool.stream-first-delta:no-id@createChatCompletion#/choices/*/delta/tool_calls/*",
  )
  expect(report.causes).toHaveLength(1)

  // The exchanges are those of the cause, as they were on the wire, with the event at fault marked.
  const withExchanges = report.findings.filter(({ exchanges }) => exchanges).map(({ id }) => id)
  expect(withExchanges).toEqual(cause?.findings)
  const [exchange] = report.findings.find(({ id }) => id === cause?.findings[0])?.exchanges ?? []
  const text = exchange?.response?.body.parts[0]?.text ?? ""
  const marked = exchange?.marks.flatMap((mark) => ("from" in mark ? [text.slice(mark.from, mark.to)] : []))
  expect(marked).toEqual([expect.stringMatching(/\}\{\}/)])
  expect(exchange?.response?.chunks.reduce((sum, [, length]) => sum + length, 0)).toBe(
    Buffer.byteLength(text),
  )
  expect(Report.parse(JSON.parse(JSON.stringify(report)))).toEqual(report)
})

test("a finding that is made smaller stays at its operation, and is told once", async () => {
  const failing = always({
    id: "failing",
    stage: "wire",
    apply: (reply) => (reply.status === 400 ? { ...reply, status: 500 } : reply),
  })
  const { findings } = await checked(failing, { rule: ["http.no-5xx-invalid"], runs: 20 })
  const ids = findings.map(({ id }) => id)
  expect(ids.length).toBeGreaterThan(2)
  expect(ids).toEqual([...new Set(ids)])
})

test("a run that ends while it learns the target draws one sample of each rule, which it does not send", async () => {
  await using server = await startMock({ keys: [apiKey], strictModels: true })
  const indexes: number[] = []
  const end = new AbortController()
  const report = await run(settingsOf({ baseUrl: server.baseURL, apiKey, runs: 3 }), {
    interrupt: end.signal,
    onExchange: () => end.abort("it was interrupted"),
    onLine: (line) => {
      if (line.fact === "sample") indexes.push(line.index)
    },
  })
  expect([report.conformant, report.stopped]).toEqual([null, "it was interrupted"])
  expect(new Set(indexes)).toEqual(new Set([0]))
})
