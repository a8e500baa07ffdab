import { toForm } from "@nexhina/wire"
import * as fc from "fast-check"
import { describe, expect, test } from "vitest"
import { asked, type RecordedParts, recordedExchange } from "../../test/recordings.ts"
import { createLibrary, type Library, type Recording } from "./library.ts"

const named = (name: string, ...parts: RecordedParts[]): Recording[] =>
  parts.map((part) => ({ name, exchange: recordedExchange(part) }))

/** The text with which a library answers, or the kind of its miss. */
function answer(library: Library, parts: RecordedParts): string {
  const lookup = library.find(asked(parts))
  if (lookup.kind !== "found") return lookup.kind
  return new TextDecoder().decode(lookup.recording.exchange.response?.chunks[0]?.bytes)
}

const says = (text: string): Pick<RecordedParts, "chunks"> => ({ chunks: [[1, text]] })
const json = fc.jsonValue({ maxDepth: 3 }).filter((value) => typeof value === "object" && value !== null)

test("every recorded request finds its own recording, whatever else is recorded", () => {
  fc.assert(
    fc.property(fc.uniqueArray(json, { minLength: 1, maxLength: 8, selector: canonical }), (bodies) => {
      const recordings = bodies.flatMap((body, nth) => named("a", { body, ...says(String(nth)) }))
      const library = createLibrary(recordings)
      bodies.forEach((body, nth) => {
        expect(answer(library, { body })).toBe(String(nth))
      })
    }),
  )
})

test("recordings of one request are given in order, and the last repeats", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 9 }), (recorded, requests) => {
      const library = createLibrary(
        Array.from({ length: recorded }, (_, nth) => named("a", { body: {}, ...says(String(nth)) })).flat(),
      )
      for (let nth = 0; nth < requests; nth++) {
        expect(answer(library, { body: {} })).toBe(String(Math.min(nth, recorded - 1)))
      }
      library.reset()
      expect(answer(library, { body: {} })).toBe("0")
    }),
  )
})

describe("retries", () => {
  const retry: RecordedParts = { headers: [["x-stainless-retry-count", "1"]], body: {} }
  const same: RecordedParts = { headers: [["idempotency-key", "k"]], body: {} }

  test("any number of retries gets the same answer, and the next request the next one", () => {
    fc.assert(
      fc.property(fc.nat(4), fc.constantFrom(retry, same), (retries, again) => {
        const library = createLibrary(named("a", { body: {}, ...says("one") }, { body: {}, ...says("two") }))
        expect(answer(library, again === same ? same : { body: {} })).toBe("one")
        for (let nth = 0; nth < retries; nth++) expect(answer(library, again)).toBe("one")
        expect(answer(library, { body: {} })).toBe("two")
      }),
    )
  })

  test.each([
    ["counted by an SDK", retry],
    ["with the same idempotency key", same],
  ])("a recorded retry is given to a retry: %s", (_, again) => {
    const first = again === same ? same : { body: {} }
    const library = createLibrary(
      named("a", { ...first, ...says("429") }, { ...again, ...says("200") }, { body: {}, ...says("next") }),
    )
    expect(answer(library, first)).toBe("429")
    expect(answer(library, again)).toBe("200")
    expect(answer(library, again)).toBe("200")
    expect(answer(library, { body: {} })).toBe("next")
    expect(answer(library, { body: {} })).toBe("next")
  })

  test("a client that does not retry is not given the answer to a retry", () => {
    const library = createLibrary(
      named("a", { body: {}, ...says("429") }, { ...retry, ...says("200") }, { body: {}, ...says("next") }),
    )
    expect([1, 2].map(() => answer(library, { body: {} }))).toEqual(["429", "next"])
  })
})

