import type { ResponseObject, ResponseOutputItem } from "@nexhina/schemas"
import { DONE, encode } from "@nexhina/stream"
import * as fc from "fast-check"
import { describe, expect, test } from "vitest"
import { knownOf } from "../../test/exchange.ts"
import { found } from "../../test/found.ts"
import {
  callOf,
  dataOf,
  eventsOf,
  messageOf,
  reasoningOf,
  responseOf,
  responseStreamOf,
  streamOfEvents,
} from "../../test/response-stream.ts"
import { errorRules } from "./errors.ts"
import { responseStreamRules } from "./response-streams.ts"
import { responseRules } from "./responses.ts"
import { sseRules } from "./sse.ts"

const rules = [...sseRules, ...errorRules, ...responseRules, ...responseStreamRules]

type Data = Record<string, unknown>

/** A message that has this text as a refusal. */
const refusing = (refusal: string): object => ({
  ...messageOf(""),
  content: [{ type: "refusal", refusal }],
})

const findings = (data: readonly object[]) => found(rules, [streamOfEvents(data)])
const names = (data: readonly object[]) => findings(data).map(([rule, fault]) => `${rule}:${fault}`)

const openai = knownOf({ profileName: "openai" })

const all = responseOf({ output: [reasoningOf("Well."), messageOf("Hello there!"), callOf("Paris")] })
const hello = dataOf(responseOf())

/** The same events with new numbers. */
const renumbered = (data: readonly Data[]): Data[] =>
  data.map((event, sequence_number) => ({ ...event, sequence_number }))

const isOf = (type: string) => (event: Data) => event["type"] === type

/** The events, those of a type changed. */
const changing = (data: readonly Data[], type: string, change: (event: Data, at: number) => Data): Data[] => {
  let at = 0
  return data.map((event) => (isOf(type)(event) ? change(event, at++) : event))
}

const without = (data: readonly Data[], ...types: string[]): Data[] =>
  renumbered(data.filter(({ type }) => !types.includes(String(type))))

/** What stands in an event under a name, changed. */
const inside = (event: Data, name: string, change: Data): Data => ({
  ...event,
  [name]: { ...(event[name] as Data), ...change },
})

const items: fc.Arbitrary<ResponseOutputItem[]> = fc
  .array(
    fc.tuple(
      fc.constantFrom(messageOf, callOf, reasoningOf),
      fc.constantFrom("Hi", "Grüße, 世界 🙂", "a b\nc"),
    ),
    { maxLength: 4 },
  )
  .map((drawn) => drawn.map(([make, text], at) => make(text, `item_${at}`)))

const endings: fc.Arbitrary<Partial<ResponseObject>> = fc.constantFrom<Partial<ResponseObject>>(
  {},
  { status: "incomplete", incomplete_details: { reason: "content_filter" } },
)

test("an explicit name that is another than the type", () => {
  const named = (event: string) =>
    responseStreamOf(encode([...hello.map((data) => ({ event, data })), { data: DONE }]))
  expect(found(rules, [named("message")]).map(([rule, fault]) => `${rule}:${fault}`)).toEqual([
    "resp.event-type:name-differs",
  ])
})

test("reasoning in vLLM's form opens and closes its parts", () => {
  const asVllm = ({ type, summary_index, ...event }: Data): Data => ({
    ...event,
    type: String(type).replace("reasoning_summary_", "reasoning_"),
    ...(summary_index !== undefined && { content_index: summary_index }),
  })
  const data = dataOf(all).map((event) =>
    String(event["type"]).includes("reasoning") ? asVllm(event) : event,
  )
  expect(names(data)).toEqual([])
})

const profileNames = fc.constantFrom("nexhina" as const, "openai" as const)

test("what a response is split into draws nothing, with and without names of events, under both profiles", () => {
  fc.assert(
    fc.property(items, endings, fc.boolean(), profileNames, (output, ending, isNamed, profileName) => {
      const data = dataOf(responseOf({ output, ...ending }))
      const events = eventsOf(data, profileName).map(({ event, ...rest }) =>
        isNamed && event !== undefined ? { event, ...rest } : rest,
      )
      expect(found(rules, [responseStreamOf(encode(events))], knownOf({ profileName }))).toEqual([])
    }),
  )
})

