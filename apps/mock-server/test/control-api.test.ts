import { execFile } from "node:child_process"
import { readFileSync } from "node:fs"
import { createMock } from "@nexhina/mock"
import { startMock } from "@nexhina/mock/node"
import { createReplay } from "@nexhina/mock/recordings"
import { Ajv2020 } from "ajv/dist/2020.js"
import { afterAll, describe, expect, test } from "vitest"
import { catalogue } from "../src/catalogue.ts"
import { serve } from "../src/serve.ts"

const mock = createMock({ alterations: catalogue })
const server = await serve(mock, { host: "127.0.0.1", port: 0, drainMs: 0, log: "off" }, console.error)
afterAll(() => server.close())

const api = `${server.url}/__mock/api`
async function call(method: string, path: string, body?: unknown): Promise<[number, unknown]> {
  const text = typeof body === "string" ? body : JSON.stringify(body)
  const response = await fetch(`${api}/${path}`, { method, ...(body !== undefined && { body: text }) })
  return [response.status, await response.json()]
}
async function chat(headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  return fetch(`${server.baseURL}/chat/completions`, {
    method: "POST",
    headers: { authorization: "Bearer sk-journal-secret", "content-type": "application/json", ...headers },
    body: JSON.stringify({ model: "gpt-4o", stream: true, messages: [{ role: "user", content: "Hi" }] }),
  })
}

interface Operation {
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: object }>> }
  readonly responses: Readonly<
    Record<string, { readonly content: { readonly "application/json": { readonly schema: object } } }>
  >
}
const [, document] = (await call("GET", "openapi.json")) as [
  number,
  { paths: Readonly<Record<string, Readonly<Record<string, Operation>>>> },
]
const ajv = new Ajv2020({ strict: false })
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path: path.slice(1), method, operation })),
)

describe("the OpenAPI document", () => {
  const bodies: Readonly<Record<string, unknown>> = {
    "put scenarios": "scenarios: []",
    "put settings": { scope: "a", fault: "after 1 event: reset", rpm: 1_000_000, tpm: "none" },
    "post clock": { advanceMs: 1 },
  }

  test.each(operations.map((each) => [`${each.method} ${each.path}`, each] as const))(
    "%s: reply and error are as described",
    async (name, { path, method, operation: { requestBody, responses } }) => {
      await chat({ "x-mock-scope": "a" })
      const [status, reply] = await call(method.toUpperCase(), path, bodies[name])
      expect([
        status,
        ajv.validate(responses["200"]?.content["application/json"].schema ?? {}, reply),
      ]).toEqual([200, true])
      const error = responses["4XX"]?.content["application/json"].schema ?? {}
      const [badStatus, bad] = await call(method.toUpperCase(), `${path}?typo=1`, bodies[name])
      if (path !== "ready") {
        expect([badStatus, ajv.validate(error, bad)]).toEqual([400, true])
        expect(bad).toMatchObject({ error: { param: "typo", message: expect.stringContaining("'typo'") } })
      }
      const schema = requestBody?.content["application/json"]?.schema
      if (schema) {
        expect(ajv.validate(schema, bodies[name])).toBe(true)
        for (const wrong of [{ typo: 1 }, 3]) {
          expect(ajv.validate(schema, wrong)).toBe(false)
          expect((await call(method.toUpperCase(), path, wrong))[0]).toBe(400)
        }
        expect(await call(method.toUpperCase(), path, "{")).toMatchObject([
          400,
          { error: { message: "The body is not valid JSON." } },
        ])
      }
    },
  )
})

test.each([...new Set(operations.map(({ path }) => path))])(
  "%s: another method is a 405 that names the known ones",
  async (path) => {
    const known = operations.filter((each) => each.path === path).map(({ method }) => method.toUpperCase())
    const response = await fetch(`${api}/${path}`, { method: "PATCH" })
    await response.text()
    expect([response.status, response.headers.get("allow")]).toEqual([405, known.join(", ")])
  },
)

