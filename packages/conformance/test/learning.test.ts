import type { MockOptions } from "@nexhina/mock"
import { startMock } from "@nexhina/mock/node"
import { expect, test } from "vitest"
import { settingsOf } from "../src/options/options.ts"
import { exitCodeOf, type Report } from "../src/reports/report.ts"
import { reports } from "../src/reports/reports.ts"
import { run } from "../src/run.ts"
import { always, checked } from "./checked.ts"
import { behind, json, type Layer } from "./imitations/layer.ts"

const verdictsOf = (report: Report, ...ids: string[]) =>
  ids.map((id) => report.rules.find((rule) => rule.id === id)?.verdict)

const refused = (message: string, param: string | null = null, status = 400) =>
  json(status, { error: { message, type: "invalid_request_error", param, code: null } })

/** Checks the mock behind a layer. */
async function checkedBehind(
  layer: Layer,
  flags: Record<string, unknown>,
  options: MockOptions = {},
): Promise<Report> {
  const mock = behind(layer, { strictModels: true, keys: "none-needed", ...options })
  await using server = await startMock({ mock })
  const settings = { baseUrl: server.baseURL, profile: "openai", runs: 2, skip: ["http.request-id"] }
  return await run(settingsOf({ ...settings, ...flags }))
}

test.each([404, 405])(
  "a server that answers /models with %s is not accused of a missing key there",
  async (status) => {
    const report = await checkedBehind(
      ({ path }, answer) =>
        path.startsWith("/models") ? Promise.resolve(json(status, { error: { message: "No." } })) : answer(),
      { include: ["chat"], rule: ["auth.*"], apiKey: "sk-0123456789" },
      { keys: ["sk-0123456789"] },
    )
    expect(report.findings).toEqual([])
    expect(verdictsOf(report, "auth.missing-key")).not.toEqual(["fail"])
  },
)

test("a required surface is asked for, and missed", async () => {
  const report = await checkedBehind(
    ({ path }, answer) => (path.startsWith("/images") ? Promise.resolve(json(404, {})) : answer()),
    { include: ["chat"], require: ["images"], rule: ["http.offers-required", "images.*"] },
  )
  expect(verdictsOf(report, "http.offers-required")).toEqual(["fail"])
})

test("a required surface is asked for also where --rule names other rules", async () => {
  const report = await checkedBehind(
    ({ path }, answer) => (path === "/embeddings" ? Promise.resolve(json(404, {})) : answer()),
    { include: ["models"], require: ["embeddings"], rule: ["models.schema"] },
  )
  expect(verdictsOf(report, "http.offers-required")).toEqual(["fail"])
})

test("a required surface is asked for in the quickest run too", async () => {
  const report = await checkedBehind((_, answer) => answer(), { require: ["rerank"], quick: true })
  expect(verdictsOf(report, "http.offers-required")).toEqual(["fail"])
})

test("a budget of requests is kept, however many are in progress", async () => {
  for (const maxRequests of [1, 5, 9]) {
    expect((await checkedBehind((_, answer) => answer(), { maxRequests, concurrency: 8 })).requests).toBe(
      maxRequests,
    )
  }
})

test("a report says that a short key is hidden in headers only", async () => {
  const learnedWith = async (apiKey: string) =>
    (await checkedBehind((_, answer) => answer(), { include: ["models"], rule: ["models.schema"], apiKey }))
      .learned
  expect(await learnedWith("x")).toContain(
    "a key or secret header has fewer than 8 characters: it is hidden in headers, not in bodies and texts",
  )
  expect((await learnedWith("sk-01234567")).join()).not.toContain("characters")
})

test("what was learned is in the reports", async () => {
  const report = await checkedBehind(
    ({ path, body }, answer) =>
      path === "/chat/completions" && "temperature" in body
        ? Promise.resolve(refused("temperature is not supported by this model", "temperature"))
        : answer(),
    { include: ["chat"], rule: ["chat.accepts-documented-params"] },
  )
  const lesson = "POST /chat/completions: refuses temperature (400), asked without it"
  expect(report.learned).toContain(lesson)
  expect(reports.console.write(report, { color: false })).toContain("refuses temperature (400)")
  expect(JSON.parse(reports.json.write(report, { color: false })).learned).toContain(lesson)
})

test("bodies that are spoilt on purpose carry nothing that the target refuses", async () => {
  const report = await checkedBehind(
    ({ path, body }, answer) => {
      if (path !== "/chat/completions") return answer()
      return "top_p" in body ? Promise.resolve(refused("top_p is not supported", "top_p")) : answer()
    },
    {
      include: ["chat"],
      rule: ["err.missing-required", "err.param-named", "chat.accepts-documented-params"],
    },
  )
  // Members that were spoilt themselves aside.
  expect(report.findings.filter(({ id }) => !id.endsWith("~top_p"))).toEqual([])
})

test("a server that checks members before the key is asked with a wrong key in the same way", async () => {
  const report = await checkedBehind(
    ({ path, body }, answer) =>
      path === "/chat/completions" && "max_tokens" in body
        ? Promise.resolve(refused("max_tokens is not supported", "max_tokens"))
        : answer(),
    { include: ["chat"], rule: ["auth.missing-key", "auth.bad-key"], apiKey: "sk-0123456789" },
    { keys: ["sk-0123456789"] },
  )
  expect(report.findings).toEqual([])
  expect(verdictsOf(report, "auth.missing-key", "auth.bad-key")).toEqual(["pass", "pass"])
})