const failed = { ...responseOf({ output: [], usage: null }), status: "failed" }
const failure = { code: "server_error", message: "The model is gone." }

test.each<[string, readonly object[]]>([
  [
    "an event of a type that nobody knows",
    [...hello.slice(0, 2), { type: "keepalive", sequence_number: 2 }].concat(
      hello.slice(2).map((event) => ({ ...event, sequence_number: Number(event["sequence_number"]) + 1 })),
    ),
  ],
  ["obfuscation", hello.map((event) => ({ ...event, obfuscation: "aX4" }))],
  [
    "a queue",
    renumbered([
      ...hello.slice(0, 1),
      { type: "response.queued", response: { ...responseOf({ output: [] }), status: "queued", usage: null } },
      ...hello.slice(1),
    ]),
  ],
  [
    "numbers from 1",
    hello.map((event) => ({ ...event, sequence_number: Number(event["sequence_number"]) + 1 })),
  ],
  ["no response.in_progress", without(hello, "response.in_progress")],
  ["an item of an unknown kind", dataOf(responseOf({ output: [{ type: "hologram", id: "h_1" } as never] }))],
  ["no ids of items", dataOf(responseOf({ output: [{ ...callOf("Paris"), id: null } as never] }))],
  [
    "a response that failed",
    [
      ...hello.slice(0, 3),
      { type: "response.failed", sequence_number: 3, response: { ...failed, error: failure } },
    ],
  ],
  [
    "an error event, and the response that failed by it",
    [
      ...hello.slice(0, 3),
      { type: "error", sequence_number: 3, ...failure, param: null },
      { type: "response.failed", sequence_number: 4, response: { ...failed, error: failure } },
    ],
  ],
  [
    "an error instead of the rest",
    [...hello.slice(0, 3), { error: { message: "Gone", type: "server_error" } }],
  ],
  [
    "a cut message that is closed as incomplete",
    dataOf(
      responseOf({
        status: "incomplete",
        incomplete_details: { reason: "content_filter" },
        output: [{ ...messageOf("Hello"), status: "incomplete" } as never],
      }),
    ),
  ],
  [
    "items that are closed without a status",
    changing(dataOf(all), "response.output_item.done", (event) => inside(event, "item", { status: null })),
  ],
  [
    "a call of a built-in tool with a status of its own",
    changing(
      dataOf(
        responseOf({
          output: [
            { type: "image_generation_call", id: "ig_1", status: "completed", result: "AAAA" } as never,
          ],
        }),
      ),
      "response.output_item.done",
      (event) => inside(event, "item", { status: "generating" }),
    ),
  ],
  [
    "an item that stays open as its response is cut",
    without(
      dataOf(responseOf({ status: "incomplete", incomplete_details: { reason: "content_filter" } })),
      "response.output_text.done",
      "response.content_part.done",
      "response.output_item.done",
    ),
  ],
])("%s is legal", (_, data) => {
  expect(findings(data)).toEqual([])
})

test("[DONE] ends a stream under nexhina, and may be left out for OpenAI", () => {
  const bare = responseStreamOf(encode(eventsOf(hello, "openai")))
  expect(found(rules, [bare])).toEqual([["sse.done-present", "missing", { part: "end" }]])
  expect(found(rules, [bare], openai)).toEqual([])
  expect(found(rules, [streamOfEvents(hello)], openai)).toEqual([])
  expect(
    found(rules, [bare], knownOf({ profileName: "openai", traits: new Set(["openresponses"]) })).map(
      ([id]) => id,
    ),
  ).toEqual(["sse.done-present"])
})

const textAt = hello.findIndex(isOf("response.output_text.delta"))
const twice = (data: readonly Data[], at: number): Data[] =>
  renumbered([...data.slice(0, at + 1), ...data.slice(at)])