test("a body where none is taken is refused, and nothing is reset", async () => {
  await mock.reset()
  await (await chat({ "x-mock-scope": "other" })).text()
  const [status, refused] = await call("POST", "reset", { scope: "a" })
  expect([status, refused]).toMatchObject([
    400,
    {
      error: {
        message: "POST /__mock/api/reset does not take a body. Give 'scope' in the query: ?scope=…",
      },
    },
  ])
  expect(await call("GET", "scopes")).toMatchObject([200, { scopes: [{ scope: "other" }] }])
  expect(await call("DELETE", "settings", { scope: "a" })).toMatchObject([400, {}])
  expect(await call("DELETE", "faults", "scope=a")).toMatchObject([400, {}])
  expect(await call("POST", "reset", {})).toEqual([200, { reset: true }])
})

test("an unknown member is refused with the known ones", async () => {
  expect(await call("POST", "clock", { advance: 5 })).toMatchObject([
    400,
    { error: { message: "Invalid 'advance': unknown member. Expected 'advanceMs'." } },
  ])
  expect(await call("POST", "reset?scop=a")).toMatchObject([
    400,
    { error: { message: "Invalid 'scop': unknown member. Expected 'scope'." } },
  ])
})

test.each(["--replay", "--record"])("with %s, what would have no effect is refused", async (option) => {
  const idle = createMock()
  const others =
    option === "--replay"
      ? { replay: createReplay({ recordings: [] }) }
      : { recorder: () => expect.unreachable("No request is recorded.") }
  const other = await serve(
    idle,
    { host: "127.0.0.1", port: 0, drainMs: 0, log: "off" },
    console.error,
    others,
  )
  const ask = (method: string, path: string, body?: string) =>
    fetch(`${other.url}/__mock/api/${path}`, { method, ...(body !== undefined && { body }) })
  const settings = await ask("PUT", "settings", '{"latency": "ttft=500"}')
  expect(settings.status).toBe(400)
  const message = expect.stringMatching(`^With ${option}, .* answers?, and settings would have no effect\\.$`)
  expect(await settings.json()).toMatchObject({ error: { message } })
  expect((await ask("PUT", "scenarios", "scenarios: []")).status).toBe(400)
  expect((await ask("POST", "clock", '{"advanceMs": 5}')).status).toBe(400)
  expect((await ask("POST", "reset")).status).toBe(200)
  expect((await ask("GET", "journal")).status).toBe(200)
  await other.close()
})

test("settings of a scope, of all requests, and the headers that replace them", async () => {
  await mock.reset()
  const inactive = async (headers: Readonly<Record<string, string>> = {}) => {
    const response = await chat(headers)
    await response.text()
    return response.headers.get("x-mock-inactive")
  }
  await call("PUT", "settings", { fault: "after 900 events: reset" })
  await call("PUT", "settings", { scope: "calm", fault: "none" })
  await call("PUT", "settings", { scope: "other", defect: "models-object" })
  expect(await inactive()).toBe("fault")
  expect(await inactive({ "x-mock-scope": "calm" })).toBeNull()
  expect(await inactive({ "x-mock-fault": "none" })).toBeNull()
  await call("PUT", "settings", { scope: "calm" })
  expect(await inactive({ "x-mock-scope": "calm" })).toBe("fault")
  await call("DELETE", "settings")
  expect(await inactive()).toBeNull()
})

test("quotas are switched for a scope, and one scope is reset alone", async () => {
  await mock.reset()
  const status = async (scope: string) => (await chat({ "x-mock-scope": scope })).status
  await call("PUT", "settings", { scope: "a", rpm: 1 })
  await call("PUT", "settings", { scope: "b", rpm: 2 })
  expect([await status("a"), await status("a"), await status("b"), await status("c")]).toEqual([
    200, 429, 200, 200,
  ])
  expect(await call("PUT", "settings", { scope: "a", rpm: 0 })).toMatchObject([
    400,
    { error: { param: "rpm" } },
  ])
  expect(await call("POST", "reset?scope=a")).toEqual([200, { reset: true }])
  expect(await call("GET", "scopes")).toEqual([
    200,
    {
      scopes: [
        { scope: "b", requests: 1, failures: 0 },
        { scope: "c", requests: 1, failures: 0 },
      ],
    },
  ])
  expect([await status("b"), await status("b"), await status("a"), await status("a")]).toEqual([
    200, 429, 200, 200,
  ])
  expect(await call("DELETE", "settings?scope=b")).toEqual([200, { settings: [] }])
})