describe("what does not matter", () => {
  const call = (id: string) => ({
    messages: [
      {
        role: "assistant",
        tool_calls: [
          { id, type: "function" },
          { id: `${id}-2`, type: "function" },
        ],
      },
      { role: "tool", tool_call_id: `${id}-2`, content: "8" },
    ],
  })
  const items = (id: string) => ({
    input: [
      { type: "function_call", id: `fc_${id}`, call_id: id },
      { type: "function_call_output", call_id: id, output: "8" },
    ],
  })
  test.each<[string, RecordedParts, RecordedParts]>([
    [
      "labels of the caller",
      { body: { a: 1, user: "x", metadata: { run: "1" } } },
      { body: { a: 1, user: "y" } },
    ],
    ["the order of members", { body: { a: 1, b: { c: 2, d: 3 } } }, { body: { b: { d: 3, c: 2 }, a: 1 } }],
    ["the spelling of call ids", { body: call("one") }, { body: call("two") }],
    ["ids of input items", { body: items("one") }, { body: items("two") }],
    ["headers", { headers: [["x", "1"]], body: {} }, { headers: [["x", "2"]], body: {} }],
    [
      "the key, wherever it is",
      { target: "https://a.example/v1/x?key=********", body: { api_key: "*********************" } },
      { target: "https://a.example/v1/x?key=my-own-key", body: { api_key: "another-key-of-mine" } },
    ],
    [
      "the base path of the upstream",
      { target: "https://gateway.example/api/llm/v1/models", method: "GET" },
      { target: "http://127.0.0.1:4010/v1/models", method: "GET" },
    ],
    [
      "an upstream without /v1",
      { target: "https://gateway.example/llm/chat/completions", body: {} },
      { target: "http://127.0.0.1:4010/v1/chat/completions", body: {} },
    ],
  ])("%s", (_, recorded, request) => {
    expect(answer(createLibrary(named("a", { ...recorded, ...says("found") })), request)).toBe("found")
  })

  test("the boundary of a form and the name of its file", async () => {
    const file = (name: string) => new File([Uint8Array.of(0, 255, 13, 10)], name, { type: "audio/wav" })
    const form = async (name: string, boundary: string): Promise<RecordedParts> => {
      const { bytes, mediaType } = await toForm({ model: "whisper-1", file: file(name) })
      const own = /boundary=(.*)/.exec(mediaType)?.[1] ?? ""
      const text = Buffer.from(bytes).toString("latin1").replaceAll(own, boundary)
      return {
        headers: [["content-type", `multipart/form-data; boundary=${boundary}`]],
        body: Buffer.from(text, "latin1"),
      }
    }
    const library = createLibrary(named("a", { ...(await form("tmp1.wav", "one")), ...says("found") }))
    expect(answer(library, await form("tmp2.wav", "two"))).toBe("found")
    expect(answer(library, await form("tmp2.mp3", "two"))).toBe("missing")
  })
})

describe("what matters", () => {
  test.each<[string, unknown, unknown]>([
    ["stream_options, which change the bytes", { stream: true, stream_options: {} }, { stream: true }],
    ["which result belongs to which call", callsOf("a", "b"), callsOf("b", "a")],
    ["references", { input: [reference("msg_1")] }, { input: [reference("msg_2")] }],
    ["previous_response_id", { previous_response_id: "resp_1" }, { previous_response_id: "resp_2" }],
    ["the order of messages", { messages: ["a", "b"] }, { messages: ["b", "a"] }],
  ])("%s", (_, recorded, body) => {
    const library = createLibrary(named("a", { body: recorded }))
    expect([answer(library, { body: recorded }), answer(library, { body })]).toEqual(["ok", "missing"])
  })

  function reference(id: string): object {
    return { type: "item_reference", id }
  }
  function callsOf(...results: string[]): object {
    return {
      messages: [
        { role: "assistant", tool_calls: [{ id: "a" }, { id: "b" }] },
        ...results.map((id, nth) => ({ role: "tool", tool_call_id: id, content: String(nth) })),
      ],
    }
  }

  test("method, path and query", () => {
    const target = "https://a.example/v1/videos?limit=2"
    const library = createLibrary(named("a", { method: "GET", target }))
    expect(answer(library, { method: "GET", target })).toBe("ok")
    expect(answer(library, { method: "DELETE", target })).toBe("missing")
    expect(answer(library, { method: "GET", target: "https://a.example/v1/videos?limit=3" })).toBe("missing")
    expect(answer(library, { method: "GET", target: "https://a.example/v1/models?limit=2" })).toBe("missing")
  })
})

describe("names and scopes", () => {
  const library = () =>
    createLibrary([
      ...named("a", { body: {}, ...says("a1") }, { body: {}, ...says("a2") }),
      ...named("b", { body: {}, ...says("b1") }),
    ])
  const withHeader = (name: string, value: string): RecordedParts => ({ headers: [[name, value]], body: {} })

  test("a name selects the recordings of that name", () => {
    const recordings = library()
    expect(answer(recordings, withHeader("x-mock-recording", "b"))).toBe("b1")
    expect(answer(recordings, withHeader("x-mock-recording", "a"))).toBe("a1")
    expect(answer(recordings, withHeader("x-mock-recording", "c"))).toBe("unknown-name")
  })

  test("scopes do not see each other, and select recordings of their name", () => {
    const recordings = library()
    const inScope = (scope: string) => answer(recordings, withHeader("x-mock-scope", scope))
    expect([inScope("one"), inScope("two"), inScope("one"), inScope("b")]).toEqual(["a1", "a1", "a2", "b1"])
  })
})

test.each(["timeout", "limit", "aborted", "network"] as const)(
  "an exchange that ended with %s is not given",
  (kind) => {
    const library = createLibrary(named("a", { body: {}, end: { kind, stage: "body", atMs: 1 } }))
    expect(answer(library, { body: {} })).toBe("missing")
  },
)

function canonical(value: unknown): string {
  return JSON.stringify(value, (_, member) =>
    typeof member === "object" && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : typeof member === "string"
        ? member.replace(/\*{8,}/g, "*")
        : member,
  )
}
