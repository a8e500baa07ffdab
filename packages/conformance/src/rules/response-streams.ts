import { ResponseStreamEvent } from "@nexhina/schemas"
import { isObject } from "../reading/answered.ts"
import { schemaFaults } from "../reading/schema-faults.ts"
import { shown } from "../reading/shown.ts"
import { type Fault, rule } from "../rule.ts"
import {
  gistOf,
  isKnownType,
  partTypesOf,
  type StreamedItem,
  type StreamProblem,
  type StreamProblemName,
  streamedGist,
  streamedPartTypes,
  streamProblems,
} from "../views/response-items.ts"
import {
  completeResponseStreams,
  isLifecycle,
  isTerminal,
  type ResponseEvent,
  type ResponseStream,
  responseIn,
  responseStreams,
  whereIn,
} from "../views/response-streams.ts"
import { firstOfEach } from "./sse.ts"

const since = "0.1.0"
const events = "OpenAI API reference, Responses streaming events"

/** A stream that lost events, or of which the events cannot be told apart, has no right order either. */
const whole = ["sse.grammar", "sse.data-json", "resp.event-type:no-type"]
const ordered = [...whole, "resp.output-index"]

/** The problems of some kinds, the first of each. */
function problemsOf<Name extends StreamProblemName>(
  stream: ResponseStream,
  names: Readonly<Record<Name, string>>,
  counts: (problem: StreamProblem) => boolean = () => true,
): Fault<Name>[] {
  const isAsked = (name: StreamProblemName): name is Name => name in names
  return firstOfEach(
    stream.problems
      .filter(counts)
      .flatMap(({ fault, event, pointer, expected, actual }): Fault<Name>[] =>
        isAsked(fault) ? [{ fault, at: whereIn(stream, { event }, pointer), expected, actual }] : [],
      ),
  )
}

/** The items that have problems of some kinds: what else is said of them may follow from that. */
const itemsWith = (
  { problems }: ResponseStream,
  names: Readonly<Partial<Record<StreamProblemName, string>>>,
): ReadonlySet<number | undefined> =>
  new Set(problems.filter(({ fault }) => fault in names).map(({ item }) => item))

/** Some kinds of problems, with what each is. */
function named<const Name extends StreamProblemName>(...names: readonly Name[]): Record<Name, string> {
  const entries = names.map((name): [string, string] => [name, streamProblems[name]])
  // One entry for each name.
  return Object.fromEntries(entries) as Record<Name, string>
}

const openings = named(
  "item-not-opened",
  "part-not-opened",
  "opened-twice",
  "after-close",
  "text-not-done",
  "part-not-closed",
  "item-not-closed",
)
const indices = named("no-output-index", "no-content-index", "not-next", "part-not-next")
const texts = named("not-a-string", "text", "arguments", "part", "item")

/** A streamed item, and the one of the final output that has its id or else, where that is no other's, its place. */
interface Pair {
  readonly item: StreamedItem
  readonly final: { readonly at: number; readonly value: Readonly<Record<string, unknown>> } | undefined
}

/** The final output beside what was streamed. */
interface Ending {
  readonly terminal: ResponseEvent
  readonly output: readonly unknown[]
  readonly pairs: readonly Pair[]
}

/** `undefined` where there is no final output to compare with. */
function endingOf({ terminal, items }: ResponseStream): Ending | undefined {
  const output = terminal && responseIn(terminal)?.["output"]
  if (!terminal || !Array.isArray(output)) return undefined
  const announced = items.filter(({ isAnnounced }) => isAnnounced)
  const idOf = (value: unknown) => (isObject(value) ? value["id"] : undefined)
  const places = new Map(output.map((value, at) => [idOf(value), at]))
  const ids = new Set<unknown>(announced.flatMap(({ id }) => id ?? []))
  const pairs = announced.map((item): Pair => {
    const idInPlace = idOf(output[item.index])
    const elsewhere = item.id === undefined ? undefined : places.get(item.id)
    const at =
      idInPlace !== item.id && (elsewhere !== undefined || ids.has(idInPlace)) ? elsewhere : item.index
    const value: unknown = at === undefined ? undefined : output[at]
    return { item, final: at !== undefined && isObject(value) ? { at, value } : undefined }
  })
  return { terminal, output, pairs }
}

