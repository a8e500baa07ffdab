import type { NamedAlteration, Reply } from "@nexhina/wire"
import fc from "fast-check"
import { expect, test } from "vitest"
import { createMock, type Mock, type MockOptions } from "./mock.ts"
import { type CacheKey, createReplyCache } from "./reply-cache.ts"

const utf8 = new TextEncoder()

const rename: NamedAlteration = {
  id: "renamed",
  kind: "defect",
  stage: "value",
  apply: (value) => ({ ...(value as object), renamed: true }),
}

const otherModel: NamedAlteration = {
  id: "other-model",
  kind: "defect",
  stage: "request",
  apply: (request) => ({ ...(request as object), model: "gpt-4o-mini" }),
}

interface Asked {
  readonly target: string
  readonly body: unknown
  readonly headers: Readonly<Record<string, string>>
  /** Unix seconds. */
  readonly at: number
}

const messages = [{ role: "user", content: "One two three" }]
const route = fc.record({
  target: fc.constantFrom(
    "/chat/completions",
    "/chat/completions?a=b",
    "/embeddings",
    "/responses",
    "/models",
  ),
  body: fc.constantFrom<unknown>(
    { model: "gpt-4o", messages },
    { model: "gpt-4o", messages, stream: true },
    { model: "gpt-4o", messages, n: 0 },
    { model: "gpt-4o", input: "One two three" },
    { model: "gpt-4o", input: "One two three", stream: true, store: false },
  ),
})
const headers = fc.constantFrom<Asked["headers"][]>(
  {},
  { authorization: "Bearer sk-invalid" },
  { "content-type": "text/plain" },
  { "x-mock-seed": "7" },
  { "x-mock-defect": "renamed" },
  { "x-mock-defect": "other-model" },
  { "x-mock-fault": "after 1 events: reset" },
  { "x-mock-latency": "ttft=5,itl=1" },
)
const at = fc.constantFrom(1_700_000_000, 1_700_000_001)

/** Two requests again and again, with and without what changes their replies. */
const sequence = fc
  .tuple(route, route)
  .chain((routes) =>
    fc.array(fc.tuple(fc.constantFrom(...routes), fc.oneof(fc.constant({}), headers), at), {
      minLength: 5,
      maxLength: 12,
    }),
  )
  .map((asked) => asked.map(([route, headers, at]): Asked => ({ ...route, headers, at })))

async function answer(mock: Mock, { target, body, headers }: Asked): Promise<unknown> {
  const isGet = target === "/models"
  const fields = { authorization: "Bearer sk-test", "content-type": "application/json", ...headers }
  const reply = await mock.handle({
    method: isGet ? "GET" : "POST",
    target: `/v1${target}`,
    headers: Object.entries(fields),
    body: utf8.encode(isGet ? "" : JSON.stringify(body)),
  })
  return { ...reply, body: bytesOf(reply) }
}

const bytesOf = ({ body }: Reply): unknown =>
  typeof body === "string" || "byteLength" in body ? body : [...(body as Iterable<unknown>)]

test("a reply does not depend on what was asked before", async () => {
  await fc.assert(
    fc.asyncProperty(sequence, async (asked) => {
      let now = 0
      const options: MockOptions = {
        alterations: [rename, otherModel],
        clock: () => now,
        onCrash(error) {
          throw error
        },
      }
      const experienced = createMock(options)
      for (const each of asked) {
        now = each.at
        expect(await answer(experienced, each)).toEqual(await answer(createMock(options), each))
      }
      await experienced.close()
    }),
  )
})

test("the third of the same requests is answered without making the reply", async () => {
  const texts: string[] = []
  const mock = createMock({
    tokenizer(text) {
      texts.push(text)
      return [text]
    },
  })
  const calls: number[] = []
  for (const content of ["one", "one", "one", "two", "one"]) {
    const body = { model: "gpt-4o", messages: [{ role: "user", content }] }
    await answer(mock, { target: "/chat/completions", body, headers: {}, at: 0 })
    calls.push(texts.splice(0).length)
  }
  expect(calls.map((count) => count > 0)).toEqual([true, true, false, true, false])
})

test("a reply is kept for the same request only, even if another has the same hash", () => {
  const key: CacheKey = { id: "1", body: utf8.encode("{}"), contentType: undefined, query: "", now: 0 }
  const others: CacheKey[] = [
    { ...key, id: "2" },
    { ...key, body: utf8.encode("[]") },
    { ...key, body: utf8.encode("{} ") },
    { ...key, contentType: "application/json" },
    { ...key, query: "a=b" },
    { ...key, now: 1 },
  ]
  const cache = createReplyCache()
  cache.keep(key, { value: 1 })
  cache.keep(key, { value: 1 })
  expect(cache.find({ ...key, body: utf8.encode("{}") })).toEqual({ value: 1, json: "1" })
  expect(others.map((each) => cache.find(each))).toEqual(others.map(() => undefined))
})

test("long replies and all but the last requests are not kept", () => {
  const cache = createReplyCache()
  const keyOf = (id: string): CacheKey => ({
    id,
    body: utf8.encode(id),
    contentType: undefined,
    query: "",
    now: 0,
  })
  const keepTwice = (id: string, value: unknown) => {
    cache.keep(keyOf(id), { value })
    cache.keep(keyOf(id), { value })
    return cache.find(keyOf(id)) !== undefined
  }
  expect(keepTwice("long", "a".repeat(2 ** 17))).toBe(false)
  const ids = Array.from({ length: 100 }, (_, index) => String(index))
  expect(ids.map((id) => keepTwice(id, id))).toEqual(ids.map(() => true))
  expect(ids.filter((id) => cache.find(keyOf(id)))).toEqual(ids.slice(36))
  cache.clear()
  expect(ids.filter((id) => cache.find(keyOf(id)))).toEqual([])
})
