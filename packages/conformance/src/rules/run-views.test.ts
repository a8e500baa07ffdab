import { describe, expect, test } from "vitest"
import { exchangeOf } from "../../test/exchange.ts"
import { rules } from "./rules.ts"

/** Bytes of the texts and buffers that a value keeps in memory, and the getters in it, which can keep anything. */
function held(value: unknown, seen = new Set<unknown>()): { bytes: number; getters: string[] } {
  if (typeof value === "string") return { bytes: value.length, getters: [] }
  if (typeof value !== "object" || value === null || seen.has(value)) return { bytes: 0, getters: [] }
  seen.add(value)
  if (ArrayBuffer.isView(value)) return { bytes: value.buffer.byteLength, getters: [] }
  const sum = { bytes: 0, getters: [] as string[] }
  for (const [name, member] of Object.entries(Object.getOwnPropertyDescriptors(value))) {
    if (member.get) sum.getters.push(name)
    const inner = held(member.value, seen)
    sum.bytes += inner.bytes
    sum.getters.push(...inner.getters)
  }
  return sum
}

const long = "x".repeat(2 ** 20)

/** Valid replies, but for texts that are longer than any server needs. */
const replies = [
  ["createChatCompletion", { messages: [{ role: "user", content: "Hi." }] }, { object: "chat.completion" }],
  ["createResponse", { input: "Hi." }, { object: "response", output: [] }],
  ["createEmbedding", { input: "a" }, { object: "list", data: [{ index: 0, embedding: [1, 2] }] }],
  ["createModeration", { input: ["a"] }, { results: [] }],
  ["createVideo", { prompt: "A lake." }, { object: "video", status: "queued" }],
] as const

const choices = [{ index: 0, message: { role: "assistant", content: long }, finish_reason: "stop" }]

describe("what a run keeps of a reply, to compare it with others, is small whatever the server sends", () => {
  const compared = rules.filter(({ scope }) => scope === "run")
  test.each(replies)("%s", (operation, request, members) => {
    for (const status of [200, 400]) {
      const reply = { id: long, model: long, choices, ...members, error: { message: long, param: long } }
      const exchange = exchangeOf({
        operation,
        request: { model: "m", ...request },
        status,
        headers: [
          ["content-type", "application/json"],
          ["x-request-id", long.slice(0, 16_000)],
        ],
        body: status === 200 ? { ...reply, error: undefined } : reply,
      })
      for (const { id, on } of compared) {
        const { bytes, getters } = held(on.of(exchange))
        expect({ id, isSmall: bytes < 20_000, getters }).toEqual({ id, isSmall: true, getters: [] })
      }
    }
  })
})
