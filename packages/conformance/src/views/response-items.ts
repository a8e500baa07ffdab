import { ResponseStreamEvent } from "@nexhina/schemas"
import { z } from "zod"
import { isObject } from "../reading/answered.ts"
import { shown, shownApart } from "../reading/shown.ts"

type Members = Readonly<Record<string, unknown>>

interface Event {
  readonly value: Members
  readonly type: string | undefined
  readonly event: number
}

/** A text that grows by deltas. */
interface Growing {
  /** The initial text and the deltas so far. */
  text: string
  /** Whether a delta was not a string, so that the joined text is meaningless. */
  garbled: boolean
  /** Whether the event with the whole text was received. */
  isDone: boolean
}

/** A part of a message or of a reasoning item. */
interface Part extends Growing {
  /** As it was announced. */
  readonly type: unknown
  /** Whether an event announced it. */
  readonly isAnnounced: boolean
  /** Whether it has events about its text, in addition to the one that closes it. */
  hasText: boolean
  isClosed: boolean
}

/** An item of the output, as its events describe it. */
export interface StreamedItem {
  readonly index: number
  /** Whether an event announced it. */
  readonly isAnnounced: boolean
  /** The first event about it. */
  readonly first: Event
  /** As it was announced. */
  readonly opened: Members
  /** Its first id, of the item itself or in an event about it. */
  id: string | undefined
  /** As its last event contains it. */
  closed: Members | undefined
  /** By kind and index: `content/0`, `summary/0`. */
  readonly parts: ReadonlyMap<string, Part>
  /** Arguments or input of a call. */
  readonly own: Growing
}

interface OpenItem extends StreamedItem {
  isAnnounced: boolean
  opened: Members
  readonly parts: Map<string, Part>
}

/** The ways in which events contradict one another. */
export const streamProblems = {
  "no-output-index": "an event about an item has no output_index that is an integer",
  "no-content-index": "an event about a part has no content_index (summary_index) that is an integer",
  "not-next": "an item does not get the next output_index from 0",
  "part-not-next": "a part of a message does not get the next content_index from 0",
  "item-not-opened": "an event is about an item that response.output_item.added did not announce",
  "part-not-opened": "an event is about a part that no event announced",
  "opened-twice": "a part is announced twice",
  "after-close": "an event about an item or part comes after the one that closed it",
  "text-not-done": "a part is closed without the event that has its whole text",
  "part-not-closed": "a part is never closed",
  "item-not-closed": "an item is never closed",
  "item-not-ended": "a closed message, call or item of reasoning has the status in_progress",
  "id-changes": "an event about an item has a different id than the item",
  "id-repeated": "two items have one id",
  "not-a-string": "a delta is not a string",
  text: "the whole text in the event that ends it is not the joined deltas",
  arguments: "the whole arguments in the event that ends them are not the joined deltas",
  part: "the closed part has a different text than its deltas",
  item: "the closed item has a different text, or other arguments, than its deltas",
} as const
export type StreamProblemName = keyof typeof streamProblems

export interface StreamProblem {
  readonly fault: StreamProblemName
  /** The output_index of the item that it is about. */
  readonly item: number | undefined
  /** Whether it is about reasoning, which servers announce in forms of their own. */
  readonly isReasoning: boolean
  readonly event: number
  readonly pointer: string
  readonly expected: string
  readonly actual: string
}

/** The members of each known kind of event. */
const membersByType: ReadonlyMap<unknown, ReadonlySet<string>> = new Map(
  ResponseStreamEvent.options.flatMap(({ shape }): [unknown, Set<string>][] => {
    const { type } = shape
    return type instanceof z.ZodLiteral ? [[type.value, new Set(Object.keys(shape))]] : []
  }),
)

/** Members of events that the contract does not define: vLLM announces the parts of reasoning with these. */
const foreignMembers: ReadonlyMap<unknown, ReadonlySet<string>> = new Map(
  ["response.reasoning_part.added", "response.reasoning_part.done"].map((type) => [
    type,
    new Set(["output_index", "item_id", "content_index", "part"]),
  ]),
)

/** Returns whether the contract defines this type of event; others are skipped. */
export const isKnownType = (type: string | undefined): boolean => membersByType.has(type)

/** The member of an event that contains the index of a part, by the kind of part. */
const indexMembers = { content: "content_index", summary: "summary_index" } as const