describe("each fault by its name", () => {
  test.each<[string, string[], readonly object[]]>([
    ["no type in the data", ["resp.event-type:no-type"], hello.map(({ type: _, ...event }) => event)],
    [
      "no member delta",
      ["resp.delta-concat:not-a-string"],
      changing(hello, "response.output_text.delta", ({ delta: _, ...rest }) => rest),
    ],
    [
      "no item_id",
      ["resp.event-schema:missing"],
      changing(hello, "response.output_text.done", ({ item_id: _, ...rest }) => rest),
    ],
    [
      "a number as logprobs",
      ["resp.event-schema:wrong-value"],
      changing(hello, "response.output_text.done", (event) => ({ ...event, logprobs: 1 })),
    ],
    ["no sequence_number", ["resp.sequence:missing"], hello.map(({ sequence_number: _, ...event }) => event)],
    [
      "one number for all",
      ["resp.sequence:not-increasing"],
      hello.map((event) => ({ ...event, sequence_number: 1 })),
    ],
    [
      "even numbers only",
      ["resp.sequence-contiguous:gap"],
      hello.map((event) => ({ ...event, sequence_number: 2 * Number(event["sequence_number"]) })),
    ],
    ["no response.created", ["resp.lifecycle:first"], without(hello, "response.created")],
    ["response.created again", ["resp.lifecycle:created-twice"], twice(hello, 0)],
    ["no end", ["resp.lifecycle:no-terminal"], without(hello, "response.completed")],
    ["two ends", ["resp.lifecycle:several-terminals"], twice(hello, hello.length - 1)],
    [
      "an event after the end",
      ["resp.lifecycle:after-terminal"],
      renumbered([...hello, { type: "response.in_progress", response: hello[1]?.["response"] }]),
    ],
    [
      "the response's members in the event itself",
      ["resp.lifecycle:no-response"],
      hello.map((event) =>
        "response" in event ? { ...(event["response"] as Data), ...event, response: undefined } : event,
      ),
    ],
    [
      "another id at the end",
      ["resp.lifecycle:id-changes"],
      changing(hello, "response.completed", (event) => inside(event, "response", { id: "resp_2" })),
    ],
    [
      "another model at the end",
      ["resp.model-constant:changes"],
      changing(hello, "response.completed", (event) => inside(event, "response", { model: "m" })),
    ],
    [
      "output at the beginning",
      ["resp.opening:output"],
      changing(hello, "response.created", (event) =>
        inside(event, "response", { output: [messageOf("Hello there!")] }),
      ),
    ],
    [
      "usage at the beginning",
      ["resp.opening:usage"],
      changing(hello, "response.created", (event) =>
        inside(event, "response", { usage: responseOf().usage }),
      ),
    ],
    [
      "another status than the event",
      ["resp.status-consistent:other-than-event"],
      changing(hello, "response.created", (event) => inside(event, "response", { status: "completed" })),
    ],
    [
      "no output_index",
      ["resp.output-index:no-output-index"],
      changing(hello, "response.output_text.delta", ({ output_index: _, ...rest }) => rest),
    ],
    [
      "no content_index",
      ["resp.output-index:no-content-index"],
      changing(hello, "response.output_text.delta", ({ content_index: _, ...rest }) => rest),
    ],
    [
      "parts of a message from 1",
      ["resp.output-index:part-not-next"],
      hello.map((event) => ("content_index" in event ? { ...event, content_index: 1 } : event)),
    ],
    [
      "items from 1",
      ["resp.output-index:not-next", "resp.output-index:position"],
      hello.map((event) => ("output_index" in event ? { ...event, output_index: 1 } : event)),
    ],
    [
      "one index for all items",
      ["resp.output-index:not-next"],
      dataOf(all).map((event) => ("output_index" in event ? { ...event, output_index: 0 } : event)),
    ],
    [
      "the final output the other way round",
      ["resp.output-index:position"],
      changing(dataOf(all), "response.completed", (event) =>
        inside(event, "response", { output: [...all.output].reverse() }),
      ),
    ],
    [
      "a call that is announced without its id",
      ["resp.call-announced:call-id"],
      changing(dataOf(all), "response.output_item.added", (event, at) =>
        at === 2 ? inside(event, "item", { call_id: "" }) : event,
      ),
    ],
    [
      "a call that is announced without its name",
      ["resp.call-announced:name"],
      changing(dataOf(all), "response.output_item.added", (event, at) =>
        at === 2 ? inside(event, "item", { name: "" }) : event,
      ),
    ],
    [
      "an item that nobody announced",
      ["resp.item-lifecycle:item-not-opened"],
      without(hello, "response.output_item.added"),
    ],
    [
      "an item that is announced late",
      ["resp.item-lifecycle:item-not-opened"],
      renumbered([...hello.slice(0, 2), ...hello.slice(3, 4), ...hello.slice(2, 3), ...hello.slice(4)]),
    ],
    [
      "a part that nobody announced",
      ["resp.item-lifecycle:part-not-opened"],
      without(hello, "response.content_part.added"),
    ],
    [
      "a part announced twice",
      ["resp.item-lifecycle:opened-twice"],
      twice(hello, hello.findIndex(isOf("response.content_part.added"))),
    ],
    [
      "a delta after the item",
      ["resp.item-lifecycle:after-close"],
      renumbered([...hello.slice(0, -1), hello[textAt] as Data, ...hello.slice(-1)]),
    ],
    ["no whole text", ["resp.item-lifecycle:text-not-done"], without(hello, "response.output_text.done")],
    [
      "a part that stays open",
      ["resp.item-lifecycle:part-not-closed"],
      without(hello, "response.content_part.done"),
    ],
    [
      "an item that stays open",
      ["resp.item-lifecycle:item-not-closed"],
      without(hello, "response.output_item.done"),
    ],
    [
      "a part of reasoning that nobody announced",
      ["resp.reasoning-lifecycle:unannounced"],
      without(dataOf(all), "response.reasoning_summary_part.added"),
    ],
    [
      "an item that nobody announced, and a lost delta of another",
      ["resp.item-lifecycle:part-not-opened", "resp.delta-concat:arguments", "resp.delta-concat:item"],
      without(dataOf(all), "response.content_part.added", "response.function_call_arguments.delta"),
    ],
    [
      "an item with content from the beginning",
      ["resp.item-opening:content"],
      changing(hello, "response.output_item.added", (event) =>
        inside(event, "item", { content: [{ type: "output_text", text: "", annotations: [] }] }),
      ),
    ],
    [
      "an item whole from the beginning",
      ["resp.item-opening:status"],
      changing(hello, "response.output_item.added", (event) =>
        inside(event, "item", { status: "completed" }),
      ),
    ],
    [
      "a message that is closed as one in progress",
      ["resp.item-closing:status"],
      changing(hello, "response.output_item.done", (event) =>
        inside(event, "item", { status: "in_progress" }),
      ),
    ],
    [
      "calls and reasoning that are closed as ones in progress",
      ["resp.item-closing:status"],
      changing(dataOf(all), "response.output_item.done", (event, at) =>
        at === 1 ? event : inside(event, "item", { status: "in_progress" }),
      ),
    ],
    [
      "an id in each delta",
      ["resp.item-id-stable:id-changes"],
      changing(hello, "response.output_text.delta", (event, at) => ({ ...event, item_id: `msg_${at}x` })),
    ],
    [
      "one id for all items",
      ["resp.item-id-stable:id-repeated"],
      dataOf(responseOf({ output: [messageOf("Hi", "a"), callOf("Paris", "a")] })),
    ],
    [
      "another id in the final output",
      ["resp.item-id-stable:final-differs"],
      changing(hello, "response.completed", (event) =>
        inside(event, "response", { output: [messageOf("Hello there!", "other")] }),
      ),
    ],
    [
      "a lost delta",
      ["resp.delta-concat:text", "resp.delta-concat:part", "resp.delta-concat:item"],
      renumbered(hello.filter((_, at) => at !== textAt)),
    ],
    [
      "another whole text",
      ["resp.delta-concat:text"],
      changing(hello, "response.output_text.done", (event) => ({ ...event, text: "" })),
    ],
    [
      "another part",
      ["resp.delta-concat:part"],
      changing(hello, "response.content_part.done", (event) => inside(event, "part", { text: "" })),
    ],
    [
      "other arguments at their end",
      ["resp.delta-concat:arguments"],
      changing(dataOf(all), "response.function_call_arguments.done", (event) => ({
        ...event,
        arguments: "{}",
      })),
    ],
    [
      "another item at its end",
      ["resp.delta-concat:item"],
      changing(hello, "response.output_item.done", (event) => ({ ...event, item: messageOf("Hello") })),
    ],
    [
      "no deltas at all",
      ["resp.delta-concat:item"],
      hello
        .filter(({ type }) => !/content_part|output_text/.test(String(type)))
        .map((event, sequence_number) => ({ ...event, sequence_number })),
    ],
    [
      "an empty final output",
      ["resp.final-equals-stream:missing-item"],
      changing(hello, "response.completed", (event) => inside(event, "response", { output: [] })),
    ],
    [
      "another text in the final output",
      ["resp.final-equals-stream:other-item"],
      changing(hello, "response.completed", (event) =>
        inside(event, "response", { output: [messageOf("Hello")] }),
      ),
    ],
    [
      "a part of another type in the final output",
      ["resp.final-equals-stream:other-item"],
      changing(hello, "response.completed", (event) =>
        inside(event, "response", { output: [refusing("Hello there!")] }),
      ),
    ],
    [
      "an item in the final output alone",
      ["resp.final-equals-stream:extra-item"],
      changing(hello, "response.completed", (event) =>
        inside(event, "response", { output: [messageOf("Hello there!"), messageOf("More", "b")] }),
      ),
    ],
    [
      "an error that says nothing",
      ["err.midstream-signalled:shape"],
      [...hello.slice(0, 3), { type: "error", sequence_number: 3, code: "x" }],
    ],
    [
      "an event after the failure",
      ["resp.lifecycle:after-terminal", "err.midstream-signalled:goes-on"],
      renumbered([
        ...hello.slice(0, 2),
        { type: "response.failed", response: { ...failed, error: failure } },
        hello[1] as Data,
      ]),
    ],
  ])("%s", (_, expected, data) => {
    expect(names(data).sort()).toEqual([...expected].sort())
  })
})

