import { once } from "node:events"
import http from "node:http"
import { type AddressInfo, connect } from "node:net"
import { startMock } from "@nexhina/mock/node"
import { afterEach, describe, expect, test, vi } from "vitest"
import { settingsOf } from "../options.ts"
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

test("the built-in mock server is reached without the proxy", async () => {
  setProxy({ HTTP_PROXY: "http://127.0.0.1:1" })
  const report = await run(settingsOf({ include: ["models"], quick: true }))
  expect([report.proxy, report.findings]).toEqual([undefined, []])
})
