import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib"
import { afterAll, beforeAll, expect, test } from "vitest"
import { type MockServer, startMock } from "../hosts/node.ts"

let server: MockServer
beforeAll(async () => {
  server = await startMock()
})
afterAll(() => server.close())

const request = JSON.stringify({ model: "gpt-4o", messages: [{ role: "user", content: "Hello" }] })

interface Answer {
  readonly choices?: unknown
  readonly error?: { readonly message: string }
}

const answerOf = async (response: Response) => (await response.json()) as Answer

const post = (body: Uint8Array<ArrayBuffer> | string, encoding?: string) =>
  fetch(`${server.baseURL}/chat/completions`, {
    method: "POST",
    headers: {
      authorization: "Bearer sk-test",
      "content-type": "application/json",
      ...(encoding !== undefined && { "content-encoding": encoding }),
    },
    body,
  })

test.each([
  ["gzip", gzipSync(request)],
  ["X-GZIP", gzipSync(request)],
  ["deflate", deflateSync(request)],
  ["identity", request],
])("a body encoded as %s is read", async (encoding, body) => {
  const { choices } = await answerOf(await post(body, encoding))
  expect(choices).toHaveLength(1)
  expect(choices).toEqual((await answerOf(await post(request))).choices)
})

test.each([
  ["zstd", Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd), 415, "'zstd'"],
  ["br", brotliCompressSync(request), 415, "'br'"],
  ["gzip, deflate", gzipSync(request), 415, "'gzip, deflate'"],
  ["gzip", request, 400, "not valid gzip"],
  ["gzip", gzipSync(request).subarray(0, 30), 400, "not valid gzip"],
  ["gzip", gzipSync(new Uint8Array(2 ** 26)), 413, "32 MiB"],
])("%s of other bytes is refused", async (encoding, body, status, named) => {
  const response = await post(body, encoding)
  expect([response.status, (await answerOf(response)).error?.message]).toEqual([
    status,
    expect.stringContaining(named),
  ])
})