/** The first part of a final item that has a different type than in its events, with both types. */
function otherPart(item: StreamedItem, final: Readonly<Record<string, unknown>>) {
  const types = streamedPartTypes(item)
  for (const [part, actual] of partTypesOf(final)) {
    const expected = types.get(part)
    if (typeof expected === "string" && typeof actual === "string" && expected !== actual)
      return { part, expected, actual }
  }
  return undefined
}

/** Members whose want or type other rules find. */
const judgedElsewhere: ReadonlySet<unknown> = new Set([
  "type",
  "sequence_number",
  "output_index",
  "content_index",
  "summary_index",
  "delta",
  "response",
  "item",
  "part",
])

/** Calls of the client's own tools. */
const calls: ReadonlySet<unknown> = new Set(["function_call", "custom_tool_call"])

export const responseStreamRules = [
  rule({
    id: "resp.event-type",
    since,
    says: "MUST include `type` in the data of each event, equal to its `event:` line if there is one",
    severity: "MUST",
    source: events,
    see: ["https://github.com/7836246/cursor2api/issues/114"],
    on: responseStreams,
    faults: {
      "no-type": "data without a type that is a string",
      "name-differs": "the `event:` line has a different name",
    },
    holds: (stream) =>
      firstOfEach(
        stream.events.flatMap(({ value, type, event }): Fault<"no-type" | "name-differs">[] => {
          const at = whereIn(stream, { event }, "/type")
          if (type === undefined)
            return [{ fault: "no-type", at, expected: "a string", actual: shown(value["type"]) }]
          const decoded = stream.stream.events[event]
          const isNamed = decoded?.fields.some(({ name }) => name === "event")
          if (!isNamed || decoded?.type === type) return []
          const name = decoded?.type ?? ""
          return [{ fault: "name-differs", at, expected: name, actual: type }]
        }),
      ),
  }),
  rule({
    id: "resp.event-schema",
    since,
    says: "SHOULD send events with the members that their type requires",
    severity: "SHOULD",
    source: events,
    see: ["https://github.com/lemonade-sdk/lemonade/issues/3607"],
    on: responseStreams,
    after: whole,
    faults: {
      missing: "a member is missing",
      "wrong-value": "a member has a different JSON type",
    },
    holds: (stream) =>
      firstOfEach(
        stream.events.flatMap((event) =>
          schemaFaults(ResponseStreamEvent, event.value)
            .filter(({ path: [member] }) => !judgedElsewhere.has(member))
            .map(({ fault, at, expected, actual }) => ({
              fault,
              at: whereIn(stream, event, at.part === "body" ? at.pointer : undefined),
              expected,
              actual,
            })),
        ),
      ),
  }),
  rule({
    id: "resp.sequence",
    since,
    says: "MUST number events with an integer `sequence_number` that increases",
    severity: "MUST",
    source: `${events}: sequence_number`,
    see: ["https://github.com/onyx-dot-app/onyx/pull/13624", "https://github.com/BerriAI/litellm/pull/28899"],
    on: responseStreams,
    after: whole,
    faults: {
      missing: "no sequence_number that is an integer",
      "not-increasing": "a number that is not greater than the previous one",
    },
    holds(stream) {
      let last: number | undefined
      return firstOfEach(
        stream.events.flatMap((event): Fault<"missing" | "not-increasing">[] => {
          const { sequence_number: number } = event.value
          const at = whereIn(stream, event, "/sequence_number")
          if (typeof number !== "number" || !Number.isInteger(number))
            return [{ fault: "missing", at, expected: "an integer", actual: shown(number) }]
          const before = last
          last = number
          if (before === undefined || number > before) return []
          return [{ fault: "not-increasing", at, expected: `above ${before}`, actual: String(number) }]
        }),
      )
    },
  }),
  rule({
    id: "resp.sequence-contiguous",
    since,
    says: "SHOULD NOT skip a `sequence_number`",
    severity: "SHOULD",
    source: `${events}: sequence_number`,
    see: ["https://github.com/BerriAI/litellm/pull/28899"],
    on: responseStreams,
    after: [...whole, "resp.sequence"],
    faults: { gap: "a number is left out" },
    holds: (stream) =>
      stream.events
        .flatMap((event, at): Fault<"gap">[] => {
          const before = stream.events[at - 1]?.value["sequence_number"]
          const { sequence_number: number } = event.value
          if (typeof before !== "number" || number === before + 1) return []
          const where = whereIn(stream, event, "/sequence_number")
          return [{ fault: "gap", at: where, expected: String(before + 1), actual: shown(number) }]
        })
        .slice(0, 1),
  }),
  rule({
    id: "resp.lifecycle",
    since,
    says: "MUST begin a stream with `response.created` and end it with exactly one terminal event of the same response",
    severity: "MUST",
    source: events,
    see: [
      "https://github.com/dwgx/WindsurfAPI/issues/63",
      "https://github.com/7836246/cursor2api/issues/114",
    ],
    on: responseStreams,
    after: whole,
    faults: {
      first: "the first event is not response.created",
      "created-twice": "response.created comes again",
      "no-terminal": "no event ends the response",
      "several-terminals": "more than one event ends the response",
      "after-terminal": "an event comes after the one that ends the response",
      "no-response": "an event about the response has no response in it",
      "id-changes": "events are about responses of different ids",
    },
    holds(stream) {
      type Name =
        | "first"
        | "created-twice"
        | "no-terminal"
        | "several-terminals"
        | "after-terminal"
        | "no-response"
        | "id-changes"
      const faults: Fault<Name>[] = []
      const add = (fault: Name, event: ResponseEvent, pointer: string, expected: string, actual: unknown) =>
        faults.push({ fault, at: whereIn(stream, event, pointer), expected, actual: shown(actual) })

      const known = stream.events.filter(({ type }) => isKnownType(type))
      const [first, ...later] = known
      if (first && first.type !== "response.created")
        add("first", first, "/type", "response.created", first.type)
      const again = later.find(({ type }) => type === "response.created")
      if (again && first?.type === again.type)
        add("created-twice", again, "/type", "response.created once", again.type)

      const { terminal } = stream
      if (!terminal && stream.stream.complete && known.length > 0) {
        const expected = "response.completed or response.incomplete"
        const actual = `the stream ends after ${known.at(-1)?.type}`
        faults.push({ fault: "no-terminal", at: { part: "end" }, expected, actual })
      }
      for (const event of terminal ? known.slice(known.indexOf(terminal) + 1) : []) {
        const fault = isTerminal(event) ? "several-terminals" : "after-terminal"
        add(fault, event, "/type", `nothing after ${terminal?.type}`, event.type)
      }

      let id: unknown
      for (const event of stream.events.filter(isLifecycle)) {
        const response = responseIn(event)
        if (!response) {
          add("no-response", event, "/response", "an object", event.value["response"])
          continue
        }
        id ??= response["id"]
        if (response["id"] !== id) add("id-changes", event, "/response/id", shown(id), response["id"])
      }
      return firstOfEach(faults)
    },
  }),
  rule({
    id: "resp.model-constant",
    since,
    says: "SHOULD use the same `model` in all events of a stream",
    severity: "SHOULD",
    source: "OpenAI API reference, the response object: model",
    on: responseStreams,
    after: whole,
    faults: { changes: "a different model than in the first event" },
    holds(stream) {
      const shownIn = stream.events.filter((event) => typeof responseIn(event)?.["model"] === "string")
      const model = shownIn[0] && responseIn(shownIn[0])?.["model"]
      const other = shownIn.find((event) => responseIn(event)?.["model"] !== model)
      if (!other) return []
      return [
        {
          fault: "changes",
          at: whereIn(stream, other, "/response/model"),
          expected: shown(model),
          actual: shown(responseIn(other)?.["model"]),
        },
      ]
    },
  }),
  rule({
    id: "resp.opening",
    since,
    says: "SHOULD send `output` and `usage` only with the terminal event",
    severity: "SHOULD",
    source: `${events}: response.created, response.in_progress`,
    on: responseStreams,
    after: whole,
    faults: {
      output: "output before the first item was announced",
      usage: "usage before the end",
    },
    holds(stream) {
      const firstItem = stream.items[0]?.first.event ?? Number.POSITIVE_INFINITY
      const open = stream.events.filter((event) => isLifecycle(event) && !isTerminal(event))
      return firstOfEach(
        open.flatMap((event): Fault<"output" | "usage">[] => {
          const { output, usage } = responseIn(event) ?? {}
          const faults: Fault<"output" | "usage">[] = []
          if (event.event < firstItem && Array.isArray(output) && output.length > 0) {
            const at = whereIn(stream, event, "/response/output")
            faults.push({ fault: "output", at, expected: "[]", actual: shown(output) })
          }
          if (usage !== undefined && usage !== null) {
            const at = whereIn(stream, event, "/response/usage")
            faults.push({ fault: "usage", at, expected: "null", actual: shown(usage) })
          }
          return faults
        }),
      )
    },
  }),
  rule({
    id: "resp.output-index",
    since,
    says: "MUST number output items, and the parts of a message, from 0 in the order in which they are added, and return them in that order in the final response",
    severity: "MUST",
    source: `${events}: output_index, content_index`,
    see: [
      "https://github.com/Oaklight/llm-rosetta/issues/418",
      "https://github.com/lemonade-sdk/lemonade/issues/3607",
    ],
    on: responseStreams,
    after: whole,
    faults: { ...indices, position: "an item has a different place in the final output" },
    holds(stream) {
      const final = endingOf(stream)
      const moved = final?.pairs.find(({ item, final }) => final && final.at !== item.index)
      const problems: Fault<keyof typeof indices | "position">[] = problemsOf(stream, indices)
      if (!final || !moved?.final) return problems
      const at = whereIn(stream, final.terminal, `/response/output/${moved.final.at}`)
      const expected = `${shown(moved.item.id)} at ${moved.item.index}`
      return [...problems, { fault: "position", at, expected, actual: `at ${moved.final.at}` }]
    },
  }),
  rule({
    id: "resp.item-lifecycle",
    since,
    says: "MUST add each item and part before its deltas, and close them in order",
    severity: "MUST",
    source: `${events}: response.output_item.added, response.content_part.added and the events that end them`,
    see: ["https://github.com/Wei-Shaw/sub2api/issues/2875", "https://github.com/BerriAI/litellm/pull/36375"],
    on: responseStreams,
    after: ordered,
    faults: openings,
    holds: (stream) => problemsOf(stream, openings, ({ isReasoning }) => !isReasoning),
  }),
  rule({
    id: "resp.reasoning-lifecycle",
    since,
    says: "SHOULD add each item of reasoning and its parts before their deltas, and close them in order",
    severity: "SHOULD",
    source: `${events}: response.reasoning_summary_part.added and the events that end reasoning`,
    see: [
      "https://github.com/vllm-project/vllm/pull/35184",
      "https://github.com/earendil-works/pi/issues/4191",
    ],
    on: responseStreams,
    after: ordered,
    faults: { unannounced: "reasoning, or a part of it, is not announced or not closed" },
    holds: (stream) =>
      problemsOf(stream, openings, ({ isReasoning }) => isReasoning)
        .slice(0, 1)
        .map((fault) => ({ ...fault, fault: "unannounced" })),
  }),
  rule({
    id: "resp.item-opening",
    since,
    says: "SHOULD add items empty and with status `in_progress`: clients append the deltas",
    severity: "SHOULD",
    source: `${events}: response.output_item.added`,
    on: responseStreams,
    after: ordered,
    faults: {
      content: "the announced message has content already",
      status: "the announced message or call has a different status than in_progress",
    },
    holds: (stream) =>
      firstOfEach(
        stream.items.flatMap(({ first, isAnnounced, opened }): Fault<"content" | "status">[] => {
          const { type, content, status } = opened
          if (!isAnnounced || (type !== "message" && type !== "function_call")) return []
          const faults: Fault<"content" | "status">[] = []
          if (Array.isArray(content) && content.length > 0) {
            const at = whereIn(stream, first, "/item/content")
            faults.push({ fault: "content", at, expected: "[]", actual: shown(content) })
          }
          if (status !== undefined && status !== null && status !== "in_progress") {
            const at = whereIn(stream, first, "/item/status")
            faults.push({ fault: "status", at, expected: "in_progress", actual: shown(status) })
          }
          return faults
        }),
      ),
  }),
  rule({
    id: "resp.item-closing",
    since,
    says: "MUST NOT close a message, a call or an item of reasoning with status `in_progress`",
    severity: "MUST",
    source: `${events}: response.output_item.done, the item that was marked done`,
    on: responseStreams,
    after: ordered,
    faults: { status: streamProblems["item-not-ended"] },
    holds: (stream) =>
      problemsOf(stream, named("item-not-ended")).map((fault) => ({ ...fault, fault: "status" })),
  }),
  rule({
    id: "resp.call-announced",
    since,
    says: "MUST announce a call with its final `call_id` and name: clients file it under them",
    severity: "MUST",
    source: `${events}: response.output_item.added`,
    on: responseStreams,
    after: ordered,
    faults: {
      "call-id": "the announced call has a different call_id than the closed one",
      name: "the announced call has a different name than the closed one",
    },
    holds: (stream) =>
      firstOfEach(
        stream.items.flatMap(({ first, isAnnounced, opened, closed }): Fault<"call-id" | "name">[] => {
          if (!isAnnounced || !closed || !calls.has(opened["type"])) return []
          return (["call_id", "name"] as const)
            .filter((member) => opened[member] !== closed[member])
            .map((member) => ({
              fault: member === "name" ? member : "call-id",
              at: whereIn(stream, first, `/item/${member}`),
              expected: shown(closed[member]),
              actual: shown(opened[member]),
            }))
        }),
      ),
  }),
  rule({
    id: "resp.item-id-stable",
    since,
    says: "MUST use one unique id for an item in all events and in the final output",
    severity: "MUST",
    source: `${events}: item_id`,
    see: [
      "https://github.com/EricLBuehler/mistral.rs/issues/1944",
      "https://github.com/BerriAI/litellm/issues/30071",
    ],
    on: responseStreams,
    after: ordered,
    faults: {
      ...named("id-changes", "id-repeated"),
      "final-differs": "an item has a different id in the final output",
    },
    holds(stream) {
      const final = endingOf(stream)
      const problems: Fault<"id-changes" | "id-repeated" | "final-differs">[] = problemsOf(
        stream,
        named("id-changes", "id-repeated"),
      )
      const renamed = final?.pairs.find(({ item, final }) => {
        const id = final?.value["id"]
        return item.id !== undefined && typeof id === "string" && id !== item.id
      })
      if (!final || !renamed?.final) return problems
      const at = whereIn(stream, final.terminal, `/response/output/${renamed.final.at}/id`)
      const actual = shown(renamed.final.value["id"])
      return [...problems, { fault: "final-differs", at, expected: shown(renamed.item.id), actual }]
    },
  }),
  rule({
    id: "resp.delta-concat",
    since,
    says: "MUST send deltas that concatenate to the text or arguments of the matching `done` event",
    severity: "MUST",
    source: `${events}: the delta and done events`,
    on: responseStreams,
    after: ordered,
    faults: texts,
    holds(stream) {
      const misread = itemsWith(stream, openings)
      return problemsOf(stream, texts, ({ item }) => !misread.has(item))
    },
  }),
  rule({
    id: "resp.final-equals-stream",
    since,
    says: "MUST end a stream with a response that contains exactly the streamed items",
    severity: "MUST",
    source: `${events}: response.completed`,
    on: completeResponseStreams,
    after: [...ordered, "resp.lifecycle:no-terminal", "resp.lifecycle:no-response"],
    faults: {
      "missing-item": "a streamed item is not in the final output",
      "other-item": "an item of the final output differs from its events",
      "extra-item": "the final output has an item without events",
    },
    holds(stream) {
      const final = endingOf(stream)
      if (!final) return { undecided: "the last event has no output" }
      const { terminal, output, pairs } = final
      type Name = "missing-item" | "other-item" | "extra-item"
      const at = (place: number | string) => whereIn(stream, terminal, `/response/output/${place}`)
      const misread = itemsWith(stream, { ...openings, ...texts })
      const faults = pairs.flatMap(({ item, final }): Fault<Name>[] => {
        if (misread.has(item.index)) return []
        const told = streamedGist(item)
        if (!final) {
          const where = whereIn(stream, terminal, "/response/output")
          const actual = `${output.length} items`
          return [{ fault: "missing-item", at: where, expected: shown(told), actual }]
        }
        const said = gistOf(final.value)
        if (JSON.stringify(said) !== JSON.stringify(told))
          return [{ fault: "other-item", at: at(final.at), expected: shown(told), actual: shown(said) }]
        const other = otherPart(item, final.value)
        if (!other) return []
        const { part, expected, actual } = other
        return [{ fault: "other-item", at: at(`${final.at}/${part}/type`), expected, actual }]
      })
      const held = new Set(pairs.map(({ final }) => final?.at))
      const extra = output.findIndex((_, place) => !held.has(place))
      if (extra !== -1 && misread.size === 0) {
        const expected = `${pairs.length} items, as streamed`
        faults.push({ fault: "extra-item", at: at(extra), expected, actual: shown(output[extra]) })
      }
      return firstOfEach(faults)
    },
  }),
] as const