test("counters are visible, and cleared without a reset", async () => {
  await mock.reset()
  await call("PUT", "scenarios", "scenarios: [{ id: flaky, match: {}, fail: { times: 1, status: 503 } }]")
  const statuses = async () => [(await chat()).status, (await chat()).status]
  expect(await statuses()).toEqual([503, 200])
  expect(await call("GET", "faults")).toEqual([
    200,
    { faults: [{ scope: "", scenario: "flaky", count: 1, times: 1 }] },
  ])
  expect(await call("DELETE", "faults")).toEqual([200, { faults: [] }])
  expect(await statuses()).toEqual([503, 200])
  expect(await call("GET", "scopes")).toEqual([200, { scopes: [{ scope: "", requests: 4, failures: 1 }] }])
  await call("PUT", "scenarios", "scenarios: []")
})

test("the journal shows no key, in whatever part of the exchange", async () => {
  await mock.reset()
  await fetch(`${server.baseURL}/models?api_key=sk-journal-secret`, {
    headers: { authorization: "Bearer sk-journal-secret", "x-echo": "sk-journal-secret" },
  })
  await (await chat()).text()
  const [status, journal] = await call("GET", "journal")
  expect(status).toBe(200)
  expect(JSON.stringify(journal)).not.toContain("secret")
  expect(journal).toMatchObject({ exchanges: [{ request: { method: "GET" } }, { end: "complete" }] })
  await call(
    "PUT",
    "scenarios",
    'scenarios: [{ match: { headers: { Authorization: "Bearer sk-journal-secret" } }, answer: { text: a } }]',
  )
  expect(JSON.stringify(await call("GET", "scenarios"))).not.toContain("secret")
  await call("PUT", "scenarios", "scenarios: []")
})

test("the clock moves quotas and stamps, and never back", async () => {
  const [, { elapsedMs: before }] = (await call("GET", "clock")) as [number, { elapsedMs: number }]
  const [, { elapsedMs }] = (await call("POST", "clock", { advanceMs: 1e6 })) as [
    number,
    { elapsedMs: number },
  ]
  expect(elapsedMs - before).toBeGreaterThanOrEqual(1e6)
  expect(await call("POST", "clock", { advanceMs: -1 })).toMatchObject([
    400,
    { error: { param: "advanceMs" } },
  ])
})

test("every operation refuses pages of other origins", async () => {
  for (const { method, path } of operations) {
    const response = await fetch(`${api}/${path}`, {
      method: method.toUpperCase(),
      headers: { origin: "https://evil.example" },
    })
    expect([path, response.status]).toEqual([path, 403])
  }
})

test("the page lists every path, and its commands print what it shows", async () => {
  const page = readFileSync(new URL("../../../docs/control-api.md", import.meta.url), "utf8")
  for (const { method, path } of operations) {
    if (path !== "openapi.json") expect(page).toContain(`\`${method.toUpperCase()} /${path}\``)
  }
  const fresh = await serve(
    createMock({ alterations: catalogue }),
    { host: "127.0.0.1", port: 0, drainMs: 0, log: "off" },
    console.error,
  )
  let printed = ""
  let shown = 0
  for (const [, language, code = ""] of page.matchAll(/^```(\w+)\n(.*?)^```$/gms)) {
    if (language === "sh") printed = await bash(code.replaceAll("127.0.0.1:4010", new URL(fresh.url).host))
    if (language !== "text") continue
    for (const line of code.trim().split("\n")) expect(printed).toContain(line)
    shown++
  }
  expect(shown).toBe(7)
  await fresh.close()
})

function bash(command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile("bash", ["--norc", "-ec", command], (error, stdout, stderr) =>
      error ? reject(new Error(stderr)) : resolve(stdout),
    )
  })
}

test("a mock without the command has no control API", async () => {
  const bare = await startMock()
  expect((await fetch(`${bare.url}/__mock/api/ready`)).status).toBe(404)
  await bare.close()
})