/** The member of an item that events of these types send in pieces. */
const ownTexts: Readonly<Record<string, string>> = {
  "response.function_call_arguments": "arguments",
  "response.custom_tool_call_input": "input",
}

/** Events that announce and close a part; its other events contain its text. */
const partEvents: Readonly<Record<string, "open" | "close">> = {
  "response.content_part.added": "open",
  "response.content_part.done": "close",
  "response.reasoning_summary_part.added": "open",
  "response.reasoning_summary_part.done": "close",
  "response.reasoning_part.added": "open",
  "response.reasoning_part.done": "close",
}

/** The member with the whole text in the last event about a part's text. */
const partTexts: Readonly<Record<string, string>> = {
  "response.output_text": "text",
  "response.refusal": "refusal",
  "response.reasoning_text": "text",
  "response.reasoning_summary_text": "text",
}

const membersOf = (value: unknown): Members => (isObject(value) ? value : {})
const itemsOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])
const textOr = (value: unknown): string => (typeof value === "string" ? value : "")

/** Returns the text of a part of any kind. */
const textOfPart = (value: unknown): string => {
  const { text, refusal } = membersOf(value)
  return textOr(text ?? refusal)
}

/** Items that have ended once they are closed. Calls of built-in tools have statuses of their own. */
const ending: ReadonlySet<unknown> = new Set(["message", "reasoning", "function_call", "custom_tool_call"])

/** The member with the text of a call of a client's tool. */
const ownMembers: ReadonlyMap<unknown, string> = new Map([
  ["function_call", "arguments"],
  ["custom_tool_call", "input"],
])

function ownTextOf(item: Members): string {
  const member = ownMembers.get(item["type"])
  return member === undefined ? "" : textOr(item[member])
}

/** Yields the parts of an item with their kind and index. */
function* partsOf(item: Members): Iterable<[key: string, part: unknown]> {
  for (const kind of ["content", "summary"] as const) {
    for (const [index, part] of itemsOf(item[kind]).entries()) yield [`${kind}/${index}`, part]
  }
}

const growing = (text: string): Growing => ({ text, garbled: false, isDone: false })

/**
 * Follows items and parts through the events of a stream. `isWhole`: the response states that it is complete, so that
 * open items and parts are problems.
 */
export function readItems(
  events: readonly Event[],
  isWhole: boolean,
): { readonly items: readonly StreamedItem[]; readonly problems: readonly StreamProblem[] } {
  const reading = new ItemReading()
  for (const event of events) reading.read(event)
  if (isWhole) reading.end()
  return { items: [...reading.items.values()], problems: reading.problems }
}

/** The items of one stream, as far as its events were read. */
class ItemReading {
  readonly items = new Map<number, OpenItem>()
  readonly problems: StreamProblem[] = []
  /** Output indexes by item id. */
  private readonly ids = new Map<string, number>()

  /** Reads the next event. Events that are not about an item are skipped. */
  read(event: Event): void {
    const members = membersByType.get(event.type) ?? foreignMembers.get(event.type)
    if (!members?.has("output_index")) return
    const index = event.value["output_index"]
    if (typeof index !== "number" || !Number.isInteger(index)) {
      this.problem(event, "no-output-index", "/output_index", "an integer", index)
    } else if (event.type === "response.output_item.added") this.add(event, index)
    else {
      const known = this.items.get(index)
      if (!known) this.problem(event, "item-not-opened", "/output_index", "an item that was announced", index)
      this.readAboutItem(event, known ?? this.open(event, index, {}, false), members)
    }
  }

  /** Reports items and parts that are still open at the end of a complete response. */
  end(): void {
    for (const { index, first, isAnnounced, closed, parts } of this.items.values()) {
      if (isAnnounced && !closed) {
        this.problem(first, "item-not-closed", "/output_index", "response.output_item.done for it", index)
      }
      for (const [key, part] of parts) {
        if (part.isAnnounced && !part.isClosed)
          this.problem(first, "part-not-closed", "/output_index", `the end of part ${key}`, index)
      }
    }
  }

  private problem(
    event: Event,
    fault: StreamProblemName,
    pointer: string,
    expected: string,
    actual: unknown,
  ): void {
    this.report(event, fault, pointer, { expected, actual: shown(actual) })
  }

