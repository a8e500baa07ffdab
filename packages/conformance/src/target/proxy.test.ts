import { once } from "node:events"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import http from "node:http"
import https from "node:https"
import { type AddressInfo, connect } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createMock } from "@nexhina/mock"
import { startMock, toNode } from "@nexhina/mock/node"
import { afterEach, describe, expect, test, vi } from "vitest"
import { selfSigned } from "../../../wire/test/self-signed.ts"
import { settingsOf } from "../options/options.ts"
import { reports } from "../reports/reports.ts"
import { run } from "../run.ts"
import { proxyFor } from "./proxy.ts"

const apiKey = "sk-0123456789abcdef"
const variables = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"].flatMap((name) => [
  name,
  name.toLowerCase(),
])

function setProxy(values: Readonly<Record<string, string>>): void {
  for (const name of variables) vi.stubEnv(name, values[name] ?? "")
}

afterEach(() => void vi.unstubAllEnvs())

describe("the proxy of a URL", () => {
  test("is that of its scheme, unless NO_PROXY names its host", () => {
    setProxy({ HTTP_PROXY: "http://a:1", https_proxy: "b:2", NO_PROXY: "localhost,.example.com" })
    expect(proxyFor("http://api.test/v1")?.origin).toBe("http://a:1")
    expect(proxyFor("https://api.test/v1")?.host).toBe("b:2")
    expect(proxyFor("http://localhost:4010/v1")).toBeUndefined()
    expect(proxyFor("http://api.example.com/v1")).toBeUndefined()
  })

  test("that is not a URL is refused without its value", () => {
    setProxy({ HTTP_PROXY: "ftp://user:PASS@a:1" })
    expect(() => proxyFor("http://api.test/v1")).toThrow(/^HTTP_PROXY, .* Expected an http or https URL/)
    expect(() => proxyFor("http://api.test/v1")).not.toThrow(/PASS/)
  })
})

/** A proxy of HTTP that passes requests on to wherever they want to go, and what it was asked. */
async function startProxy() {
  const seen: { readonly url: string; readonly authorization: string | undefined }[] = []
  const proxy = http.createServer((request, response) => {
    const { host, pathname, search } = new URL(request.url ?? "")
    seen.push({ url: request.url ?? "", authorization: request.headers["proxy-authorization"] })
    const { "proxy-authorization": _, ...headers } = request.headers
    const [hostname, port] = host.split(":")
    const onward = http.request(
      { hostname, port, path: pathname + search, method: request.method, headers },
      (reply) => {
        response.writeHead(reply.statusCode ?? 502, reply.headers)
        reply.pipe(response)
      },
    )
    onward.on("error", () => response.destroy())
    request.pipe(onward)
  })
  proxy.on("connect", (request, socket) => {
    seen.push({ url: request.url ?? "", authorization: request.headers["proxy-authorization"] })
    const [hostname = "", port] = (request.url ?? "").split(":")
    const onward = connect(Number(port), hostname, () => {
      socket.write("HTTP/1.1 200 OK\r\n\r\n")
      onward.pipe(socket).pipe(onward)
    })
    for (const each of [onward, socket]) each.on("error", () => onward.destroy())
  })
  proxy.listen(0, "127.0.0.1")
  await once(proxy, "listening")
  return { port: (proxy.address() as AddressInfo).port, seen, close: () => proxy.close() }
}

const basic = `Basic ${Buffer.from("user:p@ss-of-the-proxy").toString("base64")}`

test("a run passes through the proxy, shows it, and prints no secret of it", async () => {
  await using server = await startMock({ keys: [apiKey], strictModels: true })
  const proxy = await startProxy()
  setProxy({ HTTP_PROXY: `http://user:p%40ss-of-the-proxy@127.0.0.1:${proxy.port}` })
  try {
    const report = await run(
      settingsOf({ baseUrl: server.baseURL, apiKey, include: ["models"], quick: true }),
    )
    expect(report.proxy).toBe(`http://127.0.0.1:${proxy.port}`)
    expect(report.findings).toEqual([])
    expect(report.requests).toBe(proxy.seen.length)
    for (const { url, authorization } of proxy.seen) {
      expect(url.startsWith(server.baseURL)).toBe(true)
      expect(authorization).toBe(basic)
    }
    for (const { write } of Object.values(reports)) {
      const text = write(report, { color: false })
      expect(text).not.toMatch(/p@ss|p%40ss/)
      expect(text).not.toContain(basic)
    }
    expect(reports.console.write(report, { color: false })).toContain("through the proxy http://127.0.0.1:")
  } finally {
    proxy.close()
  }
})

