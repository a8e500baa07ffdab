import { HttpResponse, http } from "msw"
import { setupServer } from "msw/node"
import { afterAll, test as base, beforeAll, describe, expect } from "vitest"
import { mockFixture } from "./fixture.ts"
import { requestsOf } from "./requests.ts"
import { startTestMock, type TestMockOptions } from "./test-mock.ts"

const kinds: Readonly<Record<string, TestMockOptions>> = {
  "on a port": {},
  intercepted: { baseURL: "https://gateway.example/api/v1" },
}

const ask = (baseURL: string, apiKey: string) =>
  fetch(`${baseURL}/models`, { headers: { authorization: `Bearer ${apiKey}` } })

describe.each(Object.entries(kinds))("a mock %s", (_, options) => {
  const test = base.extend(mockFixture({ ...options, keys: ["sk-mine"] }))

  test("accepts its key, and records what it receives", async ({ mock }) => {
    expect((await ask(mock.baseURL, mock.apiKey)).status).toBe(200)
    expect((await ask(mock.baseURL, "sk-other")).status).toBe(401)
    expect(requestsOf(mock).map(({ operation, path }) => [operation, path])).toEqual([
      ["listModels", "/models"],
      ["listModels", "/models"],
    ])
    await mock.reset()
    expect(mock.exchanges).toEqual([])
  })

  test("belongs to one test", ({ mock }) => {
    expect(mock.exchanges).toEqual([])
  })
})

base("a mock that is closed answers no more", async () => {
  // Nothing listens on this port, and it is none of those that `fetch` blocks.
  for (const options of [{}, { baseURL: "http://127.0.0.1:2/v1" }]) {
    const mock = await startTestMock(options)
    expect((await ask(mock.baseURL, mock.apiKey)).status).toBe(200)
    await mock.close()
    await expect(ask(mock.baseURL, mock.apiKey)).rejects.toThrow("fetch failed")
  }
})

base("an unknown option is an error", async () => {
  const typo: object = { senarios: [] }
  await expect(startTestMock(typo)).rejects.toThrow("Unknown option 'senarios'. Did you mean 'scenarios'?")
})

base("the fixture names no other fixture, where Playwright looks for them", () => {
  // Playwright requires a destructuring pattern as the first parameter.
  expect(String(mockFixture().mock)).toMatch(/^async mock\(\{\s*\}, use\)/)
})

describe("in a project that has a server of MSW", () => {
  const shop = "https://shop.example/order"
  const mswServer = setupServer(http.get(shop, () => HttpResponse.json({ open: true })))
  beforeAll(() => mswServer.listen({ onUnhandledRequest: "error" }))
  afterAll(() => mswServer.close())

  const order = async () => (await fetch(shop)).json()
  const baseURL = "https://gateway.example/v1"
  const test = base.extend(mockFixture({ baseURL, mswServer }))

  test("the mock and the handlers of the project answer", async ({ mock }) => {
    expect((await ask(mock.baseURL, mock.apiKey)).status).toBe(200)
    expect(await order()).toEqual({ open: true })
    expect(requestsOf(mock)).toHaveLength(1)
    // A mock of another base URL stands beside it.
    const other = await startTestMock({ baseURL: "https://other.example/v1", mswServer })
    expect((await ask(other.baseURL, other.apiKey)).status).toBe(200)
    expect((await ask(mock.baseURL, mock.apiKey)).status).toBe(200)
    await other.close()
    expect([requestsOf(mock).length, requestsOf(other).length]).toEqual([2, 1])
  })

  base("a mock that is closed answers no more, and the handlers of the project still do", async () => {
    const mock = await startTestMock({ baseURL, mswServer })
    await mock.close()
    await expect(ask(baseURL, mock.apiKey)).rejects.toThrow()
    expect(await order()).toEqual({ open: true })
  })

  base("without that server, the mock does not start, which would silence it", async () => {
    await expect(startTestMock({ baseURL })).rejects.toThrow(
      "MSW intercepts requests already, and has one server at a time. Pass that of the project as the option 'mswServer', " +
        "or close the other mock first.",
    )
    expect(await order()).toEqual({ open: true })
  })
})

base("a server of MSW needs a base URL", async () => {
  await expect(startTestMock({ mswServer: setupServer() })).rejects.toThrow(
    "The option 'mswServer' needs 'baseURL'.",
  )
})