  /** Reports a text that differs from the joined deltas. */
  private otherText(
    event: Event,
    fault: StreamProblemName,
    pointer: string,
    joined: string,
    actual: unknown,
  ): void {
    const isText = typeof actual === "string"
    const texts = isText ? shownApart(joined, actual) : { expected: shown(joined), actual: shown(actual) }
    this.report(event, fault, pointer, texts)
  }

  private report(
    { event, type, value }: Event,
    fault: StreamProblemName,
    pointer: string,
    texts: Pick<StreamProblem, "expected" | "actual">,
  ): void {
    const index = value["output_index"]
    const item = typeof index === "number" ? index : undefined
    const opened = item === undefined ? undefined : this.items.get(item)?.opened
    const isReasoning =
      opened?.["type"] === "reasoning" ||
      membersOf(value["item"])["type"] === "reasoning" ||
      type?.startsWith("response.reasoning_") === true
    this.problems.push({ fault, item, isReasoning, event, pointer, ...texts })
  }

  private readId(event: Event, item: OpenItem, pointer: string, id: unknown): void {
    if (typeof id !== "string" || id === "" || id === item.id) return
    if (item.id !== undefined) {
      this.problem(event, "id-changes", pointer, shown(item.id), id)
      return
    }
    item.id = id
    const earlier = this.ids.get(id)
    if (earlier === undefined) this.ids.set(id, item.index)
    else this.problem(event, "id-repeated", pointer, `a different one than item ${earlier}'s`, id)
  }

  private open(event: Event, index: number, opened: Members, isAnnounced: boolean): OpenItem {
    const item: OpenItem = {
      index,
      isAnnounced,
      first: event,
      opened,
      id: undefined,
      closed: undefined,
      parts: new Map(),
      own: growing(ownTextOf(opened)),
    }
    this.items.set(index, item)
    return item
  }

  /** Reads `response.output_item.added`. */
  private add(event: Event, index: number): void {
    const opened = membersOf(event.value["item"])
    const known = this.items.get(index)
    if (known && !known.isAnnounced) {
      // Announced late: the earlier event about it was already reported.
      known.isAnnounced = true
      known.opened = opened
      this.readId(event, known, "/item/id", opened["id"])
      return
    }
    if (known || index !== this.items.size)
      this.problem(event, "not-next", "/output_index", String(this.items.size), index)
    if (!known) this.readId(event, this.open(event, index, opened, true), "/item/id", opened["id"])
  }

  private readAboutItem(event: Event, item: OpenItem, members: ReadonlySet<string>): void {
    const { type = "" } = event
    if (item.closed) {
      this.problem(event, "after-close", "/output_index", "no more of the item", type)
      return
    }
    this.readId(event, item, "/item_id", event.value["item_id"])
    if (type === "response.output_item.done") this.close(event, item)
    else if (members.has("content_index")) this.readAboutPart(event, item, "content")
    else if (members.has("summary_index")) this.readAboutPart(event, item, "summary")
    else {
      const member = ownTexts[stemOf(type)]
      if (member !== undefined && isDelta(type)) this.grow(event, item.own)
      else if (member !== undefined) this.finish(event, item.own, member, "arguments")
    }
  }

  /** Reads `response.output_item.done`. */
  private close(event: Event, item: OpenItem): void {
    const closed = membersOf(event.value["item"])
    this.readId(event, item, "/item/id", closed["id"])
    item.closed = closed
    const { type, status } = closed
    if (status === "in_progress" && ending.has(type))
      this.problem(event, "item-not-ended", "/item/status", "completed or incomplete", status)
    for (const [key, part] of partsOf(closed)) {
      const streamed = item.parts.get(key)
      // A part without events must be empty in a message; a summary may appear at the end only.
      const expected = streamed?.text ?? (closed["type"] === "message" ? "" : undefined)
      const text = textOfPart(part)
      if (expected !== undefined && !streamed?.garbled && expected !== text)
        this.otherText(event, "item", `/item/${key}`, expected, text)
    }
    const { own } = item
    if (!own.garbled && ownTextOf(closed) !== own.text)
      this.otherText(event, "item", "/item", own.text, ownTextOf(closed))
  }

