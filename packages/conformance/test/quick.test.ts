import type { ServerResponse } from "node:http"
import { createServer } from "node:net"
import { type MockServer, startMock } from "@nexhina/mock/node"
import { bodyOf } from "@nexhina/wire"
import { expect, test } from "vitest"
import { defects } from "../../defects/src/index.ts"
import { settingsOf } from "../src/options/options.ts"
import { outcomeText } from "../src/reports/outcome-text.ts"
import { run } from "../src/run.ts"

test.each(["nexhina", "openai"] as const)(
  "a quick run under %s sends at most 30 requests and says what it did not look at",
  async (profile) => {
    const report = await run(settingsOf({ profile, quick: true }))
    expect(report.requests).toBeLessThanOrEqual(30)
    const { "not-run": left } = report.summary
    expect(outcomeText(report)).toContain(
      `Quick run: it sent no generated requests and did not look at ${left} rules of ${report.rules.length}`,
    )
    expect([report.summary.fail, report.conformant]).toEqual([0, null])
  },
)

test.each(["nexhina", "openai"] as const)(
  "a mock that was started without options, checked with any key under %s, breaks no MUST rule",
  async (profile) => {
    await using mock = await startMock({ profile })
    const target = { baseUrl: mock.baseURL, apiKey: "ollama", profile }
    const report = await run(settingsOf({ ...target, quick: true }))
    const found = report.findings.filter(({ severity }) => severity !== "MAY")
    // Serving any model is what the mock does by default.
    expect([...new Set(found.map(({ severity, rule }) => `${severity} ${rule}`))]).toEqual([
      "SHOULD err.unknown-model-refused",
    ])
    expect(report.summary.pass).toBeGreaterThan(50)
  },
)

test("of every response, those that confirm a finding included, the run tells the size when it has judged it", async () => {
  const always = [{ id: "reply-finish-null", rate: 1 }]
  await using mock = await startMock({ alterations: defects, always })
  let [answered, judged] = [0, 0]
  const settings = { baseUrl: mock.baseURL, apiKey: "sk-any", quick: true, include: ["chat", "models"] }
  const report = await run(settingsOf(settings), {
    onExchange: (exchange) => (answered += bodyOf(exchange).length),
    onJudged: (bytes) => (judged += bytes),
  })
  expect(report.causes.map(({ rule }) => rule)).toContain("chat.finish-enum")
  expect(judged).toBe(answered)
})

/** Returns a port that nobody listens on at the moment. */
async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === "object" && address ? address.port : expect.fail("no port")
}

test("with --wait, a target that starts later is checked", async () => {
  const port = await freePort()
  const settings = {
    baseUrl: `http://127.0.0.1:${port}/v1`,
    apiKey: "sk-test",
    quick: true,
    rule: ["models.*"],
  }
  const started: Promise<MockServer>[] = []
  const onWait = (reason: string) => {
    expect(reason).toBe("ECONNREFUSED")
    started.push(startMock({ port }))
  }
  expect((await run(settingsOf({ ...settings, wait: 60 }), { onWait })).answered).toContain("models")
  expect(started).toHaveLength(1)
  await (await started[0])?.close()
})

test.each([
  ["answers 503", "503", (response: ServerResponse) => response.writeHead(503).end("Loading model")],
  ["closes connections", "no response", (response: ServerResponse) => response.destroy()],
])("with --wait, a target that at first %s is checked when it is ready", async (_, obstacle, refuse) => {
  let asked = 0
  const intercept = (_: unknown, response: ServerResponse) => {
    const isReady = asked++ >= 2
    if (!isReady) refuse(response)
    return !isReady
  }
  await using mock = await startMock({ intercept })
  const settings = { baseUrl: mock.baseURL, apiKey: mock.apiKey, quick: true, rule: ["models.*", "http.*"] }
  const reasons: string[] = []
  const report = await run(settingsOf({ ...settings, wait: 60 }), {
    onWait: (reason) => void reasons.push(reason),
  })
  expect([reasons, report.findings, report.requests]).toEqual([[obstacle], [], asked - 3])
})

test("a target that does not start within --wait is reported as one that cannot be reached", async () => {
  const port = await freePort()
  const settings = settingsOf({ baseUrl: `http://127.0.0.1:${port}/v1`, wait: 0.01 })
  await expect(run(settings)).rejects.toThrow("ECONNREFUSED")
})