/** A mock behind TLS, and the headers that it was sent. */
async function startSecureMock() {
  const { cert, key } = selfSigned()
  const folder = await mkdtemp(join(tmpdir(), "proxy-"))
  const caCert = join(folder, "ca.pem")
  await writeFile(caCert, cert)
  const mock = createMock({ keys: [apiKey], strictModels: true })
  const listener = toNode(mock)
  const seen: http.IncomingHttpHeaders[] = []
  const server = https.createServer({ cert, key }, (request, response) => {
    seen.push(request.headers)
    listener(request, response)
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  const close = async () => {
    server.closeAllConnections()
    server.close()
    await mock.close()
    await rm(folder, { recursive: true })
  }
  return { host, baseUrl: `https://${host}/v1`, caCert, seen, [Symbol.asyncDispose]: close }
}

describe("a target behind TLS", () => {
  const settings = { apiKey, include: ["models"], quick: true } as const

  test("is reached through a tunnel, in which nothing is said to the proxy", async () => {
    await using server = await startSecureMock()
    const { host, baseUrl, caCert } = server
    const proxy = await startProxy()
    setProxy({ HTTPS_PROXY: `http://user:p%40ss-of-the-proxy@127.0.0.1:${proxy.port}` })
    try {
      const report = await run(settingsOf({ ...settings, baseUrl, caCert }))
      expect([report.proxy, report.findings]).toEqual([`http://127.0.0.1:${proxy.port}`, []])
      expect(server.seen).toHaveLength(report.requests)
      expect(server.seen.some((headers) => "proxy-authorization" in headers)).toBe(false)
      expect(proxy.seen.length).toBeGreaterThan(0)
      for (const each of proxy.seen) expect(each).toEqual({ url: host, authorization: basic })
      for (const { write } of Object.values(reports)) {
        const text = write(report, { color: false })
        expect(text).not.toMatch(/p@ss|p%40ss/)
        expect(text).not.toContain(basic)
      }
    } finally {
      proxy.close()
    }
  })

  test("is not accused of what the proxy answers in its place", async () => {
    await using server = await startSecureMock()
    const { baseUrl, caCert } = server
    const proxy = http.createServer()
    proxy.on("connect", (_, socket) =>
      socket.end("HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n"),
    )
    proxy.listen(0, "127.0.0.1")
    await once(proxy, "listening")
    setProxy({ HTTPS_PROXY: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}` })
    try {
      await expect(run(settingsOf({ ...settings, baseUrl, caCert }))).rejects.toThrow(
        /through the proxy .*: the proxy answered 407; put its user and password into the URL of the proxy$/,
      )
      expect(server.seen).toEqual([])
    } finally {
      proxy.close()
    }
  })

  test("that NO_PROXY names is reached without one", async () => {
    await using server = await startSecureMock()
    const { baseUrl, caCert } = server
    setProxy({ HTTPS_PROXY: "http://127.0.0.1:1", NO_PROXY: "127.0.0.1" })
    const report = await run(settingsOf({ ...settings, baseUrl, caCert }))
    expect([report.proxy, report.findings]).toEqual([undefined, []])
  })

  test.each([
    ["without its certificate", false, /--ca-cert/],
    ["with a proxy that is not there", true, /through the proxy http:\/\/127\.0\.0\.1:1: ECONNREFUSED$/],
  ])("%s is not reached, and the reason is said", async (_, isDown, reason) => {
    await using server = await startSecureMock()
    const { baseUrl, caCert } = server
    const proxy = await startProxy()
    setProxy({ HTTPS_PROXY: `http://127.0.0.1:${isDown ? 1 : proxy.port}` })
    try {
      await expect(run(settingsOf({ ...settings, baseUrl, ...(isDown && { caCert }) }))).rejects.toThrow(
        reason,
      )
      expect(server.seen).toEqual([])
    } finally {
      proxy.close()
    }
  })
})

test("the built-in mock server is reached without the proxy", async () => {
  setProxy({ HTTP_PROXY: "http://127.0.0.1:1" })
  const report = await run(settingsOf({ include: ["models"], quick: true }))
  expect([report.proxy, report.findings]).toEqual([undefined, []])
})
