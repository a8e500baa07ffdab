import { expect, test } from "vitest"
import { deltaOf, streamOf, streamOfData } from "../../test/chat-stream.ts"
import { exchangeOf } from "../../test/exchange.ts"
import { found, judgedBy } from "../../test/found.ts"
import type { Evidence } from "../evidence.ts"
import { connectionRules } from "./connection.ts"

const bodyOf = (content: string, finish_reason = "stop") => ({
  id: "chatcmpl-1",
  object: "chat.completion",
  created: 1713833628,
  model: "gpt-4o",
  choices: [{ index: 0, message: { role: "assistant", content }, finish_reason }],
})

type Facts = Parameters<typeof exchangeOf>[0]

const chat = (content: string, facts: Facts = {}) =>
  exchangeOf({
    operation: "createChatCompletion",
    request: { model: "gpt-4o", messages: [{ role: "user", content }] },
    body: bodyOf(`Yes: ${content}`),
    ...facts,
  })

const only = (id: string) => connectionRules.filter((rule) => rule.id === id)

const typed = ["content-type", "application/json"] as const

test.each([
  ["close", ["Connection", "close"], 1],
  ["close among others", ["connection", "Upgrade, CLOSE"], 1],
  ["keep-alive", ["connection", "keep-alive"], 0],
  ["a word that has close in it", ["connection", "x-close-later"], 0],
  ["another header", ["proxy-connection", "close"], 0],
] as const)("conn.reuse: %s", (_, header, faults) => {
  expect(found(only("conn.reuse"), [chat("Hi", { headers: [typed, header] })])).toEqual(
    Array.from({ length: faults }, () => ["conn.reuse", "closed", { part: "header", name: "connection" }]),
  )
})

test("conn.reuse is not judged on errors, nor where the body did not come to its end or the client closes", () => {
  const headers = [typed, ["connection", "close"]] as const
  const exchanges = [
    chat("Hi", { headers, status: 413 }),
    chat("Hi", { headers, end: { kind: "truncated", stage: "body" } }),
    chat("Hi", { headers, requestHeaders: [["connection", "close"]] }),
  ]
  expect(judgedBy(only("conn.reuse"), exchanges)).toEqual([])
})

const survives = only("conn.survives-abort")
const left = streamOf("data: {", {}, { end: { kind: "aborted", stage: "body" } })
const answered = chat("Count")

test.each<[string, Evidence[]]>([
  ["answered before and after", [answered, left, left, answered, answered]],
  [
    "a stream that was over before the kit hung up",
    [answered, left, streamOfData([deltaOf({}, "stop")]), answered],
  ],
  ["busy for a moment", [answered, left, chat("Count", { status: 429, body: "" }), answered]],
])("conn.survives-abort: %s", (_, exchanges) => {
  expect(found(survives, exchanges)).toEqual([])
  expect(judgedBy(survives, exchanges)).toEqual(["conn.survives-abort"])
})

test.each<[string, string, Evidence]>([
  ["unanswered", "end", chat("Count", { end: { kind: "network", code: "ECONNRESET", stage: "head" } })],
  ["unanswered", "end", chat("Count", { end: { kind: "timeout", stage: "body" } })],
  ["failed", "status", chat("Count", { status: 500, body: "Internal Server Error" })],
  ["failed", "status", chat("Count", { body: { ...bodyOf(""), choices: [] } })],
])("conn.survives-abort: %s afterwards", (fault, part, after) => {
  expect(found(survives, [answered, left, answered, after])).toEqual([
    ["conn.survives-abort", fault, { part }],
  ])
})

test.each<[string, Evidence[]]>([
  ["no stream was left", [answered, streamOfData([deltaOf({}, "stop")]), chat("Count", { status: 500 })]],
  ["nothing was answered before", [chat("Count", { status: 500 }), left, chat("Count", { status: 500 })]],
  ["nothing was asked afterwards", [answered, left]],
  ["only refusals for the moment afterwards", [answered, left, chat("Count", { status: 503 })]],
])("conn.survives-abort is not decided: %s", (_, exchanges) => {
  expect(judgedBy(survives, exchanges)).toEqual([])
})

const isolated = only("conn.concurrency-isolated")
const ask = (word: string) => `Repeat this word and say nothing else: ${word}`
const echo = (word: string, said: string) => chat(ask(word), { body: bodyOf(said) })
const streamed = (word: string, said: string) =>
  streamOfData([deltaOf({ role: "assistant", content: said }), deltaOf({}, "stop")], {
    messages: [{ role: "user", content: ask(word) }],
  })

test("conn.concurrency-isolated: each its own word, or none of them", () => {
  const replies = [
    echo("qwertyuiop", "qwertyuiop"),
    echo("asdfghjklz", "No."),
    streamed("zxcvbnmasd", "zxcv"),
  ]
  expect(found(isolated, replies)).toEqual([])
  expect(judgedBy(isolated, replies)).toEqual(["conn.concurrency-isolated"])
  expect(judgedBy(isolated, replies.slice(1, 2))).toEqual([])
})

test("conn.concurrency-isolated: another's word, whole or streamed", () => {
  const replies = [echo("qwertyuiop", "It is asdfghjklz"), streamed("asdfghjklz", "qwertyuiop")]
  expect(found(isolated, replies).map(([, fault, { part }]) => [fault, part])).toEqual([
    ["crosstalk", "body"],
    ["crosstalk", "event"],
  ])
})