test.each(["constructor", "toString", "__proto__"])(
  "an item, an event and a member named %s are unknown ones",
  (name) => {
    const [first, ...rest] = dataOf(responseOf({ output: [{ type: name as never, id: "x_1" }] }))
    const data = renumbered([first ?? {}, { type: name, response: {} }, ...rest])
    expect(found(rules, [streamOfEvents(data, { [name]: 1 })])).toEqual([])
  },
)

test("a name of an event that its data contradict is found", () => {
  const events = eventsOf(hello).map((event) => (event.event ? { ...event, event: "response.delta" } : event))
  const [finding] = found(rules, [responseStreamOf(encode(events))])
  expect(finding).toEqual([
    "resp.event-type",
    "name-differs",
    { part: "event", event: 0, offset: 0, pointer: "/type" },
  ])
})

test("the type of a final part is compared with the one that was streamed, where both have one", () => {
  const ending = (members: Data) =>
    findings(changing(hello, "response.completed", (event) => inside(event, "response", members)))
  expect(ending({ output: [refusing("Hello there!")] })).toMatchObject([
    ["resp.final-equals-stream", "other-item", { pointer: "/response/output/0/content/0/type" }],
  ])
  const content = [{ text: "Hello there!", annotations: [] }]
  const rulesOf = ending({ output: [{ ...messageOf("Hello there!"), content }] }).map(([rule]) => rule)
  expect(rulesOf).not.toContain("resp.final-equals-stream")
})

test("a fault stands at the event that shows it", () => {
  const data = changing(hello, "response.output_text.done", (event) => ({ ...event, text: "" }))
  const event = data.findIndex(isOf("response.output_text.done"))
  const before = encode(eventsOf(data).slice(0, event)).length
  expect(findings(data)).toEqual([
    ["resp.delta-concat", "text", { part: "event", event, offset: before, pointer: "/text" }],
  ])
})