test("a video server that reads only forms is asked with forms", async () => {
  const report = await checkedBehind(
    ({ method, path, isJson }, answer) => {
      if (path !== "/videos" || method !== "POST") return answer()
      if (isJson) return Promise.resolve(refused("body.prompt: Field required", null, 422))
      return answer({
        model: "sora",
        prompt: "A red ball rolls over a white floor",
        seconds: "4",
        size: "720x1280",
      })
    },
    { include: ["video"], rule: ["video.*"] },
  )
  expect(report.findings).toEqual([])
  expect(report.learned).toContain("POST /video/generations: refuses JSON (422), asked with a form")
  expect(verdictsOf(report, "video.schema", "video.lifecycle", "video.content")).toEqual([
    "pass",
    "pass",
    "pass",
  ])
})

test("a voice that was named is asked for", async () => {
  const report = await checkedBehind(
    ({ path, body }, answer) =>
      path === "/audio/speech" && body["voice"] !== "nova"
        ? Promise.resolve(refused("voice must be nova", "voice"))
        : answer(),
    { include: ["audio"], rule: ["audio.speech-*"], voice: "nova" },
  )
  expect(verdictsOf(report, "audio.speech-nonempty", "audio.speech-format")).toEqual(["pass", "pass"])
})

test("a key that is a short word is blotted out of headers, not of words", async () => {
  const short = "e"
  const report = await checked(
    { ...always({ id: "no-list", stage: "value", apply: () => ({ object: "list" }) }), keys: [short] },
    { include: ["models"], rule: ["models.schema"], apiKey: short },
  )
  const [finding] = report.findings
  expect(finding?.says).toContain("MUST list models")
  expect(finding?.evidence.excerpt).toContain('"object":"list"')
  expect(JSON.stringify(finding?.request.headers)).not.toContain("Bearer e")
})

test.each([
  ["every list", (input: unknown) => Array.isArray(input), ["http.accepts-documented-form"]],
  ["every text", (input: unknown) => typeof input === "string", ["http.accepts-plain-form"]],
  ["every input", () => true, ["http.accepts-plain-form", "http.accepts-documented-form"]],
])("embeddings of %s that are refused are no gap", async (_, isRefused, rules) => {
  const report = await checkedBehind(
    ({ method, path, body }, answer) =>
      method === "POST" && path === "/embeddings" && isRefused(body["input"])
        ? Promise.resolve(refused("input is of the wrong kind", "input"))
        : answer(),
    { include: ["embeddings"], skip: ["err.*", "http.request-id"] },
  )
  expect([...new Set(report.findings.map(({ rule }) => rule))]).toEqual(rules)
})

test.each(["/chat/completions", "/responses"])("streams of %s that are refused are no gap", async (path) => {
  const report = await checkedBehind(
    (asked, answer) =>
      asked.path === path && asked.body["stream"] === true
        ? Promise.resolve(refused("Streaming is not supported.", "stream"))
        : answer(),
    { include: ["chat", "responses"], quick: true, skip: ["err.*", "http.request-id"] },
  )
  expect(report.findings.map(({ rule }) => rule)).toEqual(["stream.is-accepted"])
})

test.each([
  ["chat", "model", ["chat", "responses"], "--model"],
  ["embedding", "embeddingModel", ["embeddings"], "--embedding-model"],
  ["moderation", "moderationModel", ["moderations"], "--moderation-model"],
])("a named %s model that the target does not serve is a gap", async (_, option, surfaces, flag) => {
  for (const include of [surfaces, ["models", "chat", "responses", "embeddings", "moderations"]]) {
    const report = await checkedBehind((_, answer) => answer(), { [option]: "nope", include, quick: true })
    expect(report).toMatchObject({
      outcome: "incomplete",
      reason: expect.stringMatching(
        `^no .*2xx, but with 404: does the target serve this model\\? Name another with ${flag}$`,
      ),
      findings: [],
    })
    expect(exitCodeOf(report, false)).toBe(3)
  }
})

test("a model that nobody listed or named proves nothing, unless the surface is required", async () => {
  const unknown: Layer = ({ path, method, body }, answer) => {
    if (path === "/models" && method === "GET")
      return Promise.resolve(json(200, { object: "list", data: [{ id: "my-chat", object: "model" }] }))
    if (path === "/embeddings") return Promise.resolve(refused(`No model ${body["model"]}.`, null, 404))
    return answer()
  }
  const options = { models: ["my-chat"] }
  const flags = { include: ["embeddings"], rule: ["emb.*", "err.*", "http.*"] }
  const free = await checkedBehind(unknown, flags, options)
  expect(free.findings).toEqual([])
  expect(free.rules.find(({ id }) => id === "emb.schema")).toMatchObject({
    verdict: "unsupported",
    reason: "no model is known for POST /embeddings; name one with --embedding-model",
  })
  const required = await checkedBehind(unknown, { ...flags, require: ["embeddings"] }, options)
  expect(required.findings.map(({ rule }) => rule)).toEqual(["http.offers-required"])
})
