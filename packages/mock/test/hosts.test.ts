import type { Handle, MockRequest, Reply } from "@nexhina/wire"
import { setupServer } from "msw/node"
import mswPackage from "msw/package.json" with { type: "json" }
import { afterEach, describe, expect, test } from "vitest"
import { toFetch } from "../src/hosts/fetch.ts"
import { toMsw } from "../src/hosts/msw.ts"
import { startMock } from "../src/hosts/node.ts"
import { createMock, type Mock } from "../src/mock.ts"
import { againstDocument } from "./against-document.ts"

const utf8 = new TextEncoder()
const frames = (...texts: string[]) => texts.map((text) => ({ bytes: utf8.encode(text) }))

const closers: (() => void | Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

/** Returns a mock whose replies come from a function of the test. */
const mockOf = (handle: Handle): Mock => ({ ...createMock(), handle })

interface Host {
  /** Asks the hosted answer, under `/v1`. */
  fetch(path: string, init?: RequestInit): Promise<Response>
}

interface HostOptions {
  readonly maxBodyBytes?: number
}

/** The ways to reach a mock with `fetch`. */
const hosts: Readonly<Record<string, (mock: Mock, options?: HostOptions) => Promise<Host>>> = {
  async node(mock, options) {
    const { baseURL, close } = await startMock({ mock, ...options })
    closers.push(close)
    return { fetch: (path, init) => fetch(baseURL + path, init) }
  },
  async fetch(mock, options) {
    const hosted = toFetch(mock, options)
    return { fetch: (path, init) => hosted(new Request(`https://gateway.example/v1${path}`, init)) }
  },
  async msw(mock, options) {
    const base = "https://gateway.example:8443/some/prefix"
    const server = setupServer(...toMsw(mock, base, options))
    server.listen({ onUnhandledRequest: "error" })
    closers.push(() => server.close())
    return { fetch: (path, init) => fetch(base + path, init) }
  },
}

const ok = { status: 200, headers: [], end: "complete" } as const

describe.each(Object.keys(hosts))("%s", (name) => {
  const host = (mock: Mock, options?: HostOptions): Promise<Host> => {
    const make = hosts[name]
    if (!make) throw new Error(`No host ${name}`)
    return make(mock, options)
  }
  const hostOf = (handle: Handle) => host(mockOf(handle))
  const replying = (reply: Partial<Reply>) => hostOf(async () => ({ ...ok, body: "", ...reply }))

  test("the answer gets method, target, headers and body", async () => {
    let seen: MockRequest | undefined
    const { fetch } = await hostOf(async (ask) => {
      seen = ask
      return { ...ok, body: "" }
    })
    await fetch("/chat/completions?x=1%202", { method: "POST", headers: { "X-Own": "a, b" }, body: "{}" })
    expect(seen).toMatchObject({
      method: "POST",
      target: expect.stringMatching(
        /^(https:\/\/gateway\.example(:8443)?)?\/v1\/chat\/completions\?x=1%202$/,
      ),
    })
    expect(seen?.headers.find(([header]) => header.toLowerCase() === "x-own")?.[1]).toBe("a, b")
    expect(new TextDecoder().decode(seen?.body)).toBe("{}")
  })

  test("status, headers and body of every kind arrive", async () => {
    async function* later() {
      yield* frames("one ", "two ")
      yield { bytes: utf8.encode("three"), atMs: 1 }
    }
    for (const body of [
      "one two three",
      utf8.encode("one two three"),
      frames("one ", "two ", "three"),
      later(),
    ]) {
      const { fetch } = await replying({ status: 418, headers: [["X-Own", "yes"]], body })
      const response = await fetch("/models")
      expect([response.status, response.headers.get("x-own"), await response.text()]).toEqual([
        418,
        "yes",
        "one two three",
      ])
    }
  })

  test("a reply without a body", async () => {
    const { fetch } = await replying({ status: 204 })
    const response = await fetch("/models", { method: "OPTIONS" })
    expect([response.status, await response.text()]).toEqual([204, ""])
  })

  test("HEAD", async () => {
    const { fetch } = await host(againstDocument(createMock()))
    const response = await fetch("/models", { method: "HEAD", headers: { authorization: "Bearer sk-x" } })
    expect([response.status, await response.text()]).toEqual([200, ""])
    expect(Number(response.headers.get("content-length"))).toBeGreaterThan(100)
  })

  // msw 3 loses the errors of a body: there, these fail, and will tell when they no longer do.
  const testCut = name === "msw" && mswPackage.version.startsWith("3.") ? test.fails : test
  testCut.each(["reset", "early-close"] as const)(
    "a body that ends in %s fails after what was sent",
    async (end) => {
      const { fetch } = await replying({ body: frames("one ", "two"), end })
      const response = await fetch("/models")
      const seen: string[] = []
      const reading = (async () => {
        for await (const chunk of response.body ?? []) seen.push(new TextDecoder().decode(chunk))
      })()
      await expect(reading).rejects.toThrow()
      expect(seen.join("")).toBe("one two")
    },
  )

  test("a body that hangs is cut by the reader", async () => {
    const { fetch } = await replying({ body: frames("one"), end: "hang" })
    const reader = (await fetch("/models")).body?.getReader()
    expect(new TextDecoder().decode((await reader?.read())?.value)).toBe("one")
    // Not awaited: MSW keeps a copy of the body, whose reader would have to cancel too.
    reader?.cancel()
  })

  test("a body above the limit is refused in words", async () => {
    const { fetch } = await host(againstDocument(createMock()), { maxBodyBytes: 1.5 * 2 ** 20 })
    const response = await fetch("/chat/completions", { method: "POST", body: "x".repeat(2 ** 21) })
    expect(response.status).toBe(413)
    expect(response.headers.get("x-request-id")).toMatch(/^req_\w+$/)
    expect(await response.json()).toEqual({
      error: {
        message: "The request body is larger than the limit of 1.5 MiB.",
        type: "invalid_request_error",
        param: null,
        code: "request_too_large",
      },
    })
  })

  test("the mock itself, whole and streamed", async () => {
    const { fetch } = await host(againstDocument(createMock()))
    const ask = (stream: boolean) =>
      fetch("/chat/completions", {
        method: "POST",
        headers: { authorization: "Bearer sk-x", "content-type": "application/json" },
        body: JSON.stringify({
          model: "gpt-4o",
          stream,
          messages: [{ role: "user", content: "Grüß Gott, 世界" }],
        }),
      })
    expect(await (await ask(false)).json()).toMatchObject({
      choices: [{ message: { content: expect.stringContaining("Grüß Gott, 世界") } }],
    })
    expect(await (await ask(true)).text()).toMatch(/^data: \{.*data: \[DONE\]\n\n$/s)
  })
})

test("the fetch host waits for the head's and for each frame's time", async () => {
  const waits: number[] = []
  let at = 5000
  const body = [10, 30, 35].map((atMs) => ({ bytes: utf8.encode("."), atMs }))
  const fetch = toFetch(
    mockOf(async () => ({ ...ok, head: { atMs: 8 }, body })),
    {
      now: () => at,
      async sleep(ms) {
        waits.push(ms)
        at += ms + 3
      },
    },
  )
  const response = await fetch(new Request("https://gateway.example/v1/models"))
  expect(waits).toEqual([8])
  expect(await response.text()).toBe("...")
  expect(waits).toEqual([8, 19, 2])
})

test("a client that leaves ends the work of the fetch host", async () => {
  let returned = false
  async function* endless() {
    try {
      for (;;) yield { bytes: utf8.encode("more"), atMs: 1 }
    } finally {
      returned = true
    }
  }
  const response = await toFetch(mockOf(async () => ({ ...ok, body: endless() })))(
    new Request("https://gateway.example/v1/models"),
  )
  const reader = response.body?.getReader()
  await reader?.read()
  await reader?.cancel()
  expect(returned).toBe(true)
})

test.each(["before", "after"])(
  "a caller that gives up %s the head ends the wait of the fetch host",
  async (when) => {
    const waits: AbortSignal[] = []
    const head = { atMs: when === "before" ? 60_000 : 0 }
    const body = [{ bytes: utf8.encode("."), atMs: 60_000 }]
    const fetch = toFetch(
      mockOf(async () => ({ ...ok, head, body })),
      {
        now: () => 0,
        sleep: (_, signal) =>
          new Promise((_, reject) => {
            waits.push(signal)
            signal.addEventListener("abort", () => reject(signal.reason))
          }),
      },
    )
    const caller = new AbortController()
    const response = fetch(new Request("https://gateway.example/v1/models", { signal: caller.signal }))
    if (when === "before") {
      while (waits.length === 0) await new Promise((resolve) => setImmediate(resolve))
      caller.abort()
      await expect(response).rejects.toThrow(/aborted/)
    } else {
      const reader = (await response).body?.getReader()
      const read = reader?.read()
      while (waits.length === 0) await new Promise((resolve) => setImmediate(resolve))
      await reader?.cancel()
      expect(await read).toEqual({ done: true, value: undefined })
    }
    expect(waits.map(({ aborted }) => aborted)).toEqual([true])
  },
)

test.each(["close", "reset"])("a reply without status and headers (%s) is a network error", async (fault) => {
  const request = () =>
    new Request("https://gateway.example/v1/models", {
      headers: { authorization: "Bearer sk-x", "x-mock-fault": fault },
    })
  await expect(toFetch(createMock())(request())).rejects.toThrow(TypeError)
  const server = setupServer(...toMsw(createMock(), "https://gateway.example/v1"))
  server.listen()
  await expect(globalThis.fetch(request())).rejects.toThrow(TypeError)
  server.close()
})