  private readAboutPart(event: Event, item: OpenItem, kind: keyof typeof indexMembers): void {
    const member = indexMembers[kind]
    const index = event.value[member]
    if (!Number.isInteger(index)) {
      this.problem(event, "no-content-index", `/${member}`, "an integer", index)
      return
    }
    const key = `${kind}/${index}`
    const known = item.parts.get(key)
    if (partEvents[event.type ?? ""] === "open") {
      if (known) this.problem(event, "opened-twice", `/${member}`, "an index that no earlier part has", index)
      else {
        // The parts of a message are announced one by one; those of reasoning have a rule of their own.
        if (item.opened["type"] === "message" && index !== item.parts.size)
          this.problem(event, "part-not-next", `/${member}`, String(item.parts.size), index)
        item.parts.set(key, newPart(event.value["part"], true))
      }
      return
    }
    if (!known) this.problem(event, "part-not-opened", `/${member}`, "a part that was announced", index)
    const part = known ?? newPart({}, false)
    item.parts.set(key, part)
    this.readPart(event, part, member)
  }

  /** Reads an event about the text or the end of a part. `member` contains the part's index. */
  private readPart(event: Event, part: Part, member: string): void {
    const { type = "", value } = event
    const textMember = partTexts[stemOf(type)]
    if (part.isClosed || (part.isDone && textMember !== undefined)) {
      this.problem(event, "after-close", `/${member}`, "no more of the part", type)
    } else if (textMember !== undefined) {
      part.hasText = true
      if (isDelta(type)) this.grow(event, part)
      else this.finish(event, part, textMember, "text")
    } else if (partEvents[type] === "close") {
      part.isClosed = true
      const text = textOfPart(value["part"])
      if (part.hasText && !part.isDone)
        this.problem(event, "text-not-done", `/${member}`, "the event with the whole text first", type)
      if (!part.garbled && text !== part.text) this.otherText(event, "part", "/part", part.text, text)
    }
  }

  private grow(event: Event, growing: Growing): void {
    const { delta } = event.value
    if (typeof delta === "string") growing.text += delta
    else {
      growing.garbled = true
      this.problem(event, "not-a-string", "/delta", "a string", delta)
    }
  }

  private finish(event: Event, growing: Growing, member: string, fault: "text" | "arguments"): void {
    growing.isDone = true
    const whole = event.value[member]
    if (!growing.garbled && whole !== growing.text)
      this.otherText(event, fault, `/${member}`, growing.text, whole)
  }
}

/** Returns the type of an event without its last word: `response.output_text` of `response.output_text.delta`. */
const stemOf = (type: string) => type.slice(0, type.lastIndexOf("."))

const isDelta = (type: string) => type.endsWith(".delta")

const newPart = (part: unknown, isAnnounced: boolean): Part => ({
  type: membersOf(part)["type"],
  isAnnounced,
  hasText: false,
  isClosed: false,
  ...growing(textOfPart(part)),
})

/** Returns the type, texts and call of an item, so that two descriptions of it can be compared. */
export function gistOf(item: Members): unknown {
  const { type, name, call_id } = item
  const texts = type === "message" ? itemsOf(item["content"]) : itemsOf(item["summary"])
  return [type, texts.map(textOfPart), name ?? null, call_id ?? null, ownTextOf(item)]
}

/** Returns the same for a streamed item: as it was closed, otherwise from its deltas. */
export function streamedGist({ opened, closed, parts, own }: StreamedItem): unknown {
  if (closed) return gistOf(closed)
  const texts = (kind: "content" | "summary") =>
    [...parts].filter(([key]) => key.startsWith(kind)).map(([, { text }]) => ({ text }))
  return gistOf({
    ...opened,
    content: texts("content"),
    summary: texts("summary"),
    ...(own.text !== "" && { arguments: own.text }),
  })
}

/** Returns the types of the parts of an item, by kind and index. */
export const partTypesOf = (item: Members): ReadonlyMap<string, unknown> =>
  new Map([...partsOf(item)].map(([key, part]) => [key, membersOf(part)["type"]]))

/** Returns the same for a streamed item: as it was closed, otherwise as its parts were announced. */
export const streamedPartTypes = ({ closed, parts }: StreamedItem): ReadonlyMap<string, unknown> =>
  closed ? partTypesOf(closed) : new Map([...parts].map(([key, { type }]) => [key, type]))
